"""Reads an update: what it is, who sent it, and whether they may.

Open, the bot is for everybody. Private, it is for its owner, for whoever writes in a group that
the owner opened, and for the members of such a group in private. Everybody else gets one sentence.
"""

from dataclasses import dataclass
from datetime import timedelta

from telegram import Bot, CallbackQuery, Chat, Message, MessageEntity, Update, User
from telegram.constants import ChatType
from telegram.ext import filters

from bot.storage import chats, classes, inquiries, jobs, lessons, people
from bot.storage.classes import Class
from bot.storage.database import Database, Transaction
from bot.storage.lessons import Lesson
from bot.storage.records import Address, Language, Preferences
from bot.telegram import keyboards
from bot.telegram.commands.understanding import Talk, talk_of
from bot.telegram.members import Members, is_present
from bot.telegram.menu import KEYS
from bot.telegram.visit import Change, Press, Visit, What

_OWNED_BUTTONS = {
    keyboards.CONFIG: What.CONFIG_BUTTON,
    keyboards.ERASE: What.ERASE_BUTTON,
    keyboards.CARE: What.CARE_BUTTON,
    keyboards.ATTEND: What.ATTEND_BUTTON,
}
_ANYBODY = (
    What.MEMBERSHIP,
    What.MIGRATED,
    What.NOTHING,
    What.DRAFT_STOPPED,
    What.OPEN_BUTTON,
)
"""What the bot looks at whoever it comes from."""
_MENDED_WITHIN = timedelta(minutes=1)
"""What is changed later has been read as it was."""
_MOST = 2**52
"""Numbers of chats and people have at most 52 significant bits, says the Bot API."""
_TALKS = {Talk.HELP: What.HELP, Talk.CANCEL: What.CANCEL}
"""Words that are commands without a slash."""
_TEACHERS = (What.CLASS, What.CLASS_BUTTON, What.OPEN_BUTTON, What.EXPLAIN)
"""What only a teacher may do."""
_NAMES_GROUP = (What.CARE_BUTTON, What.START)
"""What may name a group elsewhere."""


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
        self._members = Members(bot)

    async def read(self, update: Update) -> Visit:
        """Say what an update is and who sent it; may ask Telegram who is in a group.

        Raises:
            ValueError: It has a number that is none of Telegram's.
        """
        _check_numbers(update)
        what = classify(update, self._bot)
        person, user = person_of(update), update.effective_user
        known = await self._database.read(lambda tx: _know(tx, person, update))
        is_admitted = self.is_open or await self._is_admitted(update, known)
        opens = not self.is_open and _opens(update, known)
        if not is_admitted and what not in _ANYBODY and not _may_claim(what, update):
            what = What.NOTHING if what is What.EDITED else What.STRANGER
        message = update.message or update.edited_message
        if message is not None and message.left_chat_member is not None:
            self._members.forget(message.left_chat_member.id)
        return Visit(
            what=what,
            update_id=update.update_id,
            person=person,
            address=_address_of(update),
            preferences=known.preferences or Preferences(language=_language_of(user)),
            is_admitted=is_admitted,
            is_open=self.is_open,
            text="" if message is None else _words_of(message),
            is_caption=message is not None and message.caption is not None,
            quoted="" if message is None else _quoted(message),
            answers=None if message is None else self._own_message(message),
            press=await self._press(update, person, known.button_owner),
            change=_change_of(update),
            draft_id=_stopped_draft(update),
            name=_name_of(update),
            group_name=(chat.title or "") if (chat := update.effective_chat) else "",
            its_class=known.its_class,
            lesson=known.lesson,
            bot_username=self._bot.username,
            opens=opens,
            is_teacher=what in _TEACHERS and await self._is_teacher(update, known),
            named_group=await self._named_group(update) if what in _NAMES_GROUP else None,
            ephemeral_id=_ephemeral_id(update.effective_message),
        )

    async def _is_admitted(self, update: Update, known: "_Known") -> bool:
        person = person_of(update)
        if person is not None and (person == known.owner or known.is_named_teacher):
            return True
        chat, user = update.effective_chat, update.effective_user
        if chat is None or user is None:
            return False
        if chat.type == ChatType.PRIVATE and known.its_class is not None:
            return True
        if chat.type == ChatType.PRIVATE:
            return await self._members.is_in_any(user.id, known.admitted)
        # Who writes in a group need not be in it: a channel's readers comment in its group.
        return chat.id in known.admitted

    async def _named_group(self, update: Update) -> int | None:
        """The group that a button or a link names, if whoever sends it in private is in it."""
        chat, user, query = update.effective_chat, update.effective_user, update.callback_query
        if chat is None or user is None or chat.type != ChatType.PRIVATE:
            return None
        words = "" if update.message is None else _words_of(update.message)
        group = keyboards.named_group((query.data or "") if query else words)
        is_in = group is not None and await self._members.is_in(user.id, group)
        return group if is_in else None

    async def _is_teacher(self, update: Update, known: "_Known") -> bool:
        """The owner, whoever made the class, or an administrator of its group, anonymous ones too.

        Where there is no class yet: whoever may make one.
        """
        person, user, chat = person_of(update), update.effective_user, update.effective_chat
        if person is None or chat is None:
            return False
        if person in (known.owner, f"chat:{chat.id}"):
            return True
        is_private = chat.type == ChatType.PRIVATE
        if known.its_class is not None and known.its_class.teacher == person:
            return True
        is_desk = update.callback_query is None or known.its_class is None
        if known.is_named_teacher and (is_private or chat.id not in known.admitted):
            # Their own classes, and groups that nobody opened; a button names its class.
            return is_desk
        if is_private and known.has_class:
            return is_desk
        if is_private or user is None or not (self.is_open or chat.id in known.admitted):
            return False
        if known.its_class is not None and known.its_class.chat_id != chat.id:
            return False
        return await self._members.is_administrator(user.id, chat.id)

    async def _press(self, update: Update, person: str | None, owner: str | None) -> Press | None:
        query, chat = update.callback_query, update.effective_chat
        if query is None:
            return None
        message = _shown(query)
        is_owner = owner is not None and person == owner
        is_admin = False
        if not is_owner and owner is not None and chat is not None and _is_group(chat):
            is_admin = await self._members.is_administrator(query.from_user.id, chat.id)
        return Press(
            query_id=query.id,
            parts=tuple((query.data or "").split(":")),
            # What only one person sees has the number 0.
            message_id=None if message is None else message.message_id or None,
            is_owner=is_owner,
            is_admin=is_admin,
            said="" if message is None else message.text or "",
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
    its_class: Class | None
    lesson: Lesson | None
    is_named_teacher: bool
    has_class: bool


async def _know(tx: Transaction, person: str | None, update: Update) -> _Known:
    its_class = await _class_of(tx, person, update)
    return _Known(
        its_class=its_class,
        lesson=None if its_class is None else await lessons.current(tx, its_class.id),
        is_named_teacher=person is not None and await classes.is_teacher(tx, person),
        has_class=person is not None and bool(await classes.taught_by(tx, person)),
        preferences=None if person is None else await people.preferences(tx, person),
        owner=await people.owner(tx),
        admitted=tuple(await chats.admitted(tx)),
        button_owner=await _button_owner(tx, update),
    )


async def _class_of(tx: Transaction, person: str | None, update: Update) -> Class | None:
    """The class that an update is about: a button of the desk names it, a group has one."""
    data = (update.callback_query.data if update.callback_query else None) or ""
    if keyboards.CLASSES.fullmatch(data):
        return await classes.get(tx, int(data.split(":")[1]))
    chat = update.effective_chat
    if chat is not None and chat.type != ChatType.PRIVATE:
        return await classes.of_chat(tx, await chats.current(tx, chat.id))
    return None if person is None else await classes.of_member(tx, person)


async def _button_owner(tx: Transaction, update: Update) -> str | None:
    """Whose button was pressed: of a job, or the person that it carries."""
    data = (update.callback_query.data if update.callback_query else None) or ""
    if keyboards.JOB.fullmatch(data):
        job = await jobs.by_token(tx, data.split(":")[1])
        return None if job is None else job.request.person
    if keyboards.INQUIRY.fullmatch(data):
        inquiry = await inquiries.by_token(tx, data.split(":")[1])
        return None if inquiry is None else inquiry.person
    if keyboards.OWNED.fullmatch(data):
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
        return _classify_button(update.callback_query)
    if update.message is not None:
        return _classify_message(update, update.message, bot)
    if update.edited_message is not None:
        return _classify_edit(update, update.edited_message, bot)
    return What.NOTHING if _stopped_draft(update) is None else What.DRAFT_STOPPED


def _classify_button(query: CallbackQuery) -> What:
    data = query.data or ""
    message = _shown(query)
    if message is not None and not _has_button(message, data):
        return What.OLD_BUTTON
    if keyboards.JOB.fullmatch(data):
        return What.JOB_BUTTON
    if keyboards.READER.fullmatch(data):
        return What.READER_BUTTON
    if keyboards.CLASSES.fullmatch(data):
        return What.CLASS_BUTTON
    if keyboards.LESSONS.fullmatch(data):
        return What.LESSON_BUTTON
    if keyboards.GATE.fullmatch(data):
        return What.OPEN_BUTTON
    if keyboards.INQUIRY.fullmatch(data):
        return What.LOOK_BUTTON
    if not keyboards.OWNED.fullmatch(data):
        return What.OLD_BUTTON
    return _OWNED_BUTTONS[data.partition(":")[0]]


def _classify_edit(update: Update, message: Message, bot: Bot) -> What:
    is_soon = (message.edit_date or message.date) - message.date <= _MENDED_WITHIN
    is_topic = _classify_message(update, message, bot) in (What.WRITE, What.TOPIC, What.REPLY)
    return What.EDITED if is_soon and is_topic else What.NOTHING


def _shown(query: CallbackQuery) -> Message | None:
    """The message whose button was pressed; the library takes one that is gone for one too."""
    message = query.message
    return message if isinstance(message, Message) and message.is_accessible else None


def _has_button(message: Message, data: str) -> bool:
    """Whether a message has the button that is said to be pressed: clients may send any data."""
    if message.message_id == 0:
        return True  # Only one person sees it; whether Telegram tells its buttons is not known.
    rows = () if message.reply_markup is None else message.reply_markup.inline_keyboard
    return any(button.callback_data == data for row in rows for button in row)


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
        unknown = What.UNKNOWN_COMMAND if is_private else What.NOTHING
        return What(KEYS.get(name.casefold(), unknown))
    words = message.text or message.caption
    if words is not None:
        if is_private:
            talk = talk_of(words) if message.reply_to_message is None else None
            return What.TOPIC if talk is None else _TALKS.get(talk, What.TALK)
        replied = message.reply_to_message
        is_reply = replied is not None and replied.from_user == bot.bot
        return What.REPLY if is_reply else What.NOTHING
    is_service = bool(filters.StatusUpdate.ALL.check_update(update))
    return What.NOT_TEXT if is_private and not is_service else What.NOTHING


def _command_of(message: Message) -> str | None:
    """The command that a message begins with, without its slash, whatever else is marked there."""
    read = message.parse_entities if message.text else message.parse_caption_entities
    kinds: list[str | None] = [MessageEntity.BOT_COMMAND]
    for entity, text in read(kinds).items():
        if entity.offset == 0:
            return text[1:]
    return None


def _words_of(message: Message) -> str:
    """A message without its command; line breaks within the topic stay."""
    text = message.text or message.caption or ""
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


def _check_numbers(update: Update) -> None:
    """Refuse what would otherwise be kept as the number of a chat, a person or a message.

    The library believes what it reads, and a chat without a number, or one that no integer of a
    database holds, can be owed nothing.

    Raises:
        ValueError: A number is none.
    """
    message, chat = update.effective_message, update.effective_chat
    people = (update.effective_sender, update.effective_user)
    numbers: list[object] = [one.id for one in (chat, *people) if one]
    if message is not None:
        numbers += [message.message_id, message.chat.id]
    if isinstance(message, Message):
        reply = message.reply_to_message
        optional = (
            message.message_thread_id,
            message.migrate_to_chat_id,
            message.migrate_from_chat_id,
            None if reply is None else reply.message_id,
        )
        numbers += [number for number in optional if number is not None]
    if not all(type(number) is int and abs(number) < _MOST for number in numbers):
        raise ValueError("a number that is none of Telegram's")


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
        # What only one person sees has the number 0.
        message_id=None if message is None else message.message_id or None,
        is_private=chat.type == ChatType.PRIVATE,
    )


