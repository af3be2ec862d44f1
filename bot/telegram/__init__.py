"""The front: what comes in from Telegram and what goes out to it. Only here is ``telegram`` known.

In: ``intake`` (updates, on disk first) → ``access`` (what they are, who sent them, whether they
may) → ``handlers`` (the table) → ``commands`` (what to do). Out: ``sending``, which empties the
outbox.
"""

import os

# The library is moving from seconds to timedelta and warns until one opts in.
os.environ.setdefault("PTB_TIMEDELTA", "1")
