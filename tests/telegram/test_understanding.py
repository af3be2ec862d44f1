"""People are understood who write neither a command nor a topic."""

import asyncio

import pytest

from bot.storage.records import JobState, Preferences, Style
from bot.telegram.commands.understanding import Deed, Talk, one_off, talk_of, wish_of
from bot.texts import SPANISH

SAID = SPANISH.talk


@pytest.mark.parametrize(
    ("text", "talk"),
    [
        ("Hola", Talk.GREETING),
        ("¡Buenos días!", Talk.GREETING),
        ("gracias", Talk.THANKS),
        ("¿Quién eres?", Talk.WHO),
        ("jajaja", Talk.VAGUE),
        ("👍", Talk.VAGUE),
        ("callate", Talk.INSULT),
        ("ayuda", Talk.HELP),
        ("Hola, háblame del mar", None),
        ("La ayuda humanitaria", None),
        ("El mar", None),
        ("2026", None),
    ],
)
def test_only_whole_messages_are_talk(text, talk):
    assert talk_of(text) is talk


@pytest.mark.parametrize(
    ("text", "topic", "changes"),
    [
        ("poema: El mar", "El mar", {"style": Style.POEM}),
        ("120: El mar", "El mar", {"words": 120}),
        ("cuento 120: El mar", "El mar", {"style": Style.STORY, "words": 120}),
        ("corto: El mar", "El mar", {"words": 120}),
        ("El mar: faro, tormenta", "El mar: faro, tormenta", {}),
        ("5: El mar", "5: El mar", {}),
        ("poema:", "poema:", {}),
        ("El mar", "El mar", {}),
    ],
)
def test_settings_of_one_request(text, topic, changes):
    assert one_off(text, Preferences()) == (topic, Preferences(**changes))


@pytest.mark.parametrize(
    ("text", "deed", "changes"),
    [
        ("otra", Deed.AGAIN, {}),
        ("Sigue", Deed.CONTINUE, {}),
        ("más corto", Deed.CHANGE, {"words": 125}),
        ("MAS LARGO", Deed.CHANGE, {"words": 500}),
        ("en verso", Deed.CHANGE, {"style": Style.POEM}),
        ("como un cuento", Deed.CHANGE, {"style": Style.STORY}),
        ("300 palabras", Deed.CHANGE, {"words": 300}),
        ("con otro estilo", Deed.CHANGE, {"style": Style.STORY}),
    ],
)
def test_wishes_about_an_essay(text, deed, changes):
    wish = wish_of(text, Preferences())
    assert (wish.deed, wish.preferences) == (deed, Preferences(**changes))
    assert wish_of("como una ópera", Preferences()) is None
    assert wish_of("1936", Preferences()) is None


async def test_talk_in_private_is_no_topic(classroom):
    room = classroom
    for text, answer in (
        ("hola", SAID.greeting("Lucía")),
        ("gracias", SAID.thanks),
        ("jaja", SAID.what_about),
        ("más corto", SAID.nothing_yet),
    ):
        await room.say(text)
        await room.settle()
        assert room.telegram.texts(room.lucia)[-1] == answer
    assert await room.jobs() == []
    await room.say("/redactar hola")
    assert [job.request.topic for job in await room.jobs()] == ["hola"]


async def test_a_reply_works_on_that_essay(classroom):
    room = classroom
    room.service.gate.set()
    await room.prefer(words=60)
    for topic in ("El mar", "La luna"):
        await room.say(topic)
        await room.finish()
    first = next(m for m in room.telegram.from_bot(room.lucia) if m.text.startswith("El mar\n"))
    await room.say("más corto", reply_to=first.id)
    await room.finish()
    job = await room.last_job()
    assert (job.request.topic, job.request.preferences.words) == ("El mar", 30)
    assert job.seed == (await room.jobs())[0].seed
    await room.say("continuar", reply_to=first.id)
    await room.finish()
    job = await room.last_job()
    assert job.request.continued_from == (await room.jobs())[0].id
    # After a continuation, another first essay.
    await room.say("/otra")
    await room.finish()
    job = await room.last_job()
    assert (job.request.topic, job.request.continued_from) == ("El mar", None)
    assert job.state is JobState.DELIVERED
    await room.say("ponle azúcar", reply_to=first.id)
    await room.settle()
    assert room.telegram.texts(room.lucia)[-1] == SAID.wishes


async def test_a_reply_in_a_group(classroom):
    room = classroom
    room.service.gate.set()
    await room.say("/redactar@redactor_bot poema: El mar", chat_id=room.group)
    await room.finish()
    job = await room.last_job(chat_id=room.group)
    assert job.request.preferences.style is Style.POEM
    essay = room.telegram.from_bot(room.group)[-1]
    await room.say("qué bonito", room.mateo, room.group, reply_to=essay.id)
    await room.settle()
    assert len(await room.jobs()) == 1
    await room.say("otra", room.mateo, room.group, reply_to=essay.id)
    await room.finish()
    job = await room.last_job(room.mateo, room.group)
    assert job.request.topic == "El mar"


async def test_the_words_under_a_picture_are_the_topic(classroom):
    room, telegram = classroom, classroom.telegram
    file = telegram.world.add_file(b"Redes.", "redes.txt", "text/plain")
    await room.say("/redactar@redactor_bot Las redes", chat_id=room.group, document=file)
    await room.say("El puerto", document=file)
    assert [job.request.topic for job in await room.jobs()] == ["Las redes", "El puerto"]
    await room.settle()
    assert SPANISH.chat.only_caption in telegram.texts(room.lucia)


async def test_a_mended_topic_is_offered_again(classroom):
    room, people = classroom, classroom.telegram.people
    first = await room.say("El mra")
    people.edit(room.lucia, room.lucia, first.id, "El mar")
    await room.settle()
    question = room.telegram.from_bot(room.lucia)[-1]
    assert question.text == "¿Escribo «El mar» en vez de «El mra»?"
    assert await room.toast("Sí") == ""
    await room.finish()
    assert [(job.request.topic, job.state) for job in await room.jobs()] == [
        ("El mra", JobState.CANCELLED),
        ("El mar", JobState.ASKED),
        ("El mar", JobState.DELIVERED),
    ]
    # In a group to that person alone; only within a minute.
    other = await room.say("/redactar@redactor_bot La lnua", chat_id=room.group)
    people.edit(room.group, room.lucia, other.id, "/redactar@redactor_bot La luna")
    await room.settle()
    assert room.telegram.texts(room.lucia)[-1].startswith("¿Escribo «La luna»")
    await asyncio.sleep(61)
    people.edit(room.group, room.lucia, other.id, "/redactar@redactor_bot El sol")
    await room.settle()
    assert not any(job.request.topic == "El sol" for job in await room.jobs())


async def test_two_open_questions_in_a_group(classroom):
    room = classroom
    for person in (room.lucia, room.mateo):
        await room.say("/redactar@redactor_bot", person, room.group)
    await room.settle()
    first, second = room.telegram.from_bot(room.group)
    await room.say("La luna", room.mateo, room.group, reply_to=second.id)
    await room.say("El mar", room.lucia, room.group, reply_to=first.id)
    asked = {job.request.person: job.request.topic for job in await room.jobs()}
    assert asked == {f"user:{room.lucia}": "El mar", f"user:{room.mateo}": "La luna"}
