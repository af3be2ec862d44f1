"""How much the essays of a grammar repeat each other."""

from __future__ import annotations

import random
from dataclasses import dataclass

from bot.workshop.grammar.library import Numbering, load_domains, load_generic
from bot.workshop.grammar.writer import EssayGrammar

_GRAM = 8


@dataclass(frozen=True, slots=True)
class GrammarStats:
    """Variety of a grammar, measured on a sample.

    Attributes:
        templates: Distinct templates.
        topics: Distinct topics of the domains.
        essays: Size of the sample.
        mean_words: Mean length of its texts.
        distinct_sentences: Distinct sentences in it, among all its sentences (0 to 1).
        sentences: Number of its sentences.
        shared_8grams: Mean share of a text's 8-word sequences that stand in the sample.
        named_again: Share of texts that name the topic after the first paragraph.
    """

    templates: int
    topics: int
    essays: int
    mean_words: float
    distinct_sentences: float
    sentences: int
    shared_8grams: float
    named_again: float


def _grams(text: str) -> set[int]:
    words = text.lower().split()
    return {hash(tuple(words[at : at + _GRAM])) for at in range(len(words) - _GRAM + 1)}


def measure(essays: int = 10_000, probes: int = 500, seed: int = 1) -> GrammarStats:
    """Writes essays and measures how much `probes` further ones share with them.

    Args:
        essays: How many to compare with.
        probes: How many to compare.
        seed: Of the sample.
    """
    numbering = Numbering()
    domains = [load_generic(numbering), *load_domains(numbering)]
    grammar = EssayGrammar.load()
    rng = random.Random(seed)
    seen: set[int] = set()
    sentences: list[str] = []
    words = 0
    for _ in range(essays):
        text = grammar.write_essay(rng).text
        seen |= _grams(text)
        words += len(text.split())
        sentences += [part for line in text.split("\n") for part in line.split(". ") if part]
    shared = 0.0
    named = 0
    for _ in range(probes):
        noun, domain = grammar.draw_noun(rng)
        essay = grammar.write_about(rng, noun, domain, "ensayo")
        grams = _grams(essay.text)
        shared += len(grams & seen) / max(1, len(grams))
        named += noun.bare in essay.text.partition("\n\n")[2]
    return GrammarStats(
        templates=len(
            {template.number for d in domains for fs in d.templates.values() for template in fs}
        ),
        topics=sum(len(domain.themes) for domain in domains),
        essays=essays,
        mean_words=words / essays,
        distinct_sentences=len(set(sentences)) / len(sentences),
        sentences=len(sentences),
        shared_8grams=shared / probes,
        named_again=named / probes,
    )
