"""What the model sees next: a text behind its header, never twice in the same dress."""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.workshop.texts.cards import Card
from bot.workshop.texts.composing import compose
from bot.workshop.texts.compositions import Composition
from bot.workshop.texts.forms import Form, set_out
from bot.workshop.texts.guessing import invent_card, invent_noun
from bot.workshop.texts.headers import header, ideas_line
from bot.workshop.texts.ideas import NounFinder
from bot.workshop.texts.kinds import Kind, SentenceKind
from bot.workshop.texts.requests import Request, draw_request
from bot.workshop.texts.slots import fill
from bot.workshop.texts.wording import ask_for, vary

CARD_STYLES = {"ensayo": 70, "descripcion": 9, "explicacion": 8, "argumentacion": 8, "carta": 5}
_SENTENCE_STYLES = {"ensayo": 80, "argumentacion": 12, "carta": 3, "explicacion": 5}
_GUESS_STYLES = {"ensayo": 4, "descripcion": 1}
_FORM_STYLES = {"cuento": 5, "poema": 3, "noticia": 2}
_ASKED_BY_STYLE = {
    "cuento": ("un cuento sobre {}", "Cuento de {}", "inventa una historia con {}"),
    "poema": ("un poema sobre {}", "Poema a {}", "versos para {}"),
    "noticia": ("una noticia sobre {}", "Noticia: {}", "escribe una noticia de {}"),
}
_BY_HEADLINE, _BY_STYLE = 0.4, 0.25
_LENGTHS = (60, 100, 150, 200, 250, 250, 250, 300, 350, 400, 450)
_KIND_LENGTHS = (*_LENGTHS, 500, 550)
_WITHOUT_IDEAS = 1 / 3
_WHOLE_SHARE = 0.75
_FULL_SHARE = 0.8
_HASTY_SHARE = 0.6
_INVENTED_SHARE = 0.12
_FEWEST_WORDS = 30
_LEAST_WEIGHT = 4.5
_SENTENCE_END = re.compile(r"(?<=[.!?…»])\s+|\n+")


@dataclass(frozen=True, slots=True)
class Mixture:
    """Relative shares of exposures, by kind.

    Attributes:
        cards: Essays put together from cards.
        compositions: Whole compositions and paragraphs of them.
        guesses: Texts on words that nobody knows.
        passages: Natural Spanish.
        kinds: Essays on a thing without a card, put together from what holds of its kind.
        sentences: Essays around a sentence: a proverb, a claim, a question, a title.
        forms: Stories, poems and news on a thing.
    """

    cards: float
    compositions: float
    guesses: float
    passages: float
    kinds: float = 0.0
    sentences: float = 0.0
    forms: float = 0.0


