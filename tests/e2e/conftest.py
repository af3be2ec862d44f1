"""The real process, ``redactor run``, against a local Bot API in this process."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from bot.playground import PlaygroundServer
from bot.playground.faults import Fault
from bot.playground.gateway import Call
from bot.playground.model import Chat, Message
from bot.texts import SPANISH

PATIENCE_S = 180
"""For what a busy machine may take; nothing is measured by it."""


@dataclass
class Bot:
    """A running bot and the chats around it.

    Attributes:
        server: The local Bot API.
        folder: The bot's data.
        environment: Settings beside those every test has.
    """

    server: PlaygroundServer
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    process: asyncio.subprocess.Process | None = None
    log: list[str] = field(default_factory=list)
    _reader: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the process and wait until it polls."""
        polls = self.count("getUpdates")
        await self.launch()
        await self.until(lambda: self.count("getUpdates") > polls)

    async def launch(self) -> None:
        """Start the process."""
        own = {
            "REDACTOR_TELEGRAM_TOKEN": self.server.token,
            "REDACTOR_TELEGRAM_API_URL": self.server.api_base_url,
            "REDACTOR_DATA_DIR": str(self.folder),
            "REDACTOR_ACCESS": "open",
            "REDACTOR_THREADS": "1",
            "REDACTOR_MODEL": os.environ.get("E2E_MODEL", "embedded"),
            "PYTHONWARNINGS": "error::ResourceWarning",
        }
        clean = {k: v for k, v in os.environ.items() if not k.startswith("REDACTOR_")}
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            "run",
            env={**clean, **own, **self.environment},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        self._reader = asyncio.create_task(self._read_log())

    async def _read_log(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.log.append(line.decode(errors="replace").rstrip())

    async def stop(self, with_signal: signal.Signals = signal.SIGTERM) -> int:
        """End the process and return its exit code."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(with_signal)
        code = await asyncio.wait_for(self.process.wait(), PATIENCE_S)
        assert self._reader is not None
        await self._reader
        return code

    def generation_child(self) -> psutil.Process:
        """The process that generates for the bot."""
        assert self.process is not None
        return psutil.Process(self.process.pid).children()[0]

    @asynccontextmanager
    async def slow_generation(self) -> AsyncIterator[psutil.Process]:
        """Let the generation child run a tenth of the time, as on a slower machine."""
        await self.until(lambda: any(SPANISH.console.model_ready in line for line in self.log))
        child = self.generation_child()
        slowing = asyncio.create_task(_slow_down(child))
        try:
            yield child
        finally:
            slowing.cancel()
            with contextlib.suppress(psutil.NoSuchProcess):
                child.resume()

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait for something in the world to become true."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not condition():
                    assert self.process is None or self.process.returncode is None, self.log[-20:]
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(
                "\n".join(["never happened; the log ends:", *self.log[-30:]])
            ) from None

    def calls(self, method: str, chat_id: int | None = None) -> list[Call]:
        """The calls of a method so far, in one chat or in all."""
        return [
            call
            for call in self.server.gateway.calls
            if call.method == method
            and (chat_id is None or str(call.parameters.get("chat_id")) == str(chat_id))
        ]

    def count(self, method: str, chat_id: int | None = None) -> int:
        """How many calls there were."""
        return len(self.calls(method, chat_id))

    def chat(self, chat_id: int) -> Chat:
        """A chat of the world."""
        return self.server.world.chats[chat_id]

    def answers(self, chat_id: int, to: int | None = None) -> list[Message]:
        """What the bot wrote in a chat and did not remove; only replies to ``to`` if given."""
        bot_id = self.server.world.bot.id
        return [
            message
            for message in self.chat(chat_id).messages.values()
            if message.sender_id == bot_id and (to is None or message.reply_to == to)
        ]

    def fail(self, **failure: object) -> None:
        """Plan a failure of the local Bot API."""
        self.server.gateway.faults.add(Fault.model_validate(failure))

    def send(self, chat_id: int, user_id: int, text: str, **options: object) -> Message:
        """Write a message as a person."""
        return self.server.people.send(chat_id, user_id, text, **options)  # type: ignore[arg-type]

    def essay(self, chat_id: int, request: Message) -> list[str]:
        """The chunks of the essay that answers a request; empty until the last one is there."""
        messages = self.answers(chat_id, to=request.id)
        if not any(button(message, "again") for message in messages):
            return []
        return [m.text or "" for m in messages if not button(m, "stop")]

    async def until_essay(self, chat_id: int, request: Message) -> list[str]:
        """Wait for the essay that answers a request."""
        await self.until(lambda: self.essay(chat_id, request))
        return self.essay(chat_id, request)


async def _slow_down(child: psutil.Process) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        while True:
            child.suspend()
            await asyncio.sleep(0.09)
            child.resume()
            await asyncio.sleep(0.01)


def button(message: Message, action: str) -> str | None:
    """The data of the button of a message that does something, or None."""
    for row in (message.markup or {}).get("inline_keyboard", []):
        for one in row:
            if str(one.get("callback_data", "")).startswith(f"{action}:"):
                return str(one["callback_data"])
    return None


@pytest.fixture
async def server() -> AsyncIterator[PlaygroundServer]:
    """A local Bot API with the seeded class."""
    async with PlaygroundServer() as server:
        yield server


@pytest.fixture
async def stopped_bot(server: PlaygroundServer, tmp_path: Path) -> AsyncIterator[Bot]:
    """A bot that the test starts."""
    bot = Bot(server, tmp_path)
    yield bot
    if bot.process is not None and bot.process.returncode is None:
        bot.process.kill()
        await bot.process.wait()
    if bot._reader is not None:
        await bot._reader


@pytest.fixture
async def bot(stopped_bot: Bot) -> AsyncIterator[Bot]:
    """A running bot."""
    await stopped_bot.start()
    yield stopped_bot
    assert await stopped_bot.stop() == 0
    whole_log = "\n".join(stopped_bot.log)
    assert "Traceback" not in whole_log, whole_log
    assert stopped_bot.server.token.split(":")[1] not in whole_log
