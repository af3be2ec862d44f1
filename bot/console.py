"""``redactor write``: the exercise that this project began with, made good."""

import asyncio
import secrets
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryFile
from typing import Any
from urllib.parse import urlsplit

from rich.console import Console

from bot.app import start_generation, wait_for_model
from bot.errors import FailureReason, GenerationError, InvalidParameterError, RequestError
from bot.essays import finishing
from bot.essays.apologies import failure_text
from bot.essays.writing import Writer
from bot.settings import Settings
from bot.storage.records import Preferences
from bot.texts import Texts

_UNREACHABLE_S = 15.0
_SLOW_S = 15.0
_OF_THE_SERVICE = {FailureReason.AWAY, FailureReason.TIMEOUT, FailureReason.MISCONFIGURED}


async def write_essays(
    settings: Settings,
    texts: Texts,
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
    said = texts.console

    def say(sentence: str) -> None:
        console.print(sentence, markup=False, soft_wrap=True)

    try:
        preferences = Preferences(**choices)
    except InvalidParameterError as error:
        say(said.bad_value(error.name, error.minimum, error.maximum))
        return False
    topics = [topic] if topic else [line.strip() for line in sys.stdin if line.strip()]
    if not topics:
        say(said.write_no_topic)
        return False
    file = _EssayFile(out)
    is_done = True
    try:
        file.check()
        async with AsyncExitStack() as stack:
            service = await start_generation(settings, stack)
            await wait_for_model(service, settings, said, console, _UNREACHABLE_S)
            writer = Writer(service.client)
            for number, one in enumerate(topics):
                if number:
                    _put("\n\n")
                try:
                    slow = lambda: say(said.service_slow)  # noqa: E731
                    file.add(await _write(writer, one, preferences, slow))
                except RequestError as error:
                    say(_sentence(error, settings, texts))
                    is_done = False
    except GenerationError as error:
        say(_sentence(error, settings, texts))
        return False
    except OSError as error:
        say(said.write_not_saved(str(out), error.strerror or str(error)))
        return False
    if out and file.has_essays:
        say(said.write_saved(str(out)))
    return is_done


def _sentence(error: RequestError, settings: Settings, texts: Texts) -> str:
    """What went wrong, to whoever can look after the service."""
    urls = settings.generation_url.split(",")
    address = ", ".join(urlsplit(url.strip()).netloc.rpartition("@")[2] for url in urls)
    if address and isinstance(error, GenerationError) and error.reason in _OF_THE_SERVICE:
        return texts.console.service_failed(address, error.detail or str(error))
    return texts.console.write_failed(failure_text(error, texts.failures))


async def _write(
    writer: Writer, topic: str, preferences: Preferences, say_slow: Callable[[], None]
) -> str:
    """Show an essay while it grows; return it."""
    seed = secrets.randbits(32) if preferences.seed is None else preferences.seed
    shown, text = "", ""
    slow = asyncio.get_running_loop().call_later(_SLOW_S, say_slow)
    try:
        async for draft in writer.write(topic, preferences, seed):
            slow.cancel()
            # What is not a whole sentence yet may be written otherwise.
            sure = max(finishing.sentence_ends(draft.text), default=0)
            text = draft.text if draft.is_final else draft.text[:sure]
            if text.startswith(shown):
                _put(text[len(shown) :])
                shown = text
            elif draft.is_final:
                # Something that stands above was written again: show the essay whole.
                _put(f"\n\n— — —\n\n{text}")
    finally:
        slow.cancel()
        _put("\n")
    return text


class _EssayFile:
    """The file that gets the essays; what it held before stays until there is one.

    Attributes:
        has_essays: Whether there is one.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file.resolve() if file else None  # a link goes on to lead there
        self._essays: list[str] = []
        self.has_essays = False

    def check(self) -> None:
        """Find out, before a model is loaded, whether the file can be written.

        Raises:
            OSError: It cannot.
        """
        if self._file is None:
            return
        if self._file.exists():
            self._file.open("ab").close()
        if not _is_device(self._file):
            TemporaryFile(dir=self._file.parent).close()

    def add(self, essay: str) -> None:
        """Save one more.

        Raises:
            OSError: It cannot be written; the file is as it was.
        """
        if self._file is None:
            return
        self._essays.append(f"{essay}\n")
        self.has_essays = True
        if _is_device(self._file):
            self._file.write_text(self._essays[-1], "utf-8")
            return
        mode = self._file.stat().st_mode & 0o777 if self._file.exists() else 0o644
        with NamedTemporaryFile("w", encoding="utf-8", dir=self._file.parent, delete=False) as new:
            whole = Path(new.name)
            try:
                new.write("\n\n".join(self._essays))
                new.flush()
                whole.chmod(mode)
            except OSError:
                whole.unlink()
                raise
        whole.replace(self._file)


def _is_device(file: Path) -> bool:
    return file.exists() and not file.is_file()


def _put(text: str) -> None:
    with suppress(BrokenPipeError):
        sys.stdout.write(text)
        sys.stdout.flush()
