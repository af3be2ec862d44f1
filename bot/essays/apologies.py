"""Errors become sentences here, and nowhere else."""

from bot.errors import (
    ClassRuleError,
    EmptyTopicError,
    EngineBusyError,
    FailureReason,
    GenerationError,
    InvalidParameterError,
    NothingToRepeatError,
    PromptTooLongError,
    QueueFullError,
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
        case ClassRuleError(rule=rule, value=value):
            return texts.class_rules[rule].format(value=value)
        case GenerationError(reason=reason):
            return reason_text(reason, texts)
    plain: dict[type[BaseException], str] = {
        EmptyTopicError: texts.empty_topic,
        NothingToRepeatError: texts.nothing_to_repeat,
        InvalidParameterError: texts.out_of_range,
    }
    return plain.get(type(error), texts.unknown)


def reason_text(reason: FailureReason, texts: FailureTexts) -> str:
    """Why the service wrote nothing, and what helps."""
    return {
        FailureReason.AWAY: texts.generation_away,
        FailureReason.REFUSED: texts.generation_refused,
        FailureReason.TOO_LONG: texts.prompt_too_long,
        FailureReason.EMPTY: texts.generation_empty,
        FailureReason.TIMEOUT: texts.generation_timeout,
        FailureReason.MISCONFIGURED: texts.generation_misconfigured,
    }[reason]
