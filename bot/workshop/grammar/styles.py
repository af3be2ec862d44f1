"""The other styles: stories, descriptions, arguments, poems."""

from __future__ import annotations

from bot.workshop.grammar.finish import contract, finish
from bot.workshop.grammar.scene import Scene

_FIRST, _SECOND, _THIRD = 1, 2, 3
_MOST_PARAGRAPHS = 7
_MIDDLING = 240
"""Words from which a text has room for more than its plot."""


def _join(scene: Scene, keys: tuple[str, ...]) -> str:
    """Writes one sentence of each key and joins them, skipping what is used up."""
    return " ".join(filter(None, (scene.text(key) for key in keys)))


def _words(paragraphs: list[str]) -> int:
    return sum(paragraph.count(" ") + 1 for paragraph in paragraphs)


def _mentioning(scene: Scene, paragraph: str, key: str) -> str:
    """Adds a sentence that names the topic to a paragraph that does not."""
    if not paragraph or scene.noun.bare in paragraph:
        return paragraph
    more = scene.text(key, mention=True)
    return f"{paragraph} {more}" if more else paragraph


_ARCS = ("caja", "cambio", "falta", "clase", "nuevo")


def write_story(scene: Scene, target: int) -> str:
    """Writes a `cuento` of about `target` words: pieces of one arc, or a free story."""
    if not scene.knows("cuento_inicio") or scene.random() < 0.4:
        bad = scene.stance == "malo"
        arc = "valor" if bad else _ARCS[int(scene.random() * len(_ARCS))]
        return _write_arc(scene, f"arco_{arc}", target)
    return _write_free_story(scene, target)


def _write_arc(scene: Scene, arc: str, target: int) -> str:
    paragraphs = [scene.text(f"{arc}_inicio")]
    if target > _MIDDLING:
        paragraphs[0] += " " + scene.text("cuento_ambiente")
    middle = scene.in_order(f"{arc}_medio", 1 + (target > 190) + (target > 340))
    paragraphs.append(middle[0])
    if target > _MIDDLING:
        paragraphs.append(scene.text("cuento_dialogo"))
    paragraphs += middle[1:]
    if target > 300:
        paragraphs.append(scene.text("cuento_sentir") + " " + scene.text("cuento_tema"))
    if "tema2" in scene.slots and scene.random() < 0.7:
        paragraphs.append(scene.text("cuento_dos"))
    if target > 450:
        paragraphs.append(scene.text("cuento_encuentro"))
    paragraphs.append(scene.text(f"{arc}_giro"))
    if target > 400:
        paragraphs.append(scene.text("cuento_dialogo"))
    paragraphs.append(scene.text(f"{arc}_final"))
    if target > 160 and scene.random() < 0.5:
        paragraphs[-1] += " " + scene.text("cuento_cierre")
    return finish("\n\n".join(filter(None, paragraphs)))


def _write_free_story(scene: Scene, target: int) -> str:
    first = scene.text("cuento_inicio")
    paragraphs = [_mentioning(scene, first, "cuento_tema")]
    if target > 170:
        paragraphs.append(_join(scene, ("cuento_deseo", "cuento_ambiente")[: 1 + (target > 260)]))
    middle = scene.text("cuento_nudo")
    paragraphs.append(_mentioning(scene, middle, "cuento_tema"))
    if target > 210:
        paragraphs.append(scene.text("cuento_dialogo"))
    if "tema2" in scene.slots and scene.random() < 0.7:
        paragraphs.append(scene.text("cuento_dos"))
    if target > 320:
        paragraphs.append(_join(scene, ("cuento_intento", "cuento_sentir")))
    if target > 420:
        paragraphs.append(_mentioning(scene, scene.text("cuento_encuentro"), "cuento_tema"))
    turn = scene.text("cuento_giro")
    paragraphs.append(turn)
    if target > 380:
        paragraphs.append(_join(scene, ("cuento_dialogo", "cuento_ambiente")))
    last = scene.text("cuento_final")
    paragraphs.append(_mentioning(scene, last, "cuento_cierre"))
    return finish("\n\n".join(filter(None, paragraphs)))


