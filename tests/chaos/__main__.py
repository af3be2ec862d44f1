"""``python -m tests.chaos``: see the package."""

import asyncio
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import httpx
import psutil
import typer

from bot.playground import PlaygroundServer
from tests.chaos.flows import FLOWS, Scene
from tests.chaos.judge import faults_of, is_quiet
from tests.chaos.launcher import GUARDS

_SETTINGS = {
    "REDACTOR_ACCESS": "open",
    "REDACTOR_THREADS": "1",
    # The pace is judged elsewhere; here it would only take time.
    "REDACTOR_CHAT_MESSAGES_PER_S": "30",
    "REDACTOR_GROUP_MESSAGES_PER_MINUTE": "1000",
    "REDACTOR_ALL_MESSAGES_PER_S": "1000",
}
_PATIENCE_S = 90.0
_CALM_S = 1.5

Edge = tuple[str, str, str, int]


@dataclass
class Tally:
    """What came of all runs."""

    runs: int = 0
    kills: int = 0
    faults: list[str] = field(default_factory=list)
    by_flow: Counter[str] = field(default_factory=Counter)


class Bot:
    """One process of the bot after another, on one folder."""

    def __init__(self, server: PlaygroundServer, folder: Path, generation_url: str) -> None:
        self._server = server
        self._folder = folder
        self._generation_url = generation_url
        self.process: asyncio.subprocess.Process | None = None
        self.log = folder / "log.txt"

    async def start(self, plan: dict[str, object]) -> None:
        """Start the process with a plan for its end."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith("REDACTOR_")}
        own = {
            "REDACTOR_TELEGRAM_TOKEN": self._server.token,
            "REDACTOR_TELEGRAM_API_URL": self._server.api_base_url,
            "REDACTOR_DATA_DIR": str(self._folder),
            "REDACTOR_GENERATION_URL": self._generation_url,
            "CHAOS": json.dumps(plan),
        }
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.chaos.launcher",
                "run",
                env={**clean, **_SETTINGS, **own},
                stdout=log,
                stderr=log,
            )

    @property
    def is_dead(self) -> bool:
        """Whether the process has ended."""
        return self.process is None or self.process.returncode is not None

    async def kill(self, *, child: bool = False, bot: bool = True) -> None:
        """End the bot, its generation child or both, as by ``kill -9``."""
        assert self.process is not None
        with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
            if child:
                for one in psutil.Process(self.process.pid).children():
                    one.kill()
            if bot:
                self.process.kill()
        if bot:
            await self.process.wait()

    async def stop(self) -> None:
        """End the process as an operator does."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self.process.wait(), 30)
            except TimeoutError:
                self.process.kill()
                await self.process.wait()


