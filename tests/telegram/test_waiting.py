"""Places, cancelling, the queue, and what is said of failures."""

import asyncio
import re
from itertools import pairwise

import pytest

from bot.errors import FailureReason, GenerationError
from bot.essays.desk import Limits
from bot.storage.records import JobState
from bot.texts import SPANISH
from tests.telegram.classroom import Classroom

ONE_AT_A_TIME = Limits(running=1, waiting=10, waiting_per_person=3)
WRITE = "/redactar@redactor_bot"


@pytest.fixture
async def narrow(url):
    """A class in which one essay is written at a time."""
    async with Classroom(url, limits=ONE_AT_A_TIME) as classroom:
        yield classroom


async def test_place_is_told_and_follows_the_queue(narrow):
    room, telegram = narrow.telegram.room, narrow.telegram
    for person in (room.lucia, room.mateo, room.sofia):
        await narrow.say("El mar", person)
        await narrow.settle()
    assert telegram.texts(room.mateo) == ["¡Anotado! El tuyo es el siguiente."]
    assert telegram.texts(room.sofia) == ["¡Anotado! Delante del tuyo hay 1 texto en espera."]
    (placeholder,) = telegram.from_bot(room.sofia)
    await narrow.finish()
    edits = [call.parameters["text"] for call in telegram.calls("editMessageText", room.sofia)]
    assert edits
    assert edits[0].startswith("¡Anotado! El tuyo es el siguiente. Estará en ")
    (essay,) = telegram.from_bot(room.sofia)
    assert essay.text.startswith("El mar\n")
    assert essay.id != placeholder.id


async def test_places_are_not_edited_in_groups(narrow):
    room, telegram = narrow.telegram.room, narrow.telegram
    for person in (room.lucia, room.mateo, room.sofia):
        await narrow.say(f"{WRITE} El mar", person, room.group)
    await narrow.finish()
    # Only the last one, alone by then, has a preview.
    edits = telegram.calls("editMessageText")
    assert len({edit.parameters["message_id"] for edit in edits}) <= 1
    assert all(edit.parameters["text"].endswith("Escribiendo…") for edit in edits)
    assert not telegram.calls("sendMessageDraft")
    assert len(telegram.calls("sendMessage")) == 6
    assert len(telegram.texts(room.group)) == 3


async def test_sparse_preview_for_a_single_essay_in_a_group(classroom):
    classroom.service.pause_s = 3
    await classroom.say(f"{WRITE} El mar", chat_id=classroom.group)
    await classroom.finish()
    edits = classroom.telegram.calls("editMessageText")
    assert edits
    times = [edit.started_at for edit in edits]
    assert all(later - earlier >= 5.999 for earlier, later in pairwise(times))
    # Most of the budget of the group is for the others.
    assert all(later - earlier >= 54 for earlier, later in zip(times, times[9:], strict=False))


async def test_cancel_running_by_command(classroom):
    await classroom.say("El mar")
    await classroom.settle()
    await classroom.say("/cancelar")
    await classroom.settle()
    assert classroom.telegram.texts(classroom.lucia) == ["Cancelado."]
    assert (await classroom.last_job()).state is JobState.CANCELLED


async def test_cancel_with_text_keeps_the_text(classroom):
    await classroom.say("El mar")
    await classroom.settle()
    (placeholder,) = classroom.telegram.from_bot(classroom.lucia)
    classroom.service.gate.set()
    await asyncio.sleep(5)
    await classroom.say("/cancelar")
    await classroom.settle()
    text, answer = classroom.telegram.from_bot(classroom.lucia)
    assert text.text.startswith("Cancelado. Esto es lo que llevaba escrito:\n\nEl mar.")
    assert list(text.buttons) == ["Otra", "Continuar", "Avisar"]
    assert answer.text == "Cancelado."
    assert placeholder.id not in (text.id, answer.id)
    # What was written can be gone on from.
    await classroom.say("/continuar")
    (more,) = await classroom.unfinished()
    assert more.request.continued_from is not None


async def test_cancel_several_and_none(narrow):
    for _ in range(3):
        await narrow.say("El mar")
    await narrow.settle()
    await narrow.say("/cancel")
    await narrow.settle()
    assert narrow.telegram.texts(narrow.lucia) == ["He cancelado 3 textos."]
    await narrow.say("/cancelar")
    await narrow.settle()
    assert narrow.telegram.texts(narrow.lucia)[-1] == "No estoy escribiendo nada para ti."


