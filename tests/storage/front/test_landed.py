"""Databases of the first version, killed in every state, are taken over by this one.

``landed.py`` made them with the first version's own code.
"""

import json
import re
import sqlite3
from collections import Counter
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url

from bot.playground.model import Message
from bot.storage import chats, inbox, outbox, people
from bot.storage.migrating import migrate
from bot.storage.records import JobState, Style
from tests.telegram.classroom import BOT_ID, Classroom

DATA = Path(__file__).parents[1] / "data"
STATES = sorted(path.stem for path in DATA.glob("*.sql"))


def load(name, path):
    """Write a database as the first version left it."""
    path.parent.mkdir(exist_ok=True)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.executescript((DATA / f"{name}.sql").read_text("utf-8"))
    connection.close()


def furnish(telegram, name):
    """Put into the chats what stood there."""
    world = telegram.world
    for chat_name, messages in json.loads((DATA / f"{name}.json").read_text("utf-8")).items():
        chat = world.chats[int(chat_name)]
        chat.is_started = True
        for number, (author, text, markup) in messages.items():
            sender = world.users[author] if author else world.bot
            message = Message(int(number), chat, 0, sender, text=text)
            if markup and "inline_keyboard" in markup:
                message.markup = markup
            chat.messages[message.id] = message
            while world._take_message_id(chat) < message.id:
                pass


def pieces(telegram, chat_id):
    return [text for text in telegram.texts(chat_id) if "El mar trae palabras" in text]


@asynccontextmanager
async def taken_over(name, url, **options):
    """A classroom of this version that goes on from there."""
    load(name, Path(make_url(url).database))
    room = Classroom(url, **options)
    furnish(room.telegram, name)
    async with room:
        yield room


@pytest.mark.parametrize("name", STATES)
async def test_every_essay_is_finished_once_and_no_placeholder_stays(name, url):
    async with taken_over(name, url) as room:
        await room.handled()
        topics = Counter(
            (job.request.address.chat_id, job.request.topic)
            for job in await room.jobs()
            if job.state not in (JobState.CANCELLED, JobState.FAILED)
        )
        await room.finish()
        telegram = room.telegram
        for chat_id in (room.lucia, room.mateo, room.group, room.forum):
            texts = telegram.texts(chat_id)
            for message in telegram.from_bot(chat_id):
                assert "Cancelar" not in message.buttons, (name, message.text)
            wanted = Counter(topic for (chat, topic), n in topics.items() if chat == chat_id)
            told = [text for text in texts if not text.startswith("Cancelado")]
            begun = Counter(
                begin[1] for text in told if (begin := re.match(r"((El|La) \w+)[.\n]", text))
            )
            assert begun == wanted, texts
            marks = [mark[1] for text in texts if (mark := re.search(r"\((\d+/\d+)\)$", text))]
            total = len(marks)
            assert marks == [f"{number}/{total}" for number in range(1, total + 1)], texts
        assert await room.unfinished() == []


async def test_whoever_was_not_told_of_the_end_is_told_in_the_placeholder(url):
    async with taken_over("cancelled_untold", url) as room:
        await room.settle()
        for chat_id in (room.lucia, room.group):
            (text,) = room.telegram.texts(chat_id)
            assert text.startswith("Cancelado. Esto es lo que llevaba escrito:")


async def test_whoever_was_told_of_the_end_is_not_told_again(url):
    async with taken_over("cancelled_and_told", url) as room:
        before = [room.telegram.texts(chat_id) for chat_id in (room.lucia, room.group)]
        await room.settle()
        assert [room.telegram.texts(chat_id) for chat_id in (room.lucia, room.group)] == before
        assert not room.telegram.calls("sendMessage")
        assert not room.telegram.calls("deleteMessages")


async def test_a_failure_that_nobody_heard_of_is_told_with_a_way_on(url):
    async with taken_over("failed_untold", url) as room:
        await room.settle()
        (message,) = room.telegram.from_bot(room.lucia)
        assert list(message.buttons) == ["Probar otra vez"]
        room.service.gate.set()
        await room.press("Probar")
        await room.finish()
        assert len(pieces(room.telegram, room.lucia)) == 1


