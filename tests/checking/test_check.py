"""``check`` as a library: how a function is called, what is asked of it, what comes back, and what a result says."""

import importlib
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from convformance import check, one, single_value
from convformance.checking.run import run_check
from convformance.checking.spec import CheckSpec
from convformance.reference import conv, conv_filter_grad, conv_input_grad, conv_transpose
from convformance.reference.arrays import Array
from convformance.reference.problem import Problem

pytest_plugins = ["pytester"]

BRIEF = 60.0  # more than all questions take on any machine: what is found does not hang on the clock


def flat(image: Array, kernel: Array, **geometry: Any) -> Array:
    """The reference on single planes."""
    return conv(image[None, None], kernel[None, None], **geometry)[0, 0]


def turned(image: Array, kernel: Array) -> Array:
    return flat(image, kernel[::-1, ::-1])


def test_a_known_name_wins_over_position() -> None:
    def swapped(kernel: Array, image: Array) -> Array:
        return flat(image, kernel)

    assert check(swapped, layout="HW", seconds=BRIEF).ok


def test_names_that_say_nothing_are_taken_in_the_order_of_the_operation() -> None:
    def first(a: Array, b: Array) -> Array:
        return flat(a, b)

    def second(u: Array, v: Array, /) -> Array:
        return flat(v, u)

    assert check(first, layout="HW", seconds=BRIEF).ok
    assert not check(second, layout="HW", seconds=BRIEF).ok


@pytest.mark.parametrize(
    ("default", "form"), [(1, int), ((1, 1), tuple), (np.int64(1), int)], ids=["number", "tuple", "numpy-number"]
)
def test_an_argument_is_given_in_the_form_of_its_default(default: Any, form: type) -> None:
    seen: set[type] = set()

    def strided(x: Array, w: Array, stride: Any = default) -> Array:
        seen.add(type(stride))
        return conv(x, w, stride=stride)

    result = check(strided, seconds=BRIEF)
    assert result.ok, result
    assert seen == {form}


def test_pairs_are_given_as_pairs_and_may_differ_by_side() -> None:
    seen = set()

    def padded(x: Array, w: Array, padding: Any = ((0, 0), (0, 0))) -> Array:
        seen.add(padding)
        return conv(x, w, padding=padding)

    assert check(padded, seconds=BRIEF).ok
    assert any(lo != hi for pairs in seen for lo, hi in pairs)


def test_without_a_default_a_number_is_given_where_axes_agree_and_else_a_tuple() -> None:
    seen = set()

    def strided(x: Array, w: Array, stride: Any) -> Array:
        seen.add(stride)
        return conv(x, w, stride=stride)

    assert check(strided, seconds=BRIEF).ok
    assert {type(stride) for stride in seen} == {int, tuple}
    tuples = {stride for stride in seen if isinstance(stride, tuple)} - {(1, 1), (2, 2)}  # those are trials
    assert all(len(set(stride)) > 1 for stride in tuples)


def test_an_argument_that_takes_only_a_number_narrows_what_is_asked() -> None:
    def strided(x: Array, w: Array, stride: Any) -> Array:
        return conv(x, w, stride=stride + 0)

    result = check(strided, seconds=BRIEF)
    assert result.ok, result
    assert any("stride that differs by axis" in entry for entry in result.not_asked)


def test_names_of_padding_are_spelled_as_the_default_is() -> None:
    seen = set()

    def named(x: Array, w: Array, padding: str = "SAME") -> Array:
        seen.add(padding)
        return conv(x, w, padding={"SAME": "same_upper", "VALID": "valid"}[padding])

    assert check(named, seconds=BRIEF).ok
    assert seen == {"SAME", "VALID"}


def test_a_shape_is_the_whole_array_in_the_functions_layout_and_a_size_its_spatial_part() -> None:
    def by_shape(
        dy: Array, w: Array, input_shape: tuple[int, ...], kernel_size: tuple[int, ...], stride: int = 1
    ) -> Array:
        assert len(input_shape) == 4
        assert kernel_size == w.shape[2:]
        dx = conv_input_grad(dy.transpose(0, 3, 1, 2), w, input_size=input_shape[1:3], stride=stride).transpose(
            0, 2, 3, 1
        )
        assert dx.shape == input_shape
        return dx

    assert check(by_shape, op="conv_input_grad", layout="NHWC", seconds=BRIEF).ok


def test_without_a_size_only_the_smallest_legal_one_is_asked() -> None:
    def unsized(x: Array, w: Array, stride: int = 1) -> Array:
        return conv_transpose(x, w, stride=stride)

    result = check(unsized, op="conv_transpose", seconds=BRIEF)
    assert result.ok, result
    assert any("smallest legal size" in entry for entry in result.not_asked)


