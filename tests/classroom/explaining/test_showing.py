"""What the messages say about pieces, attention, comparisons and the five steps."""

import pytest

from bot.classroom.explaining import attention, comparison, steps, tokens
from bot.essays.messages import utf16_units
from bot.storage.inquiries import Subject
from bot.storage.records import Preferences
from bot.texts import ENGLISH, SPANISH
from tests.classroom.explaining.inquiries import an_inquiry

PIECES = ["El", " mar", " es", " azul"]
WEIGHTS = [[[0.4, 0.3, 0.2, 0.1], [0.6, 0.1, 0.2, 0.1]], [[0.8, 0.0, 0.1, 0.1]] * 2]


def cut_out(shown, kind):
    """The parts of a text that are set in a way."""
    encoded = shown.text.encode("utf-16-le")
    spans = [(one["offset"], one["length"]) for one in shown.entities if one["type"] == kind]
    return [encoded[2 * at : 2 * (at + length)].decode("utf-16-le") for at, length in spans]


def looking(**view):
    found = {"pieces": PIECES, "upto": 4, "is_cut": False, "weights": WEIGHTS}
    return an_inquiry(Subject.ATTENTION, "El mar es azul", view=view, found=found)


def test_pieces_stand_beside_their_numbers():
    found = {"pieces": ["El", " mar", " her", "mos", "o"], "ids": [412, 880, 2930, 744, 53]}
    shown = tokens.shown(an_inquiry(Subject.TOKENS, "El mar hermoso", found=found), SPANISH)
    assert shown.text.startswith("14 letras y espacios, 5 piezas:\n")
    assert cut_out(shown, "pre") == [
        "El      412\n·mar    880\n·her   2930\nmos     744\no        53"
    ]
    (((button,),)) = shown.buttons
    assert button.copied == "/tokens 412 880 2930 744 53"
    many = {"pieces": ["a"] * 52, "ids": [1000] * 52}
    shown = tokens.shown(an_inquiry(Subject.TOKENS, "a" * 52, found=many), SPANISH)
    assert "\ny 12 más\n" in shown.text
    assert len(shown.buttons[0][0].copied) <= 256


def test_numbers_are_read():
    assert tokens.numbers_in("880 101") == tokens.numbers_in("880,101") == [880, 101]
    assert tokens.numbers_in("El 7 de julio") is None
    found = {"ids": [880, 101], "reading": " mar es"}
    shown = tokens.shown(an_inquiry(Subject.TOKENS, "880 101", found=found), SPANISH)
    assert shown.text == "880 101 se lee « mar es»."
    found = {"ids": [9_999_999], "reading": None}
    assert (
        "no es de ninguna pieza"
        in tokens.shown(an_inquiry(Subject.TOKENS, "9999999", found=found), SPANISH).text
    )


def test_attention_is_ranked_without_where_it_rests():
    shown = attention.shown(looking(), SPANISH)
    assert shown.picture.shares == pytest.approx([0.65, 0.1, 0.15, 0.1])
    assert list(shown.picture.ranked) == [2, 1]
    assert list(shown.picture.figures) == ["65 %", "10 %", "15 %", "10 %"]
    assert shown.text.startswith("Para seguir después de «azul»")
    assert "La que más: «es», un 15 %." in shown.text
    one = attention.shown(looking(layer=1, head=1), ENGLISH)
    assert list(one.picture.shares) == WEIGHTS[0][0]
    assert "Most of all at “mar”, 30%." in one.text
    assert [button.label for button in one.buttons[1]] == ["Layer: 1", "Head: 1"]


def test_layers_heads_and_pieces_go_round():
    view, seen = {}, []
    for _ in range(3):
        view = attention.pressed(looking(**view), "l").view
        seen.append(view["layer"])
    assert seen == [1, 2, None]
    assert attention.pressed(looking(), "p-").view == {"upto": 3}
    assert attention.pressed(looking(), "p+").view == {"upto": 1}
    assert attention.pressed(looking(), "p+").is_new
    with pytest.raises(ValueError, match="z"):
        attention.pressed(looking(), "z")


def test_a_service_without_attention_says_so():
    found = {"pieces": PIECES, "upto": 4, "is_cut": False, "weights": None}
    shown = attention.shown(an_inquiry(Subject.ATTENTION, found=found), SPANISH)
    assert shown.text == "El servicio que escribe aquí no enseña la atención."


