"""The composition root: the one place that knows every part, and starts and stops them in order.

Starting: chat page, database, generation service, then sender, scheduler and intake side by side.
The model loads while the bot already takes requests. Stopping is the reverse: no new updates, no
more writing (what is unfinished stays in the database), deliveries get a moment, then the rest.
"""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Coroutine, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from telegram import Bot

from bot.classroom.boards import Boards
from bot.classroom.explaining.finding import Finder
from bot.classroom.explaining.looking import Guide
from bot.errors import GenerationError, NotInstalledError, StartupError
from bot.essays import safety
from bot.essays.adoption import adopt_old_deliveries
from bot.essays.care import read_help
from bot.essays.desk import Desk, Limits
from bot.essays.owing import texts_of
from bot.essays.scheduler import Scheduler
from bot.essays.writing import Writer
from bot.generation.client import GenerationClient
from bot.generation.frames import Frames
from bot.generation.supervisor import GenerationSupervisor
from bot.logs import hide_token
from bot.monitoring import Status, serve_monitoring
from bot.playground import PlaygroundServer
from bot.settings import PREFIX, Settings
from bot.storage import holding, jobs, outbox, outbox_upkeep, people
from bot.storage.database import Database
from bot.storage.engines import keep_private, protect_folder
from bot.storage.leases import hold_lease, hold_lock
from bot.storage.records import UNFINISHED, JobState
from bot.storage.upkeep import ClockWatch, prune
from bot.telegram.access import Access
from bot.telegram.commands import explaining
from bot.telegram.connection import bot_id_of, build_bot, introduce, owner_link
from bot.telegram.intake import Intake
from bot.telegram.menu import publish_commands
from bot.telegram.sending.pacing import DeliveryLimits, Pacing
from bot.telegram.sending.previews import Previews
from bot.telegram.sending.sender import Sender
from bot.telegram.webhook import WebhookAddress
from bot.texts import SPANISH
from bot.texts.console import ConsoleTexts

logger = logging.getLogger(__name__)

_LOOK_AT_CLOCK_EVERY_S = 60.0
_PRUNE_EVERY_MINUTES = 60
_SCRUB_AT_START_S = 5.0
_SHUTDOWN_S = 2.0
_STATUS_S = 1.0


@dataclass(frozen=True, slots=True)
class GenerationService:
    """The service that writes.

    Attributes:
        client: Asks it for texts.
        supervisor: Of an own child process; None for a service that runs elsewhere.
    """

    client: GenerationClient
    supervisor: GenerationSupervisor | None


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


@dataclass(frozen=True, slots=True)
class Front:
    """Everything between Telegram and the generation service.

    Attributes:
        bot: Telegram's methods.
        database: What has to last.
        client: The generation service.
        desk: Where essays are asked for and called off.
        scheduler: Has them written.
        guide: Has answered what people want to see of the model.
        previews: What is shown in between.
        sender: Sends what is owed.
        intake: Takes updates in.
        watch: Says whether the clock can be believed.
        boards: Says in groups who waits.
    """

    bot: Bot
    database: Database
    client: GenerationClient
    desk: Desk
    scheduler: Scheduler
    guide: Guide
    previews: Previews
    sender: Sender
    intake: Intake
    watch: ClockWatch
    boards: Boards

    async def recover(self) -> None:
        """Take up what the last run left, whichever version it was."""
        await self.sender.recover()
        await self.database.step("recover jobs", jobs.recover)
        await self.database.step("recover outbox", outbox_upkeep.recover)
        await adopt_old_deliveries(self.database)

    async def run(self) -> None:
        """Send, write, show and receive until cancelled, or until one of them cannot go on."""
        await _until_one_fails(
            self.sender.run(),
            self.scheduler.run(),
            self.guide.run(),
            self.boards.run(),
            self.intake.run(),
        )

    async def status(self) -> Status:
        """How the bot is doing; with what was last known while the database is away."""
        counts: dict[JobState, int] = {}
        backlog, held = (0, 0.0), dict[str, int]()
        with suppress(TimeoutError):
            async with asyncio.timeout(_STATUS_S):
                counts = await self.database.read(jobs.counts)
                backlog = await self.database.read(outbox.backlog)
                held = await self.database.read(holding.held)
        return Status(
            running=counts.get(JobState.RUNNING, 0),
            waiting=counts.get(JobState.WAITING, 0),
            ended={state: counts.get(state, 0) for state in JobState if state not in UNFINISHED},
            words_per_s=self.desk.meter.words_per_s() or 0.0,
            owed=backlog[0],
            oldest_owed_s=backlog[1],
            held=held,
            refused=dict(self.desk.refusals),
            floods=self.sender.floods,
            deaf_since=self.intake.deaf_since,
            database_away_since=self.database.away_since,
            services=self.client.services,
        )

    async def stop(self, timeout_s: float) -> None:
        """Tell those who wait and send what is owed, for so long; the rest is kept."""
        deadline_s = asyncio.get_running_loop().time() + timeout_s
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s / 2):
                await self.intake.stop(timeout_s / 2)
                for job in await self.database.read(
                    lambda tx: jobs.in_state(tx, JobState.RUNNING, JobState.WAITING)
                ):
                    if job.request.address.is_private:
                        self.previews.show_status(job, texts_of(job).chat.restarting)
        await self.sender.stop(deadline_s - asyncio.get_running_loop().time())


