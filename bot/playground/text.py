"""Text the way Telegram keeps it: cleaned, measured in UTF-16, with entities found in it."""

import re

from bot.playground.model import Json
from bot.playground.refusals import bad_request

MAX_TEXT_UTF16 = 4096
"""Deliberately strict: Telegram may count code points, but bots must be safe either way."""
MAX_CAPTION_UTF16 = 1024

ENTITY_TYPES = frozenset(
    {
        "mention",
        "hashtag",
        "cashtag",
        "bot_command",
        "url",
        "email",
        "phone_number",
        "bold",
        "italic",
        "underline",
        "strikethrough",
        "spoiler",
        "blockquote",
        "expandable_blockquote",
        "code",
        "pre",
        "text_link",
        "text_mention",
        "custom_emoji",
    }
)

# The characters that TDLib removes or turns into a space before it looks at a text.
_REMOVED = re.compile("[\r\u2028-\u202e\u0333\u033f\u030a]")
_BLANKED = re.compile("[\x00-\x09\x0b\x0c\x0e-\x1f]")

_DETECTED = re.compile(
    r"""
    (?P<url>(?:https?://|(?<![\w@./-])(?:www\.|t\.me/))[^\s<>"]+[^\s<>".,;:!?')\]])
    | (?P<email>(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+)
    | (?P<bot_command>(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/]))
    | (?P<mention>(?<![\w/])@[A-Za-z0-9_]{3,32}(?!\w))
    | (?P<hashtag>(?<![\w/&])\#(?=\w*[^\W\d])\w{1,256})
    """,
    re.VERBOSE,
)


def utf16_length(text: str) -> int:
    """Return the length of ``text`` in UTF-16 code units, the unit of entities."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def clean(text: str) -> str:
    """Return ``text`` with control characters blanked or removed and its ends trimmed."""
    return _BLANKED.sub(" ", _REMOVED.sub("", text)).strip()


def detect_entities(text: str) -> list[Json]:
    """Find what Telegram marks by itself: commands, mentions, hashtags, links, addresses."""
    found = []
    for match in _DETECTED.finditer(text):
        kind = match.lastgroup
        assert kind is not None  # mypy; every alternative is a named group
        offset = utf16_length(text[: match.start()])
        found.append({"type": kind, "offset": offset, "length": utf16_length(match.group())})
    return found


def merge_entities(given: list[Json], detected: list[Json]) -> list[Json]:
    """Add the detected entities that don't touch a code block or link of the given ones."""
    kept = list(given)
    for entity in detected:
        start, end = entity["offset"], entity["offset"] + entity["length"]
        if not any(
            other["type"] in ("code", "pre", "text_link", "text_mention", entity["type"])
            and other["offset"] < end
            and start < other["offset"] + other["length"]
            for other in given
        ):
            kept.append(entity)
    return sorted(kept, key=lambda entity: (entity["offset"], -entity["length"]))


def check_entities(text: str, entities: list[Json]) -> None:
    """Refuse entities of unknown types or that leave the text or cut a surrogate pair.

    Raises:
        ApiRefusal: 400 with Telegram's reason.
    """
    units = text.encode("utf-16-le", "surrogatepass")
    length = len(units) // 2
    for entity in entities:
        start, end = entity["offset"], entity["offset"] + entity["length"]
        if entity["type"] not in ENTITY_TYPES:
            raise bad_request(f"can't parse entities: unsupported type {entity['type']!r}")
        if start < 0 or entity["length"] <= 0 or end > length:
            raise bad_request(
                f"entity beginning at UTF-16 offset {start} ends after the end of the text "
                f"at UTF-16 offset {end}"
            )
        for offset in (start, end):
            if offset < length and 0xDC <= units[2 * offset + 1] <= 0xDF:
                raise bad_request(
                    f"entity begins in a middle of a UTF-16 symbol at UTF-16 offset {offset}"
                )


def trimmed(text: str, entities: list[Json]) -> tuple[str, list[Json]]:
    """Trim the ends of a formatted text, moving and clipping its entities."""
    start_units = utf16_length(text[: len(text) - len(text.lstrip())])
    stripped = text.strip()
    length = utf16_length(stripped)
    kept = []
    for entity in entities:
        start = max(0, entity["offset"] - start_units)
        end = min(length, entity["offset"] + entity["length"] - start_units)
        if end > start:
            kept.append({**entity, "offset": start, "length": end - start})
    return stripped, kept


def quote_of(text: str, part: str) -> Json | None:
    """Return the ``TextQuote`` of a part of a text; None when the text has no such part."""
    at = text.find(part)
    if at < 0:
        return None
    return {"text": part, "position": utf16_length(text[:at]), "is_manual": True}
