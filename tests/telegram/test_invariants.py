"""Jobs, inbox and outbox together, whatever happens in whatever order.

A lesson is judged by what stands in its chats at the end. ``REDACTOR_LONG_TESTS=1`` looks longer.
Taking a guard away must turn the lesson that it is for red.
"""

import asyncio
import contextlib
import os
import shutil
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from bot.errors import FailureReason, GenerationError
from bot.essays import desk, owing, scheduler
from bot.playground.refusals import ApiRefusal
from bot.storage import holding, jobs, outbox
from bot.storage.database import Transaction
from bot.storage.records import OutboxState
from tests.telegram.classroom import Classroom
from tests.telegram.lesson import CHAT, LIMITS, Lesson
from tests.telegram.virtual_time import VirtualTimeLoop

IS_LONG = bool(os.environ.get("REDACTOR_LONG_TESTS"))
LONG = settings(
    max_examples=300 if IS_LONG else 8,
    stateful_step_count=30 if IS_LONG else 12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

PEOPLE = st.sampled_from([0, 1])
PLACES = st.sampled_from(["private", "private", "group", "topic"])
METHODS = st.sampled_from(["sendMessage", "sendMessage", "deleteMessages", "editMessageText"])
LOST = st.sampled_from(
    [
        {"kind": "reset"},
        {"kind": "cut"},
        {"status": 502},
        {"kind": "html"},
        {"kind": "braces"},
        {"kind": "late", "delay_s": 40},
        {"kind": "late", "delay_s": 70},
    ]
)
REFUSED = st.sampled_from(
    [
        {"status": 429, "retry_after": 3},
        {"status": 429},
        {"status": 400, "description": "message to be replied not found"},
        {"status": 400, "description": "not enough rights to send text messages to the chat"},
        {"status": 400, "description": "SOMETHING_NEW"},
        {"status": 401},
        {"status": 404},
        {"status": 409},
        {"status": 403},
    ]
)


async def end(lesson: Lesson) -> list[str]:
    """Let everything that stands in the way be gone, and look when nothing is owed any more."""
    classroom = lesson.classroom
    telegram = classroom.telegram
    telegram.gateway.faults.clear()
    teacher = telegram.room.teacher
    for person in lesson.people:
        telegram.people.unblock(person)
    telegram.people.mute_bot(lesson.group, teacher, is_muted=False)
    reopen(lesson)
    for person in lesson.people:
        telegram.write(person, "/cola")
    telegram.write(lesson.people[0], "/cola@redactor_bot", lesson.group)
    telegram.write(lesson.people[0], "/cola@redactor_bot", classroom.forum)
    await classroom.handled()
    async with asyncio.timeout(6 * 3600):
        while await classroom.unfinished() or await pending_chats(classroom):
            await asyncio.sleep(10)
    held = [row for row in await classroom.owed() if row.state is OutboxState.HELD]
    return [*lesson.faults(), *(f"still held: {row.kind}" for row in held)]


async def pending_chats(classroom: Classroom) -> list[int]:
    """Chats that are owed something."""
    return await classroom.database.read(outbox.pending_chats)


def reopen(lesson: Lesson, *, is_closed: bool = False) -> None:
    telegram = lesson.classroom.telegram
    with contextlib.suppress(ApiRefusal):
        telegram.people.close_topic(
            lesson.classroom.forum,
            telegram.room.teacher,
            telegram.room.topic_ids[0],
            is_closed=is_closed,
        )


class Machine(RuleBasedStateMachine):
    """A lesson; each rule is something that happens in it."""

    def __init__(self, migrated: Path) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._url = f"sqlite:///{shutil.copy(migrated, self._folder.name)}"
        self._loop = VirtualTimeLoop()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._loop.run_until_complete(work)

    @initialize()
    def begin(self) -> None:
        async def work() -> None:
            self.lesson = Lesson(Classroom(self._url, limits=LIMITS))
            await self.lesson.begin()

        self.run(work())

    @property
    def telegram(self):
        return self.lesson.classroom.telegram

    def place(self, person: int, place: str) -> tuple[int, int | None]:
        if place == "private":
            return self.lesson.people[person], None
        if place == "group":
            return self.lesson.group, None
        return self.lesson.classroom.forum, self.telegram.room.topic_ids[0]

    @rule(person=PEOPLE, place=PLACES)
    def ask(self, person: int, place: str) -> None:
        self.lesson.ask(self.lesson.people[person], *self.place(person, place))

    @rule(person=PEOPLE, place=PLACES)
    def ask_and_wait(self, person: int, place: str) -> None:
        self.lesson.ask(self.lesson.people[person], *self.place(person, place))
        self.run(asyncio.sleep(4))

    @rule(person=PEOPLE, command=st.sampled_from(["/otra", "/cancelar", "/cola"]))
    def command(self, person: int, command: str) -> None:
        self.lesson.command(self.lesson.people[person], command, self.lesson.people[person])

    @rule(
        person=PEOPLE,
        place=PLACES,
        label=st.sampled_from([CHAT.button_cancel, CHAT.button_again, CHAT.button_retry]),
    )
    def press(self, person: int, place: str, label: str) -> None:
        self.lesson.press(self.lesson.people[person], label, self.place(person, place)[0])

    @rule(person=PEOPLE)
    def erase(self, person: int) -> None:
        self.telegram.gateway.faults.clear()
        self.run(self.lesson.erase(self.lesson.people[person]))

    @rule(method=METHODS, fault=LOST, acts=st.sampled_from(["no", "first"]))
    def lose_an_answer(self, method: str, fault: dict[str, Any], acts: str) -> None:
        self.telegram.fail(method, **fault, acts=acts)

    @rule(method=METHODS, fault=REFUSED)
    def refuse(self, method: str, fault: dict[str, Any]) -> None:
        self.telegram.fail(method, **fault)

    @rule(passing=st.booleans())
    def break_the_service(self, passing: bool) -> None:
        reason = FailureReason.AWAY if passing else FailureReason.REFUSED
        self.lesson.classroom.service.failures.append(GenerationError(reason))

    @rule(person=PEOPLE, blocks=st.booleans())
    def block(self, person: int, blocks: bool) -> None:
        people = self.telegram.people
        (people.block if blocks else people.unblock)(self.lesson.people[person])

    @rule(is_muted=st.booleans())
    def mute(self, is_muted: bool) -> None:
        teacher = self.telegram.room.teacher
        self.telegram.people.mute_bot(self.lesson.group, teacher, is_muted=is_muted)

    @rule(is_closed=st.booleans())
    def close_topic(self, is_closed: bool) -> None:
        reopen(self.lesson, is_closed=is_closed)

    @rule()
    def migrate(self) -> None:
        self.lesson.migrate()

    @rule(seconds=st.sampled_from([0.001, 0.5, 3, 10, 90]))
    def wait(self, seconds: float) -> None:
        self.run(asyncio.sleep(seconds))

    @rule(after_s=st.sampled_from([0, 0.001, 1, 4]), kills=st.booleans())
    def restart(self, after_s: float, kills: bool) -> None:
        async def work() -> None:
            await asyncio.sleep(after_s)
            classroom = self.lesson.classroom
            await (classroom.kill() if kills else classroom.stop())
            await classroom.start()

        self.run(work())

    def teardown(self) -> None:
        async def work() -> list[str]:
            try:
                return await end(self.lesson)
            finally:
                await self.lesson.classroom.stop()
                await self.telegram.close()

        if hasattr(self, "lesson"):
            found = self.run(work())
        self._loop.close()
        self._folder.cleanup()
        assert not found, found


def test_any_lesson(migrated):
    run_state_machine_as_test(lambda: Machine(migrated), settings=LONG)


@pytest.fixture
async def lesson(url):
    lesson = Lesson(Classroom(url, limits=LIMITS))
    await lesson.begin()
    yield lesson
    await lesson.classroom.stop()
    await lesson.classroom.telegram.close()


async def an_update_comes_twice(lesson: Lesson) -> None:
    """Telegram repeats it, as it does when a confirmation is lost."""
    lesson.ask(lesson.people[0], lesson.people[0])
    await asyncio.sleep(0.5)
    update = lesson.classroom.telegram.updates[-1]
    lesson.classroom.telegram.deliver(update)


async def the_bot_is_killed_after_each_piece(lesson: Lesson) -> None:
    lesson.ask(lesson.people[0], lesson.people[0])
    for _ in range(8):
        await asyncio.sleep(1)
        await lesson.classroom.kill()
        await lesson.classroom.start()


async def a_piece_is_in_doubt(lesson: Lesson) -> None:
    lesson.classroom.telegram.fail("sendMessage", "late", acts="no", delay_s=60, skip=1)
    lesson.ask(lesson.people[0], lesson.people[0])
    await asyncio.sleep(120)


async def an_essay_fails(lesson: Lesson) -> None:
    lesson.classroom.service.failures.append(GenerationError(FailureReason.REFUSED))
    lesson.ask(lesson.people[0], lesson.people[0])
    await asyncio.sleep(30)


async def an_answer_is_lost(lesson: Lesson) -> None:
    lesson.classroom.telegram.fail("sendMessage", "reset", acts="first", skip=1)
    lesson.ask(lesson.people[0], lesson.people[0])
    await asyncio.sleep(30)


async def a_chat_refuses_for_a_time(lesson: Lesson) -> None:
    lesson.ask(lesson.people[0], lesson.group)
    await asyncio.sleep(2)
    telegram = lesson.classroom.telegram
    telegram.people.mute_bot(lesson.group, telegram.room.teacher, is_muted=True)
    await asyncio.sleep(30)


def _forgets_numbers(monkeypatch) -> None:
    """A row is closed, and the next start does not know."""
    close = outbox.close

    async def close_late(tx: Transaction, rows: Any, message_id: int | None = None) -> None:
        await asyncio.sleep(0)
        if rows[0].key.endswith(":p1") and rows[0].tries < 2:
            await outbox.put_back(tx, rows)
        else:
            await close(tx, rows, message_id)

    monkeypatch.setattr(outbox, "close", close_late)


def _takes_updates_twice(monkeypatch) -> None:
    """Neither the inbox nor the jobs know an update again."""
    add = jobs.add

    async def add_again(tx: Transaction, request: Any, **options: Any) -> Any:
        return await add(tx, request, **{**options, "update_id": None})

    async def record(tx: Transaction, batch: Any) -> Any:
        return batch

    monkeypatch.setattr(jobs, "add", add_again)
    monkeypatch.setattr("bot.storage.inbox.record", record)


def _waits_for_nothing(monkeypatch) -> None:
    owe = outbox.owe

    async def owe_at_once(*arguments: Any, **options: Any) -> Any:
        return await owe(*arguments, **{**options, "waits": ()})

    monkeypatch.setattr(outbox, "owe", owe_at_once)


def _tidies_nothing(monkeypatch) -> None:
    async def nothing(*_: Any) -> None:
        return None

    monkeypatch.setattr(desk, "owe_tidy", nothing)
    monkeypatch.setattr(owing, "owe_tidy", nothing)


def _tells_no_failure(monkeypatch) -> None:
    async def nothing(*_: Any) -> None:
        return None

    monkeypatch.setattr(scheduler, "owe_failure", nothing)


def _searches_nothing(monkeypatch) -> None:
    async def nothing(*_: Any) -> None:
        return None

    monkeypatch.setattr("bot.telegram.sending.sender.next_number", nothing)


def _drops_what_is_refused(monkeypatch) -> None:
    async def drop(tx: Transaction, rows: Any, reason: str) -> int:
        for row in rows:
            await outbox.drop(tx, row, reason)
        return 0

    monkeypatch.setattr(holding, "hold", drop)


GUARDS = {
    "the key of an update": (_takes_updates_twice, an_update_comes_twice),
    "the number of what was sent": (_forgets_numbers, the_bot_is_killed_after_each_piece),
    "the order of pieces": (_waits_for_nothing, a_piece_is_in_doubt),
    "the removal of placeholders": (_tidies_nothing, the_bot_is_killed_after_each_piece),
    "the word of a failure": (_tells_no_failure, an_essay_fails),
    "the search": (_searches_nothing, an_answer_is_lost),
    "the hold": (_drops_what_is_refused, a_chat_refuses_for_a_time),
}


@pytest.mark.parametrize("name", GUARDS)
async def test_lesson_with_its_guard(lesson, name):
    _, happens = GUARDS[name]
    await happens(lesson)
    assert await end(lesson) == []


@pytest.mark.parametrize("name", GUARDS)
async def test_lesson_without_its_guard(lesson, monkeypatch, name):
    take_away, happens = GUARDS[name]
    take_away(monkeypatch)
    await happens(lesson)
    assert await end(lesson) != []
