"""Places, cancelling, the queue, and what is said of failures."""

import asyncio
from itertools import pairwise

from bot.errors import FailureReason, GenerationError
from bot.essays.dispatcher import Limits
from bot.essays.job import JobState
from bot.essays.preferences import Preferences
from bot.essays.speed import Place
from tests.telegram.classroom import ANA, BEA, CARLOS, GROUP, Classroom
from tests.telegram.fake_telegram import Failure

ONE_AT_A_TIME = Limits(running=1, waiting=10, waiting_per_person=3)


async def test_place_is_told_and_follows_the_queue(url):
    async with Classroom(url, limits=ONE_AT_A_TIME) as classroom:
        for person in (ANA, BEA, CARLOS):
            await classroom.say("El mar", person)
            await classroom.settle()
        assert classroom.telegram.texts(BEA) == ["¡Anotado! El tuyo es el siguiente."]
        assert classroom.telegram.texts(CARLOS) == [
            "¡Anotado! Delante del tuyo hay 1 texto en espera."
        ]
        placeholder_id = max(classroom.telegram.chats[CARLOS])
        await classroom.finish()
        edits = [edit.text for edit in classroom.telegram.of("editMessageText", CARLOS)]
        assert edits
        assert edits[0].startswith("¡Anotado! El tuyo es el siguiente. Estará en ")
        (essay,) = classroom.telegram.texts(CARLOS)
        assert essay.startswith("El mar.")
        assert placeholder_id not in classroom.telegram.chats[CARLOS]


async def test_places_are_not_edited_in_groups(url):
    async with Classroom(url, limits=ONE_AT_A_TIME) as classroom:
        for person in (ANA, BEA, CARLOS):
            await classroom.say("/redactar El mar", person, GROUP)
        await classroom.finish()
        # Only the last one, alone by then, has a preview.
        edits = classroom.telegram.of("editMessageText")
        assert len({edit.parameters["message_id"] for edit in edits}) <= 1
        assert all(edit.text.endswith("Escribiendo…") for edit in edits)
        assert not classroom.telegram.of("sendMessageDraft")
        assert len(classroom.telegram.of("sendMessage")) == 6
        assert len(classroom.telegram.texts(GROUP)) == 3


async def test_sparse_preview_for_a_single_essay_in_a_group(classroom):
    classroom.service.pause_s = 3
    await classroom.say("/redactar El mar", chat_id=GROUP)
    await classroom.finish()
    edits = classroom.telegram.of("editMessageText")
    assert edits
    times = [edit.at_s for edit in edits]
    assert all(later - earlier >= 5.999 for earlier, later in pairwise(times))
    # Most of the budget of the group is for the others.
    assert all(later - earlier >= 54 for earlier, later in zip(times, times[9:], strict=False))


async def test_cancel_running_by_command(classroom):
    await classroom.say("El mar")
    await classroom.settle()
    await classroom.say("/cancelar")
    await classroom.settle()
    assert classroom.telegram.texts(ANA) == ["Cancelado.", "Cancelado."]
    assert classroom.jobs.last_of(f"user:{ANA}", ANA).state is JobState.CANCELLED


async def test_cancel_with_text_keeps_the_text(classroom):
    await classroom.say("El mar")
    classroom.service.gate.set()
    await asyncio.sleep(5)
    await classroom.say("/cancelar")
    await classroom.settle()
    placeholder, answer = classroom.telegram.texts(ANA)
    assert placeholder.startswith("Cancelado. Esto es lo que llevaba escrito:\n\nEl mar.")
    assert answer == "Cancelado."
    assert list(classroom.buttons(ANA, min(classroom.telegram.chats[ANA]))) == [
        "Otra",
        "Continuar",
    ]


async def test_cancel_several_and_none(url):
    async with Classroom(url, limits=ONE_AT_A_TIME) as classroom:
        for _ in range(3):
            await classroom.say("El mar")
        await classroom.settle()
        await classroom.say("/cancel")
        await classroom.settle()
        assert classroom.telegram.texts(ANA)[-1] == "He cancelado 3 textos."
        await classroom.say("/cancelar")
        await classroom.settle()
        assert classroom.telegram.texts(ANA)[-1] == "No estoy escribiendo nada para ti."


