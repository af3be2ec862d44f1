import pytest

from bot.workshop.texts.cards import Card, load_cards
from bot.workshop.texts.compositions import load_compositions
from bot.workshop.texts.exposures import Exposures
from bot.workshop.texts.forms import load_forms
from bot.workshop.texts.kinds import load_kinds, load_sentences


@pytest.fixture(scope="session")
def cards() -> list[Card]:
    return load_cards()


@pytest.fixture(scope="session")
def sea(cards) -> Card:
    found: Card = next(card for card in cards if card.topic == "el mar")
    return found


@pytest.fixture(scope="session")
def exposures(cards) -> Exposures:
    unknown, *known = sorted(load_sentences(), key=lambda kind: len(kind.sentences))
    return Exposures.of(
        cards,
        load_compositions()[:80],
        ["Una tarde de lluvia."],
        load_kinds(),
        [unknown, *known],
        load_forms(),
    )
