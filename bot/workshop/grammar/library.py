"""Reads the data files of the grammar into domains of templates."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from bot.workshop.grammar.nouns import Noun, inflect, parse_noun
from bot.workshop.grammar.template import CLAUSES, LISTS, Template, parse_template

SENTENCES = [
    "anecdota_yo",
    "anecdota_otro",
    "sentido",
    "comparacion",
    "comentario",
    "tesis",
    "final",
    "ejemplo",
    "pregunta",
    "cuento_inicio",
    "cuento_nudo",
    "cuento_giro",
    "cuento_final",
    "verso",
]
"""Sentence keys that a domain file may have."""

_STEM = 5
_GENERAL_SHARE = 0.06
_WORD = re.compile(r"[a-záéíóúüñA-ZÁÉÍÓÚÑ]+")
_ROOM = Path(__file__).parent


class DomainFormatError(ValueError):
    """A data file that breaks the format.

    Attributes:
        path: The file.
        problems: What is wrong, one line each.
    """

    def __init__(self, path: Path, problems: list[str]) -> None:
        super().__init__(f"{path.name}: " + "; ".join(problems))
        self.path = path
        self.problems = problems


@dataclass(slots=True)
class Domain:
    """What is known about a family of topics.

    Attributes:
        name: The file's stem.
        themes: Its topics.
        lists: Small pieces by key; adjectives are kept in the masculine singular.
        templates: Clauses and sentences by key.
    """

    name: str
    themes: tuple[Noun, ...] = ()
    lists: dict[str, tuple[str, ...]] = field(default_factory=dict)
    templates: dict[str, tuple[Template, ...]] = field(default_factory=dict)
    _stems: frozenset[str] | None = None
    _named: dict[int, frozenset[str]] = field(default_factory=dict)

    def stems(self) -> frozenset[str]:
        """Stems of the topics that only some templates are about.

        A topic that many templates name (the sea, in the domain of the sea) is what the domain is
        about, and a template that names it suits the other topics too.
        """
        if self._stems is None:
            stems = {stem_of(noun) for noun in self.themes}
            counts = dict.fromkeys(stems, 0)
            templates = [template for group in self.templates.values() for template in group]
            for template in templates:
                for stem in self._names(template, stems):
                    counts[stem] += 1
            limit = _GENERAL_SHARE * len(templates)
            self._stems = frozenset(stem for stem in stems if counts[stem] <= limit)
        return self._stems

    def named(self, template: Template) -> frozenset[str]:
        """Stems of the domain's topics that a template names."""
        found = self._named.get(template.number)
        if found is None:
            found = self._names(template, {stem_of(noun) for noun in self.themes})
            self._named[template.number] = found
        return found

    @staticmethod
    def _names(template: Template, stems: set[str]) -> frozenset[str]:
        words = {word[:_STEM].lower() for word in _WORD.findall(template.source) if len(word) > 2}
        return frozenset(stems & words)


def stem_of(noun: Noun) -> str:
    """First letters of the first long word of a noun, enough to meet it in another form."""
    words = [word for word in noun.bare.lower().split() if len(word) > 2]
    return (words[0] if words else noun.bare.lower())[:_STEM]


class Numbering:
    """Gives templates their numbers; equal texts get equal numbers."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def parse(self, text: str) -> Template:
        """Parses a template under its number.

        Raises:
            TemplateError: If the template is malformed.
        """
        return parse_template(text, self._numbers.setdefault(text, len(self._numbers)))


def _problem_of(key: str, text: str) -> str | None:
    """Says what is wrong with the form of an entry, or None."""
    if text != text.strip() or "  " in text or ("\n" in text and key != "cuento_dialogo"):
        return f"{key}: stray space or line break in {text!r}"
    body = text.split(": ", 1)[1] if text[0] in "@#" and ": " in text else text
    if key in CLAUSES and (body[-1] in ".!?" or body[0].isupper()):
        return f"{key}: a clause starts in lower case and has no final mark: {text!r}"
    if key in SENTENCES and key != "verso" and body[-1] not in ".!?»]}":
        return f"{key}: a sentence ends with a mark: {text!r}"
    if key == "verso" and body[-1] in ".;":
        return f"{key}: a line of verse has no final mark: {text!r}"
    return None


def load_domain(path: Path, numbering: Numbering, *, generic: bool = False) -> Domain:
    """Loads one data file.

    Args:
        path: The TOML file.
        numbering: Shared by all files of a library.
        generic: Whether any sentence key is allowed, as in the generic files.

    Raises:
        DomainFormatError: With every problem found.
    """
    with path.open("rb") as file:
        data = tomllib.load(file)
    problems: list[str] = []
    domain = Domain(name=str(data.get("nombre", path.stem)))
    if domain.name != path.stem:
        problems.append(f"nombre is {domain.name!r}")
    domain.themes = _themes(data.get("temas", []), problems)
    for key, items in data.get("listas", {}).items():
        if key not in LISTS:
            problems.append(f"unknown list {key!r}")
        if key.startswith("adj"):
            for item in items:
                inflect(item)
        domain.lists[key] = tuple(items)
    sections: Iterable[tuple[str, list[str]]] = [
        *data.get("clausulas", {}).items(),
        *data.get("frases", {}).items(),
    ]
    for key, entries in sections:
        if not generic and key not in CLAUSES and key not in SENTENCES:
            problems.append(f"unknown key {key!r}")
        domain.templates[key] = _templates(key, entries, numbering, problems)
    if problems:
        raise DomainFormatError(path, problems)
    return domain


def _themes(entries: list[str], problems: list[str]) -> tuple[Noun, ...]:
    """Reads topics, adding what is wrong with them to `problems`."""
    themes: list[Noun] = []
    for text in entries:
        try:
            themes.append(parse_noun(text))
        except ValueError as error:
            problems.append(str(error))
    return tuple(themes)


def _templates(
    key: str, entries: list[str], numbering: Numbering, problems: list[str]
) -> tuple[Template, ...]:
    """Parses the entries of a key, adding what is wrong with them to `problems`."""
    templates: list[Template] = []
    for text in entries:
        problem = _problem_of(key, text)
        if problem:
            problems.append(problem)
        try:
            templates.append(numbering.parse(text))
        except ValueError as error:
            problems.append(f"{key}: {error}")
    return tuple(templates)


def load_domains(numbering: Numbering, folder: Path = _ROOM / "domains") -> list[Domain]:
    """Loads every domain file of a folder, by name."""
    return [load_domain(path, numbering) for path in sorted(folder.glob("*.toml"))]


def load_generic(numbering: Numbering, folder: Path = _ROOM / "templates") -> Domain:
    """Loads and joins the generic files."""
    joined = Domain("general")
    for path in sorted(folder.glob("*.toml")):
        part = load_domain(path, numbering, generic=True)
        for key, items in part.lists.items():
            joined.lists[key] = joined.lists.get(key, ()) + items
        for key, templates in part.templates.items():
            joined.templates[key] = joined.templates.get(key, ()) + templates
    return joined
