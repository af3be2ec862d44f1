"""A model writes freely: many prompts at once, as the bot asks."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    GPT2LMHeadModel,
    PreTrainedTokenizerBase,
)

TEMPERATURE, TOP_P, TOP_K = 0.7, 0.95, 50
"""As the bot samples by default."""

_MOST_TOKENS = 640
_TOGETHER = 50


@dataclass(frozen=True, slots=True)
class Written:
    """What a model wrote.

    Attributes:
        prompt: The header that it went on from.
        text: What it wrote, its line of ideas included.
        ended: Whether it ended by itself.
    """

    prompt: str
    text: str
    ended: bool

    @property
    def essay(self) -> str:
        """The text without its line of ideas."""
        if not self.text.startswith("Ideas:"):
            return self.text
        return self.text.partition("\n\n")[2]


def load_writer(
    folder: Path, device: str = "cpu"
) -> tuple[GPT2LMHeadModel, PreTrainedTokenizerBase]:
    """Load a model in float32 (bfloat16 on a GPU) and its tokenizer."""
    tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left", trust_remote_code=False)
    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    model = cast(
        "Any",
        AutoModelForCausalLM.from_pretrained(
            folder, dtype=dtype, trust_remote_code=False, use_safetensors=True
        ),
    )
    return cast("GPT2LMHeadModel", model.to(device)), tokenizer


def write(
    model: GPT2LMHeadModel, tokenizer: PreTrainedTokenizerBase, prompts: Sequence[str], seed: int
) -> list[Written]:
    """Let a model go on from each prompt, once.

    Args:
        model: From `load_writer`.
        tokenizer: Its tokenizer, which pads on the left.
        prompts: Headers.
        seed: Of the sampling.
    """
    written: list[Written] = []
    torch.manual_seed(seed)
    for first in range(0, len(prompts), _TOGETHER):
        some = list(prompts[first : first + _TOGETHER])
        asked = tokenizer(some, return_tensors="pt", padding=True).to(model.device)
        width = asked["input_ids"].shape[1]
        room = min(_MOST_TOKENS, model.config.n_positions - width)
        ids = cast("Any", model).generate(
            **asked, do_sample=True, temperature=TEMPERATURE, top_p=TOP_P, top_k=TOP_K,
            max_new_tokens=room, pad_token_id=tokenizer.eos_token_id,
        )  # fmt: skip
        for prompt, row in zip(some, ids[:, width:].tolist(), strict=True):
            ended = tokenizer.eos_token_id in row
            row = row[: row.index(tokenizer.eos_token_id)] if ended else row
            written.append(Written(prompt, str(tokenizer.decode(row)).strip(), ended))
    return written
