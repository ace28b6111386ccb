"""TensorFlow answers every problem exactly, or refuses it in its own words, route by route."""

import re
from dataclasses import replace
from importlib import metadata
from typing import Any

import numpy as np
import pytest

from convformance.adapters.contract import Route
from convformance.adapters.tensorflow import Tensorflow
from convformance.reference.problem import Problem
from tests.adapters import checking

pytest.importorskip("tensorflow")

# Those that are asked a sample have a test of their own: test_derivatives.py.
ROUTES = {
    f"{route.operation}-{route.name}": route
    for route in Tensorflow.routes()
    if checking.is_ordinary(route)
    and not route.domain.seldom
    and not route.name.startswith("depthwise_conv2d_backprop")
}
DEPTHWISE = ("nn.depthwise_conv2d", "depthwise_tape")
RAW = ("conv2d_backprop_input", "nn.conv2d_transpose", "conv2d_backprop_filter")
Rules = tuple[tuple[bool, str], ...]
SOME = ("line-same-upper-stride", "groups", "asymmetric-stride", "crop", "volume-stride")


def _depthwise(**changes: Any) -> Problem:
    numbers = {
        "input_size": (9, 8),
        "kernel_size": (3, 2),
        "batch": 2,
        "in_channels": 4,
        "out_channels": 8,
        "groups": 4,
        **changes,
    }
    return Problem.of(**numbers)


DEPTHWISE_PROBLEMS = {
    "stride": _depthwise(stride=2),
    "dilation": _depthwise(dilation=(2, 3)),
    "asymmetric": _depthwise(padding=((2, 1), (0, 3))),
    "asymmetric-dilation": _depthwise(padding=((2, 1), (0, 3)), dilation=(2, 3)),
    "crop": _depthwise(padding=((-2, 1), (0, -3))),
    "same-upper-stride": _depthwise(padding="same_upper", stride=2),
    "same-lower": _depthwise(padding="same_lower"),
    "over-wide": _depthwise(input_size=(4, 3), padding=((3, 4), (5, 2))),
    "one-channel": _depthwise(in_channels=1, out_channels=3, groups=1),
}


def outcome_or_error(
    adapter: Tensorflow, route: Route, problem: Problem, dtype: str, memory: str = "contiguous"
) -> str:
    """Return the outcome of one question, an exception of TensorFlow's as ``error: ...``."""
    try:
        return checking.outcome(adapter, route, problem, dtype, memory, with_bias=True)
    except Exception as error:
        return f"error: {type(error).__name__}: {error}"


def expected(route: Route, problem: Problem, eigen: bool) -> str:
    """Return, as a pattern, what is told where Eigen's kernels compute, or those of oneDNN, which do more."""
    if route.operation == "conv_bias_grad":
        return "exact"
    rules = _rules_of_planes if route.name in (*DEPTHWISE, *RAW, "nn.conv2d") else _rules_of_all_ranks
    return next((pattern for holds, pattern in rules(route, problem, eigen) if holds), "^exact$")


def _rules_of_planes(route: Route, problem: Problem, eigen: bool) -> Rules:
    symbolic = problem.symbol in ("same_upper", "valid")
    explicit = not symbolic and max(map(max, problem.padding)) > 0  # oneDNN leaves explicit pads to Eigen
    raw = route.name in RAW and (eigen or explicit)
    grouped = "filter_size does not have enough" if route.name == "conv2d_backprop_filter" else "Gradients for grouped"
    return (
        (problem.rank != 2, "refused: outside the domain .*: two spatial axes"),
        (route.name in DEPTHWISE and problem.groups != problem.in_channels, "a group for each input channel"),
        (raw and max(problem.dilation) > 1, "refused: .*do not yet support dilation rates larger than 1"),
        (raw and problem.groups > 1, grouped),
    )


