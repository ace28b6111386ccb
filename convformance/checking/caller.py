"""Calling a function: what it can be asked, and the arguments of one call."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from convformance.checking import values
from convformance.checking.arrays import NUMPY, Kind
from convformance.checking.borders import border_parameter
from convformance.checking.calls import Argument, Call, holder_argument
from convformance.checking.forms import CAPITALS, NUMBER, SIDES, SYMBOL, bias_shape, is_shape
from convformance.checking.layouts import Layouts
from convformance.checking.names import OUTPUTS, Meaning
from convformance.checking.signature import ARRAYS, EMPTY, SIZES, Parameter, Signature, operands_of, output_of
from convformance.checking.values import layout_role, shapes_by_role
from convformance.reference.arrays import Array
from convformance.reference.geometry import transposed_sizes
from convformance.reference.operation import BY_NAME
from convformance.reference.problem import Problem

__all__ = ["Argument", "Call", "Capabilities", "OpenCapabilities", "layout_role", "shapes_by_role"]

Arrays = Mapping[str, Array]

_GEOMETRY = ("stride", "padding", "dilation", "groups")


@dataclass(frozen=True)
class Capabilities:
    """A function with what is known of its parameters and its layouts: which problems it can be asked, and how.

    ``stated`` is what the user said, by role or by parameter name, in the user's own words; ``required_geometry`` what
    every problem has in consequence, by the problem's own names, ``required_parts`` of single axes and sides.
    ``arrays`` are of the kind that it is given.
    """

    function: Callable[..., Any]
    signature: Signature
    layouts: Layouts
    operations: tuple[str, ...]
    stated: Mapping[str, Any]
    required_geometry: Mapping[str, Any]
    required_parts: Mapping[Meaning, int] = field(default_factory=dict)
    zeroed: bool = False  # the arrays that it writes into must hold zeros
    writes: bool = False  # it has written into one of them before
    square: str = ""  # the name that the source has for all sides of a kernel
    arrays: Kind = field(default=NUMPY, kw_only=True)

    @property
    def operands(self) -> tuple[str, ...]:
        """The arrays the function is given: those its operations need in their order, then others it has names for."""
        others = (role for role in ("x", "w", "dy", "y") if self.signature.has(role))
        return tuple(dict.fromkeys((*operands_of(self.operations), *others)))

    @property
    def bias(self) -> str:
        """Whether the function takes a bias: ``never``, ``always`` or ``either``."""
        parameter = self.signature.of("bias")
        if parameter is None or "bias" in self.stated:
            return "never"
        return "always" if parameter.required else "either"

    @property
    def outputs(self) -> dict[str, str]:
        """The arrays that the function writes its results into, by role, and the operation of each."""
        return {output_of(each): each for each in self.operations if self.signature.has(output_of(each))}

    def refuses(self, operation: str, problem: Problem) -> str | None:
        """Return why the function cannot be asked for this problem, or None."""
        return next(filter(None, self._reasons(operation, problem)), None)

    def _reasons(self, operation: str, problem: Problem) -> Iterator[str | None]:
        for name, value in self.required_geometry.items():
            actual = problem.symbol or problem.padding if name == "padding" else getattr(problem, name)
            yield f"{name} is {value!r}" if actual != value else None
        yield self.layouts.refuses(problem)
        for name, value in values.with_parts(self.required_parts, problem, self.layouts.spatial).items():
            yield f"{name} is {value!r}" if getattr(problem, name) != value else None
        if self.square and len(set(problem.kernel_size)) > 1:
            yield "a kernel of unequal sides"
        # A negative padding crops, which functions that take numbers hardly ever mean by it.
        if "padding" not in self.required_geometry and min(map(min, problem.padding)) < 0:
            yield "negative padding"
        yield from (self._cannot_write(role, operation, problem) for role in _GEOMETRY)
        for role in ("output_padding", *SIZES):
            yield self._cannot_write_size(role, operation, problem)
        yield self._size_unknown(operation, problem)

    def _cannot_write(self, role: str, operation: str, problem: Problem) -> str | None:
        """Return why the problem's value of a geometry parameter cannot be given."""
        if self._only_bias or role in self.stated or (role == "groups" and self.layouts.depthwise):
            return None
        parameter, parts = self.signature.of(role), self.signature.parts(role)
        if parameter is None and parts:
            missing = values.parts_missing(role, parts, operation, problem, self.layouts)
            return f"no parameter for {missing[0]}" if missing else None
        if parameter is None or not parameter.forms:
            default = values.default_of(role, problem.rank)
            return None if getattr(problem, role) == default else f"no parameter for {role}"
        if self._value(parameter, operation, problem) is None:
            return f"{role} cannot be given as {parameter.name}"
        return None

    def _cannot_write_size(self, role: str, operation: str, problem: Problem) -> str | None:
        parameters = [each for each in (self.signature.of(role), *self.signature.parts(role)) if each is not None]
        for parameter in parameters:
            stated = role in self.stated or parameter.name in self.stated or not parameter.forms
            if not stated and self._value(parameter, operation, problem) is None:
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
            return "the kernel's size is open" if symbolic or not _fits_exactly(problem) else None
        return None

    @property
    def knows_large_size(self) -> bool:
        """Whether the function learns the size that stride leaves open: from an array, a size, or an output padding."""
        transposed = BY_NAME[self.operations[0]].transposed
        small = ("input_shape", "input_size", "x", "out_x")
        roles = ("output_shape", "output_size", "dy", "out") if transposed else small
        stated = {"input_size", "output_padding"} & set(self.stated)
        return self.signature.has(*roles, *self._result_sizes, "output_padding") or bool(stated)

    @property
    def knows_kernel_size(self) -> bool:
        """Whether the function learns the kernel's size."""
        known = self.signature.has("kernel_shape", "kernel_size", "w", "out_w", *self._result_sizes)
        return known or "kernel_size" in self.stated

    @property
    def _result_sizes(self) -> tuple[str, ...]:
        """The roles that are a size of the result. Of several results they are taken for that of the layer's output."""
        return () if len(self.operations) > 1 else ("output_shape", "output_size")

    @property
    def _reads_single_channel(self) -> bool:
        """Whether every question has one input channel, although the layout has channels."""
        if self.layouts.shared or self.layouts.depthwise:
            return False
        ungrouped = "I" not in self.layouts.filters and not self.signature.has("groups")
        return self.required_geometry.get("in_channels") == 1 or ungrouped

    def call(self, operation: str, problem: Problem, arrays: Arrays) -> Call:
        """Return the call with ``arrays`` by operand name, in the function's layout."""
        arguments = tuple(self._arguments(operation, problem, arrays))
        return Call(self.function, self.signature.name, arguments)

    def _arguments(self, operation: str, problem: Problem, arrays: Arrays) -> Iterator[Argument]:
        for parameter in self.signature.parameters:
            argument = self._argument(parameter, operation, problem, arrays)
            if argument is not None:
                yield argument

    def _argument(self, parameter: Parameter, operation: str, problem: Problem, arrays: Arrays) -> Argument | None:
        """Return what a parameter is given, None where it stays at its default."""
        role = parameter.role
        if parameter.entries:
            return self._holder(parameter, operation, problem, arrays)
        if parameter.name in self.stated or role in self.stated:
            value = self._stated_value(parameter, operation, problem)
            return Argument(parameter, value, parameter.name if role in arrays else _written(parameter, value))
        if role in (*ARRAYS, *OUTPUTS):
            return Argument(parameter, _shaped(parameter, arrays[role]), parameter.name) if role in arrays else None
        value = self._value(parameter, operation, problem) if role is not None and parameter.forms else None
        return None if value is None else Argument(parameter, value, _written(parameter, value))

    def _holder(self, parameter: Parameter, operation: str, problem: Problem, arrays: Arrays) -> Argument:
        """Return the argument that holds several; where their order counts, None stands for what is not there."""
        entries = [(each, self._argument(each, operation, problem, arrays)) for each in parameter.entries]
        if parameter.holder == "tuple":
            entries = [(each, argument or Argument(each, None, "None")) for each, argument in entries]
        return holder_argument(parameter, [argument for _, argument in entries if argument is not None])

    def _stated_value(self, parameter: Parameter, operation: str, problem: Problem) -> Any:
        """Return what the user fixed a parameter at: in the form that its default shows, or as it was stated."""
        shown = parameter.role in self.required_geometry and parameter.forms and not parameter.untried
        value = self._value(parameter, operation, problem) if shown and parameter.forms[0] != SYMBOL else None
        stated = self.stated.get(parameter.name, self.stated.get(parameter.role or ""))
        return stated if value is None else value

    def _value(self, parameter: Parameter, operation: str, problem: Problem) -> Any:
        """Return what a geometry parameter is given, in its form; None where that cannot be written."""
        if parameter.role in (None, "nothing", *ARRAYS, *OUTPUTS):
            return None
        return values.value(parameter, self.operations, operation, problem, self.layouts)

    def lacks(self) -> Iterator[str]:
        """Yield what the function is not asked, and why, in the user's terms."""
        if self._only_bias:
            return
        roles = [role for role in _GEOMETRY if role not in self.stated]
        if self.layouts.depthwise and not self.signature.has("groups"):
            roles.remove("groups")
        absent = [role for role in roles if not self.signature.has(role)]
        if absent:
            yield f"{', '.join(absent)} (no parameter for {'it' if len(absent) == 1 else 'them'})"
        border = border_parameter(self.signature)
        if border is not None:
            value = self.stated.get(border.name, border.default)
            yield f"{border.name} other than {value!r} (--fixed {border.name}=... asks another)"
        unknown = [each.name for each in self.signature.leaves if self._stays_unknown(each) and each != border]
        if unknown:
            left = "left at its default" if len(unknown) == 1 else "left at their defaults"
            yield f"{', '.join(unknown)} (not known, {left}: --fixed {unknown[0]}=VALUE says another)"
        parameters = [parameter for role in (*roles, *SIZES) if (parameter := self.signature.of(role))]
        yield from filter(None, map(self._lacking_form, parameters))
        yield from self._lacking_axes(roles)
        if self.square:
            yield f"kernels of unequal sides (in the source all sides are {self.square})"
        results = {BY_NAME[operation].result for operation in self.operations}
        if "input" in results and not self.knows_large_size:
            yield "results above the smallest legal size (no parameter tells a size)"
        if "filter" in results and not self.knows_kernel_size:
            yield "filter gradients where sizes leave a remainder (no parameter tells the kernel's size)"
        yield from self._lacking_letters()

    def _stays_unknown(self, parameter: Parameter) -> bool:
        known = parameter.role is not None or parameter.name in self.stated
        return not known and not parameter.required

    def _lacking_form(self, parameter: Parameter) -> str:
        """Return what the form of a geometry parameter leaves out, if anything."""
        if str(parameter.role).endswith("shape"):
            return ""
        if not parameter.forms:
            return f"{parameter.role} other than {parameter.default!r} (the form of {parameter.name} is not known)"
        if set(parameter.forms) <= {SYMBOL, CAPITALS}:
            return f"{parameter.role} in numbers ({parameter.name} is a name)"
        if parameter.forms == (NUMBER,) and self.layouts.rank > 1 and parameter.role != "groups":
            return f"{parameter.role} that differs by axis ({parameter.name} is a number)"
        if set(parameter.forms) <= {NUMBER, SIDES} and self.layouts.rank > 1 and parameter.role != "groups":
            return f"{parameter.role} that differs by axis ({parameter.name} is that of all axes)"
        return ""

    def _lacking_axes(self, roles: Iterable[str]) -> Iterator[str]:
        """Yield the axes and sides that no parameter is of where others are."""
        for role in roles:
            parts = self.signature.parts(role) if self.signature.of(role) is None else ()
            axes = {part.axis for part in parts}
            lacking = [letter for letter in self.layouts.spatial if not axes & {letter, ""}]
            if parts and lacking:
                yield f"{role} of {', '.join(lacking)} (no parameter for it)"

    def _lacking_letters(self) -> Iterator[str]:
        names = {"N": "more than one image at a time", "C": "more than one channel"}
        lacking = [letter for letter in names if letter not in self.layouts.activations]
        if lacking:
            yield f"{', '.join(names[letter] for letter in lacking)} (not in the layout: --layout)"
        if "C" not in lacking and self._reads_single_channel:
            remedy = " (--depthwise: a filter for each channel)" if "I" not in self.layouts.filters else ""
            yield f"more than one channel to read{remedy}"
        if self.layouts.depthwise and "M" not in self.layouts.filters and not self.signature.has("groups"):
            yield "several kernels for each channel (no letter M in the filter layout)"


