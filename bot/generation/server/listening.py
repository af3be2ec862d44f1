"""The process around the service: its socket, its signals, its failures."""

import contextlib
import ipaddress
import json
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from bot import serving
from bot.errors import (
    KeyMissingError,
    ModelNotFoundError,
    ModelUnavailableError,
    SettingsError,
    StartupError,
)
from bot.generation.server.application import create_app
from bot.generation.server.host import EngineHost
from bot.generation.server.loading import ServiceOptions, load_model, served_name

_log = logging.getLogger(__name__)

DEFAULT_OPTIONS = ServiceOptions()


def serve(
    model: str,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    uds: Path | None = None,
    reports_failure: bool = False,
    options: ServiceOptions = DEFAULT_OPTIONS,
    on_listening: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve a model until SIGINT or SIGTERM. The port answers at once, the model loads beside it.

    Args:
        model: ``embedded``, a folder, a name in the models folder, or a Hub id.
        host: Address to listen on.
        port: TCP port; 0 takes a free one.
        uds: Path of a Unix socket to listen on instead; only this user may connect.
        reports_failure: Say on standard output, as one line of JSON, why it could not start: how
            the supervisor's child is run.
        options: See there.
        on_listening: Told the address, once it answers.

    Raises:
        KeyMissingError: Others could reach it, and no key keeps them out.
        PortTakenError: Somebody else listens there.
        SettingsError: This computer has no such address.
        ModelNotFoundError: There is no such model, or the loader refuses it.
        ModelUnavailableError: The model could not be had or loaded this time.
    """
    with _reported(reports_failure), contextlib.ExitStack() as stack:
        if uds is None and options.api_key is None and not _is_loopback(host):
            raise KeyMissingError(host)
        listener = stack.enter_context(open_listener(host, port, uds))
        engine_host = EngineHost(
            served_name(model),
            lambda report: load_model(model, options, report),
            stall_s=options.stall_s,
            on_failed=lambda: server.ask_to_exit(),
        )
        server = Server(engine_host, options)
        address = address_of(listener)
        _log.info("listening on %s", address)
        on_listening(address)
        server.run(sockets=[listener])
        if engine_host.error is not None:
            raise _startup_error(model, engine_host.error)
    if engine_host.is_loading:
        # Nothing stops torch halfway through reading weights, and ending the interpreter under
        # it may crash; there is nothing to save.
        logging.shutdown()
        os._exit(0)


class Server(serving.Server):
    """A signal means a good end: running texts get a while, then an error."""

    def __init__(self, engine_host: EngineHost, options: ServiceOptions) -> None:
        self._engine_host = engine_host
        self._drain_s = options.drain_s
        super().__init__(
            create_app(engine_host, api_key=options.api_key),
            serving.greatest_connections(),
            lifespan="on",
            timeout_graceful_shutdown=int(options.drain_s) + 5,
        )

    def ask_to_exit(self) -> None:
        """Begin to stop; any thread may call this."""
        self.should_exit = True

    def handle_exit(self, sig: int, _frame: FrameType | None) -> None:
        """Stop at the first signal, at once at the second Ctrl-C; don't raise it again later."""
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Refuse new requests, let the running ones end, then abort them."""
        self._engine_host.stop_admission()
        abort = threading.Timer(self._drain_s, self._engine_host.close)
        abort.start()
        try:
            await super().shutdown(sockets)
        finally:
            abort.cancel()


@contextlib.contextmanager
def open_listener(host: str, port: int, uds: Path | None) -> Iterator[socket.socket]:
    """Open the socket before anything else, so that a taken port is known in the first moment.

    Args:
        host: Address to listen on.
        port: TCP port; 0 takes a free one.
        uds: Path of a Unix socket instead; only this user may connect.

    Raises:
        PortTakenError: Somebody else listens there.
        SettingsError: This computer has no such address.
    """
    if uds is not None:
        with _unix_listener(uds) as listener:
            yield listener
        return
    with serving.listen(host, port) as listener:
        yield listener


@contextlib.contextmanager
def _unix_listener(path: Path) -> Iterator[socket.socket]:
    if sys.platform == "win32":
        raise SettingsError([("--uds", "Python has no Unix sockets on Windows; use --port")])
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        path.unlink(missing_ok=True)  # what a killed process left
        former_mask = os.umask(0o177)
        try:
            listener.bind(str(path))
        finally:
            os.umask(former_mask)
        listener.listen(serving.BACKLOG)
        try:
            yield listener
        finally:
            path.unlink(missing_ok=True)


def address_of(listener: socket.socket) -> str:
    """Return the address, for people and, over TCP, for clients."""
    name = listener.getsockname()
    if listener.family not in {socket.AF_INET, socket.AF_INET6}:
        return f"unix:{name}"
    host = f"[{name[0]}]" if listener.family == socket.AF_INET6 else name[0]
    return f"http://{host}:{name[1]}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _startup_error(model: str, error: BaseException) -> StartupError:
    """Tell files that do not fit together, which a person must mend, from bad luck."""
    if isinstance(error, StartupError):
        return error
    is_refusal = isinstance(error, ValueError | LookupError | TypeError | AttributeError)
    kind = ModelNotFoundError if is_refusal else ModelUnavailableError
    converted = kind(model, f"{type(error).__name__}: {error}")
    converted.__cause__ = error
    return converted


@contextlib.contextmanager
def _reported(is_wanted: bool) -> Iterator[None]:
    """Tell the supervisor what a start-up error was about; the exit code alone says only which."""
    try:
        yield
    except StartupError as error:
        if is_wanted:
            report: dict[str, Any] = {"startup_error": type(error).__name__, **vars(error)}
            print(json.dumps(report, default=str), flush=True)  # noqa: T201 - a protocol of ours
        raise
