"""Reading blindly: essays of several origins in one pile, without a word on where they are from.

`mix` writes the pile and, in another file, the key. Each reader marks the pile alone, 0 to 4:

0 nonsense, 1 off its topic or hardly to be read, 2 a teacher could show it, 3 good, 4 very good.
"""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bot.workshop.evaluation.writing import Essay

SHOWN = 2
"""The mark from which a teacher could show an essay."""

MOST = 4


class MarksError(ValueError):
    """A reader's file lacks a mark, or has one that is none; the message says which."""


@dataclass(frozen=True, slots=True)
class Read:
    """One essay of the pile.

    Attributes:
        origin: Where it is from, which its readers do not know.
        essay: The essay.
        marks: One of each reader.
    """

    origin: str
    essay: Essay
    marks: tuple[int, ...] = ()


def mix(origins: Mapping[str, Sequence[Essay]], seed: int) -> list[Read]:
    """Shuffle essays of all origins into one pile."""
    pile = [Read(origin, essay) for origin, essays in origins.items() for essay in essays]
    random.Random(seed).shuffle(pile)
    return pile


def write_pile(pile: Sequence[Read], readers: Path, key: Path) -> None:
    """Write what readers see, and what they must not.

    Args:
        pile: From `mix`.
        readers: Markdown file: number, topic and text of each.
        key: JSON file with the origins.
    """
    parts = [
        f"## {number}. {read.essay.topic}\n\n{read.essay.text}\n"
        for number, read in enumerate(pile, 1)
    ]
    readers.write_text("\n".join(parts), encoding="utf-8")
    facts = [{"origin": read.origin, **asdict(read.essay)} for read in pile]
    key.write_text(json.dumps(facts, ensure_ascii=False, indent=1), encoding="utf-8")


def read_marks(key: Path, marks: Sequence[Path]) -> list[Read]:
    """Put the readers' marks to the essays of the pile.

    Args:
        key: From `write_pile`.
        marks: A JSON file of each reader: the pile's numbers and marks, ``{"1": 2, …}``.

    Raises:
        MarksError: A reader left one out, or wrote something else than 0 to 4.
    """
    pile = json.loads(key.read_text(encoding="utf-8"))
    readers = [json.loads(path.read_text(encoding="utf-8")) for path in marks]
    for path, reader in zip(marks, readers, strict=True):
        for number in range(1, len(pile) + 1):
            if reader.get(str(number)) not in range(MOST + 1):
                raise MarksError(f"{path.name}: {number} has no mark from 0 to {MOST}")
    return [
        Read(
            item["origin"],
            Essay(item["topic"], item["seed"], item["text"]),
            tuple(reader[str(number)] for reader in readers),
        )
        for number, item in enumerate(pile, 1)
    ]
