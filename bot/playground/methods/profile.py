"""What the bot says about itself: commands, names, descriptions, the menu button."""

import re

from bot.playground.methods.parameters import ChatReference, FromJson, Parameters, Unsupported
from bot.playground.methods.registry import Result, serves
from bot.playground.model import Json
from bot.playground.refusals import bad_request
from bot.playground.world import World

MAX_COMMANDS = 100
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_LANGUAGE = re.compile(r"(?:[a-z]{2})?")
_CHAT_SCOPES = ("chat", "chat_administrators", "chat_member")
_PLAIN_SCOPES = ("default", "all_private_chats", "all_group_chats", "all_chat_administrators")


class Scope(Parameters):
    """``BotCommandScope``."""

    type: str
    chat_id: ChatReference | None = None
    user_id: int | None = None


class Command(Parameters):
    """``BotCommand``."""

    command: str
    description: str
    is_ephemeral: bool | None = None


class SetMyCommands(Parameters):
    """Parameters of ``setMyCommands``."""

    commands: FromJson[list[Command]]
    scope: FromJson[Scope] | None = None
    language_code: str = ""


@serves(SetMyCommands)
def set_my_commands(world: World, p: SetMyCommands) -> Result:
    """Set the commands that people are offered in a scope and language."""
    key = scope_key(world, p.scope), _checked_language(p.language_code)
    if len(p.commands) > MAX_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in p.commands:
        if not _COMMAND.fullmatch(command.command.removeprefix("/")):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(command.description) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    if not p.commands:
        world.profile.commands.pop(key, None)
    else:
        world.profile.commands[key] = [
            {
                **command.model_dump(exclude_none=True),
                "command": command.command.removeprefix("/"),
            }
            for command in p.commands
        ]
    world.publish_profile()
    return True


class GetMyCommands(Parameters):
    """Parameters of ``getMyCommands``."""

    scope: FromJson[Scope] | None = None
    language_code: str = ""


@serves(GetMyCommands)
def get_my_commands(world: World, p: GetMyCommands) -> Result:
    """Return exactly what was set for a scope and language."""
    key = scope_key(world, p.scope), _checked_language(p.language_code)
    return list(world.profile.commands.get(key, []))


class DeleteMyCommands(Parameters):
    """Parameters of ``deleteMyCommands``."""

    scope: FromJson[Scope] | None = None
    language_code: str = ""


@serves(DeleteMyCommands)
def delete_my_commands(world: World, p: DeleteMyCommands) -> Result:
    """Forget the commands of a scope and language."""
    key = scope_key(world, p.scope), _checked_language(p.language_code)
    world.profile.commands.pop(key, None)
    world.publish_profile()
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
    else:
        scopes = [f"chat_member:{chat_id}:{user_id}"]
        if chat.member(user_id).is_administrator:
            scopes.append(f"chat_administrators:{chat_id}")
        scopes.append(f"chat:{chat_id}")
        if chat.member(user_id).is_administrator:
            scopes.append("all_chat_administrators")
        scopes += ["all_group_chats", "default"]
    for scope in scopes:
        for language in (user.language_code or "", ""):
            if commands := world.profile.commands.get((scope, language)):
                return commands
    return []


def _checked_language(code: str) -> str:
    if not _LANGUAGE.fullmatch(code):
        raise bad_request("language code is invalid")
    return code


class SetMyName(Parameters):
    """Parameters of ``setMyName``."""

    name: str = ""
    language_code: str = ""


@serves(SetMyName)
def set_my_name(world: World, p: SetMyName) -> Result:
    """Set the bot's name in a language; an empty one goes back to the default."""
    if len(p.name) > 64:
        raise bad_request("BOT_TITLE_INVALID")
    _set(world.profile.names, _checked_language(p.language_code), p.name)
    return True


class GetMyName(Parameters):
    """Parameters of ``getMyName``."""

    language_code: str = ""


@serves(GetMyName)
def get_my_name(world: World, p: GetMyName) -> Result:
    """Return the bot's name in a language."""
    return {"name": _get(world.profile.names, p.language_code) or world.bot.first_name}


class SetMyDescription(Parameters):
    """Parameters of ``setMyDescription``."""

    description: str = ""
    language_code: str = ""


@serves(SetMyDescription)
def set_my_description(world: World, p: SetMyDescription) -> Result:
    """Set what an empty private chat shows."""
    if len(p.description) > 512:
        raise bad_request("BOT_DESCRIPTION_INVALID")
    _set(world.profile.descriptions, _checked_language(p.language_code), p.description)
    world.publish_profile()
    return True


class GetMyDescription(Parameters):
    """Parameters of ``getMyDescription``."""

    language_code: str = ""


@serves(GetMyDescription)
def get_my_description(world: World, p: GetMyDescription) -> Result:
    """Return what an empty private chat shows."""
    return {"description": _get(world.profile.descriptions, p.language_code)}


class SetMyShortDescription(Parameters):
    """Parameters of ``setMyShortDescription``."""

    short_description: str = ""
    language_code: str = ""


@serves(SetMyShortDescription)
def set_my_short_description(world: World, p: SetMyShortDescription) -> Result:
    """Set what the bot's profile page shows."""
    if len(p.short_description) > 120:
        raise bad_request("BOT_SHORT_DESCRIPTION_INVALID")
    language = _checked_language(p.language_code)
    _set(world.profile.short_descriptions, language, p.short_description)
    return True


class GetMyShortDescription(Parameters):
    """Parameters of ``getMyShortDescription``."""

    language_code: str = ""


@serves(GetMyShortDescription)
def get_my_short_description(world: World, p: GetMyShortDescription) -> Result:
    """Return what the bot's profile page shows."""
    return {"short_description": _get(world.profile.short_descriptions, p.language_code)}


def _set(texts: dict[str, str], language: str, text: str) -> None:
    if text:
        texts[language] = text
    else:
        texts.pop(language, None)


def _get(texts: dict[str, str], language: str) -> str:
    return texts.get(language) or texts.get("", "")


class MenuButton(Parameters):
    """``MenuButton``; no web apps here."""

    type: str
    text: Unsupported = None
    web_app: Unsupported = None


class SetChatMenuButton(Parameters):
    """Parameters of ``setChatMenuButton``."""

    chat_id: int | None = None
    menu_button: FromJson[MenuButton] | None = None


@serves(SetChatMenuButton)
def set_chat_menu_button(world: World, p: SetChatMenuButton) -> Result:
    """Set the button beside the text field, in one private chat or in all."""
    kind = p.menu_button.type if p.menu_button else "default"
    if kind not in ("default", "commands"):
        raise bad_request("can't parse menu button: unsupported type specified")
    button = {"type": kind}
    if p.chat_id is None:
        world.profile.menu_button = button
        return True
    chat = world.chat_for_bot(p.chat_id)
    if chat.type != "private":
        raise bad_request("chat menu button can be set only in private chats")
    chat.menu_button = button
    return True


class GetChatMenuButton(Parameters):
    """Parameters of ``getChatMenuButton``."""

    chat_id: int | None = None


@serves(GetChatMenuButton)
def get_chat_menu_button(world: World, p: GetChatMenuButton) -> Result:
    """Return the button beside the text field."""
    if p.chat_id is None:
        return world.profile.menu_button
    return world.chat_for_bot(p.chat_id).menu_button or {"type": "default"}
