"""What goes out: a text, or a message of a conversation, whole or in pieces."""

from collections.abc import Sequence
from typing import Any

from tokenizers import Tokenizer

from bot.generation.server.choice import Piece, WrittenToken
from bot.generation.server.text import Detokenizer, token_bytes, token_text


class TextAnswer:
    """The form of ``/v1/completions``.

    Attributes:
        id_prefix: Of the answer's id.
        kind: Of a whole answer.
        piece_kind: Of a piece of one.
    """

    id_prefix = "cmpl"
    kind = piece_kind = "text_completion"

    def __init__(self, tokenizer: Tokenizer, *, has_logprobs: bool) -> None:
        self._tokenizer = tokenizer
        self._has_logprobs = has_logprobs

    def opening(self) -> list[dict[str, Any]]:
        """Return what comes before the first piece."""
        return []

    def whole(self, piece: Piece) -> dict[str, Any]:
        """Return the body of a whole text."""
        return {"text": piece.text, "logprobs": self._logprobs(piece)}

    piece = whole

    def _logprobs(self, piece: Piece) -> dict[str, Any] | None:
        """Return OpenAI's four lists; where tokens have the same text, the likelier counts."""
        if not self._has_logprobs:
            return None
        texts, offsets, at = [], [], piece.offset
        detokenizer = Detokenizer(self._tokenizer, [])
        for token in piece.tokens:
            texts.append(token_text(self._tokenizer, token.token_id))
            offsets.append(at)
            at += len(detokenizer.push(token.token_id))
        scores = [token.logprobs for token in piece.tokens]
        return {
            "tokens": texts,
            "token_logprobs": [score and score.chosen for score in scores],
            "top_logprobs": [
                score and self._by_text([*score.top, (token.token_id, score.chosen)])
                for score, token in zip(scores, piece.tokens, strict=True)
            ],
            "text_offset": offsets,
        }

    def _by_text(self, scores: Sequence[tuple[int, float]]) -> dict[str, float]:
        found: dict[str, float] = {}
        for token_id, score in scores:
            found.setdefault(token_text(self._tokenizer, token_id), score)
        return found


class ChatAnswer:
    """The form of ``/v1/chat/completions``; attributes as above."""

    id_prefix = "chatcmpl"
    kind = "chat.completion"
    piece_kind = "chat.completion.chunk"

    def __init__(self, tokenizer: Tokenizer, *, has_logprobs: bool) -> None:
        self._tokenizer = tokenizer
        self._has_logprobs = has_logprobs

    def opening(self) -> list[dict[str, Any]]:
        """Return what comes before the first piece: who speaks."""
        return [{"delta": {"role": "assistant", "content": ""}, "logprobs": None}]

    def whole(self, piece: Piece) -> dict[str, Any]:
        """Return the body of a whole message."""
        message = {"role": "assistant", "content": piece.text, "refusal": None}
        return {"message": message, "logprobs": self._logprobs(piece)}

    def piece(self, piece: Piece) -> dict[str, Any]:
        """Return the body of a part of one."""
        delta = {"content": piece.text} if piece.text else {}
        return {"delta": delta, "logprobs": self._logprobs(piece)}

    def _logprobs(self, piece: Piece) -> dict[str, Any] | None:
        if not self._has_logprobs:
            return None
        return {"content": [self._scored(one) for one in piece.tokens], "refusal": None}

    def _scored(self, one: WrittenToken) -> dict[str, Any]:
        assert one.logprobs is not None  # of a prompt's first token only, which is not shown here
        top = [self._token(token_id, score) for token_id, score in one.logprobs.top]
        return {**self._token(one.token_id, one.logprobs.chosen), "top_logprobs": top}

    def _token(self, token_id: int, score: float) -> dict[str, Any]:
        return {
            "token": token_text(self._tokenizer, token_id),
            "logprob": score,
            "bytes": list(token_bytes(self._tokenizer, token_id)),
        }
