"""The routes of the service."""

import asyncio
import contextlib
import functools
import re
import uuid
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any

import numpy as np
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException

from bot import __version__
from bot.errors import PromptTooLongError, RequestError
from bot.generation.engine.attention import attention_of_last
from bot.generation.engine.gpt2 import read_shape
from bot.generation.engine.loading import read_json
from bot.generation.logs import log_loop_failure
from bot.generation.server.answers import ChatAnswer, TextAnswer
from bot.generation.server.completion import Completion
from bot.generation.server.guard import Guard
from bot.generation.server.host import EngineHost, LoadedModel, State
from bot.generation.server.metrics import ServiceMetrics
from bot.generation.server.prompts import (
    check_token_ids,
    check_unicode,
    read_prompt,
    read_prompts,
)
from bot.generation.server.protocol import (
    DEFAULT_MAX_TOKENS,
    AttentionRequest,
    ChatRequest,
    CompletionRequest,
    DetokenizeRequest,
    TokenizeRequest,
)
from bot.generation.server.refusals import ProtocolError, from_error, from_validation
from bot.generation.server.streaming import event_stream
from bot.generation.server.text import token_text
from bot.serving import DisconnectedError, unless_disconnected

_OBSERVE_S = 1.0
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


def create_app(host: EngineHost, *, api_key: str | None = None) -> FastAPI:
    """Build the application; its start begins to load the model, its end closes the engine.

    Args:
        host: The engine, whether it is loaded yet or not.
        api_key: What clients must send as a bearer token; None asks for nothing, of this computer.
    """

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        asyncio.get_running_loop().set_exception_handler(log_loop_failure)
        host.start()
        observing = asyncio.create_task(_observe(host))
        yield
        observing.cancel()
        await asyncio.to_thread(host.close)

    app = FastAPI(title="Redactor", openapi_url=None, lifespan=lifespan)
    app.state.host = host
    app.state.metrics = ServiceMetrics(host)
    app.include_router(_router)
    app.add_middleware(Guard, api_key=api_key)
    app.add_exception_handler(ProtocolError, _refuse)
    app.add_exception_handler(RequestValidationError, _refuse_invalid)
    app.add_exception_handler(HTTPException, _refuse_http)
    return app


async def _observe(host: EngineHost) -> None:
    while True:
        host.observe()
        await asyncio.sleep(_OBSERVE_S)


_router = APIRouter()


@_router.api_route("/health", methods=["GET", "HEAD"])
async def health(request: Request) -> JSONResponse:
    """Say whether requests are taken: 200, or 503 while loading, stalled or stopping."""
    report = request.app.state.host.health()
    return JSONResponse(report, 200 if report["status"] == State.READY else 503)


@_router.get("/version")
async def version() -> dict[str, str]:
    """Tell the program's version."""
    return {"version": __version__}


