"""Short samples from a model in training, without touching the training's random streams."""

from typing import Any, cast

import torch
from torch import Tensor
from transformers import GPT2LMHeadModel, PreTrainedTokenizerBase


def write_sample(
    model: GPT2LMHeadModel,
    tokenizer: PreTrainedTokenizerBase,
    prompt: str,
    *,
    new_tokens: int,
    seed: int,
    temperature: float = 0.8,
    top_p: float = 0.95,
) -> str:
    """Return a prompt and its continuation.

    Args:
        model: In any mode; it is in the same one afterwards.
        tokenizer: The model's.
        prompt: At least one token.
        new_tokens: Greatest length of the continuation.
        seed: Of this sample alone.
        temperature: Softness of the distribution, above 0.
        top_p: Share of the probability that is drawn from.
    """
    was_training = model.training
    device = next(model.parameters()).device
    model.train(False)
    devices = [device] if device.type == "cuda" else []
    ids = torch.tensor([tokenizer.encode(prompt, add_special_tokens=False)], device=device)
    ids = ids[:, -(model.config.n_positions - new_tokens) :]
    try:
        with torch.random.fork_rng(devices=devices), torch.no_grad():
            torch.manual_seed(seed)
            output = cast("Any", model).generate(
                ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=new_tokens,
                do_sample=True,
                temperature=temperature,
                top_p=top_p,
                top_k=0,
                pad_token_id=tokenizer.eos_token_id,
                eos_token_id=tokenizer.eos_token_id,
            )
    finally:
        model.train(was_training)
    assert isinstance(output, Tensor)
    return str(tokenizer.decode(output[0], skip_special_tokens=True))
