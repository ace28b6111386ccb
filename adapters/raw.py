"""Raw arguments: a framework's own call, written as text, with whatever stands in place of what a problem would say.

A problem cannot hold a stride of 0 or a list that is too long. A raw route gets each argument as it is asked, and
returns the call as a person writes it. That very text is what runs, and what stands in the script of a finding.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from convformance.adapters import layouts
from convformance.adapters.contract import EVERY_QUESTION, Adapter, Domain, Route
from convformance.reference import definition
from convformance.reference.arrays import Array
from convformance.reference.operation import BY_NAME, check_operation
from convformance.reference.problem import Problem

PREFIX = "raw."
ARGUMENTS = (
    "stride",
    "dilation",
    "padding",
    "groups",
    "kernel size",
    "output padding",
    "result size",
    "result shape",
    "shapes",
    "rank",
    "bias",
    "dtype",
)
_SMALL = 5  # operands hold 0 to 4, whose sums every dtype holds


@dataclass(frozen=True)
class Raw:
    """What a case asks beside its problem: ``argument`` is one of ``ARGUMENTS``, ``asked`` says in words what it is.

    ``changes`` maps what a ``RawCall`` has to what stands there in place of what the problem says. ``means``: the
    problem of the case is what the arguments mean, and its answer is right; otherwise no result is.
    """

    argument: str
    asked: str
    changes: tuple[tuple[str, Any], ...]
    means: bool = False

    def to_json(self) -> dict[str, str]:
        """Return it as the run record keeps it: texts by name, those of changes as Python writes them."""
        changes = {name: repr(value) for name, value in self.changes}
        return {"argument": self.argument, "asked": self.asked, "means": repr(self.means), **changes}


@dataclass(frozen=True)
class RawCall:
    """What a raw route is asked: every argument as it is to be written, whatever it is.

    ``padding`` is a tuple of pairs or a symbol's name, ``result_shape`` and ``shapes``, those of the operands by name,
    are in canonical order; ``rank`` is that of the problem that the arguments were taken from.
    """

    operation: str
    rank: int
    stride: Any
    dilation: Any
    padding: Any
    groups: Any
    kernel_size: Any
    output_padding: Any
    result_shape: Any
    shapes: Mapping[str, tuple[int, ...]]
    dtypes: Mapping[str, str]
    changed: frozenset[str]

    @classmethod
    def of(cls, problem: Problem, operation: str, dtype: str, raw: Raw) -> "RawCall":
        """Return the call of ``operation`` on ``problem`` with the changes of ``raw``."""
        changes = dict(raw.changes)
        operands = BY_NAME[operation].operands
        shapes = {name: changes.get(array, getattr(problem, f"{array}_shape")) for name, array in operands.items()}
        if "bias" in changes:
            shapes["bias"] = changes["bias"]
        dtypes = dict(zip(shapes, changes.get("dtypes", ()), strict=False))
        return cls(
            operation,
            problem.rank,
            changes.get("stride", problem.stride),
            changes.get("dilation", problem.dilation),
            changes.get("padding", problem.padding),
            changes.get("groups", problem.groups),
            changes.get("kernel_size", problem.kernel_size),
            changes.get("output_padding", problem.output_padding),
            changes.get("result_shape", problem.result_shape(operation)),
            shapes,
            {name: dtypes.get(name, dtype) for name in shapes},
            frozenset(changes),
        )

    @property
    def bias(self) -> str:
        """``, bias`` where there is one."""
        return ", bias" if "bias" in self.shapes else ""

    @property
    def sides(self) -> Any:
        """The padding of each axis as a single number, for calls that pad both ends alike."""
        return self.padding if isinstance(self.padding, str) else tuple(pair[0] for pair in self.padding)

    def keywords(self, **arguments: Any) -> str:
        """Return keyword arguments behind others, without those that change nothing."""
        neutral = (0, (0,) * self.rank), (1, (1,) * self.rank)
        stated = {name: value for name, value in arguments.items() if value not in neutral["pad" not in name]}
        return "".join(f", {name}={value!r}" for name, value in stated.items())


def raw_route(
    operation: str,
    name: str,
    *,
    arguments: Iterable[str],
    activations: str | None = None,
    filters: str | None = None,
    domain: Domain = EVERY_QUESTION,
) -> Callable[[Callable[..., str]], Callable[..., str]]:
    """Declare a method ``(self, call: RawCall)`` that returns a call as text, the last line its result; may be stacked.

    ``arguments`` are those of ``ARGUMENTS`` that the call has; a case about any other is not asked.
    """
    check_operation(operation)
    asked = frozenset(arguments)
    if unknown := asked.difference(ARGUMENTS):
        raise ValueError(f"arguments holds {sorted(unknown)}; allowed: {', '.join(ARGUMENTS)}")
    takes = Domain(f"raw arguments: {', '.join(sorted(asked))}", lambda request: request.argument in asked)

    def declare(method: Callable[..., str]) -> Callable[..., str]:
        declared = Route(
            operation, PREFIX + name, method.__name__, activations, filters, takes_bias=True, domain=takes & domain
        )
        method._raw_routes = [declared, *getattr(method, "_raw_routes", [])]  # type: ignore[attr-defined]
        return method

    return declare


def raw_routes(adapter: type[Adapter]) -> tuple[Route, ...]:
    """Return every raw route that the class declares, those of a base class first."""
    methods = {name: getattr(adapter, name) for base in reversed(adapter.__mro__) for name in vars(base)}
    return tuple(declared for method in methods.values() for declared in getattr(method, "_raw_routes", ()))


def is_raw(route: str) -> bool:
    """Whether a route of that name is asked raw arguments."""
    return route.startswith(PREFIX)


def lines_of(adapter: Adapter, route: Route, call: RawCall) -> tuple[list[str], list[str]]:
    """Return the lines that make the operands, and those of the call, the last an expression of its result."""
    operand = adapter.notation().operand
    operands = []
    for name, array in _arrays(call).items():
        shape = call.shapes[name]
        layout = adapter.layout(route, "filter" if array == "filter" else "activation")
        axes = layouts.shape_in(tuple(range(len(shape))), layout)
        moved = "" if axes == tuple(range(len(shape))) else f".transpose{axes}"
        numbers = f"np.arange({int(np.prod(shape))}).reshape({shape}){moved} % {_SMALL}"
        operands.append(f"{name} = {operand.format(numbers=numbers, dtype=call.dtypes[name])}")
    text: str = getattr(adapter, route.method)(call)
    return operands, text.split("\n")


def _arrays(call: RawCall) -> dict[str, str]:
    """Return which array of the convolution each operand is."""
    operands = BY_NAME[call.operation].operands
    return {name: operands.get(name, "bias") for name in call.shapes}


def truth(problem: Problem, operation: str, raw: Raw) -> Array:
    """Return the right result of ``operation`` on the operands that scripts write, by the definition.

    A filter without taps, which no problem has, gives a zero for each of its positions.
    """
    changes = dict(raw.changes)
    if 0 in changes.get("filter", (1,)):
        sizes = zip(problem.input_size, changes["filter"][2:], strict=True)
        return np.zeros((problem.batch, changes["filter"][0], *(size - taps + 1 for size, taps in sizes)), np.int64)
    bias = np.arange(problem.result_shape(operation)[1]) % _SMALL if "bias" in changes else np.zeros(1, np.int64)
    contraction = {"output": definition.forward, "input": definition.input_gradient}
    gives = contraction.get(BY_NAME[operation].result, definition.filter_gradient)
    shapes = dict(zip(BY_NAME[operation].arrays, problem.operand_shapes(operation), strict=True))
    arrays = {name: np.arange(int(np.prod(shape))).reshape(shape) % _SMALL for name, shape in shapes.items()}
    # The definition takes them in the order x, w, dy, of which each contraction has two.
    order = {"output": ("input", "filter"), "input": ("output", "filter"), "filter": ("input", "output")}
    result = gives(problem, *(arrays[name] for name in order[BY_NAME[operation].result]))
    return result + bias.reshape(-1, *(1,) * problem.rank)
