"""What every test shares: how hypothesis searches, and the code that the engine compiles."""

import os
from pathlib import Path

import platformdirs
from hypothesis import settings

from bot.storage import engines

# Else each process with a data folder of its own would compile for a minute.
os.environ.setdefault(
    "NUMBA_CACHE_DIR", str(Path(platformdirs.user_cache_dir("redactor")) / "compiled")
)

# Nothing asserts a time, so no deadline. Where a change is judged, the same examples every time.
settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")

# No test cuts the power, and the disk takes most of a step's time. What processes of their own
# write is written as always.
engines._PRAGMAS = (*engines._PRAGMAS, "synchronous=OFF")
