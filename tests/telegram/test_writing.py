"""A topic becomes an essay: commands, plain messages, replies, buttons."""

from itertools import pairwise

import pytest

from bot.essays.desk import Limits
from bot.storage.records import JobState
from bot.texts import SPANISH
from tests.telegram.classroom import Classroom

SEA = "El mar es hermoso, pero esclavo para los pescadores que trabajan en ella"
WRITE = "/redactar@redactor_bot"
"""In a group a bot hears only what names it."""


async def test_essay_in_private(classroom):
    request = await classroom.say(f"/redactar {SEA}")
    await classroom.settle()
    (ack,) = classroom.telegram.from_bot(classroom.lucia)
    assert ack.text == "¡Anotado! Empiezo enseguida."
    assert ack.reply_to == request.id
    assert list(ack.buttons) == ["Cancelar"]

    await classroom.finish()
    (essay,) = classroom.telegram.from_bot(classroom.lucia)
    assert essay.text.startswith(SEA)
    assert essay.text.endswith(" palabras")
    assert ".\nReceta " in essay.text
    assert essay.reply_to == request.id
    assert list(essay.buttons) == ["Otra", "Continuar", "Avisar"]
    last = classroom.telegram.calls("sendMessage")[-1].parameters
    assert last["reply_parameters"] == {
        "message_id": request.id,
        "allow_sending_without_reply": True,
    }
    assert "parse_mode" not in last
    assert last["link_preview_options"] == {"is_disabled": True}


async def test_text_grows_as_a_draft_in_private(classroom):
    await classroom.say(SEA)
    await classroom.finish()
    drafts = classroom.telegram.calls("sendMessageDraft")
    assert len(drafts) > 3
    assert len({draft.parameters["draft_id"] for draft in drafts}) == 1
    assert all(draft.parameters["can_stop"] for draft in drafts)
    lengths = [len(draft.parameters["text"]) for draft in drafts]
    assert lengths == sorted(lengths)
    times = [draft.started_at for draft in drafts]
    assert all(later - earlier >= 0.999 for earlier, later in pairwise(times))


async def test_drafts_without_stop_button(classroom):
    classroom.telegram.fail("sendMessageDraft", status=400, description="unknown parameter")
    await classroom.say(SEA)
    await classroom.finish()
    drafts = classroom.telegram.calls("sendMessageDraft")
    assert [draft.parameters.get("can_stop") for draft in drafts[:3]] == ["true", None, None]


async def test_placeholder_grows_where_drafts_fail(classroom):
    refusal = "TEXTDRAFT_PEER_INVALID"
    classroom.telegram.fail("sendMessageDraft", status=400, description=refusal, times=0)
    await classroom.say(SEA)
    await classroom.finish()
    assert len(classroom.telegram.calls("sendMessageDraft")) == 2
    previews = classroom.telegram.calls("editMessageText")
    assert previews
    assert previews[-1].parameters["text"].endswith("Escribiendo…")
    assert "Cancelar" in str(previews[-1].parameters["reply_markup"])
    assert len(classroom.telegram.texts(classroom.lucia)) == 1


async def test_no_preview_when_switched_off(classroom):
    await classroom.prefer(live_preview=False)
    await classroom.say(SEA)
    await classroom.finish()
    assert not classroom.telegram.calls("sendMessageDraft")
    assert not classroom.telegram.calls("editMessageText")


async def test_plain_message_in_private_is_a_topic(classroom):
    await classroom.say("La lluvia\nen el desierto")
    (job,) = await classroom.unfinished()
    assert job.request.topic == "La lluvia\nen el desierto"


async def test_plain_message_in_a_group_is_none(classroom):
    classroom.telegram.world.reads_all_group_messages = True
    await classroom.say("La lluvia", chat_id=classroom.group)
    await classroom.settle()
    assert not await classroom.jobs()
    assert not classroom.telegram.calls("sendMessage")


