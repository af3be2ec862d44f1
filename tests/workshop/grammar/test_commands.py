"""The grammar's command line: what whoever writes a domain file looks at."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.workshop.grammar import library
from bot.workshop.grammar.__main__ import cli

DOMAINS = sorted(path.stem for path in (Path(library.__file__).parent / "domains").glob("*.toml"))


@pytest.mark.parametrize("name", DOMAINS)
def test_every_domain_file_is_well_formed(name: str) -> None:
    done = CliRunner().invoke(cli, ["check", name, "--samples", "3"])
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines[0].startswith(f"{name}: ")
    assert not [line for line in lines if "no topic fits" in line]


def test_samples_have_their_headers() -> None:
    done = CliRunner().invoke(cli, ["sample", "--style", "poema", "--count", "2"])
    assert done.exit_code == 0, done.output
    assert done.output.count("Poema de ") == 2
