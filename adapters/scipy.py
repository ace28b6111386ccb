"""SciPy: convolutions by hand over ``scipy.signal``, which knows no stride, dilation, groups, channels or gradients.

The batch and channel axes go into the N-dimensional call: a correlation in valid mode over an axis of equal length sums
it.
"""

from collections.abc import Callable

import numpy as np

from convformance.adapters import known
from convformance.adapters.contract import Adapter, Array, Refusal, route
from convformance.reference.geometry import Pairs, Size
from convformance.reference.problem import Problem

Correlate = Callable[[Array, Array], Array]

FAST = "norm-wise"


class Scipy(Adapter):
    """``scipy.signal``, its direct algorithm and its FFT; float64 and float32, without bias."""

    name = "scipy"
    known_divergences = known.SCIPY
    requires = ("scipy",)
    refusals = (r"^Unsupported type$", r"dtype argument must be a NumPy dtype")

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        from scipy import signal

        self.signal = signal

    @route("conv", "signal.correlate")
    @route("conv_transpose_input_grad", "signal.correlate")
    def correlate(self, problem: Problem, x: Array, w: Array) -> Array:
        """The filter slides over x in valid mode."""
        return _convolution(problem, x, w, self._direct_valid)

    @route("conv", "signal.fftconvolve", grade=FAST)
    @route("conv_transpose_input_grad", "signal.fftconvolve", grade=FAST)
    def fft_correlate(self, problem: Problem, x: Array, w: Array) -> Array:
        """The same through the frequency domain."""
        return _convolution(problem, x, w, self._fft_valid)

    @route("conv_input_grad", "signal.convolve")
    @route("conv_transpose", "signal.convolve")
    def convolve(self, problem: Problem, y: Array, w: Array) -> Array:
        """The zero-inserted y and the filter in full mode."""
        return _transposed(problem, y, w, self._direct_full)

    @route("conv_input_grad", "signal.fftconvolve", grade=FAST)
    @route("conv_transpose", "signal.fftconvolve", grade=FAST)
    def fft_convolve(self, problem: Problem, y: Array, w: Array) -> Array:
        """The same through the frequency domain."""
        return _transposed(problem, y, w, self._fft)

    @route("conv_filter_grad", "signal.correlate")
    def correlate_gradient(self, problem: Problem, x: Array, dy: Array) -> Array:
        """The zero-inserted dy slides over x in valid mode."""
        return _filter_gradient(problem, x, dy, self._direct_valid)

    @route("conv_filter_grad", "signal.fftconvolve", grade=FAST)
    def fft_correlate_gradient(self, problem: Problem, x: Array, dy: Array) -> Array:
        """The same through the frequency domain."""
        return _filter_gradient(problem, x, dy, self._fft_valid)

    @route("conv_transpose_filter_grad", "signal.correlate")
    def transposed_gradient(self, problem: Problem, y: Array, dx: Array) -> Array:
        """The filter gradient with the roles of its operands swapped."""
        return _filter_gradient(problem, dx, y, self._direct_valid)

    @route("conv_transpose_filter_grad", "signal.fftconvolve", grade=FAST)
    def fft_transposed_gradient(self, problem: Problem, y: Array, dx: Array) -> Array:
        """The same through the frequency domain."""
        return _filter_gradient(problem, dx, y, self._fft_valid)

    def _direct_valid(self, x: Array, w: Array) -> Array:
        return np.asarray(self.signal.correlate(x, w, mode="valid", method="direct"))

    def _direct_full(self, y: Array, w: Array) -> Array:
        return np.asarray(self.signal.convolve(y, w, mode="full", method="direct"))

    def _fft_valid(self, x: Array, w: Array) -> Array:
        return self._fft(x, np.flip(w), mode="valid")

    def _fft(self, x: Array, w: Array, mode: str = "full") -> Array:
        result = np.asarray(self.signal.fftconvolve(x, w, mode=mode))
        if result.dtype != x.dtype:
            raise Refusal(f"scipy.signal.fftconvolve has no {x.dtype}: it answers in {result.dtype}")
        return result


def _convolution(problem: Problem, x: Array, w: Array, correlate: Correlate) -> Array:
    _refuse_empty(x, w, problem.output_size)
    padded = _pad(x, problem.padding)
    taps = _insert_zeros(w, problem.dilation)
    maps = [correlate(padded[:, _inputs(problem, o)], taps[o : o + 1]) for o in range(problem.out_channels)]
    return np.concatenate(maps, axis=1)[_every(problem.stride)]


def _transposed(problem: Problem, y: Array, w: Array, convolve: Correlate) -> Array:
    _refuse_empty(y, w, problem.input_size)
    spread = _insert_zeros(y, problem.stride)
    taps = _insert_zeros(w, problem.dilation)
    axes = zip(
        problem.input_size, problem.output_size, problem.effective_kernel, problem.stride, problem.padding, strict=True
    )
    crop = tuple((-lo, i + lo - (o - 1) * s - e) for i, o, e, s, (lo, _) in axes)
    return _pad(
        np.concatenate([_summed(problem, spread, taps, c, convolve) for c in range(problem.in_channels)], axis=1), crop
    )


def _summed(problem: Problem, spread: Array, taps: Array, channel: int, convolve: Correlate) -> Array:
    """Return one channel of the input gradient: where along the channel axis the whole group overlaps."""
    per_group = problem.out_channels // problem.groups
    group, index = divmod(channel, problem.in_channels // problem.groups)
    outputs = slice(group * per_group, (group + 1) * per_group)
    full = convolve(spread[:, outputs], np.flip(taps[outputs, index], axis=0)[np.newaxis])
    return full[:, per_group - 1 : per_group]


def _filter_gradient(problem: Problem, x: Array, dy: Array, correlate: Correlate) -> Array:
    _refuse_empty(x, dy, problem.output_size)
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


def _refuse_empty(first: Array, second: Array, result_size: Size) -> None:
    if 0 in (first.size, second.size, *result_size):
        raise Refusal("scipy.signal has no empty convolution: it swaps the operands or loses the shape")
