"""The service over HTTP, asked with the official client."""

import asyncio
import gc
import json
import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from bot.errors import ModelNotFoundError
from bot.generation.engine.decoder import Decoder
from bot.generation.engine.tokenizing import PlainTokenizer
from bot.generation.server import (
    EngineHost,
    LoadedModel,
    ServiceOptions,
    completion,
    create_app,
)
from bot.generation.server.guard import GREATEST_BODY_BYTES
from bot.generation.server.host import ReportProgress
from bot.generation.server.loading import load_model
from tests.generation.conftest import CONTEXT_TOKENS
from tests.generation.services import (
    OPTIONS,
    PATIENCE_S,
    RunningService,
    eventually,
    running,
    running_model,
)

MODEL = "small"
SECRET = "un secreto"
PROMPTS = [
    "El mar",
    "La lluvia cae despacio sobre los tejados del pueblo",
    "¿Quién?",
    "Cada mañana salen las barcas; el niño miró el cañón y la cigüeña, pero nadie sabe más.",
]


@pytest.fixture(scope="module")
def service(model_folder: Path) -> Iterator[RunningService]:
    with running_model(model_folder) as running_service:
        yield running_service


@pytest.fixture
def client(service: RunningService) -> Iterator[openai.OpenAI]:
    with service.openai() as openai_client:
        yield openai_client


def complete(client: openai.OpenAI, prompt: Any, extra: dict[str, Any] | None = None, **more: Any):
    body = {"ignore_eos": True, **(extra or {})}
    return client.completions.create(model=MODEL, prompt=prompt, extra_body=body, **more)


def test_completion(client: openai.OpenAI, service: RunningService) -> None:
    answer = complete(client, "El mar", max_tokens=12, seed=3)
    assert answer.object == "text_completion"
    assert answer.model == MODEL
    assert answer.system_fingerprint == service.engine.revision
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 12
    prompt_tokens = len(service.engine.tokenizer.encode("El mar"))
    assert answer.usage.prompt_tokens == prompt_tokens
    assert answer.usage.total_tokens == prompt_tokens + 12
    [choice] = answer.choices
    assert choice.finish_reason == "length"
    again = complete(client, "El mar", max_tokens=12, seed=3)
    assert again.choices[0].text == choice.text
    other = complete(client, "El mar", max_tokens=12, seed=4)
    assert other.choices[0].text != choice.text


def test_stream_gives_the_same_text_in_pieces(client: openai.OpenAI) -> None:
    whole = complete(client, "El mar", max_tokens=40, seed=5)
    chunks = list(complete(client, "El mar", max_tokens=40, seed=5, stream=True))
    assert "".join(chunk.choices[0].text for chunk in chunks) == whole.choices[0].text
    assert len(chunks) > 1
    assert [chunk.choices[0].finish_reason for chunk in chunks][-1] == "length"
    assert all(chunk.choices[0].finish_reason is None for chunk in chunks[:-1])
    assert all(chunk.usage is None for chunk in chunks)
    assert len({chunk.id for chunk in chunks}) == 1


def test_stream_with_usage(client: openai.OpenAI) -> None:
    chunks = list(
        complete(
            client, "El mar", max_tokens=7, stream=True, stream_options={"include_usage": True}
        )
    )
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 7
    assert all(chunk.usage is None for chunk in chunks[:-1])


