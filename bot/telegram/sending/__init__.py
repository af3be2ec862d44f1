"""How the outbox is emptied: one worker a chat, within Telegram's limits.

``sender`` takes rows one after another, ``pacing`` says when, ``rendering`` makes requests of
them, ``answers`` asks and reads what came back, ``consequences`` decides what follows from it,
``search`` looks for a text whose answer was lost, and ``previews`` shows what nobody is owed.
"""
