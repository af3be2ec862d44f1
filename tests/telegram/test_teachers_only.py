"""What only a teacher may do: each command and button, tried by those who may not.

Whatever the bot understands is sorted here into what is a teacher's and what is everybody's, so
that nothing new can be forgotten.
"""

import pytest
from sqlalchemy import select

from bot.storage import classes
from bot.storage.schema import metadata
from bot.telegram import keyboards
from bot.telegram.commands.teaching import ACTIONS, WORDS
from bot.telegram.visit import What
from bot.texts import SPANISH

SAID = SPANISH.desk
TEACHERS = {
    What.CLASS,
    What.CLASS_BUTTON,
    What.OPEN_BUTTON,
    What.ATTEND_BUTTON,
    What.READER_BUTTON,
    What.EXPLAIN,
}
EVERYBODYS = {
    *(What.WRITE, What.AGAIN, What.CONTINUE, What.CANCEL, What.QUEUE, What.CONFIG, What.HELP),
    *(What.PRIVACY, What.ERASE, What.START, What.RECIPE, What.REPEAT, What.COMPARE, What.TOKENS),
    *(What.PROBABILITIES, What.ATTENTION, What.TOPIC, What.TALK, What.REPLY, What.EDITED),
    *(What.UNKNOWN_COMMAND, What.NOT_TEXT, What.JOB_BUTTON, What.CONFIG_BUTTON),
    *(What.ERASE_BUTTON, What.CARE_BUTTON, What.LESSON_BUTTON, What.LOOK_BUTTON),
    *(What.OLD_BUTTON, What.DRAFT_STOPPED, What.MEMBERSHIP, What.MIGRATED, What.STRANGER),
    What.NOTHING,
}
TEACHERS_BUTTONS = {
    *(keyboards.CLASS, keyboards.OPEN, keyboards.LEAVE, keyboards.ATTEND),
    *(keyboards.VIEW, keyboards.REMOVE, keyboards.FINE),
}
EVERYBODYS_BUTTONS = {
    *(keyboards.CANCEL, keyboards.AGAIN, keyboards.CONTINUE, keyboards.RETRY, keyboards.RECEIVE),
    *(keyboards.ERASE, keyboards.CONFIG, keyboards.CARE, keyboards.STYLE, keyboards.NO_STYLE),
    *(keyboards.REPORT, keyboards.REASON, keyboards.LOOK, keyboards.SWAP, keyboards.KEEP),
    *(keyboards.JOIN, keyboards.WHEN, keyboards.VOTE, keyboards.MARK, keyboards.IDEAS),
}
_OF_THE_CLASS = ("classes", "lessons", "complaints", "members", "teachers", "jobs", "votes")


@pytest.fixture
async def room(classroom):
    """A lesson in the group; Diego, who is in it too, leads a class of his own elsewhere."""
    room, telegram = classroom, classroom.telegram
    room.service.gate.set()
    teacher, diego = telegram.room.teacher, telegram.room.diego
    room.elsewhere = telegram.people.create_chat("group", "3.º A", diego, [room.lucia]).id
    for person in (teacher, diego, room.lucia):
        await room.say("/start", person)
    await room.say("/clase@redactor_bot empezar El sol", diego, room.elsewhere)
    await room.say("/clase@redactor_bot empezar El mar", teacher, room.group)
    await room.prefer(room.lucia, words=40)
    await room.say("/redactar@redactor_bot El mar", room.lucia, room.group)
    await room.finish()
    assert telegram.texts(diego)[-1].startswith("«El sol»")
    return room


async def state(room):
    """All that a teacher of the group's class could have changed."""
    found = await room.database.read(lambda tx: classes.of_chat(tx, room.group))
    shown = {}
    for name in _OF_THE_CLASS:
        table = metadata.tables[name]
        rows = await room.database.read(lambda tx, table=table: tx.rows(select(table)))
        shown[name] = sorted(str(row) for row in rows)
    said = [text for text in room.telegram.texts(room.group) if not text.startswith("Clase")]
    return found, shown, said


def places(room):
    """Who tries, and where."""
    diego = room.telegram.room.diego
    return [
        (room.lucia, room.group),
        (room.lucia, room.lucia),
        (diego, room.group),
        (diego, diego),
        (diego, room.elsewhere),
    ]


async def toasts(room, data, tries):
    """What those are told who send a button's data."""
    queries = [
        room.telegram.forge(person, one, chat_id) for person, chat_id in tries for one in data
    ]
    await room.handled()
    await room.front.sender.drain()
    return {room.telegram.toast(query) for query in queries}


def test_everything_is_sorted():
    assert set(What) == TEACHERS | EVERYBODYS
    assert not TEACHERS & EVERYBODYS
    kinds = {
        value
        for name, value in vars(keyboards).items()
        if name.isupper() and isinstance(value, str) and not name.startswith("_")
    }
    assert kinds == TEACHERS_BUTTONS | EVERYBODYS_BUTTONS
    assert set(WORDS.values()) <= set(ACTIONS)


async def test_no_button_of_the_desk_is_anybody_elses(room):
    before = await state(room)
    number = before[0].id
    arguments = ("", ":yes")
    data = [f"cls:{number}:{action}{argument}" for action in ACTIONS for argument in arguments]
    assert await toasts(room, data, places(room)) == {SAID.only_teacher}
    assert await state(room) == before


async def test_no_word_of_the_desk_is_anybody_elses(room):
    before, telegram = await state(room), room.telegram
    for person in (room.lucia, telegram.room.diego):
        told = len(telegram.texts(person))
        for word in WORDS:
            telegram.write(person, f"/clase@redactor_bot {word} yes", room.group)
        telegram.write(person, "/explica@redactor_bot El mar", room.group)
        await room.settle()
        # Said once, for what came before it was there.
        assert set(telegram.texts(person)[told:]) == {SAID.only_teacher}
    assert await state(room) == before


async def test_no_button_that_a_teacher_is_sent_is_anybody_elses(room):
    before, teacher = await state(room), room.telegram.room.teacher
    token = (await room.last_job(room.lucia, room.group)).token
    kinds = (keyboards.VIEW, keyboards.REMOVE, keyboards.FINE)
    owner = f"{keyboards.ATTEND}:u{teacher}"
    data = [*(f"{kind}:{token}" for kind in kinds), f"{owner}:seen", f"{owner}:how:Ana"]
    assert await toasts(room, data, places(room)) == {SPANISH.chat.not_yours}
    assert await toasts(room, [keyboards.OPEN], places(room)[:1]) == {SAID.not_opener}
    gates = [f"{kind}:{room.group}" for kind in (keyboards.OPEN, keyboards.LEAVE)]
    assert await toasts(room, gates, places(room)) == {SAID.not_opener}
    assert await state(room) == before


async def test_a_desk_that_stands_in_the_group_is_only_its_teachers(room):
    """Of a teacher whose private chat is not open."""
    telegram, sofia = room.telegram, room.telegram.room.sofia
    teacher = telegram.room.teacher
    telegram.people.set_status(room.group, teacher, sofia, "administrator")
    await room.say("/clase@redactor_bot", sofia, room.group)
    await room.settle()
    (page,) = [one for one in telegram.from_bot(room.group) if one.text.startswith("«El mar»")]
    before = await state(room)
    for person in (room.lucia, telegram.room.diego):
        for label in page.buttons:
            assert await room.toast(label, person, room.group, page.id) == SAID.only_teacher
    assert await state(room) == before