def _rules_of_all_ranks(route: Route, problem: Problem, eigen: bool) -> Rules:
    transposed = route.operation.startswith("conv_transpose")
    volume, dilated, grouped = problem.rank == 3, max(problem.dilation) > 1, problem.groups > 1
    strided_and_dilated = dilated and max(problem.stride) > 1
    at_stride_1 = (route.operation, route.name) == ("conv_input_grad", "by-hand")
    group_by_group = (route.operation, route.name) == ("conv_filter_grad", "by-hand")
    depths = "Number of channels in filter" if eigen else "input and filter must have the same depth"
    return (
        (
            not transposed and not at_stride_1 and strided_and_dilated,
            "refused: `strides > 1` not supported in conjunction with",
        ),
        (transposed and eigen and dilated, "refused: .*not yet support dilation rates"),
        (volume and grouped and not group_by_group, depths),
        (volume and not transposed and route.name == "GradientTape", "error: AttributeError: .* no attribute 'decode'"),
        (
            eigen and grouped and route.name in ("GradientTape", "nn.conv_transpose"),
            "refused: .*Gradients for grouped",
        ),
    )


@pytest.mark.parametrize(("dtype", "memory"), [("float64", "contiguous"), ("float32", "sliced")])
@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
def test_every_route_is_exact_or_refuses_as_its_kernels_do(route: Route, dtype: str, memory: str) -> None:
    adapter = Tensorflow()
    for name, problem in checking.PROBLEMS.items():
        outcome = outcome_or_error(adapter, route, problem, dtype, memory)
        without_onednn, with_onednn = (expected(route, problem, eigen) for eigen in (True, False))
        pattern = without_onednn if dtype == "float64" else f"({without_onednn})|({with_onednn})"
        assert re.search(pattern, outcome, re.DOTALL), (name, outcome, pattern)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
def test_every_route_takes_16_bit_types(route: Route, dtype: str) -> None:
    adapter = Tensorflow()
    for name in SOME:
        outcome = outcome_or_error(adapter, route, checking.PROBLEMS[name], dtype)
        pattern = "|".join(f"({expected(route, checking.PROBLEMS[name], eigen)})" for eigen in (True, False))
        assert re.search(pattern, outcome, re.DOTALL), (name, outcome, pattern)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
@pytest.mark.parametrize(
    "route", [route for route in ROUTES.values() if route.name in DEPTHWISE], ids=lambda route: route.operation
)
def test_depthwise_routes_are_exact(route: Route, dtype: str) -> None:
    assert checking.outcomes(Tensorflow(), route, dtype, problems=DEPTHWISE_PROBLEMS, with_bias=True) == {}


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
def test_compiled_by_xla_every_route_is_exact(route: Route, dtype: str) -> None:
    problems = {
        name: checking.PROBLEMS[name] for name in ("groups-stride-dilation", "asymmetric-stride", "volume-stride")
    }
    if route.name in DEPTHWISE:
        problems = {name: DEPTHWISE_PROBLEMS[name] for name in ("asymmetric-dilation", "same-upper-stride")}
    for name, outcome in checking.outcomes(
        Tensorflow(mode="xla"), route, dtype, problems=problems, with_bias=True
    ).items():
        assert name == "volume-stride" or "not supported in conjunction with" in outcome, (name, outcome)
        assert name != "volume-stride" or "two spatial axes" in outcome, (name, outcome)


