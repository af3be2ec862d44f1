"""The whole front as the program composes it, with a real database; Telegram is the playground."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from bot.app import Front, compose
from bot.essays.desk import Limits
from bot.playground.model import CallbackQuery, Message
from bot.storage import chats, jobs, outbox, people
from bot.storage.database import Database, Transaction
from bot.storage.records import UNFINISHED, Job, JobState, Kind, Owed, Preferences
from bot.storage.schema import outbox as outbox_table
from bot.telegram.connection import bot_id_of, build_bot, introduce
from bot.telegram.sending.pacing import DeliveryLimits
from bot.telegram.webhook import WebhookAddress
from tests.essays.scripted_service import ScriptedService
from tests.telegram_in_process import GONE, TOKEN, TelegramInProcess

BOT_ID = bot_id_of(TOKEN)
SOON = timedelta(seconds=58)
"""What is to be removed a minute later stands until then."""


@dataclass
class PacedService(ScriptedService):
    """Takes a second of the loop's time for each sentence."""

    pause_s: float = 1.0

    async def stream(self, *arguments: Any, **options: Any) -> AsyncGenerator[str]:
        async with aclosing(super().stream(*arguments, **options)) as pieces:
            async for piece in pieces:
                if piece.endswith("."):
                    await asyncio.sleep(self.pause_s)
                yield piece


