"""A whole lesson with thirty students, in a topic of a forum, through the real process.

What is written is numbered, so that a text that is lost, or comes twice, is seen.
"""

import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.playground import PlaygroundServer
from bot.playground.model import CallbackQuery, Member, Message
from bot.texts import SPANISH
from tests.chaos.service import NumberedService
from tests.e2e.conftest import Bot, button

pytestmark = pytest.mark.e2e

SAID = SPANISH.desk
_ESSAY = re.compile(r"^Receta (\w{5}), (\d+) palabras$", re.MULTILINE)
_SENTENCE = re.compile(r"la frase número (\d+) de (\d+)\.")


class Lesson:
    """A class of thirty, whose teacher owns the bot and works in a topic of a forum.

    Attributes:
        bot: The process.
        students: Thirty, all in the forum.
    """

    def __init__(self, bot: Bot) -> None:
        self.bot = bot
        world, room = bot.server.world, bot.server.classroom
        assert room is not None
        self.teacher, self.forum, self.thread = room.teacher, room.forum, room.topic_ids[0]
        more = [world.add_user(f"Alumno{number}").id for number in range(4, 30)]
        self.students = [*room.students, *more]
        world.chats[self.forum].members |= {one: Member(one, "member") for one in more}

    async def own(self) -> None:
        """The teacher opens the link that the first start prints."""
        await self.bot.until(lambda: any("start=" in line for line in self.bot.log))
        line = next(line for line in self.bot.log if "start=" in line)
        self.bot.server.people.start(self.teacher, line.rpartition("start=")[2].strip())
        await self.bot.until(lambda: self.bot.answers(self.teacher))

    async def teach(self, words: str) -> Message:
        """The teacher writes ``/clase …`` in the topic; what the desk says in private."""
        before = {message.id for message in self.bot.answers(self.teacher)}
        self.write(self.teacher, f"/clase@redactor_bot {words}")

        def new() -> list[Message]:
            return [m for m in self.bot.answers(self.teacher) if m.id not in before]

        await self.bot.until(new)
        return new()[0]

    def write(self, person: int, text: str) -> Message:
        """Somebody writes in the topic."""
        return self.bot.send(self.forum, person, text, thread_id=self.thread)

    def press(self, person: int, message: Message, action: str) -> CallbackQuery:
        """Somebody presses a button of a message that they see."""
        data = button(message, action)
        assert data is not None, message
        chat_id = next(
            chat.id
            for chat in self.bot.server.world.chats.values()
            if chat.messages.get(message.id) is message
        )
        return self.bot.server.people.press(chat_id, person, message.id, data)

    async def toast(self, query: CallbackQuery) -> str:
        """What the bot says to a press."""

        def answers() -> list[str]:
            return [
                change.data["text"] or ""
                for change in self.bot.server.world.changes.after(0)
                if change.kind == "callback_answer" and change.data["query_id"] == query.id
            ]

        await self.bot.until(answers)
        return answers()[0]

    def said(self) -> list[Message]:
        """What the bot said in the forum, all of it in the class's topic."""
        found = self.bot.answers(self.forum)
        assert {message.thread_id for message in found} <= {self.thread}
        return found

    def find(self, text: str, chat_id: int | None = None) -> Message | None:
        """The newest message of the bot that has some words."""
        found = self.said() if chat_id is None else self.bot.answers(chat_id)
        return next((m for m in reversed(found) if text in (m.text or "")), None)

    async def until_said(self, text: str, chat_id: int | None = None) -> Message:
        """Wait for a message of the bot that has some words."""
        await self.bot.until(lambda: self.find(text, chat_id))
        found = self.find(text, chat_id)
        assert found is not None
        return found

    def essays(self) -> list[str]:
        """The recipes of the essays that stand in the topic."""
        return [code for m in self.said() for code, _ in _ESSAY.findall(m.text or "")]


