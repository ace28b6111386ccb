"""The kernel that a function of an image has built in: said by its author, or found by asking about impulses.

The answer to an image with a single 1 shows the kernel, if the function is a convolution at all. What lies beyond the
image is then tried out; that the kernel is the same everywhere, and sums are sums, is left to the questions of a check.
"""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from convformance.checking.findings import CheckVerdict, Findings
from convformance.checking.kernels import FixedKernel
from convformance.checking.layouts import Layouts
from convformance.checking.signature import role_of
from convformance.checking.spec import CheckSpec
from convformance.checking.target import Raised, as_array, quiet
from convformance.checking.usual_layouts import IMAGES
from convformance.judging.grades import WRONG
from convformance.judging.judgement import Judgement
from convformance.processes.limits import CallTimeout, time_limit
from convformance.reference import Problem, operations
from convformance.reference.arrays import Array
from convformance.reference.borders import BORDERS
from convformance.reference.geometry import Pairs, Size

SIDE = 31  # of the image whose only 1 shows the kernel
_LINEAR_SIDES = (4, 5)  # of images on which sums are tried before large ones
_FEW = 9  # taps that are shown with all their digits
_SHIFTS = (-12, -3, 2, 12)  # of the 1
_EQUAL = 1e-8  # of the largest number: far above what rounding does to sums of so few products, far below any mistake


class NotConvolution(Exception):
    """The function is no convolution; the message says what shows it."""


def resolved(spec: CheckSpec) -> CheckSpec:
    """Return the spec of a function of an image alone as one of an image and a kernel, which is said or found.

    Any other spec is returned as it is. Raises NotConvolution where what is found is none, ValueError for a kernel that
    does not fit the layout or that cannot be found.
    """
    if spec.call is not None or spec.operations != ("conv",):
        return spec
    if spec.w is not None:
        return _with_kernel(spec, _canonical_kernel(spec))
    if not takes_an_image_alone(spec):
        return spec
    for layout in _layouts(spec):
        answers = _Answers(replace(spec, layout=layout))
        if answers.has_the_rank_of_images():
            return _with_shown_kernel(answers)
    tried = f"it takes an image alone and gives none (tried in the layout {', '.join(_layouts(spec))})"
    raise ValueError(f"{_name(spec)}: {tried}; say its layout, or the kernel that it has built in: w= or --weights")


def takes_an_image_alone(spec: CheckSpec) -> bool:
    """Whether all that the function needs is one array, and nothing it takes is called like a filter."""
    try:
        parameters = inspect.signature(spec.fn).parameters.values()
    except (TypeError, ValueError):
        return False
    needed = [each for each in parameters if each.default is inspect.Parameter.empty and each.name not in spec.fixed]
    variadic = any(each.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD) for each in needed)
    filters = any(role_of(each.name) == "w" for each in parameters)
    return len(needed) == 1 and not variadic and not filters and role_of(needed[0].name) in (None, "x")


def _layouts(spec: CheckSpec) -> tuple[str, ...]:
    """Return the layout that is said, or those that images have."""
    return IMAGES if spec.layout is None else (spec.layout,)


def _name(spec: CheckSpec) -> str:
    return str(getattr(spec.fn, "__name__", type(spec.fn).__name__))


def _canonical_kernel(spec: CheckSpec) -> Array:
    """Return the kernel that is said, in canonical layout."""
    kernel = np.asarray(spec.w, np.float64)
    filters = spec.filter_layout or (spec.layouts.spatial if kernel.ndim == spec.layouts.rank else spec.layouts.filters)
    if kernel.ndim != len(filters) or not kernel.size:
        raise ValueError(f"w has shape {kernel.shape}; allowed: an axis for each letter of {filters}")
    return Layouts.of(spec.layouts.activations, filters).canonical(kernel, "filter")


def _with_kernel(spec: CheckSpec, kernel: Array, *remarks: str, **meant: Any) -> CheckSpec:
    """Return the spec with the function that is given the kernel, and the sizes that follow from it."""
    spatial = spec.layouts.spatial
    filters = spec.filter_layout or (spatial if kernel.shape[:2] == (1, 1) else None)
    fixed: dict[str, Any] = {**meant, **spec.fixed, "kernel_size": kernel.shape[2:]}
    if filters != spatial:
        fixed = {"in_channels": kernel.shape[1], "out_channels": kernel.shape[0], **fixed}
    function = FixedKernel(spec.fn, kernel, remarks)
    return replace(spec, fn=function, layout=spec.layouts.activations, filter_layout=filters, fixed=fixed, w=None)


