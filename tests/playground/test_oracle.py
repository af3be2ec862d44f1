"""The playground's methods against aiogram's models of the Bot API."""

import inspect
import json

import pytest

from bot.playground.gateway import Gateway
from bot.playground.methods import METHODS
from bot.playground.methods.parameters import Sending, Upload

from . import oracle
from .conftest import png


@pytest.mark.parametrize("method", METHODS.values(), ids=lambda method: method.name)
def test_parameters_are_those_of_the_bot_api(method):
    theirs = oracle.method_model(method.name)
    ours = {
        name: parameter.default is parameter.empty
        for name, parameter in inspect.signature(method.function).parameters.items()
        if name != "world"
    }
    if ours.pop("to", False):
        ours |= {name: field.is_required() for name, field in Sending.model_fields.items()}
        # aiogram doesn't know yet that a poll can be ephemeral, and neither do all servers.
        if method.name == "sendPoll":
            del ours["ephemeral_message_parameters"]
    assert ours.keys() <= oracle.known_names(theirs)
    required = {name for name, field in theirs.model_fields.items() if field.is_required()}
    assert {name for name, is_required in ours.items() if is_required} == required


class Story:
    """One call of every method, in an order that makes sense."""

    def __init__(self, world, room, people):
        self.world, self.room = world, room
        self.gateway = Gateway(world, "7000000001:abc")
        self.results = {}

    async def call(self, method, **parameters):
        answer = await self.gateway.call(self.gateway.token, method, parameters)
        assert answer.status == 200, answer.body
        assert isinstance(answer.body, dict)
        result = answer.body["result"]
        # What goes out is JSON, so nothing may be lost on the way.
        assert json.loads(json.dumps(result)) == result
        logged = {
            name: value.file_name if isinstance(value, Upload) else value
            for name, value in parameters.items()
        }
        oracle.check_parameters(method, logged)
        oracle.check_result(method, result)
        self.results.setdefault(method, []).append(result)
        return result


@pytest.fixture
def story(world, room, people):
    people.start(room.lucia)
    people.set_status(room.forum, room.teacher, world.bot.id, "administrator")
    world.reads_all_group_messages = True
    return Story(world, room, people)


async def tell_messages(story, people):
    lucia, group = story.room.lucia, story.room.group
    asked = people.send(group, lucia, "¿Qué tal?")
    sent = await story.call(
        "sendMessage",
        chat_id=group,
        text="Hola @lucia_r, mira https://a.es",
        entities=[{"type": "bold", "offset": 0, "length": 4}],
        reply_parameters={"message_id": asked.id, "allow_sending_without_reply": True},
        reply_markup={
            "inline_keyboard": [
                [{"text": "Sí", "callback_data": "si", "style": "primary"}],
                [{"text": "Web", "url": "https://a.es"}],
            ]
        },
        link_preview_options={"is_disabled": True},
    )
    query = people.press(group, lucia, sent["message_id"], "si")
    await story.call("answerCallbackQuery", callback_query_id=query.id, text="¡Bien!")
    where = {"chat_id": group, "message_id": sent["message_id"]}
    await story.call("editMessageText", **where, text="Adiós")
    await story.call("setMessageReaction", **where, reaction=[{"type": "emoji", "emoji": "👍"}])
    await story.call("deleteMessage", **where)
    await story.call("sendChatAction", chat_id=lucia, action="typing")
    await story.call("sendMessageDraft", chat_id=lucia, draft_id=1, text="Hol", can_stop=True)
    last = await story.call(
        "sendMessage", chat_id=lucia, text="¿Tema?", reply_markup={"force_reply": True}
    )
    await story.call("deleteMessages", chat_id=lucia, message_ids=[last["message_id"]])


async def tell_rich_messages(story, people):
    blocks = [
        {"type": "heading", "size": 3, "text": "El mar"},
        {"type": "expandable_blockquote", "text": "Las olas…"},
        {"type": "footer", "text": "Receta K7QF2"},
    ]
    message = {"blocks": blocks, "skip_entity_detection": True}
    await story.call("sendRichMessage", chat_id=story.room.group, rich_message=message)


async def tell_documents(story, people):
    upload = Upload(file_name="a.txt", mime_type="text/plain", data=b"hola")
    sent = await story.call(
        "sendDocument", chat_id=story.room.lucia, document=upload, caption="Un *texto*"
    )
    await story.call(
        "editMessageCaption",
        chat_id=story.room.lucia,
        message_id=sent["message_id"],
        caption="Otro",
    )
    file_id = sent["document"]["file_id"]
    await story.call("getFile", file_id=file_id)
    await story.call("sendDocument", chat_id=story.room.group, document=file_id)