async def test_cancel_button_is_for_the_author_and_admins(classroom):
    room, group = classroom.telegram.room, classroom.group
    await classroom.say(f"{WRITE} El mar", chat_id=group)
    await classroom.settle()
    (placeholder,) = classroom.telegram.from_bot(group)
    cancel = placeholder.buttons["Cancelar"]
    toast = await classroom.toast("Cancelar", room.mateo, group)
    assert toast == "Este botón es de otra persona."
    assert await classroom.toast("Cancelar", room.teacher, group) == "Cancelado."
    await classroom.settle()
    toast = await classroom.forge(cancel, chat_id=group, message_id=placeholder.id)
    assert toast == "Ese texto ya está terminado."
    await classroom.settle()
    assert classroom.telegram.texts(group) == ["Cancelado."]


async def test_cancel_before_the_acknowledgement_is_sent(classroom):
    group = classroom.group
    classroom.telegram.fail("sendMessage", status=429, retry_after=30)
    await classroom.say(f"{WRITE} El mar", chat_id=group)
    await classroom.say("/cancelar@redactor_bot", chat_id=group)
    await classroom.settle()
    assert [one.text for one in classroom.telegram.said(group)] == ["Cancelado."]


async def test_stop_button_of_telegram(classroom):
    await classroom.say("El mar")
    await classroom.settle()
    (job,) = await classroom.unfinished()
    lucia, mateo = classroom.lucia, classroom.mateo
    for chat_id, draft_id in ((mateo, job.id), (lucia, 999), (lucia, job.id)):
        assert (await classroom.job(job.id)).state is JobState.RUNNING
        stopped = {"chat": {"id": chat_id, "type": "private"}, "draft_id": draft_id}
        classroom.telegram.deliver({"stopped_message_generation": stopped})
        await classroom.settle()
    assert (await classroom.job(job.id)).state is JobState.CANCELLED
    assert classroom.telegram.texts(lucia) == ["Cancelado."]
    assert classroom.telegram.texts(mateo) == []


async def test_queue(narrow):
    room, telegram = narrow.telegram.room, narrow.telegram
    await narrow.say("/cola")
    await narrow.settle()
    await narrow.say("El mar", room.mateo)
    await narrow.settle()
    await narrow.say("El mar", room.sofia)
    await narrow.say("/queue", room.sofia)
    await narrow.say("/cola")
    await narrow.settle()
    empty, busy = telegram.texts(room.lucia)
    assert empty.startswith("No hay nadie en la cola")
    assert busy == "Escribiendo ahora: 1 texto.\nEn espera: 1 texto."
    assert telegram.texts(room.sofia)[-1] == f"{busy}\nEl tuyo es el siguiente."


async def test_queue_tells_of_what_could_not_be_delivered(classroom):
    telegram, forum = classroom.telegram, classroom.forum
    room = telegram.room
    thread_id = room.topic_ids[0]
    await classroom.say(f"{WRITE} El mar", chat_id=forum, thread_id=thread_id)
    await classroom.settle()
    telegram.people.close_topic(forum, room.teacher, thread_id, is_closed=True)
    classroom.service.gate.set()
    while (await classroom.last_job(chat_id=forum)).state is not JobState.WRITTEN:
        await asyncio.sleep(1)
    await classroom.settle()
    await classroom.say("/cola")
    await classroom.settle()
    held = SPANISH.chat.held(1)
    assert telegram.texts(room.lucia)[-1].splitlines()[-1] == held
    # It is told to whom it concerns, and to nobody else.
    await classroom.say("/cola", room.mateo)
    await classroom.settle()
    assert held not in telegram.texts(room.mateo)[-1]
    telegram.people.close_topic(forum, room.teacher, thread_id, is_closed=False)
    await classroom.finish()
    assert any(text.startswith("El mar\n") for text in telegram.texts(forum))


@pytest.mark.parametrize(
    ("reason", "beginning"),
    [
        (FailureReason.REFUSED, "No puedo escribir ese texto"),
        (FailureReason.MISCONFIGURED, "El servicio que escribe no está bien configurado"),
        (FailureReason.EMPTY, "Me ha salido un texto vacío"),
    ],
)
async def test_failure_is_told_with_another_try(classroom, reason, beginning):
    if reason is FailureReason.EMPTY:
        classroom.service.sentences = 0
    classroom.service.failures = [GenerationError(reason)]
    await classroom.say("El mar")
    await classroom.finish()
    classroom.service.sentences = 10_000
    (word,) = classroom.telegram.from_bot(classroom.lucia)
    assert word.text.startswith(beginning)
    assert await classroom.toast("Probar otra vez") == "¡Anotado!"
    await classroom.finish()
    assert classroom.telegram.texts(classroom.lucia)[-1].startswith("El mar\n")


