import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidParameterError
from bot.training.errors import UnknownSizeError
from bot.training.options import TrainingOptions, parse_size
from bot.training.schedule import Schedule
from tests.training.conftest import tiny

BY_STEPS = Schedule(1.0, 0.1, 10, 100, None)
BY_TIME = Schedule(1.0, 0.1, 10, None, 50.0)


@given(st.integers(0, 100))
def test_the_rate_stays_between_its_ends(step: int) -> None:
    rate = BY_STEPS.rate(step, BY_STEPS.done(step, 0.0))
    assert 0 < rate <= 1.0
    if step >= 10:
        assert rate >= 0.1 - 1e-9
        assert rate >= BY_STEPS.rate(step + 1, BY_STEPS.done(step + 1, 0.0))


def test_it_warms_up_and_ends_low() -> None:
    rates = [BY_STEPS.rate(step, step / 100) for step in range(101)]
    assert rates[:10] == sorted(rates[:10])
    assert rates[100] == pytest.approx(0.1)
    assert BY_TIME.rate(1000, BY_TIME.done(1000, 50.0)) == pytest.approx(0.1)


def test_the_nearest_limit_counts() -> None:
    both = Schedule(1.0, 0.1, 0, 100, 50.0)
    assert both.done(50, 10.0) == 0.5
    assert both.done(50, 40.0) == 0.8
    assert both.remaining_s(50, 40.0) == pytest.approx(10.0)
    assert both.remaining_s(0, 0.0) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [("minutes", 0.0), ("learning_rate", 5.0), ("vocabulary_size", 100), ("passes", 0)],
)
def test_options_have_ranges(name: str, value: float, tmp_path: object) -> None:
    from pathlib import Path

    with pytest.raises(InvalidParameterError) as caught:
        tiny(Path("in"), Path("out"), **{name: value})
    assert caught.value.name == name


def test_a_training_needs_an_end() -> None:
    from pathlib import Path

    with pytest.raises(InvalidParameterError):
        TrainingOptions(texts=Path("in"), out=Path("out"), minutes=None)


def test_sizes() -> None:
    assert parse_size("medium") == (8, 512)
    assert parse_size("3x96") == (3, 96)
    for size in ("big", "3x", "x64", "3x50", "0x64"):
        with pytest.raises(UnknownSizeError):
            parse_size(size)
