"""What an update is, who sent it, and whether they may: one reader, which everything else asks.

Open, the bot is for everybody. Private, it is for its owner, for whoever writes in a group that
the owner opened, and for the members of such a group in private. Everybody else gets one sentence.
"""

import asyncio
import logging
import re
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum

from telegram import (
    Bot,
    Chat,
    ChatMember,
    ChatMemberRestricted,
    Message,
    MessageEntity,
    Update,
    User,
)
from telegram.constants import ChatMemberStatus, ChatType
from telegram.error import BadRequest, Forbidden
from telegram.ext import filters

from bot.storage import chats, jobs, people
from bot.storage.database import Database, Transaction
from bot.storage.records import Address, Language, Preferences
from bot.telegram import keyboards
from bot.telegram.menu import COMMANDS
from bot.texts import Texts, texts_for

logger = logging.getLogger(__name__)

_MEMBER_FOR_S = 3600.0
_STRANGER_FOR_S = 60.0
"""How long a look at the members of a group holds."""
_LOOK_TIMEOUT_S = 5.0
_LOOK_AGAIN_S = 0.5
_REMEMBERED = 10_000
"""People whose membership is remembered."""
_JOB_BUTTON = re.compile(
    rf"({keyboards.CANCEL}|{keyboards.AGAIN}|{keyboards.CONTINUE}|{keyboards.RETRY}"
    rf"|{keyboards.RECEIVE}):[A-Za-z0-9_-]{{1,18}}"
)
_ERASE_BUTTON = re.compile(rf"{keyboards.ERASE}:(u\d{{1,19}}|c-?\d{{1,19}}):(yes|no)")
_CONFIG_BUTTON = re.compile(
    rf"{keyboards.CONFIG}:(u\d{{1,19}}|c-?\d{{1,19}}):[^:]+(:[^:]+){{0,2}}"
)


class What(StrEnum):
    """What an update is. Commands have the keys of ``menu.COMMANDS``."""

    WRITE = "write"
    AGAIN = "again"
    CONTINUE = "continue"
    CANCEL = "cancel"
    QUEUE = "queue"
    CONFIG = "config"
    HELP = "help"
    PRIVACY = "privacy"
    ERASE = "erase"
    START = "start"
    TOPIC = "topic"
    """A plain message in private."""
    REPLY = "reply"
    """A plain message in a group that answers one of the bot's."""
    UNKNOWN_COMMAND = "unknown command"
    NOT_TEXT = "not text"
    JOB_BUTTON = "job button"
    CONFIG_BUTTON = "config button"
    ERASE_BUTTON = "erase button"
    OLD_BUTTON = "old button"
    """A button that this version does not know."""
    DRAFT_STOPPED = "draft stopped"
    """Telegram's own stop button beside a draft."""
    MEMBERSHIP = "membership"
    """The bot comes into a group or leaves it."""
    MIGRATED = "migrated"
    """A group became a supergroup."""
    STRANGER = "stranger"
    """Somebody who may not use the bot."""
    NOTHING = "nothing"
    """Nothing that concerns the bot."""


_ANYBODY = (What.MEMBERSHIP, What.MIGRATED, What.NOTHING, What.DRAFT_STOPPED)
"""What the bot looks at whoever it comes from."""


