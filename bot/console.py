"""``redactor write``: the exercise that this project began with, made good."""

import secrets
import sys
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console

from bot.app import start_generation, wait_for_model
from bot.errors import InvalidParameterError, RequestError
from bot.essays import finishing
from bot.essays.writing import Writer
from bot.settings import Settings
from bot.storage.records import Preferences
from bot.texts.console import ConsoleTexts


async def write_essays(
    settings: Settings,
    texts: ConsoleTexts,
    console: Console,
    topic: str | None,
    choices: dict[str, Any],
    out: Path | None,
) -> bool:
    """Write one essay a topic, to standard output as they grow, and to a file.

    Args:
        settings: Which model, and how.
        texts: What is said in the terminal.
        console: Standard error: progress and failures, so that the output holds essays only.
        topic: The topic; None reads one a line from standard input.
        choices: Fields of :class:`Preferences` that were given.
        out: File that gets the essays too.

    Returns:
        Whether every essay was written.

    Raises:
        StartupError: The model cannot be loaded.
    """
    try:
        preferences = Preferences(**choices)
    except InvalidParameterError as error:
        console.print(texts.bad_value(error.name, error.minimum, error.maximum))
        return False
    topics = [topic] if topic else [line.strip() for line in sys.stdin if line.strip()]
    if not topics:
        console.print(texts.write_no_topic)
        return False
    async with AsyncExitStack() as stack:
        file = stack.enter_context(out.open("w", encoding="utf-8")) if out else None
        service = await start_generation(settings, stack)
        await wait_for_model(service, settings, texts, console)
        writer = Writer(service.client)
        is_done = True
        for number, one in enumerate(topics):
            if number:
                _put("\n\n", file)
            try:
                await _write(writer, one, preferences, file)
            except RequestError as error:
                console.print(texts.write_failed(str(error)))
                is_done = False
    if out:
        console.print(texts.write_saved(str(out)))
    return is_done


async def _write(
    writer: Writer, topic: str, preferences: Preferences, file: TextIO | None
) -> None:
    seed = secrets.randbits(32) if preferences.seed is None else preferences.seed
    shown = ""
    async for draft in writer.write(topic, preferences, seed):
        # What is not a whole sentence yet may be written otherwise.
        sure = max(finishing.sentence_ends(draft.text), default=0)
        text = draft.text if draft.is_final else draft.text[:sure]
        if text.startswith(shown):
            _put(text[len(shown) :], None)
            shown = text
        elif draft.is_final:
            # Something that stands above was written again: show the essay whole.
            _put(f"\n\n— — —\n\n{text}", None)
        if draft.is_final and file:
            file.write(text)
    _put("\n", file)


def _put(text: str, file: TextIO | None) -> None:
    with suppress(BrokenPipeError):
        sys.stdout.write(text)
        sys.stdout.flush()
    if file:
        file.write(text)
