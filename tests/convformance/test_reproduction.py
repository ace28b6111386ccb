"""Tests of the reproduction scripts: they run without the suite, and see the very bits that the suite saw."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import cycle, islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from convformance.adapters import discovery
from convformance.adapters.contract import Adapter, MissingFramework, Refusal, Route, route
from convformance.extraction import Unextractable
from convformance.judging.rule import Examination, judge
from convformance.reference.operations import apply
from convformance.reference.problem import OPERATIONS, WITH_BIAS, Problem
from convformance.reproduction import script
from convformance.test_cases import fills
from convformance.test_cases.case import Case, case

# Every operation in plain loops, with helpers of every kind, and in layouts of its own.
LOOPS = '''
"""An adapter in plain loops."""

from dataclasses import replace
from functools import cache
from itertools import product as couples
from typing import Any, ClassVar, NamedTuple

import numpy as np

from convformance.adapters import layouts
from convformance.adapters.contract import Adapter, Array, Refusal, UsageError, route
from convformance.reference.geometry import Size
from convformance.reference.problem import Problem

index = "N*C"  # the script has an index of its own


class Group(NamedTuple):
    """The channels of one group."""

    inputs: slice
    outputs: slice


@cache
def packed(problem: Problem) -> tuple[Group, ...]:
    """Return the groups, under a name that the script uses."""
    sizes = problem.in_channels // problem.groups, problem.out_channels // problem.groups
    return tuple(Group(*(slice(g * size, (g + 1) * size) for size in sizes)) for g in range(problem.groups))


def _refuse_much(problem: Problem) -> None:
    if problem.rank > 3:
        raise Refusal("no more than three axes")


class Loops(Adapter):
    name = "loops"
    options: ClassVar[dict[str, tuple[str, ...]]] = {"sums": ("float64", "float32")}
    activations = index
    filters = "*IO"

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        from math import prod

        self.unread = 3
        self.prod = prod
        try:
            self.ones = np.ones(1)
        except TypeError as error:
            raise UsageError("no ones") from error

    @route("conv", "forward")
    @route("conv_transpose_input_grad", "forward")
    def forward(self, problem: Problem, x: Array, w: Array, bias: Array | None = None) -> Array:
        y = self._zeros(problem.output_shape, self.activations)
        for tap, position, place, group in self._products(problem):
            y[:, *position, group.outputs] += np.matmul(x[:, *place, group.inputs], w[*tap, :, group.outputs], dtype=y.dtype)
        return self._finished(y, bias, x)

    @route("conv_input_grad", "backward")
    @route("conv_transpose", "backward")
    def backward(self, problem: Problem, dy: Array, w: Array, bias: Array | None = None) -> Array:
        dx = self._zeros(problem.input_shape, self.activations)
        for tap, position, place, group in self._products(problem):
            taps = w[*tap, :, group.outputs].astype(dx.dtype)
            dx[:, *place, group.inputs] += dy[:, *position, group.outputs].astype(dx.dtype) @ taps.T
        return self._finished(dx, bias, dy)

    @route("conv_filter_grad", "backward", activations="NC*", filters="OI*")
    def filter_gradient(self, problem: Problem, x: Array, dy: Array) -> Array:
        dw = self._zeros(problem.filter_shape, "OI*")
        for tap, position, place, group in self._products(problem):
            rows = dy[:, group.outputs, *position].astype(dw.dtype)
            dw[group.outputs, :, *tap] += rows.T @ x[:, group.inputs, *place].astype(dw.dtype)
        return self._finished(dw, None, x)

    @route("conv_transpose_filter_grad", "backward", activations="NC*", filters="OI*")
    def transposed_filter_gradient(self, problem: Problem, x: Array, dy: Array) -> Array:
        return self.filter_gradient(problem, dy, x)

    @route("conv_bias_grad", "sum")
    def bias_gradient(self, problem: Problem, dy: Array) -> Array:
        return self._finished(dy.astype(float).sum(axis=tuple(range(dy.ndim - 1))), None, dy)

    def wrap(self, function: Any) -> Any:
        return function if self.mode["sums"] == "float64" else lambda *operands: function(*operands)

    def _zeros(self, shape: Size, layout: str) -> Array:
        return np.zeros(layouts.shape_in(shape, layout), float if self.mode["sums"] == "float64" else np.float32)

    def _products(self, problem: Problem) -> Any:
        """Yield every tap, output, input and group that meet."""
        _refuse_much(problem)
        for tap, position, group in couples(np.ndindex(*problem.kernel_size), np.ndindex(*problem.output_size), packed(problem)):
            axes = zip(position, problem.stride, self._tap(problem, tap), problem.dilation, problem.padding, strict=True)
            place = tuple(p * s + t * d - lo for p, s, t, d, (lo, _) in axes)
            if all(0 <= entry < size for entry, size in zip(place, problem.input_size, strict=True)):
                yield tap, position, place, group

    def _tap(self, problem: Problem, tap: Size) -> Size:
        return tap

    def _finished(self, result: Array, bias: Array | None, like: Array) -> Array:
        assert self.prod(result.shape) == result.size
        return (result * self.ones if bias is None else result + bias.astype(float)).astype(like.dtype)


class Flipped(Loops):
    """The kernel rotated by 180 degrees, and a bias gradient without the last image."""

    name = "flipped"

    def _tap(self, problem: Problem, tap: Size) -> Size:
        return tuple(size - 1 - entry for size, entry in zip(problem.kernel_size, super()._tap(problem, tap), strict=True))

    @route("conv_bias_grad", "sum")
    def bias_gradient(self, problem: Problem, dy: Array) -> Array:
        return super().bias_gradient(problem, dy[:-1])


class WrongSide(Loops):
    """SAME with its odd element at the other end."""

    name = "wrong-side"

    @route("conv", "forward")
    def forward(self, problem: Problem, x: Array, w: Array) -> Array:
        return super().forward(replace(problem, padding=tuple((hi, lo) for lo, hi in problem.padding)), x, w)


class Hostile(Adapter):
    """No answer to be judged."""

    name = "hostile"

    @route("conv", "raises")
    def raises(self, problem: Problem, x: Array, w: Array) -> Array:
        raise KeyError("stride")

    @route("conv", "shape")
    def shape(self, problem: Problem, x: Array, w: Array) -> Array:
        return np.zeros(problem.output_shape[:-1], x.dtype)

    @route("conv", "dtype")
    def dtype(self, problem: Problem, x: Array, w: Array) -> Array:
        return np.zeros(problem.output_shape, np.float64)

    @route("conv", "changes")
    def changes(self, problem: Problem, x: Array, w: Array) -> Array:
        x[...] += 1
        return np.zeros(problem.output_shape, x.dtype)

    @route("conv", "zeros")
    def zeros(self, problem: Problem, x: Array, w: Array) -> Array:
        return np.zeros(problem.output_shape, x.dtype)
'''
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
    case("reproduced", input_size=(4, 5, 3), kernel_size=(2, 3, 2), stride=(1, 2, 1), in_channels=2, out_channels=3, **ASKED),
    case("reproduced", input_size=(6, 5), kernel_size=(3, 2), bias=True, operations=OPERATIONS, **ASKED),
    case("reproduced", input_size=(3, 4), kernel_size=(3, 2), batch=2, in_channels=1, out_channels=2, catches="Few numbers."),
)
DTYPES = ("float32", "bfloat16", "float64", "float16")

# Runs each script given, without the suite, and tells how it ended and what it got.
RUNNER = """
import json, sys, traceback

