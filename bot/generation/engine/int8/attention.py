"""Keys and values in int8, and attention over them, for one head of one text.

A block holds 64 tokens of one head of one layer:

* keys, bytes [64 / 16][head / 4][16][4]: panels of 16 tokens, as if keys were output columns
* values, bytes [64 / 4][head / 16][16][4]: four tokens side by side, as if they were inputs
* float32 [64] scales of the keys, float32 [64] scales of the values

so that the same dot product that multiplies weights gives 64 scores, or 16 columns of a sum of
values, without shuffling. Half the size of 16-bit keys and values, hence half the time that long
texts take to read them.

What they are multiplied with, queries and weights of the values, is rounded to 16 bits, kept as
two bytes and multiplied as two rows: ``256 * high + low``. A softmax's small weights would vanish
in 8 bits.
"""

import math

import numpy as np
from numba import carray

from bot.generation.engine.compilation import compiled_fast
from bot.generation.engine.int8.intrinsics import (
    COLUMNS,
    DEPTH,
    PANEL_STEP,
    byte_pointer,
    dot_pair_1,
    dot_pair_4,
    float_pointer,
    signed_byte_pointer,
)
from bot.generation.engine.mathematics import exponential

BLOCK_TOKENS = 64
OFFSET = 128
HALF = np.float32(0.5)
ONE = np.float32(1.0)
GREATEST_BYTE = np.float32(127.0)
# 127 * 256: the greatest number whose high byte still fits after rounding.
GREATEST_WORD = np.float32(32512.0)
HIGH = np.float32(256.0)
TINY = np.float32(1e-30)


def block_bytes(head_store: int) -> int:
    """Return the size of a block, for a head's width padded to 16."""
    return 2 * BLOCK_TOKENS * head_store + 2 * 4 * BLOCK_TOKENS


@compiled_fast
def _scale_of(x: np.ndarray) -> np.float32:
    greatest = TINY
    for e in range(x.size):
        greatest = max(greatest, abs(x[e]))
    return greatest / GREATEST_BYTE


