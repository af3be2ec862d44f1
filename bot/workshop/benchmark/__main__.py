"""The command line of the benchmark: measure, print one table, write the JSON beside it."""

import argparse
import datetime
import json
import platform
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from bot.generation.engine.machine import usable_threads
from bot.workshop.benchmark import report
from bot.workshop.benchmark.bandwidth import read_bandwidth_gbs
from bot.workshop.benchmark.cells import Request
from bot.workshop.benchmark.contenders import (
    CONTENDERS,
    CTRANSLATE2,
    ENGINE,
    LLAMA_CPP,
    TRANSFORMERS,
    TRANSFORMERS_BF16,
)
from bot.workshop.benchmark.service import ask_as_a_class
from bot.workshop.benchmark.shapes import (
    SMALL,
    TINY,
    XL,
    parameter_bytes_int8,
    random_checkpoint,
)

PROMPT_TOKENS = 24
CELL_LIMIT_S = 600
DOCS = Path(__file__).parents[3] / "docs"


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured.

    Attributes:
        streams: Numbers of texts at once.
        new_tokens: To write in each text.
        class_tokens: To write for each student.
        repeats: Of a measurement, at most.
        limit_s: No repeat begins after this.
        slow_streams: Numbers for the contenders that take a minute for what others do in seconds.
    """

    streams: tuple[int, ...]
    slow_streams: tuple[int, ...]
    new_tokens: int
    class_tokens: int
    repeats: int
    limit_s: float


FULL = Extent((1, 4, 8, 16, 32), (1, 4, 8, 16, 32), 200, 200, 5, 6.0)
QUICK = Extent((1, 8, 32), (1, 8), 40, 100, 3, 2.0)
TRIAL = Extent((1, 2), (1,), 4, 8, 1, 1.0)
SLOW = {TRANSFORMERS, TRANSFORMERS_BF16}


class Run:
    """One run of the benchmark: where things are, and what was measured so far."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._extent = TRIAL if options.trial else QUICK if options.quick else FULL
        self._threads = options.threads or usable_threads()
        self._root = Path(options.work)
        self._work = self._root / "converted"
        self._work.mkdir(parents=True, exist_ok=True)
        self._size = TINY if options.trial else SMALL
        self._has_xl = not (options.quick or options.trial or options.no_xl)
        self._folder = random_checkpoint(self._size, self._root)
        self._contenders = options.only or list(CONTENDERS)

    def measure(self) -> report.Results:
        """Measure everything, in an order that puts like beside like."""
        extent = self._extent
        bandwidth = read_bandwidth_gbs(self._threads)
        results: report.Results = {
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "machine": processor_name(),
            "command": "python -m bot.workshop.benchmark " + " ".join(sys.argv[1:]),
            "versions": versions(),
            "threads": self._threads,
            "prompt_tokens": PROMPT_TOKENS,
            "new_tokens": extent.new_tokens,
            "streams": list(extent.streams),
            "speed": {},
            "start": {},
        }
        for contender in self._contenders:
            streams = extent.slow_streams if contender in SLOW else extent.streams
            results["speed"][contender] = self._cell("speed", contender, self._folder, streams)
        # Once more, since what the machine gives changes over ten minutes; the better one counts.
        bandwidth = max(bandwidth, read_bandwidth_gbs(self._threads))
        results["bandwidth_gbs"] = bandwidth
        results["limit_tokens_per_s"] = bandwidth * 1e9 / parameter_bytes_int8(self._size)
        self._measure_class(results)
        self._measure_starts(results)
        return results

    def _measure_class(self, results: report.Results) -> None:
        say(f"class of {report.CLASS_SIZE} over HTTP")
        try:
            lesson = ask_as_a_class(
                self._folder,
                self._root / "data",
                students=report.CLASS_SIZE,
                new_tokens=self._extent.class_tokens,
                repeats=min(3, self._extent.repeats),
            )
            results["class"] = asdict(lesson)
        except (RuntimeError, OSError) as error:
            results["class"] = {}
            say(f"  {error}")

    def _measure_starts(self, results: report.Results) -> None:
        """Measure starts; the caches are warm after the first measurements."""
        for contender in (ENGINE, TRANSFORMERS, CTRANSLATE2, LLAMA_CPP):
            if contender in self._contenders:
                name = f"{contender}, {self._size.name}"
                first = self._cell("start", contender, self._folder, (1,))
                again = self._cell("start", contender, self._folder, (1,))
                results["start"][name] = _quicker(first, again)
        if self._has_xl and ENGINE in self._contenders:
            folder = random_checkpoint(XL, self._root)
            with tempfile.TemporaryDirectory(dir=self._root) as fresh:
                work = Path(fresh)
                for cache in ("cold cache", "warm cache"):
                    measured = self._cell("start", ENGINE, folder, (1,), work=work)
                    results["start"][f"{ENGINE}, {XL.name}, {cache}"] = measured

    def _cell(
        self,
        kind: str,
        contender: str,
        folder: Path,
        streams: tuple[int, ...],
        work: Path | None = None,
    ) -> dict[str, Any]:
        """Run one measurement in a process of its own; a contender that fails is said missing."""
        say(f"{kind}: {contender}, {folder.name}, {', '.join(map(str, streams))} at once")
        request = Request(
            kind=kind,
            contender=contender,
            folder=str(folder),
            work=str(work or self._work),
            threads=self._threads,
            streams=streams,
            prompt_tokens=PROMPT_TOKENS,
            new_tokens=self._extent.new_tokens,
            repeats=self._extent.repeats,
            limit_s=self._extent.limit_s,
        )
        if kind == "start":
            request = replace(request, new_tokens=min(request.new_tokens, 50))
        command = [sys.executable, "-m", "bot.workshop.benchmark.cells", request.to_json()]
        try:
            ran = subprocess.run(
                command, capture_output=True, text=True, timeout=CELL_LIMIT_S, check=True
            )
        except subprocess.TimeoutExpired:
            return {"missing": f"took more than {CELL_LIMIT_S} s"}
        except subprocess.CalledProcessError as error:
            lines = str(error.stderr).strip().splitlines() or ["no reason given"]
            say(f"  {lines[-1]}")
            return {"missing": lines[-1][:120]}
        answer: dict[str, Any] = json.loads(ran.stdout.strip().splitlines()[-1])
        say(f"  {answer}")
        return answer


