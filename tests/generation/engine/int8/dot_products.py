"""Compares the dot products of the processor that the environment names with plain sums."""

import json

import numpy as np
from numba import njit

from bot.generation.engine.int8 import intrinsics


@njit
def _pair(high, low, w, panel_bytes, step_bytes, groups, out):
    intrinsics.dot_pair_4(high, low, w, panel_bytes, step_bytes, groups, out)


@njit
def _panel(rows, x, w, groups, factors, sums, scales, bias, out, row_bytes, adds):
    intrinsics.linear_panel(rows, x, w, groups, factors, sums, scales, bias, out, row_bytes, adds)


def differences(generator: np.random.Generator, groups: int) -> int:
    """Return how many sums differ."""
    count = 0
    w = generator.integers(0, 256, (4, groups, 16, 4)).astype(np.uint8)
    x = generator.integers(-127, 128, (2, groups, 4)).astype(np.int8)
    sums = np.empty((2, 4, 16), np.int32)
    _pair(
        x[0].ctypes.data, x[1].ctypes.data, w.ctypes.data, groups * 64, 64, groups,
        sums.ctypes.data,
    )  # fmt: skip
    expected = np.einsum("pgcd,rgd->rpc", w.astype(np.int64), x.astype(np.int64))
    count += int((sums != expected).sum())
    ones, zeros = np.ones(16, np.float32), np.zeros(16, np.int32)
    for rows in range(1, intrinsics.GREATEST_ROWS + 1):
        x = generator.integers(-127, 128, (groups, rows, 4)).astype(np.int8)
        expected = np.einsum("gcd,grd->rc", w[0].astype(np.int64), x.astype(np.int64))
        for adds in (0, 1):
            out = np.full((rows, 16), 3.0, np.float32)
            _panel(
                rows, x.ctypes.data, w.ctypes.data, groups, ones.ctypes.data, zeros.ctypes.data,
                ones.ctypes.data, zeros.ctypes.data, out.ctypes.data, 64, adds,
            )  # fmt: skip
            count += int((out != expected + 3.0 * adds).sum())
    return count


if __name__ == "__main__":
    found = sum(differences(np.random.default_rng(seed), groups=9 + seed) for seed in range(3))
    print(json.dumps({"arithmetic": intrinsics.ARITHMETIC, "differences": found}))
