"""The methods of the Bot API, one family a file; :data:`METHODS` is the table of all."""

from bot.playground.methods import (
    callbacks,
    chats,
    commands,
    documents,
    editing,
    messages,
    receiving,
    topics,
)
from bot.playground.methods.registry import METHODS, Method, Result, find_method

__all__ = [
    "METHODS",
    "Method",
    "Result",
    "callbacks",
    "chats",
    "commands",
    "documents",
    "editing",
    "find_method",
    "messages",
    "receiving",
    "topics",
]