@compiled_fast
def store(key: int, value: int, width: int, head_store: int, block: int, place: int) -> None:
    """Put a token's key and value (float32 [width] each) at ``place`` (0 to 63) of a block."""
    k = carray(float_pointer(key), width)
    v = carray(float_pointer(value), width)
    half = BLOCK_TOKENS * head_store
    scales = carray(float_pointer(block + 2 * half), 2 * BLOCK_TOKENS)
    key_scale, value_scale = _scale_of(k), _scale_of(v)
    scales[place] = key_scale
    scales[BLOCK_TOKENS + place] = value_scale
    panel, lane = place // COLUMNS, place % COLUMNS
    keys = carray(byte_pointer(block + panel * head_store * COLUMNS + lane * DEPTH), half)
    group, part = place // DEPTH, place % DEPTH
    values = carray(byte_pointer(block + half + group * head_store * DEPTH + part), half)
    key_inverse, value_inverse = ONE / key_scale, ONE / value_scale
    for e in range(width):
        rounded = np.floor(k[e] * key_inverse + HALF)
        keys[(e // DEPTH) * PANEL_STEP + e % DEPTH] = np.uint8(np.int32(rounded) + OFFSET)
    for e in range(width):
        rounded = np.floor(v[e] * value_inverse + HALF)
        values[e * DEPTH] = np.uint8(np.int32(rounded) + OFFSET)
    for e in range(width, head_store):
        keys[(e // DEPTH) * PANEL_STEP + e % DEPTH] = OFFSET
        values[e * DEPTH] = OFFSET


@compiled_fast
def _split_words(x: np.ndarray, inverse: np.float32, pairs: int, padded: int) -> tuple[int, int]:
    """Round ``x * inverse`` to 16 bits, as bytes [padded / 4][high, low][4].

    Returns:
        128 times the sum of the high bytes, and of the low bytes.
    """
    out = carray(signed_byte_pointer(pairs), 2 * padded)
    high_sum = np.int32(0)
    low_sum = np.int32(0)
    for e in range(padded):
        word = np.int32(0)
        if e < x.size:
            word = np.int32(np.floor(x[e] * inverse + HALF))
        high = (word + np.int32(128)) >> np.int32(8)
        low = word - (high << np.int32(8))
        at = (e // DEPTH) * 2 * DEPTH + e % DEPTH
        out[at] = np.int8(high)
        out[at + DEPTH] = np.int8(low)
        high_sum += high
        low_sum += low
    return high_sum * OFFSET, low_sum * OFFSET


@compiled_fast
def _scores(
    query: np.ndarray, blocks: int, block_step: int, length: int, head_store: int,
    score_factor: np.float32, scores: np.ndarray, products: np.ndarray, pairs: int,
) -> np.float32:  # fmt: skip
    """Write query . key * score_factor for every token; return the greatest."""
    greatest_query = TINY
    for e in range(query.size):
        greatest_query = max(greatest_query, abs(query[e]))
    high_sum, low_sum = _split_words(query, GREATEST_WORD / greatest_query, pairs, head_store)
    factor = greatest_query / GREATEST_WORD * score_factor
    greatest = np.float32(-3.0e38)
    for start in range(0, length, BLOCK_TOKENS):
        block = blocks + (start // BLOCK_TOKENS) * block_step
        dot_pair_4(
            pairs, block, head_store * COLUMNS, PANEL_STEP, head_store // DEPTH,
            products.ctypes.data,
        )  # fmt: skip
        scales = carray(float_pointer(block + 2 * BLOCK_TOKENS * head_store), BLOCK_TOKENS)
        for j in range(min(BLOCK_TOKENS, length - start)):
            high = np.float32(products[j] - high_sum)
            low = np.float32(products[BLOCK_TOKENS + j] - low_sum)
            score = (high * HIGH + low) * (factor * scales[j])
            scores[start + j] = score
            greatest = max(greatest, score)
    return greatest


@compiled_fast
def _weights(
    blocks: int, block_step: int, length: int, head_store: int, greatest: np.float32,
    scores: np.ndarray,
) -> tuple[np.float32, np.float32]:  # fmt: skip
    """Turn scores into exp(score - greatest) * scale of the value.

    Returns:
        The sum of the exponentials, and the greatest weight.
    """
    total = np.float32(0)
    greatest_weight = TINY
    for start in range(0, length, BLOCK_TOKENS):
        block = blocks + (start // BLOCK_TOKENS) * block_step
        scales = carray(
            float_pointer(block + 2 * BLOCK_TOKENS * head_store + 4 * BLOCK_TOKENS), BLOCK_TOKENS
        )
        for j in range(min(BLOCK_TOKENS, length - start)):
            chance = exponential(scores[start + j] - greatest)
            total += chance
            weight = chance * scales[j]
            scores[start + j] = weight
            greatest_weight = max(greatest_weight, weight)
    return total, greatest_weight


@compiled_fast
def attend(
    query: int, width: int, head_store: int, blocks: int, block_step: int, length: int,
    score_factor: np.float32, out: int, scratch: np.ndarray,
) -> None:  # fmt: skip
    """Attention of one query over the first ``length`` tokens of a text, for one head.

    softmax(query . keys * score_factor) . values (Vaswani et al. 2017,
    https://arxiv.org/abs/1706.03762, equation 1).

    Args:
        query: float32 [width].
        width: Of the head.
        head_store: Width padded to 16.
        blocks: Address of the head's first block.
        block_step: Bytes from one of its blocks to the next.
        length: Tokens to look at, the query's own included.
        score_factor: 1 / sqrt(width).
        out: float32 [width], written.
        scratch: float32, room for ``scratch_floats(length, head_store)``.
    """
    padded = (length + BLOCK_TOKENS - 1) // BLOCK_TOKENS * BLOCK_TOKENS
    scores = scratch[:length]
    pairs = scratch[padded:].ctypes.data
    products = np.empty(2 * BLOCK_TOKENS, np.int32)
    sums = np.zeros((2, head_store), np.int32)
    q = carray(float_pointer(query), width)
    greatest = _scores(
        q, blocks, block_step, length, head_store, score_factor, scores, products, pairs
    )
    total, greatest_weight = _weights(blocks, block_step, length, head_store, greatest, scores)
    high_sum, low_sum = _split_words(scores, GREATEST_WORD / greatest_weight, pairs, padded)
    value_step = head_store * DEPTH
    value_groups = BLOCK_TOKENS // DEPTH
    for start in range(0, length, BLOCK_TOKENS):
        values = blocks + (start // BLOCK_TOKENS) * block_step + BLOCK_TOKENS * head_store
        groups = min(value_groups, (length - start + DEPTH - 1) // DEPTH)
        part = pairs + 2 * start
        column = 0
        while column < head_store:
            address = values + column * DEPTH
            if head_store - column >= 4 * COLUMNS:
                count = 4 * COLUMNS
                dot_pair_4(part, address, PANEL_STEP, value_step, groups, products.ctypes.data)
            else:
                count = COLUMNS
                dot_pair_1(part, address, PANEL_STEP, value_step, groups, products.ctypes.data)
            for c in range(count):
                sums[0, column + c] += products[c]
                sums[1, column + c] += products[count + c]
            column += count
    factor = greatest_weight / GREATEST_WORD / total
    result = carray(float_pointer(out), width)
    for e in range(width):
        high = np.float32(sums[0, e] - high_sum)
        low = np.float32(sums[1, e] - low_sum)
        result[e] = (high * HIGH + low) * factor


def scratch_floats(context_tokens: int, head_store: int) -> int:
    """Return how many floats :func:`attend` needs for scores and 16-bit words."""
    padded = -(-context_tokens // BLOCK_TOKENS) * BLOCK_TOKENS
    return padded + max(padded, head_store) // 2 + COLUMNS


