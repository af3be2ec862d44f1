"""Polls: asking, and ending them. People vote through :class:`bot.playground.people.People`."""

from typing import Literal

from bot.playground.methods.editing import own_message
from bot.playground.methods.parameters import (
    FromJson,
    InlineKeyboard,
    Object,
    Sending,
    inline_keyboard_json,
)
from bot.playground.methods.registry import Result, serves
from bot.playground.methods.sending import post
from bot.playground.model import Poll
from bot.playground.refusals import bad_request
from bot.playground.text import clean, utf16_length
from bot.playground.wire import poll_json
from bot.playground.world import World

MAX_QUESTION = 300
MAX_OPTION = 100
MAX_OPTIONS = 12


class PollOption(Object):
    """``InputPollOption``."""

    text: str


@serves
def send_poll(
    world: World,
    *,
    to: Sending,
    question: str,
    options: FromJson[list[PollOption | str]],
    is_anonymous: bool = True,
    type: Literal["regular"] = "regular",
    allows_multiple_answers: bool = False,
    hide_results_until_closes: bool = False,
) -> Result:
    """Ask a question that people answer by a tap."""
    del type  # no other is needed
    texts = [clean(option if isinstance(option, str) else option.text) for option in options]
    question = clean(question)
    if not 1 <= utf16_length(question) <= MAX_QUESTION:
        raise bad_request(f"poll question length must not exceed {MAX_QUESTION}")
    if not 1 <= len(texts) <= MAX_OPTIONS:
        raise bad_request(f"poll must have 1-{MAX_OPTIONS} options")
    if any(not 1 <= utf16_length(text) <= MAX_OPTION for text in texts):
        raise bad_request(f"poll options length must not exceed {MAX_OPTION}")
    poll = Poll(
        str(5_200_000_000_000_000 + world.serial()),
        question,
        texts,
        is_anonymous,
        allows_multiple_answers,
        hide_results_until_closes,
    )
    return post(world, to, "polls", {"poll": poll})


@serves
def stop_poll(
    world: World,
    *,
    chat_id: int,
    message_id: int,
    reply_markup: FromJson[InlineKeyboard] | None = None,
) -> Result:
    """End a poll of the bot and return it with everybody's votes counted."""
    message = own_message(world, chat_id, message_id)
    poll = message.poll
    if poll is None:
        raise bad_request("message with poll to stop not found")
    if poll.is_closed:
        raise bad_request("poll has already been closed")
    poll.is_closed = True
    message.markup = inline_keyboard_json(reply_markup)
    world.publish_edit(message)
    world.updates.push("poll", poll_json(poll))
    return poll_json(poll)
