"""The desk's pages for a safe class: topics, words, where help is, who hears of distress.

``/clase filtro``, ``/clase ayuda`` and ``/clase aviso``, in words and by buttons.
"""

from datetime import timedelta

from bot.classroom import acts
from bot.essays import safety
from bot.essays.desk import Desk
from bot.storage.class_settings import HELP_FIELDS, TREATMENTS
from bot.storage.classes import Class
from bot.storage.database import Transaction
from bot.telegram.commands.config_fields import folded
from bot.telegram.commands.desk_pages import Page
from bot.telegram.keyboards import CLASS, data, rows
from bot.texts import Texts

_ADD = ("anadir", "add")
_REMOVE = ("quitar", "remove")
_MOST_WORDS, _MOST_CHARACTERS = 200, 200
_CHECKED_FOR = timedelta(days=365)


async def filters(tx: Transaction, its_class: Class, asked: str, texts: Texts) -> Page:
    """How groups of topics are treated, and the class's own words.

    Args:
        tx: The step.
        its_class: The class.
        asked: A group, which turns; or ``añadir`` or ``quitar`` and a word; or nothing.
        texts: Of the teacher's language.
    """
    settings = its_class.settings
    word, _, rest = asked.partition(" ")
    said = " ".join(rest.split())[:_MOST_CHARACTERS].lower()
    if asked in safety.groups():
        treated = TREATMENTS.index(_treatment(its_class, asked))
        turned = {**settings.filters, asked: TREATMENTS[(treated + 1) % len(TREATMENTS)]}
        its_class = await acts.decide(tx, its_class, filters=turned)
    elif said and folded(word) in (*_ADD, *_REMOVE):
        refused = [one for one in settings.refused_words if one != said]
        allowed = [one for one in settings.allowed_words if one != said]
        was_refused = len(refused) < len(settings.refused_words)
        if folded(word) in _ADD:
            refused.append(said)
        elif not was_refused:
            allowed.append(said)
        its_class = await acts.decide(
            tx,
            its_class,
            refused_words=tuple(refused[-_MOST_WORDS:]),
            allowed_words=tuple(allowed[-_MOST_WORDS:]),
        )
    return _filters_page(its_class, texts)


async def help_lines(tx: Transaction, its_class: Class, asked: str, texts: Texts) -> Page:
    """Where help is: a field and its value, ``teléfono 000``, or a field alone to empty it."""
    name, _, value = asked.partition(" ")
    by_word = {folded(word): field for field, word in texts.safety.help_names.items()}
    field = by_word.get(folded(name))
    if field is not None:
        where = {**its_class.settings.help, field: " ".join(value.split())[:_MOST_CHARACTERS]}
        if field != "checked":
            where["checked"] = tx.now.date().isoformat()
        its_class = await acts.decide(tx, its_class, help=where)
    known = its_class.settings.help
    shown = [
        f"{texts.safety.help_names[one]}: {known[one]}" for one in HELP_FIELDS if known.get(one)
    ]
    return texts.safety.help_page("\n".join(shown)), rows(_back(its_class, texts))


async def notices(tx: Transaction, its_class: Class, asked: str, texts: Texts) -> Page:
    """When a teacher hears that somebody may be in distress."""
    said = texts.safety
    wanted = next(
        (one for one, label in said.notices.items() if folded(asked) in (one, folded(label))), None
    )
    if wanted is not None:
        its_class = await acts.decide(tx, its_class, tells_distress=wanted)
    chosen = its_class.settings.tells_distress or "wish"
    buttons = [
        [(("✓ " if one == chosen else "") + label, data(CLASS, its_class.id, "notice", one))]
        for one, label in said.notices.items()
    ]
    return said.ask_notice, rows(*buttons, _back(its_class, texts))


def what_is_missing(tx: Transaction, its_class: Class, desk: Desk, texts: Texts) -> str:
    """The reminder on the desk's first page, or nothing."""
    where = {**desk.help, **its_class.settings.help}
    if not where.get("phone"):
        return texts.safety.no_help
    checked = where.get("checked", "")
    is_old = checked < (tx.now - _CHECKED_FOR).date().isoformat()
    return texts.safety.old_help(checked) if is_old else ""


def _treatment(its_class: Class, group: str) -> str:
    return its_class.settings.filters.get(group, safety.groups()[group])


def _filters_page(its_class: Class, texts: Texts) -> Page:
    said, settings = texts.safety, its_class.settings
    buttons = [
        (
            f"{said.groups[group]}: {said.treatments[_treatment(its_class, group)]}",
            data(CLASS, its_class.id, "filter", group),
        )
        for group in safety.groups()
    ]
    lines = [buttons[at : at + 2] for at in range(0, len(buttons), 2)]
    more = [
        (said.button_help, data(CLASS, its_class.id, "help")),
        (said.button_notice, data(CLASS, its_class.id, "notice")),
    ]
    text = said.filters_page(settings.refused_words, settings.allowed_words)
    return text, rows(*lines, more, _back(its_class, texts))


def _back(its_class: Class, texts: Texts) -> list[tuple[str, str]]:
    return [(texts.config.back, data(CLASS, its_class.id, "main"))]
