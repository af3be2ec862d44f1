"""A 5-gram model with modified Kneser-Ney smoothing, as a yardstick.

Chen and Goodman, "An Empirical Study of Smoothing Techniques for Language Modeling" (1998),
section 3: interpolated, three discounts an order, continuation counts below the highest order.
All counting is sorting in numpy, so tens of millions of tokens take seconds an order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Order:
    """The counts of one order's n-grams.

    Attributes:
        keys: Sorted ``id of the first n-1 tokens · vocabulary + last token``.
        counts: Occurrences, or below the highest order the number of different tokens before.
        context_total: For each context, the sum of its n-grams' counts.
        context_kinds: For each context, how many n-grams have count 1, 2, and 3 or more.
        discounts: What is taken off counts of 1, 2, and 3 or more.
    """

    keys: Ids
    counts: Ids
    context_total: Ids
    context_kinds: Ids
    discounts: NDArray[np.float64]


class KneserNey:
    """An n-gram model over tokens.

    Args:
        texts: Tokens of each training text, without the end of text.
        vocabulary_size: Ids are below it; at most 2**20.
        end_of_text: Stands before the first and behind the last token of each text.
        order: Greatest length of an n-gram, 2 or more.
    """

    def __init__(
        self, texts: Sequence[NDArray[Any]], vocabulary_size: int, end_of_text: int, order: int = 5
    ) -> None:
        self._vocabulary = vocabulary_size
        self._end = end_of_text
        self._order = order
        stream = self._stream(texts)
        self._orders = self._count(stream)

    def _stream(self, texts: Sequence[NDArray[Any]]) -> Ids:
        # The markers before a text keep n-grams from reaching into the text before it.
        pad = np.full(self._order - 1, self._end, dtype=np.int64)
        parts: list[Ids] = []
        for text in texts:
            parts += [pad, text.astype(np.int64)]
        return np.concatenate([*parts, pad])

    def _count(self, stream: Ids) -> list[_Order]:
        orders: list[_Order] = []
        # ids[i]: which of the known n-grams of the order below ends at position i. An n-gram has
        # no place among the first n - 1 positions; what ids says there is never used.
        ids = np.zeros(len(stream), dtype=np.int64)
        below: Ids | None = None
        for length in range(1, self._order + 1):
            begin = length - 1
            context = ids if length == 1 else ids[begin - 1 : -1]
            keys, first, inverse, counts = np.unique(
                context * self._vocabulary + stream[begin:],
                return_index=True,
                return_inverse=True,
                return_counts=True,
            )
            if below is not None:
                # An n-gram without its first token ends at the same place: what counts for the
                # order below is how many different tokens stand before.
                kinds = np.bincount(ids[first + begin], minlength=len(below))
                orders[-1] = self._order_of(below, kinds)
            orders.append(self._order_of(keys, counts))
            ids = np.concatenate([np.zeros(begin, dtype=np.int64), inverse.astype(np.int64)])
            below = keys
        return orders

    def _order_of(self, keys: Ids, counts: Ids) -> _Order:
        contexts = keys // self._vocabulary
        kinds = np.minimum(counts, 3)
        size = int(contexts[-1]) + 1
        total = np.bincount(contexts, weights=counts, minlength=size).astype(np.int64)
        by_kind = np.stack(
            [np.bincount(contexts[kinds == kind], minlength=size) for kind in (1, 2, 3)]
        )
        return _Order(keys, counts.astype(np.int64), total, by_kind, _discounts(counts))

    def nats(self, text: NDArray[Any]) -> float:
        """Return the negative log-likelihood of a text's tokens.

        Args:
            text: Tokens below the vocabulary's size; the end of text is not counted.
        """
        if not len(text):
            return 0.0
        pad = np.full(self._order - 1, self._end, dtype=np.int64)
        stream = np.concatenate([pad, text.astype(np.int64)])
        return float(-np.log(self._probabilities(stream)[len(pad) :]).sum())

    def _probabilities(self, stream: Ids) -> NDArray[np.float64]:
        probability = np.full(len(stream), 1.0 / self._vocabulary)
        # ids[i]: the known n-gram that ends at i, or -1.
        ids = np.zeros(len(stream), dtype=np.int64)
        for length, order in enumerate(self._orders, 1):
            context = ids
            if length > 1:
                context = np.concatenate([[-1], ids[:-1]])
            known = (context >= 0) & (context < len(order.context_total))
            safe = np.where(known, context, 0)
            total = order.context_total[safe]
            known &= total > 0
            keys = safe * self._vocabulary + stream
            place = np.minimum(np.searchsorted(order.keys, keys), len(order.keys) - 1)
            found = known & (order.keys[place] == keys)
            count = np.where(found, order.counts[place], 0)
            discount = np.where(found, order.discounts[np.minimum(count, 3)], 0.0)
            mass = (order.discounts[1:, None] * order.context_kinds[:, safe]).sum(axis=0)
            divisor = np.where(known, total, 1)
            interpolated = (count - discount) / divisor + mass / divisor * probability
            probability = np.where(known, interpolated, probability)
            ids = np.where(found, place, -1)
        return np.asarray(probability, dtype=np.float64)


def _discounts(counts: NDArray[Any]) -> NDArray[np.float64]:
    """Return what is taken off counts of 0, 1, 2, and 3 or more (Chen and Goodman, eq. 17)."""
    n1, n2, n3, n4 = (int((counts == value).sum()) for value in (1, 2, 3, 4))
    if not (n1 and n2 and n3):
        # Too little text for the estimate; a half is the usual choice.
        return np.array([0.0, 0.5, 0.5, 0.5])
    y = n1 / (n1 + 2 * n2)
    values = [0.0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3]
    clipped: NDArray[np.float64] = np.clip(
        np.array(values), [0.0, 0.05, 0.05, 0.05], [0.0, 0.95, 1.95, 2.95]
    )
    return clipped
