"""What every test shares: how hypothesis searches."""

import os

from hypothesis import settings

# Nothing asserts a time, so no deadline. Where a change is judged, the same examples every time.
settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")
