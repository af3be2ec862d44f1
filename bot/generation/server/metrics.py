"""What Prometheus reads. Numbers only: no text, no names of people.

What vLLM measures too goes by its names as well, so that dashboards made for it work.
"""

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.generation.engine import Generation
from bot.generation.server.host import EngineHost

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
_TOKENS_PER_SECOND = (1, 2, 5, 10, 20, 40, 80, 160, 320, 640, 1280)
_BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128)


class ServiceMetrics:
    """The counters and histograms of one service.

    Attributes:
        registry: To be rendered for Prometheus.
        requests: Answered requests by outcome: ``ok``, ``cancelled``, ``refused``, ``failed``.
    """

    def __init__(self, host: EngineHost) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "redactor_requests", "Completion requests", ["outcome"], registry=self.registry
        )
        self._prompt_tokens = Counter(
            "redactor_prompt_tokens", "Tokens of prompts", registry=self.registry
        )
        self._first_token_s = Histogram(
            "redactor_first_token_seconds",
            "From a request to its first token",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._wait_s = Histogram(
            "redactor_wait_seconds",
            "From a request to its place in the batch",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._tokens_per_s = Histogram(
            "redactor_text_tokens_per_second",
            "Speed of one text in the batch",
            buckets=_TOKENS_PER_SECOND,
            registry=self.registry,
        )
        self._batch_size = Histogram(
            "redactor_batch_size",
            "Mean number of rows in the batch while one text was written",
            buckets=_BATCH_SIZES,
            registry=self.registry,
        )
        self._vllm_prompt_tokens = Counter(
            "vllm:prompt_tokens", "Tokens of prompts", ["model_name"], registry=self.registry
        )
        self._vllm_success = Counter(
            "vllm:request_success",
            "Texts by how they ended",
            ["model_name", "finished_reason"],
            registry=self.registry,
        )
        self._vllm_first_token_s, self._vllm_request_s = (
            Histogram(
                f"vllm:{name}", text, ["model_name"], buckets=_SECONDS, registry=self.registry
            )
            for name, text in (
                ("time_to_first_token_seconds", "From a request to its first token"),
                ("e2e_request_latency_seconds", "From a request to its end"),
            )
        )
        self._model_name = host.name
        self.registry.register(_EngineCollector(host))
        ProcessCollector(registry=self.registry)

    def prompts_read(self, tokens: int) -> None:
        """Note the tokens of a request's prompts."""
        self._prompt_tokens.inc(tokens)
        self._vllm_prompt_tokens.labels(self._model_name).inc(tokens)

    def first_token(self, wait_s: float) -> None:
        """Note the time to a text's first token."""
        self._first_token_s.observe(wait_s)
        self._vllm_first_token_s.labels(self._model_name).observe(wait_s)

    def ended(self, finish_reason: str | None) -> None:
        """Note how a text ended."""
        self._vllm_success.labels(self._model_name, finish_reason or "abort").inc()

    def finished(self, generations: Iterable[Generation]) -> None:
        """Note the speed of texts that ended."""
        for generation in generations:
            started_s, finished_s = generation.started_s, generation.finished_s
            if started_s is None or finished_s is None or not generation.new_tokens:
                continue
            self._wait_s.observe(started_s - generation.submitted_s)
            request_s = finished_s - generation.submitted_s
            self._vllm_request_s.labels(self._model_name).observe(request_s)
            self._batch_size.observe(generation.batch_tokens / generation.steps)
            if finished_s > started_s:
                self._tokens_per_s.observe(generation.new_tokens / (finished_s - started_s))


class _EngineCollector(Collector):
    """Reads the engine when Prometheus asks, so that writing costs nothing."""

    def __init__(self, host: EngineHost) -> None:
        self._host = host

    def collect(self) -> Iterator[Metric]:
        """Yield the engine's load; nothing but the state while it is loading."""
        state = self._host.observe()
        yield GaugeMetricFamily(
            "redactor_ready", "1 when requests are taken", value=float(state == "ready")
        )
        model = self._host.loaded
        if model is None:
            return
        load = model.engine.load
        info = GaugeMetricFamily("redactor_model_info", "The model", labels=["model", "revision"])
        info.add_metric([model.name, model.engine.revision], 1)
        yield info
        for name, vllm_name, text, value in (
            ("running_texts", "num_requests_running", "Texts in the batch", load.running),
            ("waiting_texts", "num_requests_waiting", "Texts in the queue", load.waiting),
            ("slots", "", "Texts that fit in the batch", load.slots),
        ):
            yield GaugeMetricFamily(f"redactor_{name}", text, value=value)
            if vllm_name:
                yield self._for_vllm(GaugeMetricFamily, vllm_name, text, value)
        for name, vllm_name, text, total in (
            ("engine_steps", "", "Steps of the engine", load.steps),
            ("new_tokens", "generation_tokens", "Tokens written", load.tokens),
            ("engine_busy_seconds", "", "Time in steps", load.busy_s),
        ):
            yield CounterMetricFamily(f"redactor_{name}", text, value=total)
            if vllm_name:
                yield self._for_vllm(CounterMetricFamily, vllm_name, text, total)

    def _for_vllm(
        self,
        kind: type[GaugeMetricFamily] | type[CounterMetricFamily],
        name: str,
        text: str,
        value: float,
    ) -> Metric:
        metric = kind(f"vllm:{name}", text, labels=["model_name"])
        metric.add_metric([self._host.name], value)
        return metric
