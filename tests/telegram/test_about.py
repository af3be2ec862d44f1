"""First contact, help, privacy, erasing, what is not understood, and errors."""

import logging

import pytest

from bot.errors import (
    EngineBusyError,
    FailureReason,
    GenerationError,
    InvalidParameterError,
    NothingToRepeatError,
    PromptTooLongError,
    QueueFullError,
    ShuttingDownError,
)
from bot.telegram.apologies import failure_text
from bot.telegram.application import HANDLERS
from bot.telegram.keyboards import data, packed, unpacked
from bot.telegram.logs import TokenFilter, hide_token
from bot.telegram.menu import COMMANDS, help_text
from bot.texts import ENGLISH, SPANISH
from tests.telegram.classroom import ANA, BEA, GROUP
from tests.telegram.fake_telegram import TOKEN, Failure


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
    (text,) = classroom.telegram.texts(ANA)
    assert text.startswith(beginning)
    (sent,) = classroom.telegram.of("sendMessage")
    assert "reply_parameters" not in sent.parameters


async def test_answers_in_a_group_are_replies(classroom):
    message_id = await classroom.say("/ayuda", chat_id=GROUP)
    await classroom.say("/nada", chat_id=GROUP)
    await classroom.settle()
    (sent,) = classroom.telegram.of("sendMessage")
    assert sent.parameters["reply_parameters"]["message_id"] == message_id


async def test_photos_get_one_kind_sentence(classroom):
    photo = [{"file_id": "a", "file_unique_id": "b", "width": 1, "height": 1}]
    for _ in range(5):
        await classroom.say(None, photo=photo)
    await classroom.say(None, chat_id=GROUP, photo=photo)
    await classroom.say(None, new_chat_title="La clase")
    await classroom.settle()
    assert classroom.telegram.texts(ANA) == [SPANISH.chat.not_text]
    assert classroom.telegram.texts(GROUP) == []


async def test_erase(classroom):
    await classroom.say("/config longitud 300")
    await classroom.say("El mar")
    await classroom.say("/borrar")
    await classroom.settle()
    question = max(classroom.telegram.chats[ANA])
    buttons = classroom.buttons(ANA, question)
    await classroom.press(buttons["No, déjalo"], message_id=question)
    assert classroom.telegram.texts(ANA)[-1] == "De acuerdo, no he borrado nada."
    assert len(classroom.jobs.unfinished()) == 1
    assert (
        await classroom.press(buttons["Sí, bórralo todo"], BEA) == "Este botón es de otra persona."
    )
    await classroom.press(buttons["Sí, bórralo todo"], message_id=question)
    assert classroom.telegram.texts(ANA)[-1] == "Hecho: ya no guardo nada de ti."
    assert classroom.people.known_preferences(f"user:{ANA}") is None
    assert classroom.jobs.last_of(f"user:{ANA}", ANA) is None
    await classroom.finish()
    assert not [text for text in classroom.telegram.texts(ANA) if text.startswith("El mar.")]


async def test_button_meets_a_full_queue(classroom):
    await classroom.say("El mar")
    await classroom.finish()
    await classroom.dispatcher.stop(1)
    essay = max(classroom.telegram.chats[ANA])
    toast = await classroom.press(classroom.buttons(ANA, essay)["Otra"])
    assert toast == SPANISH.failures.shutting_down


async def test_unknown_error_is_an_apology_and_a_log_without_the_text(classroom, caplog):
    with classroom.database.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE jobs")
    await classroom.say("Un secreto muy mío")
    await classroom.settle()
    assert classroom.telegram.texts(ANA) == [SPANISH.failures.unknown]
    assert "unexpected OperationalError" in caplog.text
    assert "writing.py" in caplog.text
    assert "secreto" not in caplog.text


async def test_telegram_error_in_a_handler_is_quiet(classroom, caplog):
    await classroom.say("/redactar El mar", chat_id=GROUP)
    await classroom.settle()
    cancel = classroom.buttons(GROUP, max(classroom.telegram.chats[GROUP]))["Cancelar"]
    classroom.telegram.fail("getChatMember", Failure(400, "Bad Request: member list is hidden"))
    assert await classroom.press(cancel, BEA, GROUP) == "Este botón es de otra persona."
    classroom.telegram.fail("answerCallbackQuery", Failure(400, "Bad Request: query is too old"))
    await classroom.press(cancel, BEA, GROUP)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (PromptTooLongError(9, 5), SPANISH.failures.prompt_too_long),
        (QueueFullError(1), SPANISH.failures.queue_full(1)),
        (EngineBusyError(3), SPANISH.failures.busy),
        (NothingToRepeatError(), SPANISH.failures.nothing_to_repeat),
        (ShuttingDownError(), SPANISH.failures.shutting_down),
        (InvalidParameterError("top_k", -1, 0, 1), SPANISH.failures.out_of_range),
        (GenerationError(FailureReason.AWAY), SPANISH.failures.generation_passing),
        (GenerationError(FailureReason.REFUSED), SPANISH.failures.generation_lasting),
        (ValueError("x"), SPANISH.failures.unknown),
    ],
)
def test_every_error_has_a_sentence(error, text):
    assert failure_text(error, SPANISH.failures) == text


def test_commands_handlers_and_texts_agree():
    keys = {command.key for command in COMMANDS}
    assert set(HANDLERS) == keys
    for texts in (SPANISH.chat, ENGLISH.chat):
        assert set(texts.commands) == keys
        # Telegram allows 256 characters.
        assert all(3 <= len(description) <= 256 for description in texts.commands.values())
    names = [name for command in COMMANDS for name in command.names]
    assert len(names) == len(set(names))
    assert all(name.isascii() and name.islower() and len(name) <= 32 for name in names)


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
    assert not logging.getLogger("telegram.ext.Application").isEnabledFor(logging.DEBUG)
    logging.getLogger("bot.test").warning(TOKEN)
    assert TOKEN not in caplog.handler.format(caplog.records[-1])
    assert TokenFilter("").filter(logging.makeLogRecord({"msg": "a"}))


def test_button_data():
    assert unpacked(packed("user:12")) == "user:12"
    assert unpacked(packed("chat:-10012")) == "chat:-10012"
    with pytest.raises(ValueError, match="65 bytes"):
        data("ñ" * 32, "")
