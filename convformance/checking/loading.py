"""The function that a user names on the command line, ``file.py:function``, and the call that goes with it."""

from collections.abc import Callable
from types import ModuleType
from typing import Any, cast

import numpy as np

from convformance.checking.forms import even, single_value
from convformance.checking.reading import names_beside
from convformance.processes import loading
from convformance.processes.loading import LoadError


def function_of(target: str) -> Callable[..., Any]:
    """Return the function that ``file.py:name`` names, a method of a class as ``file.py:Class.method``.

    Raises ValueError with one sentence where there is no such file, no such function, or the file cannot be run.
    """
    path, colon, name = target.rpartition(":")
    if not colon or not name:
        raise ValueError(f"{target!r} names no function; allowed: FILE.py:FUNCTION")
    module = _module(path)
    owner: Any = module
    for part in name.split("."):
        if not hasattr(owner, part):
            raise ValueError(f"{path} has no {name!r}; functions in it: {_functions(owner)}")
        owner = getattr(owner, part)
    if not callable(owner):
        raise ValueError(f"{name} in {path} is no function; functions in it: {_functions(module)}")
    return cast(Callable[..., Any], owner)


def call_of(text: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the call that ``text`` is an expression for, with np, single_value, even and the names of its module.

    Raises ValueError where it is none.
    """
    ours = {"np": np, "numpy": np, "single_value": single_value, "one": single_value, "even": even}
    try:
        call = eval(text, {**ours, **names_beside(function)})  # the user's own words, in their own process
    except Exception as error:
        raise ValueError(f"--call {text!r} cannot be read: {type(error).__name__}: {error}") from error
    if not callable(call):
        raise ValueError(f"--call {text!r} is no function; allowed: lambda fn, x, w, problem: ...")
    return cast(Callable[..., Any], call)


def _module(path: str) -> ModuleType:
    try:
        return loading.module_of_file(path)
    except FileNotFoundError as error:
        raise ValueError(f"the file {path} does not exist") from error
    except LoadError as error:
        raise ValueError(f"{path} cannot be run: {error}") from error


def _functions(owner: Any) -> str:
    """Return the names of the functions that a module, or a class, itself defines."""
    own = getattr(owner, "__name__", None)
    names = [
        name for name, value in vars(owner).items() if callable(value) and getattr(value, "__module__", None) == own
    ]
    return ", ".join(names) or "none"
