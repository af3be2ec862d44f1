"""First weights of a new model that can copy already.

A GPT-2 learns to repeat a word that it has never seen through two heads that work together: one in
the first layer looks at the token before (*previous-token head*), one in the second looks for an
earlier place where the same token stood before, and says what came there (*induction head*: Olsson
et al. 2022, "In-context Learning and Induction Heads"). Random first weights find the pair after
hundreds of millions of tokens, which a home computer does not read in a week; and an essay names a
topic that the model may never have seen. So the pair is written into the first weights, and
training goes on from there. The result is a plain GPT-2 like any other.

The width is shared out so that the pair hears itself from the first step:

    0 … H       where a token stands, as sines and cosines (H: width of a head)
    H … 2H      what the previous-token head says
    2H … last   what the token is
    last        how frequent the token is
"""

import math
from typing import Any

import torch
from torch import Tensor
from transformers import GPT2LMHeadModel

_TOKEN_SCALE = 0.02
"""GPT-2's own for embeddings."""
_QUIET = 0.25
"""How loud tokens are, relatively, where they would drown positions or the previous token."""
_POSITION_SCALE = 0.03
_BRANCH_SHARE = 0.1
"""How loud the untrained rest is, beside the pair."""
_PREVIOUS_GAIN = 24.0
_INDUCTION_GAIN = 30.0
"""The logits of attention at the right place; beside it they are a few."""
_VOICE = 12.0
"""How much the induction head raises what it says: about two nats."""


def can_copy(model: GPT2LMHeadModel) -> bool:
    """Whether the model has the two layers and the three heads' width that the pair needs."""
    return model.config.n_layer >= 2 and model.config.n_head >= 3


def start_copying(model: GPT2LMHeadModel, token_counts: Tensor, seed: int) -> None:
    """Write the two heads and the tokens' frequencies into the first weights of a new model.

    Args:
        model: Newly made, `can_copy`.
        token_counts: How often each token of the vocabulary comes in the training text; without
            them the first steps would learn frequencies at the cost of the pair.
        seed: Of the random projections.
    """
    with torch.no_grad():
        _Writer(model, seed).write(token_counts.to(torch.float32))


class _Writer:
    def __init__(self, model: GPT2LMHeadModel, seed: int) -> None:
        self._body: Any = model.transformer  # Its blocks have no types.
        self._width = model.config.n_embd
        self._head = self._width // model.config.n_head
        self._random = torch.Generator().manual_seed(seed)
        self._tokens = slice(2 * self._head, self._width)
        self._previous = slice(self._head, 2 * self._head)

    def write(self, token_counts: Tensor) -> None:
        for block in self._body.h:
            block.attn.c_proj.weight.mul_(_BRANCH_SHARE)
            block.mlp.c_proj.weight.mul_(_BRANCH_SHARE)
        frequencies = math.pi * torch.rand(self._head // 2, generator=self._random)
        self._write_embeddings(frequencies)
        # The layer norms before the heads make the loudness 1 on average.
        loudness = self._loudness()
        what = self._projection()
        self._write_previous_token_head(frequencies, what, loudness)
        self._write_induction_head(what, loudness)
        self._write_frequencies(token_counts)

    def _write_embeddings(self, frequencies: Tensor) -> None:
        head = self._head
        places = torch.arange(self._body.wpe.num_embeddings)[:, None] * frequencies
        self._body.wpe.weight.mul_(_QUIET)
        self._body.wpe.weight[:, : head // 2] = _POSITION_SCALE * places.sin()
        self._body.wpe.weight[:, head // 2 : head] = _POSITION_SCALE * places.cos()
        self._body.wte.weight[:, : 2 * head].mul_(_QUIET)

    def _loudness(self) -> float:
        """Return what a layer norm multiplies by, from the embeddings' mean square."""
        square: float = (
            (self._body.wte.weight.square().mean(0) + self._body.wpe.weight.square().mean(0))
            .mean()
            .item()
        )
        return 1.0 / math.sqrt(square)

    def _projection(self) -> Tensor:
        """Return an orthonormal projection of what a token is to a head: tokens × head."""
        size = self._width - 2 * self._head
        square: Tensor = torch.linalg.qr(torch.randn(size, size, generator=self._random))[0]
        return square[:, : self._head]

    def _write_previous_token_head(
        self, frequencies: Tensor, what: Tensor, loudness: float
    ) -> None:
        """Query: the place before mine. Key: my place. Value: what I am."""
        head, half = self._head, self._head // 2
        query = torch.zeros(self._width, head)
        at = torch.arange(half)
        # The sine and cosine of a place less one, by the addition theorems.
        query[at, at] = query[half + at, half + at] = frequencies.cos()
        query[half + at, at] = -frequencies.sin()
        query[at, half + at] = frequencies.sin()
        key = torch.zeros(self._width, head)
        key[:head] = torch.eye(head)
        match = half * (_POSITION_SCALE * loudness) ** 2
        value = torch.zeros(self._width, head)
        value[self._tokens] = what / (_TOKEN_SCALE * loudness)
        output = torch.zeros(head, self._width)
        output[:, self._previous] = _TOKEN_SCALE * torch.eye(head)
        self._write_head(0, query, key, match, _PREVIOUS_GAIN, value, output)

    def _write_induction_head(self, what: Tensor, loudness: float) -> None:
        """Query: what I am. Key: what stood before me. Value and output: what I am."""
        head = self._head
        query = torch.zeros(self._width, head)
        query[self._tokens] = what
        key = torch.zeros(self._width, head)
        key[self._previous] = torch.eye(head)
        match = head * (_TOKEN_SCALE * loudness) ** 2
        said = self._projection()
        value = torch.zeros(self._width, head)
        value[self._tokens] = said / (_TOKEN_SCALE * loudness)
        output = torch.zeros(head, self._width)
        output[:, self._tokens] = _VOICE * _TOKEN_SCALE * said.T
        self._write_head(1, query, key, match, _INDUCTION_GAIN, value, output)

    def _write_head(
        self,
        layer: int,
        query: Tensor,
        key: Tensor,
        match: float,
        gain: float,
        value: Tensor,
        output: Tensor,
    ) -> None:
        """Write the first head of a layer, scaled so that a match gives the logit ``gain``."""
        attention = self._body.h[layer].attn
        scale = math.sqrt(gain * math.sqrt(self._head) / match)
        width, head = self._width, self._head
        attention.c_attn.weight[:, :head] = scale * query
        attention.c_attn.weight[:, width : width + head] = scale * key
        attention.c_attn.weight[:, 2 * width : 2 * width + head] = value
        attention.c_proj.weight[:head] = output

    def _write_frequencies(self, token_counts: Tensor) -> None:
        """Let the untrained model say each token as often as the text does."""
        logarithms = (token_counts + 0.3).log()
        logarithms = logarithms - logarithms.mean()
        spread = max(logarithms.std().item(), 1e-6)
        last = self._width - 1
        self._body.wte.weight[:, last] = _TOKEN_SCALE * logarithms / spread
        self._body.ln_f.weight[last] = 0.0
        self._body.ln_f.bias[last] = spread / _TOKEN_SCALE
