"""Pacing, order and coalescing: what leaves when. Judged by Telegram's own limits where it can."""

import asyncio
from itertools import chain, count, pairwise

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.storage import outbox
from bot.storage.records import Kind, Rank
from bot.telegram.sending.pacing import DeliveryLimits, Pacing, Window
from tests.telegram.virtual_time import VirtualTimeLoop


@settings(max_examples=200)
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


_KEYS = count()


async def owe(classroom, chat_id, *texts, kind=Kind.PIECE, rank=Rank.PIECE, **more):
    """Owe a chat some messages, in one step."""
    classroom.telegram.world.chats[chat_id].is_started = True
    first = next(_KEYS)

    async def work(tx):
        return [
            await outbox.owe(tx, f"t{first}:{n}", kind, rank, chat_id, body={"text": text}, **more)
            for n, text in enumerate(texts)
        ]

    return await classroom.database.step("owe", work)


def times(classroom, chat_id=None, method="sendMessage"):
    """When a method was called, from the first call on."""
    calls = classroom.telegram.calls(method, chat_id)
    return [call.started_at - calls[0].started_at for call in calls]


async def test_one_a_second_with_short_bursts(classroom):
    classroom.telegram.limits.is_on = True
    await owe(classroom, classroom.lucia, *map(str, range(12)))
    await classroom.settle()
    assert classroom.telegram.texts(classroom.lucia) == [str(number) for number in range(12)]
    sent_s = times(classroom)
    assert sent_s[2] < 0.5
    assert sent_s[3] >= 3
    # On average no slower than one a second.
    assert all(at_s <= index + 0.1 for index, at_s in enumerate(sent_s))
    assert classroom.telegram.floods() == []


async def test_twenty_a_minute_in_a_group(classroom):
    classroom.telegram.limits.is_on = True
    await owe(classroom, classroom.group, *map(str, range(45)))
    await classroom.settle()
    assert classroom.telegram.texts(classroom.group) == [str(number) for number in range(45)]
    # A quarter of each minute is left to answers.
    assert times(classroom)[-1] < 190
    assert classroom.telegram.floods() == []


async def test_answers_find_room_in_a_full_minute(classroom):
    classroom.telegram.limits.is_on = True
    await owe(classroom, classroom.group, *map(str, range(40)))
    await asyncio.sleep(30)
    await owe(classroom, classroom.group, "answer", kind=Kind.ANSWER, rank=Rank.ANSWER)
    await asyncio.sleep(2)
    assert classroom.telegram.texts(classroom.group)[-1] == "answer"
    assert classroom.telegram.floods() == []


async def test_thirty_a_second_over_all_chats(classroom):
    classroom.telegram.limits.is_on = True
    people = [classroom.telegram.world.add_user(f"P{n}").id for n in range(100)]
    for person in people:
        await owe(classroom, person, "text")
    await classroom.settle()
    assert all(classroom.telegram.texts(person) == ["text"] for person in people)
    assert times(classroom)[-1] < 5
    assert classroom.telegram.floods() == []


async def test_chats_do_not_wait_for_each_other(classroom):
    classroom.telegram.fail("sendMessage", status=429, retry_after=100, chat_id=classroom.lucia)
    await owe(classroom, classroom.lucia, "a")
    await owe(classroom, classroom.mateo, "b")
    await asyncio.sleep(5)
    assert classroom.telegram.texts(classroom.mateo) == ["b"]
    assert classroom.telegram.texts(classroom.lucia) == []
    await classroom.settle()
    assert classroom.telegram.texts(classroom.lucia) == ["a"]
    assert times(classroom, classroom.lucia)[1] >= 100


async def test_what_goes_first(classroom):
    """Whatever was owed first, answers come before essays, and removals come last."""
    classroom.telegram.fail("sendMessage", status=429, retry_after=20)
    await owe(classroom, classroom.lucia, "refused")
    await asyncio.sleep(1)
    await owe(classroom, classroom.lucia, "", kind=Kind.TIDY, rank=Rank.TIDY, target=1)
    await owe(classroom, classroom.lucia, "piece")
    await owe(classroom, classroom.lucia, "answer", kind=Kind.ANSWER, rank=Rank.ANSWER)
    await classroom.settle()
    assert classroom.telegram.texts(classroom.lucia) == ["answer", "refused", "piece"]
    assert classroom.telegram.calls()[-1].method == "deleteMessages"


