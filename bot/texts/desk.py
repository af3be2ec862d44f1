"""What a teacher reads and presses: the desk, and how people come into a class."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.texts.numbers import english_span, plural, spanish_span


@dataclass(frozen=True, slots=True)
class DeskTexts:
    """Sentences and labels of ``/clase``, and of how people come into a class.

    Attributes:
        class_of: From a teacher's name to that of a class without a group.
        no_lesson: From the name of a class and how many are on its list.
        in_lesson: From a title, the time of its beginning, essays that are there, that wait.
        unseen: From how many essays somebody reported.
        title_ask: How to give a lesson its title.
        already: A lesson is open.
        none_open: There is no lesson.
        clear_ask: From how many essays wait.
        stop_ask: Asks the same of those being written, too.
        cleared: From how many essays were called off.
        cleared_student: To whoever asked for one of them.
        topic_page: From the topic for all, or None.
        topic_all: What the class reads, from a topic.
        settings_page: From the lines of the settings.
        fixed: A setting holds for all.
        free: A setting is everybody's own.
        most_words: From a number or None.
        most_essays: From a number or None.
        from_now: To the group, from a setting and its value.
        fix_how: How settings are fixed in words.
        delivery: From private or not, and with names or not.
        people_page: From how many have a text, and the names of those who have none.
        nobody: The list is empty.
        strike_ask: Asks who is to be taken off the list.
        code_page: From a class, its code as it is read, as it is typed, its last day, who came.
        poster: Over the picture of a code, from the name of the class.
        added: From who added the bot, and the name of the group, to the question to the owner.
        left: The bot leaves a group.
        code_ended: The code lets nobody in; from how many came by it and are still there.
        code_none: There is no code.
        colleague: From what makes one person a teacher.
        report_sent: The report is on its way.
        report_caption: From a title.
        no_essays: There is nothing to report.
        end_ask: From how many essays wait.
        ended: From a title.
        no_complaints: There is none.
        removed: From a code.
        not_known: From a word behind the command.
        in_private: What is asked for is told in the private chat, which is not open.
        in_private_only: What is told in the private chat only.
        open_private: Label.
        only_teacher: Somebody else may not do that.
        labels: Labels of buttons, by action and argument.
        voted: Toast.
        vote_gone: Toast.
        joined: Toast, when somebody takes part, from seconds or None.
        has_own: Toast, from the code of the essay that somebody has.
        waits: Toast, from a place and seconds (or None).
        waits_not: Toast.
        waits_pause: Toast.
        over: Toast: the lesson is over.
        opened: A group was opened.
        opened_owner: To whoever opened it, from its name.
        closed_group: A group is not open.
        ownerless_group: The bot has no owner.
        not_opener: Toast.
        welcome_student: From a first name and the class.
        code_wrong: A class code that there is not.
        code_expired: A class code that lets nobody in any more.
        new_teacher: To somebody who may lead classes from now on.
        long_texts: How long texts come, by the choice.
    """

    class_of: Callable[[str], str]
    no_lesson: Callable[[str, int], str]
    in_lesson: Callable[[str, str, int, int], str]
    unseen: Callable[[int], str]
    title_ask: str
    already: str
    none_open: str
    clear_ask: Callable[[int], str]
    stop_ask: str
    cleared: Callable[[int], str]
    cleared_student: str
    topic_page: Callable[[str | None], str]
    topic_all: Callable[[str], str]
    settings_page: Callable[[str], str]
    fixed: str
    free: str
    most_words: Callable[[int | None], str]
    most_essays: Callable[[int | None], str]
    from_now: Callable[[str], str]
    fix_how: str
    delivery: Callable[[bool, bool], str]
    people_page: Callable[[int, Sequence[str]], str]
    nobody: str
    strike_ask: str
    code_page: Callable[[str, str, str, str, int], str]
    poster: Callable[[str], str]
    added: Callable[[str, str], str]
    left: str
    code_ended: Callable[[int], str]
    code_none: str
    colleague: Callable[[str], str]
    report_sent: str
    report_caption: Callable[[str], str]
    no_essays: str
    end_ask: Callable[[int], str]
    ended: Callable[[str], str]
    no_complaints: str
    removed: Callable[[str], str]
    not_known: Callable[[str], str]
    in_private: str
    in_private_only: str
    open_private: str
    only_teacher: str
    labels: Mapping[str, str]
    voted: str
    vote_gone: str
    joined: Callable[[float | None], str]
    has_own: Callable[[str], str]
    waits: Callable[[int, float | None], str]
    waits_not: str
    waits_pause: str
    over: str
    opened: str
    opened_owner: Callable[[str], str]
    closed_group: str
    ownerless_group: str
    not_opener: str
    welcome_student: Callable[[str, str], str]
    code_wrong: str
    code_expired: str
    new_teacher: str
    long_texts: Mapping[str, str]


_ORDINALS_ES = (
    "primero", "segundo", "tercero", "cuarto", "quinto",
    "sexto", "séptimo", "octavo", "noveno", "décimo",
)  # fmt: skip


def ordinal_es(place: int) -> str:
    """``quinto``, ``11.º``."""
    return _ORDINALS_ES[place - 1] if place <= len(_ORDINALS_ES) else f"{place}.º"


def ordinal_en(place: int) -> str:
    """``5th``, ``21st``."""
    ending = {1: "st", 2: "nd", 3: "rd"}.get(place % 10 if place % 100 not in (11, 12, 13) else 0)
    return f"{place}{ending or 'th'}"


def _missing_es(names: Sequence[str]) -> str:
    if not names:
        return ""
    return f" {'Falta' if len(names) == 1 else 'Faltan'} {', '.join(names)}."


def _missing_en(names: Sequence[str]) -> str:
    return f" {', '.join(names)} {'has' if len(names) == 1 else 'have'} none." if names else ""


def _soon_es(estimate_s: float | None) -> str:
    return "" if estimate_s is None else f": {spanish_span(estimate_s)}"


def _soon_en(estimate_s: float | None) -> str:
    return "" if estimate_s is None else f": {english_span(estimate_s)}"


SPANISH = DeskTexts(
    class_of=lambda name: f"Clase de {name}",
    no_lesson=lambda name, people: (
        f"{name}, sin clase abierta.\n{plural(people, 'persona', 'personas')} en la lista."
    ),
    in_lesson=lambda title, time, done, left: (
        f"{f'«{title}»' if title else 'Clase'}, desde las {time}.\nHechos {done}, esperan {left}."
    ),
    unseen=lambda count: "Un aviso sin ver." if count == 1 else f"{count} avisos sin ver.",
    title_ask="¿Cómo se llama la clase? Escribe /clase empezar y el título, o toca uno.",
    already="Ya hay una clase abierta.",
    none_open="Ahora no hay clase abierta: /clase empezar.",
    clear_ask=lambda count: f"¿Descarto {plural(count, 'tema', 'temas')} en espera?",
    stop_ask="¿Descarto los temas en espera y lo que estoy escribiendo?",
    cleared=lambda count: f"He descartado {plural(count, 'tema', 'temas')}.",
    cleared_student="Tu profe ha vaciado la cola: pide tu texto otra vez cuando quieras.",
    topic_page=lambda topic: (
        "Escribe el tema: /clase tema El mar." if topic is None else f"Tema para todos: {topic}"
    ),
    topic_all=lambda topic: (
        f"Tema para todos: {topic}\n"
        "Toca Participar y tendrás un texto tuyo, distinto de los demás."
    ),
    settings_page=lambda lines: (
        f"{lines}\n\nCon palabras: /clase fijar creatividad 0,7, /clase libre todo, "
        "/clase máximo 300, /clase textos 3, /clase idioma español."
    ),
    fixed="fijo",
    free="libre",
    most_words=lambda count: (
        "Máximo: el de siempre" if count is None else f"Máximo: {count} palabras"
    ),
    most_essays=lambda count: (
        "Textos por persona: los que quiera" if count is None else f"Textos por persona: {count}"
    ),
    from_now=lambda line: f"Desde ahora, para toda la clase: {line}.",
    fix_how=(
        "Dime qué ajuste y qué valor: /clase fijar longitud 200. Para soltarlo: /clase libre "
        "longitud."
    ),
    delivery=lambda is_private, has_names: (
        f"Los textos llegan {'en privado' if is_private else 'al grupo'}, "
        f"{'con nombre' if has_names else 'sin nombre'}."
        + ("" if has_names else " Los ya enviados conservan el nombre.")
    ),
    people_page=lambda done, names: f"Tienen texto {done}.{_missing_es(names)}",
    nobody="Todavía no hay nadie en la lista.",
    strike_ask="¿A quién quito de la lista?",
    code_page=lambda name, shown, typed, day, count: (
        f"Código de {name}: {shown}\nVale hasta el {day}. "
        f"{'Ha entrado' if count == 1 else 'Han entrado'} {plural(count, 'persona', 'personas')}."
        f"\nSe escribe en mi chat privado, o se abre {{link}}{typed}"
    ),
    poster=lambda name: f"Entra en {name}",
    added=lambda who, name: f"{who} me ha añadido a «{name}».",
    left="Me voy de ese grupo.",
    code_ended=lambda count: (
        "El código está anulado: ya no entra nadie. Con el botón hago otro."
        + (
            f"\nQuien entró con él sigue dentro: {plural(count, 'persona', 'personas')}."
            * bool(count)
        )
    ),
    code_none="Todavía no hay código: /clase código.",
    colleague=lambda code: (
        "Este enlace sirve para una persona y un día: quien lo abra podrá llevar clases.\n"
        f"{{link}}{code}"
    ),
    report_sent="Te envío el informe en privado.",
    report_caption=lambda title: (
        f"Este es el informe de {f'«{title}»' if title else 'la clase'}. Se abre en el teléfono "
        "y se puede imprimir."
    ),
    no_essays="Todavía no hay textos para un informe.",
    end_ask=lambda left: (
        f"{'Espera' if left == 1 else 'Esperan'} {plural(left, 'texto', 'textos')}."
    ),
    ended=lambda title: f"Clase {f'«{title}» ' if title else ''}terminada.",
    no_complaints="No hay avisos sin ver.",
    removed=lambda code: f"He retirado el texto {code}.",
    not_known=lambda word: (
        f"No conozco «{word}». Prueba /clase pausa, /clase seguir, /clase tema El mar, "
        "/clase informe o /clase fin."
    ),
    in_private="Te lo cuento en privado: ábreme y toca Iniciar.",
    in_private_only="Eso lo cuento solo en privado, durante la clase.",
    open_private="Abrir",
    only_teacher="Eso solo puede hacerlo tu profe.",
    labels={
        "begin": "Empezar la clase",
        "untitled": "Sin título",
        "pause": "Pausa",
        "go": "Seguir",
        "clear": "Vaciar la cola",
        "stop": "Parar todo",
        "yes": "Sí, descartar",
        "topic": "Tema para todos",
        "only": "Solo este tema",
        "untopic": "Cerrar la participación",
        "set": "Ajustes",
        "texts:3": "3 por persona",
        "turn:only_in_lessons": "Solo en clase",
        "deliv": "Entrega",
        "private": "En privado",
        "group": "En el grupo",
        "names": "Con nombre",
        "anon": "Sin nombre",
        "votes": "Votos",
        "long": "Largos",
        "people": "Personas",
        "who": "Quién es quién",
        "strike": "Lista",
        "code": "Código",
        "code:-": "Anular",
        "code:out": "Quitar a quienes entraron",
        "code:qr": "Ver el QR",
        "code:1": "Un día",
        "code:30": "30 días",
        "code:365": "Un año",
        "report": "Informe",
        "end": "Terminar la clase",
        "end:yes": "Terminar cuando lleguen",
        "end:now": "Terminar ya",
        "flags": "Avisos",
        "remove": "Quitarlo",
        "settle": "Está bien",
        "like": "Me gusta",
        "open": "Abrir este grupo",
        "leave": "Salir",
    },
    voted="Voto anotado.",
    vote_gone="Voto retirado.",
    joined=lambda estimate_s: f"Anotado{_soon_es(estimate_s)}.",
    has_own=lambda code: f"Ya tienes el tuyo: {code}.",
    waits=lambda place, estimate_s: f"El tuyo es el {ordinal_es(place)}{_soon_es(estimate_s)}.",
    waits_not="No espera ningún texto tuyo.",
    waits_pause="La clase está en pausa: tu texto llegará cuando siga.",
    over="Esa clase ya terminó.",
    opened="Grupo abierto. Envía /redactar y un tema.",
    opened_owner=lambda name: (
        f"Ya estoy en «{name}». Hazme administrador, sin permisos: así contesto a cada persona "
        "sin que lo lea el grupo. Con /clase llevas la clase."
    ),
    closed_group="Todavía no puedo escribir aquí. Quien lleva el bot tiene que abrirme.",
    ownerless_group=(
        "Todavía no tengo dueño. Quien me puso en marcha tiene un enlace para abrirme."
    ),
    not_opener="Solo puede abrirlo quien lleva el bot.",
    welcome_student=lambda name, its_class: (
        f"Hola, {name}. Ya estás en {its_class}. Envíame un tema y escribo sobre él.\n"
        "Tu profe ve tu nombre y lo que pides en la clase. Más: /privacidad"
    ),
    code_wrong="No conozco ese código: mira que las seis letras y cifras estén bien.",
    code_expired="Ese código ya no vale; pide otro a tu profe.",
    new_teacher="Hola. Ahora puedes llevar clases con este bot. Empieza con /clase.",
    long_texts={
        "file": "archivo",
        "private": "en privado",
        "messages": "dos mensajes",
        "rich": "enteros",
    },
)

ENGLISH = DeskTexts(
    class_of=lambda name: f"{name}'s class",
    no_lesson=lambda name, people: (
        f"{name}, no lesson open.\n{plural(people, 'person', 'people')} on the list."
    ),
    in_lesson=lambda title, time, done, left: (
        f"{f'“{title}”' if title else 'Lesson'}, since {time}.\nDone {done}, waiting {left}."
    ),
    unseen=lambda count: f"{plural(count, 'report', 'reports')} to see.",
    title_ask="What is the lesson called? Write /class begin and the title, or press one.",
    already="A lesson is open already.",
    none_open="No lesson is open: /class begin.",
    clear_ask=lambda count: f"Drop {plural(count, 'topic', 'topics')} that are waiting?",
    stop_ask="Drop the topics that are waiting and what I'm writing?",
    cleared=lambda count: f"I dropped {plural(count, 'topic', 'topics')}.",
    cleared_student="Your teacher cleared the queue: ask for your text again when you like.",
    topic_page=lambda topic: (
        "Write the topic: /class topic The sea."
        if topic is None
        else f"Topic for everybody: {topic}"
    ),
    topic_all=lambda topic: (
        f"Topic for everybody: {topic}\n"
        "Press Take part and you'll have a text of your own, unlike the others."
    ),
    settings_page=lambda lines: (
        f"{lines}\n\nIn words: /class fix creativity 0.7, /class free all, /class most 300, "
        "/class each 3, /class language English."
    ),
    fixed="fixed",
    free="free",
    most_words=lambda count: "Most: as usual" if count is None else f"Most: {count} words",
    most_essays=lambda count: (
        "Texts a person: as many as they like" if count is None else f"Texts a person: {count}"
    ),
    from_now=lambda line: f"From now on, for the whole class: {line}.",
    fix_how=(
        "Tell me which setting and value: /class fix length 200. To let go of it: /class free "
        "length."
    ),
    delivery=lambda is_private, has_names: (
        f"Texts come {'in private' if is_private else 'to the group'}, "
        f"{'with names' if has_names else 'without names'}."
        + ("" if has_names else " Those sent before keep theirs.")
    ),
    people_page=lambda done, names: f"{done} have a text.{_missing_en(names)}",
    nobody="Nobody is on the list yet.",
    strike_ask="Who is to be taken off the list?",
    code_page=lambda name, shown, typed, day, count: (
        f"Code of {name}: {shown}\nGood until {day}. "
        f"{plural(count, 'person has', 'people have')} come in.\n"
        f"It is typed in my private chat, or one opens {{link}}{typed}"
    ),
    poster=lambda name: f"Come into {name}",
    added=lambda who, name: f"{who} added me to «{name}».",
    left="I leave that group.",
    code_ended=lambda count: (
        "The code is revoked: nobody comes in any more. The button makes another."
        + (f"\nWho came by it is still in: {plural(count, 'person', 'people')}." * bool(count))
    ),
    code_none="There is no code yet: /class code.",
    colleague=lambda code: (
        "This link is good for one person and one day: whoever opens it may lead classes.\n"
        f"{{link}}{code}"
    ),
    report_sent="I'm sending you the report in private.",
    report_caption=lambda title: (
        f"This is the report of {f'“{title}”' if title else 'the lesson'}. It opens on a phone "
        "and can be printed."
    ),
    no_essays="There are no texts for a report yet.",
    end_ask=lambda left: f"{plural(left, 'text is', 'texts are')} waiting.",
    ended=lambda title: f"Lesson {f'“{title}” ' if title else ''}over.",
    no_complaints="There are no reports to see.",
    removed=lambda code: f"I took back the text {code}.",
    not_known=lambda word: (
        f"I don't know “{word}”. Try /class pause, /class resume, /class topic The sea, "
        "/class report or /class end."
    ),
    in_private="I'll tell you in private: open me and press Start.",
    in_private_only="I tell that in private only, during the lesson.",
    open_private="Open",
    only_teacher="Only your teacher may do that.",
    labels={
        "begin": "Begin the lesson",
        "untitled": "No title",
        "pause": "Pause",
        "go": "Resume",
        "clear": "Clear the queue",
        "stop": "Stop everything",
        "yes": "Yes, drop them",
        "topic": "Topic for all",
        "only": "Only this topic",
        "untopic": "Close taking part",
        "set": "Settings",
        "texts:3": "3 a person",
        "turn:only_in_lessons": "In lessons only",
        "deliv": "Delivery",
        "private": "In private",
        "group": "In the group",
        "names": "With names",
        "anon": "No names",
        "votes": "Votes",
        "long": "Long ones",
        "people": "People",
        "who": "Who is who",
        "strike": "List",
        "code": "Code",
        "code:-": "Revoke",
        "code:out": "Take off who came in",
        "code:qr": "Show the QR",
        "code:1": "One day",
        "code:30": "30 days",
        "code:365": "One year",
        "report": "Report",
        "end": "End the lesson",
        "end:yes": "End when they are here",
        "end:now": "End now",
        "flags": "Reports",
        "remove": "Take it back",
        "settle": "It is fine",
        "like": "I like it",
        "open": "Open this group",
        "leave": "Leave",
    },
    voted="Vote noted.",
    vote_gone="Vote taken back.",
    joined=lambda estimate_s: f"Noted{_soon_en(estimate_s)}.",
    has_own=lambda code: f"You have yours: {code}.",
    waits=lambda place, estimate_s: f"Yours is the {ordinal_en(place)}{_soon_en(estimate_s)}.",
    waits_not="No text of yours is waiting.",
    waits_pause="The lesson is paused: your text will come when it goes on.",
    over="That lesson is over.",
    opened="The group is open. Send /write and a topic.",
    opened_owner=lambda name: (
        f"I'm in “{name}” now. Make me an administrator without rights: then I answer each person "
        "so that the group doesn't read it. You lead the class with /class."
    ),
    closed_group="I can't write here yet. Whoever runs the bot has to open me.",
    ownerless_group="I have no owner yet. Whoever set me up has a link to open me.",
    not_opener="Only whoever runs the bot can open it.",
    welcome_student=lambda name, its_class: (
        f"Hello, {name}. You are in {its_class} now. Send me a topic and I write about it.\n"
        "Your teacher sees your name and what you ask for in class. More: /privacy"
    ),
    code_wrong="I don't know that code: see whether the six letters and digits are right.",
    code_expired="That code isn't good any more; ask your teacher for another.",
    new_teacher="Hello. You may lead classes with this bot now. Begin with /class.",
    long_texts={
        "file": "file",
        "private": "in private",
        "messages": "two messages",
        "rich": "whole",
    },
)
