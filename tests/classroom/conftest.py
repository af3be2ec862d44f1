from tests.storage.conftest import clock, database, step

__all__ = ["clock", "database", "step"]
