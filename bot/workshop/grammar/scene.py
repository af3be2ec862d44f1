"""What is settled for one essay: its topic, its people, and which frames it has used."""

from __future__ import annotations

import random
from collections.abc import Sequence

from bot.workshop.grammar.library import Domain, stem_of
from bot.workshop.grammar.nouns import Noun, inflect
from bot.workshop.grammar.template import Frame

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
_LEAST_NEAR = 3
_LOOSE = frozenset({"razon", "hecho", "ejemplo", "comentario", "problema"})
_LOOSE_REFUSED = 0.5
"""How often a piece of the domain is refused that does not name the topic and may be far off."""

Pool = tuple[tuple[Frame, ...], tuple[Frame, ...]]
Key = tuple[str, str, str, bool, frozenset[str]]


class Pools:
    """Frames by what a topic allows, remembered between essays.

    Args:
        generic: Frames and lists that fit every topic.
        domains: By name.
        barred: Numbers of frames that must not be used.
    """

    def __init__(
        self, generic: Domain, domains: dict[str, Domain], barred: frozenset[int] = frozenset()
    ) -> None:
        self.generic = generic
        self.domains = domains
        self._barred = barred
        self._own: dict[tuple[str, str, Key], tuple[Frame, ...]] = {}
        self._asked: dict[str, frozenset[str]] = {}
        self._generic: dict[tuple[str, Key], tuple[Frame, ...]] = {}

    def get(self, name: str, key: Key, noun: Noun) -> Pool:
        """Gives the domain's and the generic frames of a key that fit a topic."""
        domain = self.domains.get(key[0])
        asked = self._asked.get(name)
        if asked is None:
            groups = [self.generic.frames.get(name, ())]
            groups += [other.frames.get(name, ()) for other in self.domains.values()]
            asked = frozenset().union(*(frame.slots for group in groups for frame in group))
            self._asked[name] = asked
        key = (key[0], key[1], key[2], key[3], key[4] & asked)
        own: tuple[Frame, ...] = ()
        if domain is not None and name in domain.frames:
            found = self._own.get((name, noun.bare, key))
            if found is None:
                found = self._near(self._fit(domain.frames[name], key), domain, noun)
                self._own[(name, noun.bare, key)] = found
            own = found
        generic_key: Key = ("", key[1], key[2], key[3], key[4])
        generic = self._generic.get((name, generic_key))
        if generic is None:
            generic = self._fit(self.generic.frames.get(name, ()), key)
            self._generic[(name, generic_key)] = generic
        return own, generic

    def _near(self, frames: tuple[Frame, ...], domain: Domain, noun: Noun) -> tuple[Frame, ...]:
        """Drops frames about another topic of the domain, and favours those about this one."""
        stems = domain.stems()
        mine = stem_of(noun)
        near = [
            frame
            for frame in frames
            if frame.mentions or mine in (named := domain.named(frame)) or not (named & stems)
        ]
        if len(near) < _LEAST_NEAR:
            return frames
        return tuple(near + [frame for frame in near if mine in domain.named(frame)] * 2)

    def _fit(self, frames: Sequence[Frame], key: Key) -> tuple[Frame, ...]:
        _, kind, stance, bare_only, bound = key
        return tuple(
            frame
            for frame in frames
            if kind in frame.kinds
            and stance in frame.stances
            and not (bare_only and frame.bare)
            and frame.slots <= bound
            and frame.number not in self._barred
        )


class Scene:
    """One essay being written.

    Args:
        pools: Where the frames come from.
        rng: The only source of chance.
        noun: The first topic.
        second: The second topic, if there is one.
        domain: Name of the domain, or "" for none.
        stance: One of `STANCES`.
        bound: Words of the topic that frames may take up: `A`, `B`, `G`, `V`, `asunto`.
    """

    __slots__ = (
        "_key", "_own", "_pools", "_stem", "_used", "_used_items", "agreement", "agreements",
        "domain",         "noun", "random", "rng", "second", "slots", "stance", "words",
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
        self.agreement = noun.agreement
        family, family_agreement = RELATIVES[int(self.random() * len(RELATIVES))]
        first = int(self.random() * len(NAMES))
        other = (first + 1 + int(self.random() * (len(NAMES) - 1))) % len(NAMES)
        self.agreements = {
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
        self._own = found.lists if found else {}
        self._stem = stem_of(noun)

    def settle(self, slots: set[str] | frozenset[str]) -> None:
        """Fixes which slots of the topic frames may take up (`tema2`, `A`, `asunto` …)."""
        known = set(slots)
        if self.second is None or not self.second.has_article:
            known.discard("tema2_s")
        if self.second is None:
            known.discard("tema2")
        self.slots = frozenset(known)
        bare_only = not self.noun.has_article
        self._key: Key = (self.domain, self.noun.kind, self.stance, bare_only, self.slots)

    def item(self, name: str) -> str:
        """Draws an unused item of a list, agreeing with the topic if it is an adjective."""
        items = self._own.get(name)
        if not items or (name[:3] != "adj" and self.random() > 0.92):
            items = self._pools.generic.lists[name]
        item = items[int(self.random() * len(items))]
        for _ in range(6):
            if item not in self._used_items:
                break
            item = items[int(self.random() * len(items))]
        self._used_items.add(item)
        return inflect(item)[self.agreement] if name.startswith("adj") else item

    def frame(self, name: str, *, mention: bool = False) -> Frame | None:
        """Draws a frame that the essay has not used yet and marks it used.

        Args:
            name: Its key.
            mention: Whether it must name the topic.

        Returns:
            None when every fitting frame is used up.
        """
        own, generic = self._pools.get(name, self._key, self.noun)
        first, then = (own, generic) if self.random() < _DOMAIN_SHARE else (generic, own)
        loose = name in _LOOSE
        for frames in (first, then):
            count = len(frames)
            if not count:
                continue
            for _ in range(8):
                frame = frames[int(self.random() * count)]
                if (
                    loose
                    and frames is own
                    and not frame.mentions
                    and self.random() < _LOOSE_REFUSED
                    and self._stem not in self._domain_named(frame)
                ):
                    continue
                if frame.number not in self._used and (frame.mentions or not mention):
                    self._used.add(frame.number)
                    return frame
        return None

    def _domain_named(self, frame: Frame) -> frozenset[str]:
        return self._pools.domains[self.domain].named(frame)

    def in_order(self, name: str, count: int) -> list[str]:
        """Writes the first `count` generic pieces of a key in the order of their file."""
        _, generic = self._pools.get(name, self._key, self.noun)
        chosen = sorted(generic, key=lambda frame: frame.number)[:count]
        return [frame.render(self) for frame in chosen]

    def text(self, name: str, *, mention: bool = False) -> str:
        """Writes a sentence of a key, or the empty string when none is left."""
        frame = self.frame(name, mention=mention)
        return frame.render(self) if frame else ""

    def clause(self, name: str) -> str:
        """Writes a clause inside a sentence; repeats one rather than leaving a hole."""
        frame = self.frame(name)
        if frame is None:
            own, generic = self._pools.get(name, self._key, self.noun)
            frames = own or generic
            frame = frames[int(self.random() * len(frames))]
        return frame.render(self)

    def own(self, name: str) -> bool:
        """Whether the topic's domain has frames of this key that fit."""
        return bool(self._pools.get(name, self._key, self.noun)[0])

    def has(self, name: str) -> bool:
        """Whether a clause or sentence of this key is still to be had."""
        own, generic = self._pools.get(name, self._key, self.noun)
        return any(frame.number not in self._used for frame in (*own, *generic))
