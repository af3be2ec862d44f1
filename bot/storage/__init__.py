"""One database: people, jobs with their essays, updates, access. Short synchronous transactions.

The stores are called from the event loop and answer within a millisecond on SQLite; a write has
reached the disk when its call returns, which is what lets an update be acknowledged.
"""

from bot.storage.access import AccessStore
from bot.storage.database import Database
from bot.storage.jobs import JobStore
from bot.storage.journal import UpdateJournal
from bot.storage.people import AwaitedTopic, PeopleStore

__all__ = [
    "AccessStore",
    "AwaitedTopic",
    "Database",
    "JobStore",
    "PeopleStore",
    "UpdateJournal",
]
