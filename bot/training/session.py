"""The training loop: from one state to the next, until it is done, paused or interrupted."""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import AdamW

from bot.training.checkpoint import save_best, save_checkpoint
from bot.training.errors import DivergedError
from bot.training.model import gpt2_inside, summed_loss, uses_bf16
from bot.training.options import LossPoint
from bot.training.planning import CLIP, Plan
from bot.training.progress import Progress
from bot.training.rows import RowStore

_LOOK_EVERY_S = 1.0
_CHECKPOINT_S = 300.0
_POINTS_KEPT = 2000


@dataclass(slots=True)
class Position:
    """Where a training is; saved with each checkpoint.

    Attributes:
        step: Optimizer steps done.
        tokens: Tokens seen.
        elapsed_s: Seconds of training, earlier sessions included.
        first_held_out: Held-out loss before the first step.
        best_held_out: Least held-out loss so far.
        last_held_out: Latest held-out loss.
        history: The curve so far.
    """

    step: int = 0
    tokens: int = 0
    elapsed_s: float = 0.0
    first_held_out: float = math.inf
    best_held_out: float = math.inf
    last_held_out: float = math.inf
    history: list[LossPoint] = field(default_factory=list)

    def facts(self) -> dict[str, Any]:
        """Return plain values that ``from_facts`` reads."""
        return asdict(self)

    @classmethod
    def from_facts(cls, facts: dict[str, Any]) -> "Position":
        """Return the position that ``facts`` described."""
        points = [LossPoint(**point) for point in facts["history"]]
        return cls(**{**facts, "history": points})