def _quicker(first: dict[str, Any], again: dict[str, Any]) -> dict[str, Any]:
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
    from importlib.metadata import PackageNotFoundError, version

    found = {"python": platform.python_version()}
    names = ("torch", "transformers", "numba", "numpy", "ctranslate2", "llama_cpp_python")
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "missing"
    return found


def say(line: str) -> None:
    """Tell how far the run is, on standard error."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(prog="python -m bot.workshop.benchmark")
    parser.add_argument("--quick", action="store_true", help="three minutes, fewer cells")
    parser.add_argument("--trial", action="store_true", help="a tiny model: does it all run?")
    parser.add_argument("--no-xl", action="store_true", help="leave the XL shape out")
    parser.add_argument("--only", action="append", choices=list(CONTENDERS), help="repeatable")
    parser.add_argument("--threads", type=int, help="of arithmetic; default: what the machine has")
    default_work = Path(tempfile.gettempdir()) / "redactor-benchmark"
    parser.add_argument("--work", default=str(default_work), help="folder for checkpoints")
    parser.add_argument("--json", help="file for the figures")
    parser.add_argument(
        "--write-docs", action="store_true", help="put the figures into docs/performance.md"
    )
    options = parser.parse_args()
    results = Run(options).measure()
    sys.stdout.write(report.as_markdown(results) + "\n")
    target = Path(options.json or Path(options.work) / "performance.json")
    target.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    if options.write_docs:
        report.write_documents(results, DOCS)


if __name__ == "__main__":
    main()
