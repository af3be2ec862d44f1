"""A whole lesson: the teacher's desk, the board, what students may and may not do, the report."""

import asyncio
import re
from datetime import timedelta

import pytest

from bot.storage import classes, lessons
from bot.storage.class_settings import LongTexts
from bot.texts import SPANISH
from tests.telegram.classroom import Classroom

SAID = SPANISH.desk
WRITE = "/redactar@redactor_bot"
DESK = "/clase@redactor_bot"


@pytest.fixture
async def room(classroom):
    """A class whose teacher has opened the bot's private chat, as have two students."""
    room = classroom
    room.service.gate.set()
    for person in (room.telegram.room.teacher, room.lucia, room.mateo):
        await room.say("/start", person)
        await room.prefer(person, words=40)
    await room.settle()
    return room


async def teach(room, words="", person=None):
    """The teacher writes ``/clase …`` in the group; what the desk says in private."""
    teacher = person or room.telegram.room.teacher
    await room.say(f"{DESK} {words}", teacher, room.group)
    await room.settle()
    return room.telegram.from_bot(teacher)[-1]


async def its_class(room):
    return await room.database.read(lambda tx: classes.of_chat(tx, room.group))


async def its_lesson(room):
    found = await its_class(room)
    return await room.database.read(lambda tx: lessons.last(tx, found.id))


def board(room):
    """What the board says now."""
    shown = [m for m in room.telegram.from_bot(room.group) if m.text.startswith("Clase")]
    return shown[-1] if shown else None


