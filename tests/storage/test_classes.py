"""Classes, their rosters and codes, lessons, and what is said of essays."""

import sqlite3
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, make_url
from sqlalchemy import inspect as look

from bot.errors import InvalidParameterError
from bot.storage import classes, jobs, lessons, upkeep
from bot.storage.class_settings import (
    ClassSettings,
    LongTexts,
    rules,
    settings_from_json,
    settings_to_json,
)
from bot.storage.codes import ALPHABET, as_typed, new_code
from bot.storage.migrating import migrate
from bot.storage.records import Language, Preferences, Style
from tests.storage.conftest import BOT_ID
from tests.storage.requests import a_request

GROUP = -100
TEACHER = "user:9"


async def a_class(step, **changes):
    return await step(
        classes.make, **{"chat_id": GROUP, "name": "3.º B", "teacher": TEACHER, **changes}
    )


async def test_a_group_has_one_class(step):
    one = await a_class(step)
    assert await a_class(step, name="Otra", teacher="user:8") == one
    assert await step(classes.of_chat, GROUP) == one
    assert await step(classes.taught_by, TEACHER) == [one]
    # Classes without a group are as many as their teachers make.
    first, second = [await a_class(step, chat_id=None) for _ in range(2)]
    assert first.id != second.id


async def test_a_class_follows_its_group(step):
    one = await a_class(step)
    for _ in range(2):
        await step(upkeep.migrate_chat, GROUP, -1_000_000_000_005)
    assert (await step(classes.of_chat, -1_000_000_000_005)).id == one.id
    assert await step(classes.of_chat, GROUP) is None


async def test_a_code_lets_in_until_it_expires_or_is_revoked(step, clock):
    one = await a_class(step)
    code = await step(classes.renew_code, one.id, clock.now + timedelta(days=1))
    found = await step(classes.by_code, code)
    assert found.code_expires_at == clock.now + timedelta(days=1)
    await step(classes.revoke_code, one.id)
    assert (await step(classes.by_code, code)).code_expires_at == clock.now
    # A new code takes the place of the old one.
    other = await step(classes.renew_code, one.id, clock.now)
    assert other != code
    assert await step(classes.by_code, code) is None


def test_codes_are_read_as_people_type_them():
    assert as_typed(" t7k-r3m ", 6) == as_typed("T7K R3M", 6) == "T7KR3M"
    for wrong in ("T7KR3", "T7KR3MM", "T0KR3M", "TAKR3M", ""):
        assert as_typed(wrong, 6) is None
    assert not set("AEIOU01") & set(ALPHABET)


@given(st.integers(1, 12))
def test_codes_can_be_read_back(length):
    code = new_code(length)
    assert as_typed(code.lower(), length) == code


async def test_five_wrong_codes_an_hour(step, clock):
    for _ in range(5):
        assert await step(classes.may_try_code, "user:1")
        await step(classes.note_wrong_code, "user:1")
    assert not await step(classes.may_try_code, "user:1")
    assert await step(classes.may_try_code, "user:2")
    clock.advance(minutes=61)
    assert await step(classes.may_try_code, "user:1")
    await step(classes.note_wrong_code, "user:1")
    assert await step(classes.may_try_code, "user:1")


async def test_a_roster(step):
    one = await a_class(step)
    assert await step(classes.join, one.id, "user:1", "Ana")
    await step(classes.saw, one.id, "user:2", "Luis")
    assert [member.name for member in await step(classes.roster, one.id)] == ["Ana", "Luis"]
    # Only a code makes somebody a member in private.
    assert (await step(classes.of_member, "user:1")).id == one.id
    assert await step(classes.of_member, "user:2") is None
    await step(classes.remove, one.id, "user:1")
    assert await step(classes.of_member, "user:1") is None
    assert (await step(classes.removed_from, "user:1")).id == one.id
    # The code does not bring back whom the teacher sent away.
    assert not await step(classes.join, one.id, "user:1", "Ana")
    assert [member.name for member in await step(classes.roster, one.id)] == ["Luis"]


