"""The process: operands changed, dtypes, views, earlier calls, chance, and exceptions."""

import numpy as np

from convformance.reference.operation import OPERATIONS, WITH_BIAS
from convformance.reference.problem import Problem
from convformance.test_cases.case import CONVOLUTION, FILTER_GRADIENT, FORWARD, INPUT_GRADIENT, UNBIASED
from tests.zoo import tap_loops
from tests.zoo.member import Array, Arrays, Run
from tests.zoo.mutants import Family, answer, grouped, issue, leftover, padded, raising, right, rotated, sized, when

_member = Family("process")


def _data_scaled(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    result = right(operation, problem, arrays, bias)
    arrays[0][...] = arrays[0] * arrays[0].dtype.type(0.5)
    return result


def _filter_left_rotated(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    result = right(operation, problem, arrays, bias)
    arrays[1][...] = rotated(arrays[1].copy(), problem)
    return result


def _bias_overwritten(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    result = right(operation, problem, arrays, bias)
    if bias is not None:
        bias += bias
    return result


def _written_into_data(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    result = right(operation, problem, arrays, bias)
    if result.shape == arrays[0].shape:
        arrays[0][...] = result
    return result


def _flat(y: Array, problem: Problem) -> Array:
    return y.reshape(y.shape[0], -1) if y.size else y


def _views_of_garbage(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    """Pad into memory that nobody has cleared when the data is a view."""
    x, w = arrays
    if x.flags.c_contiguous:
        return right(operation, problem, arrays, bias)
    wide = leftover((*x.shape[:2], *problem.padded_size), x.dtype)
    inside = tap_loops.surrounded(np.ones(x.shape), tuple(lo for lo, _ in problem.padding), problem.padded_size) > 0
    wide[inside] = tap_loops.surrounded(x, tuple(lo for lo, _ in problem.padding), problem.padded_size)[inside]
    unpadded = tap_loops.Reading(problem.stride, ((0, 0),) * problem.rank, problem.dilation, problem.groups)
    return tap_loops.apply(operation, problem, (wide, w), bias, reading=unpadded)


def _views_by_columns(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    """Read a filter that is a view with its last axis reversed, as if its step were negative."""
    x, w = arrays
    return right(operation, problem, (x, w if w.flags.c_contiguous else w[..., ::-1]), bias)


def _once_in_three() -> Run:
    calls = 0

    def run(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
        nonlocal calls
        calls += 1
        result = right(operation, problem, arrays, bias)
        if calls % 3 == 0 and result.size:
            result.reshape(-1)[0] += result.dtype.type(1)
        return result

    return run


def _losing_update() -> Run:
    """Two threads add the same image, and one in some calls is lost, in a place that is never the same."""
    generator = np.random.default_rng(11)

    def run(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
        result = right(operation, problem, arrays, bias)
        if result.size and generator.random() < 0.5:
            result.reshape(-1)[generator.integers(result.size)] = 0
        return result

    return run


def _uncleared_padding() -> Run:
    """The memory of the padding holds zeros in every other call, and something else in the others."""
    calls = 0

    def run(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
        nonlocal calls
        calls += 1
        result = right(operation, problem, arrays, bias)
        if padded(problem) and calls % 2:
            result[..., -1:] += result.dtype.type(3)
        return result

    return run


def _first_filter_kept() -> Run:
    """The filter is packed on the first call with its shape, and what was packed is used from then on."""
    packed: dict[tuple[object, ...], Array] = {}

    def run(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
        x, w = arrays
        kept = packed.setdefault((operation, w.shape, w.dtype), w.copy())
        return right(operation, problem, (x, kept), bias)

    return run


def _answer_of_call_before() -> Run:
    """The answer is taken from where the call before has put its own."""
    before: dict[tuple[object, ...], Array] = {}

    def run(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
        result = right(operation, problem, arrays, bias)
        key = (operation, problem, result.dtype)
        earlier = before.get(key, result)
        before[key] = result
        return earlier

    return run


def _accumulated_over_calls() -> Run:
    """The gradient is added to what earlier calls have left in its buffer."""
    sums: dict[tuple[object, ...], Array] = {}

    def run(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
        result = right(operation, problem, arrays, bias)
        key = (operation, problem, result.dtype)
        sums[key] = (sums[key] + result).astype(result.dtype) if key in sums else result
        return sums[key].copy()

    return run


def _wrong_from_second_call_on() -> Run:
    """The kernel is rotated in a buffer that is kept, and rotated back by the next call."""
    seen: set[tuple[object, ...]] = set()

    def run(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
        key = (operation, problem, arrays[0].dtype)
        w = rotated(arrays[1], problem) if key in seen else arrays[1]
        seen.add(key)
        return right(operation, problem, (arrays[0], w), bias)

    return run


def _empty_batch(problem: Problem) -> bool:
    return problem.batch == 0


def _does_not_fit(problem: Problem) -> bool:
    return any(e > p for e, p in zip(problem.effective_kernel, problem.padded_size, strict=True))


def _unwritten(dw: Array, problem: Problem) -> Array:
    return leftover(dw.shape, dw.dtype)


def _at_least_one(problem: Problem) -> tap_loops.Size:
    return tuple(max(1, size) for size in problem.output_size)


def _nothing_in(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    if not all(array.size for array in arrays):
        raise ZeroDivisionError("integer division or modulo by zero")
    return right(operation, problem, arrays, bias)


def _eight_again(y: Array, problem: Problem) -> Array:
    """The images from the ninth on hold those of the first eight again."""
    return y[np.arange(len(y)) % 8]


def _first_eight(dy: Array, problem: Problem) -> Array:
    """Only the first eight images count."""
    dy[8:] = 0
    return dy


def _of_first_eight(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    return right(operation, problem, (_first_eight(arrays[0].copy(), problem), *arrays[1:]), bias)


def _nine_images(problem: Problem) -> bool:
    return problem.batch > 8


def _wide_in_groups(problem: Problem) -> bool:
    return grouped(problem) and max(problem.kernel_size) > 16


def _empty_result(problem: Problem) -> bool:
    return 0 in problem.output_size


def _empty_input(problem: Problem) -> bool:
    return 0 in problem.input_size


MEMBERS = (
    _member("data-scaled-in-place", "Scales its first operand in place.", OPERATIONS, _data_scaled, "operand-changed"),
    _member(
        "filter-left-rotated",
        "Rotates the kernel in place and does not rotate it back.",
        INPUT_GRADIENT,
        _filter_left_rotated,
        "operand-changed",
    ),
    _member(
        "bias-overwritten",
        "Writes into the other operand of the fused addition.",
        WITH_BIAS,
        _bias_overwritten,
        "operand-changed",
        issue("tensorflow/tensorflow#43577"),
    ),
    _member(
        "written-into-data",
        "Writes the result over the data when it has the same shape.",
        UNBIASED,
        _written_into_data,
        "operand-changed",
        issue("pytorch/pytorch#117331"),
    ),
    _member("result-flat", "Returns the result with its channels and spatial axes in one.", FORWARD, answer(_flat)),
    _member(
        "views-padded-with-leftovers",
        "Pads into memory that nobody has cleared when the data is a view.",
        FORWARD,
        _views_of_garbage,
        "border-only",
        issue("modular/modular#6712"),
    ),
    _member(
        "filter-view-reversed",
        "Reads a filter that is a view with its last axis reversed.",
        (*FORWARD, *INPUT_GRADIENT),
        _views_by_columns,
        "kernel-flipped-on-one-axis",
    ),
    _member.remembering(
        "one-call-in-three",
        "Has one wrong element in one call of three.",
        OPERATIONS,
        _once_in_three,
        "not-deterministic",
        issue("PaddlePaddle/Paddle#10266"),
    ),
    _member.remembering(
        "lost-update",
        "Loses the sum of one element now and then.",
        FILTER_GRADIENT,
        _losing_update,
        "not-deterministic",
        issue("apache/mxnet#14941"),
    ),
    _member.remembering(
        "padding-cleared-every-other-time",
        "Reads padding that holds zeros in every other call only.",
        FORWARD,
        _uncleared_padding,
        "not-deterministic",
    ),
    _member.remembering(
        "first-filter-kept",
        "Goes on with the filter of the first call when one of the same shape comes.",
        (*FORWARD, *INPUT_GRADIENT),
        _first_filter_kept,
        "earlier-result",
    ),
    _member.remembering(
        "answer-of-call-before",
        "Returns the answer to the call before.",
        OPERATIONS,
        _answer_of_call_before,
        "earlier-result",
    ),
    _member.remembering(
        "gradients-accumulated-over-calls",
        "Adds each filter gradient to those of the calls before.",
        FILTER_GRADIENT,
        _accumulated_over_calls,
        "earlier-result",
    ),
    _member.remembering(
        "rotated-from-second-call-on",
        "Rotates the kernel from the second call on.",
        FORWARD,
        _wrong_from_second_call_on,
        "wrong-after-first-call",
    ),
    _member(
        "eight-images-again",
        "Computes eight images, and gives those from the ninth on the results of the first ones again.",
        (*FORWARD, *INPUT_GRADIENT),
        when(_nine_images, answer(_eight_again)),
        "beyond-a-block-of-images",
    ),
    _member(
        "gradient-of-eight-images",
        "Sums the filter gradient over the first eight images alone.",
        FILTER_GRADIENT,
        when(_nine_images, _of_first_eight),
        "beyond-a-block-of-images",
    ),
    _member(
        "filter-gradient-of-empty-batch-unwritten",
        "Returns memory that nobody has written as the filter gradient of an empty batch.",
        FILTER_GRADIENT,
        when(_empty_batch, answer(_unwritten)),
        "unwritten",
        issue("FluxML/NNlib.jl#763"),
    ),
    _member(
        "filter-gradient-of-empty-result-unwritten",
        "Returns memory that nobody has written as the filter gradient of a result without positions.",
        FILTER_GRADIENT,
        when(_empty_result, answer(_unwritten)),
        "unwritten",
        issue("tensorflow/tensorflow#126484"),
    ),
    _member(
        "transposed-to-nothing-raising",
        "Divides by the size of the result of a transposed convolution, all of which the padding may crop away.",
        INPUT_GRADIENT,
        when(_empty_input, raising(ZeroDivisionError("integer division or modulo by zero"))),
        None,
        issue("PaddlePaddle/Paddle#64839"),
    ),
    _member(
        "empty-batch-raising",
        "Divides by the number of images, of which there may be none.",
        (*FORWARD, *INPUT_GRADIENT),
        when(_empty_batch, raising(ZeroDivisionError("integer division or modulo by zero"))),
        None,
        issue("Theano/Theano#3715"),
    ),
    _member(
        "empty-operands-raising",
        "Divides by the size of an operand, which may be empty.",
        CONVOLUTION,
        _nothing_in,
        None,
        "https://github.com/tensorflow/tensorflow/blob/master/tensorflow/security/advisory/tfsa-2021-027.md",
    ),
    _member(
        "kernel-beyond-input-raising",
        "Divides by the number of positions when the kernel does not fit the padded input.",
        FORWARD,
        when(_does_not_fit, raising(ZeroDivisionError("integer division or modulo by zero"))),
        None,
        issue("PaddlePaddle/Paddle#76955"),
    ),
    _member(
        "at-least-one-position",
        "Returns one position when the kernel does not fit the padded input.",
        FORWARD,
        when(_does_not_fit, sized(_at_least_one)),
        None,
        issue("pytorch/pytorch#17247"),
    ),
    _member(
        "wide-kernel-in-groups-raising",
        "Raises on kernels wider than 16 when there are groups.",
        INPUT_GRADIENT,
        when(_wide_in_groups, raising(RuntimeError("label is redefined"))),
        None,
        issue("uxlfoundation/oneDNN#796"),
    ),
)
