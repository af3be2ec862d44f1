"""The errors that cross rooms. They carry data; ``bot.texts`` turns them into sentences.

::

    RedactorError
    ├── StartupError                  the program cannot start; each has its own exit code
    │   ├── SettingsError
    │   ├── InvalidTokenError
    │   ├── PortTakenError
    │   ├── KeyMissingError
    │   ├── ModelNotFoundError
    │   ├── ModelUnavailableError
    │   ├── DatabaseError
    │   ├── BackupError
    │   ├── NotInstalledError
    │   └── LeaseLostError
    └── RequestError                  a person asked for something that cannot be done
        ├── EmptyTopicError
        ├── TopicTooLongError
        ├── InvalidParameterError
        ├── QueueFullError
        ├── TooManyWaitingError
        ├── NothingToRepeatError
        ├── ClassRuleError            the person's class does not allow it
        └── GenerationError           the service did not write; its reason says what helps
            ├── PromptTooLongError
            └── EngineBusyError
"""

from enum import StrEnum

TRY_AGAIN = 75
"""Exit code of what may work by itself later (``EX_TEMPFAIL`` of sysexits.h)."""


class RedactorError(Exception):
    """Any failure that this project names."""


class StartupError(RedactorError):
    """The program cannot start.

    Attributes:
        exit_code: What the process ends with, so that a supervisor can tell it from a crash.
    """

    exit_code: int = 3


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


class KeyMissingError(StartupError):
    """The generation service is to be reached from elsewhere, and no key keeps anybody out.

    Attributes:
        host: The address it was to listen on.
    """

    exit_code = 64

    def __init__(self, host: str) -> None:
        self.host = host
        super().__init__(f"a service on {host} needs a key")


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


class ModelUnavailableError(StartupError):
    """The model cannot be had now, and may be later: the Hub is away, memory is short.

    Attributes:
        model: The name or folder asked for.
        reason: What failed, in English, for the operator.
    """

    exit_code = 70

    def __init__(self, model: str, reason: str) -> None:
        self.model = model
        self.reason = reason
        super().__init__(f"model {model!r} cannot be loaded now: {reason}")


class DatabaseError(StartupError):
    """The database cannot be opened or migrated.

    Attributes:
        url: The database's address, without its password.
        reason: What the driver said.
        is_passing: Whether it may work later: locked, full, the server away.
    """

    exit_code = 68

    def __init__(self, url: str, reason: str, *, is_passing: bool = False) -> None:
        self.url = url
        self.reason = reason
        self.is_passing = is_passing
        if is_passing:
            self.exit_code = TRY_AGAIN
        super().__init__(f"cannot open database {url}: {reason}")


class BackupProblem(StrEnum):
    """Why a database was not copied, or a copy not put back."""

    NO_DATABASE = "no_database"
    """There is none yet."""
    IS_THE_DATABASE = "is_the_database"
    """The file is the database itself."""
    NOT_A_BACKUP = "not_a_backup"
    """The file is damaged, of another kind of database, or of another program."""
    NO_PROGRAM = "no_program"
    """PostgreSQL's own program is not installed."""
    FAILED = "failed"
    """What does the work said why."""


class BackupError(StartupError):
    """A database was not copied, or a copy not put back; nothing was changed.

    Attributes:
        problem: What is in the way.
        subject: The file, the program, or the reason.
    """

    exit_code = 74

    def __init__(self, problem: BackupProblem, subject: str) -> None:
        self.problem = problem
        self.subject = subject
        super().__init__(f"{problem}: {subject}")


class LeaseLostError(StartupError):
    """Another process is the front of this bot."""

    exit_code = TRY_AGAIN

    def __init__(self) -> None:
        super().__init__("another process runs this bot")


class NotInstalledError(StartupError):
    """A package is not here that only the whole installation has: this one is the front alone.

    Attributes:
        package: Its name, as it is imported.
    """

    exit_code = 71

    def __init__(self, package: str) -> None:
        self.package = package
        super().__init__(f"{package} is not installed")


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


class NothingToRepeatError(RequestError):
    """There is no earlier essay to go on from or to write again."""


class ClassRule(StrEnum):
    """What a class may have against a request."""

    REMOVED = "removed"
    """The person was taken off the roster."""
    NO_LESSON = "no_lesson"
    """Essays are written in lessons only, and none is open."""
    ONLY_TOPIC = "only_topic"
    """Everybody writes on one topic, and this is another."""
    ENOUGH = "enough"
    """The person has as many essays as one may have in a lesson."""


class ClassRuleError(RequestError):
    """A person's class does not allow what they ask for.

    Attributes:
        rule: What is in the way.
        value: What the rule is about: a name, a topic, a number; or nothing.
    """

    def __init__(self, rule: ClassRule, value: str = "") -> None:
        self.rule = rule
        self.value = value
        super().__init__(rule)


class FailureReason(StrEnum):
    """Why the generation service wrote no text, or only a part of one."""

    AWAY = "away"
    """It does not answer, broke off, is loading or full: the same request may succeed later."""

    REFUSED = "refused"
    """It does not take this request, and never will."""

    TOO_LONG = "too_long"
    """The prompt does not fit into the model's window."""

    EMPTY = "empty"
    """It answered without a word. The same seed gives the same nothing."""

    TIMEOUT = "timeout"
    """It was silent for too long, or took too long for the whole text."""

    MISCONFIGURED = "misconfigured"
    """The address, the key or the model's name is wrong: the operator has to mend it."""


_PASSING_REASONS = frozenset({FailureReason.AWAY, FailureReason.TIMEOUT})


class GenerationError(RequestError):
    """The generation service did not write a text, or only a part of it.

    Attributes:
        reason: What kind of failure.
        detail: What the service or the network said, for the log; never what people wrote.
        has_begun: Whether a piece of the text had come before.
    """

    def __init__(
        self, reason: FailureReason, detail: str = "", *, has_begun: bool = False
    ) -> None:
        self.reason = reason
        self.detail = detail
        self.has_begun = has_begun
        super().__init__(f"{reason}: {detail}" if detail else str(reason))

    @property
    def is_passing(self) -> bool:
        """Whether the same request may succeed later."""
        return self.reason in _PASSING_REASONS


class PromptTooLongError(GenerationError):
    """The prompt does not fit into the model's window.

    Attributes:
        tokens: Length of the prompt.
        limit: Greatest length that leaves room for an answer.
    """

    def __init__(self, tokens: int, limit: int) -> None:
        self.tokens = tokens
        self.limit = limit
        super().__init__(FailureReason.TOO_LONG, f"prompt of {tokens} tokens, limit {limit}")


class EngineBusyError(GenerationError):
    """The generation service takes no more requests now.

    Attributes:
        limit: Requests it holds at once.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(FailureReason.AWAY, f"engine busy with {limit} requests")
