"""A topic becomes an essay: commands, plain messages, replies, buttons."""

from itertools import pairwise

import pytest

from bot.essays.dispatcher import Limits
from bot.essays.job import JobState
from bot.essays.preferences import Preferences
from bot.texts import SPANISH
from tests.telegram.classroom import ANA, BEA, CARLOS, GROUP, Classroom
from tests.telegram.fake_telegram import BOT, Failure, chat, user

SEA = "El mar es hermoso, pero esclavo para los pescadores que trabajan en ella"


async def test_essay_in_private(classroom):
    request_id = await classroom.say(f"/redactar {SEA}")
    await classroom.settle()
    (ack,) = classroom.telegram.of("sendMessage")
    assert ack.text == "¡Anotado! Empiezo enseguida."
    assert ack.parameters["reply_parameters"]["message_id"] == request_id
    assert "Cancelar" in str(ack.parameters["reply_markup"])

    await classroom.finish()
    (essay,) = classroom.telegram.texts(ANA)
    assert essay.startswith(SEA)
    assert essay.endswith(".")
    last = classroom.telegram.of("sendMessage")[-1]
    assert last.parameters["reply_parameters"] == {
        "message_id": request_id,
        "allow_sending_without_reply": True,
    }
    assert "parse_mode" not in last.parameters
    assert last.parameters["link_preview_options"] == {"is_disabled": True}
    assert "Otra" in str(last.parameters["reply_markup"])


async def test_text_grows_as_a_draft_in_private(classroom):
    await classroom.say(SEA)
    await classroom.finish()
    drafts = classroom.telegram.of("sendMessageDraft")
    assert len(drafts) > 3
    assert len({draft.parameters["draft_id"] for draft in drafts}) == 1
    assert all(draft.parameters["can_stop"] for draft in drafts)
    lengths = [len(draft.text) for draft in drafts]
    assert lengths == sorted(lengths)
    times = [draft.at_s for draft in drafts]
    assert all(later - earlier >= 0.999 for earlier, later in pairwise(times))


async def test_drafts_without_stop_button(classroom):
    classroom.telegram.fail("sendMessageDraft", Failure(400, "Bad Request: unknown parameter"))
    await classroom.say(SEA)
    await classroom.finish()
    drafts = classroom.telegram.of("sendMessageDraft")
    assert [draft.parameters.get("can_stop") for draft in drafts[:3]] == [True, None, None]


async def test_placeholder_grows_where_drafts_fail(classroom):
    refused = [Failure(400, "Bad Request: TEXTDRAFT_PEER_INVALID")] * 100
    classroom.telegram.fail("sendMessageDraft", *refused)
    await classroom.say(SEA)
    await classroom.finish()
    assert len(classroom.telegram.of("sendMessageDraft")) == 2
    previews = classroom.telegram.of("editMessageText")
    assert previews
    assert previews[-1].text.endswith("Escribiendo…")
    assert "Cancelar" in str(previews[-1].parameters["reply_markup"])
    assert len(classroom.telegram.texts(ANA)) == 1


async def test_no_preview_when_switched_off(classroom):
    classroom.people.save_preferences(f"user:{ANA}", Preferences(live_preview=False))
    await classroom.say(SEA)
    await classroom.finish()
    assert not classroom.telegram.of("sendMessageDraft")
    assert not classroom.telegram.of("editMessageText")


async def test_plain_message_in_private_is_a_topic(classroom):
    await classroom.say("La lluvia\nen el desierto")
    await classroom.settle()
    (job,) = classroom.jobs.unfinished()
    assert job.request.topic == "La lluvia\nen el desierto"


async def test_plain_message_in_a_group_is_none(classroom):
    await classroom.say("La lluvia", chat_id=GROUP)
    await classroom.settle()
    assert not classroom.jobs.unfinished()
    assert not classroom.telegram.calls[1:]


@pytest.mark.parametrize("command", ["/redactar", "/write", "/REDACTAR", "/redactar@redactor_bot"])
async def test_command_names(classroom, command):
    await classroom.say(f"{command} {SEA}", chat_id=GROUP)
    (job,) = classroom.jobs.unfinished()
    assert job.request.topic == SEA


async def test_command_of_another_bot(classroom):
    await classroom.say(f"/redactar@other_bot {SEA}", chat_id=GROUP)
    assert not classroom.jobs.unfinished()


