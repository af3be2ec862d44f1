"""Empties the outbox: one worker a chat takes its rows in order, within the chat's budget.

A message is noted as on its way before its request leaves (``outbox.take``), and closed with the
answer in hand. What an answer means is read in ``answers``; what follows from it is decided here:

====================  =======================  =======================  =========================
answer                a message                a change                 a removal
====================  =======================  =======================  =========================
done                  closed with its number   closed                   closed
unchanged             –                        closed                   closed
gone                  –                        closed: as it is wanted  closed: as it is wanted
fixed                 –                        dropped                  alone, then a closing word
pause                 open; the chat pauses    the same                 the same
again                 open; the chat pauses    the same                 the same
plainer               open, plainer, or held   once more, then dropped  once more, then dropped
hold                  held                     dropped                  dropped
migrated              follows the chat         dropped                  dropped
unknown bot           getMe; later again       the same                 the same
doubt                 looked for               the same again           the same again
====================  =======================  =======================  =========================
"""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from telegram import Bot

from bot.logs import log_unexpected
from bot.storage import chats, outbox, upkeep
from bot.storage.database import Changes, Database, Transaction
from bot.storage.records import MESSAGES, Kind, OutboxState, Owed, Rank
from bot.telegram.sending import rendering
from bot.telegram.sending.answers import Answer, Meaning, Plain, read_error
from bot.telegram.sending.pacing import Pacing
from bot.telegram.sending.previews import Previews
from bot.telegram.sending.rendering import Request
from bot.telegram.sending.search import next_number

logger = logging.getLogger(__name__)

