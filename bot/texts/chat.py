"""What the bot says in a chat, apart from settings and failures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.texts.numbers import english_span, plural, spanish_span


@dataclass(frozen=True, slots=True)
class ChatTexts:
    """Sentences and labels of the chat.

    Attributes:
        commands: What each command does, by its key; shown in Telegram's menu and in the help.
        help_intro: Comes before the list of commands.
        help_outro: Comes after it.
        welcome: Answer to ``/start``.
        owner_welcome: Answer to the person who opened the owner's link.
        owner_code_wrong: That link was used before or is wrong.
        group_greeting: Said once in a group that the bot was added to.
        stranger: Said once to a person who may not use the bot.
        stranger_toast: The same as a toast, at most 200 characters.
        unclaimed: The bot has no owner yet.
        unknown_command: A command that the bot does not know, in private.
        not_text: A photo, a voice message and so on, in private.
        only_caption: A picture or file with words under it, which are the topic, in private.
        mended: From the title of a topic that was edited, and what it was before or None, to the
            question whether to write about it.
        kept_topic: It is not written about.
        ask_topic: The question after ``/redactar`` alone.
        ask_topic_hint: Grey text in the input field, at most 64 characters.
        acknowledged: From a place and an estimate in seconds (or None) to the acknowledgement.
            Place 0 begins at once, 1 is the next in the queue.
        have_topic: Word in a group that an essay takes long, from an estimate in seconds.
        ideas: Above an essay, from its ideas.
        ask_ideas: Asks for others, from those that it was written from.
        ask_ideas_hint: Grey text in the input field, at most 64 characters.
        more_ideas: One is too few.
        foot: Under an essay, from the code of its recipe and its words.
        in_the_file: Under the beginning of an essay that comes as a file, from its words.
        writing: The placeholder while the text is being written.
        preview_note: Put under a preview that is edited into a message.
        restarting: Put into the placeholders of private chats while the bot is stopped.
        placeholder_over: Put into a placeholder that Telegram does not let the bot remove.
        stopped: The placeholder of an essay that was cancelled.
        stopped_with_text: The same, followed by what was written.
        out_of_time: Put under an essay that took too long and ends where it was.
        held: From a number of messages to the line of ``/cola`` that says they could not be
            delivered yet.
        kept: Offers an essay that could not be delivered for a day or more.
        arrives: From seconds to the line of ``/cola`` that says that one's text is written.
        cancelled: Answer to ``/cancelar``, from the number of essays stopped.
        nothing_to_cancel: Answer to ``/cancelar`` when there is nothing.
        already_finished: Toast: the essay of this button is done.
        not_yours: Toast: somebody else's button.
        button_gone: Toast: a button of another version.
        queue: From the numbers running and waiting, and one's own place (from 1) and estimate or
            None, to the answer to ``/cola``.
        greeting_empty_queue: Answer to ``/cola`` when nothing is going on.
        privacy: Answer to ``/privacidad``.
        erase_ask: Asks whether everything is to be deleted.
        erase_word: What a channel writes behind the command, lower case.
        erase_in_words: Tells a channel to write it, since nobody presses a button as a channel.
        erased: Everything was deleted.
        erase_kept: Nothing was deleted.
        button_cancel: Label.
        button_again: Label.
        button_continue: Label.
        button_report: Label: something is wrong with this essay.
        button_retry: Label.
        button_receive: Label.
        button_erase: Label.
        button_keep: Label.
        button_ideas: Label: the same topic from other ideas.
        button_swap: Label: write about the edited topic.
        started_toast: Toast after pressing another or continue.
    """

    commands: Mapping[str, str]
    help_intro: str
    help_outro: str
    welcome: str
    owner_welcome: str
    owner_code_wrong: str
    group_greeting: str
    stranger: str
    stranger_toast: str
    unclaimed: str
    unknown_command: str
    not_text: str
    only_caption: str
    mended: Callable[[str, str | None], str]
    kept_topic: str
    ask_topic: str
    ask_topic_hint: str
    acknowledged: Callable[[int, float | None], str]
    have_topic: Callable[[float | None], str]
    ideas: Callable[[str], str]
    ask_ideas: Callable[[str], str]
    ask_ideas_hint: str
    more_ideas: str
    foot: Callable[[str, int], str]
    in_the_file: Callable[[int], str]
    writing: str
    preview_note: str
    restarting: str
    placeholder_over: str
    stopped: str
    stopped_with_text: str
    out_of_time: str
    held: Callable[[int], str]
    kept: str
    arrives: Callable[[float], str]
    cancelled: Callable[[int], str]
    nothing_to_cancel: str
    already_finished: str
    not_yours: str
    button_gone: str
    queue: Callable[[int, int, tuple[int, float | None] | None], str]
    greeting_empty_queue: str
    privacy: str
    erase_ask: str
    erase_word: str
    erase_in_words: str
    erased: str
    erase_kept: str
    button_cancel: str
    button_again: str
    button_continue: str
    button_report: str
    button_retry: str
    button_receive: str
    button_erase: str
    button_keep: str
    button_ideas: str
    button_swap: str
    started_toast: str


def _acknowledged_es(place: int, estimate_s: float | None) -> str:
    if place == 0:
        start = "¡Anotado! Empiezo enseguida."
    elif place == 1:
        start = "¡Anotado! El tuyo es el siguiente."
    else:
        start = f"¡Anotado! Delante del tuyo hay {plural(place - 1, 'texto', 'textos')} en espera."
    return start if estimate_s is None else f"{start} Estará en {spanish_span(estimate_s)}."


def _acknowledged_en(place: int, estimate_s: float | None) -> str:
    if place == 0:
        start = "Got it! I'm starting right away."
    elif place == 1:
        start = "Got it! Yours is next."
    else:
        verb = "is" if place == 2 else "are"
        waiting = plural(place - 1, "text", "texts")
        start = f"Got it! There {verb} {waiting} waiting ahead of yours."
    return (
        start if estimate_s is None else f"{start} It will be ready in {english_span(estimate_s)}."
    )


def _cancelled_es(count: int) -> str:
    return "Cancelado." if count == 1 else f"He cancelado {count} textos."


def _cancelled_en(count: int) -> str:
    return "Cancelled." if count == 1 else f"I cancelled {count} texts."


def _held_es(count: int) -> str:
    what = plural(count, "mensaje", "mensajes")
    return f"No he podido entregarte {what}: lo intentaré en cuanto se pueda escribir allí."


def _held_en(count: int) -> str:
    what = plural(count, "message", "messages")
    return f"I couldn't deliver {what} to you: I'll try as soon as that chat can be written to."


def _queue_es(running: int, waiting: int, own: tuple[int, float | None] | None) -> str:
    lines = [
        f"Escribiendo ahora: {plural(running, 'texto', 'textos')}.",
        f"En espera: {plural(waiting, 'texto', 'textos')}.",
    ]
    if own is not None:
        place, estimate_s = own
        mine = "El tuyo es el siguiente."
        if place > 1:
            mine = f"Delante del tuyo hay {plural(place - 1, 'texto', 'textos')}."
        lines.append(
            mine if estimate_s is None else f"{mine} Estará en {spanish_span(estimate_s)}."
        )
    return "\n".join(lines)


def _queue_en(running: int, waiting: int, own: tuple[int, float | None] | None) -> str:
    lines = [
        f"Being written: {plural(running, 'text', 'texts')}.",
        f"Waiting: {plural(waiting, 'text', 'texts')}.",
    ]
    if own is not None:
        place, estimate_s = own
        mine = "Yours is next."
        if place > 1:
            verb = "is" if place == 2 else "are"
            mine = f"There {verb} {plural(place - 1, 'text', 'texts')} ahead of yours."
        lines.append(
            mine
            if estimate_s is None
            else f"{mine} It will be ready in {english_span(estimate_s)}."
        )
    return "\n".join(lines)


SPANISH = ChatTexts(
    commands={
        "write": "Escribir un texto sobre un tema",
        "again": "Escribir otro texto sobre el último tema",
        "continue": "Seguir con el último texto",
        "cancel": "Parar lo que estoy escribiendo para ti",
        "queue": "Ver la cola",
        "recipe": "Ver cómo se hizo un texto",
        "repeat": "Repetir un texto, con un ajuste cambiado",
        "class": "Llevar la clase (docentes)",
        "config": "Elegir longitud, estilo y más",
        "compare": "Ver un tema escrito de tres maneras",
        "tokens": "Ver en qué piezas corto un texto",
        "probabilities": "Ver qué pieza vendría después",
        "attention": "Ver a qué palabras mira una palabra",
        "explain": "Ver en cinco pasos cómo escribo",
        "help": "Cómo se usa",
        "privacy": "Qué guardo y qué no",
        "erase": "Borrar lo que guardo de ti",
        "start": "Empezar",
    },
    help_intro=(
        "Escribo textos sobre el tema que me des, con un modelo GPT-2 que comparte toda la "
        "clase.\n\n"
        "Prueba así:\n"
        "/redactar El mar es hermoso, pero esclavo para los pescadores que trabajan en él\n\n"
        "En privado basta con que me escribas el tema. También puedes responder a un mensaje con "
        "/redactar y tomaré su texto como tema.\n\n"
        "Lo que sé hacer:"
    ),
    help_outro=(
        "Los ajustes también se cambian con palabras: /config longitud 300, "
        "/config creatividad 0,7, /config estilo cuento.\n\n"
        "En un grupo, ✍ es que tengo tu tema, y 👌, que te he contestado en privado. Responde a "
        "un texto mío con «más corto», «en verso» o «continuar», y lo hago.\n\n"
        "Escribe una máquina: puede inventar datos y equivocarse. Léelo siempre con espíritu "
        "crítico."
    ),
    welcome=(
        "¡Hola! Dame un tema y escribiré un texto sobre él.\n\n"
        "Por ejemplo:\n"
        "/redactar El mar es hermoso, pero esclavo para los pescadores que trabajan en él\n\n"
        "Con /config eliges la longitud y el estilo, y con /ayuda ves todo lo demás."
    ),
    owner_welcome=(
        "¡Hola! Desde ahora este bot es tuyo. Añádeme a un grupo y podrán usarme todos sus "
        "miembros.\n\n"
        "Para empezar, envíame un tema. Con /ayuda ves todo lo que sé hacer."
    ),
    owner_code_wrong="Ese enlace ya se usó o no es correcto.",
    group_greeting=(
        "¡Hola, clase! Escribo textos sobre el tema que me deis:\n"
        "/redactar El mar es hermoso, pero esclavo para los pescadores que trabajan en él\n\n"
        "Cada persona tiene sus propios ajustes en /config. Con /ayuda veis todo lo demás."
    ),
    stranger=(
        "¡Hola! Este bot es de una clase y solo escribe para ella. "
        "Si es la tuya, pide a tu profesor o profesora que me añada a vuestro grupo."
    ),
    stranger_toast="Este bot es de una clase y solo escribe para ella.",
    unclaimed=(
        "¡Hola! Todavía no tengo dueño. Quien me puso en marcha tiene un enlace para abrirme: "
        "aparece al arrancar el programa."
    ),
    unknown_command="No conozco esa orden. Con /ayuda ves las que hay.",
    not_text="Solo entiendo texto. Escríbeme un tema y me pongo con él.",
    only_caption="No veo la imagen: escribo sobre lo que pone debajo.",
    mended=lambda title, before: (
        f"¿Escribo sobre «{title}»?"
        if before is None
        else f"¿Escribo «{title}» en vez de «{before}»?"
    ),
    kept_topic="De acuerdo, lo dejo como estaba.",
    ask_topic="¿Sobre qué tema quieres que escriba? Responde a este mensaje.",
    ask_topic_hint="El mar y los pescadores…",
    acknowledged=_acknowledged_es,
    have_topic=lambda estimate_s: (
        "Tengo tu tema."
        if estimate_s is None
        else f"Tengo tu tema. Estará en {spanish_span(estimate_s)}."
    ),
    ideas=lambda ideas: f"Ideas: {ideas}",
    ask_ideas=lambda ideas: (
        f"Escribí con estas ideas:\n{ideas}\nEnvíame las tuyas, separadas por comas."
    ),
    ask_ideas_hint="faro, tormenta, mi hermana",
    more_ideas="Dime al menos dos ideas, separadas por comas.",
    foot=lambda code, words: f"Receta {code}, {words} palabras",
    in_the_file=lambda words: f"El texto entero, de {words} palabras, está en el archivo.",
    writing="Escribiendo…",
    preview_note="Escribiendo…",
    restarting="Me están reiniciando: tu texto llegará en un minuto.",
    placeholder_over="Terminado.",
    stopped="Cancelado.",
    stopped_with_text="Cancelado. Esto es lo que llevaba escrito:",
    out_of_time="(Se me ha acabado el tiempo y lo dejo aquí.)",
    held=_held_es,
    kept="Te guardo un texto que entonces no pude enviarte. ¿Lo quieres todavía?",
    arrives=lambda seconds: f"Tu texto ya está escrito y llegará en {spanish_span(seconds)}.",
    cancelled=_cancelled_es,
    nothing_to_cancel="No estoy escribiendo nada para ti.",
    already_finished="Ese texto ya está terminado.",
    not_yours="Este botón es de otra persona.",
    button_gone="Este botón ya no sirve. Empieza de nuevo con la orden.",
    queue=_queue_es,
    greeting_empty_queue="No hay nadie en la cola. ¡Es buen momento para /redactar!",
    privacy=(
        "Guardo tus ajustes, los temas que me das y los textos que escribo, para poder "
        "continuarlos "
        "o repetirlos. No anoto en ningún registro lo que escribes, y no envío nada a otros "
        "servicios "
        "aparte de Telegram y del ordenador que escribe los textos.\n\n"
        "Tu profe ve lo que pides en la clase, con la hora, los votos y los avisos; lo que pides "
        "en privado fuera de una clase, no.\n\n"
        "Con /borrar lo elimino todo."
    ),
    erase_ask=(
        "¿Borro todo lo que guardo de ti? Son tus ajustes, tus temas y tus textos. "
        "Los mensajes que ya están en el chat no los puedo borrar."
    ),
    erase_word="sí",
    erase_in_words="Si quieres que lo haga, escribe /borrar sí.",
    erased="Hecho: ya no guardo nada de ti.",
    erase_kept="De acuerdo, no he borrado nada.",
    button_cancel="Cancelar",
    button_again="Otra",
    button_continue="Continuar",
    button_report="Avisar",
    button_retry="Probar otra vez",
    button_receive="Recibir el texto",
    button_erase="Sí, bórralo todo",
    button_keep="No, déjalo",
    button_ideas="Cambiar las ideas",
    button_swap="Sí",
    started_toast="¡Anotado!",
)

ENGLISH = ChatTexts(
    commands={
        "write": "Write a text on a topic",
        "again": "Write another text on the last topic",
        "continue": "Go on with the last text",
        "cancel": "Stop what I am writing for you",
        "queue": "Show the queue",
        "recipe": "See how a text was made",
        "repeat": "Repeat a text, with one setting changed",
        "class": "Lead the class (teachers)",
        "config": "Choose length, style and more",
        "compare": "See a topic written in three ways",
        "tokens": "See how I cut a text into pieces",
        "probabilities": "See which piece would come next",
        "attention": "See which words a word looks at",
        "explain": "See in five steps how I write",
        "help": "How to use me",
        "privacy": "What I keep and what I don't",
        "erase": "Delete what I keep about you",
        "start": "Begin",
    },
    help_intro=(
        "I write texts on the topic that you give me, with a GPT-2 model shared by the whole "
        "class. The one that comes with me writes Spanish.\n\n"
        "Try this:\n"
        "/write The sea is beautiful, but it enslaves the fishermen who work on it\n\n"
        "In a private chat, just send me the topic. You can also reply to a message with "
        "/write, and "
        "its text becomes the topic.\n\n"
        "What I can do:"
    ),
    help_outro=(
        "Settings can be changed with words too: /config length 300, /config creativity 0.7, "
        "/config style story.\n\n"
        "In a group, ✍ means that I have your topic, and 👌 that I answered in private. Reply to "
        "a text of mine with “shorter”, “in verse” or “continue”, and I do it.\n\n"
        "A machine is writing: it may make things up and be wrong. Always read it critically."
    ),
    welcome=(
        "Hello! Give me a topic and I'll write a text about it.\n\n"
        "For example:\n"
        "/write The sea is beautiful, but it enslaves the fishermen who work on it\n\n"
        "With /config you choose length and style, and /help shows everything else."
    ),
    owner_welcome=(
        "Hello! From now on this bot is yours. Add me to a group and all its members can use "
        "me.\n\n"
        "To begin, send me a topic. /help shows everything I can do."
    ),
    owner_code_wrong="That link has been used already, or it is wrong.",
    group_greeting=(
        "Hello, class! I write texts on the topic that you give me:\n"
        "/write The sea is beautiful, but it enslaves the fishermen who work on it\n\n"
        "Everyone has their own settings in /config. /help shows everything else."
    ),
    stranger=(
        "Hello! This bot belongs to a class and writes only for it. "
        "If it is yours, ask your teacher to add me to your group."
    ),
    stranger_toast="This bot belongs to a class and writes only for it.",
    unclaimed=(
        "Hello! I have no owner yet. Whoever started me has a link that opens me: "
        "the program shows it when it starts."
    ),
    unknown_command="I don't know that command. /help shows the ones there are.",
    not_text="I only understand text. Send me a topic and I'll get to work.",
    only_caption="I don't see the picture: I write about what stands below it.",
    mended=lambda title, before: (
        f"Shall I write about “{title}”?"
        if before is None
        else f"Shall I write “{title}” instead of “{before}”?"
    ),
    kept_topic="All right, I leave it as it was.",
    ask_topic="What topic shall I write about? Reply to this message.",
    ask_topic_hint="The sea and the fishermen…",
    acknowledged=_acknowledged_en,
    have_topic=lambda estimate_s: (
        "I have your topic."
        if estimate_s is None
        else f"I have your topic. It will be ready in {english_span(estimate_s)}."
    ),
    ideas=lambda ideas: f"Ideas: {ideas}",
    ask_ideas=lambda ideas: (
        f"I wrote from these ideas:\n{ideas}\nSend me yours, with commas between them."
    ),
    ask_ideas_hint="lighthouse, storm, my sister",
    more_ideas="Tell me two ideas at least, with a comma between them.",
    foot=lambda code, words: f"Recipe {code}, {words} words",
    in_the_file=lambda words: f"The whole text, of {words} words, is in the file.",
    writing="Writing…",
    preview_note="Writing…",
    restarting="I'm being restarted: your text will be here in a minute.",
    placeholder_over="Done.",
    stopped="Cancelled.",
    stopped_with_text="Cancelled. This is what I had written:",
    out_of_time="(I ran out of time and leave it here.)",
    held=_held_en,
    kept="I kept a text for you that I couldn't send then. Do you still want it?",
    arrives=lambda seconds: f"Your text is written and will arrive in {english_span(seconds)}.",
    cancelled=_cancelled_en,
    nothing_to_cancel="I'm not writing anything for you.",
    already_finished="That text is finished already.",
    not_yours="This button is somebody else's.",
    button_gone="This button no longer works. Start again with the command.",
    queue=_queue_en,
    greeting_empty_queue="Nobody is in the queue. A good moment for /write!",
    privacy=(
        "I keep your settings, the topics you give me and the texts I write, so that they can be "
        "continued or repeated. What you write goes into no log, and nothing is sent to other "
        "services "
        "besides Telegram and the computer that writes the texts.\n\n"
        "Your teacher sees what you ask for in class, with times, votes and reports; what you ask "
        "for in private outside a lesson, not.\n\n"
        "/delete removes everything."
    ),
    erase_ask=(
        "Shall I delete everything I keep about you? That is your settings, your topics and your "
        "texts. I can't delete the messages that are already in the chat."
    ),
    erase_word="yes",
    erase_in_words="If you want me to, write /delete yes.",
    erased="Done: I keep nothing about you any more.",
    erase_kept="All right, I deleted nothing.",
    button_cancel="Cancel",
    button_again="Another",
    button_continue="Continue",
    button_report="Report",
    button_retry="Try again",
    button_receive="Get the text",
    button_erase="Yes, delete everything",
    button_keep="No, keep it",
    button_ideas="Change the ideas",
    button_swap="Yes",
    started_toast="Got it!",
)
