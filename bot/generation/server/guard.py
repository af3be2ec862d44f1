"""The outermost layer: who is let in, bodies of a sane size, failures that leave no text."""

import hmac
import logging
import re

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.generation.logs import log_failure
from bot.generation.server.refusals import ProtocolError, from_error

_log = logging.getLogger(__name__)

GREATEST_BODY_BYTES = 2**21  # many times the longest prompt that fits any window


_OPEN_PATHS = {"/health", "/metrics", "/version"}
_OWN_ADDRESS = re.compile(
    r"(https?://)?(localhost|127\.0\.0\.1|\[::1\])(:\d+)?", re.IGNORECASE | re.ASCII
)


class Guard:
    """Refuses strangers and oversized bodies; answers unforeseen failures in the protocol's form.

    Args:
        app: What is guarded.
        api_key: What clients must send as a bearer token, but for ``_OPEN_PATHS``. With None only
            this computer is served, and of its browser's pages only its own: a page from elsewhere
            whose name suddenly leads here still sends that name.
    """

    def __init__(self, app: ASGIApp, api_key: str | None) -> None:
        self._app = app
        self._api_key = api_key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_started = False
        received = 0

        async def counting_receive() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > GREATEST_BODY_BYTES:
                raise _BodyTooLargeError
            return message

        async def noting_send(message: Message) -> None:
            nonlocal has_started
            has_started = True
            await send(message)

        try:
            self._check(scope["path"], Headers(scope=scope))
            await self._app(scope, counting_receive, noting_send)
        except ProtocolError as error:
            await error.response()(scope, receive, send)
        except _BodyTooLargeError:
            await _too_large().response()(scope, receive, send)
        except Exception as error:  # noqa: BLE001 - the last place that can answer and keep silent
            log_failure(_log, "a request failed", error)
            if not has_started:
                await from_error(error).response()(scope, receive, send)

    def _check(self, path: str, headers: Headers) -> None:
        if self._api_key is None:
            if not (_is_own(headers.get("host", "")) and _is_own(headers.get("origin", ""))):
                raise ProtocolError(
                    403, "without a key, only this computer is served", code="foreign_host"
                )
        elif path not in _OPEN_PATHS:
            scheme, _, given = headers.get("authorization", "").partition(" ")
            is_right = hmac.compare_digest(given.strip().encode(), self._api_key.encode())
            if scheme.lower() != "bearer" or not is_right:
                raise ProtocolError(
                    401,
                    "wrong or missing API key",
                    code="invalid_api_key",
                    headers={"WWW-Authenticate": "Bearer"},
                )


def _is_own(address: str) -> bool:
    """Say whether an address, with or without scheme and port, is this computer's, or missing."""
    return not address or _OWN_ADDRESS.fullmatch(address) is not None


class _BodyTooLargeError(BaseException):
    """Not an Exception, so that nobody on the way takes it for bad JSON."""


def _too_large() -> ProtocolError:
    return ProtocolError(
        413, f"a request has at most {GREATEST_BODY_BYTES} bytes", code="body_too_large"
    )
