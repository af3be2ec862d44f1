"""A reader objects to an essay; the teacher sees it and decides."""

from bot.storage import classes, lessons
from bot.texts import SPANISH

TEXTS = SPANISH.safety
REPORT = SPANISH.chat.button_report


async def teach(classroom):
    """Mateo has the class of the group."""
    classroom.telegram.world.chats[classroom.mateo].is_started = True
    await classroom.database.step(
        "teach",
        lambda tx: classes.make(
            tx, chat_id=classroom.group, name="3.º B", teacher=f"user:{classroom.mateo}"
        ),
    )


async def an_essay(classroom, chat_id=None):
    name = "/redactar@redactor_bot" if chat_id else "/redactar"
    await classroom.say(f"{name} El mar", chat_id=chat_id)
    await classroom.finish()
    return classroom.telegram.from_bot(chat_id or classroom.lucia)[-1]


async def object_to(classroom, essay, reason, person):
    """Somebody reports an essay of the group; what is said to them alone."""
    await classroom.press(REPORT, person, classroom.group, essay.id)
    await classroom.settle()
    (asked, *_) = reversed(classroom.telegram.whispers(classroom.group, person))
    await classroom.press(TEXTS.reasons[reason], person, classroom.group, asked.id)
    await classroom.settle()
    (said,) = [m for m in classroom.telegram.whispers(classroom.group, person) if m.id == asked.id]
    return said.text


async def open_complaints(classroom):
    async def look(tx):
        (mine,) = [await classes.of_chat(tx, classroom.group)]
        return await lessons.open_complaints(tx, mine.id, classroom.group)

    return await classroom.database.read(look)


def notices(classroom):
    return [one for one in classroom.telegram.from_bot(classroom.mateo) if "«El mar»" in one.text]


async def test_in_a_group_nobody_else_sees_it(classroom):
    await teach(classroom)
    essay = await an_essay(classroom, classroom.group)
    before = classroom.telegram.texts(classroom.group)
    sofia, diego = classroom.telegram.room.sofia, classroom.telegram.room.diego
    assert await object_to(classroom, essay, "scares", sofia) == TEXTS.thanks["scares"]
    assert classroom.telegram.texts(classroom.group) == before
    (notice,) = notices(classroom)
    assert notice.text.endswith("una persona dice que ofende o asusta.")
    assert "Sof" not in notice.text
    assert list(notice.buttons) == ["Ver el texto", "Quitarlo", "Está bien"]
    await object_to(classroom, essay, "scares", diego)
    (notice,) = notices(classroom)
    assert notice.text.endswith("dos personas dicen que ofende o asusta.")
    # Once a person, however often.
    await object_to(classroom, essay, "person", diego)
    (complaint,) = await open_complaints(classroom)
    assert complaint.reasons == {"scares": 1, "person": 1}


async def test_false_is_no_alarm_and_a_mistake_is_taken_back(classroom):
    await teach(classroom)
    essay = await an_essay(classroom, classroom.group)
    sofia = classroom.telegram.room.sofia
    assert await object_to(classroom, essay, "false", sofia) == TEXTS.thanks["false"]
    assert not notices(classroom)
    assert await object_to(classroom, essay, "nothing", sofia) == TEXTS.thanks["nothing"]
    assert not await open_complaints(classroom)


async def test_asked_in_private_where_it_cannot_be_in_the_group(classroom):
    await teach(classroom)
    essay = await an_essay(classroom, classroom.group)
    refusal = "not enough rights to send ephemeral messages to the chat"
    classroom.telegram.world.chats[classroom.lucia].is_started = True
    classroom.telegram.fail("sendMessage", status=400, description=refusal)
    await classroom.press(REPORT, classroom.lucia, classroom.group, essay.id)
    await classroom.settle()
    await classroom.press(TEXTS.reasons["person"])
    await classroom.settle()
    assert classroom.telegram.texts(classroom.lucia) == [TEXTS.thanks["person"]]
    assert len(notices(classroom)) == 1


async def test_a_teacher_reads_and_removes_it(classroom):
    await teach(classroom)
    essay = await an_essay(classroom, classroom.group)
    await object_to(classroom, essay, "scares", classroom.telegram.room.sofia)
    await classroom.press("Ver el texto", classroom.mateo)
    await classroom.settle()
    (job,) = await classroom.jobs()
    assert classroom.telegram.texts(classroom.mateo)[-1] == job.text
    await classroom.press("Quitarlo", classroom.mateo)
    await classroom.settle()
    assert not [one for one in classroom.telegram.from_bot(classroom.group) if one.id == essay.id]
    (job,) = await classroom.jobs()
    assert job.text == ""
    # Lucía, whose private chat is not open, is told in the group.
    assert TEXTS.removed_for_author("El mar") in classroom.telegram.texts(classroom.group)
    assert not await open_complaints(classroom)


async def test_what_cannot_be_deleted_says_that_it_is_gone(classroom):
    await teach(classroom)
    essay = await an_essay(classroom, classroom.group)
    await object_to(classroom, essay, "scares", classroom.telegram.room.sofia)
    refusal = "message can't be deleted"
    classroom.telegram.fail("deleteMessages", status=400, description=refusal)
    await classroom.press("Quitarlo", classroom.mateo)
    await classroom.settle()
    (left,) = [one for one in classroom.telegram.from_bot(classroom.group) if one.id == essay.id]
    assert left.text == TEXTS.removed_for_all
    assert not left.buttons


async def test_what_a_teacher_minds_not_is_settled_for_good(classroom):
    await teach(classroom)
    essay = await an_essay(classroom, classroom.group)
    await object_to(classroom, essay, "scares", classroom.telegram.room.sofia)
    await classroom.press("Está bien", classroom.mateo)
    await classroom.settle()
    before = classroom.telegram.texts(classroom.mateo)
    await object_to(classroom, essay, "person", classroom.telegram.room.diego)
    assert classroom.telegram.texts(classroom.mateo) == before
    (essay_now,) = classroom.telegram.from_bot(classroom.group)
    assert essay_now.text == essay.text


async def test_nobody_else_decides(classroom):
    await teach(classroom)
    await an_essay(classroom, classroom.group)
    (job,) = await classroom.jobs()
    for kind in ("view", "drop", "fine"):
        toast = await classroom.forge(f"{kind}:{job.token}", classroom.telegram.room.sofia)
        assert toast == SPANISH.chat.not_yours
    (job,) = await classroom.jobs()
    assert job.text


async def test_in_private(classroom):
    await teach(classroom)
    essay = await an_essay(classroom)
    await classroom.press(REPORT, message_id=essay.id)
    await classroom.settle()
    await classroom.press(TEXTS.reasons["scares"])
    await classroom.settle()
    assert TEXTS.thanks["scares"] in classroom.telegram.texts(classroom.lucia)
