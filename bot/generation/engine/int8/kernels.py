"""The parts of one GPT-2 step, on rows (tokens of any text) and panels (16 output columns).

::

    hidden [rows, width] --norm, quantise--> int8 blocks --linear--> float [rows, columns]

Weights: int8 with one scale per output column, stored as byte = value + 128 in panels
[columns / 16][inputs / 4][16][4], the order in which the dot product reads them. Activations:
int8 with one scale per row, rounded anew for every product, stored for up to 16 rows together as
[inputs / 4][rows of the block][4]. Then

    y[r, c] = (sum_k (w[k, c] + 128) x[r, k] - 128 sum_k x[r, k]) * row_scale[r] * scale[c] + b[c]

where the bracket is an exact integer: a row's result does not depend on its company.
"""

import math

import numpy as np

from bot.generation.engine.compilation import compiled, compiled_fast
from bot.generation.engine.int8.intrinsics import (
    COLUMNS,
    DEPTH,
    GREATEST_ROWS,
    PANEL_STEP,
    byte_pointer,
    carray,
    float_pointer,
    int_pointer,
    linear_panel,
    signed_byte_pointer,
)
from bot.generation.engine.int8.tables import Activation
from bot.generation.engine.mathematics import exponential

OFFSET = 128  # a stored weight byte is the value plus this


GELU_TANH, GELU_ERF = int(Activation.GELU_TANH), int(Activation.GELU_ERF)
RELU = int(Activation.RELU)
# Hendrycks and Gimpel 2016, https://arxiv.org/abs/1606.08415: the tanh form of GELU, with
# tanh written as 1 - 2 / (1 + e^2u).
GELU_C = np.float32(2.0 * math.sqrt(2.0 / math.pi))
GELU_CUBE = np.float32(0.044715)
ONE = np.float32(1.0)
HALF = np.float32(0.5)
ROOT_HALF = math.sqrt(0.5)
GREATEST_BYTE = np.float32(127.0)
TINY = np.float32(1e-30)


@compiled
def block_of(rows: int, index: int) -> tuple[int, int]:
    """Return (first row, rows) of block ``index`` when ``rows`` are split evenly into blocks."""
    blocks = (rows + GREATEST_ROWS - 1) // GREATEST_ROWS
    base = rows // blocks
    longer = rows - base * blocks
    return index * base + min(index, longer), base + (1 if index < longer else 0)


@compiled
def place_of(rows: int, row: int) -> tuple[int, int]:
    """Return (first row, rows) of the block that holds ``row``."""
    blocks = (rows + GREATEST_ROWS - 1) // GREATEST_ROWS
    base = rows // blocks
    longer = rows - base * blocks
    in_longer = longer * (base + 1)
    index = row // (base + 1) if row < in_longer else longer + (row - in_longer) // base
    return block_of(rows, index)


