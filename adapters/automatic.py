"""Back ends with automatic differentiation: they give a convolution, its transpose and ``vjp``, and have all routes."""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, ClassVar

import numpy as np

from convformance.adapters.bits import dtype_named
from convformance.adapters.contract import WITHOUT_BIAS, Adapter, Refusal, Route, route
from convformance.adapters.layouts import shape_in
from convformance.adapters.notation import options
from convformance.reference.geometry import Size
from convformance.reference.problem import OUTPUTS, Problem

_DTYPE = re.compile(r"b?float\d+|complex\d+|u?int\d+")

Function = Callable[[Any], Any]

TRANSPOSED = "transposed filter"


class Automatic(Adapter):
    """A back end with automatic differentiation.

    A subclass gives ``conv(problem, x, w)`` and ``conv_transpose(problem, y, w)``, either with ``bias=None`` behind
    them where the framework adds a bias itself, and ``vjp(function, at, upstream)``, the gradient of a function of one
    array at ``at`` along ``upstream``. Each gradient is then the ``vjp`` of one of the two at zeros, as a convolution
    is linear in either operand. One without a transposed convolution leaves it out, and is not asked it. With
    ``bias_after`` the bias is added behind either, as layers do in frameworks whose convolutions have none.
    ``transposed_filters`` is the layout of the filter of ``conv_transpose`` where it is another than ``filters``.

    ``conv_script`` and ``transposed_script`` are the calls as a person writes them, with the fields ``x``, ``problem``,
    ``bias`` (``, bias``) and ``arguments``, which are what ``conv_arguments`` or ``transposed_arguments`` gives, as
    keywords behind others: without those that change nothing, but for the names in ``always_stated``. ``vjp_script`` is
    a gradient, with ``variable``, ``call`` and ``zeros``, and ``zeros_script`` an array of zeros, with ``shape``.
    """

    bias_after: ClassVar[bool] = False
    transposed_filters: str = ""
    always_stated: ClassVar[tuple[str, ...]] = ()
    conv_script: ClassVar[str] = ""
    transposed_script: ClassVar[str] = ""
    vjp_script: str = ""
    zeros_script: ClassVar[str] = ""

    def conv(self, problem: Problem, x: Any, w: Any) -> Any:
        """Return the convolution, in the layout of the adapter."""
        raise NotImplementedError("conv")

    def conv_transpose(self, problem: Problem, y: Any, w: Any) -> Any:
        """Return the transposed convolution, in the layout of the adapter."""
        raise NotImplementedError("conv_transpose")

    def conv_arguments(self, problem: Problem) -> Mapping[str, Any]:
        """Return the keyword arguments of the convolution, which its text has, too."""
        return {}

    def transposed_arguments(self, problem: Problem) -> Mapping[str, Any]:
        """Return those of the transposed convolution."""
        return {}

    def vjp(self, function: Function, at: Any, upstream: Any) -> Any:
        """Return the gradient of ``function`` at ``at``, along ``upstream``."""
        raise NotImplementedError("vjp")

    def zeros(self, shape: Size, like: Any) -> Any:
        """Return the framework's array of zeros of a shape in its own layout, with the dtype of ``like``."""
        name = _DTYPE.search(str(like.dtype))
        if name is None:
            raise NotImplementedError(f"zeros(shape, like) for the dtype {like.dtype}")
        return self.to_native(np.zeros(shape, dtype_named(name.group())))

    @classmethod
    @cache
    def routes(cls) -> tuple[Route, ...]:
        """Return the routes of what the subclass gives: none by a transposed convolution that is not there."""
        return tuple(cls._as_given(each) for each in super().routes() if cls._gives(each))

    @classmethod
    def _gives(cls, declared: Route) -> bool:
        """Whether the subclass has what a route computes with; any route of its own has."""
        if not hasattr(Automatic, declared.method):
            return True
        name = _given_for(declared)
        return cls._has(name) and (declared.operation != "conv_bias_grad" or cls._takes_bias(name))

    @classmethod
    def _has(cls, name: str) -> bool:
        """Whether there is ``conv`` or ``conv_transpose``."""
        return getattr(cls, name) is not getattr(Automatic, name)

    @classmethod
    def _as_given(cls, declared: Route) -> Route:
        """Return a route, without a bias where what it calls takes none."""
        if not declared.takes_bias or not hasattr(Automatic, declared.method) or cls._takes_bias(_given_for(declared)):
            return declared
        return replace(declared, takes_bias=False, domain=declared.domain & WITHOUT_BIAS)

    @classmethod
    def _takes_bias(cls, name: str) -> bool:
        return cls.bias_after or "bias" in inspect.signature(getattr(cls, name)).parameters

    @route("conv", "conv", script="{conv}")
    def automatic_conv(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        return self._called(self.conv, problem, x, w, bias)

    @route("conv_transpose", "conv_transpose", script="{transposed}", offers=(OUTPUTS,))
    def automatic_transposed(self, problem: Problem, y: Any, w: Any, bias: Any = None) -> Any:
        return self._called(self.conv_transpose, problem, y, w, bias)

    @route("conv_input_grad", "vjp", script="{x_gradient}")
    def automatic_input(self, problem: Problem, dy: Any, w: Any) -> Any:
        return self.vjp(lambda x: self.conv(problem, x, w), self._zeros_of(problem, "input", dy), dy)

    @route("conv_filter_grad", "vjp", script="{w_gradient}")
    def automatic_filter(self, problem: Problem, x: Any, dy: Any) -> Any:
        return self.vjp(lambda w: self.conv(problem, x, w), self._zeros_of(problem, "filter", dy), dy)

    @route("conv_bias_grad", "vjp", script="{bias_gradient}")
    def automatic_bias(self, problem: Problem, dy: Any) -> Any:
        x, w = self._zeros_of(problem, "input", dy), self._zeros_of(problem, "filter", dy)
        return self.vjp(
            lambda bias: self._called(self.conv, problem, x, w, bias), self.zeros(problem.bias_shape, dy), dy
        )

    @route("conv_transpose_input_grad", "vjp", script="{y_gradient}")
    def automatic_transposed_input(self, problem: Problem, dy: Any, w: Any) -> Any:
        return self.vjp(lambda y: self.conv_transpose(problem, y, w), self._zeros_of(problem, "output", dy), dy)

    @route("conv_transpose_filter_grad", "vjp", script="{transposed_w_gradient}")
    def automatic_transposed_filter(self, problem: Problem, y: Any, dy: Any) -> Any:
        return self.vjp(lambda w: self.conv_transpose(problem, y, w), self._zeros_of(problem, TRANSPOSED, dy), dy)

    def _called(self, function: Callable[..., Any], problem: Problem, first: Any, w: Any, bias: Any) -> Any:
        if bias is None or self.bias_after:
            return self.with_bias(function(problem, first, w), bias)
        return function(problem, first, w, bias)

    def with_bias(self, result: Any, bias: Any) -> Any:
        """Return ``result`` with a bias added behind it, if there is one."""
        if bias is None:
            return result
        return result + (bias if self.activations.endswith("C") else bias.reshape(-1, *(1,) * (result.ndim - 2)))

    def _zeros_of(self, problem: Problem, array: str, like: Any) -> Any:
        return self.zeros(self._shape_of(problem, array), like)

    def _shape_of(self, problem: Problem, array: str) -> Size:
        """Return the shape of ``input``, ``filter`` or ``output`` in the layout of the adapter."""
        if array == TRANSPOSED:
            return shape_in(problem.filter_shape, self.transposed_filters or self.filters, problem.groups)
        layout = self.filters if array == "filter" else self.activations
        return shape_in(getattr(problem, f"{array}_shape"), layout, problem.groups)

    def layout(self, route: Route, role: str) -> str:
        """Return the order of axes of an operand; a transposed convolution may have one of its own for the filter."""
        if role == "filter" and route.operation.startswith("conv_transpose") and not route.filters:
            return self.transposed_filters or self.filters
        return super().layout(route, role)

    def script_fields(self, problem: Problem, names: Mapping[str, str], bias: str) -> Mapping[str, str]:
        """Return the two calls, and the gradients of each; empty where the adapter has no text for them."""
        conv, transposed = (self._text_or_nothing(call, problem, bias) for call in ("conv", "transposed"))
        return {
            "conv": conv,
            "transposed": transposed,
            "x_gradient": self._gradient_text(problem, "x", conv, "input"),
            "w_gradient": self._gradient_text(problem, "w", conv, "filter"),
            "y_gradient": self._gradient_text(problem, "x", transposed, "output"),
            "transposed_w_gradient": self._gradient_text(problem, "w", transposed, TRANSPOSED),
            "bias_gradient": self._bias_gradient_text(problem),
        }

    def conv_text(self, problem: Problem) -> str:
        """Return ``conv_script``, or another text where the call is written in more than one way."""
        return self.conv_script

    def transposed_text(self, problem: Problem) -> str:
        """Return ``transposed_script``, or another text."""
        return self.transposed_script

    def _call_text(self, call: str, problem: Problem, bias: str) -> str:
        """Return ``conv`` or ``transposed`` as a person writes it; raises Refusal where it is not offered."""
        text: str = getattr(self, f"{call}_text")(problem)
        arguments = text and options(*self.always_stated, **getattr(self, f"{call}_arguments")(problem))
        stated = text.format(x="x", problem=problem, bias=bias, arguments=arguments)
        return stated + self.bias_text(problem, bias) if self.bias_after else stated

    def _text_or_nothing(self, call: str, problem: Problem, bias: str) -> str:
        try:
            return self._call_text(call, problem, bias)
        except Refusal:
            return ""

    def bias_text(self, problem: Problem, bias: str) -> str:
        """Return how a script adds the bias behind a call."""
        last = self.activations.endswith("C")
        return bias and " + bias" + ("" if last else f".reshape(-1{', 1' * problem.rank})")

    def _gradient_text(self, problem: Problem, variable: str, call: str, array: str) -> str:
        zeros = self.zeros_script.format(shape=self._shape_of(problem, array))
        return self.vjp_script.format(variable=variable, call=call, zeros=zeros) if call else ""

    def _bias_gradient_text(self, problem: Problem) -> str:
        """Return the gradient of the bias in a convolution of zeros."""
        call = self._text_or_nothing("conv", problem, ", bias")
        if not (call and self.zeros_script):
            return ""
        x, w = (self.zeros_script.format(shape=self._shape_of(problem, array)) for array in ("input", "filter"))
        zeros = self.zeros_script.format(shape=problem.bias_shape)
        return f"x = {x}\nw = {w}\n{self.vjp_script.format(variable='bias', call=call, zeros=zeros)}"


def _given_for(declared: Route) -> str:
    """Return the name of what a subclass gives that a route computes with."""
    return "conv_transpose" if declared.operation.startswith("conv_transpose") else "conv"
