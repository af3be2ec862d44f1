"""After "Hecho" no byte of a person is in any file of the data folder, and nothing comes."""

import asyncio
import re
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import make_url

from bot.storage import jobs
from tests.telegram.classroom import Classroom

TOPIC = "Mi perro Canelo y la verbena"
WORDS = "El mar trae palabras nuevas"
DONE = "Hecho"


def folder_of(room: Classroom) -> Path:
    return Path(str(make_url(room.url).database)).parent


def leftovers(room, person):
    """What of a person stands in the files, by file."""
    marks = [TOPIC, "Canelo", WORDS, f"user:{person}", str(person)]
    forms = [form for mark in marks for form in (mark.encode(), ascii(mark)[1:-1].encode())]
    found = {}
    for file in folder_of(room).rglob("*"):
        content = file.read_bytes()
        if here := {form.decode() for form in forms if form in content}:
            found[file.name] = here
    return found


async def erase(room, person, chat_id=None):
    await room.say("/borrar", person, chat_id)
    await room.settle()
    room.telegram.press(person, "Sí", chat_id)
    await room.telegram.until(lambda: is_told(room, chat_id or person))


def is_told(room, chat_id):
    return any(text.startswith(DONE) for text in room.telegram.texts(chat_id))


async def assert_silence(room, *chat_ids):
    """Nothing of the person comes after the word, whatever is opened for it."""
    before = {chat_id: room.telegram.texts(chat_id) for chat_id in chat_ids}
    calls = len(room.telegram.calls("sendMessage"))
    room.service.gate.set()
    await asyncio.sleep(300)
    await room.settle()
    assert len(room.telegram.calls("sendMessage")) == calls
    for chat_id in chat_ids:
        # Placeholders may go.
        assert set(room.telegram.texts(chat_id)) <= set(before[chat_id])
        assert not any("Cancelar" in m.buttons for m in room.telegram.from_bot(chat_id))


async def test_after_an_essay_and_while_another_is_written(classroom):
    room = classroom
    await room.prefer(words=40)
    await room.say(TOPIC)
    await room.finish()
    assert leftovers(room, room.lucia)
    room.service.gate.clear()
    await room.say(f"/redactar@{room.bot.username} {TOPIC}", chat_id=room.group)
    await room.say(TOPIC)
    await room.settle()
    await erase(room, room.lucia)
    assert leftovers(room, room.lucia) == {}
    assert await room.jobs() == []
    assert await room.preferences() is None
    await assert_silence(room, room.lucia, room.group)
    assert leftovers(room, room.lucia) == {}


async def test_in_the_middle_of_writing(classroom):
    room = classroom
    room.service.gate.set()
    await room.prefer(words=400)
    await room.say(TOPIC)
    await room.telegram.until(lambda: room.telegram.draft(room.lucia))
    await erase(room, room.lucia)
    assert leftovers(room, room.lucia) == {}
    assert room.service.open_streams == 0
    await assert_silence(room, room.lucia)


@pytest.mark.parametrize("latency_s", [0.0, 0.7])
async def test_while_pieces_are_being_delivered(url, latency_s):
    async with Classroom(url) as room:
        room.telegram.latency_s = latency_s
        await room.prefer(words=600, chunk_units=400)
        await room.say(f"/redactar@{room.bot.username} {TOPIC}", chat_id=room.group)
        room.service.gate.set()
        await room.telegram.until(lambda: len(pieces(room)) > 2)
        await room.say("/borrar")
        await room.telegram.until(lambda: room.telegram.from_bot(room.lucia))
        await asyncio.sleep(2 * latency_s)
        room.telegram.press(room.lucia, "Sí")
        await room.telegram.until(lambda: is_told(room, room.lucia))
        told_at = len(pieces(room))
        assert leftovers(room, room.lucia) == {}
        await asyncio.sleep(300)
        await room.settle()
        assert len(pieces(room)) == told_at
        assert leftovers(room, room.lucia) == {}


def pieces(room):
    return [text for text in room.telegram.texts(room.group) if re.search(r"/\d+\)$", text)]


