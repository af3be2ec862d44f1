import random

from hypothesis import given
from hypothesis import strategies as st

from bot.training.framing import Framing, ideas_of, main_noun, read_framing, split_title

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
    assert read_framing(frames) == Framing(("Ensayo: {topic}", "Cuento: {topic}"))
    assert read_framing({**frames, "ideas": "Ideas: {ideas}.\n\n"}).ideas == "Ideas: {ideas}.\n\n"
    assert read_framing(None) == read_framing({}) == Framing()


TALE = (
    "El barco salió del puerto con la niebla. El capitán miraba las olas y una gaviota seguía al "
    "barco. En la bodega, los marineros cosían las velas rotas junto a un farol."
)


def test_each_exposure_is_a_little_different() -> None:
    framing = Framing(PROMPTS, "Ideas: {ideas}.\n\n")
    text = f"El viaje\n\n{TALE * 3}"
    variants = framing.vary(text, 40, random.Random(1))
    assert len(variants) == 40
    assert all(variant.endswith(TALE * 3) for variant in variants)
    assert all("viaje" in variant.split("\n")[1].lower() for variant in variants)
    headings = {variant.split("\n\n")[0] for variant in variants}
    assert len(headings) > 8
    with_ideas = [variant for variant in variants if "Ideas: " in variant]
    assert 15 < len(with_ideas) < 37
    assert len({variant.split("Ideas: ")[1].split(".")[0] for variant in with_ideas}) > 5
    assert framing.vary(text, 3, random.Random(1)) == framing.vary(text, 3, random.Random(1))


def test_a_text_that_is_headed_stays_as_often_as_it_comes() -> None:
    text = "Poema.\nTema: El mar\n\nOlas que van"
    assert Framing(PROMPTS).vary(text, 3, random.Random(1)) == [text] * 3


def test_ideas_are_nouns_of_the_text_in_their_order() -> None:
    for seed in range(20):
        found = ideas_of(TALE, "El barco", random.Random(seed))
        assert 4 <= len(found) <= 7
        places = [TALE.lower().index(f" {noun}") for noun in found]
        assert places == sorted(places)
        assert "barco" not in found
    assert ideas_of("El mar es grande.", "El mar", random.Random(1)) == []