def test_greedy_is_what_transformers_generates(client: openai.OpenAI, model_folder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    model: Any = AutoModelForCausalLM.from_pretrained(model_folder)
    model.generation_config.eos_token_id = None  # as with ignore_eos
    prompts = [tokenizer(prompt).input_ids for prompt in PROMPTS]
    assert len({len(ids) for ids in prompts}) == len(PROMPTS)
    answer = complete(client, prompts, {"return_token_ids": True}, max_tokens=60, temperature=0)
    for ids, choice in zip(prompts, answer.choices, strict=True):
        expected = model.generate(
            torch.tensor([ids]), do_sample=False, max_new_tokens=60, pad_token_id=0
        )[0, len(ids) :].tolist()
        assert choice.to_dict()["token_ids"] == expected
        text = str(tokenizer.decode(expected, skip_special_tokens=True))
        # Bytes that are no character are shown, but not half a character at the end.
        assert text.startswith(choice.text)
        assert set(text[len(choice.text) :]) <= {"\ufffd"}


def test_many_streams_at_once_write_what_each_writes_alone(service: RunningService) -> None:
    async def write(client: openai.AsyncOpenAI, number: int) -> str:
        stream = await client.completions.create(
            model=MODEL,
            prompt=PROMPTS[number % 4],
            max_tokens=20 + number,
            seed=number,
            stream=True,
            extra_body={"ignore_eos": True, "top_k": 20},
        )
        return "".join([chunk.choices[0].text async for chunk in stream])

    async def all_texts() -> tuple[list[str], list[str]]:
        async with service.async_openai() as client:
            together = await asyncio.gather(*(write(client, number) for number in range(20)))
            alone = [await write(client, number) for number in range(20)]
        return together, alone

    together, alone = asyncio.run(all_texts())
    assert together == alone
    assert len(set(together)) == 20


def test_several_answers_and_prompts(client: openai.OpenAI) -> None:
    both = complete(client, PROMPTS[:2], n=2, max_tokens=10, seed=9)
    assert [choice.index for choice in both.choices] == [0, 1, 2, 3]
    single = complete(client, PROMPTS[1], max_tokens=10, seed=9)
    assert both.choices[2].text == single.choices[0].text
    assert both.choices[3].text != both.choices[2].text
    texts = ["", "", "", ""]
    for chunk in complete(client, PROMPTS[:2], n=2, max_tokens=10, seed=9, stream=True):
        texts[chunk.choices[0].index] += chunk.choices[0].text
    assert texts == [choice.text for choice in both.choices]


def test_best_of_gives_one_of_the_candidates(client: openai.OpenAI) -> None:
    best = complete(client, "El mar", best_of=4, max_tokens=10, seed=2)
    assert best.usage is not None
    assert best.usage.completion_tokens == 40
    assert len(best.choices) == 1
    candidates = complete(client, "El mar", n=4, max_tokens=10, seed=2)
    assert best.choices[0].text in [choice.text for choice in candidates.choices]


def test_candidates_for_sentences_give_the_same_text_in_pieces(client: openai.OpenAI) -> None:
    several = {"sentence_candidates": 4, "keywords": ["mar"]}
    whole = complete(client, "El mar", several, max_tokens=150, seed=5)
    assert whole.usage is not None
    assert whole.usage.completion_tokens == 150
    chunks = list(complete(client, "El mar", several, max_tokens=150, seed=5, stream=True))
    assert "".join(chunk.choices[0].text for chunk in chunks) == whole.choices[0].text
    assert 1 < len(chunks) < 100
    other = complete(
        client, "El mar", several | {"sentence_candidates": 8}, max_tokens=150, seed=5
    )
    assert other.choices[0].text != whole.choices[0].text


def test_stop_sequences(client: openai.OpenAI) -> None:
    whole = complete(client, "El mar", max_tokens=60, seed=11).choices[0].text
    stop = whole[20:23]
    expected = whole[: whole.index(stop)]
    answer = complete(client, "El mar", max_tokens=60, seed=11, stop=[stop, "nunca jamás"])
    assert answer.choices[0].text == expected
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None
    assert answer.usage.completion_tokens < 60
    chunks = list(complete(client, "El mar", max_tokens=60, seed=11, stop=stop, stream=True))
    assert "".join(chunk.choices[0].text for chunk in chunks) == expected
    # What comes before min_tokens cannot end the text.
    late = complete(client, "El mar", {"min_tokens": 60}, max_tokens=60, seed=11, stop=stop)
    assert late.choices[0].text == whole


def test_echo(client: openai.OpenAI) -> None:
    plain = complete(client, "El mar", max_tokens=5, seed=1).choices[0].text
    assert complete(client, "El mar", max_tokens=5, seed=1, echo=True).choices[0].text == (
        "El mar" + plain
    )
    chunks = complete(client, "El mar", max_tokens=5, seed=1, echo=True, stream=True)
    assert "".join(chunk.choices[0].text for chunk in chunks) == "El mar" + plain


def test_long_prompts_are_refused_or_cut(client: openai.OpenAI, service: RunningService) -> None:
    ids = [5 + number % 300 for number in range(3 * CONTEXT_TOKENS)]
    with pytest.raises(openai.BadRequestError) as caught:
        complete(client, ids, max_tokens=3)
    assert caught.value.code == "context_length_exceeded"
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["tokens"] == len(ids)
    limit = caught.value.body["limit"]

    cut = complete(client, ids, {"truncate_prompt_tokens": -1}, max_tokens=3, seed=1)
    assert cut.usage is not None
    assert cut.usage.prompt_tokens == limit
    assert complete(client, ids[-limit:], max_tokens=3, seed=1).choices[0].text == (
        cut.choices[0].text
    )
    short = complete(client, ids, {"truncate_prompt_tokens": 7}, max_tokens=3, seed=1)
    assert short.usage is not None
    assert short.usage.prompt_tokens == 7


def test_text_longer_than_the_window(client: openai.OpenAI) -> None:
    answer = complete(client, "El mar", max_tokens=3 * CONTEXT_TOKENS, seed=1)
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 3 * CONTEXT_TOKENS


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"temperature": -1}, "invalid_value", "temperature"),
        ({"temperature": "hot"}, "invalid_value", "temperature"),
        ({"top_p": 0}, "invalid_value", "top_p"),
        ({"max_tokens": 0}, "invalid_value", "max_tokens"),
        ({"min_tokens": 99, "max_tokens": 9}, "invalid_value", "min_tokens"),
        ({"seed": -1}, "invalid_value", "seed"),
        ({"n": 0}, "invalid_value", "n"),
        ({"n": 3, "best_of": 2}, "invalid_value", "best_of"),
        ({"best_of": 2, "stream": True}, "invalid_value", "best_of"),
        ({"logprobs": 101}, "invalid_value", "logprobs"),
        ({"logprobs": -1}, "invalid_value", "logprobs"),
        ({"suffix": "fin"}, "unsupported_parameter", "suffix"),
        ({"logit_bias": {"5": 101}}, "invalid_value", "logit_bias"),
        ({"logit_bias": {"9999": 1}}, "invalid_value", "logit_bias"),
        ({"logit_bias": {"mar": 1}}, "invalid_value", "logit_bias"),
        ({"stop_token_ids": [-1]}, "invalid_value", "stop_token_ids"),
        ({"presence_penalty": 3}, "invalid_value", "presence_penalty"),
        ({"frequency_penalty": -3}, "invalid_value", "frequency_penalty"),
        ({"min_p": 2}, "invalid_value", "min_p"),
        ({"sentence_candidates": 0}, "invalid_value", "sentence_candidates"),
        ({"sentence_candidates": 9}, "invalid_value", "sentence_candidates"),
        ({"keywords": "mar"}, "invalid_value", "keywords"),
        ({"stop": ["a", ""]}, "invalid_value", "stop"),
        ({"stop": [str(number) for number in range(99)]}, "invalid_value", "stop"),
        ({"stream_options": {"include_usage": True}}, "invalid_value", "stream_options"),
        ({"truncate_prompt_tokens": 0}, "invalid_value", "truncate_prompt_tokens"),
        ({"prompt": ""}, "invalid_value", "prompt"),
        ({"prompt": []}, "invalid_value", "prompt"),
        ({"prompt": 5}, "invalid_value", "prompt"),
        ({"prompt": ["a"] * 65}, "invalid_value", "prompt"),
        ({"prompt": [5, 10**6]}, "invalid_value", "prompt"),
        ({"prompt": [5, -1]}, "invalid_value", "prompt"),
        ({"prompt": "\ud800"}, "invalid_value", "prompt"),
        ({"prompt": None}, "invalid_value", "prompt"),
    ],
)
def test_bad_requests(
    service: RunningService, change: dict[str, Any], code: str, param: str
) -> None:
    body = {"model": MODEL, "prompt": "El mar", **change}
    # httpx itself would refuse a lone surrogate.
    answer = httpx.post(
        f"{service.url}/v1/completions",
        content=json.dumps(body),
        headers={"content-type": "application/json"},
    )
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], error["param"]) == (code, param)
    assert error["type"] == "invalid_request_error"
    assert isinstance(error["message"], str)


