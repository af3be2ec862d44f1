"""The GPT-2 family in ``torch``: single precision and bfloat16, on a CPU or on CUDA.

::

    tokens [batch, length] -> hidden [batch, length, width] -> logits [batch, vocabulary]
    keys, values: one tensor [blocks, context + 1, heads, head] each per layer

A block holds a whole window. Texts being written form one batch of length 1, prompt slices a
second one, padded at the end. Position ``context`` of every block takes the keys of padding and is
never looked at. On CUDA the batch of length 1 is always all the blocks and is replayed as a graph:
launching some 150 kernels one by one would take longer than running them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from bot.generation.engine.checkpoint import Checkpoint
from bot.generation.engine.decoder import Logits, Slice
from bot.generation.engine.gpt2 import Gpt2Shape, name_prefix

TORCH_TYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
WINDOW_STEP = 128  # keys are looked at in multiples of this, so that few graphs are needed


@dataclass(frozen=True, slots=True)
class _Layer:
    """Weights of one layer; matrices as ``torch`` wants them, [columns, inputs]."""

    norm_1: tuple[Tensor, Tensor]
    qkv: tuple[Tensor, Tensor]
    out: tuple[Tensor, Tensor]
    norm_2: tuple[Tensor, Tensor]
    up: tuple[Tensor, Tensor]
    down: tuple[Tensor, Tensor]


@dataclass(frozen=True, slots=True)
class _Batch:
    """A rectangle of tokens.

    ``token_ids`` and ``positions`` are [batch, length]; ``blocks`` and ``last``, the index of the
    last token that is not padding, [batch].
    """

    token_ids: Tensor
    positions: Tensor
    blocks: Tensor
    last: Tensor


@dataclass(frozen=True, slots=True)
class _Graph:
    graph: torch.cuda.CUDAGraph
    batch: _Batch
    logits: Tensor


class TorchDecoder:
    """A GPT-2 in floating point, with preallocated keys and values.

    Attributes:
        vocabulary_size: Width of the logits.
        context_tokens: Positions that the model knows.
        block_tokens: As many.
        block_count: Texts that can be kept at once.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        shape: Gpt2Shape,
        *,
        dtype: str,
        device: str,
        block_count: int,
    ) -> None:
        """Read the weights, one tensor at a time.

        Args:
            checkpoint: Where the weights are.
            shape: Of the model.
            dtype: ``fp32`` or ``bf16``.
            device: A torch device.
            block_count: Texts that can be kept at once.
        """
        self.vocabulary_size = shape.vocabulary
        self.context_tokens = self.block_tokens = shape.context_tokens
        self.block_count = block_count
        self._shape = shape
        self._device = torch.device(device)
        self._type = TORCH_TYPES[dtype]
        self._read(checkpoint)
        size = (block_count, shape.context_tokens + 1, shape.heads, shape.head_width)
        self._keys, self._values = (
            [torch.zeros(size, dtype=self._type, device=self._device) for _ in range(shape.layers)]
            for _ in range(2)
        )
        self._graphs: dict[int, _Graph] = {}

    @torch.inference_mode()
    def process(self, slices: Sequence[Slice]) -> Logits:
        """Run the slices; see :class:`~bot.generation.engine.decoder.Decoder`."""
        rows: dict[int, Tensor] = {}
        for is_single in (True, False):
            group = [i for i, p in enumerate(slices) if (p.token_ids.size == 1) is is_single]
            if not group:
                continue
            logits = self._run([slices[i] for i in group], is_single=is_single)
            rows.update(zip(group, logits, strict=True))
        wanted = [rows[i] for i, piece in enumerate(slices) if piece.wants_logits]
        if not wanted:
            return np.empty((0, self.vocabulary_size), np.float32)
        return torch.stack(wanted).float().cpu().numpy()

    def copy_block(self, source: int, target: int, tokens: int) -> None:
        """Copy the keys and values of the first ``tokens`` positions."""
        for cache in (*self._keys, *self._values):
            cache[target, :tokens] = cache[source, :tokens]

    def release(self, block: int) -> None:
        """Do nothing: a block's memory is written over by the next text."""

    def close(self) -> None:
        """Drop graphs, keys and values."""
        self._graphs.clear()
        self._keys.clear()
        self._values.clear()

    def _read(self, checkpoint: Checkpoint) -> None:
        prefix = name_prefix(checkpoint)

        def tensor(name: str) -> Tensor:
            read = torch.from_numpy(checkpoint.read(name))
            return read.to(device=self._device, dtype=self._type)

        def pair(name: str) -> tuple[Tensor, Tensor]:
            return tensor(f"{prefix}{name}.weight"), tensor(f"{prefix}{name}.bias")

        def matrix(name: str) -> tuple[Tensor, Tensor]:
            weight, bias = pair(name)
            return weight.t().contiguous(), bias

        self._tokens = tensor(f"{prefix}wte.weight")
        self._positions = tensor(f"{prefix}wpe.weight")
        self._head = self._tokens if self._shape.is_tied else tensor("lm_head.weight")
        self._norm = pair("ln_f")
        self._layers = [
            _Layer(
                norm_1=pair(f"h.{i}.ln_1"),
                qkv=matrix(f"h.{i}.attn.c_attn"),
                out=matrix(f"h.{i}.attn.c_proj"),
                norm_2=pair(f"h.{i}.ln_2"),
                up=matrix(f"h.{i}.mlp.c_fc"),
                down=matrix(f"h.{i}.mlp.c_proj"),
            )
            for i in range(self._shape.layers)
        ]

    def _run(self, slices: Sequence[Slice], *, is_single: bool) -> Tensor:
        """Return the logits after each slice's last token, [slices, vocabulary]."""
        longest = max(piece.start + piece.token_ids.size for piece in slices)
        window = min(-(-longest // WINDOW_STEP) * WINDOW_STEP, self.context_tokens)
        if is_single and self._device.type == "cuda":
            return self._replay(slices, window)
        length = max(piece.token_ids.size for piece in slices)
        token_ids = np.zeros((len(slices), length), np.int64)
        positions = np.full((len(slices), length), self.context_tokens, np.int64)
        for row, piece in enumerate(slices):
            count = piece.token_ids.size
            token_ids[row, :count] = piece.token_ids
            positions[row, :count] = np.arange(piece.start, piece.start + count)
        batch = _Batch(
            token_ids=self._to_device(token_ids),
            positions=self._to_device(positions),
            blocks=self._to_device(np.array([piece.blocks[0] for piece in slices])),
            last=self._to_device(np.array([piece.token_ids.size - 1 for piece in slices])),
        )
        return self._forward(batch, window, all_blocks=False)

    def _to_device(self, array: np.ndarray) -> Tensor:
        return torch.from_numpy(array).to(self._device, non_blocking=True)

    def _forward(self, batch: _Batch, window: int, *, all_blocks: bool) -> Tensor:
        shape = self._shape
        rows, length = batch.token_ids.shape
        # The padding's position has no embedding; any will do.
        known = batch.positions.clamp(max=shape.context_tokens - 1)
        hidden = self._tokens[batch.token_ids] + self._positions[known]
        # A token sees the positions up to its own, shape [batch, 1, length, window].
        visible = torch.arange(window, device=self._device) <= batch.positions[:, None, :, None]
        blocks = batch.blocks[:, None]
        for number, layer in enumerate(self._layers):
            normal = self._normalise(hidden, layer.norm_1)
            qkv = functional.linear(normal, *layer.qkv)
            query, key, value = (
                part.view(rows, length, shape.heads, shape.head_width)
                for part in torch.split(qkv, shape.width, dim=2)
            )
            keys, values = self._keys[number], self._values[number]
            keys[blocks, batch.positions] = key
            values[blocks, batch.positions] = value
            if all_blocks:
                seen_keys, seen_values = keys[:, :window], values[:, :window]
            else:
                seen_keys, seen_values = keys[batch.blocks, :window], values[batch.blocks, :window]
            context = functional.scaled_dot_product_attention(
                query.transpose(1, 2),
                seen_keys.transpose(1, 2),
                seen_values.transpose(1, 2),
                attn_mask=visible,
                scale=self._score_factor(number),
            )
            context = context.transpose(1, 2).reshape(rows, length, shape.width)
            hidden = hidden + functional.linear(context, *layer.out)
            normal = self._normalise(hidden, layer.norm_2)
            inner = self._activate(functional.linear(normal, *layer.up))
            hidden = hidden + functional.linear(inner, *layer.down)
        ends = hidden[torch.arange(rows, device=self._device), batch.last]
        return functional.linear(self._normalise(ends, self._norm), self._head)

    def _score_factor(self, layer: int) -> float:
        factor = 1.0
        if self._shape.scales_attention:
            factor /= math.sqrt(self._shape.head_width)
        if self._shape.scales_by_layer:
            factor /= layer + 1
        return factor

    def _normalise(self, hidden: Tensor, norm: tuple[Tensor, Tensor]) -> Tensor:
        return functional.layer_norm(hidden, (self._shape.width,), *norm, self._shape.epsilon)

    def _activate(self, inner: Tensor) -> Tensor:
        if self._shape.activation == "relu":
            return functional.relu(inner)
        is_tanh = self._shape.activation == "gelu_tanh"
        return functional.gelu(inner, approximate="tanh" if is_tanh else "none")

    def _replay(self, slices: Sequence[Slice], window: int) -> Tensor:
        """Run one token of each slice in a batch of all blocks, by a captured graph."""
        if window not in self._graphs:
            self._graphs[window] = self._capture(window)
        recorded = self._graphs[window]
        inputs = np.zeros((2, self.block_count, 1), np.int64)
        inputs[1] = self.context_tokens  # blocks without a token write to the padding's place
        blocks = [piece.blocks[0] for piece in slices]
        inputs[0, blocks, 0] = [piece.token_ids[0] for piece in slices]
        inputs[1, blocks, 0] = [piece.start for piece in slices]
        on_device = self._to_device(inputs)
        recorded.batch.token_ids.copy_(on_device[0])
        recorded.batch.positions.copy_(on_device[1])
        recorded.graph.replay()
        return recorded.logits[self._to_device(np.array(blocks))]

    def _capture(self, window: int) -> _Graph:
        """Record the step for a window; three runs on a side stream come first, as CUDA wants."""
        column = torch.zeros((self.block_count, 1), dtype=torch.long, device=self._device)
        batch = _Batch(
            token_ids=column,
            positions=torch.full_like(column, self.context_tokens),
            blocks=torch.arange(self.block_count, device=self._device),
            last=torch.zeros(self.block_count, dtype=torch.long, device=self._device),
        )
        side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                self._forward(batch, window, all_blocks=True)
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            logits = self._forward(batch, window, all_blocks=True)
        return _Graph(graph, batch, logits)


def block_bytes(shape: Gpt2Shape, dtype: str) -> int:
    """Return how much memory the keys and values of one block take."""
    item = TORCH_TYPES[dtype].itemsize
    return 2 * shape.layers * (shape.context_tokens + 1) * shape.width * item