async def test_a_whole_lesson(room):
    telegram, teacher = room.telegram, room.telegram.room.teacher
    await teach(room, "empezar El mar")
    await asyncio.sleep(3)
    assert board(room).text == "Clase «El mar»\nHechos: 0."
    # Nobody let the bot pin it, and nothing comes of that.
    assert telegram.pinned(room.group) == []

    # One topic for all: each has an own text, without typing.
    await teach(room, "tema El mar")
    for person in (room.lucia, room.mateo):
        assert (await room.toast("Participar", person, room.group)).startswith("Anotado")
    await room.finish()
    seeds = {job.seed for job in await room.jobs() if job.request.topic == "El mar"}
    assert len(seeds) == 2
    job = (await room.jobs())[0]
    again = await room.toast("Participar", room.lucia, room.group)
    assert again == SAID.has_own(job.code)

    # In a pause topics are kept.
    room.service.gate.set()
    await teach(room, "pausa")
    await room.say(f"{WRITE} La luna", room.lucia, room.group)
    await asyncio.sleep(20)
    assert "La luna" not in "".join(telegram.texts(room.group))
    assert board(room).text.startswith("Clase «El mar», en pausa\n")
    await teach(room, "seguir")
    await room.finish()
    assert "La luna" in "".join(telegram.texts(room.group))
    assert {"La clase está en pausa.", "La clase sigue."} <= set(telegram.texts(room.group))

    # What is fixed holds for everybody.
    await teach(room, "fijar longitud 30")
    await room.say("/config@redactor_bot longitud 300 cuento", room.mateo, room.group)
    await room.settle()
    fixed = SPANISH.config.fixed("Longitud", "30 palabras")
    assert telegram.texts(room.mateo)[-1] == f"Hecho. Estilo: cuento. {fixed}"
    await room.say(f"{WRITE} El sol", room.mateo, room.group)
    await room.finish()
    last = await room.last_job(room.mateo, room.group)
    assert last.request.preferences.words == 30

    # Readers vote and report; the teacher sees it and takes the text back.
    code = last.code
    assert await room.toast("Me gusta", room.lucia, room.group) == SAID.voted
    await room.press("Avisar", room.lucia, room.group)
    await room.settle()
    (asked, *_) = reversed(telegram.whispers(room.group, room.lucia))
    await room.toast("Ofende", room.lucia, room.group, asked.id)
    await room.settle()
    desk = await teach(room, "avisos")
    assert f"{code}, «El sol», pedido por Mateo: una persona dice que ofende" in desk.text
    # The class corrects a text sentence by sentence.
    first = (await room.jobs())[0]
    await teach(room, f"corregir {first.code}")
    game = telegram.from_bot(room.group)[-1]
    assert game.text.startswith("Corregir al robot: El mar\n\n1. ")
    for person, button, toast in (
        (room.lucia, "1 dudosa", "Frase 1: dudosa."),
        (room.mateo, "1 buena", "Frase 1: buena idea."),
        (room.mateo, "1 dudosa", "Frase 1: dudosa."),
        (room.lucia, "2 buena", "Frase 2: buena idea."),
        (room.lucia, "2 buena", "Frase 2: sin marcar."),
    ):
        assert await room.toast(button, person, room.group, game.id) == toast
    assert await room.toast("Resultado", room.lucia, room.group, game.id) == SAID.only_teacher
    await room.press("Resultado", teacher, room.group, game.id)
    await room.settle()
    (game,) = [m for m in telegram.from_bot(room.group) if m.id == game.id]
    assert game.text.endswith("Han corregido 2 personas; la más dudosa, la 1, con 2.")
    # It guesses which of three texts is the bot's.
    await teach(room, f"adivinar {first.code}\nMi abuelo pesca.\n---\nEl mar es azul.")
    texts, asked = telegram.from_bot(room.group)[-2:]
    assert "Mi abuelo pesca." in texts.text
    assert asked.poll["question"] == "¿Cuál escribió el robot?"
    (letter,) = re.findall(r"Texto (.)\nEl mar trae", texts.text)
    await room.press("Desvelar", teacher)
    await room.settle()
    was = SPANISH.classroom.guessing.was(letter)
    assert [telegram.texts(chat)[-1] for chat in (room.group, teacher)] == [was, was]
    assert next(m for m in telegram.from_bot(room.group) if m.id == asked.id).poll["is_closed"]
    await teach(room, f"quitar {code}")
    assert code not in "".join(telegram.texts(room.group))
    assert telegram.texts(room.mateo)[-1] == SPANISH.safety.removed_for_author("El sol")

    # The end: the board's last form, and the report in the teacher's private chat.
    await teach(room, "fin")
    await asyncio.sleep(20)
    assert board(room).text.startswith("Clase «El mar», terminada\n2 personas, ")
    html, table = [m for m in telegram.from_bot(teacher) if m.document][-2:]
    assert "«El mar»" in html.document.decode()
    assert "La luna" in html.document.decode()
    assert table.document.startswith(b"\xef\xbb\xbf")


async def test_the_board_is_pinned_where_the_bot_may_do_that(room):
    telegram, teacher = room.telegram, room.telegram.room.teacher
    telegram.people.set_status(room.group, teacher, telegram.bot_id, "administrator")
    await teach(room, "empezar El mar")
    await asyncio.sleep(5)
    await room.settle()
    assert telegram.pinned(room.group) == [board(room).id]
    await teach(room, "fin")
    await asyncio.sleep(20)
    await room.settle()
    assert telegram.pinned(room.group) == []


async def test_delivery_in_private_and_without_names(room):
    await teach(room, "empezar")
    await room.press("Sin título", room.telegram.room.teacher)
    await teach(room, "privado")
    await room.say(f"{WRITE} La luna", room.lucia, room.group)
    await room.finish()
    assert "La luna" in room.telegram.texts(room.lucia)[-1]
    assert "La luna" not in "".join(room.telegram.texts(room.group))
    # Whose private chat is not open gets it in the group.
    await room.say(f"{WRITE} El sol", room.telegram.room.sofia, room.group)
    await room.finish()
    assert any("El sol" in text for text in room.telegram.texts(room.group))
    await teach(room, "grupo")
    await teach(room, "sin nombres")
    await room.say(f"{WRITE} La mar", room.lucia, room.group)
    await room.finish()
    (essay,) = [m for m in room.telegram.from_bot(room.group) if "La mar" in m.text]
    assert "Lucía" not in essay.text
    assert essay.reply_to is None
    assert essay.text.split(":")[0] in SPANISH.classroom.report.pseudonyms
    await asyncio.sleep(30)
    assert "Lucía" not in board(room).text


