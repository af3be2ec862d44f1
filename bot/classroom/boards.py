"""Keeps the boards of groups true: one message a group, changed as seldom as it may be.

A lesson has a board from its beginning to its end. A group without one has a board only while
somebody waits there and cannot be told so by a reaction.
"""

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Any

from bot.classroom import board
from bot.essays.desk import Desk
from bot.storage import chats, classes, jobs, lessons, outbox
from bot.storage.database import Changes, Database, Transaction
from bot.storage.records import UNFINISHED, Kind, Language, Owed, Rank
from bot.texts import TEXTS, Texts

_GATHER_S = 1.0
"""Those who ask at once are named at once."""
_NEWS_EVERY_S = 2.0
"""Somebody who is named nowhere yet must not wait long for it."""
_EVERY_S = 10.0
_MOST_WAITING = 8
"""While more essays are on their way they need the group's budget more than their news does."""
_LOOK_EVERY_S = 5.0
WHEN, JOIN = "when", "join"
"""What the buttons of a board carry; behind the second the lesson's number follows."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a board says, and since when."""

    text: str
    waiting: frozenset[int]
    at_s: float


class Boards:
    """The boards of all groups.

    Args:
        database: Where everything is.
        desk: Knows how far the essays are.
    """

    def __init__(self, database: Database, desk: Desk) -> None:
        self._database = database
        self._desk = desk
        self._shown: dict[int, _Shown] = {}
        self._wake = asyncio.Event()
        database.listen(self._on_changes)

    async def run(self) -> None:
        """Change boards until cancelled."""
        while True:
            self._wake.clear()
            await asyncio.sleep(_GATHER_S)
            for chat_id in await self._database.read(_groups):
                await self._database.step("board", partial(self.refresh, chat_id=chat_id))
            try:
                async with asyncio.timeout(_LOOK_EVERY_S):
                    await self._wake.wait()
            except TimeoutError:
                pass

    def _on_changes(self, changes: Changes) -> None:
        if changes.has_jobs:
            self._wake.set()

    async def refresh(self, tx: Transaction, chat_id: int) -> None:
        """Owe a group that its board says what is true, if it is time for that."""
        its_class = await classes.of_chat(tx, chat_id)
        language = its_class.settings.language if its_class is not None else None
        texts = TEXTS[language or Language.SPANISH]
        lesson = None if its_class is None else await lessons.last(tx, its_class.id)
        live = await outbox.live_board(tx, chat_id)
        if its_class is not None and lesson is not None:
            text = await board.of_lesson(tx, self._desk, its_class, lesson, texts)
            key = f"l{lesson.id}:board"
            if lesson.ended_at is None:
                if live is not None and live.key != key:
                    await self._take_away(tx, live)
                    live = None
                join = lesson.id if lesson.topic else None
                place = its_class.settings.thread_id
                markup = buttons(texts, join)
                await self._show(tx, chat_id, live, key, text, markup, place, is_pinned=True)
                return
            if live is not None and live.key == key:
                await self._end(tx, live, text)
                live = None
        text = ""
        if not await chats.takes_reactions(tx, chat_id):
            text = await board.of_group(tx, self._desk, chat_id, texts)
        if text:
            await self._show(
                tx, chat_id, live, f"w{chat_id}:{tx.now.timestamp()}", text, buttons(texts, None)
            )
        elif live is not None:
            await self._take_away(tx, live)

    async def _show(
        self,
        tx: Transaction,
        chat_id: int,
        live: Owed | None,
        key: str,
        text: str,
        markup: dict[str, Any],
        thread_id: int | None = None,
        *,
        is_pinned: bool = False,
    ) -> None:
        waiting = frozenset(job.id for job in await jobs.unfinished_in(tx, chat_id))
        shown = self._shown.get(chat_id)
        body = {"text": text, "markup": markup}
        if live is None:
            row_id = await outbox.owe(
                tx, key, Kind.BOARD, Rank.ANSWER, chat_id, body=body, thread_id=thread_id
            )
            if row_id is not None and is_pinned:
                await _pin(tx, chat_id, f"{key}:pin", "pinChatMessage", row_id)
        elif live.message_id is None or (shown is not None and shown.text == text):
            return
        else:
            is_news = shown is not None and not waiting <= shown.waiting
            is_urgent = is_news and not await chats.takes_reactions(tx, chat_id)
            pause_s = _NEWS_EVERY_S if is_urgent else _EVERY_S
            if shown is not None and tx.now.timestamp() - shown.at_s < pause_s:
                return
            if not is_urgent and len(waiting) > _MOST_WAITING:
                return
            rank = Rank.ANSWER if is_urgent else Rank.CHANGE
            await outbox.owe(
                tx,
                f"{live.key}:edit",
                Kind.EDIT,
                rank,
                chat_id,
                body=body,
                target=live.message_id,
            )
        self._shown[chat_id] = _Shown(text, waiting, tx.now.timestamp())

    async def _end(self, tx: Transaction, live: Owed, text: str) -> None:
        """Give the board of a lesson that is over its last form."""
        self._shown.pop(live.chat_id, None)
        await outbox.retire_board(tx, live)
        await outbox.owe(
            tx,
            f"{live.key}:end",
            Kind.EDIT,
            Rank.ANSWER,
            live.chat_id,
            body={"text": text},
            target=live.message_id,
            waits=[live.id],
        )
        await _pin(tx, live.chat_id, f"{live.key}:unpin", "unpinChatMessage", live.id)

    async def _take_away(self, tx: Transaction, live: Owed) -> None:
        self._shown.pop(live.chat_id, None)
        await outbox.retire_board(tx, live)
        await outbox.owe(
            tx,
            f"{live.key}:tidy",
            Kind.TIDY,
            Rank.TIDY,
            live.chat_id,
            target=live.message_id,
            waits=[live.id],
        )


async def _pin(tx: Transaction, chat_id: int, key: str, method: str, row_id: int) -> None:
    """Owe that a board is pinned, or not any more, if the bot may do that."""
    silently = {"disable_notification": True} if method == "pinChatMessage" else {}
    body = {"method": method, "more": silently}
    await outbox.owe(tx, key, Kind.DO, Rank.CHANGE, chat_id, body=body, waits=[row_id])


def buttons(texts: Texts, lesson_id: int | None) -> dict[str, Any]:
    """Under a board: when it is one's turn, and, where there is a topic for all, to take part."""
    said = texts.classroom.board
    row = [{"text": said.button_when, "callback_data": WHEN}]
    if lesson_id is not None:
        row.append({"text": said.button_join, "callback_data": f"{JOIN}:{lesson_id}"})
    return {"inline_keyboard": [row]}


async def _groups(tx: Transaction) -> list[int]:
    """Groups that have a board, or may need one."""
    waiting = {
        job.request.address.chat_id
        for job in await jobs.in_state(tx, *UNFINISHED)
        if not job.request.address.is_private
    }
    silent = {chat_id for chat_id in waiting if not await chats.takes_reactions(tx, chat_id)}
    return sorted(silent | set(await lessons.groups(tx)) | set(await outbox.chats_with_board(tx)))
