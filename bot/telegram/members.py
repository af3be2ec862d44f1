"""Who is in a group: Telegram is asked, and its answer holds for a while."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from telegram import Bot, ChatMember, ChatMemberRestricted
from telegram.constants import ChatMemberStatus
from telegram.error import BadRequest, Forbidden

logger = logging.getLogger(__name__)

_MEMBER_FOR_S = 300.0
_STRANGER_FOR_S = 60.0
"""How long a look at the members of a group holds: access ends so soon after somebody left."""
_LOOK_TIMEOUT_S = 5.0
_LOOK_AGAIN_S = 0.5
_REMEMBERED = 10_000
"""People whose membership is remembered."""


@dataclass(frozen=True, slots=True)
class _Look:
    chat_id: int | None
    """A group that the person is in; None if they are in none."""
    until_s: float


class Members:
    """Looks at the members of groups.

    Args:
        bot: Telegram's methods.
    """

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._looks: OrderedDict[int, _Look] = OrderedDict()

    async def is_in_any(self, user_id: int, groups: Iterable[int]) -> bool:
        """Whether somebody is in one of these groups, as far as Telegram says so in time."""
        groups, look = tuple(groups), self._looks.get(user_id)
        # A group that was closed since then lets nobody in.
        if look is not None and look.until_s >= _now_s() and look.chat_id in (None, *groups):
            return look.chat_id is not None
        for chat_id in sorted(groups, key=lambda one: look is None or one != look.chat_id):
            if await self.is_in(user_id, chat_id):
                self._remember(user_id, _Look(chat_id, _now_s() + _MEMBER_FOR_S))
                return True
        self._remember(user_id, _Look(None, _now_s() + _STRANGER_FOR_S))
        return False

    async def is_in(self, user_id: int, chat_id: int) -> bool:
        """Whether somebody is in a group now, as far as Telegram says so in time."""
        member = await self._look(chat_id, user_id)
        return member is not None and is_present(member)

    async def is_administrator(self, user_id: int, chat_id: int) -> bool:
        """Whether somebody runs a group."""
        member = await self._look(chat_id, user_id)
        return member is not None and member.status in (
            ChatMemberStatus.OWNER,
            ChatMemberStatus.ADMINISTRATOR,
        )

    def forget(self, user_id: int) -> None:
        """Somebody left a group, so that Telegram must be asked again."""
        self._looks.pop(user_id, None)

    async def _look(self, chat_id: int, user_id: int) -> ChatMember | None:
        reason = ""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_TIMEOUT_S):
                while True:
                    try:
                        return await self._bot.get_chat_member(chat_id, user_id)
                    except Exception as error:  # noqa: BLE001 - also an answer nobody can read
                        reason = type(error).__name__
                        if isinstance(error, BadRequest | Forbidden):
                            break
                    # Whatever else is wrong says nothing about who is in the group.
                    await asyncio.sleep(_LOOK_AGAIN_S)
        logger.info("cannot see the members of chat %d: %s", chat_id, reason or "no answer")
        return None

    def _remember(self, user_id: int, look: _Look) -> None:
        self._looks[user_id] = look
        self._looks.move_to_end(user_id)
        while len(self._looks) > _REMEMBERED:
            self._looks.popitem(last=False)


def is_present(member: ChatMember) -> bool:
    """Whether somebody is in a chat."""
    if isinstance(member, ChatMemberRestricted):
        return member.is_member
    return member.status not in (ChatMemberStatus.LEFT, ChatMemberStatus.BANNED)


def _now_s() -> float:
    return asyncio.get_running_loop().time()
