"""What models there are: the embedded one, folders, and the Hub's cache. No ``torch`` here."""

import json
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.errors import ModelNotFoundError, ModelUnavailableError

if TYPE_CHECKING:
    from huggingface_hub import CachedRepoInfo

EMBEDDED_NAME = "embedded"
EMBEDDED_FOLDER = Path(__file__).parent / "embedded"

# Weights as safetensors, the tokenizer, the configuration: what loads without running code.
DOWNLOADED_PATTERNS = ("*.safetensors", "*.json", "*.txt", "*.model", "*.jinja")

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
_WEIGHTS = ".safetensors"
_GREATEST_CONFIGURATION = 10_000_000
_SIZES: tuple[tuple[tuple[str, ...], int], ...] = (
    (("n_layer", "num_hidden_layers", "num_layers"), 1_000),
    (("n_embd", "hidden_size"), 100_000),
    (("n_head", "num_attention_heads"), 10_000),
    (("n_inner", "intermediate_size"), 1_000_000),
    (("vocab_size",), 10_000_000),
    (("n_positions", "max_position_embeddings"), 100_000_000),
)
"""Names of sizes in configurations, layers and width first, and what none of them exceeds."""
_PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".h5", ".msgpack")


class Source(StrEnum):
    """Where a model's files are."""

    EMBEDDED = "embedded"  # part of the program
    FOLDER = "folder"  # in the models folder: trained or copied there
    HUB = "hub"  # in the Hub's cache


@dataclass(frozen=True, slots=True)
class ModelOnDisk:
    """A model whose files are here.

    Attributes:
        name: What to ask for it by.
        source: Where it is.
        path: Its folder.
        size_bytes: On disk.
        architecture: ``model_type`` of its configuration, such as ``gpt2``; empty if unknown.
        problem: Why it cannot be used, in English, or None.
    """

    name: str
    source: Source
    path: Path
    size_bytes: int
    architecture: str
    problem: str | None


def resolve_model(name: str, models_dir: Path | None = None) -> Path | str:
    """Find a model by name.

    Args:
        name: ``embedded``, a folder, a name in the models folder, or a Hub id (``owner/name``).
        models_dir: Folder of model folders; that of a Hub id is named with ``--`` for ``/``.

    Returns:
        Its folder, or the Hub id itself when it has to be downloaded first.

    Raises:
        ModelNotFoundError: There is none, or it cannot be used; the reason says which.
    """
    for folder in _folders(name, models_dir):
        if folder.is_dir():
            problem = folder_problem(folder)
            if problem is not None:
                raise ModelNotFoundError(name, problem)
            return folder
    if name == EMBEDDED_NAME:
        raise ModelNotFoundError(name, "this installation has no embedded model")
    if not _HUB_ID.fullmatch(name) or name.startswith("."):
        raise ModelNotFoundError(name, "there is no such folder")
    return _cached_snapshot(name) or name


def _folders(name: str, models_dir: Path | None) -> Iterator[Path]:
    if name == EMBEDDED_NAME:
        yield EMBEDDED_FOLDER
        return
    yield Path(name).expanduser()
    if models_dir is not None:
        yield models_dir / name
        yield models_dir / name.replace("/", "--")


def folder_problem(folder: Path) -> str | None:
    """Say why a model folder cannot be used, in English; None if it can."""
    files = {path.name: path for path in folder.iterdir() if path.is_file()}
    return _files_problem(files) or _size_problem(files)


def _files_problem(names: Iterable[str]) -> str | None:
    found = set(names)
    if any(name.endswith(".safetensors") for name in found):
        return None if "config.json" in found else "it has no config.json"
    if any(name.endswith(_PICKLES) for name in found):
        return (
            "its weights are not in the safetensors format; other formats can run code when they "
            "are read, so they are refused"
        )
    if any(name.endswith(".gguf") for name in found):
        return "it is a GGUF file; serve it with llama.cpp and give the service's address instead"
    return "it has no weights (model.safetensors)"


def _size_problem(files: Mapping[str, Path]) -> str | None:
    """Say which number of a configuration is no size of a model, or too great for its weights."""
    path = files["config.json"]
    if path.stat().st_size > _GREATEST_CONFIGURATION:
        return "its config.json is no configuration: it is too long"
    try:
        whole = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError):
        return "its config.json is no JSON"
    if not isinstance(whole, dict):
        return "its config.json is no JSON object"
    text = whole.get("text_config")
    configuration = {**whole, **(text if isinstance(text, dict) else {})}
    for names, greatest in _SIZES:
        for name in names:
            value = configuration.get(name)
            if value is None:
                continue
            if type(value) is not int or not 1 <= value <= greatest:
                return f"{name} in its config.json is {str(value)[:40]}, not 1 to {greatest:,}"
    layers, width = (
        next((configuration[name] for name in names if configuration.get(name)), 0)
        for names, _ in _SIZES[:2]
    )
    stored = sum(file.stat().st_size for name, file in files.items() if name.endswith(_WEIGHTS))
    # Attention and perceptron of a layer have some 12 x width^2 numbers, of half a byte or more.
    if 3 * layers * width * width > stored:
        return f"its weights ({stored:,} bytes) are not those of {layers:,} layers of {width:,}"
    return None


