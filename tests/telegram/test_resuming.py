"""Restarts: nothing is lost, nothing is doubled."""

import asyncio
import json

import pytest

from bot.essays.job import JobState
from bot.essays.preferences import Preferences
from bot.telegram.intake import ALLOWED_UPDATES
from tests.telegram.classroom import ANA, BEA, GROUP, Classroom
from tests.telegram.fake_telegram import Failure, decoded, lost_connection


def update_saying(classroom, text, person=ANA, message_id=None):
    message_id = message_id or classroom.telegram.next_message_id(person)
    message = classroom.message(text, person, person, message_id)
    return classroom.telegram.new_update(message=message)


async def test_placeholder_is_used_again(url):
    async with Classroom(url) as first:
        await first.say("El mar")
        await first.settle()
        placeholder_id = max(first.telegram.chats[ANA])
    async with Classroom(url, telegram=first.telegram) as second:
        await second.finish()
        assert len(second.telegram.of("sendMessage")) == 2
        (essay,) = second.telegram.texts(ANA)
        assert essay.startswith("El mar.")
        assert placeholder_id not in second.telegram.chats[ANA]


async def test_placeholder_is_sent_after_the_restart_if_it_was_not_before(url):
    async with Classroom(url) as first:
        first.telegram.fail("sendMessage", Failure(429, "Slow", {"retry_after": 500}))
        await first.say("El mar")
    assert first.telegram.texts(ANA) == []
    async with Classroom(url, telegram=first.telegram) as second:
        await asyncio.sleep(1)
        assert second.telegram.texts(ANA) == ["Escribiendo…"]
        await second.finish()
        (essay,) = second.telegram.texts(ANA)
        assert essay.startswith("El mar.")


async def test_delivery_goes_on_with_the_next_chunk(url):
    async with Classroom(url) as first:
        first.people.save_preferences(f"user:{ANA}", Preferences(words=200, chunk_units=400))
        await first.say("El mar")
        await first.settle()
        first.service.gate.set()
        while first.jobs.last_of(f"user:{ANA}", ANA).delivered_chunks < 1:
            await asyncio.sleep(0.2)
        first.telegram.fail("sendMessage", Failure(429, "Slow", {"retry_after": 900}))
        await asyncio.sleep(0.1)
    job = first.jobs.last_of(f"user:{ANA}", ANA)
    assert job.state is JobState.WRITTEN
    arrived = len([text for text in first.telegram.texts(ANA) if text.endswith(")")])
    assert 0 < arrived == job.delivered_chunks
    async with Classroom(url, telegram=first.telegram) as second:
        await second.finish()
        texts = second.telegram.texts(ANA)
        assert [text.rpartition("\n\n")[2] for text in texts] == [
            f"({number}/{len(texts)})" for number in range(1, len(texts) + 1)
        ]
        assert second.jobs.last_of(f"user:{ANA}", ANA).state is JobState.DELIVERED


SILENT = Failure(is_processed=True, is_silent=True)


async def test_chunk_on_its_way_when_the_bot_was_killed_is_not_doubled(url):
    async with Classroom(url) as first:
        first.people.save_preferences(f"user:{ANA}", Preferences(words=200, chunk_units=400))
        await first.say("El mar")
        await first.settle()
        # The first chunk arrives, but the bot never hears of it.
        first.telegram.fail("sendMessage", SILENT)
        first.service.gate.set()
        while len(first.telegram.of("sendMessage")) < 2:
            await asyncio.sleep(0.2)
    job = first.jobs.last_of(f"user:{ANA}", ANA)
    assert (job.state, job.delivered_chunks) == (JobState.WRITTEN, 0)
    assert job.sending_after is not None
    async with Classroom(url, telegram=first.telegram) as second:
        await second.finish()
        texts = second.telegram.texts(ANA)
        assert [text.rpartition("\n\n")[2] for text in texts] == [
            f"({number}/{len(texts)})" for number in range(1, len(texts) + 1)
        ]
        job = second.jobs.last_of(f"user:{ANA}", ANA)
        assert (job.state, job.sending_after) == (JobState.DELIVERED, None)


