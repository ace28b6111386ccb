"""PyTorch beyond an ordinary convolution: borders that repeat the data, and what follows a convolution.

``F.pad`` makes the border and gradients flow through it; ``nn.Conv`` has a ``padding_mode`` of its own. What follows is
called one after the other, and left to the compiler where the mode compiles; ``fuse_conv_bn_weights`` folds it.
"""

from typing import Any

from convformance.adapters.beyond import FOLLOWED, NORMALISED, OWN, is_even, numbers, repeated
from convformance.adapters.contract import Adapter, Domain, route
from convformance.adapters.notation import options
from convformance.adapters.torch_geometry import followed, last_axis_first
from convformance.reference.following import EPSILON, normalises, rectifies, statistics
from convformance.reference.geometry import Size
from convformance.reference.problem import BORDER, THEN, Problem

_MODES = {"edge": "replicate", "reflect": "reflect", "wrap": "circular"}
_REPEATED = repeated(_MODES)
_EVEN = _REPEATED & Domain("padding alike at both ends", is_even)
_EVEN_FOLLOWED = FOLLOWED & Domain("padding alike at both ends", is_even)


def _gradient_text(operand: str, call: str) -> str:
    """Return the template of a gradient of the last line of a call in its operand."""
    return f"{operand} = {{{operand}_zeros}}.requires_grad_()\n{{{call}_gradient_{operand}}}"


