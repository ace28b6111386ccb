"""PyTorch answers every problem exactly in every mode, and refuses in its own words."""

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from convformance.adapters.contract import Route, UsageError
from convformance.adapters.torch import Torch
from tests.adapters import checking

torch = pytest.importorskip("torch")

# Those that are asked a sample have a test of their own: test_derivatives.py.
ROUTES = {
    f"{route.operation}-{route.name}": route
    for route in Torch.routes()
    if checking.is_ordinary(route) and not route.domain.seldom
}
SAME_WITH_STRIDE = [
    name
    for name, problem in checking.PROBLEMS.items()
    if problem.symbol == "same_upper" and any(stride > 1 for stride in problem.stride)
]


def expected(route: Route) -> dict[str, str]:
    """The routes through ``F.conv`` use torch's own "same", which exists at stride 1 only."""
    through_conv = route.name == "F.conv" or (
        route.name == "autograd" and not route.operation.startswith("conv_transpose")
    )
    message = "refused: padding='same' is not supported for strided convolutions"
    return dict.fromkeys(SAME_WITH_STRIDE, message) if through_conv else {}


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
@pytest.mark.parametrize(
    ("dtype", "memory", "mode"),
    [
        ("float64", "contiguous", {}),
        ("float32", "sliced", {}),
        ("float16", "permuted", {}),
        ("bfloat16", "sliced", {}),
        ("float32", "permuted", {"mkldnn": "off"}),
        ("bfloat16", "contiguous", {"mkldnn": "off"}),
        ("float32", "sliced", {"layout": "channels_last"}),
        ("bfloat16", "contiguous", {"layout": "channels_last"}),
    ],
    ids=str,
)
@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
def test_every_route_is_exact(route: Route, dtype: str, memory: str, mode: dict[str, str]) -> None:
    assert checking.outcomes(Torch(**mode), route, dtype, memory, with_bias=True) == expected(route)


@pytest.mark.parametrize("name", ["line", "groups-stride-dilation", "crop-and-pad"])
@pytest.mark.parametrize(
    "key", ["conv-F.conv", "conv_input_grad-F.conv_transpose", "conv_filter_grad-convolution_backward"]
)
def test_a_compiled_route_is_compiled_for_each_problem_and_exact(key: str, name: str) -> None:
    counters = torch._dynamo.utils.counters
    counters.clear()
    assert checking.outcome(Torch(mode="compile"), ROUTES[key], checking.PROBLEMS[name]) == "exact"
    assert counters["aot_autograd"]["ok"] == 1
    assert counters["stats"]["unique_graphs"] == 1


def test_the_gradient_of_a_compiled_convolution_is_compiled_with_it() -> None:
    backend_calls: list[Any] = []
    adapter = Torch(mode="compile")
    compiled = adapter.torch.compile

    def counting(function: Any, **options: Any) -> Any:
        def backend(graph: Any, inputs: Any) -> Any:
            backend_calls.append([node.target for node in graph.graph.nodes])
            return graph

        return compiled(function, backend=backend, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(adapter.torch, "compile", counting)
        assert checking.outcome(adapter, ROUTES["conv_input_grad-autograd"], checking.PROBLEMS["plain"]) == "exact"
    assert any(torch.conv2d in targets for targets in backend_calls)


@pytest.mark.parametrize("dtype", checking.DTYPES)
@pytest.mark.parametrize("memory", ["contiguous", "sliced", "permuted"])
def test_a_tensor_lies_over_the_very_memory_of_the_array(dtype: str, memory: str) -> None:
    adapter = Torch()
    array = checking.lay(np.arange(24).reshape(2, 3, 4).astype(checking.DTYPES[dtype]), memory)
    tensor = adapter.to_native(array)
    assert tensor.data_ptr() == array.ctypes.data
    assert tuple(stride * array.itemsize for stride in tensor.stride()) == array.strides
    back = adapter.to_numpy(tensor)
    assert back.dtype == array.dtype
    assert np.array_equal(back, array)


@pytest.mark.parametrize("shape", [(2, 3, 4), (2, 3, 4, 5), (2, 3, 4, 5, 6)])
def test_channels_last_moves_the_channels_and_nothing_else(shape: tuple[int, ...]) -> None:
    array = np.arange(np.prod(shape)).reshape(shape).astype(np.float32)
    tensor = Torch(layout="channels_last").to_native(array)
    assert tensor.stride(1) == 1
    assert tensor.movedim(1, -1).is_contiguous()
    assert np.array_equal(tensor.numpy(), array)


def test_mkldnn_is_off_during_the_call_and_on_again_after_it() -> None:
    seen = []

    def failing() -> None:
        seen.append(torch.backends.mkldnn.enabled)
        raise ValueError("on purpose")

    with pytest.raises(ValueError, match="on purpose"):
        Torch(mkldnn="off").wrap(failing)()
    assert seen == [False]
    assert torch.backends.mkldnn.enabled


def test_kernels_run_on_one_thread() -> None:
    Torch()
    assert torch.get_num_threads() == 1


def test_a_device_that_is_not_there_is_one_sentence() -> None:
    with pytest.raises(UsageError, match="adapter torch: device='nowhere' cannot be used: "):
        Torch(device="nowhere")


def test_the_device_is_told() -> None:
    assert Torch().device() == "cpu"


@pytest.mark.parametrize("name", ["empty-output", "empty-output-line"])
@pytest.mark.parametrize("key", [key for key, route in ROUTES.items() if "transpose" not in key])
def test_a_kernel_larger_than_the_input_is_refused_in_the_words_of_torch(key: str, name: str) -> None:
    outcome = checking.outcome(Torch(), ROUTES[key], checking.EMPTY[name])
    assert outcome.startswith("refused: Calculated padded input size per channel: (2")
    assert outcome.endswith("Kernel size can't be greater than actual input size")


@pytest.mark.parametrize("name", ["empty-batch", "empty-batch-stride"])
@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
def test_an_empty_batch_is_answered(route: Route, name: str) -> None:
    assert checking.outcome(Torch(), route, checking.EMPTY[name]) == "exact"


def test_a_bfloat16_keeps_its_bits() -> None:
    adapter = Torch()
    array = np.array([1.0, -0.0, 3e38, 1e-40, np.inf]).astype(ml_dtypes.bfloat16)
    assert adapter.to_numpy(adapter.to_native(array)).tobytes() == array.tobytes()
