"""``/config``: a person's settings, by buttons or by words.

A button carries its owner, so that in a group only whoever opened a keyboard can press it, and
all that it takes to act on it, so that it works after a restart:
``cfg:OWNER:ACTION[:FIELD[:VALUE]]``.
"""

from dataclasses import replace

from bot.errors import InvalidParameterError
from bot.essays.desk import Desk
from bot.storage import jobs, people
from bot.storage.database import Transaction
from bot.storage.records import RANGES, Language, Preferences
from bot.telegram.commands import config_fields
from bot.telegram.commands.answering import answer_alone, change
from bot.telegram.commands.config_fields import (
    BY_CODE,
    BY_NAME,
    FIELDS,
    RESET_WORDS,
    Field,
    UnknownChoiceError,
    UnknownSettingError,
    Value,
    ValueMissingError,
    WordsError,
)
from bot.telegram.keyboards import CONFIG, Keyboard, data, packed, rows, unpacked
from bot.telegram.visit import Visit
from bot.texts import TEXTS, ConfigTexts

_OPEN, _SET, _MAIN, _RESET, _CLOSE, _FIX_SEED = "o", "s", "m", "r", "x", "f"
_BUTTONS_IN_A_ROW = 3
_MOST_MISTAKES = 5


async def config(tx: Transaction, visit: Visit, _desk: Desk) -> None:
    """``/config`` shows the settings; with words it changes some."""
    person = visit.person
    if person is None:
        return
    preferences = visit.preferences
    words = visit.text.split()
    if not words:
        if visit.is_channel:
            # Nobody presses a button as a channel.
            texts = visit.texts.config
            await answer_alone(
                tx, visit, f"{_summary(preferences, texts)}\n\n{texts.hint_in_words}"
            )
            return
        text, keyboard = main_page(preferences, person)
        await answer_alone(tx, visit, text, keyboard)
        return
    if config_fields.folded(words[0]) in RESET_WORDS:
        await people.save_preferences(tx, person, _defaults(preferences))
        await answer_alone(tx, visit, visit.texts.config.was_reset)
        return
    await answer_alone(tx, visit, await _change_by_words(tx, visit, person))


async def press(tx: Transaction, visit: Visit, _desk: Desk) -> str | None:
    """A button of the settings."""
    assert visit.press is not None  # mypy: the handler is for buttons
    _, owner, action, *rest = visit.press.parts
    # The settings of an anonymous admin belong to the chat, and to whoever runs it.
    if not visit.press.is_owner and not (owner.startswith("c") and visit.press.is_admin):
        return visit.texts.chat.not_yours
    if not visit.shows_page:
        return visit.texts.chat.button_gone
    name = BY_CODE[rest[0]].name if rest and rest[0] in BY_CODE else ""
    if action in (_OPEN, _SET) and _is_fixed(visit, name):
        return _fixed(visit, name)
    person = unpacked(owner)
    preferences = await people.preferences(tx, person) or visit.preferences
    try:
        text, keyboard = await _act(tx, visit, person, preferences, action, rest)
    except (InvalidParameterError, ValueError, KeyError, IndexError, OverflowError):
        return visit.texts.chat.button_gone
    return await change(tx, visit, text, keyboard)


def main_page(preferences: Preferences, person: str) -> tuple[str, Keyboard]:
    """All settings, with a button each."""
    texts = TEXTS[preferences.language].config
    owner = packed(person)
    buttons = [
        (texts.names[field.name], data(CONFIG, owner, _OPEN, field.code)) for field in FIELDS
    ]
    last = [
        (texts.reset, data(CONFIG, owner, _RESET)),
        (texts.close, data(CONFIG, owner, _CLOSE)),
    ]
    text = f"{_summary(preferences, texts)}\n\n{texts.hint}"
    return text, rows(*_in_rows(buttons, 2), last)


def field_page(
    preferences: Preferences, person: str, field: Field, last_seed: int | None = None
) -> tuple[str, Keyboard]:
    """One setting: what it does, its value, and buttons for others."""
    texts = TEXTS[preferences.language].config
    owner = packed(person)
    current = getattr(preferences, field.name)
    text = (
        f"{texts.names[field.name]}: {config_fields.shown(preferences, field, texts)}\n\n"
        f"{texts.explanations[field.name]}"
    )
    choices = [
        (
            ("✓ " if value == current else "") + config_fields.button_label(field, value, texts),
            data(CONFIG, owner, _SET, field.code, _packed_value(value)),
        )
        for value in field.choices
    ]
    if field.name == "seed":
        choices = _seed_choices(owner, current, last_seed, texts)
    back = [(texts.back, data(CONFIG, owner, _MAIN))]
    return text, rows(*_in_rows(choices, _BUTTONS_IN_A_ROW), back)


