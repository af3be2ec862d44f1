"""Imported first: compiled code is kept where the next run of the tests finds it.

Else each process with a data folder of its own would compile for a minute.
"""

import os
from pathlib import Path

import platformdirs

os.environ.setdefault(
    "NUMBA_CACHE_DIR", str(Path(platformdirs.user_cache_dir("redactor")) / "compiled")
)
