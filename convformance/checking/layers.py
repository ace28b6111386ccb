"""A layer that somebody wrote: built from the arguments of its constructor, given weights, and called."""

import contextlib
import copy
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from convformance.checking import weights
from convformance.checking.arrays import Kind
from convformance.checking.layouts import Layouts
from convformance.checking.slots import Slot, call_slots
from convformance.checking.weights import Entry, Matrix

# What stands for no activation, in the ways of those who wrote constructors.
ACTIVATIONS = (None, "linear", "identity", "none", lambda values: values)
Arguments = Mapping[str, Any]  # by role: x, w, bias, dy, geometry; by name what the user stated


class CannotAsk(Exception):
    """A layer cannot be built or called in the way that is tried; the message says why."""


@dataclass(frozen=True)
class Choices:
    """Forms that nothing but a trial tells.

    ``kernel`` is the kernel's size as ``tuple`` or ``number``; ``shape`` which axes an input's shape has: ``sample``
    without N, ``batch`` with it, or ``spatial``; ``bare``: the input comes without its only channel.
    """

    kernel: str = "tuple"
    shape: str = "sample"
    activation: Any = None
    dtype: bool = True
    bare: bool = False


@dataclass(frozen=True)
class Layer:
    """How a layer is built, given weights and called.

    ``target`` is its class, or an object of which a copy is taken. ``weight`` and ``bias`` are where it keeps them,
    ``kept`` the matrix that it keeps in place of filters, if so. ``late``: it has weights only after a first call.
    """

    target: Any
    layouts: Layouts
    transposed: bool
    kind: Kind
    slots: tuple[Slot, ...]
    method: str
    choices: Choices = Choices()
    weight: Entry | None = None
    bias: Entry | None = None
    kept: Matrix | None = None
    late: bool = False

    def built(self, arguments: Arguments) -> Any:
        """Return the layer with the weights and the bias of ``arguments``, ready for its call."""
        if isinstance(self.target, type):
            layer = self.target(**dict(self._constructor_arguments(arguments)))
        else:
            layer = copy.deepcopy(self.target)
        _settle_dtype(layer, arguments["w"])
        if self.late:
            self._call(layer, self._first(arguments), arguments)
        if self.functional:
            layer = Functional(layer, layer.init(self.kind.supplies["key"](), self._first(arguments)))
        self._give_weights(layer, arguments)
        return layer

    def _give_weights(self, layer: Any, arguments: Arguments) -> None:
        w, bias = arguments["w"], arguments.get("bias")
        if self.weight is not None:
            self.weight.put(layer, self.kept.of(w) if self.kept else w)
        if self.bias is not None and self.bias.is_in(layer):
            self.bias.put(layer, self._bias_like(weights.shape_of(self.bias.value(layer)), bias, w))
        elif self.bias is not None and bias is not None:
            raise CannotAsk(f"without a bias of its own it has no {self.bias.name}")

    def _bias_like(self, shape: tuple[int, ...], bias: Any, w: Any) -> Any:
        """Return the bias, zero where there is none, in the shape that the layer keeps."""
        if bias is None:
            return self.kind.own(np.zeros(shape, weights.numbers(w).dtype))
        values = weights.numbers(bias)
        outputs = values.size
        axes = [index for index, size in enumerate(shape) if size == outputs]
        if len(axes) > 1:
            axes = [self.layouts.activations.replace("N", "").find("C")]
        form = [outputs if index in axes[:1] else 1 for index in range(len(shape))]
        return self.kind.own(np.broadcast_to(values.reshape(form), shape))

    def out_channels(self, w: Any) -> int:
        """Return how many channels the layer's results have, for filters of one group."""
        letter = "I" if self.transposed else "C" if "C" in self.layouts.filters else "O"
        return int(w.shape[self.layouts.filters.index(letter)]) if letter in self.layouts.filters else 1

    def _in_channels(self, arguments: Arguments) -> int:
        letters = self.layouts.activations
        return int(arguments["x"].shape[letters.index("C")]) if "C" in letters else 1

    def _constructor_arguments(self, arguments: Arguments) -> Iterator[tuple[str, Any]]:
        records: dict[str, tuple[type, dict[str, Any]]] = {}
        for slot in self.slots:
            value = self._value(slot, arguments)
            inside = records.setdefault(slot.inside, (slot.record, {}))[1] if slot.record else None
            if value is not inspect.Parameter.empty and inside is None:
                yield slot.name, value
            elif value is not inspect.Parameter.empty and inside is not None:
                inside[slot.name] = value
        yield from ((name, record(**fields)) for name, (record, fields) in records.items())

    def _value(self, slot: Slot, arguments: Arguments) -> Any:
        """Return what a parameter of the constructor is given; ``empty`` leaves it at its default."""
        empty = inspect.Parameter.empty
        values: Mapping[str, Callable[[], Any]] = {
            "in_channels": lambda: self._in_channels(arguments),
            "out_channels": lambda: self._all_out_channels(arguments),
            "kernel_size": lambda: self._kernel_size(arguments["w"]),
            "input_shape": lambda: self._input_shape(arguments["x"]),
            "has_bias": lambda: arguments.get("bias") is not None,
            "activation": lambda: empty if slot.parameter.default is None else self.choices.activation,
            "dtype": lambda: arguments["w"].dtype if self.choices.dtype else empty,
            "supplied": lambda: self._supplied(slot),
        }
        if slot.role in values:
            return values[slot.role]()
        value = arguments.get(slot.name if slot.role == "stated" else slot.role)
        return empty if value is None else value

    def _all_out_channels(self, arguments: Arguments) -> int:
        groups = arguments.get("groups") or 1
        return self.out_channels(arguments["w"]) * (groups if self.transposed else 1)

    def _supplied(self, slot: Slot) -> Any:
        if slot.name in self.kind.supplies:
            return self.kind.supplies[slot.name]()
        raise CannotAsk(f"what {slot.name} stands for is not known (--fixed {slot.name}=VALUE says it)")

    def _kernel_size(self, w: Any) -> Any:
        size = tuple(int(w.shape[self.layouts.filters.index(letter)]) for letter in self.layouts.spatial)
        if self.choices.kernel == "tuple" and len(size) > 1:
            return size
        if len(set(size)) > 1:
            raise NotImplementedError(f"a kernel of {size}: its size is one number")
        return size[0]

    def _input_shape(self, x: Any) -> tuple[int, ...]:
        letters = {"sample": self.layouts.activations.replace("N", ""), "batch": self.layouts.activations}
        wanted = letters.get(self.choices.shape, self.layouts.spatial)
        return tuple(int(x.shape[self.layouts.activations.index(letter)]) for letter in wanted)

    def _first(self, arguments: Arguments) -> Any:
        """Return the input as the method takes it."""
        x = arguments["x"]
        if not self.choices.bare:
            return x
        shape = [size for size, letter in zip(x.shape, self.layouts.activations, strict=True) if letter != "C"]
        return x.reshape(shape)

    def forward(self, layer: Any, arguments: Arguments) -> Any:
        """Return what the layer makes of x."""
        return self._call(layer, self._first(arguments), arguments)

    def _call(self, layer: Any, first: Any, arguments: Arguments) -> Any:
        return (
            layer.apply(first) if isinstance(layer, Functional) else call(getattr(layer, self.method), first, arguments)
        )

    @property
    def functional(self) -> bool:
        """Whether the weights are no part of the object but handed over with each call."""
        return callable(getattr(self.target, "init", None)) and callable(getattr(self.target, "apply", None))

    def has(self, role: str) -> bool:
        """Whether the constructor or the method that goes forward takes something of that role."""
        return any(slot.role == role for slot in self._all_slots())

    def needs(self, role: str) -> bool:
        """Whether it takes something of that role and has no default for it."""
        return any(slot.role == role and not slot.optional for slot in self._all_slots())

    def _all_slots(self) -> tuple[Slot, ...]:
        method = inspect.getattr_static(self.target, self.method)
        bare = inspect.unwrap(getattr(method, "__func__", method))
        return (*self.slots, *(call_slots(bare, "x") if callable(bare) else ()))


