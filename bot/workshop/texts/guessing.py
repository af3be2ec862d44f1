"""Texts about words that nobody knows: honest guesses around the word, which is copied whole.

A small model is asked for things that it cannot know: a rare name, a slip of the finger, a
sentence in another language. Here it learns to repeat such words letter by letter inside correct
sentences, and to say lightly that it is guessing.
"""

import random
from collections.abc import Mapping, Sequence

from bot.workshop.texts.cards import Card
from bot.workshop.texts.slots import Noun, fill

Lines = Mapping[str, tuple[str, ...]]
_BY_NOUN = 0.4

_BEGINNINGS = """
b br c ch cr d dr f fl g gr gl j l ll m n ñ p pl pr qu r s t tr v z
"""
_ONSETS = _BEGINNINGS.split()
_VOWELS = ["a", "e", "i", "o", "u", "a", "e", "o", "ia", "ue"]
_CODAS = ["", "", "", "", "n", "r", "l", "s", "m"]
_MASCULINE = ("o", "o", "o", "or", "ón", "ete", "ín", "aje", "al", "ismo")
_FEMININE = ("a", "a", "a", "era", "ina", "ción", "dad", "eza", "illa", "ía")
_FOREIGN = (
    "the {x} is blue", "my {x} and me", "what is a {x}?", "le {x} de la mer", "how to make {x}",
    "I love {x}", "das {x} ist gut", "the history of {x}", "il {x} perduto", "a day with {x}",
)  # fmt: skip
_PHRASES = (
    "{el} y {el2}", "la importancia {del}", "{el} de mi {n2}", "el efecto {N}", "la ley de {N}",
    "{n2} de {x}", "¿qué es {el}?", "¿Para qué sirve {el}?", "{el} de {N}", "la ciudad de {N}",
    "cómo se usa {el}", "el profesor {N}", "{el} es mejor que {el2}", "historia {del}",
)  # fmt: skip

_NOUN_LINES: Mapping[str, tuple[str, ...]] = {
    "A": (
        "Sobre {el} tengo más preguntas que respuestas.",
        "{El} me suena a algo, pero no sabría decir a qué.",
        "Nadie de mi clase ha visto nunca {un}, y yo tampoco.",
    ),
    "Q": (
        "Supongo que {un} puede ser una cosa, un lugar o hasta un animal.",
        "{El} será quizá algo conocid{o} en otra parte, y aquí llega sin explicación.",
    ),
    "P": (
        "Me imagino {el} pequeñ{o} y algo ruidos{o}, aunque solo es una idea mía.",
        "Si tuviera {un} delante, primero {lo} miraría y después preguntaría.",
        "Quizá {el} sea antigu{o} y por eso su nombre resulta tan raro.",
    ),
    "U": (
        "Alguien tuvo que ser el primero en hablar {del}.",
        "Seguro que hay quien usa {el} cada día y no entiende mi sorpresa.",
        "Para dibujar {un} me faltarían datos, pero no ganas.",
    ),
    "E": (
        "Soñé que encontraba {un} en la mochila. Al despertar ya no recordaba cómo era.",
        "Vera apostó a que {el} se comía. Yo aposté a que se tocaba, y no lo supimos.",
    ),
    "O": (
        "Pienso que {el} merece una segunda lectura, porque de lo desconocido también se aprende.",
        "Me gustaría conocer {el} de cerca, porque los nombres solos no bastan.",
    ),
    "F": (
        "Quizá un día {el} y yo nos encontremos de verdad.",
        "Guardo {el} en la lista de las cosas por descubrir.",
    ),
}  # fmt: skip


def invent_word(rng: random.Random, ending: str) -> str:
    """Return a word that Spanish does not have but could."""
    syllables = [
        rng.choice(_ONSETS) + rng.choice(_VOWELS) + rng.choice(_CODAS)
        for _ in range(rng.choice((1, 1, 2)))
    ]
    word = "".join(syllables) + rng.choice(_ONSETS[:-1]) + ending
    return word.replace("quu", "qu").replace("qua", "cua").replace("quo", "co")


def invent_noun(rng: random.Random) -> Noun:
    """Return a noun that Spanish does not have, with its gender."""
    feminine = rng.random() < 0.5
    word = invent_word(rng, rng.choice(_FEMININE if feminine else _MASCULINE))
    return Noun(word, "la" if feminine else "el", feminine)


def invent_card(rng: random.Random, voices: Sequence[Lines]) -> Card:
    """Return a card on a topic that nobody knows: a noun, a phrase, or foreign words.

    Args:
        rng: Decides about everything.
        voices: Ways of writing about an unknown word: lines with the slot ``{t}``.
    """
    noun = invent_noun(rng)
    slots = noun.slots()
    draw = rng.random()
    if draw < 0.5:
        topic = noun.phrase
    elif draw < 0.85:
        other = invent_word(rng, rng.choice(_MASCULINE))
        names = {"el2": f"el {other}", "n2": other, "N": other.capitalize()}
        topic = fill(rng.choice(_PHRASES), {**slots, **names})
    else:
        topic = fill(rng.choice(_FOREIGN), slots)
    by_noun = draw < 0.5 and rng.random() < _BY_NOUN
    voice = rng.choice(voices)
    lines = {
        letter: tuple(
            fill(line, {**slots, "t": topic})
            for line in (*voice[letter], *(_NOUN_LINES.get(letter, ()) if by_noun else ()))
        )
        for letter in voice
    }
    return Card((topic, topic, topic), lines, "")
