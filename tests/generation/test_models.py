"""Where models are found, listed, fetched and removed; the Hub is one on 127.0.0.1."""

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from bot.errors import ModelNotFoundError, ModelUnavailableError
from bot.generation import models
from bot.generation.models import (
    Source,
    download_model,
    list_models,
    remove_model,
    resolve_model,
)

COMMIT = "0123456789abcdef0123456789abcdef01234567"
FILES = {
    "config.json": json.dumps({"model_type": "gpt2"}).encode(),
    "tokenizer.json": b"{}",
    "merges.txt": b"#version: 0.2\n",
    "model.safetensors": bytes(range(256)) * 200,
    "pytorch_model.bin": b"pickle" * 100,
    "README.md": b"# A model",
    "onnx/config.json": b"{}",
}


class Hub(BaseHTTPRequestHandler):
    """As much of the Hub's protocol as fetching a public model needs."""

    repos: ClassVar[dict[str, dict[str, bytes]]] = {"clase/gpt2": FILES}
    begins: ClassVar[list[int]] = []
    """Where each download of weights began."""

    def do_HEAD(self) -> None:
        self.answer(has_body=False)

    def do_GET(self) -> None:
        self.answer(has_body=True)

    def answer(self, *, has_body: bool) -> None:
        path = self.path.partition("?")[0].removeprefix("/api/models").strip("/")
        owner, name, *rest = path.split("/")
        files = self.repos.get(f"{owner}/{name}")
        if files is None:
            self.reply(404, b"{}", {"X-Error-Code": "RepoNotFound"}, has_body=has_body)
        elif rest[:1] == ["resolve"]:
            content = files["/".join(rest[2:])]
            headers = {
                "ETag": f'"{hashlib.sha256(content).hexdigest()}"',
                "X-Repo-Commit": COMMIT,
            }
            begin = int(self.headers.get("Range", "bytes=0-")[len("bytes=") :].rstrip("-"))
            if has_body and path.endswith(".safetensors"):
                self.begins.append(begin)
            if begin:
                headers["Content-Range"] = f"bytes {begin}-{len(content) - 1}/{len(content)}"
            status = 206 if begin else 200
            self.reply(status, content[begin:], headers, has_body=has_body)
        elif rest[:1] == ["tree"]:
            tree = [
                {"type": "file", "path": path, "size": len(content), "oid": "0" * 40}
                for path, content in files.items()
            ]
            self.reply(200, json.dumps(tree).encode(), {}, has_body=has_body)
        else:
            siblings = [
                {"rfilename": path, "size": len(content)} for path, content in files.items()
            ]
            info = {"id": f"{owner}/{name}", "sha": COMMIT, "siblings": siblings}
            self.reply(200, json.dumps(info).encode(), {}, has_body=has_body)

    def reply(self, status: int, body: bytes, headers: dict[str, str], *, has_body: bool) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if has_body:
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def hub() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def make_folder(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_bytes(FILES.get(name, b"12345"))
    return folder


def test_resolve_folders(tmp_path: Path) -> None:
    good = make_folder(tmp_path / "curso", "config.json", "model.safetensors")
    assert resolve_model(str(good)) == good
    assert resolve_model("curso", tmp_path) == good
    owned = make_folder(tmp_path / "clase--gpt2", "config.json", "model.safetensors")
    assert resolve_model("clase/gpt2", tmp_path) == owned
    assert resolve_model("clase/otro", tmp_path) == "clase/otro"


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        (("config.json", "pytorch_model.bin"), "safetensors"),
        (("config.json", "model.pt"), "safetensors"),
        (("model.gguf",), "GGUF"),
        (("config.json",), "no weights"),
        (("model.safetensors",), "no config.json"),
    ],
)
def test_unusable_folders(tmp_path: Path, files: tuple[str, ...], reason: str) -> None:
    folder = make_folder(tmp_path / "curso", *files)
    with pytest.raises(ModelNotFoundError, match=reason):
        resolve_model(str(folder))


@pytest.mark.parametrize("name", ["nada", "/no/where", "../x", "a/b/c", ""])
def test_names_of_nothing(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError):
        resolve_model(name, tmp_path / "models")


def test_embedded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "EMBEDDED_FOLDER", tmp_path / "embedded")
    with pytest.raises(ModelNotFoundError, match="no embedded model"):
        resolve_model("embedded")
    folder = make_folder(tmp_path / "embedded", "config.json", "model.safetensors")
    assert resolve_model("embedded") == folder
    with pytest.raises(ModelNotFoundError, match="part of the program"):
        remove_model("embedded")


