"""Batch and scale: images mixed up or not summed, a factor too much, values bounded."""

from math import prod

import numpy as np

from convformance.reference.problem import Problem
from convformance.test_cases.case import FILTER_GRADIENT, FORWARD, INPUT_GRADIENT, UNBIASED
from tests.zoo.member import Array, Arrays
from tests.zoo.mutants import Change, Family, answer, divided, issue, right, times, when

_member = Family("scale")


def _first_image_alone(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    return _images(slice(1, None), operation, problem, arrays)


def _last_image_alone(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    return _images(slice(None, -1), operation, problem, arrays)


def _images(left_out: slice, operation: str, problem: Problem, arrays: Arrays) -> Array:
    """Return the filter gradient without some of the images."""
    kept = arrays[0].copy()
    kept[left_out] = 0
    return right(operation, problem, (kept, arrays[1]), None)


def _reversed(y: Array, problem: Problem) -> Array:
    return y[::-1]


def _first_for_all(y: Array, problem: Problem) -> Array:
    y[1:] = y[:1]
    return y


def _first_from_fourth_on(y: Array, problem: Problem) -> Array:
    y[3:] = y[:1]
    return y


def _last_of_odd_batch_zero(y: Array, problem: Problem) -> Array:
    if len(y) % 2 and len(y) > 1:
        y[-1:] = 0
    return y


def _bounded(low: float, high: float) -> Change:
    return lambda y, problem: np.clip(y, y.dtype.type(low), y.dtype.type(high))


def _zero(y: Array, problem: Problem) -> Array:
    y[...] = 0
    return y


def _mean_everywhere(y: Array, problem: Problem) -> Array:
    if y.size:
        y[...] = y.astype(np.float64).mean()
    return y


def _to_integers(y: Array, problem: Problem) -> Array:
    return np.rint(y)


def _large(problem: Problem) -> bool:
    return prod(problem.input_shape) > 1000


MEMBERS = (
    _member(
        "first-image-only",
        "Sums the filter gradient over the first image only.",
        FILTER_GRADIENT,
        _first_image_alone,
        "batch-not-summed",
    ),
    _member(
        "last-image-only",
        "Overwrites the filter gradient of each image with that of the next.",
        FILTER_GRADIENT,
        _last_image_alone,
        "batch-not-summed",
    ),
    _member(
        "filter-gradient-mean-over-batch",
        "Divides the filter gradient by the number of images.",
        FILTER_GRADIENT,
        answer(divided(lambda p: p.batch)),
        "scaled",
        issue("sebgao/cTensor#3"),
    ),
    _member(
        "filter-gradient-mean-over-positions",
        "Divides the filter gradient by the number of images and positions.",
        FILTER_GRADIENT,
        answer(divided(lambda p: p.batch * prod(p.output_size))),
        "scaled",
    ),
    _member(
        "input-gradient-mean-over-batch",
        "Divides the input gradient by the number of images.",
        INPUT_GRADIENT,
        answer(divided(lambda p: p.batch)),
        "scaled",
    ),
    _member(
        "mean-over-taps",
        "Returns the mean of the products where their sum is wanted.",
        FORWARD,
        answer(divided(lambda p: prod(p.filter_shape[1:]))),
        "scaled",
    ),
    _member(
        "doubled",
        "Returns twice the gradient, as of a square without its factor of one half.",
        (*INPUT_GRADIENT, *FILTER_GRADIENT),
        answer(times(lambda p: 2)),
        "scaled",
    ),
    _member(
        "sign-flipped", "Returns the answer with the other sign.", UNBIASED, answer(times(lambda p: -1)), "sign-flipped"
    ),
    _member(
        "input-gradient-sign-flipped",
        "Returns the input gradient with the other sign.",
        ("conv_input_grad",),
        answer(times(lambda p: -1)),
        "sign-flipped",
    ),
    _member("batch-reversed", "Returns the images in reverse order.", FORWARD, answer(_reversed), "batch-reversed"),
    _member(
        "first-image-for-all",
        "Returns the first image's result for every image.",
        (*FORWARD, *INPUT_GRADIENT),
        answer(_first_for_all),
        "first-image-for-all",
    ),
    _member(
        "first-image-from-fourth-on",
        "Returns the first image's result for the fourth image and those after it.",
        FORWARD,
        answer(_first_from_fourth_on),
        "repeated",
    ),
    _member(
        "last-image-of-odd-batch-zero",
        "Takes images in pairs and leaves the last at 0 when they are odd.",
        (*FORWARD, *INPUT_GRADIENT),
        answer(_last_of_odd_batch_zero),
    ),
    _member(
        "negative-as-zero",
        "Returns 0 where the result is negative, as with an activation that nobody asked for.",
        FORWARD,
        answer(_bounded(0, np.inf)),
        "clipped",
    ),
    _member("bounded-by-six", "Bounds the result to 0 and 6.", FORWARD, answer(_bounded(0, 6)), "clipped"),
    _member(
        "bounded-by-eight-bits",
        "Bounds the result to what 8 bits with a sign hold.",
        FORWARD,
        answer(_bounded(-128, 127)),
        "clipped",
    ),
    _member("rounded-to-integers", "Rounds the result to integers.", FORWARD, answer(_to_integers)),
    _member("zeros", "Returns zeros.", UNBIASED, answer(_zero), "constant-output"),
    _member(
        "zeros-when-large",
        "Returns zeros when the input has more than a thousand elements.",
        FORWARD,
        when(_large, answer(_zero)),
        "constant-output",
        issue("pytorch/pytorch#87354"),
    ),
    _member(
        "mean-everywhere",
        "Returns the mean of the result in every place.",
        FORWARD,
        answer(_mean_everywhere),
        "constant-output",
    ),
)
