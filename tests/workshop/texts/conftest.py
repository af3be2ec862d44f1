import pytest

from bot.workshop.texts.cards import Card, load_cards
from bot.workshop.texts.compositions import load_compositions
from bot.workshop.texts.exposures import Exposures


@pytest.fixture(scope="session")
def cards() -> list[Card]:
    return load_cards()


@pytest.fixture(scope="session")
def sea(cards) -> Card:
    found: Card = next(card for card in cards if card.topic == "el mar")
    return found


@pytest.fixture(scope="session")
def exposures(cards) -> Exposures:
    return Exposures.of(cards, load_compositions()[:80], ["Una tarde de lluvia."])
