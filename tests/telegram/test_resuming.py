"""Restarts, kills and lost answers: nothing is lost, and nothing doubled that could be known."""

import asyncio
from random import Random

import pytest

from bot.essays.desk import Limits
from bot.essays.messages import pages
from bot.storage import inbox, people
from bot.storage.records import JobState
from bot.telegram.intake import ALLOWED_UPDATES
from bot.telegram.menu import publish_commands
from bot.texts import SPANISH
from tests.telegram.classroom import Classroom

WRITE = "/redactar@redactor_bot"


def marks(texts):
    """The numbers under pieces, as they stand."""
    return [text.rpartition("\n\n")[2] for text in texts]


def in_full(texts):
    """The marks that they should have."""
    return [f"({number}/{len(texts)})" for number in range(1, len(texts) + 1)]


async def restart(classroom):
    await classroom.kill()
    await classroom.start()


async def test_placeholder_is_used_again(classroom):
    await classroom.say("El mar")
    await classroom.settle()
    (placeholder,) = classroom.telegram.from_bot(classroom.lucia)
    await restart(classroom)
    await classroom.finish()
    assert len(classroom.telegram.calls("sendMessage")) == 2
    (essay,) = classroom.telegram.from_bot(classroom.lucia)
    assert essay.text.startswith("El mar\n")
    assert essay.id != placeholder.id


async def test_whoever_waits_is_told_of_the_restart_and_of_its_end(classroom):
    lucia = classroom.lucia
    await classroom.say("El mar")
    await classroom.settle()
    await classroom.stop(10)
    (text,) = classroom.telegram.texts(lucia)
    assert text == "Me están reiniciando: tu texto llegará en un minuto."
    await classroom.start()
    await asyncio.sleep(5)
    assert classroom.telegram.texts(lucia) == ["Escribiendo…"]
    await classroom.finish()
    (essay,) = classroom.telegram.texts(lucia)
    assert essay.startswith("El mar\n")


async def test_acknowledgement_is_sent_after_the_restart_if_it_was_not_before(classroom):
    classroom.telegram.fail("sendMessage", status=429, retry_after=50)
    await classroom.say("El mar")
    await restart(classroom)
    assert classroom.telegram.texts(classroom.lucia) == []
    await classroom.settle()
    assert len(classroom.telegram.texts(classroom.lucia)) == 1
    await classroom.finish()
    (essay,) = classroom.telegram.texts(classroom.lucia)
    assert essay.startswith("El mar\n")


async def test_delivery_goes_on_with_the_next_piece(classroom):
    lucia, telegram = classroom.lucia, classroom.telegram
    await classroom.prefer(words=200, chunk_units=400)
    await classroom.say("El mar")
    await classroom.settle()
    telegram.fail("sendMessage", status=429, retry_after=90, skip=1)
    classroom.service.gate.set()
    await telegram.until(lambda: any(marks(telegram.texts(lucia)[1:])))
    await asyncio.sleep(5)
    arrived = [text for text in telegram.texts(lucia) if text.endswith(")")]
    assert len(arrived) == 1
    assert (await classroom.last_job()).state is JobState.WRITTEN
    await restart(classroom)
    await classroom.finish()
    texts = telegram.texts(lucia)
    assert marks(texts) == in_full(texts)
    assert texts[0] == arrived[0]
    assert (await classroom.last_job()).state is JobState.DELIVERED


@pytest.mark.parametrize("place", ["private", "group", "forum"])
@pytest.mark.parametrize("skip", [0, 1, 2])
async def test_what_was_on_its_way_when_the_bot_was_killed_is_not_doubled(classroom, place, skip):
    """The acknowledgement, the first piece or the second arrives, and the bot hears nothing."""
    telegram = classroom.telegram
    chat_id = {"private": classroom.lucia}.get(place) or getattr(classroom, place)
    await classroom.prefer(words=200, chunk_units=400)
    telegram.fail("sendMessage", "hang", acts="first", skip=skip)
    await classroom.say(f"{WRITE} El mar", chat_id=chat_id)
    classroom.service.gate.set()
    await telegram.until(lambda: any(call.fault for call in telegram.calls("sendMessage")))
    await restart(classroom)
    await classroom.finish()
    texts = telegram.texts(chat_id)
    assert len(texts) > 2
    assert marks(texts) == in_full(texts)
    assert (await classroom.last_job(chat_id=chat_id)).state is JobState.DELIVERED


