"""The command line: ``redactor run``, ``write``, ``serve``, ``models``, ``train``, ``backup``.

Commands import what they need when they run: the bot's own process never loads torch.
"""

import asyncio
import logging
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn
from urllib.parse import urlsplit

import typer
from rich.console import Console

from bot import __version__
from bot.errors import (
    BackupError,
    DatabaseError,
    GenerationError,
    InvalidTokenError,
    KeyMissingError,
    LeaseLostError,
    ModelNotFoundError,
    ModelUnavailableError,
    NotInstalledError,
    PortTakenError,
    SettingsError,
    StartupError,
)
from bot.logs import JsonFormatter
from bot.settings import Settings, unknown_settings
from bot.storage.records import Style
from bot.texts import texts_for

if TYPE_CHECKING:
    from rich.table import Table

    from bot.generation.server import ServiceOptions

_LANGUAGE = (
    os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or "es"
)
CONSOLE_TEXTS = texts_for(_LANGUAGE).console
TRAINING_TEXTS = texts_for(_LANGUAGE).training
_LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
console = Console(stderr=True, highlight=False)
cli = typer.Typer(
    help=CONSOLE_TEXTS.about,
    no_args_is_help=False,
    add_completion=False,
    pretty_exceptions_enable=False,
)
models_cli = typer.Typer(help=CONSOLE_TEXTS.help_models)
cli.add_typer(models_cli, name="models")


