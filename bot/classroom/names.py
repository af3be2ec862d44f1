"""What people are called before others: first names, told apart, or pseudonyms."""

import random
from collections.abc import Iterable, Sequence

from bot.storage.classes import told_apart
from bot.storage.lessons import Lesson
from bot.storage.records import Job


def pseudonyms(lesson: Lesson, people: Iterable[str], names: Sequence[str]) -> dict[str, str]:
    """A name for each person that tells nothing of them, drawn anew each lesson.

    Args:
        lesson: Its beginning, to the microsecond, decides the draw.
        people: In the order in which they first asked.
        names: To draw from; beyond them a number is put behind.
    """
    drawn = list(names)
    random.Random(f"{lesson.id}:{lesson.started_at.timestamp()}").shuffle(drawn)
    return {
        person: drawn[number % len(drawn)]
        + (f" {number // len(drawn) + 1}" if number >= len(drawn) else "")
        for number, person in enumerate(dict.fromkeys(people))
    }


def names_in(
    lesson: Lesson, essays: Sequence[Job], names: Sequence[str], *, has_names: bool
) -> dict[str, str]:
    """What everybody who asked in a lesson is called there."""
    people = [job.request.person for job in essays]
    if not has_names:
        return pseudonyms(lesson, people, names)
    return told_apart({job.request.person: job.request.name or "?" for job in essays})
