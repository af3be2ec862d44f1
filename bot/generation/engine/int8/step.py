"""One step of a GPT-2 for many texts, as stages whose chunks the team's threads share out.

(Radford et al. 2019; the shapes are those of ``transformers``' ``GPT2Model``.)

::

    embed                  hidden = token + position                        chunk: 4 rows
    each layer:
      norm, quantise       int8   = round(norm(hidden))                     chunk: 4 rows
      linear               qkv    = int8 . W_qkv                            chunk: panels
      attention            context= softmax(q k / sqrt(head)) v             chunk: a text's head
      quantise             int8   = round(context)                          chunk: 4 rows
      linear               hidden += int8 . W_out                           chunk: panels
      norm, quantise       int8   = round(norm(hidden))                     chunk: 4 rows
      linear               inner  = int8 . W_up                             chunk: panels
      activate, quantise   int8   = round(gelu(inner))                      chunk: 4 rows
      linear               hidden += int8 . W_down                          chunk: panels
    norm, quantise         only the rows whose logits are wanted            chunk: 4 rows
    linear                 logits = int8 . W_head                           chunk: panels
"""

import math

import numpy as np
from numba import carray

from bot.generation.engine.compilation import compiled
from bot.generation.engine.int8 import kernels
from bot.generation.engine.int8.attention import BLOCK_TOKENS, attend, store
from bot.generation.engine.int8.intrinsics import (
    COLUMNS,
    DEPTH,
    float_pointer,
    int_pointer,
    store_release,
)
from bot.generation.engine.int8.kernels import activate, embed, linear, normalise, quantise_row
from bot.generation.engine.int8.tables import Layer, Model, Shape, Work
from bot.generation.engine.int8.team import (
    CURRENT_STEP,
    claim,
    finish,
    open_stage,
    wait_for_stage,
    wait_for_step,
)

ROWS_PER_CHUNK = 4
CHUNKS_PER_THREAD = 6  # of a matrix: enough to even out, few enough to stream
STAGES_PER_LAYER = 9
FLOAT = 4  # bytes

# Compiled code takes plain integers.
LAYERS, WIDTH, HEADS = int(Shape.LAYERS), int(Shape.WIDTH), int(Shape.HEADS)
HEAD_WIDTH, HEAD_STORE, INNER = int(Shape.HEAD_WIDTH), int(Shape.HEAD_STORE), int(Shape.INNER)
VOCABULARY, ACTIVATION, THREADS = (
    int(Shape.VOCABULARY),
    int(Shape.ACTIVATION),
    int(Shape.THREADS),
)
SLOT_BYTES, TOKEN_BLOCK_BYTES = int(Shape.SLOT_BYTES), int(Shape.TOKEN_BLOCK_BYTES)
BLOCK_BYTES, SCALES_BY_LAYER = int(Shape.BLOCK_BYTES), int(Shape.SCALES_BY_LAYER)
SCALES_ATTENTION = int(Shape.SCALES_ATTENTION)
NORM_1, NORM_2 = int(Layer.NORM_1_GAIN), int(Layer.NORM_2_GAIN)
MATRIX_QKV, MATRIX_OUT = int(Layer.QKV), int(Layer.OUT)
MATRIX_UP, MATRIX_DOWN = int(Layer.UP), int(Layer.DOWN)
POSITIONS, TOKENS, NORM_LAST = int(Model.POSITIONS), int(Model.TOKENS), int(Model.NORM_GAIN)
MATRIX_HEAD = int(Model.HEAD)
ROWS, SLICES, LOGIT_ROWS = int(Work.ROWS), int(Work.SLICES), int(Work.LOGIT_ROWS)
TOKEN_IDS, ROW_POSITIONS = int(Work.TOKEN_IDS), int(Work.ROW_POSITIONS)
SLICE_SLOTS, SLICE_ROWS, LOGIT_OF = (
    int(Work.SLICE_SLOTS),
    int(Work.SLICE_ROWS),
    int(Work.LOGIT_OF),
)
HIDDEN, QUANTISED, ROW_SCALES = int(Work.HIDDEN), int(Work.QUANTISED), int(Work.ROW_SCALES)
ROW_SUMS, QKV, CONTEXT = int(Work.ROW_SUMS), int(Work.QKV), int(Work.CONTEXT)
INNER_ROWS, LOGITS, CACHE = int(Work.INNER), int(Work.LOGITS), int(Work.CACHE)
WRITE, ADD, LINEAR = kernels.WRITE, kernels.ADD, kernels.LINEAR


