"""TensorFlow: activations ``N*C``, filters ``*IO``; groups are read off the shapes.

``nn.conv2d``, ``nn.conv2d_transpose`` and the raw backprop ops take explicit pads themselves, as long as these are
>= 0. For ``nn.convolution`` and ``nn.conv_transpose`` see ``tensorflow_calls``.
"""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from importlib import metadata
from typing import Any, ClassVar

from convformance.adapters import known, known_derivatives, known_raw, known_tensorflow
from convformance.adapters.alignment import ALIGNED, is_aligned
from convformance.adapters.contract import FLOATING_POINT, Domain, UsageError, in_memory, of_numbers, route
from convformance.adapters.guarded import is_guarded
from convformance.adapters.layouts import shape_in
from convformance.adapters.modes import THREADS, thread_count
from convformance.adapters.notation import Notation, options
from convformance.adapters.tensorflow_beyond import TensorflowBeyond, bordered_text
from convformance.adapters.tensorflow_calls import REFUSALS, biased_text, conv_transpose_text, convolution_text
from convformance.adapters.tensorflow_derivatives import DEPTHWISE, TWO_AXES, TensorflowDerivatives
from convformance.adapters.tensorflow_geometry import (
    cropped_shape,
    crops,
    native_padding,
    opposite,
    pad_text,
    raw_attributes,
)
from convformance.adapters.tensorflow_raw import TensorflowRaw
from convformance.reference.arrays import Array
from convformance.reference.geometry import Size
from convformance.reference.problem import Problem

_INT32 = of_numbers("int32", "int32") & Domain("up to two spatial axes", lambda request: request.problem.rank < 3)
_NUMBERS = Domain(
    "floating-point numbers; int32 on up to two spatial axes",
    lambda request: FLOATING_POINT.holds(request) or _INT32.holds(request),
)
_DLPACK = ("float64", "float32", "float16")  # of NumPy's types those that it has for a tensor of TensorFlow
_NO_GUARDED_BFLOAT16 = Domain(
    "no guarded bfloat16", lambda request: (request.memory, request.dtype) != ("guarded", "bfloat16")
)


def _tape(operand: str, shape: str, result: str) -> str:
    """Return the template of a gradient of ``result`` in its operand of that shape."""
    return f"""\
{operand} = tf.zeros({shape}, dy.dtype)
with tf.GradientTape() as tape:
    tape.watch({operand})
    y = {result}
tape.gradient(y, {operand}, output_gradients=dy)"""


