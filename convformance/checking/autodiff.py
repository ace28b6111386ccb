"""Gradients by automatic differentiation, of a function or a layer that only goes forward.

What is judged is the backward pass that the library runs through: its own, or one that somebody wrote for it.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from convformance.checking import arrays
from convformance.checking.gradients import gradient_of, in_form
from convformance.checking.layers import Arguments, Layer
from convformance.checking.names import role_of
from convformance.checking.slots import parameters_of
from convformance.checking.spec import CheckSpec
from convformance.checking.weights import Entry

ROLES = {"input": "x", "filter": "w", "bias": "bias"}


@dataclass(frozen=True)
class Differentiated:
    """A layer whose gradients its library finds; ``locations`` has the arrays it keeps, None for one it is given."""

    layer: Layer
    locations: Mapping[str, Entry | None]

    @classmethod
    def through(cls, layer: Layer, sample: Arguments) -> "Differentiated":
        """Return what can be differentiated of a layer: by its input, its weights, and its bias if it has one."""
        built = layer.built(sample)
        kept = {"filter": layer.weight, "bias": layer.bias}
        in_layer = {result: entry for result, entry in kept.items() if entry is not None and entry.is_in(built)}
        given_arrays = {result: None for result, role in ROLES.items() if result == "input" or layer.has(role)}
        return cls(layer, {**given_arrays, **in_layer})

    def of(self, arguments: Arguments, operations: Sequence[str]) -> tuple[Any, ...]:
        """Return the gradients of ``operations`` in their order."""
        built, results = self.layer.built(arguments), [gradient_of(operation) for operation in operations]
        entries = [self.locations[result] for result in results]
        leaves = [
            arguments[ROLES[result]] if entry is None else entry.value(built)
            for result, entry in zip(results, entries, strict=True)
        ]

        def forward(*values: Any) -> Any:
            given_arrays = dict(arguments)
            for result, entry, leaf, value in zip(results, entries, leaves, values, strict=True):
                if entry is None:
                    given_arrays[ROLES[result]] = value
                elif value is not leaf:
                    entry.put(built, value)
            return _first(self.layer.forward(built, given_arrays))

        assert self.layer.kind.pull_back is not None
        gradients = self.layer.kind.pull_back(forward, leaves, arguments["dy"])
        return tuple(in_form(self.layer, arguments, *each) for each in zip(results, gradients, strict=True))


def _first(result: Any) -> Any:
    return result[0] if isinstance(result, tuple | list) and result else result


def has_backward_to_ask(spec: CheckSpec) -> bool:
    """Whether a backward pass that somebody wrote is there and no operation is stated, so that it is asked too."""
    return not (spec.op or spec.returns or spec.call) and arrays.has_own_backward(spec.fn)


def of_function(spec: CheckSpec) -> CheckSpec | None:
    """Return what is asked of the gradients of a function that only goes forward; None where it is none.

    Its names say so: it takes x and w and no dy, and computes with arrays of a library that differentiates.
    """
    declared = parameters_of(spec.fn)
    roles = {role_of(each.name): each.name for each in declared}
    wanted = [operation for operation in spec.operations if gradient_of(operation)]
    needed = {"x", "w", *(ROLES[gradient_of(operation)] for operation in wanted)}
    named = "grad" in getattr(spec.fn, "__name__", "").lower()
    if len(wanted) != len(spec.results) or named or "dy" in roles or not needed <= set(roles):
        return None
    if not any(kind.pull_back for kind in arrays.candidates(spec.fn, spec.arrays, spec.device)):
        return None
    return replace(spec, fn=_gradients_of(spec.fn, declared, [roles[ROLES[gradient_of(each)]] for each in wanted]))


def _gradients_of(
    fn: Callable[..., Any], declared: Sequence[inspect.Parameter], names: Sequence[str]
) -> Callable[..., Any]:
    """Return the function of dy and of what ``fn`` takes that gives the gradients by the parameters of those names."""
    own = inspect.Signature(list(declared))
    signature = inspect.Signature([inspect.Parameter("dy", declared[0].kind), *declared])

    def function(*values: Any, **named: Any) -> Any:
        bound = signature.bind(*values, **named)
        dy = bound.arguments.pop("dy")

        def forward(*leaves: Any) -> Any:
            changed = own.bind_partial()
            changed.arguments.update({**bound.arguments, **dict(zip(names, leaves, strict=True))})
            return _first(fn(*changed.args, **changed.kwargs))

        pull_back = arrays.kind_of_value(dy).pull_back
        if pull_back is None:
            raise TypeError(f"no gradients are known for {type(dy).__name__}")
        gradients = pull_back(forward, [bound.arguments[name] for name in names], dy)
        return tuple(gradients) if len(gradients) > 1 else gradients[0]

    function.__name__ = f"gradient of {getattr(fn, '__name__', 'fn')}"
    function.__wrapped__ = fn  # type: ignore[attr-defined]
    function.__signature__ = signature  # type: ignore[attr-defined]
    return function
