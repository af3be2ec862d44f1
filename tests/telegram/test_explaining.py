"""How the model works, as a class sees it: commands, pictures, and buttons that turn them."""

import asyncio
import struct

import pytest

from bot.errors import FailureReason, GenerationError
from bot.storage import inquiries
from bot.storage.schema import inquiries as table
from bot.storage.upkeep import forget_person
from bot.texts import ENGLISH, SPANISH

WORDS = SPANISH.explaining
COMMANDS = {
    "/comparar El mar": "El mar, tres veces",
    "/tokens El mar es": "9 letras y espacios, 3 piezas:",
    "/probabilidades El mar es": "Las 3 piezas más probables después de «El mar es».",
    "/atencion El mar es azul": "Para seguir después de «azul»",
    "/explica El mar es azul": "1 de 5. Corto tu tema en piezas. «El mar es azul» son 4.",
}


@pytest.fixture
async def class_at_work(classroom):
    classroom.service.gate.set()
    return classroom


async def shown(classroom, chat_id=None):
    """What the bot has written, once nothing is to be found or sent any more."""
    await classroom.handled()
    while await classroom.database.read(inquiries.waiting):
        await asyncio.sleep(0.1)
    await classroom.settle()
    return classroom.telegram.from_bot(chat_id or classroom.lucia)


def size_of(png):
    return struct.unpack(">II", png[16:24])


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("is_group", [False, True])
async def test_each_command_is_answered_once(class_at_work, command, is_group):
    beginning = COMMANDS[command]
    if is_group and "explica" in command:
        beginning = SPANISH.desk.only_teacher
    chat_id = class_at_work.group if is_group else None
    if is_group:
        command = command.replace(" ", "@redactor_bot ", 1)
    request = await class_at_work.say(command, chat_id=chat_id)
    (message,) = await shown(class_at_work, chat_id)
    assert message.text.startswith(beginning)
    assert message.reply_to == (request.id if is_group else None)
    assert len(message.text) <= (1024 if message.photo else 4096)
    has_picture = command.startswith(("/prob", "/aten"))
    assert (message.photo is not None) == has_picture
    if has_picture:
        assert size_of(message.photo) == (1080, 1350)


@pytest.mark.parametrize(
    ("spanish", "english"),
    [
        ("comparar", "compare"),
        ("tokens", "tokens"),
        ("probabilidades", "probabilities"),
        ("atencion", "attention"),
        ("explica", "explain"),
    ],
)
async def test_either_language_names_them(class_at_work, spanish, english):
    await class_at_work.prefer(language="en")
    await class_at_work.say(f"/{english} The sea is")
    (message,) = await shown(class_at_work)
    await class_at_work.say(f"/{spanish} The sea is")
    _, again = await shown(class_at_work)
    if english != "compare":
        assert message.text == again.text
    assert "piezas" not in message.text


async def test_without_words_they_say_what_is_missing(class_at_work):
    for command in ("comparar", "tokens", "probabilidades", "atencion"):
        await class_at_work.say(f"/{command}")
    missing = (WORDS.comparison, WORDS.tokens, WORDS.probabilities, WORDS.attention)
    assert [m.text for m in await shown(class_at_work)] == [one.missing for one in missing]
    # A reply takes the words of the message that it answers.
    said = await class_at_work.say("El mar es", chat_id=class_at_work.group)
    await class_at_work.say("/tokens@redactor_bot", chat_id=class_at_work.group, reply_to=said.id)
    assert "3 piezas" in (await shown(class_at_work))[-1].text


async def test_numbers_are_read_backwards(class_at_work):
    await class_at_work.say("/tokens El mar es")
    (message,) = await shown(class_at_work)
    assert message.buttons == {"Copiar los números": "/tokens 100 101 102"}
    await class_at_work.say("/tokens 101 102")
    assert (await shown(class_at_work))[-1].text == "101 102 se lee « mar es»."
    await class_at_work.say("/tokens 99999")
    assert (await shown(class_at_work))[-1].text == WORDS.tokens.not_numbers


async def test_the_temperature_turns_in_the_same_picture(class_at_work):
    await class_at_work.say("/probabilidades El mar es")
    (before,) = await shown(class_at_work)
    assert list(before.buttons)[:3] == ["0,2", "✓ 0,5", "1,3"]
    assert "creatividad 0,5, top-k 50, top-p 0,95" in before.text
    asked = class_at_work.service.looked
    await class_at_work.press("1,3")
    (after,) = await shown(class_at_work)
    assert after.id == before.id
    assert after.photo != before.photo
    assert "creatividad 1,3" in after.text
    assert list(after.buttons)[2] == "✓ 1,3"
    # What was found is enough.
    assert class_at_work.service.looked == asked
    await class_at_work.press("Cerrar")
    (closed,) = await shown(class_at_work)
    assert closed.buttons == {}
    assert closed.photo is not None


