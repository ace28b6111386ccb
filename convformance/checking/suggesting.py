"""What is said where a function cannot be asked: why, and the parameters of ``check`` to state, such as a call."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from convformance.checking.names import role_of
from convformance.checking.signature import OPERANDS, Parameter, Signature, operands_of

# What stays where a call says nothing of it.
_DEFAULTS = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}
# What a call may be given of a problem, by the role of a parameter.
_VALUES = {
    **{role: f"single_value(problem.{role})" for role in ("stride", "padding", "dilation", "output_padding")},
    **{role: f"problem.{role}" for role in ("groups", "batch", "in_channels", "out_channels")},
    "input_shape": "problem.input_shape",
    "kernel_shape": "problem.filter_shape",
    "output_shape": "problem.output_shape",
    **{role: f"problem.{role}" for role in ("input_size", "kernel_size", "output_size")},
}
_DICTIONARY = '{"stride": single_value(problem.stride), "pad": single_value(problem.padding)}'
_HELPERS = ("single_value", "even")


class NotAsked(ValueError):
    """The function cannot be asked so: ``sentence`` says why.

    ``options`` are the parameters of ``check`` that would help; ``errors`` the exceptions with their counts, the most
    frequent first; ``causes`` the likely causes.
    """

    def __init__(
        self,
        sentence: str,
        *,
        options: Mapping[str, Any],
        errors: Mapping[str, int] | None = None,
        causes: Sequence[str] = (),
    ) -> None:
        super().__init__(f"{sentence}; try {_in_python(options)}" if options else sentence)
        self.sentence, self.options = sentence, dict(options)
        self.errors, self.causes = dict(errors or {}), list(causes)

    @property
    def data(self) -> dict[str, Any]:
        """All of it as JSON types."""
        return {"sentence": self.sentence, "errors": self.errors, "causes": self.causes, "options": self.options}


def _in_python(options: Mapping[str, Any]) -> str:
    """Return the parameters as they are written in a call of ``check``."""
    written = ", ".join(f"{name}={value if name == 'call' else repr(value)}" for name, value in options.items())
    helpers = ", ".join(name for name in _HELPERS if f"{name}(" in options.get("call", ""))
    return f"{written} (from convformance import {helpers})" if helpers else written


def suggested_call(operands: Iterable[str], arguments: Iterable[str], stated: Mapping[str, Any]) -> dict[str, Any]:
    """Return the call to write, and the geometry that it leaves alone as it is stated or at its default."""
    text = f"lambda fn, {', '.join(operands)}, problem: fn({', '.join(arguments)})"
    left_alone = {role: default for role, default in _DEFAULTS.items() if f"problem.{role}" not in text}
    return {"call": text, **{role: stated.get(role, default) for role, default in left_alone.items()}}


def known_arguments(read: Signature, operands: Sequence[str], convert: str) -> Iterable[str]:
    """Yield the arguments for operands, ``convert`` making what is wanted of each, and for the usual geometry."""
    for parameter in read.parameters:
        if parameter.role in operands:
            yield f"{convert}({parameter.role})" if convert else str(parameter.role)
        elif parameter.role in _DEFAULTS:
            yield f"{parameter.name}={_VALUES[parameter.role]}"


class CannotGuess(NotAsked):
    """What is not known of a function's parameters, with the call to write."""

    def __init__(
        self,
        signature: Signature,
        operations: Sequence[str],
        missing: Sequence[str],
        unknown: Sequence[Parameter],
        stated: Mapping[str, Any],
    ) -> None:
        names = ", ".join(each.name for each in signature.parameters) or "none"
        reasons = [f"which parameter is {role}" for role in missing]
        reasons += [f"what {each.name} stands for" for each in unknown]
        sentence = f"{signature.name}: its parameters ({names}) do not tell {', or '.join(reasons)}"
        needed, present = operands_of(operations), {leaf.role for leaf in signature.leaves}
        operands = [role for role in OPERANDS if role in needed or role in present]
        required = [each for each in signature.parameters if each.required or each in unknown]
        spare = list(missing) if len(unknown) == 1 else []
        arguments = [f"{each.name}={_value(each, spare, stated)}" for each in required]
        super().__init__(sentence, options=suggested_call(operands, arguments, stated))


def _value(parameter: Parameter, missing: Sequence[str], stated: Mapping[str, Any]) -> str:
    """Return what to write for a parameter; ``missing`` are operands that no other parameter is."""
    if parameter.name in stated:
        return repr(stated[parameter.name])
    if parameter.entries:
        return _holder(parameter, stated)
    if parameter.role in OPERANDS or parameter.role in _VALUES:
        return str(parameter.role) if parameter.role in OPERANDS else _number(parameter)
    if parameter.role is None and missing:
        return f"({', '.join(missing)},)" if len(missing) == 1 else f"({', '.join(missing)})"
    return _DICTIONARY if role_of(parameter.name) == "parameters" else "None"


def _number(parameter: Parameter) -> str:
    index = {"D": -3, "H": -2, "W": -1}.get(parameter.axis)
    if parameter.role == "padding" and parameter.side and index is not None:
        return f"problem.padding[{index}][{1 if parameter.side == 'hi' else 0}]"
    if parameter.role == "padding" and index is not None:
        return f"even(problem.padding)[{index}]"
    return f"problem.{parameter.role}[{index}]" if index is not None else _VALUES[str(parameter.role)]


def _holder(parameter: Parameter, stated: Mapping[str, Any]) -> str:
    contents = [_value(entry, (), stated) for entry in parameter.entries]
    if parameter.holder == "tuple":
        return f"({', '.join(contents)},)"
    pairs = zip(parameter.entries, contents, strict=True)
    return f"{{{', '.join(f'{entry.name!r}: {content}' for entry, content in pairs)}}}"
