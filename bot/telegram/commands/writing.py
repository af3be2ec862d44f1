"""Essays: a new one, another on the same topic, one that goes on."""

from dataclasses import replace

from bot.classroom import allowed
from bot.classroom.names import pseudonyms
from bot.errors import NothingToRepeatError
from bot.essays.desk import Desk
from bot.essays.messages import title_of
from bot.storage import classes, jobs, lessons, outbox
from bot.storage.class_settings import rules
from bot.storage.database import Transaction
from bot.storage.records import EssayRequest, Job, JobState, Owed
from bot.telegram.commands import care
from bot.telegram.commands.answering import answer, answer_alone, ask
from bot.telegram.commands.understanding import (
    MOST_IDEAS,
    Deed,
    Wish,
    ideas_in,
    one_off,
    topic_and_ideas,
    wish_of,
)
from bot.telegram.keyboards import KEEP, SWAP, rows
from bot.telegram.visit import Visit

_ABOUT_IDEAS = ":ideas:j"
"""In the key of a question for ideas; the number of the essay follows."""
_TITLE = 40
"""Characters of a topic that is named in a question."""


async def write(tx: Transaction, visit: Visit, desk: Desk) -> None:
    """``/redactar TOPIC``, or as a reply to a message that is the topic, or alone: then ask."""
    topic = visit.text or visit.quoted
    if topic:
        await _say_blind(tx, visit)
        await _submit(tx, visit, desk, topic)
    else:
        texts = visit.texts.chat
        await ask(tx, visit, texts.ask_topic, texts.ask_topic_hint)


async def take_topic(tx: Transaction, visit: Visit, desk: Desk) -> None:
    """A plain message in private is a topic, and answers whatever was asked for one.

    Unless it is a greeting, thanks and the like, or a wish about an essay.
    """
    if visit.person is None or visit.address is None:
        return
    if visit.answers is not None and await _grant(tx, visit, desk):
        return
    last = await jobs.last_essay_of(tx, visit.person, visit.address.chat_id)
    wish = wish_of(visit.text, visit.ruled if last is None else last.request.preferences)
    if wish is not None and last is None:
        await answer(tx, visit, visit.texts.talk.nothing_yet)
        return
    if wish is not None and last is not None:
        await _fulfil(tx, visit, desk, last, wish)
        return
    for question in await outbox.open_questions(tx, visit.person, visit.address.chat_id):
        if await _take_ideas(tx, visit, desk, question):
            return
        await outbox.answer_question(tx, question)
    await _say_blind(tx, visit)
    await _submit(tx, visit, desk, visit.text)


async def _take_ideas(tx: Transaction, visit: Visit, desk: Desk, question: Owed) -> bool:
    """Write an essay anew from the ideas that somebody was asked for; whether these are some."""
    _, is_about_ideas, number = question.key.partition(_ABOUT_IDEAS)
    job = await jobs.get(tx, int(number)) if is_about_ideas else None
    ideas = ideas_in(visit.text)
    is_answer = visit.answers is not None and visit.answers == question.message_id
    if job is None or visit.address is None or (len(ideas) < 2 and not is_answer):
        return False
    if len(ideas) < 2:
        await answer(tx, visit, visit.texts.chat.more_ideas)
        return True
    await outbox.answer_question(tx, question)
    address = replace(job.request.address, message_id=visit.address.message_id)
    request = replace(job.request, address=address, continued_from=None, ideas=ideas)
    await submit(tx, visit, desk, request)
    return True


async def ask_ideas(tx: Transaction, visit: Visit, job: Job) -> None:
    """Ask for ideas in place of those that an essay was written from."""
    said = visit.texts.chat
    plan = ", ".join(job.plan)
    await ask(tx, visit, said.ask_ideas(plan), said.ask_ideas_hint, f"{_ABOUT_IDEAS}{job.id}")


async def edited(tx: Transaction, visit: Visit, _desk: Desk) -> None:
    """A topic was mended soon after it was sent: offer to write about that one.

    Raises:
        UnfitTopicError: It is a cry for help.
    """
    care.ensure_no_cry(visit)
    address, person = visit.address, visit.person
    if address is None or person is None or address.message_id is None:
        return
    before = await jobs.of_request(tx, person, address.chat_id, address.message_id)
    topic, preferences = one_off(visit.text, visit.ruled)
    topic, ideas = topic_and_ideas(topic)
    is_other = before is None and (visit.answers is not None or wish_of(topic, preferences))
    if not topic or is_other:
        return
    request = EssayRequest(person, address, topic, preferences, ideas=ideas)
    if before is not None and (before.request.topic, before.request.ideas) == (topic, ideas):
        return
    job = await jobs.add(tx, request, update_id=visit.update_id, seed=0, state=JobState.ASKED)
    if job is None:
        return
    said = visit.texts.chat
    text = said.mended(title_of(job, _TITLE), None if before is None else title_of(before, _TITLE))
    choices = [
        (said.button_swap, f"{SWAP}:{job.token}"),
        (said.button_keep, f"{KEEP}:{job.token}"),
    ]
    await answer_alone(tx, visit, text, rows(choices), in_public=False)


async def _say_blind(tx: Transaction, visit: Visit) -> None:
    """That a picture is not looked at, in private, where nobody else has to read it."""
    if visit.is_caption and visit.address is not None and visit.address.is_private:
        await answer(tx, visit, visit.texts.chat.only_caption)


