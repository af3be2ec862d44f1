"""A transport that plays Telegram: it keeps messages, refuses what Telegram refuses, and fails
when told to. The library above it is the real one.
"""

import asyncio
import json
import re
from collections import defaultdict, deque
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import httpx
from telegram import Update
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

TOKEN = "123456:SECRET-token"
BOT_ID = 123456
BOT = {
    "id": BOT_ID,
    "is_bot": True,
    "first_name": "Redactor",
    "username": "redactor_bot",
    "can_join_groups": True,
    "can_read_all_group_messages": False,
    "supports_inline_queries": False,
}


@dataclass(frozen=True)
class Sent:
    """One request that reached the fake."""

    method: str
    parameters: dict[str, Any]
    at_s: float

    @property
    def text(self) -> str:
        return str(self.parameters.get("text", ""))

    @property
    def chat_id(self) -> int:
        return int(self.parameters["chat_id"])


@dataclass
class Failure:
    """What the next request of a method meets."""

    status: int = 0
    description: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    exception: Exception | None = None
    is_processed: bool = False
    is_silent: bool = False
    chat_id: int | None = None


def lost_connection() -> NetworkError:
    """The connection broke after the request was sent."""
    error = NetworkError("httpx.ReadError: ")
    error.__cause__ = httpx.ReadError("")
    return error


def refused_connection() -> NetworkError:
    """Nobody listened."""
    error = NetworkError("httpx.ConnectError: ")
    error.__cause__ = httpx.ConnectError("")
    return error


def silent_server() -> TimedOut:
    """No answer came."""
    error = TimedOut()
    error.__cause__ = httpx.ReadTimeout("")
    return error


class FakeTelegram(BaseRequest):
    """Answers as the Bot API does.

    Attributes:
        sent: Every request with a chat, in order.
        calls: Every request.
        chats: Messages of every chat by number: text and markup.
        members: Status of (chat, user).
        updates: What the next getUpdates hands over.
    """

    def __init__(self) -> None:
        self.calls: list[Sent] = []
        self.chats: dict[int, dict[int, dict[str, Any]]] = defaultdict(dict)
        self.last_id: dict[int, int] = defaultdict(lambda: 100)
        self.members: dict[tuple[int, int], str] = {}
        self.failures: dict[str, deque[Failure]] = defaultdict(deque)
        self.updates: deque[list[dict[str, Any]]] = deque()
        self.confirmed: list[int | None] = []
        self.drafts: dict[tuple[int, int], str] = {}
        self.held: asyncio.Event | None = None
        self._update_id = 900

    @property
    def read_timeout(self) -> float | None:
        return 5

    async def initialize(self) -> None:
        pass

    async def shutdown(self) -> None:
        pass

    @property
    def sent(self) -> list[Sent]:
        return [call for call in self.calls if "chat_id" in call.parameters]

    def of(self, method: str, chat_id: int | None = None) -> list[Sent]:
        return [
            call
            for call in self.calls
            if call.method == method and chat_id in (None, call.parameters.get("chat_id"))
        ]

    def texts(self, chat_id: int) -> list[str]:
        """What stands in a chat by the bot, from top to bottom."""
        return [message["text"] for _, message in sorted(self.chats[chat_id].items())]

    def fail(self, method: str, *failures: Failure) -> None:
        self.failures[method].extend(failures)

    def next_message_id(self, chat_id: int) -> int:
        self.last_id[chat_id] += 1
        return self.last_id[chat_id]

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = None,
        write_timeout: Any = None,
        connect_timeout: Any = None,
        pool_timeout: Any = None,
    ) -> tuple[int, bytes]:
        name = url.rsplit("/", 1)[1]
        parameters = dict(request_data.parameters) if request_data else {}
        now_s = asyncio.get_running_loop().time()
        self.calls.append(Sent(name, parameters, now_s))
        if self.held is not None and "chat_id" in parameters:
            await self.held.wait()
        failure = self._failure(name, parameters)
        if failure is not None and not failure.is_processed:
            return self._fail(failure)
        answer = await self._answer(name, parameters)
        if failure is not None:
            if failure.is_silent:
                await asyncio.Event().wait()
            return self._fail(failure)
        return answer

    def _failure(self, name: str, parameters: dict[str, Any]) -> Failure | None:
        queue = self.failures[name]
        if queue and queue[0].chat_id in (None, parameters.get("chat_id")):
            return queue.popleft()
        return None

    @staticmethod
    def _fail(failure: Failure) -> tuple[int, bytes]:
        if failure.exception is not None:
            raise failure.exception
        return failure.status, json.dumps(
            {
                "ok": False,
                "error_code": failure.status,
                "description": failure.description,
                **({"parameters": failure.parameters} if failure.parameters else {}),
            }
        ).encode()

    async def _answer(self, name: str, parameters: dict[str, Any]) -> tuple[int, bytes]:
        snake = re.sub("[A-Z]", lambda capital: "_" + capital.group().lower(), name)
        handler = getattr(self, f"_{snake}", None)
        if handler is None:
            return _refuse(HTTPStatus.NOT_FOUND, f"Not Found: {name}")
        result = handler(parameters)
        if asyncio.iscoroutine(result):
            result = await result
        if isinstance(result, str):
            return _refuse(HTTPStatus.BAD_REQUEST, f"Bad Request: {result}")
        return 200, json.dumps({"ok": True, "result": result}).encode()

    def _get_me(self, _: dict[str, Any]) -> Any:
        return BOT

    def _delete_webhook(self, _: dict[str, Any]) -> Any:
        return True

    def _set_my_commands(self, _: dict[str, Any]) -> Any:
        return True

    def _answer_callback_query(self, parameters: dict[str, Any]) -> Any:
        assert len(parameters.get("text") or "") <= 200
        return True

    async def _get_updates(self, parameters: dict[str, Any]) -> Any:
        self.confirmed.append(parameters.get("offset"))
        if self.updates:
            return self.updates.popleft()
        await asyncio.sleep(parameters.get("timeout") or 0)
        return []

    def _get_chat_member(self, parameters: dict[str, Any]) -> Any:
        status = self.members.get((parameters["chat_id"], parameters["user_id"]))
        if status is None:
            return "user not found"
        return member(parameters["user_id"], status)

    def _send_message(self, parameters: dict[str, Any]) -> Any:
        refusal = _refusal_of_text(parameters["text"])
        if refusal:
            return refusal
        chat_id = parameters["chat_id"]
        message_id = self.next_message_id(chat_id)
        return self._keep(chat_id, message_id, parameters)

    def _edit_message_text(self, parameters: dict[str, Any]) -> Any:
        chat_id, message_id = parameters["chat_id"], parameters["message_id"]
        kept = self.chats[chat_id].get(message_id)
        if kept is None:
            return "message to edit not found"
        refusal = _refusal_of_text(parameters["text"])
        if refusal:
            return refusal
        if kept["text"] == parameters["text"].strip() and kept["markup"] == parameters.get(
            "reply_markup"
        ):
            return (
                "message is not modified: specified new message content and reply markup are "
                "exactly the same as a current content and reply markup of the message"
            )
        return self._keep(chat_id, message_id, parameters)

    def _delete_messages(self, parameters: dict[str, Any]) -> Any:
        assert 1 <= len(parameters["message_ids"]) <= 100
        for message_id in parameters["message_ids"]:
            self.chats[parameters["chat_id"]].pop(message_id, None)
        return True

    def _send_message_draft(self, parameters: dict[str, Any]) -> Any:
        if parameters["chat_id"] < 0:
            return "TEXTDRAFT_PEER_INVALID"
        assert parameters["draft_id"] != 0
        self.drafts[parameters["chat_id"], parameters["draft_id"]] = parameters["text"]
        return True

    def _keep(self, chat_id: int, message_id: int, parameters: dict[str, Any]) -> Any:
        self.chats[chat_id][message_id] = {
            "text": parameters["text"].strip(),
            "markup": parameters.get("reply_markup"),
        }
        return {
            "message_id": message_id,
            "date": 1_800_000_000,
            "chat": chat(chat_id),
            "from": BOT,
            "text": parameters["text"],
        }

    def new_update(self, **kinds: Any) -> dict[str, Any]:
        self._update_id += 1
        return {"update_id": self._update_id, **kinds}


