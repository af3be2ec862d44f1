"""The meter under a clock that the test moves, and the places that follow from it."""

from datetime import UTC, datetime

import pytest

from bot.essays.desk import Place, SpeedMeter
from bot.storage.records import Address, EssayRequest, Job, JobState, Preferences


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def meter(clock):
    return SpeedMeter(clock, memory_s=60)


def a_job(number, words):
    address = Address(1, None, 1, is_private=True)
    request = EssayRequest(f"user:{number}", address, "El mar", Preferences(words=words))
    created_at = datetime(2026, 3, 2, tzinfo=UTC)
    return Job(number, "t", 1, request, 1, JobState.WAITING, 0, 0, "", created_at)


def test_nothing_is_known_before_anything_was_written(meter, clock):
    assert meter.words_per_s() is None
    meter.begin(1)
    clock.now_s = 5
    assert meter.words_per_s() is None
    assert meter.places([], [a_job(1, 100)], 4) == {1: Place(1, 0, None)}


def test_speed_counts_busy_time_only(meter, clock):
    for job in range(30):
        meter.begin(job)
        for second in range(1, 11):
            clock.now_s += 1
            meter.note(job, 20 * second)
        meter.end(job)
        clock.now_s += 1000
    assert meter.words_per_s() == pytest.approx(20, rel=0.05)


def test_speed_is_that_of_all_essays_together(meter, clock):
    for job in range(3):
        meter.begin(job)
    for second in range(1, 61):
        clock.now_s += 1
        for job in range(3):
            meter.note(job, 10 * second)
    assert meter.words_per_s() == pytest.approx(30, rel=0.05)


def test_a_change_of_speed_is_followed(meter, clock):
    meter.begin(1)
    written = 0
    for words in [50] * 120 + [5] * 360:
        clock.now_s += 1
        written += words
        meter.note(1, written)
    assert meter.words_per_s() == pytest.approx(5, rel=0.1)


def test_what_is_written_again_counts_as_new_words_only(meter, clock):
    meter.begin(1)
    clock.now_s += 10
    meter.note(1, 100)
    # The writing broke off and began again.
    for words in (10, 50, 100):
        meter.note(1, words)
    assert meter.words_per_s() == pytest.approx(10, rel=0.01)


def test_places_count_what_is_ahead(meter, clock):
    running, waiting = [a_job(1, 100), a_job(2, 200)], [a_job(3, 50), a_job(4, 70)]
    for job in running:
        meter.begin(job.id)
    clock.now_s = 10
    meter.note(1, 40)
    meter.note(2, 60)
    speed = meter.words_per_s()
    places = meter.places(running, waiting, limit=2)
    assert [(place.position, place.ahead_words) for place in places.values()] == [
        (1, 200),
        (2, 250),
    ]
    assert places[3].estimate_s == pytest.approx((200 + 50 * 2) / speed)
    # With room to spare nobody waits for anything.
    assert meter.places(running, waiting[:1], limit=4)[3].ahead_words == 0
