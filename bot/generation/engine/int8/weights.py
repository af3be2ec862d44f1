"""A GPT-2's weights in int8: rounded tensor by tensor while reading, kept on disk, mapped.

::

    file: magic, length of the JSON, JSON {entry: offset}, entries, each on a cache line

One symmetric scale per output column: ``scale[c] = max |w[:, c]| / 127``. The order of the bytes
is explained in ``kernels``. The token embedding is kept once, as the output projection's panels,
and rows of it are gathered from there, unless the checkpoint has two.

The bias of a normalisation is a constant that the next matrix multiplies, so the product is added
to that matrix's bias: what is rounded to int8 at every step has no constant part, which in a
trained model can be many times greater than the rest. It is summed in float64, so that the same
weights come out whatever BLAS and however many threads do it.
"""

import contextlib
import json
import mmap
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from bot.generation.engine.caching import mark_used
from bot.generation.engine.checkpoint import Checkpoint
from bot.generation.engine.gpt2 import Gpt2Shape, name_prefix
from bot.generation.engine.int8.memory import anonymous_memory

COLUMNS, DEPTH = 16, 4
OFFSET = 128
GREATEST = 127.0
CACHE_LINE = 64
MAGIC = b"redactor-gpt2-int8-3\n\0\0\0"
ROWS_AT_ONCE = 4096  # of the token embedding
FLOAT = 4

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class PackedWeights:
    """Weights in memory, and where each of them is.

    Attributes:
        addresses: Of each entry.
        memory: What the addresses point into; they are valid while this lives.
    """

    addresses: dict[str, int]
    memory: Bytes