async def test_people_owner_groups_and_questions_are_kept(url):
    async with taken_over("idle_with_people", url, is_open=False) as room:
        database, teacher, sofia = (
            room.database,
            room.telegram.room.teacher,
            room.telegram.room.sofia,
        )
        assert await database.read(people.owner) == f"user:{teacher}"
        assert await database.read(chats.admitted) == [room.group]
        preferences = await room.preferences(room.mateo)
        assert (preferences.words, preferences.style) == (500, Style.POEM)
        # What was received and not handled is handled now; its number and the others' are known.
        await room.handled()
        assert [job.request.topic for job in await room.jobs()] == ["El faro", "El tren"]
        known = (
            await database.step(
                "record",
                lambda tx: inbox.record(tx, [inbox.received(update(number)) for number in old]),
            )
            if (old := await handled_numbers(database))
            else None
        )
        assert known == []
        (question,) = await database.read(
            lambda tx: outbox.open_questions(tx, f"user:{sofia}", room.group)
        )
        # The question still waits for its answer.
        await room.say("La luna", sofia, room.group, reply_to=question.message_id)
        assert (await room.jobs())[-1].request.topic == "La luna"
        await room.finish()


def update(number):
    return {"update_id": number}


async def handled_numbers(database):
    from sqlalchemy import select

    from bot.storage.schema import inbox as table

    rows = await database.read(lambda tx: tx.rows(select(table.c.update_id)))
    return [row.update_id for row in rows]


async def test_old_buttons_work_for_their_person_in_their_chat_only(url):
    async with taken_over("idle_with_people", url) as room:
        await room.handled()
        (essay,) = [
            message
            for message in room.telegram.from_bot(room.group)
            if "Otra versión" in message.buttons or "again:1" in message.buttons.values()
        ]
        assert set(essay.buttons.values()) == {"again:1", "more:1"}
        before = len(await room.jobs())
        # Nobody else may press them, and nowhere else.
        await room.press("again:1", room.lucia, room.group, essay.id)
        await room.forge("again:1", room.mateo)
        assert len(await room.jobs()) == before
        await room.press("again:1", room.mateo, room.group, essay.id)
        jobs = await room.jobs()
        assert len(jobs) == before + 1
        # Numbers that erased jobs may have had are never given out.
        assert jobs[-1].id > 1_000_000
        await room.finish()


def test_texts_that_the_first_version_erased_leave_the_file(tmp_path):
    path = tmp_path / "redactor.db"
    load("delivered_beside_its_placeholder", path)
    words = b"El mar trae palabras nuevas"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA secure_delete=OFF")
    secret = "el diario de Lucía " * 200
    connection.execute("UPDATE jobs SET text = ?, topic = ?", (secret, "mi secreto"))
    connection.execute("DELETE FROM jobs")
    connection.commit()
    connection.close()
    assert words in path.read_bytes() or b"el diario" in path.read_bytes()
    migrate(make_url(f"sqlite:///{path}"), BOT_ID)
    for file in tmp_path.iterdir():
        content = file.read_bytes()
        assert words not in content
        assert b"el diario de" not in content
        assert b"mi secreto" not in content
        assert b"user:" not in content


@pytest.mark.parametrize("name", ["waiting_and_running", "written", "idle_with_people"])
async def test_going_back_is_refused_while_anything_is_to_come(name, url):
    path = Path(make_url(url).database)
    load(name, path)
    migrate(make_url(url), BOT_ID)
    before = dump(path)
    with pytest.raises(RuntimeError, match="still to come"):
        migrate(make_url(url), BOT_ID, "0001")
    assert dump(path) == before


async def test_back_and_forth_keeps_what_both_versions_know(url):
    async with taken_over("idle_with_people", url) as room:
        await room.finish()
        jobs = [(job.id, job.request.topic, job.text, job.state) for job in await room.jobs()]
        await room.stop()
        path = Path(make_url(url).database)
        migrate(make_url(url), BOT_ID, "0001")
        connection = sqlite3.connect(path)
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        assert {"updates", "people", "owner", "admitted_chats", "awaited_topics", "jobs"} <= tables
        assert not {"inbox", "outbox", "owners", "leases", "jobs_0001"} & tables
        assert connection.execute("SELECT count(*) FROM updates").fetchone()[0] > 0
        connection.close()
        await room.start()
        again = [(job.id, job.request.topic, job.text, job.state) for job in await room.jobs()]
        assert again == jobs
        assert await room.database.read(people.owner) == f"user:{room.telegram.room.teacher}"
        assert await room.database.read(chats.admitted) == [room.group]
        calls = len(room.telegram.calls("sendMessage"))
        await room.settle()
        assert len(room.telegram.calls("sendMessage")) == calls


def dump(path):
    connection = sqlite3.connect(path)
    rows = list(connection.iterdump())
    connection.close()
    return rows
