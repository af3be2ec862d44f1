# mypy: ignore-errors
# ruff: noqa: I001 - some of these modules exist in the first version only
"""Makes the databases in ``data/``: folders of the first version, killed in every state.

The first version's own front wrote them, with its own test classroom around it. At the moment of
the "kill" the committed rows are dumped, beside what stood in the chats then. To make them again::

    git worktree add /tmp/landed 5049b18
    PYTHONPATH=/tmp/landed .venv/bin/python tests/storage/landed.py

``NAME.sql`` has the rows, their times moved to ``MOMENT``; ``NAME.json`` the chats: by chat and
message number who wrote what, with which buttons.
"""

import asyncio
import json
import re
import sqlite3
import tempfile
from collections import defaultdict
from pathlib import Path

from bot.essays.dispatcher import Limits
from bot.essays.job import JobState
from bot.essays.preferences import Preferences, Style

from bot.errors import GenerationError
from tests.telegram.classroom import Classroom
from tests.telegram.fake_telegram import Failure, FakeTelegram
from tests.telegram.virtual_time import VirtualTimeLoop

DATA = Path(__file__).parent / "data"
MOMENT = "2027-01-15 08:10:00.000000"
LUCIA, MATEO, SOFIA, TEACHER = 5_100_000_001, 5_100_000_002, 5_100_000_003, 5_100_000_005
GROUP, FORUM = -4_200_000_001, -1_002_000_000_001
ARRIVES_UNHEARD = Failure(is_processed=True, is_silent=True)
NEVER_ARRIVES = Failure(429, "Too Many Requests", {"retry_after": 900})


class Telegram(FakeTelegram):
    """Counts as Telegram does: supergroups by themselves, all other chats together."""

    def __init__(self):
        super().__init__()
        self.last_id = defaultdict(lambda: 100_000_600)
        self.asked = defaultdict(dict)

    def next_message_id(self, chat_id):
        counter = chat_id if chat_id < -1_000_000_000_000 else 0
        self.last_id[counter] += 1
        return self.last_id[counter]


class Landed(Classroom):
    """The first version's classroom; notes what people write."""

    def message(self, text, person, chat_id, message_id, **fields):
        self.telegram.asked[chat_id][message_id] = [person, text]
        return super().message(text, person, chat_id, message_id, **fields)

    async def until(self, condition):
        while not condition():
            await asyncio.sleep(0.2)

    def last(self, person, chat_id=None):
        return self.jobs.last_of(f"user:{person}", chat_id or person)


async def waiting_and_running(room):
    room.people.save_preferences(f"user:{LUCIA}", Preferences(words=60, style=Style.STORY))
    await room.say("El faro", LUCIA)
    await room.say("La lluvia", LUCIA)
    await room.say("/redactar El tren", MATEO, GROUP)
    await room.say("/redactar La nieve", SOFIA, FORUM)
    await room.settle()


async def half_written(room):
    await room.say("El faro", LUCIA)
    await room.say("/redactar El tren", MATEO, GROUP)
    room.service.gate.set()
    await asyncio.sleep(6)


async def acknowledgement_arrived_unheard(room):
    room.telegram.fail("sendMessage", ARRIVES_UNHEARD)
    await room.say("/redactar El faro", LUCIA, GROUP)
    await asyncio.sleep(1)


async def acknowledgement_on_its_way(room):
    room.telegram.held = asyncio.Event()
    await room.say("El faro", LUCIA)
    await asyncio.sleep(1)


async def partly_delivered(room):
    room.people.save_preferences(f"user:{LUCIA}", Preferences(words=200, chunk_units=400))
    await room.say("El faro", LUCIA)
    await room.settle()
    room.service.gate.set()
    await room.until(lambda: room.last(LUCIA).delivered_chunks)
    room.telegram.fail("sendMessage", NEVER_ARRIVES)
    await asyncio.sleep(0.1)


async def written(room):
    room.people.save_preferences(f"user:{LUCIA}", Preferences(words=200, chunk_units=400))
    await room.say("/redactar El faro", LUCIA, FORUM)
    await room.settle()
    room.telegram.fail("sendMessage", NEVER_ARRIVES)
    room.service.gate.set()
    await room.until(lambda: room.last(LUCIA, FORUM).state is JobState.WRITTEN)
    await asyncio.sleep(0.5)


async def piece_arrived_unheard(room):
    room.people.save_preferences(f"user:{LUCIA}", Preferences(words=200, chunk_units=400))
    await room.say("/redactar El faro", LUCIA, GROUP)
    await room.settle()
    room.service.gate.set()
    await room.until(lambda: room.last(LUCIA, GROUP).delivered_chunks)
    room.telegram.fail("sendMessage", ARRIVES_UNHEARD)
    await asyncio.sleep(30)


