"""The generated sections of ``docs/embedded-model.md``, from the facts beside it."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bot.workshop.evaluation.reading import SHOWN

Facts = Mapping[str, Any]
"""What `evaluate` and `document` keep: ``models``, by name the essays; ``pile``, with marks."""

SHOWN_ESSAYS = 10
"""Essays on the page: every eighteenth of a hundred and eighty, whatever they are like."""

_ROWS: Mapping[str, tuple[str, str]] = {
    "words": ("words, mean", ".0f"),
    "fewest": ("words, fewest", ".0f"),
    "loops": ("essays with a loop", ".0%"),
    "own_words": ("words of the topic's own list, mean", ".1f"),
    "unknown": ("words that neither dictionary nor training know", ".2%"),
    "elsewhere": ("sentences that stand in an essay on another topic", ".1%"),
    "same_opening": ("essays that open like one on another topic", ".0%"),
    "verbatim": ("runs of eight words that stand in a training text", ".0%"),
    "whole_sentences": ("whole sentences that stand in a training text", ".0%"),
}


def render(document: str, facts: Facts) -> str:
    """Put all generated sections into the document.

    Args:
        document: Markdown with ``<!-- generated NAME -->`` and ``<!-- end NAME -->``.
        facts: What was measured.

    Raises:
        ValueError: A section's marks are missing.
    """
    sections = {
        "figures": figures_table(facts["models"]),
        "marks": marks_table(facts["pile"]),
        "essays": essays_shown(facts["models"]["embedded"]),
    }
    for name, body in sections.items():
        pattern = re.compile(
            rf"(?<=<!-- generated {name} -->\n).*?(?=<!-- end {name} -->)", re.DOTALL
        )
        # A backslash in an essay is no escape.
        document, count = pattern.subn(f"\n{body}\n\n".replace("\\", r"\\"), document)
        if not count:
            raise ValueError(f"no section {name!r}")
    return document


def figures_table(models: Mapping[str, Sequence[Facts]]) -> str:
    """Return the means of each model's essays, near a learnt text and away from one."""
    columns = {
        f"{name}, {where}": [item for item in items if item["near"] is near]
        for name, items in models.items()
        for where, near in (("near", True), ("away", False))
    }
    lines = [f"| | {' | '.join(columns)} |", "|---|" + "---:|" * len(columns)]
    for key, (label, form) in _ROWS.items():
        cells = (format(_value(key, items), form) for items in columns.values())
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _value(key: str, items: Sequence[Facts]) -> float:
    if key == "fewest":
        return float(min(item["figures"]["words"] for item in items))
    return float(sum(item["figures"][key] for item in items)) / len(items)


def marks_table(pile: Sequence[Facts]) -> str:
    """Return the readers' marks by origin: their means and how many a teacher could show."""
    lines = [
        f"| origin | essays | mean mark | marked {SHOWN} or more, each reader | by both |",
        "|---|---:|---:|---:|---:|",
    ]
    for origin in sorted({item["origin"] for item in pile}):
        marks = [item["marks"] for item in pile if item["origin"] == origin]
        flat = [mark for row in marks for mark in row]
        each = (
            format(sum(mark >= SHOWN for mark in column) / len(column), ".0%")
            for column in zip(*marks, strict=True)
        )
        both = sum(min(row) >= SHOWN for row in marks) / len(marks)
        mean = sum(flat) / len(flat)
        lines.append(f"| {origin} | {len(marks)} | {mean:.2f} | {', '.join(each)} | {both:.0%} |")
    return "\n".join(lines)


def essays_shown(essays: Sequence[Facts]) -> str:
    """Return some essays, drawn by their numbers, as they are."""
    step = max(1, len(essays) // SHOWN_ESSAYS)
    lines: list[str] = []
    for number, item in list(enumerate(essays, 1))[step - 1 :: step]:
        figures = item["figures"]
        where = "near a learnt text" if item["near"] else "away from every learnt text"
        told = (
            f"seed {item['seed']}, {where}; {figures['words']} words, {figures['own_words']} of "
            f"its list, {figures['whole_sentences']:.0%} of the sentences word for word as learnt"
        )
        lines += [
            f"**{number}. {item['topic']}** ({told})\n",
            "> " + item["text"].replace("\n", "\n> ") + "\n",
        ]
    return "\n".join(lines).rstrip()
