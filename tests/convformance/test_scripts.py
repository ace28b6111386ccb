"""Scripts are short, say what was seen, and end as they say as long as the framework diverges and no longer."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from convformance.adapters import discovery
from convformance.adapters.contract import Adapter, MissingFramework, Route
from convformance.judging.smallest import Failure, Numbers, failure, smallest
from convformance.processes.loading import error_text
from convformance.processes.machine import this_machine
from convformance.reference.arrays import Array
from convformance.reference.operations import apply
from convformance.reference.problem import Problem
from convformance.scripts import run, script_of
from convformance.scripts.lines import used_imports, wrapped
from convformance.scripts.numbers import literal, numbers_text
from convformance.test_cases import fills
from convformance.test_cases.case import Case, case

TOYS = Path(__file__).with_name("toys.py")
PIXELS = case("pixels", "One pixel at a time.", input_size=(3, 2), kernel_size=1)
WINDOWS = case("windows", "Windows.", input_size=(6, 7), kernel_size=(3, 2), stride=(1, 2), padding=((1, 0), (0, 2)))
DTYPES = {"float32": np.dtype(np.float32), "bfloat16": np.dtype(ml_dtypes.bfloat16)}


def created(spec: str) -> Adapter:
    """Return the adapter, or skip the test where its framework is not installed."""
    try:
        return discovery.create(spec)
    except MissingFramework as error:
        pytest.skip(str(error))


def route_of(adapter: Adapter, operation: str, name: str = "") -> Route:
    return next(each for each in adapter.routes() if each.operation == operation and name in ("", each.name))


def smallest_failure(adapter: Adapter, route: Route, case: Case, dtype: str, *, exact: bool = False) -> Failure | None:
    """Return the smallest case that fails as ``case`` does on integers."""

    def fails(problem: Problem, operands: Any) -> Failure | None:
        def ask(numbers: Any) -> Any:
            return adapter.answer(route, problem, numbers.arrays, numbers.bias)

        return failure(route.operation, problem, operands, ask, dtype, error_text=error_text, exact=exact)

    return smallest(route.operation, case.problem, fills.fill(case, route.operation, dtype, "int"), fails)


def written(spec: str, operation: str, name: str, case: Case, dtype: str = "float32", **options: Any) -> str:
    """Return the script of the smallest failure."""
    adapter = created(spec)
    route = route_of(adapter, operation, name)
    failed = smallest_failure(adapter, route, case, dtype, **options)
    assert failed is not None
    text = script_of(adapter, route, failed, case_id=case.id, dtype=dtype, message="int fill: wrong in 5 of 9 elements")
    assert text is not None
    assert 12 <= len(text.splitlines()) <= 30, text
    assert max(map(len, text.splitlines())) <= 100
    return text


def stated(
    adapter: Adapter, route: Route, want: Array, *arrays: Array, answer: Array | None = None, **more: Any
) -> Any:
    """Return the script of a failure on these arrays that is made up."""
    problem = Problem.of(
        input_size=arrays[0].shape[2:],
        kernel_size=arrays[1].shape[2:],
        batch=arrays[0].shape[0],
        in_channels=arrays[0].shape[1],
        out_channels=arrays[1].shape[0],
    )
    failed = Failure(route.operation, problem, Numbers(arrays), answer, more.pop("error", ""), want)
    settings = {"case_id": "made-up", "dtype": str(arrays[0].dtype), "message": "Nothing is seen", **more}
    return script_of(adapter, route, failed, **settings)


def test_a_wrong_answer_is_a_short_script_that_fails_until_the_framework_is_mended() -> None:
    text = written(f"{TOYS}:Pointwise", "conv", "reversed", PIXELS)
    assert "y = np.einsum('n...c,ijco->n...o', x[..., ::-1], w)\nprint(y)\n" in text
    assert 'x = np.array([[[[1, 0]]]], "float32")\nw = np.array([[[[1], [2]]]], "float32")\n' in text
    assert "want = [[[[1]]]]\nassert y.tolist() == want\n" in text
    ran = run(text, timeout=60)
    assert (ran.status, ran.last_line, ran.diverges) == (1, "AssertionError", True)
    assert ran.comment == "# Checked by running it: exit status 1, AssertionError"
    mended = run(text.replace("[..., ::-1]", ""), timeout=60)
    assert (mended.status, mended.diverges) == (0, False)
    assert not run(text.replace("import numpy", "import no_such_numpy"), timeout=60).diverges


@pytest.mark.parametrize(
    ("operation", "index", "position"), [("conv", (0, 4, 1), (0, 4, 1)), ("conv_filter_grad", (4, 1, 0), (3, 1, 0))]
)
def test_a_filter_with_groups_is_written_as_the_route_takes_and_gives_it(
    operation: str, index: tuple[int, ...], position: tuple[int, ...]
) -> None:
    adapter = created(f"{TOYS}:Grouped")
    route = route_of(adapter, operation)
    problem = Problem.of(input_size=(2,), kernel_size=1, in_channels=4, out_channels=6, groups=2)
    generator = np.random.default_rng(0)
    arrays = tuple(generator.integers(-9, 9, shape).astype("f4") for shape in problem.operand_shapes(operation))
    want = apply(operation, problem, *arrays)
    assert np.array_equal(adapter.answer(route, problem, arrays).value, 2 * want)
    answer = want.copy()
    answer[index] += 1
    failed = Failure(operation, problem, Numbers(arrays), answer, "", want)
    text = script_of(adapter, route, failed, case_id="made-up", dtype="float32", message="")
    assert text is not None
    assert f"at {position}; 1 of 12 numbers differ" in text
    assert run(text, timeout=60).diverges
    assert run(text.replace("2 * ", ""), timeout=60).status == 0


def test_the_header_says_who_answered_what_and_where_it_comes_from() -> None:
    text = written(f"{TOYS}:Pointwise", "conv", "reversed", PIXELS)
    header = text.partition("\nimport")[0]
    assert all(line.startswith("# ") for line in header.splitlines())
    assert len(header.splitlines()) <= 6
    assert this_machine().phrase[:60] in header
    asked = f"numpy {np.__version__}: convolution by reversed in float32."
    for part in (asked, "Gives 2 in place of 1 at (0, 0, 0, 0); 1 of 1", PIXELS.id, "wrong in 5 of 9", "Python 3."):
        assert part in header.replace("\n# ", " ")
    assert "# Right: sums of these numbers are exact in float32, whatever their order." in text


def test_what_a_message_holds_stays_a_comment() -> None:
    adapter = created(f"{TOYS}:Hostile[mood=worse]")
    numbers = np.ones((1, 1, 2), np.float32), np.ones((1, 1, 1), np.float32)
    message = "first line\nimport os; os._exit(3)\r\x00\u2028\ud800 " + "last " * 100
    text = stated(
        adapter,
        route_of(adapter, "conv", "zeros"),
        numbers[0],
        *numbers,
        answer=np.zeros((1, 1, 2), np.float32),
        message=message,
    )
    header = text.partition("\nimport")[0]
    assert all(line.startswith("# ") for line in header.splitlines())
    assert len(header.splitlines()) <= 8
    assert "hostile unknown (mood=worse): convolution by zeros" in header
    compile(text, "script", "exec")
    text.encode("utf-8")


def test_an_answer_that_misses_exact_numbers_by_little_fails_where_nothing_else_will_do() -> None:
    adapter = created(f"{TOYS}:Pointwise")
    route = route_of(adapter, "conv", "next")
    assert smallest_failure(adapter, route, PIXELS, "float32") is None
    text = written(f"{TOYS}:Pointwise", "conv", "next", PIXELS, exact=True)
    assert run(text, timeout=60).diverges
    assert run(text.replace("np.inf, dtype", "0, dtype"), timeout=60).diverges


def test_an_exception_is_the_call_alone() -> None:
    text = written(f"{TOYS}:Pointwise", "conv", "raising", PIXELS)
    assert "# ValueError: einstein sum subscripts" in text
    assert "# Right: [[[[1]]]].\n" in text
    assert "assert" not in text.replace("AssertionError", "")
    ran = run(text, timeout=60)
    assert (ran.status, ran.diverges) == (1, True)
    assert ran.last_line.startswith("ValueError: ")
    assert run(text.replace("x[0, 0, 0]", "x"), timeout=60).diverges is False


@pytest.mark.parametrize(("name", "status"), [("dying", 3), ("hanging", None)])
def test_a_process_that_dies_or_hangs_is_the_call_alone(name: str, status: int | None) -> None:
    adapter = created(f"{TOYS}:Pointwise")
    numbers = np.ones((1, 1, 2), np.float32), np.ones((1, 1, 1), np.float32)
    text = stated(adapter, route_of(adapter, "conv", name), numbers[0], *numbers, error="no answer within 5 s")
    ran = run(text, timeout=5)
    assert (ran.status, ran.diverges) == (status, True)
    assert not run(text.replace("os._exit(3)", "x").replace("sleep(60)", "sleep(0)"), timeout=60).diverges


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        ("raises", "KeyError: 'stride'"),
        ("shape", "assert y.tolist() == want"),
        ("dtype", "assert y.dtype == x.dtype"),
        ("changes", "assert not answer.changed"),
        ("zeros", "assert y.tolist() == want"),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_route_without_a_template_is_asked_through_this_suite(name: str, ending: str, dtype: str) -> None:
    text = written(f"{TOYS}:Hostile", "conv", name, WINDOWS, dtype)
    assert f'adapter = load(\'{TOYS}:Hostile\')\nroute = adapter.route("conv", "{name}")\n' in text
    assert ending in text
    assert run(text, timeout=60).diverges


def test_a_program_that_writes_at_its_end_is_read_all_the_same() -> None:
    text = written(f"{TOYS}:Pointwise", "conv", "reversed", PIXELS)
    noisy = "import atexit, sys\natexit.register(lambda: print('good bye', file=sys.stderr))\n" + text
    assert run(noisy, timeout=60).diverges


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("spec", ["torch", "tensorflow", "jax"])
def test_a_framework_makes_its_own_numbers_of_16_bits(spec: str, dtype: str) -> None:
    adapter = created(spec)
    arrays = tuple(np.array(numbers, DTYPES[dtype])[None, None] for numbers in ([[1, 2.5, 3]], [[0.5, -1]]))
    for want, status in (([-2, -1.75], 0), ([-2, 1], 1)):
        text = stated(
            adapter,
            route_of(adapter, "conv"),
            np.array([[[want]]]),
            *arrays,
            answer=np.zeros((1, 1, 1, 2), DTYPES[dtype]),
        )
        assert f"{dtype})" in text
        assert run(text, timeout=120).status == status


def test_a_fast_algorithm_is_right_to_the_nearest_integer() -> None:
    adapter = created("scipy")
    route = route_of(adapter, "conv", "signal.fftconvolve")
    arrays = np.arange(1, 7, dtype=np.float32).reshape(1, 1, 6), np.array([[[3, 1, 7]]], np.float32)
    want = apply("conv", Problem.of(input_size=(6,), kernel_size=3), *arrays)
    text = stated(adapter, route, want, *arrays, answer=want + 1)
    assert "assert np.rint(y.tolist()).tolist() == want" in text
    assert run(text, timeout=60).status == 0


def test_a_nan_is_compared_as_one() -> None:
    adapter = created("scipy")
    arrays = np.array([[[1, np.nan, 3, np.inf, 5]]], np.float32), np.array([[[2, 1]]], np.float32)
    want = np.array([[[np.nan, np.nan, np.inf, np.inf]]], np.float32)
    route = route_of(adapter, "conv", "signal.correlate")
    text = stated(adapter, route, want, *arrays, answer=np.zeros_like(want))
    assert "from math import inf, nan\n" in text
    assert 'x = np.array([[[1, nan, 3, inf, 5]]], "float32")' in text
    assert run(text, timeout=60).status == 0
    fast = replace(route_of(adapter, "conv", "signal.fftconvolve"), grade="conformant")
    assert run(stated(adapter, fast, want, *arrays, answer=np.zeros_like(want)), timeout=60).diverges


def test_there_is_no_script_of_many_numbers_or_where_the_definition_leaves_the_answer_open() -> None:
    adapter = created(f"{TOYS}:Hostile")
    route = route_of(adapter, "conv", "zeros")
    many = np.ones((1, 1, 400), np.float32), np.ones((1, 1, 1), np.float32)
    assert stated(adapter, route, many[0], *many, answer=many[0]) is None
    problem = Problem.of(input_size=(3,), kernel_size=(2,), padding=1)
    numbers = Numbers((np.ones((1, 1, 3), np.float32), np.array([[[np.nan, 1]]], np.float32)))
    failed = Failure("conv", problem, numbers, np.zeros((1, 1, 4), np.float32), "", np.ones((1, 1, 4)))
    assert script_of(adapter, route, failed, case_id="open", dtype="float32", message="") is None


@pytest.mark.parametrize("memory", ["sliced", "permuted"])
@pytest.mark.parametrize("spec", ["torch", f"{TOYS}:Hostile"])
def test_operands_lie_in_memory_as_they_lay(spec: str, memory: str) -> None:
    adapter = created(spec)
    numbers = fills.fill(replace(WINDOWS, memory=memory), "conv", "float32", "int").arrays
    arrays = tuple(array[:1, :2] for array in numbers)
    text = stated(adapter, route_of(adapter, "conv"), np.zeros((1, 1)), *arrays, error="shape", answer=np.zeros(1))
    names: dict[str, Any] = {}
    exec(text.partition("\ny = ")[0].partition("\nadapter = ")[0], names)
    for name, array in zip(("x", "w"), arrays, strict=True):
        operand = names[name]
        is_numpy = isinstance(operand, np.ndarray)
        assert array.strides == (operand.strides if is_numpy else tuple(4 * step for step in operand.stride()))
        np.testing.assert_array_equal(np.asarray(operand), array)


COUNTED = np.arange(1, 121).reshape(1, 2, 3, 20)


@pytest.mark.parametrize(
    ("array", "text"),
    [
        (np.array([[1, -2, 0.1], [np.nan, np.inf, 2.0**60]]), "[[1, -2, 0.1], [nan, inf, 1.152921504606847e+18]]"),
        (np.float32(0.1) * np.ones(1), "[0.10000000149011612]"),
        (COUNTED, "np.arange(1, 121).reshape(1, 2, 3, 20).transpose(0, 2, 3, 1)"),
        (COUNTED.astype(ml_dtypes.bfloat16) * 0 + 2, "np.full((1, 2, 3, 20), 2).transpose(0, 2, 3, 1)"),
        (1 * (COUNTED == 5), "1 * (np.arange(120) == 4).reshape(1, 2, 3, 20).transpose(0, 2, 3, 1)"),
        (np.zeros((2, 0, 3)), "np.full((2, 0, 3), 0)"),
    ],
)
def test_numbers_are_literals_or_a_formula_that_they_follow(array: Array, text: str) -> None:
    axes = (0, 2, 3, 1) if array.ndim == 4 else tuple(range(array.ndim))
    assert numbers_text(array, axes) == text


def test_numbers_that_follow_no_formula_are_literals_however_many() -> None:
    array = COUNTED % 7
    assert numbers_text(array, (0, 1, 2, 3)) == literal(array) == str(array.tolist())


def test_a_line_is_broken_within_brackets_as_far_out_as_may_be_and_never_elsewhere() -> None:
    call = f"y = function({'first, ' * 8}(1, 2), {'last, ' * 6}names=('a long text', 'and b'))"
    lines = wrapped(call)
    assert len(lines) > 1
    assert max(map(len, lines)) <= 100
    assert not any(line.endswith("(1,") for line in lines)
    compile("\n".join(lines).replace("first", "1").replace("last", "2"), "call", "exec")
    outside = f"{'x' * 60}, y = {'z' * 60}, a"
    assert wrapped(outside) == [outside]
    text = f"raise AssertionError({'1, ' * 20}'{'a word ' * 9}')"
    assert "\n".join(wrapped(text)).count("a word a word") == text.count("a word a word")


def test_imports_that_are_not_used_are_left_out() -> None:
    setup = "import numpy as np", "import onnxruntime as ort", "from onnx import helper, numpy_helper", "ort.set()"
    text = "\n".join((*setup, "y = helper.make()"))
    assert used_imports(setup, text) == ["import onnxruntime as ort", "from onnx import helper", "ort.set()"]


def test_what_is_smaller_and_has_a_stray_nan_is_no_smaller_case_of_a_number_that_is_not_exact() -> None:
    problem = Problem.of(input_size=(1,), kernel_size=1)
    numbers = Numbers((np.ones((1, 1, 1)), np.ones((1, 1, 1))))
    wrong, stray = (
        Failure("conv", problem, numbers, np.array([[[value]]]), "", np.ones((1, 1, 1))) for value in (2.0, np.nan)
    )
    assert wrong.kind != stray.kind
    assert wrong.kind == replace(wrong, answer=np.array([[[3.0]]])).kind
