"""Classes that only hold values by name, data classes and named tuples: people keep a layer's parameters in them."""

import inspect
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from typing import Any


def record_of(parameter: inspect.Parameter, function: Callable[..., Any]) -> type | None:
    """Return the class of records that a parameter takes, by its annotation or its default, or None."""
    annotation: Any = parameter.annotation
    if isinstance(annotation, str):
        annotation = _names_of(function).get(annotation.removesuffix("| None").strip())
    options = typing.get_args(annotation) if isinstance(annotation, types.UnionType) else (annotation,)
    if typing.get_origin(annotation) is typing.Union:
        options = typing.get_args(annotation)
    return next((each for each in (*options, type(parameter.default)) if _is_record(each)), None)


def fields_of(record: type) -> list[inspect.Parameter]:
    """Return the fields of a record as parameters; a default that is made anew each time is not shown."""
    shown = (int, float, str, tuple, list, type(None))
    declared = inspect.signature(record).parameters.values()
    optional = [each for each in declared if each.default is not inspect.Parameter.empty]
    anew = {each.name for each in optional if not isinstance(each.default, shown)}
    return [each.replace(default=None) if each.name in anew else each for each in declared]


def _names_of(function: Callable[..., Any]) -> Mapping[str, Any]:
    inner = function.__init__ if isinstance(function, type) else inspect.unwrap(function)  # type: ignore[misc]
    names: Mapping[str, Any] = getattr(inner, "__globals__", {})
    return names


def _is_record(value: Any) -> bool:
    if not isinstance(value, type):
        return False
    return is_dataclass(value) or (issubclass(value, tuple) and hasattr(value, "_fields"))
