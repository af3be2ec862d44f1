"""What people ask for, in short."""

from bot.storage.records import Address, EssayRequest, Preferences, Style


def a_request(person="user:1", chat_id=10, message_id=5, **changes):
    values = {
        "person": person,
        "address": Address(chat_id, None, message_id, is_private=True),
        "topic": "El mar",
        "preferences": Preferences(words=300, style=Style.STORY, seed=7),
    }
    return EssayRequest(**{**values, **changes})
