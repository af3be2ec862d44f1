"""The playground's methods against aiogram's models of the Bot API."""

import json

import pytest

from bot.playground.gateway import Gateway
from bot.playground.methods import METHODS
from bot.playground.methods.parameters import Upload

from . import oracle

LEFT_OUT = {
    # Replaced by reply_parameters and link_preview_options long ago; aiogram keeps them.
    "reply_to_message_id",
    "allow_sending_without_reply",
    "disable_web_page_preview",
    # For messages that only one member of a group sees, which the playground doesn't have.
    "receiver_user_id",
    "callback_query_id",
}


@pytest.mark.parametrize("method", METHODS.values(), ids=lambda method: method.name)
def test_parameters_are_those_of_the_bot_api(method):
    theirs = oracle.method_model(method.name)
    ours = method.parameters
    missing = oracle.known_names(theirs) - ours.model_fields.keys()
    if method.name == "answerCallbackQuery":
        missing -= {"callback_query_id"}
    assert missing <= LEFT_OUT
    assert not ours.model_fields.keys() - oracle.known_names(theirs)

    def required(model):
        return {name for name, field in model.model_fields.items() if field.is_required()}

    assert required(ours) == required(theirs)


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


async def tell_chats(story, people):
    room = story.room
    people.send(room.forum, room.lucia, "hola", thread_id=room.topic_ids[0])
    for chat_id in (room.lucia, room.group, room.forum):
        await story.call("getChat", chat_id=chat_id)
    people.set_status(room.forum, room.teacher, room.sofia, "kicked")
    people.set_status(room.forum, room.teacher, room.diego, "left")
    for user_id in (room.teacher, room.lucia, room.sofia, room.diego, story.world.bot.id):
        await story.call("getChatMember", chat_id=room.forum, user_id=user_id)
    await story.call("getChatAdministrators", chat_id=room.forum)
    sent = await story.call("sendMessage", chat_id=room.forum, text="Fija esto")
    await story.call("pinChatMessage", chat_id=room.forum, message_id=sent["message_id"])
    await story.call("getChat", chat_id=room.forum)
    await story.call("unpinChatMessage", chat_id=room.forum)
    where = {"chat_id": room.forum, "message_thread_id": room.topic_ids[0]}
    await story.call("sendMessage", **where, text="Un poema")
    await story.call("closeForumTopic", **where)
    await story.call("reopenForumTopic", **where)


async def tell_commands(story, people):
    commands = [{"command": "redactar", "description": "Escribe una redacción"}]
    for scope in ({"type": "all_private_chats"}, {"type": "chat", "chat_id": story.room.lucia}):
        await story.call("setMyCommands", commands=commands, scope=scope, language_code="es")


async def tell_receiving(story, people):
    await story.call("getMe")
    await story.call("getWebhookInfo")
    updates = await story.call("getUpdates", timeout=0, allowed_updates=["message"])
    assert updates
    await story.call("getWebhookInfo")
    await story.call("deleteWebhook", drop_pending_updates=True)


async def test_every_result_is_what_the_bot_api_returns(story, people):
    for tell in (tell_messages, tell_documents, tell_commands, tell_receiving, tell_chats):
        await tell(story, people)
    assert story.results.keys() == {method.name for method in METHODS.values()}


def test_the_oracle_notices_a_wrong_field():
    wrong = {"id": 1, "is_bot": True, "first_name": "x", "nose": "long"}
    with pytest.raises(AssertionError, match="nose"):
        oracle.check_result("getMe", wrong)
    with pytest.raises(AssertionError, match="colour"):
        oracle.check_parameters("sendMessage", {"chat_id": 1, "text": "x", "colour": "red"})
