"""What the bot says when it shows how the model works."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.texts.numbers import decimal, plural, thousands


@dataclass(frozen=True, slots=True)
class TokenTexts:
    """How a text is cut.

    Attributes:
        heading: From characters and pieces.
        others: From the number of pieces that are not shown.
        note: What there is to see.
        button: Copies the numbers, to be changed and sent.
        reading: From numbers and what they say.
        not_numbers: No piece has such a number.
        not_shown: This service does not tell.
        missing: There was no text.
    """

    heading: Callable[[int, int], str]
    others: Callable[[int], str]
    note: str
    button: str
    reading: Callable[[str, str], str]
    not_numbers: str
    not_shown: str
    missing: str


@dataclass(frozen=True, slots=True)
class ProbabilityTexts:
    """What could come next.

    Attributes:
        title: Above the picture, from the end of a text.
        axis: What the lengths mean.
        cut_by_share: At the line that top-p draws, from a share.
        cut_by_count: At the line that top-k draws, from a number of pieces.
        settings: From temperature, top-k (empty if off) and top-p (empty if off).
        legend: What a bar and a striped bar mean; between them that of a dot, from settings.
        caption: From a text, settings, whether some are cut off, the first piece, its share, how
            many are shown and the sum of their shares.
        draw_one: Button.
        drawn: From a piece and its share.
        not_shown: This service does not tell.
        missing: There was no text.
    """

    title: Callable[[str], str]
    axis: str
    cut_by_share: Callable[[str], str]
    cut_by_count: Callable[[int], str]
    settings: Callable[[str, str, str], str]
    legend: Callable[[str], tuple[str, str, str]]
    caption: Callable[[str, str, bool, str, str, int, str], str]
    draw_one: str
    drawn: Callable[[str, str], str]
    not_shown: str
    missing: str


@dataclass(frozen=True, slots=True)
class AttentionTexts:
    """Where a piece looks.

    Attributes:
        title: Above the picture, from the piece that looks.
        axis: What the lengths mean.
        caption: From that piece, the one it looks at most, and the share of that.
        alone: Of the first piece, which has nothing to look at.
        layer: Button, from a number or None for the mean.
        head: The same for a head.
        before: Button to the piece before.
        after: Button to the next piece.
        shortened: From the number of pieces that are looked at, of a longer text.
        not_shown: This service does not tell.
        missing: There was no text.
    """

    title: Callable[[str], str]
    axis: str
    caption: Callable[[str, str, str], str]
    alone: str
    layer: Callable[[int | None], str]
    head: Callable[[int | None], str]
    before: str
    after: str
    shortened: Callable[[int], str]
    not_shown: str
    missing: str


@dataclass(frozen=True, slots=True)
class ComparisonTexts:
    """One topic, several times.

    Attributes:
        heading: From a topic and how often it was written.
        only: From a knob: everything else is the same.
        notice: What to look for, by knob.
        knobs: Names of the knobs in a sentence, with their article.
        buttons: The same on buttons.
        words: What names a knob before a topic, in either language.
        other_seed: Button.
        all_pieces: Top-k that leaves nothing out.
        missing: There was no topic.
    """

    heading: Callable[[str, int], str]
    only: Callable[[str], str]
    notice: Mapping[str, str]
    knobs: Mapping[str, str]
    buttons: Mapping[str, str]
    words: Mapping[str, str]
    other_seed: str
    all_pieces: str
    missing: str


@dataclass(frozen=True, slots=True)
class StepTexts:
    """From a topic to an essay in five steps.

    Attributes:
        pieces: From a text, its pieces and the size of the vocabulary (or None).
        lists: From the length of a piece's list of numbers (or None).
        looks: From looks a layer, layers, the piece most looked at and its share.
        looks_unknown: The same where the service does not tell.
        chances: From the first piece, its share and a temperature.
        chances_unknown: The same where the service does not tell, from a temperature.
        again: From pieces of an essay and pieces a second (or None).
        forward: Button.
        picture: Button.
        own: Button.
        own_how: How to see it with a text of one's own.
        example: The text where there is none.
    """

    pieces: Callable[[str, int, int | None], str]
    lists: Callable[[int | None], str]
    looks: Callable[[int, int, str, str], str]
    looks_unknown: str
    chances: Callable[[str, str, str], str]
    chances_unknown: Callable[[str], str]
    again: Callable[[int, float | None], str]
    forward: str
    picture: str
    own: str
    own_how: str
    example: str


@dataclass(frozen=True, slots=True)
class ExplainingTexts:
    """Everything that is said of how the model works.

    Attributes:
        tokens: How a text is cut.
        probabilities: What could come next.
        attention: Where a piece looks.
        comparison: One topic, several times.
        steps: From a topic to an essay.
        close: Button that takes the keyboard away.
        share: A share of 0 to 1, as people write it.
        number: A number, as people write it.
        end: The piece that ends a text.
        shortened: From characters used of a longer text.
    """

    tokens: TokenTexts
    probabilities: ProbabilityTexts
    attention: AttentionTexts
    comparison: ComparisonTexts
    steps: StepTexts
    close: str
    share: Callable[[float], str]
    number: Callable[[float], str]
    end: str
    shortened: Callable[[int], str]


def _share_es(share: float) -> str:
    return _share(share, comma=True, sign=" %")


def _share_en(share: float) -> str:
    return _share(share, comma=False, sign="%")


def _share(share: float, *, comma: bool, sign: str) -> str:
    percent = 100 * share
    if 0 < percent < 0.05:
        return f"<{decimal(0.1, comma=comma)}{sign}"
    rounded = float(round(percent)) if percent >= 9.95 else round(percent, 1)
    return f"{decimal(rounded, comma=comma)}{sign}"


def _settings(temperature: str, top_k: str, top_p: str) -> str:
    limits = [f"{name} {value}" for name, value in (("top-k", top_k), ("top-p", top_p)) if value]
    return ", ".join([temperature, *limits])


def _caption_es(
    text: str, settings: str, is_cut: bool, first: str, share: str, count: int, total: str
) -> str:
    cut = " A rayas: las que tus ajustes no dejan salir." if is_cut else ""
    return (
        f"Las {count} piezas más probables después de «{text}». Barra azul: su probabilidad. "
        f"Punto naranja: la que queda con creatividad {settings}.{cut} "
        f"La primera es «{first}», con un {share}; las {count} suman un {total}."
    )


def _caption_en(
    text: str, settings: str, is_cut: bool, first: str, share: str, count: int, total: str
) -> str:
    cut = " Striped: those that your settings never let out." if is_cut else ""
    return (
        f"The {count} likeliest pieces after “{text}”. Blue bar: its probability. "
        f"Orange dot: what is left of it at creativity {settings}.{cut} "
        f"The first one is “{first}”, with {share}; the {count} together have {total}."
    )


def _mean_es(name: str) -> Callable[[int | None], str]:
    return lambda number: f"{name}: media" if number is None else f"{name}: {number}"


def _mean_en(name: str) -> Callable[[int | None], str]:
    return lambda number: f"{name}: mean" if number is None else f"{name}: {number}"


def _joined(texts: Sequence[str]) -> str:
    return " ".join(text for text in texts if text)


_KNOB_WORDS = {
    "creatividad": "temperature",
    "temperatura": "temperature",
    "creativity": "temperature",
    "temperature": "temperature",
    "top-k": "top_k",
    "topk": "top_k",
    "top-p": "top_p",
    "topp": "top_p",
    "estilo": "style",
    "style": "style",
}

SPANISH = ExplainingTexts(
    tokens=TokenTexts(
        heading=lambda characters, pieces: (
            f"{plural(characters, 'letra o espacio', 'letras y espacios')}, "
            f"{plural(pieces, 'pieza', 'piezas')}:"
        ),
        others=lambda count: f"y {count} más",
        note=(
            "El punto es un espacio. Las palabras frecuentes son una pieza; las raras se rompen "
            "en varias."
        ),
        button="Copiar los números",
        reading=lambda numbers, text: f"{numbers} se lee «{text}».",
        not_shown="El servicio que escribe aquí no enseña las piezas.",
        not_numbers="Alguno de esos números no es de ninguna pieza: prueba con otros.",
        missing=(
            "Escribe algo detrás: /tokens El mar es hermoso. O números, para leer al revés: "
            "/tokens 880 101"
        ),
    ),
    probabilities=ProbabilityTexts(
        title=lambda text: f"Después de «{text}»",
        axis="probabilidad, en %",
        cut_by_share=lambda share: f"hasta aquí, el {share}",
        cut_by_count=lambda count: (
            "hasta aquí, la primera" if count == 1 else f"hasta aquí, {count} piezas"
        ),
        settings=_settings,
        legend=lambda settings: (
            "lo que dice el modelo",
            f"con creatividad {settings}",
            "tus ajustes no la dejan salir",
        ),
        caption=_caption_es,
        draw_one="Sortear una",
        drawn=lambda piece, share: f"Ha salido «{piece}»: tenía un {share}.",
        not_shown="El servicio que escribe aquí no enseña las probabilidades.",
        missing="Escribe algo detrás: /probabilidades El mar es",
    ),
    attention=AttentionTexts(
        title=lambda piece: f"¿A qué mira «{piece}»?",
        axis="parte de la mirada, en %",
        caption=lambda piece, top, share: (
            f"Para seguir después de «{piece}», el modelo mira a las piezas anteriores. La que "
            f"más: «{top}», un {share}. A la primera pieza la mira casi siempre: es su sitio de "
            "descanso, no una pista."
        ),
        alone="La primera pieza no tiene nada detrás: solo puede mirarse a sí misma.",
        layer=_mean_es("Capa"),
        head=_mean_es("Cabeza"),
        before="‹ Pieza",
        after="Pieza ›",
        shortened=lambda count: f"Son las primeras {count} piezas de tu texto.",
        not_shown="El servicio que escribe aquí no enseña la atención.",
        missing="Escribe algo detrás: /atencion El mar es hermoso, pero esclavo",
    ),
    comparison=ComparisonTexts(
        heading=lambda topic, count: f"{topic}, {'tres' if count == 3 else 'dos'} veces",
        only=lambda knob: f"Todo es igual menos {knob}.",
        notice={
            "temperature": (
                "Fíjate: ¿cuál se repite?, ¿cuál se va del tema?, ¿dónde hay una palabra que no "
                "esperabas?"
            ),
            "top_k": (
                "Fíjate: con una sola pieza siempre sale lo mismo; con todas, cualquier rareza "
                "puede salir. ¿Dónde se separan?"
            ),
            "top_p": (
                "Fíjate: ¿cuál va a lo seguro?, ¿cuál tiene palabras raras?, ¿dónde se separan?"
            ),
            "style": (
                "Fíjate: ¿en qué frase se nota el estilo?, ¿qué palabras cambian y cuáles no?"
            ),
        },
        knobs={
            "temperature": "la creatividad",
            "top_k": "top-k",
            "top_p": "top-p",
            "style": "el estilo",
        },
        buttons={
            "temperature": "Creatividad",
            "top_k": "Top-k",
            "top_p": "Top-p",
            "style": "Estilo",
        },
        words=_KNOB_WORDS,
        other_seed="Otra semilla",
        all_pieces="todas",
        missing="Escribe un tema detrás: /comparar El mar. También: /comparar top-k El mar",
    ),
    steps=StepTexts(
        pieces=lambda text, count, known: _joined(
            [
                f"1 de 5. Corto tu tema en piezas. «{text}»",
                "es 1." if count == 1 else f"son {count}.",
                f"Conozco {thousands(known, comma=True)} piezas, y cada una es un número."
                if known
                else "Cada una es un número.",
            ]
        ),
        lists=lambda width: (
            f"2 de 5. Cada número se cambia por una lista de {f'{width} ' if width else ''}"
            "números. Las piezas que se usan en los mismos sitios acaban con listas parecidas: "
            "así junto «mar» y «océano» sin haber visto nunca el agua."
        ),
        looks=lambda heads, layers, piece, share: (
            "3 de 5. Para seguir, cada pieza mira a las anteriores: "
            f"{plural(heads, 'mirada', 'miradas')} a la vez, en {plural(layers, 'capa', 'capas')}."
            f" Aquí la última mira sobre todo a «{piece}», un {share}."
        ),
        looks_unknown=(
            "3 de 5. Para seguir, cada pieza mira a las anteriores: varias miradas a la vez, en "
            "varias capas. El servicio que escribe aquí no enseña la atención."
        ),
        chances=lambda piece, share, temperature: (
            "4 de 5. Entonces doy una probabilidad a cada pieza que podría venir. La primera es "
            f"«{piece}», con un {share}. Con creatividad {temperature} hago un sorteo entre las "
            "mejores."
        ),
        chances_unknown=lambda temperature: (
            "4 de 5. Entonces doy una probabilidad a cada pieza que podría venir. Con "
            f"creatividad {temperature} hago un sorteo entre las mejores. El servicio que escribe "
            "aquí no enseña las probabilidades."
        ),
        again=lambda pieces, speed: (
            f"5 de 5. Añado la pieza y empiezo otra vez: unas {thousands(pieces, comma=True)} "
            "veces para un texto como el tuyo"
            f"{f', a {thousands(speed, comma=True)} piezas por segundo' if speed else ''}. "
            "No busco nada en internet ni sé si es verdad: léeme con lupa."
        ),
        forward="Siguiente",
        picture="Ver el dibujo",
        own="Con mi frase",
        own_how="Escribe /explica y tu frase detrás.",
        example="El mar es hermoso",
    ),
    close="Cerrar",
    share=_share_es,
    number=lambda value: decimal(value, comma=True),
    end="(fin)",
    shortened=lambda count: f"Son las primeras {count} letras de tu texto.",
)

ENGLISH = ExplainingTexts(
    tokens=TokenTexts(
        heading=lambda characters, pieces: (
            f"{plural(characters, 'letter or space', 'letters and spaces')}, "
            f"{plural(pieces, 'piece', 'pieces')}:"
        ),
        others=lambda count: f"and {count} more",
        note=(
            "The dot is a space. Frequent words are one piece; rare ones are broken into several."
        ),
        button="Copy the numbers",
        reading=lambda numbers, text: f"{numbers} reads “{text}”.",
        not_shown="The service that writes here does not show its pieces.",
        not_numbers="One of those numbers belongs to no piece: try others.",
        missing=(
            "Write something after it: /tokens The sea is beautiful. Or numbers, to read "
            "backwards: /tokens 880 101"
        ),
    ),
    probabilities=ProbabilityTexts(
        title=lambda text: f"After “{text}”",
        axis="probability, in %",
        cut_by_share=lambda share: f"down to here, {share}",
        cut_by_count=lambda count: (
            "down to here, the first" if count == 1 else f"down to here, {count} pieces"
        ),
        settings=_settings,
        legend=lambda settings: (
            "what the model says",
            f"at creativity {settings}",
            "your settings never let it out",
        ),
        caption=_caption_en,
        draw_one="Draw one",
        drawn=lambda piece, share: f"It is “{piece}”, which had {share}.",
        not_shown="The service that writes here does not show probabilities.",
        missing="Write something after it: /probabilities The sea is",
    ),
    attention=AttentionTexts(
        title=lambda piece: f"Where does “{piece}” look?",
        axis="part of the look, in %",
        caption=lambda piece, top, share: (
            f"To go on after “{piece}”, the model looks at the pieces before. Most of all at "
            f"“{top}”, {share}. It nearly always looks at the first piece: that is where it "
            "rests, not a clue."
        ),
        alone="The first piece has nothing before it: it can only look at itself.",
        layer=_mean_en("Layer"),
        head=_mean_en("Head"),
        before="‹ Piece",
        after="Piece ›",
        shortened=lambda count: f"These are the first {count} pieces of your text.",
        not_shown="The service that writes here does not show its attention.",
        missing="Write something after it: /attention The sea is beautiful, but a slave",
    ),
    comparison=ComparisonTexts(
        heading=lambda topic, count: f"{topic}, {'three times' if count == 3 else 'twice'}",
        only=lambda knob: f"All is the same but {knob}.",
        notice={
            "temperature": (
                "Look: which one repeats itself? Which one strays? Where is a word that you did "
                "not expect?"
            ),
            "top_k": (
                "Look: with a single piece it is always the same; with all of them any oddity may "
                "come. Where do they part?"
            ),
            "top_p": "Look: which one plays safe? Which one has odd words? Where do they part?",
            "style": "Look: which sentence shows the style? Which words change and which do not?",
        },
        knobs={
            "temperature": "creativity",
            "top_k": "top-k",
            "top_p": "top-p",
            "style": "the style",
        },
        buttons={
            "temperature": "Creativity",
            "top_k": "Top-k",
            "top_p": "Top-p",
            "style": "Style",
        },
        words=_KNOB_WORDS,
        other_seed="Another seed",
        all_pieces="all",
        missing="Write a topic after it: /compare The sea. Or: /compare top-k The sea",
    ),
    steps=StepTexts(
        pieces=lambda text, count, known: _joined(
            [
                f"1 of 5. I cut your topic into pieces. “{text}”",
                "is 1." if count == 1 else f"is {count}.",
                f"I know {thousands(known, comma=False)} pieces, and each is a number."
                if known
                else "Each is a number.",
            ]
        ),
        lists=lambda width: (
            f"2 of 5. Each number is exchanged for a list of {f'{width} ' if width else ''}"
            "numbers. Pieces that are used in the same places end up with similar lists: so I put "
            "“sea” and “ocean” together without ever having seen water."
        ),
        looks=lambda heads, layers, piece, share: (
            "3 of 5. To go on, each piece looks at those before: "
            f"{plural(heads, 'look', 'looks')} at once, in {plural(layers, 'layer', 'layers')}. "
            f"Here the last one looks above all at “{piece}”, {share}."
        ),
        looks_unknown=(
            "3 of 5. To go on, each piece looks at those before: several looks at once, in "
            "several layers. The service that writes here does not show its attention."
        ),
        chances=lambda piece, share, temperature: (
            "4 of 5. Then I give a probability to each piece that could come. The first is "
            f"“{piece}”, with {share}. At creativity {temperature} I draw lots among the best."
        ),
        chances_unknown=lambda temperature: (
            "4 of 5. Then I give a probability to each piece that could come. At creativity "
            f"{temperature} I draw lots among the best. The service that writes here does not "
            "show probabilities."
        ),
        again=lambda pieces, speed: (
            f"5 of 5. I add the piece and begin again: about {thousands(pieces, comma=False)} "
            "times for a text like yours"
            f"{f', at {thousands(speed, comma=False)} pieces a second' if speed else ''}. "
            "I look nothing up on the internet and don't know whether it is true: read me with a "
            "magnifying glass."
        ),
        forward="Next",
        picture="See the picture",
        own="With my sentence",
        own_how="Write /explain and your sentence after it.",
        example="The sea is beautiful",
    ),
    close="Close",
    share=_share_en,
    number=lambda value: decimal(value, comma=False),
    end="(end)",
    shortened=lambda count: f"These are the first {count} letters of your text.",
)
