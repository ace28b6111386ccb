"""Calling a function: which problems it can take, and the arguments of one call."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from convformance.checking import forms
from convformance.checking.layouts import Layouts
from convformance.checking.signature import EMPTY, OPERANDS, SIZES, Parameter, Signature
from convformance.reference.arrays import Array
from convformance.reference.geometry import Size, transposed_sizes
from convformance.reference.operation import OPERAND_NAMES
from convformance.reference.problem import Problem

Arrays = Mapping[str, Array]

_LARGE_FIRST = ("conv", "conv_input_grad", "conv_filter_grad", "conv_bias_grad")


def arrays_of(operation: str, problem: Problem) -> dict[str, Size]:
    """Return the canonical shapes of x, w and dy in the family that ``operation`` belongs to."""
    x, dy = ("input_shape", "output_shape") if operation in _LARGE_FIRST else ("output_shape", "input_shape")
    return {"x": getattr(problem, x), "w": problem.filter_shape, "dy": getattr(problem, dy)}


def kind_of(operand: str) -> str:
    """Return the layout's role of an operand: ``filter``, ``bias`` or ``activation``."""
    return {"w": "filter", "bias": "bias"}.get(operand, "activation")


@dataclass(frozen=True)
class Caller:
    """A function with what is known of its parameters and its layouts.

    ``stated`` is what the user stated, by role or by parameter name, in the user's own words; ``required_geometry`` what every problem has in
    consequence, by the problem's own names.
    """

    function: Callable[..., Any]
    signature: Signature
    layouts: Layouts
    operations: tuple[str, ...]
    stated: Mapping[str, Any]
    required_geometry: Mapping[str, Any]

    @property
    def operands(self) -> tuple[str, ...]:
        """The arrays the function is given, in the operation's order, without those its operations do not need."""
        needed = dict.fromkeys(name for operation in self.operations for name in OPERAND_NAMES[operation])
        extra = (role for role in ("x", "w", "dy") if self.signature.has(role))
        return tuple(dict.fromkeys((*needed, *extra)))

    @property
    def bias(self) -> str:
        """Whether the function takes a bias: ``never``, ``always`` or ``either``."""
        parameter = self.signature.of("bias")
        if parameter is None or "bias" in self.stated:
            return "never"
        return "always" if parameter.required else "either"

    def refuses(self, operation: str, problem: Problem) -> str | None:
        """Return why the function cannot be asked for this problem, or None."""
        return next(filter(None, self._reasons(operation, problem)), None)

    def _reasons(self, operation: str, problem: Problem) -> Iterator[str | None]:
        stated = {name: getattr(problem, name) for name in self.required_geometry} | {
            "padding": problem.symbol or problem.padding
        }
        yield from (f"{name} is {value!r}" for name, value in self.required_geometry.items() if stated[name] != value)
        if "I" not in self.layouts.filters and problem.in_channels != problem.groups:
            yield "one input channel in a group"
        if "padding" not in self.required_geometry and min(side for pair in problem.padding for side in pair) < 0:
            yield "negative padding"
        yield from (self._unable(role, operation, problem) for role in ("stride", "dilation", "groups", "padding"))
        told = self.signature.of("output_padding")
        if told is not None and self._value(told, operation, problem) is None:
            yield f"output padding {problem.output_padding} cannot be given as {told.name}"
        yield self._size_unknown(operation, problem)

    def _unable(self, role: str, operation: str, problem: Problem) -> str | None:
        """Return why the problem's value of a geometry parameter cannot be given."""
        if self.operations == ("conv_bias_grad",) or role in self.stated:
            return None
        parameter = self.signature.of(role)
        if parameter is None or parameter.form == forms.UNREAD:
            usual = {"groups": 1, "padding": ((0, 0),) * problem.rank}.get(role, (1,) * problem.rank)
            return None if getattr(problem, role) == usual else f"no parameter for {role}"
        if self._value(parameter, operation, problem) is None:
            return f"{role} cannot be given as {parameter.name}"
        return None

    def _size_unknown(self, operation: str, problem: Problem) -> str | None:
        """Return why the size of the result cannot be known to the function."""
        if operation in ("conv_input_grad", "conv_transpose") and not self.knows_large_size:
            padding = problem.symbol or problem.padding
            ranges = transposed_sizes(
                problem.output_size, problem.kernel_size, problem.stride, padding, problem.dilation
            )
            if problem.input_size != tuple(sizes.start if sizes else -1 for sizes in ranges):
                return "not the smallest size"
        if operation in ("conv_filter_grad", "conv_transpose_filter_grad") and not self.knows_kernel_size:
            same = problem.symbol in ("same_upper", "same_lower")
            if same or max(problem.stride) > 1 or max(problem.dilation) > 1:
                return "the kernel's size is open"
        return None

    @property
    def knows_large_size(self) -> bool:
        """Whether the function is told the size that stride leaves open."""
        transposed = self.operations[0] not in _LARGE_FIRST
        roles = ("output_shape", "output_size", "dy") if transposed else ("input_shape", "input_size", "x")
        results = () if len(self.operations) > 1 else ("output_shape", "output_size")
        return self.signature.has(*roles, *results, "output_padding") or "input_size" in self.stated

    @property
    def knows_kernel_size(self) -> bool:
        """Whether the function is told the kernel's size."""
        results = () if len(self.operations) > 1 else ("output_shape", "output_size")
        return self.signature.has("kernel_shape", "kernel_size", "w", *results) or "kernel_size" in self.stated

    def call(self, operation: str, problem: Problem, given: Arrays) -> Any:
        """Call the function with ``given`` by operand name, in its own layout; without a bias its default is left."""
        positional, named = [], {}
        for parameter, value in self._arguments(operation, problem, given):
            if parameter.positional:
                positional.append(value)
            else:
                named[parameter.name] = value
        return self.function(*positional, **named)

    def _arguments(self, operation: str, problem: Problem, given: Arrays) -> Iterator[tuple[Parameter, Any]]:
        for parameter in self.signature.parameters:
            if parameter.name in self.stated or parameter.role in self.stated:
                yield parameter, self._fixed(parameter, operation, problem)
            elif parameter.role in OPERANDS:
                if parameter.role in given:
                    yield parameter, given[parameter.role]
            elif parameter.role is not None and parameter.form != forms.UNREAD:
                value = self._value(parameter, operation, problem)
                if value is not None:
                    yield parameter, value

    def _fixed(self, parameter: Parameter, operation: str, problem: Problem) -> Any:
        """Return what the user fixed a parameter at: in the form that its default shows, or as it was stated."""
        stated = self.stated.get(parameter.name, self.stated.get(parameter.role or ""))
        shown = parameter.role in self.required_geometry and parameter.form in (forms.NUMBER, forms.TUPLE, forms.PAIRS)
        written = self._value(parameter, operation, problem) if shown else None
        return stated if written is None else written

    def words(self, operation: str, problem: Problem, given: Arrays) -> str:
        """Return the call as it would be written, without geometry that stands at its default."""
        parts = []
        for parameter, value in self._arguments(operation, problem, given):
            if parameter.role in given:
                parts.append(parameter.name)
            elif parameter.required or not _same(value, parameter.default):
                parts.append(f"{parameter.name}={value!r}")
        return f"{self.signature.name}({', '.join(parts)})"

    def _value(self, parameter: Parameter, operation: str, problem: Problem) -> Any:
        """Return what a geometry parameter is given, in its form; None where that cannot be written."""
        if parameter.role in SIZES:
            return self._size(parameter, operation, problem)
        if parameter.role == "padding":
            return forms.padding(parameter.form, problem, parameter.default)
        if parameter.role == "groups":
            return problem.groups
        return forms.per_axis(parameter.form, getattr(problem, str(parameter.role)))

    def _size(self, parameter: Parameter, operation: str, problem: Problem) -> Any:
        """Return a size or a shape: ``input`` is x, ``kernel`` w, ``output`` what comes out; of several results that of the map."""
        array, _, what = str(parameter.role).partition("_")
        shapes = arrays_of(operation, problem)
        role = {"input": "x", "kernel": "w", "output": "dy"}[array]
        shape = shapes[role]
        if array == "output" and len(self.operations) == 1 and operation != "conv_bias_grad":
            shape = problem.result_shape(operation)
            role = "w" if operation.endswith("filter_grad") else "dy"
        if what == "shape":
            return self.layouts.own_shape(shape, kind_of(role))
        sizes = shape[2:]
        return sizes[0] if len(sizes) == 1 and parameter.form in (forms.OPEN, forms.NUMBER) else sizes

    def lacks(self) -> Iterator[str]:
        """Yield what the function is not asked, and why, in the user's terms."""
        if self.operations == ("conv_bias_grad",):
            return
        roles = [role for role in ("stride", "padding", "dilation", "groups") if role not in self.stated]
        absent = [role for role in roles if not self.signature.has(role)]
        if absent:
            yield f"{', '.join(absent)} (no parameter for {'it' if len(absent) == 1 else 'them'})"
        yield from (
            self._lacking_forms(parameter)
            for role in roles
            if (parameter := self.signature.of(role)) and self._narrows(parameter)
        )
        yield from self._lacking_sizes()

    def _narrows(self, parameter: Parameter) -> bool:
        """Whether the form of a geometry parameter leaves anything out."""
        number = parameter.form == forms.NUMBER and self.layouts.rank > 1 and parameter.role != "groups"
        return number or parameter.form in (forms.UNREAD, forms.SYMBOL)

    @staticmethod
    def _lacking_forms(parameter: Parameter) -> str:
        told = {
            forms.NUMBER: f"{parameter.role} that differs by axis ({parameter.name} is a number)",
            forms.SYMBOL: f"{parameter.role} in numbers ({parameter.name} is a name)",
        }
        return told.get(
            parameter.form,
            f"{parameter.role} other than {parameter.default!r} (the form of {parameter.name} is not known)",
        )

    def _lacking_sizes(self) -> Iterator[str]:
        if {"conv_input_grad", "conv_transpose"} & set(self.operations) and not self.knows_large_size:
            yield "results above the smallest legal size (no parameter tells a size)"
        if any(operation.endswith("filter_grad") for operation in self.operations) and not self.knows_kernel_size:
            yield "filter gradients with stride or dilation (no parameter tells the kernel's size)"
        yield from self._letters_lacking()

    def _letters_lacking(self) -> Iterator[str]:
        letters = {"N": "batches", "C": "channels"}
        lacking = [what for letter, what in letters.items() if letter not in self.layouts.activations]
        if lacking:
            yield f"{', '.join(lacking)} (not in the layout)"


