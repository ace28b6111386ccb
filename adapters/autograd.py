"""HIPS autograd: ``autograd.scipy.signal.convolve`` with its axes and dot axes, gradients by ``make_vjp``."""

from collections.abc import Mapping
from typing import Any

from convformance.adapters.automatic import Automatic, Function
from convformance.adapters.contract import EVERY_QUESTION, Domain
from convformance.adapters.known import KINDS_SEEN
from convformance.adapters.known_autograd import AUTOGRAD
from convformance.adapters.notation import Notation
from convformance.adapters.shapes import WITHOUT_STEPS, part_of_full, slices_text
from convformance.reference.geometry import Pairs
from convformance.reference.problem import Problem

# The modes that pad as a symbol does; at stride 1 the other way round is a mode, too.
_MODES, _TRANSPOSED_MODES = {"full": "full", "same_lower": "same"}, {"full": "valid", "same_upper": "same"}


class Autograd(Automatic):
    """Its convolution of arrays: the channels are dot axes, the filter is flipped, the bias is added to the result."""

    name = "autograd"
    requires = ("autograd", "scipy")
    looked_at = "1.9.1"
    known_divergences = AUTOGRAD
    kinds_seen = KINDS_SEEN[:1]
    domain = WITHOUT_STEPS
    refusals = (r"invalid data type for einsum",)
    bias_after = True
    vjp_script = "make_vjp(lambda {variable}: {call})({zeros})[0](dy)"
    zeros_script = "np.zeros({shape}, dy.dtype)"

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        import autograd.scipy.signal

        self.autograd: Any = autograd

    @classmethod
    def memory_domain(cls, mode: Mapping[str, str]) -> Domain:
        return EVERY_QUESTION  # it is handed the very arrays

    def notation(self) -> Notation:
        imports = "import autograd.numpy as np", "from autograd import make_vjp"
        return Notation((*imports, "from autograd.scipy.signal import convolve"))

    def vjp(self, function: Function, at: Any, upstream: Any) -> Any:
        return self.autograd.make_vjp(function)(at)[0](upstream)

    def conv(self, problem: Problem, x: Any, w: Any) -> Any:
        mode = _MODES.get(str(problem.symbol), "valid")
        image = x if problem.symbol in _MODES else self.autograd.numpy.pad(x, _around(problem), "constant")
        flipped = w[(..., *(slice(None, None, -1),) * problem.rank)]
        return self.autograd.scipy.signal.convolve(image, flipped, _axes(problem), ([1], [1]), mode)

    def conv_text(self, problem: Problem) -> str:
        mode = _MODES.get(str(problem.symbol), "valid")
        is_padded = problem.symbol not in _MODES and any(map(any, problem.padding))
        image = f"np.pad(x, {_around(problem)}, 'constant')" if is_padded else "x"
        flipped = ", ".join(("...", *("::-1",) * problem.rank))
        return f"convolve({image}, w[{flipped}], {_axes(problem)}, ([1], [1]), {mode!r})"

    def conv_transpose(self, problem: Problem, y: Any, w: Any) -> Any:
        mode = _TRANSPOSED_MODES.get(str(problem.symbol), "full")
        spread = self.autograd.scipy.signal.convolve(y, w, _axes(problem), ([1], [0]), mode)
        return spread[(..., *part_of_full(problem))] if mode == "full" else spread

    def transposed_text(self, problem: Problem) -> str:
        mode = _TRANSPOSED_MODES.get(str(problem.symbol), "full")
        cropped = f"[..., {slices_text(part_of_full(problem))}]"
        return f"convolve(x, w, {_axes(problem)}, ([1], [0]), {mode!r})" + cropped * (mode == "full")


def _axes(problem: Problem) -> tuple[list[int], list[int]]:
    return (list(range(2, 2 + problem.rank)),) * 2


def _around(problem: Problem) -> Pairs:
    """Return the padding of every axis."""
    return ((0, 0), (0, 0), *problem.padding)
