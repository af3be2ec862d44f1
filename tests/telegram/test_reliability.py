"""What people get when Telegram answers wrongly: each request of the bot × each wrong answer.

Every cell is played in a private chat of its own, judged by what stands there afterwards, and
stands in the table of ``docs/reliability.md``. A plain run compares; with
``REDACTOR_WRITE_DOCS=1`` in the environment it writes.
"""

import asyncio
import os
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bot.storage import chats, people
from bot.telegram.sending.answers import _DESCRIPTIONS, Meaning, _read_bad_request
from bot.texts import SPANISH
from tests.telegram.classroom import Classroom

CHAT = SPANISH.chat
DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
STAGGER_S = 15.0
"""So that one chat's lost numbers are not looked for among another's."""
LATER_S = 1000.0
"""By then what was held has been offered again."""


@dataclass(frozen=True)
class Wrong:
    """A wrong answer.

    Attributes:
        name: As it stands in the table.
        fault: Fields of :class:`bot.playground.faults.Fault`.
        acted_unseen: Whether Telegram acts so late that no search can know.
        wordings: Descriptions that mean the same, each for some of the columns.
    """

    name: str
    fault: dict[str, Any] = field(hash=False)
    acted_unseen: bool = False
    wordings: tuple[str, ...] = ()

    @property
    def says_gone(self) -> bool:
        """Whether Telegram says that the message is not there."""
        return any(_read_bad_request(one).meaning is Meaning.GONE for one in self.wordings)

    @property
    def lasts_s(self) -> float:
        """How long after the request its last effect may come."""
        return 20 + float(str(self.fault.get("delay_s", 0)))

    def fault_for(self, number: int) -> dict[str, Any]:
        """The fault, in the words for a column."""
        if not self.wordings:
            return self.fault
        return self.fault | {"description": self.wordings[number % len(self.wordings)]}


def _wordings() -> dict[object, list[str]]:
    """Descriptions by what they mean."""
    found: dict[object, list[str]] = {}
    for mark, meaning, plain in _DESCRIPTIONS:
        found.setdefault((meaning, plain), []).append(mark)
    return found


def _wrong_answers() -> list[Wrong]:
    refusals = [
        Wrong("429, 7 s", {"status": 429, "retry_after": 7}),
        Wrong("429, 7 s in words", {"status": 429, "retry_after": 7, **IN_WORDS}),
        Wrong("429, 0 s", {"status": 429, "retry_after": 0}),
        Wrong("429, no figure", {"status": 429}),
        *(
            Wrong(f"400 {', '.join(marks)}", {"status": 400}, wordings=tuple(marks))
            for marks in _wordings().values()
        ),
        Wrong("400 something new", {"status": 400, "description": "SOMETHING_NEW"}),
        *(Wrong(str(status), {"status": status}) for status in (401, 403, 404, 409)),
    ]
    doubts = []
    kinds: dict[str, dict[str, Any]] = {
        "500": {"status": 500},
        "502": {"status": 502},
        "504": {"status": 504},
        "reset": {"kind": "reset"},
        "cut body": {"kind": "cut"},
        "HTML": {"kind": "html"},
        "`{}`": {"kind": "braces"},
        "empty body": {"kind": "empty"},
        "`ok` alone": {"kind": "no_result"},
    }
    for name, fault in kinds.items():
        doubts += [
            Wrong(f"{name}, not done", fault | {"acts": "no"}),
            Wrong(f"{name}, done", fault | {"acts": "first"}),
        ]
    return [
        *refusals,
        *doubts,
        Wrong("40 s late", {"kind": "late", "delay_s": 40}),
        Wrong("120 s late, done at once", {"kind": "late", "delay_s": 120}),
        Wrong("120 s late, done then", {"kind": "late", "delay_s": 120, "acts": "last"}, True),
    ]


IN_WORDS = {"retry_after_in": "description"}
WRONG = _wrong_answers()
TABLE: dict[str, dict[str, str]] = {}
"""Cells by column and wrong answer, as they come."""


