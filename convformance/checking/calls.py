"""One call of a function: its arguments, those that hold several things, and how it is written."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from convformance.checking.signature import Parameter, name_of


class NoCache(Exception):
    """The forward pass returns nothing beside its result, and so no cache for the backward pass."""


@dataclass(frozen=True)
class Argument:
    """One argument of a call; ``text`` is how the call is written with it, empty where its default says the same."""

    parameter: Parameter
    value: Any
    text: str


@dataclass(frozen=True)
class Call:
    """One call of a function; ``note`` is what a reader must know beside it."""

    function: Callable[..., Any]
    name: str
    arguments: tuple[Argument, ...]
    note: str = ""

    def result(self) -> Any:
        """Call the function."""
        positional = [_ready(each.value) for each in self.arguments if each.parameter.positional]
        named = {each.parameter.name: _ready(each.value) for each in self.arguments if not each.parameter.positional}
        return self.function(*positional, **named)

    @property
    def text(self) -> str:
        """The call as it would be written, arrays by their names, without geometry that stands at its default."""
        return f"{self.name}({', '.join(each.text for each in self.arguments if each.text)}){self.note}"


@dataclass(frozen=True)
class Cache:
    """What the author's forward pass keeps for the backward pass, made anew for each call."""

    call: Call

    def make(self) -> Any:
        """Return what the forward pass returns beside its result: the second of two things, else all but the first.

        Raises NoCache where there is nothing beside it.
        """
        returned = self.call.result()
        if not isinstance(returned, tuple | list) or len(returned) < 2:
            raise NoCache(f"{self.call.name} returns no cache beside its result")
        return returned[1] if len(returned) == 2 else tuple(returned[1:])


def _ready(value: Any) -> Any:
    """Return an argument's value, with the cache of a forward pass made now."""
    return value.make() if isinstance(value, Cache) else value


def holder_argument(parameter: Parameter, entries: Sequence[Argument]) -> Argument:
    """Return the argument that holds ``entries``: a dictionary, a tuple, a record, or what a forward pass caches."""
    if parameter.maker is not None and parameter.holder != "record":
        call = Call(parameter.maker, name_of(parameter.maker), tuple(entries))
        return Argument(parameter, Cache(call), f"{parameter.name}={call.text}[1]")
    contents = [each.text.partition("=")[2] or each.text or repr(each.value) for each in entries]
    named = {each.parameter.name: each.value for each in entries}
    if parameter.holder == "tuple":
        value: Any = tuple(each.value for each in entries)
        return Argument(parameter, value, f"{parameter.name}=({', '.join(contents)})")
    pairs = zip(named, contents, strict=True)
    if parameter.holder == "dict":
        written = ", ".join(f"{name!r}: {content}" for name, content in pairs)
        return Argument(parameter, named, f"{parameter.name}={{{written}}}")
    written = ", ".join(f"{name}={content}" for name, content in pairs)
    maker = parameter.maker or SimpleNamespace
    return Argument(parameter, maker(**named), f"{parameter.name}={name_of(maker)}({written})")
