"""The corpus builder heads, filters and holds out."""

import lzma
import random
import re
from pathlib import Path

import pytest

from bot.workshop.grammar.build import SEPARATOR, build_corpus
from bot.workshop.grammar.drills import write_drill
from bot.workshop.grammar.headers import parse_prompt
from bot.workshop.grammar.heldout import (
    HELD_OUT_TOPICS,
    UNSEEN_TOPICS,
    is_held_out,
    names_unseen,
    same_topic,
)
from bot.workshop.grammar.lexicon import Lexicon
from bot.workshop.grammar.natural import SOURCES, TopicFinder, headed_passages

GARDEN = (
    "El jardín de la casa tenía muchas flores y un árbol muy alto. Cada tarde la niña bajaba al"
    " jardín con un libro y leía hasta que llegaba la noche. Las flores olían bien y el árbol daba"
    " sombra a toda la casa."
)
UNFIT = GARDEN.replace("muchas flores", "una pistola vieja")
UNSEEN = GARDEN.replace("muchas flores", "muchas abejas")


@pytest.fixture
def corpus_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for at, source in enumerate(SOURCES):
        records = [f"{GARDEN} Así fue el día {['uno', 'dos', 'tres'][at % 3]}."] * 4
        records += [UNFIT, UNSEEN]
        with lzma.open(folder / source.name, "wt", encoding="utf-8") as file:
            file.write("\n\f\n".join(records))
    return folder


def test_passages_are_headed_by_their_own_nouns(corpus_dir: Path) -> None:
    passages = list(headed_passages(corpus_dir, random.Random(1), unheaded_share=0.0))
    assert passages
    for passage in passages:
        parsed = parse_prompt(passage.record)
        assert parsed is not None
        style, topic, _, text = parsed
        assert style == "texto"
        words = re.findall(r"\w+", topic.lower())
        assert set(words) & {"jardín", "casa", "flores", "árbol"}
        assert all(word in text.lower() for word in words)


def test_unfit_and_unseen_passages_are_left_out(corpus_dir: Path) -> None:
    text = "\n".join(p.record for p in headed_passages(corpus_dir, random.Random(1)))
    assert "jardín" in text
    assert "pistola" not in text
    assert "abejas" not in text


def test_a_passage_that_repeats_no_noun_has_no_topic() -> None:
    finder = TopicFinder(Lexicon.load())
    assert finder.find("Ayer llovió mucho y nadie salió.", random.Random(1)) is None


@pytest.mark.timeout(240)
def test_the_corpus_does_not_depend_on_the_workers(corpus_dir: Path, tmp_path: Path) -> None:
    reports = []
    for workers in (1, 2):
        out = tmp_path / f"out{workers}"
        reports.append(
            build_corpus(corpus_dir, out, essays=60, held_out_essays=20, seed=3, workers=workers)
        )
    assert reports[0] == reports[1]
    first, second = tmp_path / "out1", tmp_path / "out2"
    names = sorted(str(path.relative_to(first)) for path in first.rglob("*.txt"))
    assert names == sorted(str(path.relative_to(second)) for path in second.rglob("*.txt"))
    for name in names:
        assert (first / name).read_bytes() == (second / name).read_bytes()

    assert reports[0].essays == 60
    assert 0 < reports[0].natural_share < 1
    essays = (first / "train" / "essays_000.txt").read_text(encoding="utf-8").split(SEPARATOR)
    assert len(essays) == 61
    assert all(parse_prompt(record) for record in essays[:-1])
    assert not any(
        names_unseen(path.read_text(encoding="utf-8")) for path in (first / "train").glob("*.txt")
    )
    topics = (first / "topics_heldout.txt").read_text(encoding="utf-8").splitlines()
    assert len(topics) >= 40
    assert set(UNSEEN_TOPICS) < set(topics)


def test_unseen_topics_name_an_unseen_word_and_the_others_none() -> None:
    assert all(names_unseen(topic) for topic in UNSEEN_TOPICS)
    assert not any(names_unseen(topic) for topic in HELD_OUT_TOPICS)


def test_a_topic_is_the_same_however_it_is_typed() -> None:
    assert same_topic("¿Por qué es importante leer?") == same_topic("por que es importante leer")


def test_about_the_asked_share_is_held_out() -> None:
    share = sum(is_held_out(f"texto {at}", 50) for at in range(5000)) / 5000
    assert 0.035 < share < 0.065


def test_a_drill_says_its_words_again_in_order() -> None:
    rng = random.Random(2)
    lexicon = Lexicon.load()
    drills = [write_drill(rng, lexicon) for _ in range(50)]
    assert not any(map(names_unseen, drills))
    for drill in drills:
        words = drill.split()
        rounds = [
            n for n in (2, 3) if len(words) % n == 0 and words == words[: len(words) // n] * n
        ]
        assert rounds, drill
    assert len({word for drill in drills for word in drill.split()}) > 500
