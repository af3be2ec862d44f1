"""How functions are compiled: where the machine code is kept, so that only the first start waits.

Numba keeps compiled code by the time stamp of the one file that a function is in, and would not
notice a change in a function that was inlined from another. So the code is kept in a folder named
after the processor and a hash of all the sources that have to do with it, and of where they lie,
by which Numba tells one installation's code from another's.

The folder lies in ``NUMBA_CACHE_DIR``, which ``redactor serve`` sets to one in
``REDACTOR_DATA_DIR``; a container's volume keeps both.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

import llvmlite.binding
import numba
import platformdirs

from bot.generation.engine.caching import mark_used

Function = TypeVar("Function", bound=Callable[..., Any])


class _Decorator(Protocol):
    def __call__(self, function: Function, /) -> Function: ...


def compiled_sources() -> list[Path]:
    """Return the files whose functions are compiled, and those that these take constants from."""
    here = Path(__file__).parent
    names = ("compilation.py", "mathematics.py", "sampling.py")
    return [here / name for name in names] + sorted((here / "int8").glob("*.py"))


def _folder_name() -> str:
    digest = hashlib.sha256(numba.__version__.encode())
    digest.update(llvmlite.binding.get_host_cpu_features().flatten().encode())
    for path in compiled_sources():
        digest.update(bytes(path) + path.read_bytes())
    return f"{llvmlite.binding.get_host_cpu_name()}-{digest.hexdigest()[:16]}"


def _code_folder() -> Path:
    """Return a writable folder for compiled code: Numba's setting, the user's cache, or /tmp."""
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    candidates = [Path(chosen)] if chosen else []
    candidates.append(Path(platformdirs.user_cache_dir("redactor")) / "compiled")
    candidates.append(Path(tempfile.gettempdir()) / f"redactor-compiled-{os.getpid()}")
    for base in candidates:
        folder = base / _folder_name()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            mark_used(folder)
            return folder
    raise OSError("no folder to keep compiled code in")


CODE_FOLDER = _code_folder()
# Read by Numba when a function is decorated, so every module with compiled functions imports this
# one first.
_config: Any = numba.config
_config.CACHE_DIR = str(CODE_FOLDER)

# Python's own error model checks each division for zero, and no loop with one is vectorised.
compiled = cast("_Decorator", numba.njit(cache=True, nogil=True, error_model="numpy"))
# Put into its only caller as it is, so that it is not compiled for itself and once more in there.
compiled_inside = cast(
    "_Decorator", numba.njit(cache=True, nogil=True, error_model="numpy", inline="always")
)
# Sums may be reordered and products fused: at compile time, alike for every text and batch.
compiled_fast = cast(
    "_Decorator", numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=True)
)