@_router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Give Prometheus its numbers."""
    service_metrics: ServiceMetrics = request.app.state.metrics
    return Response(generate_latest(service_metrics.registry), media_type=CONTENT_TYPE_LATEST)


@_router.get("/v1/models")
async def models(request: Request) -> dict[str, Any]:
    """List the one model that is served."""
    return {"object": "list", "data": [_model_body(request.app.state.host.model())]}


@_router.get("/v1/models/{model_id:path}")
async def model(request: Request, model_id: str) -> dict[str, Any]:
    """Describe the model."""
    return _model_body(_named(request.app.state.host, model_id))


def _named(host: EngineHost, name: str) -> LoadedModel:
    loaded = host.model()
    if name != loaded.name:
        raise ProtocolError(
            404, "there is no such model here", code="model_not_found", param="model"
        )
    return loaded


def _model_body(model: LoadedModel) -> dict[str, Any]:
    engine = model.engine
    shape = None
    if model.folder is not None:
        shape = read_shape(read_json(model.folder / "config.json"))
    return {
        "id": model.name,
        "object": "model",
        "created": model.created_s,
        "owned_by": "redactor",
        "max_model_len": engine.context_tokens,
        "revision": engine.revision,
        "redactor": {
            **model.frames.to_json(),
            "tokens_per_word": model.tokens_per_word,
            "max_batch_size": engine.load.slots,
            "sentence_candidates": engine.sentence_candidates,
            "vocabulary_size": engine.vocabulary_size,
            "width": shape and shape.width,
        },
    }


@_router.post("/v1/completions")
async def completions(request: Request, body: CompletionRequest) -> Response:
    """Continue one or more prompts."""
    return await _answer(request, body, TextAnswer)


@_router.post("/v1/chat/completions")
async def chat_completions(request: Request, body: ChatRequest) -> Response:
    """Answer the last message of a conversation."""
    return await _answer(request, body, ChatAnswer)


async def _answer(
    request: Request,
    body: CompletionRequest | ChatRequest,
    form: type[TextAnswer] | type[ChatAnswer],
) -> Response:
    host: EngineHost = request.app.state.host
    metrics: ServiceMetrics = request.app.state.metrics
    try:
        body.check()
        model = _named(host, body.model)
        backend = model.engine.tokenizer.backend_tokenizer
        answer = form(backend, has_logprobs=body.wanted_logprobs is not None)
        completion = Completion(_request_id(request), body, answer, host, metrics)
        prompts = await read_prompts(model, body)
        room = model.engine.context_tokens - len(prompts[0].token_ids)
        default_tokens = DEFAULT_MAX_TOKENS if form is TextAnswer else max(1, room)
        # Over a Unix socket there is one client, and no address.
        client = request.client.host if request.client else None
        completion.submit(prompts, default_tokens, client)
    except (ProtocolError, RequestError) as error:
        metrics.requests.labels("refused").inc()
        raise from_error(error, host.retry_after_s) from error
    if body.stream:
        return event_stream(completion.events())
    try:
        return JSONResponse(await unless_disconnected(request.receive, completion.collect()))
    except DisconnectedError:
        return Response(status_code=499)  # nobody reads it


def _request_id(request: Request) -> str:
    """Take the client's id where it gave a decent one, so that the two logs can be matched."""
    given = request.headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


@_router.post("/tokenize")
async def tokenize(request: Request, body: TokenizeRequest) -> dict[str, Any]:
    """Cut a text into tokens."""
    model: LoadedModel = request.app.state.host.model()
    tokenizer = model.engine.tokenizer
    encode = functools.partial(tokenizer.encode, add_special_tokens=body.add_special_tokens)
    check_unicode(body.prompt)
    token_ids = await asyncio.to_thread(encode, body.prompt)
    answer: dict[str, Any] = {
        "count": len(token_ids),
        "max_model_len": model.engine.context_tokens,
        "tokens": token_ids,
    }
    if body.return_token_strs:
        answer["token_strs"] = [token_text(tokenizer.backend_tokenizer, one) for one in token_ids]
    return answer


@_router.post("/detokenize")
async def detokenize(request: Request, body: DetokenizeRequest) -> dict[str, str]:
    """Put tokens together to a text."""
    model: LoadedModel = request.app.state.host.model()
    check_token_ids(model, body.tokens)
    return {"prompt": await asyncio.to_thread(model.engine.tokenizer.decode, body.tokens)}


@_router.post("/v1/attention")
async def attention(request: Request, body: AttentionRequest) -> dict[str, Any]:
    """Tell how much the last token of a text looks at each one, in every layer and head."""
    model = _named(request.app.state.host, body.model)
    prompt = await read_prompt(model, body.prompt)
    limit = model.engine.context_tokens
    if len(prompt.token_ids) > limit:
        raise from_error(PromptTooLongError(len(prompt.token_ids), limit))
    weights = None
    if model.folder is not None:
        weights = await asyncio.to_thread(attention_of_last, model.folder, prompt.token_ids)
    if weights is None:
        raise ProtocolError(
            404, "this model does not show its attention", code="attention_not_available"
        )
    backend = model.engine.tokenizer.backend_tokenizer
    return {
        "object": "attention",
        "model": model.name,
        "token_ids": prompt.token_ids,
        "tokens": [token_text(backend, token_id) for token_id in prompt.token_ids],
        "weights": np.round(weights, 5).tolist(),
    }


async def _refuse(_request: Request, error: Exception) -> Response:
    return from_error(error).response()


async def _refuse_invalid(request: Request, error: Exception) -> Response:
    request.app.state.metrics.requests.labels("refused").inc()
    assert isinstance(error, RequestValidationError)
    return from_validation(error).response()


async def _refuse_http(_request: Request, error: Exception) -> Response:
    """Put Starlette's own refusals (no such path, method not allowed) into the protocol's form."""
    assert isinstance(error, HTTPException)
    code = HTTPStatus(error.status_code).name.lower()
    refusal = ProtocolError(error.status_code, error.detail, code=code, headers=error.headers)
    return refusal.response()
