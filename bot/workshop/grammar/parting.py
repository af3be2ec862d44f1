"""Parts the grammar: what essays to learn from are made of, and what those to measure with are."""

from __future__ import annotations

from bot.workshop.grammar.heldout import is_held_out, names_unseen
from bot.workshop.grammar.lexicon import Lexicon
from bot.workshop.grammar.library import Domain, Numbering, load_domains, load_generic
from bot.workshop.grammar.nouns import Noun
from bot.workshop.grammar.writer import EssayGrammar

_HELD_OUT_TEMPLATES_PER_THOUSAND = 50
_HELD_OUT_NOUNS_PER_THOUSAND = 30


def _is_held_out_noun(noun: Noun) -> bool:
    return names_unseen(noun.bare) or is_held_out(noun.bare.lower(), _HELD_OUT_NOUNS_PER_THOUSAND)


def _without_unseen(domain: Domain) -> Domain:
    """Drops from a domain every piece that names an unseen word."""
    lists = {
        key: tuple(item for item in items if not names_unseen(item))
        for key, items in domain.lists.items()
    }
    templates = {
        key: tuple(template for template in templates if not names_unseen(template.source))
        for key, templates in domain.templates.items()
    }
    return Domain(domain.name, domain.themes, {k: v for k, v in lists.items() if v}, templates)


def _load() -> tuple[Domain, list[Domain], Lexicon]:
    numbering = Numbering()
    return load_generic(numbering), load_domains(numbering), Lexicon.load()


def nouns_of(lexicon: Lexicon, *, held_out: bool) -> Lexicon:
    """Keeps the nouns that are held out, or those that are not."""
    everything = (*lexicon.known, *lexicon.plain)
    return Lexicon.of([noun for noun in everything if _is_held_out_noun(noun) is held_out])


def training_grammar() -> EssayGrammar:
    """Loads the grammar without the held-out nouns and templates."""
    generic, domains, lexicon = _load()
    kept: list[Domain] = []
    for domain in map(_without_unseen, domains):
        domain.themes = tuple(noun for noun in domain.themes if not _is_held_out_noun(noun))
        kept.append(domain)
    barred = frozenset(
        template.number
        for domain in (generic, *domains)
        for key, templates in domain.templates.items()
        for template in templates
        if len(templates) > 5
        and not key.startswith("tema_")
        and is_held_out(template.source, _HELD_OUT_TEMPLATES_PER_THOUSAND)
    )
    nouns = nouns_of(lexicon, held_out=False)
    return EssayGrammar(_without_unseen(generic), kept, nouns, barred)


def held_out_grammar() -> EssayGrammar:
    """Loads the grammar with held-out nouns only, and with every template."""
    generic, domains, lexicon = _load()
    for domain in domains:
        domain.themes = tuple(noun for noun in domain.themes if _is_held_out_noun(noun))
    nouns = nouns_of(lexicon, held_out=True)
    return EssayGrammar(generic, domains, nouns, shares=(0.4, 0.6, 0.0))
