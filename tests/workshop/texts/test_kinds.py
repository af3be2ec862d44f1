import random

import pytest

from bot.workshop.texts.cards import LINES_OF
from bot.workshop.texts.kinds import (
    KindFormError,
    load_kinds,
    load_sentences,
    parse_kind,
    parse_sentences,
)
from bot.workshop.texts.slots import Noun, SlotError, fill, plural_of

GROUPS = "\n".join(
    f"{letter}: {{El}} canta{{n}} baj{{o}} {letter}{at}."
    for letter, count in LINES_OF.items()
    for at in range(count)
)
BIRDS = f"# ave\nN: el mirlo, la urraca, el águila (f)\nT: ¿Por qué canta{{n}} {{el}}?\n{GROUPS}"


@pytest.mark.parametrize(
    ("noun", "line", "filled"),
    [
        ("el mirlo", "{El} vuela{n} sol{o}.", "El mirlo vuela solo."),
        ("la urraca", "Voy {al}, hablo {del}.", "Voy a la urraca, hablo de la urraca."),
        ("el mirlo", "Hablo {del}, voy {al}.", "Hablo del mirlo, voy al mirlo."),
        ("el águila (f)", "{Un} así: ver{lo} alt{o}.", "Un águila así: verla alta."),
        ("el águila (f)", "¿{este}, {es} lenta{s}?", "¿Esta águila, es lenta?"),
        ("las tijeras", "{El} {está} rot{o} y {un} cortaría{n}.",
         "Las tijeras están rotas y unas tijeras cortarían."),
        ("España (f)", "{El} {es} bell{o}; voy {al} y vuelvo {del}.",
         "España es bella; voy a España y vuelvo de España."),
        ("los bolos", "{Este} {ha} caído; {x} grande{s}.",
         "Estos bolos han caído; bolos grandes."),
    ],
)  # fmt: skip
def test_a_line_agrees_with_any_noun(noun, line, filled):
    assert fill(line, Noun.parse(noun).slots()) == filled


@pytest.mark.parametrize(
    ("one", "many"),
    [("faro", "faros"), ("café", "cafés"), ("luz", "luces"), ("camión", "camiones"),
     ("árbol", "árboles"), ("tren", "trenes"), ("lunes", "lunes"), ("autobús", "autobuses"),
     ("rey", "reyes"), ("imagen", None), ("robot", None)],
)  # fmt: skip
def test_the_plural_is_told_where_the_rules_tell_it(one, many):
    assert plural_of(one) == many


def test_plurals_of_phrases_and_of_what_is_not_counted_are_not_made():
    assert Noun.parse("el tren de vapor").plural() is None
    assert not parse_kind(BIRDS.replace("# ave", "# ave\nuncountable"), "ave").plurals
    kind = parse_kind(BIRDS, "ave")
    every = {noun.phrase for noun in kind.plurals}
    assert every <= {"los mirlos", "las urracas", "las águilas"}


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (BIRDS.replace("el mirlo", "mirlo"), SlotError),
        (BIRDS.replace("baj{o}", "baj{a}", 1), SlotError),
        (BIRDS.replace("baj{o}", "baj{o", 1), SlotError),
        (BIRDS + "\nX: nada.", KindFormError),
        (BIRDS.replace("F: ", "A: "), KindFormError),
        (BIRDS.replace("N: el mirlo, la urraca, el águila (f)", ""), KindFormError),
    ],
)
def test_a_kind_that_is_not_of_the_form_is_refused(text, error):
    with pytest.raises(error):
        parse_kind(text, "ave")


def test_a_sentence_is_written_about_in_one_voice_with_its_own_things():
    lines = "\n".join(
        f"{letter}: Dicen «{{t}}» y pienso en {{{1 + at % 2}}} {letter}{at}."
        for letter, count in LINES_OF.items()
        for at in range(max(2, count))
    )
    topics = "S: Perro ladrador | el perro\nS: El pez y el mar | el pez | el mar"
    text = f"# refranes\n{topics}\n## una\n{lines}"
    kind = parse_sentences(text, "refranes")
    one, two = kind.sentences
    card = kind.card(one, kind.voices[0])
    assert all("el perro" in line for lines in card.lines.values() for line in lines)
    both = kind.card(two, kind.voices[0])
    assert sum(map(len, both.lines.values())) > sum(map(len, card.lines.values()))
    assert "«El pez y el mar»" in both.lines["A"][0]


@pytest.mark.parametrize("kind", load_kinds(), ids=lambda kind: kind.name)
def test_every_line_of_every_kind_is_right_for_nouns_of_every_gender_and_number(kind):
    for noun in {(n.feminine, n.is_plural): n for n in (*kind.nouns, *kind.plurals)}.values():
        card = kind.card(noun)
        for line in (line for lines in card.lines.values() for line in lines):
            assert "{" not in line
            assert not any(wrong in f" {line} " for wrong in (" de el ", " a el ")), line
    assert not set(kind.nouns) & set(kind.unseen)


def test_what_is_shipped_is_wide_enough():
    kinds, sentences = load_kinds(), load_sentences()
    assert len(kinds) >= 45
    assert sum(len(kind.nouns) for kind in kinds) > 4000
    assert sum(len(kind.unseen) for kind in kinds) > 100
    assert {kind.name for kind in sentences if kind.sentences} >= {"refranes", "preguntas"}
    assert [kind.name for kind in sentences if not kind.sentences] == ["desconocido"]


def test_a_draw_asks_for_the_noun_that_its_essay_is_about():
    rng = random.Random(1)
    for kind in load_kinds():
        noun, topic = kind.draw(rng)
        assert noun.words.lower() in topic.lower()
