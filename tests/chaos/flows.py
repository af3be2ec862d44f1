"""What people do while the bot is killed, and what they are owed for it."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from bot.playground.faults import Fault
from bot.playground.gateway import Call
from bot.playground.seed import Classroom
from bot.playground.server import PlaygroundServer
from bot.texts import SPANISH
from tests.chaos.launcher import Edge
from tests.chaos.process import Bot
from tests.chaos.service import Behaviour
from tests.telegram_in_process.shown import Shown, shown

CHAT, CONFIG = SPANISH.chat, SPANISH.config
PATIENCE_S = 300.0
STOPPED = (CHAT.stopped, CHAT.stopped_with_text)

Request = tuple[int, int]
"""Chat and number of the message that asks for an essay."""


@dataclass
class Scene:
    """One run of a flow.

    Attributes:
        server: The local Bot API.
        bot: The processes.
        service: How this run's texts are written.
        essays: How many essays each request is owed.
        cancelling: Requests that may end in a cancellation instead.
        words: Sentences that a chat is owed once: its name, the chat, and how to know it.
        erased: Chats in which nothing may come after the word that everything was deleted.
        is_numbered: Whether texts are of numbered sentences, and not the model's.
    """

    server: PlaygroundServer
    bot: Bot
    service: Behaviour
    essays: dict[Request, int] = field(default_factory=dict)
    cancelling: set[Request] = field(default_factory=set)
    words: list[tuple[str, int, Callable[[Shown], object]]] = field(default_factory=list)
    erased: set[int] = field(default_factory=set)
    is_numbered: bool = True

    @property
    def room(self) -> Classroom:
        """The people and chats there are."""
        assert self.server.classroom is not None
        return self.server.classroom

    @property
    def lucia(self) -> int:
        """Who asks where nobody is named."""
        return self.room.lucia

    def write(self, text: str, chat_id: int | None = None, person: int | None = None) -> Request:
        """Somebody writes; in private unless a chat is named."""
        person = person or self.lucia
        chat_id = chat_id or person
        return chat_id, self.server.people.send(chat_id, person, text).id

    def ask(self, text: str, chat_id: int | None = None, person: int | None = None) -> Request:
        """Somebody asks for an essay, and is owed one."""
        request = self.write(text, chat_id, person)
        self.owe(request)
        return request

    def owe(self, request: Request) -> None:
        """One more essay is owed to a request."""
        self.essays[request] = self.essays.get(request, 0) + 1

    def expect(self, name: str, is_it: Callable[[Shown], object]) -> None:
        """Lucía is owed a word."""
        self.words.append((name, self.lucia, is_it))

    def configure(self, name: str, value: int) -> None:
        """Lucía sets a setting by words."""
        self.write(f"/config {CONFIG.keyword[name]} {value}")
        answer = CONFIG.changed(CONFIG.value(CONFIG.names[name], str(value))).removesuffix(".")
        self.expect(f"the answer to /config {name}", lambda one: one.text.startswith(answer))

    def of_bot(self, chat_id: int) -> list[Shown]:
        """What the bot wrote in a chat and still stands."""
        bot_id = self.server.world.bot.id
        messages = self.server.world.chats[chat_id].messages.values()
        return [s for s in (shown(one, bot_id) for one in messages) if s.is_bots and not s.service]

    def ends(self, request: Request) -> int:
        """How many essays have ended under a request: each does with a button for another."""
        return sum(
            has_button(one, "again") and not is_stopped(one)
            for one in self.of_bot(request[0])
            if one.reply_to == request[1]
        )

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait for something to become true, whoever is killed meanwhile."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                await asyncio.sleep(0.02)

    async def press(self, kind: str) -> None:
        """Lucía presses the newest button of a kind, once there is one."""

        def newest() -> tuple[int, str] | None:
            for message in reversed(self.of_bot(self.lucia)):
                for data in message.buttons.values():
                    if data.startswith(f"{kind}:"):
                        return message.id, data
            return None

        await self.until(newest)
        message_id, data = newest() or (0, "")
        self.server.people.press(self.lucia, self.lucia, message_id, data)


def has_button(message: Shown, kind: str) -> bool:
    """Whether there is a button of a kind under a message."""
    return any(data.startswith(f"{kind}:") for data in message.buttons.values())


def is_stopped(message: Shown) -> bool:
    """Whether a message says that an essay was stopped."""
    return message.text.startswith(STOPPED)


async def write(scene: Scene) -> None:
    """``/redactar`` in private, in one message."""
    scene.ask("/redactar El mar")


async def question(scene: Scene) -> None:
    """``/redactar`` alone, then a topic."""
    scene.write("/redactar")
    await scene.until(lambda: any(one.forces_reply for one in scene.of_bot(scene.lucia)))
    scene.ask("El viento")


async def pieces(scene: Scene) -> None:
    """An essay of several messages."""
    scene.configure("chunk_units", 200)
    scene.configure("words", 90)
    scene.ask("/redactar La lluvia")


async def group(scene: Scene) -> None:
    """``/redactar`` in a group, where the placeholder shows the text as it grows."""
    scene.service.pause_s = 0.03
    scene.ask("/redactar@redactor_bot El río", scene.room.group)


async def another(scene: Scene) -> None:
    """``/otra`` and ``/continuar`` after an essay."""
    first = scene.ask("El otoño")
    await scene.until(lambda: scene.ends(first))
    scene.ask("/otra")
    more = scene.ask("/continuar")
    await scene.until(lambda: scene.ends(more))


async def buttons(scene: Scene) -> None:
    """*Otra* and *Continuar* under an essay; both answer its request."""
    first = scene.ask("El tren")
    for count, kind in enumerate(("again", "more"), start=1):
        await scene.until(lambda: scene.ends(first) >= count)  # noqa: B023
        scene.owe(first)
        await scene.press(kind)
    await scene.until(lambda: scene.ends(first) >= 3)


async def wait(scene: Scene) -> None:
    """Three people ask at once, and one essay is written at a time."""
    for person, topic in zip(scene.room.students, ("El sol", "La luna", "El eco"), strict=False):
        scene.ask(f"/redactar {topic}", person=person)


async def cancel(scene: Scene) -> None:
    """``/cancelar`` while something is written and something waits."""
    scene.service.pause_s = 0.03
    asked = [scene.ask("/redactar El universo"), scene.ask("/redactar La luna")]
    await asyncio.sleep(1.0)
    scene.cancelling.update(asked)
    scene.write("/cancelar")
    answers = (CHAT.nothing_to_cancel, *(CHAT.cancelled(count) for count in (1, 2)))
    scene.expect("the answer to /cancelar", lambda one: not one.reply_to and one.text in answers)


async def cancel_by_button(scene: Scene) -> None:
    """*Cancelar* under the placeholder."""
    scene.service.pause_s = 0.03
    asked = scene.ask("/redactar El cielo")
    scene.cancelling.add(asked)
    with_button = asyncio.create_task(scene.press("stop"))
    # Where everything is over before there is a button to press, there is nothing to cancel.
    over = asyncio.create_task(scene.until(lambda: scene.ends(asked)))
    await asyncio.wait({with_button, over}, return_when=asyncio.FIRST_COMPLETED)
    for task in (with_button, over):
        task.cancel()


async def configure(scene: Scene) -> None:
    """``/config`` by words and by buttons."""
    scene.configure("words", 60)
    scene.write("/config")
    for _ in range(2):
        await scene.press("cfg")
        await asyncio.sleep(0.2)
    scene.expect("the changed menu", lambda one: one.edit_date and has_button(one, "cfg"))


async def erase(scene: Scene) -> None:
    """``/borrar`` while one essay is written and another waits."""
    scene.service.pause_s = 0.03
    scene.cancelling.update((scene.ask("/redactar El volcán"), scene.ask("/redactar La isla")))
    scene.write("/borrar")
    await scene.press("erase")
    scene.erased.add(scene.lucia)
    scene.expect("the word that all is deleted", lambda one: one.text == CHAT.erased)


async def fail(scene: Scene) -> None:
    """An essay that the service refuses, and a second try."""
    scene.service.refusals = 1
    request = scene.write("/redactar El pozo")
    await scene.press("retry")
    scene.expect("the word of a failure", lambda one: has_button(one, "retry"))
    scene.owe(request)


async def stop(scene: Scene) -> None:
    """The bot is told to stop while essays are written and wait."""
    scene.service.pause_s = 0.03
    scene.ask("/redactar El faro")
    scene.ask("/redactar La playa")
    await scene.until(lambda: any(has_button(one, "stop") for one in scene.of_bot(scene.lucia)))
    await asyncio.sleep(0.3)
    scene.bot.tell_to_stop()


async def two_at_once(scene: Scene) -> None:
    """Somebody starts the bot a second time, while an essay is on its way to its chat."""
    # Before it leave the answer about the settings and the acknowledgement.
    late = Fault(kind="late", method="sendMessage", delay_s=8, acts="last", skip=2)
    scene.server.gateway.faults.add(late)
    asked = scene.ask("/redactar El reloj")

    def on_their_way() -> list[Call]:
        calls = scene.server.gateway.calls
        return [one for one in calls if one.method == "sendMessage" and one.status is None]

    await scene.until(lambda: on_their_way() and not scene.server.gateway.faults.due)
    scene.bot.start_another()
    await scene.until(lambda: scene.ends(asked) and not on_their_way())


@dataclass(frozen=True)
class Flow:
    """What people do in one run.

    Attributes:
        play: Does it.
        settings: Of the bot.
        after: The edge at which its first process dies; what is looked at is the second one.
    """

    play: Callable[[Scene], Coroutine[Any, Any, None]]
    settings: dict[str, str] = field(default_factory=dict)
    after: Edge | None = None


FLOWS = {
    "redactar": Flow(write),
    "question": Flow(question),
    "pieces": Flow(pieces),
    "group": Flow(group),
    "waiting": Flow(wait, {"REDACTOR_MAX_RUNNING": "1"}),
    "otra": Flow(another),
    "buttons": Flow(buttons),
    "cancelar": Flow(cancel),
    "stop button": Flow(cancel_by_button),
    "borrar": Flow(erase),
    "config": Flow(configure),
    "failing": Flow(fail),
    "stopping": Flow(stop),
    "starting, in doubt": Flow(pieces, after=("request", "sendMessage", "after", 3)),
    "starting, writing": Flow(write, after=("text", "piece", "after", 9)),
    "starting, written": Flow(pieces, after=("commit", "finish", "after", 1)),
    "starting, erasing": Flow(erase, after=("commit", "erase button", "after", 1)),
}
"""What is killed at each of its edges."""
TWO_AT_ONCE = Flow(two_at_once)
