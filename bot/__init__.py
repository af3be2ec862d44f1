"""Redactor: a Telegram bot that writes essays with a GPT-2 shared by a whole class.

Data flows one way: Telegram in → inbox → jobs → generation → outbox → Telegram out.

The rooms, in the order in which a topic crosses them:

- ``bot.__main__``    the command line: run, write, serve, models, train
- ``bot.settings``    every setting, with its range and its meaning
- ``bot.app``         the composition root: builds every part, starts and stops them in order
- ``bot.telegram``    the front: intake, access, handlers and commands, sending
- ``bot.essays``      what an essay is: desk, scheduler, writing, finishing, messages
- ``bot.generation``  the GPT-2 service: engine, HTTP server, client, supervisor
- ``bot.training``    training and fine-tuning: what a teacher uses
- ``bot.storage``     inbox, jobs, outbox, people and chats in one database, changed in steps
- ``bot.texts``       every sentence that a person reads, in Spanish and in English
- ``bot.playground``  a local Bot API server and a chat page: the whole bot without an account
- ``bot.workshop``    how the embedded model and the figures are made; nothing imports it

Imports point one way: ``__main__ → app → telegram → essays → {generation.client, storage}``;
``texts``, ``errors`` and ``logs`` are leaves, and only ``app`` and ``__main__`` see the settings.
"""

__version__ = "0.1.0"
