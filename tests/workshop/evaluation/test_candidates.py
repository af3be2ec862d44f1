"""The measurement of candidates, on a model that has learnt nothing."""

from bot.workshop.evaluation.candidates import HEAD, as_row, measure
from tests.generation.engine.conftest import save_gpt2


def test_each_class_is_counted_with_each_number_of_candidates(tmp_path):
    outcomes = list(measure(save_gpt2(tmp_path), [0.7], [1, 2], students=2, words=20))
    assert [(one.candidates, one.topics) for one in outcomes] == [
        (1, "learnt"), (1, "held out"), (2, "learnt"), (2, "held out"),
    ]  # fmt: skip
    for one in outcomes:
        assert 0 < one.first_s <= one.class_s
        assert one.words > 0
        assert 0 <= one.repeats <= 1
        assert len(as_row(one)) == len(HEAD)