async def test_a_lesson_goes_on_after_a_restart(room):
    await teach(room, "empezar El mar")
    await teach(room, "pausa")
    await room.say(f"{WRITE} La luna", room.lucia, room.group)
    await room.settle()
    await room.kill()
    await room.start()
    await asyncio.sleep(30)
    assert [job.request.topic for job in await room.unfinished()] == ["La luna"]
    await teach(room, "seguir")
    await room.finish()
    assert "La luna" in "".join(room.telegram.texts(room.group))
    boards = [m for m in room.telegram.from_bot(room.group) if m.text.startswith("Clase")]
    assert len(boards) == 1


async def test_clearing_the_queue_tells_whoever_waits(room):
    await teach(room, "empezar El mar")
    await teach(room, "pausa")
    await room.say(f"{WRITE} La luna", room.lucia, room.group)
    desk = await teach(room, "vaciar")
    assert desk.text == SAID.clear_ask(1)
    await room.press("Sí, descartar", room.telegram.room.teacher)
    await room.settle()
    assert SAID.cleared_student in room.telegram.texts(room.group)
    assert await room.unfinished() == []
    signs = [m.reactions.values() for m in room.telegram.messages(room.group)]
    assert not any("✍" in one for one in signs)


async def test_only_the_common_topic(room):
    await teach(room, "empezar El mar")
    await teach(room, "tema El mar")
    await room.press("Solo este tema", room.telegram.room.teacher)
    await room.say(f"{WRITE} La luna", room.lucia, room.group)
    await room.settle()
    refusal = "Hoy la clase escribe sobre «El mar»: toca Participar."
    assert refusal in room.telegram.texts(room.group) + room.telegram.texts(room.lucia)
    assert not [job for job in await room.jobs() if job.request.topic == "La luna"]


async def test_so_many_texts_a_person(room):
    await teach(room, "empezar El mar")
    await teach(room, "textos 1")
    for topic in ("La luna", "El sol"):
        await room.say(f"{WRITE} {topic}", room.lucia, room.group)
        await room.finish()
    assert [job.request.topic for job in await room.jobs()] == ["La luna"]


async def test_long_texts_come_as_the_class_wants(room):
    group, lucia = room.group, room.lucia
    await room.prefer(lucia, words=1000)
    await teach(room)
    await room.say(f"{WRITE} Los volcanes", lucia, group)
    await room.finish()
    (essay,) = [m for m in room.telegram.from_bot(group) if "volcanes" in m.text]
    assert essay.document.decode().startswith("Los volcanes\n\n")
    assert "está en el archivo" in essay.text
    found = await its_class(room)
    assert found.settings.long_texts is LongTexts.FILE
    for expected in (LongTexts.PRIVATE, LongTexts.MESSAGES):
        await teach(room, "entrega")
        await room.press("Largos", room.telegram.room.teacher)
        assert (await its_class(room)).settings.long_texts is expected
    await room.say(f"{WRITE} Los ríos", lucia, group)
    await room.finish()
    assert len([m for m in room.telegram.from_bot(group) if re.search(r"\(\d/2\)$", m.text)]) == 2


async def test_a_long_text_whole_where_telegram_takes_it_so_else_as_a_file(room):
    group, lucia = room.group, room.lucia
    await room.prefer(lucia, words=1000)
    await teach(room, "entrega")
    for _ in range(3):
        await room.press("Largos", room.telegram.room.teacher)
        await room.settle()
    assert (await its_class(room)).settings.long_texts is LongTexts.RICH
    faults = (None, {"status": 404}, {"status": 400, "description": "RICH_MESSAGE_INVALID"})
    for fault in faults:
        if fault:
            room.telegram.fail("sendRichMessage", **fault)
        await room.say(f"{WRITE} Los ríos", lucia, group)
        await room.finish()
        essay = room.telegram.from_bot(group)[-1]
        job = await room.last_job(lucia, group)
        assert essay.buttons
        assert (essay.document is not None) == bool(fault)
        assert fault or job.text.removeprefix("Los ríos.").strip() in essay.text
    sent = room.telegram.calls("sendRichMessage")[0].parameters["rich_message"]
    assert sent["blocks"][0] == {"type": "heading", "size": 3, "text": "Los ríos"}


