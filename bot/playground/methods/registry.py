"""The table of the Bot API's methods that the playground serves."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from pydantic import ValidationError

from bot.playground.methods.parameters import Parameters
from bot.playground.refusals import ApiRefusal, bad_request
from bot.playground.world import World

P = TypeVar("P", bound=Parameters)
Result = dict[str, Any] | list[dict[str, Any]] | bool | int
_Serve = Callable[[World, Parameters], Result | Awaitable[Result]]

_EMPTY_FIELDS = {
    "chat_id": "chat_id is empty",
    "text": "message text is empty",
    "message_id": "message identifier is not specified",
    "document": "there is no document in the request",
}


@dataclass(frozen=True, slots=True)
class Method:
    """One method: its name in the Bot API, its parameters, and what it does."""

    name: str
    parameters: type[Parameters]
    serve: _Serve

    async def call(self, world: World, raw: Mapping[str, object]) -> Result:
        """Check the raw parameters and run the method.

        Raises:
            ApiRefusal: Whatever Telegram would refuse.
        """
        try:
            parameters = self.parameters.model_validate(dict(raw))
        except ValidationError as error:
            raise self._refusal(error) from error
        result = self.serve(world, parameters)
        if inspect.isawaitable(result):
            return await result
        return result

    def _refusal(self, error: ValidationError) -> ApiRefusal:
        first = error.errors(include_url=False, include_context=False)[0]
        name = str(first["loc"][0])
        if first["type"] == "missing" and len(first["loc"]) == 1:
            return bad_request(_EMPTY_FIELDS.get(name, f'parameter "{name}" is required'))
        if first["type"] == "extra_forbidden":
            path = ".".join(str(part) for part in first["loc"])
            return bad_request(f'{self.name} has no parameter "{path}"')
        return bad_request(f'can\'t parse parameter "{name}": {first["msg"]}')


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


def serves(
    parameters: type[P],
) -> Callable[
    [Callable[[World, P], Result | Awaitable[Result]]],
    Callable[[World, P], Result | Awaitable[Result]],
]:
    """Register a function as the method named like its parameters' class."""
    name = parameters.__name__[0].lower() + parameters.__name__[1:]

    def register(
        serve: Callable[[World, P], Result | Awaitable[Result]],
    ) -> Callable[[World, P], Result | Awaitable[Result]]:
        METHODS[name.lower()] = Method(name, parameters, cast("_Serve", serve))
        return serve

    return register
