import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.workshop.texts.cards import load_cards
from bot.workshop.texts.composing import MOST_LINES, STYLES, compose

CARDS = load_cards()[:40]
CONNECTED = re.compile(r"(Además|Por otra parte|Sin embargo|En cambio|Eso sí|Aun así), (\w+)")


@given(
    seed=st.integers(0, 10**6),
    card=st.sampled_from(CARDS),
    words=st.integers(40, 420),
    style=st.sampled_from(STYLES),
)
def test_an_essay_is_made_of_lines_of_its_card_each_at_most_once(seed, card, words, style):
    essay = compose(card, random.Random(seed), words, style)
    everything = [line for lines in card.lines.values() for line in lines]
    assert len(set(essay.lines)) == len(essay.lines)
    assert set(essay.lines) <= set(everything)
    for line in essay.lines:
        assert line[1:] in essay.text


@given(seed=st.integers(0, 10**6), card=st.sampled_from(CARDS), words=st.integers(60, 350))
def test_an_essay_comes_within_a_line_of_its_length(seed, card, words):
    essay = compose(card, random.Random(seed), words)
    assert abs(essay.words - words) <= 45


@given(seed=st.integers(0, 10**6), card=st.sampled_from(CARDS))
def test_an_essay_opens_with_an_opening_and_ends_with_an_ending(seed, card):
    essay = compose(card, random.Random(seed), 250)
    assert essay.lines[0] in card.lines["A"]
    assert essay.text.endswith(essay.lines[-1])
    assert essay.lines[-1] in card.lines["F"]


@given(seed=st.integers(0, 10**6), card=st.sampled_from(CARDS), style=st.sampled_from(STYLES))
def test_no_paragraph_is_long_and_a_scene_ends_its_own(seed, card, style):
    essay = compose(card, random.Random(seed), 300, style)
    for paragraph in essay.text.split("\n\n"):
        inside = [line for line in essay.lines if line[1:] in paragraph]
        assert len(inside) <= MOST_LINES
        assert not any(line in card.lines["E"] for line in inside[:-1])


@given(seed=st.integers(0, 10**6), card=st.sampled_from(CARDS))
def test_a_connecting_word_is_followed_by_a_small_letter_and_never_by_a_name(seed, card):
    text = compose(card, random.Random(seed), 400).text
    for _, word in CONNECTED.findall(text):
        assert word[0].islower()


def test_a_wanted_line_comes_right_behind_the_opening(sea):
    wanted = sea.lines["U"][3]
    for seed in range(30):
        essay = compose(sea, random.Random(seed), 200, "ensayo", wanted)
        assert essay.lines.index(wanted) <= 1
        assert essay.lines.count(wanted) == 1


def test_a_letter_greets_and_takes_leave(sea):
    text = compose(sea, random.Random(4), 150, "carta").text
    first, *_, last = text.split("\n\n")
    assert first.endswith(":")
    assert re.fullmatch(r"[^\n]+,\n\w+", last)


def test_the_same_chance_gives_the_same_essay(sea):
    one, other = (compose(sea, random.Random(9), 250).text for _ in range(2))
    assert one == other
    assert compose(sea, random.Random(10), 250).text != one


@pytest.mark.parametrize("style", STYLES)
def test_one_card_gives_very_many_essays(sea, style):
    texts = {compose(sea, random.Random(seed), 250, style).text for seed in range(50)}
    assert len(texts) == 50
