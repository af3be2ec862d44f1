"""What a teacher decides for a class, kept as one JSON value."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any

from bot.errors import InvalidParameterError
from bot.storage.records import RANGES, Language, Preferences, Style

TREATMENTS = ("fit", "serious", "refused")
"""How a group of topics can be treated."""

HELP_FIELDS = ("line", "phone", "hours", "web", "emergency", "school", "checked")
"""Where to find help: name, telephone, hours and page of a help line for minors; the emergency
number; whom to go to in the school; the day on which somebody checked all that."""


class LongTexts(StrEnum):
    """How an essay comes that does not fit into one message of a group."""

    FILE = "file"
    """As a file under the beginning of the text."""
    PRIVATE = "private"
    """In the private chat of whoever asked."""
    MESSAGES = "messages"
    """In up to two messages; what is longer still as a file."""
    RICH = "rich"
    """In one rich message, which older apps do not show; where Telegram refuses it, as a file."""


@dataclass(frozen=True, slots=True)
class ClassSettings:
    """A class's choices; the defaults are those of a class whose teacher chose nothing.

    Attributes:
        fixed: Values of ``Preferences`` that hold for everybody, by field.
        defaults: Values that somebody new begins with, by field.
        styles: The styles offered; empty for all.
        most_words: Ceiling of the length, or None.
        most_essays: Essays that one person may have in a lesson, or None.
        language: What the bot speaks in the group, or None for everybody's own.
        is_private: Whether essays go to the private chat of whoever asked.
        has_names: Whether essays, board and report name people; else they have pseudonyms.
        long_texts: How long essays come.
        has_votes: Whether readers can vote for essays.
        has_ideas: Whether the ideas of an essay are shown above it in the group.
        only_in_lessons: Whether essays are written only while a lesson is open.
        tells_distress: When a teacher hears that somebody may be in distress: ``always``,
            ``wish`` (if that person wants it), ``never``, or empty before anybody chose.
        filters: Groups of topics and how each is treated: ``fit``, ``serious`` or ``refused``.
        refused_words: Words and phrases that are not written about; a star stands for any letters.
        allowed_words: Words and phrases that nothing is to be found in.
        help: Where to find help, by the names in ``HELP_FIELDS``.
        thread_id: The topic of a forum in which the class works, or None.
    """

    fixed: Mapping[str, Any] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    styles: tuple[Style, ...] = ()
    most_words: int | None = None
    most_essays: int | None = None
    language: Language | None = None
    is_private: bool = False
    has_names: bool = True
    long_texts: LongTexts = LongTexts.FILE
    has_votes: bool = True
    has_ideas: bool = False
    only_in_lessons: bool = False
    tells_distress: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)
    refused_words: tuple[str, ...] = ()
    allowed_words: tuple[str, ...] = ()
    help: Mapping[str, str] = field(default_factory=dict)
    thread_id: int | None = None

    def __post_init__(self) -> None:
        for values in (self.fixed, self.defaults):
            Preferences(**values)  # raises for what no setting can be
        if self.most_words is not None:
            minimum, maximum = RANGES["words"]
            if not minimum <= self.most_words <= maximum:
                raise InvalidParameterError("words", self.most_words, minimum, maximum)


def rules(preferences: Preferences, settings: ClassSettings) -> Preferences:
    """A person's preferences as their class allows them.

    Raises:
        InvalidParameterError: Never for settings that were made by this version.
    """
    ruled = replace(preferences, **settings.fixed)
    if settings.most_words is not None:
        ruled = replace(ruled, words=min(ruled.words, settings.most_words))
    if settings.styles and ruled.style not in settings.styles:
        ruled = replace(ruled, style=settings.styles[0])
    return replace(ruled, language=settings.language) if settings.language else ruled


def settings_to_json(settings: ClassSettings) -> dict[str, Any]:
    """Settings as plain values."""
    return asdict(settings)


def settings_from_json(stored: Mapping[str, Any]) -> ClassSettings:
    """Settings from stored values; what this version does not know or allow is left out."""
    known = {one.name for one in fields(ClassSettings)}
    values = {name: value for name, value in stored.items() if name in known}
    try:
        language = values.get("language")
        return ClassSettings(
            **{
                **values,
                "fixed": _typed(values.get("fixed", {})),
                "defaults": _typed(values.get("defaults", {})),
                "styles": tuple(Style(one) for one in values.get("styles", ())),
                "filters": _treated(values.get("filters", {})),
                "refused_words": tuple(map(str, values.get("refused_words", ()))),
                "allowed_words": tuple(map(str, values.get("allowed_words", ()))),
                "long_texts": LongTexts(values.get("long_texts", LongTexts.FILE)),
                "language": None if language is None else Language(language),
            }
        )
    except (InvalidParameterError, TypeError, ValueError):
        return ClassSettings()


def _treated(filters: Mapping[str, str]) -> dict[str, str]:
    return {name: how for name, how in filters.items() if how in TREATMENTS}


def _typed(values: Mapping[str, Any]) -> dict[str, Any]:
    kinds = {"style": Style, "language": Language}
    return {name: kinds.get(name, lambda one: one)(value) for name, value in values.items()}
