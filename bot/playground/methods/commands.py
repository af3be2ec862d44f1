"""The commands that people are offered while they write."""

import re

from bot.playground.methods.parameters import FromJson, Object
from bot.playground.methods.registry import Result, serves
from bot.playground.model import Json
from bot.playground.refusals import bad_request
from bot.playground.world import World

MAX_COMMANDS = 100
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_LANGUAGE = re.compile(r"(?:[a-z]{2})?")
_CHAT_SCOPES = ("chat", "chat_administrators", "chat_member")
_PLAIN_SCOPES = ("default", "all_private_chats", "all_group_chats", "all_chat_administrators")


class Scope(Object):
    """``BotCommandScope``."""

    type: str
    chat_id: int | None = None
    user_id: int | None = None


class Command(Object):
    """``BotCommand``."""

    command: str
    description: str
    is_ephemeral: bool | None = None


@serves
def set_my_commands(
    world: World,
    *,
    commands: FromJson[list[Command]],
    scope: FromJson[Scope] | None = None,
    language_code: str = "",
) -> Result:
    """Set the commands that people are offered in a scope and language."""
    if not _LANGUAGE.fullmatch(language_code):
        raise bad_request("language code is invalid")
    key = scope_key(world, scope), language_code
    if len(commands) > MAX_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not _COMMAND.fullmatch(command.command):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(command.description) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    world.commands[key] = [command.model_dump(exclude_none=True) for command in commands]
    world.changes.add("commands", {})
    return True


def scope_key(world: World, scope: Scope | None) -> str:
    """Return the key of a scope: its type, then the chat and user that it names.

    Raises:
        ApiRefusal: 400 for an unknown type or chat, or a missing id.
    """
    if scope is None:
        return "default"
    if scope.type in _PLAIN_SCOPES:
        return scope.type
    if scope.type not in _CHAT_SCOPES:
        raise bad_request("can't parse BotCommandScope: unsupported type specified")
    if scope.chat_id is None:
        raise bad_request("can't parse BotCommandScope: chat_id is empty")
    chat = world.chat(scope.chat_id)
    if scope.type == "chat_member":
        if scope.user_id is None:
            raise bad_request("can't parse BotCommandScope: user_id is empty")
        return f"chat_member:{chat.id}:{scope.user_id}"
    return f"{scope.type}:{chat.id}"


def commands_shown(world: World, chat_id: int, user_id: int) -> list[Json]:
    """Return the commands that one person is offered in one chat.

    The narrowest scope wins, and within it the person's language before the default, in the
    order that the Bot API documents.
    """
    chat, user = world.chats[chat_id], world.users[user_id]
    if chat.type == "private":
        scopes = [f"chat:{chat_id}", "all_private_chats", "default"]
    elif chat.member(user_id).is_administrator:
        scopes = [f"chat_member:{chat_id}:{user_id}", f"chat_administrators:{chat_id}"]
        scopes += [f"chat:{chat_id}", "all_chat_administrators", "all_group_chats", "default"]
    else:
        scopes = [f"chat_member:{chat_id}:{user_id}", f"chat:{chat_id}"]
        scopes += ["all_group_chats", "default"]
    for scope in scopes:
        for language in (user.language_code or "", ""):
            if commands := world.commands.get((scope, language)):
                return commands
    return []
