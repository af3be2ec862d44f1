"""The figures of a training: what is read, in what shares, how fast is learnt."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bot.workshop.texts.exposures import Mixture

LESSON = "lesson.json"


@dataclass(frozen=True, slots=True)
class Lesson:
    """A training.

    Attributes:
        size: Layers × width.
        context_tokens: The window.
        text_tokens: Longer texts are cut at it. What leads from a topic to its text is all in the
            beginning, so that a short cut teaches just that at a third of the cost.
        batch_tokens: Tokens of a step, padding included.
        rate: The learning rate after warm-up, the same for both optimizers.
        warmup_steps: Steps from 0 to that rate.
        weight_decay: Of the matrices, for each step as a share of the rate.
        muon: Whether Muon moves the matrices; AdamW is cheaper for a few small steps.
        dropout: Share of the activations that is left out.
        general_tokens: With how many tokens it learns Spanish in general first.
        general: What these are drawn from.
        main: What everything after them is drawn from.
        last: What the decay is drawn from.
        seed: Of the first weights and of everything that is drawn.
    """

    size: str = "4x256"
    context_tokens: int = 1024
    text_tokens: int = 1024
    batch_tokens: int = 8192
    rate: float = 2e-3
    warmup_steps: int = 150
    weight_decay: float = 0.1
    muon: bool = True
    dropout: float = 0.1
    general_tokens: int = 0
    general: Mixture = field(default=Mixture(cards=30, compositions=15, guesses=0, passages=55))
    main: Mixture = field(
        default=Mixture(
            cards=35, compositions=14, guesses=3, passages=12, kinds=20, sentences=8, forms=8
        )
    )
    last: Mixture = field(
        default=Mixture(
            cards=38, compositions=17, guesses=3, passages=4, kinds=22, sentences=8, forms=8
        )
    )
    seed: int = 1

    def write(self, folder: Path) -> None:
        """Keep the figures beside what comes of them."""
        text = json.dumps(asdict(self), indent=2) + "\n"
        (folder / LESSON).write_text(text, encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> "Lesson":
        """Read what `write` kept."""
        return cls(**cls.parse(json.loads((folder / LESSON).read_text(encoding="utf-8"))))

    @staticmethod
    def parse(figures: dict[str, Any]) -> dict[str, Any]:
        """Return figures read from JSON as those of a lesson."""
        mixtures = ("general", "main", "last")
        return {
            key: Mixture(**value) if key in mixtures else value for key, value in figures.items()
        }
