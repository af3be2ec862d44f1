"""A small real bot: python-telegram-bot against the playground."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from telegram import (
    BotCommand,
    BotCommandScopeAllPrivateChats,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Update,
)
from telegram.ext import (
    Application,
    ApplicationBuilder,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    MessageHandler,
    filters,
)

from bot.playground import PlaygroundServer

Context = ContextTypes.DEFAULT_TYPE

COMMANDS = [
    BotCommand("redactar", "Escribe una redacción sobre un tema"),
    BotCommand("config", "Cambia tus ajustes"),
    BotCommand("borrador", "Muestra un texto que crece"),
    BotCommand("archivo", "Manda un archivo"),
    BotCommand("tema", "Pregunta por el tema"),
]


def keyboard(words: int) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(
        [
            [
                InlineKeyboardButton(
                    f"{'• ' if words == n else ''}{n}", callback_data=f"words:{n}"
                )
                for n in (150, 300, 600)
            ],
            [
                InlineKeyboardButton("Ayuda", callback_data="alert"),
                InlineKeyboardButton("Enlace", url="https://t.me/redactor_bot?start=clase-4b"),
            ],
        ]
    )


async def start(update: Update, context: Context) -> None:
    assert update.message is not None
    payload = " ".join(context.args or []) or "nada"
    await update.message.reply_text(f"¡Hola! Has entrado con: {payload}")


async def redactar(update: Update, context: Context) -> None:
    assert update.message is not None
    topic = " ".join(context.args or []) or "nada"
    await update.message.reply_text(f"{topic}.\n\nHabía una vez un mar.", do_quote=True)
    await update.message.set_reaction("👍")


async def config(update: Update, context: Context) -> None:
    assert update.message is not None
    await update.message.reply_text("Palabras: 300", reply_markup=keyboard(300))


async def pressed(update: Update, context: Context) -> None:
    query = update.callback_query
    assert query is not None
    if query.data == "alert":
        await query.answer("Elige cuántas palabras quieres.", show_alert=True)
        return
    words = int((query.data or "").partition(":")[2])
    await query.answer(f"Ahora son {words} palabras")
    await query.edit_message_text(f"Palabras: {words}", reply_markup=keyboard(words))


async def borrador(update: Update, context: Context) -> None:
    assert update.message is not None
    await context.bot.send_chat_action(update.message.chat_id, "typing")
    words = ["El", "mar", "es", "hermoso"]
    for count in range(len(words) + 1):
        await context.bot.send_message_draft(
            update.message.chat_id, 7, " ".join(words[:count]), api_kwargs={"can_stop": True}
        )


async def archivo(update: Update, context: Context) -> None:
    assert update.message is not None
    await update.message.reply_document(
        "¡Qué mar!\n".encode(), filename="redacción.txt", caption="Tu redacción"
    )


async def tema(update: Update, context: Context) -> None:
    assert update.message is not None
    await update.message.reply_text(
        "¿Sobre qué tema?", reply_markup=ForceReply(selective=True), do_quote=True
    )


async def echo(update: Update, context: Context) -> None:
    message = update.effective_message
    assert message is not None
    edited = "editado: " if update.edited_message else ""
    name = message.document.file_name if message.document else message.text or "una foto"
    await message.reply_text(f"Eco de {edited}{name}", do_quote=True)


def build(server: PlaygroundServer) -> Application:  # type: ignore[type-arg]
    application = (
        ApplicationBuilder()
        .token(server.token)
        .base_url(server.api_base_url)
        .base_file_url(server.file_base_url)
        .build()
    )
    for name, handler in (
        ("start", start),
        ("redactar", redactar),
        ("config", config),
        ("borrador", borrador),
        ("archivo", archivo),
        ("tema", tema),
    ):
        only_new = filters.UpdateType.MESSAGE
        application.add_handler(CommandHandler(name, handler, filters=only_new))
    application.add_handler(CallbackQueryHandler(pressed))
    echoed = filters.TEXT | filters.Document.ALL | filters.PHOTO
    application.add_handler(MessageHandler(echoed, echo))
    return application


@asynccontextmanager
async def running(server: PlaygroundServer) -> AsyncIterator[Application]:  # type: ignore[type-arg]
    """Poll the playground until the block ends."""
    application = build(server)
    async with application:
        await application.bot.set_my_commands(COMMANDS)
        await application.bot.set_my_commands(COMMANDS, BotCommandScopeAllPrivateChats(), "es")
        assert application.updater is not None
        await application.updater.start_polling(allowed_updates=Update.ALL_TYPES)
        await application.start()
        try:
            yield application
        finally:
            await application.updater.stop()
            await application.stop()
