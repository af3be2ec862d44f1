"""Which messages of a chat Telegram passes on to a bot (its "privacy mode")."""

from bot.playground.model import Message, User


def reaches_bot(message: Message, bot: User, *, reads_everything: bool) -> bool:
    """Return whether ``bot`` is told of ``message``, which somebody else wrote.

    In groups a bot gets service messages, replies to its own messages, commands addressed to it
    (``/command@bot``) and bare commands when it was the last bot to speak there. It gets
    everything when its privacy mode is off (``reads_everything``) or when it is an administrator.
    """
    chat = message.chat
    if chat.type == "private" or message.receiver is bot:
        return True
    me = chat.member(bot.id)
    if not me.is_present:
        return False
    if chat.type == "channel" or message.service or reads_everything or me.is_administrator:
        return True
    if message.replied is not None and message.replied.sender_id == bot.id:
        return True
    return _is_command_for(message, bot)


def _is_command_for(message: Message, bot: User) -> bool:
    units = (message.text or "").encode("utf-16-le", "surrogatepass")
    for entity in message.entities:
        if entity["type"] != "bot_command":
            continue
        start, end = entity["offset"], entity["offset"] + entity["length"]
        _, at, name = units[2 * start : 2 * end].decode("utf-16-le").partition("@")
        if at:
            if bot.username is not None and name.lower() == bot.username.lower():
                return True
        elif start == 0 and message.chat.last_bot_id == bot.id:
            return True
    return False
