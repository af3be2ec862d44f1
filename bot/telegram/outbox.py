"""The few things this bot ever sends, each as a paced request. Plain text, no link previews."""

import asyncio
import re
from collections.abc import Callable

from telegram import (
    Bot,
    ForceReply,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
    ReplyParameters,
)
from telegram.error import BadRequest

from bot.essays.job import Address
from bot.telegram.delivery import Delivery
from bot.telegram.lane import Rank
from bot.telegram.receipts import Receipt

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_MENTION = re.compile(r"@(?=[A-Za-z0-9_])")
_WORD_JOINER = "\N{WORD JOINER}"
_REMOVED_AT_ONCE = 100
"""Messages that one ``deleteMessages`` takes."""

OnDone = Callable[[Receipt], None]


def without_mentions(text: str) -> str:
    """Generated text in which no ``@name`` calls anybody: Telegram would find it by itself.

    An invisible word joiner behind the sign keeps the look of the text.
    """
    return _MENTION.sub("@" + _WORD_JOINER, text)


class Outbox:
    """Makes requests of texts, edits, drafts and deletions and gives them to the delivery.

    Args:
        bot: Telegram's methods.
        delivery: Paces them.
    """

    def __init__(self, bot: Bot, delivery: Delivery) -> None:
        self.bot = bot
        self.delivery = delivery
        self._doomed: dict[int, list[int]] = {}
        self._drafts_stop = True

    def send_text(
        self,
        address: Address,
        text: str,
        *,
        markup: InlineKeyboardMarkup | ForceReply | None = None,
        is_reply: bool = True,
        is_lasting: bool = False,
        key: object | None = None,
        on_start: Callable[[int], None] | None = None,
        on_done: OnDone | None = None,
        resumed_after: int | None = None,
    ) -> asyncio.Future[Receipt]:
        """Send a message, as a reply to the request unless told otherwise.

        Args:
            address: Where to.
            text: 1 to 4096 UTF-16 units.
            markup: Buttons, or a request for an answer.
            is_reply: Whether it replies to ``address.message_id``; a deleted request is no
                hindrance.
            is_lasting: Whether it is tried until the bot stops, as an essay is.
            key: A newer text with this key takes its place while it waits.
            on_start: Called before the first attempt, with the last message number known then.
            on_done: Called with the receipt in the same step.
            resumed_after: What ``on_start`` was told by a run that may have sent this.
        """
        reply = ReplyParameters(address.message_id, allow_sending_without_reply=True)

        async def call(chat_id: int, *, with_thread: bool) -> int:
            message = await self.bot.send_message(
                chat_id,
                text,
                message_thread_id=address.thread_id if with_thread else None,
                reply_parameters=reply if is_reply else None,
                reply_markup=markup,
                link_preview_options=_NO_PREVIEW,
            )
            return message.message_id

        async def probe(chat_id: int, message_id: int) -> Message | bool:
            buttons = markup if isinstance(markup, InlineKeyboardMarkup) else None
            return await self.bot.edit_message_text(
                text,
                chat_id,
                message_id,
                reply_markup=buttons,
                link_preview_options=_NO_PREVIEW,
            )

        return self.delivery.submit(
            address.chat_id,
            call,
            Rank.TEXT,
            key=key,
            is_lasting=is_lasting,
            # An edit takes the request for an answer away, so that it cannot be looked for.
            probe=None if isinstance(markup, ForceReply) else probe,
            on_start=on_start,
            on_done=on_done,
            resumed_after=resumed_after,
        )

    def edit_text(
        self,
        chat_id: int,
        message_id: int,
        text: str,
        *,
        markup: InlineKeyboardMarkup | None = None,
        rank: Rank = Rank.TEXT,
        on_done: OnDone | None = None,
    ) -> asyncio.Future[Receipt]:
        """Change a message; of several changes that wait, the latest of a rank is made."""

        async def call(chat_id: int, *, with_thread: bool) -> int:  # noqa: ARG001
            await self.bot.edit_message_text(
                text,
                chat_id,
                message_id,
                reply_markup=markup,
                link_preview_options=_NO_PREVIEW,
            )
            return message_id

        return self.delivery.submit(chat_id, call, rank, key=edit_key(message_id), on_done=on_done)

    def draft(
        self, address: Address, draft_id: int, text: str, *, on_done: OnDone | None = None
    ) -> asyncio.Future[Receipt]:
        """Show a preview in a private chat; it is gone after 30 seconds.

        Args:
            address: A private chat.
            draft_id: Not zero; drafts of the same number grow into each other.
            text: At most 4096 UTF-16 units.
            on_done: Called with the receipt.
        """

        async def call(chat_id: int, *, with_thread: bool) -> None:
            thread_id = address.thread_id if with_thread else None
            if self._drafts_stop:
                try:
                    # Bot API 10.3: Telegram shows a stop button of its own beside the draft.
                    await self.bot.send_message_draft(
                        chat_id, draft_id, text, thread_id, api_kwargs={"can_stop": True}
                    )
                except BadRequest:
                    await self.bot.send_message_draft(chat_id, draft_id, text, thread_id)
                    self._drafts_stop = False
            else:
                await self.bot.send_message_draft(chat_id, draft_id, text, thread_id)

        return self.delivery.submit(
            address.chat_id, call, Rank.PREVIEW, key=draft_key(draft_id), on_done=on_done
        )

    def remove(self, chat_id: int, message_id: int) -> None:
        """Delete one of the bot's messages when there is time; many of a chat go at once."""
        doomed = self._doomed.setdefault(chat_id, [])
        doomed.append(message_id)

        async def call(chat_id: int, *, with_thread: bool) -> None:  # noqa: ARG001
            batch = doomed[:_REMOVED_AT_ONCE]
            if batch:
                await self.bot.delete_messages(chat_id, batch)
                del doomed[: len(batch)]
            if doomed:
                self._submit_removal(chat_id, call)

        self._submit_removal(chat_id, call)

    def toast(self, query_id: str, text: str | None = None) -> None:
        """Answer a pressed button; at most 200 characters, or nothing at all."""
        self.delivery.beside(self.bot.answer_callback_query(query_id, text))

    def drop_previews(self, chat_id: int, message_id: int | None, draft_id: int) -> None:
        """Take back whatever would change a preview that nobody needs any more."""
        self.delivery.drop(chat_id, draft_key(draft_id))
        if message_id is not None:
            self.delivery.drop(chat_id, edit_key(message_id))

    def _submit_removal(self, chat_id: int, call: object) -> None:
        self.delivery.submit(chat_id, call, Rank.TIDY, key="removal")  # type: ignore[arg-type]


def edit_key(message_id: int) -> tuple[str, int]:
    """The key of changes of a message."""
    return "edit", message_id


def draft_key(draft_id: int) -> tuple[str, int]:
    """The key of the drafts of a job."""
    return "draft", draft_id
