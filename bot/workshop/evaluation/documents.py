"""The generated sections of ``docs/embedded-model.md``."""

import re
from collections.abc import Sequence
from typing import Any

_SHARES = (
    "in dictionary",
    "repeated 4-grams",
    "names the topic again",
    "names its new noun again",
    "ends on a mark",
    "ended by itself",
    "8-grams verbatim",
)
_NUMBERS = ("essays", "words", "longest verbatim run, mean", "longest verbatim run")


def render(document: str, facts: dict[str, Any], others: Sequence[dict[str, Any]]) -> str:
    """Put all generated sections into the document.

    Args:
        document: Markdown with the marks of each section.
        facts: From ``evaluate``.
        others: Facts of other models.

    Raises:
        ValueError: A section's marks are missing.
    """
    sections = {
        "bits": bits_table(facts, others),
        "figures": figures_table(facts, others),
        "known": essays_section(facts["known"]),
        "unseen": essays_section(facts["unseen"]),
    }
    for name, body in sections.items():
        document = replace_section(document, name, body)
    return document


def replace_section(document: str, name: str, body: str) -> str:
    """Put a generated section into a document.

    Args:
        document: Markdown with ``<!-- generated NAME -->`` and ``<!-- end NAME -->``.
        name: Which section.
        body: What to put between the two marks.

    Raises:
        ValueError: The document has no such section.
    """
    pattern = re.compile(
        rf"(<!-- generated {re.escape(name)} -->\n).*?(<!-- end {re.escape(name)} -->)", re.DOTALL
    )
    replaced, count = pattern.subn(
        lambda match: f"{match[1]}\n{body.strip()}\n\n{match[2]}", document
    )
    if not count:
        raise ValueError(f"no section {name!r}")
    return replaced


def bits_table(facts: dict[str, Any], others: Sequence[dict[str, Any]]) -> str:
    """Return held-out bits per byte as a table, the best model last."""
    rows: dict[str, dict[str, float]] = {}
    for source in (*others, facts):
        for name, row in source["bits"].items():
            if name not in {"uniform", "5-gram"} or source is facts:
                rows[name] = row
    baselines = [name for name in ("uniform", "5-gram") if name in rows]
    kinds = list(next(iter(rows.values())))
    lines = ["| model | " + " | ".join(kinds) + " |", "|---|" + "---:|" * len(kinds)]
    for name in (*baselines, *(name for name in rows if name not in baselines)):
        cells = " | ".join(f"{rows[name][kind]:.2f}" for kind in kinds)
        lines.append(f"| {name} | {cells} |")
    return "\n".join(lines)


def figures_table(facts: dict[str, Any], others: Sequence[dict[str, Any]]) -> str:
    """Return the means over all essays as a table."""
    columns = [
        (f"{source['model']}, {kind}", source[kind]["summary"])
        for source in (*others, facts)
        for kind in ("known", "unseen")
        if kind in source
    ]
    lines = [
        "| | " + " | ".join(f"{name} topics" for name, _ in columns) + " |",
        "|---|" + "---:|" * len(columns),
    ]
    for key in (*_NUMBERS[:2], *_SHARES, *_NUMBERS[2:]):
        style = ".1%" if key in _SHARES else ".0f"
        values = [summary.get(key) for _, summary in columns]
        cells = " | ".join("–" if value is None else format(value, style) for value in values)
        lines.append(f"| {key} | {cells} |")
    return "\n".join(lines)


def essays_section(part: dict[str, Any]) -> str:
    """Return every essay of a part, with its figures."""
    lines: list[str] = []
    topic = None
    for result in part["essays"]:
        essay, figures, shared = result["essay"], result["figures"], result["verbatim"]
        if essay["topic"] != topic:
            topic = essay["topic"]
            counts = part["topic_words"].get(topic, {})
            seen = ", ".join(f"*{word}* {count:,}" for word, count in counts.items())
            lines += [f"#### {topic}\n", f"Its words in the training text: {seen}.\n"]
        lines.append(f"**{essay['seed']}.** {_line_of(figures, shared)}\n")
        lines.append("> " + essay["text"].replace("\n", "\n> ") + "\n")
    return "\n".join(lines)


def _line_of(figures: dict[str, Any] | None, shared: dict[str, Any]) -> str:
    parts = []
    if figures is not None:
        again = "names" if figures["names_topic_again"] else "**does not name**"
        end = "ends" if figures["ends_on_a_mark"] else "**does not end**"
        parts = [
            f"{figures['words']} words",
            f"{figures['in_dictionary']:.0%} in the dictionary",
            f"{figures['repeated_4grams']:.0%} repeated 4-grams",
            f"{again} the topic again",
            f"{end} on a mark",
        ]
    parts.append(f"{shared['share']:.0%} of its 8-grams verbatim")
    parts.append(f"longest verbatim run {shared['longest_words']} words")
    return ", ".join(parts) + "."
