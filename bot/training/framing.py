r"""Heading a text with its topic, as the model's prompts do.

A model that answers to ``topic.\n`` learns from a class's texts only if they look the same.
A text whose first line is a title is headed with that title; another with the noun that it
speaks of most, found without a parser: a determiner and the word behind it, weighed by how
often they stand together and how long the word is.
"""

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache

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
        prompts: Templates with ``{topic}`` and perhaps ``{words}``, from ``redactor.json``; the
            first one heads records. () leaves them as they are.
    """

    prompts: tuple[str, ...] = ()

    def apply(self, text: str) -> str:
        """Return the text behind its prompt; unchanged where it already begins with one."""
        if not self.prompts or any(pattern.match(text) for pattern in self._patterns()):
            return text
        title, body = split_title(text)
        if not title:
            title, body = main_noun(text), text
        if not title:
            return text
        topic = title.rstrip(" .:")
        words = max(50, round(len(body.split()) / 50) * 50)
        filled = self.prompts[0].replace("{words}", str(words))
        return filled.replace("{topic}", topic[:1].upper() + topic[1:]) + body

    def _patterns(self) -> tuple[re.Pattern[str], ...]:
        return tuple(_pattern(prompt) for prompt in self.prompts)


@cache
def _pattern(prompt: str) -> re.Pattern[str]:
    escaped = re.escape(prompt)
    return re.compile(escaped.replace(r"\{topic\}", r"[^\n]+").replace(r"\{words\}", r"\d+"))


def frame_prompts(frames: dict[str, object] | None) -> tuple[str, ...]:
    """Return the prompts of a ``redactor.json``, that of essays first; () where there is none.

    A prompt that is the topic alone would match any text, so it heads nothing.
    """
    styles = (frames or {}).get("frames")
    if not isinstance(styles, dict):
        return ()
    found = []
    for style in sorted(styles, key=lambda name: (name != "ensayo", name)):
        prompt = styles[style].get("prompt") if isinstance(styles[style], dict) else None
        if isinstance(prompt, str) and "{topic}" in prompt and prompt != "{topic}":
            found.append(prompt)
    return tuple(found)


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
