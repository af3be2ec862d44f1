"""Who may use the bot, and what the others are told."""

import asyncio

import pytest

from bot.telegram.application import owner_link
from tests.telegram.classroom import ANA, BEA, CARLOS, GROUP, Classroom
from tests.telegram.fake_telegram import Failure

OWNER = BEA
REFUSED = "¡Hola! Este bot es de una clase"


@pytest.fixture
async def private(url):
    async with Classroom(url, is_open=False) as classroom:
        yield classroom


@pytest.fixture
async def owned(private):
    assert private.access.claim(f"user:{OWNER}", private.access.owner_code())
    return private


async def test_owner_claims_with_the_link(private):
    code = private.access.owner_code()
    assert owner_link("redactor_bot", code) == f"https://t.me/redactor_bot?start={code}"
    await private.say("/redactar El mar", OWNER)
    await private.say("/start wrong-code", OWNER)
    await private.settle()
    unclaimed, wrong = private.telegram.texts(OWNER)
    assert unclaimed.startswith("¡Hola! Todavía no tengo dueño.")
    assert wrong == "Ese enlace ya se usó o no es correcto."
    await private.say(f"/start {code}", OWNER)
    await private.settle()
    assert private.telegram.texts(OWNER)[-1].startswith("¡Hola! Desde ahora este bot es tuyo.")
    await private.say(f"/start {code}", ANA)
    await private.settle()
    assert private.telegram.texts(ANA) == ["Ese enlace ya se usó o no es correcto."]
    await private.say(f"/start {code}", OWNER)
    await private.say("El mar", OWNER)
    await private.settle()
    assert private.telegram.texts(OWNER)[-2].startswith("¡Hola! Dame un tema")
    assert len(private.jobs.unfinished()) == 1


async def test_stranger_gets_one_sentence(owned):
    for text in ("El mar", "/redactar El mar", "/config longitud 300", "/start"):
        await owned.say(text, ANA)
    await owned.settle()
    (refusal,) = owned.telegram.texts(ANA)
    assert refusal.startswith(REFUSED)
    assert not owned.jobs.unfinished()
    assert owned.people.known_preferences(f"user:{ANA}") is None


async def test_stranger_presses_a_button(owned):
    toast = await owned.press(f"cfg:u{ANA}:s:len:500", ANA)
    assert toast == "Este bot es de una clase y solo escribe para ella."
    assert owned.people.known_preferences(f"user:{ANA}") is None


async def test_group_of_the_owner_is_open_to_its_members(owned):
    await owned.join(OWNER, "left", "member")
    await owned.settle()
    (greeting,) = owned.telegram.texts(GROUP)
    assert greeting.startswith("¡Hola, clase!")
    await owned.say("/redactar El mar", ANA, GROUP)
    # Whoever wrote in the group may write in private too, without asking Telegram.
    await owned.say("El sol", ANA)
    assert len(owned.jobs.unfinished()) == 2
    assert not owned.telegram.of("getChatMember")

    await owned.join(OWNER, "member", "left")
    await owned.say("/redactar La luna", CARLOS, GROUP)
    assert len(owned.jobs.unfinished()) == 2


async def test_member_who_never_wrote_in_the_group(owned):
    await owned.join(OWNER, "left", "administrator")
    owned.telegram.members[GROUP, ANA] = "restricted"
    owned.telegram.members[GROUP, CARLOS] = "left"
    for _ in range(3):
        await owned.say("El mar", ANA)
        await owned.say("El mar", CARLOS)
    await owned.settle()
    assert {job.request.person for job in owned.jobs.unfinished()} == {f"user:{ANA}"}
    assert len(owned.telegram.of("getChatMember")) == 2
    # A stranger may have joined meanwhile.
    owned.telegram.members[GROUP, CARLOS] = "member"
    await asyncio.sleep(61)
    await owned.say("El mar", CARLOS)
    assert f"user:{CARLOS}" in {job.request.person for job in owned.jobs.unfinished()}


async def test_members_cannot_be_seen(owned, caplog):
    caplog.set_level("INFO")
    await owned.join(OWNER, "left", "member")
    owned.telegram.fail("getChatMember", Failure(403, "Forbidden: bot was kicked"))
    await owned.say("El mar", ANA)
    await owned.settle()
    assert owned.telegram.texts(ANA)[0].startswith(REFUSED)
    assert "cannot see the members" in caplog.text


async def test_group_of_a_stranger_stays_closed(owned):
    await owned.join(ANA, "left", "member")
    await owned.say("/redactar El mar", ANA, GROUP)
    await owned.say("/redactar El mar", CARLOS, GROUP)
    await owned.settle()
    closed = "¡Hola! Todavía no puedo escribir en este grupo"
    assert [text[: len(closed)] for text in owned.telegram.texts(GROUP)] == [closed, closed]
    assert not owned.jobs.unfinished()
    await owned.say("/redactar El mar", OWNER, GROUP)
    assert len(owned.jobs.unfinished()) == 1


async def test_open_bot_greets_everywhere(classroom):
    await classroom.join(ANA, "kicked", "member")
    await classroom.settle()
    assert classroom.telegram.texts(GROUP)[0].startswith("¡Hola, clase!")
    await classroom.join(ANA, "member", "administrator")
    await classroom.join(ANA, "member", "kicked", chat_id=ANA)
    await classroom.settle()
    assert len(classroom.telegram.of("sendMessage")) == 1


async def test_migrated_group_stays_admitted(owned):
    await owned.join(OWNER, "left", "member", chat_id=-5)
    update = {"migrate_to_chat_id": GROUP}
    await owned.handle(
        owned.telegram.new_update(message=owned.message(None, ANA, -5, 9, **update))
    )
    update = {"migrate_from_chat_id": -5}
    await owned.handle(
        owned.telegram.new_update(message=owned.message(None, ANA, GROUP, 1, **update))
    )
    await owned.say("/redactar El mar", ANA, GROUP)
    assert len(owned.jobs.unfinished()) == 1
    assert owned.access.admitted_chats() == [GROUP]


async def test_memory_of_strangers_is_bounded(owned, monkeypatch):
    monkeypatch.setattr("bot.telegram.access._REMEMBERED", 1)
    await owned.join(OWNER, "left", "member")
    for person in (ANA, CARLOS, ANA):
        await owned.say("El mar", person)
        await owned.settle()
    assert len(owned.telegram.texts(ANA)) == 2
