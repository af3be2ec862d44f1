"""Who may use the bot, and what the others are told."""

import asyncio

import pytest

from bot.playground import wire
from bot.playground.text import detect_entities
from bot.storage import chats, people
from bot.telegram.connection import owner_link
from bot.texts import SPANISH
from tests.telegram.classroom import Classroom

REFUSED = "¡Hola! Este bot es de una clase"
CLOSED = SPANISH.desk.closed_group
NOT_YOURS = "Este botón es de otra persona."
GONE = "Este botón ya no sirve. Empieza de nuevo con la orden."
WRITE = "/redactar@redactor_bot"


@pytest.fixture
async def private(url):
    async with Classroom(url, is_open=False) as classroom:
        yield classroom


async def owner_code(classroom):
    return await classroom.database.step("owner code", people.owner_code)


@pytest.fixture
async def owned(private):
    """A bot that belongs to the teacher, who has not added it anywhere yet."""
    code = await owner_code(private)
    teacher = f"user:{private.telegram.room.teacher}"
    assert await private.database.step("claim", lambda tx: people.claim(tx, teacher, code))
    return private


@pytest.fixture
def teacher(owned):
    return owned.telegram.room.teacher


async def admitted(classroom):
    return await classroom.database.read(chats.admitted)


async def new_group(classroom, by, members=(), kind="group"):
    """Somebody makes a group with the bot in it."""
    chat = classroom.telegram.people.create_chat(kind, "Clase", by, list(members))
    await classroom.settle()
    return chat.id


async def test_owner_claims_with_the_link(private):
    code = await owner_code(private)
    telegram, room = private.telegram, private.telegram.room
    assert owner_link("redactor_bot", code) == f"https://t.me/redactor_bot?start={code}"
    await private.say("/redactar El mar", room.teacher)
    await private.say("/start wrong-code", room.teacher)
    await private.settle()
    unclaimed, wrong = telegram.texts(room.teacher)
    assert unclaimed.startswith("¡Hola! Todavía no tengo dueño.")
    assert wrong == "Ese enlace ya se usó o no es correcto."
    telegram.people.start(room.teacher, code)
    await private.settle()
    assert telegram.texts(room.teacher)[-1].startswith("¡Hola! Desde ahora este bot es tuyo.")
    telegram.people.start(room.lucia, code)
    await private.settle()
    assert telegram.texts(room.lucia) == ["Ese enlace ya se usó o no es correcto."]
    await private.say(f"/start {code}", room.teacher)
    await private.settle()
    assert telegram.texts(room.teacher)[-1].startswith("¡Hola! Dame un tema")
    await private.say("El mar", room.teacher)
    assert len(await private.unfinished()) == 1


async def test_link_in_a_group_makes_no_owner(private):
    code = await owner_code(private)
    await private.say(f"/start@redactor_bot {code}", chat_id=private.group)
    await private.settle()
    assert await private.database.read(people.owner) is None


async def test_stranger_gets_one_sentence_an_hour(owned):
    for text in ("El mar", "/redactar El mar", "/config longitud 300", "/start", "/borrar"):
        await owned.say(text)
        await owned.settle()
    (refusal,) = owned.telegram.texts(owned.lucia)
    assert refusal.startswith(REFUSED)
    # An hour is an hour, wherever the clock stands.
    for _ in range(59):
        await asyncio.sleep(60)
        await owned.say("El mar")
    await owned.settle()
    assert len(owned.telegram.texts(owned.lucia)) == 1
    await asyncio.sleep(120)
    await owned.say("El mar")
    await owned.settle()
    assert owned.telegram.texts(owned.lucia) == [refusal, refusal]
    assert not await owned.jobs()
    assert await owned.preferences() is None