async def test_failure_after_the_placeholder_was_deleted(classroom):
    lucia = classroom.lucia
    classroom.service.failures = [GenerationError(FailureReason.REFUSED)]
    await classroom.say("El mar")
    await classroom.settle()
    (placeholder,) = classroom.telegram.from_bot(lucia)
    classroom.telegram.people.delete(lucia, lucia, placeholder.id)
    await classroom.finish()
    (text,) = classroom.telegram.texts(lucia)
    assert text.startswith("No puedo escribir ese texto")


async def test_failure_before_the_acknowledgement(classroom):
    classroom.telegram.fail("sendMessage", status=403)
    classroom.service.failures = [GenerationError(FailureReason.REFUSED)]
    await classroom.say("El mar")
    await classroom.finish()
    (text,) = classroom.telegram.texts(classroom.lucia)
    assert text.startswith("No puedo escribir ese texto")


async def test_thirty_at_once_in_a_group_get_their_essays(classroom):
    telegram, group = classroom.telegram, classroom.group
    people = [telegram.world.add_user(f"Persona {number}").id for number in range(30)]
    for person in people:
        telegram.people.set_status(group, telegram.room.teacher, person, "member")
        await classroom.prefer(person, words=40)
        await classroom.say(f"{WRITE} El mar de {person}", person, group)
    await classroom.finish()
    texts = "\n".join(telegram.texts(group))
    titles = re.findall(r"^(?:\d\. Persona \d+: )?(El mar de \d+)$", texts, re.M)
    assert sorted(titles) == sorted(f"El mar de {person}" for person in people)
    calls = telegram.calls(chat_id=group)
    times = [call.started_at for call in calls if call.method != "setMessageReaction"]
    for index in range(len(times) - 20):
        assert times[index + 20] - times[index] >= 59.999
    # Acknowledgements that were overtaken by their essays were not sent.
    assert len(telegram.calls("sendMessage")) < 60


async def test_news_after_the_end_is_none(classroom):
    await classroom.say("El mar")
    await classroom.finish()
    before = len(classroom.telegram.calls())
    job = await classroom.last_job()
    classroom.front.previews.show_status(job, "Escribiendo…")
    classroom.front.previews.show_draft(job, "El mar")
    await classroom.settle()
    assert len(classroom.telegram.calls()) == before


async def test_second_essay_of_a_person_waits_for_the_first(classroom):
    await classroom.say("El mar")
    await classroom.settle()
    await classroom.say("El sol")
    await classroom.settle()
    assert classroom.telegram.texts(classroom.lucia)[-1] == "¡Anotado! El tuyo es el siguiente."


async def test_impatient_person_gets_few_answers(classroom):
    for _ in range(20):
        classroom.telegram.write(classroom.lucia, "/ayuda@redactor_bot", classroom.group)
    await classroom.settle()
    assert 1 <= len(classroom.telegram.said(classroom.group)) <= 4


async def test_preview_that_met_a_flood_limit_does_not_undo_the_end(classroom):
    telegram, group = classroom.telegram, classroom.group
    await classroom.say(f"{WRITE} El mar", chat_id=group)
    await classroom.settle()
    telegram.fail("editMessageText", status=429, retry_after=20)
    classroom.service.gate.set()
    while not telegram.calls("editMessageText"):
        await asyncio.sleep(0.1)
    await classroom.say("/cancelar@redactor_bot", chat_id=group)
    await classroom.settle()
    (word,) = telegram.texts(group)
    assert word.startswith("Cancelado. Esto es lo que llevaba escrito:")
    assert telegram.said(group)[-1].text == "Cancelado."


async def test_status_that_met_a_flood_limit_does_not_undo_the_end(narrow):
    telegram = narrow.telegram
    for person in (narrow.lucia, narrow.mateo):
        await narrow.say("El mar", person)
        await narrow.settle()
    telegram.fail("editMessageText", status=429, retry_after=20)
    telegram.latency_s = 0.5
    await narrow.say("/cancelar", narrow.lucia)
    await narrow.say("/cancelar", narrow.mateo)
    await narrow.settle()
    assert telegram.texts(narrow.lucia) == ["Cancelado."]
    assert telegram.texts(narrow.mateo) == ["Cancelado."]


async def test_stale_placeholder_goes_when_it_is_pressed(classroom):
    telegram, group = classroom.telegram, classroom.group
    await classroom.say(f"{WRITE} El mar", chat_id=group)
    await classroom.settle()
    (placeholder,) = telegram.from_bot(group)
    telegram.fail("deleteMessages", status=400, description="message to delete not found")
    await classroom.finish()
    assert placeholder.id in [message.id for message in telegram.from_bot(group)]
    toast = await classroom.toast("Cancelar", None, group, placeholder.id)
    assert toast == "Ese texto ya está terminado."
    await classroom.settle()
    assert placeholder.id not in [message.id for message in telegram.from_bot(group)]
