"""What people mean who write neither a command nor a topic, and one-off settings of a request.

Pure: no Telegram, no database. Only whole messages count, so that a greeting in the middle of a
sentence leaves it the topic that it is.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.storage.records import LENGTHS, RANGES, Preferences, Style
from bot.telegram.commands.config_fields import folded, named_value


class Talk(StrEnum):
    """What is said where no topic is meant."""

    GREETING = "greeting"
    THANKS = "thanks"
    GOODBYE = "goodbye"
    HELP = "help"
    CANCEL = "cancel"
    WHO = "who"
    VAGUE = "vague"
    INSULT = "insult"


class Deed(StrEnum):
    """What is done with an essay."""

    AGAIN = "again"
    CONTINUE = "continue"
    CHANGE = "change"
    """The same topic and draws, with other settings."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A wish about an essay.

    Attributes:
        deed: What is to be done.
        preferences: With which settings.
    """

    deed: Deed
    preferences: Preferences


_TALK: Mapping[str, Talk] = {
    word: talk
    for talk, words in {
        Talk.GREETING: "hola buenas buenosdias buenastardes buenasnoches quetal holaquetal hey "
        "holabot ola hello hi goodmorning goodafternoon",
        Talk.THANKS: "gracias muchasgracias milgracias thanks thankyou graciasbot",
        Talk.GOODBYE: "adios hastaluego hastamanana chao chau bye goodbye seeyou",
        Talk.HELP: "ayuda ayudame help comofunciona comoseusa quepuedeshacer",
        Talk.CANCEL: "cancelar cancela cancelalo cancel paralo",
        Talk.WHO: "quieneres queeres eresunapersona eresunrobot ereshumano eresunamaquina "
        "whoareyou areyouaperson areyouarobot whatareyou",
        Talk.VAGUE: "si no ok vale bueno sip nop ya yes no okey okay jaja jajaja jajajaja haha "
        "hahaha xd lol",
        Talk.INSULT: "tonto tonta idiota imbecil estupido estupida erestonto eresidiota "
        "eresestupido callate inutil eresinutil stupid idiot shutup",
    }.items()
    for word in words.split()
}
_AGAIN = frozenset("otra otro otravez again another".split())  # noqa: SIM905 - a list of words
_CONTINUE = frozenset("continuar continua sigue seguir continue goon".split())  # noqa: SIM905
_SHORTER = frozenset("mascorto mascorta masbreve shorter".split())  # noqa: SIM905
_LONGER = frozenset("maslargo maslarga longer".split())  # noqa: SIM905
_FREER = frozenset("mascreativo mascreativa morecreative".split())  # noqa: SIM905
_VERSE = frozenset("enverso inverse poema poem".split())  # noqa: SIM905
_OTHERWISE = frozenset("otroestilo conotroestilo enotroestilo anotherstyle".split())  # noqa: SIM905
_WORDS = re.compile(r"(\d{2,4})\s*(palabras|words)?", re.IGNORECASE)
_EMOJI_CHARACTERS = 8
MOST_IDEAS, _IDEA_WORDS, _IDEA_CHARACTERS = 7, 5, 40
_IN_STYLE = re.compile(r"(?:como|en|as an?|as)\s+(?:un\s+|una\s+)?(\w+)", re.IGNORECASE)


def talk_of(text: str) -> Talk | None:
    """What a message means that is no topic; None for a topic."""
    word = folded(text)
    if not word:
        return Talk.VAGUE if text.strip() and len(text.strip()) <= _EMOJI_CHARACTERS else None
    return _TALK.get(word)


def wish_of(text: str, preferences: Preferences) -> Wish | None:
    """The wish about an essay that a message is; None if it is none.

    Args:
        text: The message.
        preferences: Those of the essay.
    """
    word = folded(text)
    least, most = (int(bound) for bound in RANGES["words"])
    if word in _AGAIN:
        return Wish(Deed.AGAIN, preferences)
    if word in _CONTINUE:
        return Wish(Deed.CONTINUE, preferences)
    if word in _SHORTER:
        return _changed(preferences, words=max(least, preferences.words // 2))
    if word in _LONGER:
        return _changed(preferences, words=min(most, preferences.words * 2))
    if word in _FREER:
        warmest = RANGES["temperature"][1]
        return _changed(preferences, temperature=min(warmest, preferences.temperature + 0.4))
    if word in _VERSE:
        return _changed(preferences, style=Style.POEM)
    if word in _OTHERWISE:
        styles = list(Style)
        following = styles[(styles.index(preferences.style) + 1) % len(styles)]
        return _changed(preferences, style=following)
    if (match := _WORDS.fullmatch(text.strip())) and match[2]:
        return _changed(preferences, words=min(max(int(match[1]), least), most))
    if match := _IN_STYLE.fullmatch(text.strip()):
        style = named_value("style", match[1])
        return None if style is None else _changed(preferences, style=style)
    return None


def one_off(text: str, preferences: Preferences) -> tuple[str, Preferences]:
    """A topic, and the settings that stand before it: ``poema: El mar``, ``carta 120: El mar``.

    What stands before a colon and is no setting belongs to the topic.
    """
    before, colon, topic = text.partition(":")
    words = before.split()
    if not colon or not topic.strip() or not 1 <= len(words) <= 2:
        return text, preferences
    least, most = (int(bound) for bound in RANGES["words"])
    changes: dict[str, object] = {}
    for word in words:
        style, length = named_value("style", word), LENGTHS.get(folded(word))
        if style is not None:
            changes["style"] = style
        elif length is not None:
            changes["words"] = length
        elif word.isdecimal() and least <= int(word) <= most:
            changes["words"] = int(word)
        else:
            return text, preferences
    return topic.strip(), replace(preferences, **changes)  # type: ignore[arg-type]


def topic_and_ideas(text: str) -> tuple[str, tuple[str, ...]]:
    """A topic, and a person's own ideas behind it: ``El mar: gaviotas, redes, mi abuelo``.

    Two or more short ones make a plan, seven at most; anything else belongs to the topic.
    """
    topic, _, rest = text.partition(":")
    ideas = ideas_in(rest)
    are_ideas = topic.strip() and len(ideas) > 1
    return (topic.strip(), ideas) if are_ideas else (text, ())


def ideas_in(text: str) -> tuple[str, ...]:
    """Ideas separated by commas, each once; none if one is too long to be one."""
    ideas = [" ".join(idea.split()) for idea in text.strip().rstrip(".").split(",")]
    if any(len(idea.split()) > _IDEA_WORDS or len(idea) > _IDEA_CHARACTERS for idea in ideas):
        return ()
    return tuple(dict.fromkeys(idea for idea in ideas if idea))[:MOST_IDEAS]


def _changed(preferences: Preferences, **changes: object) -> Wish:
    return Wish(Deed.CHANGE, replace(preferences, **changes))  # type: ignore[arg-type]
