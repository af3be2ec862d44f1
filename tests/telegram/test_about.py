"""First contact, help, privacy, erasing, what is not understood, and errors."""

import logging

import pytest
from sqlalchemy import text as sql

from bot.errors import (
    EmptyTopicError,
    EngineBusyError,
    FailureReason,
    GenerationError,
    InvalidParameterError,
    NothingToRepeatError,
    PromptTooLongError,
    QueueFullError,
    TooManyWaitingError,
    TopicTooLongError,
)
from bot.essays.apologies import failure_text, reason_text
from bot.essays.desk import Limits
from bot.logs import TokenFilter, hide_token
from bot.storage import inbox
from bot.telegram.handlers import HANDLERS
from bot.telegram.keyboards import data, packed, unpacked
from bot.telegram.menu import COMMANDS, KEYS, help_text
from bot.telegram.visit import What
from bot.texts import ENGLISH, SPANISH
from tests.telegram.classroom import Classroom
from tests.telegram_in_process import TOKEN

WRITE = "/redactar@redactor_bot"


@pytest.mark.parametrize(
    ("command", "beginning"),
    [
        ("/start", "¡Hola! Dame un tema"),
        ("/ayuda", "Escribo textos"),
        ("/help", "Escribo textos"),
        ("/privacidad", "Guardo tus ajustes"),
        ("/privacy", "Guardo tus ajustes"),
        ("/nada", "No conozco esa orden."),
        ("/start algo", "¡Hola! Dame un tema"),
    ],
)
async def test_answers(classroom, command, beginning):
    await classroom.say(command)
    await classroom.settle()
    (answer,) = classroom.telegram.from_bot(classroom.lucia)
    assert answer.text.startswith(beginning)
    assert answer.reply_to is None


async def test_answers_in_a_group_are_replies(classroom):
    group = classroom.group
    request = await classroom.say("/ayuda@redactor_bot", chat_id=group)
    await classroom.say("/nada@redactor_bot", chat_id=group)
    await classroom.settle()
    (answer,) = classroom.telegram.from_bot(group)
    assert answer.reply_to == request.id


async def test_photos_get_one_kind_sentence(classroom):
    telegram, lucia = classroom.telegram, classroom.lucia
    telegram.fail("sendMessage", "late", delay_s=5)
    file = telegram.world.add_file(b"x", "foto.png", "image/png")
    for _ in range(5):
        telegram.write(lucia, "", document=file)
    telegram.world.reads_all_group_messages = True
    telegram.write(lucia, "", classroom.group, document=file)
    telegram.people.react(lucia, lucia, telegram.messages(lucia)[0].id, "👍")
    await classroom.settle()
    assert telegram.texts(lucia) == [SPANISH.chat.not_text]
    assert telegram.texts(classroom.group) == []


async def test_service_messages_get_none(classroom):
    telegram = classroom.telegram
    message = {**telegram.write(classroom.lucia, "Hola").service}
    (hello,) = telegram.updates
    telegram.world.updates.drop_all()
    message = {name: value for name, value in hello["message"].items() if name != "text"}
    telegram.deliver({"message": {**message, "new_chat_title": "La clase"}})
    await classroom.settle()
    assert telegram.texts(classroom.lucia) == []


async def test_erase(classroom):
    lucia, telegram = classroom.lucia, classroom.telegram
    await classroom.say("/config longitud 300")
    await classroom.say("El mar")
    await classroom.say("/borrar")
    await classroom.settle()
    question = telegram.from_bot(lucia)[-1]
    await classroom.toast("No, déjalo")
    await classroom.settle()
    assert telegram.texts(lucia)[-1] == "De acuerdo, no he borrado nada."
    assert len(await classroom.unfinished()) == 1
    yes = question.buttons["Sí, bórralo todo"]
    toast = await classroom.forge(yes, classroom.mateo)
    assert toast == "Este botón es de otra persona."
    assert len(await classroom.unfinished()) == 1
    assert await classroom.forge(yes, message_id=question.id) == SPANISH.chat.button_gone
    await classroom.say("/borrar")
    await classroom.settle()
    await classroom.press("Sí, bórralo todo")
    await classroom.settle()
    assert telegram.texts(lucia)[-1] == "Hecho: ya no guardo nada de ti."
    assert await classroom.preferences() is None
    assert await classroom.jobs() == []
    await classroom.finish()
    assert not [text for text in telegram.texts(lucia) if text.startswith("El mar\n")]
    # The placeholder has gone too.
    assert len(telegram.texts(lucia)) == 3


async def test_button_meets_a_full_queue(url):
    async with Classroom(url, limits=Limits(waiting_per_person=0)) as classroom:
        await classroom.say("El mar")
        await classroom.finish()
        classroom.service.gate.clear()
        await classroom.say("El sol")
        assert await classroom.toast("Otra") == SPANISH.failures.too_many_waiting(0)


