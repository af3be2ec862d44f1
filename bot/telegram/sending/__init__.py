"""How the outbox is emptied: one worker a chat, within Telegram's limits.

``sender`` takes rows one after another, ``pacing`` says when, ``rendering`` makes requests of
them. Where Telegram did not simply do it, ``answers`` reads why and ``consequences`` decides what
follows; ``search`` looks for a text whose answer was lost. ``previews`` shows what nobody is owed.
"""
