"""Updates: on disk before anything else, each once, whatever they hold."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.storage import chats, holding, inbox, outbox
from bot.storage.inbox import received
from bot.storage.records import Kind, OutboxState, Rank
from bot.storage.schema import inbox as table


def message(
    update_id: int = 1,
    person: int = 11,
    chat_id: int = 11,
    message_id: int = 100,
    **more: object,
) -> dict[str, Any]:
    content = {"message_id": message_id, "chat": {"id": chat_id}, "from": {"id": person}, **more}
    return {"update_id": update_id, "message": content}


async def pending(step):
    return [one.update_id for one in await step(inbox.pending)]


async def test_an_update_is_recorded_once_and_forgotten_when_handled(database, step):
    first, second = received(message(11)), received(message(10, text="Hola"))
    assert await step(inbox.record, [first, second]) == [first, second]
    assert await step(inbox.record, [second, first]) == []
    assert await pending(step) == [10, 11]
    await step(inbox.done, 10)
    await step(inbox.set_aside, 11)
    assert await pending(step) == []
    assert await step(inbox.record, [first, second]) == []
    rows = await database.read(lambda tx: tx.rows(select(table)))
    assert {row.payload for row in rows} == {None}


async def test_what_was_received_comes_back_as_it_was(step):
    odd = received(message(1, text="Año 🎉 \\ud83d \x00 half: \ud83d", story={}))
    await step(inbox.record, [odd])
    assert await step(inbox.pending) == [odd]


async def test_only_handled_updates_are_forgotten(step, clock):
    await step(inbox.record, [received(message(1)), received(message(2))])
    await step(inbox.done, 1)
    assert await step(inbox.prune, clock.now - timedelta(seconds=1), 500) == 0
    clock.advance(days=3)
    assert await step(inbox.prune, clock.now - timedelta(days=2), 500) == 1
    assert await step(inbox.record, [received(message(1))]) != []
    assert await step(inbox.record, [received(message(2))]) == []


@pytest.mark.parametrize(
    ("update", "person", "chat_id", "message_id"),
    [
        (message(), "user:11", 11, 100),
        (message(chat_id=-5, sender_chat={"id": -5}), "chat:-5", -5, 100),
        ({"update_id": 1}, None, None, None),
        ({"update_id": 1, "message": None}, None, None, None),
        ({"update_id": 1, "message": []}, None, None, None),
        ({"update_id": 1, "message": {"chat": 7, "from": "x"}}, None, None, None),
        ({"update_id": 1, "message": {"chat": {"id": "7"}}}, None, None, None),
        (message(person=2**70, chat_id=2**70, message_id=2**70), None, None, None),
        (
            {"update_id": 1, "callback_query": {"from": {"id": 3}, **message()}},
            "user:3",
            11,
            None,
        ),
        (
            {"update_id": 1, "stopped_message_generation": {"chat": {"id": 9}, "draft_id": 4}},
            "user:9",
            9,
            None,
        ),
        (
            {"update_id": 1, "my_chat_member": {"from": {"id": 3}, "chat": {"id": -5}}},
            "user:3",
            -5,
            None,
        ),
    ],
)
async def test_person_and_place_of_any_update(step, update, person, chat_id, message_id):
    one = received(update)
    assert (one.person, one.chat_id, one.message_id) == (person, chat_id, message_id)
    await step(inbox.record, [one])
    assert await step(inbox.pending) == [one]


@pytest.mark.parametrize(
    "update", [{}, {"update_id": "1"}, {"update_id": None}, {"update_id": 2**63}]
)
def test_an_update_without_a_number_is_none(update):
    with pytest.raises(ValueError, match="number"):
        received(update)


async def test_whoever_is_heard_from_gets_what_was_held(step):
    row_id = await step(
        outbox.owe, "x", Kind.ANSWER, Rank.ANSWER, 11, body={"text": "a"}, person="user:11"
    )
    row = await step(outbox.get, row_id)
    await step(outbox.take, [row])
    await step(holding.hold, [row], "bot was blocked")
    await step(inbox.record, [received(message(1, chat_id=12))])
    assert (await step(outbox.get, row_id)).state is OutboxState.HELD
    await step(inbox.record, [received(message(2))])
    assert (await step(outbox.get, row_id)).state is OutboxState.OPEN


async def test_numbers_of_messages_are_known_from_what_is_received(step):
    await step(inbox.record, [received(message(1, message_id=100))])
    await step(inbox.record, [received(message(2, chat_id=-4, message_id=90))])
    supergroup = -1_002_000_000_000
    await step(inbox.record, [received(message(3, chat_id=supergroup, message_id=7))])
    # Private chats and basic groups count together, a supergroup by itself.
    assert await step(chats.last_number, 12) == 100
    assert await step(chats.last_number, -4) == 100
    assert await step(chats.last_number, supergroup) == 7
    assert await step(chats.known_numbers, 12, 89) == {90, 100}
    assert await step(chats.known_numbers, supergroup, 0) == {7}


async def test_forgetting_a_person_keeps_the_numbers_of_their_updates(database, step):
    await step(inbox.record, [received(message(1)), received(message(2))])
    await step(inbox.done, 1)
    await step(inbox.forget_person, "user:11", 11)
    rows = await database.read(lambda tx: tx.rows(select(table)))
    assert [row.person for row in rows] == [None, None]
    assert await step(inbox.record, [received(message(1))]) == []
