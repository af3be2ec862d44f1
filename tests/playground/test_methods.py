"""The methods' rules and refusals, without HTTP."""

from typing import Any

import pytest

from bot.playground.faults import Fault
from bot.playground.gateway import Gateway
from bot.playground.methods.messages import REACTION_EMOJI
from bot.playground.methods.parameters import Upload

TOKEN = "7000000001:abc"


class Api:
    """Calls methods of the Bot API by name."""

    def __init__(self, world):
        self.gateway = Gateway(world, TOKEN)

    async def ok(self, method: str, **parameters: Any) -> Any:
        answer = await self.gateway.call(TOKEN, method, parameters)
        assert answer.status == 200, answer.body
        assert isinstance(answer.body, dict)
        return answer.body["result"]

    async def refused(self, method: str, **parameters: Any) -> str:
        answer = await self.gateway.call(TOKEN, method, parameters)
        assert isinstance(answer.body, dict)
        assert not answer.body["ok"]
        assert answer.body["error_code"] == answer.status
        return f"{answer.status} {answer.body['description']}"


@pytest.fixture
def api(world, room, people):
    people.start(room.lucia)
    world.updates.drop_all()
    return Api(world)


async def test_a_text_is_kept_trimmed(api, room):
    assert (await api.ok("sendMessage", chat_id=room.lucia, text="  hola\n"))["text"] == "hola"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a" * 4096, None),
        ("a" * 4097, "400 Bad Request: message is too long"),
        ("🌊" * 2048, None),
        ("🌊" * 2049, "400 Bad Request: message is too long"),
        ("", "400 Bad Request: message text is empty"),
        (" \n ", "400 Bad Request: message text is empty"),
    ],
)
async def test_the_length_of_a_text(api, room, text, expected):
    if expected is None:
        await api.ok("sendMessage", chat_id=room.lucia, text=text)
    else:
        assert await api.refused("sendMessage", chat_id=room.lucia, text=text) == expected


async def test_wrong_requests(api, room):
    reason = api.refused

    hello = {"chat_id": room.lucia, "text": "hola"}
    assert await reason("sendFax", **hello) == "404 Not Found"
    assert await reason("sendMessage", text="x") == "400 Bad Request: chat_id is empty"
    assert (
        await reason("sendMessage", chat_id=room.lucia) == "400 Bad Request: message text is empty"
    )
    assert await reason("sendMessage", chat_id=1, text="x") == "400 Bad Request: chat not found"
    assert 'no parameter "colour"' in await reason("sendMessage", **hello, colour="red")
    assert 'no parameter "reply_parameters.colour"' in await reason(
        "sendMessage", **hello, reply_parameters={"message_id": 1, "colour": "red"}
    )
    assert 'no parameter "protect_content"' in await reason(
        "sendMessage", **hello, protect_content=True
    )
    assert "can't parse JSON" in await reason("sendMessage", **hello, entities="[{")
    assert 'no parameter "parse_mode"' in await reason("sendMessage", **hello, parse_mode="HTML")


async def test_methods_have_no_case(api, room):
    sent = await api.ok("SENDmessage", chat_id=str(room.group), text="hola")
    assert sent["chat"]["id"] == room.group


async def test_tokens(api, world):
    for token, status in (("nonsense", 404), ("1:wrongtoken", 401)):
        answer = await api.gateway.call(token, "getMe", {})
        assert answer.status == status


async def test_replies(api, world, room, people):
    asked = people.send(room.group, room.lucia, "¿Qué tal?")
    reply = {"message_id": asked.id}
    sent = await api.ok("sendMessage", chat_id=room.group, text="Bien", reply_parameters=reply)
    assert sent["reply_to_message"]["message_id"] == asked.id
    people.delete(room.group, room.lucia, asked.id)
    assert (
        await api.refused("sendMessage", chat_id=room.group, text="Bien", reply_parameters=reply)
        == "400 Bad Request: message to be replied not found"
    )
    reply["allow_sending_without_reply"] = True
    sent = await api.ok("sendMessage", chat_id=room.group, text="Bien", reply_parameters=reply)
    assert "reply_to_message" not in sent


