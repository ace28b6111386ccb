"""Precision: narrower sums, narrower operands, results rounded more than once or not to nearest, of another dtype."""

from collections.abc import Callable
from functools import partial
from typing import Any

import ml_dtypes
import numpy as np

from convformance.judging.formats import format_of
from convformance.reference.operation import OPERATIONS, WITH_BIAS
from convformance.reference.problem import Problem
from convformance.reference.rounding import round_once
from convformance.test_cases.case import FILTER_GRADIENT, FORWARD, UNBIASED
from tests.zoo import tap_loops
from tests.zoo.member import Array, Arrays, Run
from tests.zoo.mutants import Family, answer, data, filters, issue, misread, padded, right, when

_member = Family("precision")

Rounding = Callable[[Array], Array]


def _through(dtype: type) -> Rounding:
    """Return the rounding to ``dtype`` and back."""
    return lambda array: array.astype(dtype).astype(array.dtype)


def _to_digits(digits: int) -> Rounding:
    """Return the rounding to that many binary digits."""

    def rounded(array: Array) -> Array:
        fraction, exponent = np.frexp(array)
        result: Array = np.ldexp(np.rint(np.ldexp(fraction, digits)), exponent - digits).astype(array.dtype)
        return result

    return rounded


def _cut_to_digits(digits: int, array: Array) -> Array:
    fraction, exponent = np.frexp(array)
    result: Array = np.ldexp(np.trunc(np.ldexp(fraction, digits)), exponent - digits).astype(array.dtype)
    return result


_HALF, _BRAIN, _TENSOR = _through(np.float16), _through(ml_dtypes.bfloat16), _to_digits(11)


def _sums_in(rounding: Rounding) -> Run:
    """Return an implementation whose sums go through ``rounding`` after every tap."""

    def rounded(problem: Problem) -> tap_loops.Add:
        return lambda sums, term: rounding(sums + rounding(term))

    return misread(add=rounded)


def _inputs_in(rounding: Rounding) -> Run:
    def rounded(array: Array, problem: Problem) -> Array:
        return array if array.dtype.itemsize == 2 else rounding(array)

    return data(rounded, filters(rounded))


