"""The way to Telegram: its methods, and who the bot is."""

import asyncio
import logging
import os
import warnings
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
from telegram import Bot
from telegram.error import EndPointNotFound, InvalidToken
from telegram.helpers import create_deep_linked_url
from telegram.request import BaseRequest, HTTPXRequest
from telegram.warnings import PTBUserWarning

from bot.errors import InvalidTokenError, SettingsError

logger = logging.getLogger(__name__)

_CONNECTIONS = 256
_READ_TIMEOUT_S = 20.0
_PROXY_VARIABLES = {"http_proxy", "https_proxy", "all_proxy", "no_proxy"}
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 30.0
_REFUSED_BEFORE_BELIEF = 5
_REFUSED_FOR_S = 15.0
"""At a start somebody may be waiting to hear that they copied the token wrongly."""


def build_bot(token: str, base_url: str, *, request: BaseRequest | None = None) -> Bot:
    """Make Telegram's methods.

    Args:
        token: The bot's token.
        base_url: The Bot API up to and including ``/bot``.
        request: The transport of all requests; httpx if None.

    Raises:
        SettingsError: The environment names a proxy that httpx cannot use.
    """
    # The sender asks for methods by name, so that an answer which the library cannot read is none
    # the less an answer; the library would rather be asked through its own methods.
    warnings.filterwarnings("ignore", "Please use 'Bot", PTBUserWarning)
    host = urlsplit(base_url).hostname or ""
    # A proxy that the environment names cannot reach a Bot API on this very machine.
    options: dict[str, Any] = {"trust_env": host not in ("127.0.0.1", "localhost", "::1")}
    try:
        requests = request or HTTPXRequest(
            connection_pool_size=_CONNECTIONS,
            read_timeout=_READ_TIMEOUT_S,
            httpx_kwargs=options,
        )
        updates = request or HTTPXRequest(connection_pool_size=1, httpx_kwargs=options)
    except (ValueError, ImportError, RuntimeError, httpx.InvalidURL) as error:
        names = sorted(name for name in os.environ if name.lower() in _PROXY_VARIABLES)
        raise SettingsError([(name, str(error)) for name in names]) from error
    return Bot(
        token,
        base_url=base_url,
        base_file_url=base_url.removesuffix("/bot") + "/file/bot",
        request=requests,
        get_updates_request=updates,
    )


async def introduce(bot: Bot, on_delay: Callable[[str], None]) -> None:
    """Ask Telegram who the bot is, as long as it takes: at boot the network may be late.

    Args:
        bot: Telegram's methods.
        on_delay: Told the reason when Telegram does not answer at once.

    Raises:
        InvalidTokenError: Telegram does not know the token.
    """
    pause_s = _FIRST_PAUSE_S
    while True:
        try:
            await bot.initialize()
        except (InvalidToken, EndPointNotFound):
            await confirm_token(bot, _REFUSED_FOR_S)
        except Exception as error:  # noqa: BLE001 - whatever Telegram says, it may say better later
            logger.warning("getMe: %s", type(error).__name__)
            if pause_s == _FIRST_PAUSE_S:
                on_delay(type(error).__name__)
        else:
            return
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


async def confirm_token(bot: Bot, for_s: float) -> None:
    """Ask again before believing that a token is wrong: a proxy or a restart says so too.

    Args:
        bot: Whose token.
        for_s: How long Telegram must say so.

    Raises:
        InvalidTokenError: Telegram said so five times over that long.
    """
    pause_s = for_s / (_REFUSED_BEFORE_BELIEF - 1)
    for attempt in range(_REFUSED_BEFORE_BELIEF):
        if attempt:
            await asyncio.sleep(pause_s)
        try:
            await bot.get_me()
        except (InvalidToken, EndPointNotFound):
            continue
        except Exception as error:  # noqa: BLE001 - anything else says nothing about the token
            logger.info("getMe: %s", type(error).__name__)
        return
    raise InvalidTokenError


def bot_id_of(token: str) -> int:
    """The number of a token's bot, which Telegram puts before the colon.

    Raises:
        InvalidTokenError: There is none.
    """
    number = token.partition(":")[0]
    if not number.isdecimal() or len(number) > 19:
        raise InvalidTokenError
    return int(number)


def owner_link(bot_username: str, code: str) -> str:
    """The link that makes whoever opens it the owner."""
    return create_deep_linked_url(bot_username, code)
