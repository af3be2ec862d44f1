"""Which candidate is the best."""

from hypothesis import given
from hypothesis import strategies as st

from bot.generation.server.selection import rank, repeated_share

LOOP = "el pescador sale al mar cada día y " * 8
GOOD = "El pescador conoce el mar desde niño; por eso, cuando sopla el viento, espera en casa."
ELSEWHERE = "La escuela abrió sus puertas en otoño y los alumnos llegaron con muchas preguntas."


def test_loops_and_other_topics_come_last() -> None:
    texts = [(LOOP, False), (ELSEWHERE, True), (GOOD, True)]
    assert rank("El mar y los pescadores: el pescador", texts)[0] == 2
    assert rank("", [(LOOP, True), (ELSEWHERE, True)]) == [1, 0]


def test_a_text_with_an_end_is_better_than_one_cut_off() -> None:
    assert rank("El mar", [(GOOD, False), (GOOD, True)]) == [1, 0]


def test_repeated_share() -> None:
    assert repeated_share(["a", "b", "c", "d", "e", "f"]) == 0.0
    assert repeated_share(["a", "b", "c"]) == 0.0
    assert repeated_share(["a"] * 8) == 0.8


@given(st.text(), st.lists(st.tuples(st.text(), st.booleans()), max_size=6))
def test_rank_orders_all(prompt: str, candidates: list[tuple[str, bool]]) -> None:
    assert sorted(rank(prompt, candidates)) == list(range(len(candidates)))