def no_convolution(spec: CheckSpec, error: NotConvolution) -> Findings:
    """Return the finding that a function is not linear, or not the same everywhere."""
    question = {"op": "conv", "case": "impulses", "dtype": spec.dtype, "call": f"{_name(spec)}(image)"}
    verdict = CheckVerdict.of(question, Judgement(WRONG, str(error)), finding=True, printed="")
    return Findings(
        _name(spec), ("conv",), f"sums and shifts of images, {spec.dtype}", [verdict], not_asked=["everything else"]
    )


class _Answers:
    """What the function answers about images of one channel, in a layout."""

    def __init__(self, spec: CheckSpec) -> None:
        self.spec = replace(spec, filter_layout=replace(spec, filter_layout=None).layouts.spatial)
        self.layouts = self.spec.layouts
        self.seconds = 10 * spec.seconds
        self._named = {name: value for name, value in spec.fixed.items() if name in _own_parameters(spec.fn)}

    def of(self, plane: Array) -> Array:
        """Return the answer about an image, both of spatial axes alone; raises Raised where there is none."""
        image = self.layouts.own(plane[np.newaxis, np.newaxis].astype(self.spec.dtype), "activation")
        with quiet():
            try:
                with time_limit(self.seconds):
                    value = self.spec.fn(np.ascontiguousarray(image), **self._named)
            except (Exception, SystemExit) as error:
                raise Raised(str(error)) from error
        answer = self.layouts.canonical(as_array(value, self.spec.dtype), "activation")
        if answer.ndim != plane.ndim + 2 or answer.shape[:2] != (1, 1):
            raise Raised(f"an image of shape {image.shape} gives {answer.shape}")
        plane_of_answer: Array = answer[0, 0].astype(np.float64)
        return plane_of_answer

    def has_the_rank_of_images(self) -> bool:
        """Whether an image of that layout gives one."""
        try:
            return self.of(_impulse(self.layouts.rank)).size > 0
        except (Raised, CallTimeout):
            return False


def _own_parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    return tuple(inspect.signature(function).parameters)


