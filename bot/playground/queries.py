"""A pressed button, and how the bot is told of it."""

from bot.playground import wire
from bot.playground.model import CallbackQuery, Chat
from bot.playground.world import World

CALLBACK_LIFE_S = 30.0


def query_of(world: World, chat: Chat, user_id: int, message_id: int, data: str) -> CallbackQuery:
    """Tell the bot of a pressed button, whether its message stands there or not."""
    query = CallbackQuery(
        str(4_300_000_000_000_000 + world.serial()),
        user_id,
        chat.id,
        message_id,
        data,
        world.now(),
        world.now() + CALLBACK_LIFE_S,
    )
    world.queries[query.id] = query
    message = chat.messages.get(message_id)
    gone = {"chat": wire.chat_json(chat), "message_id": message_id, "date": 0}
    world.updates.push(
        "callback_query",
        {
            "id": query.id,
            "from": wire.user_json(world.users[user_id]),
            "message": gone if message is None else wire.message_json(message),
            "chat_instance": str(abs(chat.id) * 31 + 7),
            "data": data,
        },
    )
    return query
