"""HIPS autograd: ``autograd.scipy.signal.convolve`` with its axes and dot axes, gradients by ``make_vjp``."""

from collections.abc import Mapping

from convformance.adapters.contract import EVERY_QUESTION, Domain
from convformance.adapters.known_autograd import Known
from convformance.adapters.notation import Notation
from convformance.adapters.shapes import WITHOUT_STEPS, crop_text, zeros_around
from convformance.adapters.written import Written
from convformance.reference.problem import Problem

# The modes that pad as a symbol does; at stride 1 the other way round is a mode, too.
_MODES, _TRANSPOSED_MODES = {"full": "full", "same_lower": "same"}, {"full": "valid", "same_upper": "same"}


class Autograd(Known, Written):
    """Its convolution of arrays: the channels are dot axes, the filter is flipped, the bias is added to the result."""

    name = "autograd"
    requires = ("autograd", "scipy")
    domain = WITHOUT_STEPS
    bias_after = True
    setup = (
        "import autograd.numpy as np",
        "from autograd import make_vjp",
        "from autograd.scipy.signal import convolve",
    )
    strided = Notation.strided
    vjp_script = "make_vjp(lambda {variable}: {call})({zeros})[0](dy)"
    zeros_script = "np.zeros({shape}, dy.dtype)"

    @classmethod
    def memory_domain(cls, mode: Mapping[str, str]) -> Domain:
        return EVERY_QUESTION  # it is handed the very arrays

    def conv_text(self, problem: Problem) -> str:
        mode = _MODES.get(str(problem.symbol), "valid")
        pads = zeros_around(problem, self.activations, *_MODES)
        image = f"np.pad(x, {pads}, 'constant')" if pads else "x"
        flipped = ", ".join(("...", *("::-1",) * problem.rank))
        return f"convolve({image}, w[{flipped}], {_axes(problem)}, ([1], [1]), {mode!r})"

    def transposed_text(self, problem: Problem) -> str:
        mode = _TRANSPOSED_MODES.get(str(problem.symbol), "full")
        cropped = crop_text(problem, self.activations) if mode == "full" else ""
        return f"convolve(x, w, {_axes(problem)}, ([1], [0]), {mode!r}){cropped}"


def _axes(problem: Problem) -> tuple[list[int], list[int]]:
    return (list(range(2, 2 + problem.rank)),) * 2