@dataclass
class Functional:
    """A layer with the weights that are handed over with each call."""

    layer: Any
    variables: Any

    def __post_init__(self) -> None:
        self.variables = _mutable(self.variables)

    def apply(self, x: Any) -> Any:
        """Call the layer."""
        return self.layer.apply(self.variables, x)


def call(method: Callable[..., Any], first: Any, arguments: Arguments, about: str = "x") -> Any:
    """Call a method with ``first``, which it is ``about``, and with what it has parameters for of ``arguments``."""
    named = {}
    slots = call_slots(method, about)
    for slot in slots:
        value = first if slot.role == "first" else arguments.get(slot.role)
        if slot.role == "supplied":
            raise CannotAsk(f"what {slot.name} stands for is not known")
        if value is not None or not slot.optional:
            named[slot.parameter] = value
    by_position = [value for parameter, value in named.items() if parameter.kind == parameter.POSITIONAL_ONLY]
    by_name = {
        parameter.name: value for parameter, value in named.items() if parameter.kind != parameter.POSITIONAL_ONLY
    }
    return method(*by_position, **by_name) if slots else method(first)


def _mutable(variables: Any) -> Any:
    return {key: _mutable(value) for key, value in variables.items()} if hasattr(variables, "items") else variables


def _settle_dtype(layer: Any, w: Any) -> None:
    """Let a layer that casts what it is given compute in the dtype of the question."""
    if hasattr(layer, "dtype_policy"):
        with contextlib.suppress(Exception):
            layer.dtype_policy = str(weights.numbers(w).dtype)
