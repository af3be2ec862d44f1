"""Checkpoints: everything that the next step depends on, written whole or not at all."""

import errno
import os
import shutil
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from bot.training.errors import NotEnoughDiskError
from bot.training.model import load_trained_weights, trained_weights

CHECKPOINT = "checkpoint.pt"
BEST = "best.pt"


def write_whole(value: dict[str, Any], path: Path) -> None:
    """Write tensors and plain values so that a crash leaves the old file or the new one.

    Raises:
        NotEnoughDiskError: The disk is full; the old file is still there.
    """
    temporary = path.with_name(path.name + ".new")
    try:
        with temporary.open("wb") as file:
            torch.save(value, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except (OSError, RuntimeError) as error:
        temporary.unlink(missing_ok=True)
        if is_disk_full(error, path.parent):
            raise NotEnoughDiskError(path, 0, shutil.disk_usage(path.parent).free) from error
        raise


def is_disk_full(error: Exception, folder: Path) -> bool:
    """Tell whether a failed writing means a full disk.

    torch's archive writer turns ENOSPC into a RuntimeError, so the free room is looked at too.
    """
    if isinstance(error, OSError):
        return error.errno in {errno.ENOSPC, errno.EDQUOT}
    return shutil.disk_usage(folder).free < 2**20


def check_room(path: Path, needed_bytes: int) -> None:
    """Raise NotEnoughDiskError unless the disk has that much room."""
    free = shutil.disk_usage(path).free
    if free < needed_bytes:
        raise NotEnoughDiskError(path, needed_bytes, free)


def save_checkpoint(
    work: Path, model: nn.Module, optimizer: Optimizer, facts: dict[str, Any]
) -> None:
    """Write the trained weights, the optimizer, the random streams and plain facts.

    Raises:
        NotEnoughDiskError: The disk is full.
    """
    state = {
        "weights": trained_weights(model),
        "optimizer": optimizer.state_dict(),
        "random": torch.get_rng_state(),
        "random_cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "facts": facts,
    }
    write_whole(state, work / CHECKPOINT)


def read_checkpoint(work: Path) -> dict[str, Any]:
    """Read a checkpoint onto the CPU."""
    loaded = torch.load(work / CHECKPOINT, map_location="cpu", weights_only=True)
    return cast("dict[str, Any]", loaded)


def restore(state: dict[str, Any], model: nn.Module, optimizer: Optimizer) -> None:
    """Put a checkpoint's weights, optimizer and random streams in place."""
    load_trained_weights(model, state["weights"])
    optimizer.load_state_dict(state["optimizer"])
    torch.set_rng_state(state["random"])
    if state["random_cuda"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["random_cuda"])


def save_best(work: Path, model: nn.Module) -> None:
    """Keep the weights with the least held-out loss so far.

    Raises:
        NotEnoughDiskError: The disk is full.
    """
    write_whole({"weights": trained_weights(model)}, work / BEST)


def read_best(work: Path) -> dict[str, Tensor] | None:
    """Return the kept weights, or None."""
    if not (work / BEST).exists():
        return None
    loaded = torch.load(work / BEST, map_location="cpu", weights_only=True)
    return cast("dict[str, Tensor]", loaded["weights"])