async def test_command_alone_asks_and_takes_the_reply(classroom):
    request_id = await classroom.say("/redactar", chat_id=GROUP)
    await classroom.settle()
    (question,) = classroom.telegram.of("sendMessage")
    markup = question.parameters["reply_markup"]
    assert markup["force_reply"] is True
    assert markup["selective"] is True
    assert question.parameters["reply_parameters"]["message_id"] == request_id

    asked = classroom.message(question.text, 123456, GROUP, classroom.telegram.last_id[GROUP])
    asked["from"] = BOT
    # Somebody else's answer is not taken, nor one to another message.
    await classroom.say("El sol", person=BEA, chat_id=GROUP, reply_to_message=asked)
    await classroom.say("El sol", chat_id=GROUP, reply_to_message={**asked, "message_id": 7})
    assert not classroom.jobs.unfinished()
    await classroom.say("La luna", chat_id=GROUP, reply_to_message=asked)
    (job,) = classroom.jobs.unfinished()
    assert job.request.topic == "La luna"
    # The question has been answered.
    await classroom.say("El sol", chat_id=GROUP, reply_to_message=asked)
    assert len(classroom.jobs.unfinished()) == 1


async def test_command_alone_in_private_takes_the_next_message(classroom):
    await classroom.say("/redactar")
    await classroom.settle()
    await classroom.say("La luna")
    (job,) = classroom.jobs.unfinished()
    assert job.request.topic == "La luna"


async def test_reply_gives_the_topic(classroom):
    replied = classroom.message("El viento", BEA, GROUP, 55)
    await classroom.say("/redactar", chat_id=GROUP, reply_to_message=replied)
    (job,) = classroom.jobs.unfinished()
    assert job.request.topic == "El viento"


async def test_reply_to_a_caption_or_a_quote(classroom):
    replied = classroom.message(None, BEA, GROUP, 55, caption="El faro")
    await classroom.say("/redactar", chat_id=GROUP, reply_to_message=replied)
    quote = {"text": "la mar", "position": 3}
    replied = classroom.message("En la mar salada", BEA, GROUP, 56)
    await classroom.say(
        "/redactar", person=BEA, chat_id=GROUP, reply_to_message=replied, quote=quote
    )
    assert [job.request.topic for job in classroom.jobs.unfinished()] == ["El faro", "la mar"]


async def test_forum_topic(classroom):
    opened = classroom.message(None, BEA, GROUP, 40, message_thread_id=40, is_topic_message=True)
    opened["forum_topic_created"] = {"name": "Lengua", "icon_color": 1}
    thread = {"message_thread_id": 40, "is_topic_message": True, "reply_to_message": opened}
    await classroom.say("/redactar", chat_id=GROUP, **thread)
    await classroom.say(f"/redactar {SEA}", chat_id=GROUP, **thread)
    await classroom.finish()
    assert {
        sent.parameters["message_thread_id"] for sent in classroom.telegram.of("sendMessage")
    } == {40}


async def test_reply_chain_outside_topics_has_no_thread(classroom):
    await classroom.say(f"/redactar {SEA}", chat_id=GROUP, message_thread_id=12)
    await classroom.finish()
    assert "message_thread_id" not in classroom.telegram.of("sendMessage")[-1].parameters


async def test_deleted_topic(classroom):
    refusal = Failure(400, "Bad Request: message thread not found")
    classroom.telegram.fail("sendMessage", refusal)
    thread = {"message_thread_id": 40, "is_topic_message": True}
    await classroom.say("/ayuda", chat_id=GROUP, **thread)
    await classroom.settle()
    threads = [
        sent.parameters.get("message_thread_id") for sent in classroom.telegram.of("sendMessage")
    ]
    assert threads == [40, None]


async def test_edited_message_writes_nothing(classroom):
    message = classroom.message(f"/redactar {SEA}", ANA, ANA, 5, edit_date=1_800_000_100)
    await classroom.handle(classroom.telegram.new_update(edited_message=message))
    message = classroom.message(SEA, ANA, ANA, 6, edit_date=1_800_000_100)
    await classroom.handle(classroom.telegram.new_update(edited_message=message))
    await classroom.settle()
    assert not classroom.jobs.unfinished()
    assert not classroom.telegram.of("sendMessage")


async def test_same_message_twice_is_one_job(classroom):
    message = classroom.message(f"/redactar {SEA}", ANA, ANA, 5)
    await classroom.handle(classroom.telegram.new_update(message=message))
    await classroom.handle(classroom.telegram.new_update(message=message))
    assert len(classroom.jobs.unfinished()) == 1


async def test_anonymous_admins_and_channels_are_told_apart(classroom):
    anonymous = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
    for sender in (GROUP, -1_001_000_000_009):
        await classroom.say(
            f"/redactar {SEA}",
            chat_id=GROUP,
            **{"from": anonymous, "sender_chat": chat(sender)},
        )
    people = {job.request.person for job in classroom.jobs.unfinished()}
    assert people == {f"chat:{GROUP}", "chat:-1001000000009"}


