"""What can be wrong with a training; ``describe_error`` in ``messages`` makes sentences of it.

::

    TrainingError
    ├── NoTextsError
    ├── TooLittleTextError
    ├── UnreadableTextError
    ├── TextTooLargeError
    ├── LinkedOutError
    ├── ResultExistsError
    ├── UnfinishedTrainingError
    ├── NothingToResumeError
    ├── ChangedTrainingError
    ├── NotEnoughDiskError
    ├── UnknownSizeError
    ├── BaseModelError
    └── DivergedError
"""

from dataclasses import dataclass
from pathlib import Path

from bot.errors import RedactorError


class TrainingError(RedactorError):
    """A training cannot start or cannot go on."""


@dataclass(eq=False)
class NoTextsError(TrainingError):
    """The folder does not exist or holds no text file; perhaps ``documents`` in another form."""

    folder: Path
    documents: tuple[str, ...] = ()


@dataclass(eq=False)
class TooLittleTextError(TrainingError):
    """There are fewer characters than a model can learn from, or less than two texts."""

    characters: int
    minimum: int
    records: int


@dataclass(eq=False)
class UnreadableTextError(TrainingError):
    """A file is no text in UTF-8, UTF-16 with a mark, or Windows-1252.

    Attributes:
        path: The file.
        reason: What was met, in English, for the log.
    """

    path: Path
    reason: str


@dataclass(eq=False)
class TextTooLargeError(TrainingError):
    """A file is larger than any text, perhaps only once it is unpacked."""

    path: Path
    greatest_bytes: int


@dataclass(eq=False)
class LinkedOutError(TrainingError):
    """A file in the folder is a link to one outside of it, which nobody meant to be learnt."""

    path: Path


@dataclass(eq=False)
class ResultExistsError(TrainingError):
    """Something already stands where the result should go; it is never overwritten."""

    path: Path


@dataclass(eq=False)
class UnfinishedTrainingError(TrainingError):
    """An earlier training towards the same result was interrupted; ``work`` has its checkpoint."""

    work: Path


@dataclass(eq=False)
class NothingToResumeError(TrainingError):
    """There is no checkpoint to go on from in ``work``."""

    work: Path


@dataclass(eq=False)
class ChangedTrainingError(TrainingError):
    """The checkpoint was made with other values of these options."""

    names: tuple[str, ...]


@dataclass(eq=False)
class NotEnoughDiskError(TrainingError):
    """The disk has too little room; ``needed_bytes`` is 0 where only the failure is known."""

    path: Path
    needed_bytes: int
    free_bytes: int


@dataclass(eq=False)
class UnknownSizeError(TrainingError):
    """The size is neither a known name nor of the form ``8x512``."""

    size: str
    known: tuple[str, ...]


@dataclass(eq=False)
class BaseModelError(TrainingError):
    """The model to start from cannot be loaded, or is no GPT-2; the reason is in English."""

    base: str
    reason: str


@dataclass(eq=False)
class DivergedError(TrainingError):
    """The loss is no number any more at this step: the learning rate is too high."""

    step: int
