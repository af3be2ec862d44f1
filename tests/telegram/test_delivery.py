"""Pacing, order, coalescing and failures, on a clock that jumps."""

import asyncio
from datetime import timedelta
from itertools import chain, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    RetryAfter,
)

from bot.essays.job import Address
from bot.telegram.budget import DeliveryLimits, Window
from bot.telegram.delivery import Delivery
from bot.telegram.lane import Rank
from bot.telegram.message_numbers import MessageNumbers
from bot.telegram.outbox import Outbox
from bot.telegram.receipts import Receipt, Refusal
from tests.telegram.classroom import ANA, BEA, GROUP
from tests.telegram.fake_telegram import (
    Failure,
    lost_connection,
    refused_connection,
    silent_server,
)
from tests.telegram.virtual_time import VirtualTimeLoop


class Calls:
    """Requests that note when they were made, and fail as told."""

    def __init__(self) -> None:
        self.made: list[tuple[str, int, float]] = []
        self.errors: list[Exception | None] = []

    def call(self, name: str, result: int | None = None):
        async def call(chat_id: int, *, with_thread: bool) -> int | None:
            self.made.append((name, chat_id, asyncio.get_running_loop().time()))
            await asyncio.sleep(0.01)
            error = self.errors.pop(0) if self.errors else None
            if error is not None:
                raise error
            return result

        return call

    @property
    def names(self) -> list[str]:
        return [name for name, _, _ in self.made]

    @property
    def times(self) -> list[float]:
        return [at_s for _, _, at_s in self.made]


@pytest.fixture
def calls():
    return Calls()


@pytest.fixture
async def delivery():
    delivery = Delivery()
    yield delivery
    await delivery.stop(0)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.floats(0, 5), max_size=60),
    st.integers(1, 6),
    st.floats(0.5, 10),
    st.integers(0, 9),
)
def test_window_is_never_exceeded(pauses, count, span_s, reserve):
    window, now_s, times = Window(count, span_s), 0.0, []
    for pause_s in pauses:
        now_s += pause_s
        now_s += window.wait_s(now_s, reserve)
        assert window.wait_s(now_s + 1e-9, reserve) == 0
        window.note(now_s)
        times.append(now_s)
    allowed = max(1, count - reserve)
    for index in range(len(times) - allowed):
        assert times[index + allowed] - times[index] >= span_s - 1e-6


async def test_one_a_second_with_short_bursts(delivery, calls):
    for number in range(9):
        delivery.submit(ANA, calls.call(str(number)), Rank.TEXT)
    await delivery.drain()
    assert calls.names == [str(number) for number in range(9)]
    start = calls.times[0]
    assert [round(at_s - start) for at_s in calls.times] == [0, 0, 0, 3, 3, 3, 6, 6, 6]


async def test_twenty_a_minute_in_a_group(delivery, calls):
    for number in range(45):
        delivery.submit(GROUP, calls.call(str(number)), Rank.TEXT)
    await delivery.drain()
    times = calls.times
    assert all(times[index + 20] - times[index] >= 60 for index in range(25))
    assert times[-1] - times[0] < 140


async def test_thirty_a_second_over_all_chats(calls):
    delivery = Delivery()
    for chat_id in range(1, 101):
        delivery.submit(chat_id, calls.call("text"), Rank.TEXT)
    await delivery.drain()
    times = sorted(calls.times)
    assert all(times[index + 30] - times[index] >= 0.999 for index in range(70))
    assert times[-1] - times[0] < 4


async def test_chats_do_not_wait_for_each_other(delivery, calls):
    calls.errors = [RetryAfter(timedelta(seconds=100))]
    slow = delivery.submit(ANA, calls.call("a"), Rank.TEXT)
    fast = delivery.submit(BEA, calls.call("b"), Rank.TEXT)
    await fast
    assert not slow.done()
    start = calls.times[0]
    assert (await slow).refusal is None
    assert calls.names == ["a", "b", "a"]
    assert calls.times[-1] - start >= 100


