"""The JSON bodies of ``/api``."""

from pydantic import BaseModel, ConfigDict

from bot.playground.model import ChatType, Status


class Body(BaseModel):
    """Fields of a request; unknown ones are refused."""

    model_config = ConfigDict(extra="forbid")


class Place(Body):
    """Somebody in a chat."""

    chat_id: int
    user_id: int


class Send(Place):
    """A message to write."""

    text: str = ""
    reply_to: int | None = None
    thread_id: int | None = None
    sender_chat_id: int | None = None


class OneMessage(Place):
    """Somebody and a message."""

    message_id: int


class Edit(OneMessage):
    """A new text for a message."""

    text: str


class Press(OneMessage):
    """An inline button to press."""

    data: str


class React(OneMessage):
    """A reaction, or None to take it back."""

    emoji: str | None = None


class User(Body):
    """Somebody."""

    user_id: int


class Start(User):
    """A deep link to follow."""

    payload: str = ""


class NewChat(Body):
    """A chat to create."""

    kind: ChatType
    title: str
    creator_id: int
    member_ids: list[int] = []
    is_forum: bool = False
    with_bot: bool = True


class NewTopic(Place):
    """A topic to open."""

    name: str


class CloseTopic(Place):
    """A topic to close or reopen."""

    thread_id: int
    is_closed: bool = True


class SetStatus(Body):
    """What somebody becomes in a chat."""

    chat_id: int
    actor_id: int
    user_id: int
    status: Status
    is_anonymous: bool = False


class Limits(Body):
    """Whether the rate limits hold."""

    is_on: bool
    counts_reactions: bool = False