def _is_smallest_size(problem: Problem) -> bool:
    """Whether the large side is the smallest that belongs to the small one."""
    padding = problem.symbol or problem.padding
    ranges = transposed_sizes(problem.output_size, problem.kernel_size, problem.stride, padding, problem.dilation)
    return problem.input_size == tuple(sizes.start if sizes else -1 for sizes in ranges)


def _fits_exactly(problem: Problem) -> bool:
    """Whether the last window ends where the padded input does, on every axis."""
    axes = zip(problem.padded_size, problem.effective_kernel, problem.stride, strict=True)
    return all((size - extent) % stride == 0 for size, extent, stride in axes)


def _shaped(parameter: Parameter, array: Any) -> Any:
    """Return an array as it is given, a bias with the axes of its form."""
    if parameter.role != "bias" or not is_shape(parameter.forms[0]) or array.ndim != 1:
        return array
    shape = bias_shape(parameter.forms[0], array.shape[0])
    return array if tuple(array.shape) == shape else array.reshape(shape)


def _written(parameter: Parameter, value: Any) -> str:
    """Return an argument as it is written, or nothing where the default says the same."""
    default = parameter.default
    same = not parameter.required and type(value) is type(default) and bool(value == default)
    return "" if same else f"{parameter.name}={value!r}"


