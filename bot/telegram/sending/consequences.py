"""What follows where Telegram did not simply do it: one step each, with the row's next state.

====================  =======================  =======================  =========================
answer                a message                a change                 a removal
====================  =======================  =======================  =========================
unchanged             open, plainer, or held   closed                   alone, then a closing word
gone                  the same                 closed: as it is wanted  closed: as it is wanted
fixed                 the same                 dropped                  alone, then a closing word
pause                 open; the chat pauses    the same                 the same
again                 open; the chat pauses    the same                 the same
plainer               open, plainer, or held   once more, then dropped  alone, then a closing word
hold                  held, its chat too       dropped                  held, its chat too
migrated              follows the chat         dropped                  dropped
unknown bot           getMe; later again       the same                 the same
doubt                 looked for               the same again           the same again
====================  =======================  =======================  =========================

A message that is looked for is asked about by a change of it (``after_probe``): done and unchanged
mean that it is found, gone and fixed that it has another number, plainer is asked once more, and
whatever refuses the chat leaves it in doubt until the chat can be written to again.
"""

import asyncio
import logging
from dataclasses import replace
from datetime import datetime, timedelta

from telegram import Bot

from bot.storage import chats, holding, outbox, upkeep
from bot.storage.database import Database, Transaction
from bot.storage.records import SHOWN_FOR_S, Kind, Owed
from bot.telegram.sending import rendering
from bot.telegram.sending.answers import Answer, Meaning, Plain
from bot.telegram.sending.pacing import Pacing
from bot.telegram.sending.rendering import Request, ask

logger = logging.getLogger(__name__)

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
_PAUSE_WITHOUT_FIGURE_S, _LONGEST_WITHOUT_FIGURE_S = 5.0, 60.0
_LOOK_AFTER_S, _LOOK_AFTER_LATE_S = 1.0, 15.0
_UNKNOWN_BOT_TRIES = 8
_CHANGE_TRIES = _MESSAGE_TRIES = 2
"""What nothing can be left out of is asked for once more before it is believed to be refused."""
_REFUSALS = (Meaning.PLAINER, Meaning.FIXED, Meaning.HOLD_TOPIC, Meaning.HOLD_CHAT)
"""After which something that can be said in another way is."""
_GET_ME_TIMEOUT_S = 15.0
_REACTION_TRIES = 4
_REFUSED_FOR_S = 86_400.0
"""A group's administrators may allow reactions again, or make the bot one of them."""
_OF_A_PERSON = ("user", "participant")
"""What Telegram's words have in them that refuse to tell one person something, and not another."""


