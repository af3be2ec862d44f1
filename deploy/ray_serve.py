"""The generation service as a Ray Serve application: N replicas behind one address.

On one machine, from the project's folder, with ``pip install ".[ray]"``::

    serve run deploy.ray_serve:build replicas=2 threads=4

On a cluster: ``serve deploy deploy/ray_serve.yaml``, or the same file's contents in the
``serveConfigV2`` of KubeRay's ``RayService``. Every other choice is a setting of Redactor's
(``REDACTOR_MODEL``, ``REDACTOR_GENERATION_API_KEY``, …) in the environment of the replicas.
"""

import asyncio
from dataclasses import replace

from fastapi import FastAPI
from pydantic import BaseModel, Field
from ray import serve
from ray.serve import Application

from bot.__main__ import service_options
from bot.generation.server import EngineHost, create_app
from bot.generation.server.host import State
from bot.generation.server.loading import load_model, served_name
from bot.settings import Settings


class Choices(BaseModel):
    """How many replicas of what size."""

    replicas: int = Field(default=1, ge=1, description="At least.")
    most_replicas: int = Field(default=0, ge=0, description="At most; 0 is as many as at least.")
    threads: int = Field(default=2, ge=1, description="Processor threads of each.")
    gpus: float = Field(default=0, ge=0, description="Graphics cards of each.")
    texts: int = Field(default=32, ge=1, description="Requests at once in each; others wait.")
    waiting: int = Field(default=200, ge=1, description="Requests that wait; others get a 503.")


@serve.deployment(
    name="generation",
    health_check_period_s=5,
    # A replica that is to stop gets no more requests, and time for those it has.
    graceful_shutdown_wait_loop_s=1,
    graceful_shutdown_timeout_s=60,
)
@serve.ingress()
class Generation:
    """One replica: an engine behind the service's own application."""

    async def __init__(self, threads: int) -> None:
        settings = Settings.load()
        options = replace(service_options(settings), threads=threads)
        self._api_key = options.api_key
        self._host = EngineHost(
            served_name(settings.model),
            lambda report: load_model(settings.model, options, report),
            stall_s=options.stall_s,
        )
        # A replica counts once it can write.
        self._host.start()
        while self._host.loaded is None:
            if self._host.error is not None:
                raise self._host.error
            await asyncio.sleep(0.1)

    def __serve_build_asgi_app__(self) -> FastAPI:
        """Return what answers requests."""
        return create_app(self._host, api_key=self._api_key)

    def check_health(self) -> None:
        """Have the replica replaced when its engine stands still."""
        state = self._host.observe()
        if state in {State.STALLED, State.FAILED}:
            raise RuntimeError(f"the engine is {state}")


def build(choices: Choices) -> Application:
    """Return the application."""
    most = max(choices.replicas, choices.most_replicas)
    return Generation.options(
        autoscaling_config={
            "min_replicas": choices.replicas,
            "max_replicas": most,
            "target_ongoing_requests": choices.texts / 2,
        },
        max_ongoing_requests=choices.texts,
        max_queued_requests=choices.waiting,
        ray_actor_options={"num_cpus": choices.threads, "num_gpus": choices.gpus},
    ).bind(choices.threads)
