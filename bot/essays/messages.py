"""What a job owes its chat, and how a long text is cut into messages.

A piece ends at a paragraph if it can, else at a line, a sentence, a word, and only inside a word
that is longer than a message. Cuts fall between grapheme clusters (Unicode Standard Annex 29), so
that no surrogate pair, accent, flag or family is torn apart; only a single cluster longer than a
message is cut between its code points.

Exactly this white space vanishes: what stands at the beginning and the end of the text, and the
run of white space in which a cut falls. Telegram trims every message anyway. All else is kept, in
order, once: the pieces with white space between them are the text.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate

import regex

from bot.errors import RequestError
from bot.essays.apologies import failure_text
from bot.storage import outbox
from bot.storage.database import Transaction
from bot.storage.records import Job, JobState, Kind, Rank, Way
from bot.texts import TEXTS, Texts

TELEGRAM_LIMIT_UNITS = 4096
"""Greatest length of a message. Telegram counts code points or UTF-16 units, depending on whom one
asks; what is short enough in UTF-16 units is short enough in both."""

LEAST_LIMIT_UNITS = 32
"""A piece must have room for its mark and for something to read."""

_TITLE_UNITS = 40
_INTERLEAVED = 3
"""Pieces after which an essay gives way to the next one, so that a long one holds nobody up."""

_MENTION = re.compile(r"@(?=[A-Za-z0-9_])")
_WORD_JOINER = "\N{WORD JOINER}"
_CLUSTER = regex.compile(r"\X")
_SENTENCE_END = regex.compile(r"[.!?…]['\"»”’)\]]*$")

_WORD, _SENTENCE, _LINE, _PARAGRAPH = range(4)


@dataclass(frozen=True, slots=True)
class _Boundary:
    """White space at which a piece may end: the index of its first cluster, and its rank."""

    index: int
    rank: int


def title_of(job: Job) -> str:
    """The topic of an essay, short enough to name it by."""
    return shorten(" ".join(job.request.topic.split()), _TITLE_UNITS)


def texts_of(job: Job) -> Texts:
    """The texts of the language of whoever asked."""
    return TEXTS[job.request.preferences.language]


def _stopped_with(job: Job, text: str) -> str:
    head = texts_of(job).chat.stopped_with_text + "\n\n"
    return head + shorten(without_mentions(text), TELEGRAM_LIMIT_UNITS - len(head))


async def owe_placeholder(tx: Transaction, job: Job, text: str | None = None) -> None:
    """Owe the acknowledgement of a job, with a button to cancel it."""
    text = text or texts_of(job).chat.writing
    await _owe(tx, job, Kind.ACK, "ack", Rank.ANSWER, text, buttons="cancel")


async def owe_essay(tx: Transaction, job: Job, text: str) -> None:
    """Owe the chat an essay: its messages one after another, then the placeholder's removal."""
    preferences = job.request.preferences
    pieces = marked(split_text(without_mentions(text), preferences.chunk_units))
    waits: list[int] = []
    for number, piece in enumerate(pieces, start=1):
        row_id = await _owe(
            tx,
            job,
            Kind.PIECE,
            f"p{number}",
            Rank.PIECE,
            piece,
            buttons="essay" if number == len(pieces) else None,
            turn=job.turn + (number - 1) // _INTERLEAVED,
            waits=waits,
        )
        waits = [] if row_id is None else [row_id]
    await owe_tidy(tx, job, waits)


async def owe_stop(tx: Transaction, job: Job, text: str, waits: list[int]) -> None:
    """Owe the person the word that a job is stopped, with what was written of it."""
    word, buttons = texts_of(job).chat.stopped, None
    if text:
        word, buttons = _stopped_with(job, text), "essay"
    await _owe(tx, job, Kind.WORD, "word", Rank.ANSWER, word, buttons=buttons, waits=waits)


async def owe_failure(tx: Transaction, job: Job, error: RequestError) -> None:
    """Owe the person what went wrong, with a button to try again."""
    text = failure_text(error, texts_of(job).failures)
    await _owe(tx, job, Kind.WORD, "word", Rank.ANSWER, text, buttons="retry")
    await owe_tidy(tx, job, [])


