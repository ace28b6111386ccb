"""How a function wants to be called, read from the names and the defaults of its parameters."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from convformance.checking import forms
from convformance.reference.operation import OPERAND_NAMES

ACTIVATIONS = ("x", "dy")
OPERANDS = ("x", "w", "dy", "bias")
SIZES = tuple(f"{array}_{what}" for array in ("input", "kernel", "output") for what in ("shape", "size"))
GEOMETRY = ("stride", "padding", "dilation", "groups", "output_padding", *SIZES)
EMPTY = inspect.Parameter.empty

# The names of each role in lower case and without underscores.
_NAMES: Mapping[str, str] = {
    "x": "x xs input inputs inp image images img imgs im i data signal a aprev array arr featuremap fmap src in1 tensor",
    "w": "w ws weight weights kernel kernels filter filters filt f k ker kern wt taps in2",
    "dy": "dy dout doutput dz da grad grads gradient gradoutput gradout outgrad outputgrad gradoutputs gy delta upstream dldy "
    "dldout dldz doutputs errorsignal",
    "bias": "bias biases b",
    "stride": "stride strides s step steps subsample windowstrides",
    "padding": "padding paddings pad pads p zeropadding borderpadding padsize padwidth",
    "dilation": "dilation dilations dilate rate rates dilationrate dilationrates atrousrate d rhsdilation",
    "groups": "groups group numgroups ngroups featuregroupcount",
    "output_padding": "outputpadding outputpad outpadding outpad",
    "input_shape": "inputshape inshape xshape imageshape imgshape inputsizes",
    "input_size": "inputsize insize xsize imagesize imgsize",
    "kernel_shape": "kernelshape filtershape wshape weightshape filtersshape weightsshape kshape",
    "kernel_size": "kernelsize filtersize ksize wsize weightsize filtersizes",
    "output_shape": "outputshape outshape yshape",
    "output_size": "outputsize outsize ysize",
}
ROLES = {name: role for role, names in _NAMES.items() for name in names.split()}
_KINDS = inspect.Parameter


def role_of(name: str) -> str | None:
    """Return what a parameter of that name stands for, or None."""
    return ROLES.get(name.lower().replace("_", ""))


@dataclass(frozen=True)
class Parameter:
    """One parameter: its name, what it stands for or None, its default or EMPTY, its form, and whether only position names it."""

    name: str
    role: str | None
    default: Any
    form: str
    positional: bool

    @property
    def required(self) -> bool:
        """Whether it has no default."""
        return self.default is EMPTY


@dataclass(frozen=True)
class Signature:
    """The parameters of a function, each role at most once, in the function's order."""

    name: str
    parameters: tuple[Parameter, ...]

    def of(self, role: str) -> Parameter | None:
        """Return the parameter of a role, or None."""
        return next((parameter for parameter in self.parameters if parameter.role == role), None)

    def has(self, *roles: str) -> bool:
        """Whether there is a parameter of one of these roles."""
        return any(self.of(role) for role in roles)

    def with_forms(self, settled: Mapping[str, str]) -> "Signature":
        """Return the signature with the forms of some roles told."""
        parameters = (
            replace(parameter, form=settled.get(parameter.role or "", parameter.form)) for parameter in self.parameters
        )
        return replace(self, parameters=tuple(parameters))


def name_of(function: Callable[..., Any]) -> str:
    """Return the function's own name, or that of its class."""
    return str(getattr(function, "__name__", type(function).__name__))


def read(function: Callable[..., Any], operations: Sequence[str], rank: int, fixed: Mapping[str, Any]) -> Signature:
    """Return how to call ``function`` for ``operations``: a known name wins, the rest is by position in the operation's order.

    ``fixed`` are parameters that the user states by name. Raises ValueError with the ``call=`` to write where it cannot be guessed.
    """
    needed = _needed(operations)
    try:
        declared = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # some built-in functions have none: all is by position
        return Signature(name_of(function), tuple(Parameter(role, role, EMPTY, forms.OPEN, True) for role in needed))
    named = [
        _read(parameter, rank)
        for parameter in declared
        if parameter.kind not in (_KINDS.VAR_POSITIONAL, _KINDS.VAR_KEYWORD)
    ]
    if not named and any(parameter.kind == _KINDS.VAR_POSITIONAL for parameter in declared):
        return Signature(name_of(function), tuple(Parameter(role, role, EMPTY, forms.OPEN, True) for role in needed))
    parameters = _with_operands(_first_of_each(named), needed)
    signature = Signature(name_of(function), tuple(parameters))
    unknown = [
        parameter.name
        for parameter in parameters
        if parameter.role is None and parameter.required and parameter.name not in fixed
    ]
    if unknown or not all(map(signature.has, needed)):
        raise ValueError(_unguessed(name_of(function), _first_of_each(named), needed, fixed))
    return signature