def _only(sizes: tuple[int, ...], run: Run) -> Run:
    """Return an implementation that is wrong for dtypes of that many bytes."""

    def chosen(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
        wrong = arrays[0].dtype.itemsize in sizes
        return (run if wrong else right)(operation, problem, arrays, bias)

    return chosen


def _in_float32(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    single = tuple(array.astype(np.float32) for array in arrays)
    return right(operation, problem, single, None if bias is None else bias.astype(np.float32)).astype(arrays[0].dtype)


def _wide(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    """The answer in float64, not rounded."""
    return right(
        operation,
        problem,
        tuple(a.astype(np.float64) for a in arrays),
        None if bias is None else bias.astype(np.float64),
    )


def _finished(finish: Callable[[Array, np.dtype[Any]], Array]) -> Run:
    """Return an implementation that computes in float64 and ends with ``finish(values, dtype)``."""

    def run(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
        with np.errstate(over="ignore"):
            return finish(_wide(operation, problem, arrays, bias), arrays[0].dtype)

    return run


def _digits(dtype: np.dtype[Any]) -> int:
    return format_of(dtype.name).digits


def _cut_off(values: Array, dtype: np.dtype[Any]) -> Array:
    return _cut_to_digits(_digits(dtype), values).astype(dtype)


def _rounded_twice(values: Array, dtype: np.dtype[Any]) -> Array:
    return round_once(_to_digits(_digits(dtype) + 1)(values), dtype)


def _halves_away(values: Array, dtype: np.dtype[Any]) -> Array:
    fraction, exponent = np.frexp(values)
    counted = np.ldexp(fraction, _digits(dtype))
    rounded = np.copysign(np.floor(np.abs(counted) + 0.5), counted)
    return round_once(np.ldexp(rounded, exponent - _digits(dtype)), dtype)


def _rounded_down(values: Array, dtype: np.dtype[Any]) -> Array:
    fraction, exponent = np.frexp(values)
    return round_once(np.ldexp(np.floor(np.ldexp(fraction, _digits(dtype))), exponent - _digits(dtype)), dtype)


def _bits_cut_off(values: Array, dtype: np.dtype[Any], *, half_of_odd: bool) -> Array:
    """Keep the upper half of a float32; half a unit may be added to those whose last bit that stays is 1."""
    bits = values.astype(np.float32).view(np.uint32)
    bits = bits + ((bits & 0x10000) >> 1) if half_of_odd else bits
    kept = (bits >> 16).astype(np.uint16)
    return kept.view(dtype) if dtype == ml_dtypes.bfloat16 else round_once(values, dtype)


def _through_float16(values: Array, dtype: np.dtype[Any]) -> Array:
    return round_once(values.astype(np.float16).astype(np.float64), dtype) if dtype.itemsize == 2 else values


def _float32_in_upper_half(values: Array, dtype: np.dtype[Any]) -> Array:
    bits = values.astype(np.float32).view(np.uint32) & 0xFFFF0000
    return bits.view(np.float32) if dtype == np.float32 else round_once(values, dtype)


def _half_on_the_way(values: Array, dtype: np.dtype[Any]) -> Array:
    return round_once(values.astype(np.float16).astype(np.float64), dtype)


def _bias_after_rounding(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    y = right(operation, problem, arrays, None)
    return y if bias is None else (y + bias.reshape(-1, *(1,) * problem.rank)).astype(y.dtype)


def _blocks(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    """Sum each row of the kernel in a wider type and the rows in that of the operands."""
    x, w = arrays
    total = np.zeros(problem.result_shape(operation), x.dtype)
    for row in range(w.shape[2]):
        kernel = np.zeros_like(w)
        kernel[:, :, row] = w[:, :, row]
        total = (total + right(operation, problem, (x, kernel), None)).astype(x.dtype)
    return total


def _images_in_turn(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    """Sum each image's filter gradient in a wider type and the images in that of the operands."""
    total = np.zeros(problem.result_shape(operation), arrays[0].dtype)
    for image in zip(*arrays, strict=True):
        total = (total + tap_loops.apply(operation, problem, tuple(array[None] for array in image))).astype(total.dtype)
    return total


def _widened(y: Array, problem: Problem) -> Array:
    return y.astype(np.float64)


def _not_narrowed(y: Array, problem: Problem) -> Array:
    return y.astype(np.float32) if y.dtype.itemsize == 2 else y


def _half_with_padding(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    if arrays[0].dtype == np.float16 and padded(problem):
        raise RuntimeError("an illegal memory access was encountered")
    return right(operation, problem, arrays, bias)


def _transformed(y: Array, problem: Problem) -> Array:
    """Give each element the rounding error of the largest of its image, as products of Fourier transforms do."""
    largest = np.abs(y).sum(axis=tuple(range(1, y.ndim)), keepdims=True)
    result: Array = (y + largest) - largest
    return result


def _four_images(problem: Problem) -> bool:
    return problem.batch >= 4


MEMBERS = (
    _member(
        "sums-in-float16",
        "Keeps sums in float16.",
        UNBIASED,
        _sums_in(_HALF),
        "low-precision-accumulation",
        issue("sonos/torch-to-nnef#286"),
    ),
    _member("sums-in-bfloat16", "Keeps sums in bfloat16.", UNBIASED, _sums_in(_BRAIN), "low-precision-accumulation"),
    _member(
        "sums-in-float16-for-16-bits",
        "Keeps sums in float16 when the operands have 16 bits.",
        FORWARD,
        _only((2,), _sums_in(_HALF)),
        "low-precision-accumulation",
        issue("ml-explore/mlx#1443"),
    ),
    _member(
        "bias-gradient-sums-in-bfloat16",
        "Keeps the sums of the bias gradient in bfloat16.",
        ("conv_bias_grad",),
        _sums_in(_BRAIN),
        "low-precision-accumulation",
    ),
    _member(
        "inputs-in-tf32",
        "Rounds float32 operands to the 11 digits of TF32.",
        UNBIASED,
        _only((4,), _inputs_in(_TENSOR)),
        "low-precision-inputs",
        issue("tensorflow/tensorflow#58047"),
    ),
    _member(
        "inputs-cut-to-tf32",
        "Cuts float32 operands to the 11 digits of TF32.",
        UNBIASED,
        _only((4,), _inputs_in(partial(_cut_to_digits, 11))),
        "low-precision-inputs",
    ),
    _member("inputs-in-bfloat16", "Rounds operands to bfloat16.", UNBIASED, _inputs_in(_BRAIN), "low-precision-inputs"),
    _member("inputs-in-float16", "Rounds operands to float16.", UNBIASED, _inputs_in(_HALF), "low-precision-inputs"),
    _member(
        "filter-in-bfloat16",
        "Stores the filter in bfloat16.",
        FORWARD,
        filters(lambda w, p: _BRAIN(w)),
        "low-precision-inputs",
    ),
    _member(
        "float64-in-float32", "Computes float64 in float32.", OPERATIONS, _in_float32, "low-precision-accumulation"
    ),
    _member(
        "result-through-float16",
        "Rounds the result to float16 before it is stored.",
        FORWARD,
        _finished(_half_on_the_way),
        "low-precision-result",
    ),
    _member(
        "result-cut-off",
        "Cuts the digits off that a result of 16 bits does not hold, where it should round.",
        OPERATIONS,
        _only((2,), _finished(_cut_off)),
        "result-not-to-nearest",
    ),
    _member(
        "result-halves-away-from-zero",
        "Rounds a result of 16 bits to nearest, with halves away from zero.",
        OPERATIONS,
        _only((2,), _finished(_halves_away)),
        "result-not-to-nearest",
    ),
    _member(
        "result-rounded-down",
        "Rounds a result of 16 bits towards minus infinity.",
        OPERATIONS,
        _only((2,), _finished(_rounded_down)),
        "result-not-to-nearest",
    ),
    _member(
        "bfloat16-by-upper-half",
        "Takes the upper half of the bits of a float32 for a bfloat16.",
        OPERATIONS,
        _finished(partial(_bits_cut_off, half_of_odd=False)),
        "result-not-to-nearest",
    ),
    _member(
        "bfloat16-by-half-of-odd",
        "Adds half a unit only where the last bit that stays is 1, and takes the upper half of a float32.",
        OPERATIONS,
        _finished(partial(_bits_cut_off, half_of_odd=True)),
        "result-not-to-nearest",
    ),
    _member(
        "bfloat16-through-float16",
        "Rounds a bfloat16 result to float16 first.",
        FORWARD,
        _only((2,), _finished(_through_float16)),
        "result-rounded-twice",
    ),
    _member(
        "float32-without-lower-half",
        "Clears the lower half of the bits of a float32 result.",
        FORWARD,
        _only((4,), _finished(_float32_in_upper_half)),
        "low-precision-result",
    ),
    _member(
        "result-rounded-twice",
        "Rounds a result of 16 bits to one digit more before it rounds it to what is stored.",
        OPERATIONS,
        _only((2,), _finished(_rounded_twice)),
        "result-rounded-twice",
    ),
    _member(
        "rows-summed-in-16-bits",
        "Sums the rows of the kernel in a wide type and adds the sums of the rows in 16 bits.",
        FORWARD,
        _only((2,), _blocks),
        "low-precision-accumulation",
    ),
    _member(
        "images-summed-in-16-bits",
        "Adds the filter gradients of the images in 16 bits.",
        FILTER_GRADIENT,
        _only((2,), _images_in_turn),
        "low-precision-accumulation",
        issue("ROCm/MIOpen#437"),
    ),
    _member(
        "bias-added-after-rounding",
        "Rounds the sums to 16 bits before it adds the bias.",
        WITH_BIAS,
        _only((2,), _bias_after_rounding),
        "bias-after-rounding",
    ),
    _member(
        "transformed-from-four-images-on",
        "Uses a Fourier transform for four images and more, whose errors make small numbers negative.",
        FORWARD,
        when(_four_images, answer(_transformed)),
        None,
        issue("tensorflow/tensorflow#1299"),
    ),
    _member("always-float64", "Returns float64 whatever the dtype.", OPERATIONS, answer(_widened), "wrong-dtype"),
    _member(
        "float32-for-16-bits",
        "Returns float32 for operands of 16 bits.",
        OPERATIONS,
        answer(_not_narrowed),
        "wrong-dtype",
    ),
    _member(
        "float16-with-padding-raising",
        "Raises on float16 with padding.",
        FORWARD,
        _half_with_padding,
        None,
        issue("apache/mxnet#11960"),
    ),
)