def test_a_filter_gradient_without_a_kernel_size_stays_at_stride_and_dilation_1() -> None:
    def unsized(x: Array, dy: Array, stride: int = 1) -> Array:
        assert stride == 1
        kernel = tuple(large - small + 1 for large, small in zip(x.shape[2:], dy.shape[2:], strict=True))
        return conv_filter_grad(x, dy, kernel_size=kernel)

    result = check(unsized, op="conv_filter_grad", seconds=BRIEF)
    assert result.ok, result
    assert any("kernel's size" in entry for entry in result.not_asked)


@pytest.mark.parametrize("padding", ["same", "full", 1, ((0, 1), (2, 0))])
def test_what_is_built_in_is_asked_and_nothing_else(padding: Any) -> None:
    def built_in(image: Array, kernel: Array) -> Array:
        return flat(image, kernel, padding="same_upper" if padding == "same" else padding)

    result = check(built_in, layout="HW", padding=padding, seconds=BRIEF)
    assert result.ok, result
    assert not check(built_in, layout="HW", seconds=BRIEF).ok


def test_several_results_are_judged_by_name_and_none_is_passed_over() -> None:
    def backward(dy: Array, x: Array, w: Array) -> tuple[Array, str, Array]:
        return (
            conv_filter_grad(x, dy, kernel_size=w.shape[2:]),
            "log",
            conv_input_grad(dy, w, input_size=x.shape[2:]) * 2,
        )

    result = check(backward, returns=("conv_filter_grad", None, "conv_input_grad"), seconds=BRIEF)
    wrong = {verdict["op"] for verdict in result.verdicts if verdict["finding"]}
    assert wrong == {"conv_input_grad"}
    assert (result.diagnosis[0].name, result.diagnosis[0].detail) == ("scaled", "by 2")


def test_call_leaves_all_geometry_open() -> None:
    asked: list[Problem] = []

    def anything(call: Any) -> Array:
        asked.append(call.problem)
        p = call.problem
        return conv(call.x, call.w, stride=p.stride, padding=p.padding, dilation=p.dilation, groups=p.groups)

    result = check(
        anything, call=lambda fn, x, w, problem: fn(SimpleNamespace(x=x, w=w, problem=problem)), seconds=BRIEF
    )
    assert result.ok, result
    assert (
        {max(problem.stride) > 1 for problem in asked}
        == {max(problem.dilation) > 1 for problem in asked}
        == {True, False}
    )
    assert any(problem.groups > 1 for problem in asked)


def test_kernels_beyond_the_input_and_empty_batches_are_asked_only_when_wanted() -> None:
    shapes = set()

    def seen(x: Array, w: Array) -> Array:
        result = conv(x, w)
        shapes.add(0 in result.shape)
        return result

    assert check(seen, seconds=BRIEF).ok
    assert shapes == {False}
    assert check(seen, empty=True, seconds=BRIEF).ok
    assert shapes == {False, True}


def test_functions_that_cannot_be_guessed_are_told_the_call_to_write() -> None:
    def step(state: Any, w: Array, options: Any) -> Array:
        return state

    with pytest.raises(ValueError, match=r"step: .* do not tell .*options.*call=lambda fn, x, w, problem: fn\(state="):
        check(step)


def test_a_parameter_that_does_not_exist_cannot_be_fixed() -> None:
    with pytest.raises(ValueError, match="speed=3 is no parameter of turned"):
        check(turned, layout="HW", speed=3)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda y: y[:-1], "the result has shape"),
        (lambda y: y.astype(np.float32), "dtype float32; wanted float64"),
        (lambda y: y * np.nan, "nan"),
        (lambda y: None if y.size > 4 else y, "returned None"),
        (lambda y: "text" if y.size > 4 else y, "no array of numbers"),
        (lambda y: [[1.0], [1.0, 2.0]] if y.size > 4 else y, "differ in length"),
        (lambda y: 1 / 0 if y.size > 4 else y, "ZeroDivisionError"),
        (lambda y: sys.exit("enough") if y.size > 4 else y, "SystemExit: enough"),
    ],
    ids=["short", "dtype", "nan", "none", "text", "ragged", "raises", "exits"],
)
def test_what_a_function_does_is_a_finding_and_never_breaks_the_check(
    answer: Callable[[Array], Any], message: str
) -> None:
    result = check(lambda image, kernel: answer(flat(image, kernel)), layout="HW", seconds=BRIEF)
    assert not result.ok
    assert message in " ".join(str(result).split()), result
    assert any(message in verdict["message"] for verdict in result.verdicts if verdict["finding"])


def test_an_interrupt_by_the_user_is_not_swallowed() -> None:
    def interrupted(image: Array, kernel: Array) -> Array:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check(interrupted, layout="HW")


def test_lists_of_python_numbers_are_taken_in_any_dtype() -> None:
    assert check(lambda x, w: flat(x, w).tolist(), layout="HW", dtype="float32", seconds=BRIEF).ok


@pytest.mark.parametrize(
    ("module", "convert"), [("torch", "from_numpy"), ("tensorflow", "constant"), ("jax.numpy", "asarray")]
)
def test_arrays_of_frameworks_are_taken_as_they_are(module: str, convert: str) -> None:
    framework = pytest.importorskip(module, reason=f"{module} is not installed")
    result = check(lambda x, w: getattr(framework, convert)(flat(x, w)), layout="HW", dtype="float32", seconds=BRIEF)
    assert result.ok, result