async def test_network_errors_are_repeated_with_growing_pauses(classroom):
    classroom.telegram.disconnect("sendMessage", times=9)
    started_s = classroom.telegram.clock()
    await owe(classroom, classroom.lucia, "a")
    await classroom.settle()
    (call,) = classroom.telegram.calls("sendMessage")
    # 0.5, 1, 2, 4, 8, 16, 30, 30, 30
    assert call.started_at - started_s == pytest.approx(121.5, abs=1)
    assert classroom.telegram.texts(classroom.lucia) == ["a"]


@pytest.mark.parametrize("error", [httpx.PoolTimeout(""), httpx.ConnectTimeout("")])
async def test_what_did_not_leave_is_not_looked_for(classroom, error):
    classroom.telegram.disconnect("sendMessage", error)
    await owe(classroom, classroom.lucia, "a")
    await classroom.settle()
    assert [call.method for call in classroom.telegram.calls()] == ["getMe", "sendMessage"]


def test_a_chat_that_fails_for_days_is_asked_again_twice_a_minute():
    pacing = Pacing(DeliveryLimits(), lambda: 0.0)
    pauses_s = [pacing.back_off(5) for _ in range(2000)]
    assert pauses_s[:8] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert set(pauses_s[8:]) == {30}
    pacing.forget_failures(5)
    assert pacing.back_off(5) == 0.5


async def test_many_chats_are_forgotten():
    now_s = 0.0
    pacing = Pacing(DeliveryLimits(all_per_s=10_000), lambda: now_s)
    for chat_id in range(1, 1001):
        assert pacing.claim(chat_id, Rank.PIECE) == 0
    now_s = 60.0
    assert pacing.claim(5000, Rank.PIECE) == 0
    assert len(pacing._chats) == 1


class TestPreviews:
    """They are the first to give way."""

    async def test_texts_overtake_a_waiting_preview(self, classroom):
        await classroom.say("/redactar@redactor_bot El mar", chat_id=classroom.group)
        classroom.service.gate.set()
        await classroom.telegram.until(lambda: classroom.telegram.calls("editMessageText"))
        await owe(classroom, classroom.group, "text")
        asked_s = classroom.telegram.clock()
        await classroom.telegram.until(
            lambda: "text" in classroom.telegram.texts(classroom.group), 3
        )
        assert classroom.telegram.clock() - asked_s < 1
        await classroom.finish()
        shown_s = times(classroom, classroom.group, "editMessageText")
        assert all(later - earlier >= 6 for earlier, later in pairwise(shown_s))

    async def test_they_leave_room_in_a_group(self, classroom):
        """Nine texts a minute are enough to show no growing text any more."""
        await owe(classroom, classroom.group, *map(str, range(9)))
        await classroom.settle()
        await classroom.say("/redactar@redactor_bot El mar", chat_id=classroom.group)
        classroom.service.gate.set()
        await asyncio.sleep(15)
        assert not classroom.telegram.calls("editMessageText")

    @pytest.mark.parametrize("method", ["sendMessageDraft", "editMessageText"])
    async def test_a_look_that_hangs_delays_no_essay(self, classroom, method):
        chat_id = classroom.lucia if method == "sendMessageDraft" else classroom.group
        classroom.telegram.fail(method, "late", delay_s=300, times=0)
        await classroom.prefer(words=60)
        await classroom.say("/redactar@redactor_bot El mar", chat_id=chat_id)
        classroom.service.gate.set()
        await classroom.telegram.until(lambda: not_waiting(classroom, chat_id), 40)

    async def test_a_flood_limit_is_not_met_again_by_the_next_look(self, classroom):
        classroom.telegram.fail("sendMessageDraft", status=429, retry_after=7)
        await classroom.say("/redactar El mar")
        classroom.service.gate.set()
        await classroom.finish()
        drafts_s = times(classroom, classroom.lucia, "sendMessageDraft")
        assert drafts_s[1] >= 7
        assert len(classroom.telegram.texts(classroom.lucia)) == 1

    async def test_none_leaves_while_the_bot_stops(self, classroom):
        await classroom.say("/redactar El mar")
        classroom.service.gate.set()
        await classroom.telegram.until(lambda: classroom.telegram.calls("sendMessageDraft"))
        shown = len(classroom.telegram.calls("sendMessageDraft"))
        await classroom.stop(30)
        assert len(classroom.telegram.calls("sendMessageDraft")) <= shown + 1


