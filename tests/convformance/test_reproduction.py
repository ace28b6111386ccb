"""Tests of the reproduction scripts: they run without the suite, and see the very bits that the suite saw."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convformance.adapters import discovery
from convformance.adapters.contract import Adapter, MissingFramework, Refusal, Route, route
from convformance.judging.rule import judge
from convformance.reference.operation import OPERATIONS
from convformance.reference.operations import apply
from convformance.reference.problem import Problem
from convformance.scripts.extraction import Unextractable
from convformance.scripts.reproduction import script
from convformance.test_cases import examining, fills
from convformance.test_cases.case import Case, case

LOOPS = Path(__file__).with_name("loops.py")
# The result of a built-in adapter turned round, on the way to NumPy.
TURNED = """
import numpy as np
from convformance.adapters.{module} import {name}


class Turned({name}):
    def to_numpy(self, native):
        return np.ascontiguousarray(np.flip(super().to_numpy(native)))
"""

ASKED = {"catches": "What the test is about.", "batch": 3}
CASES = (
    case("reproduced", input_size=(9,), kernel_size=4, stride=2, padding=((1, 2),), dilation=2, **ASKED),
    case("reproduced", input_size=(6, 7), kernel_size=(3, 2), stride=(2, 3), padding="same_upper", **ASKED),
    case("reproduced", input_size=(5, 6), kernel_size=(3, 2), padding=((2, 0), (0, 1)), memory="sliced", **ASKED),
    case("reproduced", input_size=(6, 5), kernel_size=(2, 3), groups=2, memory="permuted", **ASKED),
    case(
        "reproduced",
        input_size=(4, 5, 3),
        kernel_size=(2, 3, 2),
        stride=(1, 2, 1),
        in_channels=2,
        out_channels=3,
        **ASKED,
    ),
    case("reproduced", input_size=(6, 5), kernel_size=(3, 2), bias=True, operations=OPERATIONS, **ASKED),
    case(
        "reproduced",
        input_size=(3, 4),
        kernel_size=(3, 2),
        batch=2,
        in_channels=1,
        out_channels=2,
        catches="Few numbers.",
    ),
)
DTYPES = ("float32", "bfloat16", "float64", "float16")

# Runs each script given, without the suite, and tells how it ended and what it got.
RUNNER = """
import json, sys, types

sys.modules["convformance"] = None
for path in sys.argv[1:]:
    sys.modules["__main__"] = types.ModuleType("__main__")
    names, status = vars(sys.modules["__main__"]), 0
    try:
        exec(compile(open(path, encoding="utf-8").read(), path, "exec"), names)
    except Exception as error:
        status = 1 if isinstance(error, AssertionError) else type(error).__name__
    told = names["answer"][names["index"]].tobytes().hex() if "answer" in names else None
    print("@" + json.dumps([status, told, names.get("want")]))
"""


@dataclass(frozen=True)
class Made:
    """A script, what it must end with, and the bits it must see; ``want`` is the truth it must find."""

    text: str
    status: int | str
    bits: str | None
    want: float | None


def made(adapter: Adapter, asked: Route, case: Case, dtype: str) -> Made:
    """Return the script of the worst element of the answer to ``case`` on integers, of one in the middle where all are right.

    An exception of the framework is what the script must end with.
    """
    operands = fills.fill(case, asked.operation, dtype, "int")
    try:
        value = adapter.answer(asked, case.problem, operands.arrays, operands.bias).value
    except Refusal:
        raise
    except Exception as error:
        text = script(adapter, asked, case, dtype, operands, worst=None, suite_version="1.2.3", message=str(error))
        return Made(text, type(error).__name__, None, None)
    want = apply(asked.operation, case.problem, *operands.arrays, bias=operands.bias)
    errors = np.abs(value.astype(float) - want.astype(float))
    exact = asked.grade == "conformant"
    index = (
        np.unravel_index(np.argmax(errors), value.shape) if errors.any() else tuple(size // 2 for size in value.shape)
    )
    bound = 0.0 if exact else float(errors.max())
    got, right = value[index], float(want[index])
    worst = {"fill": "int", "index": [int(place) for place in index], "got": float(got), "want": right, "bound": bound}
    text = script(adapter, asked, case, dtype, operands, worst=worst, suite_version="1.2.3")
    return Made(text, int(exact and bool(errors.any())), got.tobytes().hex(), right)


def run(text: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run one script in an interpreter of its own, in an empty folder."""
    file, empty = folder / "script.py", folder / "empty"
    file.write_text(text, encoding="utf-8")
    empty.mkdir(exist_ok=True)
    command = [sys.executable, "-I", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd=empty)


