"""The cases of Keras, of the tests beside its layers: what convolutional layers answer, compared with loops in NumPy.

The tests are run as they are, on the back end that is installed, with an eye on the comparisons: one of a layer's
result is a sample, made of the convolution that the layer came to, its bias, what the test expects and its tolerances.
"""

import os
import unittest
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from typing import Any
from unittest import mock

import numpy as np

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

from keras.src import ops, testing
from keras.src.layers import Layer

from tests.zoo.member import Array, Run
from tests.zoo.others import Call, Sample
from tests.zoo.others_geometry import forward, per_axis, transposed

_MODULES = ("conv_test", "conv_transpose_test", "depthwise_conv_test")
_FUNCTIONS = ("conv", "depthwise_conv", "conv_transpose")


@dataclass
class _Seen:
    """What happens during one test: convolutions, results of layers, comparisons."""

    name: str = ""
    convolutions: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = field(default_factory=list)
    layers: list[tuple[Any, Any]] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)

    def convolved(self, name: str, function: Any, *args: Any, **kwargs: Any) -> Any:
        """Answer a convolution and write down its arguments."""
        result = function(*args, **kwargs)
        self.convolutions.append((name, args, kwargs))
        return result

    def called(self, call: Any, layer: Any, *args: Any, **kwargs: Any) -> Any:
        """Answer the call of a layer and write down its result."""
        result = call(layer, *args, **kwargs)
        self.layers.append((layer, result))
        return result

    def compared(self, case: Any, actual: Any, desired: Any, **tolerances: Any) -> None:
        """Make a sample of the comparison of a layer's result, if that came of one convolution."""
        layers = [layer for layer, result in self.layers if result is actual]
        if layers and len(self.convolutions) == 1:
            name, args, kwargs = self.convolutions[0]
            last = getattr(layers[0], "data_format", "channels_last") == "channels_last"
            bias = None if layers[0].bias is None else np.array(layers[0].bias)
            call = _READERS[name](_first(np.asarray(desired), last), bias, last, *args, **kwargs)
            self.samples.append(_sample(self.name, call, _first(np.asarray(desired), last), tolerances))


def keras_layers() -> Iterator[Sample]:
    """Yield the comparisons in the tests of the layers' numbers."""
    np.random.seed(0)
    for name in _MODULES:
        module = import_module(f"keras.src.layers.convolutional.{name}")
        classes = [each for each in vars(module).values() if isinstance(each, type) and "Correctness" in each.__name__]
        for test in unittest.TestSuite(map(unittest.defaultTestLoader.loadTestsFromTestCase, classes)):
            for case in test:
                yield from _of_test(case)


def _of_test(case: Any) -> list[Sample]:
    """Return the samples of one test, which is run on the installed back end."""
    seen = _Seen(case.id().removeprefix("keras.src.layers.convolutional."))
    with ExitStack() as stack:
        for name in _FUNCTIONS:
            stack.enter_context(mock.patch.object(ops, name, partial(seen.convolved, name, getattr(ops, name))))
        stack.enter_context(mock.patch.object(Layer, "__call__", _method(seen.called, Layer.__call__)))
        stack.enter_context(mock.patch.object(testing.TestCase, "assertAllClose", _method(seen.compared)))
        case.run(unittest.TestResult())
    return seen.samples


def _method(function: Any, *before: Any) -> Any:
    """Return ``function`` as a method, with arguments before the instance."""
    return lambda self, *args, **kwargs: function(*before, self, *args, **kwargs)


def _sample(name: str, call: Call, want: Array, tolerances: dict[str, Any]) -> Sample:
    return Sample(name, (call.operation,), call.problem.multiplications, partial(_check, call, want, tolerances))


def _check(call: Call, want: Array, tolerances: dict[str, Any], run: Run) -> None:
    testing.TestCase().assertAllClose(call.answer(run), want, **tolerances)


def _first(array: Array, last: bool) -> Array:
    """Return activations with their channels first."""
    return np.moveaxis(array, -1, 1) if last else array


def _operands(inputs: Any, kernel: Any, last: bool) -> tuple[Array, Array]:
    """Return the input in canonical layout and the kernel with its two axes of channels first."""
    x = np.ascontiguousarray(_first(np.array(inputs), last))
    return x, np.ascontiguousarray(np.moveaxis(np.array(kernel), (-2, -1), (0, 1)))


def _conv(
    want: Array,
    bias: Array | None,
    last: bool,
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Call:
    x, w = _operands(inputs, kernel, last)
    w = np.ascontiguousarray(w.swapaxes(0, 1))
    groups = x.shape[1] // w.shape[1]
    symbol = {"same": "same_upper"}.get(padding, padding)
    return forward(x, w, bias, stride=strides, padding=symbol, dilation=dilation_rate, groups=groups)


def _depthwise_conv(
    want: Array, bias: Array | None, last: bool, inputs: Any, kernel: Any, *args: Any, **rest: Any
) -> Call:
    """Return the call with the multiples of each channel as the output channels of its group."""
    array = np.array(kernel)
    return _conv(want, bias, last, inputs, array.reshape(*array.shape[:-2], 1, -1), *args, **rest)


def _conv_transpose(
    want: Array,
    bias: Array | None,
    last: bool,
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    output_padding: Any = None,
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Call:
    """Return the call to the size that the test expects."""
    x, w = _operands(inputs, kernel, last)
    w = np.ascontiguousarray(w.swapaxes(0, 1))
    return transposed(
        x,
        w,
        bias,
        result_size=want.shape[2:],
        begins=_begins(x.ndim - 2, w.shape[2:], strides, padding, output_padding, dilation_rate),
        stride=strides,
        dilation=dilation_rate,
    )


def _begins(
    rank: int, kernel: tuple[int, ...], strides: Any, padding: str, output_padding: Any, dilation_rate: Any
) -> list[int]:
    """Return how much is cut off at the begin of each axis, by Keras's own arithmetic for a rotated filter."""
    from keras.src.backend.common import backend_utils

    pairs = backend_utils.compute_conv_transpose_padding_args_for_jax(
        input_shape=(1, *(1,) * rank, 1),
        kernel_shape=(*kernel, 1, 1),
        strides=strides,
        padding=padding,
        output_padding=output_padding,
        dilation_rate=dilation_rate,
    )
    extents = [d * (k - 1) + 1 for k, d in zip(kernel, per_axis(dilation_rate, rank), strict=True)]
    return [extent - 1 - lo for extent, (lo, _) in zip(extents, pairs, strict=True)]


_READERS = {"conv": _conv, "depthwise_conv": _depthwise_conv, "conv_transpose": _conv_transpose}
