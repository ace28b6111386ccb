"""What a check is asked: its parameters, and how the function is to be called in consequence."""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from convformance.checking import forms, signature
from convformance.checking.caller import Capabilities, OpenCapabilities
from convformance.checking.layouts import Layouts
from convformance.checking.signature import GEOMETRY, OPERANDS, Parameter, Signature, role_of
from convformance.judging.grades import ACCURACY, WRONG
from convformance.reference import geometry
from convformance.reference.operation import BY_NAME, check_operation
from convformance.test_cases.case import DTYPES

COUNTS = ("batch", "in_channels", "out_channels", "groups")
_PER_AXIS = ("stride", "dilation", "kernel_size", "input_size")


@dataclass(frozen=True)
class CheckSpec:
    """The parameters of ``check``, which says what they mean; ``fixed`` are those that it does not name.

    Raises ValueError naming the parameter, its value and what is allowed.
    """

    fn: Callable[..., Any]
    op: str = "conv"
    layout: str = "NCHW"
    filter_layout: str | None = None
    dtype: str = "float64"
    call: Callable[..., Any] | None = None
    returns: Sequence[str | None] | None = None
    grade: str = "norm-wise"
    empty: bool = False
    seconds: float = 4.0
    fixed: Mapping[str, Any] = field(default_factory=dict)
    strict: bool = False

    def __post_init__(self) -> None:
        _check_choice("dtype", self.dtype, DTYPES)
        _check_choice("grade", self.grade, [grade for grade in ACCURACY if grade != WRONG])
        families = {BY_NAME[operation].transposed for operation in self.operations}
        _ = self.layouts  # raises ValueError
        if not callable(self.fn):
            raise ValueError(f"fn={self.fn!r} is no function")
        if len(families) != 1:
            raise ValueError(
                "returns= names no operation, or those of a convolution and of a transposed one; allowed: one family"
            )

    @property
    def results(self) -> tuple[str | None, ...]:
        """The operation of each result, None for one that is not judged."""
        return tuple(self.returns) if self.returns else (self.op,)

    @property
    def operations(self) -> tuple[str, ...]:
        """The operations that are judged."""
        return tuple(check_operation(result) for result in self.results if result is not None)

    @property
    def layouts(self) -> Layouts:
        """The layouts of the function's arrays."""
        return Layouts.of(self.layout, self.filter_layout)

    def capabilities(self) -> Capabilities:
        """Return how the function is called.

        Raises ValueError where that cannot be guessed, or for a value that nothing can be fixed at.
        """
        by_role = {role_of(name) or name: value for name, value in self.fixed.items()}
        required = {**_required_by_letters(self.layouts), **_required_by_values(by_role, self.layouts.rank)}
        if self.call is not None:
            return _open_capabilities(self, self.call, by_role, required)
        read = signature.read(self.fn, self.operations, self.layouts.rank, self.fixed)
        names = [parameter.name for parameter in read.parameters]
        unknown = [name for name in _not_geometry(self.fixed) if name not in names]
        if unknown:
            stated, allowed = self.fixed[unknown[0]], ", ".join((*names, *_PER_AXIS, *COUNTS, "padding"))
            raise ValueError(f"{unknown[0]}={stated!r} is no parameter of {read.name}; allowed: {allowed}")
        return Capabilities(self.fn, read, self.layouts, self.operations, {**by_role, **self.fixed}, required)


def _check_choice(name: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise ValueError(f"{name}={value!r}; allowed: {', '.join(allowed)}")


def _not_geometry(names: Iterable[str]) -> list[str]:
    """Return the names that say nothing of a problem, and so must be those of parameters."""
    return [name for name in names if (role_of(name) or name) not in (*GEOMETRY, *COUNTS, "bias")]


def _required_by_letters(layouts: Layouts) -> dict[str, Any]:
    """Return what follows from letters left out of the layouts."""
    required = {} if "N" in layouts.activations else {"batch": 1}
    if "C" not in layouts.activations:
        required |= {"in_channels": 1, "out_channels": 1}
    if "O" not in layouts.filters:
        required |= {"out_channels": 1}
    return required


def _required_by_values(by_role: Mapping[str, Any], rank: int) -> dict[str, Any]:
    """Return the stated geometry as a problem has it; raises ValueError for values that are none."""
    required = {name: geometry.per_axis(name, by_role[name], rank) for name in _PER_AXIS if name in by_role}
    counts = {name: by_role[name] for name in COUNTS if name in by_role}
    padding = {"padding": forms.canonical_padding(by_role["padding"], rank)} if "padding" in by_role else {}
    return {**required, **counts, **padding}


def _open_capabilities(
    spec: CheckSpec, call: Callable[..., Any], by_role: Mapping[str, Any], required: Mapping[str, Any]
) -> OpenCapabilities:
    """Return how ``call`` is called: by the names of its parameters where they are ours, else fn, operands, problem."""
    operands = signature.operands_of(spec.operations)
    names = tuple(inspect.signature(call).parameters)
    order = names if set(names) <= {"fn", "problem", *OPERANDS} else ("fn", *operands, "problem")
    if len(order) != len(names) or not set(operands) <= set(order):
        allowed = f"fn, {', '.join(operands)}, problem, and bias for one"
        raise ValueError(f"call= has the parameters {', '.join(names)}; allowed: {allowed}")
    unknown = _not_geometry(by_role)
    if unknown:
        raise ValueError(f"{unknown[0]}={by_role[unknown[0]]!r} cannot be fixed beside call=; write it into the call")
    parameters = tuple(Parameter(name, name if name in OPERANDS else None) for name in order)
    read = Signature(signature.name_of(spec.fn), parameters)
    return OpenCapabilities(spec.fn, read, spec.layouts, spec.operations, by_role, required, call, order)
