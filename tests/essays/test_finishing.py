"""How a raw text becomes one that a person likes to read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.essays import finishing


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("  El   mar \t azul ", "El mar azul"),
        ("Uno .  Dos , tres !", "Uno. Dos, tres!"),
        ("¿ Qué es « el mar » ?", "¿Qué es «el mar»?"),
        ("A\r\n\r\n\r\n\r\nB \n C", "A\n\nB\nC"),
        ("ma\ufffdr\x00\u200b", "mar"),
        ("\n\n", ""),
    ],
)
def test_clean(raw, clean):
    assert finishing.clean(raw) == clean


@given(st.text())
def test_cleaning_twice_changes_nothing(text):
    once = finishing.clean(text)
    assert finishing.clean(once) == once


@given(st.text(alphabet=st.characters(categories=["L", "N"])))
def test_cleaning_keeps_every_letter_and_digit(text):
    assert finishing.clean(text) == text


def test_count_words():
    assert finishing.count_words("El físico-químico llegó, ¡a las 10! — y se fue.") == 9


def test_sentence_ends_pass_over_abbreviations():
    text = "El Sr. Gómez vino. «¿Cuándo?» No sé… dijo J. R. Ruiz. Fin"
    sentences = [text[:end] for end in finishing.sentence_ends(text)]
    assert sentences[0] == "El Sr. Gómez vino."
    assert sentences[-1].endswith("Ruiz.")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("El mar y el mar y el mar y el mar y", "El mar y"),
        ("Hola. Me gusta el mar azul. Sí. Me gusta el mar azul. No. Me gusta el mar azul.",
         "Hola. Me gusta el mar azul. Sí."),
        ("muy muy muy muy muy muy muy muy muy", "muy"),
    ],
)  # fmt: skip
def test_a_loop_is_cut_after_its_first_turn(text, kept):
    start = finishing.loop_start(text)
    assert start is not None
    assert text[:start].strip() == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        "El mar es azul. El mar es hondo. El mar es mío.",
        "Sí, sí, sí, claro que sí.",
        "Dijo que no. Dijo que sí. No sé. No sé. No sé.",
    ],
)
def test_what_is_said_for_effect_is_no_loop(text):
    assert finishing.loop_start(text) is None


def test_a_text_runs_to_130_percent_and_ends_with_a_sentence():
    text = "Uno dos tres. Cuatro cinco seis. Siete ocho nueve diez. Once doce"
    assert finishing.finish(text) == "Uno dos tres. Cuatro cinco seis. Siete ocho nueve diez."
    assert (
        finishing.finish(text, words=10)
        == "Uno dos tres. Cuatro cinco seis. Siete ocho nueve diez."
    )
    assert finishing.finish(text, words=6) == "Uno dos tres. Cuatro cinco seis."
    assert finishing.finish(text, words=1) == "Uno dos tres."


def test_a_text_that_is_too_long_ends_with_a_paragraph_where_one_ends_in_time():
    text = "Uno dos tres.\n\nCuatro cinco seis.\n\nSiete.\n\nOcho nueve. Diez once doce trece."
    assert finishing.finish(text, words=6) == "Uno dos tres.\n\nCuatro cinco seis.\n\nSiete."
    assert finishing.finish(text, words=8).endswith("Ocho nueve.")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("El mar es azul. Hay olas. El mar es azul. Fin.", "El mar es azul. Hay olas. Fin."),
        ("No sé. No sé. No sé.", "No sé. No sé. No sé."),
        ("El mar es azul.\n\n¡El mar es azul!\n\nHay muchas olas aquí.",
         "El mar es azul.\n\nHay muchas olas aquí."),
        ("El mar es azul. Sí.\n\nEl mar es azul. Hay olas y", "El mar es azul. Sí.\n\nHay olas y"),
    ],
)  # fmt: skip
def test_no_sentence_is_said_twice(text, kept):
    assert finishing.say_once(text) == kept


def test_a_text_without_a_sentence_end_gets_an_ellipsis():
    assert finishing.finish("El mar es hermoso, pero") == "El mar es hermoso, pero…"
    assert finishing.finish("  ") == ""


@given(st.text(), st.integers(1, 50))
def test_a_finished_text_ends_well(text, words):
    finished = finishing.finish(text, words)
    assert finished == "" or finished.rstrip("\"'»”’)]")[-1] in ".!?…"
