"""What the bot says when something cannot be done, and what to do about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.texts.numbers import plural, thousands


@dataclass(frozen=True, slots=True)
class FailureTexts:
    """One sentence or two per kind of failure.

    Attributes:
        empty_topic: The topic has no letters.
        topic_too_long: From characters received and allowed.
        prompt_too_long: The topic does not fit into the model's window.
        queue_full: From the number that may wait.
        too_many_waiting: From the number that one person may have waiting.
        busy: The service takes no more right now.
        nothing_to_repeat: There is no earlier essay.
        class_rules: What a class does not allow, by the rule, with ``{value}``.
        generation_away: The service broke off again and again.
        generation_refused: The service refuses this request, and always will.
        generation_empty: The service answered without a word.
        generation_timeout: It took too long, and no sentence was finished.
        generation_misconfigured: The operator has to mend the service's address, key or model.
        out_of_range: Some value is outside its range, where no better sentence exists.
        unknown: Anything else.
    """

    empty_topic: str
    topic_too_long: Callable[[int, int], str]
    prompt_too_long: str
    queue_full: Callable[[int], str]
    too_many_waiting: Callable[[int], str]
    busy: str
    nothing_to_repeat: str
    class_rules: Mapping[str, str]
    generation_away: str
    generation_refused: str
    generation_empty: str
    generation_timeout: str
    generation_misconfigured: str
    out_of_range: str
    unknown: str


def _topic_too_long_es(length: int, limit: int) -> str:
    return (
        f"Ese tema es demasiado largo: tiene {thousands(length, comma=True)} caracteres y el "
        "máximo "
        f"son {thousands(limit, comma=True)}. ¿Puedes resumirlo?"
    )


def _topic_too_long_en(length: int, limit: int) -> str:
    return (
        f"That topic is too long: it has {thousands(length, comma=False)} characters and the "
        "limit "
        f"is {thousands(limit, comma=False)}. Can you shorten it?"
    )


def _queue_full_es(limit: int) -> str:
    return (
        f"La cola está llena: ya hay {plural(limit, 'texto', 'textos')} en espera. "
        "Prueba dentro de un rato."
    )


def _queue_full_en(limit: int) -> str:
    verb = "is" if limit == 1 else "are"
    return (
        f"The queue is full: {plural(limit, 'text', 'texts')} {verb} waiting. Try again in a "
        "while."
    )


def _too_many_waiting_es(limit: int) -> str:
    return (
        f"Ya tienes {plural(limit, 'texto', 'textos')} en espera, que es el máximo por persona. "
        "Espera a que termine alguno o usa /cancelar."
    )


def _too_many_waiting_en(limit: int) -> str:
    return (
        f"You already have {plural(limit, 'text', 'texts')} waiting, the most that one person "
        "may. "
        "Wait for one to finish, or use /cancel."
    )


SPANISH = FailureTexts(
    empty_topic=(
        "Necesito un tema con alguna palabra. Por ejemplo: /redactar La lluvia en el desierto"
    ),
    topic_too_long=_topic_too_long_es,
    prompt_too_long="Ese tema no cabe en el modelo. ¿Puedes resumirlo?",
    queue_full=_queue_full_es,
    too_many_waiting=_too_many_waiting_es,
    busy="Ahora mismo hay demasiado trabajo. Prueba dentro de un momento.",
    nothing_to_repeat=(
        "Todavía no he escrito nada para ti en este chat. Empieza con /redactar y un tema."
    ),
    class_rules={
        "removed": "Ya no estás en {value}; si es un error, habla con tu profe.",
        "no_lesson": "Ahora no hay clase abierta: escribo cuando la abra tu profe.",
        "only_topic": "Hoy la clase escribe sobre «{value}»: toca Participar.",
        "enough": "Ya tienes los textos que permite esta clase: {value}.",
    },
    generation_away="No he podido escribir el texto. Prueba otra vez dentro de un momento.",
    generation_refused=(
        "No puedo escribir ese texto: el modelo lo rechaza. Prueba con otro tema u otros ajustes."
    ),
    generation_empty="Me ha salido un texto vacío. Prueba otra vez.",
    generation_timeout=(
        "He tardado demasiado y no me ha salido ni una frase. Prueba otra vez, o pide un texto "
        "más corto con /config."
    ),
    generation_misconfigured=(
        "El servicio que escribe no está bien configurado. Avisa a quien lleva el bot."
    ),
    out_of_range="Ese valor no se puede usar. Mira los ajustes en /config.",
    unknown=(
        "Lo siento, algo ha fallado por mi parte. Prueba otra vez; si sigue igual, avisa a "
        "quien lleva el bot."
    ),
)

ENGLISH = FailureTexts(
    empty_topic="I need a topic with a word or two. For example: /write Rain in the desert",
    topic_too_long=_topic_too_long_en,
    prompt_too_long="That topic does not fit into the model. Can you shorten it?",
    queue_full=_queue_full_en,
    too_many_waiting=_too_many_waiting_en,
    busy="There is too much work right now. Try again in a moment.",
    nothing_to_repeat=(
        "I haven't written anything for you in this chat yet. Begin with /write and a topic."
    ),
    class_rules={
        "removed": "You aren't in {value} any more; if that is a mistake, talk to your teacher.",
        "no_lesson": "No lesson is open now: I write when your teacher opens it.",
        "only_topic": "Today the class writes about “{value}”: press Take part.",
        "enough": "You have as many texts as this class allows: {value}.",
    },
    generation_away="I couldn't write the text. Try again in a moment.",
    generation_refused=(
        "I can't write that text: the model refuses it. Try another topic or other settings."
    ),
    generation_empty="The text came out empty. Try again.",
    generation_timeout=(
        "I took too long and did not finish a sentence. Try again, or ask for a shorter text "
        "with /config."
    ),
    generation_misconfigured=(
        "The service that writes is not set up properly. Tell whoever runs the bot."
    ),
    out_of_range="That value can't be used. Have a look at /config.",
    unknown=(
        "Sorry, something went wrong on my side. Try again; if it goes on, tell whoever runs "
        "the bot."
    ),
)
