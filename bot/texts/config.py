"""What the bot says about a person's settings. The keys are the fields of ``Preferences``."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.texts.numbers import decimal, thousands


@dataclass(frozen=True, slots=True)
class ConfigTexts:
    """Sentences and labels of ``/config``.

    Attributes:
        title: Above the list of settings.
        hint: Below it.
        hint_in_words: The same where there are no buttons.
        names: Name of each setting.
        explanations: What each setting does, with its range and an example in words.
        lengths: Names of the lengths in ``LENGTHS``.
        styles: Names of the styles.
        languages: Names of the languages, each in its own.
        words: From a number of words to its text.
        units: From a number of UTF-16 units to its text, as characters.
        number: From any other number to its text.
        all_tokens: Top-k switched off.
        penalty_off: Repetition penalty switched off.
        greedy: Temperature zero.
        seed_new: No fixed seed.
        seed_fix: Button: fix a seed drawn now.
        seed_last: Button: fix the seed of the last essay, with ``{seed}``.
        on: A switch is on.
        off: A switch is off.
        back: Button to the list of settings.
        reset: Button to the defaults.
        close: Button that takes the keyboard away.
        value: From a setting's name and value to a sentence.
        changed: From such sentences to the news that it is so now.
        fixed: From the name and value of a setting that holds for the whole class to a sentence.
        was_reset: Everything is back at the defaults.
        out_of_range: From a setting's name and its bounds, as text, to a sentence.
        unknown_choice: From a setting's name and the choices to a sentence.
        unknown_setting: From the word given and the settings there are to a sentence.
        value_missing: From a setting's name and an example to a sentence.
        keyword: The word that names each setting in ``/config WORD VALUE``.
    """

    title: str
    hint: str
    hint_in_words: str
    names: Mapping[str, str]
    explanations: Mapping[str, str]
    lengths: Mapping[str, str]
    styles: Mapping[str, str]
    languages: Mapping[str, str]
    words: Callable[[int], str]
    units: Callable[[int], str]
    number: Callable[[float], str]
    all_tokens: str
    penalty_off: str
    greedy: str
    seed_new: str
    seed_fix: str
    seed_last: str
    on: str
    off: str
    back: str
    reset: str
    close: str
    value: Callable[[str, str], str]
    changed: Callable[[str], str]
    fixed: Callable[[str, str], str]
    was_reset: str
    out_of_range: Callable[[str, str, str], str]
    unknown_choice: Callable[[str, Sequence[str]], str]
    unknown_setting: Callable[[str, Sequence[str]], str]
    value_missing: Callable[[str, str], str]
    keyword: Mapping[str, str]


def _either_es(items: Sequence[str]) -> str:
    # «o» turns into «u» before the sound of an o.
    joint = "u" if items[-1].lower().startswith(("o", "ho")) else "o"
    return f"{', '.join(items[:-1])} {joint} {items[-1]}"


def _all_es(items: Sequence[str]) -> str:
    # «y» turns into «e» before the sound of an i.
    joint = "e" if items[-1].lower().startswith(("i", "hi")) else "y"
    return f"{', '.join(items[:-1])} {joint} {items[-1]}"


def _either_en(items: Sequence[str]) -> str:
    return f"{', '.join(items[:-1])} or {items[-1]}"


def _all_en(items: Sequence[str]) -> str:
    return f"{', '.join(items[:-1])} and {items[-1]}"


SPANISH = ConfigTexts(
    title="Tus ajustes",
    hint="Toca un ajuste para cambiarlo, o escríbelo: /config longitud 300 cuento",
    hint_in_words="Escribe el ajuste que quieras cambiar: /config longitud 300",
    names={
        "words": "Longitud",
        "style": "Estilo",
        "ideas": "Ideas",
        "temperature": "Creatividad",
        "top_p": "Top-p",
        "top_k": "Top-k",
        "repetition_penalty": "Freno a la repetición",
        "seed": "Semilla",
        "chunk_units": "Tamaño de cada mensaje",
        "candidates": "Borradores",
        "live_preview": "Vista en directo",
        "language": "Idioma del bot",
    },
    explanations={
        "words": "Cuántas palabras tendrá el texto, más o menos: de 30 a 3000.\n/config "
        "longitud 300",
        "style": "Qué clase de texto escribo.\n/config estilo cuento",
        "ideas": "En privado, enseño sobre el texto las ideas de las que sale.\n/config ideas no",
        "temperature": (
            "Con un valor bajo escribo lo más previsible; con uno alto me arriesgo más: de 0 a "
            "2.\n"
            "/config creatividad 0,7"
        ),
        "top_p": (
            "Elijo cada palabra entre las más probables, hasta sumar esta parte de la "
            "probabilidad: de 0,05 a 1.\n/config top-p 0,9"
        ),
        "top_k": (
            "Elijo cada palabra solo entre este número de candidatas: de 0 a 1000. "
            "Con 0 valen todas.\n/config top-k 50"
        ),
        "repetition_penalty": (
            "Cuanto más alto, menos repito lo ya escrito: de 1 a 2. Con 1 no hay freno.\n"
            "/config repetición 1,2"
        ),
        "seed": (
            "Con la misma semilla, el mismo tema y los mismos ajustes sale el mismo texto. "
            "Es un número entero, de 0 a 4294967295.\n/config semilla 42 o /config semilla nueva"
        ),
        "chunk_units": (
            "Un texto largo llega en varios mensajes. Este es el máximo de caracteres de cada "
            "uno: de 200 a 4096.\n/config trozo 1000"
        ),
        "candidates": (
            "Cuántos borradores de cada frase escribo para quedarme con el mejor: de 1 a 8. Con "
            "más sale mejor y tardo más.\n/config borradores 3"
        ),
        "live_preview": "En privado, ves crecer el texto mientras lo escribo.\n/config vista no",
        "language": "En qué idioma te hablo. Los textos salen en el idioma del modelo.\n/config "
        "idioma inglés",
    },
    lengths={"corto": "Corto", "medio": "Medio", "largo": "Largo", "muy_largo": "Muy largo"},
    styles={
        "ensayo": "ensayo",
        "cuento": "cuento",
        "descripcion": "descripción",
        "argumentacion": "argumentación",
        "poema": "poema",
        "carta": "carta",
        "noticia": "noticia",
        "explicacion": "explicación",
    },
    languages={"es": "español", "en": "English"},
    words=lambda count: f"{thousands(count, comma=True)} palabras",
    units=lambda count: f"{thousands(count, comma=True)} caracteres",
    number=lambda value: decimal(value, comma=True),
    all_tokens="todas",
    penalty_off="sin freno",
    greedy="0 (siempre lo más probable)",
    seed_new="nueva cada vez",
    seed_fix="Fijar una",
    seed_last="La del último: {seed}",
    on="sí",
    off="no",
    back="‹ Volver",
    reset="Restablecer",
    close="Cerrar",
    value=lambda name, value: f"{name}: {value}.",
    changed=lambda values: f"Hecho. {values}",
    fixed=lambda name, value: f"Ese ajuste está fijo en tu clase. {name}: {value}.",
    was_reset="Hecho: todo vuelve a los valores iniciales.",
    out_of_range=lambda name, least, greatest: (
        f"{name}: tiene que ser un número entre {least} y {greatest}."
    ),
    unknown_choice=lambda name, choices: f"{name}: puede ser {_either_es(choices)}.",
    unknown_setting=lambda word, choices: (
        f"No conozco el ajuste «{word}». Puedes cambiar {_all_es(choices)}."
    ),
    value_missing=lambda name, example: f"{name}: falta el valor. Por ejemplo: {example}",
    keyword={
        "words": "longitud",
        "style": "estilo",
        "ideas": "ideas",
        "temperature": "creatividad",
        "top_p": "top-p",
        "top_k": "top-k",
        "repetition_penalty": "repetición",
        "seed": "semilla",
        "chunk_units": "trozo",
        "candidates": "borradores",
        "live_preview": "vista",
        "language": "idioma",
    },
)

ENGLISH = ConfigTexts(
    title="Your settings",
    hint="Tap a setting to change it, or write it: /config length 300 story",
    hint_in_words="Write the setting that you want to change: /config length 300",
    names={
        "words": "Length",
        "style": "Style",
        "ideas": "Ideas",
        "temperature": "Creativity",
        "top_p": "Top-p",
        "top_k": "Top-k",
        "repetition_penalty": "Repetition brake",
        "seed": "Seed",
        "chunk_units": "Message size",
        "candidates": "Drafts",
        "live_preview": "Live preview",
        "language": "Bot's language",
    },
    explanations={
        "words": "How many words the text will have, more or less: 30 to 3,000.\n/config length "
        "300",
        "style": "What kind of text I write.\n/config style story",
        "ideas": "In a private chat, I show the ideas of a text above it.\n/config ideas off",
        "temperature": (
            "Low, I write what is most predictable; high, I take more risks: 0 to 2.\n"
            "/config creativity 0.7"
        ),
        "top_p": (
            "I choose each word among the likeliest, up to this share of the probability: "
            "0.05 to 1.\n/config top-p 0.9"
        ),
        "top_k": (
            "I choose each word only among this many candidates: 0 to 1,000. "
            "With 0, all of them.\n/config top-k 50"
        ),
        "repetition_penalty": (
            "The higher, the less I repeat what is already written: 1 to 2. With 1 there is no "
            "brake.\n"
            "/config repetition 1.2"
        ),
        "seed": (
            "The same seed, topic and settings give the same text. "
            "A whole number, 0 to 4,294,967,295.\n/config seed 42 or /config seed new"
        ),
        "chunk_units": (
            "A long text comes in several messages. This is the most characters in each: "
            "200 to 4,096.\n/config chunk 1000"
        ),
        "candidates": (
            "How many drafts of each sentence I write, to keep the best one: 1 to 8. More is "
            "better, and slower.\n/config drafts 3"
        ),
        "live_preview": "In a private chat, you see the text grow while I write.\n/config "
        "preview off",
        "language": "The language I speak to you. Texts come in the model's language: the one "
        "that comes with me writes Spanish.\n/config language Spanish",
    },
    lengths={"corto": "Short", "medio": "Medium", "largo": "Long", "muy_largo": "Very long"},
    styles={
        "ensayo": "essay",
        "cuento": "story",
        "descripcion": "description",
        "argumentacion": "argument",
        "poema": "poem",
        "carta": "letter",
        "noticia": "news item",
        "explicacion": "explanation",
    },
    languages={"es": "español", "en": "English"},
    words=lambda count: f"{thousands(count, comma=False)} words",
    units=lambda count: f"{thousands(count, comma=False)} characters",
    number=lambda value: decimal(value, comma=False),
    all_tokens="all",
    penalty_off="off",
    greedy="0 (always the likeliest)",
    seed_new="new each time",
    seed_fix="Fix one",
    seed_last="The last one's: {seed}",
    on="on",
    off="off",
    back="‹ Back",
    reset="Reset",
    close="Close",
    value=lambda name, value: f"{name}: {value}.",
    changed=lambda values: f"Done. {values}",
    fixed=lambda name, value: f"That setting is fixed in your class. {name}: {value}.",
    was_reset="Done: everything is back at the defaults.",
    out_of_range=lambda name, least, greatest: (
        f"{name}: it has to be a number between {least} and {greatest}."
    ),
    unknown_choice=lambda name, choices: f"{name}: it can be {_either_en(choices)}.",
    unknown_setting=lambda word, choices: (
        f"I don't know the setting “{word}”. You can change {_all_en(choices)}."
    ),
    value_missing=lambda name, example: f"{name}: the value is missing. For example: {example}",
    keyword={
        "words": "length",
        "style": "style",
        "ideas": "ideas",
        "temperature": "creativity",
        "top_p": "top-p",
        "top_k": "top-k",
        "repetition_penalty": "repetition",
        "seed": "seed",
        "chunk_units": "chunk",
        "candidates": "drafts",
        "live_preview": "preview",
        "language": "language",
    },
)
