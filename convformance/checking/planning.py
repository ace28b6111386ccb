"""How a layer is built and called, found out on a small problem: its parameters, the place of its weights."""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from math import prod
from typing import Any

import numpy as np

from convformance.checking import arrays, weights
from convformance.checking.gradients import Gradients, gradients, without_weights
from convformance.checking.layers import ACTIVATIONS, CannotAsk, Choices, Layer
from convformance.checking.layouts import Layouts
from convformance.checking.slots import (
    FORWARD,
    constructor_slots,
    geometry_of,
    has_method,
    names_weights,
    parameters_of,
)
from convformance.checking.spec import CheckSpec
from convformance.checking.suggesting import NotAsked
from convformance.checking.target import quiet
from convformance.checking.usual_layouts import DEPTHWISE_LAYOUTS_OF_LAYERS, LAYOUTS_OF_LAYERS
from convformance.checking.weights import Entry, Matrix
from convformance.processes.loading import error_text
from convformance.reference.arrays import Array
from convformance.reference.operation import BY_NAME

_SIZES = {"N": 2, "O": 5, "I": 4, "D": 3, "H": 7, "W": 6}  # that no two axes share
_GEOMETRY = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}  # of the problem
_RECTANGLE, _SQUARE = {"D": 2, "H": 3, "W": 2}, {"D": 3, "H": 3, "W": 3}


@dataclass(frozen=True)
class Plan:
    """A layer that can be asked, the arrays it was tried on, and the sizes that it does not leave open."""

    layer: Layer
    sample: Mapping[str, Any]
    fixed: Mapping[str, Any]


def plan(target: Any, method: str, spec: CheckSpec) -> Plan:
    """Return how the class or object ``target`` is asked; raises ValueError with the reason where no way works."""
    method = method or _forward_of(target if isinstance(target, type) else type(target))
    planned, reasons = _first_way(target, method, spec)
    for other in _others(spec) if planned is None else ():
        planned, _ = _first_way(target, method, other)
        if planned is not None:
            return planned
    if planned is None:
        raise _cannot(target, method, spec, reasons)
    return planned


def _others(spec: CheckSpec) -> Iterator[CheckSpec]:
    """Yield what else a layer may be where nothing is stated: of another layout, one with a filter for each channel."""
    if (spec.layout, spec.filter_layout) == (None, None):
        for layout, filters in () if spec.depthwise else LAYOUTS_OF_LAYERS:
            yield replace(spec, layout=layout, filter_layout=filters)
        depthwise = () if BY_NAME[spec.operations[0]].transposed else DEPTHWISE_LAYOUTS_OF_LAYERS
        for layout, filters in depthwise:
            yield replace(spec, layout=layout, filter_layout=filters, depthwise=True)


def _first_way(target: Any, method: str, spec: CheckSpec) -> tuple[Plan | None, list[str]]:
    """Return the first way to ask that works, or None, and why those before it do not."""
    reasons: list[str] = []  # those that say more than an exception first
    for layer in _ways(target, method, spec):
        try:
            with quiet(), layer.kind.at_work(spec.dtype):
                return _completed(layer, spec), reasons
        except (Exception, SystemExit) as error:
            known = isinstance(error, CannotAsk)
            reasons.insert(0 if known else len(reasons), str(error) if known else error_text(error))
    return None, reasons


def backward(planned: Plan, method: str, spec: CheckSpec) -> Gradients:
    """Return the backward pass of a layer that goes forward; raises ValueError where it gives no gradient."""
    layer = planned.layer
    try:
        with quiet(), layer.kind.at_work(spec.dtype):
            return gradients(layer, method, planned.sample)
    except (Exception, SystemExit) as error:
        reason = str(error) if isinstance(error, CannotAsk) else error_text(error)
        owner = layer.target if isinstance(layer.target, type) else type(layer.target)
        raise ValueError(f"{owner.__name__}.{method} cannot be asked by itself: {reason}") from error


def is_layer(value: Any) -> bool:
    """Whether an object goes forward: by a name that says so, or when it is called, with arrays that it keeps."""
    named = [name for name in FORWARD if has_method(type(value), name)]
    return named not in ([], ["__call__"]) or bool(named and next(weights.entries(value), None))


