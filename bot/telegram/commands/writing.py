"""Essays: a new one, another on the same topic, one that goes on."""

import logging
from dataclasses import replace

from telegram import ForceReply, Message, Update

from bot.errors import NothingToRepeatError
from bot.essays.job import Address, EssayRequest
from bot.telegram.context import FrontContext, address_of, is_group, person_of
from bot.telegram.receipts import Receipt

logger = logging.getLogger(__name__)


async def write(update: Update, context: FrontContext) -> None:
    """``/redactar TOPIC``, or as a reply to a message that is the topic, or alone: then ask."""
    message = update.message
    assert message is not None  # mypy: the handler is registered for new messages only
    topic = _text_after_command(message) or _text_replied_to(message)
    if topic:
        await _submit_message(update, context, topic)
    else:
        _ask_for_topic(update, context, message)


async def take_topic(update: Update, context: FrontContext) -> None:
    """A plain message: in private a topic, in a group one if it answers the bot's question."""
    message = update.message
    assert message is not None  # mypy: as above
    assert message.text is not None  # mypy: the filter asks for text
    if is_group(message.chat) and not _answers_question(update, context, message):
        return
    await _submit_message(update, context, message.text.strip())


async def again(update: Update, context: FrontContext) -> None:
    """``/otra``: another essay on the last topic."""
    message = update.message
    assert message is not None  # mypy: as above
    person = person_of(update)
    last = context.front.jobs.last_of(person, message.chat.id) if person else None
    if last is None:
        raise NothingToRepeatError
    # A fixed seed would write the same essay again.
    preferences = replace(context.preferences(update), seed=None)
    request = replace(last.request, address=address_of(message), preferences=preferences)
    await submit(context, request)


async def go_on(update: Update, context: FrontContext) -> None:
    """``/continuar``: go on from the last essay."""
    message = update.message
    assert message is not None  # mypy: as above
    person = person_of(update)
    last = context.front.jobs.last_essay_of(person, message.chat.id) if person else None
    if last is None:
        raise NothingToRepeatError
    request = replace(
        last.request,
        address=address_of(message),
        preferences=context.preferences(update),
        continued_from=last.id,
    )
    await submit(context, request)


async def submit(context: FrontContext, request: EssayRequest) -> None:
    """Put an essay into the queue and acknowledge it."""
    job, place = await context.front.dispatcher.submit(request)
    await context.front.presenter.queued(job, place)


async def _submit_message(update: Update, context: FrontContext, topic: str) -> None:
    message = update.message
    person = person_of(update)
    if message is None or person is None:
        return
    front = context.front
    if front.jobs.find(message.chat.id, message.message_id) is not None:
        # The bot was stopped between taking the job in and noting that the update was handled.
        return
    front.people.clear_awaiting_topic(person, message.chat.id)
    request = EssayRequest(person, address_of(message), topic, context.preferences(update))
    await submit(context, request)


def _ask_for_topic(update: Update, context: FrontContext, message: Message) -> None:
    person = person_of(update)
    if person is None:
        return
    front = context.front
    address: Address = address_of(message)
    texts = context.texts(update).chat
    people = front.people
    # From now on, with the question's number as soon as it is known: an answer may be quicker.
    people.set_awaiting_topic(person, address.chat_id, None)

    def on_done(receipt: Receipt) -> None:
        is_open = people.awaiting_topic(person, address.chat_id) is not None
        if receipt.message_id is not None and is_open:
            people.set_awaiting_topic(person, address.chat_id, receipt.message_id)

    front.outbox.send_text(
        address,
        texts.ask_topic,
        # Selective: only the person who is replied to sees the input field open.
        markup=ForceReply(selective=True, input_field_placeholder=texts.ask_topic_hint),
        on_done=on_done,
    )


def _answers_question(update: Update, context: FrontContext, message: Message) -> bool:
    person = person_of(update)
    asked = message.reply_to_message
    if person is None or asked is None or asked.from_user != context.bot.bot:
        return False
    awaited = context.front.people.awaiting_topic(person, message.chat.id)
    return awaited is not None and awaited.prompt_message_id in (None, asked.message_id)


def _text_after_command(message: Message) -> str:
    """The message without its command; line breaks within the topic stay."""
    parts = (message.text or "").split(maxsplit=1)
    return parts[1].strip() if len(parts) > 1 else ""


def _text_replied_to(message: Message) -> str:
    if message.quote is not None:
        return message.quote.text.strip()
    replied = message.reply_to_message
    if replied is None:
        return ""
    # In a topic every message replies to the one that opened the topic, which has no text.
    return (replied.text or replied.caption or "").strip()