async def test_cancel_button_is_for_the_author_and_admins(classroom):
    await classroom.say("/redactar El mar", chat_id=GROUP)
    await classroom.settle()
    placeholder_id = max(classroom.telegram.chats[GROUP])
    cancel = classroom.buttons(GROUP, placeholder_id)["Cancelar"]
    assert await classroom.press(cancel, BEA, GROUP, placeholder_id) == (
        "Este botón es de otra persona."
    )
    classroom.telegram.members[GROUP, CARLOS] = "creator"
    assert await classroom.press(cancel, CARLOS, GROUP, placeholder_id) == "Cancelado."
    assert await classroom.press(cancel, ANA, GROUP, placeholder_id) == (
        "Ese texto ya está terminado."
    )
    assert classroom.telegram.texts(GROUP) == ["Cancelado."]


async def test_cancel_before_the_acknowledgement_is_sent(classroom):
    classroom.telegram.fail("sendMessage", Failure(429, "Too Many", {"retry_after": 30}))
    await classroom.say("/redactar El mar", chat_id=GROUP)
    await classroom.say("/cancelar", chat_id=GROUP)
    await classroom.settle()
    assert classroom.telegram.texts(GROUP) == ["Cancelado."]


async def test_stop_button_of_telegram(classroom):
    await classroom.say("El mar")
    (job,) = classroom.jobs.unfinished()
    for chat_id, draft_id in ((BEA, job.id), (ANA, 999), (ANA, job.id)):
        await classroom.settle()
        assert classroom.jobs.get(job.id).state is JobState.RUNNING
        stopped = {"chat": {"id": chat_id, "type": "private"}, "draft_id": draft_id}
        await classroom.handle(classroom.telegram.new_update(stopped_message_generation=stopped))
    await classroom.settle()
    assert classroom.jobs.get(job.id).state is JobState.CANCELLED


async def test_queue(url):
    async with Classroom(url, limits=ONE_AT_A_TIME) as classroom:
        await classroom.say("/cola")
        await classroom.say("El mar", BEA)
        await classroom.settle()
        await classroom.say("El mar", CARLOS)
        await classroom.say("/queue", CARLOS)
        await classroom.say("/cola")
        await classroom.settle()
        empty, busy = classroom.telegram.texts(ANA)
        assert empty.startswith("No hay nadie en la cola")
        assert busy == "Escribiendo ahora: 1 texto.\nEn espera: 1 texto."
        assert classroom.telegram.texts(CARLOS)[-1] == f"{busy}\nEl tuyo es el siguiente."


async def test_failure_is_told_with_another_try(classroom):
    classroom.service.failures = [GenerationError(FailureReason.REFUSED)]
    await classroom.say("El mar")
    await classroom.finish()
    (text,) = classroom.telegram.texts(ANA)
    assert text.startswith("No puedo escribir ese texto")
    placeholder_id = max(classroom.telegram.chats[ANA])
    retry = classroom.buttons(ANA, placeholder_id)["Probar otra vez"]
    assert await classroom.press(retry) == "¡Anotado!"
    await classroom.finish()
    assert classroom.telegram.texts(ANA)[-1].startswith("El mar.")


async def test_failure_after_the_placeholder_was_deleted(classroom):
    classroom.service.failures = [GenerationError(FailureReason.REFUSED)]
    await classroom.say("El mar")
    await classroom.settle()
    classroom.telegram.chats[ANA].clear()
    await classroom.finish()
    (text,) = classroom.telegram.texts(ANA)
    assert text.startswith("No puedo escribir ese texto")


async def test_failure_before_the_acknowledgement(classroom):
    blocked = Failure(403, "Forbidden: bot was blocked by the user")
    classroom.telegram.fail("sendMessage", blocked)
    classroom.service.failures = [GenerationError(FailureReason.REFUSED)]
    await classroom.say("El mar")
    await classroom.finish()
    (text,) = classroom.telegram.texts(ANA)
    assert text.startswith("No puedo escribir ese texto")


