"""What other people's clients ask for: probabilities, penalties, conversations, tokens, looks."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from bot import __version__
from bot.generation.engine.attention import attention_of_last
from bot.generation.server import ServiceOptions
from bot.generation.server.text import token_bytes, token_text
from tests.generation.conftest import CONTEXT_TOKENS
from tests.generation.services import RunningService, running_model

MODEL = "small"
GELU = {"activation_function": "gelu"}
RELU = {"activation_function": "relu", "scale_attn_weights": False}
PROMPT = "La lluvia cae despacio sobre los tejados del cañón"
EMBEDDED = Path(__file__).parents[2] / "bot" / "generation" / "embedded"


@pytest.fixture(scope="module")
def service(model_folder: Path) -> Iterator[RunningService]:
    with running_model(model_folder) as running_service:
        yield running_service


@pytest.fixture(scope="module")
def reference(model_folder: Path) -> Any:
    return AutoModelForCausalLM.from_pretrained(model_folder, attn_implementation="eager")


@pytest.fixture
def http(service: RunningService) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.url, timeout=60) as client:
        yield client


def complete(http: httpx.Client, **more: Any) -> dict[str, Any]:
    body = {"model": MODEL, "prompt": PROMPT, "ignore_eos": True, **more}
    answer = http.post("/v1/completions", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["choices"][0]
    return found


def logs_of(reference: Any, token_ids: list[int]) -> np.ndarray:
    with torch.inference_mode():
        logits = reference(torch.tensor([token_ids])).logits[0]
    logs: np.ndarray = torch.log_softmax(logits.double(), dim=-1).numpy()
    return logs


def test_unknown_fields_are_ignored(http: httpx.Client) -> None:
    usage = {"include_usage": True, "continuous_usage_stats": True, "other": 1}
    body = {"model": MODEL, "prompt": PROMPT, "max_tokens": 3, "stream": True, "colour": "blue"}
    lines = http.post("/v1/completions", json={**body, "stream_options": usage}).text.split("\n\n")
    chunks = [json.loads(line.removeprefix("data: ")) for line in lines if "{" in line]
    counts = [chunk["usage"]["completion_tokens"] for chunk in chunks]
    assert counts == sorted(counts)
    assert (counts[0] > 0, counts[-1]) == (True, 3)


def test_logprobs_are_those_of_transformers(
    http: httpx.Client, service: RunningService, reference: Any
) -> None:
    found = complete(
        http, max_tokens=12, seed=3, temperature=1.3, logprobs=4, echo=True, return_token_ids=True
    )
    tokenizer = service.engine.tokenizer
    prompt_ids = tokenizer.encode(PROMPT)
    token_ids = [*prompt_ids, *found["token_ids"]]
    logs = logs_of(reference, token_ids)
    scores = found["logprobs"]
    assert scores["token_logprobs"][0] is None
    assert scores["top_logprobs"][0] is None
    expected = logs[np.arange(len(token_ids) - 1), token_ids[1:]]
    assert np.allclose(scores["token_logprobs"][1:], expected, atol=1e-3)
    backend = tokenizer.backend_tokenizer
    for i, top in enumerate(scores["top_logprobs"][1:]):
        best = np.argsort(-logs[i])[:4]
        assert list(top)[:4] == [token_text(backend, int(one)) for one in best]
        assert scores["tokens"][i + 1] in top
    assert found["text"].startswith(PROMPT)
    for text, at in list(zip(scores["tokens"], scores["text_offset"], strict=True))[
        : len(prompt_ids)
    ]:
        assert text.startswith("bytes:") or PROMPT[at:].startswith(text)
    streamed = http.post(
        "/v1/completions",
        json={
            "model": MODEL,
            "prompt": PROMPT,
            "ignore_eos": True,
            "max_tokens": 12,
            "seed": 3,
            "temperature": 1.3,
            "logprobs": 4,
            "echo": True,
            "stream": True,
        },
    ).text
    pieces = [json.loads(line[6:])["choices"][0] for line in streamed.split("\n\n") if "{" in line]
    assert "".join(piece["text"] for piece in pieces) == found["text"]
    streamed_logs = [log for piece in pieces for log in piece["logprobs"]["token_logprobs"]]
    assert np.allclose(streamed_logs[1:], scores["token_logprobs"][1:], atol=1e-3)


def test_prompt_is_scored_without_writing(http: httpx.Client, reference: Any) -> None:
    """As evaluation harnesses ask, several at once; the second tells the first's scores, too."""
    body = {"model": MODEL, "prompt": [PROMPT, "El mar"], "max_tokens": 0, "echo": True, "n": 2}
    answer = http.post("/v1/completions", json={**body, "logprobs": 1}).json()
    first, same, *_ = answer["choices"]
    assert answer["usage"]["completion_tokens"] == 0
    assert (first["text"], first["finish_reason"]) == (PROMPT, "length")
    logs = [one["logprobs"]["token_logprobs"][1:] for one in (first, same)]
    assert np.allclose(logs[0], logs[1], atol=1e-3)
    assert len(first["logprobs"]["token_logprobs"]) > 3
    plain = http.post("/v1/completions", json=body).json()["choices"][0]
    assert (plain["text"], plain["logprobs"]) == (PROMPT, None)


