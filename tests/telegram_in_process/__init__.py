"""Telegram for the tests: the playground's Bot API behind python-telegram-bot, without a socket.

Everything waits by the clock of the running loop (long polls, late answers, read time-outs, rate
limits, the life of drafts and queries), so under :mod:`tests.telegram.virtual_time` a whole lesson
takes no time. The seeded class of the playground is there: ``telegram.room``.

    async with TelegramInProcess() as telegram:
        bot = Bot(telegram.token, telegram.base_url, request=telegram.request(),
                  get_updates_request=telegram.request())
        lucia = telegram.room.lucia
        telegram.fail("sendMessage", "reset", acts="first")   # it stands, and nobody is told
        telegram.write(lucia, "/redactar El mar")             # the bot gets it from getUpdates
        ...                                                   # start the bot that is tested
        await telegram.until(lambda: telegram.texts(lucia))
        telegram.press(lucia, "Cancelar")
        assert [call.status for call in telegram.calls("sendMessage")] == [0, 200]

``telegram.people`` does what else people do (``react``, ``edit``, ``delete``, ``set_status``,
``mute_bot``, ``block``, ``close_topic``, ``delete_topic``, ``migrate``, …), ``telegram.fail``
plans what goes wrong (:class:`bot.playground.faults.Fault` says how), ``telegram.limits`` has the
rate limits, off at first. A request that the bot gives up, because it stops or its patience ends,
has still arrived: Telegram goes on with it.
"""

from tests.telegram_in_process.request import InProcessRequest
from tests.telegram_in_process.shown import Event, Shown
from tests.telegram_in_process.telegram import EPOCH_S, GONE, TOKEN, TelegramInProcess

__all__ = [
    "EPOCH_S",
    "GONE",
    "TOKEN",
    "Event",
    "InProcessRequest",
    "Shown",
    "TelegramInProcess",
]
