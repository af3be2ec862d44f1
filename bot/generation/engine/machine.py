"""What this computer lets the process use: threads and memory, within its affinity and cgroup."""

import math
import os
from pathlib import Path

import psutil

CGROUP = Path("/sys/fs/cgroup")
MEBIBYTE = 2**20


def usable_threads() -> int:
    """Return how many threads can really run at once, at least 1.

    The least of the processor affinity, the cgroup's share (version 2 ``cpu.max``, version 1
    ``cpu.cfs_quota_us``) and the physical cores, since arithmetic fills a core without its twin.
    """
    if hasattr(os, "sched_getaffinity"):
        allowed = len(os.sched_getaffinity(0))
    else:
        allowed = os.cpu_count() or 1
    physical = psutil.cpu_count(logical=False) or allowed
    return max(1, min(allowed, physical, _cgroup_processors(CGROUP)))


def usable_memory_mb() -> int:
    """Return how much memory is free for this process, in MiB, within its cgroup's limit."""
    available = psutil.virtual_memory().available
    return min(available, _cgroup_free_memory(CGROUP, available)) // MEBIBYTE


def _cgroup_processors(root: Path) -> int:
    quota, period = _read_words(root / "cpu.max") or ["max", "100000"]
    if quota == "max":
        old = _read_words(root / "cpu" / "cpu.cfs_quota_us")
        old_period = _read_words(root / "cpu" / "cpu.cfs_period_us")
        if not old or not old_period or int(old[0]) <= 0:
            return os.cpu_count() or 1
        quota, period = old[0], old_period[0]
    return max(1, math.ceil(int(quota) / int(period)))


def _cgroup_free_memory(root: Path, otherwise: int) -> int:
    limit = _read_words(root / "memory.max") or _read_words(
        root / "memory" / "memory.limit_in_bytes"
    )
    used = _read_words(root / "memory.current") or _read_words(
        root / "memory" / "memory.usage_in_bytes"
    )
    if not limit or not used or limit[0] == "max":
        return otherwise
    return max(0, int(limit[0]) - int(used[0]))


def _read_words(path: Path) -> list[str]:
    try:
        return path.read_text("ascii").split()
    except OSError:
        return []
