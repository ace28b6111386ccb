"""The function that a user names on the command line, ``file.py:function``, and the call that goes with it."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from convformance.checking.forms import single_value
from convformance.processes import loading
from convformance.processes.loading import LoadError


def function_of(target: str) -> Callable[..., Any]:
    """Return the function that ``file.py:name`` names, a method of a class as ``file.py:Class.method``.

    Raises ValueError with one sentence where there is no such file, no such function, or the file cannot be run.
    """
    path, colon, name = target.rpartition(":")
    if not colon or not name:
        raise ValueError(f"{target!r} names no function; allowed: FILE.py:FUNCTION")
    held: Any = _module(path)
    for part in name.split("."):
        if not hasattr(held, part):
            raise ValueError(f"{path} has no {name!r}; functions in it: {', '.join(_functions(held)) or 'none'}")
        held = getattr(held, part)
    if not callable(held):
        raise ValueError(
            f"{name} in {path} is no function; functions in it: {', '.join(_functions(_module(path))) or 'none'}"
        )
    return held  # type: ignore[no-any-return]


def call_of(written: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the call that ``written`` is an expression for, with np, one and the names of the function's own module.

    Raises ValueError where it is none.
    """
    names = {"np": np, "numpy": np, "one": single_value, **getattr(function, "__globals__", {})}
    try:
        made = eval(written, names)  # the user's own words, in the user's own process
    except Exception as error:
        raise ValueError(f"--call {written!r} cannot be read: {type(error).__name__}: {error}") from error
    if not callable(made):
        raise ValueError(f"--call {written!r} is no function; allowed: lambda fn, x, w, problem: ...")
    return made  # type: ignore[no-any-return]


def _module(path: str) -> ModuleType:
    try:
        return loading.module_of_file(path)
    except FileNotFoundError as error:
        raise ValueError(f"the file {path} does not exist") from error
    except LoadError as error:
        raise ValueError(f"{path} cannot be run: {error}") from error


def _functions(held: Any) -> list[str]:
    """Return the functions that a module, or a class, itself defines."""
    own = getattr(held, "__name__", None)
    return [name for name, value in vars(held).items() if callable(value) and getattr(value, "__module__", None) == own]
