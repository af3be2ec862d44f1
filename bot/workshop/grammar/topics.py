"""What students ask for: forms of topics, and how they are typed."""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass

from bot.workshop.grammar.finish import contract
from bot.workshop.grammar.nouns import Noun
from bot.workshop.grammar.scene import Scene
from bot.workshop.grammar.template import STANCES

_EVERYDAY = frozenset(
    [
        "actividad",
        "accion",
        "comida",
        "arte",
        "lugar",
        "tiempo",
        "saber",
        "animal",
        "planta",
        "cosa",
        "naturaleza",
        "tecnica",
        "cualquiera",
    ]
)
_TWO_SIDED = frozenset(
    ["tecnica", "cosa", "actividad", "accion", "lugar", "tiempo", "comida", "cualquiera", "animal"]
)
_GOOD = tuple(stance for stance in STANCES if stance != "malo")


@dataclass(frozen=True, slots=True)
class Form:
    """A form of topic.

    Attributes:
        name: Suffix of the keys `tema_…` and `apertura_…`.
        weight: Relative frequency.
        stances: Attitudes that fit.
        kinds: Kinds of noun that it suits; None for all.
    """

    name: str
    weight: float
    stances: tuple[str, ...] = _GOOD
    kinds: frozenset[str] | None = None


FORMS = (
    Form("nombre", 22),
    Form("importancia", 12, ("valor", "valor", "cuidado", "curioso")),
    Form("ventajas", 5, ("dos",), _TWO_SIDED),
    Form("favorito", 6, ("gusto",), _EVERYDAY),
    Form("contra", 4, ("dos", "curioso")),
    Form("dos", 10, ("valor", "curioso", "dos")),
    Form("siglo", 6, ("curioso", "cuidado", "dos")),
    Form("pregunta", 10, ("valor", "curioso")),
    Form("afirmacion", 20, ("valor", "dos", "dos", "cuidado")),
    Form("titulo", 8, ("gusto", "valor", "curioso")),
    Form("instruccion", 9),
    Form("refran", 1, ("valor", "curioso")),
)
BAD_FORMS = (Form("nombre", 4, ("malo",)), Form("mal", 8, ("malo",)))
PERSON_FORMS = (Form("persona", 1, ("valor", "curioso")),)
CITY_FORMS = (Form("ciudad", 1, ("gusto", "valor", "curioso")),)


_PLAIN_STYLES = frozenset({"cuento", "descripcion", "poema"})
_PLAIN_FORMS = (
    Form("nombre", 50),
    Form("titulo", 18, ("gusto", "valor", "curioso")),
    Form("instruccion", 14),
    Form("dos", 10, ("valor", "curioso", "dos")),
    Form("favorito", 4, ("gusto",), _EVERYDAY),
    Form("afirmacion", 6, ("valor", "dos")),
)
"""Forms for stories, descriptions and poems, which do not weigh what a claim says."""


def choose_form(noun: Noun, rng: random.Random, style: str = "ensayo") -> tuple[Form, str]:
    """Draws a form of topic and a stance that suit a noun and a style."""
    if noun.bad:
        forms: tuple[Form, ...] = BAD_FORMS
    elif noun.kind == "persona":
        forms = PERSON_FORMS
    elif noun.kind == "ciudad":
        forms = CITY_FORMS
    else:
        every = _PLAIN_FORMS if style in _PLAIN_STYLES else FORMS
        forms = tuple(form for form in every if form.kinds is None or noun.kind in form.kinds)
    form = rng.choices(forms, [form.weight for form in forms])[0]
    return form, form.stances[int(rng.random() * len(form.stances))]


def state_topic(scene: Scene, form: Form) -> str:
    """Writes the topic of a scene in print (capital, question marks, no final dot) and binds it.

    Afterwards the scene's templates may take up exactly those words that the topic contains.
    """
    template = scene.draw(f"tema_{form.name}")
    if template is None:
        scene.settle(set())
        asunto = scene.words["tema"]
    else:
        scene.settle(template.slots | {"asunto", "asunto_min"})
        asunto = contract(scene.render(template))
    lower = asunto
    for at, character in enumerate(asunto):
        if character.isalpha():
            asunto = asunto[:at] + character.upper() + asunto[at + 1 :]
            break
    if not scene.noun.has_article and lower.startswith(scene.noun.bare) and lower[0].isupper():
        scene.words["asunto_min"] = lower
    else:
        scene.words["asunto_min"] = lower[0].lower() + lower[1:]
    scene.words["asunto"] = asunto
    return asunto


def _plain(text: str) -> str:
    """Drops accents but keeps ñ."""
    kept = text.replace("ñ", "\0").replace("Ñ", "\1")
    decomposed = unicodedata.normalize("NFD", kept)
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return bare.replace("\0", "ñ").replace("\1", "Ñ")


def as_typed(topic: str, rng: random.Random) -> str:
    """Gives a topic as a student may type it: lower case, without accents, with a final dot."""
    draw = rng.random
    if draw() < 0.45:
        return topic
    if topic.startswith("¿") and draw() < 0.6:
        topic = topic[1:]
    if draw() < 0.5:
        topic = topic.lower() if draw() < 0.6 else topic[0].lower() + topic[1:]
    elif draw() < 0.04:
        topic = topic.upper()
    if draw() < 0.22:
        topic = _plain(topic)
    if draw() < 0.2 and topic[-1].isalnum():
        topic += "."
    return topic