async def test_acknowledgement_on_its_way_when_the_bot_was_killed_is_used(url):
    async with Classroom(url) as first:
        first.telegram.fail("sendMessage", SILENT)
        await first.say("/redactar El mar", chat_id=GROUP)
        await asyncio.sleep(1)
    assert len(first.telegram.texts(GROUP)) == 1
    async with Classroom(url, telegram=first.telegram) as second:
        await asyncio.sleep(1)
        assert second.telegram.texts(GROUP) == ["Escribiendo…"]
        await second.finish()
        (essay,) = second.telegram.texts(GROUP)
        assert essay.startswith("El mar.")


async def test_nothing_is_on_its_way_after_a_refusal(classroom):
    blocked = Failure(403, "Forbidden: bot was blocked by the user")
    classroom.telegram.fail("sendMessage", blocked)
    await classroom.say("El mar")
    await classroom.settle()
    assert classroom.jobs.last_of(f"user:{ANA}", ANA).sending_after is None


async def test_lost_answer_doubles_no_chunk(classroom):
    classroom.people.save_preferences(f"user:{ANA}", Preferences(words=200, chunk_units=400))
    await classroom.say("El mar")
    await classroom.settle()
    classroom.telegram.fail(
        "sendMessage", *[Failure(exception=lost_connection(), is_processed=True) for _ in range(2)]
    )
    await classroom.finish()
    texts = classroom.telegram.texts(ANA)
    assert len(texts) > 2
    assert len(set(texts)) == len(texts)
    assert texts[-1].endswith(f"({len(texts)}/{len(texts)})")


async def test_essay_survives_a_long_flood_limit(classroom):
    await classroom.say("/redactar El mar", chat_id=GROUP)
    await classroom.settle()
    classroom.telegram.fail("sendMessage", *[Failure(429, "Slow", {"retry_after": 200})] * 3)
    await classroom.finish()
    (essay,) = classroom.telegram.texts(GROUP)
    assert essay.startswith("El mar.")


async def test_blocked_bot_gives_the_essay_up(classroom, caplog):
    await classroom.say("El mar")
    await classroom.settle()
    blocked = Failure(403, "Forbidden: bot was blocked by the user")
    classroom.telegram.fail("sendMessage", blocked)
    await classroom.finish()
    assert "a chunk was given up: forbidden" in caplog.text
    assert "El mar" not in caplog.text


async def test_group_becomes_a_supergroup_while_writing(classroom):
    await classroom.say("/redactar El mar", chat_id=-77)
    await classroom.settle()
    classroom.telegram.fail(
        "sendMessage", Failure(400, "Upgraded", {"migrate_to_chat_id": GROUP}, chat_id=-77)
    )
    await classroom.finish()
    (essay,) = classroom.telegram.texts(GROUP)
    assert essay.startswith("El mar.")
    assert classroom.jobs.last_of(f"user:{ANA}", GROUP).state is JobState.DELIVERED


class TestIntake:
    async def test_update_is_on_disk_when_put_returns(self, classroom):
        update = decoded(update_saying(classroom, "El mar"), classroom.bot)
        await classroom.queue.put(update)
        (payload,) = classroom.journal.pending()
        assert json.loads(payload)["message"]["text"] == "El mar"
        await classroom.queue.put(update)
        assert classroom.queue.qsize() == 1

    async def test_restart_handles_what_was_not_handled(self, url):
        async with Classroom(url) as first:
            for person in (ANA, BEA):
                update = update_saying(first, "El mar", person)
                await first.queue.put(decoded(update, first.bot))
        async with Classroom(url, telegram=first.telegram) as second:
            assert second.queue.replay(second.bot) == 2
            await second.application.start()
            await second.queue.join()
            assert len(second.jobs.unfinished()) == 2
            assert second.journal.pending() == []
            await second.application.stop()

    async def test_unknown_kind_survives_the_journal(self, url):
        async with Classroom(url) as first:
            stopped = {"chat": {"id": ANA, "type": "private"}, "draft_id": 1}
            update = first.telegram.new_update(stopped_message_generation=stopped)
            await first.queue.put(decoded(update, first.bot))
            first.queue.get_nowait()
            assert first.queue.replay(first.bot) == 1
            again = first.queue.get_nowait()
            assert again.api_kwargs["stopped_message_generation"] == stopped

    async def test_unreadable_payload_is_put_aside(self, classroom, caplog):
        classroom.journal.record(1, json.dumps({"update_id": 1, "message": {"secret": "x"}}))
        assert classroom.queue.replay(classroom.bot) == 0
        assert classroom.journal.pending() == []
        assert "update 1 cannot be read" in caplog.text
        assert "secret" not in caplog.text

    async def test_journal_that_cannot_be_written_confirms_nothing(self, classroom):
        from telegram.error import NetworkError

        update = decoded(update_saying(classroom, "El mar"), classroom.bot)
        with classroom.database.engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE updates")
        with pytest.raises(NetworkError, match="journal"):
            await classroom.queue.put(update)

    async def test_old_numbers_are_forgotten(self, classroom, monkeypatch):
        monkeypatch.setattr("bot.telegram.intake._PRUNE_EVERY", 1)
        update = decoded(update_saying(classroom, "El mar"), classroom.bot)
        classroom.queue.done(update)

    async def test_other_objects_pass(self, classroom):
        await classroom.queue.put("stop")
        assert classroom.queue.get_nowait() == "stop"


