"""Updates that Telegram brings: each once, from nobody else, and none is lost by a kill."""

import asyncio
import random
import re
from contextlib import closing, suppress
from datetime import UTC, datetime

import httpx
import pytest
from telegram import Bot, WebhookInfo
from telegram.error import TimedOut

from bot.errors import PortTakenError
from bot.serving import listen
from bot.telegram.webhook import WebhookAddress
from tests.telegram.classroom import BOT_ID, Classroom

HEADER = "X-Telegram-Bot-Api-Secret-Token"


class RealTimeClassroom(Classroom):
    def now(self):
        return datetime.now(UTC)


class Carrier:
    """Telegram's side: brings each update until it is taken, and then once more."""

    def __init__(self, room, monkeypatch):
        self.room = room
        self.asked = 0
        self.url = self.secret = ""
        self.statuses = []
        carrier = self

        async def set_webhook(bot, url, *, secret_token, **_):
            carrier.asked += 1
            if carrier.asked == 1:
                raise TimedOut
            carrier.url, carrier.secret = url, secret_token
            return True

        async def get_webhook_info(bot):
            return WebhookInfo(carrier.url, False, 0)

        monkeypatch.setattr(Bot, "set_webhook", set_webhook)
        monkeypatch.setattr(Bot, "get_webhook_info", get_webhook_info)

    async def post(self, update, secret=None):
        address = self.room.webhook
        local = f"http://{address.host}:{address.port}{self.url.removeprefix(address.url)}"
        async with httpx.AsyncClient(timeout=20) as client:
            headers = {HEADER: self.secret if secret is None else secret}
            return (await client.post(local, json=update, headers=headers)).status_code

    async def run(self):
        offset = 0
        while True:
            for update in await self.room.telegram.world.updates.poll(offset, 1, 0):
                try:
                    status = await self.post(update)
                except httpx.HTTPError:
                    break  # nobody listens yet, or any more
                self.statuses.append(status)
                if status == 200:
                    offset = update["update_id"] + 1
                    with suppress(httpx.HTTPError):  # killed in between
                        await self.post(update)
            await asyncio.sleep(0.02)


def free_port():
    """A port that no connection is given meanwhile: below those that the system gives away."""
    while True:
        port = random.randrange(20_000, 30_000)
        with suppress(PortTakenError), closing(listen("127.0.0.1", port)):
            return port


@pytest.fixture
async def carried(url, monkeypatch):
    port = free_port()
    room = RealTimeClassroom(
        url, webhook=WebhookAddress("https://bots.example/x", "127.0.0.1", port)
    )
    room.service.pause_s = 0.02
    carrier = Carrier(room, monkeypatch)
    await room.start()
    bringing = asyncio.create_task(carrier.run())
    yield room, carrier
    bringing.cancel()
    await asyncio.gather(bringing, return_exceptions=True)
    await room.stop()
    await room.telegram.close()


async def test_an_essay_is_written_once_though_its_update_comes_twice(carried):
    room, carrier = carried
    await room.say("El faro")
    assert room.front.intake.deaf_since is None
    assert carrier.url == f"https://bots.example/x/{BOT_ID}"
    await room.finish()
    essays = [text for text in room.telegram.texts(room.lucia) if "El mar trae" in text]
    assert len(essays) == len(await room.jobs()) == 1


async def test_a_bot_that_is_started_again_has_another_secret(carried):
    room, carrier = carried
    await room.say("El faro")
    await room.finish()
    before = carrier.secret
    await room.kill()
    room.telegram.write(room.mateo, "El tren")
    await room.start()
    await room.handled()
    await room.finish()
    assert carrier.secret != before
    assert len(await room.jobs()) == 2


async def test_nobody_else_brings_updates(carried):
    room, carrier = carried
    await room.say("El faro")
    update = {"update_id": 5, "message": {"text": "x"}}
    assert [await carrier.post(update, secret) for secret in ("", "a", "x" * 43)] == [403] * 3
    # What cannot be read is not asked for again.
    assert [await carrier.post(one) for one in ([1], {"update_id": "x"})] == [200] * 2
    assert re.fullmatch(r"[\w-]{43}", carrier.secret)
    assert len(await room.jobs()) == 1
