"""The playground over HTTP: every form of request, the page's interface, starting and stopping."""

import asyncio
import json

import httpx
import pytest
from telegram import (
    BotCommand,
    BotCommandScopeAllGroupChats,
    BotCommandScopeChatAdministrators,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
)

from bot.errors import FailureReason, GenerationError, PortTakenError
from bot.playground import PlaygroundServer
from bot.playground.faults import Fault

from .client import PlaygroundClient, PlaygroundRefusedError
from .conftest import OWN, png, room_of

KEYBOARD = InlineKeyboardMarkup([[InlineKeyboardButton("Sí", callback_data="si")]])


@pytest.mark.parametrize("form", ["query", "urlencoded", "multipart", "json"])
async def test_parameters_come_in_every_form(server, http, form):
    lucia = room_of(server).lucia
    server.people.start(lucia)
    markup = {"inline_keyboard": [[{"text": "Sí", "callback_data": "si"}]]}
    strings = {"chat_id": str(lucia), "text": "¡hola!", "reply_markup": json.dumps(markup)}
    if form == "query":
        response = await http.get("sendMessage", params=strings)
    elif form == "urlencoded":
        response = await http.post("sendMessage", data=strings)
    elif form == "multipart":
        parts = {name: (None, value) for name, value in strings.items()}
        response = await http.post("sendMessage", files=parts)
    else:
        body = {"chat_id": lucia, "text": "¡hola!", "reply_markup": markup}
        response = await http.post("sendMessage", json=body)
    result = response.json()["result"]
    assert result["text"] == "¡hola!"
    assert result["reply_markup"] == markup


@pytest.mark.parametrize("by_reference", [True, False])
async def test_files_go_up_and_come_down(server, http, by_reference):
    lucia = room_of(server).lucia
    server.people.start(lucia)
    name = "part0" if by_reference else "document"
    data = {"chat_id": str(lucia)} | ({"document": "attach://part0"} if by_reference else {})
    files = {name: ("redacción ñ.txt", b"hola", "text/plain")}
    sent = (await http.post("sendDocument", data=data, files=files)).json()["result"]
    assert sent["document"]["file_name"] == "redacción ñ.txt"
    file_id = sent["document"]["file_id"]
    path = (await http.get("getFile", params={"file_id": file_id})).json()["result"]["file_path"]
    download = await http.get(f"{server.file_base_url}{server.token}/{path}")
    assert download.content == b"hola"
    assert (await http.get(f"{server.file_base_url}1:wrong/{path}")).status_code == 401
    assert (await http.get(f"{server.file_base_url}{server.token}/nothing")).status_code == 404


async def test_refusals_over_http(server, http):
    unknown = await http.post("sendFax")
    assert (unknown.status_code, unknown.json()) == (
        404,
        {"ok": False, "error_code": 404, "description": "Not Found"},
    )
    wrong = await http.get(f"{server.api_base_url}123:wrongtoken/getMe")
    assert (wrong.status_code, wrong.json()["description"]) == (401, "Unauthorized")
    broken = await http.post("getMe", content=b"{", headers={"content-type": "application/json"})
    assert broken.status_code == 400
    server.gateway.faults.add(Fault(status=429, retry_after=3))
    flooded = await http.get("getMe")
    assert (flooded.status_code, flooded.headers["retry-after"]) == (429, "3")
    server.gateway.faults.add(Fault(kind="html"))
    gone = await http.get("getMe")
    assert gone.status_code == 502
    with pytest.raises(ValueError, match="Expecting value"):
        gone.json()


@pytest.mark.parametrize("kind", ["reset", "cut"])
@pytest.mark.parametrize(("acts", "delivered"), [("no", 0), ("first", 1), ("last", 1)])
async def test_a_broken_connection_gives_no_answer(server, http, kind, acts, delivered):
    lucia = room_of(server).lucia
    server.people.start(lucia)
    server.gateway.faults.add(Fault(kind=kind, acts=acts))
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await http.post("sendMessage", data={"chat_id": lucia, "text": "hola"})
    messages = server.world.chats[lucia].messages.values()
    assert sum(message.sender_id == server.world.bot.id for message in messages) == delivered
    assert (await http.get("getMe")).status_code == 200


