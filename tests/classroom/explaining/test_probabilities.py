"""What could come next: exact shares, what the settings leave of them, and the same in words."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.classroom.explaining import probabilities
from bot.classroom.explaining.probabilities import drawn_number, drawn_shares
from bot.storage.inquiries import Subject
from bot.storage.records import Preferences
from bot.texts import ENGLISH, SPANISH
from tests.classroom.explaining.inquiries import an_inquiry

PIECES = [[" un", 0.4], [" azul", 0.2], [" hermoso", 0.1], ["\n", 0.1], ["bytes:\\xc3", 0.1],
          ["<|endoftext|>", 0.1]]  # fmt: skip


def asked(temperature=0.7, **wanted):
    preferences = Preferences(temperature=0.7, **{"top_k": 0, "top_p": 1.0, **wanted})
    view, found = {"temperature": temperature}, {"pieces": PIECES}
    return an_inquiry(Subject.PROBABILITIES, preferences=preferences, view=view, found=found)


def test_shares_are_drawn_as_the_engine_draws():
    shares = [0.5, 0.25, 0.25]
    assert drawn_shares(shares, 1.0, 0, 1.0) == pytest.approx(shares)
    assert drawn_shares(shares, 0.5, 0, 1.0) == pytest.approx([4 / 6, 1 / 6, 1 / 6])
    assert drawn_shares(shares, 1.0, 2, 1.0) == pytest.approx([2 / 3, 1 / 3, 0])
    assert drawn_shares(shares, 1.0, 0, 0.5) == [1, 0, 0]
    assert drawn_shares(shares, 1.0, 0, 0.6) == pytest.approx([2 / 3, 1 / 3, 0])
    assert drawn_shares(shares, 0.0, 0, 1.0) == [1, 0, 0]
    # Top-p is of what top-k leaves.
    assert drawn_shares(shares, 1.0, 2, 0.6) == [1, 0, 0]


def test_what_is_not_known_takes_its_share():
    drawn = drawn_shares([0.5, 0.1], 1.0, 0, 1.0)
    assert drawn == pytest.approx([0.5, 0.1])
    assert sum(drawn_shares([0.5, 0.1], 1.3, 0, 1.0)) < 0.6


@given(
    st.lists(st.floats(1e-4, 1), min_size=1, max_size=40),
    st.floats(0, 2),
    st.integers(0, 60),
    st.floats(0.05, 1),
    st.floats(0, 1, exclude_max=True),
)
def test_any_settings_leave_something_to_draw(raw, temperature, top_k, top_p, chance):
    shares = sorted((one / sum(raw) for one in raw), reverse=True)
    drawn = drawn_shares(shares, temperature, top_k, top_p)
    assert len(drawn) == len(shares)
    assert math.isclose(sum(drawn), 1, rel_tol=1e-6)
    assert drawn == sorted(drawn, reverse=True)
    if top_k:
        assert sum(one > 0 for one in drawn) <= top_k
    assert drawn[drawn_number(drawn, chance)] > 0


def test_the_picture_says_it_and_the_caption_says_the_same():
    shown = probabilities.shown(asked(top_p=0.5), SPANISH)
    picture = shown.picture
    assert picture.title == "Después de «El mar es»"
    assert [bar.label for bar in picture.bars] == ["·un", "·azul", "·hermoso", "↵", "▯", "(fin)"]
    assert [bar.figure for bar in picture.bars][:3] == ["40 %", "20 %", "10 %"]
    assert [bar.is_cut for bar in picture.bars] == [False] + 5 * [True]
    assert picture.cut == "hasta aquí, el 50 %"
    assert picture.legend[1] == "con creatividad 0,7, top-p 0,5"
    assert shown.text == (
        "Las 6 piezas más probables después de «El mar es». Barra azul: su probabilidad. Punto "
        "naranja: la que queda con creatividad 0,7, top-p 0,5. A rayas: las que tus ajustes no "
        "dejan salir. La primera es «un», con un 40 %; las 6 suman un 100 %."
    )
    english = probabilities.shown(asked(top_k=2), ENGLISH)
    assert english.picture.cut == "down to here, 2 pieces"
    assert "at creativity 0.7, top-k 2. Striped" in english.text
    assert "A rayas" not in probabilities.shown(asked(), SPANISH).text


def test_a_press_turns_the_temperature():
    labels = [button.label for button in probabilities.shown(asked(), SPANISH).buttons[0]]
    assert labels == ["0,2", "✓ 0,7", "1,3"]
    turn = probabilities.pressed(asked(), "t:1.3", SPANISH)
    assert (turn.view, turn.is_new) == ({"temperature": 1.3}, False)
    for action in ("t:1.1", "t:x", "t", "z"):
        with pytest.raises(ValueError, match=r"^(t|z|could not)"):
            probabilities.pressed(asked(), action, SPANISH)


def test_a_drawn_piece_is_gone_on_from():
    turn = probabilities.pressed(asked(temperature=0.0), "d", SPANISH)
    assert turn.toast == "Ha salido «un»: tenía un 40 %."
    assert (turn.text, turn.is_new) == ("El mar es un", True)
    # Pressed twice before the answer is there, it is the same draw.
    draws = {probabilities.pressed(asked(temperature=2.0), "d", SPANISH).toast for _ in range(9)}
    assert len(draws) == 1


def test_a_service_that_does_not_tell():
    silent = an_inquiry(Subject.PROBABILITIES, view={"temperature": 1}, found={"pieces": []})
    assert probabilities.shown(silent, SPANISH).text == (
        "El servicio que escribe aquí no enseña las probabilidades."
    )
