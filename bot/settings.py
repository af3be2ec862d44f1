"""Every setting: name, range, unit and meaning.

A setting is read from the environment variable ``REDACTOR_`` + its name in capitals, or from the
same line in ``.env``; the environment wins. Only ``bot.app`` and the command
line, ``bot.__main__`` and ``bot.console``, see :class:`Settings`; the rest takes plain values.
"""

import codecs
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from platformdirs import user_data_path
from pydantic import Field, SecretStr, StringConstraints, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import SettingsError

PREFIX = "REDACTOR_"

_Url = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^(|https?://\S+)$")]
_Urls = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, pattern=r"^(|https?://[^\s,]+(\s*,\s*https?://[^\s,]+)*)$"
    ),
]


class Settings(BaseSettings):
    """What an operator can choose."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        env_file=".env",
        env_file_encoding="utf-8",
        extra="ignore",
        frozen=True,
    )

    telegram_token: SecretStr = Field(
        default=SecretStr(""),
        description="Token of the bot, from @BotFather. Empty: the playground in the browser.",
    )
    telegram_api_url: _Url = Field(
        default="https://api.telegram.org/bot",
        description="Address of the Bot API, up to and including /bot.",
    )
    webhook_url: Annotated[str, StringConstraints(strip_whitespace=True)] = Field(
        default="",
        pattern=r"^(|https://\S+)$",
        description="Address where Telegram brings updates. Empty: the bot asks for them.",
    )
    webhook_host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="What the bot listens on for them, behind a proxy that ends TLS.",
    )
    webhook_port: int = Field(default=8443, ge=1, le=65535, description="Its port.")
    access: Literal["private", "open"] = Field(
        default="private",
        description="Who may use the bot: private (the owner and their groups) or open (anyone).",
    )
    data_dir: Path = Field(
        default_factory=lambda: user_data_path("redactor", appauthor=False),
        description="Folder of the database, of downloaded and trained models and of caches.",
    )
    database_url: str = Field(
        default="", description="SQLAlchemy URL of the database. Empty: SQLite in the data folder."
    )
    playground_port: int = Field(
        default=8080,
        ge=0,
        le=65535,
        description="Port of the local chat page; 0 takes a free one.",
    )
    metrics_port: int = Field(
        default=0, ge=0, le=65535, description="Port of the bot's metrics and health; 0 is off."
    )
    metrics_host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="Address of those; whoever reaches it may read them.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="How much the program says of its work."
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="How: lines to read, or JSON for a collector."
    )

    model: str = Field(
        default="embedded",
        min_length=1,
        description="embedded, a Hub id such as openai-community/gpt2, or a folder.",
    )
    generation_url: _Urls = Field(
        default="",
        description=(
            "Address of a running generation service, or of several, separated by commas. "
            "Empty: the bot starts its own."
        ),
    )
    generation_api_key: SecretStr = Field(
        default=SecretStr(""), description="Key for that service, if it asks for one."
    )
    generation_start_timeout_s: float = Field(
        default=600, ge=1, le=7200, description="Seconds a model may take to load."
    )
    dtype: Literal["auto", "int8", "bf16", "fp32"] = Field(
        default="auto", description="Arithmetic of the model; auto is int8 on a processor."
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto", description="Where the model computes; auto takes a GPU if there is one."
    )
    threads: int = Field(
        default=0, ge=0, le=1024, description="Processor threads of the model; 0 is all there are."
    )
    max_batch_size: int = Field(
        default=0,
        ge=0,
        le=1024,
        description="Texts that the model writes at once; 0 is automatic.",
    )
    memory_budget_mb: int = Field(
        default=0, ge=0, description="Megabytes for the texts being written; 0 is automatic."
    )

    max_running: int = Field(
        default=0,
        ge=0,
        le=1024,
        description="Essays being written at once, at most; 0 is what the service has room for.",
    )
    max_waiting: int = Field(
        default=100, ge=1, le=10_000, description="Essays in the queue, over all people."
    )
    max_waiting_per_person: int = Field(
        default=3, ge=1, le=100, description="Essays that one person may have in the queue."
    )
    group_messages_per_essay: int = Field(
        default=2,
        ge=1,
        le=20,
        description="Messages of one essay in a group; a longer one comes as a file.",
    )
    max_topic_characters: int = Field(
        default=600, ge=20, le=4096, description="Greatest length of a topic, in characters."
    )
    essay_timeout_s: float = Field(
        default=1800, ge=10, le=86_400, description="Seconds after which an essay is given up."
    )
    retention_days: int = Field(
        default=30,
        ge=1,
        le=3650,
        description="Days after which essays, topics and undeliverable messages are deleted.",
    )
    stop_timeout_s: float = Field(
        default=15, ge=0, le=600, description="Seconds that deliveries get when the bot stops."
    )

    chat_messages_per_s: float = Field(
        default=1, gt=0, le=30, description="Messages and edits a second in one chat."
    )
    group_messages_per_minute: int = Field(
        default=20, ge=1, le=1000, description="Messages and edits a minute in one group."
    )
    all_messages_per_s: float = Field(
        default=30, gt=0, le=1000, description="Messages and edits a second over all chats."
    )

    @field_validator("telegram_token", mode="after")
    @classmethod
    def _strip_token(cls, token: SecretStr) -> SecretStr:
        return SecretStr(token.get_secret_value().strip())

    @field_validator("data_dir", mode="after")
    @classmethod
    def _expand_home(cls, folder: Path) -> Path:
        return folder.expanduser().absolute()

    @classmethod
    def load(cls, **overrides: Any) -> Self:
        """Read the environment and ``.env``.

        Args:
            **overrides: Values that win over both, such as the command line's.

        Raises:
            SettingsError: A value is wrong; every wrong one is named.
        """
        try:
            return cls(_env_file_encoding=_encoding_of(Path(".env")), **overrides)
        except OSError as error:
            raise SettingsError([(".env", error.strerror or str(error))]) from error
        except ValidationError as error:
            raise SettingsError(
                [
                    (PREFIX + str(problem["loc"][0]).upper(), problem["msg"])
                    for problem in error.errors(include_input=False, include_url=False)
                ]
            ) from None

    @property
    def is_playground(self) -> bool:
        """Whether there is no token, so that the bot talks to the local page."""
        return not self.telegram_token.get_secret_value()

    @property
    def is_open(self) -> bool:
        """Whether anyone may use the bot; on the local page everyone is at home."""
        if self.is_playground and "access" not in self.model_fields_set:
            return True
        return self.access == "open"

    @property
    def database(self) -> str:
        """The database's URL, with the default filled in."""
        return self.database_url or f"sqlite:///{self.data_dir / 'redactor.db'}"

    @property
    def models_dir(self) -> Path:
        """Where downloaded and trained models live."""
        return self.data_dir / "models"

    @property
    def cache_dir(self) -> Path:
        """Where prepared weights and compiled code are kept; it can be deleted at any time."""
        return self.data_dir / "cache"


def _encoding_of(file: Path) -> str:
    """Return the encoding of a text file: PowerShell and Notepad write others than UTF-8."""
    if not file.exists():
        return "utf-8"
    data = file.read_bytes()
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if data[1:2] == b"\0":
        return "utf-16-le"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"  # a mark at the beginning would belong to the first name


def unknown_settings(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Names that look like settings and are none: most likely a slip of the pen."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    return sorted(name for name in environment if name.startswith(PREFIX) and name not in known)
