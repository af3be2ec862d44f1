import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from bot.training.bpe import end_of_text_id
from bot.workshop.evaluation.bits import bits_per_byte, gpt2_scorer, uniform_scorer


def load(folder: Path) -> tuple[Any, Any]:
    return AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)


def test_a_uniform_model_costs_the_same_everywhere(base: Path) -> None:
    _, tokenizer = load(base)
    text = "El mar canta en la playa."
    expected = len(tokenizer.encode(text)) * 9 / len(text.encode())
    assert bits_per_byte([("", text)], tokenizer, uniform_scorer(512)) == pytest.approx(expected)


@pytest.mark.parametrize("count", [1, 20, 63, 64])
def test_a_text_inside_the_window_costs_what_the_model_says(base: Path, count: int) -> None:
    model, tokenizer = load(base)
    end = end_of_text_id(tokenizer)
    ids = torch.arange(1, count + 1)
    given = torch.cat([torch.tensor([end]), ids])[None]
    with torch.no_grad():
        rows = model(given[:, :64], attention_mask=torch.ones_like(given[:, :64])).logits
    likely = rows.log_softmax(-1)[0, :-1].gather(1, given[0, 1:64, None]).sum()
    if count < 64:
        assert gpt2_scorer(model, end)(ids.numpy()) == pytest.approx(-float(likely), rel=5e-3)
    else:
        assert gpt2_scorer(model, end)(ids.numpy()) > -float(likely)


def test_long_texts_count_each_token_once(base: Path) -> None:
    model, tokenizer = load(base)
    scorer = gpt2_scorer(model, end_of_text_id(tokenizer))
    text = "La luna sueña en la playa. " * 40
    ids = np.array(tokenizer.encode(text))
    assert len(ids) > 3 * 64
    per_token = scorer(ids) / len(ids)
    short = scorer(ids[:60]) / 60
    assert 0 < per_token < 1.5 * short
    assert math.isclose(scorer(ids[:0]), 0.0)


def test_the_heading_is_given_and_not_counted(base: Path) -> None:
    model, tokenizer = load(base)
    scorer = gpt2_scorer(model, end_of_text_id(tokenizer))
    heading, body = "La luna\n\n", "La luna canta cada mañana. La luna sueña cada mañana."
    with_heading = bits_per_byte([(heading, body)], tokenizer, scorer)
    whole = bits_per_byte([("", heading + body)], tokenizer, scorer) * len(
        (heading + body).encode()
    )
    alone = bits_per_byte([("", heading)], tokenizer, scorer) * len(heading.encode())
    assert with_heading * len(body.encode()) == pytest.approx(whole - alone)


def test_a_heading_that_melts_into_its_body_is_refused(base: Path) -> None:
    model, tokenizer = load(base)
    scorer = gpt2_scorer(model, end_of_text_id(tokenizer))
    with pytest.raises(ValueError, match="heading"):
        bits_per_byte([("La lu", "na canta")], tokenizer, scorer)
