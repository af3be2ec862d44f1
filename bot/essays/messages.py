"""How an essay is set into messages, and how a long text is cut.

A piece ends at a paragraph if it can, else at a line, a sentence, a word, and only inside a word
that is longer than a message. Cuts fall between grapheme clusters (Unicode Standard Annex 29), so
that no surrogate pair, accent, flag or family is torn apart; only a single cluster longer than a
message is cut between its code points.

Exactly this white space vanishes: what stands at the beginning and the end of the text, and the
run of white space in which a cut falls. Telegram trims every message anyway. All else is kept, in
order, once: the pieces with white space between them are the text.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

import regex

from bot.essays.finishing import count_words
from bot.storage.records import Job
from bot.texts import Texts

TELEGRAM_LIMIT_UNITS = 4096
"""Greatest length of a message. Telegram counts code points or UTF-16 units, depending on whom one
asks; what is short enough in UTF-16 units is short enough in both."""

LEAST_LIMIT_UNITS = 32
"""A piece must have room for its mark and for something to read."""

TITLE_UNITS = 100
_SMALL_TITLE_UNITS = 40
_SMALL_PAGE_UNITS = 1000
_RICH_UNITS = 32_000
"""Of the 32,768 that a rich message holds, so that its title and foot fit, too."""
_CAPTION_UNITS = 1024
_IDEAS_UNITS = 200


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


@dataclass(frozen=True, slots=True)
class Page:
    """One message of an essay.

    Attributes:
        text: All of it.
        entities: How it is set, with offsets in UTF-16 units.
        sheaf: Its parts, where it may share a message with others.
        file: Name and text of what comes as a file.
        rich: The blocks of a rich message that says all of it, where it may be one.
    """

    text: str
    entities: list[dict[str, Any]]
    sheaf: dict[str, str] | None = None
    file: dict[str, str] | None = None
    rich: list[dict[str, Any]] | None = None

    def under_name(self, name: str, user_id: int | None) -> "Page":
        """The same, with a name before the title.

        Args:
            name: Whose it is, or a pseudonym.
            user_id: Of whoever is to be told that it is there; None for a pseudonym.
        """
        if not name:
            return self
        shift = utf16_units(f"{name}: ")
        entities = [{**one, "offset": one["offset"] + shift} for one in self.entities]
        sheaf = self.sheaf
        if user_id is not None:
            entities.insert(0, mention(name, user_id, 0))
        elif sheaf is not None:
            sheaf = {**sheaf, "mention": ""}
        rich = self.rich
        if rich is not None:
            title, *others = rich
            rich = [{**title, "text": f"{name}: {title['text']}"}, *others]
        text = f"{name}: {self.text}"
        return replace(self, text=text, entities=entities, sheaf=sheaf, rich=rich)

    def extras(self) -> dict[str, Any]:
        """What the outbox keeps beside the text."""
        extras = {
            "entities": self.entities,
            "sheaf": self.sheaf,
            "file": self.file,
            "rich": self.rich,
        }
        return {name: value for name, value in extras.items() if value}


def title_of(job: Job, limit_units: int = TITLE_UNITS) -> str:
    """The topic as a title: with a capital, accents left as they are, and no full stop."""
    topic = " ".join(job.request.topic.split()).rstrip(".")
    return shorten(topic[:1].upper() + topic[1:], limit_units)


def with_ideas(text: str, plan: Sequence[str], job: Job, texts: Texts) -> str:
    """A growing text under its ideas, in private, for whoever wants to see them."""
    is_shown = plan and text and job.request.address.is_private and job.request.preferences.ideas
    return f"{_ideas_line(plan, texts)}\n\n{text}" if is_shown else text


def _ideas_line(plan: Sequence[str], texts: Texts) -> str:
    return shorten(texts.chat.ideas(", ".join(dict.fromkeys(plan))), _IDEAS_UNITS)


def pages(
    job: Job, text: str, texts: Texts, note: str = "", *, has_ideas: bool = False
) -> list[Page]:
    """The messages of an essay, in order: the first has its title, the last its recipe.

    In a group the text is a quotation that unfolds, so that thirty of them can be looked through.
    """
    limit = job.request.preferences.chunk_units
    if job.code is None:
        # The first version set it without a title, and may have delivered a part of it.
        plain = marked(split_text("\n\n".join(part for part in (text, note) if part), limit))
        return [Page(piece, []) for piece in plain]
    topic, ideas = job.request.topic, ", ".join(job.request.ideas)
    text = without_topic(without_topic(text, f"{topic}: {ideas}"), topic)
    is_small = limit < _SMALL_PAGE_UNITS
    title = without_mentions(title_of(job, _SMALL_TITLE_UNITS if is_small else TITLE_UNITS))
    foot = _foot(job, text, texts, note)
    over = f"{title}\n"
    if has_ideas and job.plan and not is_small:
        over += without_mentions(_ideas_line(job.plan, texts)) + "\n"
    is_group = not job.request.address.is_private
    around = utf16_units(over) + utf16_units(foot) + 1 + (_name_units(job) if is_group else 0)
    room = max(LEAST_LIMIT_UNITS, limit - around)
    pieces = split_text(text, room)
    found = []
    for number, (piece, shown) in enumerate(zip(pieces, marked(pieces), strict=True), start=1):
        head = over if number == 1 else ""
        tail = f"\n{foot}" if number == len(pieces) else ""
        entities = []
        if head:
            entities.append({"type": "bold", "offset": 0, "length": utf16_units(title)})
        if is_group:
            entities.append(_quotation(head, piece))
        found.append(Page(head + piece + tail + shown.removeprefix(piece), entities))
    if is_group and len(found) == 1:
        sheaf = {"name": job.request.name, "title": title, "text": pieces[0], "foot": foot}
        found[0] = Page(found[0].text, found[0].entities, sheaf)
    return found


def as_rich(job: Job, text: str, texts: Texts, note: str = "") -> Page:
    """An essay as a rich message, if it fits into one; else, or where it is refused, as a file."""
    page, shown = as_file(job, text, texts, note), without_mentions(text)
    if utf16_units(shown) > _RICH_UNITS:
        return page
    blocks: list[dict[str, Any]] = [
        {"type": "heading", "size": 3, "text": without_mentions(title_of(job))},
        {"type": "expandable_blockquote", "text": shown},
        {"type": "footer", "text": _foot(job, text, texts, note)},
    ]
    return replace(page, rich=blocks)


def as_file(job: Job, text: str, texts: Texts, note: str = "") -> Page:
    """An essay as a file, under its beginning."""
    title = without_mentions(title_of(job))
    foot = "\n".join((texts.chat.in_the_file(count_words(text)), _foot(job, text, texts, note)))
    room = _CAPTION_UNITS - utf16_units(title) - utf16_units(foot) - 2 - _name_units(job)
    beginning = shorten(without_mentions(text), room)
    entities = [
        {"type": "bold", "offset": 0, "length": utf16_units(title)},
        _quotation(f"{title}\n", beginning),
    ]
    whole = f"{title_of(job)}\n\n{text}\n\n{_foot(job, text, texts, note)}\n"
    file = {"name": f"{_slug(title_of(job, _SMALL_TITLE_UNITS))}.txt", "text": whole}
    return Page(f"{title}\n{beginning}\n{foot}", entities, file=file)


def without_topic(text: str, topic: str) -> str:
    """A text without the topic as its first sentence, where the title says it already."""
    rest = text.removeprefix(topic.rstrip("."))
    return rest[1:].lstrip() if rest != text and rest[:1] in tuple(".:\n") and rest[1:] else text


def _quotation(head: str, quoted: str) -> dict[str, Any]:
    return {
        "type": "expandable_blockquote",
        "offset": utf16_units(head),
        "length": utf16_units(quoted),
    }


def mention(name: str, user_id: int, offset: int) -> dict[str, Any]:
    """How a name is set that tells its person; it is their first name, as they have no other."""
    user = {"id": user_id, "is_bot": False, "first_name": name}
    units = utf16_units(name)
    return {"type": "text_mention", "offset": offset, "length": units, "user": user}


def _name_units(job: Job) -> int:
    """What a name before the title may take."""
    return utf16_units(f"{job.request.name}: ")


def _foot(job: Job, text: str, texts: Texts, note: str) -> str:
    lines = [note, texts.chat.foot(job.code or "", count_words(text))]
    return "\n".join(line for line in lines if line)


def _slug(title: str) -> str:
    """A title as the name of a file."""
    plain = unicodedata.normalize("NFKD", title.casefold()).encode("ascii", "ignore").decode()
    words = "".join(c if c.isalnum() else " " for c in plain).split()
    return "-".join(words) or "texto"


def utf16_units(text: str) -> int:
    """Length of a text in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


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
