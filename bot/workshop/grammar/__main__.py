"""Looks at the grammar: `python -m bot.workshop.grammar check mar`."""

from __future__ import annotations

import argparse
import os
import random
import sys
from pathlib import Path

from rich.console import Console

from bot.workshop.grammar.build import build_corpus
from bot.workshop.grammar.finish import finish
from bot.workshop.grammar.library import (
    DomainFormatError,
    Numbering,
    load_domain,
    load_generic,
)
from bot.workshop.grammar.scene import Pools, Scene
from bot.workshop.grammar.stats import measure
from bot.workshop.grammar.writer import STYLE_WEIGHTS, EssayGrammar

_write = Console(markup=False, highlight=False, soft_wrap=True).print
_DOMAINS = Path(__file__).parent / "domains"


def check(name: str, samples: int) -> int:
    """Loads one domain file, prints problems or counts, and writes every entry with some topic.

    Returns:
        The exit status: 0 if the file is well-formed.
    """
    numbering = Numbering()
    try:
        domain = load_domain(_DOMAINS / f"{name}.toml", numbering)
    except DomainFormatError as error:
        _write("\n".join(error.problems))
        return 1
    pools = Pools(load_generic(numbering), {name: domain})
    _write(f"{name}: {len(domain.themes)} topics")
    for key, items in domain.lists.items():
        _write(f"  {key}: {len(items)}")
    rng = random.Random(samples)
    lines: list[str] = []
    for key, frames in domain.frames.items():
        _write(f"  {key}: {len(frames)}")
        for frame in frames:
            fitting = [
                noun
                for noun in domain.themes
                if noun.kind in frame.kinds
                and ("malo" if noun.bad else "valor") in frame.stances
                and (noun.has_article or not frame.bare)
            ]
            if not fitting:
                _write(f"  no topic fits {key}: {frame.source!r}")
                continue
            noun = rng.choice(fitting)
            scene = Scene(pools, rng, noun, None, name, "malo" if noun.bad else "valor", {})
            lines.append(f"{key}: {finish(frame.render(scene))}")
    rng.shuffle(lines)
    _write("\n".join(lines[:samples]))
    return 0


def main() -> int:
    """Reads the command line."""
    parser = argparse.ArgumentParser(prog="grammar")
    commands = parser.add_subparsers(dest="command", required=True)
    checking = commands.add_parser("check", help="check a domain file and show samples of it")
    checking.add_argument("name")
    checking.add_argument("--samples", type=int, default=10)
    writing = commands.add_parser("sample", help="write essays with their headers")
    writing.add_argument("--style", choices=sorted(STYLE_WEIGHTS))
    writing.add_argument("--count", type=int, default=5)
    writing.add_argument("--seed", type=int, default=1)
    measuring = commands.add_parser("stats", help="measure the variety of the grammar")
    measuring.add_argument("--essays", type=int, default=10_000)
    building = commands.add_parser("build", help="write the training corpus")
    building.add_argument("corpus", type=Path)
    building.add_argument("out", type=Path)
    building.add_argument("--essays", type=int, default=300_000)
    building.add_argument("--natural-times", type=int, default=2)
    building.add_argument("--seed", type=int, default=1)
    building.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    if arguments.command == "check":
        return check(arguments.name, arguments.samples)
    if arguments.command == "sample":
        grammar = EssayGrammar.load()
        rng = random.Random(arguments.seed)
        for _ in range(arguments.count):
            _write(grammar.write_essay(rng, arguments.style).record, end="\n\n---\n\n")
    elif arguments.command == "stats":
        _write(measure(arguments.essays))
    else:
        report = build_corpus(
            arguments.corpus,
            arguments.out,
            essays=arguments.essays,
            natural_times=arguments.natural_times,
            seed=arguments.seed,
            workers=arguments.workers,
        )
        _write(report, f"natural share {report.natural_share:.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