def test_nothing_asked_for_is_no_error(client: openai.OpenAI) -> None:
    nothing: dict[str, Any] = {
        "presence_penalty": 0,
        "frequency_penalty": None,
        "logit_bias": {},
        "suffix": None,
    }
    assert complete(client, "El mar", {**nothing, "user": "x", "top_k": -1}, max_tokens=2)


def test_other_refusals(service: RunningService, client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.completions.create(model="gpt-5", prompt="El mar")
    assert caught.value.code == "model_not_found"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-5")
    with httpx.Client(base_url=service.url) as http:
        wrong_method = http.get("/v1/completions")
        assert wrong_method.status_code == 405
        assert wrong_method.headers["allow"] == "POST"
        assert wrong_method.json()["error"]["code"] == "method_not_allowed"
        assert http.get("/v1/nothing").json()["error"]["code"] == "not_found"
        headers = {"content-type": "application/json"}
        bad = http.post("/v1/completions", content=b'{"model": ', headers=headers)
        assert (bad.status_code, bad.json()["error"]["code"]) == (400, "invalid_json")
        missing = http.post("/v1/completions", json={"model": MODEL})
        assert missing.json()["error"]["code"] == "missing_parameter"
        huge = http.post(
            "/v1/completions", content=b" " * (GREATEST_BODY_BYTES + 1), headers=headers
        )
        assert (huge.status_code, huge.json()["error"]["code"]) == (413, "body_too_large")


def test_busy(client: openai.OpenAI, service: RunningService) -> None:
    with pytest.raises(openai.RateLimitError) as caught:
        complete(client, ["El mar"] * 60, n=20, max_tokens=5)
    assert int(caught.value.response.headers["retry-after"]) >= 1
    eventually(lambda: service.engine.load.running + service.engine.load.waiting == 0)
    assert complete(client, "El mar", max_tokens=2)


def test_models(client: openai.OpenAI, service: RunningService) -> None:
    [model] = client.models.list().data
    data = model.to_dict()
    assert data == client.models.retrieve(MODEL).to_dict()
    assert data["id"] == MODEL
    assert data["max_model_len"] == CONTEXT_TOKENS
    assert data["revision"] == service.engine.revision
    own = data["redactor"]
    assert isinstance(own, dict)
    assert own["frames"]["ensayo"] == {"prompt": "{topic}", "opening": "{topic}"}
    assert own["special_tokens"] == ["<|endoftext|>"]
    assert own["tokens_per_word"] > 1
    assert own["max_batch_size"] == 8
    assert own["sentence_candidates"] == 8


LONG: dict[str, Any] = {"max_tokens": 30_000, "seed": 1}


def test_closing_a_stream_frees_the_slot(client: openai.OpenAI, service: RunningService) -> None:
    stream = complete(client, "El mar", stream=True, **LONG)
    next(iter(stream))
    assert service.engine.load.running == 1
    stream.close()
    eventually(lambda: service.engine.load.running == 0)


def test_silent_stream_is_cancelled_too(client: openai.OpenAI, service: RunningService) -> None:
    """Nothing is ever sent, so only watching the connection tells that the reader went."""
    fillers = [complete(client, "El mar", stream=True, **LONG) for _ in range(8)]
    with httpx.Client(base_url=service.url) as http:
        body = {"model": MODEL, "prompt": "El mar", "stream": True, **LONG}
        with http.stream("POST", "/v1/completions", json=body):
            eventually(lambda: service.engine.load.waiting == 1)
    eventually(lambda: service.engine.load.waiting == 0)
    for stream in fillers:
        stream.close()
    eventually(lambda: service.engine.load.running == 0)


def test_stream_without_news_shows_that_it_lives(
    client: openai.OpenAI, service: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    fillers = [complete(client, "El mar", stream=True, **LONG) for _ in range(8)]
    monkeypatch.setattr(completion, "PULSE_S", 0.01)
    with httpx.Client(base_url=service.url) as http:
        body = {"model": MODEL, "prompt": "El mar", "stream": True, "max_tokens": 2}
        with http.stream("POST", "/v1/completions", json=body) as answer:
            lines = answer.iter_lines()
            assert [next(lines) for _ in range(4)] == [": writing", "", ": writing", ""]
            for stream in fillers:
                stream.close()
            assert [line for line in lines if line.startswith("data: ")][-1] == "data: [DONE]"
    eventually(lambda: service.engine.load.running == 0)


def test_leaving_before_the_answer_frees_the_slot(service: RunningService) -> None:
    async def leave() -> None:
        async with service.async_openai() as client:
            task = asyncio.create_task(
                client.completions.create(model=MODEL, prompt="El mar", n=3, **LONG)
            )
            await asyncio.to_thread(eventually, lambda: service.engine.load.running == 3)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(leave())
    eventually(lambda: service.engine.load.running == 0)


def test_metrics(client: openai.OpenAI, service: RunningService) -> None:
    def values() -> dict[str, float]:
        text = httpx.get(f"{service.url}/metrics").text
        lines = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        return {name: float(value) for name, value in lines}

    before = values()
    complete(client, "El mar", max_tokens=11)
    with pytest.raises(openai.BadRequestError):
        complete(client, "El mar", max_tokens=0)
    after = values()

    def added(name: str) -> float:
        return after[name] - before.get(name, 0.0)

    assert added('redactor_requests_total{outcome="ok"}') == 1
    assert added('redactor_requests_total{outcome="refused"}') == 1
    assert added("redactor_new_tokens_total") == 11
    assert added("redactor_prompt_tokens_total") == len(service.engine.tokenizer.encode("El mar"))
    assert added("redactor_first_token_seconds_count") == 1
    assert added("redactor_text_tokens_per_second_count") == 1
    assert after["redactor_ready"] == 1
    assert after["redactor_slots"] == 8


def test_nothing_that_people_wrote_is_logged(
    client: openai.OpenAI, service: RunningService, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "mecano-secreto"
    wrong: list[dict[str, Any]] = [
        {},
        {"stream": True, "max_tokens": 2},
        {"temperature": 77},
        {"stop": ["x"] * 50 + [secret]},
        {"prompt": [secret, 5]},
        {secret: 5},
        {"model": secret},
        {"prompt": secret * 500},
    ]
    with caplog.at_level(logging.DEBUG), httpx.Client(base_url=service.url) as http:
        for change in wrong:
            body = {"model": MODEL, "prompt": f"Mi {secret}", **change}
            http.post("/v1/completions", json=body).read()
    ours = [record for record in caplog.records if not record.name.startswith("httpcore")]
    assert any("new" in record.getMessage() for record in ours)
    assert secret not in "".join(record.getMessage() + str(record.exc_text) for record in ours)


def test_unforeseen_failure_is_answered_and_logged_without_text(
    model_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class FailingTokenizer(PlainTokenizer):
        def encode(self, text: str, *, add_special_tokens: bool = True) -> list[int]:
            raise RuntimeError(f"cannot encode {text}")

    with running_model(model_folder) as service:
        tokenizer = service.engine.tokenizer
        service.engine.tokenizer = FailingTokenizer(tokenizer.backend_tokenizer)
        with service.openai() as client, pytest.raises(openai.InternalServerError) as caught:
            complete(client, "un secreto")
        assert caught.value.code == "internal_error"
        service.engine.tokenizer = tokenizer
        with service.openai() as client:
            assert complete(client, "un secreto", max_tokens=2)
    assert "RuntimeError" in caplog.text
    assert "secreto" not in caplog.text


def test_failed_step_is_logged_without_text(
    model_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with running_model(model_folder) as service, service.openai() as client:
        decoder = service.engine._decoder

        def fail(slices: object) -> None:
            raise ValueError(SECRET)

        service.engine._decoder = Failing(decoder, fail)  # type: ignore[assignment]
        with pytest.raises(openai.InternalServerError) as caught:
            complete(client, "El mar")
        assert caught.value.code == "engine_failed"
        service.engine._decoder = decoder
        assert complete(client, "El mar", max_tokens=2)
    assert "a step failed with 1 texts: ValueError" in caplog.text
    assert "secreto" not in caplog.text


class Failing:
    """A decoder of which one method is another."""

    def __init__(self, decoder: Decoder, process: Callable[[object], None]) -> None:
        self.decoder = decoder
        self.process = process

    def __getattr__(self, name: str) -> Any:
        return getattr(self.decoder, name)


def test_task_that_nobody_awaits_is_logged_without_text(caplog: pytest.LogCaptureFixture) -> None:
    def refuse(report: ReportProgress) -> LoadedModel:
        raise ModelNotFoundError(MODEL, "no")

    async def fail() -> None:
        raise ValueError(SECRET)

    async def fail_unnoticed() -> None:
        app = create_app(EngineHost(MODEL, refuse))
        async with app.router.lifespan_context(app):
            task = asyncio.create_task(fail())
            await asyncio.wait([task])
            del task
            gc.collect()

    asyncio.run(fail_unnoticed())
    assert "Task exception was never retrieved: ValueError" in caplog.text
    assert "secreto" not in caplog.text


def test_unix_socket(model_folder: Path, tmp_path: Path) -> None:
    uds = tmp_path / "service.sock"
    with running_model(model_folder, uds=uds) as service:
        assert uds.stat().st_mode & 0o077 == 0
        transport = httpx.HTTPTransport(uds=str(uds))
        with service.openai(http_client=httpx.Client(transport=transport)) as client:
            assert complete(client, "El mar", max_tokens=3).choices[0].finish_reason == "length"
    assert not uds.exists()


def test_api_key(model_folder: Path) -> None:
    options = ServiceOptions(dtype="fp32", max_batch_size=2, api_key="llave", drain_s=0.5)
    with running_model(model_folder, options) as service:
        with service.openai(api_key="llave") as client:
            assert complete(client, "El mar", max_tokens=2)
        with service.openai() as client, pytest.raises(openai.AuthenticationError):
            complete(client, "El mar", max_tokens=2)
        assert httpx.get(f"{service.url}/health").status_code == 200


def test_port_answers_while_the_model_loads(model_folder: Path) -> None:
    may_load = threading.Event()

    def load(report: ReportProgress) -> LoadedModel:
        report(0.25)
        may_load.wait(PATIENCE_S)
        return load_model(str(model_folder), OPTIONS, report)

    host = EngineHost(MODEL, load)
    with running(host, OPTIONS, None) as service, service.openai() as client:
        eventually(lambda: httpx.get(f"{service.url}/health").json()["progress"] == 0.25)
        health = httpx.get(f"{service.url}/health")
        assert health.status_code == 503
        assert health.json()["status"] == "loading"
        with pytest.raises(openai.InternalServerError) as caught:
            complete(client, "El mar")
        assert caught.value.status_code == 503
        assert caught.value.code == "model_loading"
        assert "retry-after" in caught.value.response.headers
        assert "redactor_ready 0.0" in httpx.get(f"{service.url}/metrics").text
        may_load.set()
        eventually(lambda: httpx.get(f"{service.url}/health").status_code == 200)
        assert complete(client, "El mar", max_tokens=2)


def test_model_that_cannot_be_loaded(tmp_path: Path) -> None:
    failed = threading.Event()
    host = EngineHost(
        "nothing",
        lambda report: load_model(str(tmp_path / "nothing"), OPTIONS, report),
        on_failed=failed.set,
    )
    with running(host, OPTIONS, None) as service:
        assert failed.wait(PATIENCE_S)
        assert isinstance(host.error, ModelNotFoundError)
        assert httpx.get(f"{service.url}/health").json()["status"] == "failed"
        with service.openai() as client, pytest.raises(openai.InternalServerError) as caught:
            complete(client, "El mar")
        assert caught.value.code == "model_failed"


def test_stopping_lets_texts_end_and_then_aborts_them(model_folder: Path) -> None:
    with running_model(model_folder) as service, service.openai() as client:
        chunks = iter(complete(client, "El mar", stream=True, **LONG))
        next(chunks)
        service.host.stop_admission()
        with service.openai() as another, pytest.raises(openai.InternalServerError) as refused:
            complete(another, "El mar")
        assert refused.value.code == "shutting_down"
        next(chunks)  # still being written
        service.server.ask_to_exit()
        with pytest.raises(openai.APIError) as caught:
            list(chunks)
        assert caught.value.code == "shutting_down"


def test_key_in_any_case_of_its_scheme(model_folder: Path) -> None:
    options = ServiceOptions(dtype="fp32", max_batch_size=2, api_key="llave", drain_s=0.5)
    with (
        running_model(model_folder, options) as service,
        httpx.Client(base_url=service.url) as http,
    ):
        for given, status in (
            ("Bearer llave", 200),
            ("bearer llave", 200),
            ("BEARER  llave", 200),
            ("llave", 401),
            ("Basic llave", 401),
            ("Bearer", 401),
            ("Bearer llav\u00e9", 401),
        ):
            headers = {b"authorization": given.encode()}
            assert http.get("/v1/models", headers=headers).status_code == status, given
            assert http.post("/tokenize", headers=headers, json={}).status_code in (status, 400)
        # A key keeps strange pages out, and whatever name leads here is right.
        headers = {b"authorization": b"Bearer llave", b"host": b"clase.example"}
        assert http.get("/v1/models", headers=headers).status_code == 200
        for path in ("/health", "/metrics", "/version"):
            assert http.get(path).status_code == 200


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("host", "localhost", 200),
        ("host", "LOCALHOST:8000", 200),
        ("host", "127.0.0.1:1", 200),
        ("host", "[::1]:8000", 200),
        ("host", "evil.example", 403),
        ("host", "127.0.0.1.evil.example", 403),
        ("host", "localhost.evil.example:8000", 403),
        ("host", "evil.example@localhost:x", 403),
        ("host", "[", 403),
        ("origin", "http://localhost:3000", 200),
        ("origin", "https://evil.example", 403),
        ("origin", "null", 403),
    ],
)
def test_pages_from_elsewhere_are_refused(
    service: RunningService, name: str, value: str, status: int
) -> None:
    answer = httpx.get(f"{service.url}/v1/models", headers={name: value})
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["error"]["code"] == "foreign_host"


class CountingTokenizer(PlainTokenizer):
    """Counts the characters that it cuts, and waits before."""

    characters = 0
    may_cut = threading.Event()

    def encode(self, text: str, *, add_special_tokens: bool = True) -> list[int]:
        self.may_cut.wait(PATIENCE_S)
        self.characters += len(text)
        return super().encode(text, add_special_tokens=add_special_tokens)


def test_endless_prompt_is_refused_before_it_is_cut(
    service: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizer = CountingTokenizer(service.engine.tokenizer.backend_tokenizer)
    tokenizer.may_cut.set()
    monkeypatch.setattr(service.engine, "tokenizer", tokenizer)
    with service.openai() as client:
        for prompt in ("mar " * 400_000, ["mar " * 20_000] * 20):
            with pytest.raises(openai.BadRequestError) as caught:
                complete(client, prompt)
            assert caught.value.code == "context_length_exceeded"
        assert tokenizer.characters == 0
        assert complete(client, "mar " * 400_000, {"truncate_prompt_tokens": -1}, max_tokens=2)
        assert tokenizer.characters < 10_000


def test_service_answers_while_a_prompt_is_cut(
    service: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizer = CountingTokenizer(service.engine.tokenizer.backend_tokenizer)
    tokenizer.may_cut.clear()
    monkeypatch.setattr(service.engine, "tokenizer", tokenizer)

    def ask() -> None:
        with service.openai() as client:
            complete(client, "El mar", max_tokens=2)

    asking = threading.Thread(target=ask)
    asking.start()
    assert httpx.get(f"{service.url}/health", timeout=PATIENCE_S).status_code == 200
    assert asking.is_alive()
    tokenizer.may_cut.set()
    asking.join(PATIENCE_S)
    assert not asking.is_alive()


def test_nobody_fills_every_place(service: RunningService) -> None:
    """One computer asks for all it can get; another's short request is written beside it."""

    async def crowd() -> tuple[int, int]:
        ours = httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=None))
        theirs = httpx.AsyncHTTPTransport(local_address="127.0.0.2")
        body = {"model": MODEL, "prompt": "El mar", "ignore_eos": True, "n": 20, **LONG}
        url = f"{service.url}/v1/completions"
        async with (
            httpx.AsyncClient(transport=ours, timeout=PATIENCE_S) as greedy,
            httpx.AsyncClient(transport=theirs, timeout=PATIENCE_S) as modest,
        ):
            asking = [asyncio.create_task(greedy.post(url, json=body)) for _ in range(13)]
            done, _ = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
            refused = done.pop().result().status_code
            small = {"model": MODEL, "prompt": "El mar", "max_tokens": 2}
            waiting = asyncio.create_task(modest.post(url, json=small))
            await asyncio.to_thread(eventually, lambda: service.engine.load.waiting > 30)
            for task in asking:
                task.cancel()
            return refused, (await waiting).status_code

    assert asyncio.run(crowd()) == (429, 200)
    eventually(lambda: service.engine.load.running == 0)
