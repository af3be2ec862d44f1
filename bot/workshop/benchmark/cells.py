"""One measurement in a process of its own: ``python -m bot.workshop.benchmark.cells JSON``.

A process of its own has its own peak memory, its own thread pools and no warm caches of others.
The answer is one line of JSON on standard output.
"""

import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from bot.workshop.benchmark.contenders import (
    CONTENDERS,
    Setting,
    best_of_repeats,
    prompts_of,
    quietly_close,
)

MEBIBYTE = 2**20
WARM_UP_TOKENS = 4


@dataclass(frozen=True, slots=True)
class Request:
    """What to measure.

    Attributes:
        kind: ``speed``: tokens per second for several numbers of streams. ``start``: time from the
            start of the process to the first token, and peak memory.
        contender: A name in ``CONTENDERS``.
        folder: The checkpoint.
        work: Folder for converted weights.
        threads: Threads of arithmetic.
        streams: Numbers of texts at once.
        prompt_tokens: Length of each prompt.
        new_tokens: Tokens to write after each.
        repeats: Of each measurement, at most; the best counts.
        limit_s: No further repeat begins after this.
        started_s: When the process was asked for, Unix time.
    """

    kind: str
    contender: str
    folder: str
    work: str
    threads: int
    streams: tuple[int, ...]
    prompt_tokens: int
    new_tokens: int
    repeats: int
    limit_s: float
    started_s: float = 0.0

    def to_json(self) -> str:
        """Return the request as one line."""
        return json.dumps(asdict(self) | {"started_s": time.time()})


def peak_memory_mb() -> float:
    """Return the greatest resident memory of this process so far, in MiB."""
    status = Path("/proc/self/status")
    if status.is_file():
        # Not getrusage: its figure begins with that of the process that started this one.
        for line in status.read_text("ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    memory = psutil.Process().memory_info()
    return float(getattr(memory, "peak_wset", memory.rss) / MEBIBYTE)


def measure(request: Request) -> dict[str, Any]:
    """Run a measurement; see :class:`Request`."""
    setting = Setting(
        folder=Path(request.folder),
        work=Path(request.work),
        threads=request.threads,
        streams=max(request.streams),
    )
    contender = CONTENDERS[request.contender](setting)
    loaded_s = time.time() - request.started_s
    if request.kind == "start":
        contender.write(prompts_of(1, request.prompt_tokens), 1)
        first_token_s = time.time() - request.started_s
        started_s = time.perf_counter()
        contender.write(prompts_of(1, request.prompt_tokens), request.new_tokens)
        rate = request.new_tokens / (time.perf_counter() - started_s)
        quietly_close(contender)
        return {
            "loaded_s": loaded_s,
            "first_token_s": first_token_s,
            "tokens_per_s": rate,
            "peak_memory_mb": peak_memory_mb(),
        }
    rates = {}
    for streams in request.streams:
        prompts = prompts_of(streams, request.prompt_tokens)
        contender.write(prompts, WARM_UP_TOKENS)
        seconds = best_of_repeats(
            contender,
            prompts,
            request.new_tokens,
            repeats=request.repeats,
            limit_s=request.limit_s,
        )
        rates[str(streams)] = streams * request.new_tokens / seconds
    quietly_close(contender)
    return {"tokens_per_s": rates, "peak_memory_mb": peak_memory_mb()}


if __name__ == "__main__":
    fields = json.loads(sys.argv[1])
    answer = measure(Request(**fields | {"streams": tuple(fields["streams"])}))
    sys.stdout.write(json.dumps(answer) + "\n")
