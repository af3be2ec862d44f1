"""The essay grammar writes correct, deterministic, coherent Spanish."""

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.workshop.grammar.finish import contract, finish
from bot.workshop.grammar.headers import FRAMES, frame_prompt, parse_prompt
from bot.workshop.grammar.lexicon import Lexicon, invented_noun
from bot.workshop.grammar.library import Numbering, load_domains, load_generic
from bot.workshop.grammar.nouns import inflect, parse_noun
from bot.workshop.grammar.template import TemplateError, parse_template
from bot.workshop.grammar.topics import as_typed
from bot.workshop.grammar.writer import STYLE_WEIGHTS, EssayGrammar, drop_subjects

SEEDS = st.integers(min_value=0, max_value=2**32)

# Wrong whatever noun follows, so they show a lapse in agreement or contraction anywhere.
WRONG = re.compile(
    r"\b(?:de|a) el (?=[a-záéíóúñ])|\b(?:el|los|la|las|un|una) (?:el|los|la|las|un|una)\b"
    r"|\bel (?:playa|amistad|escuela|familia)\b|\b(?:la|las) (?:mar|pescadores|libros|agua)\b"
    r"|\blos amistad\b|  | ,| \.(?!\.)|[\[\]{}|]"
)


@pytest.fixture(scope="module")
def grammar() -> EssayGrammar:
    return EssayGrammar.load()


@given(seed=SEEDS)
@settings(max_examples=150, deadline=None)
def test_every_essay_is_clean(grammar: EssayGrammar, seed: int) -> None:
    essay = grammar.write_essay(random.Random(seed))
    assert WRONG.search(essay.text) is None, essay.text
    assert essay.text[-1] in ".!?"
    assert "\n" not in essay.topic
    assert essay.text == essay.text.strip()
    for paragraph in essay.text.split("\n\n"):
        assert paragraph.lstrip("¿¡«—")[0].isupper() or essay.style == "poema", paragraph


@given(seed=SEEDS)
@settings(max_examples=40, deadline=None)
def test_the_same_seed_writes_the_same_essay(grammar: EssayGrammar, seed: int) -> None:
    first = grammar.write_essay(random.Random(seed))
    assert first == grammar.write_essay(random.Random(seed))


@given(seed=SEEDS)
@settings(max_examples=60, deadline=None)
def test_no_long_sentence_stands_twice(grammar: EssayGrammar, seed: int) -> None:
    essay = grammar.write_essay(random.Random(seed), "ensayo")
    sentences = [s for s in re.split(r"(?<=[.!?])\s+", essay.text) if s.count(" ") > 6]
    assert len(sentences) == len(set(sentences))


@given(seed=SEEDS)
@settings(max_examples=60, deadline=None)
def test_the_record_gives_back_its_header(grammar: EssayGrammar, seed: int) -> None:
    essay = grammar.write_essay(random.Random(seed))
    assert parse_prompt(essay.record) == (essay.style, essay.topic, essay.words, essay.text)
    assert essay.words % 50 == 0


@pytest.mark.parametrize("style", sorted(STYLE_WEIGHTS))
def test_essays_name_their_topic_after_the_first_paragraph(
    grammar: EssayGrammar, style: str
) -> None:
    named = 0
    for seed in range(60):
        rng = random.Random(seed)
        noun = parse_noun("las garlopas: cosa")
        essay = grammar.write_about(rng, noun, "", style)
        rest = essay.text.split("\n\n", 1)[-1]
        named += "garlopas" in rest
    assert named >= 57


@pytest.mark.parametrize("style", sorted(STYLE_WEIGHTS))
def test_lengths_stay_in_reach_of_the_context(grammar: EssayGrammar, style: str) -> None:
    lengths = [
        len(grammar.write_essay(random.Random(seed), style).text.split()) for seed in range(150)
    ]
    assert min(lengths) >= 35
    assert max(lengths) <= 760


def test_topics_take_many_forms(grammar: EssayGrammar) -> None:
    topics = {grammar.write_essay(random.Random(seed)).topic for seed in range(300)}
    assert len(topics) > 290
    assert any(topic.endswith("?") for topic in topics)
    assert any(topic.islower() for topic in topics)


