"""Essays: a new one, another on the same topic, one that goes on."""

from dataclasses import replace

from bot.errors import NothingToRepeatError
from bot.essays.desk import Desk
from bot.storage import jobs, outbox
from bot.storage.database import Transaction
from bot.storage.records import EssayRequest
from bot.telegram.commands import care
from bot.telegram.commands.answering import ask
from bot.telegram.visit import Visit


async def write(tx: Transaction, visit: Visit, desk: Desk) -> None:
    """``/redactar TOPIC``, or as a reply to a message that is the topic, or alone: then ask."""
    topic = visit.text or visit.quoted
    if topic:
        await _submit(tx, visit, desk, topic)
    else:
        texts = visit.texts.chat
        await ask(tx, visit, texts.ask_topic, texts.ask_topic_hint)


async def take_topic(tx: Transaction, visit: Visit, desk: Desk) -> None:
    """A plain message in private is a topic, and answers whatever was asked for one."""
    if visit.person is None or visit.address is None:
        return
    for question in await outbox.open_questions(tx, visit.person, visit.address.chat_id):
        await outbox.answer_question(tx, question)
    await _submit(tx, visit, desk, visit.text)


async def take_reply(tx: Transaction, visit: Visit, desk: Desk) -> None:
    """A plain message in a group is a topic if it answers the bot's question to this person.

    Raises:
        UnfitTopicError: It is a cry for help, whatever it answers.
    """
    care.ensure_no_cry(visit)
    if visit.person is None or visit.address is None:
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
    preferences = replace(visit.preferences, seed=None)
    request = replace(last.request, address=visit.address, preferences=preferences)
    await desk.accept(tx, request, visit.update_id)


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
        preferences=visit.preferences,
        continued_from=last.id,
    )
    await desk.accept(tx, request, visit.update_id)


async def _submit(tx: Transaction, visit: Visit, desk: Desk, topic: str) -> None:
    if visit.person is None or visit.address is None:
        return
    request = EssayRequest(visit.person, visit.address, topic, visit.preferences)
    await desk.accept(tx, request, visit.update_id)