sys.modules["convformance"] = None
for path in sys.argv[1:]:
    names, status = {"__name__": "__main__"}, 0
    try:
        exec(compile(open(path, encoding="utf-8").read(), path, "exec"), names)
    except Exception as error:
        status = 1 if isinstance(error, AssertionError) else traceback.format_exc()
    told = names["answer"][names["index"]].tobytes().hex() if "index" in names else None
    print("@" + json.dumps([status, told, names.get("want")]))
"""


@dataclass(frozen=True)
class Made:
    """A script, what it must end with, and the bits it must see; ``want`` is the truth it must find."""

    text: str
    status: int
    bits: str
    want: float


def made(adapter: Adapter, asked: Route, case: Case, dtype: str) -> Made:
    """Return the script of the worst element of the answer to ``case`` on small integers, or one in the middle of a right answer."""
    operands = fills.fill(case, asked.operation, dtype, "int")
    value = adapter.answer(asked, case.problem, operands.arrays, operands.bias).value
    want = apply(asked.operation, case.problem, *operands.arrays, bias=operands.bias)
    errors = np.abs(value.astype(float) - want.astype(float))
    exact = asked.grade == "conformant"
    index = np.unravel_index(np.argmax(errors), value.shape) if errors.any() else tuple(size // 2 for size in value.shape)
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


def run_all(scripts: list[Made], folder: Path) -> list[tuple[int | str, str, float]]:
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


@pytest.fixture
def loops(tmp_path: Path) -> Path:
    """The file of adapters in plain loops."""
    file = tmp_path / "loops.py"
    file.write_text(LOOPS, encoding="utf-8")
    return file


def route_of(adapter: Adapter, operation: str, name: str = "") -> Route:
    """Return a route of ``operation``, the first where no name is given."""
    return next(each for each in type(adapter).routes() if each.operation == operation and name in ("", each.name))


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_wrong_answer_is_seen_again_bit_for_bit_and_a_right_one_passes(operation: str, loops: Path, tmp_path: Path) -> None:
    scripts = []
    for name, status in (("Loops", 0), ("Loops[sums=float32]", 0), ("Flipped", 1)):
        adapter = discovery.create(f"{loops}:{name}")
        asked = route_of(adapter, operation)
        scripts += [made(adapter, asked, each, dtype) for each, dtype in zip(CASES, cycle(DTYPES), strict=False)]
        assert [each.status for each in scripts[-len(CASES) :]] == [status] * len(CASES)
    assert_reproduced(scripts, tmp_path)


def test_a_script_ends_with_status_1_while_it_diverges_and_0_once_it_is_mended(loops: Path, tmp_path: Path) -> None:
    for name, status in (("Flipped", 1), ("Loops", 0)):
        adapter = discovery.create(f"{loops}:{name}")
        each = made(adapter, route_of(adapter, "conv"), CASES[5], "float32")
        done = run(each.text, tmp_path)
        assert (done.returncode, each.status) == (status, status), done.stderr
        assert f"wanted {each.want}" in done.stdout
