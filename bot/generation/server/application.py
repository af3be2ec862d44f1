"""The routes of the service."""

import asyncio
import contextlib
import hmac
import re
import uuid
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException

from bot.errors import RequestError
from bot.generation.logs import log_loop_failure
from bot.generation.server.completion import Completion
from bot.generation.server.guard import Guard
from bot.generation.server.host import EngineHost, LoadedModel, State
from bot.generation.server.metrics import ServiceMetrics
from bot.generation.server.protocol import (
    CompletionRequest,
    ProtocolError,
    from_error,
    from_validation,
)
from bot.generation.server.streaming import event_stream
from bot.serving import DisconnectedError, unless_disconnected

_OBSERVE_S = 1.0
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


def create_app(host: EngineHost, *, api_key: str | None = None) -> FastAPI:
    """Build the application; its start begins to load the model, its end closes the engine.

    Args:
        host: The engine, whether it is loaded yet or not.
        api_key: What clients of ``/v1`` must send as a bearer token; None asks for nothing.
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
    app.state.api_key = api_key
    app.include_router(_open)
    app.include_router(_protected)
    app.add_middleware(Guard)
    app.add_exception_handler(ProtocolError, _refuse)
    app.add_exception_handler(RequestValidationError, _refuse_invalid)
    app.add_exception_handler(HTTPException, _refuse_http)
    return app


async def _observe(host: EngineHost) -> None:
    while True:
        host.observe()
        await asyncio.sleep(_OBSERVE_S)


async def _check_key(request: Request) -> None:
    api_key = request.app.state.api_key
    if api_key is None:
        return
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(given.encode(), api_key.encode()):
        raise ProtocolError(401, "wrong or missing API key", code="invalid_api_key")


_open = APIRouter()
_protected = APIRouter(prefix="/v1", dependencies=[Depends(_check_key)])


@_open.get("/health")
async def health(request: Request) -> JSONResponse:
    """Say whether requests are taken: 200, or 503 while loading, stalled or stopping."""
    report = request.app.state.host.health()
    return JSONResponse(report, 200 if report["status"] == State.READY else 503)


@_open.get("/metrics")
async def metrics(request: Request) -> Response:
    """Give Prometheus its numbers."""
    service_metrics: ServiceMetrics = request.app.state.metrics
    return Response(generate_latest(service_metrics.registry), media_type=CONTENT_TYPE_LATEST)


@_protected.get("/models")
async def models(request: Request) -> dict[str, Any]:
    """List the one model that is served."""
    return {"object": "list", "data": [_model_body(request.app.state.host.model())]}


@_protected.get("/models/{model_id:path}")
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
        },
    }


@_protected.post("/completions")
async def completions(request: Request, body: CompletionRequest) -> Response:
    """Continue one or more prompts."""
    host: EngineHost = request.app.state.host
    metrics: ServiceMetrics = request.app.state.metrics
    try:
        body.check()
        _named(host, body.model)
        completion = Completion(_request_id(request), body, host, metrics)
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
    return f"cmpl-{given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex}"


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
