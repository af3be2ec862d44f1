import random

import pytest

from bot.workshop.texts.forms import STYLES, FormError, load_forms, parse_forms, set_out
from bot.workshop.texts.kinds import load_kinds
from bot.workshop.texts.slots import Noun, SlotError

TEXT = """# animales
kinds: ave, reptil

## cuento: la tormenta
1: {El} dormía{n}.
1: Nadie veía {al}.
2?: Llovía.
--
3: Alma llegó.
4: Y {lo} vio.

## poema: verso
1: {El} / vuela{n} / muy / alto.
2: uno / dos / tres / y.
3: uno / dos / tres / o.
4: adiós, / {x}, / adiós, / adiós.

## noticia: un vecino
1: Ven {un} en la plaza
--
2: Ayer.
3: Hoy.
4: Mañana.
"""
BIRD = Noun.parse("la urraca")


def test_a_text_has_its_steps_in_order_and_its_paragraphs():
    story = parse_forms(TEXT, "animales")[0]
    assert story.kinds == {"ave", "reptil"}
    long = set_out(story.write(BIRD, 100, random.Random(1)))
    first = long.split(". Llovía.")[0]
    assert first in {"La urraca dormía", "Nadie veía a la urraca"}
    assert long.endswith(". Llovía.\n\nAlma llegó. Y la vio.")
    short = set_out(story.write(BIRD, 5, random.Random(1)))
    assert short.endswith(".\n\nAlma llegó. Y la vio.")
    assert "Llovía" not in short


def test_a_poem_is_in_stanzas_and_only_those_inside_may_be_left_out():
    poem = parse_forms(TEXT, "animales")[1]
    assert set_out(poem.write(BIRD, 1, random.Random(1))) == (
        "La urraca\nvuela\nmuy\nalto.\n\nAdiós,\nurraca,\nadiós,\nadiós."
    )
    assert len(poem.write(BIRD, 100, random.Random(1))) == 4


def test_news_are_asked_for_by_their_headline():
    news = parse_forms(TEXT, "animales")[2]
    assert news.headlines == ("Ven {un} en la plaza",)
    assert set_out(news.write(BIRD, 100, random.Random(1))) == "Ayer. Hoy. Mañana."


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (TEXT.replace("cuento", "novela"), FormError),
        (TEXT.replace("3: Alma", "4: Alma"), FormError),
        (TEXT.replace("3: Alma", "Alma"), FormError),
        (TEXT.replace("kinds: ave, reptil", ""), FormError),
        (TEXT.replace("3: Hoy.\n4: Mañana.\n", ""), FormError),
        (TEXT.replace("{lo}", "{la}"), SlotError),
    ],
)
def test_what_is_not_of_the_form_is_refused(text, error):
    with pytest.raises(error):
        parse_forms(text, "animales")


def test_every_kind_has_a_story_a_poem_and_news():
    kinds, forms = load_kinds(), load_forms()
    for style in STYLES:
        covered = {kind for form in forms if form.style == style for kind in form.kinds}
        assert covered == {kind.name for kind in kinds}
