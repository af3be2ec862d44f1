"""Telegram for the tests: the playground's Bot API behind python-telegram-bot, without a socket.

Everything waits by the clock of the running loop (long polls, late answers, read time-outs, rate
limits, the life of drafts and queries), so under :mod:`tests.telegram.virtual_time` a whole lesson
takes no time. The seeded class of the playground is there: ``telegram.room``.

    async with TelegramInProcess() as telegram:
        bot = Bot(telegram.token, telegram.base_url, request=telegram.request(),
                  get_updates_request=telegram.request())
        lucia = telegram.room.lucia
        telegram.fail("sendMessage", "reset", acts="first")   # it stands, and nobody is told
        telegram.write(lucia, "/redactar El mar")             # the bot gets it from getUpdates
        ...                                                   # start the bot that is tested
        await telegram.until(lambda: telegram.texts(lucia))
        telegram.press(lucia, "Cancelar")
        assert [call.status for call in telegram.calls("sendMessage")] == [0, 200]

``telegram.people`` does what else people do (``react``, ``edit``, ``delete``, ``set_status``,
``mute_bot``, ``block``, ``close_topic``, ``delete_topic``, ``migrate``, …), ``telegram.fail``
plans what goes wrong (:class:`bot.playground.faults.Fault` says how), ``telegram.limits`` has the
rate limits, off at first. A request that the bot gives up, because it stops or its patience ends,
has still arrived: Telegram goes on with it.
"""

import asyncio
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx
from telegram._utils.types import ODVInput
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

from bot.playground.faults import Fault, FaultKind, RateLimits
from bot.playground.gateway import Answer, Call, Gateway
from bot.playground.methods.parameters import Upload, with_attachments
from bot.playground.model import CallbackQuery, Json, Message
from bot.playground.people import People
from bot.playground.seed import Classroom, seed_classroom
from bot.playground.wire import file_path
from bot.playground.world import World

TOKEN = "7000000001:in-process-token-of-the-tests"
EPOCH_S = 1_800_000_000.0
"""When the loop's clock says 0."""
_METHOD = re.compile(r".*/bot(?P<token>[^/]+)/(?P<method>\w+)")
_FILE = re.compile(r".*/file/bot[^/]+/(?P<path>.+)")


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as people see it at a moment.

    Attributes:
        id: Its number in the chat.
        author: Whose; the bot's own id for the bot's.
        is_bots: Whether the bot under test wrote it.
        text: The text, or the caption of a document; empty for a service message.
        entities: Offsets and lengths count UTF-16 units.
        buttons: Of the inline keyboard: what stands on them, and their data (or address).
        forces_reply: Whether it asks people to answer it.
        reply_to: The number of the message that it answers.
        reactions: Emoji by user.
        thread_id: Its topic.
        document: The bytes of a file.
        service: The fields of a service message, such as ``{"pinned_message": …}``.
        date: When it was written, seconds since the epoch.
        edit_date: When its text last changed.
    """

    id: int
    author: int
    is_bots: bool
    text: str
    entities: tuple[Json, ...]
    buttons: dict[str, str]
    forces_reply: bool
    reply_to: int | None
    reactions: dict[int, str]
    thread_id: int | None
    document: bytes | None
    service: Json
    date: int
    edit_date: int | None


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
        limits: The rate limits: ``is_on``, ``counts_reactions``.
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
        self.latency_s = latency_s
        self.token = TOKEN
        self.base_url = "http://telegram.invalid/bot"
        self.base_file_url = "http://telegram.invalid/file/bot"
        self.world = World(bot_id=int(TOKEN.partition(":")[0]), clock=self.clock)
        self.room: Classroom = seed_classroom(self.world)
        self.people = People(self.world)
        self.gateway = Gateway(self.world, TOKEN)
        self.updates: list[Json] = []
        self.world.updates.watchers.append(self.updates.append)
        self._serving: set[asyncio.Task[Answer]] = set()
        self._broken: deque[tuple[str, httpx.TransportError]] = deque()

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
        await asyncio.gather(*self._serving, return_exceptions=True)

    @property
    def bot_id(self) -> int:
        """The bot's id as a user."""
        return self.world.bot.id

    @property
    def limits(self) -> RateLimits:
        """The rate limits."""
        return self.gateway.limits

    def request(self, read_timeout_s: float = 5.0) -> "InProcessRequest":
        """Return a new connection for a bot, which loses patience after ``read_timeout_s``."""
        return InProcessRequest(self, read_timeout_s)

    # What people do, in short; ``people`` does the rest.

    def write(self, user_id: int, text: str, chat_id: int | None = None, **more: Any) -> Message:
        """Write a message, in private unless a chat is named.

        ``more`` may have ``reply_to``, ``thread_id``, ``sender_chat_id`` and ``document``.
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
        for message in reversed(self.messages(chat_id)):
            if message_id in (None, message.id):
                for label, data in message.buttons.items():
                    if label.startswith(button) or data == button:
                        return self.people.press(chat_id, user_id, message.id, data)
        raise LookupError(f"no button {button!r} in chat {chat_id}")

    def deliver(self, update: Json) -> None:
        """Send the bot an update as it is, however malformed; see :meth:`UpdateQueue.put`."""
        self.world.updates.put(update)

    # What people see.

    def messages(self, chat_id: int) -> list[Shown]:
        """Return what stands in a chat, from top to bottom."""
        return [self._shown(m) for m in self.world.chats[chat_id].messages.values()]

    def from_bot(self, chat_id: int) -> list[Shown]:
        """Return what the bot wrote and what still stands, service messages apart."""
        return [m for m in self.messages(chat_id) if m.is_bots and not m.service]

    def texts(self, chat_id: int) -> list[str]:
        """Return the texts of what the bot wrote and what still stands."""
        return [message.text for message in self.from_bot(chat_id)]

    def draft(self, chat_id: int) -> str | None:
        """Return what the bot is writing in a private chat, while it is shown."""
        draft = self.world.chats[chat_id].draft
        return draft.text if draft is not None and draft.expires_at > self.world.now() else None

    def toast(self, query: CallbackQuery) -> str | None:
        """Return the bot's answer to a pressed button: None before, "" when it says nothing."""
        for change in self.world.changes.after(0):
            if change.kind == "callback_answer" and change.data["query_id"] == query.id:
                return change.data["text"] or ""
        return None

    def _shown(self, message: Message) -> Shown:
        rows = (message.markup or {}).get("inline_keyboard", [])
        return Shown(
            id=message.id,
            author=message.sender_id,
            is_bots=message.sender_id == self.bot_id,
            text=message.text or "",
            entities=tuple(message.entities),
            buttons={
                b["text"]: b.get("callback_data") or b.get("url", "") for row in rows for b in row
            },
            forces_reply=message.forced_reply is not None,
            reply_to=message.reply_to,
            reactions={u: r[0]["emoji"] for u, r in message.reactions.items() if r},
            thread_id=message.thread_id,
            document=message.document.data if message.document else None,
            service=dict(message.service),
            date=message.date,
            edit_date=message.edit_date,
        )

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
        self._broken.extend([(method, error or refused)] * times)

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

    # The way of a request.

    async def serve(self, token: str, method: str, parameters: dict[str, object]) -> Answer:
        """Carry a request out and return its answer, on the way for ``latency_s`` each way."""
        self._break(method)
        serving = asyncio.create_task(self._serve(token, method, parameters))
        self._serving.add(serving)
        serving.add_done_callback(self._serving.discard)
        try:
            return await asyncio.shield(serving)
        except asyncio.CancelledError:
            if method == "getUpdates":
                # Telegram notices that nobody waits any more.
                serving.cancel()
            raise

    async def _serve(self, token: str, method: str, parameters: dict[str, object]) -> Answer:
        if self.latency_s:
            await asyncio.sleep(self.latency_s)
        answer = await self.gateway.call(token, method, parameters)
        if self.latency_s:
            await asyncio.sleep(self.latency_s)
        return answer

    def _break(self, method: str) -> None:
        for broken in self._broken:
            if broken[0] in (method, "*") and (broken[0] == method or method != "getUpdates"):
                self._broken.remove(broken)
                raise broken[1]