def compose(
    bot: Bot,
    database: Database,
    client: GenerationClient,
    *,
    is_open: bool,
    limits: Limits,
    delivery_limits: DeliveryLimits,
    essay_timeout_s: float,
    help: Mapping[str, str] = MappingProxyType({}),
    webhook: WebhookAddress | None = None,
) -> Front:
    """Build the parts and connect them; nothing runs yet.

    Args:
        bot: Telegram's methods.
        database: Opened, of the bot's number.
        client: The generation service.
        is_open: Whether everybody may use the bot.
        limits: How much is taken on.
        delivery_limits: What Telegram allows.
        essay_timeout_s: Seconds after which an essay ends where it is.
        help: Where minors find help, by the names in ``HELP_FIELDS``.
        webhook: Where Telegram brings updates; None asks for them.
    """
    clock = asyncio.get_running_loop().time
    desk = Desk(limits, clock, help)
    previews = Previews(database)
    pacing = Pacing(delivery_limits, clock)
    desk.delivery_s = pacing.span_s
    desk.slots = client.slots
    sender = Sender(bot, database, pacing, previews)
    scheduler = Scheduler(
        database,
        Writer(client),
        desk,
        show_status=previews.show_status,
        show_draft=previews.show_draft,
        essay_timeout_s=essay_timeout_s,
    )
    finder = Finder(client, desk.meter.words_per_s)
    guide = Guide(database, finder, explaining.owe, explaining.owe_failure)
    access = Access(bot, database, is_open=is_open)
    watch = ClockWatch(database.clock, clock)
    intake = Intake(bot, database, access, desk, sender, watch, webhook)
    boards = Boards(database, desk)
    return Front(
        bot, database, client, desk, scheduler, guide, previews, sender, intake, watch, boards
    )


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
        # One task, so that a start that hangs can be told to stop as well.
        running = asyncio.create_task(_run(settings, texts, console, stack), name="bot")
        told = asyncio.create_task(is_told_to_stop.wait(), name="stop-signal")
        await asyncio.wait({running, told}, return_when=asyncio.FIRST_COMPLETED)
        told.cancel()
        if not running.done():
            console.print(texts.stopping)
        running.cancel()
        (outcome,) = await asyncio.gather(running, return_exceptions=True)
        if isinstance(outcome, Exception):
            raise outcome
    console.print(texts.stopped)


async def _run(
    settings: Settings, texts: ConsoleTexts, console: Console, stack: AsyncExitStack
) -> None:
    """Open the database, then do everything else, for as long as the database can be used."""
    token, api_url = settings.telegram_token.get_secret_value(), settings.telegram_api_url
    page = None
    if settings.is_playground:
        page = await stack.enter_async_context(PlaygroundServer(settings.playground_port))
        token, api_url = page.token, page.api_base_url
    hide_token(token)
    protect_folder(settings.data_dir)
    keep_private(Path(".env"), 0o600)  # The token is in it.
    stack.enter_context(hold_lock(settings.database, bot_id_of(token)))
    database = await Database.open(settings.database, bot_id_of(token))
    stack.push_async_callback(database.close)
    bot = build_bot(token, api_url)
    await _until_one_fails(
        _start(settings, texts, console, stack, page, database, bot),
        _fail_with(database.wait_until_failed()),
    )


