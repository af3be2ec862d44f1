"""Reading tensors of a safetensors checkpoint one at a time, without ``torch``.

The format (https://huggingface.co/docs/safetensors): 8 bytes with the header's length, little
endian; the header, a JSON object of name -> dtype, shape, offsets; the tensors, row-major. Tensors
are read into ordinary memory, not mapped, so that what was read does not stay counted as this
process's memory.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.errors import ModelNotFoundError

SINGLE_FILE = "model.safetensors"
INDEX_FILE = "model.safetensors.index.json"
GREATEST_HEADER = 100_000_000  # the format's own limit
SAMPLES, SAMPLE_BYTES = 64, 65_536
ITEM_TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}


@dataclass(frozen=True, slots=True)
class _Tensor:
    file: Path
    item_type: str
    shape: tuple[int, ...]
    offset: int


class Checkpoint:
    """The tensors of a model folder, by name."""

    def __init__(self, folder: Path) -> None:
        """Read the headers.

        Args:
            folder: Holds ``model.safetensors``, or an index and its shards.

        Raises:
            ModelNotFoundError: There is no such file, or a header is damaged.
        """
        self._folder = folder
        self.files = _weight_files(folder)
        self._tensors: dict[str, _Tensor] = {}
        for path in self.files:
            try:
                self._tensors.update(_read_header(path))
            except (OSError, ValueError, KeyError, TypeError) as error:
                reason = f"{path.name} is damaged: {error}"
                raise ModelNotFoundError(str(folder), reason) from error

    def __contains__(self, name: str) -> bool:
        return name in self._tensors

    def shape(self, name: str) -> tuple[int, ...]:
        """Return a tensor's shape.

        Raises:
            ModelNotFoundError: There is no such tensor.
        """
        return self._find(name).shape

    def read(self, name: str) -> NDArray[np.float32]:
        """Return a whole tensor in single precision.

        Raises:
            ModelNotFoundError: There is no such tensor, or its type is not a float.
        """
        shape = self._find(name).shape
        return self.read_rows(name, 0, shape[0]) if shape else self.read_rows(name, 0, 1)

    def read_rows(self, name: str, start: int, stop: int) -> NDArray[np.float32]:
        """Return ``tensor[start:stop]`` in single precision.

        Raises:
            ModelNotFoundError: There is no such tensor, its type is not a float, or the file ends
                early.
        """
        tensor = self._find(name)
        if tensor.item_type not in ITEM_TYPES:
            raise ModelNotFoundError(str(self._folder), f"{name} has type {tensor.item_type}")
        item = np.dtype(ITEM_TYPES[tensor.item_type])
        row_items = int(np.prod(tensor.shape[1:], dtype=np.int64))
        count = (stop - start) * row_items
        at = tensor.offset + start * row_items * item.itemsize
        raw = np.fromfile(tensor.file, item, count, offset=at)
        if raw.size != count:
            raise ModelNotFoundError(str(self._folder), f"{tensor.file.name} ends early")
        if tensor.item_type == "BF16":  # the upper half of a single-precision number
            values = (raw.astype(np.uint32) << np.uint32(16)).view(np.float32)
        else:
            values = raw.astype(np.float32, copy=False)
        return values.reshape(stop - start, *tensor.shape[1:])

    def fingerprint(self) -> str:
        """Return a hash of the weights: sizes, headers and evenly spread samples of the files.

        Half a gigabyte would take longer to hash than to quantise; training changes all of it.
        """
        digest = hashlib.sha256()
        for path in self.files:
            size = path.stat().st_size
            digest.update(f"{path.name} {size} ".encode())
            with path.open("rb") as file:
                for i in range(SAMPLES):
                    file.seek(i * max(0, size - SAMPLE_BYTES) // (SAMPLES - 1))
                    digest.update(file.read(SAMPLE_BYTES))
        return digest.hexdigest()

    def _find(self, name: str) -> _Tensor:
        try:
            return self._tensors[name]
        except KeyError:
            raise ModelNotFoundError(str(self._folder), f"no tensor {name}") from None


def _weight_files(folder: Path) -> list[Path]:
    single, index = folder / SINGLE_FILE, folder / INDEX_FILE
    if single.is_file():
        return [single]
    if index.is_file():
        names = set(json.loads(index.read_text("utf-8"))["weight_map"].values())
        # A name with a folder in it would lead out of the checkpoint.
        paths = [folder / Path(name).name for name in sorted(names)]
        if all(path.is_file() for path in paths):
            return paths
    raise ModelNotFoundError(str(folder), "no weights in safetensors format")


def _read_header(path: Path) -> dict[str, _Tensor]:
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > GREATEST_HEADER:
            raise ValueError("header too long")
        header = json.loads(file.read(length))
    start = 8 + length
    return {
        name: _Tensor(
            path, entry["dtype"], tuple(entry["shape"]), start + entry["data_offsets"][0]
        )
        for name, entry in header.items()
        if name != "__metadata__"
    }
