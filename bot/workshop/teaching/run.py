"""Learning: a run that stops and goes on at any step, and the decay of a copy of it.

The run itself never decays: its rate stays where the warm-up brought it. Whoever wants a model to
use takes a copy of the state, lets its rate fall to nothing over some steps, and leaves the run
alone.
"""

import json
import math
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn import functional
from transformers import GPT2LMHeadModel

from bot.training.bpe import END_OF_TEXT
from bot.training.checkpoint import write_whole
from bot.training.copying import can_copy, start_copying
from bot.training.model import (
    load_trained_weights,
    logits_of,
    new_model,
    prepare_for_training,
    trained_weights,
)
from bot.workshop.teaching.batches import Batch, Place, Stream, load_tokenizer
from bot.workshop.teaching.lesson import Lesson
from bot.workshop.teaching.optimizer import Optimizer

STATE = "state.pt"
HISTORY = "history.jsonl"

_SAVE_EVERY_S = 240.0
_TOLD_EVERY = 25
_IGNORED = -100
_COUNTED_BATCHES = 4


@dataclass(slots=True)
class Progress:
    """How far a run is.

    Attributes:
        step: Steps done.
        tokens: Tokens learnt from, headers and padding not counted.
        texts: Texts read.
        place: Where the stream goes on.
    """

    step: int = 0
    tokens: int = 0
    texts: int = 0
    place: Place = field(default_factory=Place)


