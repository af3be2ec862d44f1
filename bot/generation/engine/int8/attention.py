"""Keys and values in int8, and attention over them, for one head of one text.

A block holds 64 tokens of one head of one layer:

* keys, bytes [head / 4][64 / 16][16][4]: as if the tokens were output columns
* values, bytes [64 / 4][head / 16][16][4]: as if the tokens were inputs
* float32 [64] scales of the keys, float32 [64] scales of the values

so that the same dot product that multiplies weights gives 64 scores, or 16 columns of a sum of
values, without shuffling. Half the size of 16-bit keys and values, hence half the time that long
texts take to read them.

What they are multiplied with, queries and weights of the values, is rounded to 16 bits, kept as
two bytes and multiplied as two rows: ``256 * high + low``. A softmax's small weights would vanish
in 8 bits.
"""

import numpy as np

from bot.generation.engine.compilation import compiled_fast, compiled_inside
from bot.generation.engine.int8.intrinsics import (
    COLUMNS,
    DEPTH,
    PANEL_STEP,
    byte_pointer,
    carray,
    dot_pair_1,
    dot_pair_4,
    float_pointer,
    int_pointer,
)
from bot.generation.engine.int8.kernels import greatest_magnitude
from bot.generation.engine.mathematics import exponential

BLOCK_TOKENS = 64
PANELS = BLOCK_TOKENS // COLUMNS
FLOAT = 4  # bytes
OFFSET = 128
HALF = np.float32(0.5)
GREATEST_BYTE = np.float32(127.0)
# 127 * 256: the greatest number whose high byte still fits after rounding.
GREATEST_WORD = np.float32(32512.0)
HIGH = np.float32(256.0)
TINY = np.float32(1e-30)


def block_bytes(head_store: int) -> int:
    """Return the size of a block, for a head's width padded to 16."""
    return 2 * BLOCK_TOKENS * head_store + 2 * FLOAT * BLOCK_TOKENS