def _ephemeral_id(message: object) -> int | None:
    # Newer than the library.
    number = message.api_kwargs.get("ephemeral_message_id") if isinstance(message, Message) else 0
    return number if isinstance(number, int) and number else None


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


def _opens(update: Update, known: _Known) -> bool:
    """Whether somebody who may open a group is heard in one that is not open."""
    person, chat = person_of(update), update.effective_chat
    if not _is_group(chat) or chat is None or person is None or chat.id in known.admitted:
        return False
    if update.callback_query is not None or (update.message and update.message.migrate_to_chat_id):
        return False
    change = _change_of(update)
    if change is not None and update.my_chat_member is not None and not change.is_in:
        return False
    return person == known.owner or known.is_named_teacher


def _name_of(update: Update) -> str:
    sender = update.effective_sender
    if isinstance(sender, User):
        return classes.short_name(sender.first_name, sender.last_name or "")
    return classes.short_name((sender.title if sender else None) or "")


def _language_of(user: User | None) -> Language:
    code = (user.language_code if user else None) or Language.SPANISH
    is_english = code.lower().startswith(Language.ENGLISH)
    return Language.ENGLISH if is_english else Language.SPANISH


def _is_group(chat: Chat | None) -> bool:
    return chat is not None and chat.type in (ChatType.GROUP, ChatType.SUPERGROUP)
