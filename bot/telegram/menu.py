"""The commands, once: registration, ``/ayuda`` and Telegram's menus are all made from here."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeDefault,
)
from telegram.error import TelegramError

from bot.texts import ENGLISH, SPANISH, ChatTexts

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Command:
    """One command.

    Attributes:
        key: Its name in the code and in the texts.
        spanish: Its Spanish name, ``a-z0-9_``.
        english: Its English name, which may be the same.
        aliases: Further names, in no menu.
        is_listed: Whether menus and the help show it.
        is_for_groups: Whether a group's menu shows it.
    """

    key: str
    spanish: str
    english: str
    aliases: tuple[str, ...] = ()
    is_listed: bool = True
    is_for_groups: bool = True


COMMANDS = (
    Command("write", "redactar", "write", aliases=("escribir", "essay")),
    Command("config", "config", "config", aliases=("ajustes", "settings")),
    Command("again", "otra", "again", aliases=("otro", "another")),
    Command("continue", "continuar", "continue", aliases=("seguir",)),
    Command("cancel", "cancelar", "cancel", aliases=("parar", "stop")),
    Command("queue", "cola", "queue"),
    Command("compare", "comparar", "compare"),
    Command("tokens", "tokens", "tokens"),
    Command("probabilities", "probabilidades", "probabilities"),
    Command("attention", "atencion", "attention"),
    Command("explain", "explica", "explain"),
    Command("help", "ayuda", "help"),
    Command("recipe", "receta", "recipe"),
    Command("repeat", "repetir", "repeat", is_for_groups=False),
    Command("class", "clase", "class", aliases=("lesson",)),
    Command("privacy", "privacidad", "privacy"),
    Command("erase", "borrar", "delete", is_for_groups=False),
    Command("start", "start", "start", is_listed=False),
)

KEYS: Mapping[str, str] = {
    name: command.key
    for command in COMMANDS
    for name in (command.spanish, command.english, *command.aliases)
}
"""The key of every name that a command answers to."""


def help_text(texts: ChatTexts) -> str:
    """What the bot can do, in one language."""
    is_spanish = texts is SPANISH.chat
    lines = [
        f"/{command.spanish if is_spanish else command.english} – {texts.commands[command.key]}"
        for command in COMMANDS
        if command.is_listed
    ]
    return "\n".join([texts.help_intro, *lines, "", texts.help_outro])


async def publish_commands(bot: Bot) -> None:
    """Fill Telegram's menus: English by default, Spanish for Spanish apps, private and groups.

    A menu that cannot be filled stops nothing: the commands work without it.
    """
    for texts, language_code in ((ENGLISH.chat, None), (SPANISH.chat, "es")):
        for scope in (
            BotCommandScopeDefault(),
            BotCommandScopeAllPrivateChats(),
            BotCommandScopeAllGroupChats(),
        ):
            commands = [
                BotCommand(
                    command.spanish if language_code else command.english,
                    texts.commands[command.key],
                )
                for command in COMMANDS
                if command.is_listed
                and (command.is_for_groups or not isinstance(scope, BotCommandScopeAllGroupChats))
            ]
            try:
                await bot.set_my_commands(commands, scope=scope, language_code=language_code)
            except TelegramError as error:
                logger.warning("cannot publish the commands: %s", type(error).__name__)
                return