@pytest.mark.parametrize("text", ["/start Any words", "/start El mar es hondo", "/start"])
async def test_marked_command_of_a_stranger_is_that_command(owned, text):
    telegram, lucia = owned.telegram, owned.lucia
    telegram.write(lucia, text)
    update = telegram.updates[-1]
    telegram.world.updates.drop_all()
    bold = {"type": "bold", "offset": 0, "length": len(text)}
    update["message"]["entities"] = [bold, *detect_entities(text)]
    telegram.deliver(update)
    await owned.settle()
    (refusal,) = telegram.texts(lucia)
    assert refusal.startswith(REFUSED)
    assert not await owned.jobs()


async def test_stranger_presses_a_button(owned):
    toast = await owned.forge(f"cfg:u{owned.lucia}:s:len:500")
    assert toast == "Este bot es de una clase y solo escribe para ella."
    assert await owned.preferences() is None


async def test_the_owner_is_asked_in_private_when_somebody_else_adds_the_bot(owned, teacher):
    telegram, desk = owned.telegram, SPANISH.desk
    await owned.say("/start", teacher)
    for button, adder in ((desk.labels["open"], owned.lucia), (desk.labels["leave"], owned.mateo)):
        group = await new_group(owned, adder)
        await owned.settle()
        asked = telegram.from_bot(teacher)[-1]
        assert asked.text.endswith(" me ha añadido a «Clase».")
        # Nobody else may, wherever the data comes from.
        for forged in asked.buttons.values():
            await owned.forge(forged, adder, group)
        assert group not in await admitted(owned)
        assert await owned.toast(button, teacher, None, asked.id) == ""
        await owned.settle()
        is_open = button == desk.labels["open"]
        assert (group in await admitted(owned)) is is_open
        assert telegram.world.chats[group].member(telegram.bot_id).is_present is is_open


async def test_group_of_the_owner_is_open_to_its_members(owned, teacher):
    telegram, lucia, mateo = owned.telegram, owned.lucia, owned.mateo
    group = await new_group(owned, teacher, [lucia, mateo])
    await asyncio.sleep(5)
    await owned.settle()
    (greeting,) = telegram.texts(group)
    assert greeting.startswith("¡Hola, clase!")
    await owned.say(f"{WRITE} El mar", lucia, group)
    assert not telegram.calls("getChatMember")
    # In private too, as Telegram says.
    await owned.say("El sol", lucia)
    await owned.say("La lluvia", lucia)
    assert len(await owned.unfinished()) == 3
    assert len(telegram.calls("getChatMember")) == 1

    telegram.people.set_status(group, teacher, telegram.bot_id, "left")
    await owned.settle()
    assert await admitted(owned) == []
    telegram.deliver({"message": said(owned, mateo, group)})
    # Nor in private, though a moment ago Telegram said that she is in it.
    await owned.say("El viento", lucia)
    await owned.settle()
    assert len(await owned.jobs()) == 3
    assert owned.telegram.texts(lucia)[-1].startswith(REFUSED)


def said(classroom, person, chat_id):
    """A command as Telegram describes it, from a group that the bot is not in any more."""
    world = classroom.telegram.world
    return {
        "message_id": 900_000_000,
        "date": int(world.now()),
        "chat": wire.chat_json(world.chats[chat_id]),
        "from": wire.user_json(world.users[person]),
        "text": f"{WRITE} La luna",
        "entities": detect_entities(f"{WRITE} La luna"),
    }


async def test_member_who_never_wrote_in_the_group(owned, teacher):
    telegram, lucia, mateo = owned.telegram, owned.lucia, owned.mateo
    group = await new_group(owned, teacher, [lucia, mateo], kind="supergroup")
    telegram.world.chats[group].member(lucia).is_muted = True
    telegram.people.set_status(group, teacher, mateo, "left")
    for _ in range(3):
        await owned.say("El mar", lucia)
        await owned.say("El mar", mateo)
    assert {job.request.person for job in await owned.unfinished()} == {f"user:{lucia}"}
    assert len(telegram.calls("getChatMember")) == 2
    # A stranger may have joined meanwhile.
    telegram.people.set_status(group, teacher, mateo, "member")
    await asyncio.sleep(61)
    await owned.say("El mar", mateo)
    assert f"user:{mateo}" in {job.request.person for job in await owned.unfinished()}


