"""Making and measuring the embedded model.

``python -m bot.workshop recipe --help``; ``evaluate`` measures, ``document`` writes the figures
into the docs. The grammar and the benchmark have commands of their own beside their code.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

# Nothing heavy up here: the processes that tokenise import this module again.
app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def main() -> None:
    """Train the embedded model and measure it."""


@app.command()
def recipe(
    corpus: Annotated[Path, typer.Option(help="Folder of natural texts.")],
    out: Annotated[Path, typer.Option(help="Folder of the result.")],
    build: Annotated[Path, typer.Option(help="Work folder for the built corpus.")],
    essays: Annotated[int, typer.Option(help="Synthetic essays to write.")] = 1_000_000,
    size: Annotated[str, typer.Option(help="Size of the model.")] = "medium",
    vocabulary: Annotated[int, typer.Option(help="Tokens of the vocabulary.")] = 10_240,
    context: Annotated[int, typer.Option(help="Window in tokens.")] = 1024,
    minutes: Annotated[float, typer.Option(help="Time of the training loop.")] = 17.0,
    pause_after_minutes: Annotated[
        float | None, typer.Option(help="Stop this session after that time.")
    ] = None,
    natural_weight: Annotated[float, typer.Option(help="Passes of natural text a pass.")] = 2.0,
    batch_tokens: Annotated[int | None, typer.Option(help="Tokens a step.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Peak.")] = None,
    workers: Annotated[int, typer.Option(help="Processes.")] = 1,
    max_shard_mb: Annotated[int, typer.Option(help="Size of one weights file.")] = 2000,
    evaluations: Annotated[int, typer.Option(help="Measurements on the way.")] = 12,
    bundle_into: Annotated[Path | None, typer.Option(help="Copy the result there.")] = None,
    resume: Annotated[bool, typer.Option(help="Go on from a checkpoint.")] = False,
    restart: Annotated[bool, typer.Option(help="Throw a checkpoint away.")] = False,
    compile_model: Annotated[bool | None, typer.Option(help="Use torch.compile.")] = None,
) -> None:
    """Repeat the embedded model's recipe."""
    from rich.console import Console

    from bot.errors import RedactorError
    from bot.texts.training import EN
    from bot.training.messages import describe_error
    from bot.workshop.recipe import RecipeOptions, bundle, run_recipe

    console = Console(width=160 if not sys.stdout.isatty() else None)
    options = RecipeOptions(
        corpus=corpus,
        build=build,
        out=out,
        essays=essays,
        size=size,
        vocabulary_size=vocabulary,
        context_tokens=context,
        minutes=minutes,
        pause_after_minutes=pause_after_minutes,
        natural_weight=natural_weight,
        batch_tokens=batch_tokens,
        learning_rate=learning_rate,
        workers=workers,
        resume=resume,
        restart=restart,
        compile_model=compile_model,
        max_shard_mb=max_shard_mb,
        evaluations=evaluations,
    )
    try:
        result = run_recipe(options, console=console)
    except RedactorError as error:
        console.print(describe_error(error, EN), markup=False)
        raise typer.Exit(1) from error
    console.print(f"{result.tokens_per_s:,.0f} tokens/s, finished: {result.finished}")
    if result.finished and bundle_into is not None:
        bundle(result.out, bundle_into)


@app.command()
def evaluate(
    model: Annotated[Path, typer.Option(help="The model's folder.")],
    build: Annotated[Path, typer.Option(help="The built corpus.")],
    figures: Annotated[Path, typer.Option(help="JSON file to write.")],
    name: Annotated[str, typer.Option(help="The model's name in tables.")] = "embedded",
    other: Annotated[list[str] | None, typer.Option(help="NAME=FOLDER of another.")] = None,
    texts: Annotated[int, typer.Option(help="Held-out texts of each kind.")] = 200,
    topics: Annotated[int, typer.Option(help="Topics, known and unseen each.")] = 10,
    essays: Annotated[int, typer.Option(help="Essays a topic.")] = 5,
    ngram: Annotated[bool, typer.Option(help="Count a 5-gram model too.")] = True,
    engine: Annotated[bool, typer.Option(help="Write with the bot's engine.")] = True,
) -> None:
    """Measure a model on held-out texts and on essays."""
    from bot.workshop.evaluation.run import EvaluationOptions
    from bot.workshop.evaluation.run import evaluate as measure

    others = tuple(
        (left, Path(right)) for left, _, right in (item.partition("=") for item in other or ())
    )
    options = EvaluationOptions(
        model=model,
        build=build,
        figures=figures,
        name=name,
        others=others,
        texts_a_kind=texts,
        with_ngram=ngram,
        by_engine=engine,
        topics=topics,
        essays_a_topic=essays,
    )
    facts = measure(options, lambda line: typer.echo(line, err=True))
    for kind, row in facts["bits"].items():
        typer.echo(f"{kind}: {row}")
    for kind in ("known", "unseen"):
        if kind in facts:
            typer.echo(f"{kind}: {facts[kind]['summary']}")


@app.command()
def document(
    figures: Annotated[Path, typer.Option(help="JSON file of evaluate.")],
    target: Annotated[Path, typer.Option(help="Markdown file to update.")],
    other: Annotated[list[Path] | None, typer.Option(help="Facts of other models.")] = None,
) -> None:
    """Write measured figures into the docs."""
    from bot.workshop.evaluation.run import update_document

    update_document(target, figures, tuple(other or ()))


if __name__ == "__main__":
    app()
