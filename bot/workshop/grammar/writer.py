"""Writes whole essays: a topic, a plan, paragraphs that follow it, and an end."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from bot.workshop.grammar.finish import add_personal_a, contract, finish
from bot.workshop.grammar.headers import frame_prompt, round_words
from bot.workshop.grammar.lexicon import Lexicon, invented_adjective, invented_noun
from bot.workshop.grammar.library import Domain, Numbering, load_domains, load_generic
from bot.workshop.grammar.nouns import Noun, inflect
from bot.workshop.grammar.plans import PARAGRAPHS, choose_paragraphs
from bot.workshop.grammar.pools import Pools
from bot.workshop.grammar.scene import Scene
from bot.workshop.grammar.styles import (
    write_argument,
    write_description,
    write_poem,
    write_story,
)
from bot.workshop.grammar.topics import Form, as_typed, choose_form, state_topic

STYLE_WEIGHTS = {"ensayo": 60, "cuento": 12, "descripcion": 11, "argumentacion": 11, "poema": 6}
_FOREIGN_SHARE = 0.5
"""How often a claim's adjectives and people come from outside of its domain."""
_INVENTED_ADJECTIVES = 0.08


@dataclass(frozen=True, slots=True)
class Essay:
    """A written text.

    Attributes:
        topic: As a student may type it, one line.
        style: A key of `headers.FRAMES`.
        words: Its length in words, rounded to 50.
        text: Paragraphs parted by blank lines (a poem's lines by single line breaks).
    """

    topic: str
    style: str
    words: int
    text: str

    @property
    def record(self) -> str:
        """The training record: header and text."""
        return frame_prompt(self.style, self.topic, self.words) + self.text


def draw_length(rng: random.Random) -> int:
    """Draws how many words an essay should have: 80 to 620, most of them 150 to 400."""
    draw = rng.random()
    if draw < 0.15:
        return 80 + int(rng.random() * 70)
    if draw < 0.8:
        return 150 + int(rng.random() * 250)
    return 400 + int(rng.random() * 220)


def write_paragraph(scene: Scene, kind: str, *, must_mention: bool = True) -> str:
    """Writes one paragraph of a kind of `plans.PARAGRAPHS`; empty if its templates are used up."""
    sentences: list[str] = []
    for keys, probability in PARAGRAPHS[kind]:
        if probability < 1.0 and scene.random() >= probability:
            continue
        key = keys[int(scene.random() * len(keys))] if len(keys) > 1 else keys[0]
        sentence = scene.text(key)
        if sentence:
            sentences.append(sentence)
        elif probability == 1.0 and not sentences:
            return ""
    text = " ".join(sentences)
    if must_mention and scene.noun.bare not in text and scene.random() < 0.9:
        more = scene.text("apoyo", mention=True)
        if more:
            text = f"{text} {more}"
    return text


def write_composition(scene: Scene, form: Form, target: int) -> str:
    """Writes an `ensayo` of about `target` words."""
    claims = bool(scene.slots & {"A", "G", "V"})
    opening = scene.text(f"apertura_{form.name}") or scene.text("apertura_nombre")
    first = [opening]
    if scene.random() < 0.25 and target > 150:
        first.append(scene.text("pregunta") if scene.random() < 0.4 else scene.text("hecho_s"))
    if target > 110 or scene.random() < 0.4:
        first.append(scene.text("tesis"))
    paragraphs = [" ".join(filter(None, first))]
    count = max(1, min(8, round((target - 95) / 58)))
    kinds = choose_paragraphs(scene.stance, count, [scene.random() for _ in range(10)])
    middle = 1 + int(scene.random() * len(kinds))
    if "tema2" in scene.slots:
        kinds.insert(middle, "retoma_dos")
    if claims:
        kinds.insert(min(1, middle), "retoma")
        if target > 330:
            kinds.insert(min(len(kinds), middle + 2), "retoma_dos")
    if claims and target > 330:
        kinds.insert(len(kinds) - 1, "retoma")
    length = len(paragraphs[0].split())
    for at, kind in enumerate(kinds):
        paragraph = write_paragraph(scene, kind)
        if not paragraph:
            continue
        paragraphs.append(paragraph)
        length += len(paragraph.split())
        left = kinds[at + 1 :]
        if length > target - 40 and "retoma" not in left and "retoma_dos" not in left:
            break
    paragraphs.append(_conclusion(scene, target))
    return finish(drop_subjects("\n\n".join(paragraphs), scene.words["tema"]))


def drop_subjects(text: str, topic: str) -> str:
    """Leaves out the topic after *porque* where the sentence has named it already."""
    pattern = f" porque {topic} "
    at = text.find(pattern)
    while at >= 0:
        start = max(text.rfind(". ", 0, at), text.rfind("\n", 0, at), text.rfind(": ", 0, at))
        if text.find(topic, start + 1, at) >= 0:
            text = text[:at] + " porque " + text[at + len(pattern) :]
        at = text.find(pattern, at + 1)
    return text