async def owe_end(tx: Transaction, job: Job, placeholder_id: int) -> None:
    """Owe that a placeholder says how its job ended, where that was not with an essay."""
    texts = texts_of(job)
    text, buttons = texts.chat.stopped, None
    if job.state is JobState.FAILED:
        text, buttons = texts.failures.unknown, "retry"
    elif job.text:
        text, buttons = _stopped_with(job, job.text), "essay"
    await _owe(
        tx, job, Kind.EDIT, "end", Rank.CHANGE, text, buttons=buttons, target=placeholder_id
    )


async def owe_removal(tx: Transaction, job: Job, waits: list[int]) -> None:
    """Owe that an essay is taken away from its chat, and that its author hears of it alone."""
    texts, request = texts_of(job).safety, job.request
    for row in await outbox.of_job(tx, job.id, Kind.PIECE, Kind.WORD):
        if row.message_id is None:
            continue
        await outbox.owe(
            tx,
            f"j{job.id}:gone{row.id}",
            Kind.TIDY,
            Rank.ANSWER,
            row.chat_id,
            body={"closing": texts.removed_for_all},
            job_id=job.id,
            person=request.person,
            target=row.message_id,
            waits=waits,
        )
    text, address = texts.removed_for_author(title_of(job)), request.address
    ways = [Way(address.chat_id, {"text": text}, address.thread_id, address.message_id)]
    user_id = request.person.removeprefix("user:")
    if not address.is_private and user_id.isdecimal():
        whisper = {"text": text, "only_for": {"receiver_user_id": int(user_id)}}
        private = Way(int(user_id), {"text": text})
        ways = [private, Way(address.chat_id, whisper, address.thread_id), *ways]
    await outbox.owe_alone(tx, f"j{job.id}:removed", request.person, ways)


async def owe_tidy(tx: Transaction, job: Job, waits: list[int]) -> None:
    """Owe the removal of a job's placeholder, if it is there or may come to be."""
    for ack in await outbox.of_job(tx, job.id, Kind.ACK):
        if ack.message_id is None:
            # What has not left is taken back; what may be there is looked for before.
            leaving = await outbox.retract(tx, job.id, Kind.ACK)
            if not leaving:
                return
        await outbox.owe(
            tx,
            f"j{job.id}:tidy",
            Kind.TIDY,
            Rank.TIDY,
            ack.chat_id,
            body={"lang": job.request.preferences.language},
            job_id=job.id,
            person=job.request.person,
            target=ack.message_id,
            waits=[*waits, ack.id],
        )


async def _owe(
    tx: Transaction,
    job: Job,
    kind: Kind,
    name: str,
    rank: Rank,
    text: str,
    *,
    buttons: str | None = None,
    turn: int = 0,
    waits: list[int] | tuple[int, ...] = (),
    target: int | None = None,
) -> int | None:
    address = job.request.address
    return await outbox.owe(
        tx,
        f"j{job.id}:{name}",
        kind,
        rank,
        address.chat_id,
        body={
            "text": text,
            "buttons": buttons,
            "token": job.token,
            "lang": job.request.preferences.language,
        },
        thread_id=address.thread_id,
        reply_to=address.message_id,
        target=target,
        person=job.request.person,
        job_id=job.id,
        turn=turn,
        waits=waits,
    )


def utf16_units(text: str) -> int:
    """Length of a text in UTF-16 code units."""
    return len(text) + sum(character > "\uffff" for character in text)


def split_text(text: str, limit_units: int = TELEGRAM_LIMIT_UNITS) -> list[str]:
    """Cut a text into pieces that fit into messages together with their marks.

    Args:
        text: Any text.
        limit_units: Greatest length of a marked piece in UTF-16 units, 32 to 4096.

    Returns:
        The pieces in order, none empty, without marks; no piece for a text of white space.

    Raises:
        ValueError: The limit leaves no room for text.
    """
    if limit_units < LEAST_LIMIT_UNITS:
        raise ValueError(f"limit of {limit_units} units is below {LEAST_LIMIT_UNITS}")
    stripped = text.strip()
    if utf16_units(stripped) <= limit_units:
        return [stripped] if stripped else []
    digits = 1
    while True:
        # The mark's width depends on the number of pieces, which depends on the mark's width.
        pieces = _split(stripped, limit_units - len(_mark(10**digits - 1, 10**digits - 1)))
        if len(str(len(pieces))) <= digits:
            return pieces
        digits += 1


