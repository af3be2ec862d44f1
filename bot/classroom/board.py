"""The message that says who waits: the board of a lesson, or what takes the place of signs.

Words, no bars: thirty names must be read aloud, and at six seconds a class a bar never moves.
"""

from bot.classroom.names import names_in
from bot.essays.desk import Desk, Place
from bot.essays.finishing import count_words
from bot.storage import classes, jobs, lessons
from bot.storage.classes import Class, told_apart
from bot.storage.database import Transaction
from bot.storage.lessons import Lesson
from bot.storage.records import Job, JobState
from bot.texts import BoardTexts, Texts

_MOST_NAMED = 12


async def of_lesson(
    tx: Transaction, desk: Desk, its_class: Class, lesson: Lesson, texts: Texts
) -> str:
    """The board of a lesson, open or over."""
    said = texts.classroom.board
    essays = await lessons.essays(tx, lesson.id)
    done = [job for job in essays if job.state is JobState.DELIVERED]
    if lesson.ended_at is not None:
        people = len({job.request.person for job in essays})
        words = sum(count_words(job.text) for job in done)
        return said.ended(lesson.title, people, len(done), words)
    names = names_in(
        lesson, essays, texts.classroom.report.pseudonyms, has_names=its_class.settings.has_names
    )
    people_known = len(await classes.roster(tx, its_class.id)) if its_class.code else None
    lines = [
        said.heading(lesson.title, lesson.is_paused),
        *_open_lines(desk, essays, names, await _places(tx, desk), said),
        said.done(len({job.request.person for job in done}), people_known),
    ]
    return "\n".join(lines)


def _open_lines(
    desk: Desk,
    essays: list[Job],
    names: dict[str, str],
    places: dict[int, Place],
    said: BoardTexts,
) -> list[str]:
    """Who is written for, and who waits: in the queue, or for the group to have room."""
    running = [job for job in essays if job.state is JobState.RUNNING]
    waiting = [job for job in essays if job.state in (JobState.WAITING, JobState.WRITTEN)]
    lines = []
    if running:
        words = [
            (names[job.request.person], count_words(desk.drafts.get(job.id, "")))
            for job in running[:_MOST_NAMED]
        ]
        lines.append(said.writing(words))
    if waiting:
        waiting.sort(key=lambda job: (job.turn, job.id))
        known = [
            (names[job.request.person], places[job.id].estimate_s if job.id in places else None)
            for job in waiting[:_MOST_NAMED]
        ]
        lines.append(said.waiting(known, len(waiting) - len(known)))
    return lines


async def of_group(tx: Transaction, desk: Desk, chat_id: int, texts: Texts) -> str:
    """Who waits in a group without a lesson, in words; empty when nobody does."""
    said = texts.classroom.board
    theirs = await jobs.unfinished_in(tx, chat_id)
    if not theirs:
        return ""
    names = told_apart({job.request.person: job.request.name or "?" for job in theirs})
    places = await _places(tx, desk)
    running = [job.request.person for job in theirs if job.state is JobState.RUNNING]
    waiting = [job.request.person for job in theirs if job.request.person not in running]
    estimates = [places[job.id].estimate_s for job in theirs if job.id in places]
    longest_s = max((one for one in estimates if one is not None), default=None)
    lines = []
    if running:
        lines.append(said.for_names([names[person] for person in dict.fromkeys(running)]))
    if waiting:
        lines.append(said.waiting_names([names[person] for person in dict.fromkeys(waiting)]))
    if longest_s is not None:
        lines.append(said.all_in(longest_s))
    return "\n".join(lines)


async def _places(tx: Transaction, desk: Desk) -> dict[int, Place]:
    running = await jobs.in_state(tx, JobState.RUNNING)
    waiting = await jobs.in_state(tx, JobState.WAITING)
    return desk.meter.places(running, waiting, desk.most_running)
