"""Essays for the report, written as the bot has them written: frames, engine, default sampling."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from bot.generation.frames import Frames
from bot.generation.parameters import SamplingParameters
from bot.training.saving import read_frames

if TYPE_CHECKING:
    from bot.generation.engine import Engine

_SAMPLING = ("temperature", "top_k", "top_p", "repetition_penalty", "no_repeat_ngram_size")
WORDS = 300


@dataclass(frozen=True, slots=True)
class WrittenEssay:
    """One essay of the report.

    Attributes:
        topic: What was asked for.
        seed: Of its random stream.
        text: What the model wrote.
        ended: Whether the model ended it; otherwise its room was used up.
    """

    topic: str
    seed: int
    text: str
    ended: bool


def write_essays(
    model: Path, topics: Sequence[str], essays_a_topic: int, *, style: str = "ensayo"
) -> list[WrittenEssay]:
    """Write essays with the engine that the bot uses, at the model's default settings.

    Args:
        model: Its folder.
        topics: What to write about.
        essays_a_topic: Essays for each, with the seeds 1, 2, 3 …
        style: Key of the frames.
    """
    # Imported here, because a machine that only trains has not all that the engine asks for.
    from bot.generation.engine import load_engine

    frames, sampling = _frames(model), _sampling(model)
    engine = load_engine(model)
    engine.start()
    try:
        wanted = [(topic, seed) for topic in topics for seed in range(1, essays_a_topic + 1)]
        return asyncio.run(_write_all(engine, frames, sampling, wanted, style))
    finally:
        engine.close()


def write_essays_plainly(
    model: Path, topics: Sequence[str], essays_a_topic: int, *, style: str = "ensayo"
) -> list[WrittenEssay]:
    """Write essays with ``transformers``' own ``generate``, on a GPU if there is one.

    The settings are those of ``write_essays``; the random streams are others.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    tokenizer = AutoTokenizer.from_pretrained(model)
    gpt2 = cast("Any", AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32))
    gpt2.to(device).train(False)
    frames, defaults = _frames(model), _sampling(model)
    essays: list[WrittenEssay] = []
    for number, topic in enumerate(topics):
        torch.manual_seed(number)
        prompt = frames.of(style).prompt_for(topic, WORDS, frames.special_tokens)
        ids = torch.tensor([tokenizer.encode(prompt)], device=device)
        with torch.no_grad():
            rows = gpt2.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                do_sample=True,
                num_return_sequences=essays_a_topic,
                max_new_tokens=gpt2.config.n_positions - ids.shape[1],
                pad_token_id=tokenizer.eos_token_id,
                **{"top_k": 0, **defaults},
            )
        for seed, row in enumerate(rows[:, ids.shape[1] :], 1):
            ended = bool((row == tokenizer.eos_token_id).any())
            text = str(tokenizer.decode(row, skip_special_tokens=True)).strip()
            essays.append(WrittenEssay(topic, seed, text, ended))
    return essays


def _frames(model: Path) -> Frames:
    written = read_frames(model)
    return Frames.from_json(written) if written is not None else Frames.plain({})


async def _write_all(
    engine: "Engine",
    frames: Frames,
    sampling: dict[str, Any],
    wanted: list[tuple[str, int]],
    style: str,
) -> list[WrittenEssay]:
    together = asyncio.Semaphore(8)

    async def write(topic: str, seed: int) -> WrittenEssay:
        async with together:
            return await _write(engine, frames, sampling, topic, seed, style)

    return list(await asyncio.gather(*(write(topic, seed) for topic, seed in wanted)))


async def _write(
    engine: "Engine", frames: Frames, sampling: dict[str, Any], topic: str, seed: int, style: str
) -> WrittenEssay:
    prompt = frames.of(style).prompt_for(topic, WORDS, frames.special_tokens)
    ids = engine.tokenizer.encode(prompt)
    parameters = SamplingParameters(
        max_new_tokens=engine.context_tokens - len(ids),
        seed=seed,
        **sampling,
    )
    written: list[int] = []
    reason: str | None = None
    async for event in engine.submit(ids, parameters):
        if event.token_id is not None:
            written.append(event.token_id)
        reason = event.finish_reason
    text = engine.tokenizer.decode(written).replace("<|endoftext|>", "")
    return WrittenEssay(topic, seed, text.strip(), reason == "stop")


def _sampling(model: Path) -> dict[str, Any]:
    """Return the settings that the model's file names for its evaluation."""
    defaults: Any = (read_frames(model) or {}).get("defaults", {})
    chosen: dict[str, Any] = {name: defaults[name] for name in _SAMPLING if name in defaults}
    for name in ("top_k", "no_repeat_ngram_size"):
        if name in chosen:
            chosen[name] = int(chosen[name])
    return chosen
