"""What the bot says of lessons: the board, the report, recipes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.texts.numbers import decimal, english_span, plural, spanish_span, thousands


@dataclass(frozen=True, slots=True)
class BoardTexts:
    """The message that says who waits.

    Attributes:
        heading: From a lesson's title, which may be empty, and whether it is paused.
        writing: From names and words written so far.
        waiting: From names and seconds (or None), and how many others there are.
        done: From essays that are there and people in the class, or None if that is not known.
        for_names: From names: whose essays are being written, where there is no lesson.
        waiting_names: From names: who waits.
        all_in: From seconds: when everything will be there.
        ended: From a title, people, essays and words.
        button_when: Label.
        button_join: Label.
        paused: Said once.
        resumed: Said once.
    """

    heading: Callable[[str, bool], str]
    writing: Callable[[Sequence[tuple[str, int]]], str]
    waiting: Callable[[Sequence[tuple[str, float | None]], int], str]
    done: Callable[[int, int | None], str]
    for_names: Callable[[Sequence[str]], str]
    waiting_names: Callable[[Sequence[str]], str]
    all_in: Callable[[float], str]
    ended: Callable[[str, int, int, int], str]
    button_when: str
    button_join: str
    paused: str
    resumed: str


@dataclass(frozen=True, slots=True)
class ReportTexts:
    """The report of a lesson, for paper, phone and spreadsheet.

    Attributes:
        title: From a lesson's title, which may be empty.
        when: From the parts of its day and times, ready to be read.
        months: Names of the months.
        date: From day, name of the month and year.
        summary: From people, essays, words and seconds waited on average.
        columns: Headings of the table, in order.
        pseudonym: Heading of the names' column where there are none.
        x_axis: Of the chart.
        y_axis: Of the chart.
        asked: A bar of the chart.
        delivered: A bar of the chart.
        texts: Above the essays.
        seconds: From seconds waited.
        keeps: What is in it and how long the bot keeps it, from days.
        warning: Topics are what students wrote.
        pseudonyms: Names for people without a name.
        separator: Between the cells of the CSV file.
        language: Its IETF tag.
    """

    title: Callable[[str], str]
    when: Callable[[str, str, str], str]
    months: tuple[str, ...]
    date: Callable[[int, str, int], str]
    summary: Callable[[int, int, int, float], str]
    columns: tuple[str, ...]
    pseudonym: str
    x_axis: str
    y_axis: str
    asked: str
    delivered: str
    texts: str
    seconds: Callable[[float], str]
    keeps: Callable[[int], str]
    warning: str
    pseudonyms: tuple[str, ...]
    separator: str
    language: str


@dataclass(frozen=True, slots=True)
class CorrectingTexts:
    """A class judges an essay sentence by sentence.

    Attributes:
        title: From the essay's.
        how: What is to be pressed.
        short: What a sentence may be, on a button behind its number.
        kinds: The same in a sentence.
        nothing: It is none of that any more.
        marked: From the number of a sentence and what somebody thinks of it to a toast.
        tally: From a number of people and, by kind, a sentence and how often it was judged so.
        button_tally: Label.
        published: The essay is in the group.
    """

    title: Callable[[str], str]
    how: str
    short: Mapping[str, str]
    kinds: Mapping[str, str]
    nothing: str
    marked: Callable[[int, str], str]
    tally: Callable[[int, Mapping[str, tuple[int, int]]], str]
    button_tally: str
    published: str


@dataclass(frozen=True, slots=True)
class GuessingTexts:
    """Three texts, one of them the bot's.

    Attributes:
        how: How a teacher sends the other two.
        once: This essay was guessed before.
        named: The name of a text, from its letter.
        question: Of the poll.
        published: All is in the group.
        button_reveal: Label.
        was: From the letter of the bot's.
    """

    how: str
    once: str
    named: Callable[[str], str]
    question: str
    published: str
    button_reveal: str
    was: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class RecipeTexts:
    """How an essay was made, in words.

    Attributes:
        heading: From a code.
        topic: From a topic.
        style: From the name of a style and a number of words.
        temperature: From the number and how it is to be read.
        how_free: What a temperature means, from 0 to 2 in four steps.
        top_k: From the number.
        top_p: From the number.
        repetition: From the number.
        seed: From the number.
        continues: The essay goes on from another one, whose code may be unknown.
        model: From its name and revision.
        same: What the recipe promises.
        number: A number, as people write it.
        not_known: There is no such code.
        missing: The code was left out.
        repeat_how: How a knob is turned.
    """

    heading: Callable[[str], str]
    topic: Callable[[str], str]
    style: Callable[[str, int], str]
    temperature: Callable[[str, str], str]
    how_free: tuple[str, str, str, str]
    top_k: Callable[[int], str]
    top_p: Callable[[str], str]
    repetition: Callable[[str], str]
    seed: Callable[[int], str]
    continues: Callable[[str], str]
    model: Callable[[str, str], str]
    same: str
    number: Callable[[float], str]
    not_known: str
    missing: str
    repeat_how: str


@dataclass(frozen=True, slots=True)
class ClassroomTexts:
    """Everything that is said of lessons.

    Attributes:
        board: The message that says who waits.
        report: The report of a lesson.
        correcting: A class judges an essay.
        guessing: Which text is the bot's.
        recipe: How an essay was made.
    """

    board: BoardTexts
    report: ReportTexts
    correcting: CorrectingTexts
    guessing: GuessingTexts
    recipe: RecipeTexts


def _and_es(items: Sequence[str]) -> str:
    if len(items) < 2:
        return "".join(items)
    # «y» turns into «e» before the sound of an i, but not before «hie».
    last = items[-1].lower()
    is_i = last.startswith(("i", "í", "hi", "hí")) and not last.startswith(("hie", "ia", "io"))
    return f"{', '.join(items[:-1])} {'e' if is_i else 'y'} {items[-1]}"


def _and_en(items: Sequence[str]) -> str:
    return "".join(items) if len(items) < 2 else f"{', '.join(items[:-1])} and {items[-1]}"


def _heading_es(title: str, is_paused: bool) -> str:
    name = f"Clase «{title}»" if title else "Clase"
    return f"{name}, en pausa" if is_paused else name


def _heading_en(title: str, is_paused: bool) -> str:
    name = f"Lesson “{title}”" if title else "Lesson"
    return f"{name}, paused" if is_paused else name


def _writing_es(names: Sequence[tuple[str, int]]) -> str:
    said = [f"{name}, {plural(words, 'palabra', 'palabras')}" for name, words in names[:1]]
    said += [f"{name}, {words}" for name, words in names[1:]]
    return f"Escribo: {'; '.join(said)}."


def _writing_en(names: Sequence[tuple[str, int]]) -> str:
    said = [f"{name}, {plural(words, 'word', 'words')}" for name, words in names[:1]]
    said += [f"{name}, {words}" for name, words in names[1:]]
    return f"Writing: {'; '.join(said)}."


def _in_order(names: Sequence[tuple[str, float | None]], unit: str) -> str:
    return "; ".join(
        name if seconds is None else f"{name}, {max(5, round(seconds / 5) * 5)} {unit}"
        for name, seconds in names
    )


def _waiting_es(names: Sequence[tuple[str, float | None]], others: int) -> str:
    more = f"; y {plural(others, 'persona más', 'personas más')}" if others else ""
    return f"Esperan: {_in_order(names, 'segundos')}{more}."


def _waiting_en(names: Sequence[tuple[str, float | None]], others: int) -> str:
    more = f"; and {plural(others, 'other', 'others')}" if others else ""
    return f"Waiting: {_in_order(names, 'seconds')}{more}."


def _tally_es(people: int, most: Mapping[str, tuple[int, int]]) -> str:
    who = "Ha corregido" if people == 1 else "Han corregido"
    parts = [f"{who} {plural(people, 'persona', 'personas')}"]
    heads = {"doubt": "la más dudosa", "good": "la mejor idea", "again": "la que más repite"}
    for kind, head in heads.items():
        if kind in most:
            parts.append("{}, la {}, con {}".format(head, *most[kind]))
    return "; ".join(parts) + "."


def _tally_en(people: int, most: Mapping[str, tuple[int, int]]) -> str:
    parts = [f"{plural(people, 'person has', 'people have')} corrected"]
    heads = {"doubt": "the most doubtful", "good": "the best idea", "again": "what repeats most"}
    for kind, head in heads.items():
        if kind in most:
            parts.append("{}, number {}, with {}".format(head, *most[kind]))
    return "; ".join(parts) + "."


SPANISH = ClassroomTexts(
    board=BoardTexts(
        heading=_heading_es,
        writing=_writing_es,
        waiting=_waiting_es,
        done=lambda done, people: (
            f"Hechos: {done}." if people is None else f"Hechos: {done} de {people}."
        ),
        for_names=lambda names: f"Escribo para {_and_es(names)}.",
        waiting_names=lambda names: (
            f"{'Espera' if len(names) == 1 else 'Esperan'} {_and_es(names)}."
        ),
        all_in=lambda seconds: f"Estará todo en {spanish_span(seconds)}.",
        ended=lambda title, people, essays, words: (
            f"{_heading_es(title, False)}, terminada\n"
            f"{plural(people, 'persona', 'personas')}, {plural(essays, 'texto', 'textos')}, "
            f"{thousands(words, comma=True)} palabras."
        ),
        button_when="¿Cuándo me toca?",
        button_join="Participar",
        paused="La clase está en pausa.",
        resumed="La clase sigue.",
    ),
    report=ReportTexts(
        title=lambda title: f"«{title}»" if title else "Informe de la clase",
        when=lambda date, start, end: f"{date}, de {start} a {end}",
        months=(
            "enero",
            "febrero",
            "marzo",
            "abril",
            "mayo",
            "junio",
            "julio",
            "agosto",
            "septiembre",
            "octubre",
            "noviembre",
            "diciembre",
        ),
        date=lambda day, month, year: f"{day} de {month} de {year}",
        summary=lambda people, essays, words, wait_s: (
            f"{plural(people, 'persona pidió', 'personas pidieron')} "
            f"{plural(essays, 'texto', 'textos')}, {thousands(words, comma=True)} palabras en "
            f"total; la espera media fue de {plural(round(wait_s), 'segundo', 'segundos')}."
        ),
        columns=(
            "N.º",
            "Nombre",
            "Tema",
            "Estilo",
            "Palabras",
            "Receta",
            "Pedido a las",
            "Espera",
            "Votos",
            "Avisos",
        ),
        pseudonym="Seudónimo",
        x_axis="minutos desde el comienzo",
        y_axis="textos",
        asked="pedidos",
        delivered="entregados",
        texts="Los textos",
        seconds=lambda seconds: f"{decimal(round(seconds), comma=True)} s",
        keeps=lambda days: (
            "Este informe contiene los temas y los textos de la clase, con la hora, los votos y "
            "el número de avisos. El bot guarda esos datos "
            f"{plural(days, 'día', 'días')}; este archivo lo guardas tú."
        ),
        warning="Los temas son palabras de la clase y pueden contener nombres.",
        pseudonyms=(
            "Ámbar",
            "Cobalto",
            "Jade",
            "Coral",
            "Añil",
            "Ocre",
            "Turquesa",
            "Marfil",
            "Granate",
            "Zafiro",
            "Malva",
            "Bronce",
            "Esmeralda",
            "Carmín",
            "Ébano",
            "Perla",
            "Índigo",
            "Cobre",
            "Lavanda",
            "Rubí",
            "Nácar",
            "Topacio",
            "Azafrán",
            "Plata",
            "Escarlata",
            "Ónice",
            "Menta",
            "Cereza",
            "Arena",
            "Cielo",
            "Musgo",
            "Canela",
            "Lima",
            "Púrpura",
            "Trigo",
            "Salvia",
            "Azabache",
            "Melocotón",
            "Violeta",
            "Oro",
        ),
        separator=";",
        language="es",
    ),
    correcting=CorrectingTexts(
        title=lambda title: f"Corregir al robot: {title}",
        how="Toca, de cada frase, si es una buena idea, si repite o si es dudosa.",
        short={"good": "buena", "again": "repite", "doubt": "dudosa"},
        kinds={"good": "buena idea", "again": "repetición", "doubt": "dudosa"},
        nothing="sin marcar",
        marked=lambda number, kind: f"Frase {number}: {kind}.",
        tally=_tally_es,
        button_tally="Resultado",
        published="Ya está en el grupo: con Resultado se ve lo que ha encontrado la clase.",
    ),
    guessing=GuessingTexts(
        how=(
            "Escríbeme en privado /clase adivinar y el código de un texto mío, y debajo dos "
            "textos de la clase, con permiso de sus autores y una línea --- entre los dos."
        ),
        once="Con ese texto ya se ha jugado: elige otro.",
        named=lambda letter: f"Texto {letter}",
        question="¿Cuál escribió el robot?",
        published="Ya está en el grupo. Nadie ve los votos hasta que lo desveles.",
        button_reveal="Desvelar",
        was=lambda letter: f"Era el texto {letter}. ¿En qué se notaba?",
    ),
    recipe=RecipeTexts(
        heading=lambda code: f"Receta {code}",
        topic=lambda topic: f"Tema: {topic}",
        style=lambda style, words: (
            f"Estilo: {style}, unas {thousands(words, comma=True)} palabras"
        ),
        temperature=lambda value, meaning: f"Creatividad {value}: {meaning}.",
        how_free=(
            "siempre lo más probable",
            "va a lo seguro",
            "se arriesga un poco",
            "se arriesga mucho",
        ),
        top_k=lambda count: (
            f"Top-k {count}: elige entre {count} piezas."
            if count
            else "Top-k 0: elige entre todas las piezas."
        ),
        top_p=lambda value: f"Top-p {value}: deja fuera las más raras.",
        repetition=lambda value: f"Freno a la repetición {value}: evita lo que ya ha escrito.",
        seed=lambda seed: f"Semilla {seed}: así empieza el sorteo.",
        continues=lambda code: f"Sigue a otro texto{f' ({code})' if code else ''}.",
        model=lambda name, revision: (
            f"Modelo: {name}, revisión {revision}" if revision else f"Modelo: {name}"
        ),
        same="Con la misma receta sale el mismo texto en esta instalación.",
        number=lambda value: decimal(value, comma=True),
        not_known="No conozco esa receta: mira que las cinco letras y cifras estén bien.",
        missing="Dime qué receta: /receta y las cinco letras y cifras que están bajo el texto.",
        repeat_how="Dime qué cambio y a qué valor: /repetir K7QF2 creatividad 1,2",
    ),
)

ENGLISH = ClassroomTexts(
    board=BoardTexts(
        heading=_heading_en,
        writing=_writing_en,
        waiting=_waiting_en,
        done=lambda done, people: (
            f"Done: {done}." if people is None else f"Done: {done} of {people}."
        ),
        for_names=lambda names: f"I'm writing for {_and_en(names)}.",
        waiting_names=lambda names: (
            f"{_and_en(names)} {'is' if len(names) == 1 else 'are'} waiting."
        ),
        all_in=lambda seconds: f"Everything will be here in {english_span(seconds)}.",
        ended=lambda title, people, essays, words: (
            f"{_heading_en(title, False)}, over\n"
            f"{plural(people, 'person', 'people')}, {plural(essays, 'text', 'texts')}, "
            f"{thousands(words, comma=False)} words."
        ),
        button_when="When is my turn?",
        button_join="Take part",
        paused="The lesson is paused.",
        resumed="The lesson goes on.",
    ),
    report=ReportTexts(
        title=lambda title: f"“{title}”" if title else "Report of the lesson",
        when=lambda date, start, end: f"{date}, from {start} to {end}",
        months=(
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ),
        date=lambda day, month, year: f"{day} {month} {year}",
        summary=lambda people, essays, words, wait_s: (
            f"{plural(people, 'person', 'people')} asked for "
            f"{plural(essays, 'text', 'texts')}, {thousands(words, comma=False)} words in all; "
            f"the average wait was {plural(round(wait_s), 'second', 'seconds')}."
        ),
        columns=(
            "No.",
            "Name",
            "Topic",
            "Style",
            "Words",
            "Recipe",
            "Asked at",
            "Wait",
            "Votes",
            "Reports",
        ),
        pseudonym="Pseudonym",
        x_axis="minutes since the beginning",
        y_axis="texts",
        asked="asked for",
        delivered="delivered",
        texts="The texts",
        seconds=lambda seconds: f"{decimal(round(seconds), comma=False)} s",
        keeps=lambda days: (
            "This report holds the topics and the texts of the lesson, with times, votes and the "
            f"number of reports. The bot keeps those data for {plural(days, 'day', 'days')}; this "
            "file you keep yourself."
        ),
        warning="Topics are the words of the class and may hold names.",
        pseudonyms=(
            "Amber",
            "Cobalt",
            "Jade",
            "Coral",
            "Sky",
            "Ochre",
            "Turquoise",
            "Ivory",
            "Garnet",
            "Sapphire",
            "Mauve",
            "Bronze",
            "Emerald",
            "Carmine",
            "Ebony",
            "Pearl",
            "Indigo",
            "Copper",
            "Lavender",
            "Ruby",
            "Opal",
            "Topaz",
            "Saffron",
            "Silver",
            "Scarlet",
            "Onyx",
            "Mint",
            "Cherry",
            "Sand",
            "Cyan",
            "Moss",
            "Cinnamon",
            "Lime",
            "Purple",
            "Wheat",
            "Sage",
            "Jet",
            "Peach",
            "Violet",
            "Gold",
        ),
        separator=",",
        language="en",
    ),
    correcting=CorrectingTexts(
        title=lambda title: f"Correct the robot: {title}",
        how="Press, for each sentence, whether it is a good idea, repeats or is doubtful.",
        short={"good": "good", "again": "repeats", "doubt": "doubtful"},
        kinds={"good": "a good idea", "again": "a repetition", "doubt": "doubtful"},
        nothing="not marked",
        marked=lambda number, kind: f"Sentence {number}: {kind}.",
        tally=_tally_en,
        button_tally="Result",
        published="It is in the group: Result shows what the class found.",
    ),
    guessing=GuessingTexts(
        how=(
            "Write me in private /class guess and the code of a text of mine, and below it two "
            "texts of the class, with their authors' leave and a line --- between them."
        ),
        once="That text was guessed before: choose another.",
        named=lambda letter: f"Text {letter}",
        question="Which one did the robot write?",
        published="It is in the group. Nobody sees the votes before you tell.",
        button_reveal="Tell",
        was=lambda letter: f"It was text {letter}. How could one tell?",
    ),
    recipe=RecipeTexts(
        heading=lambda code: f"Recipe {code}",
        topic=lambda topic: f"Topic: {topic}",
        style=lambda style, words: f"Style: {style}, about {thousands(words, comma=False)} words",
        temperature=lambda value, meaning: f"Creativity {value}: {meaning}.",
        how_free=(
            "always what is likeliest",
            "it plays safe",
            "it takes some risks",
            "it takes many risks",
        ),
        top_k=lambda count: (
            f"Top-k {count}: it chooses among {count} pieces."
            if count
            else "Top-k 0: it chooses among all pieces."
        ),
        top_p=lambda value: f"Top-p {value}: it leaves out the rarest ones.",
        repetition=lambda value: f"Repetition brake {value}: it avoids what it wrote before.",
        seed=lambda seed: f"Seed {seed}: so the draw begins.",
        continues=lambda code: f"It goes on from another text{f' ({code})' if code else ''}.",
        model=lambda name, revision: (
            f"Model: {name}, revision {revision}" if revision else f"Model: {name}"
        ),
        same="The same recipe gives the same text on this installation.",
        number=lambda value: decimal(value, comma=False),
        not_known="I don't know that recipe: see whether the five letters and digits are right.",
        missing="Tell me which recipe: /recipe and the five letters and digits under the text.",
        repeat_how="Tell me what to change and to which value: /repeat K7QF2 creativity 1.2",
    ),
)
