import math
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from bot.workshop.evaluation.bits import uniform_scorer
from bot.workshop.evaluation.ngram import KneserNey, _discounts

END = 0
VOCABULARY = 5


def random_texts(count: int, seed: int) -> list[np.ndarray]:
    draw = np.random.default_rng(seed)
    transitions = draw.dirichlet(np.full(VOCABULARY - 1, 0.3), VOCABULARY)
    texts = []
    for _ in range(count):
        text = [0]
        for _ in range(12):
            text.append(int(draw.choice(VOCABULARY - 1, p=transitions[text[-1]])) + 1)
        texts.append(np.array(text[1:]))
    return texts


@pytest.mark.parametrize("order", [2, 3, 5])
def test_probabilities_add_up_to_one(order: int) -> None:
    model = KneserNey(random_texts(30, 1), VOCABULARY, END, order)
    for context in ([], [1], [1, 2], [4, 4, 4, 4], [3, 1, 2, 4, 2]):
        before = model.nats(np.array(context, dtype=np.int64))
        total = sum(
            math.exp(before - model.nats(np.array([*context, token])))
            for token in range(VOCABULARY)
        )
        assert total == pytest.approx(1.0)


def test_bigrams_follow_the_formula() -> None:
    texts = random_texts(40, 2)
    model = KneserNey(texts, VOCABULARY, END, 2)
    stream = [END]
    for text in texts:
        stream += [*text.tolist(), END]
    bigrams = Counter(pairwise(stream))
    discount = model._orders[1].discounts
    continuations = Counter(last for _, last in bigrams)
    unigram_kinds = Counter(min(count, 3) for count in continuations.values())
    model_discounts = model._orders[0].discounts
    total = sum(continuations.values())
    spread = sum(model_discounts[kind] * count for kind, count in unigram_kinds.items()) / total
    for first in range(1, VOCABULARY):
        for second in range(1, VOCABULARY):
            count = continuations[second]
            lower = (count - model_discounts[min(count, 3)]) / total + spread / VOCABULARY
            of_first = {pair: n for pair, n in bigrams.items() if pair[0] == first}
            n = bigrams[(first, second)]
            kept = n - discount[min(n, 3)] if n else 0.0
            mass = sum(discount[min(value, 3)] for value in of_first.values())
            expected = (kept + mass * lower) / sum(of_first.values())
            actual = math.exp(
                model.nats(np.array([first])) - model.nats(np.array([first, second]))
            )
            assert actual == pytest.approx(expected)


def test_discounts_follow_the_formula() -> None:
    counts = np.repeat([1, 2, 3, 4, 5], [50, 20, 10, 5, 9])
    y = 50 / (50 + 2 * 20)
    expected = [0, 1 - 2 * y * 20 / 50, 2 - 3 * y * 10 / 20, 3 - 4 * y * 5 / 10]
    assert _discounts(counts).tolist() == pytest.approx(expected)
    assert _discounts(np.array([1, 1, 5])).tolist() == [0.0, 0.5, 0.5, 0.5]


def test_it_foretells_its_language_better_than_chance() -> None:
    texts = random_texts(200, 3)
    model = KneserNey(texts[:150], VOCABULARY, END, 5)
    chance = uniform_scorer(VOCABULARY)
    assert sum(map(model.nats, texts[150:])) < 0.8 * sum(map(chance, texts[150:]))


def test_unknown_contexts_and_empty_texts() -> None:
    model = KneserNey([np.array([1, 2, 1, 2])], VOCABULARY, END, 5)
    assert model.nats(np.array([], dtype=np.int64)) == 0.0
    assert math.isfinite(model.nats(np.array([4, 3, 4, 4, 4, 3])))
