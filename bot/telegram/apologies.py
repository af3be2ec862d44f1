"""Errors become sentences here, and nowhere else."""

from bot.errors import (
    EmptyTopicError,
    EngineBusyError,
    GenerationError,
    InvalidParameterError,
    NothingToRepeatError,
    PromptTooLongError,
    QueueFullError,
    ShuttingDownError,
    TooManyWaitingError,
    TopicTooLongError,
)
from bot.texts import FailureTexts


def failure_text(error: BaseException, texts: FailureTexts) -> str:
    """What went wrong and what to do about it, in a person's words."""
    match error:
        case TopicTooLongError(length=length, limit=limit):
            return texts.topic_too_long(length, limit)
        case QueueFullError(limit=limit):
            return texts.queue_full(limit)
        case TooManyWaitingError(limit=limit):
            return texts.too_many_waiting(limit)
        case PromptTooLongError():
            return texts.prompt_too_long
        case EngineBusyError():
            return texts.busy
        case GenerationError(is_passing=is_passing):
            return texts.generation_passing if is_passing else texts.generation_lasting
    plain: dict[type[BaseException], str] = {
        EmptyTopicError: texts.empty_topic,
        NothingToRepeatError: texts.nothing_to_repeat,
        ShuttingDownError: texts.shutting_down,
        InvalidParameterError: texts.out_of_range,
    }
    return plain.get(type(error), texts.unknown)
