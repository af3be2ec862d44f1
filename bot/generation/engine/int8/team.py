"""Threads that share out the chunks of a step, and never wait for one that is not running.

A step is a row of stages; a stage is a number of chunks that may be done in any order. Whoever is
free claims the next chunk; a stage ends when its chunks are done, not when every thread has come.
So a thread that the system has put aside holds nobody up unless it is in the middle of a chunk,
which matters on a home computer that has other things to do: with barriers between threads, one
more runnable thread than cores makes everything ten times slower.

Each stage has two counters, on cache lines of their own: chunks unclaimed and chunks unfinished.
The upper half of both is the number of the step, so that a thread that comes late, with the last
step in mind, fails to claim anything of this one.

::

    counter = step << 32 | chunks left
"""

import numpy as np
from numba import types

from bot.generation.engine.compilation import compiled
from bot.generation.engine.int8.intrinsics import (
    load_acquire,
    pause,
    replace_if_equal,
    sleep_us,
    store_release,
    subtract_one,
    yield_processor,
)

COUNTER_BYTES = 64  # a cache line
STAGE_BYTES = 2 * COUNTER_BYTES
LEFT_MASK = 0xFFFFFFFF
SPINS_BEFORE_YIELD = 2000
SPINS_BEFORE_SLEEP = 4000
NAP_US = np.uint32(20)
IDLE_YIELDS_BEFORE_SLEEP = 400

# Addresses within the control block, each on its own cache line.
CURRENT_STEP = 0
IS_STOPPING = COUNTER_BYTES
SLEEPERS = 2 * COUNTER_BYTES  # one line for each helper

_address = types.int64


@compiled
def open_stage(counters: int, stage: int, step: int, chunks: int) -> None:
    """Set a stage's counters, before the step is announced."""
    base = counters + stage * STAGE_BYTES
    value = (step << 32) | chunks
    store_release(base + COUNTER_BYTES, value)
    store_release(base, value)


@compiled
def claim(counters: int, stage: int, step: int) -> int:
    """Claim a chunk of a stage; return its number, or -1 if none is left or the step is over."""
    address = counters + stage * STAGE_BYTES
    while True:
        value: int = load_acquire(address)
        left = value & LEFT_MASK
        if (value >> 32) != step or left == 0:
            return -1
        if replace_if_equal(address, value, value - 1):
            return left - 1


@compiled
def finish(counters: int, stage: int) -> None:
    """Say that a claimed chunk is done."""
    subtract_one(counters + stage * STAGE_BYTES + COUNTER_BYTES)


@compiled
def wait_for_stage(counters: int, stage: int, step: int) -> None:
    """Return when every chunk of the stage is done, or the step is over."""
    address = counters + stage * STAGE_BYTES + COUNTER_BYTES
    spins = 0
    while True:
        value = load_acquire(address)
        if (value & LEFT_MASK) == 0 or (value >> 32) != step:
            return
        spins += 1
        if spins < SPINS_BEFORE_SLEEP:
            pause()
        else:
            # Whoever has the last chunk was put aside by the system. Yielding would not help: this
            # thread would still count as busy. Sleeping leaves a processor idle, and an idle
            # processor fetches the waiting thread.
            sleep_us(NAP_US)


@compiled
def wait_for_step(control: int, last_step: int, sleeper: int) -> int:
    """Wait a moment for the step after ``last_step``.

    Returns:
        Its number; or -1: nothing came for about a millisecond, and the ``sleeper`` flag is set,
        so whoever announces a step will wake this thread; or -2: stop.
    """
    yields = 0
    spins = 0
    while True:
        step: int = load_acquire(control + CURRENT_STEP)
        if load_acquire(control + IS_STOPPING) != 0:
            return -2
        if step != last_step:
            return step
        spins += 1
        if spins < SPINS_BEFORE_YIELD:
            pause()
            continue
        yields += 1
        if yields < IDLE_YIELDS_BEFORE_SLEEP:
            yield_processor()
            continue
        store_release(sleeper, 1)
        # A step announced just before the flag was set would not wake anybody.
        if load_acquire(control + CURRENT_STEP) == last_step:
            return -1
        store_release(sleeper, 0)
