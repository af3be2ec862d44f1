"""Thirty students ask at once in one group, forty ask three times each, and no limit is met."""

import asyncio
import re

import pytest

from bot.essays.desk import Limits
from bot.playground.model import Member
from tests.telegram.classroom import Classroom, PacedService


@pytest.fixture
async def room(url):
    """A class whose texts are all written within six seconds."""
    limits = Limits(running=32, waiting=200, waiting_per_person=3)
    async with Classroom(url, limits=limits, service=PacedService(pause_s=0.2)) as room:
        room.service.gate.set()
        room.telegram.limits.is_on = True
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
    """Essays in the group: when each came, and under which name or as the answer to what."""
    found = []
    for event in room.telegram.history(room.group):
        if event.kind == "message" and event.is_bots:
            found += [event.at] * len(re.findall(r"^Receta \w{5}, ", event.text, re.M))
    return found


async def ask(room, person, number):
    return room.telegram.write(
        person, f"/redactar@redactor_bot Tema {number} de la clase", room.group
    )


@pytest.mark.parametrize("counted", [False, True])
async def test_thirty_ask_at_once(room, counted):
    room.telegram.limits.counts_reactions = counted
    if counted:
        await room.without_reactions(room.group)
    people = students(room, 30)
    asked = {}
    for number, person in enumerate(people):
        message = await ask(room, person, number)
        asked[f"Alumno{number}" if counted else message.id] = room.telegram.clock()
        await asyncio.sleep(0.05)
    last = room.telegram.clock()
    await room.telegram.until(lambda: len(essays(room)) == 30, 120)
    assert max(essays(room)) - last <= 30
    await room.settle()
    seen = signs(room)
    assert max(seen[key] - at for key, at in asked.items()) <= 2
    assert room.telegram.floods() == []
    messages = room.telegram.from_bot(room.group)
    assert len(messages) <= 20
    assert not any("Cancelar" in message.buttons for message in messages)
    assert all(not m.reactions for m in room.telegram.messages(room.group))


async def test_forty_ask_three_times_each_and_others_want_answers(room):
    people = students(room, 40)
    asked, waits, turns = {}, [], {}
    for turn in range(3):
        for number, person in enumerate(people):
            message = await ask(room, person, f"{number}, vez {turn}")
            asked[message.id] = room.telegram.clock()
            turns[message.id] = turn
            await asyncio.sleep(0.1)
    for person in people[:3]:
        waits.append(await answer_wait(room, person))
        await asyncio.sleep(20)
    await room.telegram.until(lambda: len(essays(room)) == 120, 1200)
    await room.settle()
    assert max(waits) <= 3
    seen = signs(room)
    assert max(seen[key] - at for key, at in asked.items()) <= 2
    assert room.telegram.floods() == []
    came = [
        int(turn)
        for event in room.telegram.history(room.group)
        if event.kind == "message" and event.is_bots
        for turn in re.findall(r"^(?:\d\. \w+: )?Tema \d+, vez (\d)", event.text, re.M)
    ]
    assert sorted(came) == [0] * 40 + [1] * 40 + [2] * 40
    # Nobody's first comes after somebody's third.
    assert came.index(2) > max(index for index, turn in enumerate(came) if turn == 0)


async def answer_wait(room, person):
    """How long somebody waits who asks how things stand."""
    at = room.telegram.clock()
    request = room.telegram.write(person, "/cola@redactor_bot", room.group)

    def is_answered():
        return any(
            message.reply_to == request.id or message.author == room.telegram.bot_id
            for chat_id in (room.group, person)
            for message in room.telegram.messages(chat_id)
            if message.date >= int(at) and "Receta" not in message.text
        )

    await room.telegram.until(is_answered, 60)
    return room.telegram.clock() - at