async def _start(
    settings: Settings,
    texts: ConsoleTexts,
    console: Console,
    stack: AsyncExitStack,
    page: PlaygroundServer | None,
    database: Database,
    bot: Bot,
) -> None:
    """Start every part in order, then wait for one that cannot go on."""
    await stack.enter_async_context(
        hold_lease(database, lambda: console.print(texts.standing_by, soft_wrap=True))
    )
    await database.scrub(_SCRUB_AT_START_S)
    service = await start_generation(settings, stack)
    if page is not None:
        page.api.inside = Finder(service.client, lambda: None).inside
    await asyncio.to_thread(safety.prepare)
    front = compose(
        bot,
        database,
        service.client,
        is_open=settings.is_open,
        limits=Limits(
            running=settings.max_running or None,
            waiting=settings.max_waiting,
            waiting_per_person=settings.max_waiting_per_person,
            topic_characters=settings.max_topic_characters,
            group_messages=settings.group_messages_per_essay,
            retention_days=settings.retention_days,
        ),
        delivery_limits=DeliveryLimits(
            chat_per_s=settings.chat_messages_per_s,
            group_per_minute=settings.group_messages_per_minute,
            all_per_s=settings.all_messages_per_s,
        ),
        essay_timeout_s=settings.essay_timeout_s,
        help=read_help(settings.data_dir),
        webhook=WebhookAddress(settings.webhook_url, settings.webhook_host, settings.webhook_port)
        if settings.webhook_url and page is None
        else None,
    )
    if settings.metrics_port:
        monitoring = serve_monitoring(settings.metrics_host, settings.metrics_port, front.status)
        await stack.enter_async_context(monitoring)
    await front.recover()
    await introduce(bot, lambda reason: console.print(texts.telegram_unreachable(reason)))
    stack.push_async_callback(_shut_down, bot)
    stack.push_async_callback(front.stop, settings.stop_timeout_s)
    await publish_commands(bot)
    await _greet(texts, console, page, front, is_open=settings.is_open)
    parts = [
        front.run(),
        _prune_for_ever(front, timedelta(days=settings.retention_days)),
        _tell_when_ready(service, settings, texts, console),
    ]
    if service.supervisor is not None:
        parts.append(_fail_with(service.supervisor.wait_until_failed()))
    await _until_one_fails(*parts)


async def _shut_down(bot: Bot) -> None:
    # Connections that Telegram holds open must not hold the end up.
    with suppress(TimeoutError):
        async with asyncio.timeout(_SHUTDOWN_S):
            await bot.shutdown()


async def _prune_for_ever(front: Front, keep_for: timedelta) -> None:
    """Every hour delete what is old; not before updates came in, which tell a wrong clock."""
    minutes = 0
    while True:
        await asyncio.sleep(_LOOK_AT_CLOCK_EVERY_S)
        if not front.watch.is_doubtful() and minutes % _PRUNE_EVERY_MINUTES == 0:
            await prune(front.database, keep_for)
        minutes += 1


async def _fail_with(failure: Awaitable[StartupError]) -> None:
    raise await failure


async def _until_one_fails(*parts: Coroutine[Any, Any, None]) -> None:
    """Run parts side by side, until one raises; then cancel the others and raise that."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        # `gather` would be over as soon as one of them is cancelled, and the others be cancelled a
        # second time, in the middle of their cleaning up.
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome


async def _greet(
    texts: ConsoleTexts,
    console: Console,
    page: PlaygroundServer | None,
    front: Front,
    *,
    is_open: bool,
) -> None:
    if page is not None:
        console.print(f"\n{texts.no_token(page.url)}\n", soft_wrap=True)
        return
    console.print(f"\n{texts.token_ready(front.bot.username)}\n", soft_wrap=True)
    if is_open:
        return
    code = await front.database.step("owner code", people.owner_code)
    if code is not None:
        link = owner_link(front.bot.username, code)
        console.print(texts.owner_link(link), soft_wrap=True)


async def wait_for_model(
    service: GenerationService,
    settings: Settings,
    texts: ConsoleTexts,
    console: Console,
    unreachable_timeout_s: float | None = None,
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

        start_timeout_s = settings.generation_start_timeout_s
        if service.supervisor is not None:
            await service.supervisor.wait_until_ready(start_timeout_s, show)
            return
        await service.client.wait_until_ready(
            start_timeout_s, show, unreachable_timeout_s=unreachable_timeout_s
        )


async def _tell_when_ready(
    service: GenerationService, settings: Settings, texts: ConsoleTexts, console: Console
) -> None:
    try:
        await wait_for_model(service, settings, texts, console)
    except StartupError:
        return  # The program ends with it.
    except GenerationError as error:
        logger.warning("the generation service is not ready: %s", error)
    else:
        console.print(texts.model_ready)


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