def button(label: str) -> Callable[[object], bool]:
    return lambda message: label in message.buttons  # type: ignore[attr-defined]


def placeholders(classroom: Classroom, chat_id: int) -> list[str]:
    """Acknowledgements that still stand."""
    return [
        one.text
        for one in classroom.telegram.from_bot(chat_id)
        if CHAT.button_cancel in one.buttons
    ]


def without_code(text: str) -> str:
    """A text without the code of its recipe, which is drawn by lot."""
    return re.sub(r"Receta \w{5}", "Receta", text)


def pieces(classroom: Classroom, chat_id: int) -> list[str]:
    """The messages of essays, without what marks their order, and without their codes."""
    return [
        without_code(one.text)
        for one in classroom.telegram.from_bot(chat_id)
        if CHAT.button_cancel not in one.buttons and "El mar trae" in one.text
    ]


class Play:
    """A class in which one student after another meets a wrong answer.

    Attributes:
        classroom: The class.
        number: Of the column.
        column: Its name.
        normal: What the one got who met none, and how long it took.
    """

    def __init__(self, classroom: Classroom, number: int = 0) -> None:
        self.number = number
        self.column = NAMES[number]
        self.classroom = classroom
        self.telegram = classroom.telegram
        self.normal: list[str] = []
        self.normal_s = 0.0

    async def student(self, name: str) -> int:
        person: int = self.telegram.world.add_user(name).id
        self.telegram.world.chats[person].is_started = True
        await self.classroom.prefer(person, words=60, chunk_units=200, live_preview=False)
        return person

    def fail(self, method: str, wrong: Wrong, chat_id: int | None, skip: int = 0) -> None:
        fault = wrong.fault_for(self.number)
        self.telegram.fail(method, **{"chat_id": chat_id, "skip": skip, **fault})

    def took_s(self, chat_id: int, texts: list[str]) -> float:
        """From the student's last message to the last of these."""
        asked = [one.date for one in self.telegram.messages(chat_id) if not one.is_bots]
        came = [
            one.date for one in self.telegram.from_bot(chat_id) if without_code(one.text) in texts
        ]
        return max(came, default=0) - max(asked)

    def essay(self, chat_id: int, wrong: Wrong | None) -> str:
        """What became of an essay; that it is whole and in order, and nothing stands too long."""
        got = pieces(self.classroom, chat_id)
        if wrong is None:
            assert len(got) > 1
            self.normal, self.normal_s = got, self.took_s(chat_id, got)
            return "✓"
        if wrong.acted_unseen:
            # In order but for the one that came twice, or an acknowledgement nobody knew of.
            assert list(dict.fromkeys(got)) == self.normal
            if len(got) > len(self.normal):
                return "twice"
            return "✓, ack left" if placeholders(self.classroom, chat_id) else "✓"
        assert got == self.normal, wrong.name
        if self.column == "removal" and wrong.says_gone:
            # Who is told that a message is not there does not ask again.
            return "believed"
        assert placeholders(self.classroom, chat_id) == [], wrong.name
        more_s = self.took_s(chat_id, got) - self.normal_s
        return f"✓ {_later(more_s)}".strip()

    def word(self, chat_id: int, text: str, wrong: Wrong | None) -> str:
        """What became of a sentence that somebody is owed."""
        got = [one.text for one in self.telegram.from_bot(chat_id) if one.text == text]
        if wrong is None:
            assert len(got) == 1
            self.normal_s = self.took_s(chat_id, got)
            return "✓"
        if wrong.acted_unseen:
            assert got
            return "twice" if len(got) > 1 else "✓"
        assert got == [text], wrong.name
        assert placeholders(self.classroom, chat_id) == [], wrong.name
        return f"✓ {_later(self.took_s(chat_id, got) - self.normal_s)}".strip()


def _later(more_s: float) -> str:
    """How much later something came, as exactly as it is worth."""
    for most_s, words in ((3, ""), (20, "in seconds"), (100, "in a minute")):
        if more_s <= most_s:
            return words
    return "held"