def run_all(scripts: list[Made], folder: Path) -> list[tuple[Any, ...]]:
    """Run the scripts one after the other in one fresh interpreter that cannot import the suite."""
    files = [folder / f"{place}.py" for place in range(len(scripts))]
    for file, each in zip(files, scripts, strict=True):
        file.write_text(each.text, encoding="utf-8")
    command = [sys.executable, "-I", "-c", RUNNER, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, cwd=folder)
    told = [json.loads(line[1:]) for line in done.stdout.splitlines() if line.startswith("@")]
    assert len(told) == len(scripts), done.stderr
    return [tuple(each) for each in told]


def assert_reproduced(scripts: list[Made], folder: Path) -> None:
    """Every script ends as it must, on the bits that the suite saw, with the truth that the suite knows."""
    for each, (status, bits, want) in zip(scripts, run_all(scripts, folder), strict=True):
        assert (status, bits, want) == (each.status, each.bits, each.want), each.text
        assert "import convformance" not in each.text
        assert "from convformance" not in each.text


def route_of(adapter: Adapter, operation: str, name: str = "") -> Route:
    """Return a route of ``operation``, the first where no name is given."""
    return next(each for each in type(adapter).routes() if each.operation == operation and name in ("", each.name))


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_wrong_answer_is_seen_again_bit_for_bit_and_a_right_one_passes(operation: str, tmp_path: Path) -> None:
    scripts = []
    for name, status in (("Loops", 0), ("Loops[sums=float32]", 0), ("Flipped", 1)):
        adapter = discovery.create(f"{LOOPS}:{name}")
        asked = route_of(adapter, operation)
        scripts += [made(adapter, asked, each, dtype) for each, dtype in zip(CASES, cycle(DTYPES), strict=False)]
        assert [each.status for each in scripts[-len(CASES) :]] == [status] * len(CASES)
    assert_reproduced(scripts, tmp_path)


def test_a_script_ends_with_status_1_while_it_diverges_and_0_once_it_is_mended(tmp_path: Path) -> None:
    for name, status in (("Flipped", 1), ("Loops", 0)):
        adapter = discovery.create(f"{LOOPS}:{name}")
        each = made(adapter, route_of(adapter, "conv"), CASES[5], "float32")
        done = run(each.text, tmp_path)
        assert (done.returncode, each.status) == (status, status), done.stderr
        assert f"wanted {each.want}" in done.stdout


# The modes in which each framework is asked, and of how many routes.
FRAMEWORKS = {
    "scipy": {"scipy": 12},
    "torch": {"torch": 15, "torch[mkldnn=off,layout=channels_last]": 3},
    "tensorflow": {"tensorflow": 17, "tensorflow[mode=xla]": 2},
    "jax": {"jax": 10, "jax[mode=eager,layout=NCHW]": 2},
    "onnxruntime": {"onnxruntime": 3, "onnxruntime[filter=constant]": 2},
}


def created(spec: str) -> Adapter:
    """Return the adapter of ``spec``, or skip the test where its framework is not installed."""
    try:
        return discovery.create(spec)
    except MissingFramework as error:
        pytest.skip(str(error))


def turned(adapter: Adapter, folder: Path) -> Adapter:
    """Return the adapter in a file of its own that turns round what ``adapter`` answers."""
    base = type(adapter)
    file = folder / "turned.py"
    file.write_text(TURNED.format(module=base.__module__.rpartition(".")[2], name=base.__name__), encoding="utf-8")
    return discovery.create(f"{file}:Turned")


def answered(adapter: Adapter, count: int) -> Iterator[Made]:
    """Yield a script for each of the first routes: of the first case that is not refused, other cases for other routes."""
    for place, asked in enumerate(type(adapter).routes()[:count]):
        for given, dtype in islice(
            zip(cycle(CASES), cycle(DTYPES), strict=False), place, place + len(CASES) * len(DTYPES)
        ):
            try:
                yield made(adapter, asked, given, dtype)
                break
            except Refusal:
                continue


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_route_of_a_framework_is_asked_again_as_the_suite_asked_it(framework: str, tmp_path: Path) -> None:
    scripts = [each for spec, count in FRAMEWORKS[framework].items() for each in answered(created(spec), count)]
    assert len(scripts) == sum(FRAMEWORKS[framework].values())
    wrong = list(answered(turned(created(framework), tmp_path), 2))
    assert framework == "scipy" or [each.status for each in wrong] == [1, 1]
    assert_reproduced([*scripts, *wrong], tmp_path)
    for each in scripts:
        assert len(each.text) < 8192
        assert re.sub(r'""".*?"""', "", each.text, flags=re.DOTALL).count("\n") < 140


