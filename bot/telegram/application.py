"""The map of the bot: every handler, top to bottom, in one place; and how it starts and stops.

The order of a life, of which this module has the Telegram part::

    bot = build_bot(token, base_url)
    delivery = Delivery(limits, on_migrated)      paces what is sent
    outbox = Outbox(bot, delivery)                what can be sent
    presenter = Presenter(outbox, jobs)           the dispatcher's observer
    dispatcher = Dispatcher(writer, jobs, presenter)
    queue = DurableUpdateQueue(journal)
    application = build_application(bot, queue, Front(…))

    await application.initialize(); await dispatcher.start(); await start_receiving(application)
    await stop_receiving(application); await dispatcher.stop(…); await application.stop()
    await delivery.stop(…); await application.shutdown()
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Any
from urllib.parse import urlsplit

from telegram import Update
from telegram.error import TelegramError
from telegram.ext import (
    ApplicationBuilder,
    ApplicationHandlerStop,
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    ContextTypes,
    ExtBot,
    MessageHandler,
    TypeHandler,
    filters,
)
from telegram.helpers import create_deep_linked_url
from telegram.request import BaseRequest, HTTPXRequest

from bot.telegram import keyboards
from bot.telegram.commands import (
    about,
    buttons,
    config,
    erasing,
    membership,
    waiting,
    writing,
)
from bot.telegram.context import (
    Front,
    FrontApplication,
    FrontContext,
    is_group,
    person_of,
    share,
)
from bot.telegram.failures import handle_error
from bot.telegram.intake import ALLOWED_UPDATES, DurableUpdateQueue, OrderedUpdateProcessor
from bot.telegram.menu import COMMANDS, publish_commands

logger = logging.getLogger(__name__)

Callback = Callable[[Update, FrontContext], Coroutine[Any, Any, None]]

_CONNECTIONS = 64
_READ_TIMEOUT_S = 20.0
"""Longer than the library's 5 s: a timeout leaves open whether a message was sent."""
_BOOTSTRAP_RETRIES = 5
_GATE, _BOT = -1, 0

HANDLERS: Mapping[str, Callback] = {
    "write": writing.write,
    "again": writing.again,
    "continue": writing.go_on,
    "cancel": waiting.cancel,
    "queue": waiting.show_queue,
    "config": config.config,
    "help": about.show_help,
    "privacy": about.show_privacy,
    "erase": erasing.ask,
    "start": about.start,
}
"""What each of ``COMMANDS`` does."""


def build_bot(
    token: str,
    base_url: str,
    *,
    request: BaseRequest | None = None,
    get_updates_request: BaseRequest | None = None,
) -> ExtBot[None]:
    """Make Telegram's methods.

    Args:
        token: The bot's token.
        base_url: The Bot API up to and including ``/bot``.
        request: The transport; httpx if None.
        get_updates_request: The transport of the long poll; httpx if None.
    """
    host = urlsplit(base_url).hostname or ""
    # A proxy that the environment names cannot reach a Bot API on this very machine.
    options: dict[str, Any] = {"trust_env": host not in ("127.0.0.1", "localhost", "::1")}
    return ExtBot(
        token,
        base_url=base_url,
        base_file_url=base_url.removesuffix("/bot") + "/file/bot",
        request=request
        or HTTPXRequest(
            connection_pool_size=_CONNECTIONS,
            read_timeout=_READ_TIMEOUT_S,
            httpx_kwargs=options,
        ),
        get_updates_request=get_updates_request
        or HTTPXRequest(connection_pool_size=1, httpx_kwargs=options),
    )