async def test_the_last_code_is_the_class(step, clock):
    first, second = await a_class(step), await a_class(step, chat_id=None)
    await step(classes.join, first.id, "user:1", "Ana")
    clock.advance(minutes=1)
    await step(classes.join, second.id, "user:1", "Ana")
    assert (await step(classes.of_member, "user:1")).id == second.id


async def test_an_invitation_makes_one_teacher_for_a_day(step, clock):
    code = await step(classes.invite_teacher)
    assert not await step(classes.become_teacher, "user:1", "dwrong")
    assert await step(classes.become_teacher, "user:1", code)
    assert not await step(classes.become_teacher, "user:2", code)
    assert await step(classes.is_teacher, "user:1")
    late = await step(classes.invite_teacher)
    clock.advance(hours=25)
    assert not await step(classes.become_teacher, "user:2", late)


async def test_settings_are_kept(step):
    one = await a_class(step)
    wanted = ClassSettings(
        fixed={"words": 200, "style": Style.STORY},
        styles=(Style.STORY, Style.POEM),
        most_words=300,
        language=Language.ENGLISH,
        long_texts=LongTexts.PRIVATE,
        help={"line": "Ayuda"},
    )
    await step(classes.decide, one.id, wanted)
    assert (await step(classes.get, one.id)).settings == wanted
    assert settings_from_json(settings_to_json(wanted)) == wanted


def test_settings_of_another_version_fall_back_to_the_defaults():
    assert settings_from_json({"fixed": {"words": 10**9}}) == ClassSettings()
    assert settings_from_json({"fixed": {"opera": 1}}) == ClassSettings()
    assert settings_from_json({"styles": ["opera"]}) == ClassSettings()
    assert settings_from_json({"most_words": 90, "unknown": 1}) == ClassSettings(most_words=90)
    with pytest.raises(InvalidParameterError):
        ClassSettings(most_words=10**9)


def test_what_a_class_allows():
    settings = ClassSettings(
        fixed={"temperature": 1.0},
        styles=(Style.STORY,),
        most_words=300,
        language=Language.ENGLISH,
    )
    ruled = rules(Preferences(words=1000, temperature=0.2, style=Style.POEM), settings)
    assert ruled == Preferences(
        words=300, temperature=1.0, style=Style.STORY, language=Language.ENGLISH
    )
    assert rules(ruled, ClassSettings()) == ruled


async def a_job(step, update_id=1, **changes):
    return await step(jobs.add, a_request(**changes), update_id=update_id, seed=1)


async def test_every_essay_has_a_code(step):
    one, other = await a_job(step), await a_job(step, update_id=2)
    assert one.code != other.code
    assert len(one.code) == 5
    assert await step(jobs.by_code, one.code) == one


async def test_a_lesson_is_open_until_it_ends(step, clock):
    one = await a_class(step)
    lesson = await step(lessons.begin, one.id, "El mar")
    assert await step(lessons.begin, one.id, "Otra") == lesson
    await step(lessons.change, lesson.id, topic="El mar")
    clock.advance(minutes=50)
    await step(lessons.end, lesson.id)
    assert await step(lessons.current, one.id) is None
    ended = await step(lessons.last, one.id)
    assert (ended.topic, ended.ended_at - ended.started_at) == ("El mar", timedelta(minutes=50))
    # What is over stays as it was.
    await step(lessons.change, lesson.id, is_paused=True)
    assert not (await step(lessons.get, lesson.id)).is_paused


async def test_nothing_is_begun_in_a_pause(step):
    one = await a_class(step)
    lesson = await step(lessons.begin, one.id, "")
    mine = await a_job(step, lesson_id=lesson.id)
    other = await a_job(step, update_id=2, person="user:2")
    await step(lessons.change, lesson.id, is_paused=True)
    assert (await step(jobs.start_next)).id == other.id
    assert await step(jobs.start_next) is None
    await step(lessons.change, lesson.id, is_paused=False)
    assert (await step(jobs.start_next)).id == mine.id
    assert [job.id for job in await step(lessons.essays, lesson.id)] == [mine.id]


