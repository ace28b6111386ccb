"""An adapter over NumPy whose raw routes refuse, answer, accept, die and hang; given by path."""

from typing import ClassVar

from convformance.adapters.contract import Adapter, Array, KnownDivergence, route
from convformance.adapters.raw import RawCall, raw_route
from convformance.reference import conv
from convformance.reference.problem import Problem

_STEPS = ("stride", "padding")


class Arguments(Adapter):
    """Calls in text: of this suite's reference, and of nothing that looks at its arguments."""

    name = "arguments"
    distribution = "numpy"
    options: ClassVar[dict[str, tuple[str, ...]]] = {"mode": ("plain", "other")}
    known_divergences = (
        KnownDivergence(
            "crops-to-zeros",
            "A negative padding is not looked at.",
            "padding -1",
            grades=("accepted",),
            raw={"raw.zeros": ("padding -1",)},
        ),
    )

    @route("conv", "reference")
    def conv(self, problem: Problem, x: Array, w: Array) -> Array:
        return conv(x, w, stride=problem.stride, padding=problem.padding, dilation=problem.dilation)

    @raw_route("conv", "reference", arguments=(*_STEPS, "groups"))
    def raw_reference(self, call: RawCall) -> str:
        call_text = f"conv(x, w{call.keywords(stride=call.stride, padding=call.padding, groups=call.groups)})"
        return f"from convformance.reference import conv\n{call_text}"

    @raw_route("conv", "zeros", arguments=_STEPS)
    def raw_zeros(self, call: RawCall) -> str:
        return "np.zeros((2, 6, 3, 5), x.dtype)"

    @raw_route("conv", "dies", arguments=("stride",))
    def raw_dies(self, call: RawCall) -> str:
        return 'import os\nprint("the last thing", flush=True)\nos.abort()'

    @raw_route("conv", "hangs", arguments=("groups",))
    def raw_hangs(self, call: RawCall) -> str:
        return "while True:\n    pass\n0"

    @raw_route("conv", "large", arguments=("groups",))
    def raw_large(self, call: RawCall) -> str:
        return "np.ones(2**45)"
