"""Numbers and errors of a training as a person reads them."""

from collections.abc import Sequence

from bot.errors import InvalidParameterError, RedactorError
from bot.texts.numbers import thousands
from bot.texts.training import TrainingTexts
from bot.training import errors

_MB = 1_000_000
_NAMES = 5


def number(value: float, decimals: int, texts: TrainingTexts) -> str:
    """Write a number as the language does."""
    return thousands(value, comma=texts.decimal_comma, decimals=decimals)


def describe_error(error: RedactorError, texts: TrainingTexts) -> str:
    """Return the sentence that tells a person what is wrong and what to do."""
    return _about_texts(error, texts) or _about_places(error, texts) or _others(error, texts)


def _about_texts(error: RedactorError, texts: TrainingTexts) -> str:
    match error:
        case errors.NoTextsError(documents=()):
            return texts.no_texts.format(folder=error.folder)
        case errors.NoTextsError():
            return texts.only_documents.format(folder=error.folder, names=names(error.documents))
        case errors.TooLittleTextError(records=1):
            return texts.only_one_text
        case errors.TooLittleTextError():
            return texts.too_little_text.format(
                characters=number(error.characters, 0, texts),
                minimum=number(error.minimum, 0, texts),
                records=number(error.records, 0, texts),
            )
        case errors.UnreadableTextError():
            return texts.unreadable_text.format(path=error.path)
        case errors.TextTooLargeError():
            most = number(error.greatest_bytes / _MB, 0, texts)
            return texts.text_too_large.format(path=error.path, most=most)
        case errors.LinkedOutError():
            return texts.linked_out.format(path=error.path)
    return ""


def names(all_of_them: Sequence[str]) -> str:
    """Return the first few names, and that there are more."""
    shown = ", ".join(all_of_them[:_NAMES])
    return shown if len(all_of_them) <= _NAMES else f"{shown}…"


def _about_places(error: RedactorError, texts: TrainingTexts) -> str:
    match error:
        case errors.ResultExistsError():
            return texts.result_exists.format(path=error.path)
        case errors.UnfinishedTrainingError():
            return texts.unfinished.format(work=error.work)
        case errors.NothingToResumeError():
            return texts.nothing_to_resume.format(work=error.work)
        case errors.NotEnoughDiskError(needed_bytes=0):
            return texts.disk_full.format(path=error.path)
        case errors.NotEnoughDiskError():
            return texts.not_enough_disk.format(
                path=error.path,
                needed=number(error.needed_bytes / _MB, 0, texts),
                free=number(error.free_bytes / _MB, 0, texts),
            )
    return ""


def _others(error: RedactorError, texts: TrainingTexts) -> str:
    match error:
        case errors.ChangedTrainingError():
            return texts.changed.format(names=", ".join(error.names))
        case errors.UnknownSizeError():
            return texts.unknown_size.format(size=error.size, known=", ".join(error.known))
        case errors.BaseModelError():
            return texts.base_model.format(base=error.base, reason=error.reason)
        case errors.DivergedError():
            return texts.diverged.format(step=error.step)
        case InvalidParameterError():
            return texts.parameter.format(
                name=f"--{error.name.replace('_', '-')}",
                value=error.value,
                minimum=error.minimum,
                maximum=error.maximum,
            )
    return str(error)
