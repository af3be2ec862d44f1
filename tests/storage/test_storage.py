"""Real SQLite in a temporary folder."""

from datetime import timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from bot.errors import DatabaseError
from bot.essays.job import Address, EssayRequest, JobState
from bot.essays.preferences import Language, Preferences, Style
from bot.storage import AccessStore, Database, JobStore, PeopleStore, UpdateJournal
from bot.storage.schema import metadata


@pytest.fixture
def database(tmp_path):
    database = Database.open(f"sqlite:///{tmp_path / 'folder' / 'redactor.db'}")
    yield database
    database.close()


def a_request(person="user:1", chat_id=10, message_id=5, **changes):
    return EssayRequest(
        person=person,
        address=Address(chat_id, None, message_id, is_private=True),
        topic="El mar",
        preferences=Preferences(words=300, style=Style.STORY, seed=7),
        **changes,
    )


def test_migrations_lead_to_the_schema(database):
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []


def test_opening_twice_keeps_what_is_there(tmp_path):
    url = f"sqlite:///{tmp_path / 'redactor.db'}"
    first = Database.open(url)
    PeopleStore(first).save_preferences("user:1", Preferences(words=99))
    first.close()
    second = Database.open(url)
    assert PeopleStore(second).preferences("user:1").words == 99
    second.close()


@pytest.mark.parametrize("url", ["nonsense", "sqlite:////proc/nowhere/redactor.db"])
def test_a_database_that_cannot_be_opened_is_a_startup_error(url):
    with pytest.raises(DatabaseError):
        Database.open(url)


def test_the_password_is_not_in_the_error():
    with pytest.raises(DatabaseError) as caught:
        Database.open("postgresql+psycopg://teacher:s3cret@127.0.0.1:1/redactor")
    assert "s3cret" not in str(caught.value)


def test_a_job_comes_back_as_it_was_asked(database):
    store = JobStore(database)
    request = a_request(continued_from=3)
    job = store.add(request, seed=42)
    assert (job.request, job.seed, job.state, job.text) == (request, 42, JobState.WAITING, "")
    assert job.created_at.tzinfo is not None
    assert store.get(job.id) == job
    assert store.get(job.id + 1) is None


def test_unfinished_jobs_are_taken_up_again_in_their_order(database):
    store = JobStore(database)
    jobs = [store.add(a_request(message_id=number), seed=number) for number in range(4)]
    store.update(jobs[0].id, state=JobState.DELIVERED, text="Fin.")
    store.update(jobs[2].id, state=JobState.RUNNING, placeholder_id=77)
    store.update(jobs[3].id, state=JobState.WRITTEN, text="Fin.", delivered_chunks=1)
    unfinished = store.unfinished()
    assert [job.id for job in unfinished] == [job.id for job in jobs[1:]]
    assert unfinished[1].placeholder_id == 77
    assert unfinished[2].delivered_chunks == 1


def test_the_last_essay_is_found_per_person_and_chat(database):
    store = JobStore(database)
    first = store.add(a_request(), seed=1)
    store.update(first.id, state=JobState.DELIVERED, text="El mar.")
    second = store.add(a_request(message_id=6), seed=2)
    store.add(a_request(person="user:2", message_id=7), seed=3)
    last = store.last_of("user:1", 10)
    essay = store.last_essay_of("user:1", 10)
    assert last is not None
    assert last.id == second.id
    assert essay is not None
    assert essay.text == "El mar."
    assert store.last_of("user:1", 11) is None
    found = store.find(10, 7)
    assert found is not None
    assert found.request.person == "user:2"


def test_jobs_follow_a_group_that_becomes_a_supergroup(database):
    store = JobStore(database)
    job = store.add(a_request(chat_id=-5), seed=1)
    store.update(job.id, placeholder_id=9)
    store.migrate_chat(-5, -1005)
    moved = store.get(job.id)
    assert moved is not None
    assert moved.request.address.chat_id == -1005
    assert moved.placeholder_id is None


