from tests.storage.conftest import clock, database, migrated, step, url

__all__ = ["clock", "database", "migrated", "step", "url"]