@cli.callback(invoke_without_command=True)
def choose_command(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help=CONSOLE_TEXTS.option_version)] = False,
) -> None:
    """Without a command, run the bot."""
    if version:
        typer.echo(f"redactor {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        run()


@cli.command(help=CONSOLE_TEXTS.help_run)
def run() -> None:
    """Run the bot until it is told to stop."""
    from bot.app import run_bot

    settings = _load_settings()
    if sys.stdin.isatty():
        _offer_model(settings)
    asyncio.run(run_bot(settings, CONSOLE_TEXTS, console))


def _offer_model(settings: Settings) -> None:
    """Offer once the best model that this machine can run well, where the Hub can be reached."""
    offered = settings.data_dir / "model-offered"
    is_front = find_spec("huggingface_hub") is None
    if is_front or settings.model != "embedded" or settings.generation_url or offered.exists():
        return
    from rich.filesize import decimal

    from bot.generation.models import hub_answers
    from bot.generation.recommended import best_model, free_memory_bytes, measure_bandwidth

    language = "en" if _LANGUAGE.startswith("en") else "es"
    best = best_model(language, free_memory_bytes(), measure_bandwidth())
    if best is None or not hub_answers():
        return
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    offered.touch()
    question = CONSOLE_TEXTS.models_offer(best.name, decimal(best.download_bytes))
    if typer.confirm(question, default=False):
        models_download(best.name)
        console.print(CONSOLE_TEXTS.models_how_to_use(best.name), soft_wrap=True)


@cli.command(help=CONSOLE_TEXTS.help_write)
def write(
    topic: Annotated[str | None, typer.Argument(help=CONSOLE_TEXTS.option_topic)] = None,
    words: Annotated[int, typer.Option(help=CONSOLE_TEXTS.option_words)] = 250,
    style: Annotated[Style, typer.Option(help=CONSOLE_TEXTS.option_style)] = Style.ESSAY,
    seed: Annotated[int | None, typer.Option(help=CONSOLE_TEXTS.option_seed)] = None,
    temperature: Annotated[
        float | None, typer.Option(help=CONSOLE_TEXTS.option_temperature)
    ] = None,
    top_p: Annotated[float | None, typer.Option(help=CONSOLE_TEXTS.option_top_p)] = None,
    top_k: Annotated[int | None, typer.Option(help=CONSOLE_TEXTS.option_top_k)] = None,
    repetition_penalty: Annotated[
        float | None, typer.Option(help=CONSOLE_TEXTS.option_repetition_penalty)
    ] = None,
    candidates: Annotated[int | None, typer.Option(help=CONSOLE_TEXTS.option_candidates)] = None,
    model: Annotated[str | None, typer.Option(help=CONSOLE_TEXTS.option_model)] = None,
    out: Annotated[Path | None, typer.Option(help=CONSOLE_TEXTS.option_out)] = None,
) -> None:
    """Write one essay, or one for each line of standard input."""
    from bot.console import write_essays

    choices = {
        "words": words,
        "style": style,
        "seed": seed,
        "temperature": temperature,
        "top_p": top_p,
        "top_k": top_k,
        "repetition_penalty": repetition_penalty,
        "candidates": candidates,
    }
    # Progress and essays are what is to be seen; the log speaks up when something is wrong.
    settings = _load_settings(least_level="WARNING", **({"model": model} if model else {}))
    given = {name: value for name, value in choices.items() if value is not None}
    texts = texts_for(_LANGUAGE)
    is_done = asyncio.run(write_essays(settings, texts, console, topic, given, out))
    raise typer.Exit(0 if is_done else 1)


@cli.command(help=CONSOLE_TEXTS.help_serve)
def serve(
    model: Annotated[str | None, typer.Option(help=CONSOLE_TEXTS.option_model)] = None,
    host: Annotated[str, typer.Option(help=CONSOLE_TEXTS.option_host)] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help=CONSOLE_TEXTS.option_port)] = 8000,
    uds: Annotated[Path | None, typer.Option(help=CONSOLE_TEXTS.option_uds)] = None,
    exit_with_parent: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Run the generation service alone."""
    if exit_with_parent:
        from bot.generation.lifeline import end_with_parent

        end_with_parent()
    # The lines of a supervised service go through the bot's log, which puts the time to them.
    log_format = "%(levelname)s %(name)s: %(message)s" if exit_with_parent else _LOG_FORMAT
    settings = _load_settings(log_format, **({"model": model} if model else {}))
    # Read when the engine is imported, below.
    os.environ.setdefault("NUMBA_CACHE_DIR", str(settings.cache_dir / "compiled"))
    from bot.generation.server import serve as serve_model

    serve_model(
        settings.model,
        host=host,
        port=port,
        uds=uds,
        reports_failure=exit_with_parent,
        options=service_options(settings),
    )


def service_options(settings: Settings) -> "ServiceOptions":
    """Return how the settings want the service to be."""
    from bot.generation.server import ServiceOptions
    from bot.texts import SPANISH

    return ServiceOptions(
        dtype=settings.dtype,
        device=settings.device,
        threads=settings.threads or None,
        max_batch_size=settings.max_batch_size or None,
        memory_budget_mb=settings.memory_budget_mb or None,
        cache_dir=settings.cache_dir,
        models_dir=settings.models_dir,
        openings=SPANISH.frames.openings,
        instructions=SPANISH.frames.instructions,
        api_key=settings.generation_api_key.get_secret_value() or None,
    )


@cli.command(help=CONSOLE_TEXTS.help_train)
def train(
    texts: Annotated[Path, typer.Argument(help=TRAINING_TEXTS.option_texts)],
    out: Annotated[str, typer.Option(help=TRAINING_TEXTS.option_out)],
    model: Annotated[str | None, typer.Option(help=TRAINING_TEXTS.option_model)] = None,
    new: Annotated[bool, typer.Option("--new", help=TRAINING_TEXTS.option_new)] = False,
    size: Annotated[str, typer.Option(help=TRAINING_TEXTS.option_size)] = "mini",
    vocabulary: Annotated[int, typer.Option(help=TRAINING_TEXTS.option_vocabulary)] = 8192,
    context: Annotated[int | None, typer.Option(help=TRAINING_TEXTS.option_context)] = None,
    minutes: Annotated[float, typer.Option(help=TRAINING_TEXTS.option_minutes)] = 20.0,
    passes: Annotated[float | None, typer.Option(help=TRAINING_TEXTS.option_passes)] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help=TRAINING_TEXTS.option_learning_rate)
    ] = None,
    lora: Annotated[bool | None, typer.Option(help=TRAINING_TEXTS.option_lora)] = None,
    seed: Annotated[int, typer.Option(help=CONSOLE_TEXTS.option_seed)] = 1,
    resume: Annotated[bool, typer.Option("--resume", help=TRAINING_TEXTS.option_resume)] = False,
    restart: Annotated[
        bool, typer.Option("--restart", help=TRAINING_TEXTS.option_restart)
    ] = False,
) -> None:
    """Train or fine-tune a model on a folder of texts."""
    from bot.errors import RedactorError
    from bot.generation.models import resolve_model
    from bot.training.messages import describe_error
    from bot.training.options import TrainingOptions
    from bot.training.run import train as train_model

    settings = _load_settings(least_level="WARNING")
    folder = Path(out) if Path(out).parent != Path() else settings.models_dir / out
    try:
        options = TrainingOptions(
            texts=texts,
            out=folder,
            base=None if new else str(resolve_model(model or settings.model, settings.models_dir)),
            size=size,
            vocabulary_size=vocabulary,
            context_tokens=context,
            minutes=minutes,
            passes=passes,
            learning_rate=learning_rate,
            lora=lora,
            seed=seed,
            device=settings.device,
            resume=resume,
            restart=restart,
        )
        train_model(options, console=console, texts=TRAINING_TEXTS)
    except StartupError:
        raise
    except RedactorError as error:
        console.print(describe_error(error, TRAINING_TEXTS), markup=False, soft_wrap=True)
        raise typer.Exit(1) from None


@cli.command(help=CONSOLE_TEXTS.help_backup)
def backup(
    file: Annotated[Path, typer.Argument(help=CONSOLE_TEXTS.option_backup)],
) -> None:
    """Copy the database into a file."""
    from bot.storage.backups import back_up

    back_up(_load_settings(least_level="WARNING").database, file)
    typer.echo(CONSOLE_TEXTS.backup_made(str(file)))


@cli.command(help=CONSOLE_TEXTS.help_restore)
def restore(
    file: Annotated[Path, typer.Argument(exists=True, help=CONSOLE_TEXTS.option_backup)],
    yes: Annotated[bool, typer.Option("--yes", "-y", help=CONSOLE_TEXTS.option_yes)] = False,
) -> None:
    """Put a copy in the database's place."""
    from bot.storage import backups

    url = _load_settings(least_level="WARNING").database
    question = CONSOLE_TEXTS.backup_question(backups.safe(url), str(file))
    if backups.has_something(url) and not yes and not typer.confirm(question):
        typer.echo(CONSOLE_TEXTS.backup_not_restored)
        raise typer.Exit(1)
    backups.restore(url, file)
    typer.echo(CONSOLE_TEXTS.backup_restored(str(file)))


