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

_MEMBER_FOR_S = 3600.0
_STRANGER_FOR_S = 60.0
"""How long a look at the members of a group holds."""
_LOOK_TIMEOUT_S = 5.0
_LOOK_AGAIN_S = 0.5
_REMEMBERED = 10_000
"""People whose membership is remembered."""


@dataclass(frozen=True, slots=True)
class _Look:
    is_member: bool
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
        look = self._looks.get(user_id)
        if look is not None and look.until_s >= _now_s():
            return look.is_member
        for chat_id in groups:
            member = await self._look(chat_id, user_id)
            if member is not None and is_present(member):
                self.saw(user_id)
                return True
        self._remember(user_id, _STRANGER_FOR_S, is_member=False)
        return False

    async def is_administrator(self, user_id: int, chat_id: int) -> bool:
        """Whether somebody runs a group."""
        member = await self._look(chat_id, user_id)
        return member is not None and member.status in (
            ChatMemberStatus.OWNER,
            ChatMemberStatus.ADMINISTRATOR,
        )

    def saw(self, user_id: int) -> None:
        """Somebody is in one of the groups."""
        self._remember(user_id, _MEMBER_FOR_S, is_member=True)

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

    def _remember(self, user_id: int, hold_s: float, *, is_member: bool) -> None:
        self._looks[user_id] = _Look(is_member, _now_s() + hold_s)
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
