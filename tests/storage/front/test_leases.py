"""One front a bot: a lock beside the file, free the instant its holder dies. Who may read it."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bot.errors import LeaseLostError
from bot.storage import jobs
from bot.storage.database import Database
from bot.storage.engines import protect_folder
from bot.storage.leases import hold_lock, lock_path
from tests.storage.requests import a_request
from tests.telegram.classroom import BOT_ID

HOLDER = """
import subprocess, sys, time
from bot.storage.leases import hold_lock

with hold_lock(sys.argv[1], int(sys.argv[2])):
    # Its own child, as the generation service is one, must not keep the lock alive.
    child = subprocess.Popen(["sleep", "60"], stdout=subprocess.DEVNULL)
    print(child.pid, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(url):
    """Another process that runs the bot, with a child."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, url, str(BOT_ID)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    child = int(process.stdout.readline())
    yield process
    process.kill()
    process.wait()
    process.stdout.close()
    os.kill(child, signal.SIGKILL)


def test_a_second_process_is_refused_until_the_first_is_killed(url, holder):
    with pytest.raises(LeaseLostError) as caught, hold_lock(url, BOT_ID):
        pass
    assert caught.value.exit_code == 75
    holder.kill()
    holder.wait()
    with hold_lock(url, BOT_ID):
        pass


def test_an_address_that_cannot_be_locked_is_left_to_whoever_opens_it(tmp_path):
    (tmp_path / "file").touch()
    for url in ("nonsense", "sqlite://", f"sqlite:///{tmp_path / 'file' / 'redactor.db'}"):
        with hold_lock(url, BOT_ID):
            pass


@pytest.mark.e2e
def test_nothing_is_migrated_while_another_runs(tmp_path):
    url = f"sqlite:///{tmp_path / 'redactor.db'}"
    with hold_lock(url, BOT_ID):
        code, _ = run(url, tmp_path)
    assert code == 75
    assert not (tmp_path / "redactor.db").exists()


NEW = {"update_id": 1, "seed": 1}


async def test_two_bots_share_a_file(url, holder):
    other = await Database.open(url, BOT_ID + 1)
    mine = await Database.open(url, BOT_ID)
    with hold_lock(url, BOT_ID + 1):
        for number in range(20):
            for database in (other, mine):
                new = {"update_id": number, "seed": 1}
                assert await database.step(
                    "add", lambda tx, new=new: jobs.add(tx, a_request(), **new)
                )
    for database in (other, mine):
        assert sum((await database.read(jobs.counts)).values()) == 20
        await database.close()


def rights(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", [0o022, 0o000])
async def test_files_are_for_their_owner_only(tmp_path, umask):
    before = os.umask(umask)
    try:
        folder = tmp_path / "data"
        protect_folder(folder)
        url = f"sqlite:///{folder / 'redactor.db'}"
        with hold_lock(url, BOT_ID):
            database = await Database.open(url, BOT_ID)
            await database.step("add", lambda tx: jobs.add(tx, a_request(), **NEW))
            assert rights(folder) == 0o700
            names = {path.name: rights(path) for path in folder.iterdir()}
            lock = lock_path(database.file, BOT_ID).name
            assert names.keys() == {"redactor.db", "redactor.db-wal", "redactor.db-shm", lock}
            assert set(names.values()) == {0o600}
        await database.close()
    finally:
        os.umask(before)


async def test_rights_that_are_too_wide_are_narrowed(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    url = f"sqlite:///{folder / 'redactor.db'}"
    await (await Database.open(url, BOT_ID)).close()
    (folder / "redactor.db.2026-01-01").write_bytes(b"a copy that somebody made")
    (folder / "another").touch()
    for path in (folder, *folder.iterdir()):
        path.chmod(0o777 if path.is_dir() else 0o666)
    protect_folder(folder)
    await (await Database.open(url, BOT_ID)).close()
    assert rights(folder) == 0o700
    assert {path.name: rights(path) for path in folder.iterdir()} == {
        "redactor.db": 0o600,
        "redactor.db.2026-01-01": 0o600,
        "another": 0o666,
    }


def test_a_folder_that_everybody_shares_is_left_alone(tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    protect_folder(shared)
    assert rights(shared) == 0o1777


def run(url, data, **more):
    """Run the real program; its exit code and what it says."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("REDACTOR_")
    }
    done = subprocess.run(
        [sys.executable, "-m", "bot", "run"],
        env={
            **environment,
            "REDACTOR_DATABASE_URL": url,
            "REDACTOR_DATA_DIR": str(data),
            "REDACTOR_TELEGRAM_TOKEN": f"{BOT_ID}:well-formed",
            "REDACTOR_TELEGRAM_API_URL": "http://127.0.0.1:1/bot",
            "REDACTOR_GENERATION_URL": "http://127.0.0.1:1",
            **more,
        },
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stderr


def assert_one_sentence(said):
    assert "Traceback" not in said
    assert said.strip()


@pytest.mark.e2e
def test_the_program_says_so_when_another_runs(url, holder, tmp_path):
    code, said = run(url, tmp_path)
    assert code == 75
    assert_one_sentence(said)


@pytest.mark.e2e
def test_the_program_says_so_when_the_file_is_broken(url, tmp_path):
    path = Path(url.removeprefix("sqlite:///"))
    path.parent.mkdir()
    path.write_bytes(b"This is no database at all, only words. " * 200)
    code, said = run(url, tmp_path)
    assert code == 68
    assert_one_sentence(said)
