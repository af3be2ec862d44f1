"""The settings of a person: words and buttons that change them, and how values are shown.

Pure: no Telegram, no database. What a person types is compared without accents, case, spaces and
hyphens, in Spanish and in English alike.
"""

import re
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.errors import InvalidParameterError
from bot.storage.records import LENGTHS, RANGES, Language, Preferences, Style
from bot.texts import ConfigTexts

Value = float | str | bool | None


class UnknownSettingError(Exception):
    """There is no setting of that name.

    Attributes:
        word: What was typed.
    """

    def __init__(self, word: str) -> None:
        self.word = word
        super().__init__("unknown setting")


class UnknownChoiceError(Exception):
    """A setting has no such value.

    Attributes:
        field: The setting.
    """

    def __init__(self, field: str) -> None:
        self.field = field
        super().__init__(f"unknown value for {field}")


class ValueMissingError(Exception):
    """A setting was named without a value.

    Attributes:
        field: The setting.
    """

    def __init__(self, field: str) -> None:
        self.field = field
        super().__init__(f"no value for {field}")


@dataclass(frozen=True, slots=True)
class Field:
    """One setting.

    Attributes:
        name: Its name in ``Preferences``.
        code: Its name on a button.
        words: What people call it, folded.
        choices: Values offered as buttons.
        is_whole: Whether only whole numbers make sense.
    """

    name: str
    code: str
    words: tuple[str, ...]
    choices: tuple[Value, ...] = ()
    is_whole: bool = False


FIELDS = (
    Field("words", "len", ("longitud", "palabras", "largo", "length", "words"),
          tuple(LENGTHS.values()), is_whole=True),
    Field("style", "sty", ("estilo", "tipo", "style", "kind"), tuple(Style)),
    Field("temperature", "tmp", ("creatividad", "temperatura", "creativity", "temperature"),
          (0.3, 0.6, 0.8, 1.0, 1.2)),
    Field("top_p", "top", ("topp", "p"), (0.8, 0.9, 0.95, 1.0)),
    Field("top_k", "tok", ("topk", "k"), (0, 20, 50, 100, 200), is_whole=True),
    Field("repetition_penalty", "rep",
          ("repeticion", "freno", "frenoalarepeticion", "repetition", "repetitionpenalty",
           "repetitionbrake", "penalizacion"),
          (1.0, 1.1, 1.2, 1.4)),
    Field("seed", "see", ("semilla", "seed"), is_whole=True),
    Field("chunk_units", "chu",
          ("trozo", "trozos", "mensaje", "mensajes", "tamano", "chunk", "chunks", "messagesize"),
          (500, 1000, 2000, 4096), is_whole=True),
    Field("candidates", "can", ("borradores", "borrador", "candidatos", "drafts", "candidates"),
          (1, 2, 3, 4, 8), is_whole=True),
    Field("live_preview", "pre",
          ("vista", "vistaendirecto", "vistaprevia", "directo", "preview", "livepreview"),
          (True, False)),
    Field("language", "lan", ("idioma", "lengua", "idiomadelbot", "language", "lang"),
          tuple(Language)),
)  # fmt: skip

BY_CODE: Mapping[str, Field] = {field.code: field for field in FIELDS}
BY_NAME: Mapping[str, Field] = {field.name: field for field in FIELDS}
_BY_WORD = {word: field for field in FIELDS for word in field.words}

RESET_WORDS = frozenset({"restablecer", "reiniciar", "reset", "defaults"})
_NEW_SEED = frozenset({"nueva", "nuevo", "aleatoria", "azar", "new", "random", "no", "off"})
_YES = frozenset({"si", "yes", "on", "activar", "activada", "1", "true", "verdadero"})
_NO = frozenset({"no", "off", "desactivar", "desactivada", "0", "false", "falso"})
_NAMED_VALUES: Mapping[str, Mapping[str, Value]] = {
    "words": {
        "corto": 120, "corta": 120, "short": 120,
        "medio": 250, "media": 250, "medium": 250,
        "largo": 500, "larga": 500, "long": 500,
        "muylargo": 1000, "muylarga": 1000, "verylong": 1000,
    },
    "style": {
        "ensayo": Style.ESSAY, "redaccion": Style.ESSAY, "essay": Style.ESSAY,
        "cuento": Style.STORY, "relato": Style.STORY, "story": Style.STORY,
        "descripcion": Style.DESCRIPTION, "description": Style.DESCRIPTION,
        "argumentacion": Style.ARGUMENT, "argumento": Style.ARGUMENT, "argument": Style.ARGUMENT,
        "poema": Style.POEM, "poesia": Style.POEM, "poem": Style.POEM, "poetry": Style.POEM,
        "carta": Style.LETTER, "letter": Style.LETTER,
        "noticia": Style.NEWS, "news": Style.NEWS, "newsitem": Style.NEWS,
        "explicacion": Style.EXPLANATION, "explanation": Style.EXPLANATION,
    },
    "language": {
        "espanol": Language.SPANISH, "castellano": Language.SPANISH, "spanish": Language.SPANISH,
        "es": Language.SPANISH,
        "ingles": Language.ENGLISH, "english": Language.ENGLISH, "en": Language.ENGLISH,
    },
}  # fmt: skip
_NUMBER = re.compile(r"[+-]?\d{1,3}(?:[. \u00a0]\d{3})+|[+-]?\d+(?:[.,]\d+)?|[+-]?[.,]\d+")