@compiled_fast
def embed(
    token: int, position: int, width: int, token_panels: int, token_scales: int, positions: int,
    out: int,
) -> None:  # fmt: skip
    """Write token embedding plus position embedding to ``out`` (float32 [width])."""
    groups = (width + DEPTH - 1) // DEPTH
    scale = carray(float_pointer(token_scales), token + 1)[token]
    base = token_panels + (token // COLUMNS) * groups * PANEL_STEP + (token % COLUMNS) * DEPTH
    stored = carray(byte_pointer(base), groups * PANEL_STEP)
    place = carray(float_pointer(positions + position * width * 4), width)
    hidden = carray(float_pointer(out), width)
    for k in range(width):
        value = np.float32(stored[(k // DEPTH) * PANEL_STEP + k % DEPTH]) - np.float32(OFFSET)
        hidden[k] = value * scale + place[k]


@compiled_fast
def normalise(hidden: int, width: int, gain: int, epsilon: np.float32, y: np.ndarray) -> None:
    """Layer normalisation of a row into ``y`` (Ba et al. 2016, https://arxiv.org/abs/1607.06450).

    Its bias is part of the next matrix's, see ``weights``.
    """
    x = carray(float_pointer(hidden), width)
    g = carray(float_pointer(gain), width)
    total = np.float32(0)
    for k in range(width):
        total += x[k]
    mean = total / np.float32(width)
    squares = np.float32(0)
    for k in range(width):
        squares += (x[k] - mean) * (x[k] - mean)
    inverse = ONE / np.sqrt(squares / np.float32(width) + epsilon)
    for k in range(width):
        y[k] = (x[k] - mean) * inverse * g[k]


@compiled_fast
def activate(x: np.ndarray, kind: int) -> None:
    """Apply the activation function in place."""
    if kind == GELU_TANH:
        for c in range(x.size):
            v = x[c]
            u = GELU_C * (v + GELU_CUBE * v * v * v)
            x[c] = v - v / (exponential(u) + ONE)
    elif kind == RELU:
        for c in range(x.size):
            x[c] = max(x[c], np.float32(0))
    elif kind == GELU_ERF:
        for c in range(x.size):
            x[c] = np.float32(0.5 * x[c] * (1.0 + math.erf(x[c] * ROOT_HALF)))


@compiled_fast
def round_bytes(x: np.ndarray, inverse: np.float32, rounded: np.ndarray) -> np.int32:
    """Write ``x * inverse`` rounded to int8 and return the sum of the integers."""
    total = np.int32(0)
    for k in range(x.size):
        value = np.int32(np.floor(x[k] * inverse + HALF))
        rounded[k] = np.int8(value)
        total += value
    return total


@compiled_fast
def greatest_magnitude(x: np.ndarray) -> np.float32:
    """Return the greatest absolute value, a little above 0 if all are 0."""
    greatest = TINY
    for k in range(x.size):
        greatest = max(greatest, abs(x[k]))
    return greatest


@compiled_fast
def quantise_row(
    x: np.ndarray, rows: int, row: int, quantised: int, scales: int, sums: int,
    scratch: np.ndarray,
) -> None:  # fmt: skip
    """Round one row to int8 with its own scale, into its block.

    Args:
        x: float32 [width].
        rows: Rows of the step, which decide the blocks.
        row: This row.
        quantised: The blocks.
        scales: float32 [rows], written.
        sums: int32 [rows], written: 128 times the sum of the row's integers.
        scratch: int32, [width / 4] rounded up.
    """
    width = x.size
    greatest = greatest_magnitude(x)
    groups = (width + DEPTH - 1) // DEPTH
    scratch[groups - 1] = 0
    rounded = carray(signed_byte_pointer(scratch.ctypes.data), width)
    total = round_bytes(x, GREATEST_BYTE / greatest, rounded)
    carray(float_pointer(scales), rows)[row] = greatest / GREATEST_BYTE
    carray(int_pointer(sums), rows)[row] = total * np.int32(OFFSET)
    first, block_rows = place_of(rows, row)
    base = quantised + first * groups * DEPTH + (row - first) * DEPTH
    block = carray(int_pointer(base), groups * block_rows)
    for g in range(groups):
        block[g * block_rows] = scratch[g]


@compiled
def linear(
    first_panel: int, last_panel: int, inputs: int, panels: int, column_scales: int, bias: int,
    rows: int, quantised: int, scales: int, sums: int, out: int, row_bytes: int, adds: int,
) -> None:  # fmt: skip
    """Multiply all rows by the panels ``first_panel`` to ``last_panel - 1`` of a matrix.

    A panel is read from memory once for all rows.
    """
    groups = (inputs + DEPTH - 1) // DEPTH
    blocks = (rows + GREATEST_ROWS - 1) // GREATEST_ROWS
    for panel in range(first_panel, last_panel):
        w = panels + panel * groups * PANEL_STEP
        column = panel * COLUMNS * 4
        for index in range(blocks):
            first, count = block_of(rows, index)
            x = quantised + first * groups * DEPTH
            linear_panel(
                count, x, w, groups, scales + first * 4, sums + first * 4, column_scales + column,
                bias + column, out + first * row_bytes + column, row_bytes, adds,
            )  # fmt: skip
