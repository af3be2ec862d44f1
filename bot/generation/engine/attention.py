"""Where a GPT-2 looks: the weights of its attention, which the fast decoders do not keep.

One pass over a short text in single precision, with a layer's weights in memory at a time, so that
nothing stays; for a look now and then, not for writing.
"""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.errors import ModelNotFoundError
from bot.generation.engine.checkpoint import Checkpoint
from bot.generation.engine.gpt2 import Gpt2Shape, name_prefix, read_shape
from bot.generation.engine.loading import read_json

Floats = NDArray[np.float32]


def attention_of_last(folder: Path, token_ids: Sequence[int]) -> Floats | None:
    """Return how much the last token looks at each one up to itself.

    Args:
        folder: Of the model.
        token_ids: The text, at most the model's window.

    Returns:
        Weights, shape [layers, heads, tokens], each row with the sum 1; None where the model is no
        GPT-2.
    """
    shape = read_shape(read_json(folder / "config.json"))
    if shape is None:
        return None
    try:
        return _Pass(Checkpoint(folder), shape).run(token_ids)
    except ModelNotFoundError:  # its weights have been taken away or are in another form
        return None


class _Pass:
    """One run of a text through the model."""

    def __init__(self, checkpoint: Checkpoint, shape: Gpt2Shape) -> None:
        self._checkpoint = checkpoint
        self._shape = shape
        self._prefix = name_prefix(checkpoint)

    def run(self, token_ids: Sequence[int]) -> Floats:
        read_rows, prefix = self._checkpoint.read_rows, self._prefix
        tokens = [read_rows(f"{prefix}wte.weight", one, one + 1)[0] for one in token_ids]
        hidden = np.stack(tokens) + read_rows(f"{prefix}wpe.weight", 0, len(token_ids))
        looks = []
        for layer in range(self._shape.layers):
            hidden, look = self._layer(hidden, layer)
            looks.append(look)
        return np.stack(looks)

    def _layer(self, hidden: Floats, layer: int) -> tuple[Floats, Floats]:
        shape = self._shape
        name = f"{self._prefix}h.{layer}"
        length = hidden.shape[0]
        mixed = self._linear(self._normalise(hidden, f"{name}.ln_1"), f"{name}.attn.c_attn")
        query, key, value = (
            part.reshape(length, shape.heads, shape.head_width).transpose(1, 0, 2)
            for part in np.split(mixed, 3, axis=1)
        )
        scores = query @ key.transpose(0, 2, 1) * np.float32(self._score_factor(layer))
        scores[:, *np.triu_indices(length, 1)] = -np.inf  # nobody sees what comes later
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        context = (weights @ value).transpose(1, 0, 2).reshape(length, shape.width)
        hidden = hidden + self._linear(context, f"{name}.attn.c_proj")
        inner = self._linear(self._normalise(hidden, f"{name}.ln_2"), f"{name}.mlp.c_fc")
        hidden = hidden + self._linear(self._activate(inner), f"{name}.mlp.c_proj")
        return hidden, weights[:, -1]

    def _score_factor(self, layer: int) -> float:
        factor = 1 / math.sqrt(self._shape.head_width) if self._shape.scales_attention else 1.0
        return factor / (layer + 1) if self._shape.scales_by_layer else factor

    def _linear(self, rows: Floats, name: str) -> Floats:
        read = self._checkpoint.read
        return rows @ read(f"{name}.weight") + read(f"{name}.bias")

    def _normalise(self, hidden: Floats, name: str) -> Floats:
        centred = hidden - hidden.mean(axis=1, keepdims=True)
        deviation = np.sqrt((centred**2).mean(axis=1, keepdims=True) + self._shape.epsilon)
        read = self._checkpoint.read
        normal: Floats = centred / deviation * read(f"{name}.weight") + read(f"{name}.bias")
        return normal

    def _activate(self, inner: Floats) -> Floats:
        if self._shape.activation == "relu":
            return np.maximum(inner, 0)
        if self._shape.activation == "gelu_tanh":
            curved: Floats = np.tanh(math.sqrt(2 / math.pi) * (inner + 0.044715 * inner**3))
        else:
            curved = np.vectorize(math.erf, otypes=[np.float32])(inner / math.sqrt(2))
        return np.float32(0.5) * inner * (1 + curved)
