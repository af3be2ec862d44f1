"""From tokens to text, piece by piece: whole characters only, and never past a stop sequence."""

import functools
import re
from collections.abc import Sequence

from tokenizers import Tokenizer
from tokenizers.decoders import DecodeStream

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# SentencePiece drops a space at the start of what it decodes, so some context goes before.
_CONTEXT_TOKENS = 8
_LONGEST_CHARACTER_BYTES = 4
# Tokens that never become text would be held back, and decoded again and again, without end.
_MOST_HELD_TOKENS = 16


class Detokenizer:
    """Turns the tokens of one text into text as they come: ``tokenizers``' ``DecodeStream``.

    Bytes that are no UTF-8 become U+FFFD, as in decoding the whole at once. They are held back
    until the next whole character shows that nothing will complete them; at the end of a text they
    are dropped. Control tokens, and ids beyond the vocabulary, are no text.
    """

    def __init__(self, tokenizer: Tokenizer, prompt_token_ids: Sequence[int]) -> None:
        self._tokenizer = tokenizer
        self._control = special_tokens(tokenizer).keys()
        self._held: list[int] = []  # tokens since the last text
        self._stream = DecodeStream(ids=self._context(prompt_token_ids), skip_special_tokens=True)

    def _context(self, prompt_token_ids: Sequence[int]) -> list[int]:
        """Return the prompt's last tokens; none where they are not whole characters."""
        for length in range(_CONTEXT_TOKENS, _CONTEXT_TOKENS + _LONGEST_CHARACTER_BYTES):
            context = list(prompt_token_ids[-length:])
            text = self._decode(context)
            if not text.startswith(_REPLACEMENT) and not text.endswith(_REPLACEMENT):
                return context
        return []

    def push(self, token_id: int) -> str:
        """Take one token; return the characters that it completes, often several or none."""
        if token_id in self._control or self._tokenizer.id_to_token(token_id) is None:
            return ""
        self._held.append(token_id)
        try:
            text = self._stream.step(self._tokenizer, token_id)
        except Exception:  # noqa: BLE001 - of no class of its own; its words quote the text
            # Some vocabularies spell bytes that are no UTF-8 anew with every byte more, so that
            # what was returned is not a beginning of the whole.
            text = self._decode(self._held)
            self._stream = DecodeStream(ids=self._held, skip_special_tokens=True)
        if text is not None:
            self._held = []
            return text
        return self._let_go() if len(self._held) >= _MOST_HELD_TOKENS else ""

    def _let_go(self) -> str:
        """Return what was held back, but for the tokens that may begin a character."""
        rest = 1 - _LONGEST_CHARACTER_BYTES
        text, self._held = self._decode(self._held[:rest]), self._held[rest:]
        self._stream = DecodeStream(skip_special_tokens=True)
        more = self._stream.step(self._tokenizer, self._held)
        if more is not None:
            self._held = []
        return text + (more or "")

    def finish(self) -> str:
        """Return what was held back at the end, without bytes that are no character."""
        return self._decode(self._held).rstrip(_REPLACEMENT)

    def _decode(self, token_ids: list[int]) -> str:
        return self._tokenizer.decode(token_ids, skip_special_tokens=True)


@functools.lru_cache(8)
def special_tokens(backend: Tokenizer) -> dict[int, str]:
    """Return the control tokens, such as the end of a text, by their ids."""
    added = backend.get_added_tokens_decoder()
    return {token_id: token.content for token_id, token in added.items() if token.special}


@functools.lru_cache(8)
def longest_token(backend: Tokenizer) -> int:
    """Return the greatest length of a token, in characters or, where it is spelled so, bytes."""
    return max(map(len, backend.get_vocab()))


def token_text(backend: Tokenizer, token_id: int) -> str:
    """Return the text of one token or, where it is none by itself, its bytes as OpenAI does."""
    text = _plain_text(backend, token_id)
    if _REPLACEMENT not in text:
        return text
    return "bytes:" + "".join(f"\\x{byte:02x}" for byte in token_bytes(backend, token_id))


def token_bytes(backend: Tokenizer, token_id: int) -> bytes:
    """Return the bytes of one token."""
    text = _plain_text(backend, token_id)
    spelled = backend.id_to_token(token_id) or ""
    if _REPLACEMENT in text:
        if byte := _BYTE_TOKEN.fullmatch(spelled):
            return bytes.fromhex(byte[1])
        if all(character in _BYTES for character in spelled):
            return bytes(_BYTES[character] for character in spelled)
    return text.encode()


def _plain_text(backend: Tokenizer, token_id: int) -> str:
    special = special_tokens(backend)
    if token_id in special:
        return special[token_id]
    # Twice, since SentencePiece drops a space at the start of what it decodes.
    first = backend.decode([token_id])
    return backend.decode([token_id, token_id])[len(first) :]


def _byte_alphabet() -> dict[str, int]:
    """Return the characters that stand for bytes in GPT-2's vocabulary, and the bytes."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(0x100) if byte not in printable]
    spelled = {chr(byte): byte for byte in printable}
    return spelled | {chr(0x100 + i): byte for i, byte in enumerate(others)}


_BYTES = _byte_alphabet()
_BYTE_TOKEN = re.compile(r"<0x([0-9A-F]{2})>")  # as SentencePiece spells one


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