@pytest.mark.parametrize("is_told", [True, False])
async def test_whoever_leaves_the_group_is_out(owned, teacher, is_told):
    """At once where Telegram tells the bot of it, else in five minutes."""
    telegram, lucia = owned.telegram, owned.lucia
    group = await new_group(owned, teacher, [lucia])
    await owned.say("El mar", lucia)
    if is_told:
        telegram.people.set_status(group, lucia, lucia, "left")
    else:
        del telegram.world.chats[group].members[lucia]
        await owned.say("El viento", lucia)
        await asyncio.sleep(301)
    await owned.say("El sol", lucia)
    await owned.settle()
    assert [job.request.topic for job in await owned.jobs()][-1:] != ["El sol"]
    assert telegram.texts(lucia)[-1].startswith(REFUSED)


async def test_whoever_writes_in_a_group_need_not_be_in_it(owned, teacher):
    """Readers of a channel comment in its group without being members."""
    group = await new_group(owned, teacher, [])
    owned.telegram.deliver({"message": said(owned, owned.mateo, group)})
    await owned.handled()
    assert len(await owned.unfinished()) == 1
    await owned.say("El mar", owned.mateo)
    await owned.settle()
    assert len(await owned.jobs()) == 1
    assert owned.telegram.texts(owned.mateo)[-1].startswith(REFUSED)


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 403, "description": "bot was kicked"},
        {"kind": "hang"},
        {"kind": "html", "times": 0},
        {"kind": "no_result", "times": 0},
    ],
)
async def test_members_cannot_be_seen(owned, teacher, caplog, fault):
    caplog.set_level("INFO")
    await new_group(owned, teacher, [owned.lucia])
    owned.telegram.fail("getChatMember", **fault)
    await owned.say("El mar")
    await owned.settle()
    assert owned.telegram.texts(owned.lucia)[0].startswith(REFUSED)
    assert "cannot see the members" in caplog.text


async def test_group_of_a_stranger_stays_closed(owned, teacher):
    telegram, lucia, mateo = owned.telegram, owned.lucia, owned.mateo
    group = await new_group(owned, lucia, [mateo, teacher])
    for person in (lucia, mateo, lucia):
        await owned.say(f"{WRITE} El mar", person, group)
        await owned.settle()
    await asyncio.sleep(5)
    await owned.settle()
    texts = telegram.texts(group)
    assert 1 <= len(texts) <= 2
    assert all(text.startswith(CLOSED) for text in texts)
    assert not await owned.jobs()
    await owned.say(f"{WRITE} El mar", teacher, group)
    assert len(await owned.unfinished()) == 1


async def test_open_bot_greets_everywhere(classroom):
    telegram, lucia = classroom.telegram, classroom.lucia
    chat = telegram.people.create_chat("group", "Clase", lucia, [classroom.mateo])
    telegram.people.set_status(chat.id, lucia, telegram.bot_id, "administrator")
    await classroom.say("/ayuda")
    telegram.people.block(lucia)
    telegram.people.unblock(lucia)
    await asyncio.sleep(6)
    await classroom.settle()
    (greeting,) = telegram.texts(chat.id)
    assert greeting.startswith("¡Hola, clase!")
    assert len(telegram.texts(lucia)) == 1


async def test_migrated_group_stays_admitted(owned, teacher):
    group = await new_group(owned, teacher, [owned.lucia])
    new = owned.telegram.people.migrate(group, teacher)
    await owned.settle()
    await owned.say(f"{WRITE} El mar", chat_id=new.id)
    assert len(await owned.unfinished()) == 1
    assert await admitted(owned) == [new.id]


