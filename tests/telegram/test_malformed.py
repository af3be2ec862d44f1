"""Updates that no Telegram sends: nobody waits behind them, and the log repeats nothing of them.

``REDACTOR_LONG_TESTS=1`` sends ten thousand.
"""

import copy
import logging
import os
import random
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.storage.inbox import NEW
from bot.storage.schema import inbox, outbox
from bot.texts import SPANISH
from tests.telegram.classroom import BOT_ID

CHAT = SPANISH.chat
COUNT = 10_000 if os.environ.get("REDACTOR_LONG_TESTS") else 1_000
BETWEEN = COUNT // 5
"""Updates before each of the pupil's."""
SECRET = "SECRETO"
USER = {"id": 5, "is_bot": False, "first_name": SECRET, "language_code": "es"}
BOT = {"id": BOT_ID, "is_bot": True, "first_name": "Redactor", "username": "redactor_bot"}
PRIVATE = {"id": 5, "type": "private", "first_name": SECRET}
GROUP = {"id": -100123, "type": "supergroup", "title": SECRET, "is_forum": True}
FILE = {"file_id": SECRET, "file_unique_id": SECRET, "file_size": 10}
PHOTO = {**FILE, "width": 9, "height": 9}
ENTITY = {"type": "bot_command", "offset": 0, "length": 9}


def message(chat: Any = PRIVATE, **content: Any) -> Any:
    return {"message_id": 7, "date": 1_800_000_000, "chat": chat, "from": USER, **content}


def pressed(data: str) -> Any:
    there = message(text=SECRET) | {"from": BOT}
    return {"id": "1", "from": USER, "chat_instance": "1", "message": there, "data": data}


def membership(status: str) -> Any:
    return {
        "chat": GROUP,
        "from": USER,
        "date": 1_800_000_000,
        "old_chat_member": {"status": "left", "user": BOT},
        "new_chat_member": {"status": status, "user": BOT},
    }


UPDATES = [
    {"message": message(text=f"/redactar {SECRET}", entities=[ENTITY])},
    {"message": message(GROUP, text=f"/redactar@redactor_bot {SECRET}", entities=[ENTITY])},
    {"message": message(text=f"/config longitud {SECRET}", entities=[ENTITY])},
    {"message": message(text=f"/start {SECRET}", entities=[{**ENTITY, "length": 6}])},
    {"message": message(GROUP, is_topic_message=True, message_thread_id=3, text=SECRET)},
    {"message": message(reply_to_message=message(text=SECRET) | {"from": BOT}, text=SECRET)},
    {"message": message(photo=[PHOTO, PHOTO], caption=SECRET)},
    {"message": message(document={**FILE, "file_name": SECRET}, caption=SECRET)},
    {"message": message(sticker={**PHOTO, "is_animated": False, "type": "regular"})},
    {"message": message(voice={**FILE, "duration": 1}, story={"id": 1, "chat": GROUP})},
    {"message": message(poll={"id": "1", "question": SECRET, "options": []})},
    {"message": message(location={"latitude": 1.0, "longitude": 2.0})},
    {"message": message(contact={"phone_number": SECRET, "first_name": SECRET})},
    {"message": message(GROUP, sender_chat=GROUP, text=SECRET)},
    {"message": message(GROUP, new_chat_members=[USER, BOT])},
    {"message": message(GROUP, migrate_to_chat_id=-100999)},
    {"message": message(GROUP, migrate_from_chat_id=-77)},
    {"message": message(GROUP, forum_topic_created={"name": SECRET, "icon_color": 7})},
    {"edited_message": message(text=SECRET, edit_date=1_800_000_001)},
    {"channel_post": message(GROUP, text=SECRET)},
    {"callback_query": pressed("again:" + SECRET)},
    {"callback_query": pressed("cfg:u5:set:wor:" + SECRET)},
    {"callback_query": pressed("erase:u5:" + SECRET)},
    {"my_chat_member": membership("member")},
    {"my_chat_member": membership("kicked")},
    {"chat_member": membership("member")},
    {"inline_query": {"id": "1", "from": USER, "query": SECRET, "offset": ""}},
    {"stopped_message_generation": {"chat": PRIVATE, "draft_id": 1}},
    {"something_new": {"from": USER, "text": SECRET}},
]
JUNK: list[Any] = [
    None,
    True,
    0,
    -1,
    2**63,
    -(2**80),
    1e308,
    float("inf"),
    "",
    SECRET,
    SECRET * 1000,
    "\ud83d",
    "\x00",
    "/redactar",
    [],
    {},
    [[]],
    {"": {}},
    [SECRET],
    {"id": SECRET},
    {SECRET: SECRET},
]


