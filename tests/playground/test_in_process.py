"""The Telegram of the tests: python-telegram-bot over it fails and works as over HTTP."""

import asyncio

import httpx
import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, ReactionTypeEmoji
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    NetworkError,
    RetryAfter,
    TimedOut,
)
from telegram.ext import ApplicationBuilder, MessageHandler, filters

from tests.telegram_in_process import TelegramInProcess

from . import oracle
from .wrong_answers import WRONG_ANSWERS

KEYBOARD = InlineKeyboardMarkup([[InlineKeyboardButton("Cancelar", callback_data="stop:1")]])


@pytest.fixture(autouse=True)
def durations(monkeypatch):
    monkeypatch.setenv("PTB_TIMEDELTA", "1")


@pytest.fixture
async def telegram():
    async with TelegramInProcess() as telegram:
        telegram.people.start(telegram.room.lucia)
        yield telegram
        oracle.check_calls(telegram.calls())
        for update in telegram.updates:
            oracle.check_update(update)


@pytest.fixture
async def bot(telegram):
    async with connected(telegram) as bot:
        yield bot


def connected(telegram):
    return Bot(
        telegram.token,
        telegram.base_url,
        telegram.base_file_url,
        request=telegram.request(),
        get_updates_request=telegram.request(),
    )


def now():
    return asyncio.get_running_loop().time()


async def test_people_see_what_the_bot_does(telegram, bot):
    lucia = telegram.room.lucia
    asked = telegram.write(lucia, "El mar")
    await bot.send_message(lucia, "¡Anotado!", reply_markup=KEYBOARD, reply_to_message_id=asked.id)
    await bot.set_message_reaction(lucia, asked.id, [ReactionTypeEmoji("✍")])
    await bot.send_document(lucia, "¡Qué mar!".encode(), filename="mar.txt", caption="Tu texto")
    start, theirs, noted, document = telegram.messages(lucia)
    assert start.text == "/start"
    assert (theirs.is_bots, theirs.reactions) == (False, {telegram.bot_id: "✍"})
    assert (noted.text, noted.reply_to) == ("¡Anotado!", asked.id)
    assert noted.buttons == {"Cancelar": "stop:1"}
    assert document.document == "¡Qué mar!".encode()
    query = telegram.press(lucia, "Cancelar")
    assert telegram.toast(query) is None
    await bot.answer_callback_query(query.id, "Cancelado")
    assert telegram.toast(query) == "Cancelado"
    telegram.forge(lucia, "stop:2", message_id=noted.id + 100)
    *_, update = await bot.get_updates()
    assert update.callback_query.data == "stop:2"
    assert not update.callback_query.message.is_accessible
    await bot.delete_message(lucia, noted.id)
    assert telegram.texts(lucia) == ["Tu texto"]
    await bot.send_message_draft(lucia, 1, "El m")
    assert telegram.draft(lucia) == "El m"
    await asyncio.sleep(31)
    assert telegram.draft(lucia) is None


async def test_what_people_saw_before(telegram, bot):
    lucia = telegram.room.lucia
    began = telegram.clock()
    sent = await bot.send_message(lucia, "uno")
    await asyncio.sleep(2)
    await sent.edit_text("dos")
    await asyncio.sleep(3)
    await sent.delete()
    start, *rest = telegram.history(lucia)
    assert (start.text, start.is_bots) == ("/start", False)
    assert [(e.at - began, e.kind, e.text) for e in rest] == [
        (0, "message", "uno"),
        (2, "edited", "dos"),
        (5, "deleted", "dos"),
    ]
    assert telegram.texts(lucia) == []


async def test_files_come_down(telegram, bot):
    lucia = telegram.room.lucia
    file = telegram.world.add_file(b"El mar", "tema.txt", "text/plain")
    telegram.write(lucia, "mi tema", document=file)
    *_, update = await bot.get_updates()
    got = await update.message.document.get_file()
    assert bytes(await got.download_as_bytearray()) == b"El mar"


