"""Thirty students ask at once in one group, forty ask three times each, and no limit is met.

Whether Telegram counts reactions as messages is not known, so that everything holds both ways.
"""

import asyncio
import re
import shutil
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import pytest

from bot.essays.desk import Limits
from bot.playground.model import Member
from tests.essays.scripted_service import ScriptedService
from tests.telegram.classroom import Classroom


class QuickService(ScriptedService):
    """Writes a sentence at once and then rests, so that a text of 250 words takes six seconds."""

    async def stream(self, *arguments: Any, **options: Any) -> AsyncGenerator[str]:
        sentence = ""
        async with aclosing(super().stream(*arguments, **options)) as pieces:
            async for piece in pieces:
                sentence += piece
                if piece.endswith("."):
                    yield sentence
                    sentence = ""
                    await asyncio.sleep(0.2)


@pytest.fixture(params=[False, True], ids=["free", "counted"])
async def room(url, request):
    """A class in a group where reactions are free, or count and are therefore not used."""
    limits = Limits(running=32, waiting=200, waiting_per_person=3)
    async with Classroom(url, limits=limits, service=QuickService()) as room:
        room.service.gate.set()
        room.telegram.limits.is_on = True
        room.telegram.limits.counts_reactions = request.param
        room.telegram.limits.counts_ephemeral = request.param
        # Its teacher did as the guide says, so that it may say things to one person alone.
        people, own = room.telegram.people, room.telegram.bot_id
        people.set_status(room.group, room.telegram.room.teacher, own, "administrator")
        if request.param:
            await room.without_reactions(room.group)
        yield room


def students(room, count):
    world = room.telegram.world
    people = [world.add_user(f"Alumno{number}").id for number in range(count)]
    members = world.chats[room.group].members
    members |= {person: Member(person, "member") for person in people}
    return people


def signs(room):
    """When each request first had a sign: a reaction, or its author's name on the board."""
    found = {}
    for change in room.telegram.world.changes.after(0):
        if change.kind != "edited" and change.kind != "message":
            continue
        message = change.data["message"]
        if message["chat"]["id"] != room.group:
            continue
        if change.kind == "edited" and message["from"]["id"] != room.telegram.bot_id:
            found.setdefault(message["message_id"], change.at)
        elif message["from"]["id"] == room.telegram.bot_id and "Receta" not in message["text"]:
            for number in re.findall(r"Alumno(\d+)", message["text"]):
                found.setdefault(f"Alumno{number}", change.at)
    return found


def essays(room):
    """When each essay came to the group."""
    found = []
    for event in room.telegram.said(room.group):
        found += [event.at] * len(re.findall(r"^Receta \w{5}, ", event.text, re.M))
    return found


class Asked:
    """Requests in the group, and when they were written.

    Attributes:
        at: By the number of the message, and of each person's first by the name, too.
    """

    def __init__(self, room):
        self.room = room
        self.at = {}

    def ask(self, number, person, topic):
        message = self.room.telegram.write(
            person, f"/redactar@redactor_bot {topic}", self.room.group
        )
        self.at[message.id] = self.room.telegram.clock()
        self.at.setdefault(f"Alumno{number}", self.at[message.id])

    def longest_without_sign(self):
        """A person has one when their message has a reaction, or their name stands somewhere."""
        seen, is_named = signs(self.room), self.room.telegram.limits.counts_reactions
        return max(
            seen[key] - at for key, at in self.at.items() if isinstance(key, str) == is_named
        )


async def test_thirty_ask_at_once(room):
    asked = Asked(room)
    for number, person in enumerate(students(room, 30)):
        asked.ask(number, person, f"Tema {number} de la clase")
        await asyncio.sleep(0.05)
    last = room.telegram.clock()
    await room.finish()
    assert len(essays(room)) == 30
    assert max(essays(room)) - last <= 30
    assert asked.longest_without_sign() <= 2
    assert room.telegram.floods() == []
    messages = room.telegram.from_bot(room.group)
    assert len(messages) <= 20
    assert not any("Cancelar" in message.buttons for message in messages)
    assert all(not m.reactions for m in room.telegram.messages(room.group))


async def test_forty_ask_three_times_each_and_others_want_answers(room):
    people = students(room, 40)
    asked, waits = Asked(room), []
    for turn in range(3):
        for number, person in enumerate(people):
            asked.ask(number, person, f"Tema {number}, vez {turn}")
            await asyncio.sleep(0.1)
    for number, person in enumerate(people[:3]):
        # From the menu, which only the bot sees, or typed.
        waits.append(await answer_wait(room, person, is_ephemeral=number % 2 == 0))
        await asyncio.sleep(20)
    await room.finish()
    assert max(waits) <= 3
    assert asked.longest_without_sign() <= 2
    assert room.telegram.floods() == []
    came = [
        int(turn)
        for event in room.telegram.said(room.group)
        for turn in re.findall(r"^(?:\d\. \w+: )?Tema \d+, vez (\d)", event.text, re.M)
    ]
    assert sorted(came) == [0] * 40 + [1] * 40 + [2] * 40
    # Nobody's first comes after somebody's third.
    assert came.index(2) > max(index for index, turn in enumerate(came) if turn == 0)


async def came_after(url, fault):
    """How long after the last request each of six essays came, under a fault of reactions."""
    async with Classroom(url, service=QuickService()) as room:
        room.service.gate.set()
        room.telegram.limits.is_on = True
        if fault:
            room.telegram.fail("setMessageReaction", times=0, **fault)
        asked = Asked(room)
        for number, person in enumerate(students(room, 6)):
            await room.prefer(person, words=100)
            asked.ask(number, person, f"Tema {number}")
        room.telegram.limits.counts_reactions = bool(fault)  # names are looked for
        last = room.telegram.clock()
        await room.finish()
        assert asked.longest_without_sign() <= 2
        return [round(at - last, 1) for at in essays(room)]


async def test_a_refused_reaction_delays_no_essay(tmp_path, migrated):
    times = [
        await came_after(f"sqlite:///{shutil.copy(migrated, tmp_path / name)}", fault)
        for name, fault in (
            ("none", {}),
            ("invalid", {"status": 400, "description": "REACTION_INVALID"}),
            ("flood", {"status": 429, "retry_after": 30}),
        )
    ]
    assert len(times[0]) == 6
    assert max(times[1]) <= max(times[0]) + 1
    assert max(times[2]) <= max(times[0]) + 1


async def answer_wait(room, person, *, is_ephemeral):
    """How long somebody waits who asks how things stand, and is told alone."""
    at = room.telegram.clock()
    text = "/cola@redactor_bot"
    room.telegram.write(person, text, room.group, is_ephemeral=is_ephemeral)

    def is_answered():
        return any(one.date >= int(at) for one in room.telegram.whispers(room.group, person))

    await room.telegram.until(is_answered, 60)
    return room.telegram.clock() - at
