"""Telegram with a class in it: what people do there, what they see, and what goes wrong."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import httpx

from bot.playground.faults import Fault, FaultKind, RateLimits
from bot.playground.gateway import Call, Gateway
from bot.playground.methods import METHODS
from bot.playground.model import CallbackQuery, Json, Message
from bot.playground.people import People
from bot.playground.queries import query_of
from bot.playground.seed import Classroom, seed_classroom
from bot.playground.world import World
from tests.telegram_in_process.request import InProcessRequest, Line
from tests.telegram_in_process.shown import Event, Shown, events, shown

TOKEN = "7000000001:in-process-token-of-the-tests"
GONE = 999_999_999
"""The number of a message that was deleted."""
EPOCH_S = 1_800_000_000.0
"""When the loop's clock says 0."""


class TelegramInProcess:
    """Telegram with a class of people in it, and the connections of bots to it.

    Made while the loop runs whose clock it shall take.

    Args:
        clock: Seconds since the epoch; by default the loop's, beginning with ``EPOCH_S``.
        latency_s: How long a request is on its way, and how long its answer.

    Attributes:
        world: Everything that exists.
        people: Acts as the people in it.
        room: The ids of the seeded class.
        gateway: The Bot API; ``gateway.watchers`` are told of every call's beginning and end.
        limits: The rate limits: ``is_on``, ``counts_reactions``, ``counts_ephemeral``.
        updates: Every update so far, as the bot gets it.
        token: What the bot says to be let in.
        base_url: What python-telegram-bot wants to have as such; nobody listens there.
        base_file_url: The same for downloads.
    """

    def __init__(
        self, *, clock: Callable[[], float] | None = None, latency_s: float = 0.0
    ) -> None:
        loop = asyncio.get_running_loop()
        self.clock = clock or (lambda: EPOCH_S + loop.time())
        self.token = TOKEN
        self.base_url = "http://telegram.invalid/bot"
        self.base_file_url = "http://telegram.invalid/file/bot"
        self.world = World(bot_id=int(TOKEN.partition(":")[0]), clock=self.clock)
        self.room: Classroom = seed_classroom(self.world)
        self.people = People(self.world)
        self.gateway = Gateway(self.world, TOKEN)
        self.updates: list[Json] = []
        self.world.updates.watchers.append(self.updates.append)
        self._line = Line(self.gateway, latency_s)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End what is still going on; nothing waits any more."""
        self.gateway.close()
        self.world.updates.close()
        await self._line.close()

    @property
    def bot_id(self) -> int:
        """The bot's id as a user."""
        return self.world.bot.id

    @property
    def limits(self) -> RateLimits:
        """The rate limits."""
        return self.gateway.limits

    def request(self, read_timeout_s: float = 5.0) -> InProcessRequest:
        """Return a new connection for a bot, which loses patience after ``read_timeout_s``."""
        return InProcessRequest(self._line, self.world, read_timeout_s)

    # What people do, in short; ``people`` does the rest.

    def write(self, user_id: int, text: str, chat_id: int | None = None, **more: Any) -> Message:
        """Write a message, in private unless a chat is named.

        ``more`` may have what :meth:`People.send` takes: ``reply_to``, ``thread_id``, …
        """
        return self.people.send(user_id if chat_id is None else chat_id, user_id, text, **more)

    def press(
        self,
        user_id: int,
        button: str,
        chat_id: int | None = None,
        message_id: int | None = None,
    ) -> CallbackQuery:
        """Press an inline button by what stands on it (or its beginning), or by its data.

        Args:
            user_id: Who.
            button: The label, its beginning or the data.
            chat_id: In private unless one is named.
            message_id: By default the newest message that has such a button.

        Raises:
            LookupError: There is no such button.
        """
        chat_id = user_id if chat_id is None else chat_id
        for message in reversed(self.messages(chat_id, seen_by=user_id)):
            if message_id in (None, message.id):
                for label, data in message.buttons.items():
                    if label.startswith(button) or data == button:
                        return self.people.press(chat_id, user_id, message.id, data)
        raise LookupError(f"no button {button!r} in chat {chat_id}")

    def forge(
        self, user_id: int, data: str, chat_id: int | None = None, message_id: int = GONE
    ) -> CallbackQuery:
        """Press a button that isn't there: clients can send any data, of any message.

        By default of one that is not there any more, so that nobody can see what it carried.
        """
        chat = self.world.chats[user_id if chat_id is None else chat_id]
        return query_of(self.world, chat, user_id, message_id, data)

    def deliver(self, update: Json) -> None:
        """Send the bot an update as it is, however malformed; see :meth:`UpdateQueue.put`."""
        self.world.updates.put(update)

    # What people see.

    def messages(self, chat_id: int, *, seen_by: int | None = None) -> list[Shown]:
        """Return what stands in a chat, from top to bottom.

        Args:
            chat_id: Where.
            seen_by: Add the ephemeral messages that this person sees, to what all see.
        """
        standing = self.world.chats[chat_id].messages.values()
        return [shown(m, self.bot_id) for m in standing if m.is_seen_by(seen_by or 0)]

    def from_bot(self, chat_id: int, *, seen_by: int | None = None) -> list[Shown]:
        """Return what the bot wrote and what still stands, service messages apart."""
        return [m for m in self.messages(chat_id, seen_by=seen_by) if m.is_bots and not m.service]

    def texts(self, chat_id: int, *, seen_by: int | None = None) -> list[str]:
        """Return the texts of what the bot wrote and what still stands."""
        return [message.text for message in self.from_bot(chat_id, seen_by=seen_by)]

    def whispers(self, chat_id: int, user_id: int) -> list[Shown]:
        """Return what the bot wrote in a group for one person alone and what still stands."""
        return [m for m in self.from_bot(chat_id, seen_by=user_id) if m.receiver == user_id]

    def pinned(self, chat_id: int) -> list[int]:
        """Return the numbers of the pinned messages, the newest last."""
        return list(self.world.chats[chat_id].pinned)

    def history(self, chat_id: int) -> list[Event]:
        """Return how the messages of a chat came, changed and went, in order."""
        return events(self.world.changes.after(0), chat_id, self.bot_id)

    def said(self, chat_id: int) -> list[Event]:
        """Return how each message of the bot came, also of those that are gone since."""
        return [one for one in self.history(chat_id) if one.is_bots and one.kind == "message"]

    def draft(self, chat_id: int) -> str | None:
        """Return what the bot is writing in a private chat, while it is shown."""
        draft = self.world.chats[chat_id].draft
        return draft.text if draft is not None and draft.expires_at > self.world.now() else None

    def answer(self, query: CallbackQuery) -> Json | None:
        """Return the bot's answer to a pressed button: ``text``, ``show_alert``, ``url``."""
        for change in self.world.changes.after(0):
            if change.kind == "callback_answer" and change.data["query_id"] == query.id:
                return change.data
        return None

    def toast(self, query: CallbackQuery) -> str | None:
        """Return the text of that answer: None before it comes, "" when it says nothing."""
        answer = self.answer(query)
        return None if answer is None else answer["text"] or ""

    # What the bot did.

    def calls(
        self, method: str | None = None, chat_id: int | None = None, *, after: int = 0
    ) -> list[Call]:
        """Return the calls of a method (of all but getUpdates), oldest first.

        Args:
            method: As the Bot API spells it.
            chat_id: Only those for this chat.
            after: Only those with a greater ``seq``.
        """
        assert method is None or method.lower() in METHODS, method
        return [
            call
            for call in self.gateway.calls
            if call.seq > after
            and (call.method == method or (method is None and call.method != "getUpdates"))
            and (chat_id is None or str(call.parameters.get("chat_id")) == str(chat_id))
        ]

    def floods(self) -> list[Call]:
        """Return the calls that met a full rate limit, planned faults apart."""
        return [call for call in self.calls() if call.status == 429 and call.fault is None]

    # What goes wrong.

    def fail(self, method: str = "*", kind: FaultKind = "refusal", **more: Any) -> None:
        """Plan a fault for the next calls of a method.

        ``more`` has the other fields of :class:`~bot.playground.faults.Fault`: ``status``,
        ``description``, ``retry_after``, ``times``, ``chat_id``, ``acts``, ``delay_s``, …
        """
        self.gateway.faults.add(Fault.model_validate({"kind": kind, "method": method, **more}))

    def disconnect(
        self,
        method: str = "*",
        error: httpx.TransportError | None = None,
        *,
        times: int = 1,
    ) -> None:
        """Let the next requests fail before they leave, by default with a refused connection.

        ``httpx.PoolTimeout("")`` and ``httpx.ConnectTimeout("")`` are other ways to fail so.
        ``*`` means all methods but getUpdates.
        """
        refused = httpx.ConnectError("All connection attempts failed")
        self._line.broken.extend([(method, error or refused)] * times)

    # Waiting.

    async def until(self, condition: Callable[[], object], timeout_s: float = 3600) -> None:
        """Wait until something has become true.

        Raises:
            AssertionError: It did not, within ``timeout_s`` of the loop's clock; tells the calls.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while not condition():
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"never happened; last calls: {self.calls()[-10:]}") from None

    async def quiet(self, for_s: float = 120) -> None:
        """Wait until for so long no call but getUpdates has come and none is being served."""
        seen = None
        while (calls := self.calls()) != seen or any(call.status is None for call in calls):
            seen = calls
            await asyncio.sleep(for_s)
