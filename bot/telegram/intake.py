"""Updates come in: on disk before Telegram is told so, each read by itself, in order per person.

Polling is this module's own loop. PTB's would confirm updates before they are handled, would read
a batch as a whole, so that one update that it cannot read spoils all, and would end for good at
the first 401.
"""

import asyncio
import logging
from collections.abc import Awaitable
from datetime import datetime
from typing import Any

from telegram import Bot, Update
from telegram.error import Conflict, EndPointNotFound, InvalidToken, RetryAfter

from bot.errors import RequestError
from bot.essays.apologies import failure_text
from bot.essays.desk import Desk
from bot.essays.safety import UnfitTopicError, Verdict
from bot.logs import log_unexpected
from bot.storage import inbox
from bot.storage.database import Database, Transaction
from bot.storage.inbox import Received, received
from bot.storage.upkeep import ClockWatch
from bot.telegram.access import Access
from bot.telegram.commands import care, erasing, membership
from bot.telegram.commands.answering import LATER, answer_alone
from bot.telegram.connection import confirm_token
from bot.telegram.handlers import HANDLERS
from bot.telegram.sending.sender import Sender
from bot.telegram.visit import Visit, What
from bot.telegram.webhook import WebhookAddress, receiving

logger = logging.getLogger(__name__)

ALLOWED_UPDATES = (
    "message",
    "edited_message",
    "callback_query",
    "my_chat_member",
    "stopped_message_generation",
)
"""What the bot asks Telegram for. The last one is newer than the library, which therefore does not
list it."""

_POLL_S = 10
_READ_TIMEOUT_S = _POLL_S + 15.0
_AT_ONCE = 512
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 30.0
_LOOK_AT_WEBHOOK_EVERY_S = 60.0
_FORGET_OFFSET_AFTER_S = 3600.0
"""Telegram draws numbers anew after a quiet week; an offset from before would hide them."""
_KEPT_FOR_S = 86_400.0
"""Telegram keeps what the bot does not fetch for a day; a date beyond that is a wrong clock."""
_TOAST_CHARACTERS = 200
_REFUSED_FOR_S = 600.0
"""A token that was right is believed to be wrong when Telegram says so for that long."""


