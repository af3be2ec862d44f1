"""A queue that is fair to people: round-robin over them, first come first served within each.

Pure policy: no clock, no asyncio, no database.
"""

from collections import OrderedDict, deque
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

from bot.errors import QueueFullError, TooManyWaitingError

Item = TypeVar("Item", bound=Hashable)


class FairQueue(Generic[Item]):
    """Items of many people, in the order in which it is their turn.

    Every person has a lane. :meth:`pop` takes the first item of the first lane and puts that lane
    last, so that one person with many items never holds up a person with one. A person who comes
    back is put last too: leaving and returning gains nothing.

    Args:
        limit: Items in the queue, over all people.
        limit_per_person: Items that one person may have in it.
    """

    def __init__(self, limit: int, limit_per_person: int) -> None:
        self.limit = limit
        self.limit_per_person = limit_per_person
        self._lanes: OrderedDict[str, deque[Item]] = OrderedDict()

    def __len__(self) -> int:
        return sum(len(lane) for lane in self._lanes.values())

    def __iter__(self) -> Iterator[Item]:
        """The items in the order in which :meth:`pop` would give them if everyone were idle."""
        rounds = max((len(lane) for lane in self._lanes.values()), default=0)
        lanes = [list(lane) for lane in self._lanes.values()]
        for turn in range(rounds):
            yield from (lane[turn] for lane in lanes if turn < len(lane))

    def push(self, person: str, item: Item) -> None:
        """Put an item at the end of its person's lane.

        Raises:
            TooManyWaitingError: The person's lane is full.
            QueueFullError: The queue is full.
        """
        self.ensure_room(person)
        self._lanes.setdefault(person, deque()).append(item)

    def ensure_room(self, person: str) -> None:
        """Raise what :meth:`push` would raise for this person now."""
        if len(self._lanes.get(person, ())) >= self.limit_per_person:
            raise TooManyWaitingError(self.limit_per_person)
        if len(self) >= self.limit:
            raise QueueFullError(self.limit)

    def restore(self, person: str, item: Item) -> None:
        """Put back an item that was accepted before, whatever the limits say now."""
        self._lanes.setdefault(person, deque()).append(item)

    def pop(self, busy: frozenset[str] | set[str] = frozenset()) -> Item | None:
        """Take the next item of a person who is not busy, or None.

        Args:
            busy: People whose turn must wait, since they have something running.
        """
        for person, lane in self._lanes.items():
            if person not in busy:
                item = lane.popleft()
                del self._lanes[person]
                if lane:
                    self._lanes[person] = lane
                return item
        return None

    def remove(self, item: Item) -> bool:
        """Take an item out wherever it stands; False if it is not in the queue."""
        for person, lane in self._lanes.items():
            if item in lane:
                lane.remove(item)
                if not lane:
                    del self._lanes[person]
                return True
        return False

    def items_of(self, person: str) -> tuple[Item, ...]:
        """One person's items, oldest first."""
        return tuple(self._lanes.get(person, ()))
