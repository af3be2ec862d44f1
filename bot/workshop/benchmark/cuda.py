"""The engine on a graphics card beside ``transformers``, both in bfloat16.

The shapes are those of GPT-2 small and XL, the weights random.
"""

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from bot.generation.engine import Engine, load_engine
from bot.generation.parameters import SamplingParameters
from bot.workshop.benchmark.contenders import SEED, TOP_K, TOP_P, prompts_of
from bot.workshop.benchmark.shapes import SMALL, VOCABULARY, XL, random_checkpoint

STREAMS = (1, 8, 32)
PROMPT_TOKENS, NEW_TOKENS, REPEATS = 24, 200, 3


def write_with_engine(engine: Engine, streams: int) -> None:
    """Write with the engine."""
    parameters = SamplingParameters(
        max_new_tokens=NEW_TOKENS, top_k=TOP_K, top_p=TOP_P, seed=SEED, ignore_eos=True
    )
    prompts = prompts_of(streams, PROMPT_TOKENS)
    for generation in [engine.submit(prompt, parameters) for prompt in prompts]:
        for _ in generation:
            pass


def write_with_transformers(model: Any, streams: int) -> None:  # noqa: ANN401, any model class
    """Write with ``generate``."""
    import torch

    batch = torch.tensor(prompts_of(streams, PROMPT_TOKENS), device="cuda")
    model.generate(
        batch,
        attention_mask=torch.ones_like(batch),
        do_sample=True,
        top_k=TOP_K,
        top_p=TOP_P,
        min_new_tokens=NEW_TOKENS,
        max_new_tokens=NEW_TOKENS,
        pad_token_id=VOCABULARY - 1,
    )
    torch.cuda.synchronize()


def compare(root: Path) -> Iterator[str]:
    """Measure both and yield the lines of a table.

    Args:
        root: Folder for checkpoints.
    """
    import torch
    from transformers import AutoModelForCausalLM

    for size in (SMALL, XL):
        folder = random_checkpoint(size, root)
        engine = load_engine(folder, device="cuda", max_batch_size=max(STREAMS))
        engine.start()
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.bfloat16, trust_remote_code=False, use_safetensors=True
        )
        model = loaded.to("cuda")
        name = torch.cuda.get_device_name()
        yield f"{size.name}, tokens/s on {name}: engine | transformers bf16"
        for streams in STREAMS:
            ours = _best_rate(partial(write_with_engine, engine, streams), streams)
            theirs = _best_rate(partial(write_with_transformers, model, streams), streams)
            yield f"{streams:3d} at once: {ours:8.0f} | {theirs:8.0f}"
        engine.close()
        del engine, model, loaded
        torch.cuda.empty_cache()


def _best_rate(write: Callable[[], None], streams: int) -> float:
    write()  # graphs are captured and memory is taken
    best_s = float("inf")
    for _ in range(REPEATS):
        started_s = time.perf_counter()
        write()
        best_s = min(best_s, time.perf_counter() - started_s)
    return streams * NEW_TOKENS / best_s