def _cached_snapshot(model_id: str, cache_dir: Path | None = None) -> Path | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        folder = snapshot_download(
            model_id,
            cache_dir=cache_dir,
            local_files_only=True,
            allow_patterns=list(DOWNLOADED_PATTERNS),
            ignore_patterns=["*/*"],
        )
    except (LocalEntryNotFoundError, HFValidationError, OSError):
        return None
    return Path(folder) if folder_problem(Path(folder)) is None else None


def list_models(
    models_dir: Path | None = None, cache_dir: Path | None = None
) -> list[ModelOnDisk]:
    """List what is on disk: the embedded model, the models folder, the Hub's cache.

    Args:
        models_dir: Folder of model folders.
        cache_dir: The Hub's cache; None is its usual place.
    """
    found = []
    if EMBEDDED_FOLDER.is_dir():
        found.append(_on_disk(EMBEDDED_NAME, Source.EMBEDDED, EMBEDDED_FOLDER))
    if models_dir is not None and models_dir.is_dir():
        folders = sorted(path for path in models_dir.iterdir() if path.is_dir())
        found += [
            _on_disk(path.name, Source.FOLDER, path)
            for path in folders
            if (path / "config.json").is_file()
        ]
    return found + [
        _on_disk(repo.repo_id, Source.HUB, _newest_snapshot(repo), repo.size_on_disk)
        for repo in _cached_repos(cache_dir)
    ]


def _cached_repos(cache_dir: Path | None) -> "list[CachedRepoInfo]":
    from huggingface_hub import CacheNotFound, scan_cache_dir

    try:
        repos = scan_cache_dir(cache_dir).repos
    except CacheNotFound:
        return []
    models = [repo for repo in repos if repo.repo_type == "model" and repo.revisions]
    return sorted(models, key=lambda repo: str(repo.repo_id))


def _newest_snapshot(repo: "CachedRepoInfo") -> Path:
    newest = max(repo.revisions, key=lambda revision: revision.last_modified)
    return Path(newest.snapshot_path)


def _on_disk(name: str, source: Source, path: Path, size_bytes: int | None = None) -> ModelOnDisk:
    if size_bytes is None:
        size_bytes = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return ModelOnDisk(name, source, path, size_bytes, _architecture(path), folder_problem(path))


def _architecture(folder: Path) -> str:
    try:
        configuration = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    return str(configuration.get("model_type", "")) if isinstance(configuration, dict) else ""


def download_model(
    model_id: str,
    report: Callable[[float | None], None] = lambda _: None,
    *,
    cache_dir: Path | None = None,
    endpoint: str | None = None,
) -> Path:
    """Fetch a model from the Hub into its cache: safetensors, tokenizer, configuration.

    Args:
        model_id: ``owner/name``.
        report: Told how far it got, 0 to 1; an earlier attempt's part counts.
        cache_dir: The Hub's cache; None is its usual place.
        endpoint: The Hub's address; None is the usual one (``HF_ENDPOINT``).

    Returns:
        The model's folder.

    Raises:
        ModelNotFoundError: There is no such model, or it has no safetensors.
        ModelUnavailableError: The Hub cannot be reached, or the disk is full.
    """
    from huggingface_hub import HfApi, errors, snapshot_download

    try:
        info = HfApi(endpoint=endpoint).model_info(model_id, files_metadata=True)
        files = {file.rfilename: file.size or 0 for file in info.siblings or []}
        problem = _files_problem(name for name in files if "/" not in name)
        if problem is not None:
            raise ModelNotFoundError(model_id, problem)  # noqa: TRY301 - known only here
        _fetch_weights(model_id, str(info.sha), files, report, cache_dir, endpoint)
        folder = Path(
            snapshot_download(
                model_id,
                revision=info.sha,
                cache_dir=cache_dir,
                endpoint=endpoint,
                allow_patterns=list(DOWNLOADED_PATTERNS),
                ignore_patterns=["*/*"],
                tqdm_class=_progress_class(lambda _: None, 1),
            )
        )
    except errors.GatedRepoError as error:
        raise ModelNotFoundError(model_id, "its authors must grant access to it first") from error
    except errors.RepositoryNotFoundError as error:
        raise ModelNotFoundError(model_id, "the Hub has no such model") from error
    except errors.HFValidationError as error:
        raise ModelNotFoundError(model_id, "that is no Hub id") from error
    except ModelNotFoundError:
        raise
    # Which HTTP library raises what, also of a proxy in the environment that it cannot use,
    # depends on the Hub library's version.
    except Exception as error:
        reason = f"it cannot be fetched from the Hub ({type(error).__name__})"
        raise ModelUnavailableError(model_id, reason) from error
    problem = folder_problem(folder)
    if problem is not None:
        raise ModelNotFoundError(model_id, problem)
    report(1.0)
    return folder