@pytest.mark.parametrize(
    ("words", "knob", "topic"),
    [
        ("El mar", "temperature", "El mar"),
        ("top-k El mar", "top_k", "El mar"),
        ("Estilo El mar", "style", "El mar"),
        ("creatividad: El mar", "temperature", "El mar"),
        ("estilo", "style", ""),
    ],
)
def test_a_knob_is_named_by_the_first_word(words, knob, topic):
    assert comparison.knob_and_topic(words, SPANISH) == (knob, topic)


@pytest.mark.parametrize("knob", ["temperature", "top_k", "top_p", "style"])
def test_only_the_knob_differs(knob):
    one, *others = comparison.variants(Preferences(words=500, candidates=4), knob)
    assert (one.words, one.candidates) == (80, 1)
    for other in others:
        names = [n for n in Preferences.__slots__ if getattr(one, n) != getattr(other, n)]
        assert names == [knob]


@pytest.mark.parametrize("texts", [SPANISH, ENGLISH])
@pytest.mark.parametrize("knob", ["temperature", "top_k", "top_p", "style"])
def test_three_texts_fit_into_one_message(knob, texts):
    written = ["El mar 🌊 @ana " * 90] * 3
    view = {"knob": knob, "seed": 7}
    asked = an_inquiry(Subject.COMPARISON, "El mar " * 80, view=view, found={"texts": written})
    shown = comparison.shown(asked, texts)
    assert utf16_units(shown.text) <= 4096
    quoted = cut_out(shown, "expandable_blockquote")
    assert len(quoted) == 3
    assert all(text.startswith("El mar 🌊") and text.endswith("…") for text in quoted)
    assert "@ana" not in shown.text
    assert [b.label for row in shown.buttons for b in row if b.label.startswith("✓")] == [
        f"✓ {texts.explaining.comparison.buttons[knob]}"
    ]


def test_another_knob_or_seed_is_written_again():
    asked = an_inquiry(Subject.COMPARISON, view={"knob": "temperature", "seed": 7})
    assert comparison.pressed(asked, "k:top_p").view == {"knob": "top_p", "seed": 7}
    assert not comparison.pressed(asked, "k:temperature").is_new
    other = comparison.pressed(asked, "s")
    assert other.is_new
    assert other.view["seed"] != 7
    with pytest.raises(ValueError, match="k:words"):
        comparison.pressed(asked, "k:words")


def step(number, texts=SPANISH, **less):
    found = {
        "pieces": PIECES,
        "weights": WEIGHTS,
        "likely": [" un", 0.09],
        "vocabulary_size": 16000,
        "width": 384,
        "essay_pieces": 330,
        "pieces_per_s": 85,
        **less,
    }
    asked = an_inquiry(Subject.STEPS, "El mar es azul", view={"step": number}, found=found)
    return steps.shown(asked, texts)


def test_five_steps_with_the_numbers_of_this_model():
    said = [step(number).text for number in range(1, 6)]
    assert said[0] == (
        "1 de 5. Corto tu tema en piezas. «El mar es azul» son 4. Conozco 16\u00a0000 piezas, y "
        "cada una es un número."
    )
    assert "lista de 384 números" in said[1]
    assert "2 miradas a la vez, en 2 capas. Aquí la última mira sobre todo a «es»" in said[2]
    assert "La primera es «un», con un 9 %. Con creatividad 0,5" in said[3]
    assert "unas 330 veces para un texto como el tuyo, a 85 piezas por segundo." in said[4]
    english = [step(number, ENGLISH).text for number in range(1, 6)]
    assert all(text.startswith(f"{number} of 5. ") for number, text in enumerate(english, 1))
    labels = [[b.label for row in step(n).buttons for b in row] for n in (1, 3, 5)]
    assert labels == [
        ["Siguiente"], ["Ver el dibujo", "Siguiente"], ["Con mi frase", "Cerrar"]
    ]  # fmt: skip


def test_steps_without_numbers_say_less():
    none = {"weights": None, "likely": None, "vocabulary_size": None, "width": None,
            "pieces_per_s": None}  # fmt: skip
    said = [step(number, **none) for number in range(1, 6)]
    assert "no enseña la atención" in said[2].text
    assert "no enseña las probabilidades" in said[3].text
    assert [button.label for button in said[2].buttons[0]] == ["Siguiente"]
    assert "None" not in " ".join(one.text for one in said)
