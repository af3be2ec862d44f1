"""Reading a folder of texts: files, encodings, records, and the part held out to measure with."""

import lzma
import re
import unicodedata
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.training.errors import (
    LinkedOutError,
    NoTextsError,
    TextTooLargeError,
    UnreadableTextError,
)

SUFFIXES = (".txt", ".txt.xz")
DOCUMENTS = (".docx", ".doc", ".odt", ".rtf", ".pdf", ".html", ".htm", ".md", ".epub", ".pages")
"""What people write texts in and mean to be read; these files are named, not read."""
GREATEST_BYTES = 200_000_000
"""Of one file, unpacked: some eighty novels."""
WHOLE_FILE_BYTES = 20_000
"""A file without form feeds up to this size is one record; above it blank lines part records."""

_FEWEST_LINES, _LEAST_LINE = 20, 100
_FORM_FEED = re.compile(r"\n?\f\n?")
_BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")
_TWO_BLANK_LINES = re.compile(r"\n[ \t]*\n[ \t]*\n\s*")
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Record:
    r"""One text.

    Attributes:
        source: File it comes from, relative to the folder, with ``/``.
        text: Its text in NFC with ``\n`` line ends, neither empty nor padded.
    """

    source: str
    text: str


def text_files(folder: Path) -> tuple[Path, ...]:
    """Return the text files below a folder, sorted by path; hidden ones are nobody's texts.

    Raises:
        NoTextsError: There is none.
        LinkedOutError: One is a link to somewhere outside of the folder.
    """
    found = tuple(path for path in _visible(folder) if path.name.lower().endswith(SUFFIXES))
    if not found:
        raise NoTextsError(folder, tuple(path.name for path in documents(folder)))
    inside = folder.resolve()
    for path in found:
        if not path.resolve().is_relative_to(inside):
            raise LinkedOutError(path)
    return found


def documents(folder: Path) -> tuple[Path, ...]:
    """Return the files below a folder that hold text in a form that is not read."""
    return tuple(path for path in _visible(folder) if path.name.lower().endswith(DOCUMENTS))


def _visible(folder: Path) -> list[Path]:
    def is_visible(path: Path) -> bool:
        parts = path.relative_to(folder).parts
        # macOS leaves `._x.txt` and `__MACOSX` beside what it copies.
        return not any(part.startswith((".", "__MACOSX")) for part in parts)

    found = folder.rglob("*") if folder.is_dir() else ()
    return sorted(path for path in found if is_visible(path) and path.is_file())


def decode_text(raw: bytes, path: Path) -> str:
    r"""Turn a file's bytes into text.

    UTF-8 with or without a mark, UTF-16 with a mark, else Windows-1252 (what old Spanish files
    are in; Latin-1 is its part). Line ends become ``\n`` and the text NFC.

    Args:
        raw: The bytes.
        path: Named by the error.

    Raises:
        UnreadableTextError: The bytes are no text in any of them.
    """
    if raw.startswith(_WIDE_MARKS):
        encoding = "utf-16"
    elif b"\x00" in raw:
        raise UnreadableTextError(path, "it holds zero bytes: no plain text")
    else:
        encoding = "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        text = _decode_windows(raw, path)
    if len(_CONTROL.findall(text)) > len(text) // 1000:
        raise UnreadableTextError(path, "it holds control characters: no plain text")
    text = _CONTROL.sub("", text)
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def _decode_windows(raw: bytes, path: Path) -> str:
    # A UTF-8 file with one damaged byte must not turn all its accents into two letters each.
    damaged = raw.decode("utf-8", errors="replace")
    accents = sum(damaged.count(letter) for letter in "áéíóúñü")
    if accents > 20 * damaged.count("\ufffd"):
        return damaged.replace("\ufffd", "")
    try:
        return raw.decode("cp1252")
    except UnicodeDecodeError as error:
        reason = f"neither UTF-8 nor Windows-1252: byte {raw[error.start]:#04x} at {error.start}"
        raise UnreadableTextError(path, reason) from error


def split_records(text: str) -> Iterator[str]:
    """Part a file's text into records, without padding and without empty ones.

    Form feeds part records. Without any, two blank lines in a row do; without those, the lines of
    a file of long lines alone are one record each, a file of up to ``WHOLE_FILE_BYTES`` is one,
    and in a longer one blank lines part them.
    """
    if "\f" in text:
        parts: Sequence[str] = _FORM_FEED.split(text)
    elif _TWO_BLANK_LINES.search(text.strip()):
        parts = _TWO_BLANK_LINES.split(text)
    elif is_one_a_line(text):
        parts = text.splitlines()
    elif len(text) > WHOLE_FILE_BYTES:
        parts = _BLANK_LINES.split(text)
    else:
        parts = [text]
    return (part for part in (part.strip() for part in parts) if part)


def is_one_a_line(text: str) -> bool:
    """Tell whether each line of a file seems to be a text: many long ones and nothing else."""
    lines = text.strip().splitlines()
    return len(lines) >= _FEWEST_LINES and all(len(line) >= _LEAST_LINE for line in lines)


def read_file(path: Path, folder: Path) -> tuple[list[Record], bool]:
    """Read one file's records, and whether they are its lines.

    Raises:
        UnreadableTextError: Its bytes are no text, or its compression is damaged.
        TextTooLargeError: It is too large, or would be when unpacked.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(GREATEST_BYTES + 1)
        if path.name.lower().endswith(".xz"):
            raw = lzma.LZMADecompressor().decompress(raw, GREATEST_BYTES + 1)
    except (OSError, lzma.LZMAError, EOFError) as error:
        raise UnreadableTextError(path, str(error)) from error
    if len(raw) > GREATEST_BYTES:
        raise TextTooLargeError(path, GREATEST_BYTES)
    source = path.relative_to(folder).as_posix()
    text = decode_text(raw, path)
    return [Record(source, part) for part in split_records(text)], is_one_a_line(text)


def position_of(text: str) -> float:
    """Return a text's place between 0 and 1, from its bytes alone.

    Records below the held-out share are held out, so that a record is on the same side in every
    training, whatever else is in the folder.
    """
    # CRC-32 alone clusters for short texts; Knuth's multiplier spreads its low bits upwards.
    return ((zlib.crc32(text.encode()) * 2_654_435_761) & 0xFFFFFFFF) / 2**32