def _impulse(rank: int, shift: int = 0) -> Array:
    """Return an image whose only 1 lies that far behind its middle, on every axis."""
    image = np.zeros((SIDE,) * rank)
    image[(SIDE // 2 + shift,) * rank] = 1
    return image


def _with_shown_kernel(answers: _Answers) -> CheckSpec:
    """Return the spec with the kernel that impulses show, the padding and the border."""
    _check_linear(answers)
    _check_same_everywhere(answers)
    kernel, padding = _shown(answers.of(_impulse(answers.layouts.rank)))
    border = next(_borders(answers, kernel, padding), None)
    digits = 6 if kernel.size <= _FEW else 3
    shown = np.array2string(kernel, separator=", ", formatter={"float_kind": lambda number: f"{number:.{digits}g}"})
    beyond = f"padding {padding}, border {border}" if any(map(any, padding)) else "no padding"
    remark = f"convolves with {' '.join(shown.split())}, {beyond}: found by asking about impulses"
    meant = {"padding": padding, **({"border": border} if border else {})}
    return _with_kernel(answers.spec, kernel[np.newaxis, np.newaxis], remark, **meant)


def _shown(response: Array) -> tuple[Array, Pairs]:
    """Return the kernel that the answer about an impulse shows, and the padding that its size tells.

    With ``lo`` elements of padding before it, output ``p`` reads the 1 in the middle with tap ``middle + lo - p``.
    """
    middle, taps, pairs = SIDE // 2, [], []
    for axis, size in enumerate(response.shape):
        more = size - SIDE
        if more < 0:
            lo, hi, kernel_size = 0, 0, 1 - more
        elif more > 0:
            lo, hi, kernel_size = more, more, 1 + more
        else:
            lo, hi = _reach(response, axis, middle)
            kernel_size = lo + hi + 1
        taps.append(middle + lo - np.arange(kernel_size))
        pairs.append((lo, hi))
    if any(index.min() < 0 or index.max() >= size for index, size in zip(taps, response.shape, strict=True)):
        raise ValueError(f"an image of {SIDE} elements a side gives {response.shape}: no kernel can be seen in that")
    return response[np.ix_(*taps)], tuple(pairs)


def _reach(response: Array, axis: int, middle: int) -> tuple[int, int]:
    """Return how far the outputs that are not 0 lie behind the middle of an axis, and before it."""
    others = tuple(other for other in range(response.ndim) if other != axis)
    reached = np.flatnonzero(response.any(axis=others))
    return (max(int(reached.max()) - middle, 0), max(middle - int(reached.min()), 0)) if reached.size else (0, 0)


def _borders(answers: _Answers, kernel: Array, padding: Pairs) -> Iterator[str]:
    """Yield the borders with which the convolution is what the function gives; of a padding alone."""
    if not any(map(any, padding)):
        return
    image = _numbers((SIDE, SIDE - 3, SIDE - 1)[: kernel.ndim], 3)
    answer = answers.of(image)
    for border in BORDERS:
        problem = Problem.of(input_size=image.shape, kernel_size=kernel.shape, padding=padding, border=border)
        truth = operations.apply("conv", problem, image[None, None], kernel[None, None])[0, 0]
        if truth.shape == answer.shape and _are_equal(truth, answer):
            yield border


def _numbers(shape: Size, step: int) -> Array:
    """Return whole numbers of either sign without a pattern that a kernel could have."""
    return np.random.default_rng(step).integers(-9, 10, shape).astype(np.float64)


def _are_equal(first: Array, second: Array) -> bool:
    return first.shape == second.shape and bool(
        np.all(np.abs(first - second) <= _EQUAL * max(np.abs(first).max(), np.abs(second).max(), 1.0))
    )


def _check_linear(answers: _Answers) -> None:
    """Raise NotConvolution, with images that show it, unless the answer to a sum is the sum of the answers."""
    for side in (*_LINEAR_SIDES, SIDE):
        shape = (side,) * answers.layouts.rank
        try:
            answers.of(np.zeros(shape))
        except (Raised, CallTimeout):
            continue  # smaller than the kernel
        for step in range(4):
            _check_sum(answers, _numbers(shape, step), _numbers(shape, step + 50))
            _check_sum(answers, 100 * np.abs(_numbers(shape, step)), np.abs(_numbers(shape, step + 50)))


def _check_sum(answers: _Answers, first: Array, second: Array) -> None:
    separate, together = answers.of(first) + answers.of(second), answers.of(first + second)
    if separate.shape != together.shape or not _are_equal(separate, together):
        index = tuple(int(axis[0]) for axis in np.nonzero(np.abs(separate - together) > 0)) if separate.size else ()
        numbers = f"{together[index]:.6g} at {index}, where f(a) + f(b) is {separate[index]:.6g}"
        images = ", ".join(f"{name} = {_listed(image)}" for name, image in (("a", first), ("b", second)))
        raise NotConvolution(f"no convolution: not linear: f(a + b) is {numbers}, for {images}")


def _check_same_everywhere(answers: _Answers) -> None:
    """Raise NotConvolution unless a 1 at another place gives the same numbers there."""
    rank = answers.layouts.rank
    response = answers.of(_impulse(rank))
    for shift in filter(partial(_is_inside, response), _SHIFTS):
        here = tuple(slice(max(0, -shift), size - max(0, shift)) for size in response.shape)
        there = tuple(slice(max(0, shift), size - max(0, -shift)) for size in response.shape)
        other = answers.of(_impulse(rank, shift))
        if response.shape != other.shape or not _are_equal(response[here], other[there]):
            places = " and ".join(str((SIDE // 2 + each,) * rank) for each in (0, shift))
            shape = " x ".join([str(SIDE)] * rank)
            message = f"not the same everywhere: a 1 at {places} of {shape} zeros gives other numbers round it"
            raise NotConvolution(f"no convolution: {message}")


def _is_inside(response: Array, shift: int) -> bool:
    """Whether the numbers round a shifted 1 do not reach the ends, where a border could change them."""
    reach = max(max(_reach(response, axis, SIDE // 2)) for axis in range(response.ndim))
    return reach + abs(shift) < SIDE // 2


def _listed(image: Array) -> str:
    return str(image.astype(int).tolist())
