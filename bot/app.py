"""The composition root: the one place that knows every part, and starts and stops them in order.

Starting: database, generation service, chat page or Telegram, front, dispatcher, intake. The
model loads while the bot already takes requests. Stopping is the reverse: no new updates, no more
writing (what is unfinished stays in the database), deliveries get a moment, then the rest.
"""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from importlib.util import find_spec

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from telegram.error import InvalidToken, NetworkError

from bot.errors import (
    GenerationError,
    InvalidTokenError,
    NotInstalledError,
    StartupError,
    TelegramUnreachableError,
)
from bot.essays.dispatcher import Dispatcher, Limits
from bot.essays.writing import Writer
from bot.generation.client import GenerationClient
from bot.generation.frames import Frames
from bot.generation.supervisor import GenerationSupervisor
from bot.monitoring import serve_monitoring
from bot.playground import PlaygroundServer
from bot.settings import PREFIX, Settings
from bot.storage import AccessStore, Database, JobStore, PeopleStore, UpdateJournal
from bot.telegram.access import Gate
from bot.telegram.application import (
    build_application,
    build_bot,
    owner_link,
    start_receiving,
    stop_receiving,
)
from bot.telegram.budget import DeliveryLimits
from bot.telegram.context import Front, FrontApplication
from bot.telegram.delivery import Delivery
from bot.telegram.intake import DurableUpdateQueue
from bot.telegram.logs import hide_token
from bot.telegram.outbox import Outbox
from bot.telegram.presenter import Presenter
from bot.texts import SPANISH
from bot.texts.console import ConsoleTexts

logger = logging.getLogger(__name__)

_CONNECT_ATTEMPTS = 5


class GenerationService:
    """The service that writes: an own child process, or one that runs elsewhere.

    Attributes:
        client: Asks it for texts.
    """

    def __init__(self, client: GenerationClient, supervisor: GenerationSupervisor | None) -> None:
        self.client = client
        self._supervisor = supervisor

    async def wait_until_ready(
        self, timeout_s: float, on_progress: Callable[[float | None], None]
    ) -> None:
        """Wait until the model is loaded.

        Raises:
            StartupError: There is no such model.
            GenerationError: It was not ready in time.
        """
        if self._supervisor is None:
            await self.client.wait_until_ready(timeout_s, on_progress)
        else:
            await self._supervisor.wait_until_ready(timeout_s, on_progress)

    async def wait_until_failed(self) -> StartupError:
        """Wait until an own child is given up; for ever with a service elsewhere."""
        if self._supervisor is None:
            await asyncio.Event().wait()
            raise AssertionError("nobody sets that event")
        return await self._supervisor.wait_until_failed()


async def start_generation(settings: Settings, stack: AsyncExitStack) -> GenerationService:
    """Start the generation service, or find the one that the settings name.

    Args:
        settings: Which model, and how.
        stack: Stops it at its end.

    Raises:
        NotInstalledError: There is no service elsewhere, and nothing to run one with.
    """
    if settings.generation_url:
        client = GenerationClient(
            settings.generation_url,
            api_key=settings.generation_api_key.get_secret_value() or None,
            model=None if settings.model == "embedded" else settings.model,
            frames=Frames.plain(SPANISH.frames.openings),
        )
        await stack.enter_async_context(client)
        return GenerationService(client, None)
    if find_spec("torch") is None:
        raise NotInstalledError("torch")
    # The child reads the same settings; it has no use for the token.
    environment = {
        name: value for name, value in os.environ.items() if name != f"{PREFIX}TELEGRAM_TOKEN"
    }
    supervisor = GenerationSupervisor(
        [sys.executable, "-m", "bot", "serve", "--model", settings.model],
        model=settings.model,
        environment=environment,
    )
    await stack.enter_async_context(supervisor)
    api_key = settings.generation_api_key.get_secret_value() or None
    client = await stack.enter_async_context(supervisor.client(api_key=api_key))
    return GenerationService(client, supervisor)


async def run_bot(settings: Settings, texts: ConsoleTexts, console: Console) -> None:
    """Run the bot until SIGINT or SIGTERM.

    Args:
        settings: All of them.
        texts: What is said in the terminal.
        console: The terminal.

    Raises:
        StartupError: Something needed is missing or wrong; nothing is left running.
    """
    is_told_to_stop = _stop_signal()
    async with AsyncExitStack() as stack:
        database = Database.open(settings.database)
        stack.callback(database.close)
        token, api_url = settings.telegram_token.get_secret_value(), settings.telegram_api_url
        page = None
        if settings.is_playground:
            page = await stack.enter_async_context(PlaygroundServer(settings.playground_port))
            token, api_url = page.token, page.api_base_url
        hide_token(token)
        service = await start_generation(settings, stack)
        front = await _start_front(settings, token, api_url, database, service, stack)
        if settings.metrics_port:
            await stack.enter_async_context(
                serve_monitoring(settings.metrics_port, front.dispatcher)
            )
        _greet(texts, console, page, front)
        telling = asyncio.create_task(
            _tell_when_ready(service, settings, texts, console), name="model-loading"
        )
        try:
            await _run_until(is_told_to_stop, service)
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
        console.print(texts.stopping)
    console.print(texts.stopped)


