"""Calling a function: what it can be asked, and the arguments of one call."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from convformance.checking import forms
from convformance.checking.arrays import NUMPY, Kind
from convformance.checking.layouts import Layouts
from convformance.checking.signature import OPERANDS, SIZES, Parameter, Signature, operands_of
from convformance.reference.arrays import Array
from convformance.reference.geometry import Size, transposed_sizes
from convformance.reference.operation import BY_NAME
from convformance.reference.problem import Problem

Arrays = Mapping[str, Array]

_GEOMETRY = ("stride", "padding", "dilation", "groups")


def shapes_by_role(operation: str, problem: Problem) -> dict[str, Size]:
    """Return the canonical shapes of x, w and dy in the family that ``operation`` belongs to."""
    x, dy = problem.input_shape, problem.output_shape
    if BY_NAME[operation].transposed:
        x, dy = dy, x
    return {"x": x, "w": problem.filter_shape, "dy": dy}


def layout_role(operand: str) -> str:
    """Return what an operand is to the layouts: ``filter``, ``bias`` or ``activation``."""
    return {"w": "filter", "bias": "bias"}.get(operand, "activation")


@dataclass(frozen=True)
class Argument:
    """One argument of a call; ``text`` is how the call is written with it, empty where its default says the same."""

    parameter: Parameter
    value: Any
    text: str


@dataclass(frozen=True)
class Call:
    """One call of a function."""

    function: Callable[..., Any]
    name: str
    arguments: tuple[Argument, ...]

    def result(self) -> Any:
        """Call the function."""
        positional = [each.value for each in self.arguments if each.parameter.positional]
        named = {each.parameter.name: each.value for each in self.arguments if not each.parameter.positional}
        return self.function(*positional, **named)

    @property
    def text(self) -> str:
        """The call as it would be written, arrays by their names, without geometry that stands at its default."""
        return f"{self.name}({', '.join(each.text for each in self.arguments if each.text)})"


@dataclass(frozen=True)
class Capabilities:
    """A function with what is known of its parameters and its layouts: which problems it can be asked, and how.

    ``stated`` is what the user said, by role or by parameter name, in the user's own words; ``required_geometry`` what
    every problem has in consequence, by the problem's own names. ``arrays`` are of the kind that it is given.
    """

    function: Callable[..., Any]
    signature: Signature
    layouts: Layouts
    operations: tuple[str, ...]
    stated: Mapping[str, Any]
    required_geometry: Mapping[str, Any]
    arrays: Kind = field(default=NUMPY, kw_only=True)

    @property
    def operands(self) -> tuple[str, ...]:
        """The arrays the function is given: those its operations need in their order, then others it has names for."""
        others = (role for role in ("x", "w", "dy") if self.signature.has(role))
        return tuple(dict.fromkeys((*operands_of(self.operations), *others)))

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
        for name, value in self.required_geometry.items():
            actual = problem.symbol or problem.padding if name == "padding" else getattr(problem, name)
            yield f"{name} is {value!r}" if actual != value else None
        if "I" not in self.layouts.filters and problem.in_channels != problem.groups:
            yield "one input channel in a group"
        # A negative padding crops, which functions that take numbers hardly ever mean by it.
        if "padding" not in self.required_geometry and min(map(min, problem.padding)) < 0:
            yield "negative padding"
        yield from (self._cannot_write(role, operation, problem) for role in _GEOMETRY)
        parameter = self.signature.of("output_padding")
        if parameter is not None and self._value(parameter, operation, problem) is None:
            yield f"output padding {problem.output_padding} cannot be given as {parameter.name}"
        yield self._size_unknown(operation, problem)

    def _cannot_write(self, role: str, operation: str, problem: Problem) -> str | None:
        """Return why the problem's value of a geometry parameter cannot be given."""
        if self._only_bias or role in self.stated:
            return None
        parameter = self.signature.of(role)
        if parameter is None or parameter.form == forms.UNREAD:
            default = {"groups": 1, "padding": ((0, 0),) * problem.rank}.get(role, (1,) * problem.rank)
            return None if getattr(problem, role) == default else f"no parameter for {role}"
        if self._value(parameter, operation, problem) is None:
            return f"{role} cannot be given as {parameter.name}"
        return None

    @property
    def _only_bias(self) -> bool:
        """Whether the gradient of the bias is all that is asked, to which geometry does not matter."""
        return all(BY_NAME[operation].result == "bias" for operation in self.operations)

    def _size_unknown(self, operation: str, problem: Problem) -> str | None:
        """Return why the size of the result cannot be known to the function."""
        result = BY_NAME[operation].result
        if result == "input" and not self.knows_large_size and not _is_smallest_size(problem):
            return "not the smallest size"
        if result == "filter" and not self.knows_kernel_size:
            # From the sizes of x and dy alone a kernel follows only where nothing is rounded down on the way.
            symbolic = problem.symbol in ("same_upper", "same_lower")
            return "the kernel's size is open" if symbolic or max(*problem.stride, *problem.dilation) > 1 else None
        return None

    @property
    def knows_large_size(self) -> bool:
        """Whether the function learns the size that stride leaves open: from an array, a size, or an output padding."""
        transposed = BY_NAME[self.operations[0]].transposed
        roles = ("output_shape", "output_size", "dy") if transposed else ("input_shape", "input_size", "x")
        return self.signature.has(*roles, *self._result_sizes, "output_padding") or "input_size" in self.stated

    @property
    def knows_kernel_size(self) -> bool:
        """Whether the function learns the kernel's size."""
        known = self.signature.has("kernel_shape", "kernel_size", "w", *self._result_sizes)
        return known or "kernel_size" in self.stated

    @property
    def _result_sizes(self) -> tuple[str, ...]:
        """The roles that are a size of the result. Of several results they are taken for that of the layer's output."""
        return () if len(self.operations) > 1 else ("output_shape", "output_size")

    def call(self, operation: str, problem: Problem, arrays: Arrays) -> Call:
        """Return the call with ``arrays`` by operand name, in the function's layout."""
        arguments = tuple(self._arguments(operation, problem, arrays))
        return Call(self.function, self.signature.name, arguments)

    def _arguments(self, operation: str, problem: Problem, arrays: Arrays) -> Iterator[Argument]:
        for parameter in self.signature.parameters:
            role = parameter.role
            if parameter.name in self.stated or role in self.stated:
                value = self._stated_value(parameter, operation, problem)
                yield Argument(parameter, value, parameter.name if role in arrays else _written(parameter, value))
            elif role in OPERANDS:
                if role in arrays:
                    yield Argument(parameter, arrays[role], parameter.name)
            elif role is not None and parameter.form != forms.UNREAD:
                value = self._value(parameter, operation, problem)
                if value is not None:
                    yield Argument(parameter, value, _written(parameter, value))

    def _stated_value(self, parameter: Parameter, operation: str, problem: Problem) -> Any:
        """Return what the user fixed a parameter at: in the form that its default shows, or as it was stated."""
        shown = parameter.role in self.required_geometry and parameter.form in (forms.NUMBER, forms.TUPLE, forms.PAIRS)
        value = self._value(parameter, operation, problem) if shown else None
        stated = self.stated.get(parameter.name, self.stated.get(parameter.role or ""))
        return stated if value is None else value

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
        """Return a size or a shape: ``input`` is x, ``kernel`` w, ``output`` what the function returns.

        A function that returns several gradients gets the layer's output by that name, as there is no one result.
        """
        array, _, extent = str(parameter.role).partition("_")
        operand = {"input": "x", "kernel": "w", "output": "dy"}[array]
        shape = shapes_by_role(operation, problem)[operand]
        if array == "output" and len(self.operations) == 1 and not self._only_bias:
            shape = problem.result_shape(operation)
            operand = "w" if BY_NAME[operation].result == "filter" else "dy"
        if extent == "shape":
            return self.layouts.own_shape(shape, layout_role(operand))
        size = shape[2:]
        return size[0] if len(size) == 1 and parameter.form in (forms.OPEN, forms.NUMBER) else size

    def lacks(self) -> Iterator[str]:
        """Yield what the function is not asked, and why, in the user's terms."""
        if self._only_bias:
            return
        roles = [role for role in _GEOMETRY if role not in self.stated]
        absent = [role for role in roles if not self.signature.has(role)]
        if absent:
            yield f"{', '.join(absent)} (no parameter for {'it' if len(absent) == 1 else 'them'})"
        parameters = [parameter for role in roles if (parameter := self.signature.of(role))]
        yield from filter(None, map(self._lacking_form, parameters))
        results = {BY_NAME[operation].result for operation in self.operations}
        if "input" in results and not self.knows_large_size:
            yield "results above the smallest legal size (no parameter tells a size)"
        if "filter" in results and not self.knows_kernel_size:
            yield "filter gradients with stride or dilation (no parameter tells the kernel's size)"
        yield from self._lacking_letters()

    def _lacking_form(self, parameter: Parameter) -> str:
        """Return what the form of a geometry parameter leaves out, if anything."""
        if parameter.form == forms.UNREAD:
            return f"{parameter.role} other than {parameter.default!r} (the form of {parameter.name} is not known)"
        if parameter.form == forms.SYMBOL:
            return f"{parameter.role} in numbers ({parameter.name} is a name)"
        if parameter.form == forms.NUMBER and self.layouts.rank > 1 and parameter.role != "groups":
            return f"{parameter.role} that differs by axis ({parameter.name} is a number)"
        return ""

    def _lacking_letters(self) -> Iterator[str]:
        names = {"N": "batches", "C": "channels"}
        lacking = [name for letter, name in names.items() if letter not in self.layouts.activations]
        if lacking:
            yield f"{', '.join(lacking)} (not in the layout)"