Scene = Callable[[Play, int, "Wrong | None"], Awaitable[Callable[[], str]]]
"""Plays one student's part; returns who judges it, long afterwards."""


def essay_with(method: str, skip: int) -> Scene:
    async def scene(play: Play, person: int, wrong: Wrong | None) -> Callable[[], str]:
        if wrong is not None:
            play.fail(method, wrong, person, skip)
        if method == "sendMessageDraft":
            await play.classroom.prefer(person, words=60, chunk_units=200)
        play.telegram.write(person, "/redactar El mar")
        return lambda: play.essay(person, wrong)

    return scene


async def cancelling(play: Play, person: int, wrong: Wrong | None) -> Callable[[], str]:
    await play.classroom.prefer(person, words=3000)
    play.telegram.write(person, "/redactar El mar")
    await asyncio.sleep(1.5)
    if wrong is not None:
        play.fail("sendMessage", wrong, person)
    play.telegram.press(person, CHAT.button_cancel)
    await asyncio.sleep(0.5)

    def judge() -> str:
        told = [
            one.text
            for one in play.telegram.from_bot(person)
            if one.text.startswith(CHAT.stopped_with_text) or one.text == CHAT.stopped
        ]
        assert told, wrong
        return play.word(person, told[0], wrong)

    return judge


async def asking(play: Play, person: int, wrong: Wrong | None) -> Callable[[], str]:
    if wrong is not None:
        play.fail("sendMessage", wrong, person)
    play.telegram.write(person, "/privacidad")
    return lambda: play.word(person, CHAT.privacy, wrong)


async def questioned(play: Play, person: int, wrong: Wrong | None) -> Callable[[], str]:
    if wrong is not None:
        play.fail("sendMessage", wrong, person)
    play.telegram.write(person, "/redactar")

    def judge() -> str:
        got = [one.text for one in play.telegram.from_bot(person)]
        if wrong is not None and len(got) == 2:
            # A question is not looked for: a change would take its form away.
            assert got == [CHAT.ask_topic] * 2
            return "twice"
        return play.word(person, CHAT.ask_topic, wrong)

    return judge


async def changing(play: Play, person: int, wrong: Wrong | None) -> Callable[[], str]:
    play.telegram.write(person, "/borrar")
    await asyncio.sleep(2)
    if wrong is not None:
        play.fail("editMessageText", wrong, person)
    play.telegram.press(person, CHAT.button_keep)

    def judge() -> str:
        (message,) = play.telegram.from_bot(person)
        if message.text == CHAT.erase_ask:
            # Telegram said that it cannot be: it is not owed any more.
            assert wrong is not None
            assert wrong.fault.get("status") in (400, 403), wrong.name
            return "–"
        assert message.text == CHAT.erase_kept
        return "✓"

    return judge


@dataclass(frozen=True)
class Column:
    """A request of the bot.

    Attributes:
        name: As it stands in the table.
        scene: Plays it.
    """

    name: str
    scene: Scene


COLUMNS = [
    Column("ack", essay_with("sendMessage", 0)),
    Column("piece", essay_with("sendMessage", 2)),
    Column("word", cancelling),
    Column("answer", asking),
    Column("question", questioned),
    Column("edit", changing),
    Column("removal", essay_with("deleteMessages", 0)),
    Column("draft", essay_with("sendMessageDraft", 0)),
]


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
async def test_requests_to_chats(classroom, column):
    classroom.service.gate.set()
    play = Play(classroom, COLUMNS.index(column))
    normal = await play.student("Normal")
    judge = await column.scene(play, normal, None)
    await asyncio.sleep(60)
    judge()
    judges = {}
    for wrong in WRONG:
        person = await play.student("Alguien")
        judges[wrong.name] = await column.scene(play, person, wrong)
        await asyncio.sleep(STAGGER_S)
    await asyncio.sleep(LATER_S)
    TABLE[column.name] = {name: judge() for name, judge in judges.items()}
    assert await classroom.unfinished() == []


