"""From a message in a chat to the essay in that chat, through the real process."""

import asyncio
import re
import signal

import httpx
import pytest

from bot.essays.finishing import count_words
from bot.texts import SPANISH
from tests.e2e.conftest import Bot, button

pytestmark = pytest.mark.e2e

TOPIC = "El mar es hermoso, pero esclavo para los pescadores que trabajan en ella"


def utf16_units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


async def config(bot: Bot, chat_id: int, user_id: int, words: str) -> None:
    """Change a setting with words and wait for the answer."""
    before = len(bot.answers(chat_id))
    bot.send(chat_id, user_id, f"/config {words}")
    await bot.until(lambda: len(bot.answers(chat_id)) > before)


async def test_a_topic_in_private_becomes_an_essay_in_chunks(bot):
    lucia = bot.server.classroom.lucia
    await config(bot, lucia, lucia, "longitud 300")
    await config(bot, lucia, lucia, "trozo 600")
    async with bot.slow_generation():
        request = bot.send(lucia, lucia, f"/redactar {TOPIC}")
        await bot.until(lambda: any(button(m, "stop") for m in bot.answers(lucia, to=request.id)))
        # The text grows before the reader's eyes.
        await bot.until(lambda: bot.count("sendMessageDraft", lucia) > 1)
    chunks = await bot.until_essay(lucia, request)
    assert len(chunks) >= 2
    for number, chunk in enumerate(chunks, start=1):
        assert f"({number}/{len(chunks)})" in chunk
        assert utf16_units(chunk) <= 600
    text = re.sub(r"\s*\(\d+/\d+\)", "", "\n".join(chunks))
    text = re.sub(r"\nReceta \w{5}, \d+ palabras$", "", text)
    # Above the essay stand the quoted topic, where it is long, and the title.
    body = text.rpartition(f"{TOPIC}\n")[2]
    assert 200 <= count_words(body) <= 400
    assert text.rstrip()[-1] in '.!?…»"'
    # The placeholder is gone.
    await bot.until(lambda: not any(button(m, "stop") for m in bot.answers(lucia)))


async def test_a_class_in_private_in_a_group_and_in_a_forum(bot):
    room = bot.server.classroom
    people = (room.lucia, room.mateo, room.sofia)
    for person in people:
        await config(bot, person, person, "longitud 60")
    bot.send(room.group, room.mateo, "Hoy hay examen")
    alone = bot.send(room.mateo, room.mateo, "La amistad")
    thread = room.topic_ids[1]
    in_forum = bot.send(
        room.forum, room.sofia, "/redactar@redactor_bot Leer en verano", thread_id=thread
    )
    requests = [
        bot.send(room.group, person, f"/redactar@redactor_bot {topic}")
        for person, topic in zip(people, ("El mar", "La lluvia", "Mi abuela"), strict=True)
    ]
    said = bot.send(room.group, room.diego, "Las bibliotecas deberían abrir de noche")
    requests.append(bot.send(room.group, room.lucia, "/redactar@redactor_bot", reply_to=said.id))
    essays = [await bot.until_essay(room.group, request) for request in requests]
    assert all(essays)
    assert "biblioteca" in " ".join(essays[-1]).lower()
    assert await bot.until_essay(room.mateo, alone)
    assert await bot.until_essay(room.forum, in_forum)
    assert {m.thread_id for m in bot.answers(room.forum)} == {thread}
    assert bot.count("sendMessageDraft", room.group) == 0
    # Only whose essay it is may press its buttons.
    last = next(m for m in bot.answers(room.group, to=requests[0].id) if button(m, "again"))
    bot.server.people.press(room.group, room.diego, last.id, button(last, "again"))
    await bot.until(lambda: bot.count("answerCallbackQuery") == 1)
    assert "text" in bot.calls("answerCallbackQuery")[0].parameters
    bot.server.people.press(room.group, room.lucia, last.id, button(last, "again"))
    await bot.until(
        lambda: sum(bool(button(m, "again")) for m in bot.answers(room.group, requests[0].id)) == 2
    )


async def test_cancelling_while_running_and_while_waiting(bot):
    room = bot.server.classroom
    sofia = room.sofia
    await config(bot, sofia, sofia, "longitud 1500")

    def placeholder(request):
        return next((m for m in bot.answers(sofia, to=request.id) if button(m, "stop")), None)

    async with bot.slow_generation():
        running = bot.send(sofia, sofia, "/redactar El universo")
        waiting = bot.send(sofia, sofia, "/redactar La luna")
        await bot.until(lambda: placeholder(running) and placeholder(waiting))
        bot.server.people.press(
            sofia, sofia, placeholder(waiting).id, button(placeholder(waiting), "stop")
        )
        await bot.until(lambda: not placeholder(waiting))
        await bot.until(lambda: bot.count("sendMessageDraft", sofia) > 0)
        bot.send(sofia, sofia, "/cancelar")
        await bot.until(lambda: not placeholder(running))
    # What was written so far is not lost.
    await bot.until(lambda: bot.essay(sofia, running))
    assert bot.essay(sofia, running)[0].startswith(SPANISH.chat.stopped_with_text)
    # The service is free again at once.
    await config(bot, sofia, sofia, "longitud 40")
    again = bot.send(sofia, sofia, "/redactar El sol")
    await bot.until_essay(sofia, again)


