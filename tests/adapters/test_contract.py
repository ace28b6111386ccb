"""The contract itself, met by adapters over NumPy that record what they are given."""

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from convformance.adapters import layouts
from convformance.adapters.contract import Adapter, MissingFramework, Refusal, Route, UsageError, route
from convformance.reference.operation import OPERATIONS
from convformance.reference.problem import Problem
from tests.adapters import checking

PROBLEM = checking.PROBLEMS["groups-stride-dilation"]
SHAPES = {
    "x": PROBLEM.input_shape,
    "w": PROBLEM.filter_shape,
    "y": PROBLEM.output_shape,
}
# What each operation reads and gives, by the arrays of the convolution it belongs to.
SIGNATURES = {
    "conv": ("xw", "y"),
    "conv_input_grad": ("yw", "x"),
    "conv_filter_grad": ("xy", "w"),
    "conv_transpose": ("yw", "x"),
    "conv_transpose_input_grad": ("xw", "y"),
    "conv_transpose_filter_grad": ("yx", "w"),
}


class Recording(Adapter):
    """Keeps the operands it gets, answers with an array of the right shape in the layout it declares."""

    name = "recording"
    activations = "N*C"
    filters = "*IO"
    refusals = (r"no such \w+ kernel",)

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        self.seen: list[Any] = []
        self.wrapped = 0

    def wrap(self, function: Any) -> Any:
        self.wrapped += 1
        return function

    @route("conv", "every")
    @route("conv_input_grad", "every")
    @route("conv_filter_grad", "every")
    @route("conv_transpose", "every")
    @route("conv_transpose_input_grad", "every")
    @route("conv_transpose_filter_grad", "every")
    def every(self, problem: Problem, first: Any, second: Any) -> Any:
        self.seen = [first, second]
        return self.result

    @route("conv", "canonical", activations="NC*", filters="OI*")
    def canonical(self, problem: Problem, x: Any, w: Any) -> Any:
        self.seen = [x, w]
        return self.result

    @route("conv_bias_grad", "sum")
    def sum(self, problem: Problem, dy: Any) -> Any:
        return dy.sum(axis=tuple(range(dy.ndim - 1)))

    @route("conv", "with bias")
    def biased(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
        self.seen = [x, w, bias]
        return np.zeros((1,) * x.ndim, x.dtype)

    @route("conv", "careless")
    def careless(self, problem: Problem, x: Any, w: Any) -> Any:
        w[...] = 0
        return np.zeros((1,) * x.ndim, x.dtype)

    @route("conv", "raising")
    def raising(self, problem: Problem, x: Any, w: Any) -> Any:
        raise self.error

    error: Exception = ValueError()
    result: Any = None


def asked(operation: str, name: str) -> Route:
    return next(each for each in Recording.routes() if (each.operation, each.name) == (operation, name))


def numbered(shape: tuple[int, ...], dtype: Any = np.float32) -> Any:
    return np.arange(np.prod(shape)).reshape(shape).astype(dtype)


def in_layout(array: Any, letter: str) -> Any:
    """By hand: ``N*C`` for activations, ``*IO`` for filters."""
    return np.moveaxis(array, 1, -1) if letter in "xy" else np.moveaxis(np.moveaxis(array, 1, -1), 0, -1)


@pytest.mark.parametrize("operation", SIGNATURES)
def test_operands_and_result_travel_in_the_layout_of_the_adapter(operation: str) -> None:
    operands, result = SIGNATURES[operation]
    arrays = tuple(numbered(SHAPES[letter]) for letter in operands)
    expected = numbered(SHAPES[result])
    adapter = Recording()
    adapter.result = in_layout(expected, result)
    answer = adapter.answer(asked(operation, "every"), PROBLEM, arrays)
    for seen, array, letter in zip(adapter.seen, arrays, operands, strict=True):
        assert np.array_equal(seen, in_layout(array, letter))
        assert seen.flags.c_contiguous
    assert np.array_equal(answer.value, expected)


def test_a_route_may_ask_for_another_layout_than_its_adapter() -> None:
    arrays = numbered(PROBLEM.input_shape), numbered(PROBLEM.filter_shape)
    adapter = Recording()
    adapter.result = numbered(PROBLEM.output_shape)
    answer = adapter.answer(asked("conv", "canonical"), PROBLEM, arrays)
    assert adapter.seen[0] is arrays[0]
    assert adapter.seen[1] is arrays[1]
    assert np.array_equal(answer.value, adapter.result)


def test_a_bias_gradient_has_no_layout() -> None:
    dy = numbered(PROBLEM.output_shape)
    answer = Recording().answer(asked("conv_bias_grad", "sum"), PROBLEM, (dy,))
    assert np.array_equal(answer.value, dy.sum(axis=(0, 2, 3)))


@pytest.mark.parametrize("layout", ["NC*", "N*C", "OI*", "*IO", "*OI", "C*N"])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_a_layout_is_undone_by_its_inverse(layout: str, rank: int) -> None:
    array = numbered((2, 3, 4, 5, 6)[: rank + 2])
    there = layouts.from_canonical(array, layout)
    assert there.shape == layouts.shape_in(array.shape, layout)
    assert np.array_equal(layouts.to_canonical(there, layout), array)


def test_every_operation_has_roles() -> None:
    for operation in OPERATIONS:
        assert len(layouts.operand_roles(operation)) == len(PROBLEM.operand_shapes(operation))
        assert layouts.result_role(operation) in {"activation", "filter", "bias"}


@pytest.mark.parametrize("dtype", [np.float32, ml_dtypes.bfloat16])
@pytest.mark.parametrize("memory", ["contiguous", "sliced", "permuted"])
def test_an_operand_that_was_changed_is_reported_and_put_back(dtype: Any, memory: str) -> None:
    class Canonical(Recording):
        activations, filters = "NC*", "OI*"

    arrays = tuple(checking.lay(1 + numbered(SHAPES[letter], dtype), memory) for letter in "xw")
    answer = Canonical().answer(asked("conv", "careless"), PROBLEM, arrays)
    assert answer.changed == (1,)
    assert np.array_equal(arrays[1], 1 + numbered(PROBLEM.filter_shape, dtype))


def test_an_operand_is_put_back_even_where_the_framework_then_raises() -> None:
    class Destructive(Recording):
        @route("conv", "destructive", activations="NC*", filters="OI*")
        def destructive(self, problem: Problem, x: Any, w: Any) -> Any:
            x[...] = 0
            raise NotImplementedError("too late")

    arrays = 1 + numbered(PROBLEM.input_shape), numbered(PROBLEM.filter_shape)
    with pytest.raises(Refusal, match="too late"):
        Destructive().answer(Destructive.routes()[-1], PROBLEM, arrays)
    assert np.array_equal(arrays[0], 1 + numbered(PROBLEM.input_shape))


def test_operands_left_alone_are_not_reported_even_where_they_hold_nan() -> None:
    arrays = np.full(PROBLEM.input_shape, np.nan, np.float32), numbered(PROBLEM.filter_shape)
    assert Recording().answer(asked("conv", "with bias"), PROBLEM, arrays).changed == ()


@pytest.mark.parametrize(
    "error",
    [NotImplementedError("the words"), RuntimeError("there is no such bfloat16 kernel"), Refusal("a sentence")],
    ids=["NotImplementedError", "matching words", "Refusal"],
)
def test_a_refusal_keeps_the_words_of_the_framework(error: Exception) -> None:
    adapter = Recording()
    adapter.error = error
    with pytest.raises(Refusal) as caught:
        adapter.answer(asked("conv", "raising"), PROBLEM, (numbered((2, 4, 9, 10)), numbered((6, 2, 3, 2))))
    assert str(caught.value) == str(error)


def test_any_other_exception_is_handed_on_as_it_is() -> None:
    adapter = Recording()
    adapter.error = RuntimeError("out of memory")
    with pytest.raises(RuntimeError) as caught:
        adapter.answer(asked("conv", "raising"), PROBLEM, (numbered((2, 4, 9, 10)), numbered((6, 2, 3, 2))))
    assert caught.value is adapter.error


def test_a_refusal_without_words_says_its_type() -> None:
    adapter = Recording()
    adapter.error = NotImplementedError()
    with pytest.raises(Refusal, match="NotImplementedError"):
        adapter.answer(asked("conv", "raising"), PROBLEM, (numbered((2, 4, 9, 10)), numbered((6, 2, 3, 2))))


def test_a_bias_reaches_a_route_that_takes_one_and_is_refused_by_one_that_does_not() -> None:
    arrays = numbered(PROBLEM.input_shape), numbered(PROBLEM.filter_shape)
    bias = numbered(PROBLEM.bias_shape)
    adapter = Recording()
    adapter.answer(asked("conv", "with bias"), PROBLEM, arrays, bias)
    assert adapter.seen[2] is bias
    with pytest.raises(
        Refusal, match="outside the domain of the route canonical of recording: floating-point numbers; no bias"
    ):
        adapter.answer(asked("conv", "canonical"), PROBLEM, arrays, bias)


def test_a_route_is_wrapped_once_for_each_problem() -> None:
    adapter = Recording()
    adapter.result = numbered(PROBLEM.output_shape)
    arrays = numbered(PROBLEM.input_shape), numbered(PROBLEM.filter_shape)
    for name, problem, wrapped in (
        ("every", PROBLEM, 1),
        ("every", PROBLEM, 1),
        ("canonical", PROBLEM, 2),
        ("every", PROBLEM, 2),
        ("canonical", checking.PROBLEMS["plain"], 3),
        ("canonical", checking.PROBLEMS["plain"], 3),
        ("every", PROBLEM, 4),  # what was made for an earlier problem does not stay
    ):
        adapter.answer(asked("conv", name), problem, arrays)
        assert adapter.wrapped == wrapped


def test_stacked_declarations_give_one_method_several_routes() -> None:
    routes = [each for each in Recording.routes() if each.name == "every"]
    assert [each.operation for each in routes] == list(SIGNATURES)
    assert {each.method for each in routes} == {"every"}


def test_a_subclass_adds_to_the_routes_it_inherits_and_may_drop_one() -> None:
    class More(Recording):
        @route("conv_bias_grad", grade="norm-wise", accumulator={"float16": "float16"})
        def another(self, problem: Problem, dy: Any) -> Any:
            return dy

        def raising(self, problem: Problem, x: Any, w: Any) -> Any:
            return x

    added = set(More.routes()) - set(Recording.routes())
    assert added == {
        Route("conv_bias_grad", "another", "another", grade="norm-wise", accumulator={"float16": "float16"})
    }
    assert {each.name for each in set(Recording.routes()) - set(More.routes())} == {"raising"}


def test_a_template_is_filled_with_the_problem_and_the_bias_or_is_a_function() -> None:
    class Written(Recording):
        @route("conv", "text", script="own.conv(x, w{bias}, {problem.stride}, {pads})")
        @route("conv", "function", script=lambda adapter, problem: None if problem.groups > 1 else adapter.name)
        def written(self, problem: Problem, x: Any, w: Any, bias: Any = None) -> Any:
            return x

        def script_fields(self, problem: Problem, names: Any, bias: str) -> Any:
            return {"pads": f"{names['input']}, {names['filter']}"}

    text, function = Written.routes()[-2:]
    assert Written().call_text(text, PROBLEM) == f"own.conv(x, w, {PROBLEM.stride}, x, w)"
    assert Written().call_text(text, PROBLEM, has_bias=True) == f"own.conv(x, w, bias, {PROBLEM.stride}, x, w)"
    assert Written().call_text(function, PROBLEM) is None
    assert Written().call_text(function, checking.PROBLEMS["plain"]) == "recording"
    assert Recording().call_text(asked("conv", "every"), PROBLEM) is None


def test_a_route_of_no_operation_cannot_be_declared() -> None:
    with pytest.raises(ValueError, match="operation='convolve' is unknown"):
        route("convolve")


def test_options_have_defaults_and_allowed_values() -> None:
    class Modes(Recording):
        options = {"mode": ("eager", "compile"), "device": ("cpu", "*")}  # noqa: RUF012

    assert Modes().mode == {"mode": "eager", "device": "cpu"}
    assert Modes(device="somewhere:3").mode == {"mode": "eager", "device": "somewhere:3"}
    with pytest.raises(UsageError, match="adapter recording: mode='fast' is unknown; allowed: eager, compile"):
        Modes(mode="fast")
    with pytest.raises(UsageError, match="adapter recording has no option 'speed'; allowed: mode, device"):
        Modes(speed="high")


def test_required_modules_that_are_not_installed_are_named() -> None:
    class Needy(Recording):
        requires = ("numpy", "no_such_module", "no_such_package.part")

    assert Needy.missing() == ("no_such_module", "no_such_package.part")
    assert Recording.missing() == ()
    assert issubclass(MissingFramework, UsageError)


def test_the_version_is_read_without_an_import() -> None:
    class Numpy(Recording):
        distribution = "numpy"

    assert Numpy.version() == np.__version__
    assert Recording.version() == "unknown"