def test_fetch_list_and_remove(hub: str, tmp_path: Path) -> None:
    cache, models_dir = tmp_path / "cache", tmp_path / "models"
    cache.mkdir()
    progress: list[float | None] = []
    folder = download_model("clase/gpt2", progress.append, cache_dir=cache, endpoint=hub)
    assert sorted(path.name for path in folder.iterdir()) == [
        "config.json",
        "merges.txt",
        "model.safetensors",
        "tokenizer.json",
    ]
    assert (folder / "model.safetensors").read_bytes() == FILES["model.safetensors"]
    assert progress[-1] == 1.0
    assert progress == sorted(progress, key=lambda share: share or 0.0)

    make_folder(models_dir / "curso", "config.json", "pytorch_model.bin")
    make_folder(models_dir / "not-a-model", "notes.txt")
    on_disk = {model.name: model for model in list_models(models_dir, cache)}
    assert on_disk["clase/gpt2"].source is Source.HUB
    assert on_disk["clase/gpt2"].architecture == "gpt2"
    assert on_disk["clase/gpt2"].problem is None
    assert on_disk["clase/gpt2"].size_bytes > len(FILES["model.safetensors"])
    assert on_disk["curso"].source is Source.FOLDER
    assert "safetensors" in str(on_disk["curso"].problem)
    assert "not-a-model" not in on_disk

    assert remove_model("clase/gpt2", models_dir, cache) == on_disk["clase/gpt2"].size_bytes
    assert remove_model("curso", models_dir, cache) == on_disk["curso"].size_bytes
    assert not (models_dir / "curso").exists()
    assert all(model.source is Source.EMBEDDED for model in list_models(models_dir, cache))
    with pytest.raises(ModelNotFoundError):
        remove_model("clase/gpt2", models_dir, cache)
    with pytest.raises(ModelNotFoundError):
        remove_model("../models", models_dir, cache)


def test_a_download_goes_on_where_it_stopped(
    hub: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 1000)
    monkeypatch.setattr(Hub, "begins", [])

    def lose_patience(share: float | None) -> None:
        if (share or 0.0) > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download_model("clase/gpt2", lose_patience, cache_dir=tmp_path, endpoint=hub)
    assert list_models(None, tmp_path) == list_models(None, tmp_path / "nothing")
    progress: list[float | None] = []
    folder = download_model("clase/gpt2", progress.append, cache_dir=tmp_path, endpoint=hub)
    assert (folder / "model.safetensors").read_bytes() == FILES["model.safetensors"]
    assert Hub.begins[0] == 0
    assert Hub.begins[1] > len(FILES["model.safetensors"]) // 2 - 2000
    assert len(Hub.begins) == 2
    assert len(progress) > 10
    assert (progress[0] or 0.0) > 0.5
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize(
    ("configuration", "reason"),
    [
        (b'{"n_layer": 1000000000}', "n_layer in its config.json is 1000000000, not 1 to 1,000"),
        (b'{"num_hidden_layers": 0}', "num_hidden_layers in its config.json is 0"),
        (b'{"n_embd": "wide"}', "n_embd in its config.json is wide"),
        (b'{"text_config": {"vocab_size": 99999999}}', "vocab_size in its config.json is"),
        (b'{"n_layer": 900, "n_embd": 4096}', "not those of 900 layers of 4,096"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "no JSON object"),
        (b" " * 10_000_001, "too long"),
    ],
)
def test_sizes_that_no_model_has(tmp_path: Path, configuration: bytes, reason: str) -> None:
    folder = make_folder(tmp_path / "curso", "config.json", "model.safetensors")
    (folder / "config.json").write_bytes(configuration)
    with pytest.raises(ModelNotFoundError, match=reason):
        resolve_model(str(folder))


def test_pickles_are_refused_before_anything_is_fetched(
    hub: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pickled = {name: FILES[name] for name in ("config.json", "pytorch_model.bin")}
    monkeypatch.setitem(Hub.repos, "clase/viejo", pickled)
    with pytest.raises(ModelNotFoundError, match="safetensors"):
        download_model("clase/viejo", cache_dir=tmp_path, endpoint=hub)
    assert not list(tmp_path.iterdir())


def test_fetching_what_is_not_there(hub: str, tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="no such model"):
        download_model("clase/nada", cache_dir=tmp_path, endpoint=hub)
    with pytest.raises(ModelNotFoundError, match="no Hub id"):
        download_model("a/b/c", cache_dir=tmp_path, endpoint=hub)
    with pytest.raises(ModelUnavailableError, match="cannot be fetched"):
        download_model("clase/gpt2", cache_dir=tmp_path, endpoint="http://127.0.0.1:1")
