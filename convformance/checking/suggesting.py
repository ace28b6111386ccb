"""The call to write where it cannot be guessed: as an argument in Python, and as a command line to paste."""

import shlex
from collections.abc import Mapping, Sequence
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


class CannotGuess(ValueError):
    """What is not known of a function's parameters, with the call to write."""

    def __init__(
        self,
        signature: Signature,
        operations: Sequence[str],
        missing: Sequence[str],
        unknown: Sequence[Parameter],
        stated: Mapping[str, Any],
    ) -> None:
        self.signature, self.operations, self.stated = signature, operations, stated
        self.missing, self.unknown = missing, unknown
        super().__init__(f"{self.reason}; say how to call it, such as {self._in_python()}")

    @property
    def reason(self) -> str:
        """What is not known."""
        names = ", ".join(each.name for each in self.signature.parameters) or "none"
        reasons = [f"which parameter is {role}" for role in self.missing]
        reasons += [f"what {each.name} stands for" for each in self.unknown]
        return f"{self.signature.name}: its parameters ({names}) do not tell {', or '.join(reasons)}"

    @property
    def call(self) -> str:
        """The call, as the text of a lambda."""
        needed = operands_of(self.operations)
        present = {leaf.role for leaf in self.signature.leaves}
        roles = [role for role in OPERANDS if role in needed or role in present]
        required = [each for each in self.signature.parameters if each.required or each in self.unknown]
        spare = list(self.missing) if len(self.unknown) == 1 else []
        arguments = [f"{each.name}={self._value(each, spare)}" for each in required]
        return f"lambda fn, {', '.join(roles)}, problem: fn({', '.join(arguments)})"

    @property
    def fixed(self) -> dict[str, int]:
        """The geometry that the call leaves at its default."""
        return {role: value for role, value in _DEFAULTS.items() if f"problem.{role}" not in self.call}

    def command_line(self, target: str, options: Sequence[str]) -> str:
        """Return the message with a command line that runs as it is: ``options`` are those that were typed."""
        fixed = [word for role, value in self.fixed.items() for word in ("--fixed", f"{role}={value}")]
        command = ["convformance", "check", target, *options, "--call", self.call, *fixed]
        return f"{self.reason}; say how to call it, such as {shlex.join(command)}"

    def _in_python(self) -> str:
        rest = "".join(f", {role}={value}" for role, value in self.fixed.items())
        helpers = ", ".join(name for name in ("single_value", "even") if f"{name}(" in self.call)
        note = f" (from convformance import {helpers})" if helpers else ""
        return f"call={self.call}{rest}{note}"

    def _value(self, parameter: Parameter, missing: Sequence[str]) -> str:
        """Return what to write for a parameter; ``missing`` are operands that no other parameter is."""
        if parameter.name in self.stated:
            return repr(self.stated[parameter.name])
        if parameter.entries:
            return self._holder(parameter)
        if parameter.role in OPERANDS or parameter.role in _VALUES:
            return str(parameter.role) if parameter.role in OPERANDS else self._number(parameter)
        if parameter.role is None and missing:
            return f"({', '.join(missing)},)" if len(missing) == 1 else f"({', '.join(missing)})"
        return _DICTIONARY if role_of(parameter.name) == "parameters" else "None"

    def _number(self, parameter: Parameter) -> str:
        index = {"D": -3, "H": -2, "W": -1}.get(parameter.axis)
        if parameter.role == "padding" and parameter.side and index is not None:
            return f"problem.padding[{index}][{1 if parameter.side == 'hi' else 0}]"
        if parameter.role == "padding" and index is not None:
            return f"even(problem.padding)[{index}]"
        return f"problem.{parameter.role}[{index}]" if index is not None else _VALUES[str(parameter.role)]

    def _holder(self, parameter: Parameter) -> str:
        contents = [self._value(entry, ()) for entry in parameter.entries]
        if parameter.holder == "tuple":
            return f"({', '.join(contents)},)"
        pairs = zip(parameter.entries, contents, strict=True)
        return f"{{{', '.join(f'{entry.name!r}: {content}' for entry, content in pairs)}}}"


def options_of(request: Mapping[str, Any]) -> list[str]:
    """Return the options that a request was typed with, those of a call left out."""
    options = []
    for name in ("op", "layout", "filter_layout", "forward"):
        options += [f"--{name.replace('_', '-')}", request[name]] if request[name] else []
    if request["returns"]:
        options += ["--returns", ",".join(name or "-" for name in request["returns"])]
    usual_values = {"dtype": "float64", "grade": "norm-wise", "arrays": "auto", "device": None, "seconds": 4.0}
    for name, usual in usual_values.items():
        text = f"{request[name]:g}" if name == "seconds" else request[name]
        options += [f"--{name}", text] if request[name] != usual else []
    options += ["--empty"] if request["empty"] else []
    return options + [word for name, value in request["fixed"].items() for word in ("--fixed", f"{name}={value}")]