@pytest.mark.parametrize(
    "command", [WRITE, "/write@redactor_bot", "/REDACTAR@Redactor_Bot", "/redactar"]
)
async def test_command_names(classroom, command):
    classroom.telegram.world.reads_all_group_messages = True
    await classroom.say(f"{command} {SEA}", chat_id=classroom.group)
    (job,) = await classroom.unfinished()
    assert job.request.topic == SEA


async def test_command_of_another_bot(classroom):
    classroom.telegram.world.reads_all_group_messages = True
    await classroom.say(f"/redactar@other_bot {SEA}", chat_id=classroom.group)
    assert not await classroom.jobs()


async def test_command_in_the_middle_of_a_message_is_none(classroom):
    await classroom.say("Escribe /redactar en el chat")
    (job,) = await classroom.unfinished()
    assert job.request.topic == "Escribe /redactar en el chat"


async def test_command_alone_asks_and_takes_the_reply(classroom):
    group = classroom.group
    request = await classroom.say(WRITE, chat_id=group)
    await classroom.settle()
    (question,) = classroom.telegram.from_bot(group)
    assert question.forces_reply
    markup = classroom.telegram.calls("sendMessage")[-1].parameters["reply_markup"]
    assert markup["selective"] is True
    assert question.reply_to == request.id

    await classroom.say("/ayuda@redactor_bot", chat_id=group)
    await classroom.settle()
    other = classroom.telegram.from_bot(group)[-1]
    # Somebody else's answer is not taken, nor one to another message.
    await classroom.say("El sol", classroom.mateo, group, reply_to=question.id)
    await classroom.say("El sol", chat_id=group, reply_to=other.id)
    assert not await classroom.jobs()
    await classroom.say("La luna", chat_id=group, reply_to=question.id)
    (job,) = await classroom.unfinished()
    assert job.request.topic == "La luna"
    # The question has been answered.
    await classroom.say("El sol", chat_id=group, reply_to=question.id)
    assert len(await classroom.unfinished()) == 1


async def test_two_open_questions_both_work(classroom):
    group = classroom.group
    for _ in range(2):
        await classroom.say(WRITE, chat_id=group)
        await classroom.settle()
    first, second = classroom.telegram.from_bot(group)
    await classroom.say("La luna", chat_id=group, reply_to=second.id)
    await classroom.say("El sol", chat_id=group, reply_to=first.id)
    assert [job.request.topic for job in await classroom.unfinished()] == ["La luna", "El sol"]


async def test_command_alone_in_private_takes_the_next_message(classroom):
    await classroom.say("/redactar")
    await classroom.settle()
    await classroom.say("La luna")
    (job,) = await classroom.unfinished()
    assert job.request.topic == "La luna"


async def test_reply_gives_the_topic(classroom):
    replied = classroom.telegram.write(classroom.mateo, "El viento", classroom.group)
    await classroom.say(WRITE, chat_id=classroom.group, reply_to=replied.id)
    (job,) = await classroom.unfinished()
    assert job.request.topic == "El viento"


async def test_reply_to_a_caption_or_a_quote(classroom):
    telegram, group = classroom.telegram, classroom.group
    file = telegram.world.add_file(b"faro", "faro.txt", "text/plain")
    replied = telegram.write(classroom.mateo, "El faro", group, document=file)
    await classroom.say(WRITE, chat_id=group, reply_to=replied.id)
    replied = telegram.write(classroom.mateo, "En la mar salada", group)
    telegram.write(classroom.mateo, WRITE, group, reply_to=replied.id)
    quoting = telegram.updates[-1]
    telegram.world.updates.drop_all()
    quoting["message"]["quote"] = {"text": "la mar", "position": 3}
    telegram.deliver(quoting)
    await classroom.handled()
    assert [job.request.topic for job in await classroom.unfinished()] == ["El faro", "la mar"]


