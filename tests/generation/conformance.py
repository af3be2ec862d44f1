"""Services of other people's making, as their documentation describes them.

``python -m tests.generation.conformance`` writes the table of ``docs/scaling.md``.
"""

import asyncio
import random
import re
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.generation.conformance import Capability, Conformance, examine
from tests import compiled as compiled
from tests.generation.conftest import save_model
from tests.generation.foreign import DONE, LLAMA_CPP, OLLAMA, VLLM, Foreign, event, serving
from tests.generation.services import running_model

DOCUMENT = Path(__file__).parents[2] / "docs" / "scaling.md"
_TABLE = re.compile(r"(?<=<!-- conformance -->\n).*?(?=<!-- end of conformance -->)", re.DOTALL)
_WORDS = ("mar", "azul", "barca", "viento", "arena", "costa", "puerto", "faro", "ola", "sal")


@dataclass(frozen=True)
class Documented:
    """What an engine's documentation says of its completions.

    Attributes:
        name: Of the engine.
        source: Where that is said.
        model: Its entry in ``/v1/models``.
        reads: Fields of a request that it heeds, beside ``max_tokens`` and ``temperature``.
        logprobs: The form in which it tells probabilities, or None.
        counts: What it calls the number of requests that it works on, in ``/metrics``.
        cuts: Whether ``/tokenize`` tells the pieces.
    """

    name: str
    source: str
    model: dict[str, Any]
    reads: frozenset[str]
    logprobs: dict[str, Any] | None = None
    counts: str = ""
    cuts: bool = False


_OPENAI = frozenset({"seed", "stop", "top_p"})
ENGINES = (
    Documented(
        "vLLM",
        "https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html",
        VLLM,
        _OPENAI | {"top_k", "ignore_eos"},
        {"top_logprobs": [{"mar": -0.5, "azul": -1.5}], "tokens": ["mar"]},
        "vllm:num_requests_running",
        cuts=True,
    ),
    Documented(
        "llama.cpp's server",
        "https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md",
        LLAMA_CPP,
        _OPENAI | {"top_k", "ignore_eos"},
        # As of a chat, also in completions.
        {"content": [{"token": "mar", "logprob": -0.5, "top_logprobs": []}]},
        "llamacpp:requests_processing",
    ),
    Documented("Ollama", "https://docs.ollama.com/api/openai-compatibility", OLLAMA, _OPENAI),
)


class DocumentedService(Foreign):
    """Writes words that depend on the fields which the engine heeds, and on nothing else."""

    def __init__(self, engine: Documented) -> None:
        super().__init__(engine.model)
        self.engine = engine
        self.running = 0
        self.app.routes.extend(
            [Route("/metrics", self.metrics), Route("/tokenize", self.cut, methods=["POST"])]
        )

    async def complete(self, request: Request) -> Response:
        body = await request.json()
        heeded = {name: body[name] for name in self.engine.reads if name in body}
        words = self.words(body.get("temperature", 1), body["max_tokens"], heeded)
        if body.get("stream"):
            return StreamingResponse(self.stream_of(words), media_type="text/event-stream")
        choice = {"index": 0, "text": words[0], "finish_reason": "length"}
        choice["logprobs"] = self.engine.logprobs if "logprobs" in body else None
        return JSONResponse({"id": "1", "object": "text_completion", "choices": [choice]})

    def words(self, temperature: float, count: int, heeded: dict[str, Any]) -> list[str]:
        is_greedy = temperature == 0 or heeded.get("top_k") == 1
        draw = random.Random(1 if is_greedy else heeded.get("seed"))
        words = [f" {draw.choice(_WORDS)}" for _ in range(count)]
        for stop in heeded.get("stop", ()):
            words = words[: next((i for i, word in enumerate(words) if stop in word), count)]
        return words

    async def stream_of(self, words: list[str]) -> Any:
        self.running += 1
        try:
            for word in words:
                yield event(word)
                await asyncio.sleep(0)
            yield event("", "length")
            yield DONE
        finally:
            self.running -= 1

    async def metrics(self, request: Request) -> Response:
        if not self.engine.counts:
            return Response(status_code=404)
        return PlainTextResponse(f'{self.engine.counts}{{model_name="m"}} {self.running}\n')

    async def cut(self, request: Request) -> Response:
        if not self.engine.cuts:
            return Response(status_code=404)
        return JSONResponse({"count": 1, "tokens": [1], "token_strs": ["El"]})


async def examine_documented(engine: Documented) -> Conformance:
    async with serving(DocumentedService(engine)) as url:
        return await examine(url)


def table(own: Conformance, documented: list[Conformance]) -> str:
    """The table of capabilities, a service a line."""
    said = {True: "yes", False: "no", None: "not seen"}
    rows = [("Redactor's own service", "run here", own)]
    for engine, found in zip(ENGINES, documented, strict=True):
        rows.append((engine.name, f"[documented]({engine.source}), not run", found))
    heads = [str(capability).replace("_", " ") for capability in Capability]
    lines = [f"| service | | {' | '.join(heads)} |", "|---" * (len(heads) + 2) + "|"]
    for name, how, found in rows:
        cells = " | ".join(said[found.can[capability]] for capability in Capability)
        lines.append(f"| {name} | {how} | {cells} |")
    return "\n".join(lines) + "\n"


def put(document: str, new: str) -> str:
    """The document with another table."""
    assert _TABLE.search(document)
    return _TABLE.sub(lambda _: new, document)


async def _all_documented() -> list[Conformance]:
    return [await examine_documented(engine) for engine in ENGINES]


def main() -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        own = stack.enter_context(running_model(save_model(folder / "small")))
        new = table(asyncio.run(examine(own.url)), asyncio.run(_all_documented()))
    DOCUMENT.write_text(put(DOCUMENT.read_text("utf-8"), new), encoding="utf-8")


if __name__ == "__main__":
    main()