@dataclass(frozen=True)
class OpenCapabilities(Capabilities):
    """A function called as the user says, to which all geometry is open; ``order`` names what ``written`` is given."""

    written: Callable[..., Any] = EMPTY
    order: tuple[str, ...] = ()

    @property
    def knows_large_size(self) -> bool:
        return True

    @property
    def knows_kernel_size(self) -> bool:
        return True

    def _cannot_write(self, role: str, operation: str, problem: Problem) -> str | None:
        return None

    def call(self, operation: str, problem: Problem, arrays: Arrays) -> Call:
        offered = {"fn": self.function, "problem": self._in_own_words(problem), **arrays}
        arguments = (
            Argument(Parameter(name, None), offered.get(name), name if name in offered else "") for name in self.order
        )
        note = "".join(f", {name} {value}" for name, value in _off_default(problem))
        return Call(self.written, "call", tuple(arguments), note)

    def _in_own_words(self, problem: Problem) -> Problem:
        """Return the problem with the name of a padding as the user stated it."""
        stated = self.stated.get("padding")
        return replace(problem, symbol=stated) if problem.symbol and isinstance(stated, str) else problem

    def lacks(self) -> Iterator[str]:
        yield from self._lacking_letters()


def _off_default(problem: Problem) -> Iterator[tuple[str, Any]]:
    """Yield the geometry of a problem that is not at its default, a number where all axes and sides agree."""
    for role in _GEOMETRY:
        value = getattr(problem, role)
        if value != values.default_of(role, problem.rank):
            numbers = set(np.ravel(value).tolist())
            symbol = problem.symbol if role == "padding" else None
            yield role, symbol or (numbers.pop() if len(numbers) == 1 else value)
