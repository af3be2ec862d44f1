"""The whole front with a real application, dispatcher and database; only Telegram is played."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from bot.essays.dispatcher import Dispatcher, Limits
from bot.essays.writing import Writer
from bot.storage import AccessStore, Database, JobStore, PeopleStore, UpdateJournal
from bot.telegram.access import Gate
from bot.telegram.application import build_application, build_bot
from bot.telegram.budget import DeliveryLimits
from bot.telegram.context import Front
from bot.telegram.delivery import Delivery
from bot.telegram.intake import DurableUpdateQueue
from bot.telegram.outbox import Outbox
from bot.telegram.presenter import Presenter
from tests.essays.scripted_service import ScriptedService
from tests.telegram.fake_telegram import TOKEN, FakeTelegram, chat, decoded, member, user

GROUP = -1_001_000_000_001
ANA, BEA, CARLOS = 11, 12, 13


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
    """One run of the bot.

    Attributes:
        telegram: What the bot sees of the world.
        service: Writes when its gate is open.
    """

    url: str
    telegram: FakeTelegram = field(default_factory=FakeTelegram)
    service: PacedService = field(default_factory=PacedService)
    is_open: bool = True
    api: tuple[str, str] | None = None
    """Token and address of a local Bot API, instead of the fake."""
    limits: Limits = field(default_factory=Limits)
    delivery_limits: DeliveryLimits = field(default_factory=DeliveryLimits)

    async def __aenter__(self) -> "Classroom":
        self.database = Database.open(self.url)
        self.people = PeopleStore(self.database)
        self.jobs = JobStore(self.database)
        self.access = AccessStore(self.database)
        self.journal = UpdateJournal(self.database)
        if self.api is None:
            self.bot = build_bot(
                TOKEN,
                "http://127.0.0.1:1/bot",
                request=self.telegram,
                get_updates_request=self.telegram,
            )
        else:
            self.bot = build_bot(*self.api)
        self.delivery = Delivery(self.delivery_limits, self._migrate)
        outbox = Outbox(self.bot, self.delivery)
        self.presenter = Presenter(outbox, self.jobs)
        self.dispatcher = Dispatcher(
            Writer(self.service),
            self.jobs,
            self.presenter,
            self.limits,
            asyncio.get_running_loop().time,
        )
        self.gate = Gate(self.access, self.bot, is_open=self.is_open)
        self.queue = DurableUpdateQueue(self.journal)
        self.application = build_application(
            self.bot,
            self.queue,
            Front(
                dispatcher=self.dispatcher,
                presenter=self.presenter,
                outbox=outbox,
                people=self.people,
                jobs=self.jobs,
                gate=self.gate,
            ),
        )
        await self.application.initialize()
        await self.dispatcher.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.dispatcher.stop(1)
        await self.delivery.stop(1)
        await self.application.shutdown()
        self.database.close()

    def _migrate(self, old_id: int, new_id: int) -> None:
        self.jobs.migrate_chat(old_id, new_id)
        self.access.migrate_chat(old_id, new_id)

    async def handle(self, update: dict[str, Any]) -> None:
        """Let the handlers have an update."""
        await self.application.process_update(decoded(update, self.bot))

    async def say(
        self, text: str, person: int = ANA, chat_id: int | None = None, **fields: Any
    ) -> int:
        """A person writes; in private unless a chat is named. Returns the message's number."""
        chat_id = person if chat_id is None else chat_id
        message_id = self.telegram.next_message_id(chat_id)
        await self.handle(
            self.telegram.new_update(
                message=self.message(text, person, chat_id, message_id, **fields)
            )
        )
        return message_id

    def message(
        self, text: str | None, person: int, chat_id: int, message_id: int, **fields: Any
    ) -> dict[str, Any]:
        """A message as Telegram describes it."""
        entities = []
        if text and text.startswith("/"):
            length = len(text.split(maxsplit=1)[0])
            entities = [{"type": "bot_command", "offset": 0, "length": length}]
        written = {"text": text, "entities": entities} if text is not None else {}
        return {
            "message_id": message_id,
            "date": 1_800_000_000,
            "chat": chat(chat_id),
            "from": user(person),
            **written,
            **fields,
        }

    async def press(
        self, data: str, person: int = ANA, chat_id: int | None = None, message_id: int = 1
    ) -> str | None:
        """A person presses a button; returns the toast."""
        chat_id = person if chat_id is None else chat_id
        await self.handle(
            self.telegram.new_update(
                callback_query={
                    "id": "1",
                    "from": user(person),
                    "chat_instance": "1",
                    "data": data,
                    "message": {
                        "message_id": message_id,
                        "date": 1_800_000_000,
                        "chat": chat(chat_id),
                        "text": "…",
                    },
                }
            )
        )
        before = len(self.telegram.of("answerCallbackQuery"))
        await self.settle()
        answers = self.telegram.of("answerCallbackQuery")
        assert len(answers) >= before
        return answers[-1].parameters.get("text") if answers else None

    async def join(self, person: int, old: str, new: str, chat_id: int = GROUP) -> None:
        """Somebody changes the bot's place in a group."""
        await self.handle(
            self.telegram.new_update(
                my_chat_member={
                    "chat": chat(chat_id),
                    "from": user(person),
                    "date": 1_800_000_000,
                    "old_chat_member": member(123456, old),
                    "new_chat_member": member(123456, new),
                }
            )
        )

    async def settle(self) -> None:
        """Until nothing is left to send."""
        for _ in range(2):
            await asyncio.sleep(0.01)
            await self.delivery.drain()

    async def finish(self) -> None:
        """Until every essay has been written and has arrived."""
        self.service.gate.set()
        while self.jobs.unfinished():
            await asyncio.sleep(1)
        await self.settle()

    def buttons(self, chat_id: int, message_id: int) -> dict[str, str]:
        """Labels and data of a message's buttons."""
        return buttons_of(self.telegram.chats[chat_id][message_id]["markup"])


def buttons_of(markup: Any) -> dict[str, str]:
    """Labels and data of a keyboard."""
    if isinstance(markup, str):
        markup = json.loads(markup)
    return {
        button["text"]: button["callback_data"]
        for row in (markup or {}).get("inline_keyboard", [])
        for button in row
    }
