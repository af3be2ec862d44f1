"""The supervisor with a real child: start, crash, hang, no model, the parent's end."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from bot.errors import FailureReason, GenerationError, ModelNotFoundError, StartupError
from bot.generation.parameters import SamplingParameters
from bot.generation.supervisor import GenerationSupervisor
from tests.generation.services import eventually

ROOT = Path(__file__).parents[2]
CHILD = [sys.executable, str(Path(__file__).with_name("serve_child.py"))]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
LONG = SamplingParameters(max_new_tokens=30_000, ignore_eos=True, seed=1)
SHORT = SamplingParameters(max_new_tokens=5, ignore_eos=True, seed=1)
READY_S = 120.0

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals")


def supervise(model: Path | str, *more: str, **options: Any) -> GenerationSupervisor:
    command = [*CHILD, "--model", str(model), *more]
    return GenerationSupervisor(command, model=str(model), environment=ENVIRONMENT, **options)


async def test_killed_child_is_started_again(model_folder: Path) -> None:
    async with supervise(model_folder) as supervisor, supervisor.client() as client:
        await supervisor.wait_until_ready(READY_S)
        first_pid = supervisor.pid
        assert first_pid is not None
        stream = client.stream("El mar", LONG)
        await anext(stream)
        os.kill(first_pid, signal.SIGKILL)
        with pytest.raises(GenerationError) as caught:
            [piece async for piece in stream]
        assert caught.value.is_passing

        await client.wait_until_ready(READY_S)
        assert supervisor.restarts == 1
        assert supervisor.pid != first_pid
        assert "".join([piece async for piece in client.stream("El mar", SHORT)])
    assert not psutil.pid_exists(first_pid)
    assert supervisor.uds is not None
    assert not supervisor.uds.exists()


async def test_missing_model_is_final(tmp_path: Path) -> None:
    async with supervise(tmp_path / "nothing") as supervisor:
        with pytest.raises(ModelNotFoundError) as caught:
            await supervisor.wait_until_ready(READY_S)
        assert caught.value.model == str(tmp_path / "nothing")
        assert caught.value.reason == "there is no such folder"
        assert await supervisor.wait_until_failed() is caught.value
        assert supervisor.restarts == 0


async def test_stopped_child_that_does_not_answer_is_killed(model_folder: Path) -> None:
    async with supervise(model_folder, hang_timeout_s=2.0) as supervisor:
        await supervisor.wait_until_ready(READY_S)
        assert supervisor.pid is not None
        hanging = psutil.Process(supervisor.pid)
        hanging.suspend()
        await asyncio.to_thread(hanging.wait, READY_S)
        async with supervisor.client() as client:
            await client.wait_until_ready(READY_S)
        assert supervisor.restarts == 1


async def test_command_that_cannot_be_run_is_final(model_folder: Path) -> None:
    async with GenerationSupervisor(["/nonexistent/python"], model="x") as supervisor:
        with pytest.raises(StartupError):
            await supervisor.wait_until_ready(READY_S)
    async with supervise(model_folder, "--no-such-option") as supervisor:
        with pytest.raises(StartupError, match="no-such-option"):
            await supervisor.wait_until_ready(READY_S)


async def test_child_killed_while_loading_is_never_final(model_folder: Path) -> None:
    async with supervise(model_folder, first_pause_s=0.001) as supervisor:
        killed: set[int] = set()
        while len(killed) < 8:
            if supervisor.pid is not None and supervisor.pid not in killed:
                killed.add(supervisor.pid)
                os.kill(supervisor.pid, signal.SIGKILL)
            await asyncio.sleep(0.01)
        assert not supervisor.is_ready
        with pytest.raises(GenerationError, match=r"away since .* code -9") as caught:
            await supervisor.wait_until_ready(0.01)
        assert caught.value.reason is FailureReason.AWAY
        assert supervisor.away_since is not None
        await supervisor.wait_until_ready(READY_S)
        assert supervisor.restarts == 8
        assert supervisor.away_since is None


async def test_model_that_cannot_be_had_now_is_asked_for_again(tmp_path: Path) -> None:
    """The Hub is away: no connection to an address that nobody listens at."""
    environment = {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": str(tmp_path)}
    supervisor = GenerationSupervisor(
        [*CHILD, "--model", "owner/name"],
        model="owner/name",
        environment={**ENVIRONMENT, **environment},
        first_pause_s=0.001,
    )
    async with supervisor:
        while supervisor.restarts < 2:
            await asyncio.sleep(0.01)
        assert supervisor.failure is None
        with pytest.raises(GenerationError, match="cannot be fetched from the Hub"):
            await supervisor.wait_until_ready(0.01)


async def test_stop_is_over_at_its_deadline(model_folder: Path) -> None:
    """A child that neither reads its input nor heeds a signal."""
    async with supervise(model_folder) as supervisor:
        await supervisor.wait_until_ready(READY_S)
        assert supervisor.pid is not None
        psutil.Process(supervisor.pid).suspend()
        await supervisor.stop(asyncio.get_running_loop().time() + 0.1)
        assert not psutil.pid_exists(supervisor.pid)


async def test_stop_while_loading(model_folder: Path) -> None:
    supervisor = supervise(model_folder)
    await supervisor.start()
    with pytest.raises(GenerationError, match=r"away since .* loading"):
        await supervisor.wait_until_ready(0.2)
    child_pid = supervisor.pid
    await supervisor.stop()
    assert child_pid is not None
    assert not psutil.pid_exists(child_pid)


PARENT = """
import asyncio, sys
from bot.generation.supervisor import GenerationSupervisor

async def main(command):
    supervisor = GenerationSupervisor(command, model="small")
    await supervisor.start()
    while supervisor.pid is None:
        await asyncio.sleep(0)
    print(supervisor.pid, flush=True)
    await supervisor.wait_until_ready(3600)
    print("ready", flush=True)
    await asyncio.sleep(3600)

asyncio.run(main(sys.argv[1:]))
"""


def has_mapped(process: psutil.Process, library: str) -> bool:
    try:
        return any(library in mapped.path for mapped in process.memory_maps())
    except psutil.Error:
        return False


@contextmanager
def parent_and_child(folder: Path) -> Iterator[tuple[subprocess.Popen[str], psutil.Process]]:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, *CHILD, "--model", str(folder)],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        assert parent.stdout is not None
        yield parent, psutil.Process(int(parent.stdout.readline()))
        parent.kill()


@pytest.mark.parametrize("moment", ["at once", "_ctypes", "llvmlite", "ready"])
def test_child_ends_with_its_parent(model_folder: Path, moment: str) -> None:
    """Whenever that is killed, also while the child imports."""
    with parent_and_child(model_folder) as (parent, child):
        assert parent.stdout is not None
        if moment == "ready":
            assert parent.stdout.readline() == "ready\n"
        elif moment != "at once":
            eventually(lambda: has_mapped(child, moment))
        parent.kill()
        psutil.wait_procs([child], timeout=READY_S)
    assert not child.is_running()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's way")
def test_hanging_child_ends_with_its_parent_too(model_folder: Path) -> None:
    with parent_and_child(model_folder) as (parent, child):
        eventually(lambda: has_mapped(child, "llvmlite"))
        child.suspend()
        parent.kill()
        psutil.wait_procs([child], timeout=READY_S)
    assert not child.is_running()
