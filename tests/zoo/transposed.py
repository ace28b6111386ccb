"""Transposed convolutions: output padding, padding, and which of the legal sizes."""

import numpy as np

from convformance.reference.problem import Problem
from tests.zoo import tap_loops
from tests.zoo.member import Array, Arrays
from tests.zoo.mutants import Family, answer, issue, leftover, misread, read_size, sized, unread, unread_at_begin, when

_member = Family("transposed")
_TRANSPOSED = ("conv_transpose",)


def _largest_size(problem: Problem) -> tap_loops.Size:
    return tuple(i + s - 1 for i, s in zip(read_size(problem), problem.stride, strict=True))


def _read_only(result: Array, problem: Problem) -> Array:
    """Return the smallest result, with zeros to the size that was asked for."""
    smallest = result[tap_loops.spatial(*map(slice, read_size(problem)))]
    return tap_loops.surrounded(smallest, (0,) * problem.rank, result.shape[2:])


def _left_over_at_end(result: Array, problem: Problem) -> Array:
    """Put what memory holds where the output padding is."""
    for axis, size in enumerate(read_size(problem)):
        beyond = np.moveaxis(result, axis + 2, 0)[size:]
        beyond[...] = leftover(beyond.shape, beyond.dtype)
    return result


def _as_input_padding(problem: Problem) -> tap_loops.Pairs:
    """Padding the zero-inserted input by ``lo`` crops ``extent - 1 - lo`` off what a transposed convolution gives."""
    axes = zip(problem.effective_kernel, problem.padding, strict=True)
    return tuple((e - 1 - lo, e - 1 - hi) for e, (lo, hi) in axes)


def _one_more_cropped(problem: Problem) -> tap_loops.Pairs:
    """Crop one row more off the begin and one less off the end."""
    return tuple((lo + 1, hi - 1) for lo, hi in problem.padding)


def _as_forward(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    """The convolution itself."""
    return tap_loops.apply("conv_transpose_input_grad", problem, arrays, bias)


def _maps_to_itself(problem: Problem) -> bool:
    return problem.input_shape == problem.output_shape


def _operands_exchanged(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    return tap_loops.apply(operation, problem, arrays[::-1], bias)


MEMBERS = (
    _member(
        "output-padding-zero-filled",
        "Appends zeros for the output padding, where the last rows of the result belong.",
        _TRANSPOSED,
        answer(_read_only),
        "output-padding-zero-filled",
    ),
    _member(
        "output-padding-ignored",
        "Ignores the output padding.",
        _TRANSPOSED,
        sized(read_size),
        "remainder-ignored",
        issue("apache/tvm#18635"),
    ),
    _member(
        "output-padding-unwritten",
        "Leaves the last rows as the memory was when there is an output padding.",
        _TRANSPOSED,
        when(unread, answer(_left_over_at_end)),
        "unwritten",
        issue("apache/tvm#19524"),
    ),
    _member(
        "output-padding-at-begin",
        "Puts the output padding at the begin.",
        _TRANSPOSED,
        misread(padding=unread_at_begin),
        "shifted",
    ),
    _member(
        "transposed-padding-as-input-padding",
        "Pads the input of a transposed convolution where the padding crops its result.",
        _TRANSPOSED,
        misread(padding=_as_input_padding, resized=True),
        "transposed-padding-as-input-padding",
        issue("Samsung/TICO#420"),
    ),
    _member(
        "transposed-padding-as-input-padding-at-right-size",
        "Pads the input of a transposed convolution and returns a result of the right size.",
        _TRANSPOSED,
        misread(padding=_as_input_padding),
        "transposed-padding-as-input-padding",
        issue("gmalivenko/pytorch2keras#7"),
    ),
    _member(
        "largest-legal-size",
        "Returns the largest size that belongs to the input, whatever size was asked for.",
        _TRANSPOSED,
        sized(_largest_size),
        None,
        issue("google-deepmind/sonnet#127"),
    ),
    _member(
        "one-row-more-cropped",
        "Crops one row too many off the begin and one too few off the end.",
        _TRANSPOSED,
        misread(padding=_one_more_cropped),
        "shifted",
    ),
    _member(
        "convolution-for-transposed",
        "Computes the convolution itself, which goes unnoticed where it has the same shape.",
        _TRANSPOSED,
        when(_maps_to_itself, _as_forward),
        "kernel-rotated+in-out-channels-swapped",
    ),
    _member(
        "operands-exchanged",
        "Exchanges the two activations in the filter gradient where they have the same shape.",
        ("conv_filter_grad", "conv_transpose_filter_grad"),
        when(_maps_to_itself, _operands_exchanged),
        "gradient-rotated+in-out-channels-swapped",
    ),
)