def _is_smallest_size(problem: Problem) -> bool:
    """Whether the large side is the smallest that belongs to the small one."""
    padding = problem.symbol or problem.padding
    ranges = transposed_sizes(problem.output_size, problem.kernel_size, problem.stride, padding, problem.dilation)
    return problem.input_size == tuple(sizes.start if sizes else -1 for sizes in ranges)


def _written(parameter: Parameter, value: Any) -> str:
    """Return an argument as it is written, or nothing where the default says the same."""
    default = parameter.default
    same = not parameter.required and type(value) is type(default) and bool(value == default)
    return "" if same else f"{parameter.name}={value!r}"


@dataclass(frozen=True)
class OpenCapabilities(Capabilities):
    """A function called as the user says, to which all geometry is open; ``order`` names what ``written`` is given."""

    written: Callable[..., Any]
    order: tuple[str, ...]

    @property
    def knows_large_size(self) -> bool:
        return True

    @property
    def knows_kernel_size(self) -> bool:
        return True

    def _cannot_write(self, role: str, operation: str, problem: Problem) -> str | None:
        return None

    def call(self, operation: str, problem: Problem, arrays: Arrays) -> Call:
        offered = {"fn": self.function, "problem": problem, **arrays}
        arguments = (
            Argument(Parameter(name, None), offered.get(name), name if name in offered else "") for name in self.order
        )
        return Call(self.written, "call", tuple(arguments))

    def lacks(self) -> Iterator[str]:
        yield from self._lacking_letters()