def pack_columns(weight: Floats) -> tuple[Bytes, Floats]:
    """Round a matrix to int8 and order it as panels.

    Args:
        weight: Shape [inputs, columns].

    Returns:
        Bytes [panels, inputs / 4, 16, 4], padded with zeros (that is, 128), and scales
        [16 * panels].
    """
    inputs, columns = weight.shape
    groups, panels = -(-inputs // DEPTH), -(-columns // COLUMNS)
    scales = np.ones(panels * COLUMNS, np.float32)
    scales[:columns] = np.maximum(np.abs(weight).max(axis=0), 1e-30) / GREATEST
    stored = np.full((groups * DEPTH, panels * COLUMNS), OFFSET, np.uint8)
    stored[:inputs, :columns] = np.rint(weight / scales[:columns]) + OFFSET
    ordered = stored.reshape(groups, DEPTH, panels, COLUMNS).transpose(2, 0, 3, 1)
    return np.ascontiguousarray(ordered), scales


def load_weights(
    checkpoint: Checkpoint, shape: Gpt2Shape, cache_file: Path | None
) -> PackedWeights:
    """Return a checkpoint's weights in int8, from the cache if they are there.

    Args:
        checkpoint: Where they come from.
        shape: Of the model.
        cache_file: Where the int8 form is kept; None, or a folder that cannot be written to, means
            that it is made anew at every start.
    """
    if cache_file is not None:
        if not _is_complete(cache_file, shape):
            with contextlib.suppress(OSError):
                _write_cache(checkpoint, shape, cache_file)
        if _is_complete(cache_file, shape):
            mark_used(cache_file)
            return _located(_read_file(cache_file), shape)
    region = anonymous_memory(_plan(shape)[1])
    _write(checkpoint, shape, region)
    return _located(np.frombuffer(region, np.uint8), shape)


def _entries(shape: Gpt2Shape) -> Iterator[tuple[str, int]]:
    """Yield every entry's name and size in bytes, in the order of the file."""

    def matrix(name: str, inputs: int, columns: int) -> Iterator[tuple[str, int]]:
        padded = -(-columns // COLUMNS) * COLUMNS
        yield f"{name}.panels", -(-inputs // DEPTH) * DEPTH * padded
        yield f"{name}.scales", padded * FLOAT
        yield f"{name}.bias", padded * FLOAT

    width, vector = shape.width, shape.width * FLOAT
    yield "positions", shape.context_tokens * vector
    yield from matrix("tokens", width, shape.vocabulary)
    for layer in range(shape.layers):
        yield f"{layer}.norm_1.gain", vector
        yield from matrix(f"{layer}.qkv", width, 3 * width)
        yield from matrix(f"{layer}.out", width, width)
        yield f"{layer}.norm_2.gain", vector
        yield from matrix(f"{layer}.up", width, shape.inner)
        yield from matrix(f"{layer}.down", shape.inner, width)
    yield "norm.gain", vector
    if not shape.is_tied:
        yield from matrix("head", width, shape.vocabulary)


def _plan(shape: Gpt2Shape) -> tuple[dict[str, int], int]:
    """Return the offset of each entry from the first, and the size of all."""
    offsets, at = {}, 0
    for name, size in _entries(shape):
        offsets[name] = at
        at += -(-size // CACHE_LINE) * CACHE_LINE
    return offsets, at


def _write(checkpoint: Checkpoint, shape: Gpt2Shape, file: BinaryIO | mmap.mmap) -> None:
    """Write the entries in their order; at most one tensor is in memory as floats."""
    prefix = name_prefix(checkpoint)

    def put(array: NDArray[np.generic]) -> None:
        raw = np.ascontiguousarray(array).view(np.uint8).reshape(-1)
        file.write(raw.data)
        file.write(bytes(-raw.size % CACHE_LINE))

    def put_matrix(name: str, norm: str | None = None) -> None:
        weight = checkpoint.read(f"{name}.weight")
        values = checkpoint.read(f"{name}.bias")
        if norm is not None:
            values = values + _product(checkpoint.read(f"{norm}.bias"), weight)
        panels, scales = pack_columns(weight)
        bias = np.zeros_like(scales)
        bias[: values.size] = values
        for array in (panels, scales, bias):
            put(array)

    put(checkpoint.read(f"{prefix}wpe.weight"))
    last_bias = checkpoint.read(f"{prefix}ln_f.bias")
    without = np.zeros_like(last_bias)
    _put_vocabulary(
        checkpoint, f"{prefix}wte.weight", last_bias if shape.is_tied else without, put
    )
    for layer in range(shape.layers):
        block = f"{prefix}h.{layer}"
        put(checkpoint.read(f"{block}.ln_1.weight"))
        put_matrix(f"{block}.attn.c_attn", f"{block}.ln_1")
        put_matrix(f"{block}.attn.c_proj")
        put(checkpoint.read(f"{block}.ln_2.weight"))
        put_matrix(f"{block}.mlp.c_fc", f"{block}.ln_2")
        put_matrix(f"{block}.mlp.c_proj")
    put(checkpoint.read(f"{prefix}ln_f.weight"))
    if not shape.is_tied:
        _put_vocabulary(checkpoint, "lm_head.weight", last_bias, put)


def _put_vocabulary(
    checkpoint: Checkpoint,
    name: str,
    norm_bias: Floats,
    put: Callable[[NDArray[np.generic]], None],
) -> None:
    """Write a [vocabulary, width] matrix, whose rows are the output columns, some at a time."""
    rows = checkpoint.shape(name)[0]
    all_scales, all_biases = [], []
    for start in range(0, rows, ROWS_AT_ONCE):
        part = checkpoint.read_rows(name, start, min(start + ROWS_AT_ONCE, rows))
        panels, scales = pack_columns(part.T)
        put(panels)
        all_scales.append(scales)
        bias = np.zeros_like(scales)
        bias[: len(part)] = _product(part, norm_bias)
        all_biases.append(bias)
    put(np.concatenate(all_scales))
    put(np.concatenate(all_biases))


def _product(a: Floats, b: Floats) -> Floats:
    return (a.astype(np.float64) @ b.astype(np.float64)).astype(np.float32)


def _located(memory: Bytes, shape: Gpt2Shape) -> PackedWeights:
    """Return where each entry is in weights that lie at the end of ``memory``."""
    offsets, size = _plan(shape)
    base = memory.ctypes.data + memory.size - size
    return PackedWeights({name: base + offset for name, offset in offsets.items()}, memory)


def _header(shape: Gpt2Shape) -> bytes:
    offsets, size = _plan(shape)
    text = json.dumps({"offsets": offsets, "size": size}).encode()
    start = len(MAGIC) + 8 + len(text)
    text += b" " * (-start % CACHE_LINE)
    return MAGIC + len(text).to_bytes(8, "little") + text


def _is_complete(path: Path, shape: Gpt2Shape) -> bool:
    header = _header(shape)
    try:
        with path.open("rb") as file:
            has_header = file.read(len(header)) == header
        return has_header and path.stat().st_size == len(header) + _plan(shape)[1]
    except OSError:
        return False


def _write_cache(checkpoint: Checkpoint, shape: Gpt2Shape, path: Path) -> None:
    """Write beside the final name, then rename: a half-written file is never found there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(_header(shape))
            _write(checkpoint, shape, file)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def _read_file(path: Path) -> Bytes:
    with path.open("rb") as file:
        return np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), np.uint8)
