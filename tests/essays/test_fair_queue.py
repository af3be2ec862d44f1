"""The queue's promises, on tables and on random histories."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import QueueFullError, TooManyWaitingError
from bot.essays.fair_queue import FairQueue


def filled(items: list[tuple[str, int]], limit: int = 1000) -> FairQueue[int]:
    queue: FairQueue[int] = FairQueue(limit, limit)
    for person, item in items:
        queue.push(person, item)
    return queue


def drained(queue: FairQueue[int]) -> list[int]:
    items = []
    while (item := queue.pop()) is not None:
        items.append(item)
    return items


def test_people_take_turns():
    queue = filled([("ana", 1), ("ana", 2), ("ana", 3), ("luis", 4), ("eva", 5), ("luis", 6)])
    assert drained(queue) == [1, 4, 5, 2, 6, 3]


def test_who_comes_back_stands_last():
    queue = filled([("ana", 1), ("luis", 2), ("eva", 3)])
    assert queue.pop() == 1
    queue.push("ana", 4)
    assert drained(queue) == [2, 3, 4]


def test_a_busy_person_is_passed_over_and_keeps_the_turn():
    queue = filled([("ana", 1), ("luis", 2)])
    assert queue.pop(busy={"ana"}) == 2
    assert queue.pop(busy={"ana"}) is None
    assert queue.pop() == 1


def test_a_person_cannot_fill_the_queue():
    queue: FairQueue[int] = FairQueue(limit=10, limit_per_person=2)
    queue.push("ana", 1)
    queue.push("ana", 2)
    with pytest.raises(TooManyWaitingError):
        queue.push("ana", 3)
    queue.push("luis", 4)


def test_a_full_queue_says_so_but_takes_back_what_it_had():
    queue: FairQueue[int] = FairQueue(limit=2, limit_per_person=2)
    queue.push("ana", 1)
    queue.push("luis", 2)
    with pytest.raises(QueueFullError):
        queue.push("eva", 3)
    queue.restore("eva", 3)
    assert list(queue) == [1, 2, 3]


def test_removing_closes_the_gap():
    queue = filled([("ana", 1), ("ana", 2), ("luis", 3)])
    assert queue.remove(1)
    assert not queue.remove(1)
    assert list(queue) == [2, 3]
    assert queue.items_of("ana") == (2,)
    assert queue.items_of("eva") == ()


histories = st.lists(
    st.tuples(st.sampled_from("abcde"), st.integers(0, 999)), unique_by=lambda x: x[1]
)


@given(histories)
def test_the_announced_order_is_the_order(items):
    queue = filled(items)
    announced = list(queue)
    assert len(queue) == len(items)
    assert drained(queue) == announced


@given(histories)
def test_nobody_waits_for_anybody_twice(items):
    """Before a person's n-th item, everybody else has at most n items served."""
    person_of = {item: person for person, item in items}
    served: dict[str, int] = dict.fromkeys("abcde", 0)
    for item in drained(filled(items)):
        person = person_of[item]
        served[person] += 1
        assert all(count <= served[person] for count in served.values())


@given(histories, st.data())
def test_each_person_is_served_in_their_own_order_whatever_is_removed(items, data):
    queue = filled(items)
    removed = data.draw(st.sets(st.sampled_from([item for _, item in items]))) if items else set()
    for item in removed:
        assert queue.remove(item)
    order = drained(queue)
    for person in "abcde":
        mine = [item for who, item in items if who == person and item not in removed]
        assert [item for item in order if item in mine] == mine
