"""The front against the local Bot API over real HTTP, which refuses what Telegram refuses."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from bot.playground import PlaygroundServer
from bot.playground.faults import Fault
from bot.telegram.menu import publish_commands
from bot.telegram.sending.pacing import DeliveryLimits
from tests.telegram.classroom import Classroom

PATIENCE_S = 120
"""Far beyond what is needed; other work may share the machine."""
FAST = DeliveryLimits(
    chat_per_s=100,
    chat_burst=50,
    group_per_minute=1000,
    group_preview_interval_s=0.2,
    private_preview_interval_s=0.1,
)


@pytest.fixture
async def server():
    async with PlaygroundServer() as server:
        yield server


@asynccontextmanager
async def running(server, url):
    api = (server.token, server.api_base_url)
    async with Classroom(url, api=api, delivery_limits=FAST) as classroom:
        classroom.service.pause_s = 0.02
        classroom.service.gate.set()
        yield classroom


def buttons_of(markup):
    rows = (markup or {}).get("inline_keyboard", [])
    return {button["text"]: button["callback_data"] for row in rows for button in row}


async def until(condition):
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.02)


def bots_texts(server, chat_id):
    return [
        message
        for message in server.world.chats[chat_id].messages.values()
        if message.sender_id == server.world.bot.id
    ]


def is_essay(message):
    return "Otra" in buttons_of(message.markup)


async def test_private_essay_with_drafts_and_no_traces(server, url):
    lucia = server.classroom.lucia
    async with running(server, url):
        server.people.send(lucia, lucia, "/config trozo 400")
        request = server.people.send(lucia, lucia, "El mar")
        await until(lambda: any(map(is_essay, bots_texts(server, lucia))))
        await until(lambda: len(server.gateway.calls) and not server.world.chats[lucia].draft)
        await until(
            lambda: not any("Cancelar" in buttons_of(m.markup) for m in bots_texts(server, lucia))
        )
        _, *chunks = bots_texts(server, lucia)
        assert len(chunks) > 2
        assert {chunk.reply_to for chunk in chunks} == {request.id}
        methods = {call.method for call in server.gateway.calls}
        assert {"sendMessageDraft", "deleteMessages"} <= methods


async def test_connections_that_break_double_nothing(server, url):
    room = server.classroom
    failures = server.gateway.faults
    async with running(server, url):
        for chat_id, person in ((room.lucia, room.lucia), (room.group, room.mateo)):
            lost, kept = {"kind": "reset", "acts": "first"}, {"kind": "reset"}
            for fault in (lost, kept, {"kind": "html"}, lost):
                failures.add(Fault(**fault, method="sendMessage", chat_id=chat_id))
            server.people.send(person, person, "/config trozo 500")
            await until(lambda p=person: bots_texts(server, p))
            server.people.send(chat_id, person, "/redactar@redactor_bot El mar")
            await until(lambda c=chat_id: any(map(is_essay, bots_texts(server, c))))
            texts = [message.text for message in bots_texts(server, chat_id)]
            assert len(texts) == len(set(texts))
            chunks = [text for text in texts if text.endswith(")")]
            assert chunks[-1].endswith(f"({len(chunks)}/{len(chunks)})")


async def test_native_stop_button(server, url):
    lucia = server.classroom.lucia
    async with running(server, url) as classroom:
        classroom.service.pause_s = 0.2
        server.people.send(lucia, lucia, "El mar")
        await until(lambda: server.world.chats[lucia].draft)
        assert server.world.chats[lucia].draft.can_stop
        server.people.stop_draft(lucia)
        await until(
            lambda: any(m.text.startswith("Cancelado.") for m in bots_texts(server, lucia))
        )
        assert not await classroom.unfinished()


async def test_group_becomes_a_supergroup(server, url):
    room = server.classroom
    basic = server.people.create_chat("group", "Clase nueva", room.teacher, [room.lucia])
    async with running(server, url) as classroom:
        classroom.service.gate.clear()
        server.people.send(basic.id, room.lucia, "/redactar@redactor_bot El mar")
        await until(lambda: bots_texts(server, basic.id))
        new = server.people.migrate(basic.id, room.teacher)
        classroom.service.gate.set()
        await until(lambda: any(map(is_essay, bots_texts(server, new.id))))


async def test_menus_are_published(server, url):
    async with running(server, url) as classroom:
        await publish_commands(classroom.bot)
    calls = [call for call in server.gateway.calls if call.method == "setMyCommands"]
    assert len(calls) == 6