async def test_unknown_error_is_an_apology_and_a_log_without_the_text(
    classroom, caplog, monkeypatch
):
    async def breaks(tx, visit, desk):
        await tx.run(sql("SELECT nowhere FROM jobs WHERE topic = :topic").bindparams(topic="x"))

    monkeypatch.setattr("bot.telegram.intake.HANDLERS", {**HANDLERS, What.TOPIC: breaks})
    await classroom.say("Un secreto muy mío")
    await classroom.settle()
    assert classroom.telegram.texts(classroom.lucia) == [SPANISH.failures.unknown]
    assert "unexpected OperationalError" in caplog.text
    assert "test_about.py" in caplog.text
    assert "secreto" not in caplog.text
    assert await classroom.database.read(inbox.pending) == []
    # Nobody behind it waits.
    await classroom.say("/ayuda")
    await classroom.settle()
    assert len(classroom.telegram.texts(classroom.lucia)) == 2


async def test_telegram_error_while_a_button_is_read_is_quiet(classroom):
    group = classroom.group
    await classroom.say(f"{WRITE} El mar", chat_id=group)
    await classroom.settle()
    refusal = {"status": 400, "description": "member list is hidden"}
    classroom.telegram.fail("getChatMember", **refusal)
    toast = await classroom.toast("Cancelar", classroom.telegram.room.teacher, group)
    assert toast == "Este botón es de otra persona."
    classroom.telegram.fail("answerCallbackQuery", status=400, description="query is too old")
    assert await classroom.toast("Cancelar", None, group) is None
    await classroom.settle()
    assert classroom.telegram.texts(group) == ["Cancelado."]


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (EmptyTopicError(), SPANISH.failures.empty_topic),
        (TopicTooLongError(9, 5), SPANISH.failures.topic_too_long(9, 5)),
        (PromptTooLongError(9, 5), SPANISH.failures.prompt_too_long),
        (QueueFullError(1), SPANISH.failures.queue_full(1)),
        (TooManyWaitingError(2), SPANISH.failures.too_many_waiting(2)),
        (EngineBusyError(3), SPANISH.failures.busy),
        (NothingToRepeatError(), SPANISH.failures.nothing_to_repeat),
        (InvalidParameterError("top_k", -1, 0, 1), SPANISH.failures.out_of_range),
        (GenerationError(FailureReason.AWAY), SPANISH.failures.generation_away),
        (GenerationError(FailureReason.REFUSED), SPANISH.failures.generation_refused),
        (GenerationError(FailureReason.EMPTY), SPANISH.failures.generation_empty),
        (GenerationError(FailureReason.TIMEOUT), SPANISH.failures.generation_timeout),
        (GenerationError(FailureReason.MISCONFIGURED), SPANISH.failures.generation_misconfigured),
        (GenerationError(FailureReason.TOO_LONG), SPANISH.failures.prompt_too_long),
        (ValueError("x"), SPANISH.failures.unknown),
    ],
)
def test_every_error_has_a_sentence(error, text):
    assert failure_text(error, SPANISH.failures) == text


@pytest.mark.parametrize("texts", [SPANISH, ENGLISH])
def test_every_reason_has_a_sentence(texts):
    assert all(reason_text(reason, texts.failures) for reason in FailureReason)


def test_commands_handlers_and_texts_agree():
    keys = {command.key for command in COMMANDS}
    assert set(HANDLERS) == set(What)
    assert keys <= {str(what) for what in What}
    for texts in (SPANISH.chat, ENGLISH.chat):
        assert set(texts.commands) == keys
        # Telegram allows 256 characters.
        assert all(3 <= len(description) <= 256 for description in texts.commands.values())
    # A command may be called the same in both languages, but no two commands.
    names = [{one.spanish, one.english, *one.aliases} for one in COMMANDS]
    assert len(KEYS) == sum(map(len, names))
    assert all(name.isascii() and name.islower() and len(name) <= 32 for name in KEYS)


def test_help_lists_the_commands_of_its_language():
    for texts, attribute in ((SPANISH.chat, "spanish"), (ENGLISH.chat, "english")):
        text = help_text(texts)
        assert len(text) <= 4096
        for command in COMMANDS:
            assert (f"/{getattr(command, attribute)} –" in text) == command.is_listed


def test_token_never_reaches_the_log(caplog):
    caplog.handler.addFilter(TokenFilter(TOKEN))
    logger = logging.getLogger("bot.test")
    logger.warning("POST https://api.telegram.org/bot%s/getMe", TOKEN)
    try:
        int(f"https://api.telegram.org/bot{TOKEN}/getMe")
    except ValueError:
        logger.exception("failed")
    logger.warning("nothing %s here", "secret")
    text = "\n".join(caplog.handler.format(record) for record in caplog.records)
    assert TOKEN not in text
    assert text.count("<token>") == 2
    assert "nothing secret here" in text


def test_hide_token_quiets_what_prints_urls(caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger(), "handlers", [caplog.handler])
    hide_token(TOKEN)
    assert not logging.getLogger("httpx").isEnabledFor(logging.INFO)
    assert not logging.getLogger("telegram.Bot").isEnabledFor(logging.DEBUG)
    logging.getLogger("bot.test").warning(TOKEN)
    assert TOKEN not in caplog.handler.format(caplog.records[-1])
    assert TokenFilter("").filter(logging.makeLogRecord({"msg": "a"}))


def test_button_data():
    assert unpacked(packed("user:12")) == "user:12"
    assert unpacked(packed("chat:-10012")) == "chat:-10012"
    with pytest.raises(ValueError, match="65 bytes"):
        data("ñ" * 32, "")
