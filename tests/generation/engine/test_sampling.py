from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import (
    LogitsProcessorList,
    NoRepeatNGramLogitsProcessor,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from bot.generation.engine import sampling


def logits_of(size: int, seed: int, spread: float = 3.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, spread, size).astype(np.float32)


def chances_of_transformers(logits, temperature, top_k, top_p):
    warpers = LogitsProcessorList([TemperatureLogitsWarper(temperature)])
    if top_k:
        warpers.append(TopKLogitsWarper(top_k))
    if top_p < 1:
        warpers.append(TopPLogitsWarper(top_p))
    warped = warpers(torch.zeros((1, 1), dtype=torch.long), torch.from_numpy(logits.copy())[None])
    return torch.softmax(warped[0].double(), -1).numpy()


@pytest.mark.parametrize("size", [65, 640, 5003])
@pytest.mark.parametrize("temperature", [0.7, 1.3])
@pytest.mark.parametrize(("top_k", "top_p"), [(50, 1.0), (50, 0.9), (0, 0.8), (0, 1.0), (2, 0.5)])
def test_draws_have_the_chances_of_transformers(size, temperature, top_k, top_p):
    logits = logits_of(size, seed=size)
    expected = chances_of_transformers(logits, temperature, top_k, top_p)
    draws = 4000
    # Evenly spread chances instead of random ones: every token's count is then nearly exact.
    counts = Counter(
        sampling.choose_token(logits, temperature, top_k, top_p, (i + 0.5) / draws)
        for i in range(draws)
    )
    drawn = np.zeros(size)
    for token, count in counts.items():
        drawn[token] = count / draws
    assert set(np.flatnonzero(drawn)) <= set(np.flatnonzero(expected))
    assert np.abs(drawn - expected).max() <= 1.5 / draws


@given(st.integers(1, 400), st.integers(0, 2**32), st.integers(0, 80), st.floats(0.01, 1.0))
@settings(max_examples=60, deadline=None)
def test_the_likeliest_token_comes_first(size, seed, top_k, top_p):
    logits = logits_of(size, seed)
    greatest = int(np.argmax(logits))
    assert sampling.choose_token(logits, 0.0, top_k, top_p, 0.9) == greatest
    assert sampling.choose_token(logits, 1.0, 1, top_p, 0.9) == greatest
    assert sampling.choose_token(logits, 1.0, top_k, 1e-6, 0.9) == greatest


def test_forbidden_tokens_are_never_drawn():
    logits = np.full(300, -np.inf, np.float32)
    logits[[7, 200]] = 0.0
    for top_k, top_p in ((0, 1.0), (0, 0.99), (50, 1.0), (299, 0.95)):
        drawn = {sampling.choose_token(logits, 1.0, top_k, top_p, i / 50) for i in range(50)}
        assert drawn <= {7, 200}


def test_ties_with_the_last_of_top_k_stay():
    logits = np.array([1, 3, 3, 3, 0], np.float32)
    drawn = {sampling.choose_token(logits, 1.0, 2, 1.0, i / 30) for i in range(30)}
    assert drawn == {1, 2, 3}


@given(st.lists(st.integers(0, 9), min_size=1, max_size=60), st.integers(2, 5))
@settings(max_examples=60, deadline=None)
def test_processors_equal_those_of_transformers(history, size):
    logits = logits_of(10, seed=len(history))
    processors = LogitsProcessorList(
        [RepetitionPenaltyLogitsProcessor(1.4), NoRepeatNGramLogitsProcessor(size)]
    )
    expected = processors(torch.tensor([history]), torch.from_numpy(logits.copy())[None])[0]
    tokens = np.array(history, np.int32)
    sampling.penalise_repetition(logits, tokens, np.float32(1.4))
    sampling.forbid_repeated_ngrams(logits, tokens, size)
    np.testing.assert_allclose(logits, expected.numpy(), rtol=1e-6)


def test_streams_are_uniform_and_differ():
    streams = np.array(
        [[sampling.uniform(np.uint64(s), np.uint64(i)) for i in range(2000)] for s in range(4)]
    )
    assert streams.min() >= 0
    assert streams.max() < 1
    assert np.abs(streams.mean(axis=1) - 0.5).max() < 0.03
    correlations = np.corrcoef(streams) - np.eye(4)
    assert np.abs(correlations).max() < 0.1