def test_text_longer_than_the_window_keeps_its_scores(http: httpx.Client) -> None:
    found = complete(http, max_tokens=2 * CONTEXT_TOKENS, logprobs=0, echo=True, seed=1)
    scores = found["logprobs"]["token_logprobs"]
    assert len(scores) == len(found["logprobs"]["tokens"])
    assert scores.count(None) == 1


@pytest.mark.parametrize(("dtype", "off"), [("fp32", 1e-3), ("int8", 5e-2)])
def test_embedded_model_tells_what_transformers_tells(dtype: str, off: float) -> None:
    """Its int8 arithmetic is off by less than a person can see; its attention is exact."""
    reference: Any = AutoModelForCausalLM.from_pretrained(
        EMBEDDED, attn_implementation="eager", dtype=torch.float32
    )
    tokenizer = AutoTokenizer.from_pretrained(EMBEDDED)
    prompt = "El mar es hermoso, pero esclavo para los pescadores que trabajan en él."
    token_ids = tokenizer(prompt).input_ids
    options = ServiceOptions(dtype=dtype, max_batch_size=2, threads=1, drain_s=0.5)
    with (
        running_model(EMBEDDED, options) as service,
        httpx.Client(base_url=service.url, timeout=60) as http,
    ):
        body = {"model": "embedded", "prompt": prompt}
        asked = {**body, "max_tokens": 0, "echo": True, "logprobs": 5}
        scores = http.post("/v1/completions", json=asked).json()["choices"][0]["logprobs"]
        looks = http.post("/v1/attention", json=body).json()
    with torch.inference_mode():
        expected = reference(torch.tensor([token_ids]), output_attentions=True)
    logs = logs_of(reference, token_ids)[np.arange(len(token_ids) - 1), token_ids[1:]]
    probabilities = np.exp(scores["token_logprobs"][1:])
    assert np.abs(probabilities - np.exp(logs)).max() < off
    if dtype == "fp32":
        assert np.allclose(scores["token_logprobs"][1:], logs, atol=1e-2)
    attention = np.stack([layer[0, :, -1].numpy() for layer in expected.attentions])
    assert looks["token_ids"] == token_ids
    assert "".join(looks["tokens"]) == prompt
    assert np.abs(looks["weights"] - attention).max() < 1e-3
    assert np.allclose(np.sum(looks["weights"], axis=-1), 1, atol=1e-3)