async def tell_pictures(story, people):
    room = story.room
    upload = Upload(file_name="a.png", mime_type="image/png", data=png(8, 6))
    sent = await story.call("sendPhoto", chat_id=room.lucia, photo=upload, caption="Así")
    where = {"chat_id": room.lucia, "message_id": sent["message_id"]}
    await story.call(
        "editMessageMedia", **where, media={"type": "photo", "media": sent["photo"][0]["file_id"]}
    )
    keyboard = {"inline_keyboard": [[{"text": "Copia", "copy_text": {"text": "gaviotas"}}]]}
    await story.call("editMessageReplyMarkup", **where, reply_markup=keyboard)


async def tell_polls(story, people):
    room = story.room
    for is_anonymous in (True, False):
        sent = await story.call(
            "sendPoll",
            chat_id=room.group,
            question="¿Cuál escribió el robot?",
            options=[{"text": "Texto A"}, {"text": "Texto B"}],
            is_anonymous=is_anonymous,
            hide_results_until_closes=is_anonymous,
        )
        people.vote(room.group, room.lucia, sent["message_id"], [1])
    await story.call("stopPoll", chat_id=room.group, message_id=sent["message_id"])


async def tell_ephemeral(story, people):
    room = story.room
    only_for = {"ephemeral_message_parameters": {"receiver_user_id": room.lucia}}
    command = people.send(room.forum, room.lucia, "/config@redactor_bot", is_ephemeral=True)
    reply = {"reply_parameters": {"ephemeral_message_id": -command.id}}
    sent = await story.call("sendMessage", chat_id=room.forum, text="a", **only_for, **reply)
    where = {
        "chat_id": room.forum,
        "receiver_user_id": room.lucia,
        "ephemeral_message_id": sent["ephemeral_message_id"],
    }
    keyboard = {"inline_keyboard": [[{"text": "Sí", "callback_data": "si"}]]}
    await story.call("editEphemeralMessageText", **where, text="b")
    await story.call("editEphemeralMessageReplyMarkup", **where, reply_markup=keyboard)
    people.press(room.forum, room.lucia, -sent["ephemeral_message_id"], "si")
    await story.call("deleteEphemeralMessage", **where)
    upload = Upload(file_name="a.png", mime_type="image/png", data=png(8, 6))
    shown = await story.call("sendPhoto", chat_id=room.forum, photo=upload, **only_for)
    where["ephemeral_message_id"] = shown["ephemeral_message_id"]
    media = {"type": "photo", "media": shown["photo"][0]["file_id"], "caption": "c"}
    await story.call("editEphemeralMessageMedia", **where, media=media)


async def tell_chats(story, people):
    room = story.room
    people.send(room.forum, room.lucia, "hola", thread_id=room.topic_ids[0])
    people.set_status(room.forum, room.teacher, room.sofia, "kicked")
    people.set_status(room.forum, room.teacher, room.diego, "left")
    for user_id in (room.teacher, room.lucia, room.sofia, room.diego, story.world.bot.id):
        await story.call("getChatMember", chat_id=room.forum, user_id=user_id)
    sent = await story.call("sendMessage", chat_id=room.forum, text="Fija esto")
    await story.call("pinChatMessage", chat_id=room.forum, message_id=sent["message_id"])
    await story.call("unpinChatMessage", chat_id=room.forum)
    where = {"chat_id": room.forum, "message_thread_id": room.topic_ids[0]}
    await story.call("sendMessage", **where, text="Un poema")
    await story.call("closeForumTopic", **where)
    await story.call("reopenForumTopic", **where)
    await story.call("leaveChat", chat_id=room.forum)


async def tell_commands(story, people):
    commands = [{"command": "redactar", "description": "Escribe una redacción"}]
    for scope in ({"type": "all_private_chats"}, {"type": "chat", "chat_id": story.room.lucia}):
        await story.call("setMyCommands", commands=commands, scope=scope, language_code="es")


async def tell_receiving(story, people):
    await story.call("getMe")
    updates = await story.call("getUpdates", timeout=0, allowed_updates=["message"])
    assert updates
    await story.call("deleteWebhook", drop_pending_updates=True)


async def test_every_result_is_what_the_bot_api_returns(story, people):
    for tell in (
        tell_messages,
        tell_rich_messages,
        tell_documents,
        tell_pictures,
        tell_polls,
        tell_ephemeral,
        tell_commands,
        tell_receiving,
        tell_chats,
    ):
        await tell(story, people)
    assert story.results.keys() == {method.name for method in METHODS.values()}


def test_the_oracle_notices_a_wrong_field():
    wrong = {"id": 1, "is_bot": True, "first_name": "x", "nose": "long"}
    with pytest.raises(AssertionError, match="nose"):
        oracle.check_result("getMe", wrong)
    with pytest.raises(AssertionError, match="colour"):
        oracle.check_parameters("sendMessage", {"chat_id": 1, "text": "x", "colour": "red"})
