"""From a folder of texts to rows of tokens and a tokenizer in the work folder."""

import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tokenizers import Tokenizer
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from bot.training.bpe import end_of_text_id, save_tokenizer, train_tokenizer
from bot.training.checkpoint import check_room
from bot.training.corpus import Record, documents, position_of, read_file, text_files
from bot.training.errors import TooLittleTextError
from bot.training.framing import Framing, read_framing
from bot.training.options import TrainingOptions
from bot.training.progress import Progress
from bot.training.rows import Encoding, Pieces, write_rows

DEFAULT_CONTEXT_TOKENS = 1024
MINIMUM_CHARACTERS = 2000
"""About one page: with less there is nothing to learn and nothing to measure."""
HELD_OUT_SHARE = 0.05
EXPOSURES = 4
"""Times that a pass over the rows holds each text, each time headed otherwise."""

_TOKENIZER = "tokenizer"
_FACTS = "prepared.json"
_PROMPTS = 2
_LONGEST_OPENING = 200


@dataclass(frozen=True, slots=True)
class Prepared:
    """What lies in the work folder before the first step.

    Attributes:
        context_tokens: Tokens of a row.
        records: Texts in all.
        held_out_records: Texts kept to measure with.
        characters: Characters of all texts.
        exposures: Times that the rows hold each text.
        tokens: Tokens to learn from, when each text is read once.
        tokens_per_byte: Of the held-out texts.
        prompts: Openings for samples.
        sources: ``(file, records, characters)``.
    """

    context_tokens: int
    records: int
    held_out_records: int
    characters: int
    exposures: int
    tokens: int
    tokens_per_byte: float
    prompts: tuple[str, ...]
    sources: tuple[tuple[str, int, int], ...]


def tokenizer_folder(work: Path) -> Path:
    """Return where the work folder keeps the tokenizer."""
    return work / _TOKENIZER


def load_tokenizer(work: Path) -> PreTrainedTokenizerBase:
    """Load the tokenizer that the work folder keeps."""
    return AutoTokenizer.from_pretrained(tokenizer_folder(work), trust_remote_code=False)


def read_prepared(work: Path) -> Prepared:
    """Read what ``prepare`` wrote."""
    facts = json.loads((work / _FACTS).read_text(encoding="utf-8"))
    facts["prompts"] = tuple(facts["prompts"])
    facts["sources"] = tuple(tuple(row) for row in facts["sources"])
    return Prepared(**facts)


def prepare(
    options: TrainingOptions,
    base_tokenizer: PreTrainedTokenizerBase | None,
    base_context_tokens: int | None,
    frames: dict[str, object] | None,
    progress: Progress,
) -> Prepared:
    """Read and tokenise the texts and write rows, tokenizer and facts.

    Args:
        options: The training.
        base_tokenizer: Of the model to start from, if any.
        base_context_tokens: Its window.
        frames: Contents of ``redactor.json`` of the result, if any.
        progress: Told what goes on.

    Raises:
        TrainingError: There is no text, too little of it, a file cannot be read, the disk is full.
    """
    records = _read(options.texts, progress)
    learnt, held_out = _parted(records)
    framing = read_framing(frames)
    context = min(options.context_tokens or DEFAULT_CONTEXT_TOKENS, base_context_tokens or 1 << 30)
    folder = tokenizer_folder(options.work)
    folder.mkdir(parents=True, exist_ok=True)
    if base_tokenizer is not None:
        base_tokenizer.save_pretrained(folder)
    else:
        progress.learning_vocabulary(options.vocabulary_size)
        headed = (framing.apply(record.text) for record in learnt)
        save_tokenizer(train_tokenizer(headed, options.vocabulary_size), folder, context)
    end = end_of_text_id(load_tokenizer(options.work))
    encoding = Encoding(_plain_tokenizer(folder), end, context)
    prepared = _write(records, learnt, held_out, framing, encoding, options)
    facts = json.dumps(asdict(prepared), ensure_ascii=False)
    (options.work / _FACTS).write_text(facts, encoding="utf-8")
    progress.corpus(
        records=prepared.records,
        characters=prepared.characters,
        tokens=prepared.tokens,
        held_out=prepared.held_out_records,
    )
    return prepared


def _read(folder: Path, progress: Progress) -> list[Record]:
    progress.reading(folder)
    files = text_files(folder)
    if unread := documents(folder):
        progress.not_read([path.name for path in unread])
    records: list[Record] = []
    for path in files:
        found, is_one_a_line = read_file(path, folder)
        records += found
        if is_one_a_line:
            progress.one_a_line(path.name, len(found))
    characters = sum(len(record.text) for record in records)
    if characters < MINIMUM_CHARACTERS or len(records) < 2:
        raise TooLittleTextError(characters, MINIMUM_CHARACTERS, len(records))
    return records


def _parted(records: Sequence[Record]) -> tuple[list[Record], list[Record]]:
    """Part the texts into those to learn from and those to measure with, at least one of each."""
    wanted = min(max(1, round(HELD_OUT_SHARE * len(records))), len(records) - 1)
    by_position = sorted(records, key=lambda record: position_of(record.text))
    return by_position[wanted:], by_position[:wanted]


def _plain_tokenizer(folder: Path) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    # Fine-tuning scripts save how they cut and padded their batches.
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _write(
    records: Sequence[Record],
    learnt: Sequence[Record],
    held_out: Sequence[Record],
    framing: Framing,
    encoding: Encoding,
    options: TrainingOptions,
) -> Prepared:
    draw = random.Random(options.seed)
    exposures = EXPOSURES if framing.prompts else 1
    headed = [
        text
        for record in learnt
        for text in (
            framing.vary(record.text, exposures, draw) if exposures > 1 else [record.text]
        )
    ]
    measured = [framing.apply(record.text) for record in held_out]
    pieces = {"learnt": encoding.encode(headed), "held_out": encoding.encode(measured)}
    check_room(options.work, sum(8 * _count(one) for one in pieces.values()))
    for name, one in pieces.items():
        write_rows(options.work, name, one, encoding, options.seed)
    held_bytes = sum(len(text.encode()) for text in measured)
    texts_in = Counter(record.source for record in records)
    characters_in: Counter[str] = Counter()
    for record in records:
        characters_in[record.source] += len(record.text)
    return Prepared(
        context_tokens=encoding.context_tokens,
        records=len(records),
        held_out_records=len(held_out),
        characters=characters_in.total(),
        exposures=exposures,
        tokens=_count(pieces["learnt"]) // exposures,
        tokens_per_byte=_count(pieces["held_out"]) / max(1, held_bytes),
        prompts=tuple(_opening(text) for text in measured[:_PROMPTS]),
        sources=tuple((name, texts_in[name], characters_in[name]) for name in texts_in),
    )


def _count(pieces: Pieces) -> int:
    return sum(len(piece) for piece in pieces.tokens)


def _opening(text: str) -> str:
    """Return the opening of a text: the topic line, or else the first words."""
    for end in ("\n\n", "\n"):
        first, found, _ = text.partition(end)
        if found and len(first) <= _LONGEST_OPENING:
            return first + found
    return " ".join(text.split()[:6])
