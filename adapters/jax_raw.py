"""JAX's calls as they are asked raw arguments."""

from typing import Any

import numpy as np

from convformance.adapters.contract import Domain
from convformance.adapters.layouts import shape_in
from convformance.adapters.raw import RawCall, raw_route

_GEOMETRY = ("stride", "dilation", "padding", "groups", "shapes", "rank", "dtype")
_ONE_GROUP = Domain("one group", lambda request: request.problem.groups == 1)


class JaxRaw:
    """Raw routes of JAX; gradients are those of the convolution."""

    activations: str
    filters: str

    @raw_route("conv", "lax.conv_general_dilated", arguments=_GEOMETRY)
    def raw_conv(self, call: RawCall) -> str:
        return self._raw_text(call)

    @raw_route(
        "conv_transpose",
        "lax.conv_transpose",
        arguments=("stride", "dilation", "padding", "shapes", "rank", "dtype"),
        domain=_ONE_GROUP,
    )
    def raw_conv_transpose(self, call: RawCall) -> str:
        padding = call.padding
        if _has_integers(padding) and _has_integers(call.dilation):
            extents = ((taps - 1) * step + 1 for taps, step in zip(call.kernel_size, call.dilation, strict=False))
            padding = tuple(_adjoint(pair, extent) for pair, extent in zip(padding, extents, strict=False))
        geometry = f"{call.stride}, {padding!r}{call.keywords(rhs_dilation=call.dilation)}"
        return (
            f"jax.lax.conv_transpose(x, w, {geometry}, dimension_numbers={self._raw_dimensions(call)}, "
            "transpose_kernel=True)"
        )

    @raw_route("conv_input_grad", "linear_transpose", arguments=(*_GEOMETRY, "result size", "result shape"))
    def raw_input_gradient(self, call: RawCall) -> str:
        shape = shape_in(call.result_shape, self.activations)
        transpose = f"jax.linear_transpose(lambda x: {self._raw_text(call)}, x)"
        return f"x = jax.ShapeDtypeStruct({shape}, dy.dtype)\n{transpose}(dy)[0]"

    @raw_route("conv_filter_grad", "linear_transpose", arguments=(*_GEOMETRY, "result size", "result shape"))
    def raw_filter_gradient(self, call: RawCall) -> str:
        shape = shape_in(call.result_shape, self.filters)
        transpose = f"jax.linear_transpose(lambda w: {self._raw_text(call)}, w)"
        return f"w = jax.ShapeDtypeStruct({shape}, dy.dtype)\n{transpose}(dy)[0]"

    @raw_route("conv_filter_grad", "batch_group_count", arguments=("stride", "dilation", "groups", "rank", "dtype"))
    def raw_filter_gradient_by_hand(self, call: RawCall) -> str:
        lhs, kernel, _ = self._raw_dimensions(call)
        images, filters, result = str.maketrans("NC", "CN"), str.maketrans("NC", "IO"), str.maketrans("IO", "NC")
        dimensions = lhs.translate(images), lhs.translate(filters), kernel.translate(result)
        groups = call.keywords(rhs_dilation=call.stride, batch_group_count=call.groups)
        return (
            f"jax.lax.conv_general_dilated(x, dy, {call.dilation}, {((0, 0),) * call.rank}{groups}, "
            f"dimension_numbers={dimensions})"
        )

    def _raw_text(self, call: RawCall) -> str:
        rest = call.keywords(rhs_dilation=call.dilation, feature_group_count=call.groups)
        dimensions = f"dimension_numbers={self._raw_dimensions(call)}"
        return f"jax.lax.conv_general_dilated(x, w, {call.stride}, {call.padding!r}, {dimensions}{rest})"

    def _raw_dimensions(self, call: RawCall) -> tuple[str, str, str]:
        spatial = "DHW"[-call.rank :]
        lhs, kernel = self.activations.replace("*", spatial), self.filters.replace("*", spatial)
        return lhs, kernel, lhs


def _has_integers(argument: Any) -> bool:
    """Whether every entry is an integer, or a pair of these."""
    return bool(argument) and all(isinstance(entry, int) for entry in np.ravel(np.array(argument, object)))


def _adjoint(pair: tuple[int, int], extent: int) -> tuple[int, ...]:
    """Return the padding of an axis as ``lax.conv_transpose`` counts it."""
    return tuple(extent - 1 - side for side in pair)
