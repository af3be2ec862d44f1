"""How the outbox is emptied: one worker a chat, within Telegram's limits.

``sender`` takes rows one after another, ``pacing`` says when, ``rendering`` makes requests of
them, ``answers`` reads what came back, ``search`` looks for a text whose answer was lost, and
``previews`` shows what nobody is owed.
"""
