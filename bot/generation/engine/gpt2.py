"""What makes one GPT-2 differ from another, and which checkpoints are one."""

from dataclasses import dataclass
from typing import Any

from bot.generation.engine.checkpoint import Checkpoint

ACTIVATIONS = {
    "gelu_new": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "gelu_fast": "gelu_tanh",
    "gelu": "gelu_erf",
    "relu": "relu",
}


@dataclass(frozen=True, slots=True)
class Gpt2Shape:
    """The sizes of a GPT-2 and the few choices that its configuration has.

    Attributes:
        layers: Transformer blocks.
        width: Of the hidden state (``n_embd``).
        heads: Attention heads; each is ``width / heads`` wide.
        inner: Width inside the perceptron.
        vocabulary: Tokens.
        context_tokens: Positions.
        activation: ``gelu_tanh``, ``gelu_erf`` or ``relu``.
        epsilon: Of the layer normalisations.
        scales_attention: Whether scores are divided by the square root of the head's width.
        scales_by_layer: Whether they are divided by the layer's number, from 1, as well.
        is_tied: Whether the output projection is the token embedding.
    """

    layers: int
    width: int
    heads: int
    inner: int
    vocabulary: int
    context_tokens: int
    activation: str
    epsilon: float
    scales_attention: bool
    scales_by_layer: bool
    is_tied: bool

    @property
    def head_width(self) -> int:
        """Width of one head."""
        return self.width // self.heads


def read_shape(configuration: dict[str, Any]) -> Gpt2Shape | None:
    """Return the shape in a ``config.json``; None where it is no GPT-2 that we know.

    The defaults are those of ``transformers``' ``GPT2Config``.
    """
    activation = ACTIVATIONS.get(configuration.get("activation_function", "gelu_new"))
    if (
        configuration.get("model_type") != "gpt2"
        or activation is None
        or configuration.get("add_cross_attention")
        or configuration.get("quantization_config")
    ):
        return None
    width = int(configuration.get("n_embd", 768))
    heads = int(configuration.get("n_head", 12))
    if width % heads:
        return None
    return Gpt2Shape(
        layers=int(configuration.get("n_layer", 12)),
        width=width,
        heads=heads,
        inner=int(configuration.get("n_inner") or 4 * width),
        vocabulary=int(configuration.get("vocab_size", 50257)),
        context_tokens=int(configuration.get("n_positions", 1024)),
        activation=activation,
        epsilon=float(configuration.get("layer_norm_epsilon", 1e-5)),
        scales_attention=bool(configuration.get("scale_attn_weights", True)),
        scales_by_layer=bool(configuration.get("scale_attn_by_inverse_layer_idx", False)),
        is_tied=bool(configuration.get("tie_word_embeddings", True)),
    )


def name_prefix(checkpoint: Checkpoint) -> str:
    """Return what the checkpoint puts before the names: the first GPT-2 files had nothing."""
    return "transformer." if "transformer.wte.weight" in checkpoint else ""
