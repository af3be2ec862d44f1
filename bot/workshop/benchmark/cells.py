"""One measurement in a process of its own: ``python -m bot.workshop.benchmark.cells JSON``.

A process of its own has its own peak memory, its own thread pools and no warm caches of others.
The answer is one line of JSON on standard output.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from bot.workshop.benchmark.contenders import (
    Contender,
    CTranslate2,
    Name,
    OurEngine,
    Setting,
    TransformersBfloat16,
    TransformersGenerate,
    best_of_repeats,
    prompts_of,
    quietly_close,
)
from bot.workshop.benchmark.llama_cpp_peer import LlamaCpp

MEBIBYTE = 2**20
WARM_UP_TOKENS = 4

CONTENDERS: dict[Name, Callable[[Setting], Contender]] = {
    Name.ENGINE: OurEngine,
    Name.TRANSFORMERS: TransformersGenerate,
    Name.TRANSFORMERS_BF16: TransformersBfloat16,
    Name.CTRANSLATE2: CTranslate2,
    Name.LLAMA_CPP: LlamaCpp,
}


@dataclass(frozen=True, slots=True)
class Request:
    """What to measure.

    Attributes:
        kind: ``speed``: tokens per second for several numbers of streams. ``start``: time from the
            start of the process to the first token, and peak memory.
        contender: Who writes.
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
    contender: Name
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
        """Return the request as one line, stamped with this moment."""
        return json.dumps(asdict(self) | {"started_s": time.time()})

    @classmethod
    def from_json(cls, line: str) -> "Request":
        """Read what ``to_json`` wrote."""
        fields = json.loads(line)
        fields |= {"contender": Name(fields["contender"]), "streams": tuple(fields["streams"])}
        return cls(**fields)


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
    answer: dict[str, Any]
    if request.kind == "start":
        answer = _first_and_further_tokens(contender, request) | {"loaded_s": loaded_s}
    else:
        answer = {"tokens_per_s": _rates(contender, request)}
    quietly_close(contender)
    return answer | {"peak_memory_mb": peak_memory_mb()}


def _first_and_further_tokens(contender: Contender, request: Request) -> dict[str, float]:
    prompts = prompts_of(1, request.prompt_tokens)
    contender.write(prompts, 1)
    first_token_s = time.time() - request.started_s
    started_s = time.perf_counter()
    contender.write(prompts, request.new_tokens)
    rate = request.new_tokens / (time.perf_counter() - started_s)
    return {"first_token_s": first_token_s, "tokens_per_s": rate}


def _rates(contender: Contender, request: Request) -> dict[str, float]:
    """Return tokens a second of all streams together, by the number of streams."""
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
    return rates


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(Request.from_json(sys.argv[1]))) + "\n")
