"""What is kept on disk between two starts: where, and for how long."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bot.errors import ModelNotFoundError
from bot.generation.engine.caching import mark_used
from bot.generation.engine.compilation import compiled_sources

ROOT = Path(__file__).parents[3]
DAY_S = 24 * 3600


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    return subprocess.run(
        [sys.executable, *command],
        env={**inherited, "PYTHONPATH": str(ROOT), **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_service_keeps_compiled_code_in_the_data_folder(tmp_path: Path) -> None:
    ended = run(
        "-m", "bot", "serve", "--model", str(tmp_path / "nothing"), "--port", "0",
        REDACTOR_DATA_DIR=str(tmp_path),
    )  # fmt: skip
    assert ended.returncode == ModelNotFoundError.exit_code
    [folder] = (tmp_path / "cache" / "compiled").iterdir()
    processor, _, digest = folder.name.rpartition("-")
    assert processor
    assert len(digest) == 16


def test_no_compiled_function_is_left_out_of_the_folder_s_name() -> None:
    engine = ROOT / "bot" / "generation" / "engine"
    marks = ("@compiled", "njit", "@intrinsic", "_numba_intrinsic")
    marked = {
        path
        for path in engine.rglob("*.py")
        if any(line.strip().startswith(marks) for line in path.read_text("utf-8").splitlines())
    }
    assert marked
    assert marked <= set(compiled_sources())


def test_code_is_compiled_once(tmp_path: Path) -> None:
    program = (
        "import numpy as np\n"
        "from bot.generation.engine import sampling\n"
        "sampling.uniform(np.uint64(1), np.uint64(2))\n"
        "print(sum(sampling.uniform.stats.cache_hits.values()))"
    )
    first = run("-c", program, NUMBA_CACHE_DIR=str(tmp_path))
    second = run("-c", program, NUMBA_CACHE_DIR=str(tmp_path))
    assert (first.stdout.strip(), second.stdout.strip()) == ("0", "1")
    [folder] = tmp_path.iterdir()
    assert list(folder.rglob("*.nbc"))


@pytest.mark.timeout(1200)  # compiles all of the engine, which takes a minute of a processor
def test_first_start_writes_what_later_ones_write(small_gpt2: Path, tmp_path: Path) -> None:
    program = """
import sys, hashlib, pathlib, numpy
from bot.generation.engine import load_engine
from bot.generation.engine.decoder import Slice
from bot.generation.engine.int8.step import take_part
engine = load_engine(pathlib.Path(sys.argv[1]), dtype="int8", threads=1, max_batch_size=1)
tokens = numpy.arange(1, 30, dtype=numpy.int32)
logits = engine._decoder.process([Slice([0], 0, tokens, True)])
print(hashlib.sha256(logits.tobytes()).hexdigest(), take_part.stats.cache_hits)
"""
    first, second = (
        run("-c", program, str(small_gpt2), NUMBA_CACHE_DIR=str(tmp_path)) for _ in range(2)
    )
    assert first.returncode == 0, first.stderr
    # Both loaded what another process had compiled.
    assert first.stdout == second.stdout


def test_neighbours_that_nobody_uses_are_deleted(tmp_path: Path) -> None:
    now_s = time.time()
    used_days_ago = {"fresh": 1, "kept": 29, "old-file": 31, "old-folder": 365, "ours": 365}
    for name, days in used_days_ago.items():
        entry = tmp_path / name
        if name.endswith("folder"):
            entry.mkdir()
            (entry / "code").write_text("x")
        else:
            entry.write_text("x")
        os.utime(entry, (now_s - days * DAY_S,) * 2)
    mark_used(tmp_path / "ours")
    assert {entry.name for entry in tmp_path.iterdir()} == {"fresh", "kept", "ours"}
    assert (tmp_path / "ours").stat().st_mtime > now_s - DAY_S


def test_entry_that_is_not_there_harms_nothing(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("x")
    os.utime(tmp_path / "other", (0, 0))
    mark_used(tmp_path / "gone")
    assert (tmp_path / "other").exists()
