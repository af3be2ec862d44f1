"""The int8 decoder for the GPT-2 family: memory, threads, and calls of the compiled step."""

import mmap
import threading
from collections.abc import Sequence

import numpy as np

from bot.generation.engine.decoder import Logits, Slice
from bot.generation.engine.gpt2 import Gpt2Shape
from bot.generation.engine.int8.attention import BLOCK_TOKENS, block_bytes
from bot.generation.engine.int8.memory import anonymous_memory, give_back
from bot.generation.engine.int8.program import gpt2_program
from bot.generation.engine.int8.step import open_step, take_part
from bot.generation.engine.int8.tables import Shape, Work
from bot.generation.engine.int8.team import COUNTER_BYTES, IS_STOPPING, SLEEPERS, STAGE_BYTES
from bot.generation.engine.int8.weights import PackedWeights

LAST_STEP_NUMBER = 2**31 - 1
ROW_GROWTH = 32


def _padded(columns: int) -> int:
    return -(-columns // 16) * 16


def token_block_bytes(shape: Gpt2Shape) -> int:
    """Return the bytes of 64 tokens, all heads of all layers, in whole pages."""
    size = shape.layers * shape.heads * block_bytes(_padded(shape.head_width))
    return -(-size // mmap.PAGESIZE) * mmap.PAGESIZE


class Int8Decoder:
    """A GPT-2 in int8, run by a team of threads.

    Keys and values lie in one region of memory with room for every block, of which the system
    provides the pages that are written to; :meth:`release` hands a block's pages back.

    Attributes:
        vocabulary_size: Width of the logits.
        context_tokens: Positions that the model knows.
        block_tokens: Tokens whose keys and values a block holds.
        block_count: Blocks that there are.
        threads: Threads that compute, the caller's included.
    """

    block_tokens = BLOCK_TOKENS

    def __init__(
        self, weights: PackedWeights, shape: Gpt2Shape, *, block_count: int, threads: int
    ) -> None:
        """Set up memory and start the helping threads.

        Args:
            weights: Kept alive by the decoder.
            shape: Of the model.
            block_count: Blocks to have room for.
            threads: Threads to compute with, at least 1.
        """
        self.vocabulary_size = shape.vocabulary
        self.context_tokens = shape.context_tokens
        self.block_count = block_count
        self.threads = threads
        self._model_shape = shape
        self._weights = weights
        self._block_bytes = token_block_bytes(shape)
        self._window_blocks = -(-shape.context_tokens // BLOCK_TOKENS)
        self._cache = anonymous_memory(block_count * self._block_bytes)
        self._shape = self._shape_table(shape)
        self._program = gpt2_program(shape, weights.addresses)
        self._epsilon = np.float32(shape.epsilon)
        self._work = np.zeros(Work.COUNT, np.int64)
        self._work[Work.CACHE] = np.frombuffer(self._cache, np.uint8).ctypes.data
        self._buffers: dict[Work, np.ndarray] = {}
        self._row_capacity = 0
        self._logits = np.empty((0, _padded(shape.vocabulary)), np.float32)
        self._counters = _lines(self._program.shape[0] * STAGE_BYTES)
        self._control = _lines(SLEEPERS + threads * COUNTER_BYTES)
        self._step = 0
        self._wake = [threading.Semaphore(0) for _ in range(threads - 1)]
        self._helpers = [
            threading.Thread(target=self._help, args=(i,), name=f"decoder-{i}", daemon=True)
            for i in range(threads - 1)
        ]
        for helper in self._helpers:
            helper.start()
        self._warm_up()

    def process(self, slices: Sequence[Slice]) -> Logits:
        """Run the slices; see :class:`~bot.generation.engine.decoder.Decoder`."""
        tokens = np.concatenate([piece.token_ids for piece in slices])
        counts = np.array([piece.token_ids.size for piece in slices])
        bounds = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
        wanted = [i for i, piece in enumerate(slices) if piece.wants_logits]
        self._reserve(tokens.size, len(wanted))
        buffers = self._buffers
        buffers[Work.TOKEN_IDS][: tokens.size] = tokens
        starts = np.array([piece.start for piece in slices])
        positions = np.arange(tokens.size) + np.repeat(starts - bounds[:-1], counts)
        buffers[Work.ROW_POSITIONS][: tokens.size] = positions
        blocks = buffers[Work.SLICE_BLOCKS].reshape(-1, self._window_blocks)
        for i, piece in enumerate(slices):
            blocks[i, : len(piece.blocks)] = piece.blocks
        buffers[Work.SLICE_ROWS][: bounds.size] = bounds
        buffers[Work.LOGIT_OF][: len(wanted)] = bounds[1:][wanted] - 1
        self._work[Work.ROWS] = tokens.size
        self._work[Work.SLICES] = len(slices)
        self._work[Work.LOGIT_ROWS] = len(wanted)
        self._run()
        return self._logits[: len(wanted), : self.vocabulary_size]

    def copy_block(self, source: int, target: int, tokens: int) -> None:  # noqa: ARG002
        """Copy a whole block: its tokens do not lie one after the other."""
        memory = np.frombuffer(self._cache, np.uint8).reshape(self.block_count, -1)
        memory[target] = memory[source]

    def release(self, block: int) -> None:
        """Hand the memory of a block back to the system."""
        give_back(self._cache, block * self._block_bytes, self._block_bytes)

    def close(self) -> None:
        """Stop the helping threads."""
        self._control[IS_STOPPING // 8] = 1
        for semaphore in self._wake:
            semaphore.release()
        for helper in self._helpers:
            helper.join()

    def _warm_up(self) -> None:
        """Compile, or load what was compiled before, so that no reader waits for it."""
        self.process([Slice([0], 0, np.zeros(1, np.int32), wants_logits=True)])
        self.release(0)

    def _run(self) -> None:
        self._step = self._step + 1 if self._step < LAST_STEP_NUMBER else 1
        control, counters = self._control.ctypes.data, self._counters.ctypes.data
        open_step(self._program, self._shape, self._work, control, counters, self._step)
        for i, semaphore in enumerate(self._wake):
            flag = (SLEEPERS + i * COUNTER_BYTES) // 8
            if self._control[flag]:
                self._control[flag] = 0
                semaphore.release()
        self._take_part(self._step, 0)

    def _help(self, index: int) -> None:
        sleeper = self._control.ctypes.data + SLEEPERS + index * COUNTER_BYTES
        step = 0
        while (step := self._take_part(step, sleeper)) >= 0:
            self._wake[index].acquire()

    def _take_part(self, step: int, sleeper: int) -> int:
        return take_part(
            self._program,
            self._shape,
            self._work,
            self._control.ctypes.data,
            self._counters.ctypes.data,
            self._epsilon,
            step,
            sleeper,
        )

    def _shape_table(self, shape: Gpt2Shape) -> np.ndarray:
        head_store = _padded(shape.head_width)
        table = np.zeros(Shape.COUNT, np.int64)
        table[Shape.HEADS] = shape.heads
        table[Shape.HEAD_WIDTH] = shape.head_width
        table[Shape.HEAD_STORE] = head_store
        table[Shape.WINDOW_BLOCKS] = self._window_blocks
        table[Shape.BLOCK_BYTES] = block_bytes(head_store)
        table[Shape.TOKEN_BLOCK_BYTES] = self._block_bytes
        table[Shape.THREADS] = self.threads
        table[Shape.SCALES_ATTENTION] = shape.scales_attention
        table[Shape.SCALES_BY_LAYER] = shape.scales_by_layer
        return table

    def _reserve(self, rows: int, logit_rows: int) -> None:
        """Make room for the rows of a step; grows, since a step is bounded by the engine."""
        shape = self._model_shape
        if rows > self._row_capacity:
            self._row_capacity = -(-rows // ROW_GROWTH) * ROW_GROWTH
            count = self._row_capacity
            widest = max(_padded(shape.width), _padded(shape.inner))
            wanted = {
                Work.TOKEN_IDS: (np.int32, count),
                Work.ROW_POSITIONS: (np.int32, count),
                Work.SLICE_BLOCKS: (np.int32, count * self._window_blocks),
                Work.SLICE_ROWS: (np.int32, count + 1),
                Work.LOGIT_OF: (np.int32, count),
                Work.HIDDEN: (np.float32, count * _padded(shape.width)),
                Work.QUANTISED: (np.int8, count * widest),
                Work.ROW_SCALES: (np.float32, count),
                Work.ROW_SUMS: (np.int32, count),
                Work.QKV: (np.float32, count * _padded(3 * shape.width)),
                Work.CONTEXT: (np.float32, count * _padded(shape.width)),
                Work.INNER: (np.float32, count * _padded(shape.inner)),
            }
            for name, (item, size) in wanted.items():
                self._buffers[name] = np.zeros(size, item)
                self._work[name] = self._buffers[name].ctypes.data
        if logit_rows > self._logits.shape[0]:
            self._logits = np.empty((logit_rows, self._logits.shape[1]), np.float32)
            self._work[Work.LOGITS] = self._logits.ctypes.data


def _lines(size: int) -> np.ndarray:
    """Return zeroed int64 memory that begins on a cache line."""
    raw = np.zeros(size // 8 + 8, np.int64)
    skip = -raw.ctypes.data % COUNTER_BYTES // 8
    return raw[skip : skip + size // 8]
