"""Updates that Telegram brings to an address, for a bot that need not ask for them."""

import asyncio
import hmac
import json
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.serving import serve_beside

logger = logging.getLogger(__name__)

_SECRET = "X-Telegram-Bot-Api-Secret-Token"
_MOST_CONNECTIONS = 64


@dataclass(frozen=True, slots=True)
class WebhookAddress:
    """Where Telegram brings updates.

    Attributes:
        url: What Telegram calls: a proxy that ends TLS and passes on to ``host`` and ``port``.
        host: What the bot listens on.
        port: Its port.
    """

    url: str
    host: str
    port: int

    def url_of(self, bot_id: int) -> str:
        """The bot's own address, so that several bots stand behind one name."""
        return f"{self.url.rstrip('/')}/{bot_id}"


@asynccontextmanager
async def receiving(
    address: WebhookAddress, bot_id: int, take: Callable[[list[dict[str, Any]]], Awaitable[None]]
) -> AsyncIterator[str]:
    """Listen for updates while the block runs.

    Args:
        address: Where.
        bot_id: Whose.
        take: Writes an update down. Telegram is answered when that is done, so that what comes
            before a kill comes again.

    Yields:
        The secret that Telegram has to send: a new one each time.

    Raises:
        PortTakenError: Another program listens there.
        SettingsError: This computer has no such address.
    """
    secret = secrets.token_urlsafe(32)
    in_order = asyncio.Lock()

    async def receive(request: Request) -> Response:
        given = request.headers.get(_SECRET, "")
        if not hmac.compare_digest(given.encode(), secret.encode()):
            return Response(status_code=403)
        try:
            payload = json.loads(await request.body())
        except ValueError:
            payload = None
        if isinstance(payload, dict) and isinstance(payload.get("update_id"), int):
            async with in_order:
                await take([payload])
        else:
            # Refused, it would come again and again.
            logger.warning("an update without a number is left out")
        return Response()

    application = Starlette(routes=[Route(f"/{bot_id}", receive, methods=["POST"])])
    async with serve_beside(application, address.host, address.port, _MOST_CONNECTIONS):
        yield secret