class Consequences:
    """Draws them.

    Args:
        bot: Telegram's methods; only to ask who the bot is.
        database: Where the outbox is.
        pacing: Learns of pauses.

    Attributes:
        is_bot_known: Unset while Telegram does not say that it knows the bot: nothing is sent.
    """

    def __init__(self, bot: Bot, database: Database, pacing: Pacing) -> None:
        self._bot = bot
        self._database = database
        self._pacing = pacing
        self._misses: dict[int, int] = {}
        self._minded: dict[int, int] = {}
        self.is_bot_known = asyncio.Event()
        self.is_bot_known.set()

    def misses(self, row: Owed) -> int:
        """How many numbers in a row were not found when a message was looked for."""
        return self._misses.get(row.id, 0)

    async def after_message(self, rows: list[Owed], answer: Answer) -> None:
        """A message was to be sent, with one row in it or several essays, and was not."""
        row = rows[0]
        if "otherwise" in row.body and answer.meaning in _REFUSALS:
            await self._go_another_way(row, answer)
            return
        match answer.meaning:
            case Meaning.PAUSE | Meaning.AGAIN:
                await self._wait(rows, answer)
            case Meaning.UNKNOWN_BOT if rendering.is_rich(row):
                # A server that is older than rich messages does not know the method.
                await self._plainer(rows, replace(answer, plain=Plain.RICH))
            case Meaning.PLAINER | Meaning.UNCHANGED | Meaning.GONE | Meaning.FIXED:
                await self._plainer(rows, answer)
            case Meaning.HOLD_TOPIC | Meaning.HOLD_CHAT:
                await self._hold(rows, answer)
            case Meaning.MIGRATED:
                await self._migrate(rows, answer)
            case Meaning.UNKNOWN_BOT:
                await self._ask_who(rows, answer)
            case Meaning.DOUBT:
                await self._doubt(rows, answer)

    async def seen_by_all(self, row: Owed) -> None:
        """A server that knows no ephemeral messages showed one to all: it is removed again."""
        until = self._after(_REFUSED_FOR_S)

        async def note(tx: Transaction) -> None:
            await chats.refuse_ephemeral(tx, row.chat_id, until)
            await outbox.owe_removal(
                tx, row.key, row.chat_id, row.id, row.person, after_s=SHOWN_FOR_S
            )

        await self._database.step("seen by all", note)

    async def after_reaction(self, row: Owed, answer: Answer) -> None:
        """A reaction was to be set or taken away; nothing else waits for it, whatever comes."""
        match answer.meaning:
            case Meaning.DONE | Meaning.UNCHANGED | Meaning.GONE:
                await self._close([row], None)
            case Meaning.MIGRATED:
                await self._migrate([row], answer)
            case Meaning.AGAIN | Meaning.DOUBT if row.tries + 1 < _REACTION_TRIES:
                until = self._after(_FIRST_PAUSE_S * 2**row.tries)
                await self._database.step(
                    "put back",
                    lambda tx: outbox.put_back(tx, [row], not_before=until, is_try=True),
                )
            case Meaning.AGAIN | Meaning.DOUBT | Meaning.UNKNOWN_BOT:
                await self._give_up(row, answer)
            case _:
                logger.info("chat %d takes no reactions: %s", row.chat_id, answer.reason)
                until = self._after(_REFUSED_FOR_S)

                async def refuse(tx: Transaction) -> None:
                    await chats.refuse_reactions(tx, row.chat_id, until)
                    await outbox.refuse_reactions(tx, row.chat_id)

                await self._database.step("refuse reactions", refuse)

    async def after_change(self, row: Owed, answer: Answer) -> None:
        """A message was to be changed."""
        if "otherwise" in row.body and answer.meaning in (*_REFUSALS, Meaning.GONE):
            await self._go_another_way(row, answer)
            return
        is_passing = answer.meaning in (Meaning.PAUSE, Meaning.AGAIN, Meaning.DOUBT)
        if row.kind is Kind.DO and not is_passing:
            await self._give_up(row, answer)
            return
        match answer.meaning:
            case Meaning.FIXED:
                await self._give_up(row, answer)
            case Meaning.PLAINER if answer.plain & Plain.PICTURE & ~row.plainness:
                await self._plainer([row], answer)
            case Meaning.PLAINER if row.tries + 1 < _CHANGE_TRIES:
                await self._wait([row], answer, is_try=True)
            case Meaning.PLAINER:
                await self._give_up(row, answer)
            case _:
                await self._after_any([row], answer)

    async def after_removal(self, rows: list[Owed], answer: Answer) -> None:
        """Placeholders were to be removed, many at once or one by itself."""
        is_closing_word = len(rows) == 1 and rows[0].plainness != Plain.NOTHING
        is_refused = answer.meaning in (Meaning.FIXED, Meaning.PLAINER) or (
            answer.meaning is Meaning.UNCHANGED and not is_closing_word
        )
        if is_refused and is_closing_word:
            await self._give_up(rows[0], answer)
        elif is_refused:
            # One of many that cannot be deleted must not keep the others; and Telegram deletes
            # nothing that is older than two days: then it shall say that it is over.
            plainness = Plain.NOTHING if len(rows) > 1 else Plain.MARKUP
            await self._database.step(
                "part",
                lambda tx: outbox.put_back(tx, rows, plainness=plainness, is_try=True),
            )
        else:
            await self._after_any(rows, answer)

    async def after_probe(self, rows: list[Owed], number: int, answer: Answer) -> None:
        """A message that may be there was looked for under a number."""
        row = rows[0]
        match answer.meaning:
            case Meaning.DONE | Meaning.UNCHANGED:
                logger.info("chat %d: found a message whose answer was lost", row.chat_id)
                self._forget_search(row)
                await self._close(rows, number)
            case Meaning.PLAINER if self._minded.get(row.id) != number:
                # It says nothing about what stands there.
                self._minded[row.id] = number
                await self.pause(row.chat_id, answer)
            case Meaning.GONE | Meaning.FIXED | Meaning.PLAINER:
                is_gone = answer.meaning is Meaning.GONE
                self._misses[row.id] = self.misses(row) + 1 if is_gone else 0
                now = self._database.clock()
                await self._database.step(
                    "probe", lambda tx: outbox.doubt(tx, rows, not_before=now, probed=number)
                )
            case Meaning.PAUSE | Meaning.AGAIN:
                await self.pause(row.chat_id, answer)
            case Meaning.HOLD_TOPIC | Meaning.HOLD_CHAT:
                await self._hold_around(row, answer)
            case Meaning.MIGRATED:
                await self._migrate(rows, answer)
            case Meaning.UNKNOWN_BOT:
                await self._confirm_identity()
            case Meaning.DOUBT:
                await self._doubt(rows, answer)

    async def not_found(self, rows: list[Owed]) -> None:
        """The search is over: twice is better than never, unless nobody wants it any more."""
        self._forget_search(rows[0])
        await self._database.step("put back", lambda tx: outbox.put_back(tx, rows))

    def _forget_search(self, row: Owed) -> None:
        self._misses.pop(row.id, None)
        self._minded.pop(row.id, None)

    async def pause(self, chat_id: int, answer: Answer) -> float:
        """Leave a chat alone, for as long as Telegram says or longer each time.

        Returns:
            For how many seconds.
        """
        if answer.meaning is not Meaning.PAUSE:
            return self._pacing.back_off(chat_id)
        self._pacing.floods += 1
        if answer.pause_s is None:
            pause_s = self._pacing.back_off(
                chat_id, _PAUSE_WITHOUT_FIGURE_S, _LONGEST_WITHOUT_FIGURE_S
            )
        else:
            pause_s = answer.pause_s
            self._pacing.pause(chat_id, pause_s)
        logger.info("chat %d asks to wait %.0f s", chat_id, pause_s)
        until = self._after(pause_s)
        await self._database.step("pause", lambda tx: chats.pause(tx, chat_id, until))
        return pause_s

    async def _go_another_way(self, row: Owed, answer: Answer) -> None:
        """Say otherwise what Telegram refuses; and remember where only presses are answered so."""
        logger.info("chat %d: said otherwise: %s", row.chat_id, answer.reason)
        only_for = row.body.get("only_for", {})
        was_asked = "callback_query_id" in only_for or "reply_to_ephemeral" in row.body
        is_of_person = any(word in answer.reason.lower() for word in _OF_A_PERSON)
        until = self._after(_REFUSED_FOR_S)

        async def work(tx: Transaction) -> None:
            if only_for and row.kind is Kind.ANSWER and not (was_asked or is_of_person):
                await chats.refuse_ephemeral(tx, row.chat_id, until)
            await outbox.go_another_way(tx, row, answer.reason)

        await self._database.step("another way", work)

    async def _after_any(self, rows: list[Owed], answer: Answer) -> None:
        """What a change and a removal have in common: done twice they do the same."""
        match answer.meaning:
            case Meaning.UNCHANGED | Meaning.GONE:
                await self._close(rows, None)
            case Meaning.UNKNOWN_BOT:
                await self._ask_who(rows, answer)
            case Meaning.HOLD_TOPIC | Meaning.HOLD_CHAT:
                await self._hold(rows, answer)
            case Meaning.MIGRATED:
                await self._migrate(rows, answer)
            case _:
                await self._wait(rows, answer)

    async def _close(self, rows: list[Owed], message_id: int | None) -> None:
        self._pacing.forget_failures(rows[0].chat_id)
        await self._database.step("close", lambda tx: outbox.close(tx, rows, message_id))

    async def _give_up(self, row: Owed, answer: Answer) -> None:
        logger.warning("chat %d: a %s is given up: %s", row.chat_id, row.kind, answer.reason)
        await self._database.step("drop", lambda tx: outbox.drop(tx, row, answer.reason))

    async def _wait(self, rows: list[Owed], answer: Answer, *, is_try: bool = False) -> None:
        """It was not done, or may be done twice, and can be later."""
        pause_s = await self.pause(rows[0].chat_id, answer)
        if answer.is_late:
            pause_s = max(pause_s, _LOOK_AFTER_LATE_S)
        until = self._after(pause_s)
        await self._database.step(
            "put back",
            lambda tx: outbox.put_back(tx, rows, not_before=until, is_try=is_try),
        )

    async def _plainer(self, rows: list[Owed], answer: Answer) -> None:
        row, plain = rows[0], answer.plain
        if len(rows) > 1:
            plain = Plain.COMPANY
        elif not plain or row.plainness & plain:
            # Telegram does not say what it minds, or minds it still.
            plain = rendering.plainer(row)
        if not plain and row.tries < _MESSAGE_TRIES:
            await self._wait([row], answer)
            return
        if not plain:
            await self._hold([row], answer)
            return
        logger.info("chat %d: sent without %s", row.chat_id, plain.name)
        await self._database.step(
            "put back", lambda tx: outbox.put_back(tx, rows, plainness=int(plain))
        )

    async def _hold(self, rows: list[Owed], answer: Answer) -> None:
        """Keep what is refused; where the chat or its topic refuses, with all that is owed there.

        An acknowledgement is worth nothing later, and is dropped.
        """
        count = await self._database.step("hold", lambda tx: holding.hold(tx, rows, answer.reason))
        if count:
            logger.warning(
                "chat %d: %d messages are held: %s", rows[0].chat_id, count, answer.reason
            )
        if answer.meaning in (Meaning.HOLD_CHAT, Meaning.HOLD_TOPIC):
            await self._hold_around(rows[0], answer)

    async def _hold_around(self, row: Owed, answer: Answer) -> None:
        only_topic = answer.meaning is Meaning.HOLD_TOPIC
        count = await self._database.step(
            "hold",
            lambda tx: holding.hold_around(tx, row, answer.reason, only_topic=only_topic),
        )
        if count:
            logger.warning("chat %d: %d more are held with it", row.chat_id, count)

    async def _migrate(self, rows: list[Owed], answer: Answer) -> None:
        old_id, new_id = rows[0].chat_id, answer.chat_id
        if new_id is None or new_id == old_id:
            await self._wait(rows, answer)
            return
        await self._database.step("migrate", lambda tx: upkeep.migrate_chat(tx, old_id, new_id))

    async def _doubt(self, rows: list[Owed], answer: Answer) -> None:
        row = rows[0]
        after_s = _LOOK_AFTER_LATE_S if answer.is_late else _LOOK_AFTER_S
        not_before = self._after(max(after_s, self._pacing.back_off(row.chat_id)))
        logger.info("chat %d: an answer was lost: %s", row.chat_id, answer.reason)
        await self._database.step(
            "doubt", lambda tx: outbox.doubt(tx, rows, not_before=not_before)
        )

    async def _ask_who(self, rows: list[Owed], answer: Answer) -> None:
        """401 and 404 say nothing about the chat: ask whether the token is still known."""
        tries = max(row.tries for row in rows)
        if tries >= _UNKNOWN_BOT_TRIES:
            await self._hold(rows, answer)
            return
        is_try = any(row.kind in (Kind.EDIT, Kind.TIDY) for row in rows)
        until = self._after(min(_FIRST_PAUSE_S * 2**tries, _LONGEST_PAUSE_S))
        await self._database.step(
            "put back",
            lambda tx: outbox.put_back(tx, rows, not_before=until, is_try=is_try),
        )
        await self._confirm_identity()

    async def _confirm_identity(self) -> None:
        """Send nothing until Telegram says again who the bot is."""
        if not self.is_bot_known.is_set():
            return
        self.is_bot_known.clear()
        try:
            pause_s = _FIRST_PAUSE_S
            while not await self._is_bot_known():
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        finally:
            self.is_bot_known.set()

    async def _is_bot_known(self) -> bool:
        answer = await ask(self._bot, Request("getMe", {}), _GET_ME_TIMEOUT_S)
        return answer.meaning is Meaning.DONE

    def _after(self, seconds: float) -> datetime:
        return self._database.clock() + timedelta(seconds=seconds)
