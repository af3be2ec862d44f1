"""A day of strangers before a private bot: nothing is written, and next to nothing is said.

``REDACTOR_LONG_TESTS=1`` sends ten thousand updates instead of two hundred.
"""

import asyncio
import gc
import os
import random
from collections import deque
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import func, select

from bot.storage import classes, people
from bot.storage.schema import metadata
from bot.storage.upkeep import prune
from bot.texts import SPANISH
from tests.telegram.classroom import BOT_ID, Classroom

IS_LONG = bool(os.environ.get("REDACTOR_LONG_TESTS"))
COUNT, HOURS, STRANGERS = (10_000, 24, 40) if IS_LONG else (200, 1.1, 3)
SENT_WITHIN_S = 30.0
HOUR_S = 3600
SECRET = "SECRETO"
CLOSED = SPANISH.desk.closed_group
WRONG = (SPANISH.chat.owner_code_wrong, SPANISH.desk.code_wrong)
SENTENCES = (SPANISH.chat.stranger, CLOSED, *WRONG)
CARING = SPANISH.safety.distress["self"]
COME = SPANISH.safety.in_private(SECRET)
"""To whoever writes as a channel, and so has no private chat that anybody knows of."""
CHANNEL = {"id": -1009999999999, "type": "channel", "title": SECRET}
FILE = {"file_id": SECRET, "file_unique_id": SECRET, "file_size": 10}
PHOTO = {**FILE, "width": 9, "height": 9}
MARKS = (
    "bold", "italic", "underline", "strikethrough", "spoiler", "code", "pre", "blockquote",
    "expandable_blockquote", "mention", "hashtag", "cashtag", "url", "email", "phone_number",
)  # fmt: skip
COMMANDS = (
    "redactar", "otra", "continuar", "cancelar", "cola", "config", "ayuda", "privacidad",
    "borrar", "start", "clase", "receta", "repetir", "comparar", "tokens", "probabilidades",
    "atencion", "explica", "nada",
)  # fmt: skip
CONTENTS = [
    {"photo": [PHOTO], "caption": f"/redactar {SECRET}",
     "caption_entities": [{"type": "bot_command", "offset": 0, "length": 9}]},
    {"document": {**FILE, "file_name": SECRET}, "caption": SECRET},
    {"voice": {**FILE, "duration": 1}},
    {"audio": {**FILE, "duration": 1}, "caption": f"/start {SECRET} {SECRET}"},
    {"video": {**PHOTO, "duration": 1}, "caption": SECRET},
    {"animation": {**PHOTO, "duration": 1}},
    {"video_note": {**FILE, "length": 9, "duration": 1}},
    {"sticker": {**PHOTO, "is_animated": False, "is_video": False, "type": "regular"}},
    {"story": {"id": 1, "chat": CHANNEL}},
    {"poll": {"id": "1", "question": SECRET, "options": [], "total_voter_count": 0,
              "is_closed": False, "is_anonymous": True, "type": "regular",
              "allows_multiple_answers": False, "allows_revoting": True,
              "members_only": False}},
    {"dice": {"emoji": "🎲", "value": 3}},
    {"location": {"latitude": 1.0, "longitude": 2.0}},
    {"contact": {"phone_number": "1", "first_name": SECRET}},
    {"web_app_data": {"data": SECRET, "button_text": SECRET}},
    {"users_shared": {"request_id": 1, "users": [{"user_id": 5}]}},
    {"new_chat_title": SECRET},
    {"text": SECRET, "via_bot": {"id": 9, "is_bot": True, "first_name": SECRET}},
    {"text": SECRET, "forward_origin": {"type": "hidden_user", "sender_user_name": SECRET,
                                        "date": 1}},
]  # fmt: skip


