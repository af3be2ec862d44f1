import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.playground.refusals import ApiRefusal
from bot.playground.updates import UpdateQueue


def filled(count: int) -> UpdateQueue:
    queue = UpdateQueue(first_id=10)
    for number in range(count):
        queue.push("message", {"number": number})
    return queue


async def ids(queue: UpdateQueue, offset: int = 0, limit: int = 100) -> list[int]:
    return [update["update_id"] for update in await queue.poll(offset, limit, 0)]


async def test_without_an_offset_updates_come_again():
    queue = filled(3)
    assert await ids(queue) == await ids(queue) == [10, 11, 12]


async def test_an_offset_forgets_what_came_before_it():
    queue = filled(3)
    assert await ids(queue, 12) == [12]
    assert await ids(queue) == [12]


async def test_an_offset_past_the_end_forgets_all():
    queue = filled(3)
    assert await ids(queue, 13) == []
    assert len(queue) == 0


async def test_a_negative_offset_keeps_the_last():
    queue = filled(5)
    assert await ids(queue, -2) == [13, 14]
    assert len(queue) == 2


async def test_the_limit_confirms_nothing():
    queue = filled(3)
    assert await ids(queue, limit=2) == [10, 11]
    assert len(queue) == 3


@given(st.lists(st.one_of(st.just("push"), st.integers(-5, 5)), max_size=30))
async def test_no_update_is_lost_or_comes_out_of_order(steps):
    queue = UpdateQueue(first_id=1)
    pushed = confirmed = 0
    for step in steps:
        if step == "push":
            queue.push("message", {})
            pushed += 1
        else:
            offset = confirmed + step if step > 0 else 0
            offset = min(offset, pushed + 1)
            confirmed = max(confirmed, offset - 1)
            assert await ids(queue, offset) == list(range(confirmed + 1, pushed + 1))


async def test_a_waiting_poll_gets_the_next_update():
    queue = UpdateQueue()
    poll = asyncio.create_task(queue.poll(0, 100, 30))
    await asyncio.sleep(0)
    queue.push("message", {"text": "hola"})
    assert [update["message"] for update in await poll] == [{"text": "hola"}]


async def test_a_poll_without_news_comes_back_empty():
    assert await UpdateQueue().poll(0, 100, 0.01) == []


async def test_a_second_poller_ends_the_first_with_a_conflict():
    queue = UpdateQueue()
    first = asyncio.create_task(queue.poll(0, 100, 30))
    await asyncio.sleep(0)
    second = asyncio.create_task(queue.poll(0, 100, 30))
    with pytest.raises(ApiRefusal) as refused:
        await first
    assert refused.value.status == 409
    assert "terminated by other getUpdates request" in refused.value.description
    queue.push("message", {})
    assert len(await second) == 1


async def test_a_cancelled_poll_leaves_the_queue_usable():
    queue = UpdateQueue()
    poll = asyncio.create_task(queue.poll(0, 100, 30))
    await asyncio.sleep(0)
    poll.cancel()
    with pytest.raises(asyncio.CancelledError):
        await poll
    queue.push("message", {})
    assert len(await queue.poll(0, 100, 30)) == 1


async def test_closing_answers_a_waiting_poll():
    queue = UpdateQueue()
    poll = asyncio.create_task(queue.poll(0, 100, 30))
    await asyncio.sleep(0)
    queue.close()
    assert await poll == []
    assert await queue.poll(0, 100, 30) == []


def test_members_and_reactions_are_sent_only_when_asked_for():
    queue = UpdateQueue()
    for kind in ("chat_member", "message_reaction", "message"):
        queue.push(kind, {})
    assert len(queue) == 1
    queue.allowed_kinds = frozenset({"message_reaction"})
    for kind in ("chat_member", "message_reaction", "message"):
        queue.push(kind, {})
    assert len(queue) == 2
