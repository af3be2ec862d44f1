"""From a model's folder to a running engine."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from bot.errors import ModelNotFoundError
from bot.generation.engine import sampling
from bot.generation.engine.batching import Engine
from bot.generation.engine.checkpoint import Checkpoint
from bot.generation.engine.checks import check_tensors
from bot.generation.engine.decoder import Decoder
from bot.generation.engine.gpt2 import Gpt2Shape, read_shape
from bot.generation.engine.machine import MEBIBYTE, usable_memory_mb, usable_threads
from bot.generation.engine.precompiling import ensure_compiled
from bot.generation.engine.tokenizing import load_tokenizer
from bot.generation.parameters import GREATEST_SENTENCE_CANDIDATES

DType = Literal["auto", "int8", "fp32", "bf16"]

DEFAULT_BATCH_SIZE = 32
CANDIDATE_BLOCKS = 3
"""Blocks of 64 tokens that a candidate of 96 may touch."""


def load_engine(
    folder: Path,
    *,
    dtype: DType = "auto",
    device: str = "auto",
    threads: int | None = None,
    max_batch_size: int | None = None,
    memory_budget_mb: int | None = None,
    cache_dir: Path | str | None = None,
) -> Engine:
    """Load a model and put an engine around it; :meth:`Engine.start` is still to be called.

    Args:
        folder: Of the model; ``bot.generation.models`` finds it by name.
        dtype: ``auto`` is int8 for the GPT-2 family on a CPU, bf16 on CUDA, else fp32.
        device: ``auto`` is CUDA when there is one, else the CPU.
        threads: None = as many as can run at once.
        max_batch_size: Texts at once; None = 32, fewer where memory is short. Candidates for a
            sentence are part of their text.
        memory_budget_mb: For keys and values; None = a share of what is free.
        cache_dir: Where quantised weights are kept; None = not kept. Compiled code has its own
            place, see ``compilation``.

    Raises:
        ModelNotFoundError: There is no such model, or it cannot be loaded.
    """
    configuration = read_json(folder / "config.json")
    if not configuration:
        raise ModelNotFoundError(str(folder), "it has no config.json")
    plan = _Plan(
        folder=folder,
        configuration=configuration,
        dtype=dtype,
        device=device,
        threads=threads or usable_threads(),
        slots=max_batch_size or DEFAULT_BATCH_SIZE,
        memory_budget_mb=memory_budget_mb or _default_budget_mb(),
        cache_dir=Path(cache_dir) if cache_dir else None,
    )
    decoder, arithmetic = _load_decoder(plan)
    window_blocks = -(-decoder.context_tokens // decoder.block_tokens)
    ensure_compiled("sampling")
    sampling.warm_up()
    return Engine(
        decoder,
        load_tokenizer(folder),
        text_limit=max(1, min(plan.slots, decoder.block_count // window_blocks)),
        revision=_revision(folder, arithmetic),
        eos_token_ids=_eos_token_ids(folder, configuration),
    )


@dataclass(frozen=True, slots=True)
class _Plan:
    """What was asked for, with the machine's own numbers filled in."""

    folder: Path
    configuration: dict[str, Any]
    dtype: DType
    device: str
    threads: int
    slots: int
    memory_budget_mb: int
    cache_dir: Path | None

    def affordable(self, blocks: int, block_bytes: int, least: int = 1) -> int:
        """Return how many of so many blocks fit into the budget, but not fewer than ``least``."""
        return max(least, min(blocks, self.memory_budget_mb * MEBIBYTE // block_bytes))


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file; empty if there is no such file.

    Raises:
        ModelNotFoundError: It is not a JSON object.
    """
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ModelNotFoundError(str(path.parent), f"{path.name}: {error}") from error
    if not isinstance(content, dict):
        raise ModelNotFoundError(str(path.parent), f"{path.name} is not an object")
    return content


def _load_decoder(plan: _Plan) -> tuple[Decoder, str]:
    """Return the decoder that fits best, and a name of its arithmetic for the revision."""
    try:
        shape = read_shape(plan.configuration)
    except (TypeError, ValueError) as error:
        raise ModelNotFoundError(str(plan.folder), f"config.json: {error}") from error
    if shape is not None:
        check_tensors(Checkpoint(plan.folder), shape, str(plan.folder))
    device = _find_device(plan.device)
    if shape is not None and device == "cpu" and plan.dtype in {"auto", "int8"}:
        return _load_int8(plan, shape), "int8"
    dtype = plan.dtype
    if dtype in {"auto", "int8"}:
        dtype = "fp32" if device == "cpu" else "bf16"
    if shape is not None:
        return _load_torch(plan, shape, dtype, device), f"torch-{dtype}-{device}"
    from bot.generation.engine.transformers_decoder import load_transformers_decoder

    decoder = load_transformers_decoder(
        plan.folder, dtype=dtype, device=device, block_count=plan.slots
    )
    return decoder, f"transformers-{dtype}-{device}"


def _load_torch(plan: _Plan, shape: Gpt2Shape, dtype: str, device: str) -> Decoder:
    import torch

    from bot.generation.engine.torch_decoder import TorchDecoder, block_bytes

    torch.set_num_threads(plan.threads)
    blocks = plan.slots
    if device == "cpu":
        blocks = plan.affordable(blocks, block_bytes(shape, dtype))
    checkpoint = Checkpoint(plan.folder)
    return TorchDecoder(checkpoint, shape, dtype=dtype, device=device, block_count=blocks)


def _find_device(device: str) -> str:
    """Return a torch device's name, without importing ``torch`` where there is no driver."""
    if device != "auto":
        return device
    has_driver = Path("/dev/nvidiactl").exists() or Path("/dev/dxg").exists()
    if not has_driver:
        return "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _load_int8(plan: _Plan, shape: Gpt2Shape) -> Decoder:
    # Imported here: compiled code takes a moment to load, which other models need not wait for.
    from bot.generation.engine.int8.attention import BLOCK_TOKENS
    from bot.generation.engine.int8.decoder import Int8Decoder, token_block_bytes
    from bot.generation.engine.int8.weights import load_weights

    ensure_compiled("int8", "sampling")
    checkpoint = Checkpoint(plan.folder)
    cache_file = None
    if plan.cache_dir is not None:
        cache_file = plan.cache_dir / "weights" / f"{checkpoint.fingerprint()[:32]}.int8"
    weights = load_weights(checkpoint, shape, cache_file)
    # Addresses for whole windows and every candidate; memory is taken by what is written.
    window = -(-shape.context_tokens // BLOCK_TOKENS)
    wanted = plan.slots * (window + (GREATEST_SENTENCE_CANDIDATES - 1) * CANDIDATE_BLOCKS)
    blocks = plan.affordable(wanted, token_block_bytes(shape), least=window)
    return Int8Decoder(weights, shape, block_count=blocks, threads=plan.threads)


def _default_budget_mb() -> int:
    """Return half of the free memory: pages are only taken when texts grow into them."""
    return usable_memory_mb() // 2


def _eos_token_ids(folder: Path, configuration: dict[str, Any]) -> list[int]:
    """Return the tokens that end a text: the generation configuration's, else the model's."""
    generation = read_json(folder / "generation_config.json")
    found = generation.get("eos_token_id", configuration.get("eos_token_id"))
    if found is None:
        return []
    return [int(token) for token in (found if isinstance(found, list) else [found])]


def _revision(folder: Path, arithmetic: str) -> str:
    """Return a short hash of the weights, the configuration and the arithmetic."""
    digest = hashlib.sha256(f"{arithmetic} {Checkpoint(folder).fingerprint()} ".encode())
    digest.update((folder / "config.json").read_bytes())
    return digest.hexdigest()[:16]
