"""The base classes: what a back end with models, or with automatic differentiation, has to give is enough."""

import inspect
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convformance.adapters import discovery, layouts, shapes
from convformance.adapters.automatic import Automatic
from convformance.adapters.bits import BFLOAT16, dtype_named, from_bits, to_bits
from convformance.adapters.contract import Adapter, Refusal, Route, route
from convformance.adapters.onnx_models import OnnxModels
from convformance.reference.operation import OPERATIONS
from convformance.reference.operations import apply
from convformance.reference.problem import Problem
from tests.adapters import checking

PROBLEM = checking.PROBLEMS["groups-stride-dilation"]


class Linear(Automatic):
    """The reference, its gradients by asking the function for each unit vector: right, as it is linear."""

    name = "linear"

    def conv(self, problem: Problem, x: Any, w: Any) -> Any:
        return apply("conv", problem, x, w)

    def vjp(self, function: Callable[[Any], Any], at: Any, upstream: Any) -> Any:
        units = np.eye(at.size, dtype=at.dtype).reshape(at.size, *at.shape)
        return np.array([np.sum(function(unit) * upstream) for unit in units], at.dtype).reshape(at.shape)


class Both(Linear):
    """One with a transposed convolution, and with a bias in the convolution alone."""

    name = "both"
    activations, filters = "N*C", "*(GI)O"
    conv_script, vjp_script, zeros_script = "my.conv({x}, w{bias})", "my.vjp({variable}, {zeros}, {call})", "{shape}"

    def conv(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        canonical = self._canonical(problem, x, w)
        return np.moveaxis(apply("conv", problem, *canonical, bias=bias), 1, -1)

    def conv_transpose(self, problem: Problem, y: Any, w: Any) -> Any:
        return np.moveaxis(apply("conv_transpose", problem, *self._canonical(problem, y, w)), 1, -1)

    def _canonical(self, problem: Problem, x: Any, w: Any) -> tuple[Any, Any]:
        return np.moveaxis(x, -1, 1), layouts.to_canonical(w, self.filters, problem.groups)


def routes_of(adapter: type[Adapter]) -> dict[str, Route]:
    return {f"{each.operation} {each.name}": each for each in adapter.routes()}


@pytest.mark.parametrize("name", routes_of(Both))
def test_every_gradient_follows_from_the_two_calls(name: str) -> None:
    declared = routes_of(Both)[name]
    for problem in ("line-stride-dilation", "groups-stride-dilation", "crop"):
        assert checking.outcome(Both(), declared, checking.PROBLEMS[problem]) == "exact"


def test_what_is_left_out_is_not_asked() -> None:
    assert set(routes_of(Linear)) == {"conv conv", "conv_input_grad vjp", "conv_filter_grad vjp"}
    assert {each.operation for each in Both.routes()} == set(OPERATIONS)
    takes_bias = {name for name, each in routes_of(Both).items() if each.takes_bias}
    assert takes_bias == {"conv conv"}
    assert "no bias" in routes_of(Linear)["conv conv"].domain.covers


def test_gradients_are_written_from_the_texts_of_the_calls() -> None:
    declared = routes_of(Both)
    assert Both().call_text(declared["conv conv"], PROBLEM, has_bias=True) == "my.conv(x, w, bias)"
    gradient = Both().call_text(declared["conv_filter_grad vjp"], PROBLEM)
    assert gradient == "my.vjp(w, (3, 2, 4, 3), my.conv(x, w))"
    assert Both().call_text(declared["conv_transpose conv_transpose"], PROBLEM) is None


class Building(Adapter):
    """It counts what is built."""

    name = "building"
    built: list[Any]

    @route("conv", builds=True)
    def conv(self, problem: Problem, dtype: str, bias: bool = False) -> Any:
        self.built = [*getattr(self, "built", []), (dtype, bias)]
        return lambda x, w, bias=None: apply("conv", problem, x, w, bias=bias)


def test_a_function_that_is_built_serves_all_data_of_a_problem_in_a_dtype() -> None:
    adapter, declared = Building(), Building.routes()[0]
    for dtype in ("float32", "float32", "float64"):
        assert checking.outcome(adapter, declared, PROBLEM, dtype) == "exact"
    assert adapter.built == [("float32", False), ("float64", False)]
    x, w = (np.ones(shape, np.float32) for shape in PROBLEM.operand_shapes("conv"))
    adapter.answer(declared, PROBLEM, (x, w), np.ones(6, np.float32))
    assert adapter.built[2:] == [("float32", True)]


class Evaluated(OnnxModels):
    """ONNX's own evaluator, which is right where there is one group."""

    name = "evaluated"
    running = "evaluate(model, inputs)"

    def run(self, model: bytes, feeds: Mapping[str, Any]) -> Any:
        from onnx.reference import ReferenceEvaluator

        return ReferenceEvaluator(self.onnx.load_from_string(model)).run(None, dict(feeds))[0]


@pytest.mark.parametrize("mode", ["input", "constant"])
@pytest.mark.parametrize("name", [name for name, each in routes_of(Evaluated).items() if checking.is_ordinary(each)])
def test_a_function_that_runs_models_answers_every_operation(name: str, mode: str) -> None:
    pytest.importorskip("onnx", reason="onnx is not installed")
    declared = routes_of(Evaluated)[name]
    for problem in ("line-stride-dilation", "rows-unread", "asymmetric-stride", "depthwise-multiplier"):
        if "transpose" in declared.method and checking.PROBLEMS[problem].groups > 1:
            continue  # its ConvTranspose knows no groups
        assert checking.outcome(Evaluated(filter=mode), declared, checking.PROBLEMS[problem]) == "exact"


def test_models_have_filter_gradients_without_a_node_for_them() -> None:
    assert {each.operation for each in Evaluated.routes()} == set(OPERATIONS) - {"conv_bias_grad"}


class Scripted(OnnxModels):
    """The same evaluator by the lines of a script, which read the model from a file."""

    name = "scripted"
    imports = ("from onnx.reference import ReferenceEvaluator", "loaded = []", "from onnx import load, save")
    loading = """\
save(model, "{folder}case.onnx")
evaluator = ReferenceEvaluator(load("{folder}case.onnx"))
loaded.append("{folder}")"""
    running = "evaluator.run(None, inputs)[0]"


def test_the_lines_of_a_script_are_what_is_run_and_load_a_model_once() -> None:
    pytest.importorskip("onnx", reason="onnx is not installed")
    adapter, declared = Scripted(), routes_of(Scripted)
    for name in ("conv Conv", "conv_transpose ConvTranspose", "conv_filter_grad Conv"):
        assert checking.outcome(adapter, declared[name], checking.PROBLEMS["line-stride-dilation"]) == "exact"
    folders = adapter.names["loaded"]
    assert len(folders) == len(set(folders)) == 3
    assert not any(Path(folder).exists() for folder in folders)
    operands = [np.ones(shape, np.float32) for shape in PROBLEM.operand_shapes("conv")]
    for _ in range(2):
        adapter.answer(declared["conv Conv"], PROBLEM, tuple(operands))
    assert len(folders) == 4


def test_a_script_has_the_lines_without_the_folder_and_imports_first() -> None:
    pytest.importorskip("onnx", reason="onnx is not installed")
    text = Scripted().call_text(routes_of(Scripted)["conv Conv"], PROBLEM)
    assert text is not None
    assert text.splitlines()[-4:] == [*Scripted.loading.replace("{folder}", "").splitlines(), Scripted.running]
    assert Scripted().notation().setup == (
        "import numpy as np",
        "from onnx.reference import ReferenceEvaluator",
        "from onnx import load, save",
        "from onnx import helper, numpy_helper",
        "loaded = []",
    )


def test_a_model_that_nobody_runs_is_refused() -> None:
    pytest.importorskip("onnx", reason="onnx is not installed")
    adapter = type("Silent", (OnnxModels,), {"name": "silent"})()
    outcome = checking.outcome(adapter, routes_of(OnnxModels)["conv Conv"], PROBLEM)
    assert "gives neither running, run(model, feeds) nor load(model)" in outcome


@pytest.mark.parametrize("groups", [1, 2, 3])
@pytest.mark.parametrize("layout", ["GOI*", "(GI)O*", "(GI)*O", "(GO)I*", "*(GI)O", "*GIO"])
def test_a_layout_with_groups_goes_there_and_back(layout: str, groups: int) -> None:
    w = np.arange(6 * 2 * 3 * 5).reshape(6, 2, 3, 5)
    there = layouts.from_canonical(w, layout, groups)
    assert there.shape == layouts.shape_in(w.shape, layout, groups)
    assert np.array_equal(layouts.to_canonical(there, layout, groups), w)


def test_a_transposed_filter_by_groups_has_the_channels_of_its_result_first() -> None:
    w = np.arange(12).reshape(6, 2, 1)
    there = layouts.from_canonical(w, "(GI)O*", 2)
    assert there[:, :, 0].tolist() == [[0, 2, 4], [1, 3, 5], [6, 8, 10], [7, 9, 11]]


def test_shapes_for_frameworks_that_take_less() -> None:
    assert shapes.same_both_sides(checking.PROBLEMS["symmetric"]) == (1, 2)
    with pytest.raises(Refusal, match="one padding for both sides"):
        shapes.same_both_sides(checking.PROBLEMS["asymmetric"])
    with pytest.raises(Refusal, match="not negative"):
        shapes.same_both_sides(checking.PROBLEMS["crop-both"])
    assert (shapes.number_in_line((3,)), shapes.number_in_line((3, 2))) == (3, (3, 2))


def test_bfloat16_goes_to_its_bits_and_back() -> None:
    array = np.array([1.5, -2.0]).astype(BFLOAT16)
    assert to_bits(array).tolist() == [0x3FC0, 0xC000]
    assert from_bits(to_bits(array)).tolist() == [1.5, -2.0]
    assert (dtype_named("bfloat16"), dtype_named("float16")) == (BFLOAT16, np.dtype(np.float16))


# Those that came before there were bases, with routes of their own.
WITHOUT_BASE = {"scipy", "torch", "tensorflow", "jax", "onnxruntime"}


@pytest.mark.parametrize("name", sorted(set(discovery.BUILT_IN) - WITHOUT_BASE))
def test_an_adapter_on_a_base_has_at_most_50_lines(name: str) -> None:
    file = Path(inspect.getfile(discovery.adapter_class(name)))
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 50


def test_the_page_says_how_long_adapters_are() -> None:
    page = " ".join((Path(__file__).parents[2] / "docs" / "adapters.md").read_text(encoding="utf-8").split())
    told = re.findall(r"((?:`\w+\.py`(?:, | and )?)+) are such adapters, of (\d+) (?:to|and) (\d+) lines", page)
    assert len(told) == 3
    for names, fewest, most in told:
        files = [Path(layouts.__file__).with_name(name) for name in re.findall(r"\w+\.py", names)]
        lengths = {len(file.read_text(encoding="utf-8").splitlines()) for file in files}
        assert {min(lengths), max(lengths)} == {int(fewest), int(most)}, names
