"""Last touches on written text: contractions, `e` and `u`, capitals."""

from __future__ import annotations

import re

_CONTRACTION = re.compile(r"\b([Dd]e|[Aa]) el (?=[\wáéíóúñ«])")
_AND = re.compile(r"\b([yY]) (?=(?:i|hi(?!e)|I|Hi(?!e))[a-záéíóúñ])")
_OR = re.compile(r"\b([oO]) (?=h?[oóOÓ][a-záéíóúñ])")
_SENTENCE = re.compile(r"(^|[.!?]»? |[.]»? ?—|^[«—])([¿¡«]*)([a-záéíóúñ])", re.MULTILINE)
_AFTER_QUOTED_QUESTION = re.compile(r"[!?]» $")


def _capital(match: re.Match[str]) -> str:
    if _AFTER_QUOTED_QUESTION.search(match.group(1)):
        return match.group(0)
    return match.group(1) + match.group(2) + match.group(3).upper()


def _joined(match: re.Match[str]) -> str:
    word = match.group(1)
    return (word[0] if len(word) == 2 else word) + ("el " if len(word) == 2 else "l ")


def contract(text: str) -> str:
    """Joins `de el` and `a el`, and turns *y*, *o* into *e*, *u* before the same sound."""
    text = _CONTRACTION.sub(_joined, text)
    text = _AND.sub(lambda match: "e " if match.group(1) == "y" else "E ", text)
    return _OR.sub(lambda match: "u " if match.group(1) == "o" else "U ", text)


def finish(text: str) -> str:
    """Makes rendered templates print-ready: contractions, and capitals where sentences start."""
    text = (
        text.replace("  ", " ").replace(" \n", "\n").replace(" .", ".").replace(" ,", ",").rstrip()
    )
    return _SENTENCE.sub(_capital, contract(text))


_VERBS = """
    mirar miro mira miran miramos mirado miraba miré miró observar observo observa
    observamos observé cuidar cuido cuida cuidan cuidamos cuidaba escuchar escucho escucha
    escuchan escuchamos escuché escuchaba escuchó conocer conozco conoce conocen conocemos
    conocí conoció conocía conocido querer quiero quiere ayudar ayuda ayudan ayudamos
    respetar respeto respeta respetan respetamos visitar visito visita visitamos visité ver
    veo ve ven vemos vi vio vimos veía encontrar encontré encontró encontramos recordar
    recuerdo recuerda recuerdan olvidar olvido olvida olvidan olvidamos admirar admiro
    admira admiran entender entiendo entiende entienden entendemos comprender comprendo
    describir dibujar dibujo dibuja valorar valoro valora valoran valoramos proteger protege
    protegemos defender defiendo defiende defendemos amar amo ama aman imaginar imagino
    imagina imaginamos apoyar apoya apoyan acompañar acompaña acompañé buscar busco busca
    buscan buscamos saludar saludo saluda tratar separar comparar descuidar necesitamos
    necesito defendía enseñar dibujaba pintar conociendo
"""
"""Forms of verbs whose object is often a person."""
_TRANSITIVE = frozenset(_VERBS.split())


def add_personal_a(text: str, people: str) -> str:
    """Puts the *a* before people who are a verb's object (`conozco a los pescadores`).

    Args:
        text: Rendered text, before contractions.
        people: The noun with its article, in the form in which the text names it.
    """
    parts = text.split(f" {people}")
    if len(parts) == 1:
        return text
    joined = parts[0]
    for part in parts[1:]:
        before = joined[joined.rfind(" ") + 1 :].lower()
        whole = not part[:1].isalpha()
        joined += f" a {people}{part}" if whole and before in _TRANSITIVE else f" {people}{part}"
    return joined