def _conclusion(scene: Scene, target: int) -> str:
    key = "conclusion_1"
    if scene.slots & {"A", "G"} and scene.random() < 0.6:
        key = "conclusion_retoma"
    elif "tema2" in scene.slots and scene.random() < 0.7:
        key = "conclusion_dos"
    last = [scene.text(key) or scene.text("conclusion_1")]
    if target > 220 and scene.random() < 0.6:
        last.append(scene.text("conclusion_2"))
    if target > 130 or scene.random() < 0.5:
        last.append(scene.text("final"))
    return " ".join(filter(None, last))


_WRITERS: dict[str, Callable[[Scene, int], str]] = {
    "cuento": write_story,
    "descripcion": write_description,
    "argumentacion": write_argument,
    "poema": write_poem,
}


class EssayGrammar:
    """Writes essays from the templates.

    Args:
        generic: Templates that fit any topic.
        domains: Domains whose nouns may be topics.
        lexicon: Nouns of which nothing is known.
        barred: Numbers of templates that are not used.
        shares: Probabilities of a topic from a domain, from the lexicon, and invented.
    """

    def __init__(
        self,
        generic: Domain,
        domains: list[Domain],
        lexicon: Lexicon,
        barred: frozenset[int] = frozenset(),
        shares: tuple[float, float, float] = (0.5, 0.2, 0.3),
    ) -> None:
        self._pools = Pools(generic, {domain.name: domain for domain in domains}, barred)
        self._domains = [domain for domain in domains if domain.themes]
        self._lexicon = lexicon
        self._shares = shares
        self._styles = list(STYLE_WEIGHTS)
        self._style_weights = list(STYLE_WEIGHTS.values())

    @classmethod
    def load(cls) -> EssayGrammar:
        """Loads the data files that come with the package."""
        numbering = Numbering()
        return cls(load_generic(numbering), load_domains(numbering), Lexicon.load())

    def draw_noun(self, rng: random.Random) -> tuple[Noun, str]:
        """Draws a topic, and the name of its domain or the empty string."""
        draw = rng.random()
        if draw < self._shares[0] and self._domains:
            domain = self._domains[int(rng.random() * len(self._domains))]
            return domain.themes[int(rng.random() * len(domain.themes))], domain.name
        if draw < self._shares[0] + self._shares[1]:
            return self._lexicon.draw(rng), ""
        if draw > 1 - 0.5 * self._shares[2]:
            return self._lexicon.blend(rng), ""
        return invented_noun(rng), ""

    def _draw_second(self, rng: random.Random, noun: Noun, domain: str) -> Noun | None:
        for _ in range(8):
            second, its_domain = self.draw_noun(rng)
            near = domain and rng.random() < 0.7
            if near:
                themes = self._pools.domains[domain].themes
                second = themes[int(rng.random() * len(themes))]
            if (
                second.has_article
                and second.bad == noun.bad
                and second.bare != noun.bare
                and (near or its_domain != domain)
            ):
                return second
        return None

    def _claim_adjective(self, scene: Scene, name: str) -> str:
        """Draws an adjective for a claim: of the domain, of many others, or invented."""
        draw = scene.random()
        if draw < _INVENTED_ADJECTIVES:
            return inflect(invented_adjective(scene.rng))[scene.agreements["1"]]
        return scene.item("adj_suelto" if draw < _FOREIGN_SHARE else name)

    def write_essay(self, rng: random.Random, style: str | None = None) -> Essay:
        """Writes one essay; the same state of `rng` gives the same essay.

        Args:
            rng: Source of chance.
            style: One of `STYLE_WEIGHTS`, or None to draw it.
        """
        style = style or rng.choices(self._styles, self._style_weights)[0]
        noun, domain = self.draw_noun(rng)
        return self.write_about(rng, noun, domain, style)

    def write_about(self, rng: random.Random, noun: Noun, domain: str, style: str) -> Essay:
        """Writes one essay about a noun of a domain ("" for none)."""
        form, stance = choose_form(noun, rng, style)
        second = self._draw_second(rng, noun, domain) if noun.has_article else None
        scene = Scene(self._pools, rng, noun, second, domain, stance, {})
        scene.words["A"] = self._claim_adjective(scene, "adj")
        scene.words["B"] = self._claim_adjective(scene, "adj_malo")
        from_lexicon = self._lexicon.people and rng.random() < _FOREIGN_SHARE
        scene.words["G"] = self._lexicon.draw_people(rng) if from_lexicon else scene.item("gente")
        scene.words["V"] = scene.item("accion")
        scene.settle({"tema2", "tema2_s", "A", "B", "G", "V"})
        topic = as_typed(state_topic(scene, form), rng)
        target = draw_length(rng)
        writer = _WRITERS.get(style)
        text = writer(scene, target) if writer else write_composition(scene, form, target)
        for person in (noun, second):
            if person is not None and person.kind in {"gente", "persona"}:
                text = contract(add_personal_a(text, person.definite))
        return Essay(topic, style, round_words(len(text.split())), text)
