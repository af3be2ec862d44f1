"""The bot comes into a group, leaves it, or the group becomes a supergroup."""

from telegram import ChatMemberUpdated, Update

from bot.essays.job import Address
from bot.telegram.access import is_present
from bot.telegram.context import FrontContext, is_group, person_of


async def membership_changed(update: Update, context: FrontContext) -> None:
    """Open or close the bot to a group, and greet it once."""
    change = update.my_chat_member
    assert change is not None  # mypy: the handler is registered for these only
    if not is_group(change.chat):
        return
    was_in, is_in = is_present(change.old_chat_member), is_present(change.new_chat_member)
    store = context.front.gate.store
    if was_in and not is_in:
        store.remove_chat(change.chat.id)
    elif is_in and not was_in:
        person = person_of(update)
        is_owner = person is not None and person == store.owner()
        if is_owner and person is not None:
            store.admit_chat(change.chat.id, person)
        _greet(update, context, change, is_open=is_owner or context.front.gate.is_open)


async def migrated(update: Update, context: FrontContext) -> None:
    """Follow a group to its new number; Telegram says so in the old group and in the new one."""
    message = update.message
    assert message is not None  # mypy: the filter asks for these service messages
    if message.migrate_to_chat_id is not None:
        context.front.outbox.delivery.migrate(message.chat.id, message.migrate_to_chat_id)
    elif message.migrate_from_chat_id is not None:
        context.front.outbox.delivery.migrate(message.migrate_from_chat_id, message.chat.id)


def _greet(
    update: Update, context: FrontContext, change: ChatMemberUpdated, *, is_open: bool
) -> None:
    texts = context.texts(update).chat
    text = texts.group_greeting if is_open else texts.group_closed
    address = Address(change.chat.id, thread_id=None, message_id=0, is_private=False)
    context.front.outbox.send_text(address, text, is_reply=False)
