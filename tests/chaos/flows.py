"""What people do while the bot is killed, and what they are owed for it."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from bot.playground.model import Message
from bot.playground.seed import Classroom
from bot.playground.server import PlaygroundServer
from bot.texts import SPANISH

PATIENCE_S = 120.0


@dataclass
class Scene:
    """One run of a flow.

    Attributes:
        server: The local Bot API.
        essays: Essays owed, by the chat and the number of the request that they answer.
        words: Sentences owed to a chat: a test of the text each.
        erased: Chats in which nothing may come after the word that everything was deleted.
        is_cancelling: Whether essays may end as a cancellation instead.
    """

    server: PlaygroundServer
    essays: dict[tuple[int, int], int] = field(default_factory=dict)
    words: list[tuple[int, Callable[[str], bool]]] = field(default_factory=list)
    erased: set[int] = field(default_factory=set)
    is_cancelling: bool = False

    @property
    def room(self) -> Classroom:
        """The people and chats there are."""
        assert self.server.classroom is not None
        return self.server.classroom

    @property
    def lucia(self) -> int:
        """Who asks."""
        return self.room.lucia

    def write(self, text: str, chat_id: int | None = None) -> Message:
        """Lucía writes."""
        return self.server.people.send(chat_id or self.lucia, self.lucia, text)

    def ask(self, text: str, chat_id: int | None = None) -> Message:
        """Lucía asks for an essay, and is owed one."""
        message = self.write(text, chat_id)
        self.owe(chat_id or self.lucia, message.id)
        return message

    def owe(self, chat_id: int, message_id: int) -> None:
        """One more essay is owed to a request."""
        key = (chat_id, message_id)
        self.essays[key] = self.essays.get(key, 0) + 1

    def of_bot(self, chat_id: int) -> list[Message]:
        """What the bot wrote in a chat and still stands."""
        bot_id = self.server.world.bot.id
        return [
            one
            for one in self.server.world.chats[chat_id].messages.values()
            if one.sender_id == bot_id and not one.service
        ]

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait for something to become true, whoever is killed meanwhile."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                await asyncio.sleep(0.02)

    async def press(self, kind: str, chat_id: int | None = None) -> None:
        """Press the newest button of a kind, once there is one."""
        chat_id = chat_id or self.lucia

        def newest() -> tuple[Message, str] | None:
            for message in reversed(self.of_bot(chat_id)):
                data = button(message, kind)
                if data is not None:
                    return message, data
            return None

        await self.until(newest)
        found = newest()
        assert found is not None
        message, data = found
        self.server.people.press(chat_id, self.lucia, message.id, data)


def button(message: Message, kind: str) -> str | None:
    """The data of a message's button of a kind, or None."""
    for row in (message.markup or {}).get("inline_keyboard", []):
        for one in row:
            if str(one.get("callback_data", "")).startswith(f"{kind}:"):
                return str(one["callback_data"])
    return None


def essays_in(scene: Scene, chat_id: int, message_id: int) -> int:
    """How many essays stand under a request: each ends with a button for another."""
    return sum(
        button(one, "again") is not None
        for one in scene.of_bot(chat_id)
        if one.reply_to == message_id and not (one.text or "").startswith(STOPPED)
    )


STOPPED = SPANISH.chat.stopped_with_text


async def write(scene: Scene) -> None:
    """``/redactar`` in private, in one message."""
    scene.ask("/redactar El mar")


async def write_in_pieces(scene: Scene) -> None:
    """An essay of several messages."""
    scene.write("/config trozo 200")
    scene.words.append((scene.lucia, lambda text: "200" in text))
    scene.ask("/redactar La lluvia")


async def write_in_group(scene: Scene) -> None:
    """``/redactar`` in a group."""
    scene.ask("/redactar@redactor_bot El río", scene.room.group)


async def another(scene: Scene) -> None:
    """``/otra`` and ``/continuar`` after an essay."""
    first = scene.ask("El otoño")
    await scene.until(lambda: essays_in(scene, scene.lucia, first.id))
    scene.ask("/otra")
    more = scene.ask("/continuar")
    await scene.until(lambda: essays_in(scene, scene.lucia, more.id))


async def buttons(scene: Scene) -> None:
    """*Otra* and *Continuar* under an essay; both answer its request."""
    first = scene.ask("El tren")
    await scene.until(lambda: essays_in(scene, scene.lucia, first.id))
    for kind in ("again", "more"):
        before = essays_in(scene, scene.lucia, first.id)
        scene.owe(scene.lucia, first.id)
        await scene.press(kind)
        await scene.until(lambda: essays_in(scene, scene.lucia, first.id) > before)  # noqa: B023


async def cancel(scene: Scene) -> None:
    """``/cancelar`` while something is written and something waits."""
    scene.is_cancelling = True
    scene.ask("/redactar El universo")
    scene.ask("/redactar La luna")
    scene.write("/cancelar")

    def is_answer(text: str) -> bool:
        known = (SPANISH.chat.nothing_to_cancel, SPANISH.chat.stopped)
        return text in known or text.startswith("He cancelado")

    scene.words.append((scene.lucia, is_answer))


async def stop_button(scene: Scene) -> None:
    """*Cancelar* under the placeholder."""
    scene.is_cancelling = True
    scene.write("/config longitud 1500")
    scene.words.append((scene.lucia, lambda text: "1500" in text.replace(" ", "")))
    scene.ask("/redactar El cielo")
    await scene.press("stop")


async def configure(scene: Scene) -> None:
    """``/config`` by words and by buttons."""
    scene.write("/config longitud 60")
    scene.words.append((scene.lucia, lambda text: "60" in text))
    scene.write("/config")
    await scene.press("cfg")


async def erase(scene: Scene) -> None:
    """``/borrar`` while an essay is written."""
    scene.is_cancelling = True
    scene.ask("/redactar El volcán")
    scene.write("/borrar")
    await scene.press("erase")
    scene.erased.add(scene.lucia)
    scene.words.append((scene.lucia, lambda text: text == SPANISH.chat.erased))


FLOWS: dict[str, Callable[[Scene], Coroutine[Any, Any, None]]] = {
    "redactar": write,
    "pieces": write_in_pieces,
    "group": write_in_group,
    "otra": another,
    "buttons": buttons,
    "cancelar": cancel,
    "stop": stop_button,
    "config": configure,
    "borrar": erase,
}
