"""Whether people got what they were owed, judged by what the local Bot API holds."""

import re
from collections import Counter

from bot.playground.model import Message
from bot.texts import SPANISH
from tests.chaos.flows import STOPPED, Scene, button, essays_in

_MARK = re.compile(r"\((\d+)/(\d+)\)$")
_CANCELLED = (SPANISH.chat.stopped, SPANISH.chat.already_finished)


def faults_of(scene: Scene) -> list[str]:
    """Everything that is wrong in a scene in which nothing is owed any more."""
    found: list[str] = []
    for chat_id in scene.server.world.chats:
        messages = scene.of_bot(chat_id)
        found += _placeholders(chat_id, messages)
        found += _doubles(chat_id, messages)
        found += _pieces(chat_id, messages)
    for (chat_id, message_id), owed in scene.essays.items():
        found += _essays(scene, chat_id, message_id, owed)
    for chat_id, is_it in scene.words:
        count = sum(is_it(one.text or "") for one in scene.of_bot(chat_id))
        if count == 0:
            found.append(f"chat {chat_id}: somebody was not told")
    found += _after_erasing(scene)
    return found


def is_quiet(scene: Scene) -> bool:
    """Whether everything that is owed seems to be there; the judge then looks closely."""
    ends = all(
        essays_in(scene, *key) >= owed or scene.is_cancelling for key, owed in scene.essays.items()
    )
    told = all(
        any(is_it(one.text or "") for one in scene.of_bot(chat_id))
        for chat_id, is_it in scene.words
    )
    clean = not any(
        button(one, "stop")
        for chat_id in scene.server.world.chats
        for one in scene.of_bot(chat_id)
    )
    return ends and told and clean


def _placeholders(chat_id: int, messages: list[Message]) -> list[str]:
    return [
        f"chat {chat_id}: a dead placeholder: {one.text!r}"
        for one in messages
        if button(one, "stop")
    ]


def _doubles(chat_id: int, messages: list[Message]) -> list[str]:
    """The same words twice to the same request; essays differ by their seeds."""
    counts = Counter((one.reply_to, one.text) for one in messages if len(one.text or "") > 60)
    return [
        f"chat {chat_id}: {count} times {text[:40] if text else ''!r}"
        for (_, text), count in counts.items()
        if count > 1
    ]


def _pieces(chat_id: int, messages: list[Message]) -> list[str]:
    """Numbered pieces of an essay stand in order, and none is missing."""
    found = []
    expected: dict[int | None, tuple[int, int]] = {}
    for one in messages:
        mark = _MARK.search(one.text or "")
        if mark is None:
            continue
        number, count = int(mark[1]), int(mark[2])
        last, _ = expected.get(one.reply_to, (0, 0))
        if number != last + 1:
            found.append(f"chat {chat_id}: piece {number}/{count} after {last}")
        expected[one.reply_to] = (0, 0) if number == count else (number, count)
    found += [
        f"chat {chat_id}: only {last} of {count} pieces"
        for last, count in expected.values()
        if last != count
    ]
    return found


def _essays(scene: Scene, chat_id: int, message_id: int, owed: int) -> list[str]:
    count = essays_in(scene, chat_id, message_id)
    if count > owed:
        return [f"chat {chat_id}: {count} essays to {message_id}, {owed} asked for"]
    if count < owed and not scene.is_cancelling:
        return [f"chat {chat_id}: {count} essays to {message_id}, {owed} asked for"]
    return []


def _after_erasing(scene: Scene) -> list[str]:
    found = []
    for chat_id in scene.erased:
        messages = scene.of_bot(chat_id)
        word = next((one for one in messages if one.text == SPANISH.chat.erased), None)
        if word is None:
            continue
        # The word is a change of the question; whatever the bot wrote later has a later date.
        told_at = word.edit_date or word.date
        found += [
            f"chat {chat_id}: something came after everything was deleted"
            for one in messages
            if one.id > word.id and one.date > told_at and not (one.text or "").startswith(STOPPED)
        ]
    return found