def build_application(
    bot: ExtBot[None], queue: DurableUpdateQueue, front: Front
) -> FrontApplication:
    """Register everything that the bot reacts to.

    Args:
        bot: Telegram's methods.
        queue: Where updates come from.
        front: What the handlers use.
    """
    application: FrontApplication = (
        ApplicationBuilder()
        .bot(bot)
        .update_queue(queue)
        .concurrent_updates(OrderedUpdateProcessor(queue))
        .context_types(ContextTypes(context=FrontContext))
        .job_queue(None)
        .build()
    )
    share(application, front)

    # Nothing happens before it is clear that the sender may use the bot.
    application.add_handler(TypeHandler(Update, guard), group=_GATE)

    # The bot's own place in groups comes first: it decides what is open.
    add = application.add_handler
    add(ChatMemberHandler(membership.membership_changed, ChatMemberHandler.MY_CHAT_MEMBER))
    add(MessageHandler(filters.StatusUpdate.MIGRATE, membership.migrated))

    # Commands match edited messages too, unless told otherwise.
    new = filters.UpdateType.MESSAGE
    for command in COMMANDS:
        add(CommandHandler(command.names, HANDLERS[command.key], filters=new))

    private, groups = filters.ChatType.PRIVATE, filters.ChatType.GROUPS
    # In private a plain message is a topic; in a group only the answer to the bot's question.
    words = new & filters.TEXT & ~filters.COMMAND
    add(MessageHandler(words & private, writing.take_topic))
    add(MessageHandler(words & groups & filters.REPLY, writing.take_topic))
    add(MessageHandler(new & private & filters.COMMAND, about.unknown_command))
    add(MessageHandler(new & private & ~filters.StatusUpdate.ALL, about.not_text))

    add(CallbackQueryHandler(config.press, pattern=rf"^{keyboards.CONFIG}:"))
    add(CallbackQueryHandler(erasing.answer, pattern=rf"^{keyboards.ERASE}:[uc]-?\d+:(yes|no)$"))
    job_buttons = "|".join(
        (keyboards.CANCEL, keyboards.AGAIN, keyboards.CONTINUE, keyboards.RETRY)
    )
    add(CallbackQueryHandler(buttons.press, pattern=rf"^({job_buttons}):\d+$"))
    add(CallbackQueryHandler(buttons.gone))

    # Newer than the library, which hands it over as an update without a kind.
    add(TypeHandler(Update, buttons.stopped_by_telegram))

    application.add_error_handler(handle_error)
    return application


async def guard(update: Update, context: FrontContext) -> None:
    """The gate: stop what may not pass, and tell strangers so, once."""
    message, chat = update.message, update.effective_chat
    if message is not None:
        context.front.outbox.delivery.saw(message.chat.id, message.message_id)
    if update.my_chat_member is not None or _is_service(update) or _is_start(update):
        return
    if update.effective_user is None and update.api_kwargs:
        # A kind that the library does not know; its handler looks at what it is.
        return
    if await context.front.gate.admits(update, person_of(update)):
        return
    texts = context.texts(update).chat
    if update.callback_query is not None:
        context.toast(update, texts.stranger_toast)
    elif chat is not None and context.front.gate.is_new_stranger(chat):
        if is_group(chat):
            context.answer(update, texts.group_closed)
        elif context.front.gate.store.owner() is None:
            context.answer(update, texts.unclaimed)
        else:
            context.answer(update, texts.stranger)
    raise ApplicationHandlerStop


def owner_link(bot_username: str, code: str) -> str:
    """The link that makes whoever opens it the owner."""
    return create_deep_linked_url(bot_username, code)


async def start_receiving(application: FrontApplication) -> int:
    """Take up what the last run left, fill the menus, and begin to poll.

    The application must be initialized and the dispatcher started.

    Returns:
        The number of updates taken up from the last run.

    Raises:
        TelegramError: Telegram cannot be reached.
    """
    queue, updater = application.update_queue, application.updater
    assert isinstance(queue, DurableUpdateQueue)
    assert updater is not None  # mypy: the builder made one
    await publish_commands(application.bot)
    await application.start()
    count = queue.replay(application.bot)
    await updater.start_polling(
        allowed_updates=list(ALLOWED_UPDATES),
        bootstrap_retries=_BOOTSTRAP_RETRIES,
        error_callback=_log_polling_error,
    )
    return count


async def stop_receiving(application: FrontApplication, timeout_s: float = 10.0) -> None:
    """Stop polling, then let the handlers finish what was received.

    What they do not finish in time is in the journal and is taken up by the next start.
    """
    updater = application.updater
    if updater is not None and updater.running:
        await updater.stop()
    try:
        async with asyncio.timeout(timeout_s):
            await application.update_queue.join()
    except TimeoutError:
        logger.warning("some updates are left to the next start")


def _log_polling_error(error: TelegramError) -> None:
    logger.warning("polling: %s", type(error).__name__)


def _is_service(update: Update) -> bool:
    message = update.message
    return message is not None and bool(message.migrate_to_chat_id or message.migrate_from_chat_id)


def _is_start(update: Update) -> bool:
    """Whether it is the owner's link, which a stranger must be able to open."""
    message = update.message
    if message is None or message.text is None or is_group(message.chat):
        return False
    words = message.text.split()
    return len(words) == 2 and words[0] == "/start"
