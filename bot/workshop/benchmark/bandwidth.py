"""How fast this computer reads its memory: the limit of a text written alone.

Every token reads every weight once, so one stream can do ``bandwidth / weight bytes`` tokens a
second at most.
"""

import threading
import time

import numpy as np

from bot.generation.engine.compilation import compiled_fast

READ_BYTES = 2**28  # far beyond any cache
REPEATS = 12


@compiled_fast
def _sum(values: np.ndarray) -> np.int64:
    total = np.int64(0)
    for i in range(values.size):
        total += values[i]
    return total


def read_bandwidth_gbs(threads: int) -> float:
    """Return the best rate of reading, in GB/s (10**9), of all threads together."""
    parts = np.array_split(np.ones(READ_BYTES // 8, np.int64), threads)
    _sum(parts[0][:1])
    best_s = float("inf")
    for _ in range(REPEATS):
        readers = [threading.Thread(target=_sum, args=(part,)) for part in parts]
        started_s = time.perf_counter()
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        best_s = min(best_s, time.perf_counter() - started_s)
    return READ_BYTES / best_s / 1e9