def _forward_of(owner: type) -> str:
    for name in FORWARD:
        if has_method(owner, name):
            return name
    methods = [name for name, value in vars(owner).items() if inspect.isfunction(value) and not name.startswith("_")]
    if len(methods) == 1:
        return methods[0]
    raise ValueError(
        f"{owner.__name__} has no method forward or __call__; say which is meant, as in FILE.py:{owner.__name__}.METHOD"
    )


def _ways(target: Any, method: str, spec: CheckSpec) -> Iterator[Layer]:
    """Yield the layer with everything that is open, the likeliest first: arrays, parameters, forms."""
    transposed = BY_NAME[spec.operations[0]].transposed
    readings = list(constructor_slots(target, spec.fixed)) if isinstance(target, type) else [()]
    for kind in arrays.candidates(target, spec.arrays, spec.device):
        for slots in readings:
            roles = {slot.role for slot in slots}
            for choices in _choices(roles, spec.layouts):
                yield Layer(target, spec.layouts, transposed, kind, slots, method, choices)


def _choices(roles: set[str], layouts: Layouts) -> Iterator[Choices]:
    rectangle = "kernel_size" not in roles or layouts.rank == 1
    one_channel = "C" in layouts.activations and not {*"IC"} & {*layouts.filters} and not layouts.depthwise
    for bare in (False, True) if one_channel else (False,):
        for activation in ACTIVATIONS if "activation" in roles else (None,):
            for shape in ("sample", "batch", "spatial") if "input_shape" in roles else ("sample",):
                for kernel in ("tuple",) if rectangle else ("tuple", "number"):
                    for dtype in (True, False) if "dtype" in roles else (False,):
                        yield Choices(kernel, shape, activation, dtype, bare)


def _completed(layer: Layer, spec: CheckSpec) -> Plan:
    """Return the plan of a layer, with its weights looked for; raises whatever it raises where it cannot be asked."""
    letters = {**_SIZES, **(_SQUARE if layer.choices.kernel == "number" else _RECTANGLE)}
    letters |= dict.fromkeys({*"OI"} - {*layer.layouts.filters}, 1)
    if layer.layouts.depthwise:
        letters |= {"C": _SIZES["O"], "I": 1}
    sample = _sample(layer, letters, spec)
    fixed: dict[str, int] = {}
    if not layer.has("w"):
        layer, fixed = _with_weights(layer, sample, letters)
        sample = _sample(layer, {**letters, **fixed}, spec)
    with_bias = layer.bias is not None or layer.has("bias")
    built = layer.built({**sample, "bias": sample["bias"] if with_bias and not layer.has("has_bias") else None})
    result = layer.forward(built, sample)
    _check_axes(layer, result[0] if isinstance(result, tuple) and result else result)
    _check_nothing_added(layer, sample)
    return Plan(layer, sample, _as_geometry(layer, fixed))


def _check_axes(layer: Layer, result: Any) -> None:
    shape, letters = weights.shape_of(weights.numbers(result)), layer.layouts.activations
    if len(shape) not in (len(letters), len(letters) - (layer.choices.bare or "O" not in layer.layouts.filters)):
        raise CannotAsk(f"{layer.method} returns an array of {len(shape)} axes, where {letters} has {len(letters)}")


def _check_nothing_added(layer: Layer, sample: Mapping[str, Any]) -> None:
    """Raise CannotAsk where weights and bias of zero do not make zeros: numbers that are not found would be blamed."""
    zeros = without_weights(layer, {**sample, "bias": None if layer.has("has_bias") else sample["bias"]})
    result = layer.forward(layer.built(zeros), zeros)
    numbers = weights.numbers(result[0] if isinstance(result, tuple) and result else result)
    if np.any(numbers != 0):
        raise CannotAsk("with weights of zero it does not return zeros: it adds what is neither its weights nor a bias")