def test_jobs_can_be_forgotten(database):
    store = JobStore(database)
    job = store.add(a_request(), seed=1)
    store.delete([job.id])
    assert store.get(job.id) is None


def test_an_update_is_recorded_once_and_forgotten_when_handled(database):
    journal = UpdateJournal(database)
    assert journal.record(11, '{"b":1}')
    assert journal.record(10, '{"a":1}')
    assert not journal.record(11, '{"b":1}')
    assert journal.pending() == ['{"a":1}', '{"b":1}']
    journal.done(10)
    assert journal.pending() == ['{"b":1}']
    assert not journal.record(10, '{"a":1}')


def test_pruning_forgets_only_handled_updates(database):
    journal = UpdateJournal(database)
    journal.record(1, "{}")
    journal.record(2, "{}")
    journal.done(1)
    journal.prune(older_than=timedelta(days=-1))
    assert journal.record(1, "{}")
    assert not journal.record(2, "{}")


def test_preferences_are_kept_per_person(database):
    store = PeopleStore(database)
    assert store.known_preferences("user:1") is None
    assert store.preferences("user:1") == Preferences()
    wanted = Preferences(words=500, language=Language.ENGLISH, seed=3, style=Style.POEM)
    store.save_preferences("user:1", wanted)
    store.save_preferences("user:1", wanted)
    assert store.preferences("user:1") == wanted
    assert store.preferences("user:2") == Preferences()


def test_preferences_of_another_version_fall_back_to_the_defaults(database):
    from bot.storage.people import preferences_from_json

    assert preferences_from_json({"words": 10**9}) == Preferences()
    assert preferences_from_json({"style": "opera"}) == Preferences()
    assert preferences_from_json({"words": 80, "unknown": 1}) == Preferences(words=80)


def test_an_open_question_is_answered_once(database):
    store = PeopleStore(database)
    assert store.awaiting_topic("user:1", 10) is None
    store.set_awaiting_topic("user:1", 10, 99)
    store.set_awaiting_topic("user:1", 10, 100)
    awaited = store.awaiting_topic("user:1", 10)
    assert awaited is not None
    assert awaited.prompt_message_id == 100
    assert store.awaiting_topic("user:1", 11) is None
    store.clear_awaiting_topic("user:1", 10)
    assert store.awaiting_topic("user:1", 10) is None


def test_forgetting_a_person_leaves_nothing(database):
    people, jobs = PeopleStore(database), JobStore(database)
    people.save_preferences("user:1", Preferences(words=99))
    people.set_awaiting_topic("user:1", 10, None)
    mine = jobs.add(a_request(), seed=1)
    other = jobs.add(a_request(person="user:2"), seed=1)
    people.forget("user:1")
    assert people.known_preferences("user:1") is None
    assert people.awaiting_topic("user:1", 10) is None
    assert jobs.get(mine.id) is None
    assert jobs.get(other.id) is not None


def test_the_owner_claims_the_bot_once(database):
    store = AccessStore(database)
    assert store.owner() is None
    assert not store.claim("user:1", "anything")
    code = store.owner_code()
    assert code is not None
    assert store.owner_code() == code
    assert not store.claim("user:2", "wrong")
    assert store.claim("user:1", code)
    assert not store.claim("user:2", code)
    assert store.owner() == "user:1"
    assert store.owner_code() is None


def test_chats_are_admitted_removed_and_followed(database):
    store = AccessStore(database)
    assert not store.is_admitted_chat(-5)
    store.admit_chat(-5, "user:1")
    store.admit_chat(-5, "user:1")
    assert store.is_admitted_chat(-5)
    store.migrate_chat(-5, -1005)
    assert not store.is_admitted_chat(-5)
    assert store.is_admitted_chat(-1005)
    store.remove_chat(-1005)
    assert not store.is_admitted_chat(-1005)
