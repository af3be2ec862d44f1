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

from pathlib import Path

from bot.errors import RedactorError


class TrainingError(RedactorError):
    """A training cannot start or cannot go on."""


class NoTextsError(TrainingError):
    """The folder does not exist or holds no text file.

    Attributes:
        folder: Where texts were looked for.
        documents: Names of files there that hold text in another form.
    """

    def __init__(self, folder: Path, documents: tuple[str, ...] = ()) -> None:
        self.folder = folder
        self.documents = documents
        super().__init__(f"no .txt or .txt.xz file with text in {folder}")


class TooLittleTextError(TrainingError):
    """There is less text than a model can learn from.

    Attributes:
        characters: Characters found.
        minimum: Characters needed.
        records: Texts found; two are needed, one of them to measure with.
    """

    def __init__(self, characters: int, minimum: int, records: int) -> None:
        self.characters = characters
        self.minimum = minimum
        self.records = records
        super().__init__(f"{characters} characters in {records} texts, {minimum} needed")


class UnreadableTextError(TrainingError):
    """A file is no text in UTF-8, UTF-16 with a mark, or Windows-1252.

    Attributes:
        path: The file.
        reason: What was met, in English, for the log.
    """

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: {reason}")


class TextTooLargeError(TrainingError):
    """A file is larger than any text, perhaps only once it is unpacked.

    Attributes:
        path: The file.
        greatest_bytes: What is read at most.
    """

    def __init__(self, path: Path, greatest_bytes: int) -> None:
        self.path = path
        self.greatest_bytes = greatest_bytes
        super().__init__(f"{path} has more than {greatest_bytes} bytes")


class LinkedOutError(TrainingError):
    """A file in the folder is a link to one outside of it, which nobody meant to be learnt.

    Attributes:
        path: The link.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"{path} leads out of the folder")


class ResultExistsError(TrainingError):
    """Something already stands where the result should go; it is never overwritten.

    Attributes:
        path: The folder asked for.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"{path} exists")


class UnfinishedTrainingError(TrainingError):
    """An earlier training towards the same result was interrupted; it can go on.

    Attributes:
        work: The folder of its checkpoint.
    """

    def __init__(self, work: Path) -> None:
        self.work = work
        super().__init__(f"unfinished training in {work}")


class NothingToResumeError(TrainingError):
    """There is no checkpoint to go on from.

    Attributes:
        work: Where it would be.
    """

    def __init__(self, work: Path) -> None:
        self.work = work
        super().__init__(f"no checkpoint in {work}")


class ChangedTrainingError(TrainingError):
    """The checkpoint was made with other options or other texts.

    Attributes:
        names: The options that differ.
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        super().__init__(f"the checkpoint was made with other {', '.join(names)}")


class NotEnoughDiskError(TrainingError):
    """The disk has too little room.

    Attributes:
        path: Where the room is needed.
        needed_bytes: Room needed, or 0 where only the failure is known.
        free_bytes: Room there is.
    """

    def __init__(self, path: Path, needed_bytes: int, free_bytes: int) -> None:
        self.path = path
        self.needed_bytes = needed_bytes
        self.free_bytes = free_bytes
        super().__init__(f"{path}: {needed_bytes} bytes needed, {free_bytes} free")


class UnknownSizeError(TrainingError):
    """The size is neither a known name nor of the form ``8x512``.

    Attributes:
        size: What was asked for.
        known: The names there are.
    """

    def __init__(self, size: str, known: tuple[str, ...]) -> None:
        self.size = size
        self.known = known
        super().__init__(f"size {size!r}, known: {', '.join(known)}")


class BaseModelError(TrainingError):
    """The model to start from cannot be loaded, or is no GPT-2.

    Attributes:
        base: Its folder or Hub id.
        reason: What the loader said, in English.
    """

    def __init__(self, base: str, reason: str) -> None:
        self.base = base
        self.reason = reason
        super().__init__(f"cannot start from {base!r}: {reason}")


class DivergedError(TrainingError):
    """The loss is no number any more: the learning rate is too high.

    Attributes:
        step: The step at which this was seen.
    """

    def __init__(self, step: int) -> None:
        self.step = step
        super().__init__(f"loss is not finite at step {step}")