class Session:
    """One stretch of a training, from its start or a checkpoint to an end or an interruption.

    Args:
        model: The model, on its device, perhaps with adapters.
        optimizer: Over its trained weights.
        learnt: Rows to learn from.
        held_out: Rows to measure with.
        plan: The training's numbers.
        position: Where it stands; changed on the way.
        work: Folder of the checkpoints.
        progress: Told what happens.
        facts: Plain values that go into each checkpoint.
        compile_model: Whether to compile the loss.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: AdamW,
        learnt: RowStore,
        held_out: RowStore,
        plan: Plan,
        position: Position,
        work: Path,
        progress: Progress,
        facts: dict[str, Any],
        *,
        compile_model: bool,
    ) -> None:
        self._model = model
        self._optimizer = optimizer
        self._learnt = learnt
        self._held_out = held_out
        self._plan = plan
        self._position = position
        self._work = work
        self._progress = progress
        self._facts = facts
        self._device = next(model.parameters()).device
        self._parameters = [value for value in model.parameters() if value.requires_grad]
        self._loss: Callable[..., Tensor] = (
            torch.compile(summed_loss, dynamic=False) if compile_model else summed_loss
        )
        self._order: tuple[int, NDArray[np.int64]] = (-1, np.zeros(0, dtype=np.int64))
        self._begin_s = time.monotonic() - position.elapsed_s
        self._session_begin_s = time.monotonic()
        self._session_begin_tokens = position.tokens
        self._speed_mark = (self._session_begin_s, position.tokens)
        self._recent: list[Tensor] = []
        self._recent_tokens = 0
        self._is_stopping = False
        self._next_evaluation = 0.0
        self._checkpoint_due_s = self._session_begin_s + _CHECKPOINT_S

    def stop(self) -> None:
        """End the session after the step that runs now; may be called from a signal handler."""
        self._is_stopping = True

    @property
    def tokens_per_s(self) -> float:
        """Speed of this session, measurements and checkpoints included."""
        seconds = time.monotonic() - self._session_begin_s
        return (self._position.tokens - self._session_begin_tokens) / max(seconds, 1e-9)

    def run(self, on_evaluation: Callable[[], None]) -> bool:
        """Train until the end or ``stop``, which leaves a checkpoint.

        Args:
            on_evaluation: Called after each measurement of the held-out loss.

        Returns:
            Whether the training is finished.

        Raises:
            DivergedError: The loss is no number any more.
            NotEnoughDiskError: A checkpoint could not be written.
        """
        self._model.train()
        position, schedule = self._position, self._plan.schedule
        if position.step == 0:
            position.first_held_out = self.measure()
        done = schedule.done(position.step, position.elapsed_s)
        self._next_evaluation = self._evaluation_after(done)
        while done < 1:
            if self._is_stopping:
                self.checkpoint()
                self._progress.paused(position.step, done)
                return False
            self._step(schedule.rate(position.step, done))
            position.elapsed_s = time.monotonic() - self._begin_s
            done = schedule.done(position.step, position.elapsed_s)
            self._look(done, on_evaluation)
        return True

    def _evaluation_after(self, done: float) -> float:
        count = self._plan.evaluations
        # A tenth of an interval's grace, so that rounding does not measure twice.
        return min(1.0, (math.floor(done * count + 0.1) + 1) / count)

    def _look(self, done: float, on_evaluation: Callable[[], None]) -> None:
        """Measure, show and save what is due after a step."""
        if done >= self._next_evaluation or done >= 1:
            self._evaluate()
            on_evaluation()
            self._next_evaluation = self._evaluation_after(done)
        now = time.monotonic()
        if now - self._speed_mark[0] >= _LOOK_EVERY_S:
            self._show(done, now)
        if now >= self._checkpoint_due_s and done < 1:
            self.checkpoint()
            self._checkpoint_due_s = time.monotonic() + _CHECKPOINT_S

    def _show(self, done: float, now: float) -> None:
        position = self._position
        mark_s, mark_tokens = self._speed_mark
        speed = (position.tokens - mark_tokens) / (now - mark_s)
        self._speed_mark = (now, position.tokens)
        remaining = self._plan.schedule.remaining_s(position.step, position.elapsed_s)
        self._progress.step(done, remaining, self._note(None), speed, position.elapsed_s)

    def _note(self, held_out: float | None) -> float:
        """Add a point to the curve; returns the mean loss since the one before."""
        position = self._position
        if self._recent:
            loss = float(torch.stack(self._recent).sum()) / self._recent_tokens
            self._recent, self._recent_tokens = [], 0
        else:
            loss = position.history[-1].loss if position.history else math.nan
        if position.step and not math.isfinite(loss):
            raise DivergedError(position.step)
        rate = float(self._optimizer.param_groups[0]["lr"])
        position.history.append(
            LossPoint(position.step, position.tokens, position.elapsed_s, rate, loss, held_out)
        )
        if len(position.history) > _POINTS_KEPT:
            # Thin out the curve's older half; measured points stay.
            older = position.history[: _POINTS_KEPT // 2]
            kept = [p for n, p in enumerate(older) if n % 2 == 0 or p.held_out is not None]
            position.history[: _POINTS_KEPT // 2] = kept
        return loss

    def _step(self, rate: float) -> None:
        rows = self._rows_of_step(self._position.step)
        lengths = self._learnt.lengths[rows]
        counted = int((lengths - 1).sum())
        for start in range(0, len(rows), self._plan.rows_at_once):
            ids, row_lengths = self._batch(
                self._learnt, rows[start : start + self._plan.rows_at_once]
            )
            loss = self._forward(self._loss, ids, row_lengths)
            (loss / counted).backward()  # type: ignore[no-untyped-call]
            self._recent.append(loss.detach())
        self._recent_tokens += counted
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        nn.utils.clip_grad_norm_(self._parameters, CLIP)
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        self._position.step += 1
        self._position.tokens += int(lengths.sum())

    def _rows_of_step(self, step: int) -> NDArray[np.int64]:
        """Return the rows of a step: the passes' orders one behind the other."""
        wanted = self._plan.rows_per_step
        start = step * wanted
        chosen = []
        while wanted:
            number, offset = divmod(start, len(self._learnt))
            if self._order[0] != number:
                self._order = (number, self._learnt.pass_order(number, self._plan.seed))
            part = self._order[1][offset : offset + wanted]
            chosen.append(part)
            wanted -= len(part)
            start += len(part)
        return np.concatenate(chosen)

    def _batch(self, store: RowStore, rows: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        ids = torch.from_numpy(store.tokens[rows].astype(np.int64))
        lengths = torch.from_numpy(store.lengths[rows].astype(np.int64))
        if self._device.type != "cuda":
            return ids, lengths
        return (
            ids.pin_memory().to(self._device, non_blocking=True),
            lengths.pin_memory().to(self._device, non_blocking=True),
        )

    def _forward(self, loss: Callable[..., Tensor], ids: Tensor, lengths: Tensor) -> Tensor:
        with torch.autocast(
            self._device.type, dtype=torch.bfloat16, enabled=uses_bf16(self._device)
        ):
            return loss(gpt2_inside(self._model), ids, lengths)

    def measure_speed(self) -> float:
        """Return tokens a second of this machine, from a piece of a step that changes nothing."""
        rows = np.arange(min(len(self._learnt), self._plan.rows_at_once))
        devices = [self._device] if self._device.type == "cuda" else []
        tokens, took_s = int(self._learnt.lengths[rows].sum()), math.inf
        with torch.random.fork_rng(devices=devices):
            for _ in range(2):  # the first one warms up
                begin_s = time.monotonic()
                loss = self._forward(summed_loss, *self._batch(self._learnt, rows))
                loss.backward()  # type: ignore[no-untyped-call]
                took_s = time.monotonic() - begin_s
        self._optimizer.zero_grad(set_to_none=True)
        return tokens / max(took_s, 1e-6)

    def measure(self) -> float:
        """Return the loss on held-out rows, in nats a token."""
        self._model.eval()
        rows = np.arange(min(len(self._held_out), self._plan.held_out_rows))
        total, counted = 0.0, 0
        with torch.no_grad():
            for start in range(0, len(rows), self._plan.rows_at_once):
                chosen = rows[start : start + self._plan.rows_at_once]
                ids, lengths = self._batch(self._held_out, chosen)
                # Not the compiled loss: another graph would cost more than it saves here.
                total += float(self._forward(summed_loss, ids, lengths))
                counted += int((lengths - 1).sum())
        self._model.train()
        return total / max(1, counted)

    def _evaluate(self) -> None:
        position = self._position
        held_out = self.measure()
        position.last_held_out = held_out
        self._note(held_out)
        self._progress.measured(position.history[-1])
        if held_out < position.best_held_out:
            position.best_held_out = held_out
            if self._plan.keep_best:
                save_best(self._work, self._model)

    def checkpoint(self) -> None:
        """Write a checkpoint of this moment."""
        self._position.elapsed_s = time.monotonic() - self._begin_s
        facts = {**self._facts, "position": self._position.facts()}
        save_checkpoint(self._work, self._model, self._optimizer, facts)