class Tensorflow(TensorflowRaw, TensorflowBeyond, TensorflowDerivatives):
    """TensorFlow, eager or compiled by XLA (``mode=xla``), on the CPU unless ``device=any`` leaves the choice to it."""

    name = "tensorflow"
    known_divergences = (*known_derivatives.TENSORFLOW, *known_tensorflow.TENSORFLOW, *known_raw.TENSORFLOW_RAW)
    kinds_seen = known.KINDS_SEEN
    looked_at = "2.21.0"
    requires = ("tensorflow",)
    compile_cache: ClassVar[Mapping[str, str]] = {"TF_XLA_FLAGS": "--tf_xla_persistent_cache_directory={folder}"}
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "mode": ("eager", "xla"),
        "device": ("cpu", "any"),
        "threads": THREADS,
    }
    process_options = ("threads",)
    refusals = (
        *REFUSALS,
        "not yet support dilation rates",
        "Gradients for grouped convolutions are not supported on CPU",
        "Fused conv implementation does not support grouped convolutions",
        "input and filter must have the same depth",  # Conv3D with groups, by oneDNN and then by Eigen
        r"Number of channels in filter \(\d+\) must match",
        "filter must not have zero elements",
        "filter.depth must be (stri|non-zero)",
        "output size would be negative",
        "Depth of filter must not be 0",  # this and the next where a graph is traced for XLA
        "has a non-positive dimension",
    )

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        import tensorflow as tf

        self.tf: Any = tf
        self._set_threads(thread_count(self.mode["threads"]))
        if self.mode["device"] == "cpu":
            tf.config.set_visible_devices([], "GPU")

    def _set_threads(self, count: int) -> None:
        """Set how many threads compute; raises UsageError where TensorFlow already runs with another number."""
        threading = self.tf.config.threading
        with suppress(RuntimeError):  # once TensorFlow runs it is too late
            threading.set_intra_op_parallelism_threads(count)
            threading.set_inter_op_parallelism_threads(1)
        if count > 1 and threading.get_intra_op_parallelism_threads() != count:
            raise UsageError(f"adapter tensorflow: threads={count} comes too late: TensorFlow runs in this process")

    def device(self) -> str:
        gpus = self.tf.config.get_visible_devices("GPU")
        return (
            ", ".join(str(self.tf.config.experimental.get_device_details(gpu)["device_name"]) for gpu in gpus) or "cpu"
        )

    def device_facts(self) -> Mapping[str, str]:
        """Return of the GPUs in use the names, the compute capability, and the libraries TensorFlow was built with."""
        details = [
            self.tf.config.experimental.get_device_details(gpu) for gpu in self.tf.config.get_visible_devices("GPU")
        ]
        if not details:
            return {}
        build = self.tf.sysconfig.get_build_info()
        return {
            "name": ", ".join(str(each.get("device_name", "")) for each in details),
            "capability": ".".join(map(str, details[0].get("compute_capability", ()))),
            "CUDA": str(build.get("cuda_version", "")),
            "cuDNN": str(build.get("cudnn_version", "")),
        }

    def wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        if self.mode["mode"] == "eager":
            return function
        compiled: Callable[..., Any] = self.tf.function(function, jit_compile=True, autograph=False)
        return compiled

    @classmethod
    def memory_domain(cls, mode: Mapping[str, str]) -> Domain:
        """Return that of guarded operands, as DLPack hands them over; all others are copied."""
        return in_memory("guarded") & ALIGNED & _NO_GUARDED_BFLOAT16 if mode["device"] == "cpu" else in_memory()

    def to_native(self, array: Array) -> Any:
        """Return a copy, as TensorFlow makes it of any array, but for what is guarded: that is read where it lies."""
        if is_guarded(array) and is_aligned(array) and array.dtype.name in _DLPACK:
            return self.tf.experimental.dlpack.from_dlpack(array.__dlpack__())
        return self.tf.convert_to_tensor(array)

    def notation(self) -> Notation:
        device = ('tf.config.set_visible_devices([], "GPU")',) if self.mode["device"] == "cpu" else ()
        count = self.mode["threads"]
        threads = () if count == "1" else (f"tf.config.threading.set_intra_op_parallelism_threads({count})",)
        return Notation(
            setup=("import tensorflow as tf", *device, *threads),
            operand="tf.constant({numbers}, tf.{dtype})",
            strided="",
            compiled="tf.function(call, jit_compile=True, autograph=False)" if self.mode["mode"] == "xla" else "",
            lists="{name}.numpy().tolist()",
        )

    def script_fields(self, problem: Problem, names: Mapping[str, str], bias: str) -> Mapping[str, str]:
        calls = {
            "conv2d": _conv2d_text(problem),
            "convolution": convolution_text(problem),
            "depthwise": _depthwise_text(problem),
            "conv2d_transpose": _conv2d_transpose_text(problem, names.get("output", "x")),
            "conv_transpose": conv_transpose_text(problem),
        }
        is_large = "output" not in names or "input" in names
        beyond = {
            "call": calls["convolution" if is_large else "conv_transpose"],
            "bordered": bordered_text(problem, convolution_text(problem.unpadded)),
            "is_large": "large" if is_large else "",
        }
        return {
            **{name: biased_text(call, bias) for name, call in calls.items()},
            **self._beyond_fields(problem, beyond, bias),
            "x_shape": str(shape_in(problem.input_shape, self.activations)),
            "y_shape": str(shape_in(problem.output_shape, self.activations)),
            "w_shape": str(shape_in(problem.filter_shape, self.filters)),
            "backprop_input": _backprop_input_text(problem),
            "backprop_filter": _backprop_filter_text(problem),
        }

    @route("conv", "nn.conv2d", script="{conv2d}", domain=TWO_AXES, numbers=_NUMBERS)
    def conv2d(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        x = self.padded(x, crops(problem))
        return self.biased(
            self.tf.nn.conv2d(x, w, problem.stride, native_padding(problem), dilations=problem.dilation), bias
        )

    @route("conv", "nn.convolution", script="{convolution}", numbers=_NUMBERS)
    def convolution(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        return self.convolved(problem, x, w, bias)

    @route("conv", "nn.depthwise_conv2d", script="{depthwise}", domain=DEPTHWISE)
    def depthwise_conv2d(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        x = self.padded(x, crops(problem))
        w = self.tf.reshape(w, (*problem.kernel_size, problem.in_channels, problem.out_channels // problem.groups))
        y = self.tf.nn.depthwise_conv2d(
            x, w, (1, *problem.stride, 1), native_padding(problem), dilations=problem.dilation
        )
        return self.biased(y, bias)

    @route("conv_input_grad", "GradientTape", script=_tape("x", "{x_shape}", "{convolution}"))
    def input_gradient(self, problem: Problem, dy: Any, w: Any) -> Any:
        return self._gradient(
            lambda x: self.convolution(problem, x, w), shape_in(problem.input_shape, self.activations), dy
        )

    @route("conv_input_grad", "depthwise_tape", script=_tape("x", "{x_shape}", "{depthwise}"), domain=DEPTHWISE)
    def depthwise_input_gradient(self, problem: Problem, dy: Any, w: Any) -> Any:
        return self._gradient(
            lambda x: self.depthwise_conv2d(problem, x, w), shape_in(problem.input_shape, self.activations), dy
        )

    @route("conv_input_grad", "conv2d_backprop_input", script="{backprop_input}", domain=TWO_AXES, numbers=_NUMBERS)
    def backprop_input(self, problem: Problem, dy: Any, w: Any) -> Any:
        shape = shape_in(cropped_shape(problem), self.activations)
        dx = self.tf.raw_ops.Conv2DBackpropInput(
            input_sizes=shape, filter=w, out_backprop=dy, **raw_attributes(problem)
        )
        return self.padded(dx, opposite(crops(problem)))

    @route("conv_input_grad", "nn.conv2d_transpose", script="{conv2d_transpose}", domain=TWO_AXES, numbers=_NUMBERS)
    @route("conv_transpose", "nn.conv2d_transpose", script="{conv2d_transpose}", domain=TWO_AXES, numbers=_NUMBERS)
    def conv2d_transpose(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        shape = shape_in(cropped_shape(problem), self.activations)
        padding = native_padding(problem)
        y = self.tf.nn.conv2d_transpose(x, w, shape, problem.stride, padding, dilations=problem.dilation)
        return self.biased(self.padded(y, opposite(crops(problem))), bias)

    def _input_gradient_text(self, problem: Problem) -> str | None:
        if max(problem.stride) > 1 or problem.groups > 1:
            return None
        spread = pad_text("dy", problem.adjoint_padding)
        rotated = f"tf.linalg.matrix_transpose(tf.reverse(w, {[*range(problem.rank)]}))"
        return f'tf.nn.convolution({spread}, {rotated}, 1, "VALID"{options(dilations=problem.dilation)})'

    @route("conv_input_grad", "by-hand", script=_input_gradient_text, numbers=_NUMBERS)
    def input_gradient_by_hand(self, problem: Problem, dy: Any, w: Any) -> Any:
        spread = self.padded(self._zeros_inserted(dy, problem.stride), problem.adjoint_padding)
        rotated = self._roles_swapped(self.tf.reverse(w, range(problem.rank)), problem)
        return self.tf.nn.convolution(spread, rotated, 1, "VALID", None, problem.dilation)

    @route("conv_filter_grad", "GradientTape", script=_tape("w", "{w_shape}", "{convolution}"))
    def filter_gradient(self, problem: Problem, x: Any, dy: Any) -> Any:
        return self._gradient(
            lambda w: self.convolution(problem, x, w), shape_in(problem.filter_shape, self.filters), dy
        )

    @route("conv_filter_grad", "depthwise_tape", script=_tape("w", "{w_shape}", "{depthwise}"), domain=DEPTHWISE)
    def depthwise_filter_gradient(self, problem: Problem, x: Any, dy: Any) -> Any:
        return self._gradient(
            lambda w: self.depthwise_conv2d(problem, x, w), shape_in(problem.filter_shape, self.filters), dy
        )

    @route("conv_filter_grad", "conv2d_backprop_filter", script="{backprop_filter}", domain=TWO_AXES)
    def backprop_filter(self, problem: Problem, x: Any, dy: Any) -> Any:
        x = self.padded(x, crops(problem))
        shape = shape_in(problem.filter_shape, self.filters)
        return self.tf.raw_ops.Conv2DBackpropFilter(
            input=x, filter_sizes=shape, out_backprop=dy, **raw_attributes(problem)
        )

    def _filter_gradient_text(self, problem: Problem) -> str | None:
        if problem.groups > 1:
            return None
        spatial = (*range(1, problem.rank + 1),)
        padded = pad_text("x", problem.filter_gradient_padding)
        return f"""\
images = tf.transpose({padded}, {(problem.rank + 1, *spatial, 0)})
filters = tf.transpose(dy, {(*spatial, 0, problem.rank + 1)})
dw = tf.nn.convolution(images, filters, {problem.dilation}, "VALID"{options(dilations=problem.stride)})
tf.transpose(dw, {(*spatial, 0, problem.rank + 1)})"""

    @route("conv_filter_grad", "by-hand", script=_filter_gradient_text, numbers=_NUMBERS)
    def filter_gradient_by_hand(self, problem: Problem, x: Any, dy: Any) -> Any:
        x = self.padded(x, problem.filter_gradient_padding)
        groups = (self.tf.split(array, problem.groups, axis=-1) for array in (x, dy))
        return self.tf.concat([self._correlated(problem, *group) for group in zip(*groups, strict=True)], axis=-1)

    @route(
        "conv_bias_grad",
        "GradientTape",
        script=_tape("bias", "{problem.bias_shape}", "tf.nn.bias_add(tf.zeros_like(dy), bias)"),
    )
    def bias_gradient(self, problem: Problem, dy: Any) -> Any:
        return self._gradient(lambda bias: self.tf.nn.bias_add(self.tf.zeros_like(dy), bias), problem.bias_shape, dy)

    @route("conv_transpose", "nn.conv_transpose", script="{conv_transpose}", numbers=_NUMBERS)
    def conv_transpose(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        return self.transposed(problem, x, w, bias)

    @route("conv_transpose_input_grad", "GradientTape", script=_tape("x", "{y_shape}", "{conv_transpose}"))
    def transposed_input_gradient(self, problem: Problem, dy: Any, w: Any) -> Any:
        return self._gradient(
            lambda x: self.conv_transpose(problem, x, w), shape_in(problem.output_shape, self.activations), dy
        )

    @route("conv_transpose_filter_grad", "GradientTape", script=_tape("w", "{w_shape}", "{conv_transpose}"))
    def transposed_filter_gradient(self, problem: Problem, x: Any, dy: Any) -> Any:
        return self._gradient(
            lambda w: self.conv_transpose(problem, x, w), shape_in(problem.filter_shape, self.filters), dy
        )

    def _zeros_inserted(self, y: Any, stride: Size) -> Any:
        """Return ``y`` with ``stride - 1`` zeros between its elements per spatial axis."""
        for axis, step in enumerate(stride, start=1):
            before, (size, *after) = y.shape[:axis], y.shape[axis:]
            behind = [(0, 0)] * (y.ndim + 1)
            behind[axis + 1] = (0, step - 1)
            y = self.tf.reshape(self.tf.pad(self.tf.expand_dims(y, axis + 1), behind), (*before, size * step, *after))
        return y[
            (slice(None), *(slice(max(size - step + 1, 0)) for size, step in zip(y.shape[1:-1], stride, strict=True)))
        ]

    def _roles_swapped(self, w: Any, problem: Problem) -> Any:
        """Return the filter ``(*k, C / groups, O)`` as ``(*k, O / groups, C)``."""
        *taps, inputs, outputs = w.shape
        by_group = self.tf.reshape(w, (*taps, inputs, problem.groups, outputs // problem.groups))
        swapped = self.tf.experimental.numpy.swapaxes(by_group, -1, -3)
        return self.tf.reshape(swapped, (*taps, outputs // problem.groups, inputs * problem.groups))

    def _correlated(self, problem: Problem, x: Any, dy: Any) -> Any:
        """Return ``(*k, C, O)``, the convolution of ``(C, *padded, N)`` with the dilated filter ``(*output, N, O)``."""
        spatial = range(1, problem.rank + 1)
        images = self.tf.transpose(x, (problem.rank + 1, *spatial, 0))
        filters = self.tf.transpose(dy, (*spatial, 0, problem.rank + 1))
        correlated = self.tf.nn.convolution(images, filters, problem.dilation, "VALID", None, problem.stride)
        return self.tf.transpose(correlated, (*spatial, 0, problem.rank + 1))

    @classmethod
    @cache
    def version(cls) -> str:
        distributions = metadata.packages_distributions().get("tensorflow", ())
        return metadata.version(distributions[0]) if distributions else "unknown"


# How a script writes the calls above, of operands with the names that the operation gives them.


def _conv2d_text(problem: Problem) -> str:
    geometry = f"{problem.stride}, {native_padding(problem)!r}{options(dilations=problem.dilation)}"
    return f"tf.nn.conv2d({pad_text('x', crops(problem))}, w, {geometry})"


def _depthwise_text(problem: Problem) -> str:
    shape = (*problem.kernel_size, problem.in_channels, problem.out_channels // problem.groups)
    geometry = f"{(1, *problem.stride, 1)}, {native_padding(problem)!r}{options(dilations=problem.dilation)}"
    return f"tf.nn.depthwise_conv2d({pad_text('x', crops(problem))}, tf.reshape(w, {shape}), {geometry})"


def _conv2d_transpose_text(problem: Problem, small: str) -> str:
    shape = shape_in(cropped_shape(problem), Tensorflow.activations)
    geometry = f"{problem.stride}, {native_padding(problem)!r}{options(dilations=problem.dilation)}"
    return pad_text(f"tf.nn.conv2d_transpose({small}, w, {shape}, {geometry})", opposite(crops(problem)))


def _backprop_input_text(problem: Problem) -> str:
    shape = shape_in(cropped_shape(problem), Tensorflow.activations)
    operands = f"input_sizes={shape}, filter=w, out_backprop=dy"
    return pad_text(f"tf.raw_ops.Conv2DBackpropInput({operands}, {_raw_text(problem)})", opposite(crops(problem)))


def _backprop_filter_text(problem: Problem) -> str:
    shape = shape_in(problem.filter_shape, Tensorflow.filters)
    operands = f"input={pad_text('x', crops(problem))}, filter_sizes={shape}, out_backprop=dy"
    return f"tf.raw_ops.Conv2DBackpropFilter({operands}, {_raw_text(problem)})"


def _raw_text(problem: Problem) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in raw_attributes(problem).items())