async def test_a_whole_application_polls_in_virtual_time(telegram):
    room = telegram.room

    async def echo(update, context):
        await update.message.reply_text(f"Eco de {update.message.text}")

    application = ApplicationBuilder().bot(connected(telegram)).build()
    application.add_handler(MessageHandler(filters.TEXT, echo))
    began = now()
    async with application:
        await application.updater.start_polling()
        await application.start()
        await telegram.until(lambda: telegram.texts(room.lucia) == ["Eco de /start"])
        await asyncio.sleep(3600)
        telegram.write(room.mateo, "/eco@redactor_bot", room.group)
        await telegram.until(lambda: telegram.texts(room.group))
        await telegram.quiet()
        await application.updater.stop()
        await application.stop()
    assert now() - began > 3600
    assert telegram.calls("sendMessage", room.group)[0].parameters["text"].startswith("Eco de")
    assert 300 < len(telegram.calls("getUpdates")) < 400


async def test_only_one_bot_polls(telegram, bot):
    telegram.world.updates.drop_all()
    async with connected(telegram) as other:
        first = asyncio.create_task(bot.get_updates(timeout=50))
        await asyncio.sleep(1)
        second = asyncio.create_task(other.get_updates(timeout=50))
        with pytest.raises(Conflict, match="only one bot instance"):
            await first
        telegram.write(telegram.room.lucia, "hola")
        assert len(await second) == 1


@pytest.mark.parametrize(("fault", "error"), WRONG_ANSWERS, ids=str)
@pytest.mark.parametrize("acts", ["no", "first", "last"])
async def test_every_fault_before_and_after_acting(telegram, bot, fault, error, acts):
    lucia = telegram.room.lucia
    telegram.fail("sendMessage", **{"acts": acts, **fault})
    with pytest.raises(error) as caught:
        await bot.send_message(lucia, "hola")
    assert type(caught.value) is error
    await asyncio.sleep(60)
    assert telegram.texts(lucia) == ["hola"] * (acts != "no")
    [call] = telegram.calls("sendMessage")
    assert call.acted == (acts != "no")
    assert call.fault == fault.get("kind", "refusal")
    await bot.send_message(lucia, "otra vez")


async def test_a_late_answer_is_an_answer(telegram, bot):
    lucia = telegram.room.lucia
    telegram.fail("sendMessage", "late", delay_s=40)
    began = now()
    sent = await bot.send_message(lucia, "hola", read_timeout=50)
    assert now() - began == pytest.approx(40)
    assert [message.id for message in telegram.from_bot(lucia)] == [sent.message_id]
    telegram.fail("sendMessage", "late", delay_s=40, acts="no")
    with pytest.raises(NetworkError, match="Gateway Timeout"):
        await bot.send_message(lucia, "hola", read_timeout=50)


async def test_a_request_that_is_given_up_has_arrived(telegram, bot):
    lucia = telegram.room.lucia
    telegram.fail("sendMessage", "late", delay_s=3, acts="last")
    sending = asyncio.create_task(bot.send_message(lucia, "hola"))
    await asyncio.sleep(1)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    assert telegram.texts(lucia) == []
    await asyncio.sleep(3)
    assert telegram.texts(lucia) == ["hola"]


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        (None, NetworkError),
        (httpx.PoolTimeout(""), TimedOut),
        (httpx.ConnectTimeout(""), TimedOut),
    ],
)
async def test_requests_that_never_leave(telegram, bot, broken, error):
    telegram.disconnect(error=broken, times=2)
    for _ in range(2):
        with pytest.raises(error) as caught:
            await bot.send_message(telegram.room.lucia, "hola")
        assert type(caught.value) is error
    assert telegram.calls("sendMessage") == []
    await bot.send_message(telegram.room.lucia, "hola")


async def test_a_flood_lasts(telegram, bot):
    lucia = telegram.room.lucia
    telegram.fail("sendMessage", status=429, retry_after=1, lasts_s=10)
    for left_s in (10, 6, 2):
        with pytest.raises(RetryAfter) as caught:
            await bot.send_message(lucia, "hola")
        assert caught.value.retry_after.total_seconds() == left_s
        await asyncio.sleep(4)
    await bot.send_message(lucia, "hola")


