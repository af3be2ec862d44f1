"""Completions services of other people's making, on a real socket."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.generation.server.listening import address_of
from bot.serving import InnerServer, listen

VLLM = {"id": "gpt2", "object": "model", "created": 1, "owned_by": "vllm", "max_model_len": 1024}
LLAMA_CPP = {
    "id": "gpt2.gguf",
    "object": "model",
    "created": 1,
    "owned_by": "llamacpp",
    "meta": {"n_ctx_train": 512, "n_vocab": 50257},
}
OLLAMA = {"id": "gpt2:latest", "object": "model", "created": 1, "owned_by": "library"}


def event(text: object, finish_reason: str | None = None) -> bytes:
    """Return a server-sent event as every completions service sends them."""
    choice = {"index": 0, "text": text, "finish_reason": finish_reason}
    body = {"id": "1", "object": "text_completion", "created": 1, "model": "m"}
    return f"data: {json.dumps({**body, 'choices': [choice]})}\n\n".encode()


DONE = b"data: [DONE]\n\n"


class Foreign:
    """A service of other people's making: answers as told and remembers what it was asked."""

    def __init__(self, model: Any, *events: bytes) -> None:
        self.model = model
        self.asked: list[dict[str, Any]] = []
        self.refusals: list[Response] = []
        self.events = events or (event("Había "), event("una vez", "stop"), DONE)
        self.sent_bytes = 0
        self.app = Starlette(
            routes=[
                Route("/v1/models", self.models),
                Route("/v1/completions", self.complete, methods=["POST"]),
            ]
        )

    async def models(self, request: Request) -> Response:
        if isinstance(self.model, Response):
            return self.model
        return JSONResponse({"object": "list", "data": [self.model]})

    async def complete(self, request: Request) -> Response:
        self.asked.append(await request.json())
        if self.refusals:
            return self.refusals.pop(0)
        return StreamingResponse(self.stream(), media_type="text/event-stream")

    async def stream(self) -> AsyncIterator[bytes]:
        for part in self.events:
            self.sent_bytes += len(part)
            yield part
            await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def serving(foreign: Foreign, port: int = 0) -> AsyncIterator[str]:
    """Run such a service, on a free port unless one is given; tell its address."""
    server = InnerServer(foreign.app, 512, timeout_graceful_shutdown=1)
    with listen("127.0.0.1", port) as listener:
        task = asyncio.create_task(server.serve(sockets=[listener]))
        yield address_of(listener)
        server.should_exit = True
        await task
