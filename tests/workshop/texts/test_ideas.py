import random
import re

from bot.workshop.texts.headers import header, ideas_line
from bot.workshop.texts.ideas import FEWEST, MOST, stem


def test_ideas_are_nouns_of_the_text_in_its_order_and_never_the_topic(sea, exposures):
    lines = [line for lines in sea.lines.values() for line in lines]
    words = re.findall(r"\w+", " ".join(lines).lower())
    for seed in range(40):
        ideas = exposures.finder.ideas(lines, "el mar", random.Random(seed))
        assert FEWEST <= len(ideas) <= MOST
        places = [words.index(idea) for idea in ideas]
        assert places == sorted(places)
        assert not {stem(idea) for idea in ideas} & {"mar"}


def test_a_text_with_too_few_nouns_has_no_ideas(exposures):
    assert exposures.finder.ideas(["No sé.", "Tal vez."], "la duda", random.Random(1)) == []


def test_phrases_are_telling_nouns_with_their_article(exposures):
    found = exposures.finder.phrases("Las olas rompen del lado de la arena.", 0.5)
    assert "las olas" in found
    assert all(phrase.split()[0] in ("el", "la", "los", "las", "un", "una") for phrase in found)


def test_the_header_rounds_the_length_and_the_plan_stands_on_a_line_of_its_own():
    assert header("descripcion", "El mar", 238) == "Descripción de 250 palabras.\nTema: El mar\n\n"
    assert header("ensayo", "El mar", 3).startswith("Ensayo de 50 palabras.")
    assert ideas_line(["olas", "redes"]) == "Ideas: olas, redes.\n\n"
    assert ideas_line([]) == ""
