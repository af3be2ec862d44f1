from dataclasses import replace

import pytest

from bot.workshop.texts.cards import load_cards
from bot.workshop.texts.checking import (
    check_all,
    check_doubles,
    check_fitness,
    check_form,
    check_held_out,
    check_spelling,
)
from bot.workshop.texts.held_out import HeldOutTopic, load_held_out
from bot.workshop.texts.spelling import DICTIONARY, load_dictionary


def changed(card, letter, line):
    return replace(card, lines={**card.lines, letter: (line, *card.lines[letter][1:])})


def test_the_texts_have_no_fault():
    assert check_all() == []


@pytest.mark.skipif(
    not DICTIONARY.with_suffix(".dic").exists(), reason="needs Debian's hunspell-es"
)
def test_the_cards_are_spelt_as_the_dictionary_says():
    assert list(check_spelling(load_cards(), [], load_dictionary())) == []


@pytest.mark.parametrize(
    "line",
    ["sin mayúscula.", "Sin punto", "Con  dos espacios.", "«Sin cerrar.", "Sale de el mar."],
)
def test_an_ill_formed_line_is_found(sea, line):
    assert {fault.kind for fault in check_form([changed(sea, "P", line)], [])} == {"form"}


def test_a_line_that_stands_twice_is_found(sea, cards):
    other = next(card for card in cards if card is not sea)
    faults = list(check_doubles([sea, changed(other, "D", sea.lines["D"][0])], []))
    assert [(fault.topic, fault.what) for fault in faults] == [(other.topic, sea.lines["D"][0])]


def test_what_is_unfit_for_pupils_is_found(sea):
    (fault,) = check_fitness([changed(sea, "U", "Vendían cocaína en el puerto.")], [])
    assert fault.kind == "unfit"


def test_a_record_on_a_held_out_topic_is_refused(sea):
    held_out = [HeldOutTopic("noun", True, "el calamar gigante", ())]
    near = replace(sea, topics=("los calamares", "el calamar gigante y yo", "el calamar"))
    assert list(check_held_out([sea], [], held_out)) == []
    assert [fault.kind for fault in check_held_out([near], [], held_out)] == ["held out"]


def test_an_unknown_word_in_small_letters_is_found_and_a_name_is_not(sea):
    card = changed(sea, "L", "En Valparaíso se vió un pez.")
    faults = check_spelling([card], [], lambda word: word != "vió")
    assert [fault.what for fault in faults] == ["vió"]


def test_the_held_out_topics_are_of_eight_forms_half_of_them_near():
    topics = load_held_out()
    assert len(topics) == 60
    assert len({topic.form for topic in topics}) == 8
    assert sum(topic.near for topic in topics) == 30
    assert all(15 <= len(topic.words) <= 25 for topic in topics)