async def take_reply(tx: Transaction, visit: Visit, desk: Desk) -> None:
    """A plain message in a group is a topic if it answers the bot's question to this person.

    As an answer to an essay it may be a wish about that one.

    Raises:
        UnfitTopicError: It is a cry for help, whatever it answers.
    """
    care.ensure_no_cry(visit)
    if visit.person is None or visit.address is None or await _grant(tx, visit, desk):
        return
    questions = await outbox.open_questions(tx, visit.person, visit.address.chat_id)
    # The answer may be quicker than the news of the question's number.
    for number in (visit.answers, None):
        for question in questions:
            if question.message_id == number:
                await outbox.answer_question(tx, question)
                await _submit(tx, visit, desk, visit.text)
                return


async def again(tx: Transaction, visit: Visit, desk: Desk) -> None:
    """``/otra``: another essay on the last topic."""
    if visit.person is None or visit.address is None:
        return
    last = await jobs.last_of(tx, visit.person, visit.address.chat_id)
    if last is None:
        raise NothingToRepeatError
    # A fixed seed would write the same essay again.
    # After a continuation, another first essay.
    preferences = replace(visit.ruled, seed=None)
    request = replace(
        last.request,
        address=visit.address,
        preferences=preferences,
        continued_from=None,
        ideas=(),
    )
    await submit(tx, visit, desk, request)


async def go_on(tx: Transaction, visit: Visit, desk: Desk) -> None:
    """``/continuar``: go on from the last essay."""
    if visit.person is None or visit.address is None:
        return
    last = await jobs.last_essay_of(tx, visit.person, visit.address.chat_id)
    if last is None:
        raise NothingToRepeatError
    request = replace(
        last.request,
        address=visit.address,
        preferences=visit.ruled,
        continued_from=last.id,
        ideas=(),
    )
    await submit(tx, visit, desk, request)


async def _grant(tx: Transaction, visit: Visit, desk: Desk) -> bool:
    """Do what an answer to an essay wishes; whether it answers one."""
    if visit.answers is None or visit.address is None:
        return False
    job = await jobs.of_message(tx, visit.address.chat_id, visit.answers, visit.person)
    if job is None:
        return False
    wish = wish_of(visit.text, job.request.preferences)
    if wish is not None:
        await _fulfil(tx, visit, desk, job, wish)
    elif visit.address.is_private:
        await answer(tx, visit, visit.texts.talk.wishes)
    return True


async def _fulfil(tx: Transaction, visit: Visit, desk: Desk, job: Job, wish: Wish) -> None:
    """Write what somebody wishes of an essay, which may be somebody else's."""
    assert visit.person is not None  # mypy: asked before
    assert visit.address is not None  # mypy: the same
    preferences = wish.preferences
    if visit.its_class is not None:
        preferences = rules(preferences, visit.its_class.settings)
    seed = job.seed if wish.deed is Deed.CHANGE else None
    request = replace(
        job.request,
        person=visit.person,
        address=visit.address,
        preferences=replace(preferences, seed=seed),
        continued_from=job.id if wish.deed is Deed.CONTINUE else None,
        ideas=job.plan[:MOST_IDEAS] if wish.deed is Deed.CHANGE else (),
    )
    await submit(tx, visit, desk, request)


async def _submit(
    tx: Transaction,
    visit: Visit,
    desk: Desk,
    said: str,
) -> None:
    """Ask for what somebody said: settings, a topic, ideas."""
    if visit.person is None or visit.address is None:
        return
    topic, wanted = said, visit.ruled
    ideas: tuple[str, ...] = ()
    if ":" in said:
        topic, wanted = one_off(said, wanted)
        topic, ideas = topic_and_ideas(topic)
    if visit.its_class is not None:
        wanted = rules(wanted, visit.its_class.settings)
    await submit(
        tx, visit, desk, EssayRequest(visit.person, visit.address, topic, wanted, ideas=ideas)
    )


async def submit(tx: Transaction, visit: Visit, desk: Desk, request: EssayRequest) -> Job | None:
    """Ask for an essay as a member of the class, if the class allows it.

    Returns:
        The job, or None if this update made one before.

    Raises:
        RequestError: It cannot be asked for now, or not so.
    """
    lesson = visit.lesson
    request = replace(
        request,
        name=await _name(tx, visit) if request.person == visit.person else request.name,
        lesson_id=None if lesson is None else lesson.id,
    )
    if visit.its_class is not None:
        await allowed.ensure(tx, visit.its_class, lesson, request)
        if request.person == visit.person:
            await classes.saw(tx, visit.its_class.id, request.person, visit.name)
    return await desk.accept(tx, request, visit.update_id)


async def _name(tx: Transaction, visit: Visit) -> str:
    """What the class reads of who asked: a pseudonym where it is to read no names."""
    its_class, lesson = visit.its_class, visit.lesson
    if its_class is None or its_class.settings.has_names:
        return visit.name
    if lesson is None or visit.person is None:
        return ""
    people = [job.request.person for job in await lessons.essays(tx, lesson.id)]
    drawn = visit.texts.classroom.report.pseudonyms
    return pseudonyms(lesson, [*people, visit.person], drawn)[visit.person]
