"""What people are called before others: first names, told apart, or pseudonyms."""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from bot.storage.classes import first_name
from bot.storage.lessons import Lesson
from bot.storage.records import Job


def told_apart(names: Mapping[str, str]) -> dict[str, str]:
    """First names alone where nobody else has the same, else with the surname's initial.

    Args:
        names: From people to what ``classes.short_name`` made.
    """
    firsts = {person: first_name(name) for person, name in names.items()}
    counts = Counter(firsts.values())
    return {
        person: name if counts[firsts[person]] > 1 else firsts[person]
        for person, name in names.items()
    }


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
