"""Which templates fit a topic, found once and remembered between essays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bot.workshop.grammar.library import Domain
from bot.workshop.grammar.template import Template

_LEAST_NEAR = 3
"""With fewer templates near to a topic, all of the domain's serve."""


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
