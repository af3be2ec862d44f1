"""What the training text must not contain, so that copying an unseen topic can be measured."""

from __future__ import annotations

import re
import zlib

UNSEEN_STEMS = (
    "abeja", "colmena", "ornitorrinco", "patineta", "kayak", "quinua", "quinoa", "telescopio",
    "podcast", "bufanda", "trapeci", "acordeón", "acordeon", "termita", "sandía", "sandia",
    "helicóptero", "helicoptero", "dron", "murciélago", "murcielago", "origami", "ciclovía",
    "ciclovia", "saxof", "koala", "canguro", "karate", "xilófono", "espantapájaro",
    "espantapajaro", "paracaíd", "paracaid", "ukelele", "zanahoria", "escarabajo", "submarin",
    "grafiti", "caleidoscopi", "carpincho", "erizo", "dominó", "trampolín", "trampolin",
    "bumerán", "cangrejo", "iglú", "hámster", "hamster",
)  # fmt: skip
"""Beginnings of words that stand in no training text."""

HELD_OUT_TOPICS = (
    "El mar es hermoso, pero esclavo para los pescadores que trabajan en ella",
    "La amistad y la soledad",
    "¿Por qué es importante leer?",
    "Un verano sin teléfono",
    "La importancia de dormir bien",
    "Ventajas y desventajas de la inteligencia artificial",
    "Mi abuela y sus recetas",
    "El silencio de la biblioteca",
    "Gabriela Mistral y la escuela rural",
    "Valparaíso y sus cerros",
    "La vida en el campo es tranquila, pero dura para los jóvenes que quieren estudiar",
    "El fútbol une a los vecinos de mi barrio",
    "la musica ayuda a estudiar",
    "El valor de pedir perdón",
    "¿Qué haríamos sin los árboles?",
    "Describe tu ciudad",
    "Escribe sobre las vacaciones",
    "La lluvia en la ventana",
    "Los maestros cambian el mundo",
    "El miedo a equivocarse",
    "Cuidar el agua es cuidar la vida",
)
"""Topics of known words that no training essay has."""

UNSEEN_TOPICS = (
    "Las abejas",
    "Los ornitorrincos",
    "La patineta",
    "La importancia de los telescopios",
    "Mi bufanda favorita",
    "El acordeón y la guitarra",
    "Ventajas y desventajas de los drones",
    "Los murciélagos son útiles, pero dan miedo a los niños",
    "¿Por qué me gusta el karate?",
    "La ciclovía de mi barrio",
    "El helicóptero",
    "Las zanahorias",
    "Los koalas y los canguros",
    "Un paseo en kayak",
    "El origami",
    "las abejas y el campo",
    "El saxofón en el siglo XXI",
    "Describe un submarino",
    "El espantapájaros que soñaba",
    "La sandía en verano",
    "Escribe sobre los escarabajos",
    "La importancia del paracaídas",
    "Los grafitis embellecen la ciudad",
    "El trapecio y el circo",
    "Mi hámster",
    "El cangrejo y la playa",
)
"""Topics with a noun that stands in no training text."""

_UNSEEN = re.compile(
    r"(?<!\w)(?:" + "|".join(sorted(UNSEEN_STEMS, key=len, reverse=True)) + r")", re.IGNORECASE
)


def names_unseen(text: str) -> bool:
    """Whether a text contains a word that training must not see."""
    return _UNSEEN.search(text) is not None


def is_held_out(text: str, per_thousand: int) -> bool:
    """Decides by the text alone whether it belongs to the held-out part."""
    return zlib.crc32(text.encode()) % 1000 < per_thousand


def same_topic(topic: str) -> str:
    """Reduces a topic to what two spellings of it share: letters only, lower case, no accents."""
    return re.sub(r"[^a-zñ]+", " ", topic.lower().translate(_ACCENTS)).strip()


_ACCENTS = str.maketrans("áéíóúü", "aeiouu")
HELD_OUT_KEYS = frozenset(same_topic(topic) for topic in (*HELD_OUT_TOPICS, *UNSEEN_TOPICS))
"""The held-out topics as `same_topic` reduces them."""