async def _start_front(
    settings: Settings,
    token: str,
    api_url: str,
    database: Database,
    service: GenerationService,
    stack: AsyncExitStack,
) -> Front:
    """Build and start everything between Telegram and the generation service."""
    jobs, access = JobStore(database), AccessStore(database)
    bot = build_bot(token, api_url)

    def follow_chat(old_id: int, new_id: int) -> None:
        jobs.migrate_chat(old_id, new_id)
        access.migrate_chat(old_id, new_id)

    delivery = Delivery(
        DeliveryLimits(
            chat_per_s=settings.chat_messages_per_s,
            group_per_minute=settings.group_messages_per_minute,
            all_per_s=settings.all_messages_per_s,
        ),
        follow_chat,
    )
    outbox = Outbox(bot, delivery)
    presenter = Presenter(outbox, jobs)
    limits = Limits(
        running=settings.max_running,
        waiting=settings.max_waiting,
        waiting_per_person=settings.max_waiting_per_person,
        topic_characters=settings.max_topic_characters,
        essay_timeout_s=settings.essay_timeout_s,
    )
    front = Front(
        dispatcher=Dispatcher(Writer(service.client), jobs, presenter, limits),
        presenter=presenter,
        outbox=outbox,
        people=PeopleStore(database),
        jobs=jobs,
        gate=Gate(access, bot, is_open=settings.is_open),
    )
    application = build_application(bot, DurableUpdateQueue(UpdateJournal(database)), front)
    await _connect(application)
    stack.push_async_callback(application.shutdown)
    stack.push_async_callback(delivery.stop, settings.stop_timeout_s)
    await front.dispatcher.start()
    stack.push_async_callback(_stop_front, application, front, settings.stop_timeout_s)
    await start_receiving(application)
    return front


async def _stop_front(application: FrontApplication, front: Front, timeout_s: float) -> None:
    await stop_receiving(application)
    await front.dispatcher.stop(timeout_s)
    if application.running:
        await application.stop()


async def _connect(application: FrontApplication) -> None:
    """Ask Telegram who the bot is, patiently: at boot the network may be late."""
    for attempt in range(1, _CONNECT_ATTEMPTS + 1):
        try:
            await application.initialize()
        except InvalidToken:
            raise InvalidTokenError from None
        except NetworkError as error:
            if attempt == _CONNECT_ATTEMPTS:
                raise TelegramUnreachableError(type(error).__name__) from None
            await asyncio.sleep(2.0**attempt / 2)
        else:
            return


def _greet(
    texts: ConsoleTexts, console: Console, page: PlaygroundServer | None, front: Front
) -> None:
    bot = front.outbox.bot
    if page is not None:
        console.print(f"\n{texts.no_token(page.url)}\n", soft_wrap=True)
        return
    console.print(f"\n{texts.token_ready(bot.username)}\n", soft_wrap=True)
    code = None if front.gate.is_open else front.gate.store.owner_code()
    if code is not None:
        console.print(texts.owner_link(owner_link(bot.username, code)), soft_wrap=True)


async def wait_for_model(
    service: GenerationService, settings: Settings, texts: ConsoleTexts, console: Console
) -> None:
    """Show a progress bar while the model loads.

    Raises:
        StartupError: There is no such model.
        GenerationError: It was not ready in time.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(texts.loading_model(settings.model), total=None)

        def show(share: float | None) -> None:
            progress.update(task, total=None if share is None else 1.0, completed=share or 0.0)

        await service.wait_until_ready(settings.generation_start_timeout_s, show)


async def _tell_when_ready(
    service: GenerationService, settings: Settings, texts: ConsoleTexts, console: Console
) -> None:
    try:
        await wait_for_model(service, settings, texts, console)
    except StartupError:
        return  # `_run_until` ends with it.
    except GenerationError as error:
        logger.warning("the generation service is not ready: %s", error)
    else:
        console.print(texts.model_ready)


async def _run_until(is_told_to_stop: asyncio.Event, service: GenerationService) -> None:
    """Wait for the signal to stop.

    Raises:
        StartupError: The generation service was given up.
    """
    told = asyncio.create_task(is_told_to_stop.wait(), name="stop-signal")
    failed = asyncio.create_task(service.wait_until_failed(), name="service-failure")
    try:
        await asyncio.wait({told, failed}, return_when=asyncio.FIRST_COMPLETED)
        if failed.done():
            raise failed.result()
    finally:
        for task in (told, failed):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def _stop_signal() -> asyncio.Event:
    """An event that SIGINT or SIGTERM sets."""
    event = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, event.set)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(event.set))
    return event