@dataclass
class Classroom:
    """Runs of the bot, one after another, on one database and in one Telegram.

    Attributes:
        url: The database.
        telegram: What the bot sees of the world, and people of the bot.
        service: Writes when its gate is open.
    """

    url: str
    telegram: TelegramInProcess = field(default_factory=TelegramInProcess)
    service: PacedService = field(default_factory=PacedService)
    is_open: bool = True
    limits: Limits = field(default_factory=lambda: Limits(group_messages=99))
    delivery_limits: DeliveryLimits = field(default_factory=DeliveryLimits)
    essay_timeout_s: float = 1800.0
    api: tuple[str, str] | None = None
    """Token and address of a Bot API that listens, instead of the one in process."""
    webhook: WebhookAddress | None = None
    _running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Classroom":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        await self.telegram.close()

    async def start(self) -> None:
        """Start the bot as the program does."""
        self.database = await Database.open(self.url, BOT_ID, self.now)
        if self.api is None:
            self.bot = build_bot(TOKEN, self.telegram.base_url, request=self.telegram.request())
        else:
            self.bot = build_bot(*self.api)
        self.front: Front = compose(
            self.bot,
            self.database,
            self.service,  # type: ignore[arg-type]
            is_open=self.is_open,
            limits=self.limits,
            delivery_limits=self.delivery_limits,
            essay_timeout_s=self.essay_timeout_s,
            webhook=self.webhook,
        )
        await self.front.recover()
        await introduce(self.bot, lambda reason: None)
        self._running = asyncio.create_task(self.front.run())

    async def stop(self, timeout_s: float = 1.0) -> None:
        """Stop the bot as the program does."""
        if self._running is None:
            return
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        await self.front.stop(timeout_s)
        await self._close()

    async def kill(self) -> None:
        """End the bot in the middle of whatever it does; what is committed is all that is left."""
        assert self._running is not None
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        await self.front.intake.stop(0)
        await self.front.sender.stop(0)
        await self._close()

    async def _close(self) -> None:
        await self.database.close()
        await self.bot.shutdown()
        self._running = None

    def now(self) -> datetime:
        """The time of the database: the loop's, so that it jumps with it."""
        return datetime.fromtimestamp(self.telegram.clock(), UTC)

    async def say(
        self, text: str, person: int | None = None, chat_id: int | None = None, **more: Any
    ) -> Message:
        """Somebody writes (Lucía if nobody is named), and the bot has handled it."""
        message = self.telegram.write(person or self.lucia, text, chat_id, **more)
        await self.handled()
        return message

    async def press(
        self,
        button: str,
        person: int | None = None,
        chat_id: int | None = None,
        message_id: int | None = None,
    ) -> CallbackQuery:
        """Somebody presses a button, by its label or its data, and the bot has handled it."""
        query = self.telegram.press(person or self.lucia, button, chat_id, message_id)
        await self.handled()
        return query

    async def toast(
        self,
        button: str,
        person: int | None = None,
        chat_id: int | None = None,
        message_id: int | None = None,
    ) -> str | None:
        """Somebody presses a button; what the bot tells them, "" for nothing."""
        query = await self.press(button, person, chat_id, message_id)
        await self._drain()
        return self.telegram.toast(query)

    async def forge(
        self,
        data: str,
        person: int | None = None,
        chat_id: int | None = None,
        message_id: int = GONE,
    ) -> str | None:
        """Somebody sends button data that no button carries; the toast, "" for nothing."""
        person = person or self.lucia
        query = self.telegram.forge(person, data, chat_id, message_id)
        await self.handled()
        await self._drain()
        return self.telegram.toast(query)

    async def handled(self) -> None:
        """Until the bot has handled every update."""
        await asyncio.sleep(0.01)
        while len(self.telegram.world.updates):
            await asyncio.sleep(0.01)
        await self.front.intake.settle()

    async def _drain(self) -> None:
        """Until nothing is on its way, or the sender only waits for a later time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(10):
                await self.front.sender.drain()

    async def settle(self) -> None:
        """Until nothing is left to send, the essays that wait for the gate apart."""
        await self.handled()
        pause_s = 0.3
        while await self.database.read(_can_send):
            await asyncio.sleep(pause_s)
            pause_s = min(1.3 * pause_s, 10)
        await self._drain()

    async def finish(self) -> None:
        """Until every essay has been written and has arrived."""
        self.service.gate.set()
        await self.handled()
        pause_s = 1.0
        while await self.unfinished():
            await asyncio.sleep(pause_s)
            pause_s = min(1.2 * pause_s, 10)
        await self.settle()

    async def unfinished(self) -> list[Job]:
        """Jobs of which something is still to come."""
        return await self.database.read(lambda tx: jobs.in_state(tx, *UNFINISHED))

    async def jobs(self) -> list[Job]:
        """All jobs."""
        return await self.database.read(lambda tx: jobs.in_state(tx, *JobState))

    async def job(self, job_id: int) -> Job | None:
        """One job."""
        return await self.database.read(lambda tx: jobs.get(tx, job_id))

    async def last_job(self, person: int | None = None, chat_id: int | None = None) -> Job:
        """A person's latest job in a chat, in private unless one is named."""
        person = person or self.lucia
        job = await self.database.read(
            lambda tx: jobs.last_of(tx, f"user:{person}", chat_id or person)
        )
        assert job is not None
        return job

    async def prefer(self, person: int | None = None, **wanted: Any) -> None:
        """Somebody has settings of their own."""
        key = f"user:{person or self.lucia}"
        preferences = Preferences(**wanted)
        await self.database.step(
            "prefer", lambda tx: people.save_preferences(tx, key, preferences)
        )

    async def preferences(self, person: int | str | None = None) -> Preferences | None:
        """What is stored of somebody's settings."""
        key = person if isinstance(person, str) else f"user:{person or self.lucia}"
        return await self.database.read(lambda tx: people.preferences(tx, key))

    async def owed(self) -> list[Owed]:
        """All rows of the outbox."""

        async def look(tx: Any) -> list[Owed]:
            rows = await tx.rows(select(outbox_table.c.id).order_by(outbox_table.c.id))
            return [row for one in rows if (row := await outbox.get(tx, one.id)) is not None]

        return await self.database.read(look)

    async def without_reactions(self, chat_id: int) -> None:
        """Telegram once refused a reaction in a group, or counted it."""
        until = self.now() + timedelta(days=1)
        await self.database.step("refuse", lambda tx: chats.refuse_reactions(tx, chat_id, until))

    @property
    def lucia(self) -> int:
        """A student, who speaks where nobody is named."""
        return self.telegram.room.lucia

    @property
    def mateo(self) -> int:
        """Another student."""
        return self.telegram.room.mateo

    @property
    def group(self) -> int:
        """A basic group."""
        return self.telegram.room.group

    @property
    def forum(self) -> int:
        """A supergroup with topics."""
        return self.telegram.room.forum


async def _can_send(tx: Transaction) -> bool:
    """Whether anything is owed that does not wait for what is held, later removals apart."""
    for chat_id in await outbox.pending_chats(tx):
        due, later = await outbox.ready(tx, chat_id)
        if due or (later is not None and later - tx.now < SOON):
            return True
        table = outbox_table.c
        is_then = (table.chat_id == chat_id, table.not_before == later)
        kinds = await tx.rows(select(table.kind).where(*is_then)) if later is not None else []
        if any(row.kind != Kind.TIDY for row in kinds):
            return True
    return False