async def test_a_drawn_piece_goes_on_in_the_same_picture(class_at_work):
    await class_at_work.prefer(temperature=0)
    await class_at_work.say("/probabilidades El mar es")
    await shown(class_at_work)
    assert await class_at_work.toast("Sortear una") == "Ha salido «un»: tenía un 50 %."
    (message,) = await shown(class_at_work)
    assert "después de «El mar es un»" in message.text
    assert await class_at_work.toast("Sortear una") == "Ha salido «un»: tenía un 50 %."
    (message,) = await shown(class_at_work)
    assert "después de «El mar es un un»" in message.text


async def test_pieces_layers_and_heads_turn(class_at_work):
    await class_at_work.say("/atencion El mar es azul")
    await shown(class_at_work)
    await class_at_work.press("‹ Pieza")
    (message,) = await shown(class_at_work)
    assert message.text.startswith("Para seguir después de «es»")
    await class_at_work.press("Capa: media")
    (message,) = await shown(class_at_work)
    assert "Capa: 1" in message.buttons
    await class_at_work.press("Cabeza: media")
    (message,) = await shown(class_at_work)
    assert {"Capa: 1", "Cabeza: 1"} <= message.buttons.keys()


async def test_a_comparison_is_written_again_with_another_knob(class_at_work):
    await class_at_work.say("/comparar top-k El mar")
    (message,) = await shown(class_at_work)
    assert "Todo es igual menos top-k." in message.text
    calls = class_at_work.service.calls
    assert [parameters.top_k for _, parameters in calls] == [1, 10, 0]
    assert len({parameters.seed for _, parameters in calls}) == 1
    await class_at_work.press("Estilo")
    (message,) = await shown(class_at_work)
    assert "Todo es igual menos el estilo." in message.text
    assert [e["type"] for e in message.entities].count("expandable_blockquote") == 3


async def test_five_steps_one_after_another(class_at_work):
    await class_at_work.say("/explica")
    for number in range(1, 6):
        messages = await shown(class_at_work)
        assert messages[0].text.startswith(f"{number} de 5. ")
        if number < 5:
            await class_at_work.press("Siguiente", message_id=messages[0].id)
    assert await class_at_work.toast("Con mi frase") == WORDS.steps.own_how
    await class_at_work.press("Cerrar")
    assert (await shown(class_at_work))[0].buttons == {}


async def test_a_step_opens_its_picture(class_at_work):
    await class_at_work.say("/explica El mar es azul")
    await shown(class_at_work)
    for _ in range(2):
        await class_at_work.press("Siguiente")
        await shown(class_at_work)
    await class_at_work.press("Ver el dibujo")
    step, picture = await shown(class_at_work)
    assert step.text.startswith("3 de 5.")
    assert picture.photo is not None
    assert picture.text.startswith("Para seguir después de «azul»")


async def test_others_cannot_turn_what_somebody_asked_for(class_at_work):
    await class_at_work.say("/probabilidades@redactor_bot El mar es", chat_id=class_at_work.group)
    (before,) = await shown(class_at_work, class_at_work.group)
    toast = await class_at_work.toast("1,3", class_at_work.mateo, class_at_work.group)
    assert toast == SPANISH.chat.not_yours
    data = before.buttons["1,3"]
    # Nor in another chat, nor with data that no button has.
    assert await class_at_work.forge(data) == SPANISH.chat.button_gone
    forged = data.rpartition(":")[0].removesuffix(":t") + ":t:9"
    gone = await class_at_work.forge(forged, chat_id=class_at_work.group)
    assert gone == SPANISH.chat.button_gone
    (after,) = await shown(class_at_work, class_at_work.group)
    assert after == before


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("/tokens El mar", WORDS.tokens.not_shown),
        ("/probabilidades El mar", WORDS.probabilities.not_shown),
        ("/atencion El mar", WORDS.attention.not_shown),
    ],
)
async def test_a_service_that_shows_nothing_inside(class_at_work, command, sentence):
    class_at_work.service.shows_inside = False
    await class_at_work.say(command)
    (message,) = await shown(class_at_work)
    assert (message.text, message.buttons) == (sentence, {})


