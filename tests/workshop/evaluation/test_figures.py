import pytest

from bot.workshop.evaluation.figures import TrainingTexts, count
from bot.workshop.evaluation.writing import Essay

LEARNT = "Las olas llegan a la playa y borran todas las huellas. El faro vigila la costa."
WORDS = {"el mar": ("ola", "faro", "barco"), "la sierra": ("pino",)}


def figures(text: str, *others: Essay):
    essays = [Essay("el mar", 1, text), *others]
    return count(essays, WORDS, TrainingTexts([LEARNT]), {"pino", "verde"}.__contains__)[0]


def test_words_of_the_topics_own_list_count_once_in_any_number():
    assert figures("Una ola, dos olas y un faro.").own_words == 2


def test_what_was_learnt_by_heart_is_told():
    found = figures(f"{LEARNT} Nadie había visto nunca aquello otra vez.")
    assert found.whole_sentences == pytest.approx(2 / 3)
    assert 0 < found.verbatim < 1
    assert figures("Nada de esto se leyó antes en ningún otro sitio.").verbatim == 0


def test_a_word_that_nobody_knows_is_counted():
    assert figures("pino verde olas xurtio").unknown == pytest.approx(1 / 4)


@pytest.mark.parametrize(
    ("text", "loops"),
    [
        ("El mar está muy lejos. Otra frase de cinco palabras. El mar está muy lejos.", True),
        ("y el mar que y el mar que y el mar que", True),
        ("El mar está muy lejos. La costa, en cambio, queda a dos pasos de casa.", False),
    ],
)
def test_loops(text, loops):
    assert figures(text).loops is loops


def test_a_sentence_with_another_noun_is_the_same_sentence():
    other = Essay("la sierra", 1, "Me gusta mucho la sierra. Allí hay pinos verdes y altos.")
    found = figures("Me gusta mucho el mar. Allí nadie tiene prisa nunca.", other)
    assert found.elsewhere == 0  # «la» is not «el»
    found = figures("Nada como mirar mar abierto. Allí nadie tiene prisa nunca.",
                    Essay("la sierra", 1, "Nada como mirar sierra abierto."))  # fmt: skip
    assert found.elsewhere == 0.5
    assert found.same_opening


def test_its_own_other_draws_make_no_sentence_common():
    assert figures("Nada como mirar el mar.", Essay("el mar", 2, "Nada como mirar el mar.")) == (
        figures("Nada como mirar el mar.")
    )


def test_a_line_with_slots_is_found_whatever_stands_in_them():
    training = TrainingTexts([], ["{El} vive{n} cerca {del} río grande. Mi tío {lo} vio ayer."])
    found = training.share_of_sentences("La nutria vive cerca de la orilla del río grande.")
    assert found == 1
    assert training.share_of_sentences("Mi tío la vio ayer.") == 1
    assert training.share_of_sentences("Mi tía la vio ayer.") == 0