def not_waiting(classroom, chat_id):
    """Whether an essay is there."""
    return any(
        "Otra" in label for m in classroom.telegram.from_bot(chat_id) for label in m.buttons
    )


class TestRestart:
    """A new process knows how much of the budget the last one spent."""

    @pytest.mark.parametrize("chat", ["lucia", "group"])
    @pytest.mark.parametrize("end", ["kill", "stop"])
    async def test_no_limit_is_met(self, classroom, chat, end):
        classroom.telegram.limits.is_on = True
        chat_id = getattr(classroom, chat)
        await owe(classroom, chat_id, *map(str, range(30)))
        for _ in range(6):
            await asyncio.sleep(2.5)
            await (classroom.kill() if end == "kill" else classroom.stop(0.5))
            await classroom.start()
        await classroom.settle()
        assert classroom.telegram.texts(chat_id) == [str(number) for number in range(30)]
        assert classroom.telegram.floods() == []

    async def test_no_limit_is_met_by_growing_texts_of_both_runs(self, classroom):
        classroom.telegram.limits.is_on = True
        await owe(classroom, classroom.group, *map(str, range(7)))
        await classroom.prefer(words=200)
        await classroom.say("/redactar@redactor_bot El mar", chat_id=classroom.group)
        classroom.service.gate.set()
        for _ in range(4):
            await asyncio.sleep(9)
            await classroom.kill()
            await classroom.start()
        await owe(classroom, classroom.group, *map(str, range(12)))
        await classroom.finish()
        assert not_waiting(classroom, classroom.group)
        assert classroom.telegram.floods() == []

    async def test_a_pause_goes_on(self, classroom):
        classroom.telegram.fail("sendMessage", status=429, retry_after=100)
        await owe(classroom, classroom.lucia, "a")
        await asyncio.sleep(10)
        await classroom.kill()
        await asyncio.sleep(10)
        await classroom.start()
        await classroom.settle()
        assert times(classroom)[1] >= 100
        assert classroom.telegram.texts(classroom.lucia) == ["a"]

    async def test_stop_sends_what_it_can(self, classroom):
        await owe(classroom, classroom.lucia, *map(str, range(5)))
        await classroom.stop(10)
        assert len(classroom.telegram.texts(classroom.lucia)) == 5
        await classroom.start()

    async def test_stop_gives_up_at_its_deadline(self, classroom):
        classroom.telegram.fail("sendMessage", status=429, retry_after=1000)
        await owe(classroom, classroom.lucia, "a")
        await asyncio.sleep(1)
        stopped_s = classroom.telegram.clock()
        await classroom.stop(5)
        assert classroom.telegram.clock() - stopped_s < 6
        await classroom.start()
        await asyncio.sleep(1000)
        assert classroom.telegram.texts(classroom.lucia) == ["a"]


class TestRemovals:
    async def test_those_of_a_chat_go_together(self, classroom):
        await owe_removals(classroom, range(1, 151))
        await classroom.settle()
        removed = [
            call.parameters["message_ids"] for call in classroom.telegram.calls("deleteMessages")
        ]
        assert [len(batch) for batch in removed] == [40, 40, 40, 30]
        assert sorted(chain(*removed)) == list(range(1, 151))

    async def test_after_a_flood_limit(self, classroom):
        classroom.telegram.fail("deleteMessages", status=429, retry_after=9)
        await owe_removals(classroom, [1])
        await asyncio.sleep(1)
        await owe_removals(classroom, [2])
        await classroom.settle()
        last = classroom.telegram.calls("deleteMessages")[-1]
        assert last.parameters["message_ids"] == [1, 2]
        assert len(classroom.telegram.calls("deleteMessages")) == 2


async def owe_removals(classroom, targets):
    """Owe the removal of messages, in one step."""
    classroom.telegram.world.chats[classroom.lucia].is_started = True

    async def work(tx):
        for target in targets:
            await outbox.owe(
                tx, f"r{target}", Kind.TIDY, Rank.TIDY, classroom.lucia, target=target
            )

    await classroom.database.step("owe", work)


def test_virtual_time_tells_a_deadlock():
    loop = VirtualTimeLoop()
    assert loop.time() == 1000
    loop.run_until_complete(asyncio.sleep(50))
    assert loop.time() == pytest.approx(1050)
    loop.close()
