"""One step for many texts: every thread runs through the program and shares out its chunks."""

import math

import numpy as np

from bot.generation.engine.compilation import compiled
from bot.generation.engine.int8.attention import BLOCK_TOKENS, attend, store
from bot.generation.engine.int8.intrinsics import (
    COLUMNS,
    DEPTH,
    carray,
    float_pointer,
    int_pointer,
    store_release,
)
from bot.generation.engine.int8.kernels import activate, embed, linear, normalise, quantise_row
from bot.generation.engine.int8.tables import Kind, Shape, Stage, Work
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
TEXTS_PER_THREAD = 4  # with as many, a text's heads stay together
FLOAT = 4  # bytes

# Compiled code takes plain integers.
HEADS, HEAD_WIDTH, HEAD_STORE = int(Shape.HEADS), int(Shape.HEAD_WIDTH), int(Shape.HEAD_STORE)
SLOT_BYTES, BLOCK_BYTES = int(Shape.SLOT_BYTES), int(Shape.BLOCK_BYTES)
TOKEN_BLOCK_BYTES, THREADS = int(Shape.TOKEN_BLOCK_BYTES), int(Shape.THREADS)
SCALES_ATTENTION, SCALES_BY_LAYER = int(Shape.SCALES_ATTENTION), int(Shape.SCALES_BY_LAYER)
ROWS, SLICES, LOGIT_ROWS = int(Work.ROWS), int(Work.SLICES), int(Work.LOGIT_ROWS)
TOKEN_IDS, ROW_POSITIONS = int(Work.TOKEN_IDS), int(Work.ROW_POSITIONS)
SLICE_SLOTS, SLICE_ROWS = int(Work.SLICE_SLOTS), int(Work.SLICE_ROWS)
LOGIT_OF, HIDDEN, QUANTISED = int(Work.LOGIT_OF), int(Work.HIDDEN), int(Work.QUANTISED)
ROW_SCALES, ROW_SUMS = int(Work.ROW_SCALES), int(Work.ROW_SUMS)
QKV, CONTEXT, CACHE = int(Work.QKV), int(Work.CONTEXT), int(Work.CACHE)
EMBED, NORMALISE, QUANTISE = int(Kind.EMBED), int(Kind.NORMALISE), int(Kind.QUANTISE)
LINEAR, ATTEND = int(Kind.LINEAR), int(Kind.ATTEND)
KIND, FIRST, SECOND, THIRD = (
    int(Stage.KIND),
    int(Stage.FIRST),
    int(Stage.SECOND),
    int(Stage.THIRD),
)
INPUTS, STAGE_COLUMNS, SOURCE = int(Stage.INPUTS), int(Stage.COLUMNS), int(Stage.SOURCE)
TARGET, OPTION, LAYER = int(Stage.TARGET), int(Stage.OPTION), int(Stage.LAYER)
IS_LAST = int(Stage.IS_LAST)


@compiled
def padded(columns: int) -> int:
    """Return a row's width in memory: whole panels of 16."""
    return (columns + COLUMNS - 1) // COLUMNS * COLUMNS


