"""The gradients that a layer's backward pass gives: returned, kept in the layer, or taken off its weights."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from convformance.checking import weights
from convformance.checking.layers import Arguments, CannotAsk, Layer, call
from convformance.checking.weights import Entry

_GRADIENT = re.compile(r"^d(?!ata|epth)|grad|delta", re.IGNORECASE)


def gradient_of(operation: str) -> str:
    """Return what an operation is the gradient of: ``input``, ``filter`` or ``bias``; an empty text for none."""
    return operation.removesuffix("_grad").rpartition("_")[2] if operation.endswith("_grad") else ""


@dataclass(frozen=True)
class Location:
    """Where a gradient is after the call: among what is returned, an array of the layer, or what one changed by.

    All is empty but one.
    """

    index: int | None = None
    entry: Entry | None = None
    changed: Entry | None = None


@dataclass(frozen=True)
class Gradients:
    """A layer with its backward pass, and where each gradient is after it."""

    layer: Layer
    method: str
    locations: Mapping[str, Location]

    def of(self, arguments: Arguments, operations: Sequence[str]) -> tuple[Any, ...]:
        """Return the gradients of ``operations`` in their order."""
        results = [gradient_of(operation) for operation in operations]
        passed = Passed.through(self.layer, self.method, arguments)
        # What weights change by is exact where they are zero: nothing is rounded when it is taken off.
        changes = any(self.locations[result].changed for result in results)
        from_zero = (
            Passed.through(self.layer, self.method, without_weights(self.layer, arguments)) if changes else passed
        )
        return tuple(
            self._gradient(result, from_zero if self.locations[result].changed else passed) for result in results
        )

    def _gradient(self, result: str, passed: "Passed") -> Any:
        return in_form(self.layer, passed.arguments, result, passed.at(self.locations[result]))


def in_form(layer: Layer, arguments: Arguments, result: str, value: Any) -> Any:
    """Return a layer's gradient in the form of the array that it is the gradient of."""
    if result == "bias":
        return weights.numbers(value).reshape(-1) if "C" in layer.layouts.activations else value
    if result == "input" and layer.choices.bare:
        return weights.numbers(value).reshape(arguments["x"].shape)
    matrix = result == "filter" and layer.kept and len(weights.shape_of(value)) == 2
    return layer.kept.back(value, weights.shape_of(arguments["w"])) if matrix and layer.kept else value


def without_weights(layer: Layer, arguments: Arguments) -> Arguments:
    """Return the arguments with weights, and a bias if there is one, of zero."""
    zeros = {
        role: layer.kind.own(np.zeros_like(weights.numbers(arguments[role])))
        for role in ("w", "bias")
        if arguments.get(role) is not None
    }
    return {**arguments, **zeros}


@dataclass(frozen=True)
class Passed:
    """A layer after its backward pass: what that returned, and what its weights were before."""

    arguments: Arguments
    built: Any
    returned: Sequence[Any]
    before: Mapping[Entry, Any]

    @classmethod
    def through(cls, layer: Layer, method: str, arguments: Arguments) -> "Passed":
        """Take a new layer forward with x and backward with dy."""
        built = layer.built(arguments)
        result = layer.forward(built, arguments)
        cache = result[1] if isinstance(result, tuple) and len(result) > 1 else None
        kept = [entry for entry in (layer.weight, layer.bias) if entry is not None and entry.is_in(built)]
        before = {entry: np.array(weights.numbers(entry.value(built))) for entry in kept}
        offered = {**arguments, "cache": cache, "learning_rate": 1.0}
        returned = call(getattr(built, method), arguments["dy"], offered, about="dy")
        return cls(arguments, built, _pieces(returned), before)

    def at(self, location: Location) -> Any:
        """Return what lies in a location."""
        if location.index is not None:
            return self.returned[location.index]
        if location.entry is not None:
            return location.entry.value(self.built)
        assert location.changed is not None
        return self.before[location.changed] - weights.numbers(location.changed.value(self.built))


def _pieces(returned: Any) -> list[Any]:
    if isinstance(returned, Mapping):
        return list(returned.values())
    return list(returned) if isinstance(returned, tuple | list) else [returned]


def gradients(layer: Layer, method: str, arguments: Arguments) -> Gradients:
    """Return the backward pass with the gradients that it gives, told by their shapes on a small problem.

    Raises CannotAsk where it gives none.
    """
    dy = weights.numbers(_output(layer, arguments))
    arguments = {**arguments, "dy": layer.kind.own(dy)}
    passed = Passed.through(layer, method, arguments)
    x, w, bias = (weights.shape_of(arguments[role]) for role in ("x", "w", "bias"))
    bare = [tuple(size for size in x if size != 1)] if layer.choices.bare else []
    matrix = [layer.kept.shape(w)] if layer.kept else []
    shapes = {"input": [x, *bare], "filter": [w, *matrix], "bias": _bias_shapes(layer, passed, bias)}
    holders = {"filter": layer.weight, "bias": layer.bias}
    every = {result: _location(passed, wanted, holders.get(result)) for result, wanted in shapes.items()}
    locations = {result: location for result, location in every.items() if location is not None}
    if not locations:
        count = (
            ", ".join(str(weights.shape_of(piece)) for piece in passed.returned if weights.is_array(piece)) or "nothing"
        )
        raise CannotAsk(f"{method} gives nothing of the shape of x {x} or of w {w}; it returns {count}")
    return Gradients(layer, method, locations)


def _output(layer: Layer, arguments: Arguments) -> Any:
    result = layer.forward(layer.built(arguments), arguments)
    return result[0] if isinstance(result, tuple) else result


def _bias_shapes(layer: Layer, passed: Passed, bias: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Return the shapes that the gradient of the bias may have: none where each result has a bias of its own."""
    kept = [weights.shape_of(passed.before[layer.bias])] if layer.bias in passed.before and layer.bias else []
    outputs = bias[0] if bias else 1
    own = [shape for shape in kept if int(np.prod(shape)) == outputs]
    return [*own, bias, (outputs, 1), (1, outputs)] if own or not kept else []


def _location(passed: Passed, shapes: Sequence[tuple[int, ...]], holder: Entry | None) -> Location | None:
    if not shapes:
        return None
    for index, piece in enumerate(passed.returned):
        if weights.is_array(piece) and weights.shape_of(piece) in shapes:
            return Location(index=index)
    for entry, value in weights.entries(passed.built) if holder or len(shapes) > 1 else ():
        if any(map(_GRADIENT.search, entry.names)) and weights.shape_of(value) in shapes:
            return Location(entry=entry)
    if holder in passed.before and holder is not None:
        change = passed.before[holder] - weights.numbers(holder.value(passed.built))
        return Location(changed=holder) if np.any(change) else None
    return None