class TorchBeyond(Adapter):
    """The routes of torch that offer a border or something that follows; a part of the adapter for torch."""

    torch: Any
    functional: Any

    def zeros_like(self, shape: Size, like: Any) -> Any:
        """Return the operand that a gradient does not depend on."""
        raise NotImplementedError

    @route("conv", "F.pad", script="{bordered}", domain=_REPEATED, offers=(BORDER,))
    def pad_and_convolve(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        """``F.pad`` with the mode of the border, then ``F.conv`` without padding."""
        padded = self.functional.pad(x, last_axis_first(problem.padding), mode=_MODES[problem.border])
        return self._unpadded_convolution(problem, padded, w, bias)

    @route("conv", "nn.Conv", script="{layer}", domain=_EVEN, offers=(BORDER,))
    def layer(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        """The layer with that ``padding_mode``, its parameters put in place of its own."""
        layer = getattr(self.torch.nn, f"Conv{problem.rank}d")(
            problem.in_channels,
            problem.out_channels,
            problem.kernel_size,
            problem.stride,
            tuple(lo for lo, _ in problem.padding),
            problem.dilation,
            problem.groups,
            bias is not None,
            _MODES[problem.border],
            device="meta",
        )
        parameters = {"weight": w} if bias is None else {"weight": w, "bias": bias}
        return self.torch.func.functional_call(layer, parameters, (x,))

    @route(
        "conv_input_grad",
        "F.pad autograd",
        script=_gradient_text("x", "bordered"),
        domain=_REPEATED,
        accumulator=OWN,
        offers=(BORDER,),
    )
    def padded_input_gradient(self, problem: Problem, dy: Any, w: Any) -> Any:
        x = self.zeros_like(problem.input_shape, dy).requires_grad_()
        return self.torch.autograd.grad(self.pad_and_convolve(problem, x, w), x, dy)[0]

    @route(
        "conv_filter_grad", "F.pad autograd", script=_gradient_text("w", "bordered"), domain=_REPEATED, offers=(BORDER,)
    )
    def padded_filter_gradient(self, problem: Problem, x: Any, dy: Any) -> Any:
        w = self.zeros_like(problem.filter_shape, dy).requires_grad_()
        return self.torch.autograd.grad(self.pad_and_convolve(problem, x, w), w, dy)[0]

    @route(
        "conv_input_grad",
        "nn.Conv autograd",
        script=_gradient_text("x", "layer"),
        domain=_EVEN,
        offers=(BORDER,),
        accumulator=OWN,
    )
    def layer_input_gradient(self, problem: Problem, dy: Any, w: Any) -> Any:
        x = self.zeros_like(problem.input_shape, dy).requires_grad_()
        return self.torch.autograd.grad(self.layer(problem, x, w), x, dy)[0]

    @route("conv_filter_grad", "nn.Conv autograd", script=_gradient_text("w", "layer"), domain=_EVEN, offers=(BORDER,))
    def layer_filter_gradient(self, problem: Problem, x: Any, dy: Any) -> Any:
        w = self.zeros_like(problem.filter_shape, dy).requires_grad_()
        return self.torch.autograd.grad(self.layer(problem, x, w), w, dy)[0]

    @route("conv", "F.conv and what follows", script="{followed}", domain=FOLLOWED, offers=(THEN,))
    def convolve_and_follow(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        return self._followed(problem, self._convolution(problem, x, w, bias))

    @route("conv", "fuse_conv_bn_weights", script="{folded}", domain=NORMALISED, offers=(THEN,))
    def convolve_folded(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        y = self._convolution(problem, x, *self._folded(problem, w, bias, transposed=False))
        return self.functional.relu(y) if rectifies(problem.then) else y

    @route(
        "conv_transpose",
        "F.conv_transpose and what follows",
        script="{transposed_followed}",
        domain=_EVEN_FOLLOWED,
        offers=(THEN,),
    )
    def transpose_and_follow(self, problem: Problem, y: Any, w: Any, bias: Any = None) -> Any:
        return self._followed(problem, self._transposed(problem, y, w, bias))

    @route(
        "conv_transpose",
        "fuse_conv_bn_weights",
        script="{transposed_folded}",
        domain=_EVEN_FOLLOWED & NORMALISED,
        offers=(THEN,),
    )
    def transpose_folded(self, problem: Problem, y: Any, w: Any, bias: Any = None) -> Any:
        x = self._transposed(problem, y, *self._folded(problem, w, bias, transposed=True))
        return self.functional.relu(x) if rectifies(problem.then) else x

    def _unpadded_convolution(self, problem: Problem, x: Any, w: Any, bias: Any) -> Any:
        function = getattr(self.functional, f"conv{problem.rank}d")
        return function(x, w, bias, problem.stride, 0, problem.dilation, problem.groups)

    def _convolution(self, problem: Problem, x: Any, w: Any, bias: Any) -> Any:
        """Return the convolution with zeros in its padding."""
        padded = self.functional.pad(x, last_axis_first(problem.padding))
        return self._unpadded_convolution(problem, padded, w, bias)

    def _transposed(self, problem: Problem, y: Any, w: Any, bias: Any) -> Any:
        function = getattr(self.functional, f"conv_transpose{problem.rank}d")
        padding = tuple(lo for lo, _ in problem.padding)
        return function(y, w, bias, problem.stride, padding, problem.output_padding, problem.groups, problem.dilation)

    def _followed(self, problem: Problem, y: Any) -> Any:
        """Return what follows y, as ``torch.nn.functional`` has it."""
        constants = self._numbers(y.shape[1], y) if normalises(problem.then) else ()
        return followed(self.functional, problem, y, constants)

    def _folded(self, problem: Problem, w: Any, bias: Any, *, transposed: bool) -> tuple[Any, Any]:
        """Return filter and bias with the batch normalisation in them."""
        channels = problem.in_channels if transposed else problem.out_channels
        mean, variance, shift, scale = self._numbers(channels, w)
        fuse = self.torch.nn.utils.fusion.fuse_conv_bn_weights
        folded = fuse(w, bias, mean, variance, EPSILON, scale, shift, transpose=transposed)
        return folded[0].detach(), folded[1].detach()

    def _numbers(self, channels: int, like: Any) -> tuple[Any, Any, Any, Any]:
        return numbers(channels, "float32", lambda array: self.torch.from_numpy(array).to(like))

    def _beyond_fields(self, problem: Problem, bias: str) -> dict[str, str]:
        """Return the calls that scripts of these routes are made of."""
        calls = {"bordered": _bordered_text(problem, bias), "layer": _layer_text(problem, bias)}
        for name, call in tuple(calls.items()):
            *lines, last = call.split("\n")
            for operand in ("x", "w"):
                gradient = f"torch.autograd.grad({last}, {operand}, dy)[0]"
                calls[f"{name}_gradient_{operand}"] = "\n".join([*lines, gradient])
        relu = "F.relu(y)" if rectifies(problem.then) else "y"
        for prefix, transposed in (("", False), ("transposed_", True)):
            stepwise, folded = (_call_text(problem, each, transposed=transposed) for each in (bias, ", bias"))
            normal = f"y = {_NORMAL}\n" if normalises(problem.then) else ""
            head = _numbers_text(problem, transposed=transposed) if normalises(problem.then) else ""
            fuse = f"w, bias = {_fuse_text(bias, transposed=transposed)}\n" if normalises(problem.then) else ""
            calls[f"{prefix}followed"] = f"{head}y = {stepwise}\n{normal}{relu}"
            calls[f"{prefix}folded"] = f"{head}{fuse}y = {folded}\n{relu}"
        return calls


# How a script writes the calls above.

_NORMAL = f"F.batch_norm(y, mean, variance, scale, shift, eps={EPSILON})"


def _pad_text(problem: Problem, mode: str) -> str:
    pairs = last_axis_first(problem.padding)
    return f"F.pad(x, {pairs}{mode})" if any(pairs) else "x"


def _bordered_text(problem: Problem, bias: str) -> str:
    return _convolution_text(problem, _pad_text(problem, f", mode={_MODES.get(problem.border)!r}"), bias)


def _convolution_text(problem: Problem, x: str, bias: str) -> str:
    geometry = options(stride=problem.stride, dilation=problem.dilation, groups=problem.groups)
    return f"F.conv{problem.rank}d({x}, w{bias}{geometry})"


def _layer_text(problem: Problem, bias: str) -> str:
    padding = tuple(lo for lo, _ in problem.padding)
    geometry = options(stride=problem.stride, padding=padding, dilation=problem.dilation, groups=problem.groups)
    sizes = f"{problem.in_channels}, {problem.out_channels}, {problem.kernel_size}"
    mode = f"padding_mode={_MODES.get(problem.border)!r}, bias={bool(bias)}"
    parameters = '{"weight": w, "bias": bias}' if bias else '{"weight": w}'
    return f"""\
layer = torch.nn.Conv{problem.rank}d({sizes}{geometry}, {mode}, device="meta")
torch.func.functional_call(layer, {parameters}, (x,))"""


def _call_text(problem: Problem, bias: str, *, transposed: bool) -> str:
    if not transposed:
        return _convolution_text(problem, _pad_text(problem, ""), bias)
    padding = tuple(lo for lo, _ in problem.padding)
    paddings = options(padding=padding, output_padding=problem.output_padding)
    geometry = options(stride=problem.stride, dilation=problem.dilation, groups=problem.groups)
    return f"F.conv_transpose{problem.rank}d(x, w{bias}{paddings}{geometry})"


def _numbers_text(problem: Problem, *, transposed: bool) -> str:
    each = statistics(problem.in_channels if transposed else problem.out_channels)
    named = {"mean": each.mean, "variance": each.variance, "shift": each.shift, "scale": each.scale}
    return "".join(f"{name} = torch.tensor({array.tolist()}).to(w)\n" for name, array in named.items())


def _fuse_text(bias: str, *, transposed: bool) -> str:
    numbers = f"mean, variance, {EPSILON}, scale, shift, {transposed}"
    return f"torch.nn.utils.fusion.fuse_conv_bn_weights(w, {bias.strip(', ') or None}, {numbers})"
