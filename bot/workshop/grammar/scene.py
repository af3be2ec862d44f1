"""What is settled for one essay: its topic, its people, and which templates it has used."""

from __future__ import annotations

import random

from bot.workshop.grammar.library import stem_of
from bot.workshop.grammar.nouns import Noun, inflect
from bot.workshop.grammar.pools import Pools, Wanted
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
_LOOSE = frozenset({"razon", "hecho", "ejemplo", "comentario", "problema"})
_LOOSE_REFUSED = 0.5
"""How often a piece of the domain is refused that does not name the topic and may be far off."""


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
