"""Telegram's parse modes: ``HTML`` and ``MarkdownV2`` become plain text and entities."""

import html
import re
from dataclasses import dataclass, field

from bot.playground.model import Json
from bot.playground.refusals import bad_request
from bot.playground.text import utf16_length

_TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "blockquote": "blockquote",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
}
_HTML_PIECE = re.compile(r"<(?P<end>/)?(?P<name>[a-zA-Z-]*)(?P<rest>[^<>]*)>|(?P<bad><)")
_NAMED_REFERENCES = {"&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"'}
_REFERENCE = re.compile(r"&(?:lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);")
_RESERVED_MARKDOWN = frozenset("_*[]()~`>#+-=|{}.!")
_MARKS = (
    ("||", "spoiler"),
    ("__", "underline"),
    ("*", "bold"),
    ("_", "italic"),
    ("~", "strikethrough"),
)


def parse(text: str, parse_mode: str | None) -> tuple[str, list[Json]]:
    """Return the plain text and the entities of a text written in ``parse_mode``.

    Raises:
        ApiRefusal: 400 for an unknown mode or a text that the mode can't read. The legacy
            ``Markdown`` mode counts as unknown here, deliberately.
    """
    match (parse_mode or "").lower():
        case "":
            return text, []
        case "html":
            return _parse_html(text)
        case "markdownv2":
            return _MarkdownReader(text).read()
        case _:
            raise bad_request("unsupported parse_mode")


@dataclass(slots=True)
class _Open:
    """A mark or tag that waits for its end."""

    name: str
    offset: int
    fields: Json = field(default_factory=dict)


def _cannot_parse(reason: str) -> Exception:
    return bad_request(f"can't parse entities: {reason}")


def _decoded(text: str) -> str:
    return _REFERENCE.sub(
        lambda match: _NAMED_REFERENCES.get(match.group()) or html.unescape(match.group()), text
    )


def _html_fields(name: str, rest: str) -> Json:
    if name == "a":
        link = re.search(r"""href\s*=\s*["']?([^"'\s>]+)""", rest)
        return {"url": _decoded(link.group(1))} if link else {}
    if name == "blockquote" and "expandable" in rest:
        return {"type": "expandable_blockquote"}
    if name == "code":
        language = re.search(r"""class\s*=\s*["']language-([^"']+)""", rest)
        return {"language": language.group(1)} if language else {}
    return {}


def _parse_html(text: str) -> tuple[str, list[Json]]:
    plain: list[str] = []
    units = 0
    open_tags: list[_Open] = []
    entities: list[Json] = []
    position = 0

    def add(piece: str) -> None:
        nonlocal units
        decoded = _decoded(piece)
        plain.append(decoded)
        units += utf16_length(decoded)

    for match in _HTML_PIECE.finditer(text):
        add(text[position : match.start()])
        position = match.end()
        name = (match["name"] or "").lower()
        at = len(text[: match.start()].encode())
        if match["bad"] or name not in _TAGS:
            raise _cannot_parse(f'unsupported start tag "{name}" at byte offset {at}')
        if not match["end"]:
            open_tags.append(_Open(name, units, _html_fields(name, match["rest"])))
            continue
        if not open_tags or open_tags[-1].name != name:
            raise _cannot_parse(f'unmatched end tag at byte offset {at}, found "</{name}>"')
        tag = open_tags.pop()
        if units > tag.offset and not (name == "a" and "url" not in tag.fields):
            entities.append(_entity(_TAGS[name], tag, units))
    add(text[position:])
    if open_tags:
        raise _cannot_parse(
            f'can\'t find end tag corresponding to start tag "{open_tags[-1].name}"'
        )
    return "".join(plain), _joined_code_blocks(entities)


def _entity(kind: str, opened: _Open, end: int) -> Json:
    return {
        "type": kind,
        "offset": opened.offset,
        "length": end - opened.offset,
        **opened.fields,
    }


def _joined_code_blocks(entities: list[Json]) -> list[Json]:
    """Make ``<pre><code class="language-x">`` one entity, as Telegram does."""
    blocks = {(e["offset"], e["length"]): e for e in entities if e["type"] == "pre"}
    kept = []
    for entity in entities:
        block = blocks.get((entity["offset"], entity["length"]))
        if entity["type"] == "code" and block is not None:
            if "language" in entity:
                block["language"] = entity["language"]
        else:
            kept.append(entity)
    for entity in kept:
        if entity["type"] == "code":
            entity.pop("language", None)
    return sorted(kept, key=lambda entity: (entity["offset"], -entity["length"]))


class _MarkdownReader:
    """One pass over a MarkdownV2 text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._plain: list[str] = []
        self._units = 0
        self._open: list[_Open] = []
        self._entities: list[Json] = []

    def read(self) -> tuple[str, list[Json]]:
        while self._position < len(self._text):
            self._step()
        if self._open and self._open[-1].name == "blockquote":
            self._close("blockquote")
        if self._open:
            raise _cannot_parse(
                f"can't find end of the entity starting at offset {self._open[-1].offset}"
            )
        entities = [entity for entity in self._entities if entity["length"] > 0]
        return "".join(self._plain), sorted(
            entities, key=lambda entity: (entity["offset"], -entity["length"])
        )

    def _step(self) -> None:
        rest = self._text[self._position :]
        if rest.startswith("\\") and len(rest) > 1 and ord(rest[1]) < 128:
            self._add(rest[1], 2)
        elif rest.startswith("```"):
            self._code(rest, "```", "pre")
        elif rest.startswith("`"):
            self._code(rest, "`", "code")
        elif mark := next((mark for mark, _ in _MARKS if rest.startswith(mark)), None):
            self._toggle(mark)
        elif rest.startswith(("[", "]")):
            self._link(rest)
        elif rest.startswith(">") and self._is_at_line_start():
            self._position += 1
            if not (self._open and self._open[0].name == "blockquote"):
                self._open.append(_Open("blockquote", self._units))
        elif rest[0] in _RESERVED_MARKDOWN:
            raise _cannot_parse(
                f"character '{rest[0]}' is reserved and must be escaped with the preceding '\\'"
            )
        else:
            if rest[0] == "\n" and not rest.startswith("\n>"):
                self._end_quote()
            self._add(rest[0], 1)

    def _is_at_line_start(self) -> bool:
        return self._position == 0 or self._text[self._position - 1] == "\n"

    def _end_quote(self) -> None:
        if self._open and self._open[-1].name == "blockquote":
            self._close("blockquote")

    def _add(self, piece: str, consumed: int) -> None:
        self._plain.append(piece)
        self._units += utf16_length(piece)
        self._position += consumed

    def _close(self, kind: str, fields: Json | None = None) -> None:
        opened = self._open.pop()
        opened.fields.update(fields or {})
        self._entities.append(_entity(kind, opened, self._units))

    def _toggle(self, mark: str) -> None:
        if self._open and self._open[-1].name == mark:
            self._close(dict(_MARKS)[mark])
        else:
            self._open.append(_Open(mark, self._units))
        self._position += len(mark)

    def _code(self, rest: str, fence: str, kind: str) -> None:
        end = re.compile(r"(?<!\\)" + re.escape(fence)).search(rest, len(fence))
        if end is None:
            raise _cannot_parse(f"can't find end of {kind} entity at offset {self._units}")
        body = rest[len(fence) : end.start()]
        opened = _Open(fence, self._units)
        if kind == "pre":
            first_line, newline, others = body.partition("\n")
            if newline and re.fullmatch(r"[\w+#-]*", first_line):
                body = others
                if first_line:
                    opened.fields["language"] = first_line
        self._open.append(opened)
        self._add(re.sub(r"\\([\\`])", r"\1", body), end.end())
        self._close(kind)

    def _link(self, rest: str) -> None:
        if rest.startswith("["):
            self._open.append(_Open("[", self._units))
            self._position += 1
            return
        target = re.match(r"\]\(((?:\\.|[^)\\])*)\)", rest)
        if target is None or not self._open or self._open[-1].name != "[":
            raise _cannot_parse(
                "character ']' is reserved and must be escaped with the preceding '\\'"
            )
        self._close("text_link", {"url": re.sub(r"\\(.)", r"\1", target.group(1))})
        self._position += target.end()