async def test_chunks(classroom):
    classroom.people.save_preferences(f"user:{ANA}", Preferences(words=300, chunk_units=500))
    await classroom.say(SEA)
    await classroom.finish()
    texts = classroom.telegram.texts(ANA)
    assert len(texts) > 2
    for number, text in enumerate(texts, start=1):
        assert text.endswith(f"\n\n({number}/{len(texts)})")
        assert len(text) <= 500
    job = classroom.jobs.last_of(f"user:{ANA}", ANA)
    assert job.state is JobState.DELIVERED
    assert job.delivered_chunks == len(texts)
    keyboards = [
        sent.parameters.get("reply_markup") for sent in classroom.telegram.of("sendMessage")[1:]
    ]
    assert [keyboard is not None for keyboard in keyboards] == [False] * (len(texts) - 1) + [True]


async def test_again_and_continue_commands(classroom):
    await classroom.say("/otra")
    await classroom.say("/continuar")
    await classroom.settle()
    # The same answer to both, so it is given once.
    assert classroom.telegram.texts(ANA) == [SPANISH.failures.nothing_to_repeat]

    classroom.people.save_preferences(f"user:{ANA}", Preferences(seed=7))
    await classroom.say(SEA)
    await classroom.finish()
    await classroom.say("/otra")
    again = classroom.jobs.last_of(f"user:{ANA}", ANA)
    assert (again.request.topic, again.request.continued_from) == (SEA, None)
    assert again.request.preferences.seed is None
    await classroom.finish()
    await classroom.say("/continuar")
    more = classroom.jobs.last_of(f"user:{ANA}", ANA)
    assert (more.request.topic, more.request.continued_from) == (SEA, again.id)


async def test_buttons_of_an_essay(classroom):
    request_id = await classroom.say(f"/redactar {SEA}", chat_id=GROUP)
    await classroom.finish()
    essay_id = classroom.telegram.last_id[GROUP]
    buttons = classroom.buttons(GROUP, essay_id)
    assert list(buttons) == ["Otra", "Continuar"]
    toast = await classroom.press(buttons["Otra"], BEA, GROUP, essay_id)
    assert toast == "Este botón es de otra persona."
    assert not classroom.jobs.unfinished()

    assert await classroom.press(buttons["Otra"], ANA, GROUP, essay_id) == "¡Anotado!"
    again = classroom.jobs.last_of(f"user:{ANA}", GROUP)
    assert (again.id, again.request.address.message_id) == (2, request_id)
    await classroom.finish()
    assert await classroom.press(buttons["Continuar"], ANA, GROUP, essay_id) == "¡Anotado!"
    more = classroom.jobs.last_of(f"user:{ANA}", GROUP)
    assert (more.id, more.request.continued_from) == (3, 1)


async def test_admin_presses_for_an_anonymous_admin(classroom):
    anonymous = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
    sender = {"from": anonymous, "sender_chat": chat(GROUP)}
    await classroom.say(f"/redactar {SEA}", chat_id=GROUP, **sender)
    await classroom.finish()
    essay_id = classroom.telegram.last_id[GROUP]
    again = classroom.buttons(GROUP, essay_id)["Otra"]
    classroom.telegram.members[GROUP, BEA] = "administrator"
    classroom.telegram.members[GROUP, CARLOS] = "member"
    assert await classroom.press(again, CARLOS, GROUP) == "Este botón es de otra persona."
    assert await classroom.press(again, BEA, GROUP) == "¡Anotado!"


async def test_wrong_topics(classroom):
    await classroom.say("/redactar …")
    await classroom.say("a" * 601)
    await classroom.settle()
    empty, long = classroom.telegram.of("sendMessage")
    assert empty.text.startswith("Necesito un tema")
    assert "601 caracteres" in long.text
    assert "600" in long.text


async def test_too_many_and_full(url):
    limits = Limits(running=1, waiting=3, waiting_per_person=2)
    async with Classroom(url, limits=limits) as classroom:
        for _ in range(4):
            await classroom.say(SEA)
            await classroom.settle()
        assert "Ya tienes 2 textos en espera" in classroom.telegram.texts(ANA)[-1]
        await classroom.say(SEA, BEA)
        await classroom.say(SEA, BEA)
        await classroom.settle()
        assert "La cola está llena" in classroom.telegram.texts(BEA)[-1]


async def test_english_app_gets_english(classroom):
    await classroom.say("/write The sea", **{"from": user(ANA, "en-GB")})
    await classroom.settle()
    assert classroom.telegram.texts(ANA)[0] == "Got it! I'm starting right away."
    await classroom.say("/ayuda", BEA, **{"from": user(BEA, None)})
    await classroom.settle()
    assert "Escribo textos" in classroom.telegram.texts(BEA)[0]


async def test_generated_mentions_call_nobody(classroom):
    await classroom.say("Saludos a @maria_lopez y a a@b.es", chat_id=ANA)
    await classroom.finish()
    (essay,) = classroom.telegram.texts(ANA)
    assert "@maria_lopez" not in essay
    assert "@\N{WORD JOINER}maria_lopez" in essay