async def test_topics(api, room, people):
    cuentos, opinion = room.topic_ids
    asked = people.send(room.forum, room.lucia, "/x@redactor_bot", thread_id=cuentos)
    sent = await api.ok("sendMessage", chat_id=room.forum, text="a", message_thread_id=opinion)
    assert sent["message_thread_id"] == opinion
    answer = await api.ok(
        "sendMessage", chat_id=room.forum, text="b", reply_parameters={"message_id": asked.id}
    )
    assert answer["message_thread_id"] == cuentos
    general = await api.ok("sendMessage", chat_id=room.forum, text="c")
    assert "message_thread_id" not in general
    for chat_id, thread_id in ((room.forum, 99), (room.forum, 1), (room.group, cuentos)):
        assert "message thread not found" in await api.refused(
            "sendMessage", chat_id=chat_id, text="d", message_thread_id=thread_id
        )
    await api.ok("sendChatAction", chat_id=room.forum, action="typing", message_thread_id=1)
    people.close_topic(room.forum, room.teacher, cuentos, is_closed=True)
    assert "TOPIC_CLOSED" in await api.refused(
        "sendMessage", chat_id=room.forum, text="e", message_thread_id=cuentos
    )


async def test_edits(api, world, room, clock):
    keyboard = {"inline_keyboard": [[{"text": "Sí", "callback_data": "si"}]]}
    sent = await api.ok("sendMessage", chat_id=room.lucia, text="uno", reply_markup=keyboard)
    where = {"chat_id": room.lucia, "message_id": sent["message_id"]}
    same = "message is not modified"
    assert same in await api.refused(
        "editMessageText", **where, text="uno ", reply_markup=keyboard
    )
    clock.now += 5
    without = await api.ok("editMessageText", **where, text="uno")
    assert "reply_markup" not in without
    assert "edit_date" not in without
    changed = await api.ok("editMessageText", **where, text="dos")
    assert changed["edit_date"] == int(clock.now)
    assert "message text is empty" in await api.refused("editMessageText", **where, text=" ")
    assert "MESSAGE_TOO_LONG" in await api.refused("editMessageText", **where, text="x" * 4097)
    await api.ok("deleteMessage", **where)
    assert "message to edit not found" in await api.refused("editMessageText", **where, text="x")
    assert "message to delete not found" in await api.refused("deleteMessage", **where)


async def test_the_bot_edits_only_its_own_messages(api, room, people):
    theirs = people.send(room.lucia, room.lucia, "hola")
    assert "message can't be edited" in await api.refused(
        "editMessageText", chat_id=room.lucia, message_id=theirs.id, text="x"
    )


async def test_what_the_bot_may_delete(api, world, room, people, clock):
    private = people.send(room.lucia, room.lucia, "hola")
    await api.ok("deleteMessage", chat_id=room.lucia, message_id=private.id)
    theirs = people.send(room.group, room.lucia, "hola")
    where = {"chat_id": room.group, "message_id": theirs.id}
    assert "message can't be deleted" in await api.refused("deleteMessage", **where)
    people.set_status(room.group, room.teacher, world.bot.id, "administrator")
    await api.ok("deleteMessage", **where)
    old = await api.ok("sendMessage", chat_id=room.lucia, text="hola")
    clock.now += 48 * 3600 + 1
    assert "message can't be deleted" in await api.refused(
        "deleteMessage", chat_id=room.lucia, message_id=old["message_id"]
    )


@pytest.mark.parametrize(
    ("button", "reason"),
    [
        ({"text": "x", "callback_data": "ñ" * 33}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "callback_data": ""}, "BUTTON_DATA_INVALID"),
        ({"text": "x"}, "text buttons are unallowed"),
        ({"text": "x", "url": "a", "callback_data": "b"}, "BUTTON_TYPE_INVALID"),
        ({"text": "x", "url": "ftp://a"}, "is invalid"),
        ({"text": " ", "callback_data": "b"}, "must be non-empty"),
    ],
)
async def test_bad_buttons(api, room, button, reason):
    markup = {"inline_keyboard": [[button]]}
    assert reason in await api.refused(
        "sendMessage", chat_id=room.lucia, text="x", reply_markup=markup
    )