async def test_two_pollers_are_in_conflict(server, http):
    first = asyncio.create_task(http.get("getUpdates", params={"timeout": 30}))
    while not server.gateway.calls:
        await asyncio.sleep(0)
    second = asyncio.create_task(http.get("getUpdates", params={"timeout": 30}))
    assert (await first).status_code == 409
    server.people.start(room_of(server).lucia)
    assert len((await second).json()["result"]) == 1


async def test_a_poller_that_went_away_is_forgotten(server, http):
    calls = server.gateway.calls
    gone = asyncio.create_task(http.get("getUpdates", params={"timeout": 50}))
    while not calls:
        await asyncio.sleep(0)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    while calls[0].finished_at is None:
        await asyncio.sleep(0)
    assert calls[0].status is None
    server.people.start(room_of(server).lucia)
    assert len((await http.get("getUpdates", params={"timeout": 50})).json()["result"]) == 1


async def test_stopping_does_not_wait_for_long_polls_and_event_streams():
    own = httpx.AsyncClient(headers=OWN, trust_env=False)
    async with PlaygroundServer() as server, own as client:
        poll = asyncio.create_task(
            client.get(f"{server.api_base_url}{server.token}/getUpdates?timeout=50", timeout=60)
        )
        stream = client.stream("GET", f"{server.url}/events", timeout=60)
        events = await stream.__aenter__()
        while not server.gateway.calls:
            await asyncio.sleep(0)
        lines = [line async for line in _until_closed(server, events)]
        assert lines[0] == ": open"
        await stream.__aexit__(None, None, None)
        assert (await poll).json() == {"ok": True, "result": []}


async def _until_closed(server, events):
    is_first = True
    async for line in events.aiter_lines():
        yield line
        if is_first:
            is_first = False
            server.world.updates.close()
            server.world.changes.close()


async def test_a_taken_port_is_named(server):
    with pytest.raises(PortTakenError) as taken:
        async with PlaygroundServer(server.port):
            pass
    assert taken.value.port == server.port


async def test_a_port_can_be_used_again():
    async with PlaygroundServer() as first:
        port = first.port
    async with PlaygroundServer(port) as second:
        assert second.port == port


async def test_events_carry_every_change(server, http):
    lucia = room_of(server).lucia
    after = server.world.changes.last_seq
    async with http.stream("GET", f"{server.url}/events?after={after}") as events:
        server.people.start(lucia)
        lines = events.aiter_lines()
        kinds = []
        async for line in lines:
            if line.startswith("data: "):
                kinds.append(json.loads(line.removeprefix("data: "))["kind"])
            if kinds == ["chat", "message"]:
                break


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 400),
        ({"host": "["}, 400),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "http://["}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
    ],
)
async def test_other_sites_are_kept_out(server, http, headers, status):
    lucia = room_of(server).lucia
    start = await http.post(f"{server.url}/api/start", json={"user_id": lucia}, headers=headers)
    assert start.status_code == status
    follow = await http.get(f"{server.url}/?start=code&as=teacher", headers=headers)
    assert follow.status_code == status
    assert not server.world.chats[lucia].messages


async def test_a_link_from_elsewhere_may_open_the_page(server, http):
    page = await http.get(server.url, headers={"sec-fetch-site": "cross-site"})
    assert page.status_code == 200


async def test_nothing_is_done_on_a_get_of_anybody(server):
    lucia = room_of(server).lucia
    server.people.start(lucia)
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
        bot = f"/bot{server.token}"
        for path in (
            f"{bot}/sendMessage?chat_id={lucia}&text=x",
            f"{bot}/getUpdates?offset=99999999999",
            f"/api/start?user_id={lucia}",
        ):
            assert (await client.get(path)).status_code in (404, 405)
    assert len(server.world.chats[lucia].messages) == len(server.world.updates) == 1


async def test_the_token_is_another_one_at_each_start(server):
    async with PlaygroundServer() as other:
        assert other.token != server.token
        assert other.token.partition(":")[0] == server.token.partition(":")[0]


async def test_no_page_of_another_site_can_frame_it(server, http):
    for path in ("/", "/app.js", "/api/state"):
        headers = (await http.get(f"{server.url}{path}")).headers
        assert headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]


async def test_the_page_loads_nothing_from_elsewhere(server, http):
    page = await http.get(server.url)
    assert page.status_code == 200
    assert page.headers["content-security-policy"].startswith("default-src 'self'")
    assert "//" not in page.text.replace("http://www.w3.org", "")