@dataclass(frozen=True, slots=True)
class Press:
    """A pressed button.

    Attributes:
        query_id: What its answer names.
        parts: What it carries.
        message_id: The message that it is under, or None if Telegram does not say any more.
        is_owner: Whether whoever pressed it is the person whose button it is.
        is_admin: Whether they run the chat that it is in; looked up only for other people's.
    """

    query_id: str
    parts: tuple[str, ...]
    message_id: int | None
    is_owner: bool
    is_admin: bool


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the bot's place in a group, or of the group's number.

    Attributes:
        was_in: Whether the bot was in the group.
        is_in: Whether it is now.
        old_id: The group's number before.
        new_id: Its number now.
    """

    was_in: bool = False
    is_in: bool = False
    old_id: int = 0
    new_id: int = 0


@dataclass(frozen=True, slots=True)
class Visit:
    """An update, read.

    Attributes:
        what: What it is.
        update_id: Its number.
        person: ``user:ID``, or ``chat:ID`` for an anonymous admin or a channel; None if nobody.
        address: Where an answer goes, or None.
        preferences: The person's, or those of somebody new who reads their app's language.
        is_admitted: Whether they may use the bot.
        is_open: Whether everybody may.
        text: The words after a command, or a plain message.
        quoted: The text of the message replied to, or the part of it that was quoted.
        answers: The number of the bot's message that this one replies to, or None.
        press: The pressed button, or None.
        change: The change of a group, or None.
        draft_id: The draft that was stopped, or None.
    """

    what: What
    update_id: int
    person: str | None = None
    address: Address | None = None
    preferences: Preferences = field(default_factory=Preferences)
    is_admitted: bool = False
    is_open: bool = False
    text: str = ""
    quoted: str = ""
    answers: int | None = None
    press: Press | None = None
    change: Change | None = None
    draft_id: int | None = None

    @property
    def texts(self) -> Texts:
        """What the bot says to this person."""
        return texts_for(self.preferences.language)


@dataclass(frozen=True, slots=True)
class _Look:
    is_member: bool
    until_s: float


class Access:
    """Reads updates.

    Args:
        bot: Asks Telegram who is in a group.
        database: The owner and the groups they opened.
        is_open: Whether everybody may use the bot.
    """

    def __init__(self, bot: Bot, database: Database, *, is_open: bool) -> None:
        self.is_open = is_open
        self._bot = bot
        self._database = database
        self._looks: OrderedDict[int, _Look] = OrderedDict()

    async def read(self, update: Update) -> Visit:
        """Say what an update is and who sent it; may ask Telegram who is in a group."""
        what = classify(update, self._bot)
        person, user = person_of(update), update.effective_user
        known = await self._database.read(lambda tx: _know(tx, person, update))
        is_admitted = self.is_open or await self._is_admitted(update, person, known)
        if not is_admitted and what not in _ANYBODY and not _may_claim(what, update):
            what = What.STRANGER
        message = update.message
        return Visit(
            what=what,
            update_id=update.update_id,
            person=person,
            address=_address_of(update),
            preferences=known.preferences or Preferences(language=_language_of(user)),
            is_admitted=is_admitted,
            is_open=self.is_open,
            text="" if message is None else _words_of(message),
            quoted="" if message is None else _quoted(message),
            answers=None if message is None else self._own_message(message),
            press=await self._press(update, person, known.button_owner),
            change=_change_of(update),
            draft_id=_stopped_draft(update),
        )

    async def _is_admitted(self, update: Update, person: str | None, known: "_Known") -> bool:
        if person is not None and person == known.owner:
            return True
        chat, user = update.effective_chat, update.effective_user
        if chat is None or user is None:
            return False
        if chat.type != ChatType.PRIVATE:
            is_admitted = chat.id in known.admitted
            if is_admitted and isinstance(update.effective_sender, User):
                self._remember(user.id, _Look(True, _now_s() + _MEMBER_FOR_S))
            return is_admitted
        return await self._is_member(user.id, known.admitted)

    async def _is_member(self, user_id: int, groups: tuple[int, ...]) -> bool:
        look = self._looks.get(user_id)
        if look is None or look.until_s < _now_s():
            is_member = False
            for chat_id in groups:
                member = await self._member(chat_id, user_id)
                if member is not None and is_present(member):
                    is_member = True
                    break
            hold_s = _MEMBER_FOR_S if is_member else _STRANGER_FOR_S
            look = _Look(is_member, _now_s() + hold_s)
            self._remember(user_id, look)
        return look.is_member

    async def _member(self, chat_id: int, user_id: int) -> ChatMember | None:
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

    async def _press(self, update: Update, person: str | None, owner: str | None) -> Press | None:
        query, chat = update.callback_query, update.effective_chat
        if query is None:
            return None
        is_owner = owner is not None and person == owner
        is_admin = False
        if not is_owner and owner is not None and _is_group(chat) and chat is not None:
            member = await self._member(chat.id, query.from_user.id)
            is_admin = member is not None and is_administrator(member)
        message = update.effective_message
        return Press(
            query_id=query.id,
            parts=tuple((query.data or "").split(":")),
            message_id=None if message is None else message.message_id,
            is_owner=is_owner,
            is_admin=is_admin,
        )

    def _own_message(self, message: Message) -> int | None:
        replied = message.reply_to_message
        is_own = replied is not None and replied.from_user == self._bot.bot
        return replied.message_id if replied is not None and is_own else None


@dataclass(frozen=True, slots=True)
class _Known:
    """What the database knows of an update's sender and button."""

    preferences: Preferences | None
    owner: str | None
    admitted: tuple[int, ...]
    button_owner: str | None


