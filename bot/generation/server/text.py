"""From tokens to text, piece by piece: whole characters only, and never past a stop sequence."""

import codecs
from collections.abc import Sequence
from functools import cache
from typing import Protocol

from tokenizers import Tokenizer, decoders

from bot.generation.engine import TextTokenizer

# A sequence of tokens that is not valid text never resolves; what is held back then is let go.
_MOST_HELD_TOKENS = 16
# SentencePiece drops a space at the start of what it decodes, so some context goes before.
_CONTEXT_TOKENS = 8
_LONGEST_CHARACTER_BYTES = 4


class Detokenizer(Protocol):
    """Turns the tokens of one text into text as they come."""

    def push(self, token_id: int) -> str:
        """Take one token; return the characters that it completes, often several or none."""

    def finish(self) -> str:
        """Return what was held back at the end; half a character is dropped."""


@cache
def _byte_of_character() -> dict[str, int]:
    """Map GPT-2's printable stand-ins to bytes.

    Source: ``bytes_to_unicode`` in https://github.com/openai/gpt-2/blob/master/src/encoder.py
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    table = {chr(byte): byte for byte in printable}
    others = [byte for byte in range(256) if byte not in set(printable)]
    table.update({chr(256 + order): byte for order, byte in enumerate(others)})
    return table


class TokenBytes:
    """The bytes behind each token of a byte-level vocabulary, found when first asked for."""

    def __init__(self, backend: Tokenizer) -> None:
        self._backend = backend
        self._special_ids = frozenset(special_tokens(backend))
        self._known: dict[int, bytes] = {}

    def __getitem__(self, token_id: int) -> bytes:
        """Return a token's bytes; none for special tokens and for ids beyond the vocabulary."""
        known = self._known.get(token_id)
        if known is None:
            known = self._known[token_id] = self._look_up(token_id)
        return known

    def _look_up(self, token_id: int) -> bytes:
        token = self._backend.id_to_token(token_id)
        if token is None or token_id in self._special_ids:
            return b""
        table = _byte_of_character()
        # Added tokens are plain text; like the tokenizers library, take them as such where a
        # character is none of the stand-ins.
        if any(character not in table for character in token):
            return bytes(token, "utf-8")
        return bytes(table[character] for character in token)


class ByteLevelDetokenizer:
    """For byte-level vocabularies (GPT-2's family): exact, and costs the same for each token."""

    def __init__(self, token_bytes: TokenBytes) -> None:
        self._token_bytes = token_bytes
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def push(self, token_id: int) -> str:
        """Take one token; return the characters that it completes."""
        return self._decoder.decode(self._token_bytes[token_id])

    def finish(self) -> str:
        """Drop half a character at the end."""
        self._decoder.reset()
        return ""


class WindowDetokenizer:
    """For any other vocabulary: decodes a short window twice and takes the difference."""

    def __init__(self, tokenizer: TextTokenizer, prompt_token_ids: Sequence[int]) -> None:
        self._tokenizer = tokenizer
        self._window = self._end_of(prompt_token_ids)
        self._shown = len(self._window)  # tokens of the window whose text was returned
        # Where whole characters end in the window; it may begin only there, since a run of byte
        # tokens that begins inside a character is not text at all.
        self._boundaries = [0, self._shown] if self._window else [0]

    def _end_of(self, prompt_token_ids: Sequence[int]) -> list[int]:
        for length in range(_CONTEXT_TOKENS, _CONTEXT_TOKENS + _LONGEST_CHARACTER_BYTES):
            window = list(prompt_token_ids[-length:])
            if not self._decode(window).startswith("\ufffd"):
                break
        return window

    def push(self, token_id: int) -> str:
        """Take one token; return the characters that it completes."""
        self._window.append(token_id)
        piece = self._new_text()
        if not piece or (
            piece.endswith("\ufffd") and len(self._window) - self._shown < _MOST_HELD_TOKENS
        ):
            return ""
        self._move_on()
        return piece

    def _move_on(self) -> None:
        """All is shown: keep some context, from the end of a character on."""
        length = len(self._window)
        near = [end for end in self._boundaries if end >= length - _CONTEXT_TOKENS]
        cut = near[0] if near else self._boundaries[-1]
        self._window = self._window[cut:]
        self._shown = length - cut
        self._boundaries = [end - cut for end in self._boundaries if end >= cut] + [self._shown]

    def finish(self) -> str:
        """Return what was held back, without half a character."""
        return self._new_text().rstrip("\ufffd")

    def _new_text(self) -> str:
        before = self._decode(self._window[: self._shown])
        return self._decode(self._window)[len(before) :]

    def _decode(self, token_ids: list[int]) -> str:
        return self._tokenizer.decode(token_ids, skip_special_tokens=True)


class DetokenizerFactory:
    """Makes the right detokenizer for a tokenizer, sharing what can be shared."""

    def __init__(self, tokenizer: TextTokenizer) -> None:
        self._tokenizer = tokenizer
        backend = tokenizer.backend_tokenizer
        self._token_bytes = TokenBytes(backend) if is_byte_level(backend) else None

    def new(self, prompt_token_ids: Sequence[int]) -> Detokenizer:
        """Return a detokenizer for the text that continues a prompt."""
        if self._token_bytes is not None:
            return ByteLevelDetokenizer(self._token_bytes)
        return WindowDetokenizer(self._tokenizer, prompt_token_ids)


def is_byte_level(backend: Tokenizer) -> bool:
    """Say whether the vocabulary's tokens are bytes in GPT-2's spelling."""
    return isinstance(backend.decoder, decoders.ByteLevel)


def special_tokens(backend: Tokenizer) -> dict[int, str]:
    """Return the control tokens, such as the end of a text, by their ids."""
    added = backend.get_added_tokens_decoder()
    return {token_id: token.content for token_id, token in added.items() if token.special}


class StopFinder:
    """Ends a text before the first stop sequence and holds back what might be one's beginning.

    Where sequences overlap, the one that is complete first counts, so that the result does not
    depend on how the text was cut into pieces.
    """

    def __init__(self, stop: Sequence[str]) -> None:
        self._stop = tuple(stop)
        self._longest = max(map(len, self._stop), default=0)
        self._held = ""
        self.has_stopped = False

    def push(self, text: str) -> str:
        """Take a piece of text; return what can be shown. Sets ``has_stopped``."""
        if not self._stop or self.has_stopped:
            return "" if self.has_stopped else text
        text = self._held + text
        found = [(at + len(stop), at) for stop in self._stop if (at := text.find(stop)) >= 0]
        if found:
            self.has_stopped = True
            self._held = ""
            return text[: min(found)[1]]
        shown = len(text) - self._length_of_beginning(text)
        self._held = text[shown:]
        return text[:shown]

    def finish(self) -> str:
        """Return what was held back: the text ended, so it was no stop sequence."""
        held, self._held = self._held, ""
        return held

    def _length_of_beginning(self, text: str) -> int:
        for length in range(min(self._longest - 1, len(text)), 0, -1):
            if any(stop.startswith(text[-length:]) for stop in self._stop):
                return length
        return 0
