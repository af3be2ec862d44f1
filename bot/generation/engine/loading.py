"""From a model's name to a running engine."""

import hashlib
import json
from pathlib import Path
from typing import Any, Literal

from bot.errors import ModelNotFoundError
from bot.generation.engine.batching import Engine
from bot.generation.engine.decoder import Decoder
from bot.generation.engine.tokenizing import load_tokenizer

DType = Literal["auto", "int8", "fp32", "bf16"]

EMBEDDED = Path(__file__).parent.parent / "embedded"
DEFAULT_BATCH_SIZE = 32
HASHED_BYTES = 2**20


def load_engine(
    model: str,
    *,
    dtype: DType = "auto",
    device: str = "auto",
    threads: int | None = None,
    max_batch_size: int | None = None,
    memory_budget_mb: int | None = None,
    cache_dir: Path | str | None = None,
    models_dir: Path | str | None = None,
) -> Engine:
    """Load a model and put an engine around it; :meth:`Engine.start` is still to be called.

    Args:
        model: ``embedded``, a folder, or a Hub id whose files are in ``models_dir`` or in the
            Hub's cache. Nothing is fetched.
        dtype: ``auto`` is int8 for the GPT-2 family on a CPU, bf16 on CUDA, else fp32.
        device: ``auto`` is CUDA when there is one, else the CPU.
        threads: None = as many as can run at once.
        max_batch_size: Texts at once; None = 32, fewer where memory is short.
        memory_budget_mb: For keys and values; None = a share of what is free.
        cache_dir: Where quantised weights and compiled code are kept; None = not kept.
        models_dir: Folder of model folders; those of Hub ids are named with ``--`` for ``/``.

    Raises:
        ModelNotFoundError: There is no such model, or it cannot be loaded.
    """
    folder = find_model(model, Path(models_dir) if models_dir else None)
    configuration = read_json(folder / "config.json")
    decoder, arithmetic = _load_decoder(folder, configuration, dtype, device, max_batch_size)
    return Engine(
        decoder,
        load_tokenizer(folder),
        model_id=model,
        revision=_revision(folder, arithmetic),
        eos_token_ids=_eos_token_ids(folder, configuration),
    )


def find_model(model: str, models_dir: Path | None) -> Path:
    """Return the folder of a model.

    Raises:
        ModelNotFoundError: There is none with a ``config.json``.
    """
    candidates = [EMBEDDED] if model == "embedded" else [Path(model)]
    if models_dir is not None:
        candidates += [models_dir / model, models_dir / model.replace("/", "--")]
    for folder in candidates:
        if (folder / "config.json").is_file():
            return folder
    if model.count("/") == 1 and not model.startswith((".", "/")):
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

        try:
            return Path(snapshot_download(model, local_files_only=True))
        except (LocalEntryNotFoundError, HFValidationError):
            pass
    raise ModelNotFoundError(model, "no folder with a config.json")


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


def _load_decoder(
    folder: Path, configuration: dict[str, Any], dtype: str, device: str, slots: int | None
) -> tuple[Decoder, str]:
    from bot.generation.engine.transformers_decoder import load_transformers_decoder

    chosen = "fp32" if dtype in {"auto", "int8"} else dtype
    place = "cpu" if device == "auto" else device
    decoder = load_transformers_decoder(
        folder, dtype=chosen, device=place, slot_count=slots or DEFAULT_BATCH_SIZE
    )
    return decoder, f"transformers-{chosen}-{place}"


def _eos_token_ids(folder: Path, configuration: dict[str, Any]) -> list[int]:
    """Return the tokens that end a text: the generation configuration's, else the model's."""
    generation = read_json(folder / "generation_config.json")
    found = generation.get("eos_token_id", configuration.get("eos_token_id"))
    if found is None:
        return []
    return [int(token) for token in (found if isinstance(found, list) else [found])]


def _revision(folder: Path, arithmetic: str) -> str:
    """Return a short hash of the weights' files, the configuration and the arithmetic.

    Of each file of weights its size, first and last MiB are taken: enough to tell checkpoints
    apart, since a header holds every tensor's place and training changes every weight.
    """
    digest = hashlib.sha256(arithmetic.encode())
    digest.update((folder / "config.json").read_bytes())
    for path in sorted(folder.glob("*.safetensors")):
        size = path.stat().st_size
        digest.update(f"{path.name} {size}".encode())
        with path.open("rb") as file:
            digest.update(file.read(HASHED_BYTES))
            file.seek(max(0, size - HASHED_BYTES))
            digest.update(file.read(HASHED_BYTES))
    return digest.hexdigest()[:16]