async def test_settings_and_waiting_essays_survive_a_restart(stopped_bot):
    bot = stopped_bot
    lucia, mateo = bot.server.classroom.lucia, bot.server.classroom.mateo
    await bot.start()
    await config(bot, lucia, lucia, "longitud 80")
    await config(bot, mateo, mateo, "longitud 1500")
    await config(bot, mateo, mateo, "borradores 1")
    async with bot.slow_generation():
        long_one = bot.send(mateo, mateo, "/redactar Los ríos")
        await bot.until(lambda: bot.count("sendMessageDraft", mateo) > 0)
        assert await bot.stop() == 0
    assert not bot.essay(mateo, long_one)
    # While the bot is away, Telegram keeps what people write.
    while_away = bot.send(lucia, lucia, "/redactar Los montes")
    await bot.start()
    essay = await bot.until_essay(lucia, while_away)
    assert count_words(" ".join(essay)) <= 120
    await bot.until_essay(mateo, long_one)
    await bot.until(lambda: not any(button(m, "stop") for m in bot.answers(mateo)))
    assert await bot.stop() == 0


async def test_a_killed_bot_loses_nothing(stopped_bot):
    bot = stopped_bot
    sofia = bot.server.classroom.sofia
    await bot.start()
    await config(bot, sofia, sofia, "longitud 400")
    request = bot.send(sofia, sofia, "/redactar El desierto")
    await bot.until(lambda: bot.answers(sofia, to=request.id))
    await bot.stop(signal.SIGKILL)
    await bot.start()
    await bot.until_essay(sofia, request)
    assert sum(bool(button(m, "again")) for m in bot.answers(sofia)) == 1
    assert await bot.stop() == 0


async def test_a_flood_limit_and_a_refusal_delay_the_essay_but_do_not_lose_it(bot):
    lucia = bot.server.classroom.lucia
    await config(bot, lucia, lucia, "longitud 60")
    bot.fail(status=429, method="sendMessage", chat_id=lucia, times=2, retry_after=1)
    bot.fail(status=400, method="sendMessageDraft", chat_id=lucia, times=0)
    bot.fail(kind="html", method="sendMessage", chat_id=lucia, times=1, skip=1)
    request = bot.send(lucia, lucia, "El fuego")
    await bot.until_essay(lucia, request)
    assert sum(bool(button(m, "again")) for m in bot.answers(lucia)) == 1


async def test_a_killed_generation_child_costs_time_only(bot):
    mateo = bot.server.classroom.mateo
    await config(bot, mateo, mateo, "longitud 400")
    async with bot.slow_generation() as child:
        request = bot.send(mateo, mateo, "/redactar Los volcanes")
        await bot.until(lambda: bot.count("sendMessageDraft", mateo) > 0)
        child.kill()
    assert await bot.until_essay(mateo, request)
    assert bot.generation_child().pid != child.pid


async def test_strangers_are_kept_out_and_the_owner_comes_in(stopped_bot):
    bot = stopped_bot
    bot.environment["REDACTOR_ACCESS"] = "private"
    await bot.start()
    room = bot.server.classroom
    await bot.until(lambda: any("start=" in line for line in bot.log))
    code = next(line for line in bot.log if "start=" in line).rpartition("start=")[2].strip()
    bot.send(room.diego, room.diego, "El mar")
    await bot.until(lambda: bot.answers(room.diego))
    bot.server.people.start(room.teacher, code)
    await bot.until(lambda: bot.answers(room.teacher))
    await config(bot, room.teacher, room.teacher, "longitud 40")
    request = bot.send(room.teacher, room.teacher, "La escuela")
    await bot.until_essay(room.teacher, request)
    assert len(bot.answers(room.diego)) == 1
    assert await bot.stop() == 0


async def test_metrics_and_health(stopped_bot, unused_tcp_port):
    bot = stopped_bot
    bot.environment["REDACTOR_METRICS_PORT"] = str(unused_tcp_port)
    await bot.start()
    lucia = bot.server.classroom.lucia
    await config(bot, lucia, lucia, "longitud 40")
    await bot.until_essay(lucia, bot.send(lucia, lucia, "El pan"))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{unused_tcp_port}") as http:
        assert (await http.get("/health")).json()["status"] == "ok"
        async with asyncio.timeout(30):
            while (
                'redactor_essays_ended_total{outcome="delivered"} 1.0'
                not in (await http.get("/metrics")).text
            ):
                await asyncio.sleep(0.05)
    assert await bot.stop() == 0
