"""Jobs: who changes what into what, whose turn it is, and numbers that are nobody else's."""

from random import Random

import pytest

from bot.storage import jobs, upkeep
from bot.storage.records import JobState
from tests.storage.requests import a_request

W, R, D, C, F, X = (
    JobState.WAITING,
    JobState.RUNNING,
    JobState.WRITTEN,
    JobState.CANCELLED,
    JobState.FAILED,
    JobState.DELIVERED,
)


@pytest.fixture
def add(step):
    numbers = iter(range(1, 1000))

    async def add(person="user:1", **changes):
        return await step(jobs.add, a_request(person, **changes), update_id=next(numbers), seed=1)

    return add


async def in_state(step, job, state):
    """Bring a waiting job into a state, on the ways that there are."""
    if state is C:
        await step(jobs.cancel, job.id, "")
    elif state is not W:
        await step(jobs.start_next)
        if state is F:
            await step(jobs.fail, job.id, "away")
        elif state is not R:
            await step(jobs.finish, job.id, "Fin.")
            if state is X:
                await step(jobs.deliver, job.id)
    assert (await step(jobs.get, job.id)).state is state


async def test_a_job_comes_back_as_it_was_asked(step):
    request = a_request(continued_from=3)
    job = await step(jobs.add, request, update_id=9, seed=42)
    assert (job.request, job.seed, job.state, job.text) == (request, 42, W, "")
    assert job.created_at.tzinfo is not None
    assert await step(jobs.get, job.id) == job
    assert await step(jobs.get, job.id + 1) is None
    assert await step(jobs.by_token, job.token) == job


async def test_an_update_makes_one_job(step):
    first = await step(jobs.add, a_request(), update_id=9, seed=1)
    assert await step(jobs.add, a_request(topic="El sol"), update_id=9, seed=2) is None
    assert await step(jobs.add, a_request(), update_id=9, seed=2, part=1) is not None
    assert await step(jobs.get, first.id) == first


