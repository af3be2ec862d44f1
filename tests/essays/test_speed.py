"""The meter under a clock that the test moves."""

import pytest

from bot.essays.speed import SpeedMeter


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_nothing_is_known_before_anything_was_written():
    clock = Clock()
    meter = SpeedMeter(clock)
    meter.resume()
    assert meter.words_per_s() is None
    clock.now_s = 5
    assert meter.words_per_s() is None


def test_speed_counts_busy_time_only():
    clock = Clock()
    meter = SpeedMeter(clock)
    for _ in range(30):
        meter.resume()
        for _ in range(10):
            clock.now_s += 1
            meter.add(20)
        meter.pause()
        clock.now_s += 1000
    assert meter.words_per_s() == pytest.approx(20, rel=0.05)


def test_a_change_of_speed_is_followed():
    clock = Clock()
    meter = SpeedMeter(clock, memory_s=60)
    meter.resume()
    for words in [50] * 120 + [5] * 360:
        clock.now_s += 1
        meter.add(words)
    assert meter.words_per_s() == pytest.approx(5, rel=0.1)
