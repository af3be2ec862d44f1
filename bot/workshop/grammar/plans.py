"""The order of an essay's paragraphs, by stance, and what each kind of paragraph is made of."""

from __future__ import annotations

Step = tuple[tuple[str, ...], float]
"""Keys of which one is drawn, and the probability that the step is taken at all."""

PARAGRAPHS: dict[str, tuple[Step, ...]] = {
    "razones": (
        (("razon_1",), 1.0),
        (("apoyo", "hecho_s"), 0.9),
        (("razon_2",), 0.5),
        (("comentario",), 0.35),
    ),
    "mas_razones": (
        (("razon_2",), 1.0),
        (("apoyo", "ejemplo", "comparacion"), 0.85),
        (("comentario", "pregunta"), 0.35),
    ),
    "ultima_razon": ((("razon_3",), 1.0), (("apoyo", "ejemplo"), 0.8), (("comentario",), 0.4)),
    "ejemplo": (
        (("ejemplo_intro",), 0.6),
        (("ejemplo",), 1.0),
        (("apoyo", "comentario", "hecho_s"), 0.7),
    ),
    "anecdota": (
        (("anecdota_intro",), 0.7),
        (("anecdota_yo",), 1.0),
        (("comentario", "apoyo"), 0.5),
    ),
    "anecdota_ajena": ((("anecdota_otro",), 1.0), (("comentario", "apoyo"), 0.6)),
    "definicion": (
        (("definicion",), 1.0),
        (("hecho_s", "comparacion"), 0.8),
        (("pregunta",), 0.2),
    ),
    "hechos": ((("hecho_s",), 1.0), (("hecho_s",), 0.8), (("apoyo", "comentario"), 0.7)),
    "sentidos": (
        (("sentido_intro",), 0.8),
        (("sentido",), 1.0),
        (("sentido",), 0.7),
        (("comparacion", "comentario"), 0.6),
    ),
    "pasado": ((("antes_s",), 1.0), (("ahora_s",), 1.0), (("comentario", "anecdota_otro"), 0.35)),
    "contra": (
        (("contra_s",), 1.0),
        (("respuesta_s",), 1.0),
        (("comentario", "apoyo"), 0.4),
    ),
    "desventajas": (
        (("contra_s",), 1.0),
        (("problema_s",), 0.6),
        (("ejemplo", "consecuencia_s"), 0.5),
        (("respuesta_s",), 0.6),
    ),
    "problema": (
        (("problema_s",), 1.0),
        (("causa_s",), 0.85),
        (("consecuencia_s",), 0.7),
    ),
    "causas": ((("causa_s",), 1.0), (("consecuencia_s",), 0.9), (("pregunta", "ejemplo"), 0.4)),
    "propuesta": ((("propuesta_s",), 1.0), (("propuesta_2",), 0.7)),
    "futuro": ((("futuro_s",), 1.0), (("pregunta", "comentario", "propuesta_s"), 0.6)),
    "preguntas": ((("pregunta",), 1.0), (("apoyo", "hecho_s"), 1.0), (("comentario",), 0.5)),
    "retoma": ((("retoma",), 1.0), (("apoyo", "comentario"), 0.5)),
    "retoma_dos": ((("retoma_dos",), 1.0), (("apoyo", "comparacion", "razon_2"), 0.5)),
}

ORDERS: dict[str, tuple[tuple[str, int], ...]] = {
    "valor": (
        ("definicion", 2),
        ("razones", 0),
        ("ejemplo", 1),
        ("mas_razones", 1),
        ("anecdota", 3),
        ("pasado", 4),
        ("contra", 2),
        ("ultima_razon", 4),
        ("propuesta", 5),
    ),
    "gusto": (
        ("anecdota", 0),
        ("razones", 1),
        ("sentidos", 3),
        ("mas_razones", 2),
        ("anecdota_ajena", 4),
        ("contra", 3),
        ("hechos", 5),
        ("futuro", 6),
    ),
    "dos": (
        ("razones", 0),
        ("ejemplo", 3),
        ("mas_razones", 4),
        ("desventajas", 0),
        ("anecdota_ajena", 3),
        ("causas", 6),
        ("contra", 5),
        ("propuesta", 5),
    ),
    "cuidado": (
        ("razones", 2),
        ("problema", 0),
        ("ejemplo", 3),
        ("causas", 4),
        ("anecdota", 5),
        ("contra", 6),
        ("propuesta", 1),
        ("futuro", 4),
    ),
    "curioso": (
        ("definicion", 1),
        ("hechos", 0),
        ("pasado", 2),
        ("razones", 2),
        ("anecdota_ajena", 4),
        ("preguntas", 4),
        ("contra", 6),
        ("futuro", 3),
    ),
    "malo": (
        ("definicion", 4),
        ("problema", 0),
        ("ejemplo", 2),
        ("razones", 3),
        ("anecdota_ajena", 3),
        ("causas", 4),
        ("contra", 5),
        ("propuesta", 1),
        ("futuro", 6),
    ),
}
"""By stance, paragraphs in the order of an essay; the number says how dispensable each one is."""


def choose_paragraphs(stance: str, count: int, jitter: list[float]) -> list[str]:
    """Picks `count` kinds of paragraphs of a stance, the least dispensable first, in order.

    Args:
        stance: A key of `ORDERS`.
        count: How many, at least 1.
        jitter: Uniform numbers in [0, 1), at least as many as the stance has paragraphs.
    """
    order = ORDERS[stance]
    ranked = sorted(range(len(order)), key=lambda at: order[at][1] + 4 * jitter[at])
    return [order[at][0] for at in sorted(ranked[:count])]
