"""How an essay was made, in words a student understands."""

from bot.storage.records import Job
from bot.texts import Texts


def in_words(job: Job, texts: Texts, continues: str | None = None) -> str:
    """All that decides a text, a line each.

    Args:
        job: The essay.
        texts: The language.
        continues: The code of the essay that it goes on from; empty if that is forgotten; None if
            it goes on from none.
    """
    recipe, preferences = texts.classroom.recipe, job.request.preferences
    name, _, revision = job.model.partition("@")
    lines = [
        recipe.heading(job.code or "–"),
        recipe.topic(job.request.topic),
        texts.chat.ideas(", ".join(job.plan)) if job.plan else None,
        recipe.style(texts.config.styles[preferences.style], preferences.words),
        None if continues is None else recipe.continues(continues),
        recipe.temperature(
            recipe.number(preferences.temperature),
            recipe.how_free[_step(preferences.temperature)],
        ),
        recipe.top_k(preferences.top_k),
        recipe.top_p(recipe.number(preferences.top_p)),
        recipe.repetition(recipe.number(preferences.repetition_penalty))
        if preferences.repetition_penalty != 1
        else None,
        recipe.seed(job.seed),
        recipe.model(name, revision) if name else None,
    ]
    return "\n".join(line for line in lines if line is not None)


def _step(temperature: float) -> int:
    """Which of the four steps a temperature is on: 0, to 0.4, to 0.9, above."""
    return sum(temperature > bound for bound in (0, 0.4, 0.9))