def stage_count(layers: int) -> int:
    """Return how many stages a step has."""
    return 1 + STAGES_PER_LAYER * layers + 2


@compiled
def padded(columns: int) -> int:
    """Return a row's width in memory: whole panels of 16."""
    return (columns + COLUMNS - 1) // COLUMNS * COLUMNS


@compiled
def _panels_per_chunk(columns: int, threads: int) -> int:
    return max(1, (columns + COLUMNS - 1) // COLUMNS // (CHUNKS_PER_THREAD * threads))


@compiled
def _linear_chunks(columns: int, threads: int) -> int:
    panels = (columns + COLUMNS - 1) // COLUMNS
    each = _panels_per_chunk(columns, threads)
    return (panels + each - 1) // each


@compiled
def _heads_per_chunk(shape: np.ndarray, slices: int) -> int:
    """Return all heads where there are texts enough to share out, else one: heads of a text lie
    side by side in memory."""
    return shape[HEADS] if slices >= 4 * shape[THREADS] else 1


@compiled
def open_step(shape: np.ndarray, work: np.ndarray, control: int, counters: int, step: int) -> None:
    """Set the counters of every stage and announce the step to the team."""
    rows = (work[ROWS] + ROWS_PER_CHUNK - 1) // ROWS_PER_CHUNK
    threads = shape[THREADS]
    width = shape[WIDTH]
    attention_chunks = work[SLICES] * (shape[HEADS] // _heads_per_chunk(shape, work[SLICES]))
    open_stage(counters, 0, step, rows)
    for layer in range(shape[LAYERS]):
        stage = 1 + layer * STAGES_PER_LAYER
        open_stage(counters, stage, step, rows)
        open_stage(counters, stage + 1, step, _linear_chunks(3 * width, threads))
        open_stage(counters, stage + 2, step, attention_chunks)
        open_stage(counters, stage + 3, step, rows)
        open_stage(counters, stage + 4, step, _linear_chunks(width, threads))
        open_stage(counters, stage + 5, step, rows)
        open_stage(counters, stage + 6, step, _linear_chunks(shape[INNER], threads))
        open_stage(counters, stage + 7, step, rows)
        open_stage(counters, stage + 8, step, _linear_chunks(width, threads))
    last = 1 + shape[LAYERS] * STAGES_PER_LAYER
    logit_rows = work[LOGIT_ROWS]
    open_stage(counters, last, step, (logit_rows + ROWS_PER_CHUNK - 1) // ROWS_PER_CHUNK)
    head_chunks = _linear_chunks(shape[VOCABULARY], threads) if logit_rows > 0 else 0
    open_stage(counters, last + 1, step, head_chunks)
    store_release(control + CURRENT_STEP, step)


@compiled
def _embed_rows(chunk: int, shape: np.ndarray, model: np.ndarray, work: np.ndarray) -> None:
    width = shape[WIDTH]
    tokens = carray(int_pointer(work[TOKEN_IDS]), work[ROWS])
    positions = carray(int_pointer(work[ROW_POSITIONS]), work[ROWS])
    for row in range(
        chunk * ROWS_PER_CHUNK, min((chunk + 1) * ROWS_PER_CHUNK, work[ROWS])
    ):
        embed(
            tokens[row], positions[row], width, model[TOKENS], model[TOKENS + 1],
            model[POSITIONS], work[HIDDEN] + row * padded(width) * FLOAT,
        )  # fmt: skip


@compiled
def _normalise_rows(
    chunk: int, shape: np.ndarray, work: np.ndarray, norms: np.ndarray, norm: int,
    epsilon: np.float32, is_last: bool,
) -> None:  # fmt: skip
    """Normalise and quantise rows; the last time only those whose logits are wanted."""
    width = shape[WIDTH]
    rows = work[LOGIT_ROWS] if is_last else work[ROWS]
    chosen = carray(int_pointer(work[LOGIT_OF]), work[LOGIT_ROWS])
    normal = np.empty(width, np.float32)
    scratch = np.empty(padded(width) // DEPTH, np.int32)
    for row in range(chunk * ROWS_PER_CHUNK, min((chunk + 1) * ROWS_PER_CHUNK, rows)):
        source = chosen[row] if is_last else row
        normalise(
            work[HIDDEN] + source * padded(width) * FLOAT, width, norms[norm], norms[norm + 1],
            epsilon, normal,
        )  # fmt: skip
        quantise_row(
            normal, rows, row, work[QUANTISED], work[ROW_SCALES], work[ROW_SUMS], scratch
        )


@compiled
def _quantise_rows(
    chunk: int, work: np.ndarray, source: int, width: int, activation: int
) -> None:
    """Apply the activation function, if any, to rows and quantise them."""
    scratch = np.empty(padded(width) // DEPTH, np.int32)
    rows = work[ROWS]
    for row in range(chunk * ROWS_PER_CHUNK, min((chunk + 1) * ROWS_PER_CHUNK, rows)):
        x = carray(float_pointer(work[source] + row * padded(width) * FLOAT), width)
        if activation != LINEAR:
            activate(x, activation)
        quantise_row(x, rows, row, work[QUANTISED], work[ROW_SCALES], work[ROW_SUMS], scratch)


@compiled
def _linear_chunk(
    chunk: int, shape: np.ndarray, work: np.ndarray, weights: np.ndarray, matrix: int,
    inputs: int, columns: int, target: int, mode: int,
) -> None:  # fmt: skip
    each = _panels_per_chunk(columns, shape[THREADS])
    panels = (columns + COLUMNS - 1) // COLUMNS
    rows = work[LOGIT_ROWS] if target == LOGITS else work[ROWS]
    linear(
        chunk * each, min((chunk + 1) * each, panels), inputs, weights[matrix],
        weights[matrix + 1], weights[matrix + 2], rows, work[QUANTISED], work[ROW_SCALES],
        work[ROW_SUMS], work[target], padded(columns) * FLOAT, mode,
    )  # fmt: skip


@compiled
def _attention_chunk(chunk: int, layer: int, shape: np.ndarray, work: np.ndarray) -> None:
    each = _heads_per_chunk(shape, work[SLICES])
    chunks = shape[HEADS] // each
    first = chunk % chunks * each
    for number in range(first, first + each):
        _attend_head(chunk // chunks, number, layer, shape, work)


@compiled
def _attend_head(
    piece: int, number: int, layer: int, shape: np.ndarray, work: np.ndarray
) -> None:
    """Store the keys and values of one slice, one head, then attend from each of its rows."""
    heads, width, head = shape[HEADS], shape[WIDTH], shape[HEAD_WIDTH]
    slots = carray(int_pointer(work[SLICE_SLOTS]), work[SLICES])
    bounds = carray(int_pointer(work[SLICE_ROWS]), work[SLICES] + 1)
    positions = carray(int_pointer(work[ROW_POSITIONS]), work[ROWS])
    store_width = shape[HEAD_STORE]
    blocks = (
        work[CACHE] + slots[piece] * shape[SLOT_BYTES]
        + (layer * heads + number) * shape[BLOCK_BYTES]
    )  # fmt: skip
    step = shape[TOKEN_BLOCK_BYTES]
    row_bytes = padded(3 * width) * FLOAT
    column = number * head * FLOAT
    longest = positions[bounds[piece + 1] - 1] + 1
    room = max((longest + BLOCK_TOKENS - 1) // BLOCK_TOKENS * BLOCK_TOKENS, store_width)
    scratch = np.empty(room, np.float32)
    halves = np.empty((2, room), np.int8)
    integers = np.empty(2 * BLOCK_TOKENS + 2 * store_width, np.int32)
    rounded = np.empty(store_width, np.uint8)
    for row in range(bounds[piece], bounds[piece + 1]):
        triple = work[QKV] + row * row_bytes + column
        key = carray(float_pointer(triple + width * FLOAT), head)
        value = carray(float_pointer(triple + 2 * width * FLOAT), head)
        block = blocks + (positions[row] // BLOCK_TOKENS) * step
        store(key, value, store_width, block, positions[row] % BLOCK_TOKENS, rounded)
    factor = np.float32(1.0)
    if shape[SCALES_ATTENTION] != 0:
        factor = np.float32(1.0 / math.sqrt(head))
    if shape[SCALES_BY_LAYER] != 0:
        factor = factor / np.float32(layer + 1)
    for row in range(bounds[piece], bounds[piece + 1]):
        query = carray(float_pointer(work[QKV] + row * row_bytes + column), head)
        context = carray(
            float_pointer(work[CONTEXT] + row * padded(width) * FLOAT + column), head
        )
        attend(
            query, store_width, blocks, step, positions[row] + 1, factor, context, scratch,
            halves, integers,
        )  # fmt: skip


@compiled
def _do_chunk(
    stage: int, chunk: int, shape: np.ndarray, model: np.ndarray, layers: np.ndarray,
    work: np.ndarray, epsilon: np.float32,
) -> None:  # fmt: skip
    """Do one chunk of a stage; the list of stages is at the top of this module."""
    width, inner = shape[WIDTH], shape[INNER]
    last = 1 + shape[LAYERS] * STAGES_PER_LAYER
    if stage == 0:
        _embed_rows(chunk, shape, model, work)
        return
    if stage == last:
        _normalise_rows(chunk, shape, work, model, NORM_LAST, epsilon, True)
        return
    if stage == last + 1:
        columns = shape[VOCABULARY]
        _linear_chunk(chunk, shape, work, model, MATRIX_HEAD, width, columns, LOGITS, WRITE)
        return
    layer, part = (stage - 1) // STAGES_PER_LAYER, (stage - 1) % STAGES_PER_LAYER
    weights = layers[layer]
    if part == 0:
        _normalise_rows(chunk, shape, work, weights, NORM_1, epsilon, False)
    elif part == 1:
        _linear_chunk(chunk, shape, work, weights, MATRIX_QKV, width, 3 * width, QKV, WRITE)
    elif part == 2:
        _attention_chunk(chunk, layer, shape, work)
    elif part == 3:
        _quantise_rows(chunk, work, CONTEXT, width, LINEAR)
    elif part == 4:
        _linear_chunk(chunk, shape, work, weights, MATRIX_OUT, width, width, HIDDEN, ADD)
    elif part == 5:
        _normalise_rows(chunk, shape, work, weights, NORM_2, epsilon, False)
    elif part == 6:
        _linear_chunk(chunk, shape, work, weights, MATRIX_UP, width, inner, INNER_ROWS, WRITE)
    elif part == 7:
        _quantise_rows(chunk, work, INNER_ROWS, inner, shape[ACTIVATION])
    else:
        _linear_chunk(chunk, shape, work, weights, MATRIX_DOWN, inner, width, HIDDEN, ADD)


@compiled
def run_step(
    shape: np.ndarray, model: np.ndarray, layers: np.ndarray, work: np.ndarray, counters: int,
    epsilon: np.float32, step: int,
) -> None:  # fmt: skip
    """Do this thread's share of a step; every thread of the team runs this.

    Args:
        shape: int64 [Shape.COUNT].
        model: int64 [Model.COUNT].
        layers: int64 [layers, Layer.COUNT].
        work: int64 [Work.COUNT], only read inside claimed chunks: a late thread sees the next
            step's.
        counters: Address of the stages' counters.
        epsilon: Of the layer normalisations.
        step: The step's number.
    """
    for stage in range(1 + shape[LAYERS] * STAGES_PER_LAYER + 2):
        while True:
            chunk = claim(counters, stage, step)
            if chunk < 0:
                break
            _do_chunk(stage, chunk, shape, model, layers, work, epsilon)
            finish(counters, stage)
        wait_for_stage(counters, stage, step)


@compiled
def help_steps(
    shape: np.ndarray, model: np.ndarray, layers: np.ndarray, work: np.ndarray, control: int,
    counters: int, epsilon: np.float32, last_step: int, sleeper: int,
) -> int:  # fmt: skip
    """Take part in steps until none has come for a moment, or the team stops.

    Returns:
        The last step taken part in, or -2 when the team stops.
    """
    while True:
        step = wait_for_step(control, last_step, sleeper)
        if step == -1:
            return last_step
        if step == -2:
            return -2
        run_step(shape, model, layers, work, counters, epsilon, step)
        last_step = step


