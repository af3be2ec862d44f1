"""``python -m tests.chaos``: see the package."""

import asyncio
import json
import random
import textwrap
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from tests import compiled as compiled
from tests.chaos.flows import FLOWS
from tests.chaos.judge import Kind
from tests.chaos.launcher import GUARDS, Edge
from tests.chaos.runs import Doom, Outcome, Stage, random_kills

DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- kills: begin -->", "<!-- kills: end -->"
_WITH_CHILD = (
    "redactar",
    "pieces",
    "waiting",
    "group",
    "otra",
    "cancelar",
    "stop button",
    "borrar",
)


_STARTED: Edge = ("request", "getUpdates", "before", 1)


@dataclass(frozen=True)
class Planned:
    """A run to be made.

    Attributes:
        flow: What people do.
        row: Where it counts in the table.
        doom: What goes wrong.
    """

    flow: str
    row: str
    doom: Doom


async def plan(
    stage: Stage,
    flows: list[str],
    at_random: int,
    seed: int,
    without: tuple[str, ...],
    at_once: int,
) -> list[Planned]:
    """All runs: every edge of every flow, then kills at random instants."""
    source = random.Random(seed)
    room = asyncio.Semaphore(at_once)

    async def look(flow: str) -> Outcome:
        async with room:
            return await stage.play(FLOWS[flow], Doom(), records=True)

    recorded = await asyncio.gather(*map(look, flows))
    planned = []
    for flow, outcome in zip(flows, recorded, strict=True):
        if outcome.wrongs:
            raise SystemExit(f"{flow} is wrong when nothing is killed: {outcome.wrongs}")
        edges = outcome.edges
        if flow != flows[0] and FLOWS[flow].after is None:
            # They all start in the same way.
            edges = edges[edges.index(_STARTED) :]
        planned += [Planned(flow, flow, Doom(edge, without=without)) for edge in edges]
    with_child = [flow for flow in flows if flow in _WITH_CHILD] or flows
    for number in range(at_random):
        whom = ("bot", "child", "both")[number % 3]
        child = "model" if number % 6 > 2 else "numbered"
        kills = random_kills(source, whom, 3.0 if child == "numbered" else 8.0)
        doom = Doom(kills=kills, child=child, without=without)
        planned.append(Planned(source.choice(with_child), f"at random: {whom}", doom))
    source.shuffle(planned)
    return planned


async def run(planned: list[Planned], stage: Stage, at_once: int, figures: Path | None) -> int:
    """Make runs side by side.

    Returns:
        How many went wrong.
    """
    room = asyncio.Semaphore(at_once)
    wrong = done = 0

    async def one(planned: Planned) -> None:
        nonlocal wrong, done
        async with room:
            began_s = time.monotonic()
            outcome = await stage.play(FLOWS[planned.flow], planned.doom)
        done += 1
        wrong += bool(outcome.wrongs)
        took_s = time.monotonic() - began_s
        verdict = "; ".join(f"{one.kind}: {one.about}" for one in outcome.wrongs) or "ok"
        print(f"{done:4} {planned.flow}: {planned.doom} {took_s:.1f} s {verdict}", flush=True)
        if outcome.wrongs:
            print(textwrap.indent(outcome.log, "     "), flush=True)
        if figures is not None:
            kinds = Counter(str(one.kind) for one in outcome.wrongs)
            line = {"row": planned.row, "kills": outcome.kills} | kinds
            with figures.open("a") as file:
                file.write(json.dumps(line) + "\n")

    await asyncio.gather(*map(one, planned))
    return wrong


def write_table(figures: Path) -> str:
    """The table of all runs whose figures were kept."""
    rows: dict[str, Counter[str]] = {}
    for line in figures.read_text("utf-8").splitlines():
        data = json.loads(line)
        rows.setdefault(data.pop("row"), Counter()).update({"runs": 1, **data})
    names = ["runs", "kills", *Kind]
    order = [*FLOWS, *sorted(name for name in rows if name not in FLOWS)]
    lines = [f"| flow | {' | '.join(names)} |", f"|---|{'---:|' * len(names)}"]
    total: Counter[str] = Counter()
    for row in (name for name in order if name in rows):
        total.update(rows[row])
        lines.append(f"| {row} | {' | '.join(str(rows[row][name]) for name in names)} |")
    lines.append(f"| all | {' | '.join(str(total[name]) for name in names)} |")
    text = DOCUMENT.read_text("utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    table = "\n".join(lines)
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{table}\n\n{END}{after}", "utf-8")
    return table


async def _main(
    flows: list[str],
    at_random: int,
    most: int,
    part: str,
    seed: int,
    without: tuple[str, ...],
    at_once: int,
    figures: Path | None,
) -> int:
    async with Stage.open() as stage:
        planned = await plan(stage, flows, at_random, seed, without, at_once)
        number, _, parts = part.partition("/")
        chosen = planned[int(number) - 1 :: int(parts)]
        print(f"{len(planned)} runs, {len(chosen[: most or None])} of them now", flush=True)
        return await run(chosen[: most or None], stage, at_once, figures)


def main(
    at_random: Annotated[int, typer.Option(help="Runs with kills at random instants.")] = 90,
    most: Annotated[int, typer.Option(help="Runs at most; 0 is all of them.")] = 0,
    part: Annotated[str, typer.Option(help="Which of how many parts, such as 2/4.")] = "1/1",
    flow: Annotated[list[str] | None, typer.Option(help="Only these flows.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of order and instants.")] = 1,
    without: Annotated[list[str] | None, typer.Option(help="Guards to take away.")] = None,
    at_once: Annotated[int, typer.Option(help="Runs side by side.")] = 8,
    figures: Annotated[
        Path | None, typer.Option(help="Keep the figures; the table in the docs is made of them.")
    ] = None,
) -> None:
    """Kill the bot at every edge of every flow, then at random; fail if anything is wrong."""
    unknown = set(without or ()) - set(GUARDS)
    if unknown:
        raise typer.BadParameter(f"guards are {', '.join(GUARDS)}")
    began_s = time.monotonic()
    flows, guards = flow or list(FLOWS), tuple(without or ())
    wrong = asyncio.run(_main(flows, at_random, most, part, seed, guards, at_once, figures))
    if figures is not None:
        print(write_table(figures))
    print(f"{wrong} runs went wrong; {(time.monotonic() - began_s) / 60:.1f} minutes")
    raise typer.Exit(1 if wrong else 0)


if __name__ == "__main__":
    typer.run(main)
