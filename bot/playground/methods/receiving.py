"""Getting updates, and what the bot is."""

from bot.playground.methods.parameters import FromJson, Parameters
from bot.playground.methods.registry import Result, serves
from bot.playground.model import Json
from bot.playground.updates import MAX_LIMIT, MAX_TIMEOUT_S
from bot.playground.wire import user_json
from bot.playground.world import World


class GetUpdates(Parameters):
    """Parameters of ``getUpdates``."""

    offset: int = 0
    limit: int = MAX_LIMIT
    timeout: int = 0
    allowed_updates: FromJson[list[str]] | None = None


@serves(GetUpdates)
async def get_updates(world: World, p: GetUpdates) -> Result:
    """Return pending updates, confirming those before ``offset``."""
    if p.allowed_updates is not None:
        # An empty list means the default selection, no list the previous one.
        world.updates.allowed_kinds = frozenset(p.allowed_updates) or None
    limit = min(max(p.limit, 1), MAX_LIMIT)
    timeout_s = min(max(p.timeout, 0), MAX_TIMEOUT_S)
    return await world.updates.poll(p.offset, limit, timeout_s)


class DeleteWebhook(Parameters):
    """Parameters of ``deleteWebhook``."""

    drop_pending_updates: bool = False


@serves(DeleteWebhook)
def delete_webhook(world: World, p: DeleteWebhook) -> Result:
    """Return True: there is never a webhook."""
    if p.drop_pending_updates:
        world.updates.drop_all()
    return True


class GetWebhookInfo(Parameters):
    """Parameters of ``getWebhookInfo``."""


@serves(GetWebhookInfo)
def get_webhook_info(world: World, _: GetWebhookInfo) -> Result:
    """Return the number of pending updates."""
    info: Json = {
        "url": "",
        "has_custom_certificate": False,
        "pending_update_count": len(world.updates),
    }
    if world.updates.allowed_kinds is not None:
        info["allowed_updates"] = sorted(world.updates.allowed_kinds)
    return info


class GetMe(Parameters):
    """Parameters of ``getMe``."""


@serves(GetMe)
def get_me(world: World, _: GetMe) -> Result:
    """Return the bot with what only it may know of itself."""
    return {
        **user_json(world.bot),
        "can_join_groups": True,
        "can_read_all_group_messages": world.reads_all_group_messages,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }
