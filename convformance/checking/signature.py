"""How a function wants to be called, read from the names and the defaults of its parameters."""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from convformance.checking import forms
from convformance.reference.operation import OPERAND_NAMES

OPERANDS = ("x", "w", "dy", "bias")
SIZES = tuple(f"{array}_{extent}" for array in ("input", "kernel", "output") for extent in ("shape", "size"))
GEOMETRY = ("stride", "padding", "dilation", "groups", "output_padding", *SIZES)
EMPTY = inspect.Parameter.empty

# The names of each role in lower case and without underscores, collected from courses, libraries and published code.
_NAMES: Mapping[str, str] = {
    "x": "x xs i im in1 inp input inputs img imgs image images data signal a aprev arr array src tensor fmap "
    "featuremap",
    "w": "w ws weight weights kernel kernels filter filters filt f k ker kern wt taps in2",
    "dy": "dy gy dz da dout doutput doutputs dldy dldz dldout grad grads gradient gradout gradoutput gradoutputs "
    "outgrad outputgrad delta upstream errorsignal",
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
_ROLES = {name: role for role, names in _NAMES.items() for name in names.split()}
_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
# What stays where a call says nothing of it.
_DEFAULTS = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}


def role_of(name: str) -> str | None:
    """Return what a parameter of that name stands for, or None."""
    return _ROLES.get(name.lower().replace("_", ""))


@dataclass(frozen=True)
class Parameter:
    """One parameter: what it stands for or None, its default or EMPTY, its form, and whether only position names it."""

    name: str
    role: str | None
    default: Any = EMPTY
    form: str = forms.OPEN
    positional: bool = True

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

    def with_forms(self, by_role: Mapping[str, str]) -> "Signature":
        """Return the signature with the forms of some roles replaced."""
        parameters = (replace(each, form=by_role.get(each.role or "", each.form)) for each in self.parameters)
        return replace(self, parameters=tuple(parameters))


def name_of(function: Callable[..., Any]) -> str:
    """Return the function's own name, or that of its class."""
    return str(getattr(function, "__name__", type(function).__name__))


def operands_of(operations: Iterable[str]) -> tuple[str, ...]:
    """Return the operands of all ``operations``, those of the first one first."""
    return tuple(dict.fromkeys(role for operation in operations for role in OPERAND_NAMES[operation]))


def read(function: Callable[..., Any], operations: Sequence[str], rank: int, stated: Mapping[str, Any]) -> Signature:
    """Return how to call ``function``: by known names, the rest by position in the order of its operations.

    ``stated`` are parameters that the user gives by name. Raises ValueError with the ``call=`` to write where it cannot
    be guessed.
    """
    name, needed = name_of(function), operands_of(operations)
    declared = _declared(function)
    if declared is None:
        return Signature(name, tuple(Parameter(role, role) for role in needed))
    named = _first_of_each_role([_parameter(each, rank) for each in declared])
    signature = Signature(name, tuple(_with_operands(named, needed)))
    unknown = [each for each in signature.parameters if each.role is None and each.required and each.name not in stated]
    if unknown or not all(map(signature.has, needed)):
        raise ValueError(_cannot_guess(name, named, needed, stated))
    return signature


def _declared(function: Callable[..., Any]) -> list[inspect.Parameter] | None:
    """Return the parameters that have names, or None where all is by position."""
    try:
        every = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # some built-in functions tell nothing
        return None
    named = [parameter for parameter in every if parameter.kind not in _VARIADIC]
    by_position = not named and any(parameter.kind == inspect.Parameter.VAR_POSITIONAL for parameter in every)
    return None if by_position else named


def _parameter(declared: inspect.Parameter, rank: int) -> Parameter:
    role, default = role_of(declared.name), declared.default
    form = forms.OPEN if default is EMPTY else forms.form_of(default, rank)
    if role is None and declared.name == "mode" and form == forms.SYMBOL:
        role = "padding"  # as the signal-processing libraries call it; elsewhere a mode may be anything
    if form == forms.PAIRS and role != "padding":
        form = forms.UNREAD  # nothing else has two sides
    if form == forms.OPEN and declared.annotation in (int, "int"):
        form = forms.NUMBER
    return Parameter(declared.name, role, default, form, declared.kind == inspect.Parameter.POSITIONAL_ONLY)


def _first_of_each_role(parameters: Sequence[Parameter]) -> list[Parameter]:
    """Return the parameters, without the role where an earlier one has it."""
    taken: set[str | None] = set()
    result = []
    for parameter in parameters:
        result.append(replace(parameter, role=None) if parameter.role in taken else parameter)
        taken.add(parameter.role)
    return result


def _with_operands(parameters: list[Parameter], needed: Sequence[str]) -> list[Parameter]:
    """Return the parameters with operands that no name tells filled in by position.

    Names that say nothing are taken first, then those of operands that are not needed: the ``x`` of a gradient may well
    be what comes from above.
    """
    missing = _missing(needed, parameters)
    required = [each for each in parameters if each.required]
    spare = [each for each in required if each.role is None]
    spare += [each for each in required if each.role in OPERANDS and each.role not in needed]
    chosen = sorted(spare[: len(missing)], key=parameters.index)
    roles = {parameter.name: role for parameter, role in zip(chosen, missing, strict=False)}
    return [replace(each, role=roles.get(each.name, each.role)) for each in parameters]


def _missing(needed: Iterable[str], parameters: Sequence[Parameter]) -> list[str]:
    roles = {parameter.role for parameter in parameters}
    return [role for role in needed if role not in roles]


def _cannot_guess(name: str, parameters: Sequence[Parameter], needed: Sequence[str], stated: Mapping[str, Any]) -> str:
    """Return what is not known, and the call to write, with the function's own name and parameters."""
    missing = _missing([role for role in OPERANDS if role in needed], parameters)
    required = [each for each in parameters if each.required and each.name not in stated]
    unknown = [each.name for each in required if each.role is None]
    reasons = [f"which parameter is {role}" for role in missing] + [f"what {each} stands for" for each in unknown]
    names = ", ".join(each.name for each in parameters) or "none"
    call = _suggested_call(required, needed, missing if len(unknown) == 1 else [])
    return f"{name}: its parameters ({names}) do not tell {', or '.join(reasons)}; say how to call it, such as {call}"


def _suggested_call(required: Sequence[Parameter], needed: Sequence[str], missing: Sequence[str]) -> str:
    """Return the ``call=`` to write, and beside it the geometry that it leaves at its default."""
    present = {each.role for each in required}
    roles = [role for role in OPERANDS if role in needed or role in present]
    arguments = [f"{each.name}={_suggested_value(each, missing)}" for each in required]
    call = f"call=lambda fn, {', '.join(roles)}, problem: fn({', '.join(arguments)})"
    rest = "".join(f", {role}={value}" for role, value in _DEFAULTS.items() if f"problem.{role}" not in call)
    note = " (from convformance import single_value)" if "single_value(" in call else ""
    return f"{call}{rest}{note}"


def _suggested_value(parameter: Parameter, missing: Sequence[str]) -> str:
    """Return what to write for a parameter; ``missing`` are operands that no other parameter is."""
    if parameter.role in OPERANDS:
        return str(parameter.role)
    if parameter.role in ("stride", "padding", "dilation"):
        return f"single_value(problem.{parameter.role})"
    if parameter.role is None and missing:
        return f"({', '.join(missing)})"
    if "param" in parameter.name:  # the dictionary of a well-known course
        return '{"stride": single_value(problem.stride), "pad": single_value(problem.padding)}'
    return "..."
