"""From a folder of texts to rows of tokens and a tokenizer in the work folder."""

import json
import random
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from bot.generation.training.bpe import end_of_text_id, save_tokenizer, train_tokenizer
from bot.generation.training.checkpoint import check_room
from bot.generation.training.corpus import Record, position_of, read_file, text_files
from bot.generation.training.errors import TooLittleTextError
from bot.generation.training.framing import Framing, frame_prompt
from bot.generation.training.options import TrainingOptions
from bot.generation.training.packing import RowWriter, group_pieces, held_out_records
from bot.generation.training.progress import Progress
from bot.generation.training.tokens import EncodedFile, Encoding, encode_files, training_text

DEFAULT_CONTEXT_TOKENS = 1024
MINIMUM_CHARACTERS = 2000
"""About one page: with less there is nothing to learn and nothing to measure."""

_VOCABULARY_CHARACTERS = 80_000_000
_TOKENIZER = "tokenizer"
_FACTS = "prepared.json"
_PROMPTS = 2


@dataclass(frozen=True, slots=True)
class Prepared:
    """What lies in the work folder before the first step.

    Attributes:
        context_tokens: Tokens of a row.
        records: Texts in all.
        held_out_records: Texts kept to measure with.
        characters: Characters of all texts.
        tokens: Tokens to learn from in one pass, repeated ones counted once.
        tokens_per_byte: Of the held-out texts.
        prompts: Openings for samples.
        sources: ``(file, records, characters)``.
    """

    context_tokens: int
    records: int
    held_out_records: int
    characters: int
    tokens: int
    tokens_per_byte: float
    prompts: tuple[str, ...]
    sources: tuple[tuple[str, int, int], ...]


def tokenizer_folder(work: Path) -> Path:
    """Return where the work folder keeps the tokenizer."""
    return work / _TOKENIZER


def read_prepared(work: Path) -> Prepared:
    """Read what ``prepare`` wrote."""
    facts = json.loads((work / _FACTS).read_text())
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
        NoTextsError: The folder holds no text.
        TooLittleTextError: Too little of it.
        UnreadableTextError: A file is no text.
        NotEnoughDiskError: No room for the token files.
    """
    progress.reading(options.texts)
    files = text_files(options.texts)
    context = min(options.context_tokens or DEFAULT_CONTEXT_TOKENS, base_context_tokens or 1 << 30)
    framing = Framing(frame_prompt(frames))
    folder = tokenizer_folder(options.work)
    folder.mkdir(parents=True, exist_ok=True)
    if base_tokenizer is not None:
        base_tokenizer.save_pretrained(folder)
    elif options.tokenizer is not None:
        shutil.copytree(options.tokenizer, folder, dirs_exist_ok=True)
    else:
        progress.learning_vocabulary(options.vocabulary_size)
        _learn_vocabulary(files, options, framing, folder, context)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    encoding = Encoding(folder / "tokenizer.json", end_of_text_id(tokenizer), context, framing)
    encoded = encode_files(
        files,
        options.texts,
        encoding,
        workers=options.workers,
        on_file=lambda done: progress.tokenizing(done, len(files)),
    )
    prepared = _write_rows(encoded, encoding, options)
    (options.work / _FACTS).write_text(json.dumps(asdict(prepared), ensure_ascii=False))
    progress.corpus(prepared)
    return prepared


def _learn_vocabulary(
    files: Sequence[Path], options: TrainingOptions, framing: Framing, folder: Path, context: int
) -> None:
    records = _vocabulary_sample(files, options)
    tokenizer = train_tokenizer(training_text(records, framing), options.vocabulary_size)
    save_tokenizer(tokenizer, folder, context)


def _vocabulary_sample(files: Sequence[Path], options: TrainingOptions) -> Iterable[Record]:
    # Whole files in random order, so that no worker-sized corpus has to be read for a vocabulary.
    shuffled = list(files)
    random.Random(options.seed).shuffle(shuffled)
    room = max(1, _VOCABULARY_CHARACTERS // len(files))
    left = _VOCABULARY_CHARACTERS
    for path in shuffled:
        taken = 0
        for record in read_file(path, options.texts):
            if position_of(record.text) >= options.held_out_share or len(files) == 1:
                yield record
                taken += len(record.text)
            if taken > max(room, _VOCABULARY_CHARACTERS // 16):
                break
        left -= taken
        if left <= 0:
            return


def _write_rows(
    encoded: list[EncodedFile], encoding: Encoding, options: TrainingOptions
) -> Prepared:
    records = sum(len(file.positions) for file in encoded)
    characters = sum(file.characters for file in encoded)
    if characters < MINIMUM_CHARACTERS or records < 2:
        raise TooLittleTextError(characters, MINIMUM_CHARACTERS, records)
    held_out = held_out_records(encoded, options.held_out_share)
    learnt = [~chosen for chosen in held_out]
    dtype = encoded[0].tokens.dtype.name
    room_bytes = 2 * sum(file.tokens.nbytes for file in encoded)
    check_room(options.work, room_bytes)
    parts = (
        ("learnt", group_pieces(encoded, learnt, options.weights)),
        ("held_out", group_pieces(encoded, held_out, ())),
    )
    for name, groups in parts:
        writer = RowWriter(
            options.work, name, encoding.context_tokens, encoding.end_of_text, dtype
        )
        writer.write(groups, options.seed)
    held_tokens = sum(len(piece) for pieces, _ in parts[1][1] for piece in pieces.tokens)
    held_bytes = sum(
        int(file.record_bytes[chosen].sum())
        for file, chosen in zip(encoded, held_out, strict=True)
    )
    return Prepared(
        context_tokens=encoding.context_tokens,
        records=records,
        held_out_records=int(sum(chosen.sum() for chosen in held_out)),
        characters=characters,
        tokens=sum(len(piece) for pieces, _ in parts[0][1] for piece in pieces.tokens),
        tokens_per_byte=held_tokens / max(1, held_bytes),
        prompts=options.sample_prompts or _openings(options, encoding, encoded, held_out),
        sources=tuple((file.source, len(file.positions), file.characters) for file in encoded),
    )


def _openings(
    options: TrainingOptions,
    encoding: Encoding,
    encoded: list[EncodedFile],
    held_out: Sequence[NDArray[np.bool_]],
) -> tuple[str, ...]:
    """Take the openings of some held-out texts: the topic line, or else the first words."""
    found: list[str] = []
    for file, chosen in zip(encoded, held_out, strict=True):
        if len(found) >= _PROMPTS:
            break
        if not chosen.any():
            continue
        index = int(np.flatnonzero(chosen)[0])
        for number, record in enumerate(read_file(options.texts / file.source, options.texts)):
            if number == index:
                found.append(_opening(encoding.framing.apply(record.text)))
                break
    return tuple(found)


def _opening(text: str) -> str:
    first, newline, _ = text.partition("\n")
    if newline and len(first) <= 120:
        return first + "\n"
    return " ".join(text.split()[:6])
