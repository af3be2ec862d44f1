"""A class of 30 asking the real service for 200 tokens each at the same moment, over HTTP."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from bot.workshop.benchmark.contenders import TOP_K, TOP_P

MEBIBYTE = 2**20
START_LIMIT_S = 300.0


@dataclass(frozen=True, slots=True)
class ClassResult:
    """How it went.

    Attributes:
        students: Who asked.
        candidates: Continuations that were drawn for each sentence.
        seconds: From the first request to the last end.
        tokens_per_s: Of all together.
        first_token_s: From the asking to each student's first text, the earliest and the latest.
        memory_after_mb: Of the service, after all essays, in MiB.
        peak_memory_mb: Of the service, its greatest, in MiB; 0 where the system does not tell.
    """

    students: int
    candidates: int
    seconds: float
    tokens_per_s: float
    first_token_s: tuple[float, float]
    memory_after_mb: float
    peak_memory_mb: float


def ask_as_a_class(
    folder: Path,
    data_dir: Path,
    *,
    students: int,
    new_tokens: int,
    repeats: int,
    candidates: Sequence[int],
) -> list[ClassResult]:
    """Start the service and let everybody ask at once, with each number of candidates.

    Returns:
        The best of the repeats for each.
    """
    with running_service(folder, data_dir) as (address, process):
        model = httpx.get(f"{address}/v1/models").json()["data"][0]["id"]
        asyncio.run(_lesson(address, model, students, 1, 8))
        results = []
        for count in candidates:
            runs = []
            for _ in range(repeats):
                started_s = time.perf_counter()
                firsts = asyncio.run(_lesson(address, model, students, count, new_tokens))
                seconds = time.perf_counter() - started_s
                memory = _service_memory(process)
                runs.append(
                    ClassResult(
                        students=students,
                        candidates=count,
                        seconds=seconds,
                        tokens_per_s=students * new_tokens / seconds,
                        first_token_s=(min(firsts), max(firsts)),
                        memory_after_mb=memory[0],
                        peak_memory_mb=memory[1],
                    )
                )
            results.append(min(runs, key=lambda run: run.seconds))
        return results


@contextmanager
def running_service(folder: Path, data_dir: Path) -> Iterator[tuple[str, psutil.Process]]:
    """Start the service on a free port; yield its address, once it is ready, and its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "bot", "serve", "--model", str(folder), "--port", str(port)]
    environment = os.environ | {
        "REDACTOR_DATA_DIR": str(data_dir),
        "REDACTOR_TELEGRAM_TOKEN": "",
    }
    log = data_dir / "service.log"
    data_dir.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        child = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(address, child, log)
        yield address, psutil.Process(child.pid)
    finally:
        child.terminate()
        try:
            child.wait(30)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _wait_until_ready(address: str, child: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline_s = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline_s:
        if child.poll() is not None:
            raise RuntimeError(f"the service ended: {log.read_text('utf-8')[-400:]}")
        try:
            if httpx.get(f"{address}/health", timeout=2.0).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise RuntimeError("the service does not start")


async def _lesson(
    address: str, model: str, students: int, candidates: int, new_tokens: int
) -> list[float]:
    """Let every student ask for a streamed text; return when each saw the first piece.

    The answers are read as bytes from plain sockets: an HTTP client that parses every event of
    every student would take a third of a small computer's time from the service.
    """
    begun_s = time.perf_counter()

    async def ask(number: int) -> float:
        # 24 bytes are 24 tokens with the checkpoint's byte vocabulary.
        body = {
            "model": model,
            "prompt": f"Tema de la clase: el {number:03d}",
            "max_tokens": new_tokens,
            "top_k": TOP_K,
            "top_p": TOP_P,
            "seed": number,
            "sentence_candidates": candidates,
            "ignore_eos": True,
            "stream": True,
        }
        return await _post(address, json.dumps(body).encode(), begun_s)

    return list(await asyncio.gather(*(ask(number) for number in range(students))))


async def _post(address: str, body: bytes, begun_s: float) -> float:
    """Send one request, read the answer to its end, and return when its first event came."""
    host, port = address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = (
        f"POST /v1/completions HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    writer.write(head.encode() + body)
    await writer.drain()
    status = await reader.readline()
    if b" 200 " not in status:
        raise RuntimeError(f"the service answered {status.decode().strip()}")
    await reader.readuntil(b"\r\n\r\n")
    await reader.readuntil(b"data:")
    first_s = time.perf_counter() - begun_s
    last = b""
    while received := await reader.read(2**16):
        last = (last + received)[-64:]
    writer.close()
    if b"[DONE]" not in last:
        raise RuntimeError("an answer ended early")
    return first_s


def _service_memory(process: psutil.Process) -> tuple[float, float]:
    """Return resident memory now and at its greatest, of the service and its children, in MiB."""
    family = [process, *process.children(recursive=True)]
    now = sum(member.memory_info().rss for member in family) / MEBIBYTE
    status = Path(f"/proc/{process.pid}/status")
    if not status.is_file():
        return now, 0.0
    lines = status.read_text("ascii").splitlines()
    peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    return now, peak / 1024
