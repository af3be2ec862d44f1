"""The ways in which the Bot API refuses a request, in Telegram's own words.

The descriptions are a protocol, not prose for people: libraries and bots compare them.
"""

from bot.playground.model import Json


class ApiRefusal(Exception):  # noqa: N818 - an answer of the protocol, not a fault of ours
    """An answer with ``ok: false``.

    Attributes:
        status: The HTTP status, repeated as ``error_code``.
        description: Telegram's sentence.
        parameters: ``ResponseParameters``: ``retry_after`` in seconds or ``migrate_to_chat_id``.
    """

    def __init__(self, status: int, description: str, parameters: Json | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.parameters = parameters

    def as_json(self) -> Json:
        """Return the body of the answer."""
        body: Json = {
            "ok": False,
            "error_code": self.status,
            "description": self.description,
        }
        if self.parameters:
            body["parameters"] = self.parameters
        return body


def bad_request(reason: str) -> ApiRefusal:
    """Return a 400 refusal; ``reason`` follows ``Bad Request:``."""
    return ApiRefusal(400, f"Bad Request: {reason}")


def forbidden(reason: str) -> ApiRefusal:
    """Return a 403 refusal; ``reason`` follows ``Forbidden:``."""
    return ApiRefusal(403, f"Forbidden: {reason}")


def conflict(reason: str) -> ApiRefusal:
    """Return a 409 refusal; ``reason`` follows ``Conflict:``."""
    return ApiRefusal(409, f"Conflict: {reason}")


def too_many_requests(retry_after_s: int) -> ApiRefusal:
    """Return a 429 refusal that asks to wait ``retry_after_s`` whole seconds."""
    return ApiRefusal(
        429,
        f"Too Many Requests: retry after {retry_after_s}",
        {"retry_after": retry_after_s},
    )


def migrated(chat_id: int) -> ApiRefusal:
    """Return the refusal for a group that became the supergroup ``chat_id``."""
    return ApiRefusal(
        400,
        "Bad Request: group chat was upgraded to a supergroup chat",
        {"migrate_to_chat_id": chat_id},
    )
