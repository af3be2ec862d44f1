"""What a service tells of its model's insides: what could come next, and where it looks."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Cut:
    """A text in the model's pieces.

    Attributes:
        token_ids: Their numbers.
        pieces: Their texts; a space before a word belongs to it.
    """

    token_ids: Sequence[int]
    pieces: Sequence[str]


@dataclass(frozen=True, slots=True)
class LikelyPiece:
    """A piece of text that could come next.

    Attributes:
        text: Of one token; a space before a word belongs to it.
        probability: The model's own, at temperature 1 and before any other parameter; 0 to 1.
    """

    text: str
    probability: float


@dataclass(frozen=True, slots=True)
class Attention:
    """How much the last piece of a text looks at each one, itself included.

    Attributes:
        pieces: The text, one token each.
        weights: ``weights[layer][head][piece]``; those of a head have the sum 1.
    """

    pieces: Sequence[str]
    weights: Sequence[Sequence[Sequence[float]]]


def read_cut(body: Mapping[str, Any]) -> Cut | None:
    """Read the answer of ``/tokenize``; None where it does not tell the pieces.

    Raises:
        TypeError, LookupError: It is not of that form.
    """
    token_ids, pieces = body["tokens"], body.get("token_strs")
    if pieces is None:
        return None
    if len(token_ids) != len(pieces):
        raise LookupError("numbers and pieces do not fit")
    # vLLM tells them as a byte-level vocabulary spells them.
    return Cut(token_ids, [piece.replace("Ġ", " ").replace("Ċ", "\n") for piece in pieces])


def read_likely_pieces(choice: Any) -> list[LikelyPiece] | None:  # noqa: ANN401, a body from outside
    """Read the first token's alternatives from a choice, likeliest first; None without them."""
    logprobs = getattr(choice, "logprobs", None)
    tops = logprobs and logprobs.top_logprobs
    if not tops:
        return None
    pieces = [LikelyPiece(text, math.exp(min(log, 0.0))) for text, log in tops[0].items()]
    return sorted(pieces, key=lambda piece: -piece.probability)


def read_attention(body: Mapping[str, Any]) -> Attention:
    """Read the answer of ``/v1/attention``.

    Raises:
        TypeError, LookupError: It is not of that form.
    """
    pieces, weights = body["tokens"], body["weights"]
    if not all(len(head) == len(pieces) for layer in weights for head in layer):
        raise LookupError("weights and pieces do not fit")
    return Attention(pieces, weights)