def _same(value: Any, default: Any) -> bool:
    return default is not EMPTY and type(value) is type(default) and bool(value == default)


@dataclass(frozen=True)
class OpenCaller(Caller):
    """A function called as the user says; ``order`` names what each parameter of ``written``, the user's ``call``, is given."""

    written: Callable[..., Any]
    order: tuple[str, ...]

    @property
    def knows_large_size(self) -> bool:
        return True

    @property
    def knows_kernel_size(self) -> bool:
        return True

    def _unable(self, role: str, operation: str, problem: Problem) -> str | None:
        return None

    def call(self, operation: str, problem: Problem, given: Arrays) -> Any:
        offered = {"fn": self.function, "problem": problem, **given}
        return self.written(*(offered.get(name) for name in self.order))

    def words(self, operation: str, problem: Problem, given: Arrays) -> str:
        return f"call({', '.join(name for name in self.order if name in given or name in ('fn', 'problem'))})"

    def lacks(self) -> Iterator[str]:
        yield from self._letters_lacking()


def infer_forms(caller: Caller, works: Callable[[Caller], bool]) -> Caller:
    """Return ``caller`` with the forms told that no default shows: by trial whether a number or a tuple is taken.

    ``works(caller)`` tries a problem whose axes all agree. Where both are taken the form stays open.
    """
    roles = [str(parameter.role) for parameter in caller.signature.parameters if _is_open(parameter, caller)]
    if not roles or caller.layouts.rank == 1:
        return caller
    for plain, other in ((forms.NUMBER, forms.TUPLE), (forms.TUPLE, forms.NUMBER)):
        base = dict.fromkeys(roles, plain)
        if works(_with_forms(caller, base)):
            refused = [role for role in roles if not works(_with_forms(caller, {**base, role: other}))]
            return _with_forms(caller, dict.fromkeys(refused, plain))
    return caller


def _is_open(parameter: Parameter, caller: Caller) -> bool:
    wanted = ("stride", "padding", "dilation", "output_padding")
    return parameter.role in wanted and parameter.form == forms.OPEN and parameter.role not in caller.stated


def _with_forms(caller: Caller, settled: Mapping[str, str]) -> Caller:
    return replace(caller, signature=caller.signature.with_forms(settled))
