"""Getting updates, what the bot is, and answering pressed buttons."""

from bot.playground.methods.parameters import FromJson
from bot.playground.methods.registry import Result, serves
from bot.playground.refusals import bad_request
from bot.playground.updates import MAX_LIMIT, MAX_TIMEOUT_S
from bot.playground.wire import user_json
from bot.playground.world import World

MAX_ANSWER_CHARACTERS = 200


@serves
async def get_updates(
    world: World,
    *,
    offset: int = 0,
    limit: int = MAX_LIMIT,
    timeout: int = 0,  # noqa: ASYNC109 - the Bot API's parameter
    allowed_updates: FromJson[list[str]] | None = None,
) -> Result:
    """Return pending updates, confirming those before ``offset``."""
    if allowed_updates is not None:
        # An empty list means the default selection, no list the previous one.
        world.updates.allowed_kinds = frozenset(allowed_updates) or None
    limit = min(max(limit, 1), MAX_LIMIT)
    return await world.updates.poll(offset, limit, min(max(timeout, 0), MAX_TIMEOUT_S))


@serves
def delete_webhook(world: World, *, drop_pending_updates: bool = False) -> Result:
    """Return True: there is never a webhook."""
    if drop_pending_updates:
        world.updates.drop_all()
    return True


@serves
def get_me(world: World) -> Result:
    """Return the bot with what only it may know of itself."""
    return {
        **user_json(world.bot),
        "can_join_groups": True,
        "can_read_all_group_messages": world.reads_all_group_messages,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


@serves
def answer_callback_query(
    world: World,
    *,
    callback_query_id: str,
    text: str | None = None,
    show_alert: bool = False,
    url: str | None = None,
    cache_time: int = 0,
) -> Result:
    """Stop the button's waiting, with a short note or an alert when there is a text."""
    del cache_time
    query = world.open_query(callback_query_id)
    if text is not None and len(text) > MAX_ANSWER_CHARACTERS:
        raise bad_request("MESSAGE_TOO_LONG")
    if url is not None and not url.startswith(f"https://t.me/{world.bot.username}?start="):
        raise bad_request("URL_INVALID")
    query.is_answered = True
    answer = {
        "query_id": query.id,
        "user_id": query.user_id,
        "chat_id": query.chat_id,
        "message_id": query.message_id,
        "text": text,
        "show_alert": show_alert,
        "url": url,
    }
    world.changes.add("callback_answer", answer)
    return True