async def test_forum_topic(classroom):
    thread_id = classroom.telegram.room.topic_ids[0]
    for text in (WRITE, f"{WRITE} {SEA}"):
        await classroom.say(text, chat_id=classroom.forum, thread_id=thread_id)
    await classroom.finish()
    sent = classroom.telegram.calls("sendMessage")
    assert len(sent) == 3
    assert {call.parameters["message_thread_id"] for call in sent} == {str(thread_id)}
    assert {one.thread_id for one in classroom.telegram.from_bot(classroom.forum)} == {thread_id}


async def test_reply_chain_outside_topics_has_no_thread(classroom):
    room = classroom.telegram.room
    people = classroom.telegram.people
    plain = people.create_chat("supergroup", "Clase", room.teacher, [room.lucia])
    first = classroom.telegram.write(room.lucia, "Hola", plain.id)
    request = await classroom.say(f"{WRITE} {SEA}", chat_id=plain.id, reply_to=first.id)
    assert request.thread_id is not None
    await classroom.finish()
    assert "message_thread_id" not in classroom.telegram.calls("sendMessage")[-1].parameters


async def test_deleted_topic(classroom):
    telegram, forum = classroom.telegram, classroom.forum
    thread_id = telegram.room.topic_ids[0]
    telegram.fail("sendMessage", status=400, description="message thread not found")
    await classroom.say("/redactar@redactor_bot", chat_id=forum, thread_id=thread_id)
    await classroom.settle()
    threads = [call.parameters.get("message_thread_id") for call in telegram.calls("sendMessage")]
    assert threads == [str(thread_id), None]


async def test_edited_message_writes_nothing_by_itself(classroom):
    telegram = classroom.telegram
    request = await classroom.say("/ayuda")
    await classroom.settle()
    telegram.people.edit(classroom.lucia, classroom.lucia, request.id, f"/redactar {SEA}")
    await classroom.settle()
    assert [job.state for job in await classroom.jobs()] == [JobState.ASKED]
    assert telegram.texts(classroom.lucia)[-1].startswith("¿Escribo sobre «El mar es hermoso")


async def test_same_update_twice_is_one_job(classroom):
    await classroom.say(f"/redactar {SEA}")
    await classroom.front.intake.take([classroom.telegram.updates[-1]])
    await classroom.front.intake.settle()
    assert len(await classroom.jobs()) == 1


async def test_anonymous_admins_and_channels_are_told_apart(classroom):
    room, people = classroom.telegram.room, classroom.telegram.people
    channel = people.create_chat("channel", "Noticias", room.teacher, [], with_bot=False)
    forum = room.forum
    people.set_status(forum, room.teacher, room.lucia, "administrator", is_anonymous=True)
    await classroom.say(f"{WRITE} {SEA}", chat_id=forum)
    await classroom.say(f"{WRITE} {SEA}", room.teacher, forum, sender_chat_id=channel.id)
    keys = {job.request.person for job in await classroom.unfinished()}
    assert keys == {f"chat:{forum}", f"chat:{channel.id}"}


async def test_chunks(classroom):
    await classroom.prefer(words=300, chunk_units=500)
    await classroom.say(SEA)
    await classroom.finish()
    pieces = classroom.telegram.from_bot(classroom.lucia)
    assert len(pieces) > 2
    for number, piece in enumerate(pieces, start=1):
        assert piece.text.endswith(f"\n\n({number}/{len(pieces)})")
        assert len(piece.text) <= 500
    assert (await classroom.last_job()).state is JobState.DELIVERED
    assert [bool(piece.buttons) for piece in pieces] == [False] * (len(pieces) - 1) + [True]


