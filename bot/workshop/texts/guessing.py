"""Texts about words that nobody knows: honest guesses around the word, which is copied whole.

A small model is asked for things that it cannot know: a rare name, a slip of the finger, a
sentence in another language. Here it learns to repeat such words letter by letter inside correct
sentences, and to say lightly that it is guessing.
"""

import random
from collections.abc import Mapping

from bot.workshop.texts.cards import Card
from bot.workshop.texts.wording import contract

_BEGINNINGS = """
b br c ch cr d dr f fl g gr gl j l ll m n ñ p pl pr qu r s t tr v z
"""
_ONSETS = _BEGINNINGS.split()
_VOWELS = ["a", "e", "i", "o", "u", "a", "e", "o", "ia", "ue"]
_CODAS = ["", "", "", "", "n", "r", "l", "s", "m"]
_MASCULINE = ("o", "o", "o", "or", "ón", "ete", "ín", "aje", "al", "ismo")
_FEMININE = ("a", "a", "a", "era", "ina", "ción", "dad", "eza", "illa", "ía")
_FOREIGN = (
    "the {} is blue", "my {} and me", "what is a {}?", "le {} de la mer", "how to make {}",
    "I love {}", "das {} ist gut", "the history of {}", "il {} perduto", "a day with {}",
)  # fmt: skip
_PHRASES = (
    "{el} y {el2}", "la importancia {del}", "{el} de mi {n2}", "el efecto {N}", "la ley de {N}",
    "{n2} de {n1}", "¿qué es {el}?", "¿Para qué sirve {el}?", "{el} de {N}", "la ciudad de {N}",
    "cómo se usa {el}", "el profesor {N}", "{el} es mejor que {el2}", "historia {del}",
)  # fmt: skip

_LINES: Mapping[str, tuple[str, ...]] = {
    "A": (
        "De «{t}» sé muy poco, así que voy a escribir lo que me imagino.",
        "No estoy seguro de qué es «{t}», pero intentaré adivinarlo.",
        "Nunca me habían pedido un texto sobre «{t}».",
        "«{t}» no está entre las cosas que conozco, y por eso me da curiosidad.",
        "Antes de escribir sobre «{t}» tengo que confesar que solo puedo suponer.",
        "Hay temas que uno conoce de memoria y otros, como «{t}», que hay que inventar un poco.",
        "Leo «{t}» y me quedo con el lápiz en el aire.",
    ),
    "Q": (
        "Puede que «{t}» sea algo muy corriente en otro lugar, aunque aquí nadie hable de ello.",
        "No lo he encontrado en mi cuaderno, de modo que todo lo que sigue es una suposición.",
        "Quizá «{t}» tenga un significado exacto que un libro explicaría en dos líneas.",
        "Tal vez la respuesta esté en una enciclopedia, y convendría buscarla antes de creerme.",
    ),
    "P": (
        "Si digo «{t}» en voz alta, suena a palabra que alguien guardó mucho tiempo.",
        "Las letras de «{t}» me hacen pensar en un mapa con caminos que se cruzan.",
        "Escribo «{t}» despacio, letra por letra, para no equivocarme.",
        "Imagino que detrás de «{t}» hay una historia que alguien sabría contar mejor.",
        "Cuando no sé algo, empiezo por el nombre: «{t}» es lo único seguro que tengo.",
    ),
    "U": (
        "Le preguntaría a la bibliotecaria dónde se habla de «{t}».",
        "Sobre «{t}» haría tres preguntas: qué es, de dónde viene y a quién le sirve.",
        "Un diccionario, una profesora o un buen mapa podrían aclarar la duda.",
        "En clase lo buscaríamos entre todos y apuntaríamos la fuente al pie de la página.",
    ),
    "E": (
        "Pregunté en casa por «{t}». Mi padre dijo una cosa, mi hermana otra, y abrimos el "
        "diccionario.",
        "Escribí «{t}» en la pizarra. Nadie levantó la mano, pero todos copiaron la palabra.",
        "Mi abuela oyó «{t}» y se rio. Dijo que aún le quedaban palabras por estrenar.",
    ),
    "O": (
        "Creo que es mejor reconocer una duda que llenar una hoja de mentiras.",
        "Me gusta que existan temas como «{t}», porque obligan a preguntar.",
        "Prefiero decir «no lo sé» y buscarlo después que inventar un dato.",
    ),
    "F": (
        "Mañana buscaré «{t}» y corregiré lo que haga falta.",
        "Dejo «{t}» subrayado en la libreta, con un signo de interrogación al lado.",
        "Si alguien sabe qué es «{t}», que me lo cuente: tengo sitio en la página.",
        "Por hoy, «{t}» sigue siendo una pregunta.",
    ),
}  # fmt: skip

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


def invent_card(rng: random.Random) -> Card:
    """Return a card on a topic that nobody knows: a noun, a phrase, or foreign words."""
    feminine = rng.random() < 0.5
    noun = invent_word(rng, rng.choice(_FEMININE if feminine else _MASCULINE))
    el, un, lo, o = ("la", "una", "la", "a") if feminine else ("el", "un", "lo", "o")
    draw = rng.random()
    if draw < 0.5:
        topic = f"{el} {noun}"
    elif draw < 0.85:
        other = invent_word(rng, rng.choice(_MASCULINE))
        topic = contract(
            rng.choice(_PHRASES).format(
                el=f"{el} {noun}", el2=f"el {other}", n1=noun, n2=other, N=other.capitalize(),
                **{"del": f"de {el} {noun}"},
            )
        )  # fmt: skip
    else:
        topic = rng.choice(_FOREIGN).format(noun)
    words = {"t": topic, "el": f"{el} {noun}", "El": f"{el.capitalize()} {noun}",
             "un": f"{un} {noun}", "lo": lo, "o": o, "del": f"de {el} {noun}"}  # fmt: skip
    by_noun = draw < 0.5
    lines = {
        letter: tuple(
            contract(line.format(**words))
            for line in (*quoting, *(_NOUN_LINES.get(letter, ()) if by_noun else ()))
        )
        for letter, quoting in _LINES.items()
    }
    return Card((topic, topic, topic), lines | {"L": (), "D": (), "B": (), "M": ()}, "")
