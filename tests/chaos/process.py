"""The bot as one process after another, on one folder, each a fork that takes no time to start."""

import multiprocessing
import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import psutil

from bot.playground import PlaygroundServer
from tests.chaos.launcher import Plan, launch

_SETTINGS = {
    "REDACTOR_ACCESS": "open",
    "REDACTOR_THREADS": "1",
    # The pace is judged elsewhere; here it would only take time.
    "REDACTOR_CHAT_MESSAGES_PER_S": "30",
    "REDACTOR_GROUP_MESSAGES_PER_MINUTE": "1000",
    "REDACTOR_ALL_MESSAGES_PER_S": "1000",
}
_OWED = """
    SELECT (SELECT count(*) FROM inbox WHERE state = 'new')
         + (SELECT count(*) FROM jobs WHERE state IN ('waiting', 'running', 'written'))
         + (SELECT count(*) FROM outbox WHERE state IN ('open', 'sending'))
"""
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(
    [
        "tests.chaos.launcher",
        # What it imports when it runs.
        "aiosqlite",
        "anyio._backends._asyncio",
        "certifi",
        "httpcore",
        "openai.resources.models",
        "rich._emoji_codes",
    ]
)


class Bot:
    """One process of the bot after another.

    Attributes:
        log: What they wrote.
        plans: What happens to those that are started next, one after another.
    """

    def __init__(
        self, server: PlaygroundServer, folder: Path, settings: dict[str, str], normal: Plan
    ) -> None:
        self.log = folder / "log.txt"
        self.plans: list[Plan] = []
        self._normal = normal
        clean = {k: v for k, v in os.environ.items() if not k.startswith("REDACTOR_")}
        own = {
            "REDACTOR_TELEGRAM_TOKEN": server.token,
            "REDACTOR_TELEGRAM_API_URL": server.api_base_url,
            "REDACTOR_DATA_DIR": str(folder),
        }
        self._environment = {**clean, **_SETTINGS, **own, **settings}
        self._database = folder / "redactor.db"
        self._process = self._fork(self._normal)
        self._others: list[multiprocessing.context.ForkServerProcess] = []

    def start(self) -> None:
        """Start a process, as its plan says."""
        self._process = self._fork(self.plans.pop(0) if self.plans else self._normal)
        self._process.start()

    def start_another(self) -> None:
        """Start one more beside the one that runs."""
        other = self._fork(self._normal)
        other.start()
        self._others.append(other)

    def _fork(self, plan: Plan) -> multiprocessing.context.ForkServerProcess:
        arguments = (plan, self._environment, self.log)
        return _forks.Process(target=launch, args=arguments, daemon=True)

    @property
    def is_dead(self) -> bool:
        """Whether the process has ended."""
        return self._process.exitcode is not None

    @property
    def was_killed(self) -> bool:
        """Whether it ended as by ``kill -9``."""
        return self._process.exitcode == -signal.SIGKILL

    @property
    def is_idle(self) -> bool:
        """Whether the bot believes that nobody is owed anything; what they got is another matter.

        Only tells when to look.
        """
        with suppress(sqlite3.Error), closing(self._connect()) as connection:
            return not connection.execute(_OWED).fetchone()[0]
        return False

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self._database}?mode=ro", uri=True, timeout=0.1)

    def children(self) -> Iterator[psutil.Process]:
        """The processes that the bot started."""
        with suppress(psutil.NoSuchProcess):
            assert self._process.pid is not None
            yield from psutil.Process(self._process.pid).children()

    def kill(self, whom: str) -> None:
        """End the ``bot``, its ``child`` or ``both``, as by ``kill -9``."""
        for one in list(self.children()) if whom != "bot" else ():
            with suppress(psutil.NoSuchProcess):
                one.kill()
        if whom != "child" and not self.is_dead:
            self._process.kill()
            self._process.join()

    def tell_to_stop(self) -> None:
        """Tell the process to end, as an operator does."""
        if not self.is_dead:
            self._process.terminate()

    def end(self) -> None:
        """End all there is."""
        for one in (self._process, *self._others):
            if one.pid is not None:
                one.kill()
                one.join()