@dataclass(frozen=True, slots=True)
class Exposures:
    """Draws what the model sees.

    Attributes:
        cards: The topic cards.
        compositions: The whole texts.
        passages: Natural passages with the headers that they have, or without.
        kinds: Kinds of things.
        sentences: Kinds of sentences that are read; one without sentences is for unknown words.
        forms: Stories, poems and news.
        finder: Tells the nouns that become ideas.
    """

    cards: Sequence[Card]
    compositions: Sequence[Composition]
    passages: Sequence[str]
    kinds: Sequence[Kind]
    sentences: Sequence[SentenceKind]
    forms: Sequence[Form]
    finder: NounFinder = field(repr=False)
    _by_topic: dict[str, Card] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        named = {topic.lower(): card for card in self.cards for topic in card.topics}
        object.__setattr__(self, "_by_topic", named)

    @classmethod
    def of(
        cls,
        cards: Sequence[Card],
        compositions: Sequence[Composition],
        passages: Sequence[str] = (),
        kinds: Sequence[Kind] = (),
        sentences: Sequence[SentenceKind] = (),
        forms: Sequence[Form] = (),
    ) -> "Exposures":
        """Count the words of all texts and return the exposures that can be made of them."""
        examples = [kind.card(kind.nouns[0]) for kind in kinds]
        texts = [
            "\n".join(line for lines in card.lines.values() for line in lines)
            for card in (*cards, *examples)
        ]
        finder = NounFinder([*texts, *(composition.text for composition in compositions)])
        return cls(cards, compositions, passages, kinds, sentences, forms, finder)

    def draw(self, rng: random.Random, mixture: Mixture) -> str:
        """Return the next text with its header, drawn by the mixture."""
        kinds = (
            (self.of_card, mixture.cards),
            (self.of_composition, mixture.compositions),
            (self.of_guess, mixture.guesses),
            (self.of_passage, mixture.passages),
            (self.of_kind, mixture.kinds),
            (self.of_sentence, mixture.sentences),
            (self.of_form, mixture.forms),
        )
        kind = rng.choices([kind for kind, _ in kinds], [share for _, share in kinds])[0]
        return kind(rng)

    def of_card(self, rng: random.Random) -> str:
        """Return an essay put together from a card."""
        return self._written_up(draw_request(self.cards, self.finder, rng), rng)

    def of_kind(self, rng: random.Random) -> str:
        """Return an essay of what holds of a kind of thing, and of its card where it has one."""
        kind = rng.choice(self.kinds)
        noun, topic = kind.draw(rng)
        if noun.article and kind.askings and rng.random() < _INVENTED_SHARE:
            # What is said about it tells its kind: so a noun that is quite new is copied too.
            noun = invent_noun(rng)
            topic = fill(rng.choice(kind.askings), noun.slots())
        card, own = kind.card(noun), self._by_topic.get(noun.phrase)
        if own is not None:
            card = _joined(own, card, rng)
        hasty = rng.random() < _HASTY_SHARE
        return self._written_up(Request(card, topic), rng, lengths=_KIND_LENGTHS, hasty=hasty)

    def of_sentence(self, rng: random.Random) -> str:
        """Return an essay around a sentence."""
        known = [kind for kind in self.sentences if kind.sentences]
        card, topic = rng.choice(known).draw(rng)
        return self._written_up(Request(card, topic), rng, _SENTENCE_STYLES, hasty=False)

    def of_form(self, rng: random.Random) -> str:
        """Return a story, a poem or a piece of news on a thing."""
        style = rng.choices(list(_FORM_STYLES), list(_FORM_STYLES.values()))[0]
        form = rng.choice([form for form in self.forms if form.style == style])
        kind = rng.choice([kind for kind in self.kinds if kind.name in form.kinds])
        noun, topic = kind.draw(rng)
        if form.headlines and rng.random() < _BY_HEADLINE:
            topic = fill(rng.choice(form.headlines), noun.slots())
        elif rng.random() < _BY_STYLE:
            topic = ask_for(noun.phrase, rng.choice(_ASKED_BY_STYLE[style]))
        asked = _draw_length(_LENGTHS, rng)
        paragraphs = form.write(noun, round(asked), rng)
        text, steps = set_out(paragraphs), [step for steps in paragraphs for step in steps]
        return self._headed(style, topic, text, steps, asked, rng)

    def of_guess(self, rng: random.Random) -> str:
        """Return a text on a word that nobody knows."""
        voices = [voice for kind in self.sentences if not kind.sentences for voice in kind.voices]
        card = invent_card(rng, voices)
        return self._written_up(Request(card, card.topic), rng, _GUESS_STYLES, hasty=False)

    def of_passage(self, rng: random.Random) -> str:
        """Return a natural passage."""
        return rng.choice(self.passages)

    def of_composition(self, rng: random.Random) -> str:
        """Return a composition, or one of its paragraphs as a short text of its own."""
        composition = rng.choice(self.compositions)
        paragraphs = composition.paragraphs
        topic = rng.choice(composition.topics)
        long_ones = [text for text in paragraphs if len(text.split()) >= _FEWEST_WORDS]
        is_whole = composition.style in ("poema", "carta") or not long_ones
        if not is_whole and rng.random() > _WHOLE_SHARE:
            paragraphs = (rng.choice(long_ones),)
            phrases = self.finder.phrases(paragraphs[0], _LEAST_WEIGHT)
            topic = rng.choice(phrases) if phrases and rng.random() < 0.5 else topic
        text = "\n\n".join(paragraphs)
        sentences = [part for part in _SENTENCE_END.split(text) if part]
        asked = len(text.split()) * rng.uniform(0.8, 1.25)
        return self._headed(composition.style, topic, text, sentences, asked, rng)

    def _written_up(
        self,
        request: Request,
        rng: random.Random,
        styles: dict[str, int] = CARD_STYLES,
        *,
        lengths: Sequence[int] = _LENGTHS,
        hasty: bool = True,
    ) -> str:
        style = rng.choices(list(styles), list(styles.values()))[0]
        asked = _draw_length(lengths, rng)
        essay = compose(request.card, rng, round(asked), style, request.wanted)
        return self._headed(style, request.topic, essay.text, essay.lines, asked, rng, hasty=hasty)

    def _headed(
        self,
        style: str,
        topic: str,
        text: str,
        lines: Sequence[str],
        asked: float,
        rng: random.Random,
        *,
        hasty: bool = True,
    ) -> str:
        ideas: list[str] = []
        if rng.random() > _WITHOUT_IDEAS:
            ideas = self.finder.ideas(lines, topic, rng)
        words = len(text.split())
        # What has no more to say is headed with what it has.
        said = round(words if words < _FULL_SHARE * asked else asked)
        return header(style, vary(topic, rng, hasty=hasty), said) + ideas_line(ideas) + text


def _draw_length(lengths: Sequence[int], rng: random.Random) -> float:
    return rng.choice(lengths) * rng.uniform(0.85, 1.15)


def _joined(card: Card, kind: Card, rng: random.Random) -> Card:
    """Return a card with as many lines of its kind as it has of its own."""
    lines = {
        x: (*own, *rng.sample(kind.lines[x], min(len(own), len(kind.lines[x]))))
        for x, own in card.lines.items()
    }
    return Card(card.topics, lines, card.source)
