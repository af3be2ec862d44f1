"""The engine's host: telling a stall from idleness, giving advice to those turned away."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.generation.engine import Engine
from bot.generation.engine.decoder import Decoder, Logits, Slice
from bot.generation.engine.loading import load_engine
from bot.generation.frames import Frames
from bot.generation.parameters import SamplingParameters
from bot.generation.server import EngineHost, LoadedModel
from bot.generation.server.host import State
from tests.generation.services import PATIENCE_S, eventually

LONG = SamplingParameters(max_new_tokens=10_000, ignore_eos=True, seed=1)


class GatedDecoder:
    """A real decoder that can be held up, as by a deadlock in a library."""

    def __init__(self, decoder: Decoder) -> None:
        self.decoder = decoder
        self.may_go = threading.Event()
        self.may_go.set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.decoder, name)

    def process(self, slices: Sequence[Slice]) -> Logits:
        self.may_go.wait(PATIENCE_S)
        return self.decoder.process(slices)


@pytest.fixture
def gated(model_folder: Path) -> Iterator[tuple[EngineHost, Engine, GatedDecoder]]:
    engine = load_engine(model_folder, dtype="fp32", threads=1, max_batch_size=2)
    decoder = engine._decoder = GatedDecoder(engine._decoder)
    engine.start()
    model = LoadedModel("m", engine, Frames.plain({}), 2.0)
    host = EngineHost("m", lambda report: model, stall_s=0.2)
    host.start()
    eventually(lambda: host.loaded is not None)
    yield host, engine, decoder
    decoder.may_go.set()
    host.close()


def test_stall_is_work_without_a_step(
    gated: tuple[EngineHost, Engine, GatedDecoder],
) -> None:
    host, engine, decoder = gated
    assert host.observe() is State.READY
    decoder.may_go.clear()
    generation = engine.submit([5, 6, 7], LONG)
    eventually(lambda: host.observe() is State.STALLED)
    assert host.health()["status"] == "stalled"
    decoder.may_go.set()
    eventually(lambda: host.observe() is State.READY)
    generation.cancel()
    eventually(lambda: engine.load.running == 0)
    # Idle for longer than a stall takes, which only looking again can tell apart.
    idle_since = threading.Event()
    idle_since.wait(0.3)
    assert host.observe() is State.READY


def test_advice_is_shorter_when_more_texts_run(
    gated: tuple[EngineHost, Engine, GatedDecoder],
) -> None:
    host, engine, _ = gated
    for _ in range(200):
        host.note_run(40.0)
    alone = host.retry_after_s
    generations = [engine.submit([5, 6], LONG) for _ in range(2)]
    eventually(lambda: engine.load.running == 2)
    assert alone == 40
    assert host.retry_after_s == 20
    for generation in generations:
        generation.cancel()


def test_loading_that_ends_after_the_service_closes_the_engine(model_folder: Path) -> None:
    may_load = threading.Event()
    engine = load_engine(model_folder, dtype="fp32", threads=1, max_batch_size=2)

    def load(report: object) -> LoadedModel:
        may_load.wait(PATIENCE_S)
        engine.start()
        return LoadedModel("m", engine, Frames.plain({}), 2.0)

    host = EngineHost("m", load)
    host.start()
    host.close()
    assert host.is_loading
    may_load.set()
    eventually(lambda: not host.is_loading)
    assert host.observe() is State.STOPPING
    assert not engine._thread.is_alive()
