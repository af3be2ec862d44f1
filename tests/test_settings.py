"""Settings: their file, their ranges, their errors."""

import codecs
import re
from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.settings import PREFIX, Settings, unknown_settings
from bot.telegram.connection import build_bot

EXAMPLE = Path(__file__).parent.parent / ".env.example"
ASSIGNMENT = re.compile(rf"^#?({PREFIX}[A-Z0-9_]+)=(.*)$", re.MULTILINE)


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch, tmp_path):
    for name in Settings.model_fields:
        monkeypatch.delenv(PREFIX + name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def test_the_example_lists_every_setting_once_and_nothing_else():
    names = [name for name, _ in ASSIGNMENT.findall(EXAMPLE.read_text("utf-8"))]
    assert names == [PREFIX + name.upper() for name in Settings.model_fields]


def test_the_example_s_values_are_the_defaults(tmp_path):
    given = {
        name: value for name, value in ASSIGNMENT.findall(EXAMPLE.read_text("utf-8")) if value
    }
    (tmp_path / ".env").write_text("\n".join(f"{k}={v}" for k, v in given.items()), "utf-8")
    assert Settings.load().model_dump() == Settings().model_dump()


def test_every_setting_says_what_it_is():
    for name, field in Settings.model_fields.items():
        assert field.description, name


def test_the_environment_wins_over_the_file(tmp_path, monkeypatch):
    (tmp_path / ".env").write_text("REDACTOR_MAX_WAITING=7\nREDACTOR_MAX_RUNNING=3\nOTHER=1\n")
    monkeypatch.setenv("REDACTOR_MAX_RUNNING", "4")
    settings = Settings.load(max_waiting_per_person=2)
    assert (settings.max_waiting, settings.max_running) == (7, 4)
    assert settings.max_waiting_per_person == 2


def test_every_wrong_setting_is_named_and_its_value_is_not(monkeypatch):
    monkeypatch.setenv("REDACTOR_PLAYGROUND_PORT", "70000")
    monkeypatch.setenv("REDACTOR_TELEGRAM_API_URL", "secret-host")
    with pytest.raises(SettingsError) as caught:
        Settings.load()
    assert {name for name, _ in caught.value.problems} == {
        "REDACTOR_PLAYGROUND_PORT",
        "REDACTOR_TELEGRAM_API_URL",
    }
    assert "secret-host" not in str(caught.value)


def test_the_token_is_not_printed(monkeypatch):
    monkeypatch.setenv("REDACTOR_TELEGRAM_TOKEN", " 123:abc ")
    settings = Settings.load()
    assert settings.telegram_token.get_secret_value() == "123:abc"
    assert "abc" not in repr(settings)
    assert not settings.is_playground


def test_the_playground_is_open_unless_said_otherwise(monkeypatch):
    assert Settings.load().is_open
    monkeypatch.setenv("REDACTOR_ACCESS", "private")
    assert not Settings.load().is_open


def test_the_real_bot_is_private_unless_said_otherwise():
    assert not Settings.load(telegram_token="1:a").is_open
    assert Settings.load(telegram_token="1:a", access="open").is_open


def test_a_slip_of_the_pen_is_noticed():
    assert unknown_settings({"REDACTOR_TOKEN": "x", "REDACTOR_MODEL": "y", "PATH": ""}) == [
        "REDACTOR_TOKEN"
    ]


def test_the_database_lives_in_the_data_folder(tmp_path):
    settings = Settings.load(data_dir=tmp_path)
    assert settings.database == f"sqlite:///{tmp_path}/redactor.db"
    assert Settings.load(database_url="postgresql://x/y").database == "postgresql://x/y"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
)
def test_env_file_of_any_editor(
    encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REDACTOR_MODEL", raising=False)
    text = "REDACTOR_MODEL=cañón\r\nREDACTOR_MAX_WAITING=7\r\n# «niños»\r\n"
    mark = codecs.BOM_UTF16_BE if encoding == "utf-16-be" else b""
    Path(".env").write_bytes(mark + text.encode(encoding))
    settings = Settings.load()
    assert (settings.model, settings.max_waiting) == ("cañón", 7)


def test_env_file_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(".env").mkdir()
    with pytest.raises(SettingsError, match=r"\.env: "):
        Settings.load()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NO_PROXY", "fd00::/8"),
        ("ALL_PROXY", "socks://127.0.0.1:1"),
        ("all_proxy", "socks5://127.0.0.1:1"),
        ("HTTPS_PROXY", "http://[::1"),
    ],
)
def test_proxy_that_cannot_be_used(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.upper(), raising=False)
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        build_bot("123:token", "https://api.telegram.org/bot")
    # Nothing of the kind is in the way to this very machine.
    build_bot("123:token", "http://127.0.0.1:8081/bot")