@cli.command("check-service", help=CONSOLE_TEXTS.help_check_service)
def check_service(
    url: Annotated[str, typer.Argument(help=CONSOLE_TEXTS.option_service)],
    model: Annotated[str | None, typer.Option(help=CONSOLE_TEXTS.option_model)] = None,
) -> None:
    """Show what a service can do, and what the bot does without."""
    from rich.table import Table

    from bot.generation.conformance import Capability, examine

    api_key = _load_settings(least_level="WARNING").generation_api_key.get_secret_value()
    try:
        found = asyncio.run(examine(url, api_key=api_key or None, model=model))
    except GenerationError as error:
        address = urlsplit(url).netloc.rpartition("@")[2] or url
        said = CONSOLE_TEXTS.service_failed(address, error.detail or str(error))
        console.print(said, markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    words = {True: CONSOLE_TEXTS.check_yes, False: CONSOLE_TEXTS.check_no}
    table = Table(title=CONSOLE_TEXTS.check_title(found.model))
    for heading in CONSOLE_TEXTS.check_headings:
        table.add_column(heading, overflow="fold")
    for capability in Capability:
        can = found.can[capability]
        what, without = CONSOLE_TEXTS.check_capability[capability]
        said = CONSOLE_TEXTS.check_unknown if can is None else words[can]
        table.add_row(what, said, "" if can else without)
    Console().print(table)


@models_cli.callback(invoke_without_command=True)
def models(context: typer.Context) -> None:
    """Without a further command, list the models."""
    if context.invoked_subcommand is None:
        models_list()


@models_cli.command("list", help=CONSOLE_TEXTS.help_models_list)
def models_list() -> None:
    """Show every model that is on disk."""
    from rich.filesize import decimal
    from rich.table import Table

    from bot.generation.models import list_models

    settings = _load_settings()
    table = Table(title=CONSOLE_TEXTS.models_title)
    for heading in (
        CONSOLE_TEXTS.models_name,
        CONSOLE_TEXTS.models_size,
        CONSOLE_TEXTS.models_where,
        "",
    ):
        table.add_column(heading, overflow="fold")
    for model in list_models(settings.models_dir):
        is_current = model.name == settings.model
        is_embedded = model.source == "embedded"
        table.add_row(
            model.name,
            decimal(model.size_bytes),
            CONSOLE_TEXTS.models_embedded if is_embedded else str(model.path),
            model.problem or (CONSOLE_TEXTS.models_current if is_current else ""),
        )
    Console().print(table)
    Console().print(_good_models())


def _good_models() -> "Table":
    """Return the table of models worth fetching, with what they need and give here."""
    from rich.filesize import decimal
    from rich.table import Table

    from bot.generation.recommended import GOOD_MODELS, free_memory_bytes, measure_bandwidth

    free_bytes, bandwidth = free_memory_bytes(), measure_bandwidth()
    table = Table(title=CONSOLE_TEXTS.models_good_title, caption=CONSOLE_TEXTS.models_good_caption)
    for heading in CONSOLE_TEXTS.models_good_headings:
        table.add_column(heading, overflow="fold")
    for model in GOOD_MODELS:
        table.add_row(
            model.name,
            ", ".join(model.languages),
            model.licence,
            decimal(model.download_bytes),
            decimal(model.memory_bytes),
            f"{model.tokens_per_s(bandwidth):.0f}",
            CONSOLE_TEXTS.models_fits if model.fits(free_bytes, bandwidth) else "",
        )
    return table


@models_cli.command("download", help=CONSOLE_TEXTS.help_models_download)
def models_download(
    model: Annotated[str, typer.Argument(help=CONSOLE_TEXTS.option_model_id)],
) -> None:
    """Fetch a model from the Hub."""
    from rich.filesize import decimal
    from rich.progress import Progress

    from bot.generation.models import download_model, list_models

    settings = _load_settings()
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(model, total=None)

        def show(share: float | None) -> None:
            progress.update(task, total=None if share is None else 1.0, completed=share or 0.0)

        download_model(model, show)
    size = sum(one.size_bytes for one in list_models(settings.models_dir) if one.name == model)
    typer.echo(CONSOLE_TEXTS.models_downloaded(model, decimal(size)))


@models_cli.command("remove", help=CONSOLE_TEXTS.help_models_remove)
def models_remove(
    model: Annotated[str, typer.Argument(help=CONSOLE_TEXTS.option_model)],
    yes: Annotated[bool, typer.Option("--yes", "-y", help=CONSOLE_TEXTS.option_yes)] = False,
) -> None:
    """Delete a model from the disk."""
    from rich.filesize import decimal

    from bot.generation.models import EMBEDDED_NAME, list_models, remove_model

    settings = _load_settings()
    if model == EMBEDDED_NAME:
        typer.echo(CONSOLE_TEXTS.models_embedded_stays)
        raise typer.Exit(1)
    size = sum(one.size_bytes for one in list_models(settings.models_dir) if one.name == model)
    question = CONSOLE_TEXTS.models_remove_question(model, decimal(size))
    if size and not yes and not typer.confirm(question):
        typer.echo(CONSOLE_TEXTS.models_kept)
        return
    freed = remove_model(model, settings.models_dir)
    typer.echo(CONSOLE_TEXTS.models_removed(model, decimal(freed)))


def _load_settings(
    log_format: str = _LOG_FORMAT,
    least_level: str = "DEBUG",
    **overrides: object,
) -> Settings:
    """Read the settings and set up the log, which everything after this may write to."""
    settings = Settings.load(**overrides)
    levels = logging.getLevelNamesMapping()
    logging.basicConfig(
        level=max(levels[settings.log_level], levels[least_level]),
        format=log_format,
        datefmt="%H:%M:%S",
        stream=sys.stderr,
        force=True,
    )
    # What a supervised service says goes through the bot's log, a line each.
    if settings.log_format == "json" and log_format == _LOG_FORMAT:
        logging.getLogger().handlers[0].setFormatter(JsonFormatter())
    for name in ("httpx", "httpcore", "alembic", "openai"):
        logging.getLogger(name).setLevel(logging.WARNING)
    unknown = unknown_settings()
    if unknown:
        console.print(CONSOLE_TEXTS.unknown_settings(unknown), style="yellow")
    return settings


def explain(error: StartupError) -> str:
    """Say in one or two sentences why the program cannot start, and what to do."""
    match error:
        case SettingsError():
            return CONSOLE_TEXTS.bad_settings(error.problems)
        case InvalidTokenError():
            return CONSOLE_TEXTS.bad_token
        case PortTakenError():
            return CONSOLE_TEXTS.port_taken(error.port)
        case KeyMissingError():
            return CONSOLE_TEXTS.key_missing(error.host)
        case ModelNotFoundError() | ModelUnavailableError():
            return CONSOLE_TEXTS.model_not_found(error.model, error.reason)
        case DatabaseError():
            return CONSOLE_TEXTS.database_failed(error.url, error.reason)
        case BackupError():
            return CONSOLE_TEXTS.backup_failed(error.problem, error.subject)
        case LeaseLostError():
            return CONSOLE_TEXTS.already_running
        case NotInstalledError():
            return CONSOLE_TEXTS.not_installed(error.package)
        case _:
            return CONSOLE_TEXTS.startup_failed(str(error))


def main() -> NoReturn:
    """Run the command line; a start that fails is one sentence and an exit code of its own."""
    try:
        cli()
    except StartupError as error:
        _end(error)
    except ModuleNotFoundError as error:
        package = (error.name or "bot").partition(".")[0]
        if package == "bot":
            raise
        _end(NotInstalledError(package))
    sys.exit(0)


def _end(error: StartupError) -> NoReturn:
    console.print(explain(error), style="red", markup=False, soft_wrap=True)
    sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