async def test_a_piece_whose_answer_is_lost_comes_before_the_word_or_never(classroom):
    room = classroom
    await room.prefer(words=200, chunk_units=400)
    await room.say(f"/redactar@{room.bot.username} {TOPIC}", chat_id=room.group)
    await room.settle()
    room.telegram.fail("sendMessage", "late", chat_id=room.group, delay_s=40, acts="last")
    room.service.gate.set()
    await room.telegram.until(
        lambda: (
            any(c.fault for c in room.telegram.calls("sendMessage", room.group))
            or room.telegram.gateway.faults.due == []
        )
    )
    await room.say("/borrar")
    await room.telegram.until(lambda: room.telegram.from_bot(room.lucia))
    room.telegram.press(room.lucia, "Sí")
    await room.telegram.until(lambda: is_told(room, room.lucia))
    count = len(pieces(room))
    assert count <= 1
    assert leftovers(room, room.lucia) == {}
    await asyncio.sleep(300)
    await room.settle()
    assert len(pieces(room)) == count


async def test_with_a_reader_open_the_word_waits_for_the_bytes(classroom):
    room = classroom
    await room.prefer(words=40)
    await room.say(TOPIC)
    await room.finish()
    reader = sqlite3.connect(make_url(room.url).database)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM jobs").fetchone() == (1,)
    await room.say("/borrar")
    await room.settle()
    room.telegram.press(room.lucia, "Sí")
    await asyncio.sleep(60)
    # The old pages are still there for the reader, and so nobody is told that they are not.
    assert not is_told(room, room.lucia)
    assert leftovers(room, room.lucia)
    # Others are served meanwhile.
    room.telegram.write(room.mateo, "La luna")
    await room.telegram.until(lambda: room.telegram.texts(room.mateo), timeout_s=60)
    reader.rollback()
    reader.close()
    await room.telegram.until(lambda: is_told(room, room.lucia))
    assert leftovers(room, room.lucia) == {}


async def test_a_kill_between_deleting_and_the_word(classroom):
    room = classroom
    await room.prefer(words=40)
    await room.say(TOPIC)
    await room.finish()
    reader = sqlite3.connect(make_url(room.url).database)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM jobs").fetchone()
    await room.say("/borrar")
    await room.settle()
    room.telegram.press(room.lucia, "Sí")
    await asyncio.sleep(10)
    await room.kill()
    reader.close()
    await room.start()
    await room.telegram.until(lambda: is_told(room, room.lucia))
    assert leftovers(room, room.lucia) == {}


async def test_erasing_twice_when_the_answer_to_the_commit_is_lost(classroom, monkeypatch):
    room = classroom
    await room.prefer(words=200, chunk_units=400)
    await room.say(f"/redactar@{room.bot.username} {TOPIC}", chat_id=room.group)
    await room.settle()
    await room.say("/borrar")
    await room.settle()
    room.telegram.fail("sendMessage", "late", chat_id=room.group, delay_s=30, acts="last")
    room.service.gate.set()
    await room.telegram.until(lambda: room.telegram.gateway.faults.due == [])
    once = room.database._once
    lost = []

    async def lose(engine, work):
        done = await once(engine, work)
        left, _ = await once(room.database._readers, jobs.counts)
        if engine is room.database._writer and not lost and not left:
            lost.append(True)
            raise OSError("the answer to the COMMIT is lost")
        return done

    monkeypatch.setattr(room.database, "_once", lose)
    room.telegram.press(room.lucia, "Sí")
    await asyncio.sleep(5)
    assert lost
    assert not is_told(room, room.lucia)
    await room.telegram.until(lambda: is_told(room, room.lucia))
    count = len(pieces(room))
    await asyncio.sleep(300)
    assert len(pieces(room)) == count
    assert leftovers(room, room.lucia) == {}


async def test_others_keep_what_is_theirs(classroom):
    room = classroom
    await room.prefer(words=40)
    await room.prefer(room.mateo, words=40)
    await room.say(TOPIC)
    await room.say("La luna", room.mateo)
    await room.finish()
    await erase(room, room.lucia)
    assert leftovers(room, room.lucia).keys() <= {"redactor.db"}
    (job,) = await room.jobs()
    assert job.request.topic == "La luna"
    assert await room.preferences(room.mateo) is not None
