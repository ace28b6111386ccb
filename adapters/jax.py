"""JAX: ``lax.conv_general_dilated`` in a layout of the user's choice; gradients by ``vjp`` and by hand.

Every route is compiled as a whole, once for a problem and a dtype, and gets NumPy arrays: an operation outside the
compiled function would be a compilation of its own. Compilation is nearly all the time a question takes.
"""

import os
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from convformance.adapters import known, known_derivatives, known_raw
from convformance.adapters.alignment import ALIGNED
from convformance.adapters.contract import Domain, UsageError, in_memory, of_numbers, route
from convformance.adapters.jax_beyond import JaxBeyond
from convformance.adapters.jax_compiling import KEPT, Compiler
from convformance.adapters.jax_derivatives import JaxDerivatives
from convformance.adapters.jax_raw import JaxRaw
from convformance.adapters.layouts import shape_in
from convformance.adapters.modes import THREADS, thread_count
from convformance.adapters.notation import Notation, options
from convformance.reference.dtypes import COMPLEX, FLOATS
from convformance.reference.geometry import Pairs, Size
from convformance.reference.problem import OUTPUTS, Problem

_SYMBOLS = {"same_upper": "SAME", "same_lower": "SAME_LOWER", "valid": "VALID"}
_CONV = "jax.lax.conv_general_dilated"
_ONE_GROUP = Domain("one group", lambda request: request.problem.groups == 1)
_NUMBERS = of_numbers(
    "floating-point and complex numbers, int8, uint8, int32", *FLOATS, *COMPLEX, "int8", "uint8", "int32"
)
# JAX takes no derivative of integers.
_DERIVED = of_numbers("floating-point and complex numbers", *FLOATS, *COMPLEX)
_PRECISION = 'jax.config.update("jax_default_matmul_precision", "{}")'
_LAYOUTS = {"NHWC": ("N*C", "*IO"), "NCHW": ("NC*", "OI*")}


# The threads of this process: XLA reads them when it computes for the first time.
_threads_of_process: list[str] = []


