"""What stands in a group after ten students wrote in it for three minutes.

With ``TRANSCRIPT=FILE`` in the environment the whole of it is written there.
"""

import asyncio
import os
from pathlib import Path

from bot.playground.model import Member
from tests.telegram.classroom import Classroom, PacedService

_SHOWN_FOLDED = 3 * 38
"""Characters of a folded quotation on a phone."""


def script():
    """Who writes what, and after how many seconds: 27 topics and five commands."""
    topics = [
        (60 * turn + 6 * student, student, f"/redactar@redactor_bot Tema {turn} de {student}")
        for turn in range(3)
        for student in range(10 if turn < 2 else 7)
    ]
    commands = [
        (20, 0, "/cola@redactor_bot"),
        (45, 1, "/config@redactor_bot longitud 120"),
        (90, 2, "/cancelar@redactor_bot"),
        (100, 8, "/config@redactor_bot"),
        (150, 9, "/ayuda@redactor_bot"),
    ]
    return sorted(topics + commands)


def folded(message):
    """How many characters of a message are seen before anything is unfolded."""
    quoted = [e["length"] for e in message.entities if e["type"] == "expandable_blockquote"]
    return len(message.text) - sum(max(0, length - _SHOWN_FOLDED) for length in quoted)


def write_down(name, figures, messages, people):
    """Write what stands in the group into a file."""
    lines = [figures]
    for message in messages:
        signs = "".join(f" {emoji}" for emoji in message.reactions.values())
        buttons = f"\n    [{'] ['.join(message.buttons)}]" if message.buttons else ""
        text = message.text.replace("\n", "\n    ")
        lines.append(f"{people[message.author].first_name}{signs}\n    {text}{buttons}")
    Path(name).write_text("\n\n".join(lines) + "\n", "utf-8")


async def test_ten_students_for_three_minutes(url):
    async with Classroom(url, service=PacedService(pause_s=0.2)) as room:
        room.service.gate.set()
        room.telegram.limits.is_on = True
        world, group = room.telegram.world, room.group
        people = [world.add_user(f"Alumno{number}").id for number in range(10)]
        world.chats[group].members |= {one: Member(one, "member") for one in people}
        for person in people[:5]:  # half of them have opened the private chat
            await room.say("/start", person)
        began = room.telegram.clock()
        for at, student, words in script():
            await asyncio.sleep(max(0.0, began + at - room.telegram.clock()))
            room.telegram.write(people[student], words, group)
        await room.finish()
        shown = room.telegram.from_bot(group)
        texts = sum(len(message.text) for message in shown)
        sent = room.telegram.said(group)
        figures = (
            f"messages sent: {len(sent)}, standing: {len(shown)}, characters: {texts}, "
            f"before unfolding: {sum(map(folded, shown))}"
        )
        if name := os.environ.get("TRANSCRIPT"):
            write_down(name, figures, room.telegram.messages(group), world.users)
        assert sum(message.text.count("Receta ") for message in shown) == 27
        assert room.telegram.floods() == []
        assert len(sent) <= 30, figures
        assert sum(map(folded, shown)) <= 7000, figures
