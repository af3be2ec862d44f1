r"""Heading a text with its topic, as the model's prompts do.

A model that answers to ``topic.\n`` learns from a class's texts only if they look the same.
A text whose first line is a title is headed with that title; another with the noun that it
speaks of most, found without a parser: a determiner and the word behind it, weighed by how
often they stand together and how long the word is.
"""

import re
from collections import Counter
from dataclasses import dataclass

_TITLE_CHARACTERS = 120
_DETERMINED = re.compile(
    r"\b(el|la|los|las|un|una|unos|unas|mi|mis|su|sus|nuestro|nuestra|del|al)\s+([^\W\d_]{4,})\b",
    re.IGNORECASE,
)
_ARTICLES = {
    "un": "el", "una": "la", "unos": "los", "unas": "las", "mi": "mi", "mis": "mis",
    "del": "el", "al": "el", "su": "su", "sus": "sus",
}  # fmt: skip
_EMPTY_NOUNS = frozenset(
    {
        "mismo", "misma", "mismos", "mismas", "otro", "otra", "otros", "otras", "primer",
        "primera", "primero", "segundo", "segunda", "gran", "mayor", "mejor", "peor",
        "cual", "cuales", "que", "vez", "veces", "cosa", "cosas", "manera", "modo", "forma",
        "parte", "tipo", "hecho", "lado", "caso", "punto", "poco", "mucho", "todo", "toda",
        "todos", "todas", "demás", "momento", "efecto", "cabo",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Framing:
    """How records are headed.

    Attributes:
        prompt: Template with ``{topic}``, from ``redactor.json``; "" leaves records as they are.
    """

    prompt: str = ""

    def apply(self, text: str) -> str:
        """Return the text behind its prompt; unchanged where it already begins with one."""
        if "{topic}" not in self.prompt:
            return text
        title, body = split_title(text)
        if not title:
            title, body = main_noun(text), text
        if not title:
            return text
        topic = title.rstrip(" .:")
        return self.prompt.replace("{topic}", topic[:1].upper() + topic[1:]) + body


def frame_prompt(frames: dict[str, object] | None) -> str:
    """Return the essay prompt of a ``redactor.json``, or "" where there is none or no topic."""
    styles = (frames or {}).get("frames")
    essay = styles.get("ensayo") if isinstance(styles, dict) else None
    prompt = essay.get("prompt") if isinstance(essay, dict) else None
    return prompt if isinstance(prompt, str) and "{topic}" in prompt else ""


def split_title(text: str) -> tuple[str, str]:
    """Part a text into its title and the rest; the title is "" where there is none.

    A first line is a title if it is short, more follows, and it is no full sentence of a
    paragraph: it ends without a mark, or a blank line or a much longer line comes after it.
    """
    first, newline, rest = text.partition("\n")
    first = first.strip().lstrip("#").strip()
    body = rest.strip()
    if not newline or not first or len(first) > _TITLE_CHARACTERS or len(body) < 2 * len(first):
        return "", text
    if first[-1] in ",;:—-":
        return "", text
    blank_line = not rest.partition("\n")[0].strip()
    longer = len(body.partition("\n")[0]) > 2 * len(first)
    if first[-1].isalnum() or blank_line or longer:
        return first, body
    return "", text


def main_noun(text: str) -> str:
    """Return the noun that a text speaks of most, with its article, or ""."""
    found: Counter[str] = Counter()
    determiners: dict[str, Counter[str]] = {}
    for determiner, word in _DETERMINED.findall(text):
        noun = word.lower()
        if noun in _EMPTY_NOUNS:
            continue
        found[noun] += 1
        article = _ARTICLES.get(determiner.lower(), determiner.lower())
        determiners.setdefault(noun, Counter())[article] += 1
    if not found:
        return ""
    # A long word is a rarer and a more telling one; ties fall to the first met.
    noun = max(found, key=lambda word: found[word] * min(len(word), 8))
    return f"{determiners[noun].most_common(1)[0][0]} {noun}"
