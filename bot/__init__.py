"""Redactor: a Telegram bot that writes essays with a GPT-2 shared by a whole class.

Data flows one way: Telegram in → intake → queue → generation → delivery → Telegram out.

The rooms, in the order in which a topic crosses them:

- ``bot.__main__``    the command line: run, write, serve, models, train
- ``bot.settings``    every setting, with its range and its meaning
- ``bot.app``         the composition root: builds every part, starts and stops them in order
- ``bot.telegram``    the front: intake, access, commands, keyboards, chunks, delivery
- ``bot.essays``      what an essay is: request, style, fair queue, dispatcher, finishing
- ``bot.generation``  the GPT-2 service: engine, HTTP server, client, supervisor
- ``bot.training``    training and fine-tuning: what a teacher uses
- ``bot.storage``     people, jobs, essays and updates in one database
- ``bot.texts``       every sentence that a person reads, in Spanish and in English
- ``bot.playground``  a local Bot API server and a chat page: the whole bot without an account
- ``bot.workshop``    how the embedded model and the figures are made; nothing imports it

Imports point one way: ``__main__ → app → telegram → essays → {generation.client, storage}``;
``texts``, ``errors`` and ``settings`` are leaves.
"""

__version__ = "0.1.0"