async def test_texts_first_and_only_the_latest_preview(delivery, calls):
    delivery.submit(ANA, calls.call("first"), Rank.TEXT)
    await asyncio.sleep(0)
    old = delivery.submit(ANA, calls.call("old"), Rank.PREVIEW, key="p")
    new = delivery.submit(ANA, calls.call("new"), Rank.PREVIEW, key="p")
    delivery.submit(ANA, calls.call("tidy"), Rank.TIDY)
    delivery.submit(ANA, calls.call("status"), Rank.STATUS)
    delivery.submit(ANA, calls.call("text"), Rank.TEXT)
    await delivery.drain()
    assert (await old).refusal is Refusal.SUPERSEDED
    assert (await new).refusal is None
    assert calls.names == ["first", "text", "status", "tidy", "new"]


async def test_text_overtakes_a_waiting_preview(delivery, calls):
    delivery.submit(GROUP, calls.call("p1"), Rank.PREVIEW, key="p")
    await asyncio.sleep(0.1)
    delivery.submit(GROUP, calls.call("p2"), Rank.PREVIEW, key="p")
    await asyncio.sleep(1)
    delivery.submit(GROUP, calls.call("text"), Rank.TEXT)
    await delivery.drain()
    assert calls.names == ["p1", "text", "p2"]
    assert calls.times[2] - calls.times[0] >= 6


async def test_previews_leave_room_in_a_group(delivery, calls):
    for number in range(9):
        delivery.submit(GROUP, calls.call(f"text {number}"), Rank.TEXT)
    await delivery.drain()
    delivery.submit(GROUP, calls.call("preview"), Rank.PREVIEW)
    await delivery.drain()
    assert calls.times[-1] - calls.times[0] >= 60


async def test_drop(delivery, calls):
    calls.errors = [RetryAfter(timedelta(seconds=5))]
    delivery.submit(ANA, calls.call("a"), Rank.TEXT, key="a")
    assert delivery.drop(ANA, "a")
    assert not delivery.drop(ANA, "a")
    await delivery.drain()
    assert not calls.made


async def test_forbidden_gives_up_with_a_reason(delivery, calls):
    calls.errors = [Forbidden("Forbidden: bot was blocked by the user")]
    receipts = []
    receipt = await delivery.submit(ANA, calls.call("a"), Rank.TEXT, on_done=receipts.append)
    assert receipt == Receipt(refusal=Refusal.FORBIDDEN)
    assert receipts == [receipt]
    assert len(calls.made) == 1


@pytest.mark.parametrize(
    ("description", "refusal"),
    [
        ("Message is not modified: specified new message content is the same", None),
        ("Message to edit not found", Refusal.GONE),
        ("Chat not found", Refusal.GONE),
        ("Not enough rights to send text messages to the chat", Refusal.FORBIDDEN),
        ("Message text is empty", Refusal.EMPTY),
        ("Message is too long", Refusal.REFUSED),
    ],
)
async def test_bad_requests_are_not_repeated(delivery, calls, description, refusal):
    calls.errors = [BadRequest(description)]
    receipt = await delivery.submit(ANA, calls.call("a"), Rank.TEXT, is_lasting=True)
    assert receipt.refusal is refusal
    assert len(calls.made) == 1


async def test_other_errors_are_not_repeated(delivery, calls):
    calls.errors = [InvalidToken(), ValueError("a broken request")]
    for name in "ab":
        receipt = await delivery.submit(ANA, calls.call(name), Rank.TEXT)
        assert receipt.refusal is Refusal.REFUSED
    assert (await delivery.submit(ANA, calls.call("c", 5), Rank.TEXT)).message_id == 5


async def test_network_errors_are_repeated_with_growing_pauses(delivery, calls):
    calls.errors = [refused_connection() for _ in range(9)]
    receipt = await delivery.submit(ANA, calls.call("a", 7), Rank.TEXT, is_lasting=True)
    assert receipt.message_id == 7
    gaps = [later - earlier for earlier, later in pairwise(calls.times)]
    assert gaps[0] < gaps[2] < gaps[5]
    assert max(gaps) < 31


async def test_answers_are_given_up_in_the_end(delivery, calls):
    calls.errors = [refused_connection() for _ in range(99)]
    receipt = await delivery.submit(ANA, calls.call("a"), Rank.TEXT)
    assert receipt.refusal is Refusal.UNREACHABLE
    assert len(calls.made) == 6


