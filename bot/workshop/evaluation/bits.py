"""Held-out bits per byte: how well a model foretells texts that it has not seen.

Bits per byte, unlike perplexity, can be compared between vocabularies. The first token of a text
counts too, after the end of the text before; the end itself does not.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional
from transformers import GPT2LMHeadModel, PreTrainedTokenizerBase

from bot.training.model import logits_of, uses_bf16

Scorer = Callable[[NDArray[Any]], float]
"""Gives the nats of one text's tokens."""


def bits_per_byte(
    texts: Sequence[tuple[str, str]], tokenizer: PreTrainedTokenizerBase, nats: Scorer
) -> float:
    """Return the mean cost of texts in bits for each byte of UTF-8.

    Args:
        texts: For each text its heading, which the model is given and which does not count, and
            its body. At least one body is not empty.
        tokenizer: Makes the tokens that ``nats`` is asked about.
        nats: The model.

    Raises:
        ValueError: The tokens of a heading are no beginning of the tokens of the whole.
    """
    total = 0.0
    for heading, body in texts:
        whole = tokenizer.encode(heading + body, add_special_tokens=False)
        given = tokenizer.encode(heading, add_special_tokens=False)
        if whole[: len(given)] != given:
            raise ValueError("the heading's tokens change with what follows")
        # By the chain rule the difference is the cost of the body after its heading.
        total += nats(np.array(whole, dtype=np.int64)) - nats(np.array(given, dtype=np.int64))
    return total / math.log(2) / sum(len(body.encode()) for _, body in texts)


def uniform_scorer(vocabulary_size: int) -> Scorer:
    """Return a model that holds all tokens equally likely."""
    return lambda ids: len(ids) * math.log(vocabulary_size)


def gpt2_scorer(model: GPT2LMHeadModel, end_of_text: int) -> Scorer:
    """Return a GPT-2 as a scorer.

    Texts longer than its window are read in windows that overlap by half, and each token is
    counted once, with all the context that its window has.

    Args:
        model: On any device.
        end_of_text: Stands before a text.
    """
    model.train(False)
    device = next(model.parameters()).device
    window = model.config.n_positions

    def nats(ids: NDArray[Any]) -> float:
        if not len(ids):
            return 0.0
        tokens = torch.from_numpy(np.concatenate([[end_of_text], ids])).to(device)
        total, counted = 0.0, 1
        start = 0
        while counted < len(tokens):
            part = tokens[start : start + window]
            with (
                torch.no_grad(),
                torch.autocast(device.type, dtype=torch.bfloat16, enabled=uses_bf16(device)),
            ):
                logits = logits_of(model, part[None])[0].float()
            losses = functional.cross_entropy(logits, part[1:], reduction="none")
            total += float(losses[counted - start - 1 :].sum())
            counted = start + len(part)
            start += window // 2
        return total

    return nats
