"""What is compared: each contender loads a checkpoint and writes many texts at once.

All of them draw with top-k 50 and top-p 0.95 and may not end a text early.
"""

import json
import time
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from bot.workshop.benchmark.shapes import VOCABULARY

TOP_K, TOP_P = 50, 0.95
SEED = 7


class Name(StrEnum):
    """What a contender is called on the command line and in the tables."""

    ENGINE = "engine"
    TRANSFORMERS = "transformers fp32"
    TRANSFORMERS_BF16 = "transformers bf16"
    CTRANSLATE2 = "CTranslate2 int8"
    LLAMA_CPP = "llama.cpp Q8_0"


class Contender(Protocol):
    """A loaded model that can write."""

    def write(self, prompts: list[list[int]], new_tokens: int) -> None:
        """Write ``new_tokens`` tokens after each prompt, all at once."""
        ...

    def close(self) -> None:
        """Free what is held."""
        ...


@dataclass(frozen=True, slots=True)
class Setting:
    """What a contender is loaded with.

    Attributes:
        folder: The checkpoint.
        work: Folder for converted weights.
        threads: Threads of arithmetic.
        streams: Most texts at once.
    """

    folder: Path
    work: Path
    threads: int
    streams: int


def prompts_of(streams: int, tokens: int) -> list[list[int]]:
    """Return random prompts, the same in every run."""
    generator = np.random.default_rng(SEED)
    drawn: list[list[int]] = generator.integers(1, VOCABULARY - 1, (streams, tokens)).tolist()
    return drawn


class OurEngine:
    """This project's engine."""

    def __init__(self, setting: Setting) -> None:
        from bot.generation.engine import load_engine

        self._engine = load_engine(
            setting.folder,
            threads=setting.threads,
            max_batch_size=setting.streams,
            cache_dir=setting.work,
        )
        self._engine.start()

    def write(self, prompts: list[list[int]], new_tokens: int) -> None:
        """See :class:`Contender`."""
        from bot.generation.parameters import SamplingParameters

        parameters = SamplingParameters(
            max_new_tokens=new_tokens, top_k=TOP_K, top_p=TOP_P, seed=SEED, ignore_eos=True
        )
        generations = [self._engine.submit(prompt, parameters) for prompt in prompts]
        for generation in generations:
            written = sum(event.token_id is not None for event in generation)
            if written != new_tokens:
                raise RuntimeError(f"{written} of {new_tokens} tokens written")

    def close(self) -> None:
        """See :class:`Contender`."""
        self._engine.close()


class TransformersGenerate:
    """``transformers``' own ``generate``, in one batch."""

    dtype = "float32"

    def __init__(self, setting: Setting) -> None:
        import torch
        from transformers import AutoModelForCausalLM

        torch.set_num_threads(setting.threads)
        self._torch = torch
        self._model: Any = AutoModelForCausalLM.from_pretrained(
            setting.folder,
            dtype=getattr(torch, self.dtype),
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
        )

    def write(self, prompts: list[list[int]], new_tokens: int) -> None:
        """See :class:`Contender`."""
        torch = self._torch
        batch = torch.tensor(prompts)
        with torch.inference_mode():
            self._model.generate(
                batch,
                attention_mask=torch.ones_like(batch),
                do_sample=True,
                top_k=TOP_K,
                top_p=TOP_P,
                min_new_tokens=new_tokens,
                max_new_tokens=new_tokens,
                pad_token_id=VOCABULARY - 1,
            )

    def close(self) -> None:
        """See :class:`Contender`."""
        self._model = None


class TransformersBfloat16(TransformersGenerate):
    """The same in bfloat16."""

    dtype = "bfloat16"


class CTranslate2:
    """CTranslate2 with int8 weights."""

    def __init__(self, setting: Setting) -> None:
        import ctranslate2
        from ctranslate2.converters import TransformersConverter

        target = setting.work / f"{setting.folder.name}.ctranslate2"
        if not (target / "model.bin").is_file():
            converter = TransformersConverter(str(setting.folder))
            converter.convert(str(target), quantization="int8", force=True)
        self._generator = ctranslate2.Generator(
            str(target),
            device="cpu",
            compute_type="int8",
            intra_threads=setting.threads,
            inter_threads=1,
        )
        words = (target / "vocabulary.json").read_text("utf-8")
        self._words: list[str] = json.loads(words)

    def write(self, prompts: list[list[int]], new_tokens: int) -> None:
        """See :class:`Contender`."""
        starts = [[self._words[token] for token in prompt] for prompt in prompts]
        self._generator.generate_batch(
            starts,
            max_length=new_tokens,
            min_length=new_tokens,
            sampling_topk=TOP_K,
            sampling_topp=TOP_P,
            include_prompt_in_result=False,
            max_batch_size=0,
        )

    def close(self) -> None:
        """See :class:`Contender`."""
        self._generator.unload_model()


def best_of_repeats(
    contender: Contender,
    prompts: list[list[int]],
    new_tokens: int,
    *,
    repeats: int,
    limit_s: float,
) -> float:
    """Return the least time that writing took, in seconds.

    Args:
        contender: Warmed up already.
        prompts: One for each stream.
        new_tokens: To write after each.
        repeats: At most.
        limit_s: No further repeat begins after this.
    """
    best_s, begun_s = float("inf"), time.perf_counter()
    for _ in range(repeats):
        started_s = time.perf_counter()
        contender.write(prompts, new_tokens)
        best_s = min(best_s, time.perf_counter() - started_s)
        if time.perf_counter() - begun_s > limit_s:
            break
    return best_s


def quietly_close(contender: Contender) -> None:
    """Close a contender whose failure to do so says nothing about its speed."""
    with suppress(RuntimeError):
        contender.close()
