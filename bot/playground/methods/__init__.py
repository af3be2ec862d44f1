"""The methods of the Bot API, one family a file; :data:`METHODS` is the table of all."""

from bot.playground.methods import chats, commands, editing, messages, polls, receiving
from bot.playground.methods.registry import METHODS, Method, find_method

__all__ = [
    "METHODS",
    "Method",
    "chats",
    "commands",
    "editing",
    "find_method",
    "messages",
    "polls",
    "receiving",
]