async def _know(tx: Transaction, person: str | None, update: Update) -> _Known:
    return _Known(
        preferences=None if person is None else await people.preferences(tx, person),
        owner=await people.owner(tx),
        admitted=tuple(await chats.admitted(tx)),
        button_owner=await _button_owner(tx, update),
    )


async def _button_owner(tx: Transaction, update: Update) -> str | None:
    """Whose button was pressed: of a job, or the person that it carries."""
    data = (update.callback_query.data if update.callback_query else None) or ""
    if _JOB_BUTTON.fullmatch(data):
        job = await jobs.by_token(tx, data.partition(":")[2])
        return None if job is None else job.request.person
    if _ERASE_BUTTON.fullmatch(data) or _CONFIG_BUTTON.fullmatch(data):
        owner = keyboards.unpacked(data.split(":")[1])
        chat = update.effective_chat
        # The things of an anonymous admin belong to their chat, and to no other.
        is_foreign = owner.startswith("chat:") and chat and owner != f"chat:{chat.id}"
        return None if is_foreign else owner
    return None


def classify(update: Update, bot: Bot) -> What:
    """What an update is, by its entities and its kind."""
    if update.my_chat_member is not None:
        is_group = _is_group(update.my_chat_member.chat)
        return What.MEMBERSHIP if is_group else What.NOTHING
    if update.callback_query is not None:
        return _classify_button(update.callback_query.data or "")
    if update.message is not None:
        return _classify_message(update, update.message, bot)
    return What.NOTHING if _stopped_draft(update) is None else What.DRAFT_STOPPED


def _classify_button(data: str) -> What:
    if _JOB_BUTTON.fullmatch(data):
        return What.JOB_BUTTON
    if _CONFIG_BUTTON.fullmatch(data):
        return What.CONFIG_BUTTON
    return What.ERASE_BUTTON if _ERASE_BUTTON.fullmatch(data) else What.OLD_BUTTON


def _classify_message(update: Update, message: Message, bot: Bot) -> What:
    if message.migrate_to_chat_id or message.migrate_from_chat_id:
        return What.MIGRATED
    is_private = message.chat.type == ChatType.PRIVATE
    if not is_private and not _is_group(message.chat):
        return What.NOTHING
    command = _command_of(message)
    if command is not None:
        name, _, username = command.partition("@")
        if username and username.casefold() != bot.username.casefold():
            return What.NOTHING
        for known in COMMANDS:
            if name.casefold() in known.names:
                return What(known.key)
        return What.UNKNOWN_COMMAND if is_private else What.NOTHING
    if message.text is not None:
        if is_private:
            return What.TOPIC
        replied = message.reply_to_message
        is_reply = replied is not None and replied.from_user == bot.bot
        return What.REPLY if is_reply else What.NOTHING
    is_service = bool(filters.StatusUpdate.ALL.check_update(update))
    return What.NOT_TEXT if is_private and not is_service else What.NOTHING


