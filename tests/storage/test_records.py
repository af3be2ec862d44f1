"""Ranges hold for every way of making preferences."""

from dataclasses import replace

import pytest

from bot.errors import InvalidParameterError
from bot.storage.records import LENGTHS, RANGES, Preferences


@pytest.mark.parametrize("name", sorted(RANGES))
def test_bounds_are_allowed_and_what_is_beyond_is_not(name):
    minimum, maximum = RANGES[name]
    for value in (minimum, maximum):
        assert getattr(replace(Preferences(), **{name: value}), name) == value
    for value in (minimum - 1, maximum + 1, float("nan"), float("inf")):
        with pytest.raises(InvalidParameterError) as caught:
            replace(Preferences(), **{name: value})
        assert (caught.value.minimum, caught.value.maximum) == (minimum, maximum)


def test_named_lengths_are_within_the_range():
    for words in LENGTHS.values():
        assert Preferences(words=words).words == words
