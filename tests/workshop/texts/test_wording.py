import random

import pytest

from bot.workshop.texts.wording import (
    ASKING,
    UNSEEN_ASKING,
    ask_for,
    contract,
    drop_accents,
    is_noun_phrase,
    vary,
)


def test_accents_go_and_the_enye_stays():
    assert drop_accents("La cigüeña y el Ñandú") == "La cigueña y el Ñandu"


@pytest.mark.parametrize(
    ("said", "written"),
    [("de el mar", "del mar"), ("a el mar", "al mar"), ("de él", "de él"), ("de ella", "de ella")],
)
def test_prepositions_contract_with_the_article_alone(said, written):
    assert contract(said) == written


@pytest.mark.parametrize(
    ("topic", "asking", "asked"),
    [
        ("el mar", "háblame de {}", "háblame del mar"),
        ("Los robots", "{} y yo", "Los robots y yo"),
        ("las olas", "¿Cómo es {}?", "¿Cómo son las olas?"),
        ("la paz", "¿Qué es {}?", "¿Qué es la paz?"),
    ],
)
def test_a_noun_phrase_is_asked_for_in_correct_spanish(topic, asking, asked):
    assert ask_for(topic, asking) == asked


def test_questions_and_claims_are_no_noun_phrases():
    assert is_noun_phrase("La paz")
    assert not is_noun_phrase("¿Qué es la paz?")
    assert not is_noun_phrase("escribe sobre la paz")


def test_ways_of_asking_that_judge_are_never_taught():
    assert not {way.lower() for way in ASKING} & {way.lower() for way in UNSEEN_ASKING}


def test_wordings_vary_but_keep_the_noun():
    wordings = {vary("el océano", random.Random(seed)) for seed in range(300)}
    assert len(wordings) > 40
    assert all("oceano" in drop_accents(wording.lower()) for wording in wordings)
    assert "el océano" in wordings


def test_a_topic_that_is_to_be_copied_keeps_its_letters():
    for seed in range(100):
        assert "Ñaúblo" in vary("el Ñaúblo", random.Random(seed), hasty=False)
