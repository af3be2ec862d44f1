"""The front: what comes in from Telegram and what goes out to it. Only here is ``telegram`` known.

In: ``intake`` (updates, on disk first) → ``application`` (the map of all handlers) → ``access``
(the gate) → ``commands`` (what to do). Out: ``presenter`` (how an essay is shown) → ``chunking`` →
``outbox`` (what can be sent) → ``delivery`` and ``lane`` (when it is sent).
"""

import os

# The library is moving from seconds to timedelta and warns until one opts in.
os.environ.setdefault("PTB_TIMEDELTA", "1")