class Run:
    """A model in training, in a folder that outlives the process."""

    def __init__(
        self,
        folder: Path,
        lesson: Lesson,
        *,
        device: str,
        processes: int,
        tell: Callable[[str], None],
    ) -> None:
        """Go on from the folder's state, or begin.

        Args:
            folder: Holds the tokenizer and the passages, and will hold the state.
            lesson: Figures of the training.
            device: ``cpu`` or ``cuda``.
            processes: How many make the stream; 0 makes it in this one.
            tell: Told one line now and then.
        """
        self._folder, self._lesson, self._device = folder, lesson, device
        self._processes, self._tell = processes, tell
        tokenizer = load_tokenizer(folder)
        end = cast("int", tokenizer.token_to_id(END_OF_TEXT))
        size = tokenizer.get_vocab_size()
        model = new_model(lesson.size, size, lesson.context_tokens, end, lesson.seed)
        saved = folder / STATE
        self.progress = Progress()
        if not saved.exists() and can_copy(model):
            start_copying(model, self._token_counts(size), lesson.seed)
        prepare_for_training(model, lesson.dropout)
        self.model = cast("GPT2LMHeadModel", model.to(device))  # type: ignore[arg-type]
        self._optimizer = Optimizer(self.model, lesson.weight_decay, muon=lesson.muon)
        if saved.exists():
            self._restore(torch.load(saved, map_location=device, weights_only=True))
        self.model.train()

    def learn(self, minutes: float) -> None:
        """Go on for so long at the constant rate, then keep the state; SIGTERM ends it earlier.

        Args:
            minutes: How long.
        """
        end = saved = time.monotonic()
        end += 60 * minutes
        with _stopping() as is_stopping:
            for _ in self._steps():
                now = time.monotonic()
                if is_stopping() or now >= end:
                    break
                if now - saved > _SAVE_EVERY_S:
                    self.save()
                    saved = now
        self.save()

    def take_steps(self, steps: int) -> None:
        """Go on for so many steps at the constant rate; the state is not kept."""
        for _ in zip(range(steps), self._steps(), strict=False):
            pass

    def _steps(self) -> Iterator[None]:
        """Take steps without end; the general part gives way to the main one in time."""
        while True:
            is_general = self._learns_general()
            for batch, place in self._stream("main").batches(self.progress.place):
                warm = min(1.0, (self.progress.step + 1) / self._lesson.warmup_steps)
                self._step(batch, place, self._lesson.rate * warm)
                is_over = is_general and not self._learns_general()
                if is_over:
                    self.progress.place = Place()
                yield
                if is_over:
                    break

    def decay(self, steps: int) -> None:
        """Let the rate of this copy fall to nothing; the folder's state is left as it is."""
        stream = self._stream("last")
        for done, (batch, _) in zip(range(steps), stream.batches(Place()), strict=False):
            self._step(batch, self.progress.place, self._lesson.rate * (1 - (done + 0.5) / steps))

    def _learns_general(self) -> bool:
        return self.progress.tokens < self._lesson.general_tokens

    def _stream(self, part: str) -> Stream:
        lesson = self._lesson
        if part == "main" and self._learns_general():
            part = "general"
        mixture = {"general": lesson.general, "main": lesson.main, "last": lesson.last}[part]
        # A decay draws other texts than an earlier one of the same run.
        seed = f"{lesson.seed} {part}" + (f" {self.progress.step}" if part == "last" else "")
        return Stream(
            self._folder,
            mixture,
            lesson.batch_tokens,
            lesson.context_tokens,
            seed,
            self._processes,
        )

    def _token_counts(self, size: int) -> Tensor:
        counts = torch.zeros(size)
        stream = self._stream("main")
        for _, (batch, _) in zip(range(_COUNTED_BATCHES), stream.batches(Place()), strict=False):
            for row, length in zip(batch.ids, batch.lengths, strict=True):
                counts += torch.bincount(
                    torch.from_numpy(row[:length].astype("int64")), minlength=size
                )
        return counts

    def _step(self, batch: Batch, place: Place, rate: float) -> None:
        ids = torch.from_numpy(batch.ids.astype("int64")).to(self._device)
        lengths = torch.from_numpy(batch.lengths).to(self._device)
        starts = torch.from_numpy(batch.starts).to(self._device)
        with torch.autocast(self._device, torch.bfloat16, enabled=self._device == "cuda"):
            loss = mean_loss(self.model, ids, lengths, starts)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self._optimizer.step(rate)
        progress = self.progress
        progress.step += 1
        progress.tokens += int((batch.lengths - batch.starts).clip(0).sum())
        progress.texts += len(batch.lengths)
        progress.place = place
        if progress.step % _TOLD_EVERY == 0 or progress.step <= 2:
            self._note(loss.item(), rate)

    def _note(self, loss: float, rate: float) -> None:
        if not math.isfinite(loss):
            raise ArithmeticError(f"the loss is {loss} at step {self.progress.step}")
        facts = {
            "step": self.progress.step,
            "tokens": self.progress.tokens,
            "loss": round(loss, 4),
            "rate": rate,
            "time": round(time.time(), 1),
        }
        with (self._folder / HISTORY).open("a", encoding="utf-8") as file:
            file.write(json.dumps(facts) + "\n")
        self._tell(json.dumps(facts))

    def save(self) -> None:
        """Keep everything that the next step depends on; a crash leaves the former state."""
        state = {
            "weights": trained_weights(self.model),
            "optimizer": self._optimizer.state(),
            "progress": asdict(self.progress),
        }
        write_whole(state, self._folder / STATE)
        self._lesson.write(self._folder)

    def _restore(self, state: dict[str, Any]) -> None:
        load_trained_weights(self.model, state["weights"])
        if state.get("optimizer"):
            self._optimizer.restore(state["optimizer"])
        progress = dict(state["progress"])
        progress["place"] = Place(**progress["place"])
        self.progress = Progress(**progress)


def mean_loss(model: GPT2LMHeadModel, ids: Tensor, lengths: Tensor, starts: Tensor) -> Tensor:
    """Return the mean negative log-likelihood of the tokens that are to be learnt.

    Args:
        model: In training.
        ids: Rows × width.
        lengths: Tokens of each row.
        starts: First token of each row that is to be learnt; at least its second.

    Returns:
        A float32 scalar, in nats a token.
    """
    logits = logits_of(model, ids)
    at = torch.arange(1, ids.shape[1], device=ids.device)
    skipped = (at >= lengths[:, None]) | (at < starts[:, None])
    targets = ids[:, 1:].masked_fill(skipped, _IGNORED)
    return functional.cross_entropy(
        logits.float().reshape(-1, logits.shape[-1]), targets.reshape(-1), ignore_index=_IGNORED
    )


@contextmanager
def _stopping() -> Iterator[Callable[[], bool]]:
    """Turn SIGTERM and SIGINT into an answer to "is it to stop?"."""
    asked: list[int] = []

    def ask(number: int, _: FrameType | None) -> None:
        asked.append(number)

    before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
