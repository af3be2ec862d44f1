"""Drawing the next token from one row of logits, compiled, without sorting the vocabulary.

The order of the steps is that of ``transformers``: repetition penalty, forbidden n-grams,
forbidden end, temperature, top-k, top-p. Sorting 50,257 logits takes 16 ms; the two searches here
take some 20 µs because they find a threshold first and sort only what lies above it. Sorting and
the like are written out: NumPy's, compiled by Numba, would triple the time of the first start.

* top-k: the k-th greatest of the maxima of blocks of 64 is a lower bound of the k-th greatest
  logit, since each of those k maxima is itself a logit.
* top-p: a histogram of probability over the distance from the greatest logit tells in which bin
  the wanted sum is reached; nothing beyond that bin is kept.
"""

import math

import numpy as np
from numpy.typing import NDArray

from bot.generation.engine.compilation import compiled, compiled_fast
from bot.generation.engine.mathematics import exponential

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

BLOCK = 64
BINS = 512
BIN_WIDTH = np.float32(1 / 16)  # in nats; 512 bins reach e**-32, below a float's resolution
MINUS_INFINITY = np.float32(-np.inf)
LEAST = np.float32(-3.0e38)  # of what is not forbidden

# The three multipliers of SplitMix64, https://prng.di.unimi.it/splitmix64.c
GOLDEN_GAMMA = np.uint64(0x9E3779B97F4A7C15)
MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
MIX_2 = np.uint64(0x94D049BB133111EB)


