"""What a training is asked for, and what it gives back."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from bot.errors import InvalidParameterError
from bot.training.errors import UnknownSizeError

SIZES: dict[str, tuple[int, int]] = {
    "tiny": (2, 64),
    "mini": (4, 256),
    "small": (6, 384),
    "medium": (8, 512),
    "gpt2": (12, 768),
}
"""Layers and width of the models that can be trained from nothing; heads are 64 wide."""

LARGE_MODEL_PARAMETERS = 200_000_000
"""From this size on, LoRA is the default: AdamW's state for all weights takes 16 bytes each."""


def parse_size(size: str) -> tuple[int, int]:
    """Return layers and width of a size such as ``medium`` or ``8x512``.

    Raises:
        UnknownSizeError: It is neither.
    """
    if size in SIZES:
        return SIZES[size]
    layers, cross, width = size.partition("x")
    if not (cross and layers.isdigit() and width.isdigit()):
        raise UnknownSizeError(size, tuple(SIZES))
    if not 1 <= int(layers) <= 96 or not 32 <= int(width) <= 4096 or int(width) % 32:
        raise UnknownSizeError(size, tuple(SIZES))
    return int(layers), int(width)


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """A training, from the texts to the folder of the result.

    The training ends at the first of ``minutes``, ``steps`` and ``passes``. The learning rate
    follows the share of the nearest of them that is done, so it always reaches its end. With
    ``minutes`` alone the clock decides, and an interrupted training resumed is no longer bit for
    bit an unbroken one; with ``steps`` or ``passes`` reached before the time is up, it is.

    Attributes:
        texts: Folder with ``.txt`` and ``.txt.xz`` files, searched with its subfolders.
        out: Folder of the result; must not exist.
        base: Folder or Hub id to start from; None trains from nothing.
        size: From nothing: a name in ``SIZES`` or ``LAYERSxWIDTH``.
        vocabulary_size: From nothing: tokens of the new vocabulary.
        context_tokens: From nothing: window; else rows are cut to it (None = 1024 or the base's).
        minutes: Time for the whole training loop, over all its sessions; None = no limit.
        steps: Optimizer steps; None = no limit.
        passes: Times that each text is seen; None = no limit, when fine-tuning six.
        learning_rate: Peak; None = chosen by size and by what is trained.
        batch_tokens: Tokens a step; None = chosen by device and size of the text.
        lora: Train adapters instead of all weights; None = from ``LARGE_MODEL_PARAMETERS`` on.
        evaluations: Times that the held-out loss is measured.
        frames: Contents of ``redactor.json``; None = the base's, if it has one.
        seed: Order of the data and first weights.
        device: ``auto``, ``cpu`` or ``cuda``.
        resume: Go on from the checkpoint of an interrupted training.
        restart: Throw such a checkpoint away and begin again.
    """

    texts: Path
    out: Path
    base: str | None = None
    size: str = "mini"
    vocabulary_size: int = 8192
    context_tokens: int | None = None
    minutes: float | None = 20.0
    steps: int | None = None
    passes: float | None = None
    learning_rate: float | None = None
    batch_tokens: int | None = None
    lora: bool | None = None
    evaluations: int = 20
    frames: dict[str, object] | None = None
    seed: int = 1
    device: str = "auto"
    resume: bool = False
    restart: bool = False

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            InvalidParameterError: A value is out of its range.
            UnknownSizeError: The size is not known.
        """
        parse_size(self.size)
        for name, minimum, maximum in _RANGES:
            value = getattr(self, name)
            if value is not None and not minimum <= value <= maximum:
                raise InvalidParameterError(name, value, minimum, maximum)
        if self.minutes is None and self.steps is None and self.passes is None:
            raise InvalidParameterError("minutes", None, 0.01, 100_000)
        if self.device not in {"auto", "cpu", "cuda"}:
            raise InvalidParameterError("device", self.device)

    @property
    def keeps_best(self) -> bool:
        """Whether the weights with the least held-out loss are what is saved."""
        return self.base is not None

    @property
    def base_name(self) -> str | None:
        """The base without the folders it lies in; None for a model from nothing."""
        if self.base is None or not Path(self.base).exists():
            return self.base
        return Path(self.base).name

    @property
    def work(self) -> Path:
        """Folder of the token files and the checkpoint, beside the result."""
        return self.out.parent / f".{self.out.name}.training"


_RANGES: tuple[tuple[str, float, float], ...] = (
    ("vocabulary_size", 257, 65_535),
    ("context_tokens", 16, 8192),
    ("minutes", 0.01, 100_000),
    ("steps", 1, 100_000_000),
    ("passes", 0.01, 10_000),
    ("learning_rate", 1e-7, 1.0),
    ("batch_tokens", 16, 16_777_216),
    ("evaluations", 1, 10_000),
)

SESSION_OPTIONS = frozenset({"resume", "restart", "device", "evaluations"})
"""Options that may change between the sessions of one training."""


def comparable(options: TrainingOptions) -> dict[str, str]:
    """Return what must stay the same when a training is resumed, by name."""
    return {
        item.name: str(getattr(options, item.name))
        for item in dataclasses.fields(options)
        if item.name not in SESSION_OPTIONS
    }


@dataclass(frozen=True, slots=True)
class LossPoint:
    """The losses at one moment.

    Attributes:
        step: Optimizer steps done.
        tokens: Tokens seen.
        elapsed_s: Seconds of training, over all sessions.
        learning_rate: The rate of that step.
        loss: Mean training loss since the last point, in nats a token.
        held_out: Held-out loss in nats a token, or None where it was not measured.
    """

    step: int
    tokens: int
    elapsed_s: float
    learning_rate: float
    loss: float
    held_out: float | None = None


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """How a training ended.

    Attributes:
        out: Folder of the result; exists only if ``finished``.
        work: Folder with the checkpoint; exists only if not ``finished``.
        finished: False after an interruption or a pause.
        parameters: Weights of the model.
        steps: Optimizer steps done.
        tokens: Tokens seen.
        elapsed_s: Seconds of training, over all sessions.
        tokens_per_s: Speed of this session.
        first_held_out: Held-out loss before the first step, in nats a token.
        held_out: Held-out loss of the saved weights, in nats a token.
        bits_per_byte: The same in bits for each byte of held-out text.
        history: The curve.
    """

    out: Path
    work: Path
    finished: bool
    parameters: int
    steps: int
    tokens: int
    elapsed_s: float
    tokens_per_s: float
    first_held_out: float
    held_out: float
    bits_per_byte: float
    history: tuple[LossPoint, ...]
