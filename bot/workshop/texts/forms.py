"""Stories, poems and news with slots: a beginning, a middle and an end for any noun of a group.

A card's lines can stand in any order; what tells something cannot. So a form has steps in their
order, each in a few variants, of which one is taken.
"""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bot.workshop.texts.slots import Noun, fill

FOLDER = Path(__file__).parent / "forms"
STYLES = ("cuento", "poema", "noticia")

_HEADING = re.compile(r"^## (\w+): (.+)$", re.MULTILINE)
_STEP = re.compile(r"^(\d+)(\?)?: (.+)$")
_NEW_PARAGRAPH = "--"
_VERSE = " / "


class FormError(ValueError):
    """A file of forms is not of the form."""


@dataclass(frozen=True, slots=True)
class Step:
    """A part of a form.

    Attributes:
        variants: With slots; each fits any variant of the steps before and behind it.
        is_optional: Whether a shorter text does without it.
        begins: Whether a paragraph begins with it.
    """

    variants: tuple[str, ...]
    is_optional: bool
    begins: bool


@dataclass(frozen=True, slots=True)
class Form:
    """A story, a poem or a piece of news.

    Attributes:
        style: One of `STYLES`.
        name: What tells it from the others of its group.
        kinds: The kinds of things whose nouns it fits.
        headlines: With slots; of news only.
        steps: In their order.
    """

    style: str
    name: str
    kinds: frozenset[str]
    headlines: tuple[str, ...]
    steps: tuple[Step, ...]

    def write(self, noun: Noun, words: int, rng: random.Random) -> list[list[str]]:
        """Return the paragraphs (of a poem, the stanzas) of a text, each a list of its steps.

        Args:
            noun: What it is about.
            words: The length that is asked for; the text is as long as the steps allow.
            rng: Decides about variants and about what is left out.
        """
        slots = noun.slots()
        texts = [fill(rng.choice(step.variants), slots) for step in self.steps]
        length = sum(
            len(text.split())
            for step, text in zip(self.steps, texts, strict=True)
            if not step.is_optional
        )
        kept = {at for at, step in enumerate(self.steps) if not step.is_optional}
        optional = [at for at, step in enumerate(self.steps) if step.is_optional]
        for at in rng.sample(optional, len(optional)):
            if length < words:
                kept.add(at)
                length += len(texts[at].split())
        paragraphs: list[list[str]] = []
        begins = True
        for at, (step, text) in enumerate(zip(self.steps, texts, strict=True)):
            begins = begins or step.begins
            if at in kept:
                if begins:
                    paragraphs.append([])
                paragraphs[-1].append(text)
                begins = False
        return paragraphs


def set_out(paragraphs: Sequence[Sequence[str]]) -> str:
    """Return paragraphs as a text: a blank line between two, and each verse on its own line."""
    return "\n\n".join(" ".join(steps).replace(_VERSE, "\n") for steps in paragraphs)


def parse_forms(text: str, name: str) -> list[Form]:
    """Read the forms of a group of kinds.

    Raises:
        FormError: A style that does not exist, a step out of order, or a group without kinds.
        SlotError: A line has a slot that does not exist.
    """
    beginning, *parts = _HEADING.split(text)
    kinds = re.search(r"^kinds: (.+)$", beginning, re.MULTILINE)
    if kinds is None:
        raise FormError(f"{name}: no kinds")
    names = frozenset(kind.strip() for kind in kinds[1].split(","))
    return [
        _parse_form(style, f"{name}: {title}", names, body)
        for style, title, body in zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    ]


def _parse_form(style: str, name: str, kinds: frozenset[str], body: str) -> Form:
    if style not in STYLES:
        raise FormError(f"{name}: no such style: {style}")
    steps: list[Step] = []
    number, begins = 0, True
    for line in filter(None, map(str.strip, body.splitlines())):
        if line == _NEW_PARAGRAPH:
            begins = True
            continue
        found = _STEP.match(line)
        if found is None or int(found[1]) not in (number, number + 1):
            raise FormError(f"{name}: a line out of order: {line[:40]!r}")
        fill(line, Noun.parse("el faro").slots())
        if int(found[1]) == number:
            steps[-1] = replace(steps[-1], variants=(*steps[-1].variants, found[3]))
            continue
        number = int(found[1])
        is_stanza = style == "poema"
        steps.append(Step((found[3],), bool(found[2]), begins or is_stanza))
        begins = False
    if len(steps) < 4:
        raise FormError(f"{name}: {len(steps)} steps")
    if style == "poema":
        middle = [replace(step, is_optional=True) for step in steps[1:-1]]
        return Form(style, name, kinds, (), (steps[0], *middle, steps[-1]))
    headlines, told = (steps[0].variants, steps[1:]) if style == "noticia" else ((), steps)
    return Form(style, name, kinds, headlines, tuple(told))


def load_forms(folder: Path = FOLDER) -> list[Form]:
    """Read all forms, in the order of their files' names."""
    return [
        form
        for path in sorted(folder.glob("*.txt"))
        for form in parse_forms(path.read_text(encoding="utf-8"), path.stem)
    ]
