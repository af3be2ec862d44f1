"""The files of the bot that one topic enters, from the message to the essay."""

import asyncio
import sys
import threading
from pathlib import Path

from bot.storage import jobs

BOT = Path(__file__).parents[2] / "bot"
ELSEWHERE = ("generation", "playground")
"""The service, which is another process, and the tests' Telegram."""

WAY = {
    "essays/desk.py",
    "essays/finishing.py",
    "essays/messages.py",
    "essays/owing.py",
    "essays/safety.py",
    "essays/scheduler.py",
    "essays/writing.py",
    "storage/chats.py",
    "storage/classes.py",
    "storage/codes.py",
    "storage/database.py",
    "storage/holding.py",
    "storage/inbox.py",
    "storage/jobs.py",
    "storage/outbox.py",
    "storage/people.py",
    "storage/records.py",
    "telegram/access.py",
    "telegram/commands/writing.py",
    "telegram/intake.py",
    "telegram/sending/pacing.py",
    "telegram/sending/previews.py",
    "telegram/sending/rendering.py",
    "telegram/sending/sender.py",
    "telegram/visit.py",
    "texts/chat.py",
}

BESIDE = {
    "classroom/boards.py",
    "classroom/explaining/looking.py",
    "storage/inquiries.py",
    "storage/lessons.py",
}
"""What looks after boards and questions looks by itself, whatever happens elsewhere."""


async def test_a_topic_enters_these_files_and_no_others(classroom):
    entered: set[str] = set()
    # Connections to the database are opened when they are first needed at the same time.
    await asyncio.gather(*(classroom.database.read(jobs.counts) for _ in range(9)))

    def note(frame, _event, _argument):
        entered.add(frame.f_code.co_filename)

    sys.setprofile(note)
    threading.setprofile(note)
    try:
        await classroom.say("/redactar El mar es hermoso")
        await classroom.finish()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    paths = [Path(name) for name in entered if name.startswith(str(BOT))]
    names = {path.relative_to(BOT).as_posix() for path in paths}
    mine = {name for name in names if not name.startswith(ELSEWHERE)}
    assert mine - BESIDE == WAY
