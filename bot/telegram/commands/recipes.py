"""How an essay was made, and the same again, perhaps with one setting changed."""

from dataclasses import replace

from bot.classroom import recipes
from bot.essays.desk import Desk
from bot.storage import jobs
from bot.storage.class_settings import rules
from bot.storage.codes import RECIPE_LENGTH, as_typed
from bot.storage.database import Transaction
from bot.storage.records import Job
from bot.telegram.commands.answering import answer_alone
from bot.telegram.commands.config_fields import asked_for
from bot.telegram.commands.writing import submit
from bot.telegram.visit import Visit


async def show(tx: Transaction, visit: Visit, _desk: Desk) -> None:
    """``/receta CODE``."""
    job, why = await _find(tx, visit)
    if job is None:
        await answer_alone(tx, visit, why)
        return
    continues = None
    if job.request.continued_from is not None:
        before = await jobs.get(tx, job.request.continued_from)
        continues = (before.code if before is not None else None) or ""
    said = visit.texts
    text = f"{recipes.in_words(job, said, continues)}\n{said.classroom.recipe.same}"
    await answer_alone(tx, visit, text)


async def repeat(tx: Transaction, visit: Visit, desk: Desk) -> None:
    """``/repetir CODE``, or ``/repetir CODE creatividad 1,2``: the same seed, one knob turned."""
    job, why = await _find(tx, visit)
    if job is None or visit.person is None or visit.address is None:
        await answer_alone(tx, visit, why)
        return
    preferences = replace(job.request.preferences, seed=job.seed)
    asked = asked_for(" ".join(visit.text.split()[1:]))
    if asked.errors:
        await answer_alone(tx, visit, visit.texts.classroom.recipe.repeat_how)
        return
    preferences = asked.applied(preferences)
    if visit.its_class is not None:
        preferences = rules(preferences, visit.its_class.settings)
    request = replace(
        job.request, person=visit.person, address=visit.address, preferences=preferences
    )
    await submit(tx, visit, desk, request)


async def _find(tx: Transaction, visit: Visit) -> tuple[Job | None, str]:
    """The essay that a command names, or why there is none."""
    said = visit.texts.classroom.recipe
    word = (visit.text.split() or [""])[0]
    if not word:
        return None, said.missing
    code = as_typed(word, RECIPE_LENGTH)
    job = None if code is None else await jobs.by_code(tx, code)
    return (job, "") if job is not None and job.text else (None, said.not_known)
