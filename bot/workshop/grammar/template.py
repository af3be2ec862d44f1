"""The small language of the templates: slots, agreement and alternatives, parsed once.

A template says what to write and not how to choose it: `scene.Scene.render` does that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from bot.workshop.grammar.nouns import AGREEMENTS, KINDS

STANCES = ("valor", "gusto", "dos", "cuidado", "curioso", "malo")
"""The attitudes of an essay; `malo` is the only one for topics that nobody wants."""

LISTS = ("gente", "lugar", "objeto", "adj", "adj_malo", "adj_suelto", "accion", "idea")
CLAUSES = (
    "razon",
    "hecho",
    "problema",
    "causa",
    "consecuencia",
    "contra",
    "propuesta",
    "antes",
    "futuro",
)

_TOPIC_SLOTS = {"tema", "tema_s", "un_tema", "tema2", "tema2_s", "y_temas"}
_BOUND_SLOTS = {"A", "B", "G", "V", "asunto", "asunto_min"}
_NAME_SLOTS = {"familiar", "nombre", "nombre2"}
_REFERENCES = ("2:", "y:", "f:", "n:", "m:", "yo:")
_BARE_WORDS = {"este", "ese", "un", "el"}
_TAGS = re.compile(r"^((?:[@#][!\wáéíóúñ,]+ ?)+): ")


class TemplateError(ValueError):
    """A template that cannot be parsed.

    Attributes:
        text: The template.
        reason: What is wrong with it.
    """

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(f"{reason}: {text!r}")
        self.text = text
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Word:
    """A slot for something settled for the whole essay: the topic, a name, a word of the topic.

    Attributes:
        name: Key of the scene's words.
    """

    name: str


@dataclass(frozen=True, slots=True)
class Item:
    """A slot for a piece of a list.

    Attributes:
        name: One of `LISTS`.
    """

    name: str


@dataclass(frozen=True, slots=True)
class Clause:
    """A slot for another template.

    Attributes:
        key: One of `CLAUSES`.
    """

    key: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """A slot that agrees with somebody or something.

    Attributes:
        reference: Key of the scene's agreements: `1` the topic, `2` the second, `y` both …
        forms: Masculine and feminine singular, then the same in the plural.
    """

    reference: str
    forms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """Alternatives, of which one is drawn.

    Attributes:
        options: What each is made of; may be nothing.
    """

    options: tuple[tuple[Part, ...], ...]


Part = str | Word | Item | Clause | Agreement | Choice


@dataclass(slots=True)
class Needs:
    """What a template asks of the essay that it is used in.

    Attributes:
        slots: Names of the slots that must be bound (`tema2`, `A` …).
        bare: Whether it uses the topic without its own article, which names forbid.
        mentions: How many times it is certain to name the first topic.
    """

    slots: set[str] = field(default_factory=set)
    bare: bool = False
    mentions: int = 0


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed sentence, clause, line or group of sentences.

    Attributes:
        number: Unique within a library; templates with the same source text share it.
        source: The text that it was parsed from, without tags.
        parts: Literal text and slots, in order.
        kinds: Kinds of topic that it fits.
        stances: Stances that it fits.
        slots: Slots that must be bound.
        bare: See `Needs`.
        mentions: See `Needs`.
    """

    number: int
    source: str
    parts: tuple[Part, ...]
    kinds: frozenset[str]
    stances: frozenset[str]
    slots: frozenset[str]
    bare: bool
    mentions: int


def _agreement(slot: str, needs: Needs, text: str) -> Part:
    """Parses an agreeing slot: a name of `AGREEMENTS`, a pair, or four forms; and its noun."""
    reference = "1"
    for prefix in _REFERENCES:
        if slot.startswith(prefix):
            reference, slot = prefix[:-1], slot[len(prefix) :]
            break
    if "|" in slot:
        forms = tuple(slot.split("|"))
        if len(forms) == 2:
            forms = (forms[0], forms[0], forms[1], forms[1])
        if len(forms) != 4:
            raise TemplateError(text, f"slot {slot!r} needs two or four forms")
    elif slot in AGREEMENTS:
        forms = AGREEMENTS[slot]
        if reference == "1" and slot in _BARE_WORDS:
            needs.bare = True
    else:
        raise TemplateError(text, f"unknown slot {slot!r}")
    if reference in "2y":
        needs.slots.add("tema2")
    return Agreement(reference, forms)


