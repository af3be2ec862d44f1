"""The engine: many texts at once from one model, in one thread of its own.

* ``batching`` the loop; ``sequence`` its account of one text; ``generation`` the reader's view
* ``decoder`` what the loop asks of a model; ``int8`` and ``torch_decoder`` GPT-2,
  ``transformers_decoder`` any architecture
* ``sampling`` the next token from a row of logits
* ``loading`` from a folder to an engine; ``tokenizing``; ``machine`` threads and memory
* ``compilation`` where compiled code is kept; ``precompiling`` who compiles it; ``caching``
"""

from bot.generation.engine.batching import Engine, EngineLoad
from bot.generation.engine.generation import FinishReason, Generation, TokenEvent, TokenLogprobs
from bot.generation.engine.loading import load_engine
from bot.generation.engine.tokenizing import TextTokenizer

__all__ = [
    "Engine",
    "EngineLoad",
    "FinishReason",
    "Generation",
    "TextTokenizer",
    "TokenEvent",
    "TokenLogprobs",
    "load_engine",
]