# The interface for people.


async def test_a_conversation(server, bot):
    lucia = room_of(server).lucia
    async with PlaygroundClient(server.url) as client:
        sent = await client.post("messages", chat_id=lucia, user_id=lucia, text="hola")
        assert sent["playground"]["is_seen_by_bot"]
        answer = await bot.send_message(lucia, "¿qué tal?", reply_markup=KEYBOARD)
        where = {"chat_id": lucia, "user_id": lucia, "message_id": answer.message_id}
        pressed = await client.post("press", **where, data="si")
        *_, update = await bot.get_updates()
        assert update.callback_query.id == pressed["query_id"]
        await update.callback_query.answer("¡Bien!", show_alert=True)
        toast = server.world.changes.after(0)[-1]
        assert (toast.kind, toast.data["query_id"]) == ("callback_answer", pressed["query_id"])
        assert (toast.data["text"], toast.data["show_alert"]) == ("¡Bien!", True)
        [call] = await client.get("calls", method="sendMessage")
        assert (call["status"], call["acted"]) == (200, True)
        state = await client.get("state")
        assert state["bot"]["username"] == "redactor_bot"
        [private] = [chat for chat in state["chats"] if chat["id"] == lucia]
        assert [message["text"] for message in private["messages"]] == ["hola", "¿qué tal?"]
        with pytest.raises(PlaygroundRefusedError, match="not_a_member"):
            await client.post("messages", chat_id=room_of(server).mateo, user_id=lucia, text="x")


async def test_what_people_do_in_private(server):
    lucia = room_of(server).lucia
    chat = server.world.chats[lucia]
    async with PlaygroundClient(server.url) as client:
        sent = await client.post("start", user_id=lucia, payload="clase-4b")
        assert sent["text"] == "/start clase-4b"
        where = {"chat_id": lucia, "user_id": lucia, "message_id": sent["message_id"]}
        assert (await client.post("messages/edit", **where, text="hola"))["edit_date"]
        await client.post("react", **where, emoji="👍")
        [message] = chat.messages.values()
        assert message.reactions == {lucia: [{"type": "emoji", "emoji": "👍"}]}
        await client.post("messages/delete", **where)
        assert chat.messages == {}
        with pytest.raises(PlaygroundRefusedError, match="no_draft"):
            await client.post("stop", user_id=lucia)
        await client.post("block", user_id=lucia)
        assert server.world.users[lucia].has_blocked_bot
        await client.post("unblock", user_id=lucia)
        assert not server.world.users[lucia].has_blocked_bot


async def test_what_people_do_in_groups(server):
    room, world = room_of(server), server.world
    async with PlaygroundClient(server.url) as client:
        new = {"kind": "supergroup", "title": "Foro", "is_forum": True}
        chat = await client.post("chats", **new, creator_id=room.teacher, member_ids=[room.lucia])
        here = {"chat_id": chat["id"], "user_id": room.teacher}
        topic = await client.post("topics", **here, name="Uno")
        thread = {"thread_id": topic["message_thread_id"]}
        await client.post("topics/close", **here, **thread)
        theirs = {"chat_id": chat["id"], "user_id": room.lucia, "text": "hola"}
        with pytest.raises(PlaygroundRefusedError, match="topic_closed"):
            await client.post("messages", **theirs, **thread)
        admin = {"user_id": world.bot.id, "status": "administrator"}
        await client.post("members", chat_id=chat["id"], actor_id=room.teacher, **admin)
        assert (await client.post("messages", **theirs))["playground"]["is_seen_by_bot"]
        migrated = await client.post("migrate", chat_id=room.group, user_id=room.teacher)
        assert world.chats[room.group].migrated_to == migrated["id"]


