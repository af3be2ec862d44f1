"""What handlers share, with types."""

from dataclasses import dataclass
from typing import Any

from telegram import Chat, InlineKeyboardMarkup, Message, Update, User
from telegram.constants import ChatType
from telegram.error import TelegramError
from telegram.ext import Application, CallbackContext, ExtBot

from bot.essays.dispatcher import Dispatcher
from bot.essays.job import Address
from bot.essays.preferences import Language, Preferences
from bot.storage import JobStore, PeopleStore
from bot.telegram.access import Gate, is_administrator
from bot.telegram.outbox import Outbox
from bot.telegram.presenter import Presenter
from bot.texts import Texts, texts_for

_FRONT = "front"


@dataclass(frozen=True, slots=True)
class Front:
    """The parts that handlers use.

    Attributes:
        dispatcher: Takes essays in.
        presenter: Tells how they are doing.
        outbox: Sends everything else.
        people: Preferences.
        jobs: Earlier essays.
        gate: Who may use the bot.
    """

    dispatcher: Dispatcher
    presenter: Presenter
    outbox: Outbox
    people: PeopleStore
    jobs: JobStore
    gate: Gate


def person_of(update: Update) -> str | None:
    """The key of whoever sent an update, or None if nobody did.

    All anonymous admins share one user, and so do all channels; their chat tells them apart.
    """
    sender = update.effective_sender
    if sender is None:
        return None
    return f"{'user' if isinstance(sender, User) else 'chat'}:{sender.id}"


def address_of(message: Message) -> Address:
    """Where an answer to a message goes."""
    return Address(
        chat_id=message.chat.id,
        # Replies carry a thread id in every supergroup; only in a topic may it be given back.
        thread_id=message.message_thread_id if message.is_topic_message else None,
        message_id=message.message_id,
        is_private=message.chat.type == ChatType.PRIVATE,
    )


class FrontContext(CallbackContext[ExtBot[None], dict[Any, Any], dict[Any, Any], dict[str, Any]]):
    """The context of every handler."""

    @property
    def front(self) -> Front:
        """The shared parts."""
        front = self.bot_data[_FRONT]
        assert isinstance(front, Front)
        return front

    def preferences(self, update: Update) -> Preferences:
        """The sender's preferences; somebody new is spoken to in their Telegram's language."""
        person = person_of(update)
        known = None if person is None else self.front.people.known_preferences(person)
        if known is not None:
            return known
        user = update.effective_user
        code = (user.language_code if user else None) or Language.SPANISH
        is_english = code.lower().startswith(Language.ENGLISH)
        return Preferences(language=Language.ENGLISH if is_english else Language.SPANISH)

    def texts(self, update: Update) -> Texts:
        """What the bot says to the sender."""
        return texts_for(self.preferences(update).language)

    def answer(
        self, update: Update, text: str, markup: InlineKeyboardMarkup | None = None
    ) -> None:
        """Answer in the same chat and topic; in a group as a reply.

        The same answer to the same person is sent once while it waits: for the photos of an
        album, say, or a command sent again and again.
        """
        message = update.effective_message
        if not isinstance(message, Message):
            return
        address = address_of(message)
        self.front.outbox.send_text(
            address,
            text,
            markup=markup,
            is_reply=not address.is_private,
            key=("answer", person_of(update), address.thread_id, text),
        )

    def change(
        self, update: Update, text: str, markup: InlineKeyboardMarkup | None = None
    ) -> None:
        """Change the message whose button was pressed."""
        message = update.effective_message
        if message is not None:
            self.front.outbox.edit_text(message.chat.id, message.message_id, text, markup=markup)

    def remove(self, update: Update) -> None:
        """Delete the message whose button was pressed."""
        message = update.effective_message
        if message is not None:
            self.front.outbox.remove(message.chat.id, message.message_id)

    def callback_parts(self, update: Update) -> list[str]:
        """What the pressed button carries."""
        query = update.callback_query
        assert query is not None  # mypy: the handler is registered for buttons only
        return (query.data or "").split(":")

    async def may_press(self, update: Update, owner: str, *, can_admins: bool = False) -> bool:
        """Whether whoever pressed a button may do so.

        Args:
            update: The press.
            owner: The person whose button it is. For an anonymous admin or a channel that is a
                chat, which presses no buttons: then any admin of the group may.
            can_admins: Whether admins of the group may press other people's buttons too.
        """
        query, chat = update.callback_query, update.effective_chat
        if query is None or chat is None:
            return False
        if owner == f"user:{query.from_user.id}":
            return True
        if not is_group(chat) or not (can_admins or owner.startswith("chat:")):
            return False
        try:
            member = await self.bot.get_chat_member(chat.id, query.from_user.id)
        except TelegramError:
            return False
        return is_administrator(member)

    def toast(self, update: Update, text: str | None = None) -> None:
        """Answer a pressed button."""
        if update.callback_query is not None:
            self.front.outbox.toast(update.callback_query.id, text)


FrontApplication = Application[
    ExtBot[None],
    FrontContext,
    dict[Any, Any],
    dict[Any, Any],
    dict[str, Any],
    None,
]


def share(application: FrontApplication, front: Front) -> None:
    """Give the parts to all handlers of an application."""
    application.bot_data[_FRONT] = front


def is_group(chat: Chat | None) -> bool:
    """Whether a chat is a group of either kind."""
    return chat is not None and chat.type in (ChatType.GROUP, ChatType.SUPERGROUP)
