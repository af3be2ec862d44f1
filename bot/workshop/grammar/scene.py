"""What is settled for one essay: its topic, its people, and which templates it has used."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

from bot.workshop.grammar.library import Domain, stem_of
from bot.workshop.grammar.nouns import Noun, inflect
from bot.workshop.grammar.template import Agreement, Choice, Clause, Item, Part, Template, Word

RELATIVES = (
    ("mi abuela", 1), ("mi abuelo", 0), ("mi madre", 1), ("mi padre", 0), ("mi hermana", 1),
    ("mi hermano", 0), ("mi tía", 1), ("mi tío", 0), ("mi prima", 1), ("mi primo", 0),
    ("mi madrina", 1), ("mi vecina", 1), ("mi vecino", 0), ("mi profesora", 1),
    ("mi profesor", 0), ("mi hermana mayor", 1), ("mi hermano mayor", 0),
    ("mi mejor amiga", 1), ("mi mejor amigo", 0),
)  # fmt: skip
NAMES = (
    ("Lucía", 1), ("Mateo", 0), ("Valentina", 1), ("Tomás", 0), ("Camila", 1), ("Joaquín", 0),
    ("Elena", 1), ("Diego", 0), ("Rosa", 1), ("Andrés", 0), ("Inés", 1), ("Bruno", 0),
    ("Marina", 1), ("Simón", 0), ("Julia", 1), ("Pablo", 0), ("Amanda", 1), ("Nicolás", 0),
    ("Clara", 1), ("Emilio", 0), ("Violeta", 1), ("Hugo", 0), ("Alma", 1), ("Gabriel", 0),
    ("Noemí", 1), ("Samuel", 0), ("Olivia", 1), ("Martín", 0), ("Teresa", 1), ("Rafael", 0),
    ("Aurora", 1), ("Iván", 0), ("Carmen", 1), ("Lucas", 0), ("Irene", 1), ("Damián", 0),
    ("Sara", 1), ("Benjamín", 0), ("Celia", 1), ("Álvaro", 0), ("Paula", 1), ("Gaspar", 0),
    ("Daniela", 1), ("Ramiro", 0), ("Antonia", 1), ("Vicente", 0), ("Mariana", 1),
    ("Felipe", 0),
)  # fmt: skip

_DOMAIN_SHARE = 0.65
_DRAWS = 8
"""How often a template is looked for among those of a key before another source is tried."""
_LEAST_NEAR = 3
_LOOSE = frozenset({"razon", "hecho", "ejemplo", "comentario", "problema"})
_LOOSE_REFUSED = 0.5
"""How often a piece of the domain is refused that does not name the topic and may be far off."""


class Wanted(NamedTuple):
    """What a scene allows in a template.

    Attributes:
        kind: Of the topic.
        stance: Of the essay.
        bare_only: Whether the topic stands without an article.
        bound: Slots that may be taken up.
    """

    kind: str
    stance: str
    bare_only: bool
    bound: frozenset[str]


class Pools:
    """Templates by what a topic allows, remembered between essays.

    Args:
        generic: Templates and lists that fit every topic.
        domains: By name.
        barred: Numbers of templates that must not be used.
    """

    def __init__(
        self, generic: Domain, domains: dict[str, Domain], barred: frozenset[int] = frozenset()
    ) -> None:
        self.generic = generic
        self.domains = domains
        self._barred = barred
        self._asked: dict[str, frozenset[str]] = {}
        self._generic: dict[tuple[str, Wanted], tuple[Template, ...]] = {}
        self._own: dict[tuple[str, str, str, Wanted], tuple[Template, ...]] = {}

    def of_domain(self, key: str, domain: str, stem: str, wanted: Wanted) -> tuple[Template, ...]:
        """Return the templates of a key that a domain has for a topic of it.

        Args:
            key: Of clauses or sentences.
            domain: Its name; "" has none.
            stem: The topic's `stem_of`.
            wanted: What fits.
        """
        known = self.domains.get(domain)
        if known is None or key not in known.templates:
            return ()
        wanted = self._as_asked(key, wanted)
        found = self._own.get((key, domain, stem, wanted))
        if found is None:
            found = _near(self._fitting(known.templates[key], wanted), known, stem)
            self._own[key, domain, stem, wanted] = found
        return found

    def for_any(self, key: str, wanted: Wanted) -> tuple[Template, ...]:
        """Return the templates of a key that suit any topic."""
        wanted = self._as_asked(key, wanted)
        found = self._generic.get((key, wanted))
        if found is None:
            found = self._fitting(self.generic.templates.get(key, ()), wanted)
            self._generic[key, wanted] = found
        return found

    def _as_asked(self, key: str, wanted: Wanted) -> Wanted:
        """Leave out bound slots that no template of the key takes up: they make no difference."""
        asked = self._asked.get(key)
        if asked is None:
            every = (self.generic, *self.domains.values())
            templates = [one for domain in every for one in domain.templates.get(key, ())]
            asked = frozenset().union(*(template.slots for template in templates))
            self._asked[key] = asked
        return Wanted(wanted.kind, wanted.stance, wanted.bare_only, wanted.bound & asked)

    def _fitting(self, templates: Sequence[Template], wanted: Wanted) -> tuple[Template, ...]:
        return tuple(
            template
            for template in templates
            if wanted.kind in template.kinds
            and wanted.stance in template.stances
            and not (wanted.bare_only and template.bare)
            and template.slots <= wanted.bound
            and template.number not in self._barred
        )


def _near(templates: tuple[Template, ...], domain: Domain, stem: str) -> tuple[Template, ...]:
    """Drop templates about another topic of the domain; have those about this one three times."""
    stems = domain.stems()
    near = [
        template
        for template in templates
        if template.mentions or stem in (named := domain.named(template)) or not (named & stems)
    ]
    if len(near) < _LEAST_NEAR:
        return templates
    return tuple(near + [template for template in near if stem in domain.named(template)] * 2)


class Scene:
    """One essay being written.

    Args:
        pools: Where the templates come from.
        rng: The only source of chance.
        noun: The first topic.
        second: The second topic, if there is one.
        domain: Name of the domain, or "" for none.
        stance: One of `STANCES`.
        bound: Words of the topic that templates may take up: `A`, `B`, `G`, `V`, `asunto`.
    """

    __slots__ = (
        "_lists", "_pools", "_stem", "_used", "_used_items", "_wanted", "agreements", "domain",
        "noun", "random", "rng", "second", "slots", "stance", "words",
    )  # fmt: skip

    def __init__(
        self,
        pools: Pools,
        rng: random.Random,
        noun: Noun,
        second: Noun | None,
        domain: str,
        stance: str,
        bound: dict[str, str],
    ) -> None:
        self._pools = pools
        self.rng = rng
        self.random = rng.random
        self.noun = noun
        self.second = second
        self.domain = domain
        self.stance = stance
        family, family_agreement = RELATIVES[int(self.random() * len(RELATIVES))]
        first = int(self.random() * len(NAMES))
        other = (first + 1 + int(self.random() * (len(NAMES) - 1))) % len(NAMES)
        self.agreements = {
            "1": noun.agreement,
            "f": family_agreement,
            "n": NAMES[first][1],
            "m": NAMES[other][1],
            "yo": int(self.random() * 2),
        }
        self.words = {
            "tema": noun.definite,
            "tema_s": noun.bare,
            "un_tema": noun.indefinite,
            "familiar": family,
            "nombre": NAMES[first][0],
            "nombre2": NAMES[other][0],
            **bound,
        }
        if second is not None:
            self.agreements["2"] = second.agreement
            both_feminine = noun.agreement % 2 and second.agreement % 2
            self.agreements["y"] = 3 if both_feminine else 2
            self.words["tema2"] = second.definite
            self.words["tema2_s"] = second.bare
            self.words["y_temas"] = f"{noun.definite} y {second.definite}"
        self._used: set[int] = set()
        self._used_items: set[str] = set(bound.values())
        self.settle({"tema2", "tema2_s"} if second is not None else set())
        found = pools.domains.get(domain)
        self._lists = found.lists if found else {}
        self._stem = stem_of(noun)

    def settle(self, slots: set[str] | frozenset[str]) -> None:
        """Fixes which slots of the topic templates may take up (`tema2`, `A`, `asunto` …)."""
        known = set(slots)
        if self.second is None or not self.second.has_article:
            known.discard("tema2_s")
        if self.second is None:
            known.discard("tema2")
        self.slots = frozenset(known)
        bare_only = not self.noun.has_article
        self._wanted = Wanted(self.noun.kind, self.stance, bare_only, self.slots)

    def item(self, name: str) -> str:
        """Draws an unused item of a list, agreeing with the topic if it is an adjective."""
        items = self._lists.get(name)
        if not items or (name[:3] != "adj" and self.random() > 0.92):
            items = self._pools.generic.lists[name]
        item = items[int(self.random() * len(items))]
        for _ in range(6):
            if item not in self._used_items:
                break
            item = items[int(self.random() * len(items))]
        self._used_items.add(item)
        return inflect(item)[self.agreements["1"]] if name.startswith("adj") else item

    def render(self, template: Template) -> str:
        """Writes a template."""
        return self._join(template.parts)

    def _join(self, parts: tuple[Part, ...]) -> str:
        return "".join([part if isinstance(part, str) else self._fill(part) for part in parts])

    def _fill(self, slot: Word | Item | Clause | Agreement | Choice) -> str:
        match slot:
            case Word():
                return self.words[slot.name]
            case Agreement():
                return slot.forms[self.agreements[slot.reference]]
            case Choice():
                return self._join(slot.options[int(self.random() * len(slot.options))])
            case Item():
                return self.item(slot.name)
            case Clause():
                return self.clause(slot.key)

    def _own(self, key: str) -> tuple[Template, ...]:
        return self._pools.of_domain(key, self.domain, self._stem, self._wanted)

    def _generic(self, key: str) -> tuple[Template, ...]:
        return self._pools.for_any(key, self._wanted)

    def draw(self, key: str, *, mention: bool = False) -> Template | None:
        """Draws a template that the essay has not used yet and marks it used.

        Args:
            key: Of clauses or sentences.
            mention: Whether it must name the topic.

        Returns:
            None when every fitting template is used up.
        """
        own, generic = self._own(key), self._generic(key)
        for templates in (own, generic) if self.random() < _DOMAIN_SHARE else (generic, own):
            if not templates:
                continue
            may_be_far = key in _LOOSE and templates is own
            for _ in range(_DRAWS):
                template = templates[int(self.random() * len(templates))]
                if may_be_far and self._is_refused(template):
                    continue
                if template.number not in self._used and (template.mentions or not mention):
                    self._used.add(template.number)
                    return template
        return None

    def _is_refused(self, template: Template) -> bool:
        """Whether a piece of the domain is left out, since it may be far from the topic."""
        return (
            not template.mentions
            and self.random() < _LOOSE_REFUSED
            and self._stem not in self._pools.domains[self.domain].named(template)
        )

    def in_order(self, key: str, count: int) -> list[str]:
        """Writes the first `count` generic pieces of a key in the order of their file."""
        chosen = sorted(self._generic(key), key=lambda template: template.number)[:count]
        return [self.render(template) for template in chosen]

    def text(self, key: str, *, mention: bool = False) -> str:
        """Writes a sentence of a key, or the empty string when none is left."""
        template = self.draw(key, mention=mention)
        return self.render(template) if template else ""

    def clause(self, key: str) -> str:
        """Writes a clause inside a sentence; repeats one rather than leaving a hole."""
        template = self.draw(key)
        if template is None:
            templates = self._own(key) or self._generic(key)
            template = templates[int(self.random() * len(templates))]
        return self.render(template)

    def knows(self, key: str) -> bool:
        """Whether the topic's domain has templates of this key that fit."""
        return bool(self._own(key))