class Strangers:
    """People and groups that the bot's owner has nothing to do with, and what they send."""

    def __init__(self, room, secrets):
        telegram = room.telegram
        self.source = random.Random(1)
        self.secrets = secrets
        self.now = telegram.clock
        self.people = [telegram.world.add_user(f"Nadie {n}") for n in range(STRANGERS)]
        for person in self.people:
            telegram.world.chats[person.id].is_started = True
        self.groups = []
        for kind in ("group", "supergroup"):
            ids = [person.id for person in self.people]
            chat = telegram.people.create_chat(kind, SECRET, ids[0], ids)
            self.groups.append({"id": chat.id, "type": kind, "title": SECRET})
        self.bot = {"id": BOT_ID, "is_bot": True, "first_name": "R", "username": "redactor_bot"}

    def update(self):
        person = self.source.choice(self.people)
        name = f"{SECRET} {person.id}"
        user = {"id": person.id, "is_bot": False, "first_name": name, "language_code": "es"}
        private = {"id": person.id, "type": "private", "first_name": SECRET}
        chat = self.source.choice([private, private, *self.groups])
        message = {"message_id": self.source.randrange(1, 10**6), "date": int(self.now()),
                   "chat": chat, "from": user}  # fmt: skip
        kind = self.source.randrange(10)
        if kind == 0 and chat is not private:
            return {"message": message | self.words() | {"sender_chat": CHANNEL}}
        if kind < 5:
            return {"message": message | self.words()}
        if kind == 5:
            return {"message": message | self.source.choice(CONTENTS)}
        if kind == 6:
            return self.press(message)
        return self.other(message)

    def words(self):
        """Text, perhaps a command, marked in some way; codes and links that are none."""
        choose = self.source.choice
        link = f"c00_{choose(self.people).id}_{self.secrets['group']}"
        words = choose(
            [SECRET, f"{SECRET} {SECRET}", "", "ABC234", "aaaaaa", link, "quiero morirme", "Hola"]
        )
        command = f"/{choose(COMMANDS)}{choose(['', '@redactor_bot', '@otro_bot'])}"
        text = choose([words or SECRET, f"{command} {words}".strip()])
        entities = []
        if text.startswith("/"):
            entities = [{"type": "bot_command", "offset": 0, "length": len(text.split()[0])}]
        if choose([True, False]):
            mark = {"type": choose(MARKS), "offset": 0, "length": len(text)}
            entities.insert(choose([0, len(entities)]), mark)
        more = choose([{}, {"quote": {"text": SECRET, "position": 0}}])
        return {"text": text, "entities": entities, **more}

    def press(self, message):
        """Any data, of any message: of the bot's, with that button or not, and of one gone."""
        choose, token, person = self.source.choice, self.secrets["token"], message["from"]["id"]
        data = choose(
            [
                *(f"{kind}:{token}" for kind in ("stop", "again", "more", "retry", "get", "vote")),
                *(f"{kind}:{token}" for kind in ("flag", "view", "drop", "fine")),
                f"as:{token}:news", f"why:{token}:person", f"look:{token}:close", "when", "open",
                *(f"cfg:u{person}:{action}" for action in ("m", "r", "f", "x", "s:len:500")),
                f"cfg:c{self.secrets['group']}:r", "cfg::", f"erase:u{person}:yes",
                f"erase:u{self.secrets['pupil']}:yes", f"seen:u{person}:how:{SECRET}",
                f"care:u{person}:talk:{self.secrets['group']}", f"care:u{person}:no",
                f"cls:{self.secrets['class']}:code", f"cls:{self.secrets['class']}:stop:yes",
                "join:1", "stop:" + "9" * 23, SECRET, "",
            ]
        )  # fmt: skip
        button = {"inline_keyboard": [[{"text": SECRET, "callback_data": data or "x"}]]}
        under = {**message, "from": self.bot, "text": SECRET}
        query = {"id": "1", "from": message["from"], "chat_instance": "1", "data": data}
        where = choose(
            [
                {"message": under | {"reply_markup": button}},
                {"message": under},
                {"message": {**message, "date": 0}},
                {"inline_message_id": "1"},
            ]
        )
        return {"callback_query": query | where}

    def other(self, message):
        """What the bot does not ask for, or what comes of itself."""
        user, chat = message["from"], message["chat"]
        said = {**message, "text": f"/redactar {SECRET}"}
        member = {"status": "member", "user": self.bot}
        left = {"status": self.source.choice(["left", "kicked"]), "user": self.bot}
        if left["status"] == "kicked":
            left["until_date"] = 0
        change = {"chat": chat, "from": user, "date": message["date"]}
        reaction = {"chat": chat, "message_id": 1, "date": message["date"]}
        poll = CONTENTS[9]["poll"]
        kinds = {
            "edited_message": {**said, "edit_date": message["date"]},
            "channel_post": {**said, "chat": CHANNEL, "sender_chat": CHANNEL},
            "edited_channel_post": {**said, "chat": CHANNEL, "edit_date": message["date"]},
            "business_message": {**said, "business_connection_id": "1"},
            "edited_business_message": {**said, "business_connection_id": "1"},
            "business_connection": {"id": "1", "user": user, "user_chat_id": user["id"],
                                    "date": message["date"], "is_enabled": True},
            "deleted_business_messages": {"business_connection_id": "1", "chat": chat,
                                          "message_ids": [1]},
            "message_reaction": {**reaction, "user": user, "old_reaction": [],
                                 "new_reaction": [{"type": "emoji", "emoji": "👍"}]},
            "message_reaction_count": {**reaction, "reactions": []},
            "inline_query": {"id": "1", "from": user, "query": SECRET, "offset": ""},
            "chosen_inline_result": {"result_id": "1", "from": user, "query": SECRET},
            "shipping_query": {"id": "1", "from": user, "invoice_payload": SECRET},
            "pre_checkout_query": {"id": "1", "from": user, "currency": "EUR",
                                   "total_amount": 1, "invoice_payload": SECRET},
            "poll": poll,
            "poll_answer": {"poll_id": "1", "user": user, "option_ids": [0],
                            "option_persistent_ids": ["0"]},
            "my_chat_member": change | {"old_chat_member": left, "new_chat_member": member},
            "chat_member": change | {"old_chat_member": member, "new_chat_member": left},
            "chat_join_request": change | {"user_chat_id": user["id"]},
            "stopped_message_generation": {"chat": chat, "draft_id": self.source.randrange(1, 9)},
            "message": message | self.source.choice(
                [{"new_chat_members": [user]}, {"left_chat_member": user},
                 {"pinned_message": said}, {"forum_topic_created": {"name": SECRET,
                                                                    "icon_color": 7}}]
            ),
            "something_new": {"from": user, "chat": chat, "text": SECRET},
        }  # fmt: skip
        kind = self.source.choice(list(kinds))
        return {kind: kinds[kind]}


