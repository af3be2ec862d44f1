"""Looks for a message that may be in its chat, though its answer was lost.

Message numbers grow: in a supergroup by themselves, in private chats and basic groups in one
counter for all of the bot's. A number above those known before, which nobody accounts for, may be
the lost one's; an edit that says the same shows it. Telegram then answers "message is not
modified". Nobody else's message can be edited, so that a wrong guess does no harm.
"""

from itertools import count

from bot.storage import chats, outbox
from bot.storage.database import Transaction
from bot.storage.records import Owed

_MOST_IN_SUPERGROUP = 15
"""Numbers looked at where others write messages that the bot does not get to see."""
_MOST_SHARED = 64
_MISSES_AT_END = 3
"""Numbers not found in a row beyond the greatest known one, after which nothing more will come."""
_LEAST_SHARED = 8
"""The same in the shared counter, where texts to other chats may be in doubt too."""


async def next_number(tx: Transaction, row: Owed, misses: int) -> int | None:
    """The next number to look at.

    Args:
        tx: The step.
        row: The message; its ``probed`` is the last number that was looked at.
        misses: Numbers in a row that were not found, up to that one.

    Returns:
        A number, or None if the search is over: then the message is not there.
    """
    if not row.base:
        # Nothing was known of the chat, so that every number could be anything.
        return None
    probed = row.probed or row.base
    known = await chats.known_numbers(tx, row.chat_id, row.base)
    greatest = max(known, default=row.base)
    tried = sum(number not in known for number in range(row.base + 1, probed + 1))
    beyond = max(0, probed - greatest)
    if chats.has_own_numbers(row.chat_id):
        is_over = tried >= _MOST_IN_SUPERGROUP or min(beyond, misses) >= _MISSES_AT_END
    else:
        in_doubt = await outbox.count_in_doubt(tx)
        is_over = tried >= _MOST_SHARED or beyond >= max(_LEAST_SHARED, 2 * in_doubt)
    if is_over:
        return None
    return next(number for number in count(probed + 1) if number not in known)