async def test_a_service_that_is_away_is_waited_for(class_at_work):
    class_at_work.service.failures += [GenerationError(FailureReason.AWAY)] * 3
    await class_at_work.say("/tokens El mar")
    (message,) = await shown(class_at_work)
    assert "2 piezas" in message.text
    class_at_work.service.failures.append(GenerationError(FailureReason.MISCONFIGURED))
    await class_at_work.say("/tokens El mar")
    assert (await shown(class_at_work))[-1].text == SPANISH.failures.generation_misconfigured


async def test_what_was_asked_before_a_kill_is_shown_once(class_at_work):
    class_at_work.service.gate.clear()
    await class_at_work.say("/probabilidades El mar es")
    await asyncio.sleep(5)
    await class_at_work.kill()
    class_at_work.service.gate.set()
    await class_at_work.start()
    (message,) = await shown(class_at_work)
    assert message.photo is not None
    await class_at_work.press("1,3")
    (message,) = await shown(class_at_work)
    assert "creatividad 1,3" in message.text


async def test_a_picture_whose_answer_is_lost_comes_once(class_at_work):
    class_at_work.telegram.fail("sendPhoto", "reset", acts="first")
    await class_at_work.say("/probabilidades El mar es")
    (message,) = await shown(class_at_work)
    assert message.photo is not None


async def test_where_photos_are_forbidden_the_words_come_and_turn(class_at_work):
    description = "Bad Request: not enough rights to send photos to the chat"
    class_at_work.telegram.fail("sendPhoto", status=400, description=description)
    await class_at_work.say("/probabilidades@redactor_bot El mar es", chat_id=class_at_work.group)
    (message,) = await shown(class_at_work, class_at_work.group)
    assert message.photo is None
    await class_at_work.press("1,3", chat_id=class_at_work.group)
    (message,) = await shown(class_at_work, class_at_work.group)
    assert "creatividad 1,3" in message.text


async def test_one_person_asks_for_a_few_at_once(class_at_work):
    class_at_work.service.gate.clear()
    for number in range(5):
        await class_at_work.say(f"/tokens El mar {number}")
    refused = class_at_work.telegram.texts(class_at_work.lucia)
    assert refused == [SPANISH.failures.too_many_waiting(3)]
    class_at_work.service.gate.set()
    assert len(await shown(class_at_work)) == 5


async def test_long_words_are_cut_and_it_says_so(class_at_work):
    await class_at_work.say("/tokens " + "mar " * 400)
    (message,) = await shown(class_at_work)
    assert message.text.endswith(WORDS.shortened(600))
    await class_at_work.say("/atencion " + "mar " * 60)
    assert WORDS.attention.shortened(30) in (await shown(class_at_work))[-1].text


async def test_whoever_is_forgotten_leaves_no_words(class_at_work):
    await class_at_work.say("/probabilidades El mar es")
    await shown(class_at_work)
    person = f"user:{class_at_work.lucia}"
    await class_at_work.database.step("forget", lambda tx: forget_person(tx, person))

    async def left(tx):
        return await tx.rows(table.select())

    assert await class_at_work.database.read(left) == []
    assert await class_at_work.toast("1,3") == SPANISH.chat.button_gone
    assert ENGLISH.chat.button_gone != SPANISH.chat.button_gone


@pytest.mark.parametrize(
    "command", ["comparar", "tokens", "probabilidades", "atencion", "explica"]
)
async def test_a_cry_for_help_is_no_example(class_at_work, command):
    await class_at_work.say("quiero morirme")
    (caring,) = await shown(class_at_work)
    await class_at_work.say(f"/{command} quiero morirme")
    assert (await shown(class_at_work))[-1].text == caring.text
    assert class_at_work.service.looked == 0


async def test_in_a_group_pictures_go_to_whoever_asks(class_at_work):
    await class_at_work.say("/start")
    request = await class_at_work.say(
        "/probabilidades@redactor_bot El mar es", chat_id=class_at_work.group
    )
    _, picture = await shown(class_at_work)
    assert picture.photo is not None
    assert class_at_work.telegram.from_bot(class_at_work.group) == []
    (asked,) = [
        message
        for message in class_at_work.telegram.messages(class_at_work.group)
        if message.id == request.id
    ]
    assert list(asked.reactions.values()) == ["👌"]
    await class_at_work.press("1,3")
    assert "creatividad 1,3" in (await shown(class_at_work))[-1].text
