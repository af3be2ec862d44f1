"""``redactor run`` in a fork of a process that has imported it, and that can end at an edge.

An edge is a moment before or after a commit of a step, a request to Telegram or a piece of a
text. The plan names one to die at as by ``kill -9``, a file that gets a line for each, and guards
that are taken away.
"""

import ctypes
import json
import os
import signal
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from telegram import Bot

from bot import app
from bot.__main__ import main
from bot.essays import safety
from bot.generation.client import GenerationClient
from bot.storage import inbox, jobs, outbox
from bot.storage.database import Database

Edge = tuple[str, str, str, int]
"""Kind, name, ``before`` or ``after``, and for the how manyth time."""

_PR_SET_PDEATHSIG = 1

safety.prepare()  # once, instead of a second in each fork


@dataclass(frozen=True)
class Plan:
    """What happens to one process.

    Attributes:
        kill: The edge at which it dies.
        record: Where it notes its edges.
        without: Guards that are taken away.
        has_numbered_child: Whether its child writes numbered sentences, instead of the model.
    """

    kill: Edge | None = None
    record: Path | None = None
    without: tuple[str, ...] = ()
    has_numbered_child: bool = False


def launch(plan, environment, log):
    """Be the bot; called in a fork."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.environ.clear()
    os.environ.update(environment)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.argv = ["redactor", "run"]
    for guard in plan.without:
        GUARDS[guard]()
    if plan.has_numbered_child:
        _replace_child()
    watch = _Watch(plan)
    watch.commits()
    watch.requests()
    watch.texts()
    main()


def _replace_child():
    supervisor = app.GenerationSupervisor

    def supervise(_command, **options):
        return supervisor([sys.executable, "-m", "tests.chaos.service"], **options)

    app.GenerationSupervisor = supervise


class _Watch:
    """Notices edges."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._seen: Counter[tuple[str, str, str]] = Counter()

    def edge(self, kind: str, name: str, when: str) -> None:
        """The process is at an edge: note it, and end here if that is the plan."""
        self._seen[kind, name, when] += 1
        here = (kind, name, when, self._seen[kind, name, when])
        if self._plan.record is not None:
            with self._plan.record.open("a") as file:
                file.write(json.dumps(here) + "\n")
        if here == self._plan.kill:
            os.kill(os.getpid(), signal.SIGKILL)

    def commits(self):
        step = Database.step

        async def watched(database, name, work):
            async def noted(tx):
                result = await work(tx)
                self.edge("commit", name, "before")
                return result

            result = await step(database, name, noted)
            self.edge("commit", name, "after")
            return result

        Database.step = watched

    def requests(self):
        request = Bot.do_api_request

        async def watched(bot, endpoint, *arguments, **options):
            self.edge("request", endpoint, "before")
            result = await request(bot, endpoint, *arguments, **options)
            self.edge("request", endpoint, "after")
            return result

        Bot.do_api_request = watched

    def texts(self):
        stream = GenerationClient.stream

        async def watched(client, *arguments, **options):
            self.edge("text", "stream", "before")
            async for piece in stream(client, *arguments, **options):
                self.edge("text", "piece", "after")
                yield piece

        GenerationClient.stream = watched


def without_update_key():
    """An update taken twice is a new one, and its job another one."""
    add, record = jobs.add, inbox.record

    async def added(tx, request, *, update_id, **more):
        return await add(tx, request, update_id=None, **more)

    async def recorded(tx, batch):
        await record(tx, batch)
        return batch

    async def is_new(_tx, _update_id):
        return True

    jobs.add, inbox.record, inbox.is_new = added, recorded, is_new


def without_message_number():
    """What leaves is not noted before, so that nobody looks for it when its answer is lost."""
    take = outbox.take

    async def taken(tx, rows, until):
        left = await take(tx, rows, until)
        await outbox.put_back(tx, left)
        return left

    outbox.take = taken


def without_removal():
    """Nobody owes the removal of a placeholder."""
    from bot.essays import desk, owing

    async def nothing(_tx, _job, _waits):
        return None

    desk.owe_tidy = owing.owe_tidy = nothing


def without_lease():
    """Two processes may act for one bot."""
    from bot.storage import leases

    leases._lock = lambda file: None


GUARDS = {
    "update-key": without_update_key,
    "message-number": without_message_number,
    "removal": without_removal,
    "lease": without_lease,
}
