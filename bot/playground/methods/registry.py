"""The table of the Bot API's methods that the playground serves."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from pydantic import ConfigDict, ValidationError, validate_call

from bot.playground.methods.parameters import Sending
from bot.playground.refusals import ApiRefusal, bad_request
from bot.playground.world import World

Result = dict[str, Any] | list[dict[str, Any]] | bool | int
F = TypeVar("F", bound=Callable[..., Any])

_EMPTY_FIELDS = {
    "chat_id": "chat_id is empty",
    "text": "message text is empty",
    "message_id": "message identifier is not specified",
    "document": "there is no document in the request",
    "photo": "there is no photo in the request",
}


@dataclass(frozen=True, slots=True)
class Method:
    """One method.

    Attributes:
        name: As the Bot API spells it.
        function: Takes the world and the parameters by name; those of every message of the bot's
            own come together as ``to``.
    """

    name: str
    function: Callable[..., Any]

    async def call(self, world: World, raw: Mapping[str, object]) -> Result:
        """Check the raw parameters and run the method.

        Raises:
            ApiRefusal: Whatever Telegram would refuse.
        """
        values = dict(raw)
        if "to" in inspect.signature(self.function).parameters:
            values["to"] = {n: values.pop(n) for n in Sending.model_fields if n in values}
        try:
            result: Result | Awaitable[Result] = checked(self.function)(world, **values)
        except ValidationError as error:
            raise self._refusal(error) from error
        return await result if inspect.isawaitable(result) else result

    def _refusal(self, error: ValidationError) -> ApiRefusal:
        first = error.errors(include_url=False, include_context=False)[0]
        path = [str(part) for part in first["loc"] if part != "to"]
        if len(path) == 1 and first["type"].startswith("missing"):
            return bad_request(_EMPTY_FIELDS.get(path[0], f'parameter "{path[0]}" is required'))
        if first["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
            return bad_request(f'here {self.name} has no parameter "{".".join(path)}"')
        return bad_request(f'can\'t parse parameter "{path[0]}": {first["msg"]}')


@cache
def checked(function: F) -> F:
    """Return a function that reads its parameters leniently and refuses unknown ones."""
    return validate_call(config=ConfigDict(arbitrary_types_allowed=True))(function)


METHODS: dict[str, Method] = {}
"""By lower-case name: the Bot API doesn't tell cases apart."""


def find_method(name: str) -> Method:
    """Return a method by its name, in any case.

    Raises:
        ApiRefusal: 404 for an unknown one.
    """
    method = METHODS.get(name.lower())
    if method is None:
        raise ApiRefusal(404, "Not Found")
    return method


def serves(function: F) -> F:
    """Register a function as the method of its name: ``send_message`` as ``sendMessage``."""
    head, *rest = function.__name__.split("_")
    name = head + "".join(word.capitalize() for word in rest)
    METHODS[name.lower()] = Method(name, function)
    return function