async def test_lost_answer_doubles_no_piece(classroom):
    await classroom.prefer(words=200, chunk_units=400)
    await classroom.say("El mar")
    await classroom.settle()
    classroom.telegram.fail("sendMessage", "reset", acts="first", times=2)
    await classroom.finish()
    texts = classroom.telegram.texts(classroom.lucia)
    assert len(texts) > 2
    assert marks(texts) == in_full(texts)


async def test_essay_survives_a_long_flood_limit(classroom):
    await classroom.say(f"{WRITE} El mar", chat_id=classroom.group)
    await classroom.settle()
    classroom.telegram.fail("sendMessage", status=429, retry_after=40, times=3)
    await classroom.finish()
    (essay,) = classroom.telegram.texts(classroom.group)
    assert essay.startswith("El mar\n")


async def test_essay_waits_for_who_blocked_the_bot(classroom, caplog):
    lucia, telegram = classroom.lucia, classroom.telegram
    await classroom.say("El mar")
    await classroom.settle()
    telegram.people.block(lucia)
    classroom.service.gate.set()
    while (await classroom.last_job()).state is not JobState.WRITTEN:
        await asyncio.sleep(1)
    await classroom.settle()
    assert "messages are held" in caplog.text
    assert "El mar" not in caplog.text
    await restart(classroom)
    telegram.people.unblock(lucia)
    await classroom.say("/ayuda")
    await classroom.finish()
    assert [text for text in telegram.texts(lucia) if text.startswith("El mar\n")]


async def test_group_becomes_a_supergroup_while_writing(classroom):
    room, people = classroom.telegram.room, classroom.telegram.people
    await classroom.say(f"{WRITE} El mar", chat_id=room.group)
    await classroom.settle()
    new = people.migrate(room.group, room.teacher)
    await classroom.finish()
    (essay,) = classroom.telegram.texts(new.id)
    # What it answers is no longer there, so that the name of who asked stands above.
    assert essay.startswith("Lucía: El mar\n")
    assert (await classroom.last_job(chat_id=new.id)).state is JobState.DELIVERED


FLOWS = ("El mar", "/redactar El sol", "/otra", "/continuar", "/cola", "/config longitud 60")


@pytest.mark.parametrize("seed", range(3))
async def test_kills_at_any_moment_lose_and_double_nothing(url, seed):
    """Two people ask for all sorts of things; the bot is killed again and again meanwhile."""
    draw = Random(seed)
    limits = Limits(waiting_per_person=50)
    async with Classroom(url, limits=limits) as classroom:
        telegram = classroom.telegram
        telegram.latency_s = 0.2
        classroom.service.gate.set()
        asked = 0
        for person in (classroom.lucia, classroom.mateo):
            await classroom.prefer(person, words=60)
        await classroom.say("El mar")
        await classroom.say("El mar", classroom.mateo)
        asked += 2
        await classroom.finish()
        for _ in range(10):
            text = draw.choice(FLOWS)
            telegram.write(draw.choice((classroom.lucia, classroom.mateo)), text)
            asked += text not in FLOWS[4:]
            await asyncio.sleep(draw.choice((0.05, 0.3, 1, 4)))
            if draw.random() < 0.6:
                await restart(classroom)
        await classroom.finish()
        jobs = await classroom.jobs()
        assert len(jobs) == asked
        assert {job.state for job in jobs} == {JobState.DELIVERED}
        for person in (classroom.lucia, classroom.mateo):
            standing = telegram.from_bot(person)
            texts = [message.text for message in standing]
            theirs = [job for job in jobs if job.request.person == f"user:{person}"]
            wanted = [page.text for job in theirs for page in pages(job, job.text, SPANISH)]
            assert sorted(text for text in texts if text in wanted) == sorted(wanted)
            assert not [message for message in standing if "Cancelar" in message.buttons]
            # Whatever else stands there answers /cola or /config, each once.
            others = [text for text in texts if text not in wanted]
            said = [
                update["message"]["text"]
                for update in telegram.updates
                if update.get("message", {}).get("from", {}).get("id") == person
            ]
            assert len(others) == sum(text in FLOWS[4:] for text in said)


