"""What a completions service serves, and how to ask it in words that it knows."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.errors import FailureReason, GenerationError
from bot.generation.frames import Frames
from bot.generation.parameters import SamplingParameters

_DEFAULT_CONTEXT_TOKENS = 1024
_DEFAULT_TOKENS_PER_WORD = 1.8  # Spanish with the vocabularies of large multilingual models


@dataclass(frozen=True, slots=True)
class ServedModel:
    """What a service serves.

    Attributes:
        id: What to ask for.
        revision: Of weights and arithmetic; empty where the service does not say.
        context_tokens: Tokens that the model sees at once.
        frames: The forms in which it wants to be asked.
        tokens_per_word: Of Spanish prose; an estimate where the service does not say.
        max_batch_size: Texts that it writes at once; None where the service does not say.
        vocabulary_size: Its pieces; None where the service does not say.
        width: Length of the list of numbers that stands for each; None likewise.
        is_own: Whether it is this project's own service.
        takes_extended: Whether it takes vLLM's further parameters.
        sentence_candidates: Continuations that it can draw for each sentence, at most.
    """

    id: str
    revision: str = ""
    context_tokens: int = _DEFAULT_CONTEXT_TOKENS
    frames: Frames = field(default_factory=lambda: Frames.plain({}))
    tokens_per_word: float = _DEFAULT_TOKENS_PER_WORD
    max_batch_size: int | None = None
    vocabulary_size: int | None = None
    width: int | None = None
    is_own: bool = False
    takes_extended: bool = False
    sentence_candidates: int = 1


def read_served_model(data: Mapping[str, Any], default_frames: Frames) -> ServedModel:
    """Read one entry of ``/v1/models``; everything but the id may be missing.

    ``meta`` is where llama.cpp's server tells its window.

    Raises:
        ValueError, TypeError: It is not of that form.
        GenerationError: The frames of our own service are not.
    """
    if not isinstance(data.get("id"), str):
        raise TypeError("a model without a name")
    own = data.get("redactor")
    meta = data.get("meta") or {}
    context_tokens = data.get("max_model_len") or meta.get("n_ctx") or meta.get("n_ctx_train")
    shared: dict[str, Any] = {
        "id": data["id"],
        "revision": str(data.get("revision") or ""),
        "context_tokens": int(context_tokens or _DEFAULT_CONTEXT_TOKENS),
    }
    if not isinstance(own, Mapping):
        extended = data.get("owned_by") == "vllm" or "max_model_len" in data
        return ServedModel(**shared, frames=default_frames, takes_extended=extended)
    try:
        frames = Frames.from_json(own)
    except ValueError as error:
        raise GenerationError(
            FailureReason.MISCONFIGURED, f"the service's frames: {error}"
        ) from error
    return ServedModel(
        **shared,
        frames=frames,
        tokens_per_word=float(own.get("tokens_per_word") or _DEFAULT_TOKENS_PER_WORD),
        max_batch_size=own.get("max_batch_size"),
        vocabulary_size=own.get("vocabulary_size"),
        width=own.get("width"),
        is_own=True,
        takes_extended=True,
        sentence_candidates=int(own.get("sentence_candidates") or 1),
    )


def completion_arguments(
    served: ServedModel,
    prompt: str,
    parameters: SamplingParameters,
    keep_last_tokens: int | None,
) -> dict[str, Any]:
    """Return the arguments of ``completions.create``, with what this service understands.

    Args:
        served: The service's model.
        prompt: What is continued.
        parameters: How to write.
        keep_last_tokens: Of a longer prompt; -1 as many as fit, None all.
    """
    if served.is_own:
        arguments = _standard_arguments(served, prompt, parameters, parameters.max_new_tokens)
        arguments["extra_body"] = {
            **_extended_arguments(parameters, keep_last_tokens),
            "no_repeat_ngram_size": parameters.no_repeat_ngram_size,
        }
        candidates = min(parameters.sentence_candidates, served.sentence_candidates)
        if candidates > 1:
            arguments["extra_body"] |= {
                "sentence_candidates": candidates,
                "keywords": list(parameters.keywords),
                "preceding": parameters.preceding,
            }
        return arguments
    # Others end at their window instead of sliding it.
    max_tokens = min(parameters.max_new_tokens, max(1, served.context_tokens * 3 // 4))
    keep = _kept_tokens(keep_last_tokens, served.context_tokens - max_tokens)
    if served.takes_extended:
        arguments = _standard_arguments(served, prompt, parameters, max_tokens)
        arguments["extra_body"] = _extended_arguments(parameters, keep)
        return arguments
    if keep is not None:
        prompt = _last_words(prompt, keep / served.tokens_per_word)
    return _standard_arguments(served, prompt, parameters, max_tokens)


def _standard_arguments(
    served: ServedModel, prompt: str, parameters: SamplingParameters, max_tokens: int
) -> dict[str, Any]:
    """Return what OpenAI's own protocol has."""
    arguments: dict[str, Any] = {
        "model": served.id,
        "prompt": prompt,
        "max_tokens": max_tokens,
        "temperature": parameters.temperature,
        "top_p": parameters.top_p,
    }
    if parameters.seed is not None:
        arguments["seed"] = parameters.seed
    if parameters.stop:
        arguments["stop"] = list(parameters.stop)
    return arguments


def _extended_arguments(parameters: SamplingParameters, keep: int | None) -> dict[str, Any]:
    """Return what vLLM and our own service take beyond that."""
    extended: dict[str, Any] = {
        "top_k": parameters.top_k or -1,  # vLLM's way to say all
        "repetition_penalty": parameters.repetition_penalty,
        "min_tokens": parameters.min_new_tokens,
        "ignore_eos": parameters.ignore_eos,
    }
    if keep is not None:
        extended["truncate_prompt_tokens"] = keep
    return extended


def _kept_tokens(keep_last_tokens: int | None, room: int) -> int | None:
    """Return how many of a longer prompt's tokens stay; None for all."""
    if keep_last_tokens is None:
        return None
    return room if keep_last_tokens == -1 else min(keep_last_tokens, room)


def _last_words(text: str, words: float) -> str:
    """Cut a text to its last words, by their average length, at a space."""
    pieces = text.split(" ")
    return " ".join(pieces[-max(1, math.floor(words)) :])