async def test_votes_are_given_and_taken_back(step):
    job = await a_job(step)
    assert await step(lessons.vote, job.id, "user:2")
    assert await step(lessons.vote, job.id, "user:3")
    assert not await step(lessons.vote, job.id, "user:2")
    assert await step(lessons.vote_counts, [job.id, 99]) == {job.id: 1}


async def test_complaints_are_counted_until_somebody_saw_to_them(step):
    one = await a_class(step)
    lesson = await step(lessons.begin, one.id, "")
    job = await a_job(step, lesson_id=lesson.id)
    for person in ("user:2", "user:3"):
        await step(lessons.complain, job.id, person, "ofende")
    await step(lessons.complain, job.id, "user:3", "falso")
    await step(lessons.complain, job.id, "user:4", "real")
    await step(lessons.complain, job.id, "user:4", None)
    (complaint,) = await step(lessons.open_complaints, one.id, GROUP)
    assert complaint.reasons == {"ofende": 1, "falso": 1}
    await step(lessons.settle, job.id)
    await step(lessons.complain, job.id, "user:2", "ofende")
    assert await step(lessons.open_complaints, one.id, GROUP) == []


async def test_forgetting_a_person_takes_them_off_everything(step, database, url):
    one = await a_class(step)
    lesson = await step(lessons.begin, one.id, "")
    mine = await a_job(step, lesson_id=lesson.id, person="user:777001", name="Zenobia")
    await step(classes.join, one.id, "user:777001", "Zenobia")
    await step(classes.note_wrong_code, "user:777001")
    await step(classes.become_teacher, "user:777001", await step(classes.invite_teacher))
    other = await a_job(step, update_id=2, person="user:2", lesson_id=lesson.id)
    await step(lessons.vote, other.id, "user:777001")
    await step(lessons.vote, mine.id, "user:2")
    await step(lessons.complain, other.id, "user:777001", "ofende")
    await a_class(step, chat_id=None, teacher="user:777001")
    await step(upkeep.forget_person, "user:777001")
    assert await step(classes.roster, one.id) == []
    assert not await step(classes.is_teacher, "user:777001")
    assert await step(lessons.vote_counts, [mine.id, other.id]) == {}
    assert [job.id for job in await step(lessons.essays, lesson.id)] == [other.id]
    assert await database.scrub()
    content = database.file.read_bytes()
    assert b"Zenobia" not in content
    assert b"777001" not in content


async def test_what_is_old_goes(step, database, clock):
    one = await a_class(step)
    lesson = await step(lessons.begin, one.id, "")
    job = await a_job(step, lesson_id=lesson.id)
    await step(classes.saw, one.id, "user:1", "Ana")
    await step(classes.join, one.id, "user:2", "Luis")
    await step(lessons.vote, job.id, "user:2")
    await step(jobs.start_next)
    await step(jobs.finish, job.id, "Un texto.", "modelo")
    assert (await step(jobs.get, job.id)).model == "modelo"
    await step(jobs.deliver, job.id)
    await step(lessons.end, lesson.id)
    clock.advance(days=31)
    await upkeep.prune(database, timedelta(days=30))
    assert await step(lessons.last, one.id) is None
    assert await step(lessons.vote_counts, [job.id]) == {}
    # Whoever came with the code stays in the class until they are taken off.
    assert [member.person for member in await step(classes.roster, one.id)] == ["user:2"]


def test_back_to_the_version_before_and_here_again(tmp_path):
    url = make_url(f"sqlite:///{tmp_path / 'redactor.db'}")
    for revision in ("0002", "head", "0002", "head", "0001", "head"):
        migrate(url, BOT_ID, revision)
    engine = create_engine(url)
    assert {"classes", "lessons", "votes"} <= set(look(engine).get_table_names())
    engine.dispose()
    with sqlite3.connect(url.database) as connection:
        assert connection.execute("SELECT count(*) FROM classes").fetchone() == (0,)
    connection.close()
