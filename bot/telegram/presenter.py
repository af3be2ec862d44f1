"""Shows people how their essay is doing, from the acknowledgement to the last chunk.

A placeholder acknowledges the request and carries the cancel button. While the text is written it
grows as a draft in a private chat, and in the placeholder where drafts do not work and in groups.
The essay always arrives in new messages, since a person is notified of a message but not of an
edit; the placeholder is removed afterwards, together with others of its chat. So an essay of n
chunks costs a group n + 1 requests and its share of a deletion.
"""

import asyncio
import logging
from dataclasses import dataclass

from telegram import InlineKeyboardMarkup

from bot.errors import RedactorError, ShuttingDownError
from bot.essays.job import Address, Job, JobState
from bot.essays.speed import Place
from bot.storage import JobStore
from bot.telegram.apologies import failure_text
from bot.telegram.chunking import (
    TELEGRAM_LIMIT_UNITS,
    marked,
    shorten,
    split_text,
)
from bot.telegram.keyboards import cancel_keyboard, essay_keyboard, retry_keyboard
from bot.telegram.lane import Rank
from bot.telegram.outbox import Outbox, without_mentions
from bot.telegram.receipts import Receipt, Refusal
from bot.texts import Texts, texts_for

logger = logging.getLogger(__name__)

_ENDED = (JobState.DELIVERED, JobState.CANCELLED, JobState.FAILED)
_PREVIEW_UNITS = 3500
"""A preview leaves room for its note and is quicker to draw than a full message."""


@dataclass(slots=True, eq=False)
class _Show:
    """What the chat sees of one job."""

    job_id: int
    person: str
    address: Address
    texts: Texts
    has_preview: bool
    placeholder_id: int | None
    is_asked: bool
    """Whether a placeholder was sent or is about to be."""
    resumed_after: int | None = None
    """Set if a message may have been on its way when the last run was killed."""
    is_over: bool = False
    shown: str = ""
    place: int = 0
    drafts_work: bool = True

    @property
    def ack_key(self) -> tuple[str, int]:
        return "ack", self.job_id


