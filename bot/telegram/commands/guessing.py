"""*¿Quién lo ha escrito?*: two texts of students and one of the bot, and a poll in the group.

The students' texts stand in the group only: of them nothing is kept once they are sent.
"""

import re
import secrets

from bot.classroom import acts
from bot.essays.messages import shorten, utf16_units, without_mentions, without_topic
from bot.storage import outbox
from bot.storage.classes import Class
from bot.storage.database import Transaction
from bot.storage.records import Job, Kind, Rank
from bot.telegram.commands import desk_pages
from bot.telegram.commands.desk_pages import Page
from bot.telegram.keyboards import CLASS, data, rows
from bot.texts import Texts

_BREAK = re.compile(r"\n\s*(?:[-–—_*]\s*){3,}\n")
_LETTERS = "ABC"
_TEXT_UNITS = 1250


async def publish(tx: Transaction, its_class: Class, job: Job, written: str, texts: Texts) -> Page:
    """Put three texts before the group, in an order that is drawn, and ask which is the bot's.

    Args:
        tx: The step.
        its_class: The class.
        job: The bot's essay.
        written: Two texts of students, with a line of hyphens between them.
        texts: Of the teacher's language.
    """
    said = texts.classroom.guessing
    students = [part.strip() for part in _BREAK.split(written) if part.strip()]
    if len(students) != len(_LETTERS) - 1 or its_class.chat_id is None:
        return said.how, desk_pages.back(its_class, texts)
    own = without_topic(job.text, job.request.topic)
    place = secrets.randbelow(len(_LETTERS))
    shown = [*students[:place], own, *students[place:]]
    text, entities = "", []
    for letter, one in zip(_LETTERS, shown, strict=True):
        head, quoted = said.named(letter), shorten(without_mentions(one), _TEXT_UNITS)
        start = utf16_units(text)
        entities.append({"type": "bold", "offset": start, "length": utf16_units(head)})
        quotation = {"type": "expandable_blockquote", "length": utf16_units(quoted)}
        entities.append({**quotation, "offset": start + utf16_units(head) + 1})
        text += f"{head}\n{quoted}\n\n"
    body = {"text": text.rstrip(), "entities": entities}
    key, chat_id = _key(job), its_class.chat_id
    thread_id = its_class.settings.thread_id
    row_id = await outbox.owe(
        tx, key, Kind.ANSWER, Rank.ANSWER, chat_id, body=body, thread_id=thread_id
    )
    if row_id is None:
        return said.once, desk_pages.back(its_class, texts)
    options = [{"text": said.named(letter)} for letter in _LETTERS]
    poll = {"question": said.question, "options": options, "hide_results_until_closes": True}
    await outbox.owe(
        tx,
        f"{key}:poll",
        Kind.ANSWER,
        Rank.ANSWER,
        chat_id,
        body={"poll": poll},
        thread_id=thread_id,
        waits=[row_id],
    )
    answer = data(CLASS, its_class.id, "reveal", f"{job.code}.{_LETTERS[place]}")
    return said.published, rows([(said.button_reveal, answer)])


async def reveal(tx: Transaction, its_class: Class, job: Job, letter: str, texts: Texts) -> Page:
    """Close the poll, and say which one it was."""
    said, key, chat_id = texts.classroom.guessing, _key(job), its_class.chat_id
    poll = await outbox.by_key(tx, f"{key}:poll")
    if poll is not None and chat_id is not None and letter in _LETTERS:
        method = {"method": "stopPoll"}
        stop = f"{key}:stop"
        await outbox.owe(tx, stop, Kind.DO, Rank.ANSWER, chat_id, body=method, waits=[poll.id])
        await acts.tell_class(tx, f"{key}:was", its_class, said.was(letter))
    return said.was(letter), desk_pages.back(its_class, texts)


def _key(job: Job) -> str:
    return f"guess:j{job.id}"