def _command_of(message: Message) -> str | None:
    """The command that a message begins with, without its slash, whatever else is marked there."""
    for entity, text in message.parse_entities([MessageEntity.BOT_COMMAND]).items():
        if entity.offset == 0:
            return text[1:]
    return None


def _words_of(message: Message) -> str:
    """A message without its command; line breaks within the topic stay."""
    text = message.text or ""
    if _command_of(message) is None:
        return text.strip()
    parts = text.split(maxsplit=1)
    return parts[1].strip() if len(parts) > 1 else ""


def _quoted(message: Message) -> str:
    if message.quote is not None:
        return message.quote.text.strip()
    replied = message.reply_to_message
    if replied is None:
        return ""
    # In a topic every message replies to the one that opened the topic, which has no text.
    return (replied.text or replied.caption or "").strip()


def _may_claim(what: What, update: Update) -> bool:
    """Whether it may be the owner's link, which a stranger must be able to open."""
    message = update.message
    if what is not What.START or message is None or message.chat.type != ChatType.PRIVATE:
        return False
    return len(_words_of(message).split()) == 1


def _stopped_draft(update: Update) -> int | None:
    # Newer than the library, which hands it over as an update without a kind.
    stopped = (update.api_kwargs or {}).get("stopped_message_generation")
    draft_id = stopped.get("draft_id") if isinstance(stopped, dict) else None
    return draft_id if isinstance(draft_id, int) else None


def _address_of(update: Update) -> Address | None:
    """Where an answer to an update goes."""
    stopped = (update.api_kwargs or {}).get("stopped_message_generation")
    if isinstance(stopped, dict) and isinstance(stopped.get("chat"), dict):
        return Address(int(stopped["chat"].get("id", 0)), None, None, is_private=True)
    chat, message = update.effective_chat, update.effective_message
    if chat is None:
        return None
    thread_id = None
    if isinstance(message, Message) and message.is_topic_message:
        # Replies carry a thread id in every supergroup; only in a topic may it be given back.
        thread_id = message.message_thread_id
    return Address(
        chat_id=chat.id,
        thread_id=thread_id,
        message_id=None if message is None else message.message_id,
        is_private=chat.type == ChatType.PRIVATE,
    )


def _change_of(update: Update) -> Change | None:
    if update.my_chat_member is not None:
        member = update.my_chat_member
        return Change(
            was_in=is_present(member.old_chat_member), is_in=is_present(member.new_chat_member)
        )
    message = update.message
    if message is None:
        return None
    if message.migrate_to_chat_id is not None:
        return Change(old_id=message.chat.id, new_id=message.migrate_to_chat_id)
    if message.migrate_from_chat_id is not None:
        return Change(old_id=message.migrate_from_chat_id, new_id=message.chat.id)
    return None


def person_of(update: Update) -> str | None:
    """The key of whoever sent an update, or None if nobody did.

    All anonymous admins share one user, and so do all channels; their chat tells them apart.
    """
    sender = update.effective_sender
    if sender is None:
        return None
    return f"{'user' if isinstance(sender, User) else 'chat'}:{sender.id}"


def _language_of(user: User | None) -> Language:
    code = (user.language_code if user else None) or Language.SPANISH
    is_english = code.lower().startswith(Language.ENGLISH)
    return Language.ENGLISH if is_english else Language.SPANISH


def _is_group(chat: Chat | None) -> bool:
    return chat is not None and chat.type in (ChatType.GROUP, ChatType.SUPERGROUP)


def is_present(member: ChatMember) -> bool:
    """Whether somebody is in a chat."""
    if isinstance(member, ChatMemberRestricted):
        return member.is_member
    return member.status not in (ChatMemberStatus.LEFT, ChatMemberStatus.BANNED)


def is_administrator(member: ChatMember) -> bool:
    """Whether somebody runs a chat."""
    return member.status in (ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR)


def _now_s() -> float:
    return asyncio.get_running_loop().time()