async def test_toasts(classroom):
    """Whatever becomes of the toast, what the button asked for is done in the database."""
    cells = {}
    for wrong in WRONG:
        classroom.telegram.fail("answerCallbackQuery", **wrong.fault_for(0))
        toast = await classroom.forge("an:old:button")
        cells[wrong.name] = "–" if toast is None else "✓"
        await asyncio.sleep(wrong.lasts_s)
    assert await classroom.forge("an:old:button") == CHAT.button_gone
    TABLE["toast"] = cells


async def test_looks_at_members(url):
    async with Classroom(url, is_open=False) as classroom:

        async def admit(tx):
            await people.claim(tx, f"user:{classroom.telegram.room.teacher}", "")
            await chats.admit(tx, classroom.group, f"user:{classroom.telegram.room.teacher}")

        await classroom.database.step("admit", admit)
        play, cells = Play(classroom), {}
        for wrong in WRONG:
            person = await play.student("Alguien")
            classroom.telegram.people.set_status(
                classroom.group, classroom.telegram.room.teacher, person, "member"
            )
            classroom.telegram.fail("getChatMember", **wrong.fault_for(1))
            play.telegram.write(person, "/privacidad")
            await asyncio.sleep(wrong.lasts_s)
            if CHAT.privacy in play.telegram.texts(person):
                cells[wrong.name] = "✓"
            else:
                await asyncio.sleep(65)
                play.telegram.write(person, "/privacidad")
                await asyncio.sleep(5)
                assert CHAT.privacy in play.telegram.texts(person)
                cells[wrong.name] = "asks again"
        TABLE["getChatMember"] = cells


async def test_polling(classroom):
    play, cells = Play(classroom), {}
    for wrong in WRONG:
        person, other = await play.student("Alguien"), await play.student("Otra")
        classroom.telegram.fail("getUpdates", **wrong.fault_for(2))
        # Ends the poll that is going on; the next one is answered wrongly.
        play.telegram.write(other, "/cola")
        await asyncio.sleep(0.2)
        play.telegram.write(person, "/privacidad")
        await classroom.telegram.until(
            lambda person=person: play.telegram.texts(person), timeout_s=200
        )
        await asyncio.sleep(wrong.lasts_s)
        assert play.telegram.texts(person) == [CHAT.privacy], wrong.name
        cells[wrong.name] = f"✓ {_later(play.took_s(person, [CHAT.privacy]))}".strip()
    TABLE["getUpdates"] = cells


async def test_starting(classroom):
    play, cells = Play(classroom), {}
    person = await play.student("Alguien")
    for wrong in WRONG:
        await classroom.stop()
        classroom.telegram.fail("getMe", **wrong.fault_for(3))
        began_s = classroom.telegram.clock()
        await classroom.start()
        cells[wrong.name] = f"✓ {_later(classroom.telegram.clock() - began_s)}".strip()
        play.telegram.write(person, "/privacidad")
        await classroom.telegram.until(
            lambda: play.telegram.texts(person)[-1:] == [CHAT.privacy], timeout_s=30
        )
        classroom.telegram.world.chats[person].messages.clear()
    TABLE["getMe"] = cells


NAMES = [*(column.name for column in COLUMNS), "toast", "getChatMember", "getUpdates", "getMe"]


def test_the_table_is_in_the_document():
    if set(TABLE) != set(NAMES):
        pytest.skip("only with all of the columns")
    lines = [
        f"| answer | {' | '.join(NAMES)} |",
        f"|{'---|' * (len(NAMES) + 1)}",
        *(
            f"| {wrong.name} | {' | '.join(TABLE[name][wrong.name] for name in NAMES)} |"
            for wrong in WRONG
        ),
    ]
    text = DOCUMENT.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    table = "\n".join(lines)
    fresh = f"{before}{BEGIN}\n\n{table}\n\n{END}{after}"
    if os.environ.get("REDACTOR_WRITE_DOCS"):
        DOCUMENT.write_text(fresh, encoding="utf-8")
    assert text == fresh or os.environ.get("REDACTOR_WRITE_DOCS"), (
        "REDACTOR_WRITE_DOCS=1 writes it"
    )
