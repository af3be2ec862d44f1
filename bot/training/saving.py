"""Writing the result: a folder that ``from_pretrained`` loads, put in place in one move."""

import json
import shutil
from pathlib import Path

import torch
from transformers import GPT2LMHeadModel

from bot.training.checkpoint import is_disk_full
from bot.training.errors import NotEnoughDiskError, ResultExistsError

FRAMES = "redactor.json"
CARD = "README.md"
CHART = "training.png"
CURVE = "training.json"

_DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}


def save_model(
    model: GPT2LMHeadModel, tokenizer_folder: Path, folder: Path, dtype: str, max_shard_mb: int
) -> None:
    """Write weights, configuration and tokenizer.

    Args:
        model: A plain GPT-2 on the CPU; its weights are converted in place.
        tokenizer_folder: Its tokenizer, copied file by file.
        folder: An existing folder.
        dtype: One of ``SAVED_DTYPES``.
        max_shard_mb: Greatest size of one weights file, in MB.
    """
    model.to(_DTYPES[dtype])  # type: ignore[arg-type]
    model.save_pretrained(folder, max_shard_size=f"{max_shard_mb}MB")
    for path in sorted(tokenizer_folder.iterdir()):
        shutil.copy(path, folder / path.name)
    for path in folder.iterdir():
        # safetensors gives its files to their owner alone; a class server has another user.
        path.chmod(0o644)


def read_frames(folder: str | Path) -> dict[str, object] | None:
    """Return the ``redactor.json`` of a model's folder, or None where there is none."""
    path = Path(folder) / FRAMES
    if not path.is_file():
        return None
    loaded = json.loads(path.read_text(encoding="utf-8"))
    return loaded if isinstance(loaded, dict) else None


def put_in_place(finished: Path, out: Path) -> None:
    """Move a finished folder to its name; nothing that is there is ever replaced.

    Raises:
        ResultExistsError: Something came to stand there in the meantime.
    """
    if out.exists():
        raise ResultExistsError(out)
    finished.rename(out)


def raise_if_disk_full(error: OSError, path: Path) -> None:
    """Raise NotEnoughDiskError if that is what a failed writing means."""
    if is_disk_full(error, path.parent):
        free = shutil.disk_usage(path.parent).free
        raise NotEnoughDiskError(path, 0, free) from error
