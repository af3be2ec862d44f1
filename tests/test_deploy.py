"""What the files in ``deploy/`` name exists: metrics, settings, files."""

import asyncio
import json
import re
from pathlib import Path

import httpx
import pytest
import yaml

from bot.generation.balancing import ServiceState
from bot.monitoring import Status, serve_monitoring
from bot.serving import listen
from bot.settings import Settings
from tests.generation.conftest import save_model
from tests.generation.services import running_model

DEPLOY = Path(__file__).parents[1] / "deploy"
FILES = sorted(path for path in DEPLOY.rglob("*") if path.suffix in {".yaml", ".json"})
MONITORING = DEPLOY / "monitoring"
_METRIC = re.compile(r"redactor_\w+")
_SETTING = re.compile(r"REDACTOR_[A-Z_]+(?![A-Z_*])")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_is_yaml_or_json(path):
    read = json.loads if path.suffix == ".json" else lambda text: list(yaml.safe_load_all(text))
    assert read(path.read_text("utf-8"))


def test_every_setting_exists():
    named = {
        name
        for path in DEPLOY.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
        for name in _SETTING.findall(path.read_text("utf-8"))
    }
    known = {f"REDACTOR_{name.upper()}" for name in Settings.model_fields}
    assert named - known == set()
    assert {"REDACTOR_GENERATION_URL", "REDACTOR_DATABASE_URL"} <= named


def test_every_mounted_file_exists():
    compose = (DEPLOY / "compose.monitoring.yaml").read_text("utf-8")
    mounted = re.findall(r"- \./(\S+?):", compose)
    assert len(mounted) == 5
    assert all((DEPLOY / file).is_file() for file in mounted)


async def bot_metrics():
    """What the bot's metrics are, with one of each label."""

    async def look():
        counts = {"one": 1}
        services = [ServiceState("one:8000", 1, 1, False, None)]
        return Status(1, 1, counts, 1.0, 1, 1.0, counts, counts, 1, None, None, services)

    with listen("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    async with serve_monitoring("127.0.0.1", port, look), httpx.AsyncClient() as client:
        return (await client.get(f"http://127.0.0.1:{port}/metrics")).text


def service_metrics(folder):
    """What the service's metrics are after a request."""
    with running_model(save_model(folder)) as service:
        with service.openai() as client:
            client.completions.create(model=folder.name, prompt="El mar", max_tokens=2)
        return httpx.get(f"{service.url}/metrics").text


def test_every_metric_of_dashboard_and_alerts_exists(tmp_path):
    dashboard = json.loads((MONITORING / "dashboard.json").read_text("utf-8"))
    alerts = yaml.safe_load((MONITORING / "alerts.yaml").read_text("utf-8"))
    expressions = [
        target["expr"] for panel in dashboard["panels"] for target in panel["targets"]
    ] + [rule["expr"] for group in alerts["groups"] for rule in group["rules"]]
    named = {name for expression in expressions for name in _METRIC.findall(expression)}
    told = asyncio.run(bot_metrics()) + service_metrics(tmp_path / "small")
    known = {line.split("{")[0].split(" ")[0] for line in told.splitlines() if line[0] != "#"}
    assert named - known == set()
    assert len(named) > 15