_LOOK_EVERY_S = 5.0
"""A wake-up may be lost; so the sender also looks by itself."""
_MESSAGE_TIMEOUT_S = 50.0
"""A late answer is an answer; only what is later than this is in doubt."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
_PAUSE_WITHOUT_FIGURE_S = 5.0
_LOOK_AFTER_S, _LOOK_AFTER_LATE_S = 1.0, 15.0
_UNKNOWN_BOT_TRIES = 8
_REMOVED_AT_ONCE = 100
_CHANGE_TRIES = 2
_PLAINER = (Plain.REPLY, Plain.TOPIC, Plain.MARKUP)
"""What is left out, one after another, where Telegram does not say what it minds."""


@dataclass(slots=True)
class _Worker:
    """One chat's.

    Attributes:
        wake: Set when there may be something new.
        task: The worker.
        failures: Requests in a row after which the chat paused.
    """

    wake: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None
    failures: int = 0


class Sender:
    """The only one that sends to chats.

    Args:
        bot: Telegram's methods.
        database: Where the outbox is.
        pacing: Says when.
        previews: What is shown in between, and owed to nobody.
    """

    def __init__(self, bot: Bot, database: Database, pacing: Pacing, previews: Previews) -> None:
        self._bot = bot
        self._database = database
        self._pacing = pacing
        self._previews = previews
        self._workers: dict[int, _Worker] = {}
        self._beside: set[asyncio.Task[None]] = set()
        self._misses: dict[int, int] = {}
        self._is_stopping = False
        self._known = asyncio.Event()
        self._known.set()
        database.listen(self._on_changes)
        previews.listen(self._rouse)

    async def run(self) -> None:
        """Send until cancelled."""
        await self._restore_pacing()
        while True:
            await self._database.step("release", outbox.release_due)
            for chat_id in await self._database.read(outbox.pending_chats):
                self._rouse(chat_id)
            await asyncio.sleep(_LOOK_EVERY_S)

    async def stop(self, timeout_s: float) -> None:
        """Send answers and essays for so long; what is left is in the outbox."""
        self._is_stopping = True
        self._previews.drop_drafts()
        workers = [one.task for one in self._workers.values() if one.task is not None]
        for one in self._workers.values():
            one.wake.set()
        tasks = [*workers, *self._beside]
        if tasks:
            await asyncio.wait(tasks, timeout=max(timeout_s, 0.0))
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def drain(self) -> None:
        """Wait until nothing is being sent or can be sent now."""
        while tasks := [
            *self._beside,
            *(one.task for one in self._workers.values() if one.task is not None),
        ]:
            await asyncio.wait(tasks)

    def toast(self, query_id: str, text: str | None) -> None:
        """Answer a pressed button; it stops turning by itself if this is lost."""
        parameters: dict[str, Any] = {"callback_query_id": query_id}
        if text is not None:
            parameters["text"] = text
        request = Request("answerCallbackQuery", parameters)
        task = asyncio.create_task(self._quietly(self._call(request)))
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    def _on_changes(self, changes: Changes) -> None:
        for chat_id in changes.chats:
            self._rouse(chat_id)

    def _rouse(self, chat_id: int) -> None:
        worker = self._workers.setdefault(chat_id, _Worker())
        worker.wake.set()
        if worker.task is None:
            worker.task = asyncio.create_task(self._work(chat_id, worker), name=f"chat {chat_id}")

    async def _restore_pacing(self) -> None:
        async def look(tx: Transaction) -> tuple[list[tuple[int, float]], dict[int, float]]:
            sent = await outbox.sent_since(tx, tx.now - timedelta(minutes=1))
            pauses = await chats.pauses(tx)
            return (
                [(chat_id, (tx.now - at).total_seconds()) for chat_id, at in sent],
                {chat_id: (until - tx.now).total_seconds() for chat_id, until in pauses.items()},
            )

        self._pacing.restore(*await self._database.read(look))

    async def _work(self, chat_id: int, worker: _Worker) -> None:
        try:
            while True:
                worker.wake.clear()
                try:
                    wait_s = await self._turn(chat_id, worker)
                except Exception as error:  # noqa: BLE001 - one broken row must not stop its chat
                    log_unexpected(logger, error)
                    self._pause_for_failure(chat_id, worker)
                    wait_s = 0.0
                if wait_s is None:
                    if not worker.wake.is_set():
                        return
                elif wait_s > 0:
                    await _event_or_timeout(worker.wake, wait_s)
        finally:
            worker.task = None

    async def _turn(self, chat_id: int, worker: _Worker) -> float | None:
        """Send what is next in a chat, if it may be sent now.

        Returns:
            Seconds after which to look again, or None if there is nothing to be done.
        """
        due, later = await self._database.read(lambda tx: outbox.ready(tx, chat_id))
        if self._is_stopping:
            due = [row for row in due if row.rank <= Rank.PIECE]
        if due:
            head = due[0]
            wait_s = self._pacing.wait_s(chat_id, Rank(head.rank))
            if wait_s > 0:
                return wait_s
            await self._known.wait()
            await self._perform(worker, head, due)
            return 0.0
        if self._previews.has(chat_id):
            wait_s = self._pacing.wait_s(chat_id, Rank.PREVIEW)
            if wait_s > 0:
                return wait_s
            await self._preview(chat_id, worker)
            return 0.0
        if later is None or self._is_stopping:
            return None
        return max(0.05, (later - self._database.clock()).total_seconds())

    async def _perform(self, worker: _Worker, row: Owed, due: list[Owed]) -> None:
        if row.kind is Kind.TIDY:
            removals = [one for one in due if one.kind is Kind.TIDY][:_REMOVED_AT_ONCE]
            await self._remove(worker, removals)
        elif row.kind not in MESSAGES:
            self._pacing.note(row.chat_id, Rank(row.rank))
            await self._after_change(worker, row, await self._ask(rendering.request_of(row)))
        elif row.state is OutboxState.OPEN:
            await self._send(worker, row)
        else:
            await self._look_for(worker, row)

    async def _send(self, worker: _Worker, row: Owed) -> None:
        if await self._database.step("take", lambda tx: outbox.take(tx, row)) is None:
            return
        self._pacing.note(row.chat_id, Rank(row.rank))
        answer = await self._ask(rendering.request_of(row))
        taken = await self._database.read(lambda tx: outbox.get(tx, row.id))
        # Erased meanwhile: its text is not there any more, and if it did not arrive, nor is it.
        await self._after_message(worker, taken or row, answer)

    async def _after_message(self, worker: _Worker, row: Owed, answer: Answer) -> None:
        match answer.meaning:
            case Meaning.DONE:
                worker.failures = 0
                await self._close(row, answer.message_id)
            case Meaning.PAUSE | Meaning.AGAIN:
                await self._wait(worker, row, answer)
            case Meaning.PLAINER:
                await self._plainer(row, answer)
            case Meaning.HOLD_TOPIC | Meaning.HOLD_CHAT:
                await self._hold(row, answer)
            case Meaning.MIGRATED:
                assert answer.chat_id is not None  # mypy: Telegram says where it went
                await self._migrate(row, answer.chat_id)
            case Meaning.UNKNOWN_BOT:
                await self._ask_who(row, answer)
            case Meaning.UNCHANGED | Meaning.GONE | Meaning.FIXED:
                await self._plainer(row, answer)
            case Meaning.DOUBT:
                await self._doubt(worker, row, answer)

    async def _after_change(self, worker: _Worker, row: Owed, answer: Answer) -> None:
        match answer.meaning:
            case Meaning.DONE | Meaning.UNCHANGED | Meaning.GONE:
                worker.failures = 0
                await self._database.step("close", lambda tx: outbox.close(tx, row, None))
            case Meaning.PAUSE | Meaning.AGAIN | Meaning.DOUBT:
                await self._wait(worker, row, answer)
            case Meaning.UNKNOWN_BOT:
                await self._ask_who(row, answer)
            case Meaning.PLAINER if row.tries < _CHANGE_TRIES:
                await self._wait(worker, row, answer)
            case Meaning.MIGRATED:
                assert answer.chat_id is not None  # mypy: as above
                await self._migrate(row, answer.chat_id)
            case _:
                logger.info("chat %d: a change is given up: %s", row.chat_id, answer.meaning)
                await self._drop(row, answer.reason)

    async def _remove(self, worker: _Worker, rows: list[Owed]) -> None:
        """Delete placeholders: many at once, then one by one if Telegram minds one of them."""
        if any(row.tries for row in rows):
            rows = rows[:1]
        rows = await self._database.step("aim", lambda tx: outbox.aim(tx, rows))
        targets = [row.target for row in rows if row.target is not None]
        if not targets:
            return
        chat_id = rows[0].chat_id
        self._pacing.note(chat_id, Rank.TIDY)
        answer = await self._ask(rendering.removal(chat_id, targets))
        if answer.meaning in (Meaning.FIXED, Meaning.PLAINER):
            if len(rows) > 1:
                await self._database.step("part", lambda tx: outbox.note_try(tx, rows))
            else:
                await self._close_placeholder(worker, rows[0])
            return
        for row in rows:
            await self._after_change(worker, row, answer)

    async def _close_placeholder(self, worker: _Worker, row: Owed) -> None:
        """Telegram deletes nothing that is older than two days: make it say that it is over."""
        self._pacing.note(row.chat_id, Rank.TIDY)
        answer = await self._ask(rendering.closing_word(row))
        if answer.meaning in (Meaning.FIXED, Meaning.PLAINER):
            logger.warning("chat %d: a placeholder stays: %s", row.chat_id, answer.reason)
            await self._drop(row, answer.reason)
        else:
            await self._after_change(worker, row, answer)

    async def _look_for(self, worker: _Worker, row: Owed) -> None:
        """Look at one number for a message that may be there."""
        number = None
        if rendering.can_be_found(row):
            misses = self._misses.get(row.id, 0)
            number = await self._database.read(lambda tx: next_number(tx, row, misses))
        if number is None:
            # Not found: twice is better than never, unless nobody wants it any more.
            self._misses.pop(row.id, None)
            await self._database.step("put back", lambda tx: outbox.put_back(tx, row))
            return
        self._pacing.note(row.chat_id, Rank(row.rank))
        answer = await self._ask(rendering.edit(row, number))
        match answer.meaning:
            case Meaning.DONE | Meaning.UNCHANGED:
                self._misses.pop(row.id, None)
                logger.info("chat %d: found a message whose answer was lost", row.chat_id)
                await self._close(row, number)
            case Meaning.GONE | Meaning.FIXED | Meaning.PLAINER:
                is_gone = answer.meaning is Meaning.GONE
                self._misses[row.id] = self._misses.get(row.id, 0) + 1 if is_gone else 0
                now = self._database.clock()
                await self._database.step(
                    "probe", lambda tx: outbox.doubt(tx, row, not_before=now, probed=number)
                )
            case Meaning.PAUSE | Meaning.AGAIN:
                await self._pause(worker, row.chat_id, answer)
            case Meaning.HOLD_TOPIC | Meaning.HOLD_CHAT:
                await self._hold(row, answer)
            case Meaning.MIGRATED:
                assert answer.chat_id is not None  # mypy: as above
                await self._migrate(row, answer.chat_id)
            case Meaning.UNKNOWN_BOT:
                await self._confirm_identity()
            case Meaning.DOUBT:
                await self._doubt(worker, row, answer)

    async def _close(self, row: Owed, message_id: int | None) -> None:
        await self._database.step("close", lambda tx: outbox.close(tx, row, message_id))

    async def _drop(self, row: Owed, reason: str) -> None:
        await self._database.step("drop", lambda tx: outbox.drop(tx, row, reason))

    async def _wait(self, worker: _Worker, row: Owed, answer: Answer) -> None:
        """It was certainly not done, and can be later."""
        pause_s = await self._pause(worker, row.chat_id, answer)
        not_before = self._database.clock() + timedelta(seconds=pause_s)
        await self._database.step(
            "put back", lambda tx: outbox.put_back(tx, row, not_before=not_before)
        )

    async def _pause(self, worker: _Worker, chat_id: int, answer: Answer) -> float:
        if answer.meaning is not Meaning.PAUSE:
            return self._pause_for_failure(chat_id, worker)
        pause_s = answer.pause_s
        if pause_s is None:
            pause_s = min(_PAUSE_WITHOUT_FIGURE_S * 2**worker.failures, 60.0)
        worker.failures += 1
        logger.info("chat %d asks to wait %.0f s", chat_id, pause_s)
        self._pacing.pause(chat_id, pause_s)
        until = self._database.clock() + timedelta(seconds=pause_s)
        await self._database.step("pause", lambda tx: chats.pause(tx, chat_id, until))
        return pause_s

    def _pause_for_failure(self, chat_id: int, worker: _Worker) -> float:
        pause_s: float = min(_FIRST_PAUSE_S * 2**worker.failures, _LONGEST_PAUSE_S)
        worker.failures += 1
        self._pacing.pause(chat_id, pause_s)
        return pause_s

    async def _plainer(self, row: Owed, answer: Answer) -> None:
        plain = answer.plain
        if not plain or row.plainness & plain:
            # Telegram does not say what it minds, or minds it still.
            left = [one for one in _PLAINER if not row.plainness & one]
            plain = left[0] if left else Plain.NOTHING
        if not plain:
            await self._hold(row, answer)
            return
        logger.info("chat %d: sent without %s", row.chat_id, plain.name)
        plainness = int(row.plainness | plain)
        await self._database.step(
            "put back", lambda tx: outbox.put_back(tx, row, plainness=plainness)
        )

    async def _hold(self, row: Owed, answer: Answer) -> None:
        if not row.is_wanted or row.kind is Kind.ACK:
            # An acknowledgement is worth nothing later, and delays nothing.
            await self._drop(row, answer.reason)
        only_topic = answer.meaning is Meaning.HOLD_TOPIC
        count = await self._database.step(
            "hold", lambda tx: outbox.hold(tx, row, answer.reason, only_topic=only_topic)
        )
        if count:
            logger.warning("chat %d: %d messages are held: %s", row.chat_id, count, answer.reason)

    async def _migrate(self, row: Owed, new_id: int) -> None:
        await self._database.step(
            "migrate", lambda tx: upkeep.migrate_chat(tx, row.chat_id, new_id)
        )

    async def _doubt(self, worker: _Worker, row: Owed, answer: Answer) -> None:
        after_s = _LOOK_AFTER_LATE_S if answer.is_late else _LOOK_AFTER_S
        after_s = max(after_s, self._pause_for_failure(row.chat_id, worker))
        not_before = self._database.clock() + timedelta(seconds=after_s)
        logger.info("chat %d: an answer was lost: %s", row.chat_id, answer.reason)
        await self._database.step("doubt", lambda tx: outbox.doubt(tx, row, not_before=not_before))

    async def _ask_who(self, row: Owed, answer: Answer) -> None:
        """401 and 404 say nothing about the chat: ask whether the token is still known."""
        if row.tries >= _UNKNOWN_BOT_TRIES:
            await self._hold(row, answer)
            return
        pause_s = min(_FIRST_PAUSE_S * 2**row.tries, _LONGEST_PAUSE_S)
        not_before = self._database.clock() + timedelta(seconds=pause_s)
        await self._database.step(
            "put back", lambda tx: outbox.put_back(tx, row, not_before=not_before)
        )
        await self._confirm_identity()

    async def _confirm_identity(self) -> None:
        """Send nothing until Telegram says again who the bot is."""
        if not self._known.is_set():
            return
        self._known.clear()
        try:
            pause_s = _FIRST_PAUSE_S
            while (await self._ask(Request("getMe", {}))).meaning is not Meaning.DONE:
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        finally:
            self._known.set()

    async def _preview(self, chat_id: int, worker: _Worker) -> None:
        preview = await self._previews.take(chat_id)
        if preview is None or preview.request is None:
            return
        self._pacing.note(chat_id, Rank.PREVIEW)
        answer = await self._ask(preview.request)
        if answer.meaning in (Meaning.PAUSE, Meaning.AGAIN):
            # Never again: by then the essay may be there, and the next one is newer.
            await self._pause(worker, chat_id, answer)
        else:
            self._previews.note(preview, answer)

    async def _ask(self, request: Request) -> Answer:
        """Make a request and read its answer, whatever it is."""
        try:
            result = await self._call(request)
        except Exception as error:  # noqa: BLE001 - answers.py decides what an unknown one means
            return read_error(error)
        if request.method != "sendMessage":
            return Answer(Meaning.DONE)
        message_id = result.get("message_id") if isinstance(result, dict) else None
        if not isinstance(message_id, int):
            return Answer(Meaning.DOUBT, reason="an answer without a number")
        return Answer(Meaning.DONE, message_id=message_id)

    async def _call(self, request: Request) -> object:
        return await self._bot.do_api_request(
            request.method, request.parameters, read_timeout=_MESSAGE_TIMEOUT_S
        )

    async def _quietly(self, request: Coroutine[Any, Any, object]) -> None:
        try:
            await request
        except Exception as error:  # noqa: BLE001 - nobody waits for it
            logger.debug("a toast failed: %s", type(error).__name__)


async def _event_or_timeout(event: asyncio.Event, timeout_s: float) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        pass
