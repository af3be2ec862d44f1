"""The engine while it loads, serves, stalls and stops."""

import logging
import math
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from bot.errors import StartupError
from bot.generation.engine import Engine
from bot.generation.frames import Frames
from bot.generation.server.refusals import ProtocolError, unavailable

_log = logging.getLogger(__name__)

# Told how far loading got, 0 to 1, or None where that is not known.
ReportProgress = Callable[[float | None], None]


class State(StrEnum):
    """Where the service stands; the words are what ``GET /health`` says."""

    LOADING = "loading"
    READY = "ready"
    STALLED = "stalled"
    STOPPING = "stopping"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model that can be asked.

    Attributes:
        name: What clients call it.
        engine: Started.
        frames: The forms in which it wants to be asked.
        tokens_per_word: Of Spanish prose, measured with its tokenizer.
        folder: Of the weights, for what the engine cannot tell; None where there is none.
        created_s: When it was loaded, Unix time.
    """

    name: str
    engine: Engine
    frames: Frames
    tokens_per_word: float
    folder: Path | None = None
    created_s: int = field(default_factory=lambda: int(time.time()))


class EngineHost:
    """Loads a model in a thread of its own, so that the port answers from the first moment.

    Attributes:
        name: Of the model, as asked for.
        error: Why loading failed, or None.
    """

    def __init__(
        self,
        name: str,
        load: Callable[[ReportProgress], LoadedModel],
        *,
        stall_s: float = 120.0,
        on_failed: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare; nothing is loaded yet.

        Args:
            name: Of the model.
            load: Loads it and starts its engine; runs once, in the loading thread.
            stall_s: An engine that has work and makes no step for so long counts as stalled.
            on_failed: Called in the loading thread when loading failed.
        """
        self.name = name
        self.error: BaseException | None = None
        self._load = load
        self._stall_s = stall_s
        self._on_failed = on_failed
        self._instance = secrets.token_hex(4)
        self._model: LoadedModel | None = None
        self._is_stopping = False
        self._progress: float | None = None
        self._started_s = time.monotonic()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="model-loading", daemon=True)
        self._seen_steps = -1
        self._seen_step_s = 0.0
        self._mean_run_s = 5.0

    def start(self) -> None:
        """Begin to load; a second call does nothing."""
        if self._thread.ident is None:
            self._started_s = time.monotonic()
            self._thread.start()

    def _run(self) -> None:
        try:
            model = self._load(self._report)
        except Exception as error:  # noqa: BLE001 - whatever it is, the process ends with it
            self.error = error
            if not isinstance(error, StartupError):
                _log.exception("loading the model failed")
            self._on_failed()
            return
        with self._lock:
            self._model = model
            is_late = self._is_stopping
        _log.info(
            "model %s ready after %.1f s, revision %s",
            model.name,
            time.monotonic() - self._started_s,
            model.engine.revision,
        )
        if is_late:
            model.engine.close()

    def _report(self, progress: float | None) -> None:
        self._progress = progress

    @property
    def is_loading(self) -> bool:
        """Whether the loading thread is at work."""
        return self._thread.is_alive()

    @property
    def loaded(self) -> LoadedModel | None:
        """The model, once there is one."""
        return self._model

    def model(self) -> LoadedModel:
        """Return the model for a new request.

        Raises:
            ProtocolError: 503; it is loading, has failed, or the service stops.
        """
        if self._is_stopping:
            raise unavailable("the service is stopping", "shutting_down", 5)
        if self._model is None:
            if self.error is not None:
                raise ProtocolError(
                    500, "the model cannot be loaded", code="model_failed", kind="server_error"
                )
            raise unavailable("the model is loading", "model_loading", 2)
        return self._model

    def stop_admission(self) -> None:
        """Refuse new requests from now on; those that run go on."""
        with self._lock:
            self._is_stopping = True

    def close(self) -> None:
        """Stop the engine; texts that still run end with an error. May be called twice."""
        self.stop_admission()
        with self._lock:
            model = self._model
        if model is not None:
            model.engine.close()

    def observe(self) -> State:
        """Look at the engine and return the state; to be called about every second.

        A stall is told from idleness only by looking again and again: it is work without a step.
        """
        if self._is_stopping:
            return State.STOPPING
        if self._model is None:
            return State.LOADING if self.error is None else State.FAILED
        load = self._model.engine.load
        now_s = time.monotonic()
        if load.steps != self._seen_steps or load.running + load.waiting == 0:
            self._seen_steps = load.steps
            self._seen_step_s = now_s
        return State.STALLED if now_s - self._seen_step_s > self._stall_s else State.READY

    def health(self) -> dict[str, Any]:
        """Return what ``GET /health`` says: state, model, and progress or load."""
        state = self.observe()
        report: dict[str, Any] = {
            "status": state.value,
            "model": self.name,
            "instance": self._instance,
        }
        if state is State.LOADING:
            report["progress"] = self._progress
            report["loading_s"] = round(time.monotonic() - self._started_s, 1)
        if self._model is not None:
            load = self._model.engine.load
            report["revision"] = self._model.engine.revision
            report["running"] = load.running
            report["waiting"] = load.waiting
            report["slots"] = load.slots
        return report

    def note_run(self, run_s: float) -> None:
        """Remember how long a text took, for the advice given to those turned away."""
        self._mean_run_s += 0.1 * (run_s - self._mean_run_s)

    @property
    def retry_after_s(self) -> int:
        """When a place is likely to be free: the mean run over the texts that run at once."""
        running = self._model.engine.load.running if self._model is not None else 0
        return min(60, max(1, math.ceil(self._mean_run_s / max(1, running))))