async def test_the_code_lets_into_the_class(url):
    async with Classroom(url, is_open=False) as room:
        telegram, teacher = room.telegram, room.telegram.room.teacher
        room.service.gate.set()
        await own(room, teacher)
        await room.say("/clase codigo", teacher)
        await room.settle()
        shown = telegram.texts(teacher)[-1]
        code = re.search(r"start=(\w{6})", shown)[1]
        await room.press("30 días", teacher)
        await room.press("Ver el QR", teacher)
        await room.settle()
        page, poster = telegram.from_bot(teacher)[-2:]
        until = room.now() + timedelta(days=30)
        assert f"Vale hasta el {until.day} de " in page.text
        assert poster.photo is not None
        assert poster.text.endswith(f"start={code}")
        # Five wrong ones are answered; then comes silence, also for the right one.
        for number in range(6):
            await room.say(f"2222{number + 2}2", room.mateo)
            await room.settle()
        assert telegram.texts(room.mateo) == [SAID.code_wrong] * 5
        await room.say(code, room.mateo)
        await room.settle()
        assert telegram.texts(room.mateo) == [SAID.code_wrong] * 5
        # As a link, or as people type it.
        await room.say(f"/start {code}", room.lucia)
        await room.say(f"{code[:3].lower()}-{code[3:].lower()}", telegram.room.sofia)
        await room.settle()
        for person in (room.lucia, telegram.room.sofia):
            assert telegram.texts(person)[-1].startswith("Hola, ")
            await room.say("El mar", person)
            await room.finish()
            assert telegram.texts(person)[-1].startswith("El mar\n")
        # Whoever is taken off the list is told so at the next request.
        await room.say("/clase lista", teacher)
        await room.settle()
        await room.press("1", teacher)
        await room.settle()
        gone = [p for p in (room.lucia, telegram.room.sofia) if not await is_in(room, p)]
        assert len(gone) == 1
        await room.say("La luna", gone[0])
        await room.settle()
        assert telegram.texts(gone[0])[-1].startswith("Ya no estás en ")
        # A revoked code lets nobody in.
        await room.say("/clase codigo -", teacher)
        await room.say(f"/start {code}", telegram.room.diego)
        await room.settle()
        assert telegram.texts(telegram.room.diego)[-1] == SAID.code_expired
        # Who came by it stays until the teacher takes them off.
        await room.say("/clase codigo -", teacher)
        await room.settle()
        assert telegram.texts(teacher)[-1] == SAID.code_ended(1)
        (left,) = [p for p in (room.lucia, telegram.room.sofia) if await is_in(room, p)]
        await room.press("Quitar a quienes entraron", teacher)
        await room.settle()
        assert telegram.texts(teacher)[-1] == SAID.code_ended(0)
        await room.say("La luna", left)
        await room.settle()
        assert telegram.texts(left)[-1].startswith("Ya no estás en ")


async def is_in(room, person):
    found = await room.database.read(lambda tx: classes.of_member(tx, f"user:{person}"))
    return found is not None


async def own(room, person):
    """Somebody opens the owner's link."""
    from bot.storage import people

    code = await room.database.step("owner code", people.owner_code)
    await room.say(f"/start {code}", person)
    await room.settle()


