"""A few kills of the real process (``make chaos`` makes all); without its guards it goes wrong."""

import asyncio

import pytest

from tests.chaos.flows import FLOWS, TWO_AT_ONCE
from tests.chaos.judge import Kind
from tests.chaos.runs import Doom, Kill, Stage

pytestmark = pytest.mark.e2e

DOOMS = [
    ("pieces", Doom(("commit", "record", "after", 1))),
    ("pieces", Doom(("request", "sendMessage", "after", 5))),
    ("starting, in doubt", Doom(("request", "editMessageText", "before", 1))),
    ("group", Doom(("text", "piece", "after", 3))),
    ("buttons", Doom(("commit", "job button", "after", 1))),
    ("cancelar", Doom(("commit", "cancel", "after", 1))),
    ("stop button", Doom(("request", "deleteMessages", "after", 1))),
    ("borrar", Doom(("commit", "erase button", "after", 1))),
    ("failing", Doom(("commit", "fail", "after", 1))),
    ("stopping", Doom(("request", "sendMessage", "before", 2))),
    ("waiting", Doom(kills=(Kill(1.0, "child"), Kill(0.5, "both")), child="numbered")),
]
GUARDED = {
    "update-key": ("redactar", Doom(("commit", "record", "after", 1)), Kind.DOUBLED),
    "message-number": ("pieces", Doom(("request", "sendMessage", "after", 5)), Kind.DOUBLED),
    "removal": ("redactar", Doom(), Kind.PLACEHOLDER),
}


async def test_people_get_what_they_are_owed_though_the_bot_is_killed():
    async with Stage.open() as stage:
        *outcomes, beside = await asyncio.gather(
            *(stage.play(FLOWS[flow], doom) for flow, doom in DOOMS),
            stage.play(TWO_AT_ONCE, Doom()),
        )
    for (flow, doom), outcome in zip(DOOMS, outcomes, strict=True):
        assert not outcome.wrongs, (flow, str(doom))
        assert outcome.kills, (flow, str(doom), outcomes)
    assert not beside.wrongs


async def test_without_a_guard_it_goes_wrong():
    async with Stage.open() as stage:
        outcomes = await asyncio.gather(
            *(
                stage.play(FLOWS[flow], Doom(doom.edge, without=(guard,)))
                for guard, (flow, doom, _) in GUARDED.items()
            ),
            stage.play(TWO_AT_ONCE, Doom(without=("lease",))),
        )
    expected = [kind for _, _, kind in GUARDED.values()] + [Kind.DOUBLED]
    for outcome, kind in zip(outcomes, expected, strict=True):
        assert kind in {wrong.kind for wrong in outcome.wrongs}, outcomes
