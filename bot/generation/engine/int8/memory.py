"""Memory straight from the system: whole pages, huge ones where it gives them."""

import contextlib
import mmap
import sys


def anonymous_memory(size: int) -> mmap.mmap:
    """Return zeroed memory of this process alone, provided page by page when first written to.

    Args:
        size: Bytes.
    """
    if sys.platform == "win32":
        return mmap.mmap(-1, size)
    region = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        with contextlib.suppress(OSError):
            region.madvise(mmap.MADV_HUGEPAGE)
    return region


def give_back(region: mmap.mmap, start: int, size: int) -> None:
    """Hand pages back to the system, where it takes them; their content is lost.

    Args:
        region: What `anonymous_memory` returned.
        start: First byte.
        size: Bytes.
    """
    if sys.platform != "win32" and hasattr(mmap, "MADV_DONTNEED"):
        region.madvise(mmap.MADV_DONTNEED, start, size)