def spoil(source, node):
    """Change something somewhere in a value."""
    if isinstance(node, dict) and node:
        key = source.choice(list(node))
        match source.randrange(8):
            case 0:
                del node[key]
            case 1:
                node[SECRET] = source.choice(JUNK)
            case 2:
                node[key] = source.choice(JUNK)
            case _:
                node[key] = spoil(source, node[key])
    elif isinstance(node, list) and node and source.randrange(3):
        place = source.randrange(len(node))
        node[place] = spoil(source, node[place])
    else:
        return copy.deepcopy(source.choice(JUNK))
    return node


def malformed(source):
    update = copy.deepcopy(source.choice(UPDATES))
    for _ in range(source.choice((0, 1, 1, 2, 5))):
        kind = source.choice(list(update))
        update[kind] = spoil(source, update[kind])
    if not source.randrange(20):
        # More than one kind at once.
        update |= copy.deepcopy(source.choice(UPDATES))
    return update


NO_NUMBERS: list[Any] = [None, True, 2**63, -(2**80), 1e308, float("inf"), "", "/redactar", [], {}]


@pytest.mark.parametrize("where", ["chat", "from", "message_id", "message_thread_id", "reply"])
async def test_what_has_no_number_is_owed_nothing(classroom, caplog, where):
    # What a message need not have may be nothing.
    wrong = NO_NUMBERS if where in ("chat", "from", "message_id") else NO_NUMBERS[1:]
    for junk in wrong:
        update = message(GROUP, text="/privacidad", entities=[{**ENTITY, "length": 11}])
        update |= {"message_id": 7, "is_topic_message": True, "message_thread_id": 3}
        match where:
            case "chat" | "from":
                update[where] = {**update[where], "id": junk}
            case "reply":
                update["reply_to_message"] = message(text="hola") | {"message_id": junk}
            case _:
                update[where] = junk
        classroom.telegram.deliver({"message": update})
    await classroom.handled()

    async def owed(tx):
        return await tx.value(select(func.count()).select_from(outbox))

    assert await classroom.database.read(owed) == 0
    assert caplog.text.count("is set aside") == len(wrong)


async def test_nobody_waits_behind_updates_that_nobody_can_read(classroom, caplog):
    caplog.set_level(logging.INFO)
    source = random.Random(1)
    waited_s = []
    for number in range(0, COUNT, BETWEEN):
        for _ in range(BETWEEN):
            classroom.telegram.deliver(malformed(source))
        classroom.telegram.write(classroom.mateo, "/privacidad")
        asked_s = classroom.telegram.clock()
        done = number // BETWEEN + 1
        await classroom.telegram.until(
            lambda done=done: classroom.telegram.texts(classroom.mateo) == [CHAT.privacy] * done
        )
        waited_s.append(classroom.telegram.clock() - asked_s)
    assert max(waited_s) < 10
    await classroom.handled()

    async def left(tx):
        return await tx.value(select(func.count()).where(inbox.c.state == NEW))

    assert await classroom.database.read(left) == 0
    assert classroom.front.intake.deaf_since is None
    assert SECRET not in caplog.text
    assert "is set aside" in caplog.text
