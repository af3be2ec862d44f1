"""The outermost layer: bodies of a sane size, and failures that leave no text in the log."""

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.generation.logs import log_failure
from bot.generation.server.protocol import ProtocolError, from_error

_log = logging.getLogger(__name__)

GREATEST_BODY_BYTES = 2**21  # many times the longest prompt that fits any window


class Guard:
    """Refuses oversized bodies and answers unforeseen failures in the protocol's form."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

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
            await self._app(scope, counting_receive, noting_send)
        except _BodyTooLargeError:
            await _too_large().response()(scope, receive, send)
        except Exception as error:  # noqa: BLE001 - the last place that can answer and keep silent
            log_failure(_log, "a request failed", error)
            if not has_started:
                await from_error(error).response()(scope, receive, send)


class _BodyTooLargeError(BaseException):
    """Not an Exception, so that nobody on the way takes it for bad JSON."""


def _too_large() -> ProtocolError:
    return ProtocolError(
        413, f"a request has at most {GREATEST_BODY_BYTES} bytes", code="body_too_large"
    )
