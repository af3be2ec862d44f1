"""What a real service says of a real model is its arithmetic, and is what people are shown."""

import asyncio
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from bot.classroom.explaining import comparison, probabilities, steps, tokens
from bot.classroom.explaining.attention import shares_of
from bot.classroom.explaining.finding import Finder
from bot.generation.client import GenerationClient
from bot.generation.server.text import token_text
from bot.storage.inquiries import Subject
from bot.storage.records import Preferences
from bot.texts import SPANISH
from tests.classroom.explaining.inquiries import an_inquiry
from tests.generation.services import RunningService, running_model

TEXT = "El mar es hermoso, pero esclavo para los pescadores"


@pytest.fixture(scope="module")
def service(model_folder: Any) -> Iterator[RunningService]:
    with running_model(model_folder) as running_service:
        yield running_service


@pytest.fixture(scope="module")
def reference(model_folder: Any) -> Any:
    return AutoModelForCausalLM.from_pretrained(model_folder, attn_implementation="eager")


@pytest.fixture(scope="module")
def tokenizer(model_folder: Any) -> Any:
    return AutoTokenizer.from_pretrained(model_folder)


def found(service: RunningService, subject: Subject, text: str = TEXT, **wanted: Any) -> Any:
    async def ask() -> Any:
        async with GenerationClient(service.url) as client:
            finder = Finder(client, lambda: 50.0)
            return await finder.find(an_inquiry(subject, text, **wanted))

    return asyncio.run(ask())


def test_probabilities_are_those_of_transformers(service, reference, tokenizer):
    told = found(service, Subject.PROBABILITIES)["pieces"]
    with torch.inference_mode():
        logits = reference(torch.tensor([tokenizer.encode(TEXT)])).logits[0, -1]
    expected = torch.softmax(logits.double(), -1).numpy()
    best = np.argsort(-expected)[:10]
    assert [text for text, _ in told[:10]] == [
        token_text(tokenizer.backend_tokenizer, int(one)) for one in best
    ]
    assert np.allclose([share for _, share in told[:10]], expected[best], atol=1e-2)
    view = {"temperature": 0.7}
    asked = an_inquiry(Subject.PROBABILITIES, TEXT, view=view, found={"pieces": told})
    picture = probabilities.shown(asked, SPANISH).picture
    chances = np.exp(np.log(expected) / 0.7)
    chances[np.argsort(-chances)[50:]] = 0  # the default top-k
    chances /= chances.sum()
    chances = np.where(np.isin(np.arange(len(chances)), kept(chances, 0.95)), chances, 0)
    chances /= chances.sum()
    assert np.allclose([bar.drawn for bar in picture.bars], chances[best], atol=1e-2)


def kept(chances: np.ndarray, top_p: float) -> np.ndarray:
    order = np.argsort(-chances)
    count = int(np.searchsorted(np.cumsum(chances[order]), top_p)) + 1
    return order[:count]


@pytest.mark.parametrize("upto", [None, 4])
def test_attention_is_that_of_transformers(service, reference, tokenizer, upto):
    told = found(service, Subject.ATTENTION, view={"upto": upto} if upto else {})
    token_ids = tokenizer.encode(TEXT)[: upto or 30]
    with torch.inference_mode():
        layers = reference(torch.tensor([token_ids]), output_attentions=True).attentions
    expected = np.stack([layer[0, :, -1].numpy() for layer in layers])
    assert np.allclose(told["weights"], expected, atol=1e-2)
    assert np.allclose(shares_of(told["weights"], None, None), expected.mean((0, 1)), atol=1e-2)
    assert np.allclose(shares_of(told["weights"], 2, 1), expected[1, 0], atol=1e-2)
    assert told["upto"] == len(token_ids)


def test_pieces_are_those_of_the_tokenizer_there_and_back(service, tokenizer):
    told = found(service, Subject.TOKENS)
    assert told["ids"] == tokenizer.encode(TEXT)
    assert "".join(told["pieces"]) == TEXT
    shown = tokens.shown(an_inquiry(Subject.TOKENS, TEXT, found=told), SPANISH)
    copied = shown.buttons[0][0].copied.removeprefix("/tokens ")
    assert found(service, Subject.TOKENS, copied)["reading"] == TEXT
    assert found(service, Subject.TOKENS, "9999999")["reading"] is None


def test_three_texts_are_written_from_one_seed(service):
    wanted = {"view": {"knob": "temperature", "seed": 3}, "preferences": Preferences()}
    told = found(service, Subject.COMPARISON, "El mar", **wanted)
    again = found(service, Subject.COMPARISON, "El mar", **wanted)
    assert told == again
    assert len(set(told["texts"])) == 3
    shown = comparison.shown(an_inquiry(Subject.COMPARISON, found=told, **wanted), SPANISH)
    assert shown.text.startswith("El mar es, tres veces")


def test_the_steps_tell_this_model(service, tokenizer):
    told = found(service, Subject.STEPS)
    said = [
        steps.shown(an_inquiry(Subject.STEPS, TEXT, view={"step": n}, found=told), SPANISH).text
        for n in range(1, 6)
    ]
    assert f"Conozco {len(tokenizer)} piezas" in said[0]
    assert "una lista de 32 números" in said[1]
    assert "2 miradas a la vez, en 2 capas" in said[2]
    assert "La primera es «" in said[3]
    assert "piezas por segundo" in said[4]
