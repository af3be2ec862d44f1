"""Has code compiled by another process, so that every start runs the very same code.

What a process compiles is not what the next one loads. Numba compiles a function that others call
once by itself and once as a part of each of them; the process that does it runs the first, and
what is kept and loaded later is the second. The two round differently, and a text of the first
start would never be written again.
"""

import contextlib
import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Literal

import numpy as np
from safetensors.numpy import save_file

from bot.generation.engine import sampling
from bot.generation.engine.checkpoint import SINGLE_FILE, Checkpoint
from bot.generation.engine.compilation import CODE_FOLDER
from bot.generation.engine.gpt2 import read_shape
from bot.generation.lifeline import end_with_parent

_log = logging.getLogger(__name__)
_ROOT = Path(__file__).parents[3]

Part = Literal["sampling", "int8"]


def ensure_compiled(*parts: Part) -> None:
    """Wait for other processes to compile parts of the engine, those that were not done before.

    Where that fails, this process compiles for itself.
    """
    missing = [part for part in parts if not _done(part).exists()]
    with contextlib.ExitStack() as running:
        compilers = [running.enter_context(_compiler(part)) for part in missing]
        for part, compiler in zip(missing, compilers, strict=True):
            exit_code = compiler.wait()
            if exit_code == 0:
                _done(part).touch()
            else:
                _log.warning("compiling in another process ended with code %d", exit_code)


def _done(part: Part) -> Path:
    return CODE_FOLDER / f"{part}.done"


def _compiler(part: Part) -> "subprocess.Popen[bytes]":
    path = os.pathsep.join([str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    # Its input ends with this process, and it with its input.
    return subprocess.Popen(
        [sys.executable, "-c", f"from {__name__} import main; main()", part],
        stdin=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
    )


def _compile_int8() -> None:
    """Run one step of the smallest GPT-2; its code is that of all."""
    width, vocabulary, context = 16, 16, 64
    configuration: dict[str, Any] = {
        "model_type": "gpt2",
        "n_embd": width,
        "n_head": 1,
        "n_layer": 1,
        "vocab_size": vocabulary,
        "n_positions": context,
    }
    matrices = {
        "attn.c_attn": (width, 3 * width),
        "attn.c_proj": (width, width),
        "mlp.c_fc": (width, 4 * width),
        "mlp.c_proj": (4 * width, width),
    }
    sizes: dict[str, tuple[int, ...]] = {
        "wte.weight": (vocabulary, width),
        "wpe.weight": (context, width),
    }
    for name in ("ln_f", "h.0.ln_1", "h.0.ln_2"):
        sizes |= {f"{name}.weight": (width,), f"{name}.bias": (width,)}
    for name, size in matrices.items():
        sizes |= {f"h.0.{name}.weight": size, f"h.0.{name}.bias": size[1:]}
    from bot.generation.engine.int8.decoder import Int8Decoder
    from bot.generation.engine.int8.weights import load_weights

    shape = read_shape(configuration)
    assert shape is not None
    with tempfile.TemporaryDirectory() as folder:
        tensors = {name: np.zeros(size, np.float32) for name, size in sizes.items()}
        save_file(tensors, Path(folder) / SINGLE_FILE)
        weights = load_weights(Checkpoint(Path(folder)), shape, None)
    Int8Decoder(weights, shape, block_count=1, threads=1).close()


def main() -> None:
    """Compile the part that the command line names."""
    end_with_parent()
    if sys.argv[1] == "sampling":
        sampling.warm_up()
    else:
        _compile_int8()
