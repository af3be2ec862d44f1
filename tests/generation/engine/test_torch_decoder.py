import json
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import GPT2LMHeadModel

from bot.generation.engine.checkpoint import Checkpoint
from bot.generation.engine.decoder import Decoder, Slice
from bot.generation.engine.gpt2 import Gpt2Shape, read_shape
from bot.generation.engine.torch_decoder import TorchDecoder
from tests.generation.engine.conftest import save_gpt2

EMBEDDED = Path(__file__).parents[3] / "bot" / "generation" / "embedded"
DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]

# The family's widths and heads, in two layers, with a small vocabulary.
FAMILY = {
    "small": {"n_embd": 768, "n_head": 12},
    "medium": {"n_embd": 1024, "n_head": 16},
    "large": {"n_embd": 1280, "n_head": 20},
    "xl": {"n_embd": 1600, "n_head": 25},
}
VARIANTS = {
    "untied": {"tie_word_embeddings": False},
    "relu": {"activation_function": "relu"},
    "exact-gelu": {"activation_function": "gelu"},
    "by-layer": {"scale_attn_by_inverse_layer_idx": True},
    "unscaled": {"scale_attn_weights": False},
    "narrow-heads": {"n_embd": 40, "n_head": 4},
    "inner": {"n_inner": 100},
}


def shape_of(folder: Path) -> Gpt2Shape:
    shape = read_shape(json.loads((folder / "config.json").read_text()))
    assert shape is not None
    return shape


def texts(vocabulary: int, lengths: list[int], seed: int = 0) -> list[np.ndarray]:
    generator = np.random.default_rng(seed)
    return [generator.integers(1, vocabulary, n).astype(np.int32) for n in lengths]


def blocks_of(decoder: Decoder, number: int) -> list[int]:
    """Return blocks for a whole window of a text."""
    each = -(-decoder.context_tokens // decoder.block_tokens)
    return list(range(number * each, (number + 1) * each))


def in_company(decoder: Decoder, prompts: list[np.ndarray]) -> np.ndarray:
    """Run prompts of mixed lengths as one batch: their first halves, then what is left."""
    halves = [max(1, len(prompt) // 2) for prompt in prompts]
    decoder.process(
        [
            Slice(blocks_of(decoder, i), 0, p[:h], False)
            for i, (p, h) in enumerate(zip(prompts, halves, strict=True))
        ]
    )
    rest = [
        Slice(blocks_of(decoder, i), h, p[h:], True)
        for i, (p, h) in enumerate(zip(prompts, halves, strict=True))
        if h < len(p)
    ]
    return decoder.process(rest).copy()


def expected_logits(folder: Path, prompts: list[np.ndarray]) -> np.ndarray:
    model = GPT2LMHeadModel.from_pretrained(folder, dtype=torch.float32)
    with torch.inference_mode():
        return np.stack(
            [model(torch.from_numpy(p.astype(np.int64))[None]).logits[0, -1] for p in prompts]
        )


def check_against_transformers(folder: Path, device: str) -> None:
    shape = shape_of(folder)
    prompts = texts(shape.vocabulary, [2, 30, 7, 19])
    decoder = TorchDecoder(Checkpoint(folder), shape, dtype="fp32", device=device, block_count=4)
    difference = np.abs(in_company(decoder, prompts) - expected_logits(folder, prompts)).max()
    assert difference < 1e-4


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("size", FAMILY)
def test_logits_equal_transformers_for_every_size(tmp_path, size, device):
    save_gpt2(tmp_path, gain=1.0, **FAMILY[size])
    check_against_transformers(tmp_path, device)


@pytest.mark.parametrize("variant", VARIANTS)
def test_logits_equal_transformers_for_every_variant(tmp_path, variant):
    save_gpt2(tmp_path, gain=2.0, **VARIANTS[variant])
    check_against_transformers(tmp_path, "cpu")


def test_logits_of_the_embedded_model_equal_transformers():
    check_against_transformers(EMBEDDED, "cpu")


@pytest.mark.parametrize("device", DEVICES)
def test_token_by_token_equals_the_whole_prompt(small_gpt2, device):
    shape = shape_of(small_gpt2)
    (prompt,) = texts(shape.vocabulary, [25])
    decoder = TorchDecoder(
        Checkpoint(small_gpt2), shape, dtype="fp32", device=device, block_count=3
    )
    for position in range(25):
        logits = decoder.process([Slice([1], position, prompt[position : position + 1], True)])
    difference = np.abs(logits - expected_logits(small_gpt2, [prompt])).max()
    assert difference < 1e-4


def test_bfloat16_is_close(small_gpt2):
    shape = shape_of(small_gpt2)
    prompts = texts(shape.vocabulary, [12, 40])
    decoder = TorchDecoder(
        Checkpoint(small_gpt2), shape, dtype="bf16", device="cpu", block_count=2
    )
    logits, expected = in_company(decoder, prompts), expected_logits(small_gpt2, prompts)
    assert np.linalg.norm(logits - expected) < 0.05 * np.linalg.norm(expected)
