"""PaddlePaddle: ``F.conv1d`` to ``conv3d`` and their transposed ones on the CPU, gradients by ``paddle.grad``."""

from collections.abc import Mapping
from typing import Any, ClassVar

from convformance.adapters.automatic import Automatic, Function
from convformance.adapters.bits import from_bits, to_bits
from convformance.adapters.known import KINDS_SEEN
from convformance.adapters.known_paddle import PADDLE
from convformance.adapters.notation import Notation
from convformance.reference.arrays import Array
from convformance.reference.problem import Problem

_SYMBOLS = {"same_upper": "SAME", "valid": "VALID"}
_FORMATS = {1: ("NCL", "NLC"), 2: ("NCHW", "NHWC"), 3: ("NCDHW", "NDHWC")}


class Paddle(Automatic):
    """PaddlePaddle on the CPU, with channels first or last."""

    name = "paddle"
    distribution = "paddlepaddle"
    requires = ("paddle",)
    known_divergences = PADDLE
    kinds_seen = KINDS_SEEN
    looked_at = "3.3.1"
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"layout": ("channels_first", "channels_last")}
    refusals = (
        r"Invalid padding, all value should be larger than or equal to 0",
        r"is not registered\. Selected wrong DataType",
        r"Output_\w+ and padding\(.*\) are inconsistent",
        r"input_\w+\(.*\) and output_\w+\(.*\) are mismatching",
        r"size of output_padding should not be greater than stride",
        r"the size of filter at axis \d+ should be greater than",
    )
    conv_script = "F.conv{problem.rank}d({x}, w{bias}{arguments})"
    transposed_script = "F.conv{problem.rank}d_transpose({x}, w{bias}{arguments})"
    vjp_script = "{variable} = {zeros}\n{variable}.stop_gradient = False\npaddle.grad({call}, {variable}, dy)[0]"
    zeros_script = "paddle.zeros({shape}, dy.dtype)"

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        import paddle

        self.paddle: Any = paddle
        paddle.device.set_device("cpu")
        self.activations = "NC*" if self.mode["layout"] == "channels_first" else "N*C"

    def notation(self) -> Notation:
        setup = "import paddle", "import paddle.nn.functional as F", 'paddle.device.set_device("cpu")'
        return Notation(setup, 'paddle.to_tensor({numbers}, "{dtype}")', strided="")

    def to_native(self, array: Array) -> Any:
        return self.paddle.to_tensor(to_bits(array))

    def to_numpy(self, native: Any) -> Array:
        array: Array = native.numpy()
        return from_bits(array) if "bfloat16" in str(native.dtype) else array

    def vjp(self, function: Function, at: Any, upstream: Any) -> Any:
        at.stop_gradient = False
        return self.paddle.grad(function(at), at, upstream)[0]

    def conv_arguments(self, problem: Problem) -> Mapping[str, Any]:
        padding = _SYMBOLS.get(str(problem.symbol)) or [entry for pair in problem.padding for entry in pair]
        sizes = {"stride": problem.stride, "dilation": problem.dilation, "groups": problem.groups}
        form = _FORMATS[problem.rank][self.mode["layout"] == "channels_last"]
        return {**sizes, "padding": padding, "data_format": form}

    def conv(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        function = getattr(self.paddle.nn.functional, f"conv{problem.rank}d")
        return function(x, w, bias, **self.conv_arguments(problem))

    def transposed_arguments(self, problem: Problem) -> Mapping[str, Any]:
        padding = [entry for pair in problem.padding for entry in pair]
        return {**self.conv_arguments(problem), "padding": padding, "output_padding": problem.output_padding}

    def conv_transpose(self, problem: Problem, y: Any, w: Any, bias: Any = None) -> Any:
        function = getattr(self.paddle.nn.functional, f"conv{problem.rank}d_transpose")
        return function(y, w, bias, **self.transposed_arguments(problem))
