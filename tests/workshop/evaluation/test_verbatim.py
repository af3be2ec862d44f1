import random

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.workshop.evaluation import verbatim as module
from bot.workshop.evaluation.verbatim import SHARE_WORDS, verbatim, words_of

WORDS = st.lists(st.sampled_from(["el", "mar", "la", "luna"]), max_size=40).map(" ".join)


def by_hand(essay: str, training: list[str]) -> tuple[int, float]:
    words = words_of(essay)
    texts = [f" {' '.join(words_of(text))} " for text in training]

    def stands(run: list[str]) -> bool:
        return any(f" {' '.join(run)} " in text for text in texts)

    runs = [words[at : at + SHARE_WORDS] for at in range(len(words) - SHARE_WORDS + 1)]
    share = sum(map(stands, runs)) / len(runs) if runs else 0.0
    longest = max(
        (
            length
            for length in range(SHARE_WORDS, len(words) + 1)
            for at in range(len(words) - length + 1)
            if stands(words[at : at + length])
        ),
        default=0,
    )
    return longest, share


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS, max_size=4), st.lists(WORDS, max_size=6))
def test_it_finds_what_a_search_finds(essays: list[str], training: list[str]) -> None:
    found = verbatim(essays, training)
    for essay, answer in zip(essays, found, strict=True):
        assert (answer.longest_words, answer.share) == by_hand(essay, training)


def test_runs_don_t_cross_texts_and_batches_add_up(monkeypatch: object) -> None:
    draw = random.Random(1)
    words = [f"palabra{number}" for number in range(300)]
    text = " ".join(draw.choices(words, k=200))
    halves = [text[: len(text) // 2], text[len(text) // 2 :]]
    whole = verbatim([text], [text])[0]
    assert (whole.longest_words, whole.share) == (200, 1.0)
    parted = verbatim([text], halves)[0]
    assert 90 < parted.longest_words < 120
    assert parted.share < 1.0
    many = [" ".join(draw.choices(words, k=20)) for _ in range(2 * module._BATCH_TEXTS)]
    assert verbatim([text], [*many, text])[0].longest == text
    assert verbatim([text], many)[0].longest_words < 20


def test_marks_and_capitals_don_t_count() -> None:
    essay = "¡El mar, el mar! Dijo: «siempre es el mar» y calló."
    training = ["el mar el mar dijo siempre es el mar y calló ayer"]
    assert verbatim([essay], training)[0].share == 1.0
