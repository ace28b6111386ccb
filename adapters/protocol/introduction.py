"""How a program introduces itself: who it is, what it offers, and where it can be asked at all."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from convformance.adapters.contract import EVERY_QUESTION, FLOATING_POINT, Domain, Request, Route
from convformance.adapters.protocol.messages import DTYPES, VERSION, ProtocolError
from convformance.reference.operation import OPERATIONS
from convformance.reference.problem import Problem

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")
_ACTIVATIONS, _FILTERS = ("NC*", "N*C"), ("OI*", "*IO", "O*I", "IO*", "*OI")
_GRADES = ("conformant", "componentwise", "norm-wise")
_TEXTS = ("language", "target", "device", "homepage", "issues", "source")
RANKS = (1, 2, 3)

# What the protocol can say: floating-point numbers, and nothing beyond an ordinary convolution.
ASKED = FLOATING_POINT & Route("conv", "", "").ordinary

# What a program may say it lacks: in words what is then not asked, and when a question is without it.
CAPABILITIES: Mapping[str, tuple[str, Callable[[Request], bool]]] = {
    "bias": ("no bias", lambda request: not request.has_bias),
    "groups": ("groups of 1", lambda request: request.problem.groups == 1),
    "stride": ("stride of 1", lambda request: max(request.problem.stride) == 1),
    "dilation": ("dilation of 1", lambda request: max(request.problem.dilation) == 1),
    "padding": ("no padding", lambda request: not any(_sides(request.problem))),
    "uneven_padding": ("the same padding on both sides", lambda request: _is_even(request.problem)),
    "negative_padding": ("no padding below 0", lambda request: min(_sides(request.problem)) >= 0),
    "empty": ("no array without elements", lambda request: _has_elements(request.problem)),
}


@dataclass(frozen=True)
class Introduction:
    """What a program says of itself: texts about who it is, names of what it offers, what it lacks.

    ``target`` is the version of what it drives. ``activations`` and ``filters`` are layouts, one pair for each way in
    which it can be asked. ``grade`` is what its algorithms document, ``accumulator`` what sums are kept in, by dtype.
    """

    name: str
    operations: tuple[str, ...]
    dtypes: tuple[str, ...]
    spatial: tuple[int, ...] = RANKS
    activations: tuple[str, ...] = ("NC*",)
    filters: tuple[str, ...] = ("OI*",)
    lacks: tuple[str, ...] = ()
    grade: str = "conformant"
    accumulator: tuple[tuple[str, str], ...] = ()
    language: str = ""
    target: str = ""
    device: str = ""
    homepage: str = ""
    issues: str = ""
    source: str = ""

    @property
    def layouts(self) -> tuple[tuple[str, str], ...]:
        """The pairs of layouts, of activations and of filters, in which it can be asked."""
        return tuple(zip(self.activations, self.filters, strict=True))

    @property
    def domain(self) -> Domain:
        """Where it can be asked at all."""
        parts = [ASKED]
        if set(self.dtypes) != set(DTYPES):
            parts.append(Domain(", ".join(self.dtypes), lambda request: request.dtype in self.dtypes))
        if set(self.spatial) != set(RANKS):
            ranks = " or ".join(map(str, sorted(self.spatial)))
            parts.append(Domain(f"{ranks} spatial axes", lambda request: request.problem.rank in self.spatial))
        parts += [Domain(*CAPABILITIES[name]) for name in self.lacks]
        return _all_of(parts)


def _all_of(domains: Iterable[Domain]) -> Domain:
    domain = EVERY_QUESTION
    for each in domains:
        domain = domain & each
    return domain


def parse(message: Mapping[str, Any]) -> Introduction:
    """Return the introduction in a message; raises ProtocolError naming the field, what it was, and what is allowed."""
    version = message.get("version")
    if version != VERSION:
        raise _refused(message, "version", f"{VERSION}, the version of the protocol")
    name = message.get("name")
    if not (isinstance(name, str) and _NAME.fullmatch(name)):
        raise _refused(message, "name", "a short name of letters, digits, dots, dashes")
    activations, filters = _layouts(message)
    capabilities = _mapping(message, "capabilities")
    _check_names(message, "capabilities", capabilities, CAPABILITIES)
    if any(not isinstance(value, bool) for value in capabilities.values()):
        raise _refused(message, "capabilities", "true or false for each")
    accumulator = _mapping(message, "accumulator")
    _check_names(message, "accumulator", (*accumulator, *map(str, accumulator.values())), DTYPES)
    return Introduction(
        name,
        _names(message, "operations", OPERATIONS),
        _names(message, "dtypes", DTYPES),
        _ranks(message),
        activations,
        filters,
        tuple(each for each in CAPABILITIES if capabilities.get(each, True) is False),
        _grade(message),
        tuple(accumulator.items()),
        **{each: str(message.get(each) or "") for each in _TEXTS},
    )


def _refused(message: Mapping[str, Any], field: str, allowed: str) -> ProtocolError:
    value = json.dumps(message[field])[:80] if field in message else "missing"
    return ProtocolError(f"its introduction: {field} is {value}; allowed: {allowed}")


def _names(message: Mapping[str, Any], field: str, allowed: Iterable[str]) -> tuple[str, ...]:
    names = message.get(field)
    if not isinstance(names, list) or not names:
        raise _refused(message, field, f"a list of some of {', '.join(allowed)}")
    _check_names(message, field, names, allowed)
    return tuple(dict.fromkeys(names))


def _check_names(message: Mapping[str, Any], field: str, names: Iterable[Any], allowed: Iterable[str]) -> None:
    if any(name not in tuple(allowed) for name in names):
        raise _refused(message, field, f"of {', '.join(allowed)}")


def _mapping(message: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    mapping = message.get(field, {})
    if not isinstance(mapping, dict):
        raise _refused(message, field, "an object")
    return mapping


def _ranks(message: Mapping[str, Any]) -> tuple[int, ...]:
    ranks = message.get("spatial", list(RANKS))
    if not (isinstance(ranks, list) and ranks and all(type(rank) is int and rank in RANKS for rank in ranks)):
        raise _refused(message, "spatial", "a list of some of 1, 2, 3: numbers of spatial axes")
    return tuple(ranks)


def _grade(message: Mapping[str, Any]) -> str:
    grade = message.get("grade", _GRADES[0])
    if grade not in _GRADES:
        raise _refused(message, "grade", ", ".join(_GRADES))
    return str(grade)


def _layouts(message: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the layouts of activations and of filters, as many of each: one alone goes with all of the others."""
    activations = _layout_list(message, "activations", _ACTIVATIONS)
    filters = _layout_list(message, "filters", _FILTERS)
    many = max(len(activations), len(filters))
    if {len(activations), len(filters)} - {1, many}:
        raise _refused(message, "filters", "one layout, or one for each of activations")
    return activations * (many // len(activations)), filters * (many // len(filters))


def _layout_list(message: Mapping[str, Any], field: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
    value = message.get(field, allowed[0])
    names = value if isinstance(value, list) else [value]
    if not names or any(name not in allowed for name in names):
        raise _refused(message, field, f"{', '.join(allowed)}, or a list of those")
    return tuple(names)


def _sides(problem: Problem) -> tuple[int, ...]:
    return tuple(side for pair in problem.padding for side in pair)


def _is_even(problem: Problem) -> bool:
    return all(low == high for low, high in problem.padding)


def _has_elements(problem: Problem) -> bool:
    return all(min(shape) > 0 for shape in (problem.input_shape, problem.filter_shape, problem.output_shape))
