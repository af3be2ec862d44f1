"""What the bot remembers of a person: preferences, and whether it waits for a topic."""

from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update

from bot.errors import InvalidParameterError
from bot.essays.preferences import Language, Preferences, Style
from bot.storage.database import Database
from bot.storage.schema import awaited_topics, jobs, people, utc_now

_TOPIC_AWAITED_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class AwaitedTopic:
    """The bot asked a person for a topic.

    Attributes:
        prompt_message_id: The question, which a reply in a group must answer; None in private.
    """

    prompt_message_id: int | None


def preferences_to_json(preferences: Preferences) -> dict[str, Any]:
    """Preferences as plain values."""
    return asdict(preferences)


def preferences_from_json(stored: dict[str, Any]) -> Preferences:
    """Preferences from stored values; what this version does not know or allow is left out."""
    known = {field.name for field in fields(Preferences)}
    values = {name: value for name, value in stored.items() if name in known}
    try:
        return Preferences(
            **{
                **values,
                "style": Style(values.get("style", Style.ESSAY)),
                "language": Language(values.get("language", Language.SPANISH)),
            }
        )
    except (InvalidParameterError, TypeError, ValueError):
        # Stored by a version with other ranges: the defaults are better than no answer.
        return Preferences()


class PeopleStore:
    """Preferences and open questions, per person."""

    def __init__(self, database: Database) -> None:
        self._engine = database.engine

    def preferences(self, person: str) -> Preferences:
        """A person's preferences; the defaults for someone new."""
        return self.known_preferences(person) or Preferences()

    def known_preferences(self, person: str) -> Preferences | None:
        """A person's preferences, or None for someone new."""
        query = select(people.c.preferences).where(people.c.person == person)
        with self._engine.connect() as connection:
            stored = connection.execute(query).scalar_one_or_none()
        return None if stored is None else preferences_from_json(stored)

    def save_preferences(self, person: str, preferences: Preferences) -> None:
        """Keep a person's preferences."""
        values = {"preferences": preferences_to_json(preferences), "updated_at": utc_now()}
        with self._engine.begin() as connection:
            changed = connection.execute(
                update(people).where(people.c.person == person).values(**values)
            )
            if changed.rowcount == 0:
                connection.execute(insert(people).values(person=person, **values))

    def forget(self, person: str) -> None:
        """Delete everything kept about a person: preferences, questions, topics and essays."""
        with self._engine.begin() as connection:
            for table in (people, awaited_topics, jobs):
                connection.execute(delete(table).where(table.c.person == person))

    def set_awaiting_topic(self, person: str, chat_id: int, prompt_message_id: int | None) -> None:
        """Remember that a person was asked for a topic in a chat."""
        self.clear_awaiting_topic(person, chat_id)
        with self._engine.begin() as connection:
            connection.execute(
                insert(awaited_topics).values(
                    person=person, chat_id=chat_id, prompt_message_id=prompt_message_id
                )
            )

    def awaiting_topic(self, person: str, chat_id: int) -> AwaitedTopic | None:
        """The open question to a person in a chat, if it is less than an hour old."""
        query = select(awaited_topics.c.prompt_message_id).where(
            awaited_topics.c.person == person,
            awaited_topics.c.chat_id == chat_id,
            awaited_topics.c.asked_at > utc_now() - _TOPIC_AWAITED_FOR,
        )
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else AwaitedTopic(row.prompt_message_id)

    def clear_awaiting_topic(self, person: str, chat_id: int) -> None:
        """The question was answered or dropped."""
        with self._engine.begin() as connection:
            connection.execute(
                delete(awaited_topics).where(
                    awaited_topics.c.person == person, awaited_topics.c.chat_id == chat_id
                )
            )
