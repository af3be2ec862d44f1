"""The errors that cross rooms. They carry data; ``bot.texts`` turns them into sentences.

::

    RedactorError
    ├── StartupError                  the program cannot start; each has its own exit code
    │   ├── SettingsError
    │   ├── InvalidTokenError
    │   ├── PortTakenError
    │   ├── ModelNotFoundError
    │   ├── DatabaseError
    │   └── TelegramUnreachableError
    └── RequestError                  a person asked for something that cannot be done
        ├── EmptyTopicError
        ├── TopicTooLongError
        ├── InvalidParameterError
        ├── PromptTooLongError
        ├── QueueFullError
        ├── TooManyWaitingError
        ├── EngineBusyError
        ├── NothingToRepeatError
        ├── ShuttingDownError
        └── GenerationError           the service failed; trying again may help
"""

from typing import ClassVar


class RedactorError(Exception):
    """Any failure that this project names."""


class StartupError(RedactorError):
    """The program cannot start.

    Attributes:
        exit_code: What the process ends with, so that a supervisor can tell it from a crash.
    """

    exit_code: ClassVar[int] = 3


class SettingsError(StartupError):
    """A setting has a wrong value.

    Attributes:
        problems: One ``(environment variable, what is wrong)`` for each bad setting.
    """

    exit_code = 64

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{name}: {reason}" for name, reason in problems))


class InvalidTokenError(StartupError):
    """Telegram does not know the bot token."""

    exit_code = 65


class PortTakenError(StartupError):
    """Another program listens on the port.

    Attributes:
        port: The TCP port.
    """

    exit_code = 66

    def __init__(self, port: int) -> None:
        self.port = port
        super().__init__(f"port {port} is taken")


class ModelNotFoundError(StartupError):
    """There is no such model, or it cannot be loaded.

    Attributes:
        model: The name or folder asked for.
        reason: What the loader said, in English, for the operator.
    """

    exit_code = 67

    def __init__(self, model: str, reason: str) -> None:
        self.model = model
        self.reason = reason
        super().__init__(f"cannot load model {model!r}: {reason}")


class DatabaseError(StartupError):
    """The database cannot be opened or migrated.

    Attributes:
        url: The database's address, without its password.
        reason: What the driver said.
    """

    exit_code = 68

    def __init__(self, url: str, reason: str) -> None:
        self.url = url
        self.reason = reason
        super().__init__(f"cannot open database {url}: {reason}")


class TelegramUnreachableError(StartupError):
    """Telegram did not answer at start-up.

    Attributes:
        reason: What the network said, without the address, which holds the token.
    """

    exit_code = 69

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"cannot reach Telegram: {reason}")


class RequestError(RedactorError):
    """A person asked for something that cannot be done."""


class EmptyTopicError(RequestError):
    """The topic has no letters or digits."""


class TopicTooLongError(RequestError):
    """The topic has too many characters.

    Attributes:
        length: Characters received.
        limit: Characters allowed.
    """

    def __init__(self, length: int, limit: int) -> None:
        self.length = length
        self.limit = limit
        super().__init__(f"topic of {length} characters, limit {limit}")


class InvalidParameterError(RequestError):
    """A parameter is outside its range.

    Attributes:
        name: The parameter's name.
        value: What was given.
        minimum: The least allowed value, or None.
        maximum: The greatest allowed value, or None.
    """

    def __init__(
        self,
        name: str,
        value: object,
        minimum: float | None = None,
        maximum: float | None = None,
    ) -> None:
        self.name = name
        self.value = value
        self.minimum = minimum
        self.maximum = maximum
        super().__init__(f"{name} must be between {minimum} and {maximum}, not {value!r}")


class PromptTooLongError(RequestError):
    """The prompt does not fit into the model's window.

    Attributes:
        tokens: Length of the prompt.
        limit: Greatest length that leaves room for an answer.
    """

    def __init__(self, tokens: int, limit: int) -> None:
        self.tokens = tokens
        self.limit = limit
        super().__init__(f"prompt of {tokens} tokens, limit {limit}")


class QueueFullError(RequestError):
    """The class's queue is full.

    Attributes:
        limit: Essays that may wait at once.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"queue full at {limit}")


class TooManyWaitingError(RequestError):
    """This person already has as many essays waiting as one may.

    Attributes:
        limit: Essays that one person may have waiting.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"one person may have {limit} waiting")


class EngineBusyError(RequestError):
    """The generation service takes no more requests now.

    Attributes:
        limit: Requests it holds at once.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"engine busy with {limit} requests")


class NothingToRepeatError(RequestError):
    """There is no earlier essay to go on from or to write again."""


class ShuttingDownError(RequestError):
    """The program is stopping; the request was kept where that is possible."""


class GenerationError(RequestError):
    """The generation service failed.

    Attributes:
        reason: What it said, for the log.
        is_passing: Whether the same request may succeed later.
    """

    def __init__(self, reason: str, *, is_passing: bool = True) -> None:
        self.reason = reason
        self.is_passing = is_passing
        super().__init__(reason)