def _slot(slot: str, needs: Needs, text: str) -> Part:
    """Parses what stands between braces."""
    if slot in _TOPIC_SLOTS or slot in _BOUND_SLOTS or slot in _NAME_SLOTS:
        if slot in {"tema", "tema_s", "un_tema", "y_temas", "asunto", "asunto_min"}:
            needs.mentions += 1
        if slot in {"tema_s", "un_tema"}:
            needs.bare = True
        if slot in {"tema2", "tema2_s", "y_temas"}:
            needs.slots.add("tema2")
        if slot == "tema2_s":
            needs.slots.add("tema2_s")
        if slot in _BOUND_SLOTS:
            needs.slots.add(slot)
        return Word(slot)
    if slot in LISTS:
        return Item(slot)
    if slot in CLAUSES:
        return Clause(slot)
    return _agreement(slot, needs, text)


def _merge(branches: list[Needs], needs: Needs) -> None:
    """Adds to `needs` what the alternatives ask: every slot, and the fewest mentions."""
    for branch in branches:
        needs.slots |= branch.slots
        needs.bare = needs.bare or branch.bare
    needs.mentions += min(branch.mentions for branch in branches)


def _alternatives(text: str, at: int, depth: int, needs: Needs) -> tuple[Part, int]:
    """Parses the alternatives that start at the bracket `at`; also gives where they end."""
    options: list[tuple[Part, ...]] = []
    branches: list[Needs] = []
    while at < len(text) and text[at] != "]":
        branch = Needs()
        option, at = _sequence(text, at + 1, depth + 1, branch)
        options.append(option)
        branches.append(branch)
    if at >= len(text):
        raise TemplateError(text, "unclosed bracket")
    _merge(branches, needs)
    return Choice(tuple(options)), at + 1


def _sequence(text: str, at: int, depth: int, needs: Needs) -> tuple[tuple[Part, ...], int]:
    """Parses from `at` up to the end, or up to the `|` or `]` that closes an alternative."""
    parts: list[Part] = []
    literal: list[str] = []

    def flush() -> None:
        if literal:
            parts.append("".join(literal))
            literal.clear()

    while at < len(text):
        character = text[at]
        if character == "{":
            end = text.find("}", at)
            if end < 0:
                raise TemplateError(text, "unclosed brace")
            flush()
            parts.append(_slot(text[at + 1 : end], needs, text))
            at = end + 1
        elif character == "[":
            flush()
            part, at = _alternatives(text, at, depth, needs)
            parts.append(part)
        elif character in "|]" and depth:
            break
        elif character in "|]}":
            raise TemplateError(text, f"stray {character!r}")
        else:
            literal.append(character)
            at += 1
    flush()
    return tuple(parts), at


def _tags(text: str) -> tuple[frozenset[str], frozenset[str], str]:
    """Splits the tags off a template: kinds, stances, and the rest of the text."""
    kinds, stances = set(KINDS), set(STANCES)
    match = _TAGS.match(text)
    if match is None:
        return frozenset(kinds), frozenset(stances), text
    for tag in match.group(1).split():
        names = set(tag[1:].lstrip("!").split(","))
        if tag[0] == "@":
            if names - KINDS:
                raise TemplateError(text, f"unknown kind in {tag!r}")
            kinds &= (KINDS - names) if tag[1] == "!" else names
        else:
            expanded = names - {"bueno"} | (set(STANCES) - {"malo"} if "bueno" in names else set())
            if expanded - set(STANCES):
                raise TemplateError(text, f"unknown stance in {tag!r}")
            stances &= expanded
    return frozenset(kinds), frozenset(stances), text[match.end() :]


def parse_template(text: str, number: int) -> Template:
    """Parses one entry of a data file.

    Raises:
        TemplateError: If a slot is unknown or a bracket is not closed.
    """
    kinds, stances, source = _tags(text)
    needs = Needs()
    parts, _ = _sequence(source, 0, 0, needs)
    return Template(
        number, source, parts, kinds, stances, frozenset(needs.slots), needs.bare, needs.mentions
    )