@compiled
def uniform(seed: np.uint64, position: np.uint64) -> float:
    """Return the ``position``-th number in [0, 1) of the random stream ``seed``.

    Counter-based, so that a draw depends on nothing but these two numbers: a text is the same
    whatever was drawn for its neighbours. SplitMix64 applied to the seed, then to the position.
    """
    state = _mix(seed + GOLDEN_GAMMA) + (position + np.uint64(1)) * GOLDEN_GAMMA
    return float(_mix(state) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@compiled
def _mix(z: np.uint64) -> np.uint64:
    z = (z ^ (z >> np.uint64(30))) * MIX_1
    z = (z ^ (z >> np.uint64(27))) * MIX_2
    return z ^ (z >> np.uint64(31))


@compiled
def penalise_repetition(logits: Floats, history: Ints, penalty: np.float32) -> None:
    """Make every token of ``history`` less likely, once each (arXiv:1909.05858, section 4.1)."""
    was_seen = np.zeros(logits.size, np.bool_)
    for token in history:
        if not was_seen[token]:
            was_seen[token] = True
            value = logits[token]
            logits[token] = value * penalty if value < 0 else value / penalty


def penalise_presence(logits: Floats, written: Ints, presence: float, frequency: float) -> None:
    """Make each written token less likely, once and again for each time (OpenAI's two)."""
    tokens, counts = np.unique(written, return_counts=True)
    logits[tokens] -= (presence + frequency * counts).astype(np.float32)


def forbid_unlikely(logits: Floats, min_p: float, temperature: float) -> None:
    """Forbid tokens less than ``min_p`` times as likely as the likeliest (arXiv:2407.01082)."""
    logits[logits < logits.max() + np.float32(np.log(min_p) * temperature)] = MINUS_INFINITY


def log_probabilities(
    logits: Floats, token_id: int, count: int
) -> tuple[float, tuple[tuple[int, float], ...]]:
    """Return how likely one row of logits makes a token, and the ``count`` likeliest ones.

    Returns:
        The token's log-probability; ``(token, log-probability)`` of the others, likeliest first.
    """
    wide = logits.astype(np.float64)
    greatest = wide.max()
    logs = wide - (greatest + np.log(np.exp(wide - greatest).sum()))
    count = min(count, logs.size)
    top = np.argpartition(-logs, count - 1)[:count] if count else np.empty(0, np.int64)
    top = top[np.lexsort((top, -logs[top]))]
    return float(logs[token_id]), tuple((int(token), float(logs[token])) for token in top)


@compiled
def forbid_repeated_ngrams(logits: Floats, history: Ints, size: int) -> None:
    """Forbid each token that would end a run of ``size`` tokens seen before in ``history``."""
    length = history.size
    if length + 1 < size:
        return
    tail = length - (size - 1)
    for start in range(length - size + 1):
        matches = True
        for i in range(size - 1):
            if history[start + i] != history[tail + i]:
                matches = False
                break
        if matches:
            logits[history[start + size - 1]] = MINUS_INFINITY


@compiled_fast
def block_maxima(logits: Floats, maxima: Floats) -> None:
    """Write the maximum of each block of 64 logits (the last may be shorter) to ``maxima``."""
    full = logits.size // BLOCK
    for b in range(full):
        block = logits[b * BLOCK : (b + 1) * BLOCK]
        greatest = block[0]
        for j in range(BLOCK):
            greatest = max(greatest, block[j])
        maxima[b] = greatest
    if full < maxima.size:
        greatest = MINUS_INFINITY
        for j in range(full * BLOCK, logits.size):
            greatest = max(greatest, logits[j])
        maxima[full] = greatest


@compiled
def _argmax(logits: Floats, maxima: Floats) -> int:
    """Return the first index of the greatest logit."""
    best = 0
    for b in range(maxima.size):
        if maxima[b] > maxima[best]:
            best = b
    token = best * BLOCK
    while logits[token] != maxima[best] and token < logits.size - 1:
        token += 1
    return token


@compiled
def _at_least(logits: Floats, maxima: Floats, threshold: np.float32) -> Ints:
    """Return the indices of logits >= threshold, ascending, skipping blocks that have none."""
    found = np.empty(logits.size, np.int32)
    count = 0
    for b in range(maxima.size):
        if maxima[b] >= threshold:
            for j in range(b * BLOCK, min((b + 1) * BLOCK, logits.size)):
                if logits[j] >= threshold:
                    found[count] = j
                    count += 1
    return found[:count]


@compiled
def _kth_greatest(values: Floats, k: int) -> np.float32:
    """Return the k-th greatest of some values, k of them at least."""
    top = np.full(k, MINUS_INFINITY)  # ascending
    for value in values:
        if value > top[0]:
            place = 0
            while place < k - 1 and top[place + 1] < value:
                top[place] = top[place + 1]
                place += 1
            top[place] = value
    least: np.float32 = top[0]
    return least


@compiled
def _greatest_first(indices: Ints, logits: Floats) -> Ints:
    """Return the indices by their logits, in their own order where these are alike: merge sort."""
    count = indices.size
    source, target = indices.copy(), np.empty_like(indices)
    width = 1
    while width < count:
        for first in range(0, count, 2 * width):
            middle, last = min(first + width, count), min(first + 2 * width, count)
            left, right = first, middle
            for place in range(first, last):
                is_left = right == last or (
                    left < middle and logits[source[left]] >= logits[source[right]]
                )
                if is_left:
                    target[place] = source[left]
                    left += 1
                else:
                    target[place] = source[right]
                    right += 1
        source, target = target, source
        width *= 2
    return source


@compiled
def _top_k(logits: Floats, maxima: Floats, k: int) -> Ints:
    """Return the k greatest logits' indices, greatest first.

    Ties with the k-th stay, as in ``transformers``.
    """
    threshold = MINUS_INFINITY
    if k < maxima.size:
        threshold = _kth_greatest(maxima, k)
    order = _greatest_first(_at_least(logits, maxima, max(threshold, LEAST)), logits)
    count = min(k, order.size)
    while 0 < count < order.size and logits[order[count]] == logits[order[count - 1]]:
        count += 1
    return order[:count]


@compiled_fast
def _total_probability(
    logits: Floats, greatest: np.float32, inverse_temperature: np.float32
) -> float:
    total = 0.0
    for start in range(0, logits.size, BLOCK):
        block = logits[start : start + BLOCK]
        part = np.float32(0)
        for j in range(block.size):
            part += exponential((block[j] - greatest) * inverse_temperature)
        total += float(part)
    return total


@compiled
def _nucleus(
    logits: Floats, maxima: Floats, inverse_temperature: np.float32, top_p: float
) -> Ints:
    """Return indices, greatest logit first, that surely hold the top-p set of the vocabulary."""
    greatest = maxima.max()
    total = _total_probability(logits, greatest, inverse_temperature)
    mass = np.zeros(BINS, np.float64)
    for j in range(logits.size):
        distance = (greatest - logits[j]) * inverse_temperature
        if distance < np.float32(BINS - 1) * BIN_WIDTH:
            mass[int(distance / BIN_WIDTH)] += exponential(-distance)
    # A little more than asked for: the two sums round differently, and the exact cut comes later.
    wanted = min(top_p * (1 + 1e-5) + 1e-6, 2.0) * total
    reached = 0.0
    last = 0
    while last < BINS - 1:
        reached += mass[last]
        if reached >= wanted:
            break
        last += 1
    distance = np.float32(last + 1) * BIN_WIDTH / inverse_temperature
    threshold = greatest - distance if last < BINS - 1 else LEAST
    return _greatest_first(_at_least(logits, maxima, threshold), logits)


@compiled
def _draw_from(
    candidates: Ints,
    logits: Floats,
    inverse_temperature: np.float32,
    total: float,
    top_p: float,
    chance: float,
) -> int:
    """Cut ``candidates`` (greatest first) to the top-p set, then draw one.

    Args:
        candidates: Indices into ``logits``.
        logits: The whole row.
        inverse_temperature: Multiplies the logits.
        total: Sum of exp(logit - greatest) that top_p is a share of; 0 = that of the candidates.
        top_p: Share of ``total`` that the kept candidates reach.
        chance: In [0, 1).
    """
    weights = np.empty(candidates.size, np.float64)
    greatest = logits[candidates[0]]
    for i in range(candidates.size):
        weights[i] = exponential((logits[candidates[i]] - greatest) * inverse_temperature)
    if total == 0.0:
        total = weights.sum()
    kept_sum = 0.0
    kept = 0
    while kept < candidates.size:
        kept_sum += weights[kept]
        kept += 1
        if top_p < 1.0 and kept_sum >= top_p * total:
            break
    target = chance * kept_sum
    reached = 0.0
    for i in range(kept):
        reached += weights[i]
        if reached > target:
            return int(candidates[i])
    return int(candidates[kept - 1])


@compiled
def _draw_from_all(
    logits: Floats, greatest: np.float32, inverse_temperature: np.float32, chance: float
) -> int:
    """Draw from the whole vocabulary, in the order of the indices."""
    total = _total_probability(logits, greatest, inverse_temperature)
    target = chance * total
    reached = 0.0
    last = 0
    for j in range(logits.size):
        weight = exponential((logits[j] - greatest) * inverse_temperature)
        # The clamp of `exponential` leaves e**-87 to forbidden tokens; they must not be drawn.
        if logits[j] > MINUS_INFINITY:
            reached += float(weight)
            last = j
            if reached > target:
                return j
    return last


@compiled
def log_total(logits: Floats) -> float:
    """Return log(sum(exp(logits))): a logit less this is its token's log-probability."""
    greatest = logits.max()
    return float(greatest) + math.log(_total_probability(logits, greatest, np.float32(1.0)))


@compiled
def choose_token(
    logits: Floats, temperature: float, top_k: int, top_p: float, chance: float
) -> int:
    """Choose a token from one row of logits.

    Args:
        logits: Shape [vocabulary]; penalties and prohibitions already applied.
        temperature: 0 chooses the greatest logit.
        top_k: 0 is off.
        top_p: 1 is off. Applies to what top-k leaves.
        chance: The random number, in [0, 1).

    Returns:
        The token's index.
    """
    maxima = np.empty((logits.size + BLOCK - 1) // BLOCK, np.float32)
    block_maxima(logits, maxima)
    if temperature == 0.0 or top_k == 1:
        return _argmax(logits, maxima)
    inverse_temperature = np.float32(1.0 / max(temperature, 1e-4))
    if 0 < top_k < logits.size:
        candidates = _top_k(logits, maxima, top_k)
        return _draw_from(candidates, logits, inverse_temperature, 0.0, top_p, chance)
    greatest = maxima.max()
    if top_p >= 1.0:
        return _draw_from_all(logits, greatest, inverse_temperature, chance)
    total = _total_probability(logits, greatest, inverse_temperature)
    candidates = _nucleus(logits, maxima, inverse_temperature, top_p)
    return _draw_from(candidates, logits, inverse_temperature, total, top_p, chance)


def warm_up() -> None:
    """Compile what a text needs, or load what was compiled before, so that no reader waits."""
    logits = np.zeros(BLOCK, np.float32)
    token_ids = np.zeros(2, np.int32)
    penalise_repetition(logits, token_ids, np.float32(1.0))
    forbid_repeated_ngrams(logits, token_ids, 2)
    choose_token(logits, 1.0, 0, 1.0, uniform(np.uint64(0), np.uint64(0)))
    log_total(logits)