async def test_previews_are_tried_once(delivery, calls):
    calls.errors = [refused_connection()]
    receipt = await delivery.submit(ANA, calls.call("a"), Rank.PREVIEW)
    assert receipt.refusal is Refusal.UNREACHABLE


async def test_newer_preview_replaces_one_that_must_wait(delivery, calls):
    calls.errors = [RetryAfter(timedelta(seconds=9))]
    old = delivery.submit(ANA, calls.call("old"), Rank.PREVIEW, key="p")
    await asyncio.sleep(0.005)
    new = delivery.submit(ANA, calls.call("new"), Rank.PREVIEW, key="p")
    assert (await old).refusal is Refusal.SUPERSEDED
    assert (await new).refusal is None
    assert calls.names == ["old", "new"]


async def test_migration_follows_the_group(calls):
    moved = []
    delivery = Delivery(on_migrated=lambda old, new: moved.append((old, new)))
    calls.errors = [ChatMigrated(GROUP)]
    first = delivery.submit(-5, calls.call("a"), Rank.TEXT)
    second = delivery.submit(-5, calls.call("b"), Rank.TEXT)
    await first
    await second
    delivery.submit(-5, calls.call("c"), Rank.TEXT)
    await delivery.drain()
    assert [(name, chat_id) for name, chat_id, _ in calls.made] == [
        ("a", -5),
        ("a", GROUP),
        ("b", GROUP),
        ("c", GROUP),
    ]
    delivery.migrate(-5, GROUP)
    assert moved == [(-5, GROUP)]


async def test_stop_sends_what_it_can(calls):
    delivery = Delivery()
    first = delivery.submit(ANA, calls.call("a"), Rank.TEXT)
    preview = delivery.submit(ANA, calls.call("p"), Rank.PREVIEW)
    await delivery.stop(5)
    assert (await first).refusal is None
    assert (await preview).refusal is Refusal.SUPERSEDED
    late = delivery.submit(ANA, calls.call("b"), Rank.TEXT)
    assert (await late).refusal is Refusal.STOPPED


async def test_stop_gives_up_at_its_timeout(calls):
    delivery = Delivery()
    calls.errors = [RetryAfter(timedelta(seconds=1000))]
    first = delivery.submit(ANA, calls.call("a"), Rank.TEXT)
    await asyncio.sleep(1)
    await delivery.stop(5)
    assert (await first).refusal is Refusal.STOPPED


async def test_many_chats_are_forgotten(calls):
    delivery = Delivery(DeliveryLimits(all_per_s=10_000))
    for chat_id in range(1, 1003):
        delivery.submit(chat_id, calls.call("a"), Rank.TEXT)
    await delivery.drain()
    await asyncio.sleep(60)
    delivery.submit(5000, calls.call("a"), Rank.TEXT)
    await delivery.drain()
    assert len(calls.made) == 1003


