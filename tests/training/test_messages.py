import inspect
from pathlib import Path

import pytest

from bot.errors import InvalidParameterError, RedactorError
from bot.texts.training import EN, ES, TrainingTexts
from bot.training import errors
from bot.training.messages import describe_error, number

FOLDER = Path("/clase/textos")
ALL: list[RedactorError] = [
    errors.NoTextsError(FOLDER),
    errors.NoTextsError(FOLDER, ("trabajo.docx",)),
    errors.TooLittleTextError(12, 2000, 1),
    errors.TooLittleTextError(12, 2000, 2),
    errors.TextTooLargeError(FOLDER, 200_000_000),
    errors.LinkedOutError(FOLDER),
    errors.UnreadableTextError(FOLDER, "reason"),
    errors.ResultExistsError(FOLDER),
    errors.UnfinishedTrainingError(FOLDER),
    errors.NothingToResumeError(FOLDER),
    errors.ChangedTrainingError(("seed",)),
    errors.NotEnoughDiskError(FOLDER, 5_000_000, 1_000_000),
    errors.NotEnoughDiskError(FOLDER, 0, 1_000),
    errors.UnknownSizeError("enorme", ("mini",)),
    errors.BaseModelError("gpt5", "no such folder"),
    errors.DivergedError(7),
    InvalidParameterError("learning_rate", 9, 0, 1),
]


@pytest.mark.parametrize("texts", [ES, EN])
@pytest.mark.parametrize("error", ALL, ids=lambda error: type(error).__name__)
def test_every_error_has_its_sentence(error: RedactorError, texts: TrainingTexts) -> None:
    sentence = describe_error(error, texts)
    assert sentence != str(error)
    assert "{" not in sentence


def test_no_error_is_forgotten() -> None:
    known = {type(error) for error in ALL}
    for _, cls in inspect.getmembers(errors, inspect.isclass):
        if issubclass(cls, errors.TrainingError) and cls is not errors.TrainingError:
            assert cls in known


def test_numbers_follow_the_language() -> None:
    assert number(1234567.891, 2, ES) == "1\xa0234\xa0567,89"
    assert number(1234567.891, 2, EN) == "1,234,567.89"