async def _act(
    tx: Transaction,
    visit: Visit,
    person: str,
    preferences: Preferences,
    action: str,
    rest: list[str],
) -> tuple[str, Keyboard | None]:
    """Do what a button says; the page to show then."""
    if action == _CLOSE:
        return _summary(preferences, TEXTS[preferences.language].config), None
    if action == _OPEN:
        field = BY_CODE[rest[0]]
        return field_page(preferences, person, field, await _last_seed(tx, visit, person))
    if action == _SET:
        field = BY_CODE[rest[0]]
        value = _unpacked_value(field, rest[1])
        preferences = config_fields.with_value(preferences, field, value)
    elif action == _FIX_SEED:
        preferences = replace(preferences, seed=config_fields.new_seed())
    elif action == _RESET:
        preferences = _defaults(preferences)
    elif action != _MAIN:
        raise KeyError(action)
    if action != _MAIN:
        await people.save_preferences(tx, person, preferences)
    return main_page(preferences, person)


async def _change_by_words(tx: Transaction, visit: Visit, person: str) -> str:
    """Change what words name rightly; what is wrong, or fixed in the class, is said."""
    asked = config_fields.asked_for(visit.text)
    fixed = {name for name in asked.values if _is_fixed(visit, name)}
    mine = {name: value for name, value in asked.values.items() if name not in fixed}
    changed = replace(visit.preferences, **mine)  # type: ignore[arg-type]
    if mine:
        await people.save_preferences(tx, person, changed)
    # A new language is confirmed in that language.
    texts = TEXTS[changed.language].config
    done = [
        texts.value(texts.names[name], config_fields.shown(changed, BY_NAME[name], texts))
        for name in mine
    ]
    sentences = [texts.changed(" ".join(done))] if done else []
    sentences += [_fixed(visit, name) for name in fixed]
    sentences += [_mistake(error, texts) for error in asked.errors[:_MOST_MISTAKES]]
    return " ".join(sentences)


def _is_fixed(visit: Visit, name: str) -> bool:
    return visit.its_class is not None and name in visit.its_class.settings.fixed


def _fixed(visit: Visit, name: str) -> str:
    texts = visit.texts.config
    value = config_fields.shown(visit.ruled, BY_NAME[name], texts)
    return texts.fixed(texts.names[name], value)


def _mistake(error: WordsError, texts: ConfigTexts) -> str:
    match error:
        case UnknownSettingError():
            return texts.unknown_setting(error.word[:40], list(texts.keyword.values()))
        case ValueMissingError():
            example = texts.explanations[error.field].rpartition("\n")[2]
            return texts.value_missing(texts.names[error.field], example)
        case UnknownChoiceError():
            return texts.unknown_choice(texts.names[error.field], _choices(error.field, texts))
    least, greatest = RANGES[error.name]
    return texts.out_of_range(texts.names[error.name], texts.number(least), texts.number(greatest))


def _choices(name: str, texts: ConfigTexts) -> list[str]:
    if name == "style":
        return list(texts.styles.values())
    if name == "language":
        return list(texts.languages.values())
    return [texts.on, texts.off]


def _summary(preferences: Preferences, texts: ConfigTexts) -> str:
    lines = [
        f"{texts.names[field.name]}: {config_fields.shown(preferences, field, texts)}"
        for field in FIELDS
    ]
    return "\n".join([texts.title, "", *lines])


def _seed_choices(
    owner: str, current: int | None, last_seed: int | None, texts: ConfigTexts
) -> list[tuple[str, str]]:
    new = ("✓ " if current is None else "") + texts.seed_new[:1].upper() + texts.seed_new[1:]
    choices = [
        (new, data(CONFIG, owner, _SET, "see", "-")),
        (texts.seed_fix, data(CONFIG, owner, _FIX_SEED)),
    ]
    if last_seed is not None and last_seed != current:
        label = texts.seed_last.format(seed=last_seed)
        choices.append((label, data(CONFIG, owner, _SET, "see", last_seed)))
    return choices


async def _last_seed(tx: Transaction, visit: Visit, person: str) -> int | None:
    if visit.address is None:
        return None
    last = await jobs.last_of(tx, person, visit.address.chat_id)
    greatest = RANGES["seed"][1]
    return last.seed if last is not None and 0 <= last.seed <= greatest else None


def _defaults(preferences: Preferences) -> Preferences:
    """The defaults, but in the language that the person reads."""
    return Preferences(language=Language(preferences.language))


def _packed_value(value: Value) -> str:
    if value is None:
        return "-"
    return str(int(value)) if isinstance(value, bool) else str(value)


def _unpacked_value(field: Field, packed_value: str) -> Value:
    if packed_value == "-" and field.name == "seed":
        return None
    if field.choices == (True, False):
        return packed_value == "1"
    if field.name in RANGES:
        return float(packed_value)
    # A tuple's index raises ValueError where there is no such choice.
    return field.choices[field.choices.index(packed_value)]


def _in_rows(buttons: list[tuple[str, str]], per_row: int) -> list[list[tuple[str, str]]]:
    return [buttons[start : start + per_row] for start in range(0, len(buttons), per_row)]
