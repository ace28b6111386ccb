"""A problem: the shapes and the geometry of one convolution, shared by all operations that belong to it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from math import gcd, prod

from convformance.reference import geometry
from convformance.reference.borders import ZERO, check_border, repetitions
from convformance.reference.following import NOTHING, check_following
from convformance.reference.geometry import Padding, Pairs, Size
from convformance.reference.operation import BY_NAME, WITH_BIAS, check_operation

NO_ZERO_POINTS = (0, 0)

# What a problem may have beyond an ordinary convolution: a border that repeats the data, fewer outputs than the kernel
# has positions, something that follows.
BORDER, OUTPUTS, THEN = BEYOND = ("border", "outputs", "then")


@dataclass(frozen=True)
class Problem:
    """Shapes and geometry of one convolution ``y = conv(x, w)`` in canonical layout.

    x: ``(batch, in_channels, *input_size)``, w: ``(out_channels, in_channels / groups, *kernel_size)``,
    y: ``(batch, out_channels, *output_size)``. The operations of a transposed convolution share these names: it maps an
    array of ``output_shape`` to one of ``input_shape``, so ``input_size`` is always the large side. ``symbol`` names a
    symbolic padding, so that a framework's own SAME is really used; ``padding`` holds what it resolves to. What lies
    there is said by ``border``, one of ``borders.BORDERS``. ``zero_points`` are subtracted from the first and the
    second operand of an operation on integers; padding holds the zero point, and so counts as 0. ``outputs`` is the
    size of the small side where it is smaller than the positions that the kernel has, as behind an output padding of a
    stride or more. ``then`` is what follows, one of ``following.FOLLOWING``.
    """

    batch: int
    in_channels: int
    out_channels: int
    input_size: Size
    kernel_size: Size
    stride: Size
    padding: Pairs
    dilation: Size
    groups: int = 1
    symbol: str | None = None
    border: str = ZERO
    zero_points: tuple[int, int] = NO_ZERO_POINTS
    outputs: Size | None = None
    then: str = NOTHING

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        # Kept, as problems are keys of caches and hash many fields.
        return hash(tuple(getattr(self, field.name) for field in fields(self)))

    def __post_init__(self) -> None:
        if self.rank < 1 or len(self.padding) != self.rank:
            allowed = "one axis or more, a (lo, hi) pair for each"
            raise ValueError(f"input_size={self.input_size!r}, padding={self.padding!r}; allowed: {allowed}")
        for name in ("batch", "in_channels", "out_channels"):
            geometry.per_axis(name, getattr(self, name), 1, least=0)
        geometry.per_axis("input_size", self.input_size, self.rank, least=0)
        for name in ("kernel_size", "stride", "dilation"):
            geometry.per_axis(name, getattr(self, name), self.rank)
        geometry.padded_size(self.input_size, self.padding)
        check_border(self.border, self.input_size, self.padding)
        check_following(self.then)
        self._check_groups()
        self._check_outputs()

    def _check_outputs(self) -> None:
        if self.outputs is None:
            return
        least = 1 if all(self.positions) else 0
        entries = geometry.per_axis("outputs", self.outputs, self.rank, least=least)
        if any(entry > most for entry, most in zip(entries, self.positions, strict=True)):
            raise ValueError(f"outputs={self.outputs!r}; allowed: up to {self.positions}, which the kernel has")

    def _check_groups(self) -> None:
        geometry.per_axis("groups", self.groups, 1)
        if self.in_channels % self.groups or self.out_channels % self.groups:
            allowed = f"a divisor of in_channels={self.in_channels} and out_channels={self.out_channels}"
            raise ValueError(f"groups={self.groups}; allowed: {allowed}")

    @classmethod
    def of(
        cls,
        *,
        input_size: Sequence[int],
        kernel_size: int | Sequence[int],
        batch: int = 1,
        in_channels: int = 1,
        out_channels: int = 1,
        stride: int | Sequence[int] = 1,
        padding: Padding = 0,
        dilation: int | Sequence[int] = 1,
        groups: int = 1,
        border: str = ZERO,
        zero_points: tuple[int, int] = NO_ZERO_POINTS,
        outputs: int | Sequence[int] | None = None,
        then: str = NOTHING,
    ) -> "Problem":
        """Return the problem with ints spread over every axis and a symbolic padding resolved.

        Raises ValueError naming the argument, its value and what is allowed.
        """
        size = geometry.per_axis("input_size", input_size, len(input_size), least=0)
        kernel = geometry.per_axis("kernel_size", kernel_size, len(size))
        strides = geometry.per_axis("stride", stride, len(size))
        dilations = geometry.per_axis("dilation", dilation, len(size))
        axes = {"input_size": size, "kernel_size": kernel, "stride": strides, "dilation": dilations}
        pairs = geometry.resolve_padding(padding, **axes)
        symbol = padding if isinstance(padding, str) else None
        counts = batch, in_channels, out_channels
        problem = cls(*counts, size, kernel, strides, pairs, dilations, groups, symbol, border, zero_points, then=then)
        if outputs is None:
            return problem
        wanted = geometry.per_axis("outputs", outputs, len(size), least=0)
        return problem if wanted == problem.positions else replace(problem, outputs=wanted)

    @property
    def rank(self) -> int:
        """The number of spatial axes."""
        return len(self.input_size)

    @property
    def lows(self) -> Size:
        """The padding in front of each axis."""
        return tuple(lo for lo, _ in self.padding)

    @property
    def highs(self) -> Size:
        """The padding behind each axis."""
        return tuple(hi for _, hi in self.padding)

    @cached_property
    def effective_kernel(self) -> Size:
        """The extent of the dilated kernel per axis."""
        return geometry.effective_kernel(self.kernel_size, self.dilation)

    @cached_property
    def padded_size(self) -> Size:
        """The spatial size of x with its padding."""
        return geometry.padded_size(self.input_size, self.padding)

    @cached_property
    def positions(self) -> Size:
        """How many positions the kernel has on the padded input."""
        return geometry.output_size(self.input_size, self.kernel_size, self.stride, self.padding, self.dilation)

    @property
    def output_size(self) -> Size:
        """The spatial size of y, the small side."""
        return self.positions if self.outputs is None else self.outputs

    @cached_property
    def unpadded(self) -> "Problem":
        """The problem on data that is padded before, as a border that repeats the data may be made."""
        unpadded = ((0, 0),) * self.rank
        return replace(self, input_size=self.padded_size, padding=unpadded, symbol=None, border=ZERO)

    @cached_property
    def linear(self) -> "Problem":
        """The convolution alone, without what follows it."""
        return replace(self, then=NOTHING) if self.then else self

    @cached_property
    def beyond(self) -> frozenset[str]:
        """What it has that an ordinary convolution does not have, of ``BEYOND``."""
        has = {BORDER: self.border != ZERO, OUTPUTS: self.outputs is not None, THEN: bool(self.then)}
        return frozenset(name for name in BEYOND if has[name])

    @property
    def output_padding(self) -> Size:
        """How far ``input_size`` lies above ``(output - 1) * stride + extent - lo - hi``: a transpose must know.

        It is 0 to ``stride - 1``, the rows of the input no output reads, or more where ``outputs`` says so; negative
        only where the kernel is wider than the padded input and the output is empty.
        """
        return tuple(i - ((o - 1) * s + e - lo - hi) for i, o, e, s, (lo, hi) in self._axes())

    @property
    def adjoint_padding(self) -> Pairs:
        """The padding under which the input gradient is a convolution of the zero-inserted dy.

        dy has ``stride - 1`` zeros inserted between its elements; the filter is rotated by 180 degrees with its channel
        roles exchanged; stride is 1 and dilation stays. The result then has exactly ``input_size`` elements per axis.
        """
        return tuple((e - 1 - lo, i - max((o - 1) * s + 1, 0) + lo) for i, o, e, s, (lo, _) in self._axes())

    @property
    def filter_gradient_padding(self) -> Pairs:
        """The padding under which the filter gradient is a convolution of x with dy, stride and dilation exchanged.

        The high side is negative where rows of the input were never read, so that the result has exactly
        ``kernel_size`` elements.
        """
        return tuple((lo, e + (o - 1) * s - i - lo) for i, o, e, s, (lo, _) in self._axes())

    def _axes(self) -> Iterator[tuple[int, int, int, int, tuple[int, int]]]:
        return zip(self.input_size, self.output_size, self.effective_kernel, self.stride, self.padding, strict=True)

    @cached_property
    def input_shape(self) -> Size:
        """``(N, C, *input_size)``."""
        return (self.batch, self.in_channels, *self.input_size)

    @cached_property
    def filter_shape(self) -> Size:
        """``(O, C / groups, *kernel_size)``."""
        return (self.out_channels, self.in_channels // self.groups, *self.kernel_size)

    @cached_property
    def output_shape(self) -> Size:
        """``(N, O, *output_size)``."""
        return (self.batch, self.out_channels, *self.output_size)

    @cached_property
    def multiplications(self) -> int:
        """The number of products in the whole convolution, those with padding counted; the same for its gradients."""
        return prod(self.output_shape) * prod(self.filter_shape[1:])

    @property
    def bias_shape(self) -> Size:
        """``(O,)``, the bias of the convolution."""
        return (self.out_channels,)

    def operand_shapes(self, operation: str) -> tuple[Size, ...]:
        """Return the shapes that ``operation`` reads, in the order of its arguments, without a bias."""
        arrays = BY_NAME[check_operation(operation)].arrays
        return tuple(getattr(self, f"{array}_shape") for array in arrays)

    def result_shape(self, operation: str) -> Size:
        """Return the shape that ``operation`` gives."""
        shape: Size = getattr(self, f"{BY_NAME[check_operation(operation)].result}_shape")
        return shape

    def operation_bias_shape(self, operation: str) -> Size:
        """Return the shape of the bias that ``operation`` adds: one value per channel of the result."""
        if operation not in WITH_BIAS:
            raise ValueError(f"operation={operation!r} takes no bias; allowed: {', '.join(WITH_BIAS)}")
        return (self.result_shape(operation)[1],)

    def longest_sum(self, operation: str) -> int:
        """Return how many products an element of the result sums at most, those with padding counted."""
        taps = zip(self.kernel_size, self.stride, self.dilation, self._repetitions, strict=True)
        lengths = {
            "output": self.in_channels // self.groups * prod(self.kernel_size),
            # Of consecutive taps, one in stride / gcd(stride, dilation) reaches a given element of the padded input.
            "input": self.out_channels // self.groups * prod(-(-k * gcd(s, d) // s) * r for k, s, d, r in taps),
            "filter": self.batch * prod(self.output_size),
            "bias": self.batch * prod(self.output_size),
        }
        return lengths[BY_NAME[check_operation(operation)].result]

    @cached_property
    def _repetitions(self) -> Size:
        """How often an element of the input lies in the padded input at most, per axis."""
        axes = zip(self.input_size, self.padding, strict=True)
        return tuple(repetitions(self.border, size, pair) for size, pair in axes)