async def test_callback_queries_are_answered_once_and_in_time(api, world, room, people, clock):
    keyboard = {"inline_keyboard": [[{"text": "Sí", "callback_data": "ñ" * 32}]]}
    sent = await api.ok("sendMessage", chat_id=room.group, text="x", reply_markup=keyboard)
    query = people.press(room.group, room.mateo, sent["message_id"], "ñ" * 32)
    update = world.updates._pending[-1]["callback_query"]
    assert update["from"]["id"] == room.mateo
    answer = {"callback_query_id": query.id}
    assert "MESSAGE_TOO_LONG" in await api.refused("answerCallbackQuery", **answer, text="x" * 201)
    await api.ok("answerCallbackQuery", **answer, text="x" * 200, show_alert=True)
    assert "query is too old" in await api.refused("answerCallbackQuery", **answer)
    late = people.press(room.group, room.mateo, sent["message_id"], "ñ" * 32)
    clock.now += 31
    assert "query is too old" in await api.refused(
        "answerCallbackQuery", callback_query_id=late.id
    )


async def test_drafts_are_for_private_chats(api, world, room):
    await api.ok("sendMessageDraft", chat_id=room.lucia, draft_id=1, text="")
    assert world.chats[room.lucia].draft is not None
    assert "TEXTDRAFT_PEER_INVALID" in await api.refused(
        "sendMessageDraft", chat_id=room.group, draft_id=1, text="x"
    )
    assert "non-zero" in await api.refused("sendMessageDraft", chat_id=room.lucia, draft_id=0)
    assert "too long" in await api.refused(
        "sendMessageDraft", chat_id=room.lucia, draft_id=1, text="x" * 4097
    )
    await api.ok("sendMessage", chat_id=room.lucia, text="fin")
    assert world.chats[room.lucia].draft is None


async def test_documents(api, world, room):
    def upload(data: bytes) -> Upload:
        return Upload(file_name="a.txt", mime_type="text/plain", data=data)

    sent = await api.ok("sendDocument", chat_id=room.lucia, document=upload(b"hola"))
    assert sent["document"]["file_size"] == 4
    assert "file must be non-empty" in await api.refused(
        "sendDocument", chat_id=room.lucia, document=upload(b"")
    )
    assert "wrong file identifier" in await api.refused(
        "sendDocument", chat_id=room.lucia, document="nothing"
    )
    assert "no file" in await api.refused(
        "sendDocument", chat_id=room.lucia, document="attach://lost"
    )
    assert "caption is too long" in await api.refused(
        "sendDocument", chat_id=room.lucia, document=upload(b"x"), caption="x" * 1025
    )
    assert "invalid file_id" in await api.refused("getFile", file_id="nothing")


async def test_reactions(api, world, room, people):
    message = people.send(room.lucia, room.lucia, "hola")
    where = {"chat_id": room.lucia, "message_id": message.id}
    assert len(REACTION_EMOJI) == 73
    await api.ok("setMessageReaction", **where, reaction=[{"type": "emoji", "emoji": "👀"}])
    assert message.reactions[world.bot.id] == [{"type": "emoji", "emoji": "👀"}]
    assert "REACTION_INVALID" in await api.refused(
        "setMessageReaction", **where, reaction=[{"type": "emoji", "emoji": "🌊"}]
    )
    assert "REACTIONS_TOO_MANY" in await api.refused(
        "setMessageReaction", **where, reaction=[{"type": "emoji", "emoji": "👀"}] * 2
    )
    await api.ok("setMessageReaction", **where)
    assert message.reactions == {}
    assert "REACTION_EMPTY" in await api.refused("setMessageReaction", **where)
    people.delete(room.lucia, room.lucia, message.id)
    assert "message to react not found" in await api.refused("setMessageReaction", **where)


async def test_rights_of_an_ordinary_member(api, room):
    sent = await api.ok("sendMessage", chat_id=room.group, text="x")
    assert "not enough rights" in await api.refused(
        "pinChatMessage", chat_id=room.group, message_id=sent["message_id"]
    )
    topic = {"message_thread_id": room.topic_ids[0]}
    assert "not enough rights" in await api.refused("closeForumTopic", chat_id=room.forum, **topic)
    assert "not a forum" in await api.refused("closeForumTopic", chat_id=room.group, **topic)


