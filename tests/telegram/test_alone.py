"""What concerns one person in a group is said to that person alone, where Telegram allows it."""

import asyncio

import pytest

from bot.playground.methods.commands import commands_shown
from bot.telegram.menu import publish_commands
from bot.texts import SPANISH

CONFIG = "/config@redactor_bot"
QUEUE = "/cola@redactor_bot"
EMPTY = SPANISH.chat.greeting_empty_queue
REFUSED = {
    "method": "sendMessage",
    "status": 400,
    "description": "not enough rights to send ephemeral messages to the chat",
}


def promote(classroom):
    """The bot becomes an administrator of the group."""
    room = classroom.telegram.room
    classroom.telegram.people.set_status(
        room.group, room.teacher, classroom.telegram.bot_id, "administrator"
    )


async def ask(classroom, text, person=None, **more):
    """Somebody writes in the group, and what can be said about it at once is said."""
    message = await classroom.say(text, person, classroom.group, **more)
    await classroom.settle()
    return message


def tries(classroom):
    """How often the bot wanted to say something to one person alone."""
    calls = classroom.telegram.calls("sendMessage", classroom.group)
    return sum("ephemeral_message_parameters" in call.parameters for call in calls)


def whispers(classroom, person=None):
    """What Lucía, or somebody else, alone sees of the bot in the group."""
    return classroom.telegram.whispers(classroom.group, person or classroom.lucia)


async def test_menus_let_apps_send_commands_to_the_bot_alone(classroom):
    world, lucia = classroom.telegram.world, classroom.lucia
    await publish_commands(classroom.bot)
    alone = {one["command"] for one in commands_shown(world, classroom.group, lucia)
             if one.get("is_ephemeral")}  # fmt: skip
    assert alone == {"config", "cancelar", "cola", "ayuda", "receta", "clase", "privacidad"}
    assert not any("is_ephemeral" in one for one in commands_shown(world, lucia, lucia))


async def test_a_page_of_settings_for_one_alone(classroom):
    await ask(classroom, CONFIG, is_ephemeral=True)
    (page,) = whispers(classroom)
    assert page.text.startswith("Tus ajustes")
    for label, beginning in (("Longitud", "Longitud: "), ("Corto (120)", "Tus ajustes")):
        assert await classroom.toast(label, chat_id=classroom.group) == ""
        await classroom.settle()
        (page,) = whispers(classroom)
        assert page.text.startswith(beginning)
    assert (await classroom.preferences()).words == 120
    await classroom.press("Cerrar", chat_id=classroom.group)
    await classroom.settle()
    (page,) = whispers(classroom)
    assert not page.buttons
    assert classroom.telegram.texts(classroom.group) == []
    assert classroom.telegram.texts(classroom.group, seen_by=classroom.mateo) == []


async def test_a_page_that_is_gone_comes_again(classroom):
    await ask(classroom, CONFIG, is_ephemeral=True)
    for _ in range(2):
        refused = {"status": 400, "description": "MESSAGE_ID_INVALID"}
        classroom.telegram.fail("editEphemeralMessageText", **refused)
        await classroom.press("Longitud", chat_id=classroom.group, message_id=page_id(classroom))
        await classroom.settle()
    assert [page.text.partition(":")[0] for page in whispers(classroom)][1:] == ["Longitud"] * 2
    assert classroom.telegram.texts(classroom.group) == []


def page_id(classroom):
    return whispers(classroom)[0].id


async def test_what_nobody_saw_asked_is_never_answered_before_all(classroom):
    classroom.telegram.fail(**REFUSED, chat_id=classroom.group)
    await ask(classroom, QUEUE, is_ephemeral=True)
    assert classroom.telegram.texts(classroom.group, seen_by=classroom.lucia) == []
    await classroom.say("/start")
    classroom.telegram.fail(**REFUSED, chat_id=classroom.group)
    await ask(classroom, QUEUE, is_ephemeral=True)
    assert EMPTY in classroom.telegram.texts(classroom.lucia)


async def test_said_before_all_for_a_minute_where_nothing_else_is_possible(classroom):
    asked = await ask(classroom, QUEUE)
    (said,) = classroom.telegram.from_bot(classroom.group)
    assert (said.text, said.reply_to) == (EMPTY, asked.id)
    assert tries(classroom) == 1
    await asyncio.sleep(61)
    await classroom.settle()
    assert classroom.telegram.texts(classroom.group) == []
    # It is remembered that the bot may not.
    await ask(classroom, QUEUE, classroom.mateo)
    assert classroom.telegram.texts(classroom.group) == [EMPTY]
    assert tries(classroom) == 1


async def test_said_in_private_with_a_sign(classroom):
    await classroom.say("/start")
    asked = await ask(classroom, QUEUE)
    assert classroom.telegram.texts(classroom.lucia)[-1] == EMPTY
    assert classroom.telegram.texts(classroom.group) == []
    (seen,) = [m for m in classroom.telegram.messages(classroom.group) if m.id == asked.id]
    assert list(seen.reactions.values()) == ["👌"]


async def test_an_administrator_may_speak_to_one_alone(classroom):
    await ask(classroom, QUEUE)
    await asyncio.sleep(61)
    promote(classroom)
    await ask(classroom, QUEUE)
    (said,) = whispers(classroom)
    assert said.text == EMPTY
    assert classroom.telegram.texts(classroom.group) == []
    assert tries(classroom) == 2


async def test_who_cannot_be_told_alone_says_nothing_about_others(classroom):
    promote(classroom)
    classroom.telegram.fail("sendMessage", status=400, description="USER_ID_INVALID")
    await ask(classroom, QUEUE)
    await ask(classroom, QUEUE, classroom.mateo)
    assert [said.text for said in whispers(classroom, classroom.mateo)] == [EMPTY]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("/redactar@redactor_bot ...", SPANISH.failures.empty_topic),
        ("/otra@redactor_bot", SPANISH.failures.nothing_to_repeat),
        ("/tokens@redactor_bot", SPANISH.explaining.tokens.missing),
        (f"{CONFIG} letra grande", "No conozco el ajuste «letra»."),
        ("/clase@redactor_bot pausa", SPANISH.desk.only_teacher),
        ("/explica@redactor_bot", SPANISH.desk.only_teacher),
    ],
)
async def test_refusals_and_help_too(classroom, text, said):
    promote(classroom)
    await ask(classroom, text)
    (whisper,) = whispers(classroom)
    assert whisper.text.startswith(said)
    assert classroom.telegram.texts(classroom.group) == []


async def test_a_teacher_s_answer_before_all_stays(classroom):
    await ask(classroom, "/clase@redactor_bot", classroom.telegram.room.teacher)
    await asyncio.sleep(400)
    await classroom.settle()
    assert len(classroom.telegram.texts(classroom.group)) == 1


async def test_the_desk_for_its_teacher_alone(classroom):
    teacher = classroom.telegram.room.teacher
    await ask(classroom, "/clase@redactor_bot empezar El mar", teacher, is_ephemeral=True)
    await classroom.press("Pausa", teacher, classroom.group)
    await classroom.settle()
    (desk,) = whispers(classroom, teacher)
    assert "Seguir" in desk.buttons


async def test_a_server_that_shows_it_to_all(classroom):
    classroom.telegram.world.ignores_ephemeral = True
    await ask(classroom, QUEUE)
    assert classroom.telegram.texts(classroom.group) == [EMPTY]
    await asyncio.sleep(61)
    await classroom.settle()
    assert classroom.telegram.texts(classroom.group) == []
    await ask(classroom, QUEUE)
    assert tries(classroom) == 1
