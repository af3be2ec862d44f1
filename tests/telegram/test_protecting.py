"""What a teacher decides for a safe class, at the desk."""

import pytest

from bot.storage import classes
from bot.texts import SPANISH

TEXTS = SPANISH.safety
DESK = "/clase@redactor_bot"
WRITE = "/redactar@redactor_bot"


@pytest.fixture
async def room(classroom):
    """A class whose teacher has opened the bot's private chat, as has a student."""
    for person in (classroom.telegram.room.teacher, classroom.lucia):
        await classroom.say("/start", person)
    await classroom.settle()
    return classroom


async def teach(room, words):
    """The teacher writes ``/clase …`` in the group; what the desk says in private."""
    teacher = room.telegram.room.teacher
    await room.say(f"{DESK} {words}", teacher, room.group)
    await room.settle()
    return room.telegram.from_bot(teacher)[-1]


async def settings(room):
    found = await room.database.read(lambda tx: classes.of_chat(tx, room.group))
    return found.settings


async def test_groups_of_topics_turn(room):
    page = await teach(room, "filtros")
    assert "Drogas: no" in page.buttons
    assert "Serios: serio" in page.buttons
    await room.press("Serios: serio", room.telegram.room.teacher)
    await room.settle()
    assert (await settings(room)).filters == {"serious": "refused"}
    await room.press("Serios: no", room.telegram.room.teacher)
    await room.settle()
    assert (await settings(room)).filters == {"serious": "fit"}
    await room.say(f"{WRITE} el acoso escolar", chat_id=room.group)
    assert len(await room.unfinished()) == 1


async def test_own_words(room):
    page = await teach(room, "filtro añadir Fortnite")
    assert "Tampoco escribo sobre: fortnite." in page.text
    await room.say(f"{WRITE} fortnite", chat_id=room.group)
    await room.settle()
    assert TEXTS.refused["added"] in room.telegram.texts(room.lucia)
    page = await teach(room, "filtro quitar fortnite")
    assert "fortnite." not in page.text.partition("Con palabras")[0]
    page = await teach(room, "filtro quitar guerra")
    assert "Dejo pasar: guerra." in page.text
    await room.say(f"{WRITE} la guerra de las mareas", chat_id=room.group)
    assert len(await room.unfinished()) == 1


async def test_where_help_is(room):
    first = await teach(room, "")
    assert first.text.endswith(TEXTS.no_help)
    await teach(room, "ayuda línea Ayuda")
    page = await teach(room, "ayuda teléfono 000")
    assert "teléfono: 000" in page.text
    assert "revisado: " in page.text
    assert TEXTS.no_help not in (await teach(room, "")).text
    await room.say(f"{WRITE} quiero morirme", chat_id=room.group)
    await room.settle()
    assert "Ayuda: 000." in room.telegram.texts(room.lucia)[-1]
    await teach(room, "ayuda teléfono")
    assert (await teach(room, "")).text.endswith(TEXTS.no_help)


async def test_when_a_teacher_hears_of_distress(room):
    await teach(room, "aviso siempre")
    assert (await settings(room)).tells_distress == "always"
    page = await teach(room, "aviso")
    assert "✓ Siempre" in page.buttons
    await room.press("No", room.telegram.room.teacher)
    await room.settle()
    assert (await settings(room)).tells_distress == "never"


@pytest.mark.parametrize("words", ["filtro añadir mar", "ayuda teléfono 1", "aviso siempre"])
async def test_a_student_decides_nothing(room, words):
    await teach(room, "")
    before = await settings(room)
    await room.say(f"{DESK} {words}", chat_id=room.group)
    await room.settle()
    assert await settings(room) == before
    found = await room.database.read(lambda tx: classes.of_chat(tx, room.group))
    for data in (f"cls:{found.id}:filter:sex", f"cls:{found.id}:notice:never"):
        await room.forge(data, room.lucia, room.group)
    assert await settings(room) == before
