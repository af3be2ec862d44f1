"""What the supervisor needs to know of child processes: ends, lines, ports, exit codes."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from typing import Any

from bot.errors import ModelNotFoundError, PortTakenError, SettingsError, StartupError

NOT_STARTED = 127  # as shells say it
_USAGE_EXIT_CODE = 2  # of argparse and of click


def startup_error(
    exit_code: int, report: Mapping[str, Any], last_line: str, model: str
) -> StartupError | None:
    """Return the start-up error that a child ended with, if a person has to mend it.

    Args:
        exit_code: Of the child.
        report: What it said of the error on its standard output; may be empty.
        last_line: Of its log.
        model: What it was told to serve.

    Returns:
        The error, or None when starting again may help: a crash, a signal, a model that could not
        be had this time.
    """
    if exit_code == ModelNotFoundError.exit_code:
        reason = str(report.get("reason", last_line))
        return ModelNotFoundError(str(report.get("model", model)), reason)
    if exit_code == PortTakenError.exit_code:
        return PortTakenError(int(report.get("port", 0)))
    if exit_code == SettingsError.exit_code:
        return SettingsError([("serve", last_line)])
    if exit_code in {_USAGE_EXIT_CODE, NOT_STARTED}:
        return StartupError(f"the service cannot be run: {last_line}")
    return None


def kill(process: Process) -> None:
    """End a child that leads a session of its own, with what it started; it may have ended."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)


async def lines_of(stream: asyncio.StreamReader) -> AsyncIterator[str]:
    """Yield lines of any length; ``readline`` would fail at the longest."""
    rest = b""
    while data := await stream.read(2**16):
        *whole, rest = (rest + data).split(b"\n")
        for line in whole:
            yield line.decode("utf-8", "replace").rstrip()
    if rest:
        yield rest.decode("utf-8", "replace").rstrip()


def free_port() -> int:
    """Return a loopback port that is free at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
