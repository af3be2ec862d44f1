from hypothesis import given
from hypothesis import strategies as st

from bot.training.framing import Framing, frame_prompts, main_noun, split_title

PROMPTS = ("Ensayo de {words} palabras.\nTema: {topic}\n\n", "Poema.\nTema: {topic}\n\n")
BODY = "La abuela cuenta historias. La abuela ríe y mi abuela canta. " * 10


def test_a_title_heads_its_text() -> None:
    text = f"Mi abuela\n\n{BODY.strip()}"
    assert Framing(PROMPTS).apply(text) == (
        f"Ensayo de 100 palabras.\nTema: Mi abuela\n\n{BODY.strip()}"
    )


def test_without_a_title_the_main_noun_does() -> None:
    assert (
        Framing(PROMPTS).apply(BODY).startswith("Ensayo de 100 palabras.\nTema: La abuela\n\nLa")
    )


def test_a_text_with_a_prompt_stays() -> None:
    text = "Poema.\nTema: El mar\n\nOlas que van\n\nOlas que vienen"
    assert Framing(PROMPTS).apply(text) == text
    assert Framing(()).apply(BODY) == BODY


@given(st.text())
def test_no_text_loses_its_end(text: str) -> None:
    framed = Framing(PROMPTS).apply(text)
    assert framed.endswith(split_title(text)[1])


def test_a_first_sentence_is_no_title() -> None:
    for text in (
        "El mar es grande.\nEl cielo también.",
        "Verso uno,\nverso dos,\nverso tres que es más largo que los otros dos versos",
        "Una sola línea",
    ):
        assert split_title(text) == ("", text)


def test_a_title_is_known_by_what_follows() -> None:
    assert split_title("# El mar\nEs grande y azul, y no se acaba nunca.")[0] == "El mar"
    assert split_title("¿Por qué leer?\n\nPorque leer es viajar sin salir de casa.")[0] == (
        "¿Por qué leer?"
    )


def test_empty_nouns_are_no_topic() -> None:
    assert main_noun("La misma cosa y la otra vez.") == ""
    assert main_noun("Vimos un barco; el barco era azul.") == "el barco"


def test_prompts_come_from_frames_with_essays_first() -> None:
    frames: dict[str, object] = {
        "frames": {
            "cuento": {"prompt": "Cuento: {topic}"},
            "ensayo": {"prompt": "Ensayo: {topic}"},
            "poema": {"prompt": "{topic}"},
            "raro": 3,
        }
    }
    assert frame_prompts(frames) == ("Ensayo: {topic}", "Cuento: {topic}")
    assert frame_prompts(None) == frame_prompts({}) == ()