async def test_again_and_continue_commands(classroom):
    classroom.telegram.fail("sendMessage", "late", delay_s=5)
    for text in ("/otra", "/continuar"):
        classroom.telegram.write(classroom.lucia, text)
    await classroom.settle()
    # The same answer to both, so it is given once.
    assert classroom.telegram.texts(classroom.lucia) == [SPANISH.failures.nothing_to_repeat]

    await classroom.prefer(seed=7)
    await classroom.say(SEA)
    await classroom.finish()
    await classroom.say("/otra")
    again = await classroom.last_job()
    assert (again.request.topic, again.request.continued_from) == (SEA, None)
    assert again.request.preferences.seed is None
    await classroom.finish()
    await classroom.say("/continuar")
    more = await classroom.last_job()
    assert (more.request.topic, more.request.continued_from) == (SEA, again.id)


async def test_buttons_of_an_essay(classroom):
    group = classroom.group
    request = await classroom.say(f"{WRITE} {SEA}", chat_id=group)
    await classroom.finish()
    first = await classroom.last_job(chat_id=group)
    (essay,) = classroom.telegram.from_bot(group)
    assert list(essay.buttons) == ["Otra", "Continuar", "Avisar"]
    toast = await classroom.toast("Otra", classroom.mateo, group, essay.id)
    assert toast == "Este botón es de otra persona."
    assert not await classroom.unfinished()

    assert await classroom.toast("Otra", None, group, essay.id) == "¡Anotado!"
    again = await classroom.last_job(chat_id=group)
    assert again.id != first.id
    assert again.request.address.message_id == request.id
    await classroom.finish()
    assert await classroom.toast("Continuar", None, group, essay.id) == "¡Anotado!"
    more = await classroom.last_job(chat_id=group)
    assert more.id not in (first.id, again.id)
    assert more.request.continued_from == first.id


async def test_admin_presses_for_an_anonymous_admin(classroom):
    room, people = classroom.telegram.room, classroom.telegram.people
    forum = room.forum
    people.set_status(forum, room.teacher, room.lucia, "administrator", is_anonymous=True)
    await classroom.say(f"{WRITE} {SEA}", chat_id=forum)
    await classroom.finish()
    assert await classroom.toast("Otra", room.mateo, forum) == "Este botón es de otra persona."
    assert await classroom.toast("Otra", room.teacher, forum) == "¡Anotado!"


async def test_wrong_topics(classroom):
    await classroom.say("/redactar …")
    await classroom.say("a" * 601)
    await classroom.settle()
    empty, long = classroom.telegram.texts(classroom.lucia)
    assert empty.startswith("Necesito un tema")
    assert "601 caracteres" in long
    assert "600" in long


async def test_too_many_and_full(url):
    limits = Limits(running=1, waiting=3, waiting_per_person=2)
    async with Classroom(url, limits=limits) as classroom:
        for _ in range(4):
            await classroom.say(SEA)
            await classroom.settle()
        lucia, mateo = classroom.lucia, classroom.mateo
        assert "Ya tienes 2 textos en espera" in classroom.telegram.texts(lucia)[-1]
        await classroom.say(SEA, mateo)
        await classroom.say(SEA, mateo)
        await classroom.settle()
        assert "La cola está llena" in classroom.telegram.texts(mateo)[-1]


async def test_english_app_gets_english(classroom):
    ann = classroom.telegram.world.add_user("Ann", language_code="en-GB").id
    await classroom.say("/write The sea", ann)
    await classroom.settle()
    assert classroom.telegram.texts(ann)[0] == "Got it! I'm starting right away."
    unsaid = classroom.telegram.world.add_user("Nadie", language_code=None).id
    await classroom.say("/ayuda", unsaid)
    await classroom.settle()
    assert "Escribo textos" in classroom.telegram.texts(unsaid)[0]


async def test_generated_mentions_call_nobody(classroom):
    await classroom.say("Saludos a @maria_lopez y a a@b.es")
    await classroom.finish()
    (essay,) = classroom.telegram.texts(classroom.lucia)
    assert "@maria_lopez" not in essay
    assert "@\N{WORD JOINER}maria_lopez" in essay
