"""Empties the outbox: one worker a chat takes its rows in order, within the chat's budget.

A message is noted as on its way before its request leaves (``outbox.take``), and closed with the
answer in hand. What any other answer means is read in ``answers``; what follows from it is decided
in ``consequences``. A wake-up only says where to look: what is to be sent is read from the outbox.
"""

import asyncio
import logging
import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from telegram import Bot

from bot.logs import log_unexpected
from bot.storage import chats, holding, jobs, outbox
from bot.storage.database import Changes, Database, Transaction
from bot.storage.records import MESSAGES, Kind, OutboxState, Owed, Rank
from bot.telegram.sending import rendering
from bot.telegram.sending.answers import Answer, Meaning
from bot.telegram.sending.consequences import Consequences
from bot.telegram.sending.pacing import Pacing
from bot.telegram.sending.previews import Previews
from bot.telegram.sending.rendering import Request, ask
from bot.telegram.sending.search import next_number

logger = logging.getLogger(__name__)

_LOOK_EVERY_S = 5.0
"""A wake-up may be lost; so the sender also looks by itself."""
_MESSAGE_TIMEOUT_S = 50.0
"""A late answer is an answer; only what is later than this is in doubt."""
_ACK_WAIT_S = 3.0
"""How long what comes behind an acknowledgement waits for its answer."""
_CHANGE_TIMEOUT_S = 15.0
"""A change does the same twice."""
_PREVIEW_TIMEOUT_S = 5.0
"""An essay does not wait for a look at it."""
_SHORTEST_WAIT_S = 0.001
"""A shorter one may not move the clock at all, and would be waited for again and again."""
_SLOW_S = 0.5
"""A place in the budget that was claimed so long ago has been given to others."""
_REMOVED_AT_ONCE = 100
_MOST_TOGETHER = 3
"""Essays in one message."""
_COMPANY_WITHIN_S, _COMPANY_LOOK_S = 3.0, 0.3
"""How long an essay waits for another to share its message, where there is not room for all."""


