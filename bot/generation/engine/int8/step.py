"""One step for many texts: every thread runs through the program and shares out its chunks."""

import math

import numpy as np

from bot.generation.engine.compilation import compiled, compiled_inside
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
WINDOW_BLOCKS, BLOCK_BYTES = int(Shape.WINDOW_BLOCKS), int(Shape.BLOCK_BYTES)
TOKEN_BLOCK_BYTES, THREADS = int(Shape.TOKEN_BLOCK_BYTES), int(Shape.THREADS)
SCALES_ATTENTION, SCALES_BY_LAYER = int(Shape.SCALES_ATTENTION), int(Shape.SCALES_BY_LAYER)
ROWS, SLICES, LOGIT_ROWS = int(Work.ROWS), int(Work.SLICES), int(Work.LOGIT_ROWS)
TOKEN_IDS, ROW_POSITIONS = int(Work.TOKEN_IDS), int(Work.ROW_POSITIONS)
SLICE_BLOCKS, SLICE_ROWS = int(Work.SLICE_BLOCKS), int(Work.SLICE_ROWS)
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


@compiled_inside
def _panels_per_chunk(columns: int, threads: int) -> int:
    return max(1, padded(columns) // COLUMNS // (CHUNKS_PER_THREAD * threads))


@compiled_inside
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


@compiled_inside
def _embed_rows(first: int, last: int, stage: np.ndarray, work: np.ndarray) -> None:
    tokens = carray(int_pointer(work[TOKEN_IDS]), work[ROWS])
    positions = carray(int_pointer(work[ROW_POSITIONS]), work[ROWS])
    width = stage[INPUTS]
    for row in range(first, last):
        embed(
            tokens[row], positions[row], width, stage[FIRST], stage[SECOND], stage[THIRD],
            work[HIDDEN] + row * padded(width) * FLOAT,
        )  # fmt: skip


@compiled_inside
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


@compiled_inside
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


@compiled_inside
def _attention_chunk(chunk: int, stage: np.ndarray, shape: np.ndarray, work: np.ndarray) -> None:
    each = _heads_per_chunk(shape, work[SLICES])
    chunks = shape[HEADS] // each
    first = chunk % chunks * each
    for number in range(first, first + each):
        _attend_head(chunk // chunks, number, stage, shape, work)


@compiled_inside
def _attend_head(
    piece: int, number: int, stage: np.ndarray, shape: np.ndarray, work: np.ndarray
) -> None:
    """Store the keys and values of one slice, one head, then attend from each of its rows.

    All rows are stored before the first attends: it looks at no later position anyway.
    """
    bounds = carray(int_pointer(work[SLICE_ROWS]), work[SLICES] + 1)
    first, last = bounds[piece], bounds[piece + 1]
    blocks = _head_blocks(piece, number, stage[LAYER], shape, work)
    _store_head(first, last, number, blocks, stage[INPUTS], shape, work)
    _attend_rows(first, last, number, blocks, stage, shape, work)


@compiled_inside
def _head_blocks(
    piece: int, number: int, layer: int, shape: np.ndarray, work: np.ndarray
) -> np.ndarray:
    """Return the addresses of one head's blocks, in the order of the slice's tokens."""
    each = shape[WINDOW_BLOCKS]
    blocks = carray(int_pointer(work[SLICE_BLOCKS]), work[SLICES] * each)
    first_head = work[CACHE] + (layer * shape[HEADS] + number) * shape[BLOCK_BYTES]
    addresses: np.ndarray = (
        first_head + blocks[piece * each : (piece + 1) * each] * shape[TOKEN_BLOCK_BYTES]
    )
    return addresses


@compiled_inside
def _store_head(
    first: int, last: int, number: int, blocks: np.ndarray, width: int, shape: np.ndarray,
    work: np.ndarray,
) -> None:  # fmt: skip
    """Store the keys and values of rows ``first`` to ``last - 1``, one head."""
    positions = carray(int_pointer(work[ROW_POSITIONS]), work[ROWS])
    rounded = np.empty(shape[HEAD_STORE], np.uint8)
    for row in range(first, last):
        key = _head_of(work[QKV], row, 3 * width, width, number, shape)
        value = _head_of(work[QKV], row, 3 * width, 2 * width, number, shape)
        block = blocks[positions[row] // BLOCK_TOKENS]
        store(key, value, shape[HEAD_STORE], block, positions[row] % BLOCK_TOKENS, rounded)


@compiled_inside
def _attend_rows(
    first: int, last: int, number: int, blocks: np.ndarray, stage: np.ndarray, shape: np.ndarray,
    work: np.ndarray,
) -> None:  # fmt: skip
    """Attend from rows ``first`` to ``last - 1``, one head."""
    width, head_store = stage[INPUTS], shape[HEAD_STORE]
    positions = carray(int_pointer(work[ROW_POSITIONS]), work[ROWS])
    longest = positions[last - 1] + 1
    room = max((longest + BLOCK_TOKENS - 1) // BLOCK_TOKENS * BLOCK_TOKENS, head_store)
    scratch = np.empty(room, np.float32)
    halves = np.empty((2, room), np.int8)
    integers = np.empty(2 * BLOCK_TOKENS + 2 * head_store, np.int32)
    factor = _score_factor(stage[LAYER], shape)
    for row in range(first, last):
        attend(
            _head_of(work[QKV], row, 3 * width, 0, number, shape), head_store, blocks,
            positions[row] + 1, factor,
            _head_of(work[CONTEXT], row, width, 0, number, shape), scratch, halves, integers,
        )  # fmt: skip


@compiled
def _head_of(
    buffer: int, row: int, columns: int, start: int, number: int, shape: np.ndarray
) -> np.ndarray:
    """Return one head's float32 [head width] in a row of a buffer.

    Args:
        buffer: Its address.
        row: Of it.
        columns: That a row has.
        start: Column where the first head begins.
        number: Of the head.
        shape: int64 [Shape.COUNT].
    """
    column = row * padded(columns) + start + number * shape[HEAD_WIDTH]
    view: np.ndarray = carray(float_pointer(buffer + column * FLOAT), shape[HEAD_WIDTH])
    return view


@compiled
def _score_factor(layer: int, shape: np.ndarray) -> np.float32:
    factor = np.float32(1.0)
    if shape[SCALES_ATTENTION] != 0:
        factor = np.float32(1.0 / math.sqrt(shape[HEAD_WIDTH]))
    if shape[SCALES_BY_LAYER] != 0:
        factor = factor / np.float32(layer + 1)
    return factor


@compiled_inside
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
