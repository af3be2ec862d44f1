"""Whether a GPT-2's tensors are those that its configuration promises."""

from collections.abc import Iterator

from bot.errors import ModelNotFoundError
from bot.generation.engine.checkpoint import Checkpoint
from bot.generation.engine.gpt2 import Gpt2Shape, name_prefix

Sides = tuple[int, ...]


def check_tensors(checkpoint: Checkpoint, shape: Gpt2Shape, name: str) -> None:
    """Compare every tensor that will be read with what the configuration says.

    A matrix that lies the other way round, or positions cut short, would give another text without
    a word.

    Args:
        checkpoint: The model's tensors.
        shape: From its configuration.
        name: Of the model, for the error.

    Raises:
        ModelNotFoundError: A tensor is missing or has another shape; the reason names it.
    """
    for tensor, sides in _expected(shape, name_prefix(checkpoint)):
        found = checkpoint.shape(tensor)
        if found != sides:
            reason = f"{tensor} is {_by(found)} and should be {_by(sides)} by its config.json"
            raise ModelNotFoundError(name, reason)


def _by(sides: Sides) -> str:
    return " x ".join(map(str, sides)) or "a single number"


def _expected(shape: Gpt2Shape, prefix: str) -> Iterator[tuple[str, Sides]]:
    width = shape.width
    yield f"{prefix}wte.weight", (shape.vocabulary, width)
    yield f"{prefix}wpe.weight", (shape.context_tokens, width)
    for layer in range(shape.layers):
        block = f"{prefix}h.{layer}"
        for norm in ("ln_1", "ln_2"):
            yield f"{block}.{norm}.weight", (width,)
            yield f"{block}.{norm}.bias", (width,)
        for matrix, inputs, outputs in (
            ("attn.c_attn", width, 3 * width),
            ("attn.c_proj", width, width),
            ("mlp.c_fc", width, shape.inner),
            ("mlp.c_proj", shape.inner, width),
        ):
            yield f"{block}.{matrix}.weight", (inputs, outputs)
            yield f"{block}.{matrix}.bias", (outputs,)
    yield f"{prefix}ln_f.weight", (width,)
    yield f"{prefix}ln_f.bias", (width,)
    if not shape.is_tied:
        yield "lm_head.weight", (shape.vocabulary, width)