def marked(pieces: list[str]) -> list[str]:
    """Put ``(1/3)`` under each of several pieces; a single one stays as it is."""
    if len(pieces) < 2:
        return list(pieces)
    return [piece + _mark(number, len(pieces)) for number, piece in enumerate(pieces, start=1)]


def shorten(text: str, limit_units: int, *, keep_end: bool = False) -> str:
    """The beginning (or the end) of a text that may be too long, with an ellipsis for the rest."""
    stripped = text.strip()
    if utf16_units(stripped) <= limit_units:
        return stripped
    # No more than this can be kept, and finding clusters takes time.
    near = stripped[-limit_units:] if keep_end else stripped[:limit_units]
    clusters = _clusters(near, limit_units)
    kept: list[str] = []
    room = limit_units - 2
    for cluster in reversed(clusters) if keep_end else clusters:
        room -= utf16_units(cluster)
        if room < 0:
            break
        kept.append(cluster)
    if keep_end:
        return "… " + "".join(reversed(kept)).lstrip()
    return "".join(kept).rstrip() + " …"


def without_mentions(text: str) -> str:
    """Generated text in which no ``@name`` calls anybody: Telegram would find it by itself.

    An invisible word joiner behind the sign keeps the look of the text.
    """
    return _MENTION.sub("@" + _WORD_JOINER, text)


def _mark(number: int, count: int) -> str:
    return f"\n\n({number}/{count})"


def _clusters(text: str, room_units: int) -> list[str]:
    """Grapheme clusters, with clusters that fit into no message broken into code points."""
    clusters: list[str] = []
    for cluster in _CLUSTER.findall(text):
        if utf16_units(cluster) <= room_units:
            clusters.append(cluster)
        else:
            clusters.extend(cluster)
    return clusters


def _boundaries(clusters: list[str]) -> list[_Boundary]:
    boundaries = []
    index = 0
    while index < len(clusters):
        if not clusters[index].isspace():
            index += 1
            continue
        start = index
        while index < len(clusters) and clusters[index].isspace():
            index += 1
        newlines = sum(cluster.count("\n") for cluster in clusters[start:index])
        before = "".join(clusters[max(0, start - 4) : start])
        if newlines > 0:
            rank = _PARAGRAPH if newlines > 1 else _LINE
        else:
            rank = _SENTENCE if _SENTENCE_END.search(before) else _WORD
        boundaries.append(_Boundary(start, rank))
    return boundaries


def _split(text: str, room_units: int) -> list[str]:
    clusters = _clusters(text, room_units)
    offsets = [0, *accumulate(utf16_units(cluster) for cluster in clusters)]
    boundaries = _boundaries(clusters)
    pieces = []
    start = 0
    while start < len(clusters):
        end = bisect_right(offsets, offsets[start] + room_units) - 1
        if end < len(clusters):
            end = _best_end(boundaries, offsets, start, end)
        pieces.append("".join(clusters[start:end]).rstrip())
        start = end
        while start < len(clusters) and clusters[start].isspace():
            start += 1
    return pieces


def _best_end(boundaries: list[_Boundary], offsets: list[int], start: int, end: int) -> int:
    """The last boundary of the highest rank in a window, or the window's end if it has none."""
    first = bisect_right(boundaries, start, key=lambda boundary: boundary.index)
    last = bisect_right(boundaries, end, key=lambda boundary: boundary.index)
    # A heading should not become a message of its own because a long paragraph follows it.
    least = offsets[start] + (offsets[end] - offsets[start]) // 4
    best: _Boundary | None = None
    for boundary in boundaries[first:last]:
        rank = boundary.rank if offsets[boundary.index] >= least else _WORD
        if best is None or rank >= best.rank:
            best = _Boundary(boundary.index, rank)
    return end if best is None else best.index