def test_penalties_and_biases(http: httpx.Client, service: RunningService) -> None:
    asked = {"max_tokens": 40, "temperature": 0, "return_token_ids": True}
    greedy = complete(http, **asked)["token_ids"]
    assert len(set(greedy)) < 40
    for name in ("presence_penalty", "frequency_penalty"):
        assert len(set(complete(http, **asked, **{name: 2})["token_ids"])) > len(set(greedy))
    forbidden = complete(http, **asked, logit_bias={str(greedy[0]): -100})["token_ids"]
    assert greedy[0] not in forbidden
    assert complete(http, **asked, logit_bias={"7": 100})["token_ids"] == [7] * 40
    hot = {**asked, "temperature": 5, "seed": 1}
    # Only the likeliest is at least as likely as the likeliest.
    likeliest = complete(http, **hot, min_p=1)["token_ids"]
    assert likeliest == greedy
    assert complete(http, **hot, min_p=0.5)["token_ids"] != complete(http, **hot)["token_ids"]


def test_stop_token_ids(http: httpx.Client) -> None:
    asked = {"max_tokens": 40, "temperature": 0, "return_token_ids": True}
    greedy = complete(http, **asked)["token_ids"]
    stopped = complete(http, **asked, stop_token_ids=[greedy[5], 399])
    assert stopped["token_ids"] == greedy[: greedy.index(greedy[5])]
    assert stopped["finish_reason"] == "stop"
    late = complete(http, **asked, stop_token_ids=[greedy[5]], min_tokens=10)
    assert len(late["token_ids"]) >= 10
    assert greedy[5] not in late["token_ids"]


def test_conversation_with_a_model_that_was_taught_none(
    http: httpx.Client, service: RunningService
) -> None:
    """Its last question is what it goes on from."""
    turns = [{"role": "system", "content": "Sé breve."}, {"role": "user", "content": PROMPT}]
    with service.openai() as client:
        asked: Any = {"model": MODEL, "messages": turns, "max_tokens": 9, "seed": 2}
        asked["extra_body"] = {"ignore_eos": True}
        answer = client.chat.completions.create(**asked, logprobs=True, top_logprobs=2)
        chunks = list(client.chat.completions.create(**asked, stream=True))
    choice = answer.choices[0]
    assert choice.message.role == "assistant"
    assert choice.message.content == complete(http, max_tokens=9, seed=2)["text"]
    assert choice.finish_reason == "length"
    assert choice.logprobs is not None
    assert choice.logprobs.content is not None
    assert len(choice.logprobs.content) == 9
    assert all(len(token.top_logprobs) == 2 for token in choice.logprobs.content)
    written = b"".join(bytes(token.bytes or []) for token in choice.logprobs.content)
    assert written.decode(errors="replace").startswith(choice.message.content)
    assert chunks[0].choices[0].delta.role == "assistant"
    texts = [chunk.choices[0].delta.content or "" for chunk in chunks]
    assert "".join(texts) == choice.message.content


TEMPLATE = (
    "{% for m in messages %}{% if m.role == 'tool' %}{{ raise_exception('no tools') }}{% endif %}"
    "{{ m.role }}: {{ m.content }}\n{% endfor %}assistant:"
)