def test_every_template_fits_some_topic() -> None:
    numbering = Numbering()
    for domain in (load_generic(numbering), *load_domains(numbering)):
        templates = [one for group in domain.templates.values() for one in group]
        assert all(template.kinds and template.stances for template in templates)
        for noun in domain.themes:
            assert noun.bare


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("voy a el mar de el norte", "voy al mar del norte"),
        ("de El Salvador a Él", "de El Salvador a Él"),
        ("padres y hijos, uno o otro", "padres e hijos, uno u otro"),
        ("agua y hielo", "agua y hielo"),
    ],
)
def test_contractions(text: str, written: str) -> None:
    assert contract(text) == written


def test_sentences_start_with_a_capital() -> None:
    assert finish("el mar llama. ¿por qué? «no sé», digo.") == (
        "El mar llama. ¿Por qué? «No sé», digo."
    )


@pytest.mark.parametrize(
    ("adjective", "forms"),
    [
        ("hermoso", ("hermoso", "hermosa", "hermosos", "hermosas")),
        ("trabajador", ("trabajador", "trabajadora", "trabajadores", "trabajadoras")),
        ("feliz", ("feliz", "feliz", "felices", "felices")),
        ("fiel", ("fiel", "fiel", "fieles", "fieles")),
        ("verde", ("verde", "verde", "verdes", "verdes")),
        ("común", ("común", "común", "comunes", "comunes")),
        ("joven", ("joven", "joven", "jóvenes", "jóvenes")),
    ],
)
def test_adjectives_agree(adjective: str, forms: tuple[str, str, str, str]) -> None:
    assert inflect(adjective) == forms


def test_nouns_carry_article_and_agreement() -> None:
    water = parse_noun("el agua (f): naturaleza")
    assert (water.definite, water.indefinite, water.agreement) == ("el agua", "un agua", 1)
    assert parse_noun("leer: accion").definite == "leer"
    with pytest.raises(ValueError, match="unknown kind"):
        parse_noun("el mar: charco")


@pytest.mark.parametrize("text", ["{tema", "[a|b", "a]b", "{nada}", "@charco: a", "{a|b|c}"])
def test_malformed_templates_are_refused(text: str) -> None:
    with pytest.raises(TemplateError):
        parse_template(text, 0)


def test_tags_limit_a_template() -> None:
    template = parse_template("@!gente #malo: {tema} duele{n}", 0)
    assert "gente" not in template.kinds
    assert template.stances == {"malo"}
    assert template.mentions == 1


def test_a_repeated_subject_is_dropped() -> None:
    assert drop_subjects("Veo el mar porque el mar une.", "el mar") == "Veo el mar porque une."
    assert drop_subjects("Voy porque el mar une.", "el mar") == "Voy porque el mar une."


def test_frames_ask_with_topic_and_words() -> None:
    assert set(FRAMES) == set(STYLE_WEIGHTS)
    for style, frame in FRAMES.items():
        assert "{topic}" in frame["prompt"]
        assert frame_prompt(style, "El mar\n", 310).endswith("Tema: El mar\n\n")
    assert "300 palabras" in frame_prompt("ensayo", "El mar", 310)
    with pytest.raises(KeyError):
        frame_prompt("oda", "El mar", 100)


@given(seed=SEEDS)
@settings(max_examples=80, deadline=None)
def test_typed_topics_keep_their_letters(seed: int) -> None:
    typed = as_typed("¿Por qué vuelan las cigüeñas en otoño?", random.Random(seed))
    assert re.sub(r"\W", "", typed).lower()[:3] == "por"
    assert "ñ" in typed.lower()


@given(seed=SEEDS)
@settings(max_examples=200, deadline=None)
def test_invented_nouns_look_like_nouns(seed: int) -> None:
    rng = random.Random(seed)
    noun = invented_noun(rng)
    assert re.fullmatch(r"[A-Za-zÁÉÍÓÚáéíóúüñ]+(?: [A-ZÁÉÍÓÚ][a-záéíóúüñ]+)?", noun.bare), noun
    assert re.fullmatch(r"[a-záéíóúüñ]+", Lexicon.load().blend(rng).bare)
