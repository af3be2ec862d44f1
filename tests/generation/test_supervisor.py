"""The supervisor with a real child: start, crash, hang, no model, the parent's end."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from bot.errors import GenerationError, ModelNotFoundError, StartupError
from bot.generation.parameters import SamplingParameters
from bot.generation.supervisor import GenerationSupervisor

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


async def test_stop_while_loading(model_folder: Path) -> None:
    supervisor = supervise(model_folder)
    await supervisor.start()
    with pytest.raises(GenerationError, match="not ready"):
        await supervisor.wait_until_ready(0.2)
    child_pid = supervisor.pid
    await supervisor.stop()
    assert child_pid is not None
    assert not psutil.pid_exists(child_pid)


def test_child_ends_with_its_parent(model_folder: Path, tmp_path: Path) -> None:
    program = f"""
import asyncio, sys
from bot.generation.supervisor import GenerationSupervisor
async def main():
    supervisor = GenerationSupervisor({[*CHILD, "--model", str(model_folder)]!r}, model="small")
    await supervisor.start()
    await supervisor.wait_until_ready({READY_S})
    print(supervisor.pid, flush=True)
    await asyncio.sleep(3600)
asyncio.run(main())
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", program], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    )
    with parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
        psutil.wait_procs([child], timeout=READY_S)
    assert not child.is_running()
