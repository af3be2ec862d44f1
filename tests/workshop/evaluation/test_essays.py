import pytest

from bot.workshop.evaluation.essays import (
    DICTIONARY,
    content_words,
    figures_of,
    load_dictionary,
    names_topic,
    stem,
)
from bot.workshop.evaluation.report import EssayResult, share_naming_new_words
from bot.workshop.evaluation.verbatim import Verbatim
from bot.workshop.evaluation.written import WrittenEssay

TOPIC = "El mar es hermoso, pero esclavo para los pescadores que trabajan en ella"
ESSAY = "El mar es grande.\n\nCada pescador lo sabe. El mar da trabajo. El mar da trabajo a todos."


def test_content_words_say_what_a_topic_is_about() -> None:
    assert content_words(TOPIC) == ("mar", "hermoso", "esclavo", "pescadores", "trabajan")
    assert content_words("El mar") == ("mar",)


@pytest.mark.parametrize(
    ("one", "other"),
    [("pescadores", "pescador"), ("ríos", "rio"), ("luces", "luc"), ("abejas", "abeja")],
)
def test_number_and_accents_don_t_matter(one: str, other: str) -> None:
    assert stem(one) == stem(other)


def test_different_words_stay_different() -> None:
    assert len({stem(word) for word in ("mar", "mal", "casa", "caso", "pesca", "pescador")}) >= 5


def test_a_topic_must_come_again_after_the_first_paragraph() -> None:
    assert figures_of(ESSAY, TOPIC, lambda _: True).names_topic_again
    only_first = "Los pescadores salen.\n\nTodo es azul."
    assert not figures_of(only_first, TOPIC, lambda _: True).names_topic_again
    assert not figures_of("Los pescadores salen.", TOPIC, lambda _: True).names_topic_again
    assert names_topic("Las abejas", "Vi una abeja.")
    assert not names_topic("Las abejas", "Vi unas ovejas.")


def test_only_words_that_no_training_text_has_count_as_new() -> None:
    def result(topic: str, text: str) -> EssayResult:
        return EssayResult(WrittenEssay(topic, 1, text, True), None, Verbatim(0, "", 0.0))

    counts = {"abejas": 0, "campo": 12, "casa": 40}
    named = result("Las abejas y el campo", "Uno.\n\nUna abeja vuela.")
    not_named = result("Las abejas y el campo", "Las abejas.\n\nEl campo es verde.")
    without_new = result("La casa", "Uno.\n\nLa casa.")
    assert share_naming_new_words([named, not_named, without_new], counts) == 0.5
    assert share_naming_new_words([without_new], counts) is None


def test_repetition_and_ends() -> None:
    figures = figures_of(ESSAY, TOPIC, lambda word: word != "mar")
    assert figures.words == 18
    assert figures.repeated_4grams == pytest.approx(1 / 15)
    assert figures.in_dictionary == pytest.approx(15 / 18)
    assert figures.ends_on_a_mark
    for end, expected in ((".»", True), ("?", True), ("…", True), (",", False), ("mar", False)):
        assert figures_of(f"El mar{end}", TOPIC, lambda _: True).ends_on_a_mark is expected


def test_the_spanish_dictionary_knows_spanish() -> None:
    if not DICTIONARY.with_suffix(".dic").exists():
        pytest.skip("hunspell-es is not installed")
    is_word = load_dictionary()
    assert all(map(is_word, ["El", "pescadores", "cantábamos", "cigüeña", "Madrid"]))
    assert not any(map(is_word, ["abeciones", "llatanos", "xqz"]))