async def test_thirty_at_once_in_a_group_get_their_essays(classroom):
    people = range(100, 130)
    for person in people:
        classroom.people.save_preferences(f"user:{person}", Preferences(words=40))
        await classroom.say(f"/redactar El mar de {person}", person, GROUP)
    await classroom.finish()
    texts = classroom.telegram.texts(GROUP)
    assert len(texts) == 30
    assert {text.split(".")[0] for text in texts} == {f"El mar de {person}" for person in people}
    times = [call.at_s for call in classroom.telegram.sent]
    for index in range(len(times) - 20):
        assert times[index + 20] - times[index] >= 59.999
    # Acknowledgements that were overtaken by their essays were not sent.
    assert len(classroom.telegram.of("sendMessage")) < 60


async def test_news_after_the_end_is_none(classroom):
    await classroom.say("El mar")
    await classroom.finish()
    before = len(classroom.telegram.calls)
    job = classroom.jobs.last_of(f"user:{ANA}", ANA)
    await classroom.presenter.queued(job, Place(3, 10, None))
    await classroom.presenter.started(job)
    await classroom.presenter.progressed(job, "El mar")
    await classroom.settle()
    assert len(classroom.telegram.calls) == before


async def test_second_essay_of_a_person_waits_for_the_first(classroom):
    await classroom.say("El mar")
    await classroom.settle()
    await classroom.say("El sol")
    await classroom.settle()
    assert classroom.telegram.texts(ANA)[-1] == "¡Anotado! El tuyo es el siguiente."


async def test_impatient_person_gets_one_answer(classroom):
    for _ in range(20):
        await classroom.say("/ayuda", chat_id=GROUP)
    await classroom.settle()
    assert len(classroom.telegram.texts(GROUP)) <= 3


async def test_preview_that_met_a_flood_limit_does_not_undo_the_end(classroom):
    await classroom.say("/redactar El mar", chat_id=GROUP)
    await classroom.settle()
    classroom.telegram.fail("editMessageText", Failure(429, "Slow", {"retry_after": 20}))
    classroom.service.gate.set()
    while not classroom.telegram.of("editMessageText"):
        await asyncio.sleep(0.1)
    await classroom.say("/cancelar", chat_id=GROUP)
    await classroom.settle()
    placeholder, answer = classroom.telegram.texts(GROUP)
    assert placeholder.startswith("Cancelado.")
    assert answer == "Cancelado."


async def test_status_that_met_a_flood_limit_does_not_undo_the_end(url):
    async with Classroom(url, limits=ONE_AT_A_TIME) as classroom:
        for person in (ANA, BEA):
            await classroom.say("El mar", person)
            await classroom.settle()
        classroom.telegram.fail("editMessageText", Failure(429, "Slow", {"retry_after": 20}))
        classroom.telegram.held = asyncio.Event()
        await classroom.say("/cancelar", ANA)
        await asyncio.sleep(1)
        await classroom.say("/cancelar", BEA)
        await asyncio.sleep(1)
        classroom.telegram.held.set()
        await classroom.settle()
        assert classroom.telegram.texts(ANA) == ["Cancelado.", "Cancelado."]
        assert classroom.telegram.texts(BEA) == ["Cancelado.", "Cancelado."]


async def test_stale_placeholder_goes_when_it_is_pressed(classroom):
    await classroom.say("/redactar El mar", chat_id=GROUP)
    await classroom.settle()
    placeholder_id = max(classroom.telegram.chats[GROUP])
    kept = classroom.telegram.chats[GROUP][placeholder_id]
    await classroom.finish()
    classroom.telegram.chats[GROUP][placeholder_id] = kept
    toast = await classroom.press("stop:1", ANA, GROUP, placeholder_id)
    assert toast == "Ese texto ya está terminado."
    assert placeholder_id not in classroom.telegram.chats[GROUP]
