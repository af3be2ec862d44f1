"""Whether people got what they were owed, judged by what the local Bot API holds."""

import re
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from tests.chaos.flows import CHAT, Request, Scene, has_button, is_stopped
from tests.chaos.service import WORDS_A_SENTENCE
from tests.telegram_in_process.shown import Shown, events

_SENTENCE = re.compile(r"frase número (\d+) de (\d+)\.")
_MARK = re.compile(r"\((\d+)/(\d+)\)$")
_LEAST_WORDS = 30
"""Of any essay asked for here."""


class Kind(StrEnum):
    """What can be wrong."""

    LOST = "lost"
    CUT = "cut"
    DOUBLED = "doubled"
    PLACEHOLDER = "dead placeholder"
    UNTOLD = "untold"
    AFTER = "after its end"
    """Something came after it was cancelled or its person erased."""
    TRACEBACK = "traceback"


@dataclass(frozen=True)
class Wrong:
    """Something that is wrong.

    Attributes:
        kind: Of what kind.
        about: Where, and what.
    """

    kind: Kind
    about: str


def wrongs_of(scene: Scene) -> list[Wrong]:
    """Everything that is wrong in a scene in which nothing is owed any more."""
    found: list[Wrong] = []
    for chat_id in scene.server.world.chats:
        found += [
            Wrong(Kind.PLACEHOLDER, f"in {chat_id}: {one.text!r}")
            for one in scene.of_bot(chat_id)
            if has_button(one, "stop")
        ]
    for request, owed in scene.essays.items():
        found += _essays(scene, request, owed)
    for name, chat_id, is_it in scene.words:
        count = sum(bool(is_it(one)) for one in scene.of_bot(chat_id))
        if count != 1:
            found.append(Wrong(Kind.DOUBLED if count else Kind.UNTOLD, f"{count} times {name}"))
    found += _after_erasing(scene)
    if "Traceback" in scene.bot.log.read_text("utf-8", "replace"):
        found.append(Wrong(Kind.TRACEBACK, "in the log"))
    return found


def _essays(scene: Scene, request: Request, owed: int) -> list[Wrong]:
    """What is wrong with the essays under a request."""
    chat_id, message_id = request
    answers = [
        one
        for one in scene.of_bot(chat_id)
        if one.reply_to == message_id and not has_button(one, "stop")
    ]
    stops = [one for one in answers if is_stopped(one)]
    pieces = [one for one in answers if not is_stopped(one)]
    texts = _by_number(pieces) if scene.is_numbered else _by_button(pieces)
    may_end = request in scene.cancelling
    whole = sum(has_button(messages[-1], "again") for messages in texts.values())
    found = [wrong for messages in texts.values() for wrong in _text(messages, may_end=may_end)]
    if may_end:
        found += _cancelled(scene, request, texts, stops)
    elif whole < owed:
        found.append(Wrong(Kind.LOST, f"{whole} of {owed} essays to {request}"))
    if len(texts) > owed or len(stops) > 1:
        found.append(Wrong(Kind.DOUBLED, f"{len(texts)} essays to {request}, {len(stops)} ends"))
    return found


def _by_number(pieces: list[Shown]) -> dict[str, list[Shown]]:
    """Texts of numbered sentences, which tell of which text they are."""
    texts: dict[str, list[Shown]] = {}
    for one in pieces:
        for seed in dict.fromkeys(seed for _, seed in _SENTENCE.findall(one.text)):
            texts.setdefault(seed, []).append(one)
    return texts


def _by_button(pieces: list[Shown]) -> dict[str, list[Shown]]:
    """Texts of the model, each of which ends where its buttons are."""
    texts: dict[str, list[Shown]] = {}
    ended = 0
    for one in pieces:
        texts.setdefault(str(ended), []).append(one)
        ended += has_button(one, "again")
    return texts


def _text(messages: list[Shown], *, may_end: bool) -> list[Wrong]:
    """What is wrong with one essay: its pieces are in order, each once, with every sentence."""
    numbers = [int(number) for one in messages for number, _ in _SENTENCE.findall(one.text)]
    marks = [(int(mark[1]), int(mark[2])) for one in messages if (mark := _MARK.search(one.text))]
    if max(Counter(numbers).values(), default=0) > 1:
        return [Wrong(Kind.DOUBLED, f"sentences {numbers}")]
    is_whole = (not marks or len(marks) == marks[0][1]) and has_button(messages[-1], "again")
    words = sum(len(one.text.split()) for one in messages)
    is_long = max(len(numbers) * WORDS_A_SENTENCE, 0 if numbers else words) >= _LEAST_WORDS
    in_order = [mark for mark, _ in marks] == list(range(1, len(marks) + 1))
    if numbers != list(range(len(numbers))) or not in_order:
        return [Wrong(Kind.CUT, f"sentences {numbers}, pieces {marks}")]
    if not may_end and not (is_whole and is_long):
        return [Wrong(Kind.CUT, f"{len(numbers)} sentences, pieces {marks}")]
    return []


def _cancelled(
    scene: Scene, request: Request, texts: dict[str, list[Shown]], stops: list[Shown]
) -> list[Wrong]:
    """What is wrong where a request was cancelled or its person erased."""
    general = [
        one
        for one in scene.of_bot(request[0])
        if one.text in (CHAT.cancelled(1), CHAT.cancelled(2), CHAT.erased)
    ]
    whole = any(has_button(messages[-1], "again") for messages in texts.values())
    found = []
    if not whole and not stops and not general:
        found.append(Wrong(Kind.UNTOLD, f"nothing to {request}"))
    last = max((one.id for messages in texts.values() for one in messages), default=0)
    words = [one.id for one in (stops or general) if one.text != CHAT.erased]
    # Of two that were cancelled by one command, one may have been over before.
    if words and last > min(words):
        found.append(Wrong(Kind.AFTER, f"a piece to {request} came after its cancellation"))
    return found


def _after_erasing(scene: Scene) -> list[Wrong]:
    found = []
    for chat_id in scene.erased:
        world = scene.server.world
        history = events(world.changes.after(0), chat_id, world.bot.id)
        told = [number for number, one in enumerate(history) if one.text == CHAT.erased]
        later = history[told[0] + 1 :] if told else []
        found += [
            Wrong(Kind.AFTER, f"after everything was deleted came {one.text[:40]!r}")
            for one in later
            if one.is_bots and one.kind != "deleted" and one.text != CHAT.erased
        ]
    return found
