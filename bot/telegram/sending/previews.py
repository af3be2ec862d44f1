"""What people are shown while they wait, and nobody is owed: it lives in memory, the latest wins.

In a private chat the text grows as Telegram's own draft, or in the placeholder where drafts fail;
in a group in the placeholder, and only while no other essay of the group is on its way.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.essays.messages import shorten, without_mentions
from bot.essays.owing import texts_of
from bot.storage import jobs, outbox
from bot.storage.database import Database, Transaction
from bot.storage.records import Job, JobState
from bot.telegram.sending.answers import Answer, Meaning
from bot.telegram.sending.rendering import Request, job_buttons

_UNITS = 3500
"""A preview leaves room for its note and is quicker to draw than a full message."""
_REFUSED = (Meaning.PLAINER, Meaning.GONE, Meaning.FIXED, Meaning.UNKNOWN_BOT)


@dataclass(frozen=True, slots=True)
class Preview:
    """One thing to show.

    Attributes:
        job: Whose essay it is, as it was then.
        text: What to show.
        is_draft: Whether it is the text so far; else news of its place.
        request: What Telegram is asked, once that is decided.
    """

    job: Job
    text: str
    is_draft: bool
    request: Request | None = None


class Previews:
    """The latest thing to show of each job.

    Args:
        database: Tells whether a job is still on its way, and which message is its placeholder.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._slots: dict[int, dict[int, Preview]] = {}
        self._shown: dict[int, str] = {}
        self._without_drafts: set[int] = set()
        self._can_stop = True
        self._listener: Callable[[int], None] | None = None

    def listen(self, listener: Callable[[int], None]) -> None:
        """Tell somebody in which chat there is something to show."""
        self._listener = listener

    def show_status(self, job: Job, text: str) -> None:
        """Put a new text into the placeholder of a private chat."""
        self._put(Preview(job, text, is_draft=False))

    def show_draft(self, job: Job, text: str) -> None:
        """Show the text so far, if its reader wants to see it grow."""
        if job.request.preferences.live_preview and text.strip():
            self._put(Preview(job, shorten(without_mentions(text), _UNITS, keep_end=True), True))

    def has(self, chat_id: int) -> bool:
        """Whether there is something to show in a chat."""
        return bool(self._slots.get(chat_id))

    def drop_drafts(self) -> None:
        """The bot stops: show no more of any text, only what becomes of it."""
        for chat_id, slots in list(self._slots.items()):
            news = {job_id: one for job_id, one in slots.items() if not one.is_draft}
            self._slots[chat_id] = news

    async def take(self, chat_id: int) -> Preview | None:
        """Take what is to be shown next, with the request for it; None if it is outdated."""
        slots = self._slots.get(chat_id, {})
        if not slots:
            return None
        preview = slots.pop(next(iter(slots)))
        if not slots:
            self._slots.pop(chat_id, None)
        request = await self._database.read(lambda tx: self._request(tx, preview))
        if request is None:
            self._forget_ended(preview)
        return None if request is None else replace(preview, request=request)

    def note(self, preview: Preview, answer: Answer) -> None:
        """Learn from what Telegram said."""
        is_draft = preview.request is not None and preview.request.method == "sendMessageDraft"
        if not is_draft or answer.meaning not in _REFUSED:
            return
        if self._can_stop:
            # A Bot API before 10.3 knows no stop button beside a draft.
            self._can_stop = False
            self._put(preview)
        else:
            self._without_drafts.add(preview.job.id)

    def _put(self, preview: Preview) -> None:
        chat_id = preview.job.request.address.chat_id
        self._slots.setdefault(chat_id, {})[preview.job.id] = preview
        if self._listener is not None:
            self._listener(chat_id)

    async def _request(self, tx: Transaction, preview: Preview) -> Request | None:
        job = await jobs.get(tx, preview.job.id)
        states = (JobState.RUNNING,) if preview.is_draft else (JobState.WAITING, JobState.RUNNING)
        if job is None or job.state not in states:
            return None
        address = job.request.address
        if preview.is_draft and address.is_private and job.id not in self._without_drafts:
            return self._draft(job, preview.text)
        if preview.is_draft and not address.is_private and not await jobs.is_alone(tx, job):
            return None
        placeholder = await outbox.placeholder_of(tx, job.id)
        texts = texts_of(job)
        text = f"{preview.text}\n\n{texts.chat.preview_note}" if preview.is_draft else preview.text
        if placeholder is None or self._shown.get(job.id) == text:
            return None
        self._shown[job.id] = text
        return Request(
            "editMessageText",
            {
                "chat_id": address.chat_id,
                "message_id": placeholder,
                "text": text,
                "link_preview_options": {"is_disabled": True},
                "reply_markup": {"inline_keyboard": [job_buttons("cancel", job.token, texts)]},
            },
        )

    def _draft(self, job: Job, text: str) -> Request:
        parameters = {
            "chat_id": job.request.address.chat_id,
            "draft_id": job.id,
            "text": text,
            "message_thread_id": job.request.address.thread_id,
            "can_stop": True if self._can_stop else None,
        }
        present = {name: value for name, value in parameters.items() if value is not None}
        return Request("sendMessageDraft", present)

    def _forget_ended(self, preview: Preview) -> None:
        self._shown.pop(preview.job.id, None)
        self._without_drafts.discard(preview.job.id)