async def test_memory_of_strangers_is_bounded(owned, teacher, monkeypatch):
    monkeypatch.setattr("bot.telegram.members._REMEMBERED", 1)
    await new_group(owned, teacher)
    for person in (owned.lucia, owned.mateo, owned.lucia):
        await owned.say("El mar", person)
    assert len(owned.telegram.calls("getChatMember")) == 3


class TestForgedButtons:
    """Somebody who runs one group sends what was shown under messages of another."""

    @pytest.fixture
    async def two_groups(self, classroom):
        """Mateo runs group B; Lucía, and an anonymous admin, have things in the forum A."""
        room, people = classroom.telegram.room, classroom.telegram.people
        people.set_status(room.forum, room.teacher, room.teacher, "creator", is_anonymous=True)
        for person in (room.lucia, room.teacher):
            await classroom.say(f"{WRITE} El mar", person, room.forum)
        await classroom.settle()
        other = people.create_chat("supergroup", "Otra", room.mateo, [room.sofia])
        await classroom.settle()
        return other.id

    async def test_essays_of_another_group(self, classroom, two_groups):
        jobs = await classroom.unfinished()
        assert {job.request.person.partition(":")[0] for job in jobs} == {"user", "chat"}
        for job in jobs:
            for kind in ("stop", "again", "more", "retry"):
                data = f"{kind}:{job.token}"
                assert await classroom.forge(data, classroom.mateo, two_groups) == GONE
                # Nor may the author from there: the essay would land in the wrong group.
                assert await classroom.forge(data, classroom.lucia, two_groups) == GONE
                assert await classroom.forge(data, classroom.mateo, classroom.mateo) == GONE
        assert await classroom.unfinished() == jobs

    @pytest.mark.parametrize(
        "data",
        ["cfg:{}:s:len:500", "cfg:{}:x", "erase:{}:no", "care:{}:no", "stop:{token}"],
    )
    async def test_ones_own_thing_on_the_message_of_another(self, classroom, data):
        """Clients may send any data of any message; that message must not become another."""
        classroom.service.gate.set()
        await classroom.say(f"{WRITE} El mar", classroom.mateo, classroom.group)
        await classroom.finish()
        (essay,) = classroom.telegram.from_bot(classroom.group)
        classroom.service.gate.clear()
        await classroom.say(f"{WRITE} El sol", chat_id=classroom.group)
        (job,) = await classroom.unfinished()
        data = data.format(f"u{classroom.lucia}", token=job.token)
        toast = await classroom.forge(data, classroom.lucia, classroom.group, essay.id)
        assert toast == GONE
        await classroom.settle()
        assert essay in classroom.telegram.from_bot(classroom.group)
        assert await classroom.preferences() is None
        assert await classroom.unfinished() == [job]

    async def test_numbers_of_essays_are_no_tokens(self, classroom, two_groups):
        jobs = await classroom.unfinished()
        for job in jobs:
            toast = await classroom.forge(f"stop:{job.id}", classroom.lucia, classroom.forum)
            assert toast == GONE
        assert await classroom.unfinished() == jobs

    @pytest.mark.parametrize(
        "data",
        ["cfg:{}:s:len:500", "cfg:{}:r", "cfg:{}:f", "erase:{}:yes", "erase:{}:no"],
    )
    async def test_things_of_another_person_or_group(self, classroom, two_groups, data):
        await classroom.prefer(words=99)
        jobs = await classroom.unfinished()
        for owner in (f"u{classroom.lucia}", f"c{classroom.forum}"):
            for place in (two_groups, classroom.mateo):
                toast = await classroom.forge(data.format(owner), classroom.mateo, place)
                assert toast == NOT_YOURS
        assert (await classroom.preferences()).words == 99
        assert await classroom.preferences(f"chat:{classroom.forum}") is None
        assert await classroom.unfinished() == jobs
