"""The benchmark's command line: measure, print the tables, write the figures beside them.

``python -m bot.workshop.benchmark run --help`` tells what there is to choose; ``cuda`` measures
the engine on a graphics card, ``latency`` the service's small answers.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from bot.generation.engine.machine import usable_threads
from bot.workshop.benchmark import cuda as graphics_card
from bot.workshop.benchmark import latency as small_answers
from bot.workshop.benchmark import report
from bot.workshop.benchmark.contenders import Name
from bot.workshop.benchmark.run import FULL, QUICK, TRIAL, Benchmark

DOCS = Path(__file__).parents[3] / "docs"
WORK = Path(tempfile.gettempdir()) / "redactor-benchmark"

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@cli.callback()
def main() -> None:
    """Measure the engine beside its alternatives."""


@cli.command()
def run(
    quick: Annotated[bool, typer.Option("--quick", help="Three minutes, fewer cells.")] = False,
    trial: Annotated[bool, typer.Option("--trial", help="A tiny model: does it all run?")] = False,
    only: Annotated[list[Name] | None, typer.Option(help="Who takes part; repeatable.")] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Of arithmetic; else what the machine has.")
    ] = None,
    work: Annotated[Path, typer.Option(help="Folder for checkpoints.")] = WORK,
    figures: Annotated[
        Path | None, typer.Option(help="File for the figures; else one in the work folder.")
    ] = None,
    write_docs: Annotated[
        bool, typer.Option("--write-docs", help="Put the figures into docs/performance.md.")
    ] = False,
) -> None:
    """Measure speed, a class over HTTP, and starts, all on this machine."""
    extent = TRIAL if trial else QUICK if quick else FULL
    benchmark = Benchmark(extent, only or list(Name), threads or usable_threads(), work)
    results = benchmark.measure(f"python -m bot.workshop.benchmark {' '.join(sys.argv[1:])}")
    typer.echo(report.as_markdown(results))
    figures = figures or work / "performance.json"
    figures.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    if write_docs:
        report.write_documents(results, DOCS)


@cli.command()
def cuda(work: Annotated[Path, typer.Option(help="Folder for checkpoints.")] = WORK) -> None:
    """Measure the engine on a graphics card beside transformers, both in bfloat16."""
    for line in graphics_card.compare(work):
        typer.echo(line)


@cli.command()
def latency(work: Annotated[Path, typer.Option(help="Folder for the log.")] = WORK) -> None:
    """Measure how soon the service gives its small answers."""
    for line in small_answers.measure(work / "latency"):
        typer.echo(line)


if __name__ == "__main__":
    cli()
