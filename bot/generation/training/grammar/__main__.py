"""Looks at the grammar: `python -m bot.generation.training.grammar check mar`."""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

from bot.generation.training.grammar.finish import finish
from bot.generation.training.grammar.library import (
    DomainFormatError,
    Numbering,
    load_domain,
    load_generic,
)
from bot.generation.training.grammar.scene import Pools, Scene

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
        print("\n".join(error.problems))
        return 1
    pools = Pools(load_generic(numbering), {name: domain})
    print(f"{name}: {len(domain.themes)} topics")
    for key, items in domain.lists.items():
        print(f"  {key}: {len(items)}")
    rng = random.Random(samples)
    lines: list[str] = []
    for key, frames in domain.frames.items():
        print(f"  {key}: {len(frames)}")
        for frame in frames:
            fitting = [
                noun
                for noun in domain.themes
                if noun.kind in frame.kinds
                and ("malo" if noun.bad else "valor") in frame.stances
                and (noun.has_article or not frame.bare)
            ]
            if not fitting:
                print(f"  no topic fits {key}: {frame.source!r}")
                continue
            noun = rng.choice(fitting)
            scene = Scene(pools, rng, noun, None, name, "malo" if noun.bad else "valor", {})
            lines.append(f"{key}: {finish(frame.render(scene))}")
    rng.shuffle(lines)
    print("\n".join(lines[:samples]))
    return 0


def main() -> int:
    """Reads the command line."""
    parser = argparse.ArgumentParser(prog="grammar")
    commands = parser.add_subparsers(dest="command", required=True)
    checking = commands.add_parser("check", help="check a domain file and show samples of it")
    checking.add_argument("name")
    checking.add_argument("--samples", type=int, default=10)
    arguments = parser.parse_args()
    return check(arguments.name, arguments.samples)


if __name__ == "__main__":
    sys.exit(main())
