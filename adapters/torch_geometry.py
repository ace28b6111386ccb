"""PyTorch's own terms: what a geometry is to its calls and to ``F.pad``, the calls as texts, and its tensors.

Torch pads both ends of an axis alike; what it has no argument for goes through ``F.pad``, which pads and crops.
"""

from typing import Any, NamedTuple

import numpy as np

from convformance.adapters.bits import BFLOAT16, from_bits
from convformance.adapters.notation import options
from convformance.reference.arrays import Array
from convformance.reference.following import EPSILON, normalises, rectifies
from convformance.reference.geometry import Pairs, Size
from convformance.reference.problem import Problem

# The paddings torch has a word for; its "same" puts the odd element at the end.
_SYMBOLS = {"valid": "valid", "same_upper": "same"}

# Arguments that it checks.
REFUSALS = (
    r"Kernel size can't be greater than actual input size",
    r"padding='same' is not supported for strided convolutions",
    r"Only zero batch or zero channel inputs are supported",
)


class Terms(NamedTuple):
    """A geometry as torch can say it: its arguments, what ``F.pad`` adds before, and what it takes away after."""

    padding: Size | str
    output_padding: Size
    zeros: Pairs
    crop: Pairs = ()


def steps(problem: Problem) -> dict[str, Any]:
    """Return what a convolution and its transpose take alike."""
    return {"stride": problem.stride, "dilation": problem.dilation, "groups": problem.groups}


def pads_alike(problem: Problem) -> bool:
    """Whether both ends of each axis are padded alike, and none is cropped."""
    return all(lo == hi >= 0 for lo, hi in problem.padding)


def terms(problem: Problem) -> Terms:
    """Return a convolution's terms: numbers alone."""
    none = (0,) * problem.rank
    return Terms(problem.lows, none, ()) if pads_alike(problem) else Terms(none, none, problem.padding)


def conv_terms(problem: Problem) -> Terms:
    """Return a convolution's terms for ``F.conv``, which has its own names for some paddings."""
    name = _SYMBOLS.get(problem.symbol or "")
    return terms(problem)._replace(padding=name, zeros=()) if name else terms(problem)


def transposed_terms(problem: Problem) -> Terms:
    """Return a transposed convolution's terms: torch's own, or the crop of a result without padding.

    Where that result does not reach, zeros round the operand let torch itself compute what lies there.
    """
    sizes = zip(problem.output_padding, problem.stride, problem.dilation, strict=True)
    if pads_alike(problem) and all(0 <= extra < max(s, d) for extra, s, d in sizes):
        return Terms(problem.lows, problem.output_padding, ())
    axes = zip(
        problem.input_size, problem.output_size, problem.effective_kernel, problem.stride, problem.lows, strict=True
    )
    zeros, crop = zip(*(_cropped_axis(i, (o - 1) * s + e, s, lo) for i, o, e, s, lo in axes), strict=True)
    none = (0,) * problem.rank
    return Terms(none, none, zeros, crop)


def _cropped_axis(size: int, full: int, stride: int, lo: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the zeros before and after the operand, and the padding (never positive) of its result, for one axis.

    The result without padding has ``full`` elements; those from ``lo`` on are wanted, ``size`` of them.
    """
    before, after = -(min(lo, 0) // stride), -(min(full - size - lo, 0) // stride)
    start = lo + before * stride
    return (before, after), (-start, size + start - full - (before + after) * stride)


def padded_size(size: Size, pairs: Pairs) -> Size:
    return tuple(entry + lo + hi for entry, (lo, hi) in zip(size, pairs, strict=True)) if pairs else size


def negated(pairs: Pairs) -> Pairs:
    return tuple((-lo, -hi) for lo, hi in pairs)


def last_axis_first(pairs: Pairs) -> list[int]:
    """Return pairs as ``F.pad`` takes them."""
    return [entry for pair in reversed(pairs) for entry in pair]


# The calls themselves, by ``torch.nn.functional``.


def pad(functional: Any, tensor: Any, pairs: Pairs) -> Any:
    """Return ``tensor`` padded or cropped."""
    return functional.pad(tensor, last_axis_first(pairs)) if any(map(any, pairs)) else tensor


def convolved(functional: Any, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
    """Return ``F.conv1d``, ``F.conv2d`` or ``F.conv3d``, with torch's own word for a symbolic padding."""
    each = conv_terms(problem)
    function = getattr(functional, f"conv{problem.rank}d")
    return function(pad(functional, x, each.zeros), w, bias, padding=each.padding, **steps(problem))


def followed(functional: Any, problem: Problem, y: Any, numbers: tuple[Any, ...]) -> Any:
    """Return what follows y; ``numbers`` are mean, variance, shift and scale of a batch normalisation, if there is."""
    if normalises(problem.then):
        mean, variance, shift, scale = numbers
        y = functional.batch_norm(y, mean, variance, scale, shift, training=False, eps=EPSILON)
    return functional.relu(y) if rectifies(problem.then) else y


# How a script writes them.


def pad_text(tensor: str, pairs: Pairs) -> str:
    return f"F.pad({tensor}, {last_axis_first(pairs)})" if any(map(any, pairs)) else tensor


def conv_text(problem: Problem, bias: str) -> str:
    each = conv_terms(problem)
    geometry = options(stride=problem.stride, padding=each.padding, dilation=problem.dilation, groups=problem.groups)
    return f"F.conv{problem.rank}d({pad_text('x', each.zeros)}, w{bias}{geometry})"


def transposed_text(problem: Problem, small: str, bias: str) -> str:
    each = transposed_terms(problem)
    paddings = options(padding=each.padding, output_padding=each.output_padding)
    operands = f"{pad_text(small, each.zeros)}, w{bias}"
    call = f"F.conv_transpose{problem.rank}d({operands}{paddings}{options(**steps(problem))})"
    return pad_text(call, each.crop)


# Its tensors, which know bfloat16 by a type that is not NumPy's: its bits are handed over.


def tensor_over(torch: Any, array: Array) -> Any:
    """Return a tensor over the very memory of ``array``."""
    if array.dtype == BFLOAT16:
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(array)


def array_of(torch: Any, tensor: Any) -> Array:
    """Return a tensor on the CPU as an array."""
    is_brain = tensor.dtype == torch.bfloat16
    array: Array = tensor.view(torch.int16).numpy() if is_brain else tensor.numpy()
    return from_bits(array) if is_brain else array
