"""The bot's own health and metrics, for an operator's monitoring; off unless a port is set."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import datetime

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot import __version__
from bot.generation.balancing import ServiceState
from bot.serving import serve_beside

_MOST_CONNECTIONS = 32


@dataclass(frozen=True, slots=True)
class Status:
    """How the bot is doing.

    Attributes:
        running: Essays being written.
        waiting: Essays in the queue.
        ended: Essays by how they ended, of those that are still kept.
        words_per_s: Speed over all essays together, 0 before it is known.
        owed: Messages to be sent.
        oldest_owed_s: Age of the oldest of them.
        held: Messages that a chat refuses for now, by reason.
        refused: Essays that had no room since the start, by whose was missing.
        floods: How often Telegram asked to wait since the start (429).
        deaf_since: When Telegram stopped answering, or None.
        database_away_since: When the database stopped answering, or None.
        services: How each generation service is doing.
    """

    running: int
    waiting: int
    ended: dict[str, int]
    words_per_s: float
    owed: int
    oldest_owed_s: float
    held: dict[str, int]
    refused: dict[str, int]
    floods: int
    deaf_since: datetime | None
    database_away_since: datetime | None
    services: Sequence[ServiceState] = ()

    @property
    def is_well(self) -> bool:
        """Whether Telegram and the database answer."""
        return self.deaf_since is None and self.database_away_since is None


@asynccontextmanager
async def serve_monitoring(
    host: str, port: int, look: Callable[[], Awaitable[Status]]
) -> AsyncIterator[None]:
    """Serve ``/health`` and ``/metrics`` while the block runs.

    Args:
        host: Address to listen on; whoever reaches it may read.
        port: 0 takes a free one.
        look: Tells how the bot is doing; quick even while the database is away.

    Raises:
        PortTakenError: Another program listens there.
        SettingsError: This computer has no such address.
    """

    async def health(_request: Request) -> Response:
        status = await look()
        return JSONResponse(
            {
                "status": "ok" if status.is_well else "failing",
                "version": __version__,
                "running": status.running,
                "waiting": status.waiting,
                "owed": status.owed,
                "held": status.held,
                "deaf_since": _written(status.deaf_since),
                "database_away_since": _written(status.database_away_since),
                "services": [
                    {**asdict(one), "away_since": _written(one.away_since)}
                    for one in status.services
                ],
            },
            status_code=200 if status.is_well else 503,
        )

    async def metrics(_request: Request) -> Response:
        registry = CollectorRegistry()
        registry.register(_StatusCollector(await look()))
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    application = Starlette(routes=[Route("/health", health), Route("/metrics", metrics)])
    async with serve_beside(application, host, port, _MOST_CONNECTIONS):
        yield


class _StatusCollector(Collector):
    """One look as Prometheus metrics."""

    def __init__(self, status: Status) -> None:
        self._status = status

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        status = self._status
        for name, text, value in (
            ("essays_running", "Essays being written.", status.running),
            ("essays_waiting", "Essays in the queue.", status.waiting),
            ("words_per_second", "Words written, all essays together.", status.words_per_s),
            ("messages_owed", "Messages to be sent.", status.owed),
            ("oldest_owed_seconds", "Age of the oldest of them.", status.oldest_owed_s),
            ("is_deaf", "1 while Telegram does not answer.", status.deaf_since is not None),
            (
                "database_is_away",
                "1 while the database does not answer.",
                status.database_away_since is not None,
            ),
        ):
            yield GaugeMetricFamily(f"redactor_{name}", text, value=float(value))
        held = GaugeMetricFamily(
            "redactor_messages_held", "Messages that a chat refuses for now.", labels=["reason"]
        )
        for reason, count in status.held.items():
            held.add_metric([reason], count)
        yield held
        yield CounterMetricFamily(
            "redactor_floods", "How often Telegram asked to wait.", value=status.floods
        )
        refused = CounterMetricFamily(
            "redactor_essays_refused", "Essays that had no room.", labels=["room"]
        )
        for room, count in status.refused.items():
            refused.add_metric([room], count)
        yield refused
        ended = CounterMetricFamily(
            "redactor_essays_ended", "Essays by how they ended.", labels=["outcome"]
        )
        for outcome, count in status.ended.items():
            ended.add_metric([outcome], count)
        yield ended
        yield from self._services()

    def _services(self) -> Iterator[Metric]:
        values: tuple[tuple[str, str, Callable[[ServiceState], float]], ...] = (
            ("open", "Requests that a service is answering.", lambda one: one.open),
            ("slots", "Texts that it says it writes at once.", lambda one: one.slots or 0),
            ("is_away", "Whether it takes no requests.", lambda one: one.away_since is not None),
        )
        for name, text, value in values:
            metric = GaugeMetricFamily(f"redactor_service_{name}", text, labels=["address"])
            for one in self._status.services:
                metric.add_metric([one.address], value(one))
            yield metric


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