@pytest.fixture
async def room(url):
    """A private bot with its owner, their group, a code, and the essay of a pupil."""
    async with Classroom(url, is_open=False) as room:
        telegram, teacher = room.telegram, room.telegram.room.teacher
        code = await room.database.step("owner code", people.owner_code)
        telegram.people.start(teacher, code)
        await room.handled()
        await room.say("/ayuda@redactor_bot", teacher, room.group)
        await room.say("/clase código", teacher)
        await room.say("/redactar@redactor_bot El mar", chat_id=room.group)
        await room.finish()
        yield room


async def counts(room):
    async def look(tx):
        return {
            table.name: await tx.value(select(func.count()).select_from(table))
            for table in metadata.sorted_tables
        }

    return await room.database.read(look)


def held(front):
    """How much the front holds in memory: everything in its own objects and their containers."""
    waiting, seen, count = [front], set(), 0
    while waiting:
        thing = waiting.pop()
        module = type(thing).__module__
        is_ours = module.startswith("bot.") and not module.startswith("bot.playground")
        is_container = isinstance(thing, dict | list | tuple | set | deque)
        if id(thing) in seen or not (is_ours or is_container):
            continue
        seen.add(id(thing))
        count += len(thing) if is_container else 1
        waiting += gc.get_referents(thing)
    return count


def said_to(room, chat_id):
    """When the bot wrote what in a chat."""
    return [(one.at, one.text) for one in room.telegram.said(chat_id) if one.text]


def apart(times):
    """Each is owed an hour after the one before it, and sent soon after it is owed."""
    assert [
        after - at for at, after in pairwise(times) if after - at < HOUR_S - SENT_WITHIN_S
    ] == []


async def test_a_day_of_strangers(room, caplog):
    caplog.set_level("INFO")
    (job,) = await room.jobs()
    its_class = await room.database.read(lambda tx: classes.of_chat(tx, room.group))
    pupils = {room.group: said_to(room, room.group), room.lucia: said_to(room, room.lucia)}
    owner = len(said_to(room, room.telegram.room.teacher))
    before, written = await counts(room), len(room.service.calls)
    strangers = Strangers(
        room,
        {"token": job.token, "class": its_class.id, "group": room.group, "pupil": room.lucia},
    )
    held_at = []
    for number in range(COUNT):
        room.telegram.deliver(strangers.update())
        await asyncio.sleep(HOURS * HOUR_S / COUNT)
        if number in (COUNT // 2, COUNT - 1):
            await room.settle()
            held_at.append(held(room.front))

    # Nothing is written, nobody of the class hears of it, and nothing of theirs has changed.
    assert len(room.service.calls) == written
    assert room.service.looked == 0
    assert await room.jobs() == [job]
    assert {chat_id: said_to(room, chat_id) for chat_id in pupils} == pupils
    # The owner is asked about groups, by each who adds the bot to any once an hour.
    asked = said_to(room, room.telegram.room.teacher)[owner:]
    assert all(" me ha añadido a " in text for _, text in asked)
    for who in {text.partition(" me ha")[0] for _, text in asked}:
        apart([at for at, text in asked if text.startswith(who)])

    told = 0
    for chat_id in [*(p.id for p in strangers.people), *(g["id"] for g in strangers.groups)]:
        said = said_to(room, chat_id)
        told += len(said)
        assert [text for _, text in said if not text.startswith((*SENTENCES, CARING, COME))] == []
        for sentence in (SPANISH.chat.stranger, CLOSED, CARING, COME):
            apart([at for at, text in said if text.startswith(sentence)])
        # Who tries codes is told five times an hour that there is no such code.
        times = [at for at, text in said if text in WRONG]
        assert all(after - at >= HOUR_S for at, after in zip(times, times[5:], strict=False))
    assert told > STRANGERS

    # Nothing grows: not in memory, and what the tables keep of it goes with its time.
    assert held_at[1] <= held_at[0] + 20
    assert SECRET not in caplog.text
    await room.stop()
    await asyncio.sleep(timedelta(days=31).total_seconds())
    await room.start()
    await prune(room.database, timedelta(days=60))
    during = await counts(room)
    assert during["people"] == before["people"]
    await room.stop()
    await asyncio.sleep(timedelta(days=31).total_seconds())
    await room.start()
    await prune(room.database, timedelta(days=31))
    after = await counts(room)
    assert {name: after[name] - before[name] for name in after if after[name] > before[name]} == {}
