import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.generation.engine.checkpoint import Checkpoint
from bot.generation.engine.decoder import Slice
from bot.generation.engine.int8.attention import BLOCK_TOKENS
from bot.generation.engine.int8.decoder import Int8Decoder
from bot.generation.engine.int8.weights import load_weights
from bot.generation.engine.tokenizing import load_tokenizer
from tests.generation.engine.conftest import save_gpt2
from tests.generation.engine.test_torch_decoder import (
    EMBEDDED,
    FAMILY,
    VARIANTS,
    blocks_of,
    expected_logits,
    in_company,
    shape_of,
    texts,
)

TEXTS = 5
PASSAGES = ((0, 2), (100, 70), (900, 7), (1500, 190))
"""Beginning and length in tokens."""


def held_out_token_ids() -> np.ndarray:
    """Essays, learners' essays and textbooks that the embedded model was not trained on.

    Their sources and licences are in docs/embedded-model.md.
    """
    text = (Path(__file__).parents[3] / "data" / "held_out_es.txt").read_text("utf-8")
    return np.array(load_tokenizer(EMBEDDED).encode(text), np.int32)


def load(folder: Path, threads: int = 2, cache_file: Path | None = None) -> Int8Decoder:
    shape = shape_of(folder)
    weights = load_weights(Checkpoint(folder), shape, cache_file)
    blocks = TEXTS * -(-shape.context_tokens // BLOCK_TOKENS)
    return Int8Decoder(weights, shape, block_count=blocks, threads=threads)


@pytest.fixture(scope="module")
def decoder(small_gpt2):
    decoder = load(small_gpt2)
    yield decoder
    decoder.close()


def check_closeness(folder: Path, limit: float, prompts: list[np.ndarray] | None = None) -> None:
    if prompts is None:
        prompts = texts(shape_of(folder).vocabulary, [2, 70, 7, 19])
    decoder = load(folder)
    logits, expected = in_company(decoder, prompts), expected_logits(folder, prompts)
    decoder.close()
    centred = expected - expected.mean(axis=1, keepdims=True)
    assert np.linalg.norm(logits - expected) < limit * np.linalg.norm(centred)


@pytest.mark.parametrize("size", ["small", "xl"])
def test_logits_are_close_for_the_familys_widths(tmp_path, size):
    save_gpt2(tmp_path, gain=1.0, **FAMILY[size])
    check_closeness(tmp_path, 0.03)


@pytest.mark.parametrize("variant", VARIANTS)
def test_logits_are_close_for_every_variant(tmp_path, variant):
    save_gpt2(tmp_path, gain=2.0, **VARIANTS[variant])
    check_closeness(tmp_path, 0.04)


def test_logits_of_the_embedded_model_are_close():
    # On Spanish: random tokens are nothing that a trained model has an opinion of.
    token_ids = held_out_token_ids()
    prompts = [token_ids[start : start + length] for start, length in PASSAGES]
    # The roundings of its eight layers add up; what they cost is the perplexity, measured below.
    check_closeness(EMBEDDED, 0.07, prompts)


@st.composite
def arrivals(draw):
    """How each of five texts is cut into slices, and in which steps they are run."""
    plans = []
    for _ in range(TEXTS):
        length = draw(st.integers(1, 90))
        cuts = draw(st.lists(st.integers(1, length), max_size=6))
        bounds = sorted({0, length, *cuts})
        plans.append(list(pairwise(bounds)))
    order = draw(st.permutations([i for i, plan in enumerate(plans) for _ in plan]))
    return plans, order


@given(arrivals(), st.integers(0, 3))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_text_gives_the_same_bits_alone_and_in_any_company(decoder, small_gpt2, arrival, seed):
    plans, order = arrival
    prompts = texts(256, [plan[-1][1] for plan in plans], seed)
    blocks = [blocks_of(decoder, i) for i in range(TEXTS)]
    alone = [decoder.process([Slice(blocks[0], 0, p, True)])[0].copy() for p in prompts]
    last: dict[int, np.ndarray] = {}
    waiting = [list(plan) for plan in plans]
    queue = list(order)
    while queue:
        # As many texts in one step as come before a text comes a second time.
        step: list[int] = []
        while queue and queue[0] not in step:
            step.append(queue.pop(0))
        slices = []
        for i in step:
            start, end = waiting[i].pop(0)
            slices.append(Slice(blocks[i], start, prompts[i][start:end], not waiting[i]))
        logits = decoder.process(slices)
        ended = [i for i in step if not waiting[i]]
        last.update({i: row.copy() for i, row in zip(ended, logits, strict=True)})
    for i in range(TEXTS):
        np.testing.assert_array_equal(last[i], alone[i])


def test_the_number_of_threads_changes_no_bit(small_gpt2, decoder):
    prompts = texts(256, [5, 33, 80])
    for threads in (1, 3):
        other = load(small_gpt2, threads)
        np.testing.assert_array_equal(in_company(other, prompts), in_company(decoder, prompts))
        other.close()


def test_a_shared_beginning_is_the_same(decoder):
    """The first block is shared, the second copied; another goes on in the source meanwhile."""
    (prompt,) = texts(256, [90])
    expected = decoder.process([Slice([0, 1], 0, prompt, True)]).copy()
    decoder.process([Slice([2, 3], 0, prompt[:80], False)])
    decoder.copy_block(3, 7, 16)
    other = np.flip(prompt[80:])
    both = decoder.process([Slice([2, 3], 80, other, True), Slice([2, 7], 80, prompt[80:], True)])
    np.testing.assert_array_equal(both[1:], expected)
    assert not np.array_equal(both[0], both[1])


def test_a_released_block_begins_anew(decoder):
    first, second = texts(256, [60, 20])
    expected = decoder.process([Slice([1], 0, second, True)]).copy()
    decoder.process([Slice([2], 0, first, True)])
    decoder.release(2)
    np.testing.assert_array_equal(decoder.process([Slice([2], 0, second, True)]), expected)


def test_the_cached_weights_are_the_same(tmp_path, small_gpt2, decoder):
    cache_file = tmp_path / "folder" / "weights.int8"
    prompts = texts(256, [9, 3])
    expected = in_company(decoder, prompts)
    for _ in range(2):
        cached = load(small_gpt2, cache_file=cache_file)
        np.testing.assert_array_equal(in_company(cached, prompts), expected)
        cached.close()
    assert [path.name for path in cache_file.parent.iterdir()] == ["weights.int8"]
    size = cache_file.stat().st_size
    cache_file.write_bytes(cache_file.read_bytes()[: size // 2])
    repaired = load(small_gpt2, cache_file=cache_file)
    np.testing.assert_array_equal(in_company(repaired, prompts), expected)
    repaired.close()
    assert cache_file.stat().st_size == size


def test_an_unwritable_cache_does_not_matter(tmp_path, small_gpt2):
    (tmp_path / "file").write_text("")
    load(small_gpt2, cache_file=tmp_path / "file" / "weights.int8").close()


def test_int8_perplexity_of_the_embedded_model_is_within_one_percent():
    ids = held_out_token_ids()
    width, count = 480, TEXTS
    rows = ids[: width * count].reshape(count, width)
    decoder = load(EMBEDDED)
    ours = np.zeros(count)
    for p in range(width - 1):
        logits = decoder.process(
            [Slice(blocks_of(decoder, i), p, rows[i, p : p + 1], True) for i in range(count)]
        )
        chances = torch.log_softmax(torch.from_numpy(logits.copy()).double(), -1).numpy()
        ours += chances[np.arange(count), rows[:, p + 1]]
    decoder.close()
    from transformers import GPT2LMHeadModel

    model = GPT2LMHeadModel.from_pretrained(EMBEDDED, dtype=torch.float32).eval()
    with torch.inference_mode():
        batch = torch.from_numpy(rows.astype(np.int64))
        chances = torch.log_softmax(model(batch).logits[:, :-1].double(), -1)
        theirs = chances.gather(-1, batch[:, 1:, None]).sum().item()
    ratio = np.exp((theirs - ours.sum()) / (count * (width - 1)))
    print(f"int8 perplexity / fp32 perplexity = {ratio:.5f} on {count * (width - 1)} tokens")
    assert 0.99 < ratio < 1.01


OTHER_PROCESSORS = {
    "avx2": ("haswell", "+avx,+avx2,+fma,+sse4.2,+ssse3"),
    "portable": ("x86-64", "+sse2"),
}


@pytest.mark.skipif(
    not Path("/proc/cpuinfo").exists() or "avx2" not in Path("/proc/cpuinfo").read_text(),
    reason="emulates lesser x86 processors",
)
@pytest.mark.parametrize("processor", OTHER_PROCESSORS)
def test_other_instructions_give_the_same_sums(processor, tmp_path):
    name, features = OTHER_PROCESSORS[processor]
    program = Path(__file__).with_name("dot_products.py")
    environment = os.environ | {
        "NUMBA_CPU_NAME": name,
        "NUMBA_CPU_FEATURES": features,
        "NUMBA_CACHE_DIR": str(tmp_path),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    ran = subprocess.run(
        [sys.executable, str(program)], env=environment, capture_output=True, text=True, check=True
    )
    assert json.loads(ran.stdout) == {"arithmetic": processor, "differences": 0}
