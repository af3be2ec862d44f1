"""Several services behind one client, on real sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, closing

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from bot.errors import EngineBusyError, FailureReason, GenerationError
from bot.generation import balancing
from bot.generation.client import GenerationClient
from bot.generation.parameters import SamplingParameters
from bot.serving import listen
from tests.generation.foreign import DONE, LLAMA_CPP, Foreign, event, serving
from tests.generation.services import PATIENCE_S

PARAMETERS = SamplingParameters(max_new_tokens=12, seed=7)


class Replica(Foreign):
    """Answers when it may; tells its health."""

    def __init__(self, slots: int | None = None) -> None:
        super().__init__(LLAMA_CPP)
        self.slots = slots
        self.behind = 1
        self.looks = 0
        self.may_write = asyncio.Event()
        self.may_write.set()
        self.headers: list[tuple[str, str]] = []
        self.app.router.routes += [
            Route("/health", self.health),
            Mount("/below", routes=[*self.app.routes]),
        ]

    async def health(self, request: Request) -> Response:
        self.looks += 1
        instance = self.looks % self.behind
        return JSONResponse({"status": "ready", "slots": self.slots, "instance": instance})

    async def complete(self, request: Request) -> Response:
        names = ("host", "authorization")
        self.headers.append((request.headers[names[0]], request.headers[names[1]]))
        return await super().complete(request)

    async def stream(self) -> AsyncIterator[bytes]:
        yield event("Había ")
        await self.may_write.wait()
        yield event("una vez", "stop")
        yield DONE


async def read(client: GenerationClient) -> str:
    async with aclosing(client.stream("El mar", PARAMETERS)) as stream:
        return "".join([piece async for piece in stream])


@asynccontextmanager
async def client_of(*replicas: Replica, more: str = "") -> AsyncIterator[GenerationClient]:
    async with AsyncExitStack() as stack:
        urls = [await stack.enter_async_context(serving(one)) for one in replicas]
        yield await stack.enter_async_context(GenerationClient(f"{', '.join(urls)}/v1{more}"))


async def until(condition: object) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0.01)


def free_port() -> int:
    with closing(listen("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(balancing, "_LOOK_EVERY_S", 0.02)


async def test_texts_go_where_the_fewest_are_being_written() -> None:
    one, other = Replica(), Replica()
    async with client_of(one, other) as client:
        await client.describe()
        for replica in (one, other):
            replica.may_write.clear()
        texts = [asyncio.create_task(read(client)) for _ in range(6)]
        await until(lambda: len(one.asked) == len(other.asked) == 3)
        assert [state.open for state in client.services] == [3, 3]
        other.may_write.set()
        await until(lambda: sum(text.done() for text in texts) == 3)
        more = [asyncio.create_task(read(client)) for _ in range(3)]
        await asyncio.gather(*more)
        assert (len(one.asked), len(other.asked)) == (3, 6)
        one.may_write.set()
        assert set(await asyncio.gather(*texts)) == {"Había una vez"}
        # With equally many open, whoever was asked longest ago is next.
        for _ in range(4):
            await read(client)
        assert (len(one.asked), len(other.asked)) == (5, 8)
        assert [state.open for state in client.services] == [0, 0]


async def test_a_service_that_is_away_is_passed_over_until_it_is_back() -> None:
    port = free_port()
    there, back = Replica(), Replica()
    async with (
        serving(there) as url,
        GenerationClient(f"http://127.0.0.1:{port},{url}") as client,
    ):
        assert [await read(client) for _ in range(3)] == ["Había una vez"] * 3
        assert [bool(state.away_since) for state in client.services] == [True, False]
        async with serving(back, port):
            await until(lambda: client.services[0].away_since is None)
            assert await read(client)
            assert len(back.asked) == 1


async def test_what_one_refuses_for_now_another_writes() -> None:
    one, other = Replica(slots=3), Replica(slots=4)
    async with client_of(one, other) as client:
        await until(lambda: client.slots() == 7)
        one.refusals = [Response(status_code=503)]
        assert [await read(client) for _ in range(2)] == ["Había una vez"] * 2
        assert not one.refusals
        one.refusals = [Response(status_code=429, headers={"Retry-After": "30"})]
        for _ in range(3):
            assert await read(client) == "Había una vez"
        assert not one.refusals
        # No more than it has, while it wants none.
        assert [state.is_full for state in client.services] == [True, False]
        assert client.slots() == 4
        other.refusals = [Response(status_code=429)]
        one.refusals = [Response(status_code=429)]
        with pytest.raises(EngineBusyError):
            await read(client)


async def test_nobody_takes_it() -> None:
    one = Replica()
    async with client_of(one, more=f",http://127.0.0.1:{free_port()}") as client:
        one.refusals = [Response(status_code=503)]
        with pytest.raises(GenerationError, match="status 503") as caught:
            await read(client)
        assert caught.value.reason is FailureReason.AWAY
        assert not caught.value.has_begun


async def test_capacity_is_unknown_where_one_does_not_tell() -> None:
    one, other = Replica(slots=3), Replica()
    async with client_of(one, other) as client:
        await until(lambda: client.services[0].slots == 3)
        assert client.slots() is None


async def test_those_behind_one_address_are_seen_one_after_another() -> None:
    one = Replica(slots=3)
    one.behind = 4
    async with serving(one) as url, GenerationClient(url) as client:
        await until(lambda: client.slots() == 12)


async def test_each_is_addressed_by_its_own_name_path_and_password() -> None:
    one = Replica()
    async with serving(one) as url:
        address = url.removeprefix("http://")
        async with GenerationClient(f"http://maestra:secreto@{address}/below/v1") as client:
            assert await read(client) == "Había una vez"
            assert client.services[0].address == address
        async with GenerationClient(url, api_key="llave") as client:
            assert await read(client)
    assert one.headers == [
        (address, "Basic bWFlc3RyYTpzZWNyZXRv"),
        (address, "Bearer llave"),
    ]