class TestIntake:
    async def test_update_is_on_disk_before_it_is_handled(self, classroom, monkeypatch):
        never = asyncio.Event()
        monkeypatch.setattr(classroom.front.intake, "handle", lambda one: never.wait())
        classroom.telegram.write(classroom.lucia, "El mar")
        await classroom.telegram.until(lambda: not len(classroom.telegram.world.updates))
        (one,) = await classroom.database.read(inbox.pending)
        assert one.payload["message"]["text"] == "El mar"
        await restart(classroom)
        await classroom.handled()
        assert [job.request.topic for job in await classroom.unfinished()] == ["El mar"]
        assert await classroom.database.read(inbox.pending) == []

    async def test_restart_handles_what_was_not_handled_in_order(self, classroom, monkeypatch):
        never = asyncio.Event()
        monkeypatch.setattr(classroom.front.intake, "handle", lambda one: never.wait())
        for text in ("uno", "dos", "tres"):
            classroom.telegram.write(classroom.lucia, text)
        await classroom.telegram.until(lambda: not len(classroom.telegram.world.updates))
        await restart(classroom)
        await classroom.handled()
        topics = [job.request.topic for job in await classroom.unfinished()]
        assert topics == ["uno", "dos", "tres"]

    async def test_kinds_that_the_library_does_not_know_survive(self, classroom, monkeypatch):
        await classroom.say("El mar")
        await classroom.settle()
        (job,) = await classroom.unfinished()
        never = asyncio.Event()
        monkeypatch.setattr(classroom.front.intake, "handle", lambda one: never.wait())
        stopped = {"chat": {"id": classroom.lucia, "type": "private"}, "draft_id": job.id}
        classroom.telegram.deliver({"stopped_message_generation": stopped})
        await classroom.telegram.until(lambda: not len(classroom.telegram.world.updates))
        await restart(classroom)
        await classroom.handled()
        assert (await classroom.job(job.id)).state is JobState.CANCELLED

    async def test_what_cannot_be_read_is_set_aside_and_delays_nobody(self, classroom, caplog):
        telegram, lucia = classroom.telegram, classroom.lucia
        telegram.write(lucia, "secreto")
        whole = telegram.updates[-1]["message"]
        telegram.world.updates.drop_all()
        odd = [
            {"message": {"secreto": "x"}},
            {"message": {**whole, "story": {}}},
            {"message": {**whole, "entities": [{"type": 5}]}},
            {"message": {**whole, "chat": {"id": 2**70, "type": "private"}}},
            {"message": {**whole, "text": "half \ud83d of a secreto"}},
            {"message": [1, 2]},
            {"callback_query": {"id": "1", "from": {}, "data": "secreto"}},
            {"stopped_message_generation": {"chat": {"id": "secreto"}, "draft_id": 2**70}},
            {"secreto": {"from": {"id": lucia}}},
            {"update_id": 5, "message": None},
        ]
        numbered = [{"update_id": number, **one} for number, one in enumerate(odd, start=1)]
        await classroom.front.intake.take(numbered)
        await classroom.front.intake.settle()
        telegram.write(lucia, "El mar")
        await classroom.handled()
        topics = [job.request.topic for job in await classroom.unfinished()]
        assert "El mar" in topics
        assert "is set aside" in caplog.text
        assert "secreto" not in caplog.text
        assert await classroom.database.read(inbox.pending) == []

    async def test_an_update_of_another_day_speaks_against_the_clock(self, classroom):
        telegram, front = classroom.telegram, classroom.front
        telegram.write(classroom.lucia, "El mar")
        update = telegram.updates[-1]
        now_s = update["message"]["date"]
        telegram.world.updates.drop_all()
        for number, age_s, is_doubtful in ((1, 80_000, False), (2, -5, False), (3, 90_000, True)):
            message = {**update["message"], "date": now_s - age_s}
            await front.intake.take([{"update_id": number, "message": message}])
            assert front.watch.is_doubtful() is is_doubtful

    async def test_one_person_in_order_and_nobody_waits_for_another(self, url):
        async with Classroom(url, is_open=False) as classroom:
            telegram, room = classroom.telegram, classroom.telegram.room
            code = await classroom.database.step("code", people.owner_code)
            owner = f"user:{room.mateo}"
            await classroom.database.step("own", lambda tx: people.claim(tx, owner, code))
            telegram.people.create_chat("supergroup", "Clase", room.mateo, [room.lucia])
            await classroom.settle()
            # Looking Lucía up takes long; Mateo is the owner and needs no look.
            telegram.fail("getChatMember", "late", delay_s=4)
            for text in ("uno", "dos", "tres"):
                telegram.write(room.lucia, text)
            telegram.write(room.mateo, "yo")
            await asyncio.sleep(1)
            assert [job.request.topic for job in await classroom.jobs()] == ["yo"]
            assert len(await classroom.database.read(inbox.pending)) == 3
            await classroom.handled()
            topics = [job.request.topic for job in await classroom.jobs()]
            assert sorted(topics) == ["dos", "tres", "uno", "yo"]
            theirs = [job.id for text in ("uno", "dos", "tres") for job in await classroom.jobs()
                      if job.request.topic == text]  # fmt: skip
            assert theirs == sorted(theirs)

    async def test_what_is_asked_of_telegram(self, classroom):
        await classroom.say("/ayuda")
        poll = classroom.telegram.calls("getUpdates")[0]
        assert poll.parameters["allowed_updates"] == list(ALLOWED_UPDATES)
        assert "offset" not in poll.parameters

    @pytest.mark.parametrize(
        "fault",
        [
            {"status": 409, "description": "other getUpdates"},
            {"status": 401},
            {"status": 404},
            {"status": 429, "retry_after": 3},
            {"status": 502},
            {"kind": "html"},
            {"kind": "braces"},
            {"kind": "empty"},
            {"kind": "cut"},
            {"kind": "reset"},
            {"kind": "hang"},
        ],
    )
    async def test_polling_goes_on_after_anything(self, classroom, caplog, fault):
        await classroom.say("/ayuda")
        classroom.telegram.fail("getUpdates", **fault)
        await asyncio.sleep(60)
        await classroom.say("El mar")
        assert len(await classroom.unfinished()) == 1
        assert classroom.front.intake.deaf_since is None
        assert "polling: " in caplog.text
        assert "in-process-token" not in caplog.text

    async def test_menus_that_cannot_be_filled_stop_nothing(self, classroom, caplog):
        await publish_commands(classroom.bot)
        calls = classroom.telegram.calls("setMyCommands")
        languages = [call.parameters.get("language_code") for call in calls]
        assert languages == [None, None, None, "es", "es", "es"]
        classroom.telegram.fail("setMyCommands", status=500)
        await publish_commands(classroom.bot)
        assert "cannot publish the commands: NetworkError" in caplog.text

    async def test_stop_does_not_wait_for_ever(self, classroom, monkeypatch):
        never = asyncio.Event()
        monkeypatch.setattr(classroom.front.intake, "handle", lambda one: never.wait())
        classroom.telegram.write(classroom.lucia, "El mar")
        await classroom.telegram.until(lambda: not len(classroom.telegram.world.updates))
        before_s = asyncio.get_running_loop().time()
        await classroom.stop(10)
        assert asyncio.get_running_loop().time() - before_s <= 11
        await classroom.start()
        await classroom.handled()
        assert len(await classroom.unfinished()) == 1