def write_description(scene: Scene, target: int) -> str:
    """Writes a `descripcion` of about `target` words: first sight, senses, details, rest."""
    paragraphs = [_join(scene, ("desc_inicio", "desc_general"))]
    if "tema2" in scene.slots:
        paragraphs.append(scene.text("desc_dos"))
    target = min(target, 420)
    while _words(paragraphs) < target - 60 and len(paragraphs) < _MOST_PARAGRAPHS:
        turn = len(paragraphs) - ("tema2" in scene.slots)
        if turn == _FIRST:
            keys: tuple[str, ...] = ("desc_vista", "sentido", "sentido")
        elif turn == _SECOND:
            keys = ("desc_sonido", "sentido", "desc_emocion")
        elif turn == _THIRD:
            keys = ("desc_tiempo", "sentido", "comparacion")
        elif turn % 2:
            keys = ("desc_detalle", "hecho_s", "comentario")
        else:
            keys = ("desc_recuerdo", "sentido", "comparacion")
        paragraph = _mentioning(scene, _join(scene, keys), "desc_general")
        if not paragraph:
            break
        paragraphs.append(paragraph)
    paragraphs.append(_join(scene, ("desc_final",)))
    return finish("\n\n".join(filter(None, paragraphs)))


def write_argument(scene: Scene, target: int) -> str:
    """Writes an `argumentacion` of about `target` words: thesis, arguments, objection, answer."""
    bad = scene.stance == "malo"
    paragraphs = [_join(scene, ("arg_inicio", "arg_tesis"))]
    plan: list[tuple[str, ...]] = (
        [("arg_problema", "causa_s", "consecuencia_s"), ("arg_2", "ejemplo")]
        if bad
        else [("arg_1", "arg_prueba"), ("arg_2", "ejemplo")]
    )
    if target > 250:
        plan.append(("arg_3", "hecho_s"))
    if target > 330:
        plan.append(("anecdota_otro", "comentario"))
    if scene.slots & {"A", "G", "V"}:
        plan.insert(1, ("retoma",))
    if "tema2" in scene.slots:
        plan.insert(1, ("retoma_dos",))
    rest: list[tuple[str, ...]] = [("arg_objecion", "arg_respuesta")]
    if target > 290:
        rest.append(("propuesta_s", "propuesta_2"))
    for keys in (*plan[: max(1, (target - 100) // 50)], *(rest if target > 130 else rest[:1])):
        paragraphs.append(_mentioning(scene, _join(scene, keys), "apoyo"))
    paragraphs.append(_join(scene, ("arg_final", "final")[: 1 + (target > 150)]))
    return finish("\n\n".join(filter(None, paragraphs)))


def _verse(scene: Scene, *, mention: bool = False) -> str:
    line = scene.text("verso", mention=mention) or (scene.text("verso") if mention else "")
    return _capital(contract(line))


def _capital(line: str) -> str:
    at = 1 if line[:1] in "¿¡" else 0
    return line[:at] + line[at : at + 1].upper() + line[at + 1 :]


def write_poem(scene: Scene, target: int) -> str:
    """Writes a `poema` of three to nine stanzas of four lines, with or without a refrain."""
    stanzas = max(3, min(9, target // 26))
    refrain = _verse(scene, mention=True) if scene.random() < 0.45 else ""
    written: list[str] = []
    second_at = {0, 2} if "tema2" in scene.slots else set()
    for at in range(stanzas):
        lines = [_verse(scene, mention=at % 2 == 0 and not refrain)]
        lines += [_verse(scene)]
        other = at in second_at and _capital(contract(scene.text("verso_dos")))
        lines.append(other or _verse(scene))
        lines.append(refrain if refrain and at % 2 == 0 else _verse(scene))
        lines = [line for line in lines if line]
        if len(lines) < 4:
            break
        marks = (",", ",", ";", ".") if scene.random() < 0.5 else (",", ".", ",", ".")
        stanza = ""
        for line, mark in zip(lines, marks, strict=True):
            if line[-1] in ",;:":
                line = line[:-1]
            if stanza and stanza[-2] not in ".?!":
                line = line[0].lower() + line[1:] if not _is_name(scene, line) else line
            stanza += line + ("" if line[-1] in "?!" else mark) + "\n"
        written.append(stanza.rstrip("\n"))
    closing = scene.text("verso_final", mention=True)
    if closing:
        written.append(_capital(contract(closing.replace(" / ", "\n"))))
    return "\n\n".join(written)


def _is_name(scene: Scene, line: str) -> bool:
    """Whether a line starts with a name, which keeps its capital."""
    names = (scene.words["nombre"], scene.words["nombre2"])
    starts = names if scene.noun.has_article else (*names, scene.noun.bare)
    return line.startswith(starts) and not line[: len(scene.noun.bare)].islower()
