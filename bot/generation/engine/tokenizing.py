"""Text to tokens and back, without importing ``transformers`` where that can be helped.

``transformers`` brings ``torch`` along: 230 MB of memory and two seconds for what ``tokenizers``
does alone.
"""

import json
from collections.abc import Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Protocol, cast

import psutil
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from bot.errors import ModelNotFoundError

GREATEST_PROMPT = 100_000
"""Characters that a chat template may write around a short message."""


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
            return PlainTokenizer(_read_whole(whole))
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


def _read_whole(path: Path) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises nothing more exact
        raise ModelNotFoundError(str(path.parent), f"{path.name}: {error}") from error
    # Fine-tuning scripts save how they cut and padded their batches.
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def check_chat_template(folder: Path, limit_s: float = 60.0) -> None:
    """Try a model's chat template on one short message.

    A template is a program that came with the model: a process of its own runs it, and is ended.

    Args:
        folder: Of the model.
        limit_s: Processor time that it may take, the imports included; a busy computer, on which
            it takes longer by the clock, is no fault of the template's.

    Raises:
        ModelNotFoundError: The template fails, does not end, or writes too much.
    """
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_try_template, args=(theirs, folder), daemon=True)
    child.start()
    theirs.close()
    try:
        worked = psutil.Process(child.pid).cpu_times
        while not (has_ended := ours.poll(0.1)) and sum(worked()[:2]) < limit_s:
            pass
        problem = ours.recv() if has_ended else "it does not end"
    except (EOFError, psutil.NoSuchProcess):
        problem = "it ended its process"
    finally:
        child.kill()
        child.join()
    if problem:
        raise ModelNotFoundError(str(folder), f"its chat template: {problem}")


def _try_template(connection: Connection, folder: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(
        folder, local_files_only=True, trust_remote_code=False
    )
    try:
        written = tokenizer.apply_chat_template(
            [{"role": "user", "content": "¡Hola!"}], tokenize=False, add_generation_prompt=True
        )
        problem = "" if len(str(written)) <= GREATEST_PROMPT else "it writes too much"
    except Exception as error:  # noqa: BLE001 - whatever a foreign program may raise
        problem = f"{type(error).__name__}: {error}"
    connection.send(problem)


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
