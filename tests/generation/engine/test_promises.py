"""What the engine promises whatever the model: same recipe, same text; slots and memory return."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.generation.engine import Engine, Generation, load_engine
from bot.generation.parameters import SamplingParameters
from tests.generation.engine.conftest import save_gpt2

MEBIBYTE = 2**20


@pytest.fixture(scope="module")
def engine(small_gpt2):
    engine = load_engine(small_gpt2, max_batch_size=6, threads=2)
    engine.start()
    yield engine
    engine.close()


def written(generation: Generation) -> list[int | None]:
    return [event.token_id for event in generation]


recipes = st.builds(
    lambda prompt, length, temperature, top_k, top_p, penalty, ngram, seed: (
        prompt,
        SamplingParameters(
            max_new_tokens=length,
            temperature=temperature,
            top_k=top_k,
            top_p=top_p,
            repetition_penalty=penalty,
            no_repeat_ngram_size=ngram,
            seed=seed,
        ),
    ),
    prompt=st.lists(st.integers(1, 255), min_size=1, max_size=90),
    length=st.integers(1, 40),
    temperature=st.sampled_from([0.0, 0.7, 1.0, 1.5]),
    top_k=st.sampled_from([0, 5, 50]),
    top_p=st.sampled_from([0.5, 0.95, 1.0]),
    penalty=st.sampled_from([1.0, 1.3]),
    ngram=st.sampled_from([0, 3]),
    seed=st.integers(0, 2**63 - 1),
)


@given(st.lists(recipes, min_size=10, max_size=20), st.randoms(use_true_random=False))
@settings(
    max_examples=14, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_recipe_gives_the_same_text_alone_and_in_any_company(engine, batch, random):
    alone = [written(engine.submit(prompt, parameters)) for prompt, parameters in batch]
    order = list(range(len(batch)))
    random.shuffle(order)
    together = {}
    for i in order:
        together[i] = engine.submit(*batch[i])
        if random.random() < 0.3:  # some are read before the next are handed in
            next(iter(together[i]))
            together[i].cancel()
            together[i] = engine.submit(*batch[i])
    assert [written(together[i]) for i in range(len(batch))] == alone


def test_a_cancelled_text_gives_its_slot_to_the_next(small_gpt2):
    engine = load_engine(small_gpt2, max_batch_size=1, threads=1)
    engine.start()
    endless = SamplingParameters(max_new_tokens=30_000, ignore_eos=True, seed=0)
    first = engine.submit([1, 2], endless)
    next(iter(first))
    second = engine.submit([3, 4], SamplingParameters(max_new_tokens=3, ignore_eos=True, seed=0))
    assert engine.load.waiting + engine.load.running == 2
    first.cancel()
    tokens = first.new_tokens
    assert [event.finish_reason for event in second][-1] == "length"
    assert [event.finish_reason for event in first][-1] == "abort"
    # The step under way may still add one; the next begins without it.
    assert first.new_tokens <= tokens + 1
    engine.close()


def test_closing_ends_every_text(small_gpt2):
    threads = set(threading.enumerate())
    engine = load_engine(small_gpt2, max_batch_size=2, threads=3)
    engine.start()
    endless = SamplingParameters(max_new_tokens=30_000, ignore_eos=True, seed=0)
    generations = [engine.submit([1], endless) for _ in range(5)]
    engine.close()
    assert {list(g)[-1].finish_reason for g in generations} == {"abort"}
    assert set(threading.enumerate()) == threads


def test_first_tokens_of_a_class_come_within_a_few_steps(small_gpt2):
    engine = load_engine(small_gpt2, max_batch_size=30, threads=2)
    parameters = SamplingParameters(max_new_tokens=60, ignore_eos=True, seed=5)
    generations = [engine.submit([7] * 24, parameters) for _ in range(30)]
    engine.start()
    for generation in generations:
        assert len(written(generation)) == 60
    # 30 prompts of 24 tokens, 256 prompt tokens a step: the last text is three steps behind.
    assert engine.load.steps <= 60 + 3
    engine.close()


# In a process of its own: other tests compile these functions for other types.
FIRST_TEXT = """
import sys
from pathlib import Path
from bot.generation.engine import load_engine, sampling
from bot.generation.parameters import SamplingParameters

engine = load_engine(Path(sys.argv[1]), max_batch_size=2, threads=1)
compiled = [f for f in vars(sampling).values() if hasattr(f, "signatures")]
before = [len(f.signatures) for f in compiled]
engine.start()
for temperature, top_k, top_p in ((0.0, 0, 1.0), (0.7, 5, 0.9), (1.0, 0, 0.9), (1.0, 0, 1.0)):
    parameters = SamplingParameters(
        max_new_tokens=8, temperature=temperature, top_k=top_k, top_p=top_p,
        repetition_penalty=1.2, no_repeat_ngram_size=3, min_new_tokens=4, seed=1,
    )
    list(engine.submit([1, 2, 3], parameters))
engine.close()
assert any(before) and before == [len(f.signatures) for f in compiled], "compiled for a reader"
"""


def test_no_reader_waits_for_a_compiler(small_gpt2):
    subprocess.run([sys.executable, "-c", FIRST_TEXT, str(small_gpt2)], check=True)


def test_memory_is_flat_over_a_thousand_requests(engine: Engine):
    process = psutil.Process()
    parameters = SamplingParameters(max_new_tokens=6, ignore_eos=True, seed=1, top_k=5)

    def hand_in(count: int) -> None:
        for _ in range(count // 50):
            for generation in [engine.submit([1, 2, 3], parameters) for _ in range(50)]:
                written(generation)

    hand_in(500)
    before = process.memory_info().rss
    hand_in(1000)
    assert process.memory_info().rss - before < 4 * MEBIBYTE


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads Linux's own figures")
def test_a_long_text_takes_the_memory_of_one_window(tmp_path):
    folder = save_gpt2(tmp_path, n_embd=256, n_head=4, n_layer=4, n_positions=512)
    engine = load_engine(folder, max_batch_size=2, threads=1)
    engine.start()
    process = psutil.Process(os.getpid())
    once = SamplingParameters(max_new_tokens=600, ignore_eos=True, seed=1)
    # The first text grows into its window while a second one keeps its own pages.
    generation = engine.submit([5], once)
    written(generation)
    before = process.memory_info().rss
    long = SamplingParameters(max_new_tokens=4200, ignore_eos=True, seed=1)  # about 3,000 words
    assert len(written(engine.submit([5], long))) == 4200
    window = 4 * 4 * 512 * (2 * 64 + 8)
    assert process.memory_info().rss - before < window + 4 * MEBIBYTE
    engine.close()