def test_an_array_that_tracks_gradients_is_detached() -> None:
    framework = pytest.importorskip("torch", reason="torch is not installed")
    result = check(lambda x, w: framework.from_numpy(flat(x, w)).requires_grad_(), layout="HW", seconds=BRIEF)
    assert result.ok, result


def test_what_goes_wrong_with_nan_alone_is_a_remark() -> None:
    spreading = check(lambda x, w: flat(x, w) * (1 + 0 * x.sum()), layout="HW", seconds=20)
    assert spreading.ok, spreading
    assert any("further" in remark for remark in spreading.remarks)
    losing = check(lambda x, w: np.nan_to_num(flat(x, w)), layout="HW", seconds=20)
    assert losing.ok, losing
    assert any("does not show everywhere" in remark for remark in losing.remarks)


def test_a_result_says_what_is_wrong_first_and_reads_well_in_a_test() -> None:
    result = check(turned, layout="HW", seconds=BRIEF)
    lines = str(result).splitlines()
    assert "turned as conv is not right" in lines[0]
    assert lines[1].startswith("Not asked: stride, padding")
    assert "kernel-rotated" in next(line for line in lines if "explains" in line)
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 100
    assert not result
    with pytest.raises(AssertionError, match="kernel-rotated"):
        assert result.ok, result


def test_a_failing_test_shows_the_whole_result(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        from convformance import check
        def turned(x, w):
            return [sum(x[i + j] * w[-1 - j] for j in range(len(w))) for i in range(len(x) - len(w) + 1)]
        def test_it():
            assert check(turned, layout="W", seconds=60).ok, check(turned, layout="W", seconds=60)
    """)
    run = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    run.stdout.fnmatch_lines(
        ["*turned as conv is not right*", "*kernel-rotated*", "*Smallest failing case: turned(x, w)*", "*difference*"]
    )


def test_the_page_of_a_notebook_is_complete_escaped_and_shows_the_error() -> None:
    def turned_and_printed(image: Array, kernel: Array) -> Array:
        print("<script>alert('kernel')</script>")
        return turned(image, kernel)

    page = check(turned_and_printed, layout="HW", seconds=BRIEF)._repr_html_()
    parsed = Tags()
    parsed.feed(page)
    assert parsed.open == []
    assert {"svg", "rect", "table"} <= parsed.seen
    assert "script" not in parsed.seen
    assert "http" not in page
    assert "kernel-rotated" in page


def test_the_page_of_what_nothing_explains_shows_the_smallest_case() -> None:
    def broken(image: Array, kernel: Array) -> Array:
        return flat(image, kernel) / (kernel.size < 3) if kernel.size < 3 else [1 / 0]

    page = check(broken, layout="HW", seconds=BRIEF)._repr_html_()
    assert "Smallest failing case" in page
    assert "ZeroDivisionError" in page


def test_the_verdicts_have_the_fields_of_a_record_with_the_call_and_what_was_printed() -> None:
    verdict = check(lambda image, kernel: flat(image, kernel) * np.nan, layout="HW", seconds=BRIEF).verdicts[0]
    question, rest = (
        ["op", "case", "dtype", "call"],
        ["seconds", "spread", "bias", "diagnosis", "printed", "finding", "form", "numbers_right"],
    )
    assert list(verdict)[:4] == question
    assert {*rest, "grade", "message", "exact", "error", "accumulator", "worst", "map", *question} == set(verdict)
    assert np.isnan(verdict["worst"]["got"])
    assert isinstance(verdict["worst"]["index"], list)


class Tags(HTMLParser):
    """The tags of a page: all that were seen, and those still open."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.add(tag)
        if tag not in ("br", "meta"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_every_question_is_announced_before_it_is_asked_and_answered_after() -> None:
    kinds: list[str] = []
    run_check(CheckSpec(flat, layout="HW", seconds=BRIEF), lambda kind, event: kinds.append(kind))
    asked = [kind for kind in kinds if kind != "trying"]  # how to call it is found out first
    assert asked[:4] == ["asking", "verdict", "asking", "verdict"]
    assert kinds.count("asking") == kinds.count("verdict")


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = (
        "import sys, convformance; print(sorted({'numpy', 'scipy', 'torch', 'tensorflow', 'jax'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.strip() == "[]"
    package = importlib.import_module("convformance")
    assert {"check", "CheckResult"} <= set(package.__all__)
    with pytest.raises(AttributeError, match="nosuch"):
        _ = package.nosuch


def test_one_number_for_all_axes_is_given_and_several_are_refused() -> None:
    assert single_value((3, 3)) == 3
    assert single_value(((1, 1), (1, 1))) == 1
    with pytest.raises(NotImplementedError, match="one number for all axes"):
        single_value((2, 3))
    assert one is single_value
