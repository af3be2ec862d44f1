"""*Corregir al robot*: a class judges an essay sentence by sentence, and sees what it found."""

from collections.abc import Mapping

from bot.essays import finishing
from bot.essays.messages import shorten, title_of, without_mentions, without_topic
from bot.storage import lessons
from bot.storage.classes import Class
from bot.storage.database import Transaction
from bot.storage.records import Job
from bot.telegram.commands.desk_pages import Page
from bot.telegram.keyboards import CLASS, MARK, data, rows
from bot.telegram.visit import Visit
from bot.texts import Texts

KINDS = ("good", "again", "doubt")
_MOST_SENTENCES, _SENTENCE_UNITS = 12, 250


def sentences(job: Job) -> list[str]:
    """The first sentences of an essay."""
    text = without_topic(job.text, job.request.topic)
    ends = finishing.sentence_ends(text)
    parts = [text[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    found = [" ".join(part.split()) for part in parts]
    return [shorten(without_mentions(one), _SENTENCE_UNITS) for one in found][:_MOST_SENTENCES]


async def page(
    tx: Transaction, its_class: Class, job: Job, texts: Texts, *, has_tally: bool = False
) -> Page:
    """The essay in numbered sentences, each with three buttons; and what the class found."""
    said = texts.classroom.correcting
    lines = [f"{number}. {one}" for number, one in enumerate(sentences(job), start=1)]
    foot = said.tally(*await _found(tx, job)) if has_tally else said.how
    buttons = [
        [(f"{number} {said.short[kind]}", data(MARK, job.token, number, kind)) for kind in KINDS]
        for number in range(1, len(lines) + 1)
    ]
    result = [(said.button_tally, data(CLASS, its_class.id, "tally", job.code or ""))]
    text = "\n".join([said.title(title_of(job)), "", *lines, "", foot])
    return text, rows(*buttons, result)


async def mark(tx: Transaction, visit: Visit, job: Job, number: str, kind: str) -> str:
    """Somebody judges a sentence; the same again takes that back."""
    said = visit.texts.classroom.correcting
    assert visit.person is not None  # mypy: asked before
    if kind not in KINDS or not 1 <= int(number) <= len(sentences(job)):
        return visit.texts.chat.button_gone
    is_there = await lessons.mark(tx, job.id, visit.person, int(number), kind)
    return said.marked(int(number), said.kinds[kind] if is_there else said.nothing)


async def _found(tx: Transaction, job: Job) -> tuple[int, Mapping[str, tuple[int, int]]]:
    """How many people judged, and by kind the sentence judged so most often, and how often."""
    people, counts = await lessons.marks(tx, job.id)
    most: dict[str, tuple[int, int]] = {}
    for (number, kind), count in sorted(counts.items()):
        if count > most.get(kind, (0, 0))[1]:
            most[kind] = (number, count)
    return people, most