@pytest.mark.parametrize(("mode", "runs"), [("eager", 3), ("xla", 1)])
def test_xla_traces_a_route_once_for_a_problem(mode: str, runs: int) -> None:
    adapter = Tensorflow(mode=mode)
    called = []

    def counting(problem: Problem, dy: Any) -> Any:
        called.append(problem)
        return adapter.tf.reduce_sum(dy, axis=[0, 1])

    route = ROUTES["conv_bias_grad-GradientTape"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(adapter, route.method, counting)
        assert [checking.outcome(adapter, route, checking.PROBLEMS["line"]) for _ in range(3)] == ["exact"] * 3
    assert len(called) == runs


@pytest.mark.parametrize("key", [key for key in ROUTES if "filter" not in key and "by-hand" not in key])
def test_an_empty_batch_is_answered_by_the_kernels_of_eigen(key: str) -> None:
    problem = DEPTHWISE_PROBLEMS["stride"] if ROUTES[key].name in DEPTHWISE else checking.PROBLEMS["stride"]
    assert checking.outcome(Tensorflow(), ROUTES[key], replace(problem, batch=0), "float64") == "exact"


@pytest.mark.parametrize("name", ["empty-batch", "empty-output"])
def test_a_filter_gradient_by_hand_of_nothing_is_refused(name: str) -> None:
    outcome = checking.outcome(Tensorflow(), ROUTES["conv_filter_grad-by-hand"], checking.EMPTY[name], "float64")
    assert re.search("refused: .*filter (depth )?must (not have zero elements|be stri)", outcome)


@pytest.mark.parametrize(
    ("key", "name", "pattern"),
    [
        ("conv-nn.conv2d", "empty-output", "Negative dimension size caused by subtracting 3 from 2"),
        ("conv_filter_grad-by-hand", "empty-batch", "Depth of filter must not be 0"),
        ("conv_filter_grad-conv2d_backprop_filter", "empty-output", "has a non-positive dimension"),
    ],
)
def test_xla_refuses_what_is_empty_without_a_word_of_this_suite(key: str, name: str, pattern: str) -> None:
    outcome = checking.outcome(Tensorflow(mode="xla"), ROUTES[key], checking.EMPTY[name])
    assert outcome.startswith("refused: ")
    assert pattern in outcome
    assert "tensorflow.py" not in outcome


@pytest.mark.parametrize(
    ("name", "padding"),
    [
        ("same-upper-stride", "SAME"),
        ("valid", "VALID"),
        ("plain", "VALID"),
        ("asymmetric", [[0, 0], [1, 2], [0, 3], [0, 0]]),
        ("same-lower", [[0, 0], [1, 0], [2, 1], [0, 0]]),
        ("crop-and-pad", [[0, 0], [0, 2], [3, 0], [0, 0]]),
        ("crop", "VALID"),
    ],
)
def test_nn_conv2d_hears_its_own_words_for_a_padding(name: str, padding: Any) -> None:
    adapter = Tensorflow()
    conv2d, heard = adapter.tf.nn.conv2d, []

    def listening(*operands: Any, **options: Any) -> Any:
        heard.append(operands[3])
        return conv2d(*operands, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(adapter.tf.nn, "conv2d", listening)
        assert checking.outcome(adapter, ROUTES["conv-nn.conv2d"], checking.PROBLEMS[name]) == "exact"
    assert heard == [padding]


@pytest.mark.parametrize("dtype", checking.DTYPES)
def test_a_tensor_holds_what_the_array_held(dtype: str) -> None:
    adapter = Tensorflow()
    array = np.array([[1.5, -2.0], [0.25, 3.0]]).astype(checking.DTYPES[dtype])
    back = adapter.to_numpy(adapter.to_native(array))
    assert back.dtype == array.dtype
    assert back.tobytes() == array.tobytes()


def test_kernels_run_on_one_thread_of_the_cpu() -> None:
    adapter = Tensorflow()
    threading = adapter.tf.config.threading
    assert (threading.get_intra_op_parallelism_threads(), threading.get_inter_op_parallelism_threads()) == (1, 1)
    assert adapter.device() == "cpu"


def test_the_version_is_that_of_the_distribution_that_is_installed() -> None:
    assert Tensorflow.version() == Tensorflow().tf.__version__


def test_the_version_is_unknown_where_nothing_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "packages_distributions", dict)
    version: Any = Tensorflow.version.__func__  # type: ignore[attr-defined]
    assert version.__wrapped__(Tensorflow) == "unknown", "asked past the cache, which holds the installed version"
