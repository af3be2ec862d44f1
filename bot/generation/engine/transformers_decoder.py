"""Any causal language model that ``transformers`` can load, behind the engine's interface.

Each text has its own key/value cache, its one block, and is run by itself, which works for every
architecture and never pads. The GPT-2 family has decoders of its own that run the whole batch at
once.
"""

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForCausalLM, DynamicCache

from bot.errors import ModelNotFoundError
from bot.generation.engine.decoder import Logits, Slice

TORCH_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


class TransformersDecoder:
    """A ``transformers`` model with one dynamic cache for each block.

    Attributes:
        vocabulary_size: Width of the logits.
        context_tokens: Positions that are used.
        block_tokens: As many: a block holds a whole window.
        block_count: Texts that can be kept at once.
    """

    def __init__(
        self,
        model: Any,  # noqa: ANN401, whatever class fits the checkpoint
        *,
        block_count: int,
        context_tokens: int,
    ) -> None:
        """Take over a model in evaluation mode.

        Args:
            model: An ``AutoModelForCausalLM``.
            block_count: Texts that can be kept at once.
            context_tokens: Positions to use, at most what the model knows.
        """
        self._model = model
        self.vocabulary_size = int(model.get_output_embeddings().weight.shape[0])
        self.context_tokens = self.block_tokens = context_tokens
        self.block_count = block_count
        self._caches: dict[int, Any] = {}
        # Renamed model by model.
        names = inspect.signature(model.forward).parameters
        self._cache_name = "cache" if "cache" in names else "past_key_values"

    @torch.inference_mode()
    def process(self, slices: Sequence[Slice]) -> Logits:
        """Run each slice by itself; see :class:`~bot.generation.engine.decoder.Decoder`."""
        rows = []
        for piece in slices:
            (block,) = piece.blocks
            if piece.start == 0:
                self._caches[block] = DynamicCache(config=self._model.config)
            cache = self._caches[block]
            tokens = torch.from_numpy(piece.token_ids.astype(np.int64))[None]
            output = self._model(
                input_ids=tokens.to(self._model.device),
                use_cache=True,
                logits_to_keep=1,
                **{self._cache_name: cache},
            )
            if piece.wants_logits:
                rows.append(output.logits[0, -1].float().cpu().numpy())
        if not rows:
            return np.empty((0, self.vocabulary_size), np.float32)
        return np.stack(rows)

    def copy_block(self, source: int, target: int, tokens: int) -> None:
        """Copy the first ``tokens`` positions of one cache to another."""
        copied = DynamicCache(config=self._model.config)
        for index, layer in enumerate(self._caches[source].layers):
            keys, values = layer.keys[:, :, :tokens], layer.values[:, :, :tokens]
            copied.update(keys.clone(), values.clone(), index)
        self._caches[target] = copied

    def release(self, block: int) -> None:
        """Drop a block's cache."""
        self._caches.pop(block, None)

    def close(self) -> None:
        """Drop every cache and the model."""
        self._caches.clear()
        self._model = None


def load_transformers_decoder(
    folder: Path, *, dtype: str, device: str, block_count: int
) -> TransformersDecoder:
    """Load any architecture from safetensors, never running code that came with it.

    Args:
        folder: A ``from_pretrained`` folder.
        dtype: ``fp32`` or ``bf16``.
        device: A torch device.
        block_count: Texts that can be kept at once.

    Raises:
        ModelNotFoundError: ``transformers`` cannot load it.
    """
    try:
        # In evaluation mode, as `from_pretrained` leaves it.
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=TORCH_DTYPES[dtype],
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            output_loading_info=True,
        )
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise ModelNotFoundError(str(folder), str(error)) from error
    model, info = loaded
    if info["missing_keys"]:
        raise ModelNotFoundError(str(folder), f"no tensor {min(info['missing_keys'])}")
    context_tokens = getattr(model.config.get_text_config(), "max_position_embeddings", 2048)
    return TransformersDecoder(
        model.to(device), block_count=block_count, context_tokens=min(context_tokens, 4096)
    )
