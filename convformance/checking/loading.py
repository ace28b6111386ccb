"""What a user names on the command line, ``file.py:function``, and the call that goes with it."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from convformance.checking.forms import even, single_value
from convformance.checking.lookups import global_names
from convformance.checking.objects import Method
from convformance.checking.slots import FORWARD, has_method
from convformance.processes import sources
from convformance.processes.loading import LoadError
from convformance.processes.sources import Source

_ALLOWED = "FILE.py:FUNCTION, FILE.py:CLASS or package.module:FUNCTION"
_DEPTH = 6  # functions that call each other, as far as missing names are looked for


@dataclass(frozen=True)
class Target:
    """What is checked, the names of its file, and what of the file is left out."""

    function: Callable[..., Any]
    names: Mapping[str, Any]
    remarks: tuple[str, ...] = ()


def target_of(text: str) -> Target:
    """Return what ``text`` names: a function, a class, an object, or a method as ``file.py:Class.method``.

    Raises ValueError with one sentence where there is no such file, nothing of that name, or the file cannot be run.
    """
    path, colon, name = text.rpartition(":")
    if not colon or not name:
        raise ValueError(f"{text!r} names no function; allowed: {_ALLOWED}")
    source = _source(path, name.partition(".")[0])
    names = vars(source.module)
    owner: Any = source.module
    for part in name.split("."):
        if not hasattr(owner, part):
            reason = source.missing.get(part)
            raise ValueError(_cannot(path, reason) if reason else f"{path} has no {name!r}; {_functions(owner)}")
        owner, outer = getattr(owner, part), owner
        if isinstance(outer, type) and _wants_instance(outer, part):
            owner = Method(outer, part)
    if not (callable(owner) or any(has_method(type(owner), each) for each in FORWARD)):
        raise ValueError(f"{name} in {path} is no function; {_functions(source.module)}")
    _check_complete(path, owner, source)
    return Target(cast(Callable[..., Any], owner), names, tuple(source.left_out))


def call_of(text: str, names: Mapping[str, Any]) -> Callable[..., Any]:
    """Return the call that ``text`` is an expression for, with np, single_value, even and the target's file's names.

    Raises ValueError where it is none, or where it uses a name that means nothing.
    """
    ours = {"np": np, "numpy": np, "single_value": single_value, "one": single_value, "even": even}
    try:
        call = eval(text, {**ours, **names})  # the user's own words, in their own process
    except Exception as error:
        raise ValueError(f"--call {text!r} cannot be read: {type(error).__name__}: {error}") from error
    if not callable(call):
        raise ValueError(f"--call {text!r} is no function; allowed: lambda fn, x, w, problem: ...")
    return cast(Callable[..., Any], call)


def _source(path: str, wanted: str) -> Source:
    try:
        return sources.source_of(path, wanted)
    except FileNotFoundError as error:
        raise ValueError(f"the file {path} does not exist") from error
    except LoadError as error:
        raise ValueError(_cannot(path, str(error))) from error


def _cannot(path: str, reason: str) -> str:
    return f"{path} cannot be run: {reason}"


def _check_complete(path: str, function: Any, source: Source) -> None:
    """Raise ValueError where a function uses what could not be run in its file."""
    for name in _names_used(function, _DEPTH) if source.missing else ():
        if name in source.missing:
            raise ValueError(_cannot(path, source.missing[name]))


def _names_used(function: Any, depth: int) -> Iterator[str]:
    """Yield the global names that a function, or the methods of a class, use, itself or through others of the file."""
    if isinstance(function, type):
        for method in filter(inspect.isfunction, vars(function).values()):
            yield from _names_used(method, depth)
    function = inspect.unwrap(function)
    for name in global_names(function.__code__) if inspect.isfunction(function) and depth else ():
        yield name
        yield from _names_used(function.__globals__.get(name), depth - 1)


def _wants_instance(owner: type, name: str) -> bool:
    """Whether a class's attribute is a function that is called with an instance."""
    return inspect.isfunction(inspect.getattr_static(owner, name))


def _functions(owner: Any) -> str:
    """Return the names of the functions that a module, or a class, itself defines."""
    own = getattr(owner, "__name__", None)
    names = [
        name for name, value in vars(owner).items() if callable(value) and getattr(value, "__module__", None) == own
    ]
    return f"functions in it: {', '.join(names) or 'none'}"