@pytest.mark.parametrize(
    ("commands", "reason"),
    [
        ([{"command": "Redactar", "description": "x"}], "BOT_COMMAND_INVALID"),
        ([{"command": "redacción", "description": "x"}], "BOT_COMMAND_INVALID"),
        ([{"command": "a", "description": ""}], "BOT_COMMAND_DESCRIPTION_INVALID"),
        ([{"command": "a", "description": "x"}] * 101, "BOT_COMMANDS_TOO_MUCH"),
    ],
)
async def test_bad_commands(api, commands, reason):
    assert reason in await api.refused("setMyCommands", commands=commands)


async def test_bad_scopes_and_languages(api):
    commands = [{"command": "a", "description": "x"}]
    for scope, reason in (
        ({"type": "nobody"}, "unsupported type"),
        ({"type": "chat"}, "chat_id is empty"),
        ({"type": "chat", "chat_id": 1}, "chat not found"),
    ):
        assert reason in await api.refused("setMyCommands", commands=commands, scope=scope)
    assert "language code" in await api.refused(
        "setMyCommands", commands=commands, language_code="es-ES"
    )


# Faults on purpose.


async def test_planned_faults(api, room):
    plan = api.gateway.faults
    hello = {"chat_id": room.lucia, "text": "hola"}
    plan.add(Fault(status=429, method="sendMessage", retry_after=7, times=2, skip=1))
    await api.ok("sendMessage", **hello)
    for _ in range(2):
        answer = await api.gateway.call(TOKEN, "sendMessage", hello)
        assert answer.body == {
            "ok": False,
            "error_code": 429,
            "description": "Too Many Requests: retry after 7",
            "parameters": {"retry_after": 7},
        }
    await api.ok("sendMessage", **hello)
    plan.add(Fault(status=403, chat_id=room.group))
    await api.ok("sendMessage", **hello)
    assert "403" in await api.refused("pinChatMessage", chat_id=str(room.group))
    plan.add(Fault(status=400, description="MESSAGE_ID_INVALID"))
    assert "MESSAGE_ID_INVALID" in await api.refused("sendMessage", **hello)
    plan.add(Fault(kind="html", times=0))
    for _ in range(3):
        assert (await api.gateway.call(TOKEN, "getMe", {})).status == 502
    plan.clear()
    await api.ok("getMe")
    assert plan.due == []


async def test_faults_for_all_methods_spare_the_polling(api):
    api.gateway.faults.add(Fault(kind="html"))
    await api.ok("getUpdates")
    assert (await api.gateway.call(TOKEN, "getMe", {})).status == 502


async def test_a_connection_dropped_afterwards_has_had_its_effect(api, world, room):
    before = len(world.chats[room.lucia].messages)
    for acts, effect in (("no", 0), ("first", 1)):
        api.gateway.faults.add(Fault(kind="reset", acts=acts))
        answer = await api.gateway.call(TOKEN, "sendMessage", {"chat_id": room.lucia, "text": "x"})
        assert answer.arrives == "never"
        assert len(world.chats[room.lucia].messages) == before + effect


async def test_rate_limits(api, room, clock):
    async def burst(chat_id: int, count: int) -> list[int]:
        calls = [
            await api.gateway.call(TOKEN, "sendMessage", {"chat_id": chat_id, "text": "x"})
            for _ in range(count)
        ]
        return [call.status for call in calls]

    assert set(await burst(room.lucia, 40)) == {200}
    api.gateway.limits.is_on = True
    assert await burst(room.lucia, 6) == [200] * 5 + [429]
    clock.now += 5
    assert await burst(room.lucia, 1) == [200]
    statuses = []
    for _ in range(5):
        statuses += await burst(room.group, 5)
        clock.now += 5
    assert statuses == [200] * 20 + [429] * 5
    assert await api.refused("sendMessage", chat_id=room.group, text="x") == (
        "429 Too Many Requests: retry after 35"
    )


async def test_the_log_of_calls(api, room, clock):
    await api.ok(
        "sendMessage", chat_id=room.lucia, text="[1]", reply_markup='{"force_reply":true}'
    )
    await api.refused("sendFax")
    sent, unknown = (call.as_json() for call in api.gateway.calls)
    assert sent["method"] == "sendMessage"
    assert sent["parameters"]["text"] == "[1]"
    assert sent["parameters"]["reply_markup"] == {"force_reply": True}
    assert (sent["started_at"], sent["status"]) == (clock.now, 200)
    assert (unknown["method"], unknown["status"]) == ("sendFax", 404)
