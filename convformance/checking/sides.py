"""Which side of an axis has the odd element of a SAME padding with a border, where an even kernel leaves that open."""

from dataclasses import replace
from typing import Any

from convformance.checking import cases
from convformance.checking.borders import border_parameter
from convformance.checking.channels import has_unit_steps, rightness
from convformance.checking.signature import Signature, role_of
from convformance.checking.spec import CheckSpec
from convformance.test_cases.case import Case

_FEW = 4  # elements of an axis, most of which a border reaches


def resolved(spec: CheckSpec, signature: Signature) -> CheckSpec:
    """Return the spec with the odd element at the start, where a border is meant and more of an answer is right so.

    Image code centres a kernel either way, and a border in place of the padding says nothing of it.
    """
    required = spec.capabilities().required_geometry
    if required.get("padding") != "same_upper" or "border" not in required or _says_same(spec):
        return spec
    others = {name: value for name, value in spec.fixed.items() if role_of(name) != "padding"}
    parameter = border_parameter(signature)  # which keeps its own word for the border
    own = {parameter.name: spec.fixed.get(parameter.name, parameter.default)} if parameter else {}
    fixed: dict[str, Any] = {"border": required["border"], **others, **own, "padding": "same_lower"}
    at_the_start = replace(spec, fixed=fixed)
    return at_the_start if _trial(at_the_start, signature) > _trial(spec, signature) else spec


def _says_same(spec: CheckSpec) -> bool:
    """Whether the user says SAME itself, or the function takes a padding by name."""
    padding = spec.capabilities().signature.of("padding") if spec.call is None else None
    return padding is not None or "same" in str(spec.fixed.get("padding"))


def _trial(spec: CheckSpec, signature: Signature) -> float:
    """Return how much is right of the answer to the smallest question that tells the sides apart."""
    capabilities = replace(spec.capabilities(), signature=signature)
    trial = next(filter(_tells_sides, cases.cases(capabilities, spec.dtype, empty=False)), None)
    return 0.0 if trial is None else rightness(spec, capabilities, trial)


def _tells_sides(case: Case) -> bool:
    """Whether a kernel is even where there are more elements than one, which would look the same from either side."""
    axes = zip(case.kernel_size, case.input_size, strict=True)
    return has_unit_steps(case) and any(kernel % 2 == 0 and size > _FEW for kernel, size in axes)