def test_conversation_in_the_model_s_template(model_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "chatty"
    shutil.copytree(model_folder, folder)
    (folder / "chat_template.jinja").write_text(TEMPLATE)
    with (
        running_model(folder) as service,
        httpx.Client(base_url=service.url, timeout=60) as http,
    ):

        def say(content: Any, **more: Any) -> httpx.Response:
            turns = [{"role": "user", "content": content, "name": "Eva"}]
            body = {"model": "chatty", "messages": turns, "max_tokens": 5, "seed": 1}
            return http.post("/v1/chat/completions", json={**body, **more})

        parts = [{"type": "text", "text": "El <|endoftext|>"}, {"type": "text", "text": "mar"}]
        said = say(parts).json()["choices"][0]["message"]["content"]
        body = {
            "model": "chatty",
            "prompt": "user: El  mar\nassistant:",
            "max_tokens": 5,
            "seed": 1,
        }
        assert said == http.post("/v1/completions", json=body).json()["choices"][0]["text"]
        longer = say("El mar", max_tokens=None, max_completion_tokens=7, ignore_eos=True).json()
        assert longer["usage"]["completion_tokens"] == 7
        for wrong in (
            say([{"type": "image_url", "image_url": {"url": "x"}}]),
            say("x", messages=[{"role": "tool", "content": "secreto"}]),
            say("x", messages=[]),
            say("x", messages=[{"content": "x"}]),
        ):
            assert wrong.status_code == 400
            assert wrong.json()["error"]["param"].startswith("messages")
            assert "secreto" not in wrong.text
        refused = say("x", response_format={"type": "json_object"}).json()["error"]
        assert (refused["code"], refused["param"]) == ("unsupported_parameter", "response_format")
        assert say("x", response_format={"type": "text"}, tools=[]).status_code == 200


def test_tokens(http: httpx.Client, service: RunningService) -> None:
    body = {"model": MODEL, "prompt": "¿Quién? ☂", "return_token_strs": True}
    cut = http.post("/tokenize", json=body).json()
    assert cut["tokens"] == service.engine.tokenizer.encode("¿Quién? ☂")
    assert (cut["count"], cut["max_model_len"]) == (len(cut["tokens"]), CONTEXT_TOKENS)
    assert cut["token_strs"][-1].startswith("bytes:\\x")
    joined = http.post("/detokenize", json={"model": MODEL, "tokens": cut["tokens"]}).json()
    assert joined == {"prompt": "¿Quién? ☂"}
    assert http.post("/detokenize", json={"tokens": [400]}).status_code == 400
    lone = http.post("/tokenize", content=b'{"prompt": "\\ud800"}', headers=JSON)
    assert lone.status_code == 400


JSON = {"content-type": "application/json"}


def test_bytes_of_tokens_that_are_no_characters(service: RunningService) -> None:
    tokenizer = service.engine.tokenizer
    backend = tokenizer.backend_tokenizer
    text = "¿Quién? ☂ <|endoftext|>"
    assert b"".join(token_bytes(backend, one) for one in tokenizer.encode(text)) == text.encode()
    assert {token_bytes(backend, one) for one in range(1, 257)} == {bytes([i]) for i in range(256)}


def test_look_of_a_model_that_does_not_show_it(
    http: httpx.Client, service: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"model": MODEL, "prompt": PROMPT}
    looks = http.post("/v1/attention", json=body).json()
    assert np.shape(looks["weights"]) == (2, 2, len(looks["tokens"]))
    too_long = http.post("/v1/attention", json={**body, "prompt": [5] * (CONTEXT_TOKENS + 1)})
    assert too_long.status_code == 400
    model = service.host.loaded
    assert model is not None
    monkeypatch.setattr(service.host, "_model", replace(model, folder=None))
    answer = http.post("/v1/attention", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "attention_not_available")


@pytest.mark.parametrize("change", [{"scale_attn_by_inverse_layer_idx": True}, GELU, RELU])
def test_look_of_other_shapes(model_folder: Path, tmp_path: Path, change: dict[str, Any]) -> None:
    for file in model_folder.iterdir():
        shutil.copy(file, tmp_path)
    configuration = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**configuration, **change}))
    reference: Any = AutoModelForCausalLM.from_pretrained(tmp_path, attn_implementation="eager")
    token_ids = [5, 77, 300, 12]
    with torch.inference_mode():
        layers = reference(torch.tensor([token_ids]), output_attentions=True).attentions
    expected = np.stack([layer[0, :, -1].numpy() for layer in layers])
    found = attention_of_last(tmp_path, token_ids)
    assert found is not None
    assert np.abs(found - expected).max() < 1e-4


def test_small_things(http: httpx.Client) -> None:
    assert http.get("/version").json() == {"version": __version__}
    head = http.head("/health")
    assert (head.status_code, head.content) == (200, b"")
    complete(http, max_tokens=3)
    metrics = http.get("/metrics").text
    for name in (
        "vllm:num_requests_running",
        "vllm:num_requests_waiting",
        "vllm:prompt_tokens_total",
        "vllm:generation_tokens_total",
        "vllm:time_to_first_token_seconds_count",
        "vllm:e2e_request_latency_seconds_count",
        "vllm:request_success_total",
    ):
        assert f'{name}{{model_name="{MODEL}"' in metrics.replace('finished_reason="length",', "")
