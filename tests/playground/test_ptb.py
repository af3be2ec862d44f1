"""python-telegram-bot's own client and application against the playground."""

import asyncio
from datetime import timedelta

import pytest
from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    MessageEntity,
    ReplyParameters,
)
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TimedOut,
)

from bot.playground.faults import Fault
from bot.playground.model import Message

from . import echo_bot
from .conftest import room_of
from .wrong_answers import WRONG_ANSWERS

KEYBOARD = InlineKeyboardMarkup([[InlineKeyboardButton("Sí", callback_data="si")]])


@pytest.fixture
def lucia(server):
    """Lucía's private chat, open to the bot."""
    lucia = room_of(server).lucia
    server.people.start(lucia)
    server.world.updates.drop_all()
    return lucia


async def test_messages(server, bot, lucia):
    sent = await bot.send_message(
        lucia,
        "El mar es hermoso",
        entities=[MessageEntity("bold", 0, 6)],
        reply_markup=KEYBOARD,
        disable_notification=True,
    )
    assert sent.text == "El mar es hermoso"
    assert sent.parse_entities() == {MessageEntity("bold", 0, 6): "El mar"}
    assert sent.reply_markup == KEYBOARD
    edited = await sent.edit_text("La mar", entities=[MessageEntity("italic", 0, 2)])
    assert not isinstance(edited, bool)
    assert edited.text == "La mar"
    assert edited.reply_markup is None
    with pytest.raises(BadRequest, match="Message is not modified"):
        await sent.edit_text("La mar", entities=[MessageEntity("italic", 0, 2)])
    await sent.set_reaction("👀")
    assert await sent.delete()
    with pytest.raises(BadRequest, match="Message to edit not found"):
        await sent.edit_text("x")


async def test_drafts_and_actions(server, bot, lucia):
    assert await bot.send_message_draft(lucia, 5, "El m", api_kwargs={"can_stop": True})
    draft = server.world.chats[lucia].draft
    assert draft is not None
    assert (draft.draft_id, draft.text, draft.can_stop) == (5, "El m", True)
    assert await bot.send_chat_action(lucia, "typing")
    with pytest.raises(BadRequest, match="Textdraft_peer_invalid"):
        await bot.send_message_draft(room_of(server).group, 5, "El m")


async def test_documents(server, bot, lucia):
    sent = await bot.send_document(lucia, b"El mar", filename="mar.txt", caption="Toma")
    assert sent.document is not None
    assert (sent.document.file_name, sent.caption) == ("mar.txt", "Toma")
    file = await sent.document.get_file()
    assert bytes(await file.download_as_bytearray()) == b"El mar"


async def test_replies_and_topics(server, bot):
    room = room_of(server)
    asked = server.people.send(
        room.forum, room.lucia, "/x@redactor_bot", thread_id=room.topic_ids[0]
    )
    [update] = await bot.get_updates()
    assert update.message is not None
    answer = await update.message.reply_text("hola")
    assert answer.message_thread_id == room.topic_ids[0]
    assert answer.reply_to_message is not None
    assert answer.reply_to_message.message_id == asked.id
    server.people.delete(room.forum, room.lucia, asked.id)
    with pytest.raises(BadRequest, match="Message to be replied not found"):
        await update.message.reply_text("hola")
    orphan = await update.message.reply_text(
        "hola",
        reply_parameters=ReplyParameters(asked.id, allow_sending_without_reply=True),
        do_quote=False,
    )
    assert orphan.message_thread_id == room.topic_ids[0]


async def test_callback_queries(server, bot, lucia):
    sent = await bot.send_message(lucia, "¿Sí?", reply_markup=KEYBOARD)
    server.people.press(lucia, lucia, sent.message_id, "si")
    [update] = await bot.get_updates()
    assert update.callback_query is not None
    assert update.callback_query.data == "si"
    await update.callback_query.answer("¡Bien!")
    with pytest.raises(BadRequest, match="Query is too old"):
        await update.callback_query.answer()


