"""A geometry in TensorFlow's own terms: its paddings, and what has to be cropped or padded round a call."""

from itertools import chain
from typing import Any

from convformance.reference.geometry import Pairs, Size
from convformance.reference.problem import Problem

SYMBOLS = {"same_upper": "SAME", "valid": "VALID"}


def crops(problem: Problem) -> Pairs:
    """Return the negative part of the padding: what TensorFlow's explicit paddings do not offer."""
    return tuple((min(lo, 0), min(hi, 0)) for lo, hi in problem.padding)


def opposite(pairs: Pairs) -> Pairs:
    return tuple((-lo, -hi) for lo, hi in pairs)


def resized(shape: Size, pairs: Pairs) -> Size:
    """Return the canonical ``shape`` with its spatial sizes padded."""
    return *shape[:2], *(size + lo + hi for size, (lo, hi) in zip(shape[2:], pairs, strict=True))


def cropped_shape(problem: Problem) -> Size:
    return resized(problem.input_shape, crops(problem))


def native_padding(problem: Problem) -> Any:
    """Return the padding as ``nn.conv2d`` takes it: a symbol where there is one, else pairs per axis, without crops."""
    if problem.symbol in SYMBOLS:
        return SYMBOLS[problem.symbol]
    pairs = [[max(lo, 0), max(hi, 0)] for lo, hi in problem.padding]
    return [[0, 0], *pairs, [0, 0]] if any(chain(*pairs)) else "VALID"


def raw_attributes(problem: Problem) -> dict[str, Any]:
    padding = native_padding(problem)
    pads = (
        {"padding": padding}
        if isinstance(padding, str)
        else {"padding": "EXPLICIT", "explicit_paddings": [*chain(*padding)]}
    )
    return {**pads, "strides": (1, *problem.stride, 1), "dilations": (1, *problem.dilation, 1)}


def pad_text(array: str, pairs: Pairs) -> str:
    pads = ((0, 0), *((max(lo, 0), max(hi, 0)) for lo, hi in pairs), (0, 0))
    crop = ", ".join(f"{max(-lo, 0) or ''}:{min(hi, 0) or ''}" for lo, hi in pairs)
    padded = f"tf.pad({array}, {pads})" if any(chain(*pads)) else array
    return f"{padded}[:, {crop}]" if min(chain(*pairs)) < 0 else padded
