"""A generation service that writes numbered sentences, so that whoever reads them sees any gap.

It speaks the completions protocol: for many runs in one process, each under a path of its own, or
(``python -m tests.chaos.service``) as the child that a bot supervises.
"""

import argparse
import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.generation.lifeline import end_with_parent
from bot.serving import InnerServer, listen

WORDS_A_SENTENCE = 9
_MODEL = "numbered"


def sentence(number: int, seed: int) -> str:
    """A sentence that tells its place and its essay."""
    return f" El mar trae la frase número {number} de {seed}."


@dataclass
class Behaviour:
    """How the service treats one run.

    Attributes:
        pause_s: After each word.
        refusals: Requests to refuse, for good.
    """

    pause_s: float = 0.01
    refusals: int = 0


class NumberedService:
    """The service of all runs.

    Attributes:
        behaviours: How each run is treated, by its path.
        url: Its address, while it runs.
    """

    def __init__(self) -> None:
        self.behaviours: defaultdict[str, Behaviour] = defaultdict(Behaviour)
        self.url = ""
        paths = ("/{run}/v1", "/v1")
        self.application = Starlette(
            routes=[
                *(Route(f"{path}/models", _models) for path in paths),
                *(Route(f"{path}/completions", self._write, methods=["POST"]) for path in paths),
                *(Route(path, _health) for path in ("/{run}/health", "/health")),
            ]
        )

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[None]:
        """Serve on a free port while the block runs."""
        listener = listen("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = InnerServer(self.application, 512, timeout_graceful_shutdown=1)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield
        finally:
            server.should_exit = True
            await serving

    async def _write(self, request: Request) -> Response:
        behaviour = self.behaviours[request.path_params.get("run", "")]
        try:
            asked = await request.json()
        except ClientDisconnect:
            return Response(status_code=499)
        if behaviour.refusals:
            behaviour.refusals -= 1
            return JSONResponse({"error": {"message": "not that"}}, status_code=400)
        words = _words(asked["seed"] % 1_000_000, asked["max_tokens"])
        return StreamingResponse(_events(words, behaviour), media_type="text/event-stream")


def _words(seed: int, most: int) -> list[str]:
    sentences = "".join(sentence(n, seed) for n in range(most // WORDS_A_SENTENCE + 1))
    return [f" {word}" for word in sentences.split()][:most]


async def _events(words: list[str], behaviour: Behaviour) -> AsyncIterator[str]:
    for word in words:
        yield _event(word, None)
        await asyncio.sleep(behaviour.pause_s)
    yield _event("", "length")
    yield "data: [DONE]\n\n"


def _event(text: str, finish_reason: str | None) -> str:
    choice = {"index": 0, "text": text, "logprobs": None, "finish_reason": finish_reason}
    chunk: dict[str, Any] = {"id": "1", "object": "text_completion", "created": 0}
    return f"data: {json.dumps({**chunk, 'model': _MODEL, 'choices': [choice]})}\n\n"


async def _models(_request: Request) -> Response:
    return JSONResponse({"object": "list", "data": [{"id": _MODEL, "object": "model"}]})


async def _health(_request: Request) -> Response:
    return JSONResponse({"status": "ready"})


def main() -> None:
    """Serve on a Unix socket, as a bot's child."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--uds", type=Path, required=True)
    parser.add_argument("--exit-with-parent", action="store_true")
    given = parser.parse_args()
    if given.exit_with_parent:
        end_with_parent()
    options: dict[str, Any] = {"log_config": None, "timeout_graceful_shutdown": 1}
    uvicorn.run(NumberedService().application, uds=str(given.uds), lifespan="off", **options)


if __name__ == "__main__":
    main()
