"""Inquiries as the tests want them."""

from typing import Any

from bot.storage.inquiries import Inquiry, Subject
from bot.storage.records import Address, Preferences

HERE = Address(5, None, 10, is_private=True)


def an_inquiry(subject: Subject, text: str = "El mar es", **wanted: Any) -> Inquiry:
    values: dict[str, Any] = {
        "id": 1,
        "token": "token",
        "person": "user:5",
        "address": HERE,
        "subject": subject,
        "text": text,
        "preferences": Preferences(),
        "view": {},
        "found": None,
        "target": None,
        "version": 0,
        **wanted,
    }
    return Inquiry(**values)
