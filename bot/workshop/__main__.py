"""Measuring the embedded model: `python -m bot.workshop --help`.

`evaluate` lets it write and counts, `mix` makes the pile that is read blindly, `document` puts
figures and marks into ``docs/embedded-model.md``. Teaching and the benchmark have commands of
their own beside their code.
"""

import json
import random
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

Figures = Annotated[Path, typer.Option(help="JSON file of what is measured.")]
_FIGURES = Path("docs/embedded-model.json")


@app.command()
def evaluate(
    models: Annotated[list[str], typer.Argument(help="NAME=FOLDER of each; one is `embedded`.")],
    figures: Figures = _FIGURES,
    words: Annotated[int, typer.Option(help="Length asked for.")] = 250,
    seeds: Annotated[int, typer.Option(help="Essays on each topic.")] = 3,
    topics: Annotated[int, typer.Option(help="The first so many topics; 0 for all.")] = 0,
) -> None:
    """Let models write on the held-out topics, from outside, and count what can be counted."""
    from bot.storage.records import Preferences
    from bot.workshop.evaluation.figures import TrainingTexts, count
    from bot.workshop.evaluation.writing import write_essays
    from bot.workshop.texts.cards import load_cards
    from bot.workshop.texts.compositions import load_compositions
    from bot.workshop.texts.forms import load_forms
    from bot.workshop.texts.held_out import load_held_out
    from bot.workshop.texts.kinds import load_kinds, load_sentences
    from bot.workshop.texts.spelling import load_dictionary

    asked = {topic.text: topic for topic in load_held_out()[: topics or None]}
    lines = [line for card in load_cards() for group in card.lines.values() for line in group]
    patterns = [
        line
        for of_kind in (
            *(kind.lines for kind in load_kinds()),
            *(voice for kind in load_sentences() for voice in kind.voices),
        )
        for group in of_kind.values()
        for line in group
    ]
    patterns += [text for form in load_forms() for step in form.steps for text in step.variants]
    training = TrainingTexts([*lines, *(text.text for text in load_compositions())], patterns)
    is_word = load_dictionary()
    own_words = {text: topic.words for text, topic in asked.items()}
    facts = json.loads(figures.read_text("utf-8")) if figures.exists() else {}
    for name, _, folder in (model.partition("=") for model in models):
        with Progress(console=Console(stderr=True)) as progress:
            progress.add_task(name, total=len(asked) * seeds)
            essays = write_essays(
                Path(folder),
                list(asked),
                range(1, seeds + 1),
                Preferences(words=words),
                partial(progress.advance, progress.task_ids[0]),
            )
        facts.setdefault("models", {})[name] = [
            {
                **asdict(essay),
                "form": asked[essay.topic].form,
                "near": asked[essay.topic].near,
                "figures": asdict(found),
            }
            for essay, found in zip(
                essays, count(essays, own_words, training, is_word), strict=True
            )
        ]
    figures.write_text(json.dumps(facts, ensure_ascii=False, indent=1) + "\n", "utf-8")


@app.command()
def mix(
    pile: Annotated[Path, typer.Argument(help="Markdown file for the readers.")],
    key: Annotated[Path, typer.Argument(help="JSON file that no reader sees.")],
    figures: Figures = _FIGURES,
    by_hand: Annotated[int, typer.Option(help="Compositions written by hand in the pile.")] = 20,
    others: Annotated[int, typer.Option(help="Essays of each other model.")] = 20,
    seed: Annotated[int, typer.Option(help="Of the shuffling.")] = 1,
) -> None:
    """Make the pile: first draws of every topic, essays of other models, and texts by hand."""
    from bot.workshop.evaluation.reading import mix as shuffle
    from bot.workshop.evaluation.reading import write_pile
    from bot.workshop.evaluation.writing import Essay
    from bot.workshop.texts.compositions import load_compositions

    rng = random.Random(seed)
    origins = {}
    for name, items in json.loads(figures.read_text("utf-8"))["models"].items():
        first = [Essay(x["topic"], x["seed"], x["text"]) for x in items if x["seed"] == 1]
        for where, near in (("near", True), ("away", False)):
            topics = {x["topic"] for x in items if x["near"] is near}
            part = [essay for essay in first if essay.topic in topics]
            origins[f"{name}, {where}"] = (
                part if name == "embedded" else rng.sample(part, min(len(part), others // 2))
            )
    texts = [text for text in load_compositions() if 150 <= len(text.text.split()) <= 350]
    chosen = rng.sample([text for text in texts if text.style == "ensayo"], by_hand)
    origins["by hand"] = [Essay(text.topics[0], 0, text.text) for text in chosen]
    write_pile(shuffle(origins, seed), pile, key)


@app.command()
def document(
    target: Annotated[Path, typer.Argument(help="Markdown file to write into.")],
    figures: Figures = _FIGURES,
    key: Annotated[Path | None, typer.Option(help="The key of a pile that was read.")] = None,
    marks: Annotated[list[Path] | None, typer.Option(help="Each reader's marks.")] = None,
) -> None:
    """Take marks to the figures, and write both into the page."""
    from bot.workshop.evaluation.page import render
    from bot.workshop.evaluation.reading import read_marks

    facts = json.loads(figures.read_text("utf-8"))
    if key is not None:
        pile = read_marks(key, marks or [])
        facts["pile"] = [
            {"origin": read.origin, "marks": read.marks, **asdict(read.essay)} for read in pile
        ]
        figures.write_text(json.dumps(facts, ensure_ascii=False, indent=1) + "\n", "utf-8")
    target.write_text(render(target.read_text("utf-8"), facts), "utf-8")


if __name__ == "__main__":
    app()
