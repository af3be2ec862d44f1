"""What services can do is told apart, and the table in the documentation says it."""

import asyncio

import pytest
from typer.testing import CliRunner

from bot.__main__ import CONSOLE_TEXTS, cli
from bot.generation.conformance import Capability, examine
from bot.texts.console import ENGLISH, SPANISH
from tests.generation import conformance
from tests.generation.conformance import ENGINES, Documented, DocumentedService, examine_documented
from tests.generation.foreign import OLLAMA
from tests.generation.services import running_model


def test_the_table_says_what_they_can(model_folder, monkeypatch):
    with running_model(model_folder) as own:
        found = asyncio.run(examine(own.url))
        monkeypatch.setenv("COLUMNS", "200")
        shown = CliRunner().invoke(cli, ["check-service", own.url])
    assert all(found.can.values())
    assert shown.exit_code == 0
    assert shown.output.count(f" {CONSOLE_TEXTS.check_yes} ") == len(Capability)
    documented = asyncio.run(conformance._all_documented())
    document = conformance.DOCUMENT.read_text("utf-8")
    new = conformance.put(document, conformance.table(found, documented))
    assert new == document, "python -m tests.generation.conformance writes it anew"


async def test_a_service_that_heeds_nothing():
    found = await examine_documented(Documented("", "", OLLAMA, frozenset()))
    assert found.can.pop(Capability.STREAMING)
    assert found.can.pop(Capability.CANCELLATION) is None
    assert not any(found.can.values())


async def test_a_service_that_goes_on_writing_for_nobody(monkeypatch):
    monkeypatch.setattr("bot.generation.conformance._STOPS_WITHIN_S", 0.1)

    class Deaf(DocumentedService):
        async def stream_of(self, words):
            self.running = 1
            async for piece in super().stream_of(words):
                yield piece

    async with conformance.serving(Deaf(ENGINES[0])) as url:
        found = await examine(url)
    assert found.can[Capability.CANCELLATION] is False


def test_nobody_at_the_address():
    said = CliRunner().invoke(cli, ["check-service", "http://127.0.0.1:1"])
    assert said.exit_code == 1
    assert "127.0.0.1:1" in said.output


@pytest.mark.parametrize("texts", [SPANISH, ENGLISH])
def test_every_capability_has_its_words(texts):
    assert set(texts.check_capability) == set(Capability)