async def test_rate_limits_by_the_loop_s_clock(telegram, bot):
    group = telegram.room.group
    telegram.limits.is_on = True
    sent = await bot.send_message(group, "0")
    for number in range(1, 20):
        await asyncio.sleep(1.1)
        await bot.edit_message_text(str(number), group, sent.message_id)
    with pytest.raises(RetryAfter):
        await bot.send_message(group, "20")
    [flood] = telegram.floods()
    assert (flood.method, flood.acted) == ("sendMessage", False)
    asked = telegram.write(telegram.room.mateo, "hola", group)
    await bot.set_message_reaction(group, asked.id, "👀")
    telegram.limits.counts_reactions = True
    with pytest.raises(RetryAfter):
        await bot.set_message_reaction(group, asked.id, "✍")
    await asyncio.sleep(60)
    await bot.send_message(group, "21")


async def test_a_bot_at_exactly_the_permitted_speed_meets_no_limit(telegram, bot):
    telegram.limits.is_on = True
    for number in range(65):
        await bot.send_message(telegram.room.lucia, str(number))
        await asyncio.sleep(0 if number < 4 else 1)
    telegram.people.start(telegram.room.mateo)
    for _ in range(3):
        for number in range(4):
            await bot.send_message(telegram.room.mateo, str(number))
        await asyncio.sleep(4)
    for number in range(40):
        await bot.send_message(telegram.room.group, str(number))
        await asyncio.sleep(3)
    assert telegram.floods() == []


async def test_what_a_chat_refuses(telegram, bot):
    room, people = telegram.room, telegram.people
    topic = room.topic_ids[0]

    async def refusal(chat_id, **more):
        with pytest.raises((BadRequest, Forbidden, ChatMigrated)) as caught:
            await bot.send_message(chat_id, "hola", **more)
        return str(caught.value)

    people.mute_bot(room.group, room.teacher)
    assert "ot enough rights to send text messages to the chat" in await refusal(room.group)
    people.mute_bot(room.group, room.teacher, is_muted=False)
    await bot.send_message(room.group, "hola")
    people.mute_bot(room.forum, room.teacher)
    member = await bot.get_chat_member(room.forum, telegram.bot_id)
    assert (member.status, member.can_send_messages) == ("restricted", False)
    people.set_status(room.forum, room.teacher, telegram.bot_id, "administrator")
    await bot.send_message(room.forum, "hola")
    people.set_status(room.forum, room.teacher, telegram.bot_id, "member")
    people.close_topic(room.forum, room.teacher, topic, is_closed=True)
    assert "Topic_closed" in await refusal(room.forum, message_thread_id=topic)
    people.delete_topic(room.forum, room.teacher, topic)
    assert "essage thread not found" in await refusal(room.forum, message_thread_id=topic)
    people.set_status(room.forum, room.teacher, telegram.bot_id, "kicked")
    assert "bot was kicked from the supergroup chat" in await refusal(room.forum)
    people.block(room.lucia)
    assert "bot was blocked by the user" in await refusal(room.lucia)
    new = people.migrate(room.group, room.teacher)
    assert f"New chat id: {new.id}" in await refusal(room.group)


async def test_updates_as_they_are(telegram):
    telegram.world.updates.drop_all()
    telegram.deliver({"message": {"story": {}}})
    telegram.write(telegram.room.lucia, "hola")
    answer = await telegram.request().post(f"{telegram.base_url}{telegram.token}/getUpdates")
    assert answer[0]["message"] == {"story": {}}
    assert answer[1]["update_id"] == answer[0]["update_id"] + 1
    telegram.updates.remove(answer[0])


async def test_calls_are_watched_at_both_edges():
    async with TelegramInProcess(latency_s=0.2) as telegram, connected(telegram) as bot:
        seen = []
        telegram.gateway.watchers.append(lambda call: seen.append((call.status, now())))
        telegram.fail("getMe", "late", delay_s=1)
        began = now()
        await bot.get_me()
        assert [status for status, _ in seen] == [None, 200]
        assert [at - began for _, at in seen] == [pytest.approx(0.2), pytest.approx(1.2)]
        assert now() - began == pytest.approx(1.4)


async def test_what_never_happens_is_an_error(telegram):
    with pytest.raises(AssertionError, match="never happened"):
        await telegram.until(lambda: telegram.texts(telegram.room.lucia))
    with pytest.raises(LookupError):
        telegram.press(telegram.room.lucia, "Cancelar")
