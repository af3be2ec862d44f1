r"""Heading a text with its topic, as the model's prompts do.

A model that answers to ``topic.\n`` learns from a class's texts only if they look the same.
A text whose first line is a title is headed with that title; another with the noun that it
speaks of most, found without a parser: a determiner and the word behind it, weighed by how
often they stand together and how long the word is.
"""

import random
import re
import unicodedata
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


_FEWEST_IDEAS, _MOST_IDEAS = 4, 7
_WITH_IDEAS = 2 / 3
_ASKINGS = ("{}", "{}", "{}", "escribe sobre {}", "un texto sobre {}", "Háblame de {}")
_ARTICLE = re.compile(r"(?:el|la|los|las|un|una|unos|unas)\s+", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Framing:
    """How records are headed.

    Attributes:
        prompts: Templates with ``{topic}`` and perhaps ``{words}``, from ``redactor.json``; the
            first one heads records. () leaves them as they are.
        ideas: Template of the line of ideas between prompt and text, with ``{ideas}``; "" where
            the model knows none.
    """

    prompts: tuple[str, ...] = ()
    ideas: str = ""

    def apply(self, text: str) -> str:
        """Return the text behind its prompt; unchanged where it already begins with one."""
        topic, body = self._parts(text)
        return self._headed(topic, len(body.split()), 50, body) if topic else text

    def vary(self, text: str, count: int, draw: random.Random) -> list[str]:
        """Return the text behind so many prompts that tell its topic, length and ideas otherwise.

        What goes with one text alone becomes the key to it, so nothing around it stays the same.
        """
        topic, body = self._parts(text)
        if not topic:
            return [text] * count
        return [self._variant(topic, body, draw) for _ in range(count)]

    def _variant(self, topic: str, body: str, draw: random.Random) -> str:
        asked = draw.choice(_ASKINGS).format(_reworded(topic, draw))
        chosen = ideas_of(body, topic, draw) if draw.random() < _WITH_IDEAS else []
        line = self.ideas.replace("{ideas}", ", ".join(chosen)) if chosen else ""
        return self._headed(asked, len(body.split()), draw.choice((10, 25, 50, 100)), line + body)

    def _headed(self, topic: str, words: int, step: int, body: str) -> str:
        rounded = max(50, round(words / step) * step)
        filled = self.prompts[0].replace("{words}", str(rounded))
        return filled.replace("{topic}", topic[:1].upper() + topic[1:]) + body

    def _parts(self, text: str) -> tuple[str, str]:
        """Return topic and body; no topic where the text is headed already, or speaks of none."""
        if not self.prompts or any(_pattern(prompt).match(text) for prompt in self.prompts):
            return "", text
        title, body = split_title(text)
        return (title.rstrip(" .:"), body) if title else (main_noun(text), text)


def _reworded(topic: str, draw: random.Random) -> str:
    """Write a topic as somebody else might: without capital, article or accents."""
    if draw.random() < 0.5:
        topic = topic[:1].lower() + topic[1:]
    if draw.random() < 0.25:
        topic = _ARTICLE.sub("", topic, count=1) if _ARTICLE.match(topic) else topic
    if draw.random() < 0.25:
        plain = unicodedata.normalize("NFD", topic.replace("ñ", "\0"))
        topic = "".join(c for c in plain if not unicodedata.combining(c)).replace("\0", "ñ")
    return topic


def ideas_of(text: str, topic: str, draw: random.Random) -> list[str]:
    """Choose four to seven nouns that a text speaks of, in their order; [] where it has too few.

    Args:
        text: Where they are looked for.
        topic: Its own words are no ideas.
        draw: Decides how many, and which of the telling ones.
    """
    barred = {word.lower()[:5] for word in _WORD.findall(topic)}
    counts = Counter(noun.lower() for _, noun in _DETERMINED.findall(text))
    first: dict[str, str] = {}
    for noun in counts:
        if noun not in _EMPTY_NOUNS and noun[:5] not in barred:
            first.setdefault(noun[:5], noun)
    weights = {n: counts[n] * min(len(n), 8) * (0.5 + draw.random()) for n in first.values()}
    chosen = sorted(weights, key=lambda noun: -weights[noun])
    chosen = chosen[: draw.randint(_FEWEST_IDEAS, _MOST_IDEAS)]
    return [noun for noun in weights if noun in chosen] if len(chosen) >= _FEWEST_IDEAS else []


@cache
def _pattern(prompt: str) -> re.Pattern[str]:
    escaped = re.escape(prompt)
    return re.compile(escaped.replace(r"\{topic\}", r"[^\n]+").replace(r"\{words\}", r"\d+"))


def read_framing(frames: dict[str, object] | None) -> Framing:
    """Return the framing of a ``redactor.json``, with the prompt of essays first.

    A prompt that is the topic alone would match any text, so it heads nothing.
    """
    styles = (frames or {}).get("frames")
    if not isinstance(styles, dict):
        return Framing()
    found = []
    for style in sorted(styles, key=lambda name: (name != "ensayo", name)):
        prompt = styles[style].get("prompt") if isinstance(styles[style], dict) else None
        if isinstance(prompt, str) and "{topic}" in prompt and prompt != "{topic}":
            found.append(prompt)
    ideas = (frames or {}).get("ideas")
    return Framing(tuple(found), ideas if isinstance(ideas, str) else "")


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
