"""Measuring everything, each thing in a process of its own, in an order that puts like by like."""

import datetime
import json
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from bot.workshop.benchmark.bandwidth import read_bandwidth_gbs
from bot.workshop.benchmark.cells import Request
from bot.workshop.benchmark.contenders import Name
from bot.workshop.benchmark.report import CLASS_SIZE, Results
from bot.workshop.benchmark.service import ask_as_a_class
from bot.workshop.benchmark.shapes import (
    SMALL,
    TINY,
    XL,
    Size,
    parameter_bytes_int8,
    random_checkpoint,
)

PROMPT_TOKENS = 24
CANDIDATES = (1, 4, 8)
CELL_LIMIT_S = 600
START_TOKENS = 50
"""A start needs no long text to show how fast it goes on."""

_PACKAGES = ("torch", "transformers", "numba", "numpy", "ctranslate2", "llama_cpp_python")
_SLOW = {Name.TRANSFORMERS, Name.TRANSFORMERS_BF16}


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured.

    Attributes:
        size: Shape of the model.
        streams: Numbers of texts at once.
        slow_streams: Numbers for the contenders that take a minute for what others do in seconds.
        new_tokens: To write in each text.
        class_tokens: To write for each student.
        repeats: Of a measurement, at most.
        limit_s: No repeat begins after this.
        has_xl: Whether the start of GPT-2 XL is measured too.
    """

    size: Size
    streams: tuple[int, ...]
    slow_streams: tuple[int, ...]
    new_tokens: int
    class_tokens: int
    repeats: int
    limit_s: float
    has_xl: bool = False


FULL = Extent(SMALL, (1, 4, 8, 16, 32), (1, 4, 8, 16, 32), 200, 200, 5, 6.0, has_xl=True)
QUICK = Extent(SMALL, (1, 8, 32), (1, 8), 40, 100, 3, 2.0)
TRIAL = Extent(TINY, (1, 2), (1,), 4, 8, 1, 1.0)


class Benchmark:
    """One run: where things are, and how much is measured.

    Args:
        extent: How much.
        names: Who takes part.
        threads: Of arithmetic.
        work: Folder for checkpoints and converted weights; both are used again by the next run.
    """

    def __init__(self, extent: Extent, names: Sequence[Name], threads: int, work: Path) -> None:
        self._extent = extent
        self._names = names
        self._threads = threads
        self._work = work
        self._converted = work / "converted"
        self._converted.mkdir(parents=True, exist_ok=True)
        self._folder = random_checkpoint(extent.size, work)

    def measure(self, command: str) -> Results:
        """Measure everything.

        Args:
            command: What was typed, for the report.
        """
        bandwidth_gbs = read_bandwidth_gbs(self._threads)
        speed = {name: self._speed(name) for name in self._names}
        # Once more, since what the machine gives changes over ten minutes; the better one counts.
        bandwidth_gbs = max(bandwidth_gbs, read_bandwidth_gbs(self._threads))
        return {
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "machine": processor_name(),
            "command": command,
            "versions": versions(),
            "shape": self._extent.size.name,
            "threads": self._threads,
            "prompt_tokens": PROMPT_TOKENS,
            "new_tokens": self._extent.new_tokens,
            "streams": list(self._extent.streams),
            "speed": speed,
            "bandwidth_gbs": bandwidth_gbs,
            "limit_tokens_per_s": bandwidth_gbs * 1e9 / parameter_bytes_int8(self._extent.size),
            "classes": self._classes(),
            "start": self._starts(),
        }

    def _speed(self, name: Name) -> dict[str, Any]:
        streams = self._extent.slow_streams if name in _SLOW else self._extent.streams
        return self._cell("speed", name, self._folder, streams)

    def _classes(self) -> list[dict[str, Any]]:
        say(f"class of {CLASS_SIZE} over HTTP")
        try:
            classes = ask_as_a_class(
                self._folder,
                self._work / "data",
                students=CLASS_SIZE,
                new_tokens=self._extent.class_tokens,
                repeats=min(2, self._extent.repeats),
                candidates=CANDIDATES,
            )
        except (RuntimeError, OSError) as error:
            say(f"  {error}")
            return [{"missing": str(error)}]
        return [asdict(one) for one in classes]

    def _starts(self) -> dict[str, Any]:
        """Measure starts; the caches are warm after the first measurements."""
        starts = {}
        for name in self._names:
            if name != Name.TRANSFORMERS_BF16:
                first = self._cell("start", name, self._folder, (1,))
                again = self._cell("start", name, self._folder, (1,))
                starts[f"{name}, {self._extent.size.name}"] = quicker(first, again)
        if self._extent.has_xl and Name.ENGINE in self._names:
            folder = random_checkpoint(XL, self._work)
            with tempfile.TemporaryDirectory(dir=self._work) as fresh:
                for cache in ("cold cache", "warm cache"):
                    measured = self._cell("start", Name.ENGINE, folder, (1,), Path(fresh))
                    starts[f"{Name.ENGINE}, {XL.name}, {cache}"] = measured
        return starts

    def _cell(
        self,
        kind: str,
        name: Name,
        folder: Path,
        streams: tuple[int, ...],
        converted: Path | None = None,
    ) -> dict[str, Any]:
        say(f"{kind}: {name}, {folder.name}, {', '.join(map(str, streams))} at once")
        new_tokens = self._extent.new_tokens
        answer = run_cell(
            Request(
                kind=kind,
                contender=name,
                folder=str(folder),
                work=str(converted or self._converted),
                threads=self._threads,
                streams=streams,
                prompt_tokens=PROMPT_TOKENS,
                new_tokens=min(new_tokens, START_TOKENS) if kind == "start" else new_tokens,
                repeats=self._extent.repeats,
                limit_s=self._extent.limit_s,
            )
        )
        say(f"  {answer}")
        return answer


def run_cell(request: Request) -> dict[str, Any]:
    """Run one measurement in a process of its own.

    Returns:
        What it measured, or ``{"missing": reason}`` of a contender that fails.
    """
    command = [sys.executable, "-m", "bot.workshop.benchmark.cells", request.to_json()]
    try:
        ran = subprocess.run(
            command, capture_output=True, text=True, timeout=CELL_LIMIT_S, check=True
        )
    except subprocess.TimeoutExpired:
        return {"missing": f"took more than {CELL_LIMIT_S} s"}
    except subprocess.CalledProcessError as error:
        lines = str(error.stderr).strip().splitlines() or ["no reason given"]
        return {"missing": lines[-1][:120]}
    answer: dict[str, Any] = json.loads(ran.stdout.strip().splitlines()[-1])
    return answer


def quicker(first: dict[str, Any], again: dict[str, Any]) -> dict[str, Any]:
    """Return the start with the earlier first token; one that is missing only if both are."""
    if "missing" in again:
        return first
    if "missing" in first or again["first_token_s"] < first["first_token_s"]:
        return again
    return first


def processor_name() -> str:
    """Return the processor's name as the system tells it."""
    listing = Path("/proc/cpuinfo")
    if listing.is_file():
        for line in listing.read_text("utf-8", "replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def versions() -> dict[str, str]:
    """Return the versions of what takes part."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "missing"
    return found


def say(line: str) -> None:
    """Tell how far the run is, on standard error."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