def _needed(operations: Sequence[str]) -> tuple[str, ...]:
    """Return the operands of all ``operations``, those of the first one first."""
    return tuple(dict.fromkeys(role for operation in operations for role in OPERAND_NAMES[operation]))


def _read(declared: inspect.Parameter, rank: int) -> Parameter:
    role = role_of(declared.name)
    if role is None and declared.name == "mode" and forms.form_of(declared.default, rank) == forms.SYMBOL:
        role = "padding"  # as the signal-processing libraries call it
    default = declared.default
    form = forms.OPEN if default is EMPTY else forms.form_of(default, rank)
    if form == forms.PAIRS and role != "padding":
        form = forms.UNREAD
    if form == forms.OPEN and declared.annotation in (int, "int"):
        form = forms.NUMBER
    return Parameter(declared.name, role, default, form, declared.kind == _KINDS.POSITIONAL_ONLY)


def _first_of_each(parameters: Sequence[Parameter]) -> list[Parameter]:
    """Return the parameters with a role that was taken before left out of the later ones."""
    taken: set[str | None] = set()
    kept = []
    for parameter in parameters:
        kept.append(replace(parameter, role=None) if parameter.role in taken else parameter)
        taken.add(parameter.role)
    return kept


def _with_operands(parameters: list[Parameter], needed: Sequence[str]) -> list[Parameter]:
    """Return the parameters with operands that no name gives put in by position: unknown names first, then names of others."""
    missing = [role for role in needed if all(parameter.role != role for parameter in parameters)]
    spare = [parameter for parameter in parameters if parameter.required and parameter.role is None]
    spare += [
        parameter
        for parameter in parameters
        if parameter.required and parameter.role in OPERANDS and parameter.role not in needed
    ]
    order = sorted(spare[: len(missing)], key=parameters.index)
    given = {parameter.name: role for parameter, role in zip(order, missing, strict=False)}
    return [
        replace(parameter, role=given[parameter.name]) if parameter.name in given else parameter
        for parameter in parameters
    ]


def _unguessed(name: str, parameters: Sequence[Parameter], needed: Sequence[str], fixed: Mapping[str, Any]) -> str:
    """Return what cannot be told, and the call to write, with the function's own name and parameters."""
    missing = [role for role in OPERANDS if role in needed and all(parameter.role != role for parameter in parameters)]
    asked = [parameter for parameter in parameters if parameter.required and parameter.name not in fixed]
    unknown = [parameter.name for parameter in asked if parameter.role is None]
    words = [f"{parameter.name}={_guess(parameter, missing if len(unknown) == 1 else [])}" for parameter in asked]
    roles = [role for role in OPERANDS if role in needed or any(parameter.role == role for parameter in asked)]
    reasons = [f"which parameter is {role}" for role in missing] + [
        f"what {parameter} stands for" for parameter in unknown
    ]
    told = ", ".join(parameter.name for parameter in parameters) or "none"
    call = f"call=lambda fn, {', '.join(roles)}, problem: fn({', '.join(words)})"
    left = "".join(f", {role}={least}" for role, least in _LEAST.items() if f"problem.{role}" not in call)
    found = " (from convformance import one)" if "one(" in call else ""
    return f"{name}: its parameters ({told}) do not tell {', or '.join(reasons)}; say how to call it, such as {call}{left}{found}"


# What stays fixed where a call says nothing of it.
_LEAST = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}


def _guess(parameter: Parameter, missing: Sequence[str]) -> str:
    """Return what to write for a parameter: an operand, geometry of the problem, or the operands that no other parameter is."""
    if parameter.role in OPERANDS:
        return str(parameter.role)
    if parameter.role == "padding":
        return "one(problem.padding)"
    if parameter.role in ("stride", "dilation"):
        return f"one(problem.{parameter.role})"
    if parameter.role is None and missing:
        return f"({', '.join(missing)})"
    return '{"stride": one(problem.stride), "pad": one(problem.padding)}' if "param" in parameter.name else "..."