class Intake:
    """Takes updates in and has them handled.

    Args:
        bot: Telegram's methods.
        database: Keeps the updates, and is what handlers change.
        access: Reads updates.
        desk: Where handlers ask for essays.
        sender: Answers pressed buttons.
        watch: Told when the dates of updates speak against the clock.
        webhook: Where Telegram brings updates; None asks for them.

    Attributes:
        deaf_since: When Telegram began to fail, or None while all is well.
    """

    def __init__(
        self,
        bot: Bot,
        database: Database,
        access: Access,
        desk: Desk,
        sender: Sender,
        watch: ClockWatch,
        webhook: WebhookAddress | None = None,
    ) -> None:
        self.deaf_since: datetime | None = None
        self._bot = bot
        self._database = database
        self._access = access
        self._desk = desk
        self._sender = sender
        self._watch = watch
        self._webhook = webhook
        self._offset: int | None = None
        self._last_of: dict[str, asyncio.Task[None]] = {}
        self._handling: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def run(self) -> None:
        """Handle what the last run received, then take updates in until cancelled.

        Raises:
            InvalidTokenError: Telegram does not know the token any more.
        """
        for one in await self._database.read(inbox.pending):
            await self._begin(one)
        if self._webhook is None:
            await self._poll()
        else:
            await self._listen(self._webhook)

    async def _listen(self, address: WebhookAddress) -> None:
        """Have Telegram bring updates, and see to it that it goes on to."""
        url, is_told, pause_s = address.url_of(self._bot.id), False, _FIRST_PAUSE_S
        async with receiving(address, self._bot.id, self.take) as secret:
            while True:
                try:
                    if not is_told or (await self._bot.get_webhook_info()).url != url:
                        is_told = await self._bot.set_webhook(
                            url,
                            secret_token=secret,
                            max_connections=1,  # in order
                            allowed_updates=list(ALLOWED_UPDATES),
                        )
                except Exception as error:  # noqa: BLE001 - as below
                    self.deaf_since = self.deaf_since or self._database.clock()
                    await self._explain(error)
                    await asyncio.sleep(_pause_of(error, pause_s))
                    pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
                else:
                    self.deaf_since, pause_s = None, _FIRST_PAUSE_S
                    await asyncio.sleep(_LOOK_AT_WEBHOOK_EVERY_S)

    async def _poll(self) -> None:
        """Ask Telegram for updates."""
        loop = asyncio.get_running_loop()
        heard_s = loop.time()
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                batch = await self._ask()
            except Exception as error:  # noqa: BLE001 - whatever is wrong, the bot must not go deaf
                if self.deaf_since is None:
                    self.deaf_since = self._database.clock()
                await self._explain(error)
                await asyncio.sleep(_pause_of(error, pause_s))
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
                continue
            self.deaf_since, pause_s = None, _FIRST_PAUSE_S
            if batch:
                heard_s = loop.time()
                await self.take(batch)
            elif loop.time() - heard_s > _FORGET_OFFSET_AFTER_S:
                self._offset = None

    async def take(self, batch: list[dict[str, Any]]) -> None:
        """Write updates down, then have those handled that are new."""
        readable = []
        for payload in batch:
            try:
                readable.append(received(payload))
            except ValueError:
                logger.warning("an update without a number is left out")
        now_s = self._database.clock().timestamp()
        if any(abs(now_s - (one.sent_at_s or now_s)) > _KEPT_FOR_S for one in readable):
            self._watch.doubt()
        for one in await self._record(readable):
            await self._begin(one)
        if readable:
            self._offset = max(one.update_id for one in readable) + 1
        elif batch:
            # Nothing of it can be confirmed, so that it comes again at once.
            await asyncio.sleep(_LONGEST_PAUSE_S)

    async def _record(self, batch: list[Received]) -> list[Received]:
        """Write a batch down; if one cannot be written, each by itself without that one."""
        try:
            return await self._database.step("record", lambda tx: inbox.record(tx, batch))
        except Exception as error:  # noqa: BLE001 - one update must not keep the others out
            if len(batch) > 1:
                return [new for one in batch for new in await self._record([one])]
            logger.warning("update %d is left out: %s", batch[0].update_id, type(error).__name__)
            return []

    async def settle(self) -> None:
        """Wait until everything received has been handled."""
        while self._handling:
            await asyncio.wait(set(self._handling))

    async def stop(self, timeout_s: float) -> None:
        """Let handlers end; what does not is in the inbox and is handled at the next start."""
        if self._handling:
            await asyncio.wait(set(self._handling), timeout=max(timeout_s, 0.0))
        for task in list(self._handling):
            task.cancel()
        await asyncio.gather(*self._handling, return_exceptions=True)

    async def _ask(self) -> list[dict[str, Any]]:
        parameters: dict[str, Any] = {
            "timeout": _POLL_S,
            "allowed_updates": list(ALLOWED_UPDATES),
        }
        if self._offset is not None:
            parameters["offset"] = self._offset
        batch = await self._bot.do_api_request(
            "getUpdates", parameters, read_timeout=_READ_TIMEOUT_S
        )
        if not isinstance(batch, list):
            raise TypeError("updates that are no list")
        if batch and not any(isinstance(payload, dict) for payload in batch):
            raise TypeError("updates that are no objects")
        return [payload for payload in batch if isinstance(payload, dict)]

    async def _explain(self, error: Exception) -> None:
        """Say why polling fails, and find out whether it can go on.

        Raises:
            InvalidTokenError: It cannot.
        """
        logger.warning("polling: %s", type(error).__name__)
        if isinstance(error, Conflict):
            # A webhook that somebody set, or another program with this token.
            await _quietly(self._bot.delete_webhook())
        elif isinstance(error, InvalidToken | EndPointNotFound):
            await confirm_token(self._bot, _REFUSED_FOR_S)

    async def _begin(self, one: Received) -> None:
        """Handle an update after the earlier ones of the same person, beside everybody else's."""
        await self._room.acquire()
        key = one.person or ""
        before = self._last_of.get(key)
        task = asyncio.create_task(self._handle_after(before, one), name=f"update {one.update_id}")
        self._last_of[key] = task
        self._handling.add(task)

        def forget(ended: asyncio.Task[None]) -> None:
            self._room.release()
            self._handling.discard(ended)
            if self._last_of.get(key) is ended:
                del self._last_of[key]

        task.add_done_callback(forget)

    async def _handle_after(self, before: asyncio.Task[None] | None, one: Received) -> None:
        if before is not None:
            await asyncio.wait({before})
        await self.handle(one)

    async def handle(self, one: Received) -> None:
        """Read an update and do what it asks for, in one step with noting that it is done."""
        try:
            update = Update.de_json(one.payload, self._bot)
            assert update is not None  # mypy: the payload is not empty
            visit = await self._access.read(update)
        except Exception as error:  # noqa: BLE001 - an update that cannot be read must delay nobody
            await self._set_aside(one, error)
            return
        toast: str | None = None
        try:
            toast = await self._database.step(visit.what, lambda tx: self._do(tx, visit))
        except UnfitTopicError as error:
            toast = await self._answer_unfit(visit, error)
        except RequestError as error:
            toast = await self._apologise(visit, error)
        except Exception as error:  # noqa: BLE001 - one broken handler must not stop the others
            log_unexpected(logger, error)
            try:
                toast = await self._apologise(visit, error)
            except Exception as again:  # noqa: BLE001 - nor what cannot even be answered
                await self._set_aside(one, again)
                return
        if visit.press is not None and toast != LATER:
            self._sender.toast(visit.press.query_id, toast)
        if visit.what is What.ERASE_BUTTON or (visit.what is What.ERASE and visit.is_channel):
            await erasing.finish(self._database, visit)

    async def _set_aside(self, one: Received, error: Exception) -> None:
        """Leave an update alone for good; only its number is logged."""
        logger.warning("update %d is set aside: %s", one.update_id, type(error).__name__)
        await self._database.step("set aside", lambda tx: inbox.set_aside(tx, one.update_id))

    async def _do(self, tx: Transaction, visit: Visit) -> str | None:
        if not await inbox.is_new(tx, visit.update_id):
            return None  # Only the answer to its COMMIT was lost.
        if visit.opens:
            await membership.open_for(tx, visit)
        toast = await HANDLERS[visit.what](tx, visit, self._desk)
        await inbox.done(tx, visit.update_id)
        return toast

    async def _answer_unfit(self, visit: Visit, error: UnfitTopicError) -> str | None:
        """Say why a topic is not written; of a cry for help no byte is kept."""

        async def work(tx: Transaction) -> str | None:
            toast = await care.answer_unfit(tx, visit, self._desk, error)
            await inbox.done(tx, visit.update_id)
            return toast

        toast = await self._database.step("unfit", work)
        if error.finding.verdict is Verdict.DISTRESS:
            await self._database.scrub()
        return toast

    async def _apologise(self, visit: Visit, error: Exception) -> str | None:
        """Tell a person why nothing came of what they asked for."""
        text = failure_text(error, visit.texts.failures)

        async def work(tx: Transaction) -> None:
            if visit.press is None:
                await answer_alone(tx, visit, text)
            await inbox.done(tx, visit.update_id)

        await self._database.step("apologise", work)
        return text[:_TOAST_CHARACTERS]


def _pause_of(error: Exception, pause_s: float) -> float:
    if not isinstance(error, RetryAfter):
        return pause_s
    asked = error.retry_after
    return float(asked if isinstance(asked, int) else asked.total_seconds())


async def _quietly(request: Awaitable[object]) -> None:
    try:
        await request
    except Exception as error:  # noqa: BLE001 - the next poll says whether it helped
        logger.info("deleteWebhook: %s", type(error).__name__)
