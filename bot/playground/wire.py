"""The world's records as the JSON objects of the Bot API."""

from bot.playground.model import (
    TOPIC_COLOR,
    Chat,
    Draft,
    Json,
    Member,
    Message,
    Poll,
    StoredFile,
    Topic,
    User,
)


def user_json(user: User) -> Json:
    """Return a ``User``."""
    return _without_none(
        {
            "id": user.id,
            "is_bot": user.is_bot,
            "first_name": user.first_name,
            "last_name": user.last_name,
            "username": user.username,
            "language_code": user.language_code,
        }
    )


def chat_json(chat: Chat) -> Json:
    """Return a ``Chat``; a private one has the names of its person."""
    if (person := chat.person) is not None:
        return _without_none(
            {
                "id": chat.id,
                "type": "private",
                "first_name": person.first_name,
                "last_name": person.last_name,
                "username": person.username,
            }
        )
    return _without_none(
        {
            "id": chat.id,
            "type": chat.type,
            "title": chat.title,
            "is_forum": chat.is_forum or None,
        }
    )


_PERMISSIONS = (
    "can_send_messages", "can_send_audios", "can_send_documents", "can_send_photos",
    "can_send_videos", "can_send_video_notes", "can_send_voice_notes", "can_send_polls",
    "can_send_other_messages", "can_add_web_page_previews", "can_change_info",
    "can_invite_users", "can_pin_messages", "can_manage_topics", "can_react_to_messages",
    "can_edit_tag",
)  # fmt: skip
_ADMINISTRATOR_RIGHTS = (
    "can_manage_chat", "can_delete_messages", "can_manage_video_chats", "can_restrict_members",
    "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories",
    "can_edit_stories", "can_delete_stories", "can_send_welcome_messages", "can_pin_messages",
    "can_manage_topics",
)  # fmt: skip


def member_json(user: User, member: Member) -> Json:
    """Return a ``ChatMember`` of the kind that the member's status asks for."""
    fields: Json = {"status": member.status, "user": user_json(user)}
    if member.status == "creator":
        fields["is_anonymous"] = member.is_anonymous
    elif member.status == "administrator":
        fields["can_be_edited"] = False
        fields["is_anonymous"] = member.is_anonymous
        fields.update(dict.fromkeys(_ADMINISTRATOR_RIGHTS, True))
    elif member.status == "kicked":
        fields["until_date"] = 0
    elif member.status == "member" and member.is_muted:
        fields.update(status="restricted", is_member=True, until_date=0)
        fields.update(dict.fromkeys(_PERMISSIONS, False))
    return fields


def document_json(file: StoredFile) -> Json:
    """Return a ``Document``."""
    return {
        "file_name": file.file_name,
        "mime_type": file.mime_type,
        "file_id": file.file_id,
        "file_unique_id": file.file_unique_id,
        "file_size": len(file.data),
    }


def file_path(file: StoredFile) -> str:
    """Return the path of a file under ``/file/bot<token>/``."""
    return f"documents/{file.file_unique_id}/{file.file_name}"


def photo_json(file: StoredFile) -> list[Json]:
    """Return the sizes of a photo; here it has only its own."""
    assert file.size is not None  # a file without a size is no photo
    width, height = file.size
    ids = {"file_id": file.file_id, "file_unique_id": file.file_unique_id}
    return [{**ids, "width": width, "height": height, "file_size": len(file.data)}]


def poll_json(poll: Poll) -> Json:
    """Return a ``Poll``; hidden results are counted as 0 until it is closed."""
    is_counted = poll.is_closed or not poll.hides_results
    chosen = [option for options in poll.votes.values() for option in options if is_counted]
    return {
        "id": poll.id,
        "question": poll.question,
        "options": [
            {"persistent_id": str(i), "text": text, "voter_count": chosen.count(i)}
            for i, text in enumerate(poll.options)
        ],
        "total_voter_count": len(poll.votes),
        "is_closed": poll.is_closed,
        "is_anonymous": poll.is_anonymous,
        "type": "regular",
        "allows_multiple_answers": poll.allows_multiple_answers,
        "allows_revoting": True,
        "members_only": False,
    }


