"""The same topic as another person would type it."""

import random
import re
import unicodedata

_ARTICLE = re.compile(r"^(el|la|los|las|un|una|unos|unas) ", re.IGNORECASE)
_NOUN_PHRASE = re.compile(r"^(el|la|los|las|un|una|mi|mis|nuestro|nuestra) \S", re.IGNORECASE)

ASKING = (
    "escribe sobre {}", "Escribe sobre {}", "escribe un texto sobre {}", "redacción sobre {}",
    "Redacción: {}", "háblame de {}", "una redacción de {}", "Trabajo sobre {}", "describe {}",
    "haz un texto de {}", "algo sobre {}", "tema: {}", "Todo sobre {}", "¿Qué sabes de {}?",
    "¿Cómo es {}?", "La importancia de {}", "la importancia de {}", "¿Por qué importa {}?",
    "Mi experiencia con {}", "Un día con {}", "una tarde con {}", "{} en mi vida", "{} y yo",
    "Lo mejor de {}", "Los problemas de {}", "ventajas y desventajas de {}", "ensayo de {}",
    "Opinión sobre {}", "Historia de {}", "¿Para qué sirve {}?", "Lo que sé de {}",
    "El mundo de {}", "un texto corto de {}", "Curiosidades de {}", "¿Qué opinas de {}?",
    "explica {}", "La vida sin {}", "una historia de {}", "lo bueno y lo malo de {}",
    "Por qué me interesa {}", "qué es {}", "¿Qué es {}?", "El secreto de {}", "recuerdos de {}",
)  # fmt: skip
"""Ways of asking for a noun phrase that the model meets in training."""

UNSEEN_ASKING = (
    "necesito una redacción sobre {}",
    "Cuéntame cosas de {}",
    "deberes de lengua: {}",
    "¿Qué puedes decir de {}?",
)
"""Ways kept out of training, to ask for a learnt topic in a wording that the model never met."""


def drop_accents(text: str) -> str:
    """Take the accents off, as a hasty typist does; ñ stays."""
    kept = text.replace("ñ", "\0").replace("Ñ", "\1")
    bare = "".join(
        character
        for character in unicodedata.normalize("NFD", kept)
        if not unicodedata.combining(character)
    )
    return bare.replace("\0", "ñ").replace("\1", "Ñ")


_PLURAL = re.compile(r"^(los|las|mis) ", re.IGNORECASE)
_PLURAL_VERBS = {"es": "son", "importa": "importan", "sirve": "sirven", "interesa": "interesan"}


def contract(text: str) -> str:
    """Write "de el" as "del" and "a el" as "al"."""
    return re.sub(r"\b([dD])e el\b", r"\1el", re.sub(r"\b([aA]) el\b", r"\1l", text))


def is_noun_phrase(topic: str) -> bool:
    """Whether a topic can stand behind "escribe sobre"."""
    return _NOUN_PHRASE.match(topic) is not None and not re.search(r"[¿?:;.]", topic)


def ask_for(topic: str, asking: str) -> str:
    """Put a noun phrase into one of the ways of asking."""
    if _PLURAL.match(topic):
        asking = " ".join(_PLURAL_VERBS.get(word, word) for word in asking.split(" "))
    asked = contract(asking.format(topic[:1].lower() + topic[1:]))
    return asked[:1].upper() + asked[1:] if asking.startswith("{}") else asked


def vary(topic: str, rng: random.Random, *, hasty: bool = True) -> str:
    """Return a wording of a topic as somebody may type it.

    Args:
        topic: A wording from a card or a composition.
        rng: Decides what is changed; about a fifth of the topics stay as they are.
        hasty: Whether accents and case may be lost too; not where a text must copy the topic.
    """
    draw = rng.random
    if is_noun_phrase(topic) and draw() < 0.4:
        topic = ask_for(topic, rng.choice(ASKING))
    elif draw() < 0.15:
        topic = _ARTICLE.sub("", topic)
    if topic.startswith("¿") and draw() < 0.35:
        topic = topic[1:] if draw() < 0.5 else topic.strip("¿?")
    if not hasty:
        return topic
    case = draw()
    if case < 0.35:
        topic = topic[:1].upper() + topic[1:]
    elif case < 0.6:
        topic = topic.lower()
    elif case < 0.62:
        topic = topic.upper()
    if draw() < 0.2:
        topic = drop_accents(topic)
    if draw() < 0.12 and topic[-1:].isalnum():
        topic += "."
    return topic
