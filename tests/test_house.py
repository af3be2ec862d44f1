"""What may import what: the rooms of `bot/`, the libraries behind them, and no circle anywhere."""

import ast
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

BOT = Path(__file__).parents[1] / "bot"
LEAVES = {"errors", "logs", "texts"}
ROOMS = {
    "__main__": {"app", "console", "essays", "generation", "settings", "storage", "training"},
    "console": {"app", "essays", "generation", "settings", "storage"},
    "app": {
        "classroom",
        "essays",
        "generation",
        "monitoring",
        "playground",
        "serving",
        "settings",
        "storage",
        "telegram",
    },
    "telegram": {"classroom", "essays", "serving", "storage"},
    "classroom": {"essays", "generation", "storage"},
    "essays": {"generation", "storage"},
    "monitoring": {"essays", "generation", "serving", "storage"},
    "playground": {"serving"},
    "generation": {"serving"},
    "training": set(),
    "storage": set(),
    "serving": set(),
    "settings": set(),
    "workshop": {"essays", "generation", "storage", "training"},
}
"""For each room the rooms that it may import, beside itself and the leaves, which import none."""

SERVICE = ("bot.generation.engine", "bot.generation.server", "bot.generation.supervisor")
"""What of the generation service the rooms of the front never see."""
FRONT = ("telegram", "classroom", "essays", "storage", "monitoring", "playground", "texts")

LIBRARIES = {
    "telegram": ("bot.telegram", "bot.app"),
    "sqlalchemy": ("bot.storage",),
    "alembic": ("bot.storage",),
    "torch": ("bot.generation.engine", "bot.training", "bot.workshop"),
    "transformers": ("bot.generation", "bot.training", "bot.workshop"),
    "peft": ("bot.training",),
    "numba": ("bot.generation.engine", "bot.workshop"),
}
"""The only places that may import these."""

Import = tuple[str, str]


def name_of(path: Path) -> str:
    parts = path.relative_to(BOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(BOT.rglob("*.py"))}


def imports_of(path: Path) -> Iterator[str]:
    """Yield what a file imports, wherever in it: modules of the bot whole, else the full name."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module, f"{path}: a relative import"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in MODULES else node.module


IMPORTS: list[Import] = sorted(
    {(name, imported) for name, path in MODULES.items() for imported in imports_of(path)}
)
INNER = [(name, imported) for name, imported in IMPORTS if imported in MODULES]


def room_of(module: str) -> str:
    """Return the name behind `bot.`; the package itself, which any room may ask, has none."""
    return module.split(".")[1] if "." in module else ""


def is_inside(module: str, places: Iterable[str]) -> bool:
    return any(module == place or module.startswith(f"{place}.") for place in places)


def climbs(importer: str, imported: str) -> bool:
    here, there = room_of(importer), room_of(imported)
    if here in FRONT and is_inside(imported, SERVICE):
        return True
    if there in {here, ""}:
        return False
    return here in LEAVES or there not in ROOMS[here] | LEAVES


def circles(imports: Iterable[Import]) -> list[set[str]]:
    """Find the groups of modules that import each other, directly or by way of others."""
    after: dict[str, set[str]] = {}
    for importer, imported in imports:
        after.setdefault(importer, set()).add(imported)

    def reached(start: str) -> set[str]:
        found: set[str] = set()
        waiting = [start]
        while waiting:
            new = after.get(waiting.pop(), set()) - found
            found |= new
            waiting += new
        return found

    reach = {module: reached(module) for module in after}
    groups = {
        frozenset(other for other in reach[module] if module in reach.get(other, ()))
        for module in after
        if module in reach[module]
    }
    return [set(group) for group in groups]


def faults(imports: list[Import]) -> set[str]:
    return {
        f"{importer} imports {imported}"
        for importer, imported in imports
        if climbs(importer, imported)
    } | {f"a circle: {', '.join(sorted(group))}" for group in circles(imports)}


def test_every_room_has_its_place() -> None:
    assert {room_of(module) for module in MODULES} - {""} <= ROOMS.keys() | LEAVES


def test_imports_go_down_and_never_in_a_circle() -> None:
    assert faults(INNER) == set()


@pytest.mark.parametrize("library", LIBRARIES)
def test_libraries_stay_in_their_rooms(library: str) -> None:
    users = {importer for importer, imported in IMPORTS if imported.split(".")[0] == library}
    assert users
    assert {user for user in users if not is_inside(user, LIBRARIES[library])} == set()


def test_the_workshop_is_for_nobody_outside() -> None:
    tools = tomllib.loads((BOT.parent / "pyproject.toml").read_text("utf-8"))["tool"]
    assert tools["hatch"]["build"]["targets"]["wheel"]["exclude"] == ["bot/workshop"]
    assert "bot.workshop" in tools["ruff"]["lint"]["flake8-tidy-imports"]["banned-api"]
    assert not [
        importer
        for importer, imported in IMPORTS
        if room_of(importer) != "workshop" and is_inside(imported, ("bot.workshop",))
    ]


def test_circles_are_found() -> None:
    assert circles([("a", "b"), ("b", "c"), ("c", "a"), ("c", "d")]) == [{"a", "b", "c"}]
    assert circles([("a", "b"), ("a", "c"), ("b", "c")]) == []
