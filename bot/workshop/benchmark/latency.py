"""How soon the service gives its small answers, over TCP, to one client alone."""

import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx

from bot.generation.models import EMBEDDED_FOLDER
from bot.workshop.benchmark.service import running_service

_REPEATS = 200
_ONE_TOKEN = {"prompt": "El mar", "max_tokens": 1, "ignore_eos": True, "seed": 1}
_WARM_UP = 20


def measure(data_dir: Path) -> Iterator[str]:
    """Start the service with the embedded model; yield a line for each kind of request."""
    with (
        running_service(EMBEDDED_FOLDER, data_dir) as (address, _),
        httpx.Client(base_url=address, trust_env=False, timeout=60) as client,
    ):
        model = client.get("/v1/models").json()["data"][0]["id"]
        one_token = {**_ONE_TOKEN, "model": model}
        kinds: dict[str, Callable[[], httpx.Response]] = {
            "a health probe": lambda: client.get("/health"),
            "a completion of one token": lambda: client.post("/v1/completions", json=one_token),
            "the same, streamed": lambda: client.post(
                "/v1/completions", json={**one_token, "stream": True}
            ),
        }
        for kind, ask in kinds.items():
            times_ms = sorted([_time_ms(ask) for _ in range(_WARM_UP + _REPEATS)][_WARM_UP:])
            middle_ms = statistics.median(times_ms)
            yield f"{kind}: median {middle_ms:.1f} ms, quickest {times_ms[0]:.1f} ms"


def _time_ms(ask: Callable[[], httpx.Response]) -> float:
    begun_s = time.perf_counter()
    ask().raise_for_status()
    return (time.perf_counter() - begun_s) * 1000