class TestLostAnswers:
    """A text whose answer is lost is looked for before it is sent again."""

    address = Address(GROUP, None, 100, is_private=False)

    @pytest.fixture
    def outbox(self, classroom):
        classroom.delivery.saw(GROUP, 100)
        return Outbox(classroom.bot, classroom.delivery)

    @pytest.mark.parametrize("error", [lost_connection, silent_server])
    async def test_arrived(self, classroom, outbox, error):
        classroom.telegram.fail("sendMessage", Failure(exception=error(), is_processed=True))
        receipt = await outbox.send_text(self.address, "hola", is_lasting=True)
        assert receipt.message_id == 101
        assert classroom.telegram.texts(GROUP) == ["hola"]

    @pytest.mark.parametrize("error", [lost_connection, refused_connection])
    async def test_did_not_arrive(self, classroom, outbox, error):
        classroom.telegram.fail("sendMessage", Failure(exception=error()))
        receipt = await outbox.send_text(self.address, "hola", is_lasting=True)
        assert receipt.message_id == 101
        assert classroom.telegram.texts(GROUP) == ["hola"]

    async def test_gateway_error_is_not_looked_for(self, classroom, outbox):
        classroom.telegram.fail("sendMessage", Failure(502, "Bad Gateway"))
        await outbox.send_text(self.address, "hola", is_lasting=True)
        assert not classroom.telegram.of("editMessageText")
        assert classroom.telegram.texts(GROUP) == ["hola"]

    async def test_found_behind_messages_of_others(self, classroom, outbox):
        classroom.telegram.last_id[GROUP] = 102
        failure = Failure(exception=lost_connection(), is_processed=True)
        classroom.telegram.fail("sendMessage", failure)
        receipt = await outbox.send_text(self.address, "hola", is_lasting=True)
        assert receipt.message_id == 103
        assert classroom.telegram.texts(GROUP) == ["hola"]

    async def test_found_among_messages_in_other_private_chats(self, classroom):
        """They share a counter, in which every number is accounted for."""
        outbox = Outbox(classroom.bot, classroom.delivery)
        classroom.delivery.saw(BEA, 100)
        telegram = classroom.telegram
        # Ana's message gets 110, while Bea's chat takes what lies between.
        telegram.last_id[ANA] = 109
        failure = Failure(exception=lost_connection(), is_processed=True)
        telegram.fail("sendMessage", failure)
        receipt = outbox.send_text(Address(ANA, None, 99, is_private=True), "hola")
        await asyncio.sleep(0.1)
        for number in (*range(101, 110), 111):
            classroom.delivery.saw(BEA, number)
        assert (await receipt).message_id == 110
        assert telegram.texts(ANA) == ["hola"]

    async def test_nothing_is_known_yet(self, classroom):
        outbox = Outbox(classroom.bot, classroom.delivery)
        failure = Failure(exception=lost_connection(), is_processed=True)
        classroom.telegram.fail("sendMessage", failure)
        await outbox.send_text(self.address, "hola")
        assert classroom.telegram.texts(GROUP) == ["hola", "hola"]

    async def test_flood_limit_while_looking(self, classroom, outbox):
        failure = Failure(exception=lost_connection(), is_processed=True)
        classroom.telegram.fail("sendMessage", failure)
        classroom.telegram.fail("editMessageText", Failure(429, "Slow", {"retry_after": 9}))
        receipt = await outbox.send_text(self.address, "hola", is_lasting=True)
        assert receipt.message_id == 101
        assert classroom.telegram.texts(GROUP) == ["hola"]

    async def test_edit_is_simply_repeated(self, classroom, outbox):
        await outbox.send_text(self.address, "hola")
        failure = Failure(exception=lost_connection(), is_processed=True)
        classroom.telegram.fail("editMessageText", failure)
        receipt = await outbox.edit_text(GROUP, 101, "adiós")
        assert receipt.refusal is None
        assert classroom.telegram.texts(GROUP) == ["adiós"]


async def test_removals_of_a_chat_go_together(classroom):
    outbox = Outbox(classroom.bot, classroom.delivery)
    for message_id in range(1, 151):
        outbox.remove(GROUP, message_id)
    await classroom.settle()
    removed = [call.parameters["message_ids"] for call in classroom.telegram.of("deleteMessages")]
    assert [len(batch) for batch in removed] == [100, 50]
    assert sorted(chain(*removed)) == list(range(1, 151))


async def test_removal_after_a_flood_limit(classroom):
    outbox = Outbox(classroom.bot, classroom.delivery)
    classroom.telegram.fail("deleteMessages", Failure(429, "Slow", {"retry_after": 9}))
    outbox.remove(GROUP, 1)
    await asyncio.sleep(1)
    outbox.remove(GROUP, 2)
    await classroom.settle()
    assert classroom.telegram.of("deleteMessages")[-1].parameters["message_ids"] == [1, 2]


def test_numbers_known_are_bounded():
    numbers = MessageNumbers()
    assert list(numbers.unknown_after(0, 5)) == []
    for number in range(1, 1001):
        numbers.saw(number)
    assert numbers.last == 1000
    assert list(numbers.unknown_after(900, 3)) == [1001, 1002, 1003]
    assert next(numbers.unknown_after(1, 1)) == 2


def test_virtual_time_tells_a_deadlock():
    loop = VirtualTimeLoop()
    assert loop.time() == 1000
    loop.run_until_complete(asyncio.sleep(50))
    assert loop.time() == pytest.approx(1050)
    loop.close()
