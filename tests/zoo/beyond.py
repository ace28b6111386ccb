"""Beyond an ordinary convolution: borders that repeat the data, wide output padding, what follows a convolution."""

from dataclasses import replace

import numpy as np

from convformance.reference.following import EPSILON
from convformance.reference.problem import BORDER, OUTPUTS, THEN, Problem
from tests.zoo import tap_loops
from tests.zoo.bordering import Beyond, biased, columns, followed, normal, rectified, surrounded
from tests.zoo.member import Array, Arrays, Member, Run
from tests.zoo.mutants import right

_FORWARD = ("conv",)
_READING = ("conv", "conv_filter_grad")
_FOLLOWED = ("conv", "conv_transpose")


def _member(
    beyond: str, name: str, says: str, operations: tuple[str, ...], run: Run, diagnosis: str | None = None, **more: str
) -> Member:
    return Member(name, "beyond", says, operations, run, diagnosis, beyond=(beyond,), **more)  # type: ignore[arg-type]


def _zeros(x: Array, problem: Problem) -> Array:
    lows, size = tuple(lo for lo, _ in problem.padding), problem.padded_size
    return tap_loops.surrounded(x, lows, size)


def _other_reflection(x: Array, problem: Problem) -> Array:
    """A reflection of the other kind, where there is room for it."""
    others = {"reflect": "symmetric", "symmetric": "reflect"}
    reach = max(max(pair) - size + 1 for pair, size in zip(problem.padding, problem.input_size, strict=True))
    other = others.get(problem.border, problem.border)
    return surrounded(x, problem if other == "reflect" and reach > 0 else replace(problem, border=other))


def _first_axis(x: Array, problem: Problem) -> Array:
    """The border on the first axis, zeros on the others."""
    first = replace(problem, padding=(problem.padding[0], *((0, 0),) * (problem.rank - 1)), symbol=None)
    rest = replace(problem, input_size=first.padded_size, padding=((0, 0), *problem.padding[1:]), symbol=None)
    return _zeros(surrounded(x, first), rest)


def _near_end(x: Array, problem: Problem) -> Array:
    """What a circular border takes from the far end it takes from the near one: the edge again."""
    return surrounded(x, replace(problem, border="edge") if problem.border == "wrap" else problem)


def _lows_for_both(x: Array, problem: Problem) -> Array:
    """As much border behind the data as before it; the rest stays zero."""
    narrow = tuple((lo, min(lo, hi)) for lo, hi in problem.padding)
    return tap_loops.surrounded(
        surrounded(x, replace(problem, padding=narrow, symbol=None)), (0,) * problem.rank, problem.padded_size
    )


def _cropped(padded: Array, problem: Problem) -> Array:
    return tap_loops.surrounded(padded, tuple(-lo for lo, _ in problem.padding), problem.input_size)


def _wide(problem: Problem) -> bool:
    return any(more >= step for more, step in zip(problem.output_padding, problem.stride, strict=True))


