"""One gate in front of everything: who may use the bot.

Open, it lets everybody in. Private, it lets in the owner, whoever writes in a group that the owner
added the bot to, and the members of such a group in private. Everybody else gets one sentence.
"""

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass

from telegram import Bot, Chat, ChatMember, ChatMemberRestricted, Update, User
from telegram.constants import ChatMemberStatus, ChatType
from telegram.error import TelegramError

from bot.storage import AccessStore

logger = logging.getLogger(__name__)

_MEMBER_FOR_S = 3600.0
_STRANGER_FOR_S = 60.0
"""How long a look at the members of a group holds."""
_REMEMBERED = 10_000
"""People and chats of whom is remembered that they were told."""


@dataclass(frozen=True, slots=True)
class _Look:
    is_member: bool
    until_s: float


class Gate:
    """Decides who may use the bot.

    Args:
        store: The owner and the groups they opened.
        bot: Asks Telegram who is in a group.
        is_open: Whether everybody may.
    """

    def __init__(self, store: AccessStore, bot: Bot, *, is_open: bool) -> None:
        self.store = store
        self.is_open = is_open
        self._bot = bot
        self._looks: OrderedDict[int, _Look] = OrderedDict()
        self._told: OrderedDict[int, None] = OrderedDict()

    async def admits(self, update: Update, person: str | None) -> bool:
        """Whether the sender of an update may use the bot where it was sent."""
        if self.is_open:
            return True
        if person is not None and person == self.store.owner():
            return True
        chat, user = update.effective_chat, update.effective_user
        if chat is None or user is None:
            return False
        if chat.type != ChatType.PRIVATE:
            is_admitted = self.store.is_admitted_chat(chat.id)
            if is_admitted and isinstance(update.effective_sender, User):
                self._remember(user.id, _Look(True, self._now_s() + _MEMBER_FOR_S))
            return is_admitted
        return await self._is_member(user.id)

    def is_new_stranger(self, sender: User | Chat) -> bool:
        """Whether a person or group has not been told yet; from now on it has."""
        if sender.id in self._told:
            return False
        self._told[sender.id] = None
        while len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)
        return True

    async def _is_member(self, user_id: int) -> bool:
        look = self._looks.get(user_id)
        if look is None or look.until_s < self._now_s():
            is_member = await self._ask_groups(user_id)
            hold_s = _MEMBER_FOR_S if is_member else _STRANGER_FOR_S
            look = _Look(is_member, self._now_s() + hold_s)
            self._remember(user_id, look)
        return look.is_member

    async def _ask_groups(self, user_id: int) -> bool:
        for chat_id in self.store.admitted_chats():
            try:
                member = await self._bot.get_chat_member(chat_id, user_id)
            except TelegramError as error:
                logger.info("cannot see the members of chat %d: %s", chat_id, type(error).__name__)
                continue
            if is_present(member):
                return True
        return False

    def _remember(self, user_id: int, look: _Look) -> None:
        self._looks[user_id] = look
        self._looks.move_to_end(user_id)
        while len(self._looks) > _REMEMBERED:
            self._looks.popitem(last=False)

    def _now_s(self) -> float:
        return asyncio.get_running_loop().time()


def is_present(member: ChatMember) -> bool:
    """Whether somebody is in a chat."""
    if isinstance(member, ChatMemberRestricted):
        return member.is_member
    return member.status not in (ChatMemberStatus.LEFT, ChatMemberStatus.BANNED)


def is_administrator(member: ChatMember) -> bool:
    """Whether somebody runs a chat."""
    return member.status in (ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR)
