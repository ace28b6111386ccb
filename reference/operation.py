"""The operations: one table, from which everything that depends on an operation's name is derived."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Operation:
    """One operation: what it reads and gives, named by the arrays of the convolution it belongs to.

    ``operands`` maps its arguments, in order, to ``input`` ``(N, C, *spatial)``, ``filter``
    ``(O, C / groups, *kernel)`` or ``output`` ``(N, O, *spatial)``; ``result`` is one of these or ``bias`` ``(O,)``.
    ``adds_bias``: it takes one value per channel of its result. ``meaning`` is a phrase for reports.
    """

    name: str
    operands: Mapping[str, str]
    result: str
    meaning: str
    adds_bias: bool = False

    @property
    def transposed(self) -> bool:
        """Whether it is the transposed convolution or a gradient of it, which read the small side as their ``x``."""
        return self.name.startswith("conv_transpose")

    @property
    def is_gradient(self) -> bool:
        """Whether it is a derivative of ``conv`` or of ``conv_transpose``."""
        return self.name.endswith("_grad")

    @property
    def size_argument(self) -> str:
        """The argument that says how large the result is where its operands leave that open, "" where they do not."""
        by_result = {"input": "output_size" if self.transposed else "input_size", "filter": "kernel_size"}
        return by_result.get(self.result, "")

    @property
    def arrays(self) -> tuple[str, ...]:
        """The convolution's arrays it reads, in the order of its arguments."""
        return tuple(self.operands.values())


TABLE = (
    Operation("conv", {"x": "input", "w": "filter"}, "output", "the convolution itself", adds_bias=True),
    Operation("conv_input_grad", {"dy": "output", "w": "filter"}, "input", "its gradient in the image"),
    Operation("conv_filter_grad", {"x": "input", "dy": "output"}, "filter", "its gradient in the filter"),
    Operation("conv_bias_grad", {"dy": "output"}, "bias", "its gradient in the bias"),
    Operation("conv_transpose", {"x": "output", "w": "filter"}, "input", "the transposed convolution", adds_bias=True),
    Operation("conv_transpose_input_grad", {"dy": "input", "w": "filter"}, "output", "its gradient in the image"),
    Operation("conv_transpose_filter_grad", {"x": "output", "dy": "input"}, "filter", "its gradient in the filter"),
)
BY_NAME = {operation.name: operation for operation in TABLE}
OPERATIONS = tuple(BY_NAME)
# Both families of operations: those of a convolution, and those of a transposed one.
FAMILIES = tuple(tuple(each.name for each in TABLE if each.transposed is transposed) for transposed in (False, True))
WITH_BIAS = tuple(operation.name for operation in TABLE if operation.adds_bias)
# The arguments of each operation that have the shapes of its signature.
OPERAND_NAMES = {operation.name: tuple(operation.operands) for operation in TABLE}


def check_operation(name: str) -> str:
    """Return ``name``, or raise ValueError naming the operations there are."""
    if name not in BY_NAME:
        raise ValueError(f"operation={name!r} is unknown; allowed: {', '.join(OPERATIONS)}")
    return name
