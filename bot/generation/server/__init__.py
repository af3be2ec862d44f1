"""The generation service: an engine behind OpenAI's protocol.

- ``listening``   ``serve``: sockets, signals, the parent's end
- ``application`` the routes
- ``host``        the engine while it loads, serves, stalls and stops
- ``protocol``    requests as they come in; ``prompts`` what they bring, in tokens
- ``completion``  one request being answered; ``choice`` one of its texts
- ``answers``     the forms in which it goes out; ``refusals`` that of errors
- ``streaming``   answers that end when their reader has gone; ``guard`` the outermost layer
- ``loading``     from the operator's options to a model
- ``text``        tokens to text, stop sequences
- ``selection``   which of several candidates is the best
- ``metrics``     what Prometheus reads
"""

from bot.generation.server.application import create_app
from bot.generation.server.host import EngineHost, LoadedModel
from bot.generation.server.listening import serve
from bot.generation.server.loading import ServiceOptions

__all__ = ["EngineHost", "LoadedModel", "ServiceOptions", "create_app", "serve"]