def _sample(layer: Layer, letters: Mapping[str, int], spec: CheckSpec) -> dict[str, Any]:
    """Return arrays of a small problem by role, as the layer takes them."""
    outputs = "I" if layer.transposed else "O"
    sizes = {
        "D": 6,
        "H": 7,
        "W": 6,
        "N": letters["N"],
        "C": _channels(layer, letters),
    }
    sizes |= {letter: max(sizes[letter], letters[letter] + 3) for letter in layer.layouts.spatial}
    shapes = {
        "x": [sizes[letter] for letter in layer.layouts.activations],
        "w": [letters[letter] for letter in layer.layouts.filters],
        "bias": [letters[outputs] * (_groups(layer) if layer.transposed else 1)]
        if "C" in layer.layouts.activations
        else [],
    }
    operands = {role: layer.kind.own(_numbers(shape, spec.dtype)) for role, shape in shapes.items()}
    needed = {role: value for role, value in _GEOMETRY.items() if layer.needs(role)}
    return {**needed, **spec.fixed, **operands}


def _channels(layer: Layer, letters: Mapping[str, int]) -> int:
    """Return how many channels the layer reads."""
    if layer.layouts.depthwise:
        return letters["C" if "C" in layer.layouts.filters else "O"]
    return letters["O"] if layer.transposed else letters["I"] * _groups(layer)


def _numbers(shape: Sequence[int], dtype: str) -> Array:
    numbers = np.arange(prod(shape)) * 5 % 7 - 3
    return numbers.reshape(shape).astype(weights.dtype_of(dtype))


def _with_weights(layer: Layer, sample: Mapping[str, Any], letters: Mapping[str, int]) -> tuple[Layer, dict[str, int]]:
    """Return the layer with the place of its weights and bias, and the sizes that they have already."""
    roles = {slot.role for slot in layer.slots}
    for late in (False, True):
        trial = replace(layer, late=late)
        built = trial.built(sample)
        open_letters = _open_letters(trial, roles)
        arrays_in = [(entry, value) for entry, value in weights.entries(built) if not entry.derived]
        wanted = {letter: 0 if letter in open_letters else letters[letter] for letter in layer.layouts.filters}
        weight = _weight_in(arrays_in, wanted, layer.layouts)
        if weight is not None:
            entry, value, kept = weight
            _check_single(entry, value, arrays_in)
            shape = list(wanted.values()) if kept else weights.shape_of(value)
            learned = dict(zip(wanted, shape, strict=True))
            outputs = (
                learned.get("I", 1) * _groups(layer) if layer.transposed else learned.get("O", learned.get("C", 1))
            )
            bias = _bias_in(arrays_in, outputs)
            fixed = {letter: learned[letter] for letter in open_letters if letter in learned}
            return replace(trial, weight=entry, bias=bias, kept=kept), fixed
    raise CannotAsk(_no_weights(arrays_in, wanted, layer.layouts))


def _open_letters(layer: Layer, roles: set[str]) -> set[str]:
    """Return the axes of the filters whose sizes no argument of the constructor says."""
    read, outputs = ("O", "I") if layer.transposed else ("I", "O")
    if layer.layouts.depthwise:
        read, outputs = ("C", "C") if "C" in layer.layouts.filters else ("O", "O")
    said = {read} if layer.late or layer.functional or roles & {"in_channels", "input_shape"} else set()
    said |= {outputs} if "out_channels" in roles else set()
    said |= set(layer.layouts.spatial) if "kernel_size" in roles else set()
    return {*layer.layouts.filters} - said - ({"I"} if layer.layouts.depthwise else set())


_Weight = tuple[Entry, Any, Any]


def _weight_in(arrays_in: Sequence[tuple[Entry, Any]], wanted: Mapping[str, int], layouts: Layouts) -> _Weight | None:
    """Return the array that the weights are, by its name and shape: as filters are, or as a matrix of them."""
    candidates: list[tuple[int, _Weight]] = []
    outputs = layouts.filters.find("O")
    known = tuple(wanted.values())
    forms = (Matrix(outputs, True), Matrix(outputs, False)) if outputs >= 0 and all(known) and len(known) > 2 else ()
    matrices = {form.shape(known): form for form in forms}
    for entry, value in arrays_in:
        shape, named = weights.shape_of(value), names_weights(entry.name)
        same = len(shape) == len(known) and all(want in (0, size) for want, size in zip(known, shape, strict=True))
        if same and (named or len(known) > 1):
            candidates.append((0 if named else 2, (entry, value, None)))
        elif shape in matrices:
            candidates.append((1 if named else 3, (entry, value, matrices[shape])))
    return min(candidates, key=lambda each: each[0])[1] if candidates else None


