"""The settings of a person: words and buttons that change them, and how values are shown.

Pure: no Telegram, no database. What a person types is compared without accents, case, spaces and
hyphens, in Spanish and in English alike.
"""

import math
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


WordsError = UnknownSettingError | UnknownChoiceError | ValueMissingError | InvalidParameterError
"""What can be wrong with a setting in words."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What words ask for.

    Attributes:
        values: The settings that they name rightly, with their values; the last word counts.
        errors: What is wrong with the others.
    """

    values: Mapping[str, Value]
    errors: tuple[WordsError, ...]

    def applied(self, preferences: Preferences) -> Preferences:
        """Preferences with these values in them."""
        return replace(preferences, **self.values)  # type: ignore[arg-type]


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
    Field("ideas", "ide", ("ideas", "idea"), (True, False)),
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
          ("trozo", "trozos", "mensaje", "mensajes", "tamano", "tamanodecadamensaje",
           "chunk", "chunks", "messagesize"),
          (500, 1000, 2000, 4096), is_whole=True),
    Field("candidates", "can", ("borradores", "borrador", "candidatos", "drafts", "candidates"),
          (1, 2, 3, 4, 8), is_whole=True),
    Field("live_preview", "pre",
          ("vista", "vistaendirecto", "vistaprevia", "directo", "preview", "livepreview"),
          (True, False)),
    Field("language", "lan",
          ("idioma", "lengua", "idiomadelbot", "language", "lang", "botslanguage"),
          tuple(Language)),
)  # fmt: skip

BY_CODE: Mapping[str, Field] = {field.code: field for field in FIELDS}
BY_NAME: Mapping[str, Field] = {field.name: field for field in FIELDS}
_BY_WORD = {word: field for field in FIELDS for word in field.words}

RESET_WORDS = frozenset({"restablecer", "reiniciar", "reset", "defaults"})
_YES = frozenset({"si", "yes", "on", "activar", "activada", "1", "true", "verdadero"})
_NO = frozenset({"no", "off", "desactivar", "desactivada", "0", "false", "falso"})
_SWITCH: Mapping[str, Value] = {**dict.fromkeys(_YES, True), **dict.fromkeys(_NO, False)}
_NEW_SEED = "nueva nuevo nuevacadavez aleatoria azar new neweachtime random no off"
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
    "seed": dict.fromkeys(_NEW_SEED.split()),
    "top_k": {"todas": 0, "all": 0},
    "repetition_penalty": {"sinfreno": 1, "off": 1},
    "temperature": {"0siemprelomasprobable": 0, "0alwaysthelikeliest": 0},
    "live_preview": _SWITCH,
    "ideas": _SWITCH,
}  # fmt: skip
_BARE = ("style", "words")
"""Settings whose values are known without their name."""
_MOST_WORDS = 5
"""Of a setting's name, or of a value: «freno a la repetición»."""
_JOINTS = frozenset({"y", "e", "and", "con", "with", "a", "to"})
_SIGNS = re.compile(r"[=;:]|,(?=\s|$)|(?<=\d)\s+(?:palabras|words|caracteres|characters)\b")
"""What stands between names and values, and units behind numbers: all of it says nothing."""
_NUMBER = re.compile(r"[+-]?\d{1,3}(?:[. \u00a0]\d{3})+|[+-]?\d+(?:[.,]\d+)?|[+-]?[.,]\d+")


def folded(word: str) -> str:
    """A word without case, accents, spaces, hyphens and underscores."""
    plain = unicodedata.normalize("NFKD", word.casefold())
    return "".join(character for character in plain if character.isalnum())


def asked_for(text: str) -> Asked:
    """Read what stands behind ``/config``: settings and values, in any order, several at once.

    ``longitud=300 estilo cuento``, ``cuento, corto``, ``300``. A length and a style need no name.
    """
    words = _SIGNS.sub(" ", text).split()
    values: dict[str, Value] = {}
    errors: list[WordsError] = []
    start = 0
    while start < len(words):
        found = _assignment(words, start)
        if found is not None:
            name, value, start = found
            values[name] = value
        elif folded(words[start]) in _JOINTS:
            start += 1
        else:
            error, start = _mistake(words, start)
            errors.append(error)
    return Asked(values, tuple(errors))


def _assignment(words: list[str], start: int) -> tuple[str, Value, int] | None:
    """The setting that begins at a word with its value, and where the next may begin."""
    name_end = _name_end(words, start)
    if name_end is not None:
        field = _BY_WORD[folded("".join(words[start:name_end]))]
        for end in range(min(name_end + _MOST_WORDS, len(words)), name_end, -1):
            try:
                return field.name, value_of(field, " ".join(words[name_end:end])), end
            except (UnknownChoiceError, InvalidParameterError):
                continue
    for end in range(min(start + _MOST_WORDS, len(words)), start, -1):
        for name in _BARE:
            try:
                return name, value_of(BY_NAME[name], " ".join(words[start:end])), end
            except (UnknownChoiceError, InvalidParameterError):
                continue
    return None


def _name_end(words: list[str], start: int) -> int | None:
    """Where the name of a setting ends that begins at a word, or None."""
    ends = range(min(start + _MOST_WORDS, len(words)), start, -1)
    return next((end for end in ends if folded("".join(words[start:end])) in _BY_WORD), None)


def _mistake(words: list[str], start: int) -> tuple[WordsError, int]:
    """What is wrong at a word, and where the next setting begins."""
    error: WordsError = UnknownSettingError(words[start])
    end, value_at = start + 1, _name_end(words, start)
    field = _BY_WORD[folded("".join(words[start:value_at]))] if value_at else None
    if field is not None and value_at is not None:
        if value_at == len(words) or _name_end(words, value_at):
            return ValueMissingError(field.name), value_at
        end = value_at + 1
    while end < len(words) and _name_end(words, end) is None and not _assignment(words, end):
        end += 1
    if field is not None:
        try:
            value_of(field, " ".join(words[value_at:end]))
        except (UnknownChoiceError, InvalidParameterError) as wrong:
            error = wrong
    return error, end


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


def value_of(field: Field, text: str) -> Value:
    """Read a value of a setting.

    Raises:
        UnknownChoiceError: It is none of the setting's.
        InvalidParameterError: It is no number, or outside the range.
    """
    named = _NAMED_VALUES.get(field.name, {})
    if (word := folded(text)) in named:
        return named[word]
    if field.name not in RANGES:
        raise UnknownChoiceError(field.name)
    value = _number(field, text)
    with_value(Preferences(), field, value)
    return int(value) if field.is_whole else value


def _number(field: Field, text: str) -> float:
    minimum, maximum = RANGES[field.name]
    if _NUMBER.fullmatch(text) is None:
        raise InvalidParameterError(field.name, math.nan, minimum, maximum)
    is_grouped = field.is_whole and re.fullmatch(r"[+-]?\d{1,3}(?:[., \u00a0]\d{3})+", text)
    plain = re.sub(r"[., \u00a0]", "", text) if is_grouped else text.replace(",", ".")
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
    }
    if isinstance(value, bool):
        return texts.on if value else texts.off
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