async def piece_on_its_way(room):
    room.people.save_preferences(f"user:{LUCIA}", Preferences(words=200, chunk_units=400))
    await room.say("El faro", LUCIA)
    await room.settle()
    room.service.gate.set()
    await room.until(lambda: room.last(LUCIA).delivered_chunks)
    room.telegram.held = asyncio.Event()
    await asyncio.sleep(30)


async def delivered_beside_its_placeholder(room):
    await room.say("El faro", LUCIA)
    await room.settle()
    room.telegram.fail("deleteMessages", NEVER_ARRIVES)
    room.service.gate.set()
    await room.until(lambda: room.last(LUCIA).state is JobState.DELIVERED)
    await asyncio.sleep(5)


async def cancelled_untold(room):
    await room.say("El faro", LUCIA)
    await room.say("/redactar El tren", MATEO, GROUP)
    await room.settle()
    room.service.gate.set()
    await asyncio.sleep(8)
    for job in room.jobs.unfinished():
        room.telegram.fail("editMessageText", NEVER_ARRIVES)
        room.dispatcher.cancel(job.id)
    await asyncio.sleep(1)


async def cancelled_and_told(room):
    await room.say("El faro", LUCIA)
    await room.say("/redactar El tren", MATEO, GROUP)
    await room.settle()
    room.dispatcher.cancel(room.last(MATEO, GROUP).id)
    await room.settle()
    room.service.gate.set()
    await asyncio.sleep(8)
    room.dispatcher.cancel(room.last(LUCIA).id)
    await room.settle()


async def failed_untold(room):
    await room.say("El faro", LUCIA)
    await room.settle()
    room.telegram.fail("editMessageText", NEVER_ARRIVES, NEVER_ARRIVES)
    room.service.failures = [GenerationError("broken", is_passing=False)]
    room.service.gate.set()
    await room.until(lambda: room.last(LUCIA).state is JobState.FAILED)
    await asyncio.sleep(1)


async def idle_with_people(room):
    code = room.access.owner_code()
    await room.say(f"/start {code}", TEACHER)
    room.telegram.members[GROUP, TEACHER] = "creator"
    await room.say("/redactar", TEACHER, GROUP)
    room.access.admit_chat(GROUP, f"user:{TEACHER}")
    room.people.save_preferences(f"user:{MATEO}", Preferences(words=500, style=Style.POEM))
    room.service.gate.set()
    await room.say("/redactar El faro", MATEO, GROUP)
    await room.finish()
    # A question that waits for its answer, and what was received and not handled any more.
    await room.say("/redactar", SOFIA, GROUP)
    await room.settle()
    number = room.telegram.next_message_id(GROUP)
    update = room.telegram.new_update(
        message=room.message("/redactar El tren", MATEO, GROUP, number)
    )
    room.journal.record(update["update_id"], json.dumps(update))
    old = room.telegram.new_update(message=room.message("hola", MATEO, MATEO, 5))
    room.journal.record(old["update_id"], json.dumps(old))
    room.journal.done(old["update_id"])


STATES = (
    waiting_and_running,
    half_written,
    acknowledgement_arrived_unheard,
    acknowledgement_on_its_way,
    partly_delivered,
    written,
    piece_arrived_unheard,
    piece_on_its_way,
    delivered_beside_its_placeholder,
    cancelled_untold,
    cancelled_and_told,
    failed_untold,
    idle_with_people,
)


async def make(state, folder):
    """Bring the first version into a state, and keep what a kill would leave."""
    path = folder / f"{state.__name__}.db"
    is_open = state is not idle_with_people
    room = Landed(f"sqlite:///{path}", Telegram(), is_open=is_open, limits=Limits(running=3))
    await room.__aenter__()
    await state(room)
    dump(state.__name__, path, room.telegram)
    if room.telegram.held is not None:
        room.telegram.held.set()
    await room.__aexit__()


def dump(name, path, telegram):
    """Write the rows and the chats down."""
    connection = sqlite3.connect(path)
    rows = "\n".join(connection.iterdump())
    connection.close()
    rows = re.sub(r"'20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d+'", f"'{MOMENT}'", rows)
    (DATA / f"{name}.sql").write_text(rows + "\n", encoding="utf-8")
    chats = {}
    for chat_id in {*telegram.chats, *telegram.asked}:
        here = {number: [*asked, None] for number, asked in telegram.asked[chat_id].items()}
        for number, message in telegram.chats[chat_id].items():
            markup = message["markup"]
            markup = json.loads(markup) if isinstance(markup, str) else markup
            here[number] = [0, message["text"], markup]
        chats[chat_id] = dict(sorted(here.items()))
    text = json.dumps(chats, ensure_ascii=False, indent=1)
    (DATA / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def main():
    """Make all of them."""
    DATA.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for state in STATES:
            loop = VirtualTimeLoop()
            asyncio.set_event_loop(loop)
            loop.run_until_complete(make(state, Path(folder)))
            loop.close()


if __name__ == "__main__":
    main()
