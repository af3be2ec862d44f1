"""Choosing the numbers of a training that were not asked for."""

from dataclasses import dataclass

import torch

from bot.training.options import TrainingOptions
from bot.training.preparation import Prepared
from bot.training.rows import RowStore
from bot.training.schedule import Schedule

FINE_TUNING_PASSES = 6.0
"""A class's texts are few: more passes learn them by heart, and the held-out loss rises."""

WEIGHT_DECAY = 0.1
"""AdamW's, on matrices only."""
CLIP = 1.0
"""Greatest norm of the gradient."""
FINAL_SHARE = 0.05
"""Where the cosine of the learning rate ends, as a share of its peak."""

_STEPS_A_PASS = 25
_GPU_BATCH_TOKENS = 262_144
_CPU_BATCH_TOKENS = 8_192
_CPU_FINE_TUNING_BATCH_TOKENS = 4_096
_CPU_LOGIT_BYTES = 256_000_000
_GPU_LOGIT_SHARE = 0.12
_BYTES_PER_LOGIT = 10


@dataclass(frozen=True, slots=True)
class Plan:
    """The numbers of a training that don't change on the way.

    Attributes:
        schedule: Length and learning rate.
        rows_per_step: Rows of a batch.
        rows_at_once: Rows in memory at once.
        held_out_rows: Rows that a measurement looks at.
        evaluations: Times that held-out loss is measured.
        seed: Of the order of the data.
        keep_best: Whether the weights with the least held-out loss are kept.
    """

    schedule: Schedule
    rows_per_step: int
    rows_at_once: int
    held_out_rows: int
    evaluations: int
    seed: int
    keep_best: bool


def make_plan(
    options: TrainingOptions,
    learnt: RowStore,
    exposures: int,
    facts: tuple[int, int, int],
    device: torch.device,
) -> Plan:
    """Fill in what the options leave open.

    Args:
        options: The training.
        learnt: The rows to learn from.
        exposures: Times that they hold each text.
        facts: Parameters, width and vocabulary of the model.
        device: What computes.
    """
    _, width, vocabulary = facts
    context = learnt.tokens.shape[1]
    on_gpu = device.type == "cuda"
    rows_per_step = _rows_per_step(options, learnt, context, on_gpu)
    rows_at_once = min(rows_per_step, _rows_at_once(context, vocabulary, device))
    while rows_per_step % rows_at_once:
        rows_at_once -= 1
    steps = _steps(options, len(learnt) / exposures / rows_per_step)
    schedule = Schedule(
        peak=options.learning_rate or default_learning_rate(width, options),
        final_share=FINAL_SHARE,
        warmup_steps=_warmup(steps, on_gpu),
        steps=steps,
        seconds=None if options.minutes is None else 60 * options.minutes,
    )
    return Plan(
        schedule=schedule,
        rows_per_step=rows_per_step,
        rows_at_once=rows_at_once,
        held_out_rows=256 if on_gpu else 24,
        evaluations=options.evaluations,
        seed=options.seed,
        keep_best=options.keeps_best,
    )


def default_learning_rate(width: int, options: TrainingOptions) -> float:
    """Return a peak learning rate for AdamW: the wider the model, the smaller."""
    if options.base is None:
        return min(2e-3, 0.75 / width)
    return min(3e-4, 0.15 / width)


def _rows_per_step(options: TrainingOptions, learnt: RowStore, context: int, on_gpu: bool) -> int:
    if options.batch_tokens is not None:
        return max(1, options.batch_tokens // context)
    tokens = _GPU_BATCH_TOKENS
    if not on_gpu:
        tokens = _CPU_BATCH_TOKENS if options.base is None else _CPU_FINE_TUNING_BATCH_TOKENS
    return max(1, min(tokens // context, len(learnt) // _STEPS_A_PASS))


def _rows_at_once(context: int, vocabulary: int, device: torch.device) -> int:
    # The logits of one row in bf16, float32 and their gradient outweigh all else.
    row_bytes = context * vocabulary * _BYTES_PER_LOGIT
    room: float = _CPU_LOGIT_BYTES
    if device.type == "cuda":
        room = _GPU_LOGIT_SHARE * torch.cuda.get_device_properties(device).total_memory
    rows = max(1, int(room / row_bytes))
    return 1 << (rows.bit_length() - 1)


def _steps(options: TrainingOptions, steps_per_pass: float) -> int | None:
    passes = options.passes
    if passes is None and options.steps is None and options.base is not None:
        passes = FINE_TUNING_PASSES
    limits = [options.steps] if options.steps is not None else []
    if passes is not None:
        limits.append(max(1, round(passes * steps_per_pass)))
    return min(limits) if limits else None


def _warmup(steps: int | None, on_gpu: bool) -> int:
    if steps is None:
        return 100 if on_gpu else 20
    return min(200, max(steps // 50, min(10, steps // 4)))


def forecast(
    plan: Plan, learnt: RowStore, tokens_once: int, tokens_per_s: float
) -> tuple[float, float]:
    """Return how long a training will take, and how often it will read each text.

    Args:
        plan: Its numbers.
        learnt: Its rows.
        tokens_once: Tokens of all texts, each read once.
        tokens_per_s: The machine's speed.

    Returns:
        Seconds, and times.
    """
    limits = []
    if plan.schedule.steps is not None:
        limits.append(plan.schedule.steps * plan.rows_per_step * float(learnt.lengths.mean()))
    if plan.schedule.seconds is not None:
        limits.append(plan.schedule.seconds * tokens_per_s)
    return min(limits) / tokens_per_s, min(limits) / tokens_once


def recipe_facts(
    options: TrainingOptions,
    plan: Plan,
    prepared: Prepared,
    facts: tuple[int, int, int],
    device: str,
) -> dict[str, object]:
    """Return the numbers of a training for its model card."""
    _, width, vocabulary = facts
    schedule = plan.schedule
    limits = {"steps": schedule.steps, "minutes": options.minutes, "passes": options.passes}
    return {
        "width, vocabulary, window": f"{width}, {vocabulary:,}, {prepared.context_tokens:,}",
        "tokens a step": f"{plan.rows_per_step * prepared.context_tokens:,}",
        "ends after": ", ".join(f"{value} {name}" for name, value in limits.items() if value),
        "optimizer": f"AdamW, weight decay {WEIGHT_DECAY}, gradients cut at {CLIP}",
        "learning rate": (
            f"{schedule.peak:.2e}, {schedule.warmup_steps} steps of warm-up, cosine to "
            f"{schedule.final_share:.0%}"
        ),
        "seed": options.seed,
        "device": device,
        "torch": torch.__version__,
    }
