"""Second ways to the same operations, by derivatives of derivatives and by forward mode, for frameworks that have them.

A convolution is linear in the data and in the filter. So its derivative in one of them, along a direction, is the
convolution of that direction; and the derivative of an input gradient in its filter is an input gradient again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from convformance.adapters.contract import Adapter, Domain, route
from convformance.adapters.notation import Template
from convformance.reference.geometry import Size
from convformance.reference.problem import Problem

Function = Callable[..., Any]

JVP, TWICE, FORWARD_OVER_REVERSE = "jvp", "twice", "forward-over-reverse"
# The operand along which a convolution is derived, by its name; the gradients have one way each.
DATA, FILTER = "x", "w"
Way = tuple[str, str, str]
COMMON: tuple[Way, ...] = (
    *(("conv", kind, operand) for kind in (JVP, TWICE) for operand in (DATA, FILTER)),
    *(
        (gradient, kind, "")
        for gradient in ("conv_input_grad", "conv_filter_grad")
        for kind in (TWICE, FORWARD_OVER_REVERSE)
    ),
    ("conv_transpose_input_grad", TWICE, ""),
)


@dataclass(frozen=True)
class Style:
    """What a framework calls a second derivative in ids, and how a script writes each.

    ``jvp`` and ``twice`` have the fields ``variable``, ``call`` and ``result``, the shape of the result;
    ``gradient_twice`` and ``forward_over_reverse`` have ``direction``, ``variable``, ``zeros`` and ``call``. ``conv``
    and ``transposed`` are the calls, ``zeros`` and ``shape`` write the field for an ``array``, x, y or w.
    """

    second: str
    jvp: str
    twice: str
    gradient_twice: str
    forward_over_reverse: str
    conv: str
    transposed: str
    zeros: str = "{{{array}_zeros}}"
    shape: str = "{{{array}_shape}}"


class Derivatives(Adapter):
    """What the routes compute with; a framework's own mixin gives the four derivatives and the two calls."""

    def bilinear(self, problem: Problem, data: Any, w: Any, *, is_transposed: bool) -> Any:
        """Return the convolution, or the transposed one."""
        raise NotImplementedError

    def zeros(self, shape: Size, like: Any, *, is_filter: bool = False) -> Any:
        """Return an array of zeros of a canonical shape in the layout of the adapter, with the dtype of ``like``."""
        raise NotImplementedError

    def pulled(self, function: Function, point: Any, upstream: Any) -> Any:
        """Return the gradient of ``function`` at ``point``, for a framework that takes it of a function."""
        raise NotImplementedError

    def along(self, function: Function, direction: Any) -> Any:
        """Return the derivative of a linear function along a direction: its value there."""
        raise NotImplementedError

    def twice(self, function: Function, direction: Any, upstream: Any) -> Any:
        """Return the derivative, in its upstream, of the gradient of a linear function along a direction."""
        raise NotImplementedError

    def gradient_twice(self, function: Function, point: Any, direction: Any, upstream: Any) -> Any:
        """Return the derivative in its first argument of the gradient of ``function`` in its second, along a direction.

        Of a bilinear function that is its gradient in the first argument, where the second is the direction.
        """
        raise NotImplementedError

    def forward_over_reverse(self, function: Function, point: Any, direction: Any, upstream: Any) -> Any:
        """Return the derivative along a direction, in its second argument, of the gradient in the first."""
        return self.along(lambda second: self.pulled(lambda first: function(first, second), point, upstream), direction)


def derived(style: Style, *ways: Way, domain: Domain) -> Callable[[type[Derivatives]], type[Derivatives]]:
    """Declare, on a class of ``Derivatives``, a route for each of the ways: an operation, a kind, an operand."""

    def declare(cls: type[Derivatives]) -> type[Derivatives]:
        for operation, kind, operand in ways:
            called = style.second if kind == TWICE else kind
            name = f"{called}-{operand}" if operand else called
            method = _gradient(operation, kind) if not operand else _map(operation, kind, operand)
            method.__name__ = f"{operation}_{name}".replace("-", "_")
            declared = route(operation, name, script=_text(style, operation, kind, operand), domain=domain)
            setattr(cls, method.__name__, declared(method))
        return cls

    return declare


def _map(operation: str, kind: str, operand: str) -> Callable[..., Any]:
    """Return a method that derives the operation in one of its operands, along it."""
    is_transposed = operation == "conv_transpose"

    def method(self: Derivatives, problem: Problem, x: Any, w: Any) -> Any:
        def function(variable: Any) -> Any:
            data, filters = (variable, w) if operand == DATA else (x, variable)
            return self.bilinear(problem, data, filters, is_transposed=is_transposed)

        direction = x if operand == DATA else w
        if kind == JVP:
            return self.along(function, direction)
        return self.twice(function, direction, self.zeros(problem.result_shape(operation), direction))

    return method


def _gradient(operation: str, kind: str) -> Callable[..., Any]:
    """Return a method that derives the gradient in one operand in the other, along it."""
    is_transposed = operation.startswith("conv_transpose")

    def of_data(self: Derivatives, problem: Problem, dy: Any, w: Any) -> Any:
        def function(x: Any, w: Any) -> Any:
            return self.bilinear(problem, x, w, is_transposed=is_transposed)

        point = self.zeros(problem.result_shape(operation), dy)
        return (self.gradient_twice if kind == TWICE else self.forward_over_reverse)(function, point, w, dy)

    def of_filter(self: Derivatives, problem: Problem, x: Any, dy: Any) -> Any:
        def function(w: Any, x: Any) -> Any:
            return self.bilinear(problem, x, w, is_transposed=is_transposed)

        point = self.zeros(problem.result_shape(operation), dy, is_filter=True)
        return (self.gradient_twice if kind == TWICE else self.forward_over_reverse)(function, point, x, dy)

    return of_data if operation.endswith("input_grad") else of_filter


def _text(style: Style, operation: str, kind: str, operand: str) -> Template:
    """Return the template of a route."""
    is_transposed = operation.startswith("conv_transpose")
    call = style.transposed if is_transposed else style.conv
    small, large = ("x", "y") if is_transposed else ("y", "x")
    if operand:
        result = style.shape.format(array=small)
        return (style.jvp if kind == JVP else style.twice).format(variable=operand, call=call, result=result)
    variable, direction = ("x", "w") if operation.endswith("input_grad") else ("w", "x")
    zeros = style.zeros.format(array=large if variable == "x" else "w")
    text = style.gradient_twice if kind == TWICE else style.forward_over_reverse
    return text.format(direction=direction, variable=variable, zeros=zeros, call=call)
