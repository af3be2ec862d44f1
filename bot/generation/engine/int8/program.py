"""GPT-2 as a list of stages (Radford et al. 2019; ``transformers``' ``GPT2Model``).

::

    embed                  hidden  = token + position                     shared out by 4 rows
    each layer:
      normalise            int8    = round(norm(hidden))                  4 rows
      linear               qkv     = int8 . W_qkv                         panels
      attend               context = softmax(q k / sqrt(head)) v          texts and heads
      quantise             int8    = round(context)                       4 rows
      linear               hidden += int8 . W_out                         panels
      normalise            int8    = round(norm(hidden))                  4 rows
      linear               inner   = int8 . W_up                          panels
      quantise             int8    = round(gelu(inner))                   4 rows
      linear               hidden += int8 . W_down                        panels
    normalise              int8    = round(norm(hidden)), wanted rows     4 rows
    linear                 logits  = int8 . W_head                        panels
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bot.generation.engine.gpt2 import Gpt2Shape
from bot.generation.engine.int8.tables import Activation, Kind, Output, Stage, Work

ACTIVATIONS = {
    "gelu_tanh": Activation.GELU_TANH,
    "gelu_erf": Activation.GELU_ERF,
    "relu": Activation.RELU,
}


def gpt2_program(shape: Gpt2Shape, addresses: Mapping[str, int]) -> NDArray[np.int64]:
    """Return the stages of one step.

    Args:
        shape: Of the model.
        addresses: Where each entry of the weights lies, by the names that ``weights`` gives them.

    Returns:
        int64 [stages, Stage.COUNT].
    """
    width, inner = shape.width, shape.inner
    stages: list[dict[Stage, int]] = []

    def normalise(name: str, *, is_last: bool = False) -> None:
        stages.append(
            {
                Stage.KIND: Kind.NORMALISE,
                Stage.FIRST: addresses[f"{name}.gain"],
                Stage.INPUTS: width,
                Stage.IS_LAST: is_last,
            }
        )

    def quantise(source: Work, inputs: int, activation: Activation) -> None:
        stages.append(
            {
                Stage.KIND: Kind.QUANTISE,
                Stage.SOURCE: source,
                Stage.INPUTS: inputs,
                Stage.OPTION: activation,
            }
        )

    def linear(name: str, inputs: int, columns: int, target: Work, output: Output) -> None:
        stages.append(
            {
                Stage.KIND: Kind.LINEAR,
                Stage.FIRST: addresses[f"{name}.panels"],
                Stage.SECOND: addresses[f"{name}.scales"],
                Stage.THIRD: addresses[f"{name}.bias"],
                Stage.INPUTS: inputs,
                Stage.COLUMNS: columns,
                Stage.TARGET: target,
                Stage.OPTION: output,
                Stage.IS_LAST: target == Work.LOGITS,
            }
        )

    stages.append(
        {
            Stage.KIND: Kind.EMBED,
            Stage.FIRST: addresses["tokens.panels"],
            Stage.SECOND: addresses["tokens.scales"],
            Stage.THIRD: addresses["positions"],
            Stage.INPUTS: width,
        }
    )
    for layer in range(shape.layers):
        normalise(f"{layer}.norm_1")
        linear(f"{layer}.qkv", width, 3 * width, Work.QKV, Output.WRITE)
        stages.append({Stage.KIND: Kind.ATTEND, Stage.INPUTS: width, Stage.LAYER: layer})
        quantise(Work.CONTEXT, width, Activation.NONE)
        linear(f"{layer}.out", width, width, Work.HIDDEN, Output.ADD)
        normalise(f"{layer}.norm_2")
        linear(f"{layer}.up", width, inner, Work.INNER, Output.WRITE)
        quantise(Work.INNER, inner, ACTIVATIONS[shape.activation])
        linear(f"{layer}.down", inner, width, Work.HIDDEN, Output.ADD)
    normalise("norm", is_last=True)
    head = "tokens" if shape.is_tied else "head"
    linear(head, width, shape.vocabulary, Work.LOGITS, Output.WRITE)
    table = np.zeros((len(stages), Stage.COUNT), np.int64)
    for row, stage in zip(table, stages, strict=True):
        for column, value in stage.items():
            row[column] = value
    return table
