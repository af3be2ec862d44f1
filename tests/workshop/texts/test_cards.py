import pytest

from bot.workshop.texts.cards import LINES_OF, CardFormError, parse_cards
from bot.workshop.texts.compositions import CompositionFormError, parse_compositions


def card_text(**changed: int) -> str:
    counts = dict(LINES_OF) | changed
    lines = [f"{letter}: Frase {at}." for letter, count in counts.items() for at in range(count)]
    return "\n".join(["### el faro | los faros | escribe sobre un faro", *lines])


def test_a_card_keeps_its_lines_by_group_in_their_order():
    (card,) = parse_cards(card_text(), "x.txt")
    assert card.topics == ("el faro", "los faros", "escribe sobre un faro")
    assert {letter: len(lines) for letter, lines in card.lines.items()} == LINES_OF
    assert card.lines["U"] == tuple(f"Frase {at}." for at in range(5))
    assert card.letter_of("Frase 4.") == "U"


@pytest.mark.parametrize(
    "text",
    [
        card_text(F=2),
        card_text(A=4),
        card_text() + "\nUna línea sin letra.",
        card_text() + "\nZ: Otra letra.",
        "### el faro | los faros\nA: Una.",
    ],
)
def test_a_card_that_is_not_of_the_form_is_refused(text):
    with pytest.raises(CardFormError):
        parse_cards(text, "x.txt")


def test_a_composition_is_parted_into_paragraphs_and_a_stanza_keeps_its_lines():
    text = "### poema | el mar | Versos\nUno,\ndos.\n\nTres,\ncuatro.\n\n### ensayo | la paz\nFin."
    poem, essay = parse_compositions(text, "x.txt")
    assert poem.style == "poema"
    assert poem.topics == ("el mar", "Versos")
    assert poem.paragraphs == ("Uno,\ndos.", "Tres,\ncuatro.")
    assert poem.text == "Uno,\ndos.\n\nTres,\ncuatro."
    assert essay.paragraphs == ("Fin.",)


@pytest.mark.parametrize(
    "text", ["### oda | el mar\nFin.", "### ensayo\nFin.", "### ensayo | x\n"]
)
def test_a_composition_without_style_topic_or_text_is_refused(text):
    with pytest.raises(CompositionFormError):
        parse_compositions(text, "x.txt")