class InProcessRequest(BaseRequest):
    """A connection of python-telegram-bot to :class:`TelegramInProcess`.

    Fails as the library's own one over httpx does: with the same errors and causes.
    """

    def __init__(self, telegram: TelegramInProcess, read_timeout_s: float) -> None:
        self._telegram = telegram
        self._read_timeout_s = read_timeout_s

    @property
    def read_timeout(self) -> float | None:
        """How long an answer may take, in seconds."""
        return self._read_timeout_s

    async def initialize(self) -> None:
        """Do nothing: there is no connection to open."""

    async def shutdown(self) -> None:
        """Do nothing: there is no connection to close."""

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        write_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        connect_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        pool_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Hand a request over and return status and body of its answer."""
        del method, write_timeout, connect_timeout, pool_timeout
        if file := _FILE.fullmatch(url):
            return self._download(file["path"])
        called = _METHOD.fullmatch(url)
        assert called is not None, url
        patience_s = (
            read_timeout
            if isinstance(read_timeout, int | float) or read_timeout is None
            else self._read_timeout_s
        )
        try:
            async with asyncio.timeout(patience_s) as patience:
                answer = await self._telegram.serve(
                    called["token"], called["method"], _parameters(request_data)
                )
        except TimeoutError:
            assert patience.expired()
            raise TimedOut from httpx.ReadTimeout("")
        except httpx.PoolTimeout as error:
            raise TimedOut("Pool timeout: Request was *not* sent to Telegram.") from error
        except httpx.TimeoutException as error:
            raise TimedOut from error
        except httpx.TransportError as error:
            raise NetworkError(f"httpx.{type(error).__name__}: {error}") from error
        if answer.arrives == "whole":
            return answer.status, answer.content
        lost: httpx.TransportError = httpx.ReadError("")
        if answer.arrives == "half":
            lost = httpx.RemoteProtocolError("peer closed connection without sending all")
        raise NetworkError(f"httpx.{type(lost).__name__}: {lost}") from lost

    def _download(self, path: str) -> tuple[int, bytes]:
        for file in self._telegram.world.files.values():
            if file_path(file) == path:
                return 200, file.data
        return 404, b'{"ok":false,"error_code":404,"description":"Not Found"}'


def _parameters(request_data: RequestData | None) -> dict[str, object]:
    """Return the parameters as a server reads them from a form or from its parts."""
    if request_data is None:
        return {}
    values: dict[str, object] = dict(request_data.json_parameters)
    for name, (file_name, data, mime_type) in request_data.multipart_data.items():
        assert isinstance(data, bytes)
        values[name] = Upload(file_name=file_name, mime_type=mime_type, data=data)
    return with_attachments(values)
