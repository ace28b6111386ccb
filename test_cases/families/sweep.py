"""A seeded sample of the product of kernels, strides, paddings, dilations and groups, in every rank.

Nobody chose these cases: they meet the combinations that no family declares. The sample is ordered by a digest of the
parameters and not by a random generator, so that it is the same in every process and every version of Python.
"""

from collections.abc import Iterator
from functools import cache
from hashlib import blake2b
from itertools import product

from convformance.reference.geometry import Padding, Size, effective_kernel, resolve_padding
from convformance.test_cases.case import Case, case

SEED = 2
PER_RANK = 200

_KERNELS: dict[int, tuple[Size, ...]] = {
    1: ((1,), (2,), (3,), (7,)),
    2: ((1, 1), (3, 2), (2, 5), (4, 1)),
    3: ((1, 2, 1), (2, 3, 1), (3, 2, 2), (1, 2, 4)),
}
_STRIDES: dict[int, tuple[Size, ...]] = {
    1: ((1,), (2,), (3,), (4,)),
    2: ((1, 1), (2, 1), (1, 3), (3, 2), (4, 3)),
    3: ((1, 1, 1), (2, 1, 3), (1, 2, 2), (3, 2, 1)),
}
_PADDINGS: dict[int, tuple[Padding, ...]] = {
    1: ("valid", "same_upper", "same_lower", "full", ((1, 1),), ((2, 0),), ((1, 3),), ((-1, 2),)),
    2: ("valid", "same_upper", "same_lower", "full", (1, 2), ((2, 0), (0, 1)), ((0, 3), (2, 1)), ((-1, 1), (2, -1))),
    3: ("valid", "same_upper", "same_lower", "full", (1, 0, 2), ((0, 1), (2, 0), (1, 2)), ((1, -1), (0, 2), (-1, 0))),
}
_DILATIONS: dict[int, tuple[Size, ...]] = {
    1: ((1,), (2,), (3,)),
    2: ((1, 1), (2, 1), (1, 3), (3, 2)),
    3: ((1, 1, 1), (2, 1, 3), (1, 2, 2)),
}
_CHANNELS = ((4, 6, 1), (5, 3, 1), (1, 7, 1), (6, 4, 2), (6, 9, 3), (5, 5, 5), (3, 6, 3))  # in, out, groups
_SECOND_DTYPES = ("float64", "float16", "bfloat16")

# Kernel, stride, padding, dilation and channels. A plain tuple, as its text is what the digest is of.
Combination = tuple[Size, Size, Padding, Size, tuple[int, int, int]]


@cache
def sampled_cases() -> tuple[Case, ...]:
    """Return the sample, ``PER_RANK`` cases of each rank; drawn on demand, as only the tier ``full`` asks it."""
    return tuple(drawn for rank in _KERNELS for drawn in _sample(rank))


def _sample(rank: int) -> Iterator[Case]:
    combinations = product(_KERNELS[rank], _STRIDES[rank], _PADDINGS[rank], _DILATIONS[rank], _CHANNELS)
    by_digest = sorted((_digest(combination), combination) for combination in combinations)
    return (_case(combination, digest) for digest, combination in by_digest[:PER_RANK])


def _digest(combination: Combination) -> bytes:
    return blake2b(f"{SEED}:{combination}".encode(), digest_size=16).digest()


def _case(combination: Combination, digest: bytes) -> Case:
    kernel_size, stride, padding, dilation, (in_channels, out_channels, groups) = combination
    return case(
        "sweep",
        _sentence(combination),
        input_size=_input_size(combination, digest),
        kernel_size=kernel_size,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
        batch=1 + digest[-1] % 3,
        in_channels=in_channels,
        out_channels=out_channels,
        tier="full",
        dtypes=("float32", _SECOND_DTYPES[digest[-2] % 3]),
    )


def _input_size(combination: Combination, digest: bytes) -> Size:
    """Return a size with two to four outputs per axis and a remainder of the stride, both drawn from ``digest``."""
    kernel_size, stride, _, dilation, _ = combination
    extents = effective_kernel(kernel_size, dilation)
    outputs = tuple(2 + (digest[0] + axis) % 3 for axis in range(len(stride)))  # another number on each axis
    remainders = tuple(byte % step for byte, step in zip(digest[1:], stride, strict=False))
    axes = zip(outputs, stride, extents, _total_padding(combination), remainders, strict=True)
    return tuple(max(1, (o - 1) * s + extent - pad + rest) for o, s, extent, pad, rest in axes)


def _total_padding(combination: Combination) -> Size:
    """Return the padding of each axis, both sides added.

    Symbols that pad count as one kernel less an element, so that none of their images is large.
    """
    kernel_size, stride, padding, dilation, _ = combination
    extents = effective_kernel(kernel_size, dilation)
    if isinstance(padding, str) and padding != "valid":
        return tuple(extent - 1 for extent in extents)
    pairs = resolve_padding(padding, input_size=extents, kernel_size=kernel_size, stride=stride, dilation=dilation)
    return tuple(lo + hi for lo, hi in pairs)


def _sentence(combination: Combination) -> str:
    kernel_size, stride, padding, dilation, (in_channels, _, groups) = combination
    is_stated = {
        f"a kernel of {_by(kernel_size)}": True,
        f"strides {_by(stride)}": max(stride) > 1,
        f"dilations {_by(dilation)}": max(dilation) > 1,
        f"padding {padding if isinstance(padding, str) else 'given by side'}": padding != "valid",
        "depthwise channels" if groups == in_channels else f"{groups} groups": groups > 1,
    }
    parts = [part for part, stated in is_stated.items() if stated]
    if len(parts) == 1:
        parts.append("one element of each operand")
    return f"Mistakes that show only where {', '.join(parts[:-1])} and {parts[-1]} meet."


def _by(size: Size) -> str:
    return " by ".join(str(entry) for entry in size)