def topic_json(topic: Topic) -> Json:
    """Return a ``ForumTopic``."""
    return {
        "message_thread_id": topic.thread_id,
        "name": topic.name,
        "icon_color": TOPIC_COLOR,
    }


def message_json(message: Message, *, with_reply: bool = True) -> Json:
    """Return a ``Message``; the message that it replies to comes along, one level deep."""
    fields: Json = {
        "message_id": max(message.id, 0),
        "date": message.date,
        "chat": chat_json(message.chat),
        "from": user_json(message.sender),
        "message_thread_id": message.thread_id,
        "is_topic_message": message.is_topic_message or None,
        "edit_date": message.edit_date,
        "quote": message.quote,
        "reply_markup": message.markup,
    }
    if message.sender_chat is not None:
        fields["sender_chat"] = chat_json(message.sender_chat)
    if message.receiver is not None:
        fields["ephemeral_message_id"] = -message.id
        fields["receiver_user"] = user_json(message.receiver)
    if message.document is not None:
        fields["document"] = document_json(message.document)
    if message.photo is not None:
        fields["photo"] = photo_json(message.photo)
    if message.poll is not None:
        fields["poll"] = poll_json(message.poll)
    if message.rich is not None:
        fields["rich_message"] = {"blocks": message.rich}
        return _completed(fields, message, with_reply=with_reply)
    has_file = message.document is not None or message.photo is not None
    fields["caption" if has_file else "text"] = message.text
    fields["caption_entities" if has_file else "entities"] = message.entities or None
    return _completed(fields, message, with_reply=with_reply)


def _completed(fields: Json, message: Message, *, with_reply: bool) -> Json:
    if with_reply:
        fields["reply_to_message"] = _replied_json(message)
    fields.update(message.service)
    return _without_none(fields)


def _replied_json(message: Message) -> Json | None:
    replied = message.replied
    # In a forum Telegram shows messages that reply to nothing as replies to the message that
    # created their topic. Bots that look at replies must know the two apart.
    if (
        message.reply_to is None
        and message.is_topic_message
        and message.thread_id not in (None, message.id)
    ):
        replied = message.chat.messages.get(message.thread_id)
    return None if replied is None else message_json(replied, with_reply=False)


def page_message_json(message: Message) -> Json:
    """Return a ``Message`` with what only the page needs, under the key ``playground``.

    Ephemeral messages have their negative number there, so that all numbers differ.
    """
    fields = {**message_json(message), "message_id": message.id}
    if message.rich is not None:
        fields |= {"text": message.text, "entities": message.entities}
    fields["playground"] = _without_none(
        {
            "is_seen_by_bot": message.is_seen_by_bot,
            "replied_id": message.reply_to,
            "forced_reply": message.forced_reply,
            "votes": message.poll and message.poll.votes,
            "reactions": [
                {"user_id": user_id, "emoji": reaction.get("emoji", "★")}
                for user_id, reactions in message.reactions.items()
                for reaction in reactions
            ],
        }
    )
    return fields


def draft_json(draft: Draft) -> Json:
    """Return a draft for the page (the Bot API never sends one back)."""
    return {
        "draft_id": draft.draft_id,
        "text": draft.text,
        "entities": draft.entities,
        "expires_at": draft.expires_at,
        "message_thread_id": draft.thread_id,
        "can_stop": draft.can_stop,
    }


def page_chat_json(chat: Chat, now: float) -> Json:
    """Return a chat with its members and topics for the page; ``now`` ends drafts."""
    fields = chat_json(chat)
    draft = chat.draft
    fields.update(
        is_started=chat.is_started,
        migrated_to=chat.migrated_to,
        pinned=list(chat.pinned),
        members=[
            {"user_id": m.user_id, "status": m.status, "is_anonymous": m.is_anonymous}
            for m in chat.members.values()
        ],
        topics=[
            {
                "thread_id": t.thread_id,
                "name": t.name,
                "is_closed": t.is_closed,
            }
            for t in chat.topics.values()
        ],
        has_blocked_bot=chat.person is not None and chat.person.has_blocked_bot,
        draft=draft_json(draft) if draft and draft.expires_at > now else None,
    )
    return fields


def _without_none(fields: Json) -> Json:
    return {name: value for name, value in fields.items() if value is not None}
