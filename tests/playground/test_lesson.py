"""What a lesson needs of Telegram: messages for one person, polls, pictures, limits that count."""

import pytest

from bot.playground.methods.parameters import Upload
from bot.playground.permissions import PersonError

from .conftest import pending, png
from .test_methods import TOKEN, Api

KEYBOARD = {"inline_keyboard": [[{"text": "Sí", "callback_data": "si"}]]}


@pytest.fixture
def api(world, room, people):
    people.start(room.lucia)
    world.updates.drop_all()
    return Api(world)


def only_for(user_id: int, **more: str) -> dict[str, object]:
    return {"ephemeral_message_parameters": {"receiver_user_id": user_id, **more}}


# Messages that one person sees.


async def test_a_press_opens_the_way_for_a_while(api, world, room, people, clock):
    sent = await api.ok("sendMessage", chat_id=room.group, text="x", reply_markup=KEYBOARD)
    query = people.press(room.group, room.mateo, sent["message_id"], "si")
    whisper = {"chat_id": room.group, "text": "solo para ti"}
    pressed = only_for(room.mateo, callback_query_id=query.id)
    assert "not enough rights" in await api.refused(
        "sendMessage", **whisper, **only_for(room.mateo)
    )
    other = only_for(room.lucia, callback_query_id=query.id)
    assert "QUERY_ID_INVALID" in await api.refused("sendMessage", **whisper, **other)
    got = await api.ok("sendMessage", **whisper, **pressed)
    assert (got["message_id"], got["receiver_user"]["id"]) == (0, room.mateo)
    clock.now += 16
    assert "not enough rights" in await api.refused("sendMessage", **whisper, **pressed)
    await api.ok("answerCallbackQuery", callback_query_id=query.id)
    assert "query is too old" in await api.refused("sendMessage", **whisper, **pressed)
    people.set_status(room.group, room.teacher, world.bot.id, "administrator")
    await api.ok("sendMessage", **whisper, **only_for(room.mateo))


async def test_an_ephemeral_command_opens_it_too(api, world, room, people, clock):
    asked = people.send(room.group, room.lucia, "/config", is_ephemeral=True)
    told = pending(world)[-1]["message"]
    assert (told["message_id"], told["receiver_user"]["id"]) == (0, world.bot.id)
    reply = {"ephemeral_message_id": told["ephemeral_message_id"]}
    answer = {"chat_id": room.group, "text": "tus ajustes", "reply_parameters": reply}
    assert "must be ephemeral" in await api.refused("sendMessage", **answer)
    assert "not enough rights" in await api.refused(
        "sendMessage", **answer, **only_for(room.mateo)
    )
    got = await api.ok("sendMessage", **answer, **only_for(room.lucia))
    chat = world.chats[room.group]
    message = chat.messages[-got["ephemeral_message_id"]]
    assert message.reply_to == asked.id
    assert message.is_seen_by(room.lucia)
    assert not message.is_seen_by(room.mateo)
    clock.now += 16
    assert "not enough rights" in await api.refused(
        "sendMessage", **answer, **only_for(room.lucia)
    )


async def test_nobody_else_can_do_anything_with_it(api, world, room, people):
    people.set_status(room.group, room.teacher, world.bot.id, "administrator")
    got = await api.ok(
        "sendMessage",
        chat_id=room.group,
        text="solo tú",
        reply_markup=KEYBOARD,
        **only_for(room.lucia),
    )
    number = got["ephemeral_message_id"]
    for act in (
        lambda: people.press(room.group, room.mateo, -number, "si"),
        lambda: people.react(room.group, room.mateo, -number, "👍"),
        lambda: people.send(room.group, room.mateo, "¿qué?", reply_to=-number),
    ):
        with pytest.raises(PersonError, match="no_such_message"):
            act()
    query = people.press(room.group, room.lucia, -number, "si")
    told = pending(world)[-1]["callback_query"]["message"]
    assert (told["message_id"], told["ephemeral_message_id"]) == (0, number)
    await api.ok("answerCallbackQuery", callback_query_id=query.id)
    where = {"chat_id": room.group, "ephemeral_message_id": number}
    for message_id in (0, -number):
        assert "not found" in await api.refused(
            "editMessageText", chat_id=room.group, message_id=message_id, text="x"
        )
    assert "MESSAGE_ID_INVALID" in await api.refused(
        "editEphemeralMessageText", **where, receiver_user_id=room.mateo, text="x"
    )
    assert await api.ok(
        "editEphemeralMessageText", **where, receiver_user_id=room.lucia, text="otra página"
    )
    assert world.chats[room.group].messages[-number].text == "otra página"
    await api.ok("deleteEphemeralMessage", **where, receiver_user_id=room.lucia)
    assert -number not in world.chats[room.group].messages


async def test_it_is_for_a_person_in_a_group(api, world, room, people):
    people.set_status(room.group, room.teacher, room.sofia, "kicked")
    people.set_status(room.group, room.teacher, world.bot.id, "administrator")
    for user_id in (world.bot.id, 1087968824, room.sofia, 1):
        assert "USER_ID_INVALID" in await api.refused(
            "sendMessage", chat_id=room.group, text="x", **only_for(user_id)
        )
    assert "only to groups" in await api.refused(
        "sendMessage", chat_id=room.lucia, text="x", **only_for(room.lucia)
    )


