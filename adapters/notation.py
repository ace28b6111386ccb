"""How a script writes a framework: what an adapter says about it, as text."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

# The call of a route as a person writes it, in lines, the last one an expression of the result: a text with fields such
# as ``{problem.stride}``, or a function ``(adapter, problem)`` that returns it, or None for a geometry without a short
# call.
Template = str | Callable[..., str | None]


@dataclass(frozen=True)
class Notation:
    """How a script writes a framework in one mode.

    ``setup``: the lines it begins with, imports first. ``operand``: an array, with the fields ``numbers`` and
    ``dtype``; ``order``, behind it, puts an array of three axes or more in the memory order of the mode. ``strided``:
    an array that is to be filled, with the fields ``shape``, ``strides`` (in elements), ``steps`` (in bytes), ``size``
    (in elements) and ``dtype``; empty where arrays cannot be filled. ``compiled``: the function ``call`` as the mode
    compiles it, if it does. ``lists``: the array ``name`` in nested lists.
    """

    setup: tuple[str, ...] = ("import numpy as np",)
    operand: str = 'np.array({numbers}, "{dtype}")'
    order: str = ""
    strided: str = 'np.lib.stride_tricks.as_strided(np.zeros({size}, "{dtype}"), {shape}, {steps})'
    compiled: str = ""
    lists: str = "{name}.tolist()"


def options(*always: str, **arguments: Any) -> str:
    """Return keyword arguments behind others, without those that change nothing: paddings of 0, anything else of 1.

    ``always`` are those whose default is something else, which are stated whatever they are.
    """
    stated = {name: value for name, value in arguments.items() if name in always or not _changes_nothing(name, value)}
    return "".join(f", {name}={value!r}" for name, value in stated.items())


def _changes_nothing(name: str, value: Any) -> bool:
    neutral = 0 if "pad" in name else 1
    return not isinstance(value, str) and bool(np.all(np.asarray(value) == neutral))
