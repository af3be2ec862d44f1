"""The ideas that a text is written from: shown, given, changed, drawn again."""

from contextlib import aclosing
from dataclasses import replace

import pytest

from bot.classroom import acts
from bot.storage import classes
from bot.telegram.commands.understanding import topic_and_ideas
from bot.texts import SPANISH
from tests.telegram.classroom import Classroom, PacedService

WRITE = "/redactar@redactor_bot"
OWN = "El mar: gaviotas, redes, mi abuelo"


class PlanningService(PacedService):
    """Writes a line of ideas first, unless it is given one."""

    async def describe(self):
        model = await super().describe()
        return replace(model, frames=replace(model.frames, ideas="Ideas: {ideas}.\n\n"))

    async def stream(self, prompt, parameters, **options):
        if "Ideas:" not in prompt:
            yield "Ideas: faro, tormenta.\n\n"
        async with aclosing(super().stream(prompt, parameters, **options)) as pieces:
            async for piece in pieces:
                yield piece


@pytest.fixture
async def room(url):
    async with Classroom(url, service=PlanningService()) as room:
        room.service.gate.set()
        await room.prefer(words=40)
        yield room


@pytest.mark.parametrize(
    ("text", "topic", "ideas"),
    [
        (OWN, "El mar", ("gaviotas", "redes", "mi abuelo")),
        ("La amistad: un tesoro", "La amistad: un tesoro", ()),
        ("El mar: a, b, c, d, e, f, g, h", "El mar", tuple("abcdefg")),
        ("El mar: redes, redes", "El mar: redes, redes", ()),
        ("Hoy: un día en que nadie supo qué hacer, y llovía", None, ()),
        (": uno, dos", ": uno, dos", ()),
    ],
)
def test_ideas_behind_a_topic(text, topic, ideas):
    assert topic_and_ideas(text) == (topic or text, ideas)


async def test_ideas_in_private(room):
    await room.say("El mar")
    await room.finish()
    (essay,) = room.telegram.from_bot(room.lucia)
    assert essay.text.startswith("El mar\nIdeas: faro, tormenta\nEl mar trae")
    drafts = room.telegram.calls("sendMessageDraft")
    assert "Ideas: faro, tormenta" in drafts[-1].parameters["text"]

    assert await room.toast(SPANISH.chat.button_ideas) == ""
    await room.settle()
    question = room.telegram.from_bot(room.lucia)[-1]
    assert question.text == SPANISH.chat.ask_ideas("faro, tormenta")
    await room.say("gaviotas", reply_to=question.id)
    await room.settle()
    assert room.telegram.texts(room.lucia)[-1] == SPANISH.chat.more_ideas

    await room.press(SPANISH.chat.button_ideas, message_id=essay.id)
    await room.settle()
    await room.say("gaviotas, redes")
    await room.finish()
    essay = room.telegram.from_bot(room.lucia)[-1]
    assert essay.text.startswith("El mar\nIdeas: gaviotas, redes\n")
    assert "Ideas: gaviotas, redes." in room.service.calls[-1][0]

    # A wish keeps the ideas, another text draws others.
    await room.say("en verso", reply_to=essay.id)
    await room.finish()
    assert (await room.last_job()).plan == ("gaviotas", "redes")
    await room.say("/otra")
    await room.finish()
    last = await room.last_job()
    assert (last.request.ideas, last.plan) == ((), ("faro", "tormenta"))
    await room.say(f"/receta {last.code}")
    await room.say("/config ideas no")
    await room.say("La luna")
    await room.finish()
    assert "Ideas: faro, tormenta" in "".join(room.telegram.texts(room.lucia)[-4:-1])
    assert "Ideas:" not in room.telegram.texts(room.lucia)[-1]


async def test_ideas_in_a_group_are_the_classes_choice(room):
    await room.say(f"{WRITE} {OWN}", chat_id=room.group)
    await room.finish()
    assert room.telegram.texts(room.group)[-1].startswith("El mar\nEl mar trae")
    assert "Ideas: gaviotas, redes, mi abuelo." in room.service.calls[-1][0]

    async def show(tx):
        its_class = await classes.make(tx, chat_id=room.group, name="3.º B", teacher=None)
        await acts.decide(tx, its_class, has_ideas=True)

    await room.database.step("show", show)
    await room.say(f"{WRITE} La luna", chat_id=room.group)
    await room.finish()
    essay = room.telegram.from_bot(room.group)[-1]
    assert essay.text.startswith("La luna\nIdeas: faro, tormenta\n")
    assert SPANISH.chat.button_ideas not in essay.buttons


async def test_a_model_without_a_plan_is_asked_as_ever(classroom):
    room = classroom
    room.service.gate.set()
    await room.prefer(words=40)
    await room.say(OWN)
    await room.finish()
    assert room.service.calls[-1][0] == f"{OWN}."
    assert room.telegram.texts(room.lucia)[-1].startswith("El mar\nEl mar trae")