@pytest.fixture
async def lesson(server: PlaygroundServer, tmp_path: Path) -> AsyncIterator[Lesson]:
    service = NumberedService()
    async with service.serve():
        bot = Bot(server, tmp_path)
        bot.environment = {
            "REDACTOR_ACCESS": "private",
            "REDACTOR_GENERATION_URL": service.url,
            # What holds within Telegram's limits is tried where time can jump.
            "REDACTOR_GROUP_MESSAGES_PER_MINUTE": "1000",
            "REDACTOR_CHAT_MESSAGES_PER_S": "30",
        }
        await bot.start()
        yield Lesson(bot)
        assert await bot.stop() == 0
        whole_log = "\n".join(bot.log)
        assert "Traceback" not in whole_log, whole_log


async def test_a_whole_lesson(lesson):
    bot, teacher = lesson.bot, lesson.teacher
    ana, ben, eva = lesson.students[:3]
    await lesson.own()
    for person in lesson.students:
        bot.server.people.start(person)
    await bot.until(lambda: all(bot.answers(person) for person in lesson.students))
    await lesson.teach("empezar El mar")
    await lesson.until_said("Clase «El mar»")
    await lesson.teach("fijar longitud 40")

    # One topic for all; the bot is killed while the texts are on their way.
    await lesson.teach("tema El mar")
    call = await lesson.until_said("Tema para todos: El mar")
    presses = [lesson.press(person, call, "join") for person in lesson.students]
    await bot.until(lambda: len(lesson.essays()) >= 5)
    await bot.stop(signal.SIGKILL)
    was_there = len(lesson.essays())
    assert was_there < 30
    await bot.start()
    await bot.until(lambda: len(lesson.essays()) == 30)
    assert len(set(lesson.essays())) == 30
    shown = "\n".join(message.text or "" for message in lesson.said())
    for person in lesson.students:
        name = bot.server.world.users[person].first_name
        assert len(re.findall(rf"^(?:\d\. )?{name}(?: \w\.)?: El mar$", shown, re.M)) == 1, name
    assert len({seed for _, seed in _SENTENCE.findall(shown)}) == 30
    told = [await lesson.toast(query) for query in presses]
    assert all(one.startswith("Anotado") or one == SAID.waits_not for one in told), told
    again = await lesson.toast(lesson.press(ana, call, "join"))
    assert again in {SAID.has_own(code) for code in lesson.essays()}

    # In a pause topics are kept.
    await lesson.teach("pausa")
    await lesson.until_said("La clase está en pausa.")
    lesson.write(ana, "/redactar@redactor_bot La luna")
    await lesson.until_said("Clase «El mar», en pausa")
    assert lesson.find("La luna\n") is None
    await lesson.teach("seguir")
    await lesson.until_said("La luna\n")

    # What is fixed stays so.
    bot.send(ben, ben, "/config longitud 300")
    lesson.write(ben, "/redactar@redactor_bot Los ríos")
    essay = await lesson.until_said("Los ríos\n")
    assert int(_ESSAY.search(essay.text)[2]) <= 60

    # Readers like it, and object to it; its teacher takes it back.
    liked = [await lesson.toast(lesson.press(one, essay, "vote")) for one in (ana, eva)]
    assert liked == [SAID.voted] * 2
    lesson.press(eva, essay, "flag")
    whisper = await lesson.until_said(SPANISH.safety.ask_reason)
    assert whisper.receiver.id == eva
    lesson.press(eva, whisper, "why")
    notice = await lesson.until_said("pedido por Mateo", teacher)
    luna = await lesson.until_said("La luna\n")
    assert await lesson.toast(lesson.press(ben, luna, "vote")) == SAID.voted
    lesson.press(teacher, notice, "drop")
    await bot.until(lambda: lesson.find("Los ríos\n") is None)
    await lesson.until_said(SPANISH.safety.removed_for_author("Los ríos"), ben)

    # In private nobody else reads it.
    await lesson.teach("privado")
    lesson.write(eva, "/redactar@redactor_bot La nieve")
    await lesson.until_said("La nieve\n", eva)
    assert lesson.find("La nieve") is None

    # The end: the report for the teacher, and the board's last form.
    await lesson.teach("fin")
    await lesson.until_said("Clase «El mar», terminada")
    await bot.until(lambda: sum(m.document is not None for m in bot.answers(teacher)) == 2)
    page, table = (m.document.data for m in bot.answers(teacher) if m.document is not None)
    assert page.decode().count("<article") == 32
    rows = table.decode("utf-8-sig").splitlines()
    assert len(rows) == 1 + 32
