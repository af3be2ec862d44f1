"""What a person at the terminal sees of a training."""

import math
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn
from rich.progress import Progress as Bar
from rich.text import Text

from bot.texts.training import TrainingTexts
from bot.training.messages import names, number
from bot.training.options import LossPoint

_SAMPLE_CHARACTERS = 400
_LINE_EVERY_S = 30.0


class Progress:
    """Writes a training's progress: a bar on a terminal, now and then a line elsewhere.

    Use it as a context manager; the bar is gone on leaving.

    Args:
        console: Where to write.
        texts: In which language.
    """

    def __init__(self, console: Console, texts: TrainingTexts) -> None:
        self._console = console
        self._texts = texts
        self._bar = Bar(
            BarColumn(bar_width=30),
            TextColumn("{task.description}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task: TaskID | None = None
        self._last_line_s = 0.0

    def __enter__(self) -> "Progress":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def say(self, sentence: str) -> None:
        """Write one line; the text may hold brackets, which are no markup here."""
        self._console.print(Text(sentence), highlight=False)

    def _number(self, value: float, decimals: int = 0) -> str:
        return number(value, decimals, self._texts)

    def reading(self, folder: Path) -> None:
        """Say which folder is read."""
        self.say(self._texts.reading.format(folder=folder))

    def learning_vocabulary(self, size: int) -> None:
        """Say that a vocabulary is learnt."""
        self.say(self._texts.learning_vocabulary.format(size=self._number(size)))

    def not_read(self, found: Sequence[str]) -> None:
        """Name the documents that hold text in a form that is not read."""
        self.say(self._texts.not_read.format(names=names(found)))

    def one_a_line(self, name: str, lines: int) -> None:
        """Say that each line of a file is taken for a text."""
        self.say(self._texts.one_a_line.format(name=name, lines=self._number(lines)))

    def forecast(self, seconds: float, times: float, speed: float) -> None:
        """Say what the training will reach, before it starts.

        Args:
            seconds: How long it will take.
            times: How often it will read each text.
            speed: Tokens a second.
        """
        template = self._texts.forecast if times >= 1 else self._texts.forecast_short
        self.say(
            template.format(
                minutes=self._number(seconds / 60, 1),
                times=self._number(times, 1),
                speed=self._number(speed),
                enough=self._number(math.ceil(seconds / 60 / max(times, 1e-9))),
            )
        )

    def corpus(self, *, records: int, characters: int, tokens: int, held_out: int) -> None:
        """Say how much text there is.

        Args:
            records: Texts in all.
            characters: Characters of all texts.
            tokens: Tokens to learn from in one pass.
            held_out: Texts kept to measure with.
        """
        template = self._texts.corpus if held_out > 1 else self._texts.corpus_of_few
        self.say(
            template.format(
                records=self._number(records),
                learnt=self._number(records - held_out),
                characters=self._number(characters),
                tokens=self._number(tokens),
                held_out=self._number(held_out),
            )
        )

    def starting(self, base: str | None, trained: int, parameters: int, device: str) -> None:
        """Say what is trained.

        Args:
            base: Where the weights come from; None for new ones.
            trained: Weights that change.
            parameters: All weights.
            device: What computes.
        """
        if base is None:
            template = self._texts.starting_new
        elif trained == parameters:
            template = self._texts.starting_base
        else:
            template = self._texts.starting_adapters
        self.say(
            template.format(
                base=base,
                trained=self._number(trained / 1e6, 1),
                parameters=self._number(parameters / 1e6, 1),
                device=device,
            )
        )

    def resuming(self, step: int) -> None:
        """Say from which step the training goes on."""
        self.say(self._texts.resuming.format(step=self._number(step)))

    def step(
        self, done: float, remaining_s: float | None, loss: float, speed: float, elapsed_s: float
    ) -> None:
        """Show where the training is.

        Args:
            done: Share that is done.
            remaining_s: Seconds left, if known.
            loss: Training loss of late.
            speed: Tokens a second of late.
            elapsed_s: Seconds since the beginning.
        """
        minutes = "…" if remaining_s is None else self._number(remaining_s / 60, 1)
        line = self._texts.progress.format(
            percent=self._number(min(1.0, done) * 100),
            remaining=self._texts.remaining.format(minutes=minutes),
            loss=self._number(loss, 3),
            speed=self._number(speed),
        )
        self._show(done, line)
        if not self._console.is_terminal and elapsed_s - self._last_line_s >= _LINE_EVERY_S:
            self._last_line_s = elapsed_s
            self.say(line)

    def _show(self, done: float, line: str) -> None:
        if self._task is None:
            self._task = self._bar.add_task("", total=1.0)
        self._bar.update(self._task, completed=min(1.0, done), description=line)

    def measured(self, point: LossPoint) -> None:
        """Say the losses of a moment at which the held-out texts were measured."""
        if point.held_out is not None:
            self.say(
                self._texts.held_out.format(
                    step=self._number(point.step),
                    loss=self._number(point.loss, 3),
                    held_out=self._number(point.held_out, 3),
                )
            )

    def sample(self, text: str) -> None:
        """Show what the model writes now."""
        short = " ".join(text.split())[:_SAMPLE_CHARACTERS]
        self.say(self._texts.sample.format(text=short))

    def stopping(self) -> None:
        """Say that the wish to stop was heard."""
        self.say(self._texts.stopping)

    def paused(self, step: int, done: float) -> None:
        """Say where the training stopped and how it goes on."""
        self.say(
            self._texts.paused.format(
                step=self._number(step), percent=self._number(min(1.0, done) * 100)
            )
        )
        self.say(self._texts.how_to_resume)

    def saving(self) -> None:
        """Say that the result is written."""
        self.say(self._texts.saving)

    def finished(
        self, out: Path, elapsed_s: float, tokens: int, before: float, after: float
    ) -> None:
        """Say where the result is, what it gained, and how it is used."""
        self.say(
            self._texts.finished.format(
                out=out, minutes=self._number(elapsed_s / 60, 1), tokens=self._number(tokens)
            )
        )
        verdict = self._texts.improved if after < before else self._texts.not_improved
        self.say(verdict.format(before=self._number(before, 3), after=self._number(after, 3)))
        self.say(self._texts.how_to_use.format(out=out))
