"""A client of the playground's ``/api``, as another process would be one."""

from types import TracebackType
from typing import Any, Self

import httpx


class PlaygroundRefusedError(Exception):
    """The playground did not do what it was asked, for the reason that it says."""


class PlaygroundClient:
    """Acts as the people of a running playground at ``url``."""

    def __init__(self, url: str) -> None:
        self._http = httpx.AsyncClient(base_url=url, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def get(self, path: str, **query: Any) -> Any:
        """Read ``/api/<path>``."""
        return _content(await self._http.get(f"/api/{path}", params=query))

    async def post(self, path: str, **body: Any) -> Any:
        """Do something through ``/api/<path>``."""
        return _content(await self._http.post(f"/api/{path}", json=body))


def _content(response: httpx.Response) -> Any:
    content = response.json()
    if response.is_error:
        raise PlaygroundRefusedError(content["error"])
    return content
