import random
import re
from dataclasses import replace

from bot.workshop.teaching.judge import sentences_of
from bot.workshop.texts.exposures import Mixture
from bot.workshop.texts.guessing import invent_card
from bot.workshop.texts.requests import draw_request

HEADER = re.compile(r"[A-ZÑÁÉÍÓÚ][a-zñáéíóú]+ de \d+0 palabras\.\nTema: [^\n]+\n\n")


def test_every_taught_text_has_a_header_and_two_in_three_a_plan(exposures):
    rng = random.Random(1)
    texts = [exposures.of_card(rng) for _ in range(300)]
    assert all(HEADER.match(text) for text in texts)
    planned = sum("\n\nIdeas: " in text for text in texts) / len(texts)
    assert 0.5 < planned < 0.8


def test_the_length_asked_is_no_key_to_a_composition(exposures):
    one = replace(exposures, compositions=exposures.compositions[:1])
    rng = random.Random(2)
    asked = {HEADER.match(one.of_composition(rng))[0].split()[2] for _ in range(80)}
    assert len(asked) >= 3


def test_the_mixture_decides_what_is_drawn(exposures):
    rng = random.Random(3)
    assert exposures.draw(rng, Mixture(0, 0, 0, 1)) == "Una tarde de lluvia."
    guess = exposures.draw(rng, Mixture(0, 0, 1, 0))
    assert HEADER.match(guess)


def test_wishes_are_answered_by_a_card_that_has_what_they_name(exposures):
    rng = random.Random(4)
    kinds = set()
    for _ in range(400):
        request = draw_request(exposures.cards, exposures.finder, rng)
        lines = [line for lines in request.card.lines.values() for line in lines]
        assert request.topic not in lines
        if request.wanted is not None:
            kinds.add("thing")
            assert request.wanted in lines
            named = {word.lower() for word in request.topic.split()}
            assert named & {word.strip(".,;:«»").lower() for word in request.wanted.split()}
        elif " y " in request.topic and request.card.source == "":
            kinds.add("pair")
    assert kinds == {"thing", "pair"}


def test_the_same_seed_draws_the_same(exposures):
    mixture = Mixture(5, 3, 1, 1)
    one, other = (
        [exposures.draw(rng, mixture) for _ in range(30)]
        for rng in (random.Random(5), random.Random(5))
    )
    assert one == other


def test_a_guess_is_on_words_that_are_copied_whole(exposures):
    voices = exposures.sentences[0].voices
    for seed in range(60):
        card = invent_card(random.Random(seed), voices)
        lines = [line for lines in card.lines.values() for line in lines]
        assert not any("{" in line or " de el " in line for line in lines)
        assert sum(card.topic in line for line in lines) >= 5


def test_an_essay_of_a_kind_has_the_lines_of_the_card_too_where_there_is_one(exposures, cards):
    rng = random.Random(6)
    lines = (line for card in cards for lines in card.lines.values() for line in lines)
    own = {sentence for line in lines for sentence in sentences_of(line)}
    texts = [exposures.of_kind(rng) for _ in range(120)]
    assert all(HEADER.match(text) for text in texts)
    with_card = sum(not own.isdisjoint(sentences_of(text)) for text in texts)
    assert 0 < with_card < 60


def test_an_essay_on_a_sentence_quotes_it(exposures):
    rng = random.Random(7)
    texts = [exposures.of_sentence(rng) for _ in range(40)]
    topics = [text.split("Tema: ", 1)[1].split("\n", 1)[0] for text in texts]
    quoting = sum(topic.rstrip(".?").lower() in text.split("\n\n", 1)[1].lower()
                  for topic, text in zip(topics, texts, strict=True))  # fmt: skip
    assert quoting > 20


def test_a_form_is_headed_with_its_style_and_told_about_its_noun(exposures):
    rng = random.Random(8)
    texts = [exposures.of_form(rng) for _ in range(60)]
    assert all(HEADER.match(text) for text in texts)
    assert {text.split()[0] for text in texts} == {"Cuento", "Poema", "Noticia"}