@asynccontextmanager
async def generation_service(folder: Path) -> AsyncIterator[str]:
    """The real service with the embedded model, for all runs."""
    port = _free_port()
    environment = {**os.environ, **_SETTINGS, "REDACTOR_DATA_DIR": str(folder)}
    process = subprocess.Popen(  # noqa: ASYNC220 - nothing else runs yet
        [sys.executable, "-m", "bot", "serve", "--port", str(port)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        async with httpx.AsyncClient() as http:
            for _ in range(600):
                with contextlib.suppress(httpx.HTTPError):
                    if (await http.get(f"{url}/health")).status_code == 200:
                        break
                await asyncio.sleep(0.25)
        yield url
    finally:
        process.kill()
        process.wait()


def _free_port() -> int:
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


async def run_flow(
    flow: str,
    url: str,
    plan: dict[str, object],
    *,
    kills: list[tuple[float, str]] | None = None,
    without: tuple[str, ...] = (),
) -> tuple[list[str], int]:
    """Run a flow with a plan, or with kills at instants; start again until nothing is owed.

    Returns:
        What is wrong at the end, and how often something was killed.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with PlaygroundServer() as server:
            bot, scene, killed = Bot(server, folder, url), Scene(server), 0
            guards: dict[str, object] = {"without": list(without)}
            _shorten(scene, server)
            await bot.start({**plan, **guards})
            playing = asyncio.create_task(FLOWS[flow](scene))
            killing = asyncio.create_task(_kill_at(bot, kills or []))
            deadline_s = time.monotonic() + _PATIENCE_S
            calm_since: float | None = None
            while time.monotonic() < deadline_s:
                if bot.is_dead:
                    killed += 1
                    await bot.start(guards)
                is_calm = playing.done() and killing.done() and is_quiet(scene)
                calm_since = (calm_since or time.monotonic()) if is_calm else None
                if calm_since is not None and time.monotonic() - calm_since > _CALM_S:
                    break
                await asyncio.sleep(0.05)
            killing.cancel()
            playing.cancel()
            await asyncio.gather(killing, playing, return_exceptions=True)
            await bot.stop()
            faults = faults_of(scene)
            if "Traceback" in bot.log.read_text("utf-8", "replace"):
                faults.append("a traceback in the log")
            return faults, killed + len(kills or [])


def _shorten(scene: Scene, server: PlaygroundServer) -> None:
    """Essays of forty words, so that a run takes seconds."""
    server.people.send(scene.lucia, scene.lucia, "/config longitud 40")


async def _kill_at(bot: Bot, kills: list[tuple[float, str]]) -> None:
    for pause_s, whom in kills:
        await asyncio.sleep(pause_s)
        await bot.kill(child=whom in ("child", "both"), bot=whom in ("bot", "both"))


async def edges_of(flow: str, url: str) -> list[Edge]:
    """Every edge that a flow crosses when nothing happens to it."""
    with tempfile.NamedTemporaryFile() as file:
        faults, _ = await run_flow(flow, url, {"record": file.name})
        assert not faults, faults
        lines = file.read().splitlines()
    edges = [tuple(json.loads(line)) for line in lines]
    # Polling and looking repeat for ever; their first times are enough.
    return [one for one in edges if one[1] not in ("getUpdates", "release") or one[3] <= 2]


async def run(
    flows: list[str],
    *,
    at_random: int,
    most_edges: int,
    seed: int,
    without: tuple[str, ...],
    at_once: int,
) -> Tally:
    """Kill at edges, then at random; see the package."""
    random_source = random.Random(seed)
    tally = Tally()
    room = asyncio.Semaphore(at_once)
    with tempfile.TemporaryDirectory() as name:
        async with generation_service(Path(name)) as url:

            async def one(flow: str, plan: dict[str, object], **more: object) -> None:
                async with room:
                    faults, killed = await run_flow(flow, url, plan, without=without, **more)  # type: ignore[arg-type]
                tally.runs += 1
                tally.kills += killed
                tally.by_flow[flow] += killed
                about = plan.get("kill") or more.get("kills")
                tally.faults += [f"{flow} {about}: {fault}" for fault in faults]
                mark = "ok" if not faults else f"WRONG {faults}"
                print(f"{tally.runs:4} {flow:9} {about} {mark}", flush=True)

            plans: list[tuple[str, Edge]] = []
            for flow in flows:
                plans += [(flow, edge) for edge in await edges_of(flow, url)]
            random_source.shuffle(plans)
            if most_edges:
                plans = plans[:most_edges]
            await asyncio.gather(*(one(flow, {"kill": list(edge)}) for flow, edge in plans))
            await asyncio.gather(
                *(
                    one(
                        random_source.choice(flows),
                        {},
                        kills=[(random_source.uniform(0.5, 5.0), "bot") for _ in range(2)],
                    )
                    for _ in range(at_random)
                )
            )
    return tally


def main(
    at_random: Annotated[int, typer.Option(help="Runs with two kills at random instants.")] = 40,
    most_edges: Annotated[int, typer.Option(help="Edges at most; 0 is all of them.")] = 0,
    flow: Annotated[list[str] | None, typer.Option(help="Only these flows.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the random instants.")] = 1,
    without: Annotated[list[str] | None, typer.Option(help="Guards to take away.")] = None,
    at_once: Annotated[int, typer.Option(help="Runs side by side.")] = 2,
) -> None:
    """Kill the bot at every edge of every flow, then at random; fail if anything is wrong."""
    unknown = set(without or ()) - set(GUARDS)
    if unknown:
        raise typer.BadParameter(f"guards are {', '.join(GUARDS)}")
    tally = asyncio.run(
        run(
            flow or list(FLOWS),
            at_random=at_random,
            most_edges=most_edges,
            seed=seed,
            without=tuple(without or ()),
            at_once=at_once,
        )
    )
    print(f"{tally.runs} runs, {tally.kills} kills, {len(tally.faults)} faults")
    for flow_name, kills in sorted(tally.by_flow.items()):
        print(f"  {flow_name:9} {kills} kills")
    for fault in tally.faults:
        print(f"  {fault}")
    raise typer.Exit(1 if tally.faults else 0)


if __name__ == "__main__":
    typer.run(main)
