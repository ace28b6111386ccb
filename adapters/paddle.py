"""PaddlePaddle: ``F.conv1d`` to ``conv3d`` and their transposed ones on the CPU, gradients by ``paddle.grad``."""

from collections.abc import Mapping
from typing import Any, ClassVar

from convformance.adapters.known_paddle import Known
from convformance.adapters.written import Written
from convformance.reference.problem import Problem

_SYMBOLS = {"same_upper": "SAME", "valid": "VALID"}
_FORMATS = {1: ("NCL", "NLC"), 2: ("NCHW", "NHWC"), 3: ("NCDHW", "NDHWC")}


class Paddle(Known, Written):
    """PaddlePaddle on the CPU, with channels first or last."""

    name = "paddle"
    distribution = "paddlepaddle"
    requires = ("paddle",)
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"layout": ("channels_first", "channels_last")}
    setup = "import paddle", "import paddle.nn.functional as F", 'paddle.device.set_device("cpu")'
    operand = 'paddle.to_tensor({numbers}, "{dtype}")'
    native, numpy, bits = "paddle.to_tensor(array)", "native.numpy()", "native"  # NumPy's of bfloat16 are bits
    conv_script = "F.conv{problem.rank}d({x}, w{bias}{arguments})"
    transposed_script = "F.conv{problem.rank}d_transpose({x}, w{bias}{arguments})"
    vjp_script = "{variable} = {zeros}\n{variable}.stop_gradient = False\npaddle.grad({call}, {variable}, dy)[0]"
    zeros_script = "paddle.zeros({shape}, dy.dtype)"

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        self.is_last = self.mode["layout"] == "channels_last"
        self.activations = "N*C" if self.is_last else "NC*"

    def conv_arguments(self, problem: Problem) -> Mapping[str, Any]:
        padding = _SYMBOLS.get(str(problem.symbol)) or [entry for pair in problem.padding for entry in pair]
        sizes = {"stride": problem.stride, "dilation": problem.dilation, "groups": problem.groups}
        return {**sizes, "padding": padding, "data_format": _FORMATS[problem.rank][self.is_last]}

    def transposed_arguments(self, problem: Problem) -> Mapping[str, Any]:
        padding = [entry for pair in problem.padding for entry in pair]
        return {**self.conv_arguments(problem), "padding": padding, "output_padding": problem.output_padding}