async def test_a_group_that_waited_for_its_owner(url):
    """Added before there was an owner: a press, a word or a promotion opens it."""
    async with Classroom(url, is_open=False) as room:
        telegram, teacher = room.telegram, room.telegram.room.teacher
        room.service.gate.set()
        await room.say(f"{WRITE} El mar", room.lucia, room.group)
        await room.settle()
        (closed,) = telegram.from_bot(room.group)
        assert closed.text == SAID.ownerless_group
        assert await room.toast("Abrir este grupo", room.lucia, room.group) == SAID.not_opener
        await own(room, teacher)
        await room.press("Abrir este grupo", teacher, room.group)
        await room.settle()
        assert telegram.texts(room.group) == [SAID.opened]
        await room.say(f"{WRITE} El mar", room.lucia, room.group)
        await room.finish()
        assert telegram.texts(room.group)[-1].startswith("El mar\n")
        # In the other group the owner only speaks.
        await room.say("/cola@redactor_bot", teacher, room.forum)
        await room.say(f"{WRITE} La luna", room.lucia, room.forum)
        await room.finish()
        assert telegram.texts(room.forum)[-1].startswith("La luna\n")


async def test_the_owner_names_another_teacher(url):
    async with Classroom(url, is_open=False) as room:
        telegram, teacher = room.telegram, room.telegram.room.teacher
        await own(room, teacher)
        await room.say("/clase docentes", teacher)
        await room.settle()
        code = re.search(r"start=(\S+)", telegram.texts(teacher)[-1])[1]
        await room.say(f"/start {code}", telegram.room.diego)
        await room.settle()
        assert telegram.texts(telegram.room.diego)[-1] == SAID.new_teacher
        await room.say(f"/start {code}", room.lucia)
        await room.settle()
        assert telegram.texts(room.lucia)[-1] == SPANISH.chat.owner_code_wrong
        await room.say("/clase", telegram.room.diego)
        await room.settle()
        assert "sin clase abierta" in telegram.texts(telegram.room.diego)[-1]


async def test_a_recipe_and_the_same_again(room):
    await room.say("El mar", room.lucia)
    await room.finish()
    job = await room.last_job()
    await room.say(f"/receta {job.code.lower()}", room.lucia)
    await room.settle()
    shown = room.telegram.texts(room.lucia)[-1]
    assert shown.startswith(f"Receta {job.code}\nTema: El mar\n")
    assert f"Semilla {job.seed}:" in shown
    await room.say(f"/repetir {job.code} creatividad 1,2", room.lucia)
    await room.finish()
    again = await room.last_job()
    assert (again.seed, again.request.topic) == (job.seed, "El mar")
    assert again.request.preferences.temperature == 1.2
    for words, answer in (
        ("/receta", SPANISH.classroom.recipe.missing),
        ("/receta 22222", SPANISH.classroom.recipe.not_known),
        (f"/repetir {job.code} opera 3", SPANISH.classroom.recipe.repeat_how),
    ):
        await room.say(words, room.lucia)
        await room.settle()
        assert room.telegram.texts(room.lucia)[-1] == answer


async def test_who_made_a_class_leads_it_from_the_private_chat(room):
    teacher = room.telegram.room.teacher
    await teach(room, "empezar El mar")
    await room.say("/clase pausa", teacher)
    await room.say("/clase seguir")
    await room.settle()
    assert (await its_lesson(room)).is_paused
    assert room.telegram.texts(room.lucia)[-1] == SAID.only_teacher


async def test_first_names_alone_where_nobody_else_has_the_same(room):
    telegram = room.telegram
    other = telegram.world.add_user("Lucía", last_name="Paz").id
    telegram.people.set_status(room.group, telegram.room.teacher, other, "member")
    await teach(room, "empezar El mar")
    await teach(room, "tema El mar")
    shown = []
    for person in (room.lucia, room.mateo, other):
        await room.prefer(person, words=40)
        await room.toast("Participar", person, room.group)
        await room.finish()
        shown.append(telegram.texts(room.group)[-1].partition("\n")[0])
    assert shown == ["Lucía: El mar", "Mateo: El mar", "Lucía P.: El mar"]
    lines = (await teach(room, "lista")).text.splitlines()
    assert lines[:3] == ["1. Lucía P.", "2. Lucía R.", "3. Mateo"]
