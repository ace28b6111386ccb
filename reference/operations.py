"""The seven operations, the public face of the reference.

Activations are ``(N, C, *spatial)``, filters ``(O, C / groups, *kernel)``. ``stride`` and ``dilation`` are an int or
one per axis; ``padding`` is an int, an int per axis, a ``(lo, hi)`` pair per axis (negative: crop) or a symbol:
``valid``, ``same_upper``, ``same_lower``, ``full``, ``causal``; ``border`` says what lies there: ``zero``, or the data
again, ``edge``, ``reflect``, ``symmetric`` or ``wrap`` as ``numpy.pad`` has them. The result has the operands' dtype:
float64, float32, complex types and integers are computed in it (integers exactly, modulo its range), narrower floating
types in float64 and rounded once. A gradient of complex numbers is the transpose of the map: nothing is conjugated.
Operands are never changed. Padding is multiplied like any other zero, so NaN or Inf in a filter shows at the border.
Wrong shapes and geometry raise ValueError, wrong dtypes TypeError.

Source: Goodfellow, Bengio & Courville, "Deep Learning" (2016), 9.5; Dumoulin & Visin, "A guide to convolution
arithmetic" (2016).
"""

from typing import Unpack

import numpy as np

from convformance.reference.arrays import Array
from convformance.reference.borders import ZERO
from convformance.reference.fast import CONTRACTIONS
from convformance.reference.following import check_followed, follow
from convformance.reference.geometry import Padding
from convformance.reference.operation import OPERAND_NAMES
from convformance.reference.problem import Problem
from convformance.reference.problem_from_arrays import Geometry, PerAxis, check_array, problem_from_arrays
from convformance.reference.rounding import DType, computing_dtype, round_once


def conv(
    x: Array,
    w: Array,
    *,
    bias: Array | None = None,
    stride: PerAxis = 1,
    padding: Padding = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
    border: str = ZERO,
) -> Array:
    """Return ``y[n, o, p] = bias[o] + sum over c, t of x[n, c, p * stride + t * dilation - lo] * w[o, c, t]``.

    x: ``(N, C, *spatial)``, w: ``(O, C / groups, *kernel)``, bias: ``(O,)``, y: ``(N, O, *output)``.
    """
    geometry: Geometry = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    geometry["border"] = border
    return _on_arrays("conv", x, w, bias=bias, **geometry)


def conv_input_grad(
    dy: Array,
    w: Array,
    *,
    input_size: PerAxis,
    stride: PerAxis = 1,
    padding: Padding = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
    border: str = ZERO,
) -> Array:
    """Return ``dx``, the adjoint of ``conv`` in x: ``<conv(x, w), dy> = <x, dx>`` for every x.

    dy: ``(N, O, *output)``, w: ``(O, C / groups, *kernel)``, dx: ``(N, C, *input_size)``; ``input_size`` is the spatial
    shape of x, which stride leaves ambiguous.
    """
    geometry: Geometry = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    geometry["border"] = border
    return _on_arrays("conv_input_grad", dy, w, size=input_size, **geometry)


def conv_filter_grad(
    x: Array,
    dy: Array,
    *,
    kernel_size: PerAxis,
    stride: PerAxis = 1,
    padding: Padding = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
    border: str = ZERO,
) -> Array:
    """Return ``dw``, the adjoint of ``conv`` in w: ``<conv(x, w), dy> = <w, dw>`` for every w.

    x: ``(N, C, *spatial)``, dy: ``(N, O, *output)``, dw: ``(O, C / groups, *kernel_size)``.
    """
    geometry: Geometry = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    geometry["border"] = border
    return _on_arrays("conv_filter_grad", x, dy, size=kernel_size, **geometry)


def conv_bias_grad(dy: Array) -> Array:
    """Return ``db[o] = sum over n, p of dy[n, o, p]``; dy: ``(N, O, *output)``, db: ``(O,)``."""
    return _on_arrays("conv_bias_grad", dy)


def conv_transpose(
    x: Array,
    w: Array,
    *,
    bias: Array | None = None,
    output_size: PerAxis | None = None,
    stride: PerAxis = 1,
    padding: Padding = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
) -> Array:
    """Return the transposed convolution, ``conv_input_grad`` with dy := x, plus ``bias``.

    x: ``(N, O, *spatial)``, w: ``(O, C / groups, *kernel)`` as of the convolution it is the adjoint of, bias: ``(C,)``,
    result ``(N, C, *output_size)``, which may be any size whose convolution has x's spatial shape, and larger up to an
    output padding of ``dilation - 1``; None: the smallest.
    """
    geometry: Geometry = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return _on_arrays("conv_transpose", x, w, bias=bias, size=output_size, **geometry)