@compiled
def _panels_per_chunk(columns: int, threads: int) -> int:
    return max(1, padded(columns) // COLUMNS // (CHUNKS_PER_THREAD * threads))


@compiled
def _heads_per_chunk(shape: np.ndarray, slices: int) -> int:
    return shape[HEADS] if slices >= TEXTS_PER_THREAD * shape[THREADS] else 1


@compiled
def _chunks(stage: np.ndarray, shape: np.ndarray, work: np.ndarray) -> int:
    """Return into how many chunks a stage is divided."""
    rows: int = work[LOGIT_ROWS] if stage[IS_LAST] else work[ROWS]
    if rows == 0:
        return 0
    if stage[KIND] == LINEAR:
        each = _panels_per_chunk(stage[STAGE_COLUMNS], shape[THREADS])
        return (padded(stage[STAGE_COLUMNS]) // COLUMNS + each - 1) // each
    if stage[KIND] == ATTEND:
        slices: int = work[SLICES]
        groups: int = shape[HEADS] // _heads_per_chunk(shape, slices)
        return slices * groups
    return (rows + ROWS_PER_CHUNK - 1) // ROWS_PER_CHUNK


@compiled
def open_step(
    program: np.ndarray, shape: np.ndarray, work: np.ndarray, control: int, counters: int,
    step: int,
) -> None:  # fmt: skip
    """Set the counters of every stage and announce the step to the team."""
    for number in range(program.shape[0]):
        open_stage(counters, number, step, _chunks(program[number], shape, work))
    store_release(control + CURRENT_STEP, step)


@compiled
def _embed_rows(first: int, last: int, stage: np.ndarray, work: np.ndarray) -> None:
    tokens = carray(int_pointer(work[TOKEN_IDS]), work[ROWS])
    positions = carray(int_pointer(work[ROW_POSITIONS]), work[ROWS])
    width = stage[INPUTS]
    for row in range(first, last):
        embed(
            tokens[row], positions[row], width, stage[FIRST], stage[SECOND], stage[THIRD],
            work[HIDDEN] + row * padded(width) * FLOAT,
        )  # fmt: skip


@compiled
def _quantise_rows(
    first: int, last: int, rows: int, stage: np.ndarray, work: np.ndarray, epsilon: np.float32
) -> None:
    """Normalise or activate rows, then quantise them."""
    width = stage[INPUTS]
    chosen = carray(int_pointer(work[LOGIT_OF]), work[LOGIT_ROWS])
    normal = np.empty(width, np.float32)
    scratch = np.empty(padded(width) // DEPTH, np.int32)
    for row in range(first, last):
        if stage[KIND] == NORMALISE:
            source = chosen[row] if stage[IS_LAST] else row
            hidden = work[HIDDEN] + source * padded(width) * FLOAT
            normalise(hidden, width, stage[FIRST], epsilon, normal)
            x = normal
        else:
            x = carray(float_pointer(work[stage[SOURCE]] + row * padded(width) * FLOAT), width)
            activate(x, stage[OPTION])
        quantise_row(x, rows, row, work[QUANTISED], work[ROW_SCALES], work[ROW_SUMS], scratch)


@compiled
def _linear_chunk(
    chunk: int, rows: int, stage: np.ndarray, shape: np.ndarray, work: np.ndarray
) -> None:
    columns = stage[STAGE_COLUMNS]
    each = _panels_per_chunk(columns, shape[THREADS])
    last = min((chunk + 1) * each, padded(columns) // COLUMNS)
    linear(
        chunk * each, last, stage[INPUTS], stage[FIRST], stage[SECOND], stage[THIRD], rows,
        work[QUANTISED], work[ROW_SCALES], work[ROW_SUMS], work[stage[TARGET]],
        padded(columns) * FLOAT, stage[OPTION],
    )  # fmt: skip


@compiled
def _attention_chunk(chunk: int, stage: np.ndarray, shape: np.ndarray, work: np.ndarray) -> None:
    each = _heads_per_chunk(shape, work[SLICES])
    chunks = shape[HEADS] // each
    first = chunk % chunks * each
    for number in range(first, first + each):
        _attend_head(chunk // chunks, number, stage, shape, work)


@compiled
def _attend_head(
    piece: int, number: int, stage: np.ndarray, shape: np.ndarray, work: np.ndarray
) -> None:
    """Store the keys and values of one slice, one head, then attend from each of its rows."""
    layer, width = stage[LAYER], stage[INPUTS]
    heads, head = shape[HEADS], shape[HEAD_WIDTH]
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
        context = carray(float_pointer(work[CONTEXT] + row * padded(width) * FLOAT + column), head)
        attend(
            query, store_width, blocks, step, positions[row] + 1, factor, context, scratch,
            halves, integers,
        )  # fmt: skip


@compiled
def _do_chunk(
    stage: np.ndarray, chunk: int, shape: np.ndarray, work: np.ndarray, epsilon: np.float32
) -> None:
    kind = stage[KIND]
    if kind == LINEAR:
        rows = work[LOGIT_ROWS] if stage[IS_LAST] else work[ROWS]
        _linear_chunk(chunk, rows, stage, shape, work)
    elif kind == ATTEND:
        _attention_chunk(chunk, stage, shape, work)
    else:
        rows = work[LOGIT_ROWS] if stage[IS_LAST] else work[ROWS]
        first = chunk * ROWS_PER_CHUNK
        last = min(first + ROWS_PER_CHUNK, rows)
        if kind == EMBED:
            _embed_rows(first, last, stage, work)
        else:
            _quantise_rows(first, last, rows, stage, work, epsilon)


@compiled
def take_part(
    program: np.ndarray, shape: np.ndarray, work: np.ndarray, control: int, counters: int,
    epsilon: np.float32, step: int, sleeper: int,
) -> int:  # fmt: skip
    """Do this thread's share of a step; a helper goes on with the steps after it.

    Args:
        program: int64 [stages, Stage.COUNT].
        shape: int64 [Shape.COUNT].
        work: int64 [Work.COUNT], only read inside claimed chunks: a late thread sees the next
            step's.
        control: Address of the team's control block.
        counters: Address of the stages' counters.
        epsilon: Of the layer normalisations.
        step: The step's number; for a helper, the last that it took part in.
        sleeper: Address of a helper's flag; 0 for the thread that leads.

    Returns:
        The step's number. A helper returns when no step has come for a moment, with the last that
        it took part in, or with -2 when the team stops.
    """
    while True:
        if sleeper != 0:
            announced = wait_for_step(control, step, sleeper)
            if announced == -1:
                return step
            if announced == -2:
                return announced
            step = announced
        for number in range(program.shape[0]):
            while True:
                chunk = claim(counters, number, step)
                if chunk < 0:
                    break
                _do_chunk(program[number], chunk, shape, work, epsilon)
                finish(counters, number)
            wait_for_stage(counters, number, step)
        if sleeper == 0:
            return step