def _bias_in(arrays_in: Sequence[tuple[Entry, Any]], outputs: int) -> Entry | None:
    for entry, value in arrays_in:
        shape = weights.shape_of(value)
        if names_weights(entry.name, "bias") and (outputs in shape or prod(shape) == outputs == 1):
            return entry
    return None


def _check_single(entry: Entry, value: Any, arrays_in: Sequence[tuple[Entry, Any]]) -> None:
    """Raise CannotAsk where a second array was made of the weights, which new weights would not reach."""
    numbers = weights.numbers(value)
    for other, second in arrays_in:
        if other == entry or prod(weights.shape_of(second)) != numbers.size or np.ptp(numbers) == 0:
            continue
        copied = weights.numbers(second)
        if not np.shares_memory(copied, numbers) and np.array_equal(np.sort(copied, None), np.sort(numbers, None)):
            raise CannotAsk(f"it keeps its weights twice, as {entry.name} and as {other.name}")


def _no_weights(arrays_in: Sequence[tuple[Entry, Any]], wanted: Mapping[str, int], layouts: Layouts) -> str:
    """Return why no array is the weights, with the layout to state where one is in another order of axes."""
    shape = tuple(wanted.values())
    for entry, value in arrays_in:
        for letters in permutations(wanted) if len(set(shape)) == len(shape) and names_weights(entry.name) else ():
            if tuple(wanted[letter] for letter in letters) == weights.shape_of(value):
                order = "".join(letters)
                return f"its {entry.name} has its axes in the order {order}: say --filter-layout {order}"
    kept = ", ".join(f"{entry.name} {weights.shape_of(value)}" for entry, value in arrays_in[:6]) or "none"
    sizes = ", ".join(str(size) if size else letter for letter, size in wanted.items())
    return f"none of the arrays that it keeps has the filters' shape ({layouts.filters}: {sizes}); it keeps: {kept}"


def _as_geometry(layer: Layer, fixed: Mapping[str, int]) -> dict[str, Any]:
    """Return sizes of axes as what a problem calls them, in which the large side of a transposed one is the input."""
    names = {"I": "in_channels", "O": "out_channels"}
    groups = {"I": _groups(layer)}  # filters have the channels of one group there
    result: dict[str, Any] = {
        names[letter]: fixed[letter] * groups.get(letter, 1) for letter in ("I", "O") if letter in fixed
    }
    if layer.layouts.depthwise:
        result = {name: fixed[letter] for letter in "OC" if letter in fixed for name in names.values()}
    if set(layer.layouts.spatial) <= set(fixed):
        return {**result, "kernel_size": tuple(fixed[letter] for letter in layer.layouts.spatial)}
    return result


def _groups(layer: Layer) -> int:
    """Return the groups that an object was built with."""
    built = {} if isinstance(layer.target, type) else dict(geometry_of(layer.target, layer.layouts.rank))
    return int(built.get("groups", 1))


def _cannot(target: Any, method: str, spec: CheckSpec, reasons: Sequence[str]) -> NotAsked:
    """Return why a layer cannot be asked, and the layout to state or the call to write, with its own parameters."""
    owner = target if isinstance(target, type) else type(target)
    reason = reasons[0] if reasons else "its constructor's parameters say nothing"
    for layout, filters in LAYOUTS_OF_LAYERS:
        if _first_way(target, method, replace(spec, layout=layout, filter_layout=filters))[0] is not None:
            sentence = f"{owner.__name__} takes arrays of other axes ({reason})"
            return NotAsked(sentence, options={"layout": layout, "filter_layout": filters})
    names = [each.name for each in parameters_of(owner) if each.default is inspect.Parameter.empty]
    built = f"fn({', '.join(f'{name}=...' for name in names)})" if isinstance(target, type) else "fn"
    sentence = f"{owner.__name__} cannot be asked by itself: {reason}; or say how it is built and called"
    return NotAsked(sentence, options={"call": f"lambda fn, x, w, problem: {built}.{method}(x)"})
