"""``redactor run`` that notes its edges, kills itself at one of them, or lacks a guard.

Told by ``CHAOS``, a JSON object: ``record`` names a file that gets a line for each edge; ``kill``
is an edge ``[kind, name, when, number]`` at which the process ends as by ``kill -9``; ``without``
lists guards that are taken away.
"""

import json
import os
import signal
from collections import Counter
from pathlib import Path
from typing import Any

from telegram import Bot

from bot.__main__ import main
from bot.storage import inbox, jobs, outbox
from bot.storage.database import Database

_PLAN: dict[str, Any] = json.loads(os.environ.get("CHAOS", "{}"))
_KILL = tuple(_PLAN.get("kill", ()))
_SEEN: Counter[tuple[str, str, str]] = Counter()


def edge(kind: str, name: str, when: str) -> None:
    """The process is at an edge: note it, and end here if that is the plan."""
    _SEEN[kind, name, when] += 1
    number = _SEEN[kind, name, when]
    if "record" in _PLAN:
        with Path(_PLAN["record"]).open("a") as file:
            file.write(json.dumps([kind, name, when, number]) + "\n")
    if (kind, name, when, number) == _KILL:
        os.kill(os.getpid(), signal.SIGKILL)


def watch_commits() -> None:
    """Every step of the database is an edge before and after its commit."""
    step = Database.step

    async def watched(self: Database, name: str, work: Any) -> Any:
        async def noted(tx: Any) -> Any:
            result = await work(tx)
            edge("commit", name, "before")
            return result

        result = await step(self, name, noted)
        edge("commit", name, "after")
        return result

    Database.step = watched  # type: ignore[method-assign]


def watch_requests() -> None:
    """Every request to Telegram is an edge before it leaves and after its answer came."""
    request = Bot.do_api_request

    async def watched(self: Bot, endpoint: str, *arguments: Any, **options: Any) -> Any:
        edge("request", endpoint, "before")
        result = await request(self, endpoint, *arguments, **options)
        edge("request", endpoint, "after")
        return result

    Bot.do_api_request = watched  # type: ignore[method-assign]


def without_update_key() -> None:
    """An update taken twice is a new one, and its job another one."""
    add, record = jobs.add, inbox.record

    async def added(tx: Any, request: Any, *, update_id: int | None, **more: Any) -> Any:
        return await add(tx, request, update_id=None, **more)

    async def recorded(tx: Any, batch: Any) -> Any:
        await record(tx, batch)
        return batch

    jobs.add, inbox.record = added, recorded


def without_message_number() -> None:
    """What leaves is not noted before, so that nobody looks for it when its answer is lost."""
    take = outbox.take

    async def taken(tx: Any, row: Any) -> Any:
        base = await take(tx, row)
        await outbox.put_back(tx, row)
        return base

    outbox.take = taken


def without_removal() -> None:
    """Nobody owes the removal of a placeholder."""
    from bot.essays import desk

    async def nothing(tx: Any, job: Any, waits: Any) -> None:
        return None

    desk.owe_tidy = nothing


def without_lease() -> None:
    """Two processes may act for one bot."""
    from bot.storage import leases

    leases._lock = lambda file: None


GUARDS = {
    "update-key": without_update_key,
    "message-number": without_message_number,
    "removal": without_removal,
    "lease": without_lease,
}

if __name__ == "__main__":
    for guard in _PLAN.get("without", ()):
        GUARDS[guard]()
    watch_commits()
    watch_requests()
    main()