@dataclass(slots=True)
class _Worker:
    """One chat's.

    Attributes:
        wake: Set when there may be something new.
        task: The worker.
        waits_to_show: Whether it is waiting to show something, which may be replaced meanwhile.
        asking: An acknowledgement whose answer is late, which the essay does not wait for.
    """

    wake: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None
    waits_to_show: bool = False
    asking: asyncio.Task[None] | None = None


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
        self._consequences = Consequences(bot, database, pacing)
        self._workers: dict[int, _Worker] = {}
        self._beside: set[asyncio.Task[Any]] = set()
        self._reacting: set[int] = set()
        self._is_stopping = False
        database.listen(self._on_changes)
        previews.listen(self._rouse_to_show)

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            is_any_due, chat_ids = await self._database.read(_look)
            if is_any_due:
                await self._database.step("release", holding.release_due)
            for chat_id in chat_ids:
                self._rouse(chat_id)
            await asyncio.sleep(_LOOK_EVERY_S)

    async def recover(self) -> None:
        """Take up the budget where the last run left it; nothing may be sent before."""

        async def look(
            tx: Transaction,
        ) -> tuple[list[tuple[int, float]], dict[int, float], list[int]]:
            sent = await outbox.sent_since(tx, tx.now - timedelta(minutes=1))
            pauses = await chats.pauses(tx)
            return (
                [(chat_id, (tx.now - at).total_seconds()) for chat_id, at in sent],
                {chat_id: (until - tx.now).total_seconds() for chat_id, until in pauses.items()},
                await outbox.troubled_chats(tx),
            )

        self._pacing.restore(*await self._database.read(look))

    async def stop(self, timeout_s: float) -> None:
        """Send answers and essays for so long; what is left is in the outbox."""
        self._is_stopping = True
        self._previews.drop_drafts()
        workers = [one.task for one in self._workers.values() if one.task is not None]
        for one in self._workers.values():
            one.wake.set()
        tasks: list[asyncio.Task[Any]] = [*workers, *self._beside]
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

    @property
    def floods(self) -> int:
        """How often Telegram asked to wait since the start."""
        return self._pacing.floods

    def toast(self, query_id: str, text: str | None) -> None:
        """Answer a pressed button; it stops turning by itself if this is lost."""
        parameters: dict[str, Any] = {"callback_query_id": query_id}
        if text is not None:
            parameters["text"] = text
        request = Request("answerCallbackQuery", parameters)
        self._run_beside(asyncio.create_task(ask(self._bot, request, _CHANGE_TIMEOUT_S)))

    def _run_beside(self, task: asyncio.Task[Any]) -> None:
        """Keep a task that no worker waits for until it is done."""

        def note(ended: asyncio.Task[Any]) -> None:
            self._beside.discard(ended)
            error = None if ended.cancelled() else ended.exception()
            if error is not None:
                log_unexpected(logger, error)

        self._beside.add(task)
        task.add_done_callback(note)

    def _on_changes(self, changes: Changes) -> None:
        for chat_id in changes.chats:
            self._rouse(chat_id)

    def _rouse(self, chat_id: int) -> None:
        worker = self._workers.setdefault(chat_id, _Worker())
        worker.wake.set()
        if worker.task is None:
            worker.task = asyncio.create_task(self._work(chat_id, worker), name=f"chat {chat_id}")

    def _rouse_to_show(self, chat_id: int) -> None:
        worker = self._workers.get(chat_id)
        if worker is None or not worker.waits_to_show:
            self._rouse(chat_id)

    async def _work(self, chat_id: int, worker: _Worker) -> None:
        try:
            while True:
                worker.wake.clear()
                try:
                    wait_s = await self._turn(chat_id, worker)
                except Exception as error:  # noqa: BLE001 - one broken row must not stop its chat
                    log_unexpected(logger, error)
                    self._pacing.back_off(chat_id)
                    wait_s = 0.0
                if wait_s is None:
                    if not worker.wake.is_set():
                        return
                elif wait_s > 0:
                    await _event_or_timeout(worker.wake, max(wait_s, _SHORTEST_WAIT_S))
                worker.waits_to_show = False
        finally:
            worker.task = None

    async def _turn(self, chat_id: int, worker: _Worker) -> float | None:
        """Send what is next in a chat, if it may be sent now.

        Returns:
            Seconds after which to look again, or None if there is nothing to be done.
        """
        await self._consequences.is_bot_known.wait()
        reactions, (due, later) = await self._database.read(
            lambda tx: _owed_to(tx, chat_id, not self._is_stopping)
        )
        react_s = self._react(*reactions)
        if self._is_stopping:
            due, later = [row for row in due if row.rank <= Rank.PIECE], None
        if due:
            together, wait_s = await self._in_company(due)
            wait_s = wait_s or self._pacing.claim(chat_id, Rank(due[0].rank))
            if wait_s == 0:
                await self._perform(together, due)
            return wait_s if react_s is None else min(wait_s, react_s)
        later_s = react_s
        if later is not None:
            in_s = max(0.05, (later - self._database.clock()).total_seconds())
            later_s = in_s if react_s is None else min(in_s, react_s)
        if not self._previews.has(chat_id):
            return later_s
        wait_s = self._pacing.wait_s(chat_id, Rank.PREVIEW)
        if wait_s == 0:
            await self._preview(chat_id)
            return 0.0
        worker.waits_to_show = True
        return wait_s if later_s is None else min(wait_s, later_s)

    def _react(self, due: list[Owed], later: datetime | None) -> float | None:
        """Set and take away reactions, beside whatever else the chat is owed.

        Returns:
            Seconds after which to look again, or None if no more is to be done.
        """
        for row in due:
            if row.id in self._reacting:
                continue
            wait_s = self._pacing.claim_beside()
            if wait_s > 0:
                return wait_s
            self._reacting.add(row.id)
            self._run_beside(asyncio.create_task(self._set_reaction(row)))
        if later is None:
            return None
        return max(0.05, (later - self._database.clock()).total_seconds())

    async def _set_reaction(self, row: Owed) -> None:
        try:
            answer = await ask(self._bot, rendering.request_of(row), _CHANGE_TIMEOUT_S)
            await self._consequences.after_reaction(row, answer)
        finally:
            self._reacting.discard(row.id)
            # Meanwhile it may have been taken back.
            self._rouse(row.chat_id)

    async def _in_company(self, due: list[Owed]) -> tuple[list[Owed], float]:
        """The essays that leave in one message, where a group's budget is short.

        Returns:
            The first row that is due, perhaps with others, and seconds to wait for their company.
        """
        first = due[0]
        if first.state is not OutboxState.OPEN or not rendering.may_share(first):
            return [first], 0.0
        chat_id = first.chat_id
        unfinished, unwritten = await self._database.read(lambda tx: jobs.left(tx, chat_id))
        wanted = math.ceil(unfinished / max(1, self._pacing.free(chat_id)))
        together = [first]
        for row in due[1:]:
            is_free = row.state is OutboxState.OPEN and rendering.may_share(row)
            if not is_free or row.thread_id != first.thread_id:
                continue
            if len(together) >= min(wanted, _MOST_TOGETHER):
                break
            if rendering.in_one([*together, row]) is not None:
                together.append(row)
        age_s = (self._database.clock() - first.created_at).total_seconds()
        if len(together) == 1 < wanted and unwritten and age_s < _COMPANY_WITHIN_S:
            return together, _COMPANY_LOOK_S
        return together, 0.0

    async def _perform(self, together: list[Owed], due: list[Owed]) -> None:
        row = together[0]
        if row.kind is Kind.TIDY:
            await self._remove([one for one in due if one.kind is Kind.TIDY])
        elif row.kind not in MESSAGES:
            if row.target is None and (row.kind is not Kind.DO or row.waits):
                aimed = await self._database.step("aim", lambda tx: outbox.aim(tx, [row]))
                if not aimed:
                    return
                row = aimed[0]
            answer = await ask(self._bot, rendering.request_of(row), _CHANGE_TIMEOUT_S)
            if not await self._is_closed([row], answer):
                await self._consequences.after_change(row, answer)
            elif "press" in row.body:
                self.toast(row.body["press"], None)
        elif row.state is OutboxState.OPEN:
            await self._send(together)
        else:
            await self._look_for(row)

    async def _send(self, together: list[Owed]) -> None:
        now_s = asyncio.get_running_loop().time
        claimed_s = now_s()
        until = self._database.clock() + timedelta(seconds=_MESSAGE_TIMEOUT_S + _ACK_WAIT_S)
        rows = await self._database.step("take", lambda tx: outbox.take(tx, together, until))
        if not rows:
            return
        if now_s() - claimed_s > _SLOW_S:
            # The database was away, and everybody else waited for it too.
            await self._claim(rows[0].chat_id, Rank(rows[0].rank))
        if rows[0].kind is not Kind.ACK:
            await self._ask_for(rows)
            return
        asking = asyncio.create_task(self._ask_for(rows), name=f"ack in {rows[0].chat_id}")
        self._workers[rows[0].chat_id].asking = asking
        self._run_beside(asking)
        await asyncio.wait({asking}, timeout=_ACK_WAIT_S)

    async def _ask_for(self, rows: list[Owed]) -> None:
        message = rendering.in_one(rows)
        assert message is not None  # mypy: what fits together fits with one less, too
        answer = await ask(self._bot, rendering.request_of(message), _MESSAGE_TIMEOUT_S)
        query_id = message.body.get("only_for", {}).get("callback_query_id")
        if query_id is not None:
            # Once it is answered, a press opens no way to its person any more.
            self.toast(query_id, None)
        if await self._is_closed(rows, answer):
            return
        # Taken back or erased meanwhile: if it did not arrive, it is not sent again.
        taken = await self._database.read(lambda tx: outbox.together(tx, rows[0]))
        await self._consequences.after_message(taken, answer)

    async def _claim(self, chat_id: int, rank: Rank) -> None:
        wait_s = self._pacing.claim(chat_id, rank)
        while wait_s > 0:
            await asyncio.sleep(wait_s)
            wait_s = self._pacing.claim(chat_id, rank)

    async def _remove(self, rows: list[Owed]) -> None:
        """Delete placeholders: many at once, or one that Telegram minded by itself."""
        rows = rows[:1] if any(row.tries for row in rows) else rows[:_REMOVED_AT_ONCE]
        rows = await self._database.step("aim", lambda tx: outbox.aim(tx, rows))
        targets = [row.target for row in rows if row.target is not None]
        if not targets:
            return
        request = (
            rendering.closing_word(rows[0])
            if rows[0].plainness
            else rendering.removal(rows[0].chat_id, targets)
        )
        answer = await ask(self._bot, request, _CHANGE_TIMEOUT_S)
        if not await self._is_closed(rows, answer):
            await self._consequences.after_removal(rows, answer)

    async def _is_closed(self, rows: list[Owed], answer: Answer) -> bool:
        """Close rows if Telegram did what they ask for."""
        if answer.meaning is not Meaning.DONE:
            return False
        self._pacing.forget_failures(rows[0].chat_id)
        await self._database.step("close", lambda tx: outbox.close(tx, rows, answer.message_id))
        if "only_for" in rows[0].body and answer.message_id is not None:
            await self._consequences.seen_by_all(rows[0])
        return True

    async def _look_for(self, row: Owed) -> None:
        """Look at one number for a message that may be there."""
        asking = self._workers[row.chat_id].asking
        if asking is not None:
            # Its number is not known yet, and must not be taken for this one's.
            await asyncio.wait({asking})
        rows = await self._database.read(lambda tx: outbox.together(tx, row))
        lead, number = rows[0], None
        message = rendering.in_one(rows) or lead
        if rendering.can_be_found(message):
            misses = self._consequences.misses(lead)
            number = await self._database.read(lambda tx: next_number(tx, lead, misses))
        if number is None:
            await self._consequences.not_found(rows)
            return
        answer = await ask(self._bot, rendering.probe(message, number), _CHANGE_TIMEOUT_S)
        await self._consequences.after_probe(rows, number, answer)

    async def _preview(self, chat_id: int) -> None:
        preview = await self._previews.take(chat_id)
        # What is outdated takes no place in the budget.
        if preview is None or preview.request is None:
            return
        if self._pacing.claim(chat_id, Rank.PREVIEW) > 0:
            return
        answer = await ask(self._bot, preview.request, _PREVIEW_TIMEOUT_S)
        if answer.meaning in (Meaning.PAUSE, Meaning.AGAIN):
            # Never again: by then the essay may be there, and the next one is newer.
            await self._consequences.pause(chat_id, answer)
        else:
            self._previews.note(preview, answer)


async def _look(tx: Transaction) -> tuple[bool, list[int]]:
    return await holding.is_any_due(tx), await outbox.pending_chats(tx)


async def _owed_to(
    tx: Transaction, chat_id: int, with_reactions: bool
) -> tuple[tuple[list[Owed], datetime | None], tuple[list[Owed], datetime | None]]:
    """The reactions that a chat is owed, and all else."""
    reactions = await outbox.reactions(tx, chat_id) if with_reactions else ([], None)
    return reactions, await outbox.ready(tx, chat_id)


async def _event_or_timeout(event: asyncio.Event, timeout_s: float) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        pass
