"""A local Bot API server and a chat page: the whole bot without a Telegram account.

- ``model``, ``world``: what exists, and the rules that hold for everybody.
- ``members``, ``people``, ``permissions``, ``seed``: who comes and goes, what people do and may
  do, the first classroom.
- ``updates``, ``queries``, ``privacy``, ``text``, ``pictures``, ``wire``, ``refusals``: Telegram's
  ways.
- ``methods``: the methods of the Bot API that the bot calls, one family a file.
- ``gateway``, ``faults``: one call from token to answer, and what goes wrong on purpose.
- ``bot_api``, ``api``, ``changes``, ``server``: all of it over HTTP, on 127.0.0.1 only.
- ``page``: the chat page.

Deliberately stricter than Telegram: unknown parameters are refused by name; texts are measured in
UTF-16 units; hidden results of a poll are hidden from the bot too. Deliberately absent: what the
bot doesn't call, such as webhooks, other media than documents and photos, quizzes, inline mode,
payments, parse modes and everything for business accounts.
"""

from bot.playground.server import PlaygroundServer

__all__ = ["PlaygroundServer"]
