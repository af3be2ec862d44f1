"""What the bot says where a text is not the answer, and when somebody objects to one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.texts.numbers import plural


@dataclass(frozen=True, slots=True)
class SafetyTexts:
    """Sentences and labels for what is not written, for people who need a person, and for reports.

    Attributes:
        refused: What is said of a topic that is not written, by its group; "" for all others.
        serious: A topic that is written soberly.
        button_styles: Labels of the styles that it is written in.
        chosen: From a style, once it is chosen.
        button_other: Label: another topic.
        other: Answer to that button.
        distress: What somebody is told who needs a person, by the kind of distress.
        in_school: From whom to go to there.
        line: From name, telephone and hours (which may be empty) of a help line.
        danger: From the emergency number, or "".
        told_before: Put under that answer where a teacher always hears of it.
        button_talk: Label: the teacher is told that this person wants to talk.
        button_not_so: Label: it was no cry for help.
        told: Answer to the first.
        not_so: Answer to the second.
        in_private: From a name (which may be empty), where nothing else can be said before others.
        button_open: Label: opens the private chat.
        wants_to_talk: To the teacher, from a name and a class's, which may both be empty.
        button_seen: Label: the teacher has seen to it.
        seen: Instead of the notice, from its text.
        button_what_to_do: Label.
        what_to_do: From a name.
        removed_sentence: Under an essay, in italics.
        ask_reason: What is wrong with it?
        reasons: Labels, by reason.
        thanks: Answers, by reason.
        reported: To the teacher, from code, title, name and how many gave each reason.
        button_view: Label.
        button_remove: Label.
        button_fine: Label.
        removed: The essay is gone: to the teacher.
        removed_for_all: Instead of a message that cannot be deleted.
        removed_for_author: From a title.
        fine: The teacher minds nothing.
        gone: That essay is not there any more.
        button_filters: Label on the teacher's desk.
        groups: Names of the groups of topics.
        treatments: How they can be treated.
        filters_page: From the words that are refused too, and those that are let through.
        button_help: Label.
        help_names: Names of the fields in ``HELP_FIELDS``, one word each.
        help_page: From what is filled in.
        no_help: There is no telephone.
        old_help: From the day on which somebody checked them.
        button_notice: Label.
        ask_notice: When shall a teacher hear of distress?
        notices: The choices.
    """

    refused: Mapping[str, str]
    serious: str
    button_styles: Mapping[str, str]
    chosen: Callable[[str], str]
    button_other: str
    other: str
    distress: Mapping[str, str]
    in_school: Callable[[str], str]
    line: Callable[[str, str, str], str]
    danger: Callable[[str], str]
    told_before: str
    button_talk: str
    button_not_so: str
    told: str
    not_so: str
    in_private: Callable[[str], str]
    button_open: str
    wants_to_talk: Callable[[str, str], str]
    button_seen: str
    seen: Callable[[str], str]
    button_what_to_do: str
    what_to_do: Callable[[str], str]
    removed_sentence: str
    ask_reason: str
    reasons: Mapping[str, str]
    thanks: Mapping[str, str]
    reported: Callable[[str, str, str, Mapping[str, int]], str]
    button_view: str
    button_remove: str
    button_fine: str
    removed: str
    removed_for_all: str
    removed_for_author: Callable[[str], str]
    fine: str
    gone: str
    button_filters: str
    groups: Mapping[str, str]
    treatments: Mapping[str, str]
    filters_page: Callable[[Sequence[str], Sequence[str]], str]
    button_help: str
    help_names: Mapping[str, str]
    help_page: Callable[[str], str]
    no_help: str
    old_help: Callable[[str], str]
    button_notice: str
    ask_notice: str
    notices: Mapping[str, str]


_SAYING_ES = {"scares": "que ofende o asusta", "person": "que habla de alguien real"}
_SAYING_EN = {"scares": "that it offends or frightens", "person": "that it is about a real person"}


def _reported_es(code: str, title: str, name: str, counts: Mapping[str, int]) -> str:
    said = "; ".join(
        f"una persona dice {_SAYING_ES[reason]}"
        if count == 1
        else f"{_NUMBERS_ES.get(count, count)} personas dicen {_SAYING_ES[reason]}"
        for reason, count in counts.items()
    )
    return f"{_what(code, f'«{title}»', name and f'pedido por {name}')}: {said}."


def _reported_en(code: str, title: str, name: str, counts: Mapping[str, int]) -> str:
    said = "; ".join(
        f"{plural(count, 'person says', 'people say')} {_SAYING_EN[reason]}"
        for reason, count in counts.items()
    )
    return f"{_what(code, f'“{title}”', name and f'asked for by {name}')}: {said}."


def _what(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


_NUMBERS_ES = {2: "dos", 3: "tres", 4: "cuatro", 5: "cinco"}


def _wants_to_talk_es(name: str, class_name: str) -> str:
    who = f"{name}, de {class_name}," if class_name else name
    return f"{who} quiere hablar contigo. Puede que lo esté pasando mal."


def _wants_to_talk_en(name: str, class_name: str) -> str:
    who = f"{name}, of {class_name}," if class_name else name
    return f"{who} wants to talk to you. They may be having a hard time."


def _filters_page_es(refused: Sequence[str], allowed: Sequence[str]) -> str:
    lines = ["Toca un tema para cambiar cómo lo trato. A quien lo pasa mal le contesto siempre."]
    if refused:
        lines.append(f"Tampoco escribo sobre: {', '.join(refused)}.")
    if allowed:
        lines.append(f"Dejo pasar: {', '.join(allowed)}.")
    lines.append("Con palabras: /clase filtro añadir fortnite, /clase filtro quitar fortnite.")
    return "\n".join(lines)


def _filters_page_en(refused: Sequence[str], allowed: Sequence[str]) -> str:
    lines = ["Tap a topic to change how I treat it. Who is having a hard time is always answered."]
    if refused:
        lines.append(f"I don't write about these either: {', '.join(refused)}.")
    if allowed:
        lines.append(f"I let these through: {', '.join(allowed)}.")
    lines.append("In words: /class filter add fortnite, /class filter remove fortnite.")
    return "\n".join(lines)


_ADULT_ES = "Sobre eso no escribo. Si te preocupa, háblalo con una persona adulta de confianza."
_ADULT_EN = "I don't write about that. If it worries you, talk to an adult you trust."

SPANISH = SafetyTexts(
    refused={
        "": _ADULT_ES,
        "against_somebody": "No escribo contra nadie. Prueba con otro tema.",
        "self_harm": (
            "De eso no escribo: es mejor hablarlo con personas. Si lo preguntas por ti o por "
            "alguien, busca hoy a una persona adulta de confianza."
        ),
        "added": "Sobre eso no escribo en tu clase. Prueba con otro tema.",
    },
    serious="Ese tema es serio: lo escribo como explicación, argumentación o noticia.",
    button_styles={
        "explicacion": "Explicación",
        "argumentacion": "Argumentación",
        "noticia": "Noticia",
    },
    chosen=lambda style: f"De acuerdo: lo escribo como {style}.",
    button_other="Otro tema",
    other="De acuerdo. Dame otro tema cuando quieras.",
    distress={
        "self": (
            "Gracias por decirlo. Soy un programa y no puedo ayudarte como una persona, pero hay "
            "quien sí puede.\n"
            "Habla hoy con alguien de confianza, en casa o en tu escuela."
        ),
        "harmed": (
            "Gracias por decirlo. No es culpa tuya.\n"
            "Cuéntaselo hoy a una persona adulta en quien confíes, en tu escuela o fuera de ella."
        ),
        "friend": (
            "Has hecho bien en decirlo. No lo lleves sin ayuda: cuéntaselo hoy a una persona "
            "adulta de confianza."
        ),
        "sad": (
            "Siento que estés así. Yo solo sé escribir textos; contárselo a alguien de confianza "
            "ayuda más."
        ),
    },
    in_school=lambda who: f"En tu escuela puedes ir a {who}.",
    line=lambda name, phone, hours: f"{name}: {phone}, {hours}." if hours else f"{name}: {phone}.",
    danger=lambda number: (
        f"Si estás en peligro ahora, llama al {number} o busca a la persona adulta más cercana."
        if number
        else "Si estás en peligro ahora, busca a la persona adulta más cercana o llama a "
        "emergencias."
    ),
    told_before="Tu profe recibirá un aviso con tu nombre, sin tus palabras.",
    button_talk="Quiero hablar con mi profe",
    button_not_so="No era eso",
    told="Hecho. Tu profe recibirá tu nombre, no tus palabras.",
    not_so="De acuerdo. Dame otro tema cuando quieras.",
    in_private=lambda name: (
        f"{name}, escríbeme en privado, por favor." if name else "Escríbeme en privado, por favor."
    ),
    button_open="Abrir",
    wants_to_talk=_wants_to_talk_es,
    button_seen="Atendido",
    seen=lambda notice: f"Atendido. {notice}",
    button_what_to_do="Qué hacer",
    what_to_do=lambda name: (
        f"Habla hoy con {name} a solas, sin nombrar su mensaje delante de nadie, y avisa a quien "
        "indique el protocolo de tu escuela."
    ),
    removed_sentence="He quitado una frase que no era adecuada.",
    ask_reason="¿Qué pasa con este texto?",
    reasons={
        "scares": "Ofende o asusta",
        "person": "Habla de alguien real",
        "false": "Dice algo falso",
        "nothing": "Nada, me equivoqué",
    },
    thanks={
        "scares": "Gracias. Lo verá tu profe.",
        "person": "Gracias. Lo verá tu profe.",
        "false": "Gracias. Queda marcado como dudoso.",
        "nothing": "De acuerdo, no digo nada.",
    },
    reported=_reported_es,
    button_view="Ver el texto",
    button_remove="Quitarlo",
    button_fine="Está bien",
    removed="Quitado.",
    removed_for_all="Texto retirado por tu profe.",
    removed_for_author=lambda title: (
        f"Tu profe ha retirado un texto sobre «{title}». Lo escribí yo, no tú."
    ),
    fine="De acuerdo: el texto se queda.",
    gone="Ese texto ya no está: se borró o pasó su tiempo.",
    button_filters="Filtros",
    groups={
        "sex": "Sexo",
        "self_harm": "Autolesión",
        "weapons": "Armas",
        "drugs": "Drogas",
        "against_somebody": "Insultos",
        "serious": "Serios",
    },
    treatments={"fit": "sí", "serious": "serio", "refused": "no"},
    filters_page=_filters_page_es,
    button_help="Ayuda",
    help_names={
        "line": "línea",
        "phone": "teléfono",
        "hours": "horario",
        "web": "web",
        "emergency": "emergencias",
        "school": "escuela",
        "checked": "revisado",
    },
    help_page=lambda shown: (
        f"{shown or 'Faltan los teléfonos de ayuda.'}\n\n"
        "Escribe un dato cada vez: /clase ayuda línea Nombre; también teléfono, horario, web, "
        "emergencias y escuela (a quién acudir). Sin nada detrás, se borra."
    ),
    no_help="Faltan los teléfonos de ayuda: /clase ayuda",
    old_help=lambda day: (
        f"Revisa los teléfonos de ayuda: son de {day}."
        if day
        else "Revisa los teléfonos de ayuda."
    ),
    button_notice="¿Te aviso?",
    ask_notice=(
        "Si alguien escribe que lo pasa mal, ¿te aviso? Recibirás su nombre, nunca sus palabras."
    ),
    notices={"always": "Siempre", "wish": "Si esa persona quiere", "never": "No"},
)

ENGLISH = SafetyTexts(
    refused={
        "": _ADULT_EN,
        "against_somebody": "I don't write against anybody. Try another topic.",
        "self_harm": (
            "I don't write about that: it is better talked over with people. If you are asking "
            "for yourself or for somebody, find an adult you trust today."
        ),
        "added": "I don't write about that in your class. Try another topic.",
    },
    serious="That topic is serious: I write it as an explanation, an argument or a news item.",
    button_styles={
        "explicacion": "Explanation",
        "argumentacion": "Argument",
        "noticia": "News item",
    },
    chosen=lambda style: f"All right, I'll write it as: {style}.",
    button_other="Another topic",
    other="All right. Give me another topic whenever you like.",
    distress={
        "self": (
            "Thank you for saying it. I'm a program and can't help you the way a person can, but "
            "there are people who can.\n"
            "Talk today to somebody you trust, at home or at school."
        ),
        "harmed": (
            "Thank you for saying it. It is not your fault.\n"
            "Tell an adult you trust today, at school or outside it."
        ),
        "friend": (
            "You did well to say it. Don't carry it without help: tell an adult you trust today."
        ),
        "sad": (
            "I'm sorry you feel like that. I only know how to write texts; telling somebody you "
            "trust helps more."
        ),
    },
    in_school=lambda who: f"At school you can go to {who}.",
    line=lambda name, phone, hours: f"{name}: {phone}, {hours}." if hours else f"{name}: {phone}.",
    danger=lambda number: (
        f"If you are in danger now, call {number} or find the nearest adult."
        if number
        else "If you are in danger now, find the nearest adult or call the emergency services."
    ),
    told_before="Your teacher will get a notice with your name, without your words.",
    button_talk="I want to talk to my teacher",
    button_not_so="That's not it",
    told="Done. Your teacher will get your name, not your words.",
    not_so="All right. Give me another topic whenever you like.",
    in_private=lambda name: (
        f"{name}, write to me in private, please." if name else "Write to me in private, please."
    ),
    button_open="Open",
    wants_to_talk=_wants_to_talk_en,
    button_seen="Seen to",
    seen=lambda notice: f"Seen to. {notice}",
    button_what_to_do="What to do",
    what_to_do=lambda name: (
        f"Talk to {name} alone today, without mentioning their message in front of anybody, and "
        "tell whoever your school's protocol says."
    ),
    removed_sentence="I took out a sentence that wasn't suitable.",
    ask_reason="What is wrong with this text?",
    reasons={
        "scares": "Offends or scares",
        "person": "It's about someone",
        "false": "Says something false",
        "nothing": "Nothing, my mistake",
    },
    thanks={
        "scares": "Thank you. Your teacher will see it.",
        "person": "Thank you. Your teacher will see it.",
        "false": "Thank you. It is marked as doubtful.",
        "nothing": "All right, I'll say nothing.",
    },
    reported=_reported_en,
    button_view="See the text",
    button_remove="Remove it",
    button_fine="It's fine",
    removed="Removed.",
    removed_for_all="Text removed by your teacher.",
    removed_for_author=lambda title: (
        f"Your teacher removed a text about “{title}”. I wrote it, not you."
    ),
    fine="All right: the text stays.",
    gone="That text isn't there any more: it was deleted or its time is over.",
    button_filters="Filters",
    groups={
        "sex": "Sex",
        "self_harm": "Self-harm",
        "weapons": "Weapons",
        "drugs": "Drugs",
        "against_somebody": "Insults",
        "serious": "Serious",
    },
    treatments={"fit": "yes", "serious": "soberly", "refused": "no"},
    filters_page=_filters_page_en,
    button_help="Help",
    help_names={
        "line": "line",
        "phone": "telephone",
        "hours": "hours",
        "web": "web",
        "emergency": "emergency",
        "school": "school",
        "checked": "checked",
    },
    help_page=lambda shown: (
        f"{shown or 'The help telephones are missing.'}\n\n"
        "Write one at a time: /class help line Name; also telephone, hours, web, emergency and "
        "school (whom to go to). With nothing behind it, it is deleted."
    ),
    no_help="The help telephones are missing: /class help",
    old_help=lambda day: (
        f"Check the help telephones: they are from {day}." if day else "Check the help telephones."
    ),
    button_notice="Tell you?",
    ask_notice=(
        "If somebody writes that they are having a hard time, shall I tell you? You get their "
        "name, never their words."
    ),
    notices={"always": "Always", "wish": "If they want", "never": "No"},
)