@compiled_fast
def store(
    key: np.ndarray, value: np.ndarray, head_store: int, block: int, place: int,
    scratch: np.ndarray,
) -> None:  # fmt: skip
    """Put a token's key and value, float32 [head width], at ``place`` (0 to 63) of a block.

    Args:
        key: Of one head.
        value: Of the same.
        head_store: Head width, padded to 16.
        block: The block's address.
        place: The token's place in it.
        scratch: uint8, at least ``head_store``.
    """
    half = BLOCK_TOKENS * head_store
    scales = carray(float_pointer(block + 2 * half), 2 * BLOCK_TOKENS)
    rounded = scratch[:head_store]
    scales[place] = _round_offset(key, rounded)
    words = carray(int_pointer(rounded.ctypes.data), head_store // DEPTH)
    panel, lane = place // COLUMNS, place % COLUMNS
    keys = carray(int_pointer(block + panel * PANEL_STEP + lane * DEPTH), half // DEPTH)
    for g in range(head_store // DEPTH):
        keys[g * BLOCK_TOKENS] = words[g]
    scales[BLOCK_TOKENS + place] = _round_offset(value, rounded)
    group, part = place // DEPTH, place % DEPTH
    values = carray(byte_pointer(block + half + group * head_store * DEPTH + part), half)
    for e in range(head_store):
        values[e * DEPTH] = rounded[e]


@compiled_fast
def _round_offset(x: np.ndarray, rounded: np.ndarray) -> np.float32:
    """Round to int8, stored as byte = value + 128; return the scale."""
    greatest = greatest_magnitude(x)
    inverse = GREATEST_BYTE / greatest
    for e in range(x.size):
        rounded[e] = np.uint8(np.int32(np.floor(x[e] * inverse + HALF)) + np.int32(OFFSET))
    rounded[x.size :] = OFFSET
    return greatest / GREATEST_BYTE


@compiled_fast
def _split_words(
    x: np.ndarray, inverse: np.float32, high: np.ndarray, low: np.ndarray
) -> tuple[np.int32, np.int32]:
    """Round ``x * inverse`` to 16 bits, written as two bytes each; the rest is filled with 0.

    Returns:
        128 times the sum of the high bytes, and of the low bytes.
    """
    high_sum = np.int32(0)
    low_sum = np.int32(0)
    for e in range(x.size):
        word = np.int32(np.floor(x[e] * inverse + HALF))
        upper = (word + np.int32(128)) >> np.int32(8)
        lower = word - (upper << np.int32(8))
        high[e] = np.int8(upper)
        low[e] = np.int8(lower)
        high_sum += upper
        low_sum += lower
    high[x.size :] = 0
    low[x.size :] = 0
    return high_sum * OFFSET, low_sum * OFFSET


@compiled_fast
def _block_scores(
    products: np.ndarray, high_sum: np.int32, low_sum: np.int32, factor: np.float32,
    scales: np.ndarray, scores: np.ndarray,
) -> np.float32:  # fmt: skip
    """Turn a block's integers into scores; return the greatest."""
    greatest = np.float32(-3.0e38)
    for j in range(scores.size):
        high = np.float32(products[j] - high_sum)
        low = np.float32(products[BLOCK_TOKENS + j] - low_sum)
        score = (high * HIGH + low) * (factor * scales[j])
        scores[j] = score
        greatest = max(greatest, score)
    return greatest


@compiled_fast
def _block_weights(
    scores: np.ndarray, greatest: np.float32, scales: np.ndarray
) -> tuple[np.float32, np.float32]:
    """Turn scores into exp(score - greatest) times the value's scale.

    Returns:
        The sum of the exponentials, and the greatest weight.
    """
    total = np.float32(0)
    greatest_weight = np.float32(0)
    for j in range(scores.size):
        chance = exponential(scores[j] - greatest)
        total += chance
        weight = chance * scales[j]
        scores[j] = weight
        greatest_weight = max(greatest_weight, weight)
    return total, greatest_weight


@compiled_inside
def attend(
    query: np.ndarray, head_store: int, blocks: np.ndarray, length: int, score_factor: np.float32,
    out: np.ndarray, scratch: np.ndarray, halves: np.ndarray, integers: np.ndarray,
) -> None:  # fmt: skip
    """Attention of one query over the first ``length`` tokens of a text, for one head.

    softmax(query . keys * score_factor) . values (Vaswani et al. 2017,
    https://arxiv.org/abs/1706.03762, equation 1).

    Args:
        query: float32 [head width].
        head_store: Head width, padded to 16.
        blocks: Addresses of the head's blocks.
        length: Tokens to look at, the query's own included.
        score_factor: 1 / sqrt(head width).
        out: float32 [head width], written.
        scratch: float32, at least ``length``.
        halves: int8 [2, n], n at least ``length`` rounded up to 64, and ``head_store``.
        integers: int32 [128 + 2 * head_store].
    """
    scores = scratch[:length]
    products, sums = integers[: 2 * BLOCK_TOKENS], integers[2 * BLOCK_TOKENS :]
    greatest = _score_keys(query, head_store, blocks, score_factor, scores, halves, products)
    total, greatest_weight = _weigh_values(scores, greatest, head_store, blocks)
    _sum_values(scores, greatest_weight, total, head_store, blocks, halves, products, sums, out)


@compiled_inside
def _score_keys(
    query: np.ndarray, head_store: int, blocks: np.ndarray, score_factor: np.float32,
    scores: np.ndarray, halves: np.ndarray, products: np.ndarray,
) -> np.float32:  # fmt: skip
    """Write query . key * score_factor for each token; return the greatest."""
    high, low = halves[0, :head_store], halves[1, :head_store]
    greatest_query = greatest_magnitude(query)
    high_sum, low_sum = _split_words(query, GREATEST_WORD / greatest_query, high, low)
    factor = greatest_query / GREATEST_WORD * score_factor
    greatest = np.float32(-3.0e38)
    for start in range(0, scores.size, BLOCK_TOKENS):
        block = blocks[start // BLOCK_TOKENS]
        dot_pair_4(
            high.ctypes.data, low.ctypes.data, block, PANEL_STEP, PANELS * PANEL_STEP,
            head_store // DEPTH, products.ctypes.data,
        )  # fmt: skip
        best = _block_scores(
            products, high_sum, low_sum, factor, _key_scales(block, head_store),
            scores[start : start + BLOCK_TOKENS],
        )  # fmt: skip
        greatest = max(greatest, best)
    return greatest


@compiled_inside
def _weigh_values(
    scores: np.ndarray, greatest: np.float32, head_store: int, blocks: np.ndarray
) -> tuple[np.float32, np.float32]:
    """Turn scores into the softmax's numerators times the values' scales.

    Returns:
        The softmax's denominator, and the greatest weight, a little above 0 if all are 0.
    """
    total = np.float32(0)
    greatest_weight = TINY
    for start in range(0, scores.size, BLOCK_TOKENS):
        block = blocks[start // BLOCK_TOKENS]
        part, best = _block_weights(
            scores[start : start + BLOCK_TOKENS], greatest, _value_scales(block, head_store)
        )
        total += part
        greatest_weight = max(greatest_weight, best)
    return total, greatest_weight


@compiled_inside
def _sum_values(
    weights: np.ndarray, greatest_weight: np.float32, total: np.float32, head_store: int,
    blocks: np.ndarray, halves: np.ndarray, products: np.ndarray, sums: np.ndarray,
    out: np.ndarray,
) -> None:  # fmt: skip
    """Write the sum of the values, each times its weight, over the denominator."""
    length = weights.size
    padded = (length + BLOCK_TOKENS - 1) // BLOCK_TOKENS * BLOCK_TOKENS
    high, low = halves[0, :padded], halves[1, :padded]
    high_sum, low_sum = _split_words(weights, GREATEST_WORD / greatest_weight, high, low)
    sums[:] = 0
    for start in range(0, length, BLOCK_TOKENS):
        values = blocks[start // BLOCK_TOKENS] + BLOCK_TOKENS * head_store
        groups = min(BLOCK_TOKENS // DEPTH, (length - start + DEPTH - 1) // DEPTH)
        _add_values(
            values, head_store, groups, high.ctypes.data + start, low.ctypes.data + start,
            products, sums,
        )  # fmt: skip
    _combine(sums, head_store, high_sum, low_sum, greatest_weight / GREATEST_WORD / total, out)


@compiled_inside
def _key_scales(block: int, head_store: int) -> np.ndarray:
    scales: np.ndarray = carray(float_pointer(block + 2 * BLOCK_TOKENS * head_store), BLOCK_TOKENS)
    return scales


@compiled_inside
def _value_scales(block: int, head_store: int) -> np.ndarray:
    after_keys = block + 2 * BLOCK_TOKENS * head_store + FLOAT * BLOCK_TOKENS
    scales: np.ndarray = carray(float_pointer(after_keys), BLOCK_TOKENS)
    return scales


@compiled_inside
def _add_values(
    values: int, head_store: int, groups: int, high: int, low: int, products: np.ndarray,
    sums: np.ndarray,
) -> None:  # fmt: skip
    """Add one block's weighted values to ``sums``, int32 [2, head_store]."""
    step = head_store * DEPTH
    out = products.ctypes.data
    for column in range(0, head_store - head_store % (4 * COLUMNS), 4 * COLUMNS):
        dot_pair_4(high, low, values + column * DEPTH, PANEL_STEP, step, groups, out)
        for c in range(4 * COLUMNS):
            sums[column + c] += products[c]
            sums[head_store + column + c] += products[4 * COLUMNS + c]
    for column in range(head_store - head_store % (4 * COLUMNS), head_store, COLUMNS):
        dot_pair_1(high, low, values + column * DEPTH, PANEL_STEP, step, groups, out)
        for c in range(COLUMNS):
            sums[column + c] += products[c]
            sums[head_store + column + c] += products[COLUMNS + c]


@compiled_fast
def _combine(
    sums: np.ndarray, head_store: int, high_sum: np.int32, low_sum: np.int32, factor: np.float32,
    out: np.ndarray,
) -> None:  # fmt: skip
    for e in range(out.size):
        high = np.float32(sums[e] - high_sum)
        low = np.float32(sums[head_store + e] - low_sum)
        out[e] = (high * HIGH + low) * factor
