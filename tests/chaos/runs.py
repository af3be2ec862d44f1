"""One run: a flow is played, something is killed, and what people got is judged."""

import asyncio
import json
import random
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from sqlalchemy import make_url

from bot.playground import PlaygroundServer
from bot.storage.migrating import migrate
from tests.chaos.flows import PATIENCE_S, Flow, Scene
from tests.chaos.judge import Kind, Wrong, wrongs_of
from tests.chaos.launcher import Edge, Plan
from tests.chaos.process import Bot
from tests.chaos.service import NumberedService

_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""No run cuts the power, so that nothing has to be on a disk."""
_CALM_S = 0.4
"""For so long nothing may be owed before it is judged."""
_STUCK_S = 15.0
"""After which a flow that waits for a bot that believes to be done will wait for ever."""
_REPEATED = {"getUpdates": 2, "release": 2, "start": 6, "piece": 3}
"""What repeats for ever, or for every word: its first times are enough."""


@dataclass(frozen=True)
class Kill:
    """A kill at an instant.

    Attributes:
        pause_s: Since the one before.
        whom: ``bot``, ``child`` or ``both``.
    """

    pause_s: float
    whom: str


@dataclass(frozen=True)
class Doom:
    """What goes wrong in a run.

    Attributes:
        edge: Where the bot dies.
        kills: What is killed at instants.
        child: Who writes: ``""`` the service of all runs, ``numbered`` or ``model`` an own child.
        without: Guards that are taken away.
    """

    edge: Edge | None = None
    kills: tuple[Kill, ...] = ()
    child: str = ""
    without: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.edge is not None:
            return " ".join(map(str, self.edge))
        return ", ".join(f"{one.whom} after {one.pause_s:.2f} s" for one in self.kills) or "-"


@dataclass
class Outcome:
    """What came of a run.

    Attributes:
        kills: How often something was killed.
        wrongs: What is wrong.
        edges: What its process crossed, where that was asked for.
        log: What the bot wrote.
    """

    kills: int = 0
    wrongs: list[Wrong] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    log: str = ""


class Stage:
    """Where runs are made.

    Args:
        folder: Of all runs.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._service = NumberedService()
        self._numbers = count(1)
        self._migrated = folder / "migrated.db"

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator["Stage"]:
        """Make a stage, which is gone after the block."""
        with tempfile.TemporaryDirectory(dir=_MEMORY) as name:
            stage = cls(Path(name))
            bot_id = int(PlaygroundServer().token.partition(":")[0])
            migrate(make_url(f"sqlite:///{stage._migrated}"), bot_id)
            async with stage._service.serve():
                yield stage

    async def play(self, flow: Flow, doom: Doom, *, records: bool = False) -> Outcome:
        """Play a flow once, and start the bot again whenever it is dead.

        Args:
            flow: What people do.
            doom: What goes wrong.
            records: Whether to note the edges instead.
        """
        run = f"run{next(self._numbers)}"
        folder = self._folder / run
        folder.mkdir()
        shutil.copy(self._migrated, folder / "redactor.db")
        settings = dict(flow.settings)
        if not doom.child:
            settings["REDACTOR_GENERATION_URL"] = f"{self._service.url}/{run}"
        normal = Plan(without=doom.without, has_numbered_child=doom.child == "numbered")
        first = Plan(kill=flow.after, without=doom.without)
        noted = folder / "edges"
        looked_at = Plan(doom.edge, noted if records else None, doom.without)
        outcome = Outcome()
        async with PlaygroundServer() as server:
            bot = Bot(server, folder, settings, normal)
            scene = Scene(server, bot, self._service.behaviours[run])
            scene.is_numbered = doom.child != "model"
            if not doom.child:
                bot.plans = [first, looked_at] if flow.after else [looked_at]
            if doom.child != "model":
                # Essays of forty words, so that a run takes seconds.
                scene.configure("words", 40)
            try:
                await _watch(scene, flow, doom.kills, outcome)
                outcome.wrongs += wrongs_of(scene)
                outcome.log = bot.log.read_text("utf-8", "replace")
            finally:
                bot.end()
        if records:
            outcome.edges = _edges(noted)
        shutil.rmtree(folder)
        self._service.behaviours.pop(run, None)
        return outcome


async def _watch(scene: Scene, flow: Flow, kills: Sequence[Kill], outcome: Outcome) -> None:
    """Play to the end, until nothing is owed any more or nothing happens any more."""
    bot = scene.bot
    bot.start()
    playing = asyncio.create_task(flow.play(scene))
    killing = asyncio.create_task(_kill(bot, kills, outcome))
    began_s = time.monotonic()
    idle_since_s: float | None = None
    while (now_s := time.monotonic()) - began_s < PATIENCE_S:
        if bot.is_dead:
            outcome.kills += bot.was_killed
            bot.start()
        is_idle = not len(scene.server.world.updates) and killing.done() and bot.is_idle
        idle_since_s = (idle_since_s or now_s) if is_idle else None
        if idle_since_s is not None:
            enough_s = _CALM_S if playing.done() else _STUCK_S
            if now_s - idle_since_s > enough_s:
                break
        await asyncio.sleep(0.05)
    for task in (playing, killing):
        task.cancel()
    for result in await asyncio.gather(playing, killing, return_exceptions=True):
        if isinstance(result, TimeoutError):
            outcome.wrongs.append(Wrong(Kind.UNTOLD, "somebody waits for what does not come"))
        elif isinstance(result, Exception):
            raise result


async def _kill(bot: Bot, kills: Sequence[Kill], outcome: Outcome) -> None:
    for one in kills:
        await asyncio.sleep(one.pause_s)
        while one.whom != "bot" and not list(bot.children()):
            await asyncio.sleep(0.05)
        bot.kill(one.whom)
        outcome.kills += one.whom == "child"


def _edges(file: Path) -> list[Edge]:
    """The edges that were noted, the first ones of what repeats."""
    noted = [tuple(json.loads(line)) for line in file.read_text("utf-8").splitlines()]
    return [one for one in noted if one[3] <= _REPEATED.get(one[1], one[3])]


def random_kills(source: random.Random, whom: str, most_s: float) -> tuple[Kill, ...]:
    """One or two kills within so many seconds."""
    return tuple(Kill(source.uniform(0, most_s), whom) for _ in range(source.choice((1, 1, 2))))
