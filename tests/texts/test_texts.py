"""Both languages say the same things, and numbers read well."""

import string
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import FailureReason
from bot.essays.apologies import reason_text
from bot.storage.records import Style
from bot.texts import ENGLISH, SPANISH, Texts, texts_for
from bot.texts.numbers import decimal, english_span, plural, rounded_span, spanish_span, thousands


def strings(section: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every plain string of a section, by its path."""
    for field in fields(section):
        value = getattr(section, field.name)
        path = f"{prefix}.{field.name}"
        if is_dataclass(value):
            yield from strings(value, path)
        elif isinstance(value, str):
            yield path, value
        elif hasattr(value, "items"):
            yield from ((f"{path}[{key}]", item) for key, item in value.items())


def placeholders(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)


OWN = ("chat", "classroom", "config", "desk", "explaining", "failures", "frames", "talk")
PAIRS = [
    (path, spanish, dict(strings(getattr(ENGLISH, name), name))[path])
    for name in OWN
    for path, spanish in strings(getattr(SPANISH, name), name)
]


@pytest.mark.parametrize(("path", "spanish", "english"), PAIRS, ids=[pair[0] for pair in PAIRS])
def test_same_placeholders_and_something_said(path, spanish, english):
    assert placeholders(spanish) == placeholders(english)
    assert spanish.strip()
    assert english.strip()


def test_sentences_are_translated():
    same = [path for path, spanish, english in PAIRS if spanish == english]
    allowed = ("config.names[top", "config.keyword[top", "config.languages", "chat.cut_note",
               "frames.openings[ensayo]", "config.off", "config.names[ideas]",
                   "config.keyword[ideas]", "explaining.comparison.knobs[top",
               "explaining.comparison.buttons[top", "explaining.comparison.words")  # fmt: skip
    assert [path for path in same if not path.startswith(allowed)] == []


def test_spanish_opens_what_it_closes():
    for path, spanish, _ in PAIRS:
        assert spanish.count("¿") == spanish.count("?"), path
        assert spanish.count("¡") == spanish.count("!"), path


@pytest.mark.parametrize(
    ("tag", "texts"),
    [("es", SPANISH), ("es-MX", SPANISH), ("en", ENGLISH), ("en_GB.UTF-8", ENGLISH), ("", SPANISH),
     ("EN", ENGLISH), ("fr", SPANISH), ("C", SPANISH)],
)  # fmt: skip
def test_texts_for(tag, texts):
    assert texts_for(tag) is texts


def test_numbers_agree_with_their_nouns():
    chat, failures = SPANISH.chat, SPANISH.failures
    assert chat.acknowledged(0, None) == "¡Anotado! Empiezo enseguida."
    assert (
        chat.acknowledged(1, 12)
        == "¡Anotado! El tuyo es el siguiente. Estará en unos 15 segundos."
    )
    assert chat.acknowledged(2, None) == "¡Anotado! Delante del tuyo hay 1 texto en espera."
    assert chat.acknowledged(4, 70).startswith(
        "¡Anotado! Delante del tuyo hay 3 textos en espera."
    )
    assert chat.cancelled(1) == "Cancelado."
    assert chat.cancelled(2) == "He cancelado 2 textos."
    assert chat.held(1).startswith("No he podido entregarte 1 mensaje:")
    assert chat.held(2).startswith("No he podido entregarte 2 mensajes:")
    assert chat.queue(1, 2, (2, 60)).endswith("Delante del tuyo hay 1 texto. Estará en un minuto.")
    assert "1 texto en espera" in failures.too_many_waiting(1)
    assert "12 345" in failures.topic_too_long(12345, 600).replace("\N{NO-BREAK SPACE}", " ")

    chat, failures = ENGLISH.chat, ENGLISH.failures
    assert chat.acknowledged(0, None) == "Got it! I'm starting right away."
    assert chat.acknowledged(1, None) == "Got it! Yours is next."
    assert chat.acknowledged(2, None) == "Got it! There is 1 text waiting ahead of yours."
    assert chat.acknowledged(3, 100).endswith("It will be ready in about 2 minutes.")
    assert chat.cancelled(1) == "Cancelled."
    assert chat.cancelled(3) == "I cancelled 3 texts."
    assert chat.held(1).startswith("I couldn't deliver 1 message to you:")
    assert chat.held(2).startswith("I couldn't deliver 2 messages to you:")
    assert chat.queue(1, 1, (1, None)).endswith("Yours is next.")
    assert "There are 2 texts ahead of yours." in chat.queue(1, 1, (3, 9))

    assert chat.queue(2, 1, None) == "Being written: 2 texts.\nWaiting: 1 text."
    assert "1 text is waiting" in failures.queue_full(1)
    assert "2 texts are waiting" in failures.queue_full(2)
    assert "12,345" in failures.topic_too_long(12345, 600)
    assert "3 texts" in failures.too_many_waiting(3)
    assert "2 textos" in SPANISH.failures.queue_full(2)


@given(st.floats(0, 10**5))
def test_spans_promise_no_less_than_a_minute_wrong(seconds):
    count, is_minutes = rounded_span(seconds)
    assert count >= 1
    assert abs((count * 60 if is_minutes else count) - seconds) <= 30
    assert str(count) in spanish_span(seconds) or count == 1
    assert str(count) in english_span(seconds) or count == 1


def test_numbers():
    assert decimal(0.8, comma=True) == "0,8"
    assert decimal(1.0, comma=False) == "1"
    assert thousands(3000, comma=True) == "3000"
    assert thousands(3000, comma=False) == "3,000"
    assert plural(1, "texto", "textos") == "1 texto"


@pytest.mark.parametrize("texts", [SPANISH, ENGLISH])
def test_frames_for_every_style(texts: Texts):
    for frames, names in (
        (texts.frames.openings, ["topic"]),
        (texts.frames.instructions, ["topic", "words"]),
    ):
        assert set(frames) == set(Style)
        for frame in frames.values():
            assert placeholders(frame) == names


@pytest.mark.parametrize("texts", [SPANISH, ENGLISH])
def test_every_reason_of_a_failure_has_its_own_sentence(texts: Texts):
    sentences = [reason_text(reason, texts.failures) for reason in FailureReason]
    assert len(set(sentences)) == len(FailureReason)


@pytest.mark.parametrize("texts", [SPANISH, ENGLISH])
def test_what_was_written_leaves_room_for_what_is_said_of_it(texts: Texts):
    # A cancelled essay follows its sentence in one message of 4096; a note goes under a late one.
    for sentence in (
        texts.chat.stopped_with_text,
        texts.chat.out_of_time,
        texts.chat.preview_note,
    ):
        assert len(sentence) <= 100
    for sentence in (texts.chat.restarting, texts.chat.placeholder_over, texts.chat.writing):
        assert "\n" not in sentence


@pytest.mark.parametrize("texts", [SPANISH, ENGLISH])
def test_limits_of_telegram(texts: Texts):
    chat = texts.chat
    assert len(chat.ask_topic_hint) <= 64
    for toast in (chat.stranger_toast, chat.not_yours, chat.button_gone, chat.already_finished,
                  chat.started_toast, chat.stopped):  # fmt: skip
        assert len(toast) <= 200