@pytest.mark.parametrize(("fault", "error"), WRONG_ANSWERS, ids=str)
@pytest.mark.parametrize("acts", ["no", "first"])
async def test_every_wrong_answer(server, bot, lucia, monkeypatch, fault, error, acts):
    monkeypatch.setenv("PTB_TIMEDELTA", "1")
    slow = {"delay_s": 0.01} if "delay_s" in fault else {}
    if error is TimedOut:
        slow = {"delay_s": 3600}
    server.gateway.faults.add(
        Fault.model_validate({"method": "sendMessage", **fault, **slow, "acts": acts})
    )
    with pytest.raises(error) as caught:
        await bot.send_message(lucia, "x", read_timeout=0.2 if error is TimedOut else 30)
    assert type(caught.value) is error
    [call] = [call for call in server.gateway.calls if call.method == "sendMessage"]
    assert call.acted == (acts != "no")
    if error is RetryAfter:
        assert caught.value.retry_after == timedelta(seconds=7)


async def test_errors_are_told_apart(server, bot, lucia):
    room = room_of(server)
    new = server.people.migrate(room.group, room.teacher)
    with pytest.raises(ChatMigrated) as migrated:
        await bot.send_message(room.group, "x")
    assert migrated.value.new_chat_id == new.id
    server.people.block(lucia)
    with pytest.raises(Forbidden):
        await bot.send_message(lucia, "x")
    with pytest.raises(EndPointNotFound):
        await bot.do_api_request("sendFax")
    stranger = Bot("1:wrongtoken", base_url=server.api_base_url)
    with pytest.raises(InvalidToken):
        await stranger.initialize()
    await stranger.shutdown()


async def test_chats_and_members(server, bot):
    room = room_of(server)
    assert (await bot.get_chat_member(room.group, room.lucia)).status == "member"
    assert (await bot.get_chat_member(room.group, room.teacher)).status == "creator"
    server.people.set_status(room.group, room.teacher, server.world.bot.id, "left")
    with pytest.raises(Forbidden, match="not a member"):
        await bot.send_message(room.group, "x")


async def test_an_application_answers(server):
    room, people = room_of(server), server.people

    async def answer_in(chat_id: int) -> Message:
        """Wait for the bot to speak last."""
        messages: dict[int, Message] = server.world.chats[chat_id].messages
        while (last := list(messages.values())[-1]).sender_id != server.world.bot.id:
            await asyncio.sleep(0.01)
        return last

    async with echo_bot.running(server):
        hello = people.send(room.lucia, room.lucia, "hola")
        assert (await answer_in(room.lucia)).text == "Eco de hola"
        people.edit(room.lucia, room.lucia, hello.id, "adiós")
        while (await answer_in(room.lucia)).text != "Eco de editado: adiós":
            await asyncio.sleep(0.01)
        people.start(room.mateo, "clase-4b")
        assert (await answer_in(room.mateo)).text == "¡Hola! Has entrado con: clase-4b"
        thread_id = room.topic_ids[1]
        asked = people.send(
            room.forum, room.sofia, "/redactar@redactor_bot El mar", thread_id=thread_id
        )
        essay = await answer_in(room.forum)
        assert (essay.thread_id, essay.reply_to) == (thread_id, asked.id)
        people.send(room.group, room.diego, "/tema@redactor_bot")
        question = await answer_in(room.group)
        assert question.forced_reply
        people.send(room.group, room.diego, "El faro", reply_to=question.id)
        assert (await answer_in(room.group)).text == "Eco de El faro"
        people.send(room.lucia, room.lucia, "/config")
        shown = await answer_in(room.lucia)
        people.press(room.lucia, room.lucia, shown.id, "words:600")
        while shown.text != "Palabras: 600":
            await asyncio.sleep(0.01)


async def test_updates_wait_for_a_bot_that_was_away(server, bot):
    """What an application fetched but did not confirm comes again; the rest never twice."""
    room = room_of(server)
    server.people.start(room.lucia)
    first = await bot.get_updates()
    server.people.send(room.lucia, room.lucia, "hola")
    again = await bot.get_updates()
    assert [u.update_id for u in again] == [first[0].update_id, first[0].update_id + 1]
    rest = await bot.get_updates(offset=again[-1].update_id + 1, timeout=0)
    assert rest == ()


async def test_a_second_application_is_reported_as_a_conflict(server, bot):
    polling = asyncio.create_task(bot.get_updates(timeout=30))
    while not any(call.method == "getUpdates" for call in server.gateway.calls):
        await asyncio.sleep(0)
    other = Bot(server.token, base_url=server.api_base_url)
    async with other:
        await other.get_updates(timeout=0)
    with pytest.raises(Conflict, match="only one bot instance"):
        await polling