def hub_answers(endpoint: str | None = None, timeout_s: float = 2.0) -> bool:
    """Tell whether the Hub can be reached from here."""
    import httpx
    from huggingface_hub import constants

    try:
        httpx.head(endpoint or constants.ENDPOINT, timeout=timeout_s)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return False
    return not constants.HF_HUB_OFFLINE


def _fetch_weights(
    model_id: str,
    revision: str,
    files: Mapping[str, int],
    report: Callable[[float | None], None],
    cache_dir: Path | None,
    endpoint: str | None,
) -> None:
    """Fetch the large files into the cache, going on where an earlier attempt stopped.

    The Hub's library begins such a file again from its first byte.
    """
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url
    from huggingface_hub.file_download import http_get, repo_folder_name
    from huggingface_hub.utils._headers import build_hf_headers

    blobs = Path(cache_dir or constants.HF_HUB_CACHE)
    blobs = blobs / repo_folder_name(repo_id=model_id, repo_type="model") / "blobs"
    weights = sorted(name for name in files if name.endswith(_WEIGHTS) and "/" not in name)
    progress = _progress_class(report, sum(files[name] for name in weights))
    for name in weights:
        url = hf_hub_url(model_id, name, revision=revision, endpoint=endpoint)
        metadata = get_hf_file_metadata(url, endpoint=endpoint)
        blob = blobs / str(metadata.etag)
        part = blob.with_name(f"{blob.name}.part")
        if blob.exists() or metadata.size is None:
            continue
        blobs.mkdir(parents=True, exist_ok=True)
        with part.open("ab") as file:
            done = file.tell()
            if done > metadata.size:
                file.truncate(done := 0)
            progress.done_bytes += done
            http_get(
                metadata.location,
                file,
                # Only the Hub itself may see who asks, not where it sends us.
                headers=build_hf_headers() if metadata.location == url else None,
                resume_size=done,
                expected_size=metadata.size,
                tqdm_class=progress,
            )
        part.replace(blob)


def _progress_class(report: Callable[[float | None], None], total_bytes: int) -> type[Any]:
    from tqdm import tqdm  # type: ignore[import-untyped]

    class Progress(tqdm):  # type: ignore[misc]
        """Draws nothing; counts the bytes that reached the disk."""

        done_bytes = 0

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            kwargs.pop("name", None)
            super().__init__(*args, **{**kwargs, "disable": True})

        def update(self, n: float | None = 1) -> bool | None:
            Progress.done_bytes += int(n or 0)
            report(min(1.0, Progress.done_bytes / max(1, total_bytes)))
            return None

    return Progress


def remove_model(name: str, models_dir: Path | None = None, cache_dir: Path | None = None) -> int:
    """Delete a model from the models folder or from the Hub's cache.

    Returns:
        Bytes freed.

    Raises:
        ModelNotFoundError: There is no such model there, or it is the embedded one.
    """
    if name == EMBEDDED_NAME:
        raise ModelNotFoundError(name, "it is a part of the program")
    for model in list_models(models_dir, cache_dir):
        if model.name != name or model.source is Source.EMBEDDED:
            continue
        if model.source is Source.FOLDER:
            shutil.rmtree(model.path)
        else:
            _remove_from_cache(name, cache_dir)
        return model.size_bytes
    raise ModelNotFoundError(name, "it is neither in the models folder nor in the Hub's cache")


def _remove_from_cache(model_id: str, cache_dir: Path | None) -> None:
    from huggingface_hub import scan_cache_dir

    cache = scan_cache_dir(cache_dir)
    revisions = [
        revision.commit_hash
        for repo in cache.repos
        if repo.repo_type == "model" and repo.repo_id == model_id
        for revision in repo.revisions
    ]
    cache.delete_revisions(*revisions).execute()
