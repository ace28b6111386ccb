"""tinygrad, interpreted by its device PYTHON: ``conv2d`` and ``conv_transpose2d`` of any rank, gradients of tensors.

Its device CPU needs clang. The interpreter takes seconds for one question, so that a small sample is asked.
"""

from collections.abc import Mapping
from typing import Any

from convformance.adapters.known_tinygrad import Known
from convformance.adapters.sampling import sampled
from convformance.adapters.shapes import of_few_products
from convformance.adapters.written import Written
from convformance.reference.problem import Problem


class Tinygrad(Known, Written):
    """tinygrad in its interpreter."""

    name = "tinygrad"
    requires = ("tinygrad",)
    domain = of_few_products(3_000) & sampled(share=4)
    setup = "from tinygrad import Tensor, dtypes", "from tinygrad.helpers import DEV", 'DEV.value = "PYTHON"'
    operand = 'Tensor({numbers}, dtype="{dtype}")'
    native, numpy, computed = "Tensor(array)", "native.numpy()", "native.realize()"
    bfloat16, bits = "native.bitcast(dtypes.bfloat16)", "native.bitcast(dtypes.uint16)"
    lists = "{name}.realize().tolist()"  # else the rounding to float16 is lost on the way into the list
    conv_script = "{x}.conv2d(w{bias}{arguments})"
    transposed_script = "{x}.conv_transpose2d(w{bias}{arguments})"
    vjp_script = "{variable} = {zeros}\n{call}.gradient({variable}, gradient=dy)[0]"
    zeros_script = "Tensor.zeros({shape}, dtype=dy.dtype)"

    def conv_arguments(self, problem: Problem) -> Mapping[str, Any]:
        padding = tuple(entry for pair in reversed(problem.padding) for entry in pair)
        return {"groups": problem.groups, "stride": problem.stride, "dilation": problem.dilation, "padding": padding}

    def transposed_arguments(self, problem: Problem) -> Mapping[str, Any]:
        return {**self.conv_arguments(problem), "output_padding": problem.output_padding}
