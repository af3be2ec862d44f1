"""From measurements to a table, the project's targets, a chart and ``docs/performance.md``."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.workshop.benchmark.contenders import Name
from bot.workshop.benchmark.shapes import SMALL, XL

Results = dict[str, Any]

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
CLASS_SIZE = 30


@dataclass(frozen=True, slots=True)
class Target:
    """A promise and how it stands.

    Attributes:
        name: What is promised.
        value: What was measured.
        wanted: The least (or, with ``is_limit``, the greatest) value that keeps the promise.
        is_limit: Whether smaller is better.
    """

    name: str
    value: float
    wanted: float
    is_limit: bool = False

    @property
    def is_met(self) -> bool:
        """Whether the promise is kept."""
        return self.value <= self.wanted if self.is_limit else self.value >= self.wanted


def targets(results: Results) -> list[Target]:
    """Return the targets that the measurements tell about."""
    return [
        *_one_stream(results),
        *_class_targets(results),
        *_memory_targets(results),
    ]


def _one_stream(results: Results) -> Iterator[Target]:
    ours = _rate(results, Name.ENGINE, "1")
    if ours is None:
        return
    for contender, wanted in (
        (Name.TRANSFORMERS, 8.0),
        (Name.CTRANSLATE2, 3.0),
        (Name.LLAMA_CPP, 1.3),
    ):
        theirs = _rate(results, contender, "1")
        if theirs:
            yield Target(f"1 stream / {contender}", ours / theirs, wanted)
    yield Target("1 stream / bandwidth limit", ours / results["limit_tokens_per_s"], 0.5)


def _class_targets(results: Results) -> Iterator[Target]:
    lesson = results["classes"][0]
    if "missing" in lesson:
        return
    ours = lesson["tokens_per_s"]
    alone = _rate(results, Name.TRANSFORMERS, "1")
    if alone:
        yield Target(f"class of 30 / {Name.TRANSFORMERS} one after another", ours / alone, 12.0)
    for contender, wanted in ((Name.CTRANSLATE2, 2.0), (Name.LLAMA_CPP, 1.7)):
        rates = results["speed"].get(contender, {}).get("tokens_per_s", {})
        if rates:
            name = f"class of 30 / {contender} at its best batch"
            yield Target(name, ours / max(rates.values()), wanted)
    yield Target("service after 30 essays, MiB", lesson["memory_after_mb"], 450.0, is_limit=True)


def _memory_targets(results: Results) -> Iterator[Target]:
    starts = results["start"]
    ours = starts.get(f"{Name.ENGINE}, {SMALL.name}", {})
    theirs = starts.get(f"{Name.TRANSFORMERS}, {SMALL.name}", {})
    if "first_token_s" in ours and "loaded_s" in theirs:
        name = f"start to first token / {Name.TRANSFORMERS} loading"
        ratio = ours["first_token_s"] / theirs["loaded_s"]
        yield Target(name, ratio, 1.0, is_limit=True)
    for cache in ("cold cache", "warm cache"):
        xl = starts.get(f"{Name.ENGINE}, {XL.name}, {cache}", {})
        if "peak_memory_mb" in xl:
            yield Target(
                f"XL peak with a {cache}, MiB", xl["peak_memory_mb"], 2400.0, is_limit=True
            )


def _rate(results: Results, contender: str, streams: str) -> float | None:
    rates = results["speed"].get(contender, {}).get("tokens_per_s", {})
    value = rates.get(streams)
    return float(value) if value else None


def as_markdown(results: Results) -> str:
    """Return everything that was measured, as Markdown."""
    parts = [
        f"Measured {results['date']} on {results['machine']}, {results['threads']} threads, by "
        f"`{results['command']}`. Prompts of {results['prompt_tokens']} tokens, "
        f"{results['new_tokens']} new tokens, top-k 50, top-p 0.95, random weights in the shape "
        f"of {results['shape']}. Tokens per second of all streams together:",
        _speed_table(results),
        f"Reading memory: {results['bandwidth_gbs']:.1f} GB/s, which lets one int8 stream reach "
        f"{results['limit_tokens_per_s']:.0f} tokens/s at most.",
        _class_text(results),
        "Start, in a fresh process:",
        _start_table(results),
        "Targets:",
        _target_table(results),
    ]
    return "\n\n".join(part for part in parts if part)


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _speed_table(results: Results) -> str:
    streams = [str(n) for n in results["streams"]]
    rows = []
    for contender, measured in results["speed"].items():
        rates = measured.get("tokens_per_s", {})
        cells = [f"{rates[n]:.1f}" if n in rates else "–" for n in streams]
        if "missing" in measured:
            cells[0] = f"missing: {measured['missing']}"
        rows.append([contender, *cells])
    return _table(["", *[f"{n} at once" for n in streams]], rows)


def _class_text(results: Results) -> str:
    classes = results["classes"]
    if "missing" in classes[0]:
        return f"Class over HTTP: missing: {classes[0]['missing']}"
    head = ["candidates for a sentence", "all done", "tokens/s", "first words", "memory", "peak"]
    rows = [
        [
            str(lesson["candidates"]),
            f"{lesson['seconds']:.1f} s",
            f"{lesson['tokens_per_s']:.0f}",
            "{:.2f} to {:.2f} s".format(*lesson["first_token_s"]),
            f"{lesson['memory_after_mb']:.0f} MiB",
            f"{lesson['peak_memory_mb']:.0f} MiB",
        ]
        for lesson in classes
    ]
    return (
        f"A class of {classes[0]['students']} asking the service at once over HTTP:\n\n"
        + _table(head, rows)
    )


def _start_table(results: Results) -> str:
    rows = []
    for name, measured in results["start"].items():
        if "missing" in measured:
            rows.append([name, f"missing: {measured['missing']}", "", "", ""])
            continue
        rows.append(
            [
                name,
                f"{measured['loaded_s']:.2f} s",
                f"{measured['first_token_s']:.2f} s",
                f"{measured['tokens_per_s']:.1f}",
                f"{measured['peak_memory_mb']:.0f} MiB",
            ]
        )
    return _table(["", "loaded", "first token", "tokens/s", "peak memory"], rows)


def _target_table(results: Results) -> str:
    rows = [
        [
            target.name,
            f"{target.value:.2f}" if target.value < 100 else f"{target.value:.0f}",
            f"{'at most' if target.is_limit else 'at least'} {target.wanted:g}",
            "yes" if target.is_met else "**no**",
        ]
        for target in targets(results)
    ]
    return _table(["", "measured", "wanted", "met"], rows)


def write_documents(results: Results, docs: Path) -> None:
    """Put the figures, the JSON and the chart into the documentation.

    Args:
        results: What was measured.
        docs: The folder; ``performance.md`` there has the two marks between which figures go.
    """
    page = docs / "performance.md"
    text = page.read_text("utf-8")
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    figures = (
        f"{BEGIN}\n\n{as_markdown(results)}\n\n![Tokens per second](performance.svg)\n\n{END}"
    )
    page.write_text(before + figures + after, "utf-8")
    (docs / "performance.json").write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    draw_chart(results, docs / "performance.svg")


def draw_chart(results: Results, target: Path) -> None:
    """Draw tokens per second over streams, both axes logarithmic."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "redactor"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7.5, 4.5), layout="constrained")
    for contender, measured in results["speed"].items():
        rates = measured.get("tokens_per_s", {})
        if rates:
            streams = [int(n) for n in rates]
            is_ours = contender == Name.ENGINE
            axes.plot(
                streams,
                list(rates.values()),
                marker="o",
                label="this engine" if is_ours else contender,
                linewidth=2.5 if is_ours else 1.2,
            )
    limit = results["limit_tokens_per_s"]
    axes.axhline(limit, color="grey", linestyle=":", label="bandwidth limit of 1 int8 stream")
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks(results["streams"], [str(n) for n in results["streams"]])
    axes.set_xlabel("texts at once")
    axes.set_ylabel("tokens per second, all together")
    axes.set_title(f"{results['shape']} on {results['threads']} threads of {results['machine']}")
    axes.grid(alpha=0.3, which="both")
    axes.legend(fontsize="small")
    figure.savefig(target, metadata={"Date": None})
    pyplot.close(figure)