def _refuse(status: int, description: str) -> tuple[int, bytes]:
    return status, json.dumps(
        {"ok": False, "error_code": int(status), "description": description}
    ).encode()


def _refusal_of_text(text: str) -> str | None:
    if not text.strip():
        return "message text is empty"
    if len(text.encode("utf-16-le")) // 2 > 4096:
        return "message is too long"
    return None


def user(number: int, language_code: str | None = "es") -> dict[str, Any]:
    fields = {"id": number, "is_bot": False, "first_name": f"Persona {number}"}
    return {**fields, "language_code": language_code} if language_code else fields


def chat(number: int) -> dict[str, Any]:
    if number > 0:
        return {"id": number, "type": "private", "first_name": f"Persona {number}"}
    kind = "supergroup" if number < -1_000_000_000_000 else "group"
    return {"id": number, "type": kind, "title": "Clase"}


def member(number: int, status: str) -> dict[str, Any]:
    """A member's JSON with all that the library wants to see."""
    fields: dict[str, Any] = {"user": user(number), "status": status}
    rights = (
        "can_be_edited is_anonymous can_manage_chat can_delete_messages can_manage_video_chats "
        "can_restrict_members can_promote_members can_change_info can_invite_users "
        "can_post_stories can_edit_stories can_delete_stories"
    )
    if status == "administrator":
        fields.update(dict.fromkeys(rights.split(), False))
    elif status == "creator":
        fields["is_anonymous"] = False
    elif status == "kicked":
        fields["until_date"] = 0
    elif status == "restricted":
        allowed = (
            "is_member can_change_info can_invite_users can_pin_messages can_send_messages "
            "can_send_audios can_send_documents can_send_photos can_send_videos "
            "can_send_video_notes can_send_voice_notes can_send_polls can_send_other_messages "
            "can_add_web_page_previews can_manage_topics can_edit_tag can_react_to_messages"
        )
        fields.update(dict.fromkeys(allowed.split(), True))
        fields["until_date"] = 0
    return fields


def decoded(update: dict[str, Any], bot: Any) -> Update:
    parsed = Update.de_json(update, bot)
    assert isinstance(parsed, Update)
    return parsed
