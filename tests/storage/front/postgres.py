"""A real PostgreSQL server of the tests' own, in a temporary folder."""

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg


def find_binaries() -> Path | None:
    """The folder with ``initdb`` and ``pg_ctl``, or None."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    # Debian keeps them out of the way, one folder a version.
    folders = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    return max((folder.parent for folder in folders), default=None)


@dataclass
class PostgresServer:
    """A server that can be stopped and started again.

    Attributes:
        binaries: The folder of its programs.
        folder: Where it may keep its files.
        port: On the loopback.
    """

    binaries: Path
    folder: Path
    port: int

    @classmethod
    def create(cls, binaries: Path, folder: Path) -> "PostgresServer":
        """Make the files of a server; it does not run yet.

        Args:
            binaries: The folder of its programs.
            folder: Where its files go; whoever it runs as must be able to come there.
        """
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = cls(binaries, folder, port)
        if user := _unprivileged():
            shutil.chown(folder, user)
        server._run("initdb", "--pgdata", str(folder / "data"), "--auth", "trust",
                    "--username", "redactor", "--no-sync")  # fmt: skip
        return server

    def start(self) -> None:
        """Start it, and return when it takes connections."""
        options = f"-p {self.port} -h 127.0.0.1 -k {self.folder} -c fsync=off"
        self._control("start", "-o", options, "-l", str(self.folder / "log"))

    def stop(self) -> None:
        """Stop it at once, as an operator in a hurry would."""
        self._control("stop", "-m", "fast")

    def create_database(self, name: str) -> str:
        """Make an empty database; its URL."""
        url = f"postgresql://redactor@127.0.0.1:{self.port}"
        with psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return f"{url}/{name}"

    def _control(self, *arguments: str) -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-w", *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        # The server refuses to run as root.
        subprocess.run(
            [str(self.binaries / program), *arguments],
            user=_unprivileged(),
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )


def _unprivileged() -> str | None:
    """Whom to run it as, where the tests run as root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@contextmanager
def running(binaries: Path) -> Iterator[PostgresServer]:
    """Run a server of one's own.

    Args:
        binaries: The folder of its programs.
    """
    # Not in pytest's own folder, which is closed to whoever the server runs as.
    with TemporaryDirectory(prefix="redactor-postgres-") as folder:
        server = PostgresServer.create(binaries, Path(folder))
        server.start()
        yield server
        server.stop()