CHANGES = {
    "start": (lambda tx, _: jobs.start_next(tx), {W: R}),
    "finish": (lambda tx, job: jobs.finish(tx, job.id, "Fin."), {R: D}),
    "fail": (lambda tx, job: jobs.fail(tx, job.id, "away"), {R: F}),
    "cancel": (lambda tx, job: jobs.cancel(tx, job.id, "Fin."), {W: C, R: C, D: C}),
    "deliver": (lambda tx, job: jobs.deliver(tx, job.id), {D: X}),
    "recover": (lambda tx, _: jobs.recover(tx), {R: W}),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("state", [W, R, D, C, F, X])
async def test_a_change_is_made_from_the_states_that_it_leaves(step, add, change, state):
    function, leaves = CHANGES[change]
    job = await add()
    await in_state(step, job, state)
    before = await step(jobs.get, job.id)
    result = await step(function, job)
    after = await step(jobs.get, job.id)
    assert bool(result) == (state in leaves)
    assert after.state is leaves.get(state, state)
    if state not in leaves:
        assert after == before
    # Once more, as after a lost COMMIT, changes nothing.
    if leaves.get(state, state) not in leaves:
        assert not await step(function, job)
        assert await step(jobs.get, job.id) == after


async def test_cancelling_a_written_essay_keeps_its_text(step, add):
    job = await add()
    await in_state(step, job, D)
    await step(jobs.cancel, job.id, "")
    assert (await step(jobs.last_essay_of, "user:1", 10)).text == "Fin."


async def test_numbers_and_tokens_are_never_used_again(step, add):
    jobs_of_ana = [await add() for _ in range(3)]
    await step(upkeep.forget_person, "user:1")
    bea = await add("user:2")
    assert bea.id > max(job.id for job in jobs_of_ana)
    for job in jobs_of_ana:
        assert await step(jobs.by_token, job.token) is None
        # A button of the first version carries a number, but no job of this one answers to it.
        assert await step(jobs.by_token, str(bea.id)) is None


@pytest.mark.parametrize("token", ["", "0", "9" * 18, "9" * 23, "x" * 18])
async def test_tokens_of_nobody(step, add, token):
    await add()
    assert await step(jobs.by_token, token) is None


async def test_the_last_essay_is_found_per_person_and_chat(step, add):
    first = await add()
    await in_state(step, first, X)
    second = await add()
    await add("user:2")
    assert (await step(jobs.last_of, "user:1", 10)).id == second.id
    assert (await step(jobs.last_essay_of, "user:1", 10)).id == first.id
    assert await step(jobs.last_of, "user:1", 11) is None


async def test_the_text_before_is_all_that_went_before(step, add):
    earlier = None
    for text in ("Uno.", "Dos."):
        job = await add(continued_from=earlier)
        await step(jobs.start_next)
        await step(jobs.finish, job.id, text)
        earlier = job.id
    request = a_request(continued_from=earlier)
    assert await step(jobs.text_before, request) == "Uno. Dos."
    assert await step(jobs.text_before, a_request()) == ""
    assert await step(jobs.text_before, a_request(continued_from=10**6)) == ""


async def test_jobs_follow_a_group_that_becomes_a_supergroup(step, add):
    job = await add(chat_id=-5)
    await step(upkeep.migrate_chat, -5, -1_002_000_000_000)
    moved = await step(jobs.get, job.id)
    assert moved.request.address.chat_id == -1_002_000_000_000
    assert moved.request.address.message_id is None


async def test_attempts_are_counted_while_it_runs(step, add):
    job = await add()
    assert await step(jobs.note_attempt, job.id) == 0
    await in_state(step, job, R)
    assert [await step(jobs.note_attempt, job.id) for _ in range(2)] == [1, 2]


class TestTurns:
    async def test_people_take_turns(self, step, add):
        asked = [await add(f"user:{person}") for person in (1, 1, 1, 2, 3, 2)]
        assert await drained(step) == [asked[index].id for index in (0, 3, 4, 1, 5, 2)]

    async def test_who_comes_back_stands_last(self, step, add):
        first, *others = [await add(f"user:{person}") for person in (1, 2, 3)]
        await step(jobs.start_next)
        await step(jobs.finish, first.id, "Fin.")
        back = await add("user:1")
        assert await drained(step) == [*(job.id for job in others), back.id]

    async def test_whoever_comes_late_does_not_wait_for_what_others_saved_up(self, step, add):
        for _ in range(3):
            await add("user:1")
        for _ in range(2):
            job = await step(jobs.start_next)
            await step(jobs.finish, job.id, "Fin.")
        saved = await add("user:1")
        late = await add("user:2")
        order = await drained(step)
        assert order.index(late.id) < order.index(saved.id)

    async def test_a_busy_person_is_passed_over_and_keeps_the_turn(self, step, add):
        first, second, third = [await add(f"user:{person}") for person in (1, 1, 2)]
        assert (await step(jobs.start_next)).id == first.id
        assert (await step(jobs.start_next)).id == third.id
        assert await step(jobs.start_next) is None
        await step(jobs.finish, first.id, "Fin.")
        assert (await step(jobs.start_next)).id == second.id

    async def test_a_job_that_is_recovered_keeps_its_turn(self, step, add):
        first = await add("user:1")
        await add("user:2")
        await step(jobs.start_next)
        await step(jobs.recover)
        assert (await step(jobs.start_next)).id == first.id


async def drained(step):
    """Numbers in the order in which they are written, one at a time."""
    order = []
    while (job := await step(jobs.start_next)) is not None:
        await step(jobs.finish, job.id, "Fin.")
        order.append(job.id)
    return order


@pytest.mark.parametrize("seed", range(4))
async def test_nobody_s_first_starts_after_another_s_third_asked_later(step, add, seed):
    """On random histories of asking, writing and stopping by five people."""
    draw = Random(seed)
    firsts, thirds = {}, {}  # by the number of the job: who, and how many were asked before
    for asked in range(60):
        match draw.choice(["ask", "ask", "start", "end", "stop"]):
            case "ask":
                person = f"user:{draw.randrange(5)}"
                unfinished = len(await step(jobs.unfinished_of, person))
                if unfinished < 3:
                    job = await add(person)
                    kinds = (firsts, {}, thirds)
                    kinds[unfinished][job.id] = (person, asked)
            case "start":
                job = await step(jobs.start_next)
                if job is not None and job.id in thirds:
                    person, at = thirds[job.id]
                    overtaken = [
                        first.id
                        for first in await step(jobs.in_state, W)
                        if first.id in firsts and firsts[first.id][1] < at
                    ]
                    assert overtaken == []
            case "end":
                for job in await step(jobs.in_state, R):
                    await step(jobs.finish, job.id, "Fin.")
                    await step(jobs.deliver, job.id)
            case "stop":
                waiting = await step(jobs.in_state, W)
                if waiting:
                    await step(jobs.cancel, draw.choice(waiting).id, "")