def conv_transpose_input_grad(
    dy: Array,
    w: Array,
    *,
    input_size: PerAxis | None = None,
    stride: PerAxis = 1,
    padding: Padding = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
) -> Array:
    """Return the adjoint of ``conv_transpose`` in x, which is ``conv(dy, w)``.

    dy: ``(N, C, *output_size)``, w: ``(O, C / groups, *kernel)``, result ``(N, O, *spatial)``. ``input_size`` is the
    spatial shape of x, which may be less than that convolution's where a dilation leaves ``output_size`` more room.
    """
    geometry: Geometry = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return _on_arrays("conv_transpose_input_grad", dy, w, size=input_size, **geometry)


def conv_transpose_filter_grad(
    x: Array,
    dy: Array,
    *,
    kernel_size: PerAxis,
    stride: PerAxis = 1,
    padding: Padding = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
) -> Array:
    """Return the adjoint of ``conv_transpose`` in w, which is ``conv_filter_grad`` with x and dy exchanged.

    x: ``(N, O, *spatial)``, dy: ``(N, C, *output_size)``, result ``(O, C / groups, *kernel_size)``.
    """
    geometry: Geometry = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return _on_arrays("conv_transpose_filter_grad", x, dy, size=kernel_size, **geometry)


def _on_arrays(
    operation: str, *arrays: Array, bias: Array | None = None, size: PerAxis | None = None, **geometry: Unpack[Geometry]
) -> Array:
    problem = problem_from_arrays(operation, *arrays, size=size, **geometry)
    return apply(operation, problem, *arrays, bias=bias)


def apply(operation: str, problem: Problem, *operands: Array, bias: Array | None = None) -> Array:
    """Return ``operation`` on ``problem``, rounded to the operands' dtype; see the operation of that name.

    Raises ValueError when the operation is unknown or an array has not the shape that ``problem`` gives it, TypeError
    when the number of operands is wrong, dtypes differ or the reference does not compute in them.
    """
    dtype = check_operands(operation, problem, operands, bias)
    computing = computing_dtype(dtype)
    converted = (array.astype(computing, copy=False) for array in operands)
    factors = bilinear(*without_zero_points(problem, *converted))
    with np.errstate(over="ignore", invalid="ignore"):  # Inf and NaN are answers like any other
        result = CONTRACTIONS[operation](problem, *factors)
        if bias is not None:
            result += along_channels(bias.astype(computing), problem.rank)
        if problem.then:
            check_followed(operation, problem.then, dtype)
            result = follow(problem.then, result)
        return round_once(result, dtype)


def without_zero_points(problem: Problem, *operands: Array) -> tuple[Array, ...]:
    """Return each of the operands minus its zero point."""
    pairs = zip(operands, problem.zero_points, strict=False)
    return tuple(array - array.dtype.type(zero) if zero else array for array, zero in pairs)


def bilinear(first: Array, second: Array | None = None) -> tuple[Array, Array]:
    """Return both operands of a contraction; an operation of one operand multiplies it by 1."""
    return first, np.ones((), first.dtype) if second is None else second


def along_channels(bias: Array, rank: int) -> Array:
    """Return ``bias`` in a shape that adds to ``(N, C, *spatial)`` of that many spatial axes."""
    return bias.reshape(-1, *(1,) * rank)


def check_operands(operation: str, problem: Problem, operands: tuple[Array, ...], bias: Array | None) -> DType:
    """Return the dtype shared by all ``operands`` and ``bias``; raises as ``apply`` says."""
    shapes = problem.operand_shapes(operation)
    names = OPERAND_NAMES[operation]
    if len(operands) != len(names):
        allowed = f"{len(names)}, which are {', '.join(names)}"
        raise TypeError(f"{operation} was given {len(operands)} operands; allowed: {allowed}")
    expected = list(zip(names, operands, shapes, strict=True))
    if bias is not None:
        expected.append(("bias", bias, problem.operation_bias_shape(operation)))
    for name, array, shape in expected:
        check_array(name, array)
        if array.shape != shape:
            allowed = f"{shape}, from the other operands and the geometry"
            raise ValueError(f"{name} has shape {array.shape}; allowed: {allowed}")
        if array.dtype != operands[0].dtype:
            allowed = f"{operands[0].dtype.name}, as {names[0]} has"
            raise TypeError(f"{name} has dtype {array.dtype.name}; allowed: {allowed}")
    dtype: DType = operands[0].dtype
    return dtype
