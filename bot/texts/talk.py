"""What the bot answers to what is no topic: greetings, thanks, wishes about an essay."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TalkTexts:
    """One sentence or two for each kind of talk.

    Attributes:
        greeting: From a first name.
        thanks: To somebody who says thank you.
        goodbye: From a first name.
        who: To somebody who asks what the bot is.
        what_about: To a yes, a no, a laugh, an emoji.
        rather_a_topic: To an insult.
        nothing_yet: There is no essay to do anything with.
        wishes: What can be done with an essay, to a wish that is not understood.
    """

    greeting: Callable[[str], str]
    thanks: str
    goodbye: Callable[[str], str]
    who: str
    what_about: str
    rather_a_topic: str
    nothing_yet: str
    wishes: str


SPANISH = TalkTexts(
    greeting=lambda name: f"Hola, {name}. Dame un tema y escribo sobre él.",
    thanks="De nada.",
    goodbye=lambda name: f"Hasta pronto, {name}.",
    who=(
        "Soy un programa que escribe eligiendo palabra tras palabra. No soy una persona, y no sé "
        "si lo que digo es verdad."
    ),
    what_about="¿Sobre qué quieres que escriba?",
    rather_a_topic="Prefiero un tema. ¿Sobre qué escribo?",
    nothing_yet="Todavía no tengo ningún texto tuyo. Dame un tema y empiezo.",
    wishes=(
        "Con un texto mío puedo hacer esto: otra, continuar, más corto, más largo, en verso o "
        "como cuento."
    ),
)

ENGLISH = TalkTexts(
    greeting=lambda name: f"Hello, {name}. Give me a topic and I write about it.",
    thanks="You're welcome.",
    goodbye=lambda name: f"See you, {name}.",
    who=(
        "I'm a program that writes by choosing word after word. I'm not a person, and I don't "
        "know whether what I say is true."
    ),
    what_about="What would you like me to write about?",
    rather_a_topic="I'd rather have a topic. What shall I write about?",
    nothing_yet="I don't have a text of yours yet. Give me a topic and I begin.",
    wishes=(
        "With a text of mine I can do this: another, continue, shorter, longer, in verse or as a "
        "story."
    ),
)
