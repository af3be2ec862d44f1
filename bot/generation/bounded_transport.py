"""HTTP answers of a bounded size, so that a service gone mad cannot fill the bot's memory."""

from collections.abc import AsyncIterator

import httpx

GREATEST_EVENT_BYTES = 2**20
"""Of one server-sent event, or of an answer that is no stream: many times the longest essay."""

_LONGEST_END = len(b"\n\r\n")


class BoundedTransport(httpx.AsyncHTTPTransport):
    """HTTP whose answers break off where no event ends for ``GREATEST_EVENT_BYTES``."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; reading the answer raises ``RemoteProtocolError`` at the bound."""
        # What is counted must be what is read: a few compressed bytes can hold gigabytes.
        request.headers["Accept-Encoding"] = "identity"
        response = await super().handle_async_request(request)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _BoundedStream(response.stream)
        return response


class _BoundedStream(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        unfinished = 0  # bytes since the last blank line, which ends an event
        tail = b""  # an end may be cut in two
        async for chunk in self._stream:
            joined = tail + chunk
            end = max(joined.rfind(b"\n\n"), joined.rfind(b"\n\r\n"))
            unfinished = len(joined) - end if end >= 0 else unfinished + len(chunk)
            if unfinished > GREATEST_EVENT_BYTES:
                raise httpx.RemoteProtocolError("an event without an end")
            tail = joined[1 - _LONGEST_END :]
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()
