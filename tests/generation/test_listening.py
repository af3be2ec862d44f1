"""The service as a process: sockets, signals, a model that is not there."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from bot.errors import KeyMissingError, ModelNotFoundError, PortTakenError, SettingsError
from bot.generation.server import serve
from bot.generation.server.listening import address_of, open_listener
from tests.generation.services import PATIENCE_S, eventually

ROOT = Path(__file__).parents[2]
CHILD = [sys.executable, str(Path(__file__).with_name("serve_child.py"))]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


@contextmanager
def child(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*CHILD, *arguments],
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as peer:
        return peer.connect_ex(str(path)) == 0


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_sigterm_is_a_good_end(model_folder: Path, tmp_path: Path) -> None:
    uds = tmp_path / "s.sock"
    transport = httpx.HTTPTransport(uds=str(uds))
    with (
        child("--model", str(model_folder), "--uds", str(uds), "--drain-s", "100") as process,
        httpx.Client(transport=transport, base_url="http://localhost", timeout=PATIENCE_S) as http,
    ):
        eventually(lambda: listens(uds))
        eventually(lambda: http.get("/health").status_code == 200)
        body = {"model": "small", "prompt": "El mar", "max_tokens": 100, "ignore_eos": True}
        with http.stream("POST", "/v1/completions", json={**body, "stream": True}) as answer:
            lines = answer.iter_lines()
            next(lines)
            process.send_signal(signal.SIGTERM)
            # What runs may end; the child waits for it.
            *_, last, empty, done, end = lines
        assert json.loads(last.removeprefix("data: "))["choices"][0]["finish_reason"] == "length"
        assert (empty, done, end) == ("", "data: [DONE]", "")
        assert process.wait(PATIENCE_S) == 0
    assert not uds.exists()


def test_end_of_input_ends_it(model_folder: Path) -> None:
    with child("--model", str(model_folder), "--exit-with-parent") as process:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(PATIENCE_S) == 0


def test_missing_model_is_reported(tmp_path: Path) -> None:
    with child("--model", str(tmp_path / "nothing"), "--exit-with-parent") as process:
        assert process.stdout is not None
        report = json.loads(process.stdout.readline())
        assert process.wait(PATIENCE_S) == ModelNotFoundError.exit_code
    assert report == {
        "startup_error": "ModelNotFoundError",
        "model": str(tmp_path / "nothing"),
        "reason": "there is no such folder",
    }


def test_taken_port(model_folder: Path) -> None:
    with open_listener("127.0.0.1", 0, None) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(PortTakenError) as caught:
            serve(str(model_folder), port=port)
        assert caught.value.port == port


def test_missing_model_in_this_process(tmp_path: Path) -> None:
    addresses: list[str] = []
    caught: list[BaseException] = []

    def run() -> None:
        try:
            serve(str(tmp_path / "nothing"), port=0, on_listening=addresses.append)
        except ModelNotFoundError as error:
            caught.append(error)

    # In a thread, since signals belong to the main one.
    thread = threading.Thread(target=run)
    thread.start()
    thread.join(PATIENCE_S)
    assert len(caught) == 1
    assert addresses[0].startswith("http://127.0.0.1:")


def test_socket_that_a_killed_process_left(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    with open_listener("", 0, path) as listener:
        assert address_of(listener) == f"unix:{path}"
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(str(path))
    assert not path.exists()


def test_ipv6_address() -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    try:
        with open_listener("::1", 0, None) as listener:
            assert address_of(listener).startswith("http://[::1]:")
    except SettingsError:
        pytest.skip("no IPv6 loopback here")


def test_address_that_is_not_this_computer_s() -> None:
    with (
        pytest.raises(SettingsError, match=r"host: 192\.0\.2\.1"),
        open_listener("192.0.2.1", 0, None),
    ):
        pass


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "aula.local"])
def test_service_that_others_reach_needs_a_key(host: str) -> None:
    with pytest.raises(KeyMissingError) as caught:
        serve("embedded", host=host, port=0)
    assert caught.value.host == host
