"""The bot's client, against the real service and against the ways of other people's."""

import asyncio
import contextlib
import json
import logging
import subprocess
import sys
import threading
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import JSONResponse, Response

from bot.errors import (
    EngineBusyError,
    FailureReason,
    GenerationError,
    InvalidParameterError,
    PromptTooLongError,
)
from bot.generation.bounded_transport import GREATEST_EVENT_BYTES
from bot.generation.client import GenerationClient
from bot.generation.parameters import SamplingParameters
from bot.generation.server import EngineHost, LoadedModel, ServiceOptions
from bot.generation.server.host import ReportProgress
from bot.generation.server.listening import address_of, open_listener
from bot.generation.server.loading import load_model
from tests.generation.conftest import CONTEXT_TOKENS
from tests.generation.foreign import DONE, LLAMA_CPP, OLLAMA, VLLM, Foreign, event, serving
from tests.generation.services import (
    OPTIONS,
    PATIENCE_S,
    RunningService,
    eventually,
    running,
    running_model,
)

PARAMETERS = SamplingParameters(
    max_new_tokens=12, top_k=20, repetition_penalty=1.1, seed=7, ignore_eos=True
)
LONG = SamplingParameters(max_new_tokens=30_000, ignore_eos=True, seed=1)


@pytest.fixture(scope="module")
def service(model_folder: Path) -> Iterator[RunningService]:
    with running_model(model_folder) as running_service:
        yield running_service


@pytest.fixture
async def client(service: RunningService) -> AsyncIterator[GenerationClient]:
    async with GenerationClient(service.url) as generation_client:
        yield generation_client


async def read(client: GenerationClient, prompt: str = "El mar", **more: Any) -> str:
    parameters = more.pop("parameters", PARAMETERS)
    async with aclosing(client.stream(prompt, parameters, **more)) as stream:
        return "".join([piece async for piece in stream])


async def read_until_failure(
    client: GenerationClient, prompt: str = "El mar"
) -> tuple[str, GenerationError]:
    """Return what came, and the error after it."""
    text = ""
    try:
        async for piece in client.stream(prompt, PARAMETERS):
            text += piece
    except GenerationError as error:
        return text, error
    raise AssertionError("it did not fail")


