"""The map of the bot: what an update is, and the function that does it.

A handler works inside one step: it reads and writes with the step's transaction, owes what is to
be said, and returns the toast for a pressed button or None. It has no bot, so that nothing waits
for Telegram inside a transaction.
"""

from collections.abc import Awaitable, Callable, Mapping

from bot.essays.desk import Desk
from bot.storage.database import Transaction
from bot.telegram.commands import (
    about,
    buttons,
    care,
    config,
    erasing,
    explaining,
    lesson,
    membership,
    recipes,
    reporting,
    teaching,
    waiting,
    writing,
)
from bot.telegram.visit import Visit, What

Handler = Callable[[Transaction, Visit, Desk], Awaitable[str | None]]

HANDLERS: Mapping[What, Handler] = {
    # Commands
    What.WRITE: writing.write,
    What.AGAIN: writing.again,
    What.CONTINUE: writing.go_on,
    What.CANCEL: waiting.cancel,
    What.QUEUE: waiting.show_queue,
    What.CONFIG: config.config,
    What.COMPARE: explaining.compare,
    What.TOKENS: explaining.tokens,
    What.PROBABILITIES: explaining.probabilities,
    What.ATTENTION: explaining.attention,
    What.EXPLAIN: explaining.explain,
    What.HELP: about.show_help,
    What.PRIVACY: about.show_privacy,
    What.ERASE: erasing.ask,
    What.START: about.start,
    What.CLASS: teaching.class_command,
    What.RECIPE: recipes.show,
    What.REPEAT: recipes.repeat,
    What.UNKNOWN_COMMAND: about.unknown_command,
    # Plain messages
    What.TALK: about.talk,
    What.TOPIC: writing.take_topic,
    What.REPLY: writing.take_reply,
    What.EDITED: writing.edited,
    What.NOT_TEXT: about.not_text,
    # Buttons
    What.JOB_BUTTON: buttons.press,
    What.CONFIG_BUTTON: config.press,
    What.ERASE_BUTTON: erasing.answer,
    What.CARE_BUTTON: care.press,
    What.ATTEND_BUTTON: care.attend,
    What.READER_BUTTON: reporting.press,
    What.CLASS_BUTTON: teaching.press,
    What.LESSON_BUTTON: lesson.press,
    What.OPEN_BUTTON: membership.press_open,
    What.LOOK_BUTTON: explaining.press,
    What.OLD_BUTTON: buttons.gone,
    What.DRAFT_STOPPED: buttons.stopped_by_telegram,
    # The bot's place in the world
    What.MEMBERSHIP: membership.membership_changed,
    What.MIGRATED: membership.migrated,
    What.STRANGER: about.turn_away,
    What.NOTHING: about.ignore,
}
