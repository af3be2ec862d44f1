"""What the generation service is asked so that something can be shown; plain values come back."""

from collections.abc import Callable
from contextlib import aclosing
from typing import Any

from bot.classroom.explaining import attention, comparison, probabilities, tokens
from bot.errors import FailureReason, GenerationError, InvalidParameterError
from bot.essays.writing import Writer
from bot.generation.client import GenerationClient
from bot.generation.inspection import Attention
from bot.storage.inquiries import Inquiry, Subject
from bot.storage.records import Preferences

_ELSEWHERE = 20
"""The most likeliest pieces that vLLM tells unless its operator wants otherwise."""
_DIGITS = 5


class Finder:
    """Asks.

    Args:
        client: The generation service.
        words_per_s: How fast it writes, or None before anything was measured.
    """

    def __init__(self, client: GenerationClient, words_per_s: Callable[[], float | None]) -> None:
        self._client = client
        self._writer = Writer(client)
        self._words_per_s = words_per_s

    async def find(self, inquiry: Inquiry) -> dict[str, Any]:
        """What there is to show.

        Raises:
            GenerationError: The service failed.
        """
        match inquiry.subject:
            case Subject.TOKENS:
                return await self._tokens(inquiry.text)
            case Subject.PROBABILITIES:
                return {"pieces": await self._likely(inquiry.text)}
            case Subject.ATTENTION:
                return await self._attention(inquiry.text, inquiry.view.get("upto"))
            case Subject.COMPARISON:
                return await self._comparison(inquiry)
            case Subject.STEPS:
                return await self._steps(inquiry)

    async def inside(self, text: str, upto: int | None) -> dict[str, Any]:
        """A text's pieces, where one of them looks, and what could come after it.

        Args:
            text: The text.
            upto: Pieces up to the one that looks; None takes them all.

        Raises:
            GenerationError: The service failed.
        """
        cut = await self._client.cut(text)
        if cut is None or not cut.pieces:
            return {"pieces": [], "likely": await self._likely(text)}
        upto = min(upto or len(cut.pieces), len(cut.pieces))
        before = text if upto == len(cut.pieces) else "".join(cut.pieces[:upto])
        return {
            "pieces": list(cut.pieces),
            "ids": list(cut.token_ids),
            "upto": upto,
            "weights": _rounded(await self._client.attention(list(cut.token_ids)[:upto])),
            "likely": await self._likely(before),
        }

    async def _tokens(self, text: str) -> dict[str, Any]:
        numbers = tokens.numbers_in(text)
        if numbers is not None:
            return {"ids": numbers, "reading": await self._client.text_of(numbers)}
        cut = await self._client.cut(text)
        return {"ids": cut and list(cut.token_ids), "pieces": cut and list(cut.pieces)}

    async def _likely(self, text: str) -> list[tuple[str, float]]:
        """The likeliest next pieces; none where the service does not tell."""
        served = await self._client.describe()
        count = probabilities.PIECES if served.is_own else _ELSEWHERE
        try:
            likely = await self._client.likely_pieces(text, count)
        except InvalidParameterError:
            return []
        except GenerationError as error:
            if error.reason is not FailureReason.REFUSED:
                raise
            return []
        return [(one.text, one.probability) for one in likely or ()]

    async def _attention(self, text: str, upto: int | None) -> dict[str, Any]:
        cut = await self._client.cut(text)
        token_ids = list(cut.token_ids)[: attention.PIECES] if cut else []
        upto = min(upto or len(token_ids), len(token_ids))
        seen = await self._client.attention(token_ids[:upto]) if cut else None
        return {
            "pieces": list(cut.pieces)[: attention.PIECES] if cut else [],
            "is_cut": cut is not None and len(cut.token_ids) > len(token_ids),
            "upto": upto,
            "weights": _rounded(seen),
        }

    async def _comparison(self, inquiry: Inquiry) -> dict[str, Any]:
        view = inquiry.view
        variants = comparison.variants(inquiry.preferences, view["knob"])
        return {"texts": [await self._write(inquiry.text, one, view["seed"]) for one in variants]}

    async def _write(self, topic: str, preferences: Preferences, seed: int) -> str:
        text = ""
        async with aclosing(self._writer.write(topic, preferences, seed)) as drafts:
            async for draft in drafts:
                text = draft.text
        return text.removeprefix(topic).strip()

    async def _steps(self, inquiry: Inquiry) -> dict[str, Any]:
        served = await self._client.describe()
        seen = await self._attention(inquiry.text, None)
        likely = await self._likely(inquiry.text)
        speed = self._words_per_s()
        return {
            **seen,
            "likely": likely[0] if likely else None,
            "vocabulary_size": served.vocabulary_size,
            "width": served.width,
            "essay_pieces": round(inquiry.preferences.words * served.tokens_per_word, -1),
            "pieces_per_s": speed and round(speed * served.tokens_per_word),
        }


def _rounded(seen: Attention | None) -> list[list[list[float]]] | None:
    if seen is None:
        return None
    return [[[round(one, _DIGITS) for one in head] for head in layer] for layer in seen.weights]
