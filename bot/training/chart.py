"""A picture of the losses."""

from collections.abc import Sequence
from pathlib import Path

from bot.texts.training import TrainingTexts
from bot.training.options import LossPoint


def draw_losses(history: Sequence[LossPoint], path: Path, texts: TrainingTexts) -> None:
    """Write a PNG with the training loss and the held-out loss over the steps.

    Args:
        history: The curve; at least one point.
        path: The file to write.
        texts: Language of its labels.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    learnt = [point for point in history if point.step and point.held_out is None]
    measured = [point for point in history if point.held_out is not None]
    axes.plot(
        [point.step for point in learnt],
        [point.loss for point in learnt],
        color="#9db4c0",
        linewidth=1,
        label=texts.chart_training,
    )
    axes.plot(
        [point.step for point in measured],
        [point.held_out or 0.0 for point in measured],
        color="#b23a48",
        marker="o",
        markersize=3,
        label=texts.chart_held_out,
    )
    axes.set_title(texts.chart_title)
    axes.set_xlabel(texts.chart_steps)
    axes.set_ylabel(texts.chart_loss)
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path)
