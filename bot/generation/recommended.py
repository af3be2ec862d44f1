"""A short list of good models, what each needs, and how fast this machine would run it."""

import time
from dataclasses import dataclass

import psutil

_MEGABYTE = 1_000_000
_OWN_ENGINE_BYTES, _OTHER_BYTES = 1, 4  # of a weight in memory: int8, single precision
_PROGRAM_BYTES = 600 * _MEGABYTE
_MEMORY_SHARE = 0.7
_LEAST_TOKENS_PER_S = 5.0
_BLOCK_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class GoodModel:
    """A model that writes well for its size, with weights that load without running code.

    Attributes:
        name: Its Hub id.
        languages: Which it writes, by their codes, the best first.
        licence: As the Hub names it.
        parameters: Weights.
        download_bytes: Of the files that are fetched.
        is_gpt2: Whether the engine's own arithmetic runs it, many texts at once.
    """

    name: str
    languages: tuple[str, ...]
    licence: str
    parameters: int
    download_bytes: int
    is_gpt2: bool = False

    @property
    def memory_bytes(self) -> int:
        """What the service takes when it serves this model, about."""
        return self.parameters * self._bytes_per_weight + _PROGRAM_BYTES

    @property
    def _bytes_per_weight(self) -> int:
        return _OWN_ENGINE_BYTES if self.is_gpt2 else _OTHER_BYTES

    def tokens_per_s(self, bandwidth: float) -> float:
        """Return the speed of one text, about: each token reads all weights once.

        Args:
            bandwidth: Of the memory, in bytes a second.
        """
        return bandwidth / (self.parameters * self._bytes_per_weight)

    def fits(self, free_bytes: int, bandwidth: float) -> bool:
        """Tell whether a machine has the memory, and would not be too slow for a class."""
        has_room = self.memory_bytes <= _MEMORY_SHARE * free_bytes
        return has_room and self.tokens_per_s(bandwidth) >= _LEAST_TOKENS_PER_S


GOOD_MODELS = (
    GoodModel(
        "BSC-LT/salamandra-2b-instruct",
        ("es", "en"),
        "apache-2.0",
        2_253_000_000,
        4_510 * _MEGABYTE,
    ),
    GoodModel(
        "Qwen/Qwen2.5-1.5B-Instruct", ("es", "en"), "apache-2.0", 1_544_000_000, 3_090 * _MEGABYTE
    ),
    GoodModel(
        "Qwen/Qwen2.5-0.5B-Instruct", ("es", "en"), "apache-2.0", 494_000_000, 990 * _MEGABYTE
    ),
    GoodModel(
        "HuggingFaceTB/SmolLM2-360M-Instruct", ("en",), "apache-2.0", 362_000_000, 725 * _MEGABYTE
    ),
    GoodModel(
        "openai-community/gpt2-large", ("en",), "mit", 774_000_000, 3_250 * _MEGABYTE, is_gpt2=True
    ),
    GoodModel("openai-community/gpt2", ("en",), "mit", 124_000_000, 550 * _MEGABYTE, is_gpt2=True),
    GoodModel(
        "distilbert/distilgpt2", ("en",), "apache-2.0", 82_000_000, 355 * _MEGABYTE, is_gpt2=True
    ),
)
"""The best first."""


def best_model(language: str, free_bytes: int, bandwidth: float) -> GoodModel | None:
    """Return the best model of a language that a machine can run well, if there is one."""
    for model in GOOD_MODELS:
        if language in model.languages and model.fits(free_bytes, bandwidth):
            return model
    return None


def free_memory_bytes() -> int:
    """Return how much memory is free on this machine."""
    return int(psutil.virtual_memory().available)


def measure_bandwidth(seconds: float = 0.1) -> float:
    """Return about how many bytes a second the memory gives to one thread, by reading and writing.

    Args:
        seconds: How long it is measured.
    """
    source, target = bytearray(_BLOCK_BYTES), bytearray(_BLOCK_BYTES)
    begin_s, moved = time.perf_counter(), 0
    while (took_s := time.perf_counter() - begin_s) < seconds or not moved:
        target[:] = source
        moved += 2 * _BLOCK_BYTES
    return moved / took_s