# Polls.


async def test_a_vote_is_hidden_until_the_poll_is_closed(api, world, room, people):
    poll = {"question": "¿Cuál escribió el robot?", "options": ["A", "B", "C"]}
    sent = await api.ok("sendPoll", chat_id=room.group, **poll, hide_results_until_closes=True)
    where = {"chat_id": room.group, "message_id": sent["message_id"]}
    for student, option in zip(room.students, (1, 1, 2, 0), strict=True):
        people.vote(room.group, student, sent["message_id"], [option])
    people.vote(room.group, room.diego, sent["message_id"], [])
    told = pending(world)[-1]["poll"]
    assert told["total_voter_count"] == 3
    assert [option["voter_count"] for option in told["options"]] == [0, 0, 0]
    closed = await api.ok("stopPoll", **where)
    assert [option["voter_count"] for option in closed["options"]] == [0, 2, 1]
    assert pending(world)[-1]["poll"] == closed
    assert "already been closed" in await api.refused("stopPoll", **where)
    with pytest.raises(PersonError, match="poll_closed"):
        people.vote(room.group, room.lucia, sent["message_id"], [0])


async def test_a_poll_with_names_tells_who_chose_what(api, world, room, people):
    sent = await api.ok(
        "sendPoll", chat_id=room.group, question="¿Sí?", options=["Sí", "No"], is_anonymous=False
    )
    people.vote(room.group, room.lucia, sent["message_id"], [1])
    answer = pending(world)[-1]["poll_answer"]
    assert (answer["user"]["id"], answer["option_ids"]) == (room.lucia, [1])
    for wrong in ([2], [0, 1], [-1]):
        with pytest.raises(PersonError, match="no_such_option"):
            people.vote(room.group, room.lucia, sent["message_id"], wrong)


@pytest.mark.parametrize(
    ("question", "options"),
    [("", ["A"]), ("¿" * 301, ["A"]), ("¿Sí?", []), ("¿Sí?", ["A"] * 13), ("¿Sí?", ["A" * 101])],
)
async def test_bad_polls(api, room, question, options):
    assert "poll" in await api.refused(
        "sendPoll", chat_id=room.group, question=question, options=options
    )


# Pictures.


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"no picture", "IMAGE_PROCESS_FAILED"),
        (b"", "non-empty"),
        (png(210, 10), "PHOTO_INVALID_DIMENSIONS"),
        (png(9000, 1001), "PHOTO_INVALID_DIMENSIONS"),
    ],
)
async def test_bad_pictures(api, room, data, reason):
    photo = Upload(file_name="a.png", mime_type="image/png", data=data)
    assert reason in await api.refused("sendPhoto", chat_id=room.lucia, photo=photo)


# Limits.


async def statuses(api, method, calls) -> list[int]:
    return [(await api.gateway.call(TOKEN, method, call)).status for call in calls]


async def test_edits_photos_and_polls_count_as_messages_in_a_group(api, room, clock):
    sent = await api.ok("sendMessage", chat_id=room.group, text="x")
    photo = Upload(file_name="a.png", mime_type="image/png", data=png(8, 8))
    api.gateway.limits.set(is_on=True)
    here = {"chat_id": room.group}
    calls = [
        ("editMessageText", {"message_id": sent["message_id"], "text": "y"}),
        ("sendPhoto", {"photo": photo}),
        ("sendPoll", {"question": "¿Sí?", "options": ["Sí"]}),
        ("sendMessage", {"text": "z"}),
    ] * 5
    for index, (method, more) in enumerate(calls):
        clock.now += 2
        more = {**more, "text": f"{index}"} if "text" in more else more
        assert await statuses(api, method, [{**here, **more}]) == [200]
    clock.now += 2
    assert await statuses(api, "sendMessage", [{**here, "text": "x"}]) == [429]


async def test_thirty_a_second_in_all(api, world, room, people):
    api.gateway.limits.set(is_on=True)
    students = [world.add_user(f"Estudiante {n}") for n in range(31)]
    for student in students:
        people.start(student.id)
    calls = [{"chat_id": student.id, "text": "hola"} for student in students]
    assert await statuses(api, "sendMessage", calls) == [200] * 30 + [429]


@pytest.mark.parametrize("counted", [True, False])
async def test_reactions_and_ephemeral_messages_count_or_not(api, world, room, people, counted):
    people.set_status(room.group, room.teacher, world.bot.id, "administrator")
    asked = [people.send(room.group, room.lucia, f"{n}").id for n in range(10)]
    api.gateway.limits.set(is_on=True, counts_reactions=counted, counts_ephemeral=counted)
    react = [
        {"chat_id": room.group, "message_id": n, "reaction": [{"type": "emoji", "emoji": "✍"}]}
        for n in asked
    ]
    expected = [200] * 5 + [429 if counted else 200] * 5
    assert await statuses(api, "setMessageReaction", react) == expected
    whisper = {"chat_id": room.forum, "text": "x", **only_for(room.lucia)}
    people.set_status(room.forum, room.teacher, world.bot.id, "administrator")
    assert await statuses(api, "sendMessage", [whisper] * 10) == expected
