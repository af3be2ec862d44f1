"""Keeps the bot's own generation service alive: starts it, watches it, starts it again."""

import asyncio
import contextlib
import json
import logging
import os
import re
import shutil
import socket
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from bot.errors import (
    FailureReason,
    GenerationError,
    PortTakenError,
    StartupError,
)
from bot.generation.child_process import NOT_STARTED, free_port, kill, lines_of, startup_error
from bot.generation.client import GenerationClient

_log = logging.getLogger(__name__)
_child_log = logging.getLogger(f"{__name__}.child")

_POLL_S = 0.25
_PROBE_TIMEOUT_S = 5.0
_GREATEST_PAUSE_S = 30.0
_GOOD_RUN_S = 60.0  # after so long, the next crash counts as the first again
_KEPT_LINES = 20
_LEVELS = logging.getLevelNamesMapping()
_LEVEL = re.compile(r"\b(DEBUG|WARNING|ERROR|CRITICAL)\b")


class GenerationSupervisor:
    """Runs the generation service as a child process on a socket that only this user can reach.

    The child dies with this process, however that ends: see ``lifeline``. A child that crashes or
    is killed is started again, however often; only what a person has to mend is final.

    Attributes:
        failure: Why the service was given up, or None.
        restarts: How often it was started again.
        away_since: Since when it takes no requests, in UTC; None while it does.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        model: str,
        port: int | None = None,
        environment: Mapping[str, str] | None = None,
        hang_timeout_s: float = 60.0,
        first_answer_timeout_s: float = 120.0,
        stop_timeout_s: float = 15.0,
        first_pause_s: float = 0.2,
    ) -> None:
        """Prepare; nothing is started yet.

        Args:
            command: How to run the service. To it are added ``--exit-with-parent`` and where to
                listen: ``--uds PATH``, or ``--host 127.0.0.1 --port PORT``.
            model: What it was told to serve, for errors.
            port: Loopback port to use; None takes a Unix socket in a private folder or, where
                there are none, a free port.
            environment: Of the child; None is this process's own.
            hang_timeout_s: A child that does not answer for so long is killed.
            first_answer_timeout_s: The same for its first answer, which needs imports.
            stop_timeout_s: What a child gets to end by itself where ``stop`` is not told.
            first_pause_s: Before a child is started again; it doubles, up to 30 s.
        """
        self.failure: StartupError | None = None
        self.restarts = 0
        self._command = list(command)
        self._model = model
        self._chosen_port = port
        self._port = port
        self._environment = dict(environment) if environment is not None else None
        self._hang_timeout_s = hang_timeout_s
        self._first_answer_timeout_s = first_answer_timeout_s
        self._stop_timeout_s = stop_timeout_s
        self._first_pause_s = first_pause_s
        self._folder: Path | None = None
        self._process: Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._is_stopping = False
        self.away_since: datetime | None = datetime.now(UTC)
        self._progress: float | None = None
        self._changed = asyncio.Event()
        self._last_lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self._report: dict[str, Any] = {}
        self._last_end = ""

    @property
    def is_ready(self) -> bool:
        """Whether it takes requests."""
        return self.away_since is None

    @property
    def pid(self) -> int | None:
        """Process id of the child that runs now."""
        return self._process.pid if self._process is not None else None

    @property
    def uds(self) -> Path | None:
        """The socket, or None where a port is used. Known once started."""
        return self._folder / "service.sock" if self._folder is not None else None

    @property
    def base_url(self) -> str:
        """The address for clients; where a Unix socket is used, the host in it means nothing."""
        return "http://localhost" if self._port is None else f"http://127.0.0.1:{self._port}"

    def client(self, **options: Any) -> GenerationClient:
        """Return a client of this service, with further options of ``GenerationClient``."""
        return GenerationClient(self.base_url, uds=self.uds, **options)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start the child and return at once."""
        assert self._keeper is None, "started twice"
        if self._chosen_port is None:
            if hasattr(socket, "AF_UNIX") and os.name == "posix":
                self._folder = Path(tempfile.mkdtemp(prefix="redactor-"))
            else:
                self._port = free_port()
        self._keeper = asyncio.create_task(self._keep(), name="generation-supervisor")

    async def stop(self, deadline_s: float | None = None) -> None:
        """End the child: politely, then by force. May be called twice.

        Args:
            deadline_s: When it is over at the latest, on the event loop's clock; None is
                ``stop_timeout_s`` from now.
        """
        if deadline_s is None:
            deadline_s = asyncio.get_running_loop().time() + self._stop_timeout_s
        self._is_stopping = True
        keeper, self._keeper = self._keeper, None
        try:
            await self._end_process(deadline_s)
        finally:
            if keeper is not None:
                keeper.cancel()
                await asyncio.gather(keeper, return_exceptions=True)
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)

    async def wait_until_ready(
        self,
        timeout_s: float,
        on_progress: Callable[[float | None], None] = lambda _: None,
    ) -> None:
        """Wait until the service takes requests.

        Args:
            timeout_s: For how long at most.
            on_progress: Told how far loading got, 0 to 1, or None if unknown.

        Raises:
            StartupError: It was given up; ``ModelNotFoundError`` when there is no such model.
            GenerationError: It was not ready in time; it says since when, and why it last ended.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while not self.is_ready:
                    if self.failure is not None:
                        raise self.failure
                    on_progress(self._progress)
                    await self._changed.wait()
        except TimeoutError:
            raise GenerationError(FailureReason.AWAY, self._why_away()) from None

    def _why_away(self) -> str:
        since = self.away_since or datetime.now(UTC)
        return f"away since {since:%Y-%m-%d %H:%M:%S} UTC; {self._last_end or 'it is loading'}"

    async def wait_until_failed(self) -> StartupError:
        """Wait until the service is given up and return why; for ever while it is not."""
        while self.failure is None:
            await self._changed.wait()
        return self.failure

    def _notify(self) -> None:
        # Whoever waits has the old event; the new one is for the next change.
        self._changed.set()
        self._changed = asyncio.Event()

    async def _keep(self) -> None:
        """Run one child after another until told to stop or given up."""
        pause_s = self._first_pause_s
        while True:
            started_s = time.monotonic()
            try:
                exit_code = await self._run_once()
            except OSError as error:
                exit_code = NOT_STARTED
                self._last_lines.append(f"{self._command[0]}: {error.strerror}")
            if self._is_stopping:
                return
            self.failure = self._final_error(exit_code)
            if self.failure is not None:
                _log.error("the generation service is given up: %s", self.failure)
                self._notify()
                return
            if time.monotonic() - started_s > _GOOD_RUN_S:
                pause_s = self._first_pause_s
            _log.warning(
                "the generation service ended with code %s; starting it again in %.1f s",
                exit_code,
                pause_s,
            )
            self._last_end = f"it last ended with code {exit_code}: {self._reason()}"
            self._notify()
            await asyncio.sleep(pause_s)
            pause_s = min(_GREATEST_PAUSE_S, 2 * pause_s)
            self.restarts += 1

    async def _run_once(self) -> int:
        """Run one child to its end and return its exit code, negative for a signal."""
        self._progress = None
        self._report = {}
        self._last_lines.clear()
        self._process = process = await asyncio.create_subprocess_exec(
            *self._command,
            "--exit-with-parent",
            *self._listening_arguments(),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=self._environment,
            # Ctrl-C in a terminal goes to the whole session; the bot ends its child itself, when
            # the essays in progress are safe.
            start_new_session=True,
        )
        _log.info("generation service started, process %d", process.pid)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._forward_log(process))
            tasks.create_task(self._read_reports(process))
            watching = tasks.create_task(self._watch(process))
            try:
                exit_code = await process.wait()
            except asyncio.CancelledError:
                kill(process)
                raise
            self._note_ready(False)
            watching.cancel()
        return exit_code

    def _listening_arguments(self) -> list[str]:
        if self.uds is not None:
            return ["--uds", str(self.uds)]
        return ["--host", "127.0.0.1", "--port", str(self._port)]

    async def _watch(self, process: Process) -> None:
        """Ask for its health again and again; kill a child that hangs."""
        transport = httpx.AsyncHTTPTransport(uds=str(self.uds) if self.uds is not None else None)
        allowed_s = self._first_answer_timeout_s
        answered_s = time.monotonic()
        async with httpx.AsyncClient(transport=transport, trust_env=False) as http:
            while True:
                status = await self._probe(http)
                now_s = time.monotonic()
                if status is not None:
                    answered_s = now_s
                    allowed_s = self._hang_timeout_s
                if status == "stalled" or now_s - answered_s > allowed_s:
                    _log.error("the generation service hangs; killing process %d", process.pid)
                    kill(process)
                    return
                await asyncio.sleep(4 * _POLL_S if self.is_ready else _POLL_S)

    async def _probe(self, http: httpx.AsyncClient) -> str | None:
        """Return the status that the child tells, None without an answer."""
        try:
            answer = await http.get(f"{self.base_url}/health", timeout=_PROBE_TIMEOUT_S)
            report = answer.json()
        except (httpx.HTTPError, OSError, ValueError):
            return None
        is_ready = report.get("status") == "ready"
        progress = report.get("progress")
        if (is_ready, progress) != (self.is_ready, self._progress):
            self._progress = progress
            self._note_ready(is_ready)
            self._notify()
        return str(report.get("status"))

    def _note_ready(self, is_ready: bool) -> None:
        self.away_since = None if is_ready else self.away_since or datetime.now(UTC)

    async def _forward_log(self, process: Process) -> None:
        assert process.stderr is not None
        async for line in lines_of(process.stderr):
            self._last_lines.append(line)
            level = _LEVEL.search(line[:80])
            _child_log.log(_LEVELS[level[1]] if level else logging.INFO, "%s", line)

    async def _read_reports(self, process: Process) -> None:
        assert process.stdout is not None
        async for line in lines_of(process.stdout):
            with contextlib.suppress(ValueError):
                report = json.loads(line)
                if isinstance(report, dict) and "startup_error" in report:
                    self._report = report

    def _final_error(self, exit_code: int) -> StartupError | None:
        """Return why starting again is no use, or None if it may help."""
        if exit_code == PortTakenError.exit_code and self._chosen_port is None:
            if self._port is not None:  # somebody was quicker
                self._port = free_port()
            return None
        return startup_error(exit_code, self._report, self._last_line(), self._model)

    def _last_line(self) -> str:
        return next((line for line in reversed(self._last_lines) if line.strip()), "")

    def _reason(self) -> str:
        return str(self._report.get("reason", self._last_line()))

    async def _end_process(self, deadline_s: float) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        assert process.stdin is not None
        process.stdin.close()  # the only polite way on Windows
        if os.name == "posix":
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        try:
            async with asyncio.timeout_at(deadline_s):
                await process.wait()
        except TimeoutError:
            _log.warning("the generation service does not stop; killing process %d", process.pid)
        finally:
            kill(process)
            await process.wait()
