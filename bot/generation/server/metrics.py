"""What Prometheus reads. Numbers only: no text, no names of people."""

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
        prompt_tokens: Tokens read.
    """

    def __init__(self, host: EngineHost) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "redactor_requests", "Completion requests", ["outcome"], registry=self.registry
        )
        self.prompt_tokens = Counter(
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
            "Mean number of texts in the batch while one text was written",
            buckets=_BATCH_SIZES,
            registry=self.registry,
        )
        self.registry.register(_EngineCollector(host))
        ProcessCollector(registry=self.registry)

    def first_token(self, wait_s: float) -> None:
        """Note the time to a text's first token."""
        self._first_token_s.observe(wait_s)

    def finished(self, generations: Iterable[Generation]) -> None:
        """Note the speed of texts that ended."""
        for generation in generations:
            started_s, finished_s = generation.started_s, generation.finished_s
            if started_s is None or finished_s is None or not generation.new_tokens:
                continue
            self._wait_s.observe(started_s - generation.submitted_s)
            self._batch_size.observe(generation.batch_tokens / generation.new_tokens)
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
        yield GaugeMetricFamily("redactor_running_texts", "Texts in the batch", value=load.running)
        yield GaugeMetricFamily("redactor_waiting_texts", "Texts in the queue", value=load.waiting)
        yield GaugeMetricFamily("redactor_slots", "Texts that fit in the batch", value=load.slots)
        yield CounterMetricFamily("redactor_engine_steps", "Steps of the engine", value=load.steps)
        yield CounterMetricFamily("redactor_new_tokens", "Tokens written", value=load.tokens)
        yield CounterMetricFamily(
            "redactor_engine_busy_seconds", "Time in steps", value=load.busy_s
        )
