"""What somebody is told whose topic is not written, from what was found and where help is."""

import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path

from bot.errors import SettingsError
from bot.storage.class_settings import HELP_FIELDS
from bot.texts import SafetyTexts

HELP_FILE = "help.toml"
_SHIPPED = Path(__file__).with_name(HELP_FILE)
_WITHOUT_LINES = "sad"


def read_help(folder: Path) -> dict[str, str]:
    """Read where help is, from a file that is put there empty, for somebody to fill in.

    Raises:
        SettingsError: The file cannot be understood.
    """
    path = folder / HELP_FILE
    try:
        if not path.exists():
            shutil.copyfile(_SHIPPED, path)
        read = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError([(str(path), str(error))]) from None
    return {name: str(read.get(name, "")).strip() for name in HELP_FIELDS}


def refusal(group: str, where: Mapping[str, str], texts: SafetyTexts) -> str:
    """What is said of a topic that is not written.

    Args:
        group: The group that it belongs to.
        where: Where to find help, by the names in ``HELP_FIELDS``.
        texts: Of the person's language.
    """
    said = texts.refused.get(group, texts.refused[""])
    lines = _line(where, texts) if group == "self_harm" else []
    return " ".join([said, *lines])


def caring(
    kind: str,
    where: Mapping[str, str],
    texts: SafetyTexts,
    *,
    names_teacher: bool = False,
    is_told: bool = False,
) -> str:
    """What is said to somebody who needs a person.

    Args:
        kind: Of distress.
        where: Where to find help, by the names in ``HELP_FIELDS``.
        texts: Of the person's language.
        names_teacher: Whether it may be about somebody of the school.
        is_told: Whether a teacher hears of it in any case.
    """
    lines = [texts.distress[kind]]
    if kind != _WITHOUT_LINES:
        if where.get("school") and not names_teacher:
            lines.append(texts.in_school(where["school"]))
        lines += _line(where, texts)
        lines.append(texts.danger(where.get("emergency", "")))
    if is_told:
        lines.append(texts.told_before)
    return "\n".join(lines)


def _line(where: Mapping[str, str], texts: SafetyTexts) -> list[str]:
    if not where.get("line") or not where.get("phone"):
        return []
    said = texts.line(where["line"], where["phone"], where.get("hours", ""))
    web = where.get("web")
    return [f"{said} {web}" if web else said]