async def test_faults_and_limits_are_planned_from_outside(server):
    async with PlaygroundClient(server.url) as client:
        await client.post("faults", status=429, method="sendMessage", retry_after=2)
        assert (await client.get("faults"))[0]["retry_after"] == 2
        await client.post("faults/clear")
        assert server.gateway.faults.due == []
        await client.post("limits", is_on=True, counts_reactions=True, counts_ephemeral=True)
        assert server.gateway.limits.counts_ephemeral
        assert (server.gateway.limits.is_on, server.gateway.limits.counts_reactions) == (True,) * 2


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        ("messages", {"chat_id": 1}, "wrong_body"),
        ("messages", {"chat_id": 1, "user_id": 1, "text": "x", "colour": "red"}, "wrong_body"),
        ("faults", {"kind": "fire"}, "wrong_body"),
        ("messages", {"chat_id": 1, "user_id": 1, "text": "x"}, "no_such_chat"),
    ],
)
async def test_the_interface_says_what_is_wrong(server, path, body, reason):
    async with PlaygroundClient(server.url) as client:
        with pytest.raises(PlaygroundRefusedError, match=reason):
            await client.post(path, **body)


async def test_people_send_files_that_bots_download(server, bot):
    lucia = room_of(server).lucia
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
        sent = await client.post(
            "/api/files",
            data={"chat_id": lucia, "user_id": lucia, "text": "mi tema"},
            files={"file": ("tema.txt", b"El mar", "text/plain")},
        )
        assert sent.json()["caption"] == "mi tema"
        file_id = sent.json()["document"]["file_id"]
        download = await client.get(f"/api/files/{file_id}/tema.txt")
        assert download.headers["content-disposition"].endswith("tema.txt")
    [update] = await bot.get_updates()
    assert update.message is not None
    assert update.message.document is not None
    file = await update.message.document.get_file()
    assert bytes(await file.download_as_bytearray()) == b"El mar"


async def test_people_send_and_see_pictures(server, bot):
    lucia = room_of(server).lucia
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
        sent = await client.post(
            "/api/files",
            data={"chat_id": lucia, "user_id": lucia, "text": "/redactar El mar"},
            files={"file": ("mar.png", png(30, 20), "image/png")},
        )
        [photo] = sent.json()["photo"]
        assert (photo["width"], photo["height"]) == (30, 20)
        shown = await client.get(f"/api/files/{photo['file_id']}/mar.png")
        assert (shown.headers["content-type"], shown.content) == ("image/png", png(30, 20))
    [update] = await bot.get_updates()
    assert update.message.caption == "/redactar El mar"
    file = await update.message.photo[-1].get_file()
    assert bytes(await file.download_as_bytearray()) == png(30, 20)


async def test_a_picture_goes_out_and_is_replaced(server, bot):
    lucia = room_of(server).lucia
    server.people.start(lucia)
    sent = await bot.send_photo(lucia, png(9, 6), caption="Después de «El mar»")
    media = InputMediaPhoto(png(12, 8), caption="Con 0,2")
    changed = await sent.edit_media(media, KEYBOARD)
    assert (changed.photo[-1].width, changed.caption) == (12, "Con 0,2")
    message = server.world.chats[lucia].messages[sent.message_id]
    assert message.photo.data == png(12, 8)
    assert message.markup


async def test_commands_shown_follow_scope_and_language(server, bot):
    room = room_of(server)
    await bot.set_my_commands([BotCommand("write", "Write an essay")])
    await bot.set_my_commands([BotCommand("redactar", "Escribe")], language_code="es")
    await bot.set_my_commands([BotCommand("cola", "La cola")], BotCommandScopeAllGroupChats())
    await bot.set_my_commands(
        [BotCommand("clase", "La clase")], BotCommandScopeChatAdministrators(room.group)
    )
    english = server.world.add_user("Amy", language_code="en")
    async with PlaygroundClient(server.url) as client:

        async def shown(chat_id: int, user_id: int) -> list[str]:
            found = await client.get("commands", chat_id=chat_id, user_id=user_id)
            return [command["command"] for command in found]

        assert await shown(room.lucia, room.lucia) == ["redactar"]
        assert await shown(english.id, english.id) == ["write"]
        assert await shown(room.group, room.lucia) == ["cola"]
        assert await shown(room.group, room.teacher) == ["clase"]


async def test_the_page_is_told_of_a_service_that_does_not_answer(server):
    async def away(text, upto):
        raise GenerationError(FailureReason.AWAY)

    async with PlaygroundClient(server.url) as client:
        for inside, text, reason in (
            (None, "El mar", "away"),
            (away, "El mar", "away"),
            (away, " ", "empty"),
            (away, "x" * 1001, "too_long"),
        ):
            server.api.inside = inside
            with pytest.raises(PlaygroundRefusedError, match=reason):
                await client.post("inside", text=text)
