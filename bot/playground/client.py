"""A client of the playground's ``/api``: plays people from another process.

The end-to-end tests drive the real bot with it. Every answer carries ``seq``, the number of the
last change before anything that the action led to, so that waiting can't miss an early answer and
needs no sleeping.
"""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import httpx

from bot.playground.model import Json

_POLL_S = 20.0


class PlaygroundRefusedError(Exception):
    """The playground did not do what it was asked.

    Attributes:
        reason: A word for programs, such as ``not_a_member``.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PlaygroundClient:
    """Acts as the people of a running playground.

    Args:
        url: Where the page is, such as ``http://127.0.0.1:8080``.

    Attributes:
        classroom: ``students`` (four ids), ``teacher``, ``group``, ``forum`` and ``topics``
            (two thread ids); known inside the ``async with`` block.
        bot: The bot as a ``User``.
    """

    def __init__(self, url: str) -> None:
        self._http = httpx.AsyncClient(base_url=url, timeout=_POLL_S + 10, trust_env=False)
        self.classroom: Json = {}
        self.bot: Json = {}

    async def __aenter__(self) -> Self:
        state = await self.get("state")
        self.classroom, self.bot = state.get("classroom", {}), state["bot"]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def get(self, path: str, **query: object) -> Any:  # noqa: ANN401 - JSON of any shape
        """Read ``/api/<path>``.

        Raises:
            PlaygroundRefusedError: The answer is no success.
        """
        parameters = {name: str(value) for name, value in query.items() if value is not None}
        return _content(await self._http.get(f"/api/{path}", params=parameters))

    async def post(self, path: str, **body: object) -> Any:  # noqa: ANN401 - JSON of any shape
        """Do something through ``/api/<path>``.

        Raises:
            PlaygroundRefusedError: The playground can't do it; nothing has changed.
        """
        return _content(await self._http.post(f"/api/{path}", json=body))

    async def last_seq(self) -> int:
        """Return the number of the newest change."""
        seq: int = (await self.get("state"))["last_seq"]
        return seq

    async def send(self, chat_id: int, user_id: int, text: str, **more: object) -> Json:
        """Write a message; ``more`` may have reply_to, thread_id and sender_chat_id."""
        sent: Json = await self.post(
            "messages", chat_id=chat_id, user_id=user_id, text=text, **more
        )
        return sent

    async def press(
        self, chat_id: int, user_id: int, message_id: int, data: str, *, timeout_s: float = 30
    ) -> Json:
        """Press an inline button and return the ``callback_answer`` that follows.

        Raises:
            TimeoutError: The bot did not answer the query.
        """
        pressed = await self.post(
            "press", chat_id=chat_id, user_id=user_id, message_id=message_id, data=data
        )
        return await self.wait_for(
            "callback_answer",
            lambda change: bool(change["query_id"] == pressed["query_id"]),
            after=pressed["seq"],
            timeout_s=timeout_s,
        )

    async def messages(self, chat_id: int) -> list[Json]:
        """Return the messages of a chat, oldest first."""
        found: list[Json] = (await self.get(f"chats/{chat_id}"))["messages"]
        return found

    async def wait_for(
        self,
        kind: str,
        accept: Callable[[Json], bool] = lambda _: True,
        *,
        after: int = 0,
        timeout_s: float = 60,
    ) -> Json:
        """Return the first change of a kind after number ``after`` that ``accept`` likes.

        Raises:
            TimeoutError: None came within ``timeout_s``.
        """
        async with asyncio.timeout(timeout_s):
            while True:
                for change in await self.get("changes", after=after, timeout_s=_POLL_S):
                    after = change["seq"]
                    if change["kind"] == kind and accept(change):
                        found: Json = change
                        return found

    async def wait_for_answer(
        self,
        to: Json,
        accept: Callable[[Json], bool] = lambda _: True,
        *,
        timeout_s: float = 60,
    ) -> Json:
        """Return the first message of the bot in the chat of ``to``, which :meth:`send` made.

        Only messages after ``to`` count, and those that ``accept`` likes.

        Raises:
            TimeoutError: None came.
        """
        change = await self.wait_for(
            "message",
            lambda change: (
                change["message"]["chat"]["id"] == to["chat"]["id"]
                and change["message"]["from"]["id"] == self.bot["id"]
                and accept(change["message"])
            ),
            after=to["seq"],
            timeout_s=timeout_s,
        )
        message: Json = change["message"]
        return message

    async def fail(self, kind: str, **more: object) -> None:
        """Plan a fault; ``more`` has the fields of :class:`bot.playground.faults.Fault`."""
        await self.post("faults", kind=kind, **more)

    async def calls(self, method: str | None = None, after: int = 0) -> list[Json]:
        """Return the log of Bot API calls, oldest first."""
        found: list[Json] = await self.get("calls", method=method, after=after)
        return found


def _content(response: httpx.Response) -> Any:  # noqa: ANN401 - JSON of any shape
    content = response.json()
    if response.is_error:
        raise PlaygroundRefusedError(content.get("error", str(response.status_code)))
    return content