class TestRunning:
    """Polling, through the real updater."""

    async def test_from_the_poll_to_the_essay_and_out(self, url):
        from bot.telegram.application import start_receiving, stop_receiving

        async with Classroom(url) as classroom:
            classroom.telegram.updates.append(
                [update_saying(classroom, "El mar"), update_saying(classroom, "/cola", BEA)]
            )
            assert await start_receiving(classroom.application) == 0
            polls = classroom.telegram.of("getUpdates")
            while not classroom.telegram.texts(ANA):
                await asyncio.sleep(0.1)
            polls = classroom.telegram.of("getUpdates")
            assert polls[0].parameters["allowed_updates"] == list(ALLOWED_UPDATES)
            await classroom.finish()
            (essay,) = classroom.telegram.texts(ANA)
            assert essay.startswith("El mar.")
            await stop_receiving(classroom.application)
            await classroom.application.stop()
            assert classroom.journal.pending() == []
            languages = [
                call.parameters.get("language_code")
                for call in classroom.telegram.of("setMyCommands")
            ]
            assert languages == [None, None, None, "es", "es", "es"]

    async def test_polling_errors_are_logged_without_token(self, url, caplog):
        from bot.telegram.application import start_receiving, stop_receiving

        async with Classroom(url) as classroom:
            classroom.telegram.fail("getUpdates", Failure(409, "Conflict: other getUpdates"))
            classroom.telegram.fail("setMyCommands", Failure(500, "Oops"))
            await start_receiving(classroom.application)
            await asyncio.sleep(5)
            await stop_receiving(classroom.application)
            await classroom.application.stop()
        assert "polling: Conflict" in caplog.text
        assert "cannot publish the commands: NetworkError" in caplog.text
        assert "SECRET" not in caplog.text

    async def test_one_person_in_order_and_nobody_waits_for_another(self, url):
        async with Classroom(url, is_open=False) as classroom:
            classroom.access.admit_chat(GROUP, "user:1")
            classroom.telegram.members[GROUP, ANA] = "member"
            classroom.access.admit_chat(-5, "user:1")
            await classroom.application.start()
            # Looking Ana up takes long; Bea is the owner and needs no look.
            classroom.access.claim(f"user:{BEA}", classroom.access.owner_code())
            classroom.telegram.held = asyncio.Event()
            for text in ("uno", "dos", "tres"):
                update = update_saying(classroom, text)
                await classroom.queue.put(decoded(update, classroom.bot))
            await classroom.queue.put(decoded(update_saying(classroom, "yo", BEA), classroom.bot))
            await asyncio.sleep(1)
            assert [job.request.topic for job in classroom.jobs.unfinished()] == ["yo"]
            assert len(classroom.journal.pending()) == 3
            classroom.telegram.held.set()
            await classroom.queue.join()
            topics = [job.request.topic for job in classroom.jobs.unfinished()]
            assert topics == ["yo", "uno", "dos", "tres"]
            await classroom.application.stop()

    async def test_stop_does_not_wait_for_ever(self, url, caplog):
        from bot.telegram.application import stop_receiving

        async with Classroom(url) as classroom:
            await classroom.queue.put(decoded(update_saying(classroom, "El mar"), classroom.bot))
            await stop_receiving(classroom.application, timeout_s=1)
            assert "left to the next start" in caplog.text
            assert len(classroom.journal.pending()) == 1
