"""What is kept of people, and which chats are open."""

from datetime import timedelta

import pytest

from bot.storage import chats, jobs, outbox, people, upkeep
from bot.storage.people import preferences_from_json
from bot.storage.records import Kind, Language, OutboxState, Preferences, Rank, Style
from tests.storage.requests import a_request

NEW_ID = -1_002_000_000_000


async def test_preferences_are_kept_per_person(step):
    assert await step(people.preferences, "user:1") is None
    wanted = Preferences(words=500, language=Language.ENGLISH, seed=3, style=Style.POEM)
    for _ in range(2):
        await step(people.save_preferences, "user:1", wanted)
    assert await step(people.preferences, "user:1") == wanted
    assert await step(people.preferences, "user:2") is None


def test_preferences_of_another_version_fall_back_to_the_defaults():
    assert preferences_from_json({"words": 10**9}) == Preferences()
    assert preferences_from_json({"style": "opera"}) == Preferences()
    assert preferences_from_json({"words": "80"}) == Preferences()
    assert preferences_from_json({"words": 80, "unknown": 1}) == Preferences(words=80)


async def test_forgetting_a_person_leaves_nothing(step):
    await step(people.save_preferences, "user:1", Preferences(words=99))
    mine = await step(jobs.add, a_request(), update_id=1, seed=1)
    other = await step(jobs.add, a_request(person="user:2"), update_id=2, seed=1)
    owed = {"body": {"text": "El mar"}, "person": "user:1"}
    left = await step(outbox.owe, "a", Kind.ANSWER, Rank.ANSWER, 10, **owed)
    taken = await step(outbox.owe, "b", Kind.ANSWER, Rank.ANSWER, 10, **owed)
    await step(outbox.take, [await step(outbox.get, taken)])
    assert await step(upkeep.forget_person, "user:1") == [taken]
    assert await step(people.preferences, "user:1") is None
    assert await step(jobs.get, mine.id) is None
    assert await step(jobs.get, other.id) is not None
    assert await step(outbox.get, left) is None
    # What is on its way has no text any more, and is not sent again.
    row = await step(outbox.get, taken)
    assert (row.body, row.person, row.is_wanted) == ({}, None, False)
    assert row.state is OutboxState.SENDING


async def test_an_anonymous_admin_is_forgotten_too(step):
    await step(people.save_preferences, "chat:-5", Preferences(words=99))
    await step(upkeep.forget_person, "chat:-5")
    assert await step(people.preferences, "chat:-5") is None


async def test_the_owner_claims_the_bot_once(step):
    assert await step(people.owner) is None
    assert not await step(people.claim, "user:1", "anything")
    code = await step(people.owner_code)
    assert code is not None
    assert await step(people.owner_code) == code
    assert not await step(people.claim, "user:2", "wrong")
    assert not await step(people.claim, "user:2", "ñ")
    assert await step(people.claim, "user:1", code)
    assert not await step(people.claim, "user:2", code)
    assert await step(people.owner) == "user:1"
    assert await step(people.owner_code) is None


async def test_chats_are_admitted_closed_and_followed(step):
    assert await step(chats.admitted) == []
    for _ in range(2):
        await step(chats.admit, -5, "user:1")
    assert await step(chats.admitted) == [-5]
    # Told in the old group and in the new one.
    for _ in range(2):
        await step(upkeep.migrate_chat, -5, NEW_ID)
        assert await step(chats.admitted) == [NEW_ID]
        assert await step(chats.current, -5) == NEW_ID
    await step(chats.close, NEW_ID)
    assert await step(chats.admitted) == []


async def test_a_closed_chat_is_not_opened_by_a_late_word_of_its_move(step):
    await step(chats.admit, -5, "user:1")
    await step(upkeep.migrate_chat, -5, NEW_ID)
    await step(chats.close, NEW_ID)
    await step(upkeep.migrate_chat, -5, NEW_ID)
    assert await step(chats.admitted) == []


async def test_pauses_end(step, clock):
    until = clock.now + timedelta(seconds=30)
    await step(chats.pause, 10, until)
    assert await step(chats.pauses) == {10: until}
    clock.advance(seconds=31)
    assert await step(chats.pauses) == {}


@pytest.mark.parametrize("chat_id", [10, -5, NEW_ID])
async def test_numbers_only_grow(step, chat_id):
    for number in (5, 9, 7):
        await step(chats.saw, chat_id, number)
    assert await step(chats.last_number, chat_id) == 9
