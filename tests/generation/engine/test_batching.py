import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import GPT2LMHeadModel

from bot.errors import EngineBusyError, PromptTooLongError
from bot.generation.engine import Engine, TokenEvent, load_engine
from bot.generation.parameters import SamplingParameters

GREEDY = SamplingParameters(max_new_tokens=20, temperature=0.0)


@pytest.fixture(scope="module")
def engine(small_gpt2: Path) -> Iterator[Engine]:
    engine = load_engine(small_gpt2, dtype="fp32", max_batch_size=4, threads=1)
    engine.start()
    yield engine
    engine.close()


def prompts_of_mixed_lengths() -> list[list[int]]:
    generator = torch.Generator().manual_seed(7)
    lengths = [1, 3, 17, 40, 5, 2, 60, 9]
    return [torch.randint(1, 256, (n,), generator=generator).tolist() for n in lengths]


def reference(folder: Path, prompt: list[int], **options: object) -> list[int]:
    model: Any = GPT2LMHeadModel.from_pretrained(folder)
    output = model.generate(
        torch.tensor([prompt]),
        attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
        do_sample=False,
        pad_token_id=0,
        **options,
    )
    tokens: list[int] = output[0, len(prompt) :].tolist()
    return tokens[:-1] if tokens[-1] == 0 else tokens


def written(generation) -> list[int]:
    return [event.token_id for event in generation if event.token_id is not None]


def test_greedy_equals_transformers_for_a_batch_of_mixed_lengths(engine, small_gpt2):
    prompts = prompts_of_mixed_lengths()
    generations = [engine.submit(prompt, GREEDY) for prompt in prompts]
    for prompt, generation in zip(prompts, generations, strict=True):
        assert written(generation) == reference(small_gpt2, prompt, max_new_tokens=20)


@pytest.mark.parametrize(
    "options",
    [{"repetition_penalty": 1.7}, {"no_repeat_ngram_size": 2}, {"min_new_tokens": 20}],
    ids=str,
)
def test_greedy_with_processors_equals_transformers(engine, small_gpt2, options):
    parameters = SamplingParameters(max_new_tokens=30, temperature=0.0, **options)
    for prompt in prompts_of_mixed_lengths()[:4]:
        expected = reference(small_gpt2, prompt, max_new_tokens=30, **options)
        assert written(engine.submit(prompt, parameters)) == expected


async def test_events_reach_an_asynchronous_reader(engine):
    async def read() -> list[str | None]:
        generation = engine.submit(
            [5, 6, 7], SamplingParameters(max_new_tokens=8, seed=1, ignore_eos=True)
        )
        return [event.finish_reason async for event in generation]

    reasons = await asyncio.gather(*(read() for _ in range(6)))
    assert reasons == [[None] * 7 + ["length"]] * 6


def test_a_prompt_that_fills_the_window_is_refused(engine):
    with pytest.raises(PromptTooLongError) as refusal:
        engine.submit([1] * 96, GREEDY)
    assert (refusal.value.tokens, refusal.value.limit) == (96, 95)


def test_a_text_longer_than_the_window_goes_on(engine):
    parameters = SamplingParameters(max_new_tokens=300, seed=3, ignore_eos=True)
    assert len(written(engine.submit([1, 2, 3], parameters))) == 300


def test_the_waiting_room_is_bounded(small_gpt2):
    engine = load_engine(small_gpt2, dtype="fp32", max_batch_size=1)
    for _ in range(256):
        engine.submit([1], GREEDY)
    with pytest.raises(EngineBusyError):
        engine.submit([1], GREEDY)


def test_candidates_are_the_texts_of_their_seeds(engine):
    parameters = SamplingParameters(max_new_tokens=12, seed=40, ignore_eos=True)
    candidates = [written(g) for g in engine.submit_candidates([9, 8, 7, 6], parameters, 6)]
    for i, candidate in enumerate(candidates):
        alone = SamplingParameters(max_new_tokens=12, seed=40 + i, ignore_eos=True)
        assert candidate == written(engine.submit([9, 8, 7, 6], alone))
    assert len({tuple(candidate) for candidate in candidates}) > 1


def test_no_client_keeps_the_batch_while_another_waits(small_gpt2):
    engine = load_engine(small_gpt2, dtype="fp32", max_batch_size=4, threads=1)

    def running() -> dict[str | None, int]:
        engine._admit()
        return Counter(one.generation.client for one in engine._active)

    engine.submit_candidates([5], GREEDY, 9, "a")
    for _ in range(9):
        engine.submit_candidates([5], GREEDY, 1, "a")
    assert running() == {"a": 4}  # nobody else is there
    engine.submit_candidates([7], GREEDY, 1, "b")
    engine.submit_candidates([7, 8], GREEDY, 1, None)
    for _ in range(2):
        first = next(one for one in engine._active if one.generation.client == "a")
        engine._finish([(first, [TokenEvent(None, "abort")])])
        found = running()
    assert found == {"a": 2, "b": 1, None: 1}
    engine.close()


def test_no_client_fills_the_waiting_room(small_gpt2):
    engine = load_engine(small_gpt2, dtype="fp32", threads=1)
    for _ in range(12):
        engine.submit_candidates([5], GREEDY, 10, "a")
    with pytest.raises(EngineBusyError) as caught:
        engine.submit_candidates([5], GREEDY, 9, "a")
    assert caught.value.limit == 128
    engine.submit_candidates([5], GREEDY, 20, "b")
    # Where there is but one way in, there is one client, who may have all.
    engine.submit_candidates([5], GREEDY, 100, None)
    with pytest.raises(EngineBusyError):
        engine.submit_candidates([5], GREEDY, 20, None)
    engine.close()