class Jax(JaxRaw, JaxBeyond, JaxDerivatives):
    """JAX, compiled (``mode=jit``) or operation by operation, on the CPU unless ``device=any`` leaves that to it."""

    name = "jax"
    known_divergences = (*known.JAX, *known_derivatives.JAX, *known_raw.JAX_RAW)
    kinds_seen = (*known.KINDS_SEEN, known.AMX)
    looked_at = "0.10.2"
    requires = ("jax",)
    compile_cache: ClassVar[Mapping[str, str]] = {
        "JAX_COMPILATION_CACHE_DIR": "{folder}",
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "mode": ("jit", "eager"),
        "layout": ("NHWC", "NCHW"),
        "device": ("cpu", "any"),
        "precision": ("default", "highest"),
        "threads": ("all", *THREADS),
    }
    process_options = ("threads",)
    refusals = (
        r"expects window to have positive value",  # the by-hand filter gradient of an empty dy
        r"Can't lower one or more integer convolutions to idioms supported by CuDNN",
    )

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        _set_threads(self.mode["threads"])
        import jax
        from jax import lax, numpy

        self._compiler = Compiler(jax, kept=KEPT if self.mode["mode"] == "jit" else 1)
        self.jax: Any = jax
        self.lax: Any = lax
        self.numpy: Any = numpy
        self.jax.config.update("jax_enable_x64", True)
        self.jax.config.update("jax_traceback_in_locations_limit", 0)  # messages without the paths of the suite
        if self.mode["device"] == "cpu":
            self.jax.config.update("jax_platforms", "cpu")
        self.activations, self.filters = _LAYOUTS[self.mode["layout"]]

    @classmethod
    def memory_domain(cls, mode: Mapping[str, str]) -> Domain:
        """Return what reaches JAX: contiguous arrays at a multiple of 64 bytes, and strides where no axes move."""
        if mode["device"] != "cpu":
            return in_memory()
        return in_memory(*(["ones"] if mode["layout"] == "NCHW" else []), "guarded") & ALIGNED

    def device(self) -> str:
        return str(self.jax.devices()[0].device_kind)

    def device_facts(self) -> Mapping[str, str]:
        """Return of a device that is no CPU its name, its capability where it has one, and its platform's version."""
        device = self.jax.devices()[0]
        if device.platform == "cpu":
            return {}
        return {
            "name": str(device.device_kind),
            "capability": str(getattr(device, "compute_capability", "")),
            "driver": " ".join(str(device.client.platform_version).split()),
        }

    def wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        if self.mode["precision"] != "default":
            function = self._precisely(function)
        if self.mode["mode"] == "jit":
            return self._compiler(function)
        self._compiler.forget()  # each call compiles operations one by one
        return function

    def _precisely(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return ``function`` with products of the precision that the mode names."""

        def run(*operands: Any) -> Any:
            with self.jax.default_matmul_precision(self.mode["precision"]):
                return function(*operands)

        return run

    def wait(self, native: Any) -> Any:
        return native.block_until_ready()

    def notation(self) -> Notation:
        platform = ('jax.config.update("jax_platforms", "cpu")',) if self.mode["device"] == "cpu" else ()
        imports = *_threads_text(self.mode["threads"]), "import jax", "import jax.numpy as jnp"
        precision = () if self.mode["precision"] == "default" else (_PRECISION.format(self.mode["precision"]),)
        return Notation(
            setup=(*imports, 'jax.config.update("jax_enable_x64", True)', *platform, *precision),
            operand="jnp.array({numbers}, jnp.{dtype})",
            strided="",
            compiled="jax.jit(call)" if self.mode["mode"] == "jit" else "",
        )

    def script_fields(self, problem: Problem, names: Mapping[str, str], bias: str) -> Mapping[str, str]:
        bordered = self._bordered_text(problem, self._conv_text(problem.unpadded))
        is_small = "output" in names and "input" not in names
        call = self._dilated_text(problem, names.get("output", "x")) if is_small else self._conv_text(problem)
        channels = problem.in_channels if is_small else problem.out_channels
        return {
            "bordered": self._biased_text(problem, bordered, bias),
            "followed": self._followed_text(problem, self._biased_text(problem, call, bias), channels),
            "x_zeros": _zeros_text(shape_in(problem.input_shape, self.activations)),
            "y_zeros": _zeros_text(shape_in(problem.output_shape, self.activations)),
            "w_zeros": _zeros_text(shape_in(problem.filter_shape, self.filters)),
            "bias_zeros": _zeros_text(problem.bias_shape),
            "x_shape": str(shape_in(problem.input_shape, self.activations)),
            "y_shape": str(shape_in(problem.output_shape, self.activations)),
            **dict(
                zip(("filters_by_group", "filter_axis", "channel_axis"), map(str, self.by_group(problem)), strict=True)
            ),
            "conv": self._biased_text(problem, self._conv_text(problem), bias),
            "dilated": self._biased_text(problem, self._dilated_text(problem, names.get("output", "x")), bias),
            "transposed": self._biased_text(problem, self._transposed_text(problem), bias),
            "by_hand": self._by_hand_text(problem),
            "zeros_and_bias": self._biased_text(problem, "jnp.zeros_like(dy)", ", bias"),
        }

    def _conv_text(self, problem: Problem) -> str:
        padding = _SYMBOLS.get(str(problem.symbol), problem.padding)
        geometry = options(rhs_dilation=problem.dilation, feature_group_count=problem.groups)
        return f"{_CONV}(x, w, {problem.stride}, {padding!r}, dimension_numbers={self.dimensions(problem)}{geometry})"

    def _dilated_text(self, problem: Problem, small: str) -> str:
        operands = f"{small}, {self._rotated_text(problem)}, {(1,) * problem.rank}, {problem.adjoint_padding}"
        dilations = options(lhs_dilation=problem.stride, rhs_dilation=problem.dilation)
        groups = options(feature_group_count=problem.groups)
        return f"{_CONV}({operands}{dilations}, dimension_numbers={self.dimensions(problem)}{groups})"

    def _transposed_text(self, problem: Problem) -> str:
        geometry = f"{problem.stride}, {_transposed_padding(problem)!r}{options(rhs_dilation=problem.dilation)}"
        names = f"dimension_numbers={self.dimensions(problem)}, transpose_kernel=True"
        return f"jax.lax.conv_transpose(x, w, {geometry}, {names})"

    def _by_hand_text(self, problem: Problem) -> str:
        geometry = f"{problem.dilation}, {problem.filter_gradient_padding}{options(rhs_dilation=problem.stride)}"
        names = f"dimension_numbers={self._gradient_dimensions(problem)}{options(batch_group_count=problem.groups)}"
        return f"{_CONV}(x, dy, {geometry}, {names})"

    def _biased_text(self, problem: Problem, y: str, bias: str) -> str:
        shape = "" if self.activations.endswith("C") else f".reshape(-1{', 1' * problem.rank})"
        return f"jnp.add({y}{bias}{shape})" if bias else y

    @route("conv", "lax.conv_general_dilated", script="{conv}", numbers=_NUMBERS)
    def conv(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        y = self.lax.conv_general_dilated(
            x,
            w,
            problem.stride,
            _SYMBOLS.get(str(problem.symbol), problem.padding),
            rhs_dilation=problem.dilation,
            dimension_numbers=self.dimensions(problem),
            feature_group_count=problem.groups,
            preferred_element_type=self._sums_in(x),
        )
        return self._biased(y, bias)

    @route("conv_input_grad", "vjp", script="jax.vjp(lambda x: {conv}, {x_zeros})[1](dy)[0]", numbers=_DERIVED)
    def input_gradient(self, problem: Problem, dy: Any, w: Any) -> Any:
        return self._gradient(lambda x: self.conv(problem, x, w), shape_in(problem.input_shape, self.activations), dy)

    @route("conv_input_grad", "lhs_dilation", script="{dilated}", numbers=_NUMBERS)
    @route("conv_transpose", "lhs_dilation", script="{dilated}", numbers=_NUMBERS, offers=(OUTPUTS,))
    def dilated_lhs(self, problem: Problem, dy: Any, w: Any, bias: Any = None) -> Any:
        dx = self.lax.conv_general_dilated(
            dy,
            self._rotated(w, problem),
            (1,) * problem.rank,
            problem.adjoint_padding,
            lhs_dilation=problem.stride,
            rhs_dilation=problem.dilation,
            dimension_numbers=self.dimensions(problem),
            feature_group_count=problem.groups,
            preferred_element_type=self._sums_in(dy),
        )
        return self._biased(dx, bias)

    @route("conv_filter_grad", "vjp", script="jax.vjp(lambda w: {conv}, {w_zeros})[1](dy)[0]", numbers=_DERIVED)
    def filter_gradient(self, problem: Problem, x: Any, dy: Any) -> Any:
        return self._gradient(lambda w: self.conv(problem, x, w), shape_in(problem.filter_shape, self.filters), dy)

    @route("conv_filter_grad", "by-hand", script="{by_hand}", numbers=_NUMBERS)
    def filter_gradient_by_hand(self, problem: Problem, x: Any, dy: Any) -> Any:
        return self.lax.conv_general_dilated(
            x,
            dy,
            problem.dilation,
            problem.filter_gradient_padding,
            rhs_dilation=problem.stride,
            dimension_numbers=self._gradient_dimensions(problem),
            batch_group_count=problem.groups,
            preferred_element_type=self._sums_in(x),
        )

    @route(
        "conv_bias_grad",
        "vjp",
        script="jax.vjp(lambda bias: {zeros_and_bias}, {bias_zeros})[1](dy)[0]",
        numbers=_DERIVED,
    )
    def bias_gradient(self, problem: Problem, dy: Any) -> Any:
        return self._gradient(lambda bias: self._biased(self.numpy.zeros_like(dy), bias), problem.bias_shape, dy)

    @route(
        "conv_transpose",
        "lax.conv_transpose",
        script="{transposed}",
        domain=_ONE_GROUP,
        numbers=_NUMBERS,
        offers=(OUTPUTS,),
    )
    def conv_transpose(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        y = self.lax.conv_transpose(
            x,
            w,
            problem.stride,
            _transposed_padding(problem),
            rhs_dilation=problem.dilation,
            dimension_numbers=self.dimensions(problem),
            transpose_kernel=True,
            preferred_element_type=self._sums_in(x),
        )
        return self._biased(y, bias)

    @route(
        "conv_transpose_input_grad",
        "vjp",
        script="jax.vjp(lambda x: {dilated}, {y_zeros})[1](dy)[0]",
        numbers=_DERIVED,
        offers=(OUTPUTS,),
    )
    def transposed_input_gradient(self, problem: Problem, dy: Any, w: Any) -> Any:
        return self._gradient(
            lambda x: self.dilated_lhs(problem, x, w), shape_in(problem.output_shape, self.activations), dy
        )

    @route(
        "conv_transpose_filter_grad",
        "vjp",
        script="jax.vjp(lambda w: {dilated}, {w_zeros})[1](dy)[0]",
        numbers=_DERIVED,
        offers=(OUTPUTS,),
    )
    def transposed_filter_gradient(self, problem: Problem, x: Any, dy: Any) -> Any:
        return self._gradient(
            lambda w: self.dilated_lhs(problem, x, w), shape_in(problem.filter_shape, self.filters), dy
        )

    def _sums_in(self, operand: Any) -> Any:
        """Return the type that integers of 8 bits are to be summed in; None leaves it at that of the operands."""
        return self.numpy.int32 if operand.dtype in (self.numpy.int8, self.numpy.uint8) else None

    def _convolved(self, problem: Problem, x: Any, w: Any, bias: Any) -> Any:
        return self.conv(problem, x, w, bias)

    def _transposed(self, problem: Problem, y: Any, w: Any, bias: Any) -> Any:
        return self.dilated_lhs(problem, y, w, bias)

    def _biased(self, y: Any, bias: Any) -> Any:
        if bias is None:
            return y
        channels = y.ndim - 1 if self.activations.endswith("C") else 1
        others = [axis for axis in range(y.ndim) if axis != channels]
        return y + self.numpy.expand_dims(bias, others)

    def _rotated(self, w: Any, problem: Problem) -> Any:
        """Return the filter rotated by 180 degrees, with its channel roles exchanged within each group."""
        spatial, by_group, channels, merged = self._rotation(problem)
        return self.numpy.flip(w, spatial).reshape(by_group).swapaxes(*channels).reshape(merged)

    def _rotated_text(self, problem: Problem) -> str:
        spatial, by_group, channels, merged = self._rotation(problem)
        return f"jnp.flip(w, {spatial}).reshape{by_group}.swapaxes{channels}.reshape{merged}"

    def _rotation(self, problem: Problem) -> tuple[Size, Size, Size, Size]:
        """Return what rotates a filter: axes to flip, its shape with an axis of groups, axes to swap, the new shape."""
        letters = self.dimensions(problem)[1]
        inputs, outputs = letters.index("I"), letters.index("O")
        spatial = tuple(axis for axis, letter in enumerate(letters) if letter not in "IO")
        per_group = problem.out_channels // problem.groups
        shape = shape_in(problem.filter_shape, self.filters)
        by_group = (*shape[:outputs], problem.groups, per_group, *shape[outputs + 1 :])
        merged = shape_in((problem.in_channels, per_group, *problem.kernel_size), self.filters)
        return spatial, by_group, (outputs + 1, inputs + (inputs > outputs)), merged

    def dimensions(self, problem: Problem) -> tuple[str, str, str]:
        """Return the dimension numbers of the chosen layout."""
        spatial = "DHW"[-problem.rank :]
        lhs, kernel = self.activations.replace("*", spatial), self.filters.replace("*", spatial)
        return lhs, kernel, lhs

    def _gradient_dimensions(self, problem: Problem) -> tuple[str, str, str]:
        """Return those of the filter gradient, where batch and channels exchange their roles."""
        lhs, kernel, _ = self.dimensions(problem)
        images, filters, result = str.maketrans("NC", "CN"), str.maketrans("NC", "IO"), str.maketrans("IO", "NC")
        return lhs.translate(images), lhs.translate(filters), kernel.translate(result)


def _set_threads(threads: str) -> None:
    """Set how many threads compute; raises UsageError where another number was set in this process."""
    if _threads_of_process and _threads_of_process != [threads]:
        raise UsageError(f"adapter jax: threads={threads} comes too late: JAX runs in this process")
    _threads_of_process[:] = [threads]
    if threads != "all":
        os.environ["NPROC"] = str(thread_count(threads))
    if threads == "1":  # else Eigen's own loops are shared out all the same
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_multi_thread_eigen=false".strip()


def _threads_text(threads: str) -> tuple[str, ...]:
    """Return the lines of a script that set them."""
    if threads == "all":
        return ()
    flags = ("os.environ['XLA_FLAGS'] = '--xla_cpu_multi_thread_eigen=false'",) if threads == "1" else ()
    return "import os", f"os.environ['NPROC'] = {threads!r}", *flags


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


def _zeros_text(shape: Size) -> str:
    return f"jnp.zeros({shape}, dy.dtype)"
