"""What the engine keeps on disk to start faster, and when it is thrown away."""

import contextlib
import os
import shutil
import time
from pathlib import Path

_UNUSED_S = 30 * 24 * 3600.0


def mark_used(entry: Path) -> None:
    """Say that a file or folder of a cache is used, and delete its neighbours that no longer are.

    A neighbour is kept for 30 days after its last use: another version, or another computer with
    the same disk, may need it.

    Args:
        entry: Which has its folder for itself and others of its kind.
    """
    oldest_s = time.time() - _UNUSED_S
    with contextlib.suppress(OSError):
        os.utime(entry)
        for neighbour in entry.parent.iterdir():
            if neighbour != entry and neighbour.stat().st_mtime < oldest_s:
                _delete(neighbour)


def _delete(entry: Path) -> None:
    if entry.is_dir():
        shutil.rmtree(entry, ignore_errors=True)
    else:
        entry.unlink(missing_ok=True)