def _worked_out_backwards(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    """As many rows in the gradient as there are windows in its operand."""
    return tap_loops.apply(operation, problem, arrays, bias, size=problem.positions)


def _within_the_stride(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    """The output padding is what is left of it over the stride."""
    axes = zip(problem.input_size, problem.output_padding, problem.stride, strict=True)
    size = tuple(i - more + more % step if more >= step else i for i, more, step in axes)
    return tap_loops.apply(operation, problem, arrays, bias, size=size)


def _zero_behind(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    """What lies in an output padding of the stride or more is zero, taps and bias or not."""
    y = right(operation, problem, arrays, bias)
    if _wide(problem):
        for axis, more in enumerate(problem.output_padding, start=2):
            y[(slice(None),) * axis + (slice(problem.input_size[axis - 2] - more, None),)] = 0
    return y


def _every_window(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    """The operand is taken for as large as the windows of the result, its last row repeated to that."""
    x, dy = arrays
    missing = [most - some for most, some in zip(problem.positions, problem.output_size, strict=True)]
    grown = np.pad(x, ((0, 0), (0, 0), *((0, more) for more in missing)), "edge")
    return tap_loops.apply(operation, replace(problem, outputs=None), (grown, dy), bias)


def _ignored(z: Array, bias: Array | None, problem: Problem) -> Array:
    return biased(z, bias)


def _rectified_before_bias(z: Array, bias: Array | None, problem: Problem) -> Array:
    return biased(np.maximum(z, 0), bias) if problem.then == "relu" else followed(z, bias, problem)


def _rectified_before_normal(z: Array, bias: Array | None, problem: Problem) -> Array:
    if problem.then != "batch_norm_relu":
        return followed(z, bias, problem)
    return normal(np.maximum(biased(z, bias), 0), *columns(z))


def _by_variance(z: Array, bias: Array | None, problem: Problem) -> Array:
    if problem.then == "relu":
        return followed(z, bias, problem)
    mean, variance, scale, shift = columns(z)
    return rectified((biased(z, bias) - mean) / variance * scale + shift, problem)


def _without_epsilon(z: Array, bias: Array | None, problem: Problem) -> Array:
    if problem.then == "relu":
        return followed(z, bias, problem)
    mean, variance, scale, shift = columns(z)
    return rectified(normal(biased(z, bias), mean, variance - EPSILON, scale, shift), problem)


def _folded_into_filter(z: Array, bias: Array | None, problem: Problem) -> Array:
    if problem.then == "relu":
        return followed(z, bias, problem)
    _, variance, scale, _ = columns(z)
    return rectified(biased(z * scale / np.sqrt(variance), bias), problem)


def _of_the_operand(z: Array, bias: Array | None, problem: Problem) -> Array:
    """The numbers of channel after channel from the last one on."""
    if problem.then == "relu":
        return followed(z, bias, problem)
    mean, variance, scale, shift = (column[::-1] for column in columns(z))
    return rectified(normal(biased(z, bias), mean, variance, scale, shift), problem)


def _comparing(z: Array, bias: Array | None, problem: Problem) -> Array:
    """``y if y > 0 else 0``, which a NaN is not."""
    y = followed(z, bias, problem)
    return y if problem.then == "batch_norm" else np.where(y > 0, y, 0.0)


def _following(follow: object) -> Run:
    return Beyond(follow=follow)  # type: ignore[arg-type]


MEMBERS = (
    _member(BORDER, "zeros-for-a-border", "Pads with zeros, whatever the border.", _READING, Beyond(_zeros)),
    _member(
        BORDER,
        "reflection-of-the-other-kind",
        "Repeats the element at the edge in a reflection, or leaves it out in a symmetric one.",
        _READING,
        Beyond(_other_reflection),
    ),
    _member(
        BORDER,
        "border-on-the-first-axis",
        "Makes the border on the first axis and pads the others with zeros.",
        _READING,
        Beyond(_first_axis),
    ),
    _member(
        BORDER, "circular-border-of-the-near-end", "Repeats the edge in a circular border.", _READING, Beyond(_near_end)
    ),
    _member(
        BORDER,
        "border-as-wide-behind-as-before",
        "Takes the width before the data for that behind it, and zeros for the rest.",
        _READING,
        Beyond(_lows_for_both),
    ),
    _member(
        BORDER,
        "border-gradient-dropped",
        "Cuts the border off the gradient in place of adding it where it came from.",
        ("conv_input_grad",),
        Beyond(fold=_cropped),
        source="https://github.com/pytorch/pytorch/issues/80856",
    ),
    _member(
        OUTPUTS,
        "operand-size-worked-out-backwards",
        "Gives the gradient as many rows as there are windows in its operand.",
        ("conv_transpose_input_grad",),
        _worked_out_backwards,
    ),
    _member(
        OUTPUTS,
        "output-padding-within-the-stride",
        "Takes what an output padding leaves over the stride for it.",
        ("conv_transpose",),
        _within_the_stride,
        source="https://github.com/pytorch/pytorch/issues/5112",
    ),
    _member(
        OUTPUTS,
        "wide-output-padding-zero",
        "Leaves an output padding of the stride or more at zero, without its bias and its taps.",
        ("conv_transpose",),
        _zero_behind,
    ),
    _member(
        OUTPUTS,
        "filter-gradient-over-every-window",
        "Sums the filter gradient over every window of the result, the last row of the operand again.",
        ("conv_transpose_filter_grad",),
        _every_window,
    ),
    _member(
        THEN, "following-left-out", "Leaves out what follows.", _FOLLOWED, _following(_ignored), "following-ignored"
    ),
    _member(
        THEN,
        "relu-before-bias",
        "Applies the rectifier before the bias.",
        _FOLLOWED,
        _following(_rectified_before_bias),
        "rectified-before-bias",
    ),
    _member(
        THEN,
        "relu-before-normalisation",
        "Applies the rectifier before the normalisation.",
        _FOLLOWED,
        _following(_rectified_before_normal),
        "rectified-before-normalisation",
    ),
    _member(
        THEN,
        "variance-not-deviation",
        "Divides by the variance and not by its root.",
        _FOLLOWED,
        _following(_by_variance),
        "variance-for-deviation",
    ),
    _member(
        THEN,
        "epsilon-left-out",
        "Divides by the root of the variance without epsilon.",
        _FOLLOWED,
        _following(_without_epsilon),
        "epsilon-forgotten",
    ),
    _member(
        THEN,
        "folded-into-filter-and-not-bias",
        "Folds the normalisation into the filter and leaves the bias as it was.",
        _FOLLOWED,
        _following(_folded_into_filter),
        "normalisation-folded-into-filter",
    ),
    _member(
        THEN,
        "statistics-from-the-last-channel",
        "Reads the statistics from the last channel to the first.",
        _FOLLOWED,
        _following(_of_the_operand),
    ),
    _member(
        THEN,
        "relu-of-nan-zero",
        "Makes a zero of a NaN in a rectifier.",
        _FORWARD,
        _following(_comparing),
        "nan-swallowed",
    ),
)
