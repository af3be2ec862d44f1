"""Text to tokens and back, without importing ``transformers`` where that can be helped.

``transformers`` brings ``torch`` along: 230 MB of memory and two seconds for what ``tokenizers``
does alone.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from bot.errors import ModelNotFoundError


class TextTokenizer(Protocol):
    """The part of ``transformers``' tokenizers that the service uses.

    Attributes:
        chat_template: The Jinja template of an instruct model, or None.
    """

    @property
    def chat_template(self) -> object:
        """See the class."""
        ...

    @property
    def backend_tokenizer(self) -> Tokenizer:
        """The tokenizer of the ``tokenizers`` library within."""
        ...

    def encode(self, text: str, *, add_special_tokens: bool = True) -> list[int]:
        """Return the token ids of ``text``."""
        ...

    def decode(self, token_ids: Sequence[int], *, skip_special_tokens: bool = False) -> str:
        """Return the text of ``token_ids``."""
        ...


class PlainTokenizer:
    """A tokenizer of the ``tokenizers`` library with the methods of :class:`TextTokenizer`.

    Attributes:
        chat_template: Always None: with a template, ``transformers``' own class is used.
    """

    chat_template: None = None

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer

    @property
    def backend_tokenizer(self) -> Tokenizer:
        """The tokenizer of the ``tokenizers`` library (``transformers`` names it so)."""
        return self._tokenizer

    def encode(self, text: str, *, add_special_tokens: bool = True) -> list[int]:
        """Return the token ids of ``text``."""
        encoding = self._tokenizer.encode(text, add_special_tokens=add_special_tokens)
        return encoding.ids

    def decode(self, token_ids: Sequence[int], *, skip_special_tokens: bool = False) -> str:
        """Return the text of ``token_ids``; bytes that are no UTF-8 become U+FFFD."""
        return self._tokenizer.decode(list(token_ids), skip_special_tokens=skip_special_tokens)


def load_tokenizer(folder: Path) -> TextTokenizer:
    """Load the tokenizer of a model folder.

    Args:
        folder: Holds ``tokenizer.json``, or GPT-2's ``vocab.json`` and ``merges.txt``, or anything
            else that ``AutoTokenizer`` reads.

    Raises:
        ModelNotFoundError: There is no tokenizer that can be read.
    """
    if not _has_chat_template(folder):
        whole = folder / "tokenizer.json"
        if whole.is_file():
            return PlainTokenizer(Tokenizer.from_file(str(whole)))
        vocabulary, merges = folder / "vocab.json", folder / "merges.txt"
        if vocabulary.is_file() and merges.is_file():
            return PlainTokenizer(_byte_level_bpe(vocabulary, merges))
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
    except (OSError, ValueError, KeyError) as error:
        raise ModelNotFoundError(str(folder), f"no tokenizer: {error}") from error
    return cast("TextTokenizer", tokenizer)


def _has_chat_template(folder: Path) -> bool:
    if (folder / "chat_template.jinja").is_file():
        return True
    configuration = folder / "tokenizer_config.json"
    if not configuration.is_file():
        return False
    return bool(json.loads(configuration.read_text("utf-8")).get("chat_template"))


def _byte_level_bpe(vocabulary: Path, merges: Path) -> Tokenizer:
    """Build GPT-2's tokenizer (Radford et al. 2019, section 2.2) from its two files."""
    model = models.BPE.from_file(str(vocabulary), str(merges))
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    if tokenizer.token_to_id("<|endoftext|>") is not None:
        tokenizer.add_special_tokens(["<|endoftext|>"])
    return tokenizer
