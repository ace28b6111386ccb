"""What a check is asked: its parameters, and how the function is to be called in consequence."""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from convformance.checking import arrays, borders, forms, holders, signature, suggesting
from convformance.checking.caller import Capabilities, OpenCapabilities
from convformance.checking.layouts import Layouts
from convformance.checking.names import COUNTS, Meaning
from convformance.checking.signature import GEOMETRY, OPERANDS, Parameter, Signature, role_of
from convformance.checking.slots import FORWARD, has_method
from convformance.judging.grades import ACCURACY, WRONG
from convformance.reference import geometry
from convformance.reference.operation import BY_NAME, check_operation
from convformance.test_cases.case import DTYPES, WIDE

INTEGERS = ("uint8", "int8", "uint16", "int16", "int32", "int64")  # of images
_PER_AXIS = ("stride", "dilation", "kernel_size", "input_size")
_BY_PART = (*_PER_AXIS, "padding")


@dataclass(frozen=True)
class CheckSpec:
    """The parameters of ``check``, which says what they mean; ``fixed`` are those that it does not name.

    Raises ValueError naming the parameter, its value and what is allowed.
    """

    fn: Callable[..., Any]
    op: str | None = None
    layout: str | None = None
    filter_layout: str | None = None
    dtype: str = "float64"
    call: Callable[..., Any] | None = None
    returns: Sequence[str | None] | None = None
    grade: str = "norm-wise"
    empty: bool = False
    seconds: float = 4.0
    fixed: Mapping[str, Any] = field(default_factory=dict)
    depthwise: bool = False
    w: Any = None
    kernel_dtype: str = "float64"
    rounding: str | None = None
    forward: Callable[..., Any] | None = None
    arrays: str = arrays.AUTO
    device: str | None = None
    strict: bool = False

    def __post_init__(self) -> None:
        _check_choice("dtype", self.dtype, (*DTYPES, *INTEGERS))
        _check_choice("kernel_dtype", self.kernel_dtype, (*WIDE, *INTEGERS))
        _check_choice("arrays", self.arrays, (arrays.AUTO, *arrays.KINDS))
        _check_choice("grade", self.grade, [grade for grade in ACCURACY if grade != WRONG])
        families = {BY_NAME[operation].transposed for operation in self.operations}
        _ = self.layouts  # raises ValueError
        if not (callable(self.fn) or any(has_method(type(self.fn), name) for name in FORWARD)):
            raise ValueError(f"fn={self.fn!r} is no function")
        if len(families) != 1:
            raise ValueError(
                "returns= names no operation, or those of a convolution and of a transposed one; allowed: one family"
            )

    @property
    def results(self) -> tuple[str | None, ...]:
        """The operation of each result, None for one that is not judged."""
        return tuple(self.returns) if self.returns else (self.op or "conv",)

    @property
    def operations(self) -> tuple[str, ...]:
        """The operations that are judged."""
        return tuple(check_operation(result) for result in self.results if result is not None)

    @property
    def layouts(self) -> Layouts:
        """The layouts of the function's arrays."""
        depthwise = self.depthwise or self.fixed.get("groups") == "in_channels"
        channels = self.fixed.get("in_channels", 0)
        return Layouts.of(self.layout or "NCHW", self.filter_layout, depthwise=depthwise, channels=channels)

    def capabilities(self) -> Capabilities:
        """Return how the function is called.

        Raises ValueError where that cannot be guessed, or for a value that nothing can be fixed at.
        """
        fixed = {name: value for name, value in self.fixed.items() if value != "in_channels"}
        rank = self.layouts.rank
        if self.call is not None:
            by_role, meant = borders.separate(fixed, None)
            required = {**_required_by_values(meant, self.layouts.rank), **_required_by_letters(self.layouts)}
            return _open_capabilities(self, self.call, by_role, required)
        read = signature.read(self.fn, self.operations, rank, holders.holding(self.fn))
        read = holders.with_holders(read, self.fn, rank, self._forward_pass())
        self._check_known(read)
        stated, meant = borders.separate(fixed, read)
        required = {**_required_by_values(meant, rank), **_required_by_letters(self.layouts)}
        parts = _required_parts(self.fixed, read)
        return Capabilities(self.fn, read, self.layouts, self.operations, stated, required, parts)

    def _forward_pass(self) -> holders.Forward | None:
        """Return the author's own forward pass with how it is called."""
        if self.forward is None:
            return None
        family = "conv_transpose" if BY_NAME[self.operations[0]].transposed else "conv"
        forward = replace(self, fn=self.forward, op=family, returns=None, forward=None, fixed={})
        return holders.Forward(self.forward, forward.capabilities().signature)

    def _check_known(self, read: Signature) -> None:
        """Raise ValueError where a parameter cannot be guessed, or a stated value belongs to none."""
        border = borders.border_parameter(read)
        unknown = [each for each in holders.unknown(read.parameters) if each.name not in self.fixed and each != border]
        missing = [role for role in signature.operands_of(self.operations) if not read.has(role)]
        if unknown or missing:
            raise suggesting.CannotGuess(read, self.operations, missing, unknown, self.fixed)
        names = [parameter.name for parameter in read.leaves]
        strange = [name for name in _not_geometry(self.fixed) if name not in names]
        if strange:
            stated, allowed = self.fixed[strange[0]], ", ".join((*names, *_PER_AXIS, *COUNTS, "groups", "padding"))
            raise ValueError(f"{strange[0]}={stated!r} is no parameter of {read.name}; allowed: {allowed}")