def test_client_is_small() -> None:
    program = (
        "import sys, bot.generation.client, bot.generation.supervisor, bot.generation.models;"
        "print({'torch', 'transformers', 'numba', 'numpy'} & sys.modules.keys())"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "set()"


async def test_describe(client: GenerationClient, service: RunningService) -> None:
    served = await client.describe()
    assert served.id == "small"
    assert served.revision == service.engine.revision
    assert served.context_tokens == CONTEXT_TOKENS
    assert served.max_batch_size == 8
    assert served.tokens_per_word > 1
    assert served.is_own
    assert served.frames.special_tokens == ("<|endoftext|>",)
    assert await client.describe() is served
    assert await client.describe(fresh=True) == served


async def test_stream(client: GenerationClient, service: RunningService) -> None:
    tokens = service.engine.load.tokens
    pieces = [piece async for piece in client.stream("El mar", PARAMETERS)]
    assert all(pieces)
    assert service.engine.load.tokens == tokens + 12
    assert await read(client) == "".join(pieces)


async def test_candidates_for_sentences_are_asked_for(
    client: GenerationClient, service: RunningService
) -> None:
    tokens = service.engine.load.tokens
    several = replace(PARAMETERS, sentence_candidates=3, keywords=("mar",))
    chosen = await read(client, parameters=several)
    assert chosen == await read(client, parameters=several)
    assert service.engine.load.tokens == tokens + 24
    assert (await client.describe()).sentence_candidates == 8
    # More than the service can draw are as many as it can.
    client._served = replace(await client.describe(), sentence_candidates=3)
    assert await read(client, parameters=replace(several, sentence_candidates=8)) == chosen


async def test_cancelling_frees_the_slots(
    client: GenerationClient, service: RunningService
) -> None:
    def is_running(count: int) -> bool:
        return service.engine.load.running == count

    stream = client.stream("El mar", LONG)
    await anext(stream)
    assert is_running(1)
    await stream.aclose()
    await asyncio.to_thread(eventually, lambda: is_running(0))

    for candidates in (1, 8):
        several = replace(LONG, sentence_candidates=candidates)
        task = asyncio.create_task(read(client, parameters=several))
        await asyncio.to_thread(eventually, lambda: is_running(1))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.to_thread(eventually, lambda: is_running(0))
    assert await read(client)


async def test_refusals(client: GenerationClient, service: RunningService) -> None:
    long = "el mar " * 300
    with pytest.raises(PromptTooLongError) as too_long:
        await read(client, long)
    assert too_long.value.tokens > too_long.value.limit == CONTEXT_TOKENS - 1
    assert await read(client, long, keep_last_tokens=-1)
    assert await read(client, long, keep_last_tokens=5)

    with pytest.raises(InvalidParameterError) as invalid:
        await read(client, keep_last_tokens=0)
    assert invalid.value.name == "truncate_prompt_tokens"
    with pytest.raises(InvalidParameterError) as empty:
        await read(client, "")
    assert empty.value.name == "prompt"

    async with GenerationClient(service.url, model="gpt-5") as other:
        with pytest.raises(GenerationError) as unknown:
            await other.describe()
    assert unknown.value.reason is FailureReason.MISCONFIGURED


async def test_nothing_that_people_wrote_is_logged(
    client: GenerationClient, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "mecano"
    caplog.set_level(logging.DEBUG)
    for name in ("openai", "openai._base_client", "openai._legacy_response", "httpx", "httpcore"):
        caplog.set_level(logging.DEBUG, logger=name)
    echo = json.dumps({"error": {"message": f"cannot go on from {secret}", "code": secret * 20}})
    broken = f'data: {{"choices": [{{"text": {secret}}}]}}\n\n'.encode()
    await read(client, secret)
    foreign = Foreign(OLLAMA, event(secret), broken)
    async with served_by(foreign) as other:
        for refusals in ([], [Response(echo, 400)], [Response(secret, 500)], [Response(secret)]):
            foreign.refusals = refusals
            _, error = await read_until_failure(other, secret)
            shown = "".join(traceback.format_exception(error))
            assert "read_until_failure" in shown
            assert secret not in shown
    lines = [record.getMessage() + str(record.exc_text) for record in caplog.records]
    assert lines
    assert secret not in "".join(lines)


async def test_likely_pieces(client: GenerationClient, service: RunningService) -> None:
    pieces = await client.likely_pieces("El mar", 10)
    assert pieces is not None
    assert len(pieces) == 10
    chances = [piece.probability for piece in pieces]
    assert chances == sorted(chances, reverse=True)
    assert 0 < sum(chances) <= 1
    whole = await client.likely_pieces("El mar", 100)
    assert whole is not None
    assert len(whole) == 100
    with pytest.raises(PromptTooLongError):
        await client.likely_pieces("el mar " * 300, 10)
    silent = {"choices": [{"index": 0, "text": "a", "finish_reason": "stop", "logprobs": None}]}
    foreign = Foreign(OLLAMA)
    foreign.refusals = [JSONResponse(silent), JSONResponse({}, 400)]
    async with served_by(foreign) as other:
        assert await other.likely_pieces("El mar", 10) is None
        with pytest.raises(GenerationError):
            await other.likely_pieces("El mar", 10)


async def test_attention(
    client: GenerationClient, service: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = await client.attention("El mar")
    assert looks is not None
    assert "".join(looks.pieces) == "El mar"
    assert [len(layer) for layer in looks.weights] == [2, 2]
    with pytest.raises(PromptTooLongError):
        await client.attention("el mar " * 300)
    async with served_by(Foreign(OLLAMA)) as other:
        assert await other.attention("El mar") is None
    model = service.host.loaded
    assert model is not None
    monkeypatch.setattr(service.host, "_model", replace(model, folder=None))
    assert await client.attention("El mar") is None


async def test_nobody_listens() -> None:
    with open_listener("127.0.0.1", 0, None) as listener:
        url = address_of(listener)
    async with GenerationClient(url) as client:
        assert client.away_since is None
        _, error = await read_until_failure(client)
        assert (error.reason, error.has_begun) == (FailureReason.AWAY, False)
        assert client.away_since is not None
        with pytest.raises(GenerationError, match=r"not ready .* ConnectError"):
            await client.wait_until_ready(0.1)


async def test_wait_until_ready_tells_the_progress(model_folder: Path) -> None:
    may_load = threading.Event()

    def load(report: ReportProgress) -> LoadedModel:
        report(0.5)
        may_load.wait(PATIENCE_S)
        return load_model(str(model_folder), OPTIONS, report)

    def on_progress(share: float | None) -> None:
        seen.append(share)
        if share == 0.5:
            may_load.set()

    seen: list[float | None] = []
    with running(EngineHost("small", load), OPTIONS, None) as service:
        async with GenerationClient(f"{service.url}/v1/") as client:
            with pytest.raises(GenerationError) as early:
                await read(client)
            assert early.value.is_passing
            served = await client.wait_until_ready(PATIENCE_S, on_progress)
            assert served.id == "small"
            assert await read(client)
    assert 0.5 in seen


async def test_service_that_stops_while_writing(model_folder: Path) -> None:
    with running_model(model_folder) as service:
        async with GenerationClient(service.url) as client:
            stream = client.stream("El mar", LONG)
            await anext(stream)
            service.server.ask_to_exit()
            with pytest.raises(GenerationError) as caught:
                [piece async for piece in stream]
            assert caught.value.is_passing
            assert caught.value.has_begun


async def test_wrong_key_is_final(model_folder: Path) -> None:
    options = ServiceOptions(dtype="fp32", max_batch_size=2, api_key="llave", drain_s=0.5)
    with running_model(model_folder, options) as service:
        async with GenerationClient(service.url, api_key="llave") as client:
            assert await read(client)
        async with GenerationClient(service.url, api_key="otra") as client:
            with pytest.raises(GenerationError) as caught:
                await client.wait_until_ready(PATIENCE_S)
            assert caught.value.reason is FailureReason.MISCONFIGURED


@contextlib.asynccontextmanager
async def served_by(foreign: Foreign, **options: Any) -> AsyncIterator[GenerationClient]:
    async with serving(foreign) as url, GenerationClient(url, **options) as client:
        yield client


STANDARD = {
    "model",
    "prompt",
    "max_tokens",
    "temperature",
    "top_p",
    "seed",
    "stream",
}


async def test_vllm_gets_its_parameters() -> None:
    foreign = Foreign(VLLM)
    async with served_by(foreign) as client:
        served = await client.wait_until_ready(PATIENCE_S)
        assert (served.id, served.context_tokens, served.is_own) == ("gpt2", 1024, False)
        assert served.frames.of("ensayo").prompt == "{topic}"
        assert await read(client, keep_last_tokens=-1) == "Había una vez"
    [asked] = foreign.asked
    extended = {"top_k", "repetition_penalty", "min_tokens", "ignore_eos"}
    assert set(asked) == STANDARD | extended | {"truncate_prompt_tokens"}
    assert asked["top_k"] == 20
    assert asked["truncate_prompt_tokens"] == 1024 - 12


@pytest.mark.parametrize(("model", "context_tokens"), [(LLAMA_CPP, 512), (OLLAMA, 1024)])
async def test_others_get_what_the_protocol_has(
    model: dict[str, Any], context_tokens: int
) -> None:
    foreign = Foreign(model)
    async with served_by(foreign) as client:
        served = await client.wait_until_ready(PATIENCE_S)
        assert served.context_tokens == context_tokens
        assert (
            await read(client, parameters=replace(PARAMETERS, sentence_candidates=4))
            == "Había una vez"
        )
        many = " ".join(str(number) for number in range(3000))
        await read(client, many, parameters=LONG, keep_last_tokens=-1)
    assert all(set(asked) == STANDARD for asked in foreign.asked)
    cut = foreign.asked[-1]
    assert many.endswith(cut["prompt"])
    assert len(cut["prompt"].split()) * served.tokens_per_word + cut["max_tokens"] <= (
        context_tokens
    )


def refusal(status: int, **error: Any) -> JSONResponse:
    return JSONResponse({"error": {"message": "no", **error}}, status)


def failure(reason: FailureReason, detail: str) -> GenerationError:
    return GenerationError(reason, detail)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (
            refusal(
                400,
                message="This model's maximum context length is 1024 tokens. However, you "
                "requested 1500 tokens (1100 in the messages, 400 in the completion).",
            ),
            PromptTooLongError(1500, 1024),
        ),
        (
            refusal(400, type="exceed_context_size_error", n_prompt_tokens=900, n_ctx=512),
            PromptTooLongError(900, 512),
        ),
        (refusal(400, param="temperature"), InvalidParameterError("temperature", 1.0)),
        (refusal(400), failure(FailureReason.REFUSED, "status 400: no code")),
        (refusal(422, code="x"), failure(FailureReason.REFUSED, "status 422: x")),
        (refusal(400, code="El mar"), failure(FailureReason.REFUSED, "status 400: no code")),
        (refusal(401), failure(FailureReason.MISCONFIGURED, "status 401: no code")),
        (refusal(403, code="no"), failure(FailureReason.MISCONFIGURED, "status 403: no")),
        (refusal(404), failure(FailureReason.MISCONFIGURED, "status 404: no code")),
        (Response(status_code=302), failure(FailureReason.MISCONFIGURED, "status 302: no code")),
        (refusal(408), failure(FailureReason.TIMEOUT, "status 408: no code")),
        (refusal(413), failure(FailureReason.TOO_LONG, "status 413: no code")),
        (refusal(429), EngineBusyError(0)),
        (
            refusal(503, type="unavailable_error"),
            failure(FailureReason.AWAY, "status 503: unavailable_error"),
        ),
        (
            Response("<html>Bad Gateway</html>", 502),
            failure(FailureReason.AWAY, "status 502: no code"),
        ),
        (refusal(504), failure(FailureReason.TIMEOUT, "status 504: no code")),
    ],
)
async def test_refusals_of_others(answer: Response, expected: Exception) -> None:
    foreign = Foreign(LLAMA_CPP)
    foreign.refusals = [answer]
    async with served_by(foreign) as client:
        with pytest.raises(type(expected)) as caught:
            await read(client)
    attributes = {
        name: value for name, value in vars(caught.value).items() if not name.startswith("__")
    }
    assert attributes == vars(expected)


async def test_full_service_is_asked_again_when_it_says() -> None:
    full = JSONResponse({"error": {}}, 429, {"Retry-After": "0.01"})
    at_once = JSONResponse({}, 429, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"})
    foreign = Foreign(LLAMA_CPP)
    async with served_by(foreign) as client:
        foreign.refusals = [full, at_once]
        assert await read(client) == "Había una vez"
        assert len(foreign.asked) == 3
        foreign.refusals = [full] * 20
        with pytest.raises(EngineBusyError):
            await read(client)
        assert foreign.refusals


LONE_BYTE = b"\xc3"


@pytest.mark.parametrize(
    "broken",
    [
        b"data: {\n\n",
        b"data: <html>\n\n",
        b"data: 5\n\n",
        b"data: []\n\n",
        b'data: "no"\n\n',
        b"data: {}\n\n",
        b'data: {"choices": null}\n\n',
        b'data: {"choices": [5]}\n\n',
        event(7),
        b'data: {"error": {"message": "out of memory", "code": 500}}\n\n',
        b'data: {"choices": [{"index": 0, "text": "' + LONE_BYTE + b'"}]}\n\n',
    ],
)
async def test_broken_event_is_a_broken_stream(broken: bytes) -> None:
    foreign = Foreign(OLLAMA, event("Había "), broken, event("una vez", "stop"), DONE)
    async with served_by(foreign) as client:
        text, error = await read_until_failure(client)
        assert text == "Había "
        assert (error.reason, error.has_begun) == (FailureReason.AWAY, True)
        foreign.events = (event("Era "), event("otra", "stop"), DONE)
        assert await read(client) == "Era otra"


@pytest.mark.parametrize("part", [b" " * 2**16, b"data: x\n" * 2**13, b": \r\n" * 2**14])
async def test_endless_event_ends_the_stream(part: bytes) -> None:
    foreign = Foreign(OLLAMA, event("Había "), *[part] * 1600)
    async with served_by(foreign) as client:
        text, error = await read_until_failure(client)
    assert text == "Había "
    assert error.reason is FailureReason.AWAY
    # Of 100 MB the greatest event was read, and what the sockets between held.
    assert foreign.sent_bytes < 16 * GREATEST_EVENT_BYTES


async def test_long_stream_of_short_events_is_read_to_its_end() -> None:
    many = b"".join(event("mar ") for _ in range(30_000))
    cut = [many[at : at + 4099] for at in range(0, len(many), 4099)]
    foreign = Foreign(OLLAMA, *cut, event("Fin.", "stop"), DONE)
    async with served_by(foreign) as client:
        assert await read(client) == "mar " * 30_000 + "Fin."
    assert foreign.sent_bytes > 2 * GREATEST_EVENT_BYTES


async def test_silence_is_a_timeout() -> None:
    class Silent(Foreign):
        async def stream(self) -> AsyncIterator[bytes]:
            yield event("Había ")
            await asyncio.sleep(PATIENCE_S)

    async with served_by(Silent(OLLAMA), silence_timeout_s=0.02) as client:
        text, error = await read_until_failure(client)
    assert text == "Había "
    assert (error.reason, error.is_passing) == (FailureReason.TIMEOUT, True)


@pytest.mark.parametrize("events", [(event("", "stop"), DONE), (event(" \n", "length"), DONE)])
async def test_answer_without_a_word(events: tuple[bytes, ...]) -> None:
    async with served_by(Foreign(OLLAMA, *events)) as client:
        _, error = await read_until_failure(client)
    assert error.reason is FailureReason.EMPTY


@pytest.mark.parametrize(
    "answer",
    [
        Response("<html>Sign in</html>", media_type="text/html"),
        JSONResponse({}),
        JSONResponse([1]),
        JSONResponse({"data": [5]}),
        JSONResponse({"data": [{"object": "model"}]}),
    ],
)
async def test_address_of_something_else(answer: Response) -> None:
    async with served_by(Foreign(answer)) as client:
        _, error = await read_until_failure(client)
    assert error.reason is FailureReason.AWAY


async def test_answer_that_breaks_off() -> None:
    foreign = Foreign(OLLAMA, event("Había "), event("una vez"), DONE)
    async with served_by(foreign) as client:
        text, error = await read_until_failure(client)
    assert text == "Había una vez"
    assert (error.reason, error.detail) == (FailureReason.AWAY, "the answer broke off")
    assert error.has_begun
