"""A real service on a real socket, in a thread of the test's own process."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openai import AsyncOpenAI, OpenAI

from bot.generation.engine import Engine
from bot.generation.server import EngineHost, LoadedModel, ServiceOptions
from bot.generation.server.listening import Server, address_of, open_listener
from bot.generation.server.loading import load_model, served_name

OPTIONS = ServiceOptions(dtype="fp32", max_batch_size=8, threads=1, drain_s=0.5)
PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True)
class RunningService:
    """A service that answers.

    Attributes:
        url: Without ``/v1``; for a Unix socket ``http://localhost``.
        uds: The Unix socket, or None.
        host: Its engine.
        server: To be asked to exit.
    """

    url: str
    uds: Path | None
    host: EngineHost
    server: Server

    @property
    def engine(self) -> Engine:
        loaded = self.host.loaded
        assert loaded is not None
        return loaded.engine

    def openai(self, **options: Any) -> OpenAI:
        return OpenAI(
            base_url=f"{self.url}/v1", **{"api_key": "none", "max_retries": 0, **options}
        )

    def async_openai(self, **options: Any) -> AsyncOpenAI:
        return AsyncOpenAI(
            base_url=f"{self.url}/v1", **{"api_key": "none", "max_retries": 0, **options}
        )


@contextlib.contextmanager
def running(
    host: EngineHost, options: ServiceOptions, uds: Path | None
) -> Iterator[RunningService]:
    """Run a service around a host that may still have to load its model."""
    server = Server(host, options)
    with open_listener("127.0.0.1", 0, uds) as listener:
        url = "http://localhost" if uds else address_of(listener)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield RunningService(url, uds, host, server)
        finally:
            server.ask_to_exit()
            thread.join(PATIENCE_S)
            host.close()
    assert not thread.is_alive()


@contextlib.contextmanager
def running_model(
    folder: Path,
    options: ServiceOptions = OPTIONS,
    uds: Path | None = None,
    load: Callable[[LoadedModel], LoadedModel] = lambda model: model,
) -> Iterator[RunningService]:
    """Run a service and wait until its model is loaded."""
    host = EngineHost(
        served_name(str(folder)),
        lambda report: load(load_model(str(folder), options, report)),
        stall_s=options.stall_s,
    )
    with running(host, options, uds) as service:
        eventually(lambda: host.loaded is not None or host.error is not None)
        assert host.error is None
        yield service


def eventually(condition: Callable[[], bool]) -> None:
    """Wait for something that happens in another thread."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline_s, "it never happened"
        time.sleep(0.005)