def infer_forms(capabilities: Capabilities, works: Callable[[Capabilities], bool]) -> Capabilities:
    """Return ``capabilities`` with the forms that no default shows, by trial: is a number taken, or a tuple?

    ``works(capabilities)`` tries a problem whose axes all agree. Where both are taken the form stays open.
    """
    roles = [str(each.role) for each in capabilities.signature.parameters if _is_open(each, capabilities)]
    if not roles or capabilities.layouts.rank == 1:
        return capabilities
    # All parameters together first: one in a form that is not taken would hide what the others take. Then each alone.
    for form, other in ((forms.NUMBER, forms.TUPLE), (forms.TUPLE, forms.NUMBER)):
        common = dict.fromkeys(roles, form)
        if works(_with_forms(capabilities, common)):
            refused = [role for role in roles if not works(_with_forms(capabilities, {**common, role: other}))]
            return _with_forms(capabilities, dict.fromkeys(refused, form))
    return capabilities


def _is_open(parameter: Parameter, capabilities: Capabilities) -> bool:
    per_axis = parameter.role in ("stride", "padding", "dilation", "output_padding")
    return per_axis and parameter.form == forms.OPEN and parameter.role not in capabilities.stated


def _with_forms(capabilities: Capabilities, by_role: Mapping[str, str]) -> Capabilities:
    return replace(capabilities, signature=capabilities.signature.with_forms(by_role))
