"""From a folder of texts to rows of tokens and a tokenizer in the work folder."""

import json
import random
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from bot.training.bpe import end_of_text_id, save_tokenizer, train_tokenizer
from bot.training.checkpoint import check_room
from bot.training.corpus import Record, position_of, read_file, text_files
from bot.training.errors import TooLittleTextError
from bot.training.framing import Framing, frame_prompts
from bot.training.options import TrainingOptions
from bot.training.packing import (
    Pieces,
    RowWriter,
    group_pieces,
    held_out_records,
)
from bot.training.progress import Progress
from bot.training.tokens import EncodedFile, Encoding, encode_files, training_text

DEFAULT_CONTEXT_TOKENS = 1024
MINIMUM_CHARACTERS = 2000
"""About one page: with less there is nothing to learn and nothing to measure."""

_VOCABULARY_CHARACTERS = 80_000_000
_TOKENIZER = "tokenizer"
_FACTS = "prepared.json"
_SERIES = re.compile(r"[\d_.-]+.*")
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
    framing = Framing(frame_prompts(frames) if options.heading else ())
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
    held_out = _choose_held_out(encoded, encoding, options)
    prepared = _write_rows(encoded, held_out, encoding, options)
    (options.work / _FACTS).write_text(json.dumps(asdict(prepared), ensure_ascii=False))
    progress.corpus(
        records=prepared.records,
        characters=prepared.characters,
        tokens=prepared.tokens,
        held_out=prepared.held_out_records,
    )
    return prepared


def _learn_vocabulary(
    files: Sequence[Path], options: TrainingOptions, framing: Framing, folder: Path, context: int
) -> None:
    records = _vocabulary_sample(files, options)
    tokenizer = train_tokenizer(training_text(records, framing), options.vocabulary_size)
    save_tokenizer(tokenizer, folder, context)


def _vocabulary_sample(files: Sequence[Path], options: TrainingOptions) -> Iterator[Record]:
    """Draw records for the vocabulary, as many characters from each series of files.

    ``essays_000.txt`` and ``essays_001.txt`` are one series: a corpus of many shards of one kind
    and few of another gives both the same say.
    """
    series: dict[str, list[Path]] = {}
    for path in files:
        series.setdefault(_SERIES.sub("", path.name), []).append(path)
    random_files = random.Random(options.seed)
    left = _VOCABULARY_CHARACTERS
    # The smallest first, so that what it leaves over goes to the others.
    ordered = sorted(series.values(), key=lambda paths: sum(p.stat().st_size for p in paths))
    for number, paths in enumerate(ordered):
        random_files.shuffle(paths)
        room = left // (len(ordered) - number)
        for path in paths:
            taken = 0
            for record in read_file(path, options.texts):
                # Held-out records stay unseen here too.
                if position_of(record.text) >= options.held_out_share:
                    yield record
                    taken += len(record.text)
                if taken >= min(room, _VOCABULARY_CHARACTERS // 8):
                    break
            left -= taken
            room -= taken
            if room <= 0:
                break


@dataclass(frozen=True, slots=True)
class _HeldOut:
    """Where the texts to measure with are.

    Attributes:
        folder: What their files' names are relative to.
        files: Their files.
        chosen: For each of these files, its records to measure with.
        learnt: For each file of the training's texts, its records to learn from.
    """

    folder: Path
    files: list[EncodedFile]
    chosen: list[NDArray[np.bool_]]
    learnt: list[NDArray[np.bool_]]


def _choose_held_out(
    encoded: list[EncodedFile], encoding: Encoding, options: TrainingOptions
) -> _HeldOut:
    records = sum(len(file.positions) for file in encoded)
    characters = sum(file.characters for file in encoded)
    if characters < MINIMUM_CHARACTERS or records < 2:
        raise TooLittleTextError(characters, MINIMUM_CHARACTERS, records)
    if options.held_out is None:
        chosen = held_out_records(encoded, options.held_out_share)
        return _HeldOut(options.texts, encoded, chosen, [~records for records in chosen])
    files = encode_files(
        text_files(options.held_out),
        options.held_out,
        encoding,
        workers=options.workers,
        on_file=lambda _: None,
    )
    chosen = [np.ones(len(file.positions), dtype=np.bool_) for file in files]
    learnt = [np.ones(len(file.positions), dtype=np.bool_) for file in encoded]
    return _HeldOut(options.held_out, files, chosen, learnt)


def _write_rows(
    encoded: list[EncodedFile], held_out: _HeldOut, encoding: Encoding, options: TrainingOptions
) -> Prepared:
    check_room(options.work, 2 * sum(file.tokens.nbytes for file in encoded))
    learnt_groups = group_pieces(encoded, held_out.learnt, options.weights)
    held_groups = group_pieces(held_out.files, held_out.chosen, ())
    for name, groups in (("learnt", learnt_groups), ("held_out", held_groups)):
        writer = RowWriter(
            options.work,
            name,
            encoding.context_tokens,
            encoding.end_of_text,
            encoded[0].tokens.dtype.name,
        )
        writer.write(groups, options.seed)
    held_bytes = sum(
        int(file.record_bytes[chosen].sum())
        for file, chosen in zip(held_out.files, held_out.chosen, strict=True)
    )
    return Prepared(
        context_tokens=encoding.context_tokens,
        records=sum(len(file.positions) for file in encoded),
        held_out_records=int(sum(chosen.sum() for chosen in held_out.chosen)),
        characters=sum(file.characters for file in encoded),
        tokens=_tokens(learnt_groups),
        tokens_per_byte=_tokens(held_groups) / max(1, held_bytes),
        prompts=options.sample_prompts or _openings(held_out, encoding),
        sources=tuple((file.source, len(file.positions), file.characters) for file in encoded),
    )


def _tokens(groups: list[tuple[Pieces, float]]) -> int:
    return sum(len(piece) for pieces, _ in groups for piece in pieces.tokens)


def _openings(held_out: _HeldOut, encoding: Encoding) -> tuple[str, ...]:
    """Take the openings of some held-out texts: the topic line, or else the first words."""
    found: list[str] = []
    for file, chosen in zip(held_out.files, held_out.chosen, strict=True):
        if len(found) >= _PROMPTS:
            break
        if not chosen.any():
            continue
        index = int(np.flatnonzero(chosen)[0])
        records = read_file(held_out.folder / file.source, held_out.folder)
        record = next(islice(records, index, None))
        found.append(_opening(encoding.framing.apply(record.text)))
    return tuple(found)


def _opening(text: str) -> str:
    for end in ("\n\n", "\n"):
        first, found, _ = text.partition(end)
        if found and len(first) <= _LONGEST_OPENING:
            return first + found
    return " ".join(text.split()[:6])
