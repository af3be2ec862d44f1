"""Looks at the grammar: `python -m bot.workshop.grammar check mar`."""

import os
import random
from pathlib import Path
from typing import Annotated

import typer

from bot.workshop.grammar.build import build_corpus
from bot.workshop.grammar.finish import finish
from bot.workshop.grammar.library import (
    Domain,
    DomainFormatError,
    Numbering,
    load_domain,
    load_generic,
)
from bot.workshop.grammar.nouns import Noun
from bot.workshop.grammar.pools import Pools
from bot.workshop.grammar.scene import Scene
from bot.workshop.grammar.stats import measure
from bot.workshop.grammar.template import Template
from bot.workshop.grammar.writer import STYLE_WEIGHTS, EssayGrammar

_DOMAINS = Path(__file__).parent / "domains"

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@cli.command()
def check(
    name: Annotated[str, typer.Argument(help="The domain file's name, without its ending.")],
    samples: Annotated[int, typer.Option(min=0, help="Entries to show with some topic.")] = 10,
) -> None:
    """Check a domain file, count what is in it, and show samples of it."""
    numbering = Numbering()
    try:
        domain = load_domain(_DOMAINS / f"{name}.toml", numbering)
    except DomainFormatError as error:
        typer.echo("\n".join(error.problems))
        raise typer.Exit(1) from None
    pools = Pools(load_generic(numbering), {name: domain})
    typer.echo(f"{name}: {len(domain.themes)} topics")
    for key, items in domain.lists.items():
        typer.echo(f"  {key}: {len(items)}")
    rng = random.Random(samples)
    lines: list[str] = []
    for key, templates in domain.templates.items():
        typer.echo(f"  {key}: {len(templates)}")
        for template in templates:
            fitting = _fitting(domain, template)
            if not fitting:
                typer.echo(f"  no topic fits {key}: {template.source!r}")
                continue
            noun = rng.choice(fitting)
            scene = Scene(pools, rng, noun, None, name, _stance(noun), {})
            lines.append(f"{key}: {finish(scene.render(template))}")
    rng.shuffle(lines)
    typer.echo("\n".join(lines[:samples]))


def _stance(noun: Noun) -> str:
    return "malo" if noun.bad else "valor"


def _fitting(domain: Domain, template: Template) -> list[Noun]:
    """Return the domain's topics that a template can be about."""
    return [
        noun
        for noun in domain.themes
        if noun.kind in template.kinds
        and _stance(noun) in template.stances
        and (noun.has_article or not template.bare)
    ]


@cli.command()
def sample(
    style: Annotated[str | None, typer.Option(help=f"One of {', '.join(STYLE_WEIGHTS)}.")] = None,
    count: Annotated[int, typer.Option(min=1, help="How many.")] = 5,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 1,
) -> None:
    """Write essays with their headers."""
    grammar = EssayGrammar.load()
    rng = random.Random(seed)
    for _ in range(count):
        typer.echo(grammar.write_essay(rng, style).record + "\n\n---\n")


@cli.command()
def stats(
    essays: Annotated[int, typer.Option(min=1, help="How many to compare with.")] = 10_000,
) -> None:
    """Measure the variety of the grammar."""
    typer.echo(measure(essays))


@cli.command()
def build(
    corpus: Annotated[Path, typer.Argument(help="Folder of the natural texts.")],
    out: Annotated[Path, typer.Argument(help="Folder of the result.")],
    essays: Annotated[int, typer.Option(min=1, help="Essays to write.")] = 300_000,
    natural_times: Annotated[int, typer.Option(help="Multiplies each natural source.")] = 2,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 1,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = os.cpu_count() or 1,
) -> None:
    """Write the training corpus."""
    report = build_corpus(
        corpus, out, essays=essays, natural_times=natural_times, seed=seed, workers=workers
    )
    typer.echo(f"{report} natural share {report.natural_share:.3f}")


if __name__ == "__main__":
    cli()