def folded(word: str) -> str:
    """A word without case, accents, spaces, hyphens and underscores."""
    plain = unicodedata.normalize("NFKD", word.casefold())
    return "".join(character for character in plain if character.isalnum())


def changed_by_words(preferences: Preferences, words: list[str]) -> tuple[Preferences, str]:
    """Do what ``/config WORD… VALUE…`` asks for.

    Args:
        preferences: The settings before.
        words: What was typed, at least one word.

    Returns:
        The settings after, and the name of the setting that changed.

    Raises:
        UnknownSettingError: No setting is called so.
        ValueMissingError: The setting has no value.
        UnknownChoiceError: The value is none of the setting's.
        InvalidParameterError: The value is no number, or outside the range.
    """
    for length in range(min(len(words), 4), 0, -1):
        field = _BY_WORD.get(folded("".join(words[:length])))
        if field is not None:
            rest = " ".join(words[length:]).lstrip("=: ")
            if not rest:
                raise ValueMissingError(field.name)
            return with_value(preferences, field, _parsed(field, rest)), field.name
    raise UnknownSettingError(words[0])


def named_value(name: str, word: str) -> Value:
    """The value of a setting that people call so, or None."""
    return _NAMED_VALUES[name].get(folded(word))


def with_value(preferences: Preferences, field: Field, value: Value) -> Preferences:
    """Preferences with one of them changed.

    Raises:
        InvalidParameterError: The value is outside the range.
    """
    changes = {field.name: int(value) if field.is_whole and value is not None else value}
    return replace(preferences, **changes)  # type: ignore[arg-type]


def _parsed(field: Field, text: str) -> Value:
    word = folded(text)
    named = _NAMED_VALUES.get(field.name, {})
    if word in named:
        return named[word]
    if field.name == "seed" and word in _NEW_SEED:
        return None
    if field.name == "live_preview":
        if word in _YES | _NO:
            return word in _YES
        raise UnknownChoiceError(field.name)
    if field.name not in RANGES:
        raise UnknownChoiceError(field.name)
    return _number(field, text)


def _number(field: Field, text: str) -> float:
    minimum, maximum = RANGES[field.name]
    # «300 palabras», «300 words», «300 caracteres»: the unit may follow.
    match = re.match(rf"({_NUMBER.pattern})\s*[^\W\d]*\.?$", text.strip())
    if match is None:
        raise InvalidParameterError(field.name, None, minimum, maximum)
    digits = match.group(1)
    is_grouped = field.is_whole and re.fullmatch(r"[+-]?\d{1,3}(?:[., \u00a0]\d{3})+", digits)
    plain = re.sub(r"[., \u00a0]", "", digits) if is_grouped else digits.replace(",", ".")
    value = float(plain)
    if field.is_whole and value != int(value):
        raise InvalidParameterError(field.name, value, minimum, maximum)
    return value


def shown(preferences: Preferences, field: Field, texts: ConfigTexts) -> str:
    """A setting's value, in words."""
    return shown_value(field, getattr(preferences, field.name), texts)


def shown_value(field: Field, value: Value, texts: ConfigTexts) -> str:
    """A value of a setting, in words."""
    special: dict[tuple[str, Value], str] = {
        ("temperature", 0): texts.greedy,
        ("top_k", 0): texts.all_tokens,
        ("repetition_penalty", 1): texts.penalty_off,
        ("seed", None): texts.seed_new,
        ("live_preview", True): texts.on,
        ("live_preview", False): texts.off,
    }
    if (field.name, value) in special:
        return special[field.name, value]
    if isinstance(value, str):
        return (texts.styles if field.name == "style" else texts.languages)[value]
    assert value is not None  # mypy: only a seed may be None, and that is above
    if field.name == "words":
        return texts.words(int(value))
    if field.name == "chunk_units":
        return texts.units(int(value))
    return str(int(value)) if field.is_whole else texts.number(value)


def button_label(field: Field, value: Value, texts: ConfigTexts) -> str:
    """A value on a button: short, and a length by its name."""
    if field.name == "words":
        name = next((name for name, words in LENGTHS.items() if words == value), None)
        if name is not None:
            return f"{texts.lengths[name]} ({value})"
    if field.name == "chunk_units" and value is not None:
        return texts.number(float(value))
    label = shown_value(field, value, texts)
    return label[:1].upper() + label[1:]


def new_seed() -> int:
    """A seed to be fixed."""
    return secrets.randbits(32)
