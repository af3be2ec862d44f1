"""The board says who is written for, who waits, and what is done."""

import pytest

from bot.classroom import board
from bot.essays.desk import Desk, Limits
from bot.storage import classes, jobs, lessons
from bot.storage.class_settings import ClassSettings
from bot.storage.records import Address
from bot.texts import ENGLISH, SPANISH
from tests.storage.requests import a_request

GROUP = -100


@pytest.fixture
async def group(step):
    its_class = await step(classes.make, chat_id=GROUP, name="3.º B", teacher="user:9")
    return its_class, await step(lessons.begin, its_class.id, "El mar")


@pytest.fixture
def desk():
    return Desk(Limits(running=2), lambda: 0.0)


async def ask(step, number, name, lesson_id=None):
    address = Address(GROUP, None, number, is_private=False)
    request = a_request(f"user:{number}", address=address, name=name, lesson_id=lesson_id)
    return await step(jobs.add, request, update_id=number, seed=1)


async def test_a_lesson(step, desk, group):
    its_class, lesson = group
    essays = [
        await ask(step, number, name, lesson.id)
        for number, name in enumerate(["Ana", "Luis", "Marta"], start=1)
    ]
    for _ in range(2):
        await step(jobs.start_next)
    await step(jobs.finish, essays[0].id, "El mar es grande.", "m")
    await step(jobs.deliver, essays[0].id)
    desk.drafts[essays[1].id] = "El mar trae palabras"
    shown = await step(board.of_lesson, desk, its_class, lesson, SPANISH)
    assert shown.splitlines() == [
        "Clase «El mar»",
        "Escribo: Luis, 4 palabras.",
        "Esperan: Marta.",
        "Hechos: 1.",
    ]
    # With a code it is known how many there are.
    await step(classes.renew_code, its_class.id, its_class.code_expires_at)
    for number in range(1, 31):
        await step(classes.saw, its_class.id, f"user:{number}", "Ana")
    its_class = await step(classes.get, its_class.id)
    assert "Hechos: 1 de 30." in await step(board.of_lesson, desk, its_class, lesson, SPANISH)
    await step(lessons.change, lesson.id, is_paused=True)
    lesson = await step(lessons.get, lesson.id)
    assert (await step(board.of_lesson, desk, its_class, lesson, SPANISH)).startswith(
        "Clase «El mar», en pausa\n"
    )
    await step(lessons.end, lesson.id)
    lesson = await step(lessons.get, lesson.id)
    assert await step(board.of_lesson, desk, its_class, lesson, SPANISH) == (
        "Clase «El mar», terminada\n3 personas, 1 texto, 4 palabras."
    )


async def test_many_who_wait_are_counted(step, desk, group):
    its_class, lesson = group
    for number in range(1, 22):
        await ask(step, number, f"P{number}", lesson.id)
    shown = await step(board.of_lesson, desk, its_class, lesson, SPANISH)
    assert "P12; y 9 personas más." in shown


async def test_without_names(step, desk, group):
    its_class, lesson = group
    await step(classes.decide, its_class.id, ClassSettings(has_names=False))
    await ask(step, 1, "Zenobia", lesson.id)
    its_class = await step(classes.get, its_class.id)
    assert "Zenobia" not in await step(board.of_lesson, desk, its_class, lesson, SPANISH)


async def test_in_the_place_of_signs(step, desk):
    assert await step(board.of_group, desk, GROUP, SPANISH) == ""
    for number, name in enumerate(["Ana", "Luis", "Marta", "Inés"], start=1):
        await ask(step, number, name)
    await ask(step, 9, "Ana")
    for _ in range(2):
        await step(jobs.start_next)
    shown = await step(board.of_group, desk, GROUP, SPANISH)
    assert shown == "Escribo para Ana y Luis.\nEsperan Marta, Inés y Ana."
    shown = await step(board.of_group, desk, GROUP, ENGLISH)
    assert shown.startswith("I'm writing for Ana and Luis.")
