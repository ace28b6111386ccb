"""JAX: ``lax.conv_general_dilated`` in a layout of the user's choice; its gradients by ``vjp`` and as convolutions by hand.

Every route is compiled as a whole, once for a problem and a dtype, and gets NumPy arrays: an operation outside the
compiled function would be a compilation of its own. Compilation is nearly all the time a question takes.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from convformance.adapters import known
from convformance.adapters.contract import Adapter, Refusal, route
from convformance.adapters.layouts import shape_in
from convformance.reference.geometry import Pairs, Size
from convformance.reference.problem import Problem

_SYMBOLS = {"same_upper": "SAME", "same_lower": "SAME_LOWER", "valid": "VALID"}
_LAYOUTS = {"NHWC": ("N*C", "*IO"), "NCHW": ("NC*", "OI*")}


class Jax(Adapter):
    """JAX, compiled (``mode=jit``) or operation by operation, on the CPU unless ``device=any`` leaves that to it."""

    name = "jax"
    known_divergences = known.JAX
    requires = ("jax",)
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "mode": ("jit", "eager"),
        "layout": ("NHWC", "NCHW"),
        "device": ("cpu", "any"),
    }
    refusals = ("expects window to have positive value",)  # the by-hand filter gradient of an empty dy

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        import jax
        from jax import lax, numpy

        self.jax: Any = jax
        self.lax: Any = lax
        self.numpy: Any = numpy
        self.jax.config.update("jax_enable_x64", True)
        self.jax.config.update("jax_traceback_in_locations_limit", 0)  # messages without the paths of the suite
        if self.mode["device"] == "cpu":
            self.jax.config.update("jax_platforms", "cpu")
        self.activations, self.filters = _LAYOUTS[self.mode["layout"]]

    def device(self) -> str:
        return str(self.jax.devices()[0].device_kind)

    def wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        if self.mode["mode"] == "jit":
            compiled: Callable[..., Any] = self.jax.jit(function)
            return compiled
        self.jax.clear_caches()  # every operation of every problem would stay compiled: 2 MB a question
        return function

    def wait(self, native: Any) -> Any:
        return native.block_until_ready()

    @route("conv", "lax.conv_general_dilated")
    def conv(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        y = self.lax.conv_general_dilated(
            x,
            w,
            problem.stride,
            _SYMBOLS.get(str(problem.symbol), problem.padding),
            rhs_dilation=problem.dilation,
            dimension_numbers=self._dimensions(problem),
            feature_group_count=problem.groups,
        )
        return self._biased(y, bias)

    @route("conv_input_grad", "vjp")
    def input_gradient(self, problem: Problem, dy: Any, w: Any) -> Any:
        return self._gradient(lambda x: self.conv(problem, x, w), shape_in(problem.input_shape, self.activations), dy)

    @route("conv_input_grad", "lhs_dilation")
    @route("conv_transpose", "lhs_dilation")
    def dilated_lhs(self, problem: Problem, dy: Any, w: Any, bias: Any = None) -> Any:
        dx = self.lax.conv_general_dilated(
            dy,
            self._rotated(w, problem),
            (1,) * problem.rank,
            problem.adjoint_padding,
            lhs_dilation=problem.stride,
            rhs_dilation=problem.dilation,
            dimension_numbers=self._dimensions(problem),
            feature_group_count=problem.groups,
        )
        return self._biased(dx, bias)

    @route("conv_filter_grad", "vjp")
    def filter_gradient(self, problem: Problem, x: Any, dy: Any) -> Any:
        return self._gradient(lambda w: self.conv(problem, x, w), shape_in(problem.filter_shape, self.filters), dy)

    @route("conv_filter_grad", "by-hand")
    def filter_gradient_by_hand(self, problem: Problem, x: Any, dy: Any) -> Any:
        lhs, kernel, _ = self._dimensions(problem)
        exchanged = lhs.translate(str.maketrans("NC", "CN")), lhs.translate(str.maketrans("NC", "IO"))
        return self.lax.conv_general_dilated(
            x,
            dy,
            problem.dilation,
            problem.filter_gradient_padding,
            rhs_dilation=problem.stride,
            dimension_numbers=(*exchanged, kernel.translate(str.maketrans("IO", "NC"))),
            batch_group_count=problem.groups,
        )

    @route("conv_bias_grad", "vjp")
    def bias_gradient(self, problem: Problem, dy: Any) -> Any:
        return self._gradient(lambda bias: self._biased(self.numpy.zeros_like(dy), bias), problem.bias_shape, dy)

    @route("conv_transpose", "lax.conv_transpose")
    def conv_transpose(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        if problem.groups != 1:
            raise Refusal("lax.conv_transpose has no groups")
        y = self.lax.conv_transpose(
            x,
            w,
            problem.stride,
            _transposed_padding(problem),
            rhs_dilation=problem.dilation,
            dimension_numbers=self._dimensions(problem),
            transpose_kernel=True,
        )
        return self._biased(y, bias)

    @route("conv_transpose_input_grad", "vjp")
    def transposed_input_gradient(self, problem: Problem, dy: Any, w: Any) -> Any:
        return self._gradient(
            lambda x: self.dilated_lhs(problem, x, w), shape_in(problem.output_shape, self.activations), dy
        )

    @route("conv_transpose_filter_grad", "vjp")
    def transposed_filter_gradient(self, problem: Problem, x: Any, dy: Any) -> Any:
        return self._gradient(
            lambda w: self.dilated_lhs(problem, x, w), shape_in(problem.filter_shape, self.filters), dy
        )

    def _gradient(self, function: Callable[[Any], Any], shape: Size, upstream: Any) -> Any:
        """Return the gradient of the linear ``function`` in its argument of ``shape``."""
        _, pullback = self.jax.vjp(function, self.numpy.zeros(shape, upstream.dtype))
        (gradient,) = pullback(upstream)
        return gradient

    def _biased(self, y: Any, bias: Any) -> Any:
        if bias is None:
            return y
        channels = y.ndim - 1 if self.activations.endswith("C") else 1
        others = [axis for axis in range(y.ndim) if axis != channels]
        return y + self.numpy.expand_dims(bias, others)

    def _rotated(self, w: Any, problem: Problem) -> Any:
        """Return the filter rotated by 180 degrees, with its channel roles exchanged within each group."""
        _, kernel, _ = self._dimensions(problem)
        inputs, outputs = kernel.index("I"), kernel.index("O")
        turned = self.numpy.flip(w, [axis for axis, letter in enumerate(kernel) if letter not in "IO"])
        by_group = turned.reshape(
            *w.shape[:outputs], problem.groups, problem.out_channels // problem.groups, *w.shape[outputs + 1 :]
        )
        swapped = by_group.swapaxes(outputs + 1, inputs + (inputs > outputs))
        return swapped.reshape(*swapped.shape[:outputs], problem.in_channels, *swapped.shape[outputs + 2 :])

    def _dimensions(self, problem: Problem) -> tuple[str, str, str]:
        """Return the dimension numbers of the chosen layout."""
        spatial = "DHW"[-problem.rank :]
        lhs, kernel = self.activations.replace("*", spatial), self.filters.replace("*", spatial)
        return lhs, kernel, lhs


def _transposed_padding(problem: Problem) -> Pairs | str:
    """Return SAME or VALID where ``lax.conv_transpose`` means the wanted size by it, else pairs as it takes them."""
    axes = tuple(zip(problem.output_size, problem.stride, problem.effective_kernel, strict=True))
    sizes = {
        "same_upper": tuple(size * stride for size, stride, _ in axes),
        "valid": tuple(size * stride + max(extent - stride, 0) for size, stride, extent in axes),
    }
    if sizes.get(str(problem.symbol)) == problem.input_size:
        return _SYMBOLS[str(problem.symbol)]
    return problem.adjoint_padding