def test_operands_lie_as_they_lay_and_the_gaps_between_them_hold_what_they_held() -> None:
    adapter = discovery.create(f"{LOOPS}:Hostile")
    for place, memory in ((2, "sliced"), (3, "permuted")):
        asked = CASES[place]
        operands = fills.fill(asked, "conv", "float32", "int")
        names = definitions(scripted(adapter, route_of(adapter, "conv", "zeros"), asked, operands))
        for name, array in zip(("x", "w"), operands.arrays, strict=True):
            assert asked.memory == memory
            assert not array.flags.c_contiguous
            assert names[name].strides == array.strides
            np.testing.assert_array_equal(names[name], array)
            between = np.lib.stride_tricks.as_strided(names[name], (2,), (array.itemsize,))[1]
            assert memory != "sliced" or np.isnan(between)


def definitions(text: str) -> dict[str, Any]:
    """Return what a script defines before it asks."""
    names: dict[str, Any] = {}
    exec(text.partition("# The question.")[0], names)
    return names


def scripted(adapter: Adapter, asked: Route, case: Case, operands: fills.Operands, **changes: Any) -> str:
    """Return a script about no element in particular."""
    given = {"worst": None, "suite_version": "1.2.3", **changes}
    return script(adapter, asked, case, str(operands.arrays[0].dtype), operands, **given)


def test_few_numbers_are_written_out_and_many_are_packed() -> None:
    adapter = discovery.create(f"{LOOPS}:Hostile")
    asked = route_of(adapter, "conv", "zeros")
    few = (np.array([[[1.0, -2.0, 0.1]]], np.float32), np.array([[[np.inf, -0.0]]], np.float32))
    text = scripted(adapter, asked, case("few", "Numbers.", input_size=(3,), kernel_size=2), fills.Operands(few))
    assert "1, -2, 0.10000000149011612" in text
    assert "np.inf, -0.0" in text
    assert "packed" not in text
    names = definitions(text)
    assert [names[name].tobytes() for name in ("x", "w")] == [array.tobytes() for array in few]
    many = (np.arange(200.0).reshape(1, 1, 200), np.ones((1, 1, 2)))
    text = scripted(adapter, asked, case("many", "Numbers.", input_size=(200,), kernel_size=2), fills.Operands(many))
    assert text.count("packed") == 2
    np.testing.assert_array_equal(definitions(text)["x"], many[0])


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("raises", "KeyError: 'stride'"),
        ("shape", "AssertionError: ((3, 6, 3), dtype('float32'))"),
        ("dtype", "AssertionError: ((3, 6, 3, 3), dtype('float64'))"),
        ("changes", "AssertionError: an operand was changed"),
        ("zeros", ""),
    ],
)
def test_without_an_element_to_judge_the_call_itself_is_what_fails(name: str, told: str, tmp_path: Path) -> None:
    adapter = discovery.create(f"{LOOPS}:Hostile")
    asked = CASES[1]
    operands = fills.fill(asked, "conv", "float32", "int")
    done = run(scripted(adapter, route_of(adapter, "conv", name), asked, operands), tmp_path)
    assert done.returncode == (1 if told else 0)
    assert (done.stderr.splitlines() or [""])[-1] == told


def judged(adapter: Adapter, asked: Route, case: Case, dtype: str) -> tuple[str, Mapping[str, Any]]:
    """Return the script of a verdict of the judge's own, and its worst element."""
    examination = examining.examination(case, asked.operation, dtype)
    judgement = judge(examination, lambda given: adapter.answer(asked, case.problem, given.arrays, given.bias))
    assert judgement.worst is not None
    operands = fills.fill(case, asked.operation, dtype, judgement.worst["fill"])
    return script(adapter, asked, case, dtype, operands, worst=judgement.worst, suite_version="1.2.3"), judgement.worst


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("special", ["", "nan-data", "inf-filter"])
def test_what_the_judge_calls_wrong_is_wrong_by_the_script_as_well(special: str, dtype: str, tmp_path: Path) -> None:
    adapter = discovery.create(f"{LOOPS}:Flipped")
    asked = case("judged", "All of it.", input_size=(7, 6), kernel_size=(3, 2), padding=(1, 0), special=special)
    text, worst = judged(adapter, route_of(adapter, "conv"), asked, dtype)
    done = run(text, tmp_path)
    assert done.returncode == 1, done.stderr
    assert f"got {worst['got']}, wanted {worst['want']}" in done.stdout
    mended = text.replace("size - 1 - entry", "entry")
    assert run(mended, tmp_path).returncode == 0


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_an_error_on_random_numbers_is_held_against_its_bound(dtype: str, tmp_path: Path) -> None:
    adapter, asked = discovery.create(f"{LOOPS}:Loops"), CASES[1]
    operands = fills.fill(asked, "conv", dtype, "normal")
    value = adapter.answer(route_of(adapter, "conv"), asked.problem, operands.arrays, None).value
    truth = apply("conv", asked.problem, *(array.astype(float) for array in operands.arrays))
    errors = np.abs(value.astype(float) - truth)
    index = np.unravel_index(np.argmax(errors), errors.shape)
    for factor, status in ((2.0, 0), (0.5, 1)):
        numbers = {"got": float(value[index]), "want": float(truth[index]), "bound": factor * float(errors[index])}
        worst = {"fill": "normal", "index": list(map(int, index)), **numbers}
        text = script(adapter, route_of(adapter, "conv"), asked, dtype, operands, worst=worst, suite_version="1.2.3")
        assert run(text, tmp_path).returncode == status


