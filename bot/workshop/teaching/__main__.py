"""Teaching the embedded model: `python -m bot.workshop.teaching --help`.

`prepare` once, then `train` as often as there is time, `decay` whenever a model is wanted, and
`judge` to see what it is worth.
"""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

# Nothing heavy up here: the processes that make the stream import this module again.
app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
_tell = Console(markup=False, highlight=False, soft_wrap=True).print

Folder = Annotated[Path, typer.Argument(help="Folder of the training; outside the repository.")]
Device = Annotated[str, typer.Option(help="cpu or cuda.")]
Processes = Annotated[int, typer.Option(help="Processes that make the stream; 0 for none.")]


@app.command()
def prepare(
    folder: Folder,
    corpus: Annotated[Path | None, typer.Option(help="Folder of natural texts.")] = None,
    vocabulary: Annotated[int, typer.Option(help="Tokens of the vocabulary.")] = 8192,
) -> None:
    """Read the natural passages and learn the vocabulary."""
    from bot.workshop.teaching.preparation import prepare_folder

    prepare_folder(folder, corpus, vocabulary)


@app.command()
def train(
    folder: Folder,
    minutes: Annotated[float, typer.Option(help="How long; SIGTERM ends it earlier.")],
    device: Device = "cpu",
    processes: Processes = 0,
    figures: Annotated[
        str, typer.Option(help="Figures of a new run that differ, as JSON.")
    ] = "{}",
) -> None:
    """Go on with a training, or begin it."""
    from bot.workshop.teaching.lesson import LESSON, Lesson
    from bot.workshop.teaching.run import Run

    lesson = Lesson.read(folder) if (folder / LESSON).exists() else Lesson()
    lesson = replace(lesson, **Lesson.parse(json.loads(figures)))
    Run(folder, lesson, device=device, processes=processes, tell=_tell).learn(minutes)


@app.command()
def decay(
    folder: Folder,
    out: Annotated[Path, typer.Option(help="Folder of the model to write.")],
    steps: Annotated[int, typer.Option(help="Steps over which the rate falls to nothing.")],
    device: Device = "cpu",
    processes: Processes = 0,
) -> None:
    """Write a model: the newest state, decayed on a copy."""
    from bot.workshop.teaching.finishing import write_model
    from bot.workshop.teaching.lesson import Lesson
    from bot.workshop.teaching.run import Run

    run = Run(folder, Lesson.read(folder), device=device, processes=processes, tell=_tell)
    run.decay(steps)
    write_model(run.model, folder, out)


@app.command()
def judge(
    model: Annotated[Path, typer.Argument(help="Folder of a model.")],
    out: Annotated[Path | None, typer.Option(help="Where all essays are written.")] = None,
    count: Annotated[int, typer.Option(help="Topics asked for.")] = 100,
    held_out: Annotated[bool, typer.Option(help="Write on the held-out topics too.")] = False,
    seed: Annotated[int, typer.Option(help="Of topics and sampling.")] = 1,
    device: Device = "cpu",
) -> None:
    """Let a model write on topics that it has learnt, in wordings that it has not, and read it."""
    from bot.workshop.teaching.judge import TopicReader, ask_learnt, ask_unseen, judge_unseen
    from bot.workshop.teaching.judge import judge as read
    from bot.workshop.teaching.writing import load_writer, write
    from bot.workshop.texts.cards import load_cards
    from bot.workshop.texts.headers import header
    from bot.workshop.texts.held_out import load_held_out
    from bot.workshop.texts.kinds import load_kinds

    cards, kinds = load_cards(), load_kinds()
    asked = ask_learnt(cards, count, seed)
    writer, tokenizer = load_writer(model, device)
    prompts = [request.prompt for request in asked]
    written = write(writer, tokenizer, prompts, seed)
    _tell(json.dumps(asdict(read(asked, written, TopicReader(cards)))))
    nouns = ask_unseen(kinds, count, seed)
    on_nouns = write(writer, tokenizer, [noun.prompt for noun in nouns], seed)
    _tell(json.dumps(asdict(judge_unseen(nouns, on_nouns, kinds))))
    written += on_nouns
    if held_out:
        topics = [topic.text for topic in load_held_out()]
        prompts = [header("ensayo", topic, 250) for topic in topics]
        written += write(writer, tokenizer, prompts, seed)
    if out:
        texts = "\n\n\f\n".join(text.prompt + text.text for text in written)
        out.write_text(texts + "\n", encoding="utf-8")


@app.command()
def candidates(
    model: Annotated[Path, typer.Argument(help="Folder of a model.")],
    temperature: Annotated[
        list[float] | None, typer.Option(help="Repeatable; 0.5 and 0.7 by default.")
    ] = None,
    count: Annotated[
        list[int] | None, typer.Option(help="Drafts; repeatable; 1, 4 and 8 by default.")
    ] = None,
) -> None:
    """Tell what candidates for each sentence bring and cost: two classes of thirty."""
    from bot.workshop.evaluation.candidates import HEAD, as_row, measure

    for line in (HEAD, ["---"] * len(HEAD)):
        _tell(f"| {' | '.join(line)} |")
    for outcome in measure(model, temperature or [0.5, 0.7], count or [1, 4, 8]):
        _tell(f"| {' | '.join(as_row(outcome))} |")


if __name__ == "__main__":
    app()
