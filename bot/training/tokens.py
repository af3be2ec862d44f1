"""Turning records into pieces of tokens that fit into the model's window.

Worker processes import this module and nothing heavier than ``tokenizers``.
"""

import os
import re
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from bot.training.corpus import Record, position_of, read_file
from bot.training.framing import Framing

_SENTENCE_END = re.compile(r"(?<=[.!?…»\"])\s+|\n+")
_BATCH_RECORDS = 512

TokenArray = NDArray[np.uint16] | NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class EncodedFile:
    """A file's records as tokens.

    Attributes:
        source: The file, relative to the folder.
        tokens: All pieces after one another; uint16 where the vocabulary allows.
        piece_lengths: Tokens of each piece, end of text included, at most the window.
        piece_records: For each piece, which of the file's records it belongs to.
        piece_is_open: For each piece, whether its record goes on in the next one.
        positions: For each record, its ``position_of``.
        record_bytes: For each record, its length in UTF-8.
        characters: Characters of all records.
    """

    source: str
    tokens: TokenArray
    piece_lengths: NDArray[np.int32]
    piece_records: NDArray[np.int32]
    piece_is_open: NDArray[np.bool_]
    positions: NDArray[np.float64]
    record_bytes: NDArray[np.int64]
    characters: int


@dataclass(frozen=True, slots=True)
class Encoding:
    """How text becomes tokens.

    Attributes:
        tokenizer_file: A ``tokenizer.json``.
        end_of_text: Id of the token that ends a text.
        context_tokens: The window.
        framing: How a record is headed with its topic.
    """

    tokenizer_file: Path
    end_of_text: int
    context_tokens: int
    framing: Framing


def encode_files(
    files: Sequence[Path],
    folder: Path,
    encoding: Encoding,
    *,
    workers: int,
    on_file: Callable[[int], None],
) -> list[EncodedFile]:
    """Tokenise files, in their order.

    Args:
        files: From ``text_files``.
        folder: What their names are relative to.
        encoding: How.
        workers: Processes; with 1, the tokenizer's own threads share the work.
        on_file: Told the number of files done.

    Raises:
        UnreadableTextError: A file is no text.
    """
    encode = partial(encode_file, folder=folder, encoding=encoding)
    if workers == 1 or len(files) == 1:
        return _collect(map(encode, files), on_file)
    before = os.environ.get("TOKENIZERS_PARALLELISM")
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    try:
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            return _collect(pool.map(encode, files), on_file)
    finally:
        if before is None:
            del os.environ["TOKENIZERS_PARALLELISM"]
        else:
            os.environ["TOKENIZERS_PARALLELISM"] = before


def _collect(encoded: Iterable[EncodedFile], on_file: Callable[[int], None]) -> list[EncodedFile]:
    files = []
    for item in encoded:
        files.append(item)
        on_file(len(files))
    return files


def encode_file(path: Path, folder: Path, encoding: Encoding) -> EncodedFile:
    """Tokenise one file.

    Raises:
        UnreadableTextError: It is no text.
    """
    tokenizer = Tokenizer.from_file(str(encoding.tokenizer_file))
    is_small = tokenizer.get_vocab_size() <= 2**16
    records = list(read_file(path, folder))
    texts = [encoding.framing.apply(record.text) for record in records]
    pieces: list[NDArray[np.uint32]] = []
    owners: list[int] = []
    is_open: list[bool] = []
    for start in range(0, len(texts), _BATCH_RECORDS):
        batch = texts[start : start + _BATCH_RECORDS]
        for offset, ids in enumerate(_encode_batch(tokenizer, batch)):
            parts = _pieces(tokenizer, batch[offset], ids, encoding)
            pieces += parts
            owners += [start + offset] * len(parts)
            is_open += [True] * (len(parts) - 1) + [False]
    return EncodedFile(
        source=path.relative_to(folder).as_posix(),
        tokens=_joined(pieces, is_small),
        piece_lengths=np.array([len(piece) for piece in pieces], dtype=np.int32),
        piece_records=np.array(owners, dtype=np.int32),
        piece_is_open=np.array(is_open, dtype=np.bool_),
        positions=np.array([position_of(record.text) for record in records]),
        record_bytes=np.array([len(text.encode()) for text in texts], dtype=np.int64),
        characters=sum(len(record.text) for record in records),
    )


def _joined(pieces: list[NDArray[np.uint32]], is_small: bool) -> TokenArray:
    joined = np.concatenate([np.zeros(0, dtype=np.uint32), *pieces])
    return joined.astype(np.uint16) if is_small else joined


def _encode_batch(tokenizer: Tokenizer, texts: list[str]) -> list[NDArray[np.uint32]]:
    encoded = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
    return [np.array(item.ids, dtype=np.uint32) for item in encoded]


def _pieces(
    tokenizer: Tokenizer, text: str, ids: NDArray[np.uint32], encoding: Encoding
) -> list[NDArray[np.uint32]]:
    end = np.array([encoding.end_of_text], dtype=np.uint32)
    room = encoding.context_tokens
    if len(ids) < room:
        return [np.concatenate([ids, end])]
    room_characters = int(0.85 * room * len(text) / len(ids))
    parts = _encode_batch(tokenizer, cut_at_sentences(text, room_characters))
    cut = [part[at : at + room] for part in parts for at in range(0, len(part), room)]
    if len(cut[-1]) < room:
        cut[-1] = np.concatenate([cut[-1], end])
    else:
        cut.append(end)
    return cut


def cut_at_sentences(text: str, limit: int) -> list[str]:
    """Cut a text into parts that begin with a sentence or a line.

    Args:
        text: What to cut.
        limit: Characters of a part; only a single sentence may be longer.
    """
    parts: list[str] = []
    begin = end = 0
    for match in [*_SENTENCE_END.finditer(text), None]:
        stop = match.start() if match else len(text)
        if end > begin and stop - begin > limit:
            parts.append(text[begin:end].strip())
            begin = end
        end = match.end() if match else len(text)
    parts.append(text[begin:end].strip())
    return [part for part in parts if part]


def training_text(records: Iterable[Record], framing: Framing) -> Iterable[str]:
    """Return records as the model will see them, for learning a vocabulary."""
    return (framing.apply(record.text) for record in records)