def test_code_that_needs_the_class_of_the_problem_gets_it(tmp_path: Path) -> None:
    adapter = discovery.create(f"{LOOPS}:WrongSide")
    each = made(adapter, route_of(adapter, "conv"), CASES[1], "float32")
    assert "class Problem" in each.text
    assert each.status == 1
    assert_reproduced([each], tmp_path)


def test_a_suite_under_test_is_cut_out_like_any_code_of_an_adapter(tmp_path: Path) -> None:
    misbehaving = Path(__file__).with_name("misbehaving.py")
    scripts = []
    for name, operation, status in (
        ("FlippedKernel", "conv", 1),
        ("NoBatchSum", "conv_filter_grad", 1),
        ("Right", "conv", 0),
    ):
        adapter = discovery.create(f"{misbehaving}:{name}")
        scripts.append(made(adapter, route_of(adapter, operation), CASES[2], "float32"))
        assert scripts[-1].status == status
    assert_reproduced(scripts, tmp_path)


def test_the_code_is_shortened_to_what_the_mode_and_the_dtype_leave_of_it() -> None:
    adapter = discovery.create(f"{LOOPS}:Loops")
    operands = fills.fill(CASES[0], "conv", "float32", "int")
    text = scripted(adapter, route_of(adapter, "conv"), CASES[0], operands)
    for gone in ("Refusal", "UsageError", "wrap", "unread", "mode", "@route", "-> ", "filter_gradient", "backward"):
        assert gone not in text.partition("# The geometry")[0], gone
    for kept in (
        "@cache",
        "class Group(NamedTuple)",
        "self.ones = np.ones(1)",
        "def packed(self, problem)",
        "def packed_(problem)",
        "from math import prod",
    ):
        assert kept in text, kept
    other = scripted(discovery.create(f"{LOOPS}:Loops[sums=float32]"), route_of(adapter, "conv"), CASES[0], operands)
    assert "function = adapter.wrap(partial(adapter.forward, problem))" in other
    assert "(sums=float32)" in other


def test_a_compiled_mode_is_compiled_in_the_script(tmp_path: Path) -> None:
    adapter = created("torch[mode=compile]")
    operands = fills.fill(CASES[0], "conv", "float32", "int")
    text = scripted(adapter, route_of(adapter, "conv"), CASES[0], operands)
    assert "self.torch.compile(function, dynamic=False)" in text
    for gone in ("ml_dtypes", "_laid", "mkldnn"):
        assert gone not in text


def test_the_header_says_what_was_asked_and_seen_and_stays_a_comment() -> None:
    adapter = discovery.create(f"{LOOPS}:Hostile")
    asked = case("told", "A sentence.", input_size=(3,), kernel_size=2, source="https://example.org/issues/7")
    operands = fills.fill(asked, "conv", "float32", "int")
    message = "first line\nimport os; os._exit(3)\r\x00\u2028\ud800 last"
    text = scripted(adapter, route_of(adapter, "conv", "zeros"), asked, operands, message=message)
    header = text.partition("\n\n")[0]
    assert all(line.startswith("# ") for line in header.splitlines())
    parts = (
        "hostile unknown: conv by zeros",
        asked.id,
        "A sentence.",
        "https://example.org/issues/7",
        "first line",
        "1.2.3",
    )
    for part in parts:
        assert part in header
    compile(text, "script", "exec")
    text.encode("utf-8")


def test_an_adapter_without_a_source_of_its_own_says_so() -> None:
    class Local(Adapter):
        name = "local"

        @route("conv")
        def direct(self, problem: Problem, x: Any, w: Any) -> Any:
            return x

    operands = fills.fill(CASES[0], "conv", "float32", "int")
    with pytest.raises(Unextractable, match="Local is not defined at the top of the module"):
        scripted(Local(), Local.routes()[0], CASES[0], operands)
