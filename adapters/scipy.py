"""SciPy: convolutions by hand over ``scipy.signal``, which knows no stride, dilation, groups, channels or gradients.

The batch and channel axes go into the N-dimensional call: a correlation in valid mode over an axis of equal length sums
it.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np

from convformance.adapters import known
from convformance.adapters.beyond import repeated
from convformance.adapters.contract import EVERY_QUESTION, Domain, Refusal, Request, of_numbers, route
from convformance.adapters.notation import Notation
from convformance.adapters.scipy_beyond import ScipyBeyond, ndimage_text
from convformance.reference.arrays import Array
from convformance.reference.borders import BORDERS, ZERO
from convformance.reference.dtypes import COMPLEX, FLOATS
from convformance.reference.geometry import Pairs, Size
from convformance.reference.problem import BORDER, OUTPUTS, Problem

Correlate = Callable[[Array, Array], Array]

FAST = "norm-wise"

# How a script writes the algorithms, of an image and a filter.
_DIRECT_VALID, _FFT_VALID = (
    'signal.correlate({0}, {1}, "valid", "direct")',
    'signal.fftconvolve({0}, np.flip({1}), "valid")',
)
# The channels are summed by a valid mode along their axis, over zeros as a full mode has them along the others; of the
# full mode of a transform the one channel is taken where all overlap.
_DIRECT_FULL, _FFT_FULL = (
    'signal.convolve(np.pad({0}, {2}), {1}, "valid", "direct")',
    "signal.fftconvolve({0}, {1})[:, {3}:{4}]",
)


def _has_elements(request: Request) -> bool:
    """Whether no operand and no result is empty: ``scipy.signal`` swaps such operands or loses the shape."""
    problem = request.problem
    return all(map(math.prod, (problem.input_shape, problem.filter_shape, problem.output_shape)))


def _keeps_its_type(request: Request) -> bool:
    """Whether ``fftconvolve`` may answer in the type it is asked in: a transform makes float32 of float16."""
    axes = zip(request.problem.kernel_size, request.problem.output_size, strict=True)
    return request.dtype in ("float64", "float32", *COMPLEX) or all(1 in sizes for sizes in axes)


_FFT_TYPES = Domain("float64, float32, complex; 16-bit types where no axis has to be transformed", _keeps_its_type)
_FFT_NUMBERS = of_numbers("floating-point and complex numbers", *FLOATS, *COMPLEX)
_NUMBERS = of_numbers("floating-point and complex numbers, int32", *FLOATS, *COMPLEX, "int32")


_REPEATED = repeated(border for border in BORDERS if border != ZERO)


class Scipy(ScipyBeyond):
    """``scipy.signal``, its direct algorithm and its FFT; float64, float32, complex and int32, without bias."""

    name = "scipy"
    known_divergences = known.SCIPY
    kinds_seen = (*known.KINDS_SEEN, known.AMX)
    looked_at = "1.17.1"
    requires = ("scipy",)
    domain = Domain("operands and results that have elements", _has_elements)
    refusals = (r"^Unsupported type$", r"dtype argument must be a NumPy dtype")

    @classmethod
    def memory_domain(cls, mode: Mapping[str, str]) -> Domain:
        return EVERY_QUESTION  # it is handed the very arrays

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        from scipy import ndimage, signal

        self.signal, self.ndimage = signal, ndimage

    def notation(self) -> Notation:
        """Return how a script writes SciPy."""
        return Notation(setup=("import numpy as np", "from scipy import ndimage, signal"))

    def script_fields(self, problem: Problem, names: Mapping[str, str], bias: str) -> Mapping[str, str]:
        """Return each computation by its direct algorithm and by its FFT."""
        large, small = names.get("input", "x"), names.get("output", "x")
        return {
            "correlate": _convolution_text(problem, large, _DIRECT_VALID),
            "fft_correlate": _convolution_text(problem, large, _FFT_VALID),
            "convolve": _transposed_text(problem, small, _DIRECT_FULL),
            "fft_convolve": _transposed_text(problem, small, _FFT_FULL),
            "correlate_gradient": _filter_gradient_text(problem, large, small, _DIRECT_VALID),
            "padded_correlate": _bordered_text(problem, large),
            "ndimage": ndimage_text(problem),
            "fft_correlate_gradient": _filter_gradient_text(problem, large, small, _FFT_VALID),
        }

    @route("conv", "signal.correlate", script="{correlate}", numbers=_NUMBERS)
    @route("conv_transpose_input_grad", "signal.correlate", script="{correlate}", numbers=_NUMBERS)
    def correlate(self, problem: Problem, x: Array, w: Array) -> Array:
        """The filter slides over x in valid mode."""
        return _convolution(problem, x, w, self._direct_valid)

    @route("conv", "np.pad and signal.correlate", script="{padded_correlate}", domain=_REPEATED, offers=(BORDER,))
    def pad_and_correlate(self, problem: Problem, x: Array, w: Array) -> Array:
        padded = np.pad(x, ((0, 0), (0, 0), *problem.padding), problem.border)  # type: ignore[call-overload]
        return _convolution(problem.unpadded, padded, w, self._direct_valid)

    @route("conv", "signal.fftconvolve", grade=FAST, domain=_FFT_TYPES, numbers=_FFT_NUMBERS, script="{fft_correlate}")
    @route(
        "conv_transpose_input_grad",
        "signal.fftconvolve",
        grade=FAST,
        domain=_FFT_TYPES,
        numbers=_FFT_NUMBERS,
        script="{fft_correlate}",
    )
    def fft_correlate(self, problem: Problem, x: Array, w: Array) -> Array:
        return _convolution(problem, x, w, self._fft_valid)

    @route("conv_input_grad", "signal.convolve", script="{convolve}", numbers=_NUMBERS)
    @route("conv_transpose", "signal.convolve", script="{convolve}", numbers=_NUMBERS, offers=(OUTPUTS,))
    def convolve(self, problem: Problem, y: Array, w: Array) -> Array:
        """The zero-inserted y and the filter, in full mode along the spatial axes."""
        return _transposed(problem, y, w, self._direct_full)

    @route(
        "conv_input_grad",
        "signal.fftconvolve",
        grade=FAST,
        domain=_FFT_TYPES,
        numbers=_FFT_NUMBERS,
        script="{fft_convolve}",
    )
    @route(
        "conv_transpose",
        "signal.fftconvolve",
        grade=FAST,
        domain=_FFT_TYPES,
        numbers=_FFT_NUMBERS,
        script="{fft_convolve}",
    )
    def fft_convolve(self, problem: Problem, y: Array, w: Array) -> Array:
        return _transposed(problem, y, w, self._fft_full)

    @route("conv_filter_grad", "signal.correlate", script="{correlate_gradient}", numbers=_NUMBERS)
    def correlate_gradient(self, problem: Problem, x: Array, dy: Array) -> Array:
        """The zero-inserted dy slides over x in valid mode."""
        return _filter_gradient(problem, x, dy, self._direct_valid)

    @route(
        "conv_filter_grad",
        "signal.fftconvolve",
        grade=FAST,
        domain=_FFT_TYPES,
        numbers=_FFT_NUMBERS,
        script="{fft_correlate_gradient}",
    )
    def fft_correlate_gradient(self, problem: Problem, x: Array, dy: Array) -> Array:
        return _filter_gradient(problem, x, dy, self._fft_valid)

    @route(
        "conv_transpose_filter_grad",
        "signal.correlate",
        script="{correlate_gradient}",
        numbers=_NUMBERS,
        offers=(OUTPUTS,),
    )
    def transposed_gradient(self, problem: Problem, y: Array, dx: Array) -> Array:
        """The filter gradient with the roles of its operands swapped."""
        return _filter_gradient(problem, dx, y, self._direct_valid)

    @route(
        "conv_transpose_filter_grad",
        "signal.fftconvolve",
        grade=FAST,
        domain=_FFT_TYPES,
        numbers=_FFT_NUMBERS,
        script="{fft_correlate_gradient}",
    )
    def fft_transposed_gradient(self, problem: Problem, y: Array, dx: Array) -> Array:
        return _filter_gradient(problem, dx, y, self._fft_valid)

    def _direct_valid(self, x: Array, w: Array) -> Array:
        taps = w.conj() if np.iscomplexobj(w) else w  # which a correlation of signals conjugates once more
        return np.asarray(self.signal.correlate(x, taps, mode="valid", method="direct"))

    def _direct_full(self, y: Array, w: Array) -> Array:
        zeros = ((0, 0), (0, 0), *((size - 1, size - 1) for size in w.shape[2:]))
        return np.asarray(self.signal.convolve(np.pad(y, zeros), w, mode="valid", method="direct"))

    def _fft_valid(self, x: Array, w: Array) -> Array:
        return self._fft(x, np.flip(w), mode="valid")

    def _fft_full(self, y: Array, w: Array) -> Array:
        channels = w.shape[1]
        return self._fft(y, w)[:, channels - 1 : channels]

    def _fft(self, x: Array, w: Array, mode: str = "full") -> Array:
        result = np.asarray(self.signal.fftconvolve(x, w, mode=mode))
        if result.dtype != x.dtype:
            raise Refusal(f"scipy.signal.fftconvolve has no {x.dtype}: it answers in {result.dtype}")
        return result


def _convolution(problem: Problem, x: Array, w: Array, correlate: Correlate) -> Array:
    padded = _pad(x, problem.padding)
    taps = _insert_zeros(w, problem.dilation)
    maps = [correlate(padded[:, _inputs(problem, o)], taps[o : o + 1]) for o in range(problem.out_channels)]
    return np.concatenate(maps, axis=1)[_every(problem.stride)]


def _transposed(problem: Problem, y: Array, w: Array, convolve: Correlate) -> Array:
    spread = _insert_zeros(y, problem.stride)
    taps = _insert_zeros(w, problem.dilation)
    maps = [_summed(problem, spread, taps, c, convolve) for c in range(problem.in_channels)]
    return _pad(np.concatenate(maps, axis=1), _transposed_crop(problem))


def _transposed_crop(problem: Problem) -> Pairs:
    """Return what is to be added round the result of a full convolution; negative entries crop."""
    axes = zip(
        problem.input_size, problem.output_size, problem.effective_kernel, problem.stride, problem.padding, strict=True
    )
    return tuple((-lo, i + lo - (o - 1) * s - e) for i, o, e, s, (lo, _) in axes)


def _summed(problem: Problem, spread: Array, taps: Array, channel: int, convolve: Correlate) -> Array:
    """Return one channel of the input gradient, which sums over the channels of its group."""
    per_group = problem.out_channels // problem.groups
    group, index = divmod(channel, problem.in_channels // problem.groups)
    outputs = slice(group * per_group, (group + 1) * per_group)
    return convolve(spread[:, outputs], np.flip(taps[outputs, index], axis=0)[np.newaxis])


def _filter_gradient(problem: Problem, x: Array, dy: Array, correlate: Correlate) -> Array:
    padded = _pad(x, problem.filter_gradient_padding)
    spread = _insert_zeros(dy, problem.stride)
    maps = [correlate(padded[:, _inputs(problem, o)], spread[:, o : o + 1]) for o in range(problem.out_channels)]
    return np.concatenate(maps, axis=0)[_every(problem.dilation)]


def _inputs(problem: Problem, output: int) -> slice:
    """Return the input channels that one output channel reads."""
    size = problem.in_channels // problem.groups
    group = output // (problem.out_channels // problem.groups)
    return slice(group * size, (group + 1) * size)


def _insert_zeros(array: Array, steps: Size) -> Array:
    """Return ``array`` with ``step - 1`` zeros between the elements of each spatial axis."""
    sizes = tuple((size - 1) * step + 1 for size, step in zip(array.shape[2:], steps, strict=True))
    spread = np.zeros((*array.shape[:2], *sizes), array.dtype)
    spread[_every(steps)] = array
    return spread


def _every(steps: Size) -> tuple[slice, ...]:
    """Return the index of every so many elements of each spatial axis."""
    return (slice(None), slice(None), *(slice(None, None, step) for step in steps))


def _pad(array: Array, pairs: Pairs) -> Array:
    """Return ``array`` with zeros round its spatial axes; a negative entry crops, zeros of the other side too."""
    padded = np.pad(array, ((0, 0), (0, 0), *((max(lo, 0), max(hi, 0)) for lo, hi in pairs)))
    kept = (slice(max(-lo, 0), size + min(hi, 0)) for size, (lo, hi) in zip(padded.shape[2:], pairs, strict=True))
    return padded[(slice(None), slice(None), *kept)]


# How a script writes the computations above.


def _convolution_text(problem: Problem, x: str, correlate: str) -> str:
    padded_lines, padded = _padded_text(x, problem.padding)
    taps_lines, taps = _spread_text("w", "taps", problem.filter_shape, problem.dilation)
    maps = correlate.format(padded, taps)
    if problem.out_channels > 1:
        one_map = correlate.format(f"{padded}[:, {_inputs_text(problem)}]", f"{taps}[o : o + 1]")
        maps = f"np.concatenate([{one_map} for o in range({problem.out_channels})], axis=1)"
    return f"{padded_lines}{taps_lines}{maps}{_every_text(problem.stride)}"


def _bordered_text(problem: Problem, x: str) -> str:
    pads = ((0, 0), (0, 0), *problem.padding)
    correlation = _convolution_text(problem.unpadded, "image", _DIRECT_VALID)
    return f"image = np.pad({x}, {pads}, {problem.border!r})\n{correlation}"


def _transposed_text(problem: Problem, y: str, convolve: str) -> str:
    spread_lines, spread = _spread_text(y, "spread", problem.output_shape, problem.stride)
    taps_lines, taps = _spread_text("w", "taps", problem.filter_shape, problem.dilation)
    inputs, outputs = problem.in_channels // problem.groups, problem.out_channels // problem.groups
    group = _group_text("c", inputs, outputs) if problem.groups > 1 else ":"
    flipped = f"np.flip({taps}[{group}, c % {inputs}], 0)[None]"
    zeros = ((0, 0), (0, 0), *((extent - 1, extent - 1) for extent in problem.effective_kernel))
    one_map = convolve.format(f"{spread}[:, {group}]", flipped, zeros, outputs - 1, outputs)
    maps_line = f"maps = [{one_map} for c in range({problem.in_channels})]\n"
    full_lines, full = _padded_text("np.concatenate(maps, axis=1)", _transposed_crop(problem))
    return f"{spread_lines}{taps_lines}{maps_line}{full_lines}{full}"


def _filter_gradient_text(problem: Problem, x: str, dy: str, correlate: str) -> str:
    padded_lines, padded = _padded_text(x, problem.filter_gradient_padding)
    spread_lines, spread = _spread_text(dy, "spread", problem.output_shape, problem.stride)
    maps = correlate.format(padded, spread)
    if problem.out_channels > 1:
        one_map = correlate.format(f"{padded}[:, {_inputs_text(problem)}]", f"{spread}[:, o : o + 1]")
        maps = f"np.concatenate([{one_map} for o in range({problem.out_channels})], axis=0)"
    return f"{padded_lines}{spread_lines}{maps}{_every_text(problem.dilation)}"


def _padded_text(array: str, pairs: Pairs) -> tuple[str, str]:
    """Return the lines that pad ``array``, if any, and the name or expression of what comes out."""
    if not any(map(any, pairs)):
        return "", array
    pads = ((0, 0), (0, 0), *((max(lo, 0), max(hi, 0)) for lo, hi in pairs))
    crop = ", ".join(f"{max(-lo, 0) or ''}:{min(hi, 0) or ''}" for lo, hi in pairs)
    return f"padded = np.pad({array}, {pads})[:, :, {crop}]\n", "padded"


def _spread_text(array: str, name: str, shape: Size, steps: Size) -> tuple[str, str]:
    """Return the lines that put zeros between the elements of ``array``, if any, and the name of what comes out."""
    if max(steps) == 1:
        return "", array
    sizes = tuple((size - 1) * step + 1 for size, step in zip(shape[2:], steps, strict=True))
    zeros = f"{name} = np.zeros({(*shape[:2], *sizes)}, {array}.dtype)"
    return f"{zeros}\n{name}{_every_text(steps)} = {array}\n", name


def _inputs_text(problem: Problem) -> str:
    inputs, outputs = problem.in_channels // problem.groups, problem.out_channels // problem.groups
    return _group_text("o", outputs, inputs) if problem.groups > 1 else ":"


def _group_text(channel: str, size: int, other_size: int) -> str:
    """Return the slice of the other side's channels that belong to the group of ``channel``."""
    return f"{channel} // {size} * {other_size} : ({channel} // {size} + 1) * {other_size}"


def _every_text(steps: Size) -> str:
    slices = ", ".join(f"::{step}" if step > 1 else ":" for step in steps)
    return f"[:, :, {slices}]" if max(steps) > 1 else ""