# The parameters that can be written as text, each with the value that it has where nothing is stated.
USUAL_VALUES = {each.name: each.default for each in fields(CheckSpec) if each.name not in ("fn", "fixed", "w")}


def _check_choice(name: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise ValueError(f"{name}={value!r}; allowed: {', '.join(allowed)}")


def _not_geometry(names: Iterable[str]) -> list[str]:
    """Return the names that say nothing of a problem, and so must be those of parameters."""
    return [name for name in names if (role_of(name) or name) not in (*GEOMETRY, *COUNTS, "bias", "border")]


def _required_parts(fixed: Mapping[str, Any], read: Signature) -> dict[Meaning, int]:
    """Return what is stated of parameters that are of one axis or side, as ``stride_h=2``."""
    parts = {leaf.name: leaf.meaning for leaf in read.leaves if leaf.role in _BY_PART and (leaf.axis or leaf.side)}
    return {parts[name]: value for name, value in fixed.items() if name in parts and isinstance(value, int)}


def _required_by_letters(layouts: Layouts) -> dict[str, Any]:
    """Return what follows from letters left out of the layouts."""
    if layouts.shared:
        return {"in_channels": 1, "out_channels": 1}
    required = {} if "N" in layouts.activations else {"batch": 1}
    if "C" not in layouts.activations:
        required |= {"in_channels": 1, "out_channels": 1}
    if not set("OC") & set(layouts.filters):
        required |= {"out_channels": 1}
    return required


def _required_by_values(by_role: Mapping[str, Any], rank: int) -> dict[str, Any]:
    """Return the stated geometry as a problem has it; raises ValueError for values that are none."""
    required = {name: geometry.per_axis(name, by_role[name], rank) for name in _PER_AXIS if name in by_role}
    counts = {name: by_role[name] for name in (*COUNTS, "groups") if name in by_role}
    if "output_padding" in by_role:
        required["output_padding"] = geometry.per_axis("output_padding", by_role["output_padding"], rank, least=0)
    padding = {"padding": forms.canonical_padding(by_role["padding"], rank)} if "padding" in by_role else {}
    border = {"border": borders.canonical_border(by_role["border"])} if "border" in by_role else {}
    return {**required, **counts, **padding, **border}


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
    return OpenCapabilities(spec.fn, read, spec.layouts, spec.operations, by_role, required, written=call, order=order)
