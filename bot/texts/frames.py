"""What is put around a topic when a model folder brings no ``redactor.json`` of its own."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FrameTexts:
    """Frames per style, by the values of ``Style``.

    Attributes:
        openings: For models that just go on from a text: the beginning of the text, with
            ``{topic}``. The reader sees it too. The topic itself is GPT-2's own way.
        instructions: For models that follow instructions: what is asked, with ``{topic}`` and
            ``{words}``.
    """

    openings: Mapping[str, str]
    instructions: Mapping[str, str]


SPANISH = FrameTexts(
    openings={
        "ensayo": "{topic}",
        "cuento": "Cuento: {topic}\n\nHabía una vez",
        "descripcion": "Descripción: {topic}\n\nLo primero que se ve es",
        "argumentacion": "{topic}\n\nHay buenas razones para defenderlo. En primer lugar,",
        "poema": "Poema: {topic}\n\n",
        "carta": "Carta: {topic}\n\nQuerida amiga:\n\n",
        "noticia": "Noticia: {topic}\n\n",
        "explicacion": "{topic}\n\nPara entenderlo conviene empezar por el principio.",
    },
    instructions={
        "ensayo": (
            "Escribe en español un ensayo escolar de unas {words} palabras sobre este tema: "
            "{topic}\n"
            "Solo el texto, en párrafos, sin título ni comentarios."
        ),
        "cuento": (
            "Escribe en español un cuento de unas {words} palabras sobre este tema: {topic}\n"
            "Con principio, nudo y final. Solo el cuento, sin título ni comentarios."
        ),
        "descripcion": (
            "Escribe en español una descripción de unas {words} palabras sobre este tema: "
            "{topic}\n"
            "Con detalles de lo que se ve, se oye y se siente. Solo el texto, sin comentarios."
        ),
        "argumentacion": (
            "Escribe en español un texto argumentativo de unas {words} palabras sobre este tema: "
            "{topic}\n"
            "Una tesis, razones a favor, una objeción y una conclusión. Solo el texto, sin "
            "comentarios."
        ),
        "poema": (
            "Escribe en español un poema de unas {words} palabras sobre este tema: {topic}\n"
            "En versos. Solo el poema, sin título ni comentarios."
        ),
        "carta": (
            "Escribe en español una carta de unas {words} palabras sobre este tema: {topic}\n"
            "Con saludo y despedida. Solo la carta, sin comentarios."
        ),
        "noticia": (
            "Escribe en español una noticia de unas {words} palabras sobre este tema: {topic}\n"
            "Qué pasó, a quién, cuándo, dónde y por qué, en tono neutro. Solo la noticia, sin "
            "comentarios."
        ),
        "explicacion": (
            "Escribe en español una explicación de unas {words} palabras sobre este tema: "
            "{topic}\n"
            "Clara y en tono neutro: qué es, causas, consecuencias y un ejemplo. Solo el texto, "
            "sin título ni comentarios."
        ),
    },
)

ENGLISH = FrameTexts(
    openings={
        "ensayo": "{topic}",
        "cuento": "Story: {topic}\n\nOnce upon a time",
        "descripcion": "Description: {topic}\n\nThe first thing one sees is",
        "argumentacion": "{topic}\n\nThere are good reasons for it. First of all,",
        "poema": "Poem: {topic}\n\n",
        "carta": "Letter: {topic}\n\nDear friend,\n\n",
        "noticia": "News: {topic}\n\n",
        "explicacion": "{topic}\n\nTo understand it, it helps to begin at the beginning.",
    },
    instructions={
        "ensayo": (
            "Write a school essay of about {words} words in English on this topic: {topic}\n"
            "Only the text, in paragraphs, without a title or comments."
        ),
        "cuento": (
            "Write a short story of about {words} words in English on this topic: {topic}\n"
            "With a beginning, a middle and an end. Only the story, without a title or comments."
        ),
        "descripcion": (
            "Write a description of about {words} words in English on this topic: {topic}\n"
            "With details of what one sees, hears and feels. Only the text, without comments."
        ),
        "argumentacion": (
            "Write an argumentative text of about {words} words in English on this topic: "
            "{topic}\n"
            "A thesis, reasons for it, an objection and a conclusion. Only the text, no comments."
        ),
        "poema": (
            "Write a poem of about {words} words in English on this topic: {topic}\n"
            "In verse. Only the poem, without a title or comments."
        ),
        "carta": (
            "Write a letter of about {words} words in English on this topic: {topic}\n"
            "With a greeting and a farewell. Only the letter, without comments."
        ),
        "noticia": (
            "Write a news item of about {words} words in English on this topic: {topic}\n"
            "What happened, to whom, when, where and why, in a neutral tone. Only the item, "
            "without comments."
        ),
        "explicacion": (
            "Write an explanation of about {words} words in English of this topic: {topic}\n"
            "Clear and neutral: what it is, causes, consequences and an example. Only the text, "
            "without a title or comments."
        ),
    },
)
