"""What is known of the numbers of messages, to find one whose answer was lost.

Telegram counts messages upwards: in a supergroup or channel by itself, in private chats and basic
groups in one counter for all of the bot's. Every number there is either told to the bot with a
message or given to one of its own, so a number that nobody accounts for is the lost one's. In a
supergroup it may also be a message that the bot does not get to see.
"""

from collections import OrderedDict
from collections.abc import Iterator
from itertools import count, islice

_KEPT = 512
_SUPERGROUPS_BELOW = -1_000_000_000_000


def has_own_counter(chat_id: int) -> bool:
    """Whether a chat is a supergroup or a channel."""
    return chat_id < _SUPERGROUPS_BELOW


class MessageNumbers:
    """One counter.

    Attributes:
        last: The greatest number known, 0 before any.
    """

    def __init__(self) -> None:
        self.last = 0
        self._known: OrderedDict[int, None] = OrderedDict()

    def saw(self, number: int) -> None:
        """A message has this number."""
        self.last = max(self.last, number)
        self._known[number] = None
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)

    def unknown_after(self, base: int, limit: int) -> Iterator[int]:
        """The first numbers above ``base`` that no known message has; none if base is 0."""
        unknown = (number for number in count(base + 1) if number not in self._known)
        return islice(unknown, limit if base > 0 else 0)
