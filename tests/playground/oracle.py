"""What the Bot API is, by somebody else's account: aiogram's models, generated from its pages.

aiogram's models keep unknown fields instead of refusing them, so those are looked for here.
"""

from collections.abc import Iterator
from typing import Any

import aiogram.methods
from aiogram.types import Update
from pydantic import BaseModel, TypeAdapter

from bot.playground.gateway import Call
from bot.playground.methods import METHODS


def method_model(name: str) -> type[BaseModel]:
    """Return aiogram's model of a method; AttributeError when the Bot API has no such method."""
    model: type[BaseModel] = getattr(aiogram.methods, name[0].upper() + name[1:])
    assert issubclass(model, BaseModel)
    return model


def check_parameters(name: str, parameters: dict[str, Any]) -> None:
    """Fail unless the Bot API would accept these parameters."""
    model = method_model(name)
    unknown = parameters.keys() - known_names(model)
    assert not unknown, f"{name}: {unknown}"
    # An uploaded file is logged as an object; to the model, a file is any string.
    assert_nothing_extra(model.model_validate(_without_files(parameters)), name)


def _without_files(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if "file_name" in value:
        return "file"
    return {key: _without_files(inner) for key, inner in value.items()}


def check_result(name: str, result: object) -> None:
    """Fail unless a method may return this."""
    returning = method_model(name).__returning__  # type: ignore[attr-defined]
    parsed = TypeAdapter(returning).validate_python(result)
    assert_nothing_extra(parsed, name)


def check_update(update: dict[str, Any]) -> None:
    """Fail unless this may be an update."""
    parsed = Update.model_validate(update)
    assert_nothing_extra(parsed, "Update")
    assert parsed.event_type in update


def check_calls(calls: Iterator[Call] | list[Call]) -> int:
    """Check all calls that were carried out of a log and return how many there were."""
    checked = 0
    for call in calls:
        if call.acted and call.method in {method.name for method in METHODS.values()}:
            check_parameters(call.method, call.parameters)
            if call.method != "getUpdates":
                check_result(call.method, call.result)
            checked += 1
    return checked


def known_names(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def assert_nothing_extra(value: object, path: str) -> None:
    """Fail if a model, however deep, holds a field that the Bot API doesn't have."""
    if isinstance(value, BaseModel):
        assert not value.model_extra, f"{path}: {value.model_extra}"
        for name in value.model_fields_set:
            assert_nothing_extra(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            assert_nothing_extra(item, f"{path}[{index}]")
