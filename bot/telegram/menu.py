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
        is_ephemeral: Whether it is sent to the bot alone from a group's menu.
    """

    key: str
    spanish: str
    english: str
    aliases: tuple[str, ...] = ()
    is_listed: bool = True
    is_for_groups: bool = True
    is_ephemeral: bool = False


COMMANDS = (
    Command("write", "redactar", "write", aliases=("escribir", "essay")),
    Command("config", "config", "config", aliases=("ajustes", "settings"), is_ephemeral=True),
    Command("again", "otra", "again", aliases=("otro", "another")),
    Command("continue", "continuar", "continue", aliases=("seguir",)),
    Command("cancel", "cancelar", "cancel", aliases=("parar", "stop"), is_ephemeral=True),
    Command("queue", "cola", "queue", is_ephemeral=True),
    Command("compare", "comparar", "compare"),
    Command("tokens", "tokens", "tokens"),
    Command("probabilities", "probabilidades", "probabilities"),
    Command("attention", "atencion", "attention"),
    Command("explain", "explica", "explain"),
    Command("help", "ayuda", "help", is_ephemeral=True),
    Command("recipe", "receta", "recipe", is_ephemeral=True),
    Command("repeat", "repetir", "repeat", is_for_groups=False),
    Command("class", "clase", "class", aliases=("lesson",), is_ephemeral=True),
    Command("privacy", "privacidad", "privacy", is_ephemeral=True),
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
            is_group = isinstance(scope, BotCommandScopeAllGroupChats)
            commands = [
                BotCommand(
                    command.spanish if language_code else command.english,
                    texts.commands[command.key],
                    # Newer than the library.
                    api_kwargs={"is_ephemeral": True} if is_group and command.is_ephemeral else {},
                )
                for command in COMMANDS
                if command.is_listed and (command.is_for_groups or not is_group)
            ]
            try:
                await bot.set_my_commands(commands, scope=scope, language_code=language_code)
            except TelegramError as error:
                logger.warning("cannot publish the commands: %s", type(error).__name__)
                return
