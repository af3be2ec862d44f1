"""The front without torch: what it imports, what it is installed with, what it says without it."""

import ast
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
BEHIND = (
    "bot/generation/engine",
    "bot/generation/models.py",
    "bot/generation/recommended.py",
    "bot/generation/server",
    "bot/training",
    "bot/workshop",
)
"""What a front has no use for: writing, models on the disk, training."""
UNSEEN = {"aiosqlite", "python-multipart"}
"""Imported by another package alone: SQLAlchemy asks for a driver by an address, and Starlette for
a parser where forms are read."""

FRONT = sorted(
    path.relative_to(ROOT)
    for path in (ROOT / "bot").rglob("*.py")
    if not path.relative_to(ROOT).as_posix().startswith(BEHIND) and "migrations" not in path.parts
)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
GROUP: list[str] = PROJECT["dependency-groups"]["front"]
DEPENDENCIES: list[str] = PROJECT["project"]["dependencies"]
HIDDEN = {
    "fastapi",
    "huggingface_hub",
    "llvmlite",
    "numba",
    "numpy",
    "peft",
    "psutil",
    "safetensors",
    "tokenizers",
    "torch",
    "transformers",
}

BARE = f"""
import sys
from importlib.machinery import PathFinder

class Bare(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.partition(".")[0] in {HIDDEN!r}:
            return None
        return super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Bare
"""
"""Makes the interpreter one in which only the front is installed."""


def names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(one).name) for one in requirements}


def packages_of(nodes: Iterable[ast.AST]) -> set[str]:
    """Return the packages that these nodes import, the standard library left out."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module).partition(".")[0])
    return found - sys.stdlib_module_names - {"bot"}


def imported(path: Path) -> set[str]:
    """Return the packages that a file imports anywhere in it."""
    return packages_of(ast.walk(ast.parse((ROOT / path).read_text("utf-8"))))


def imported_at_once(path: Path) -> set[str]:
    """Return the packages that importing a file imports."""
    tree = ast.parse(path.read_text("utf-8"))
    inside = {
        statement
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for statement in ast.walk(node)
    }
    return packages_of(node for node in ast.walk(tree) if node not in inside)


def run_bare(code: str, **settings: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("REDACTOR_", "LC_", "LANG"))}
    return subprocess.run(
        [sys.executable, "-c", BARE + code],
        env={**clean, "PYTHONPATH": str(ROOT), **settings},
        cwd=settings["REDACTOR_DATA_DIR"],
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_group_lists_what_the_front_imports() -> None:
    distributions = packages_distributions()
    packages = set().union(*map(imported, FRONT))
    needed = {canonicalize_name(distributions[package][0]) for package in packages}
    assert names(GROUP) == needed | UNSEEN


def test_the_group_asks_for_the_versions_of_the_project() -> None:
    assert set(GROUP) <= set(DEPENDENCIES)
    assert "torch" in names(DEPENDENCIES) - names(GROUP)


def test_what_is_left_out_is_hidden_here() -> None:
    left_out = names(DEPENDENCIES) - names(GROUP)
    assert left_out <= HIDDEN


def test_the_front_imports_nothing_of_the_rest(tmp_path: Path) -> None:
    modules = [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in FRONT]
    code = f"import importlib\nfor name in {modules}: importlib.import_module(name)"
    done = run_bare(code, REDACTOR_DATA_DIR=str(tmp_path))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "command", [["run"], ["write", "El mar"], ["serve"], ["train", ".", "--out", "x"]]
)
def test_what_needs_the_rest_says_how_to_install_it(command: list[str], tmp_path: Path) -> None:
    code = f"sys.argv = {['redactor', *command]}\nfrom bot.__main__ import main\nmain()"
    settings = {"REDACTOR_DATA_DIR": str(tmp_path), "REDACTOR_PLAYGROUND_PORT": "0"}
    done = run_bare(code, **settings)
    assert done.returncode == 71, done.stderr
    assert "pip install ." in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("package", ["matplotlib", "peft"])
def test_pictures_and_adapters_are_imported_when_they_are_made(package: str) -> None:
    paths = list((ROOT / "bot").rglob("*.py"))
    assert any(package in imported(path) for path in paths)
    assert not [path for path in paths if package in imported_at_once(path)]