class Presenter:
    """The dispatcher's observer: everything it tells goes to the chat it belongs to.

    Args:
        outbox: Sends.
        jobs: Keeps the placeholder and the number of delivered chunks of every job.
    """

    def __init__(self, outbox: Outbox, jobs: JobStore) -> None:
        self._outbox = outbox
        self._jobs = jobs
        self._shows: dict[int, _Show] = {}

    async def queued(self, job: Job, place: Place) -> None:
        """Acknowledge a job, or say that its place has changed."""
        show = self._show(job)
        number = place.position if place.ahead_words or self._is_busy(show) else 0
        text = show.texts.chat.acknowledged(number, place.estimate_s)
        if show.is_over:
            return
        if not show.is_asked:
            self._acknowledge(show, text)
        elif show.address.is_private and number != show.place:
            # In a group the place is not worth a request; /cola tells it.
            self._change(show, text, Rank.STATUS)
        show.place = number

    async def started(self, job: Job) -> None:
        """Say that it is being written, where that is news."""
        show = self._show(job)
        if show.is_over:
            return
        if not show.is_asked:
            self._acknowledge(show, show.texts.chat.writing)
        elif show.address.is_private and show.place > 0:
            # Whoever did not have to wait was told that it begins.
            self._change(show, show.texts.chat.writing, Rank.STATUS)

    async def progressed(self, job: Job, text: str) -> None:
        """Show the text so far, if anybody would see it grow."""
        show = self._show(job)
        if show.is_over or not show.has_preview or not text.strip():
            return
        text = without_mentions(text)
        if show.address.is_private and show.drafts_work:
            preview = shorten(text, _PREVIEW_UNITS, keep_end=True)
            self._outbox.draft(
                show.address,
                show.job_id,
                preview,
                on_done=lambda receipt: self._draft_done(show, receipt),
            )
        elif show.address.is_private or self._is_alone(show):
            preview = shorten(text, _PREVIEW_UNITS, keep_end=True)
            self._change(show, f"{preview}\n\n{show.texts.chat.preview_note}", Rank.PREVIEW)

    async def written(self, job: Job, text: str) -> None:
        """Deliver the essay, from the first chunk that has not arrived.

        Raises:
            ShuttingDownError: The bot stopped before the last chunk; the next start goes on.
        """
        show = self._show(job)
        self._end(show)
        chunks = marked(split_text(without_mentions(text), job.request.preferences.chunk_units))
        stored = self._jobs.get(job.id)
        arrived = stored.delivered_chunks if stored is not None else 0
        keyboard = essay_keyboard(job.id, show.texts.chat)
        # All at once, so that nothing comes between the chunks of an essay.
        receipts = [
            self._send_chunk(show, number, chunk, keyboard if number == len(chunks) else None)
            for number, chunk in enumerate(chunks, start=1)
            if number > arrived
        ]
        if receipts:
            # Not gather: if this wait is cancelled, what is in the lane goes on and is noted.
            await asyncio.wait(receipts)
        for receipt in (future.result() for future in receipts):
            if receipt.refusal is Refusal.STOPPED:
                raise ShuttingDownError
            if receipt.refusal not in (None, Refusal.EMPTY):
                logger.warning("job %d: a chunk was given up: %s", job.id, receipt.refusal)
        self._remove_placeholder(show)
        self._shows.pop(job.id, None)

    async def failed(self, job: Job, error: RedactorError) -> None:
        """Say what went wrong and offer another try."""
        show = self._show(job)
        self._end(show)
        text = failure_text(error, show.texts.failures)
        self._conclude(show, text, retry_keyboard(job.id, show.texts.chat))

    async def cancelled(self, job: Job, text: str) -> None:
        """Say so in the placeholder, with what had been written."""
        show = self._show(job)
        self._end(show)
        chat = show.texts.chat
        if not text.strip():
            if show.placeholder_id is not None:
                self._conclude(show, chat.stopped, None)
            self._shows.pop(job.id, None)
            return
        head = chat.stopped_with_text + "\n\n"
        body = shorten(without_mentions(text), TELEGRAM_LIMIT_UNITS - len(head))
        self._conclude(show, head + body, essay_keyboard(job.id, chat))

    def _show(self, job: Job) -> _Show:
        show = self._shows.get(job.id)
        if show is None:
            # The job may come from before a restart: its placeholder is used again.
            stored = self._jobs.get(job.id) or job
            preferences = job.request.preferences
            show = _Show(
                job_id=job.id,
                person=job.request.person,
                address=job.request.address,
                texts=texts_for(preferences.language),
                has_preview=preferences.live_preview,
                placeholder_id=stored.placeholder_id,
                is_asked=stored.placeholder_id is not None,
                resumed_after=stored.sending_after,
                # News of a job may come after its end, and then it is none.
                is_over=stored.state in _ENDED,
            )
            if not show.is_over:
                self._shows[job.id] = show
        return show

    def _acknowledge(self, show: _Show, text: str) -> None:
        show.is_asked = True
        show.shown = text

        def on_done(receipt: Receipt) -> None:
            if receipt.message_id is None:
                # Nothing else depends on it: the essay itself may still get through.
                self._note_end(show, receipt)
                return
            show.placeholder_id = receipt.message_id
            if show.is_over:
                self._remove_placeholder(show)
            else:
                self._jobs.update(
                    show.job_id, placeholder_id=receipt.message_id, sending_after=None
                )

        self._outbox.send_text(
            show.address,
            text,
            markup=cancel_keyboard(show.job_id, show.texts.chat),
            key=show.ack_key,
            on_start=lambda number: self._jobs.update(show.job_id, sending_after=number),
            on_done=on_done,
            resumed_after=self._resumed_after(show),
        )

    def _change(self, show: _Show, text: str, rank: Rank) -> None:
        if show.placeholder_id is None or text == show.shown:
            return
        show.shown = text
        self._outbox.edit_text(
            show.address.chat_id,
            show.placeholder_id,
            text,
            markup=cancel_keyboard(show.job_id, show.texts.chat),
            rank=rank,
        )

    def _draft_done(self, show: _Show, receipt: Receipt) -> None:
        if receipt.refusal in (Refusal.REFUSED, Refusal.GONE):
            show.drafts_work = False

    def _is_busy(self, show: _Show) -> bool:
        """Whether another essay of the same person comes first."""
        return any(
            other.person == show.person and not other.is_over and other.job_id < show.job_id
            for other in self._shows.values()
        )

    def _is_alone(self, show: _Show) -> bool:
        """Whether no other essay of the chat is on its way, so that there is budget to spare."""
        return not any(
            other.address.chat_id == show.address.chat_id and not other.is_over
            for other in self._shows.values()
            if other is not show
        )

    def _send_chunk(
        self, show: _Show, number: int, chunk: str, keyboard: InlineKeyboardMarkup | None
    ) -> asyncio.Future[Receipt]:
        def on_done(receipt: Receipt) -> None:
            if receipt.refusal in (None, Refusal.EMPTY):
                # In the same step as the answer: a stop cannot come between the two.
                self._jobs.update(show.job_id, delivered_chunks=number, sending_after=None)
            else:
                self._note_end(show, receipt)

        return self._outbox.send_text(
            show.address,
            chunk,
            markup=keyboard,
            is_lasting=True,
            on_start=lambda number: self._jobs.update(show.job_id, sending_after=number),
            on_done=on_done,
            resumed_after=self._resumed_after(show),
        )

    def _note_end(self, show: _Show, receipt: Receipt) -> None:
        """Note that nothing is on its way, unless the bot stops and does not know."""
        if receipt.refusal is not Refusal.STOPPED:
            self._jobs.update(show.job_id, sending_after=None)

    def _resumed_after(self, show: _Show) -> int | None:
        """For the first message of a job after a restart: it may be there already."""
        resumed_after, show.resumed_after = show.resumed_after, None
        return resumed_after

    def _end(self, show: _Show) -> None:
        """Nothing but the outcome matters from here on."""
        show.is_over = True
        self._outbox.delivery.drop(show.address.chat_id, show.ack_key)
        self._outbox.drop_previews(show.address.chat_id, show.placeholder_id, show.job_id)

    def _conclude(self, show: _Show, text: str, markup: InlineKeyboardMarkup | None) -> None:
        """Put the outcome into the placeholder, or into a new message if that is gone."""

        def on_done(receipt: Receipt) -> None:
            if receipt.refusal is Refusal.GONE:
                self._outbox.send_text(show.address, text, markup=markup)

        if show.placeholder_id is None:
            self._outbox.send_text(show.address, text, markup=markup)
        else:
            self._outbox.edit_text(
                show.address.chat_id,
                show.placeholder_id,
                text,
                markup=markup,
                on_done=on_done,
            )
        self._shows.pop(show.job_id, None)

    def _remove_placeholder(self, show: _Show) -> None:
        if show.placeholder_id is not None:
            self._outbox.remove(show.address.chat_id, show.placeholder_id)
