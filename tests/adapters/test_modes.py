"""Modes: threads of several frameworks, and the second of two calls."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convformance.adapters import discovery
from convformance.adapters.contract import Adapter, Array, UsageError, route
from convformance.adapters.modes import thread_count
from convformance.options import RunOptions
from convformance.reference.operations import conv
from convformance.reference.problem import Problem
from convformance.running.questions import select
from convformance.running.runner import VerdictRunner
from convformance.running.session import session_of
from tests.adapters import checking


class Forgetful(Adapter):
    """Right in the first call with some numbers, and off by one when they come again."""

    name = "forgetful"

    def __init__(self, **mode: str) -> None:
        super().__init__(**mode)
        self.before = b""

    @route("conv")
    def conv(self, problem: Problem, x: Array, w: Array) -> Any:
        contents = x.tobytes() + w.tobytes()
        again, self.before = contents == self.before, contents
        y = conv(x, w, stride=problem.stride, padding=problem.padding, dilation=problem.dilation, groups=problem.groups)
        return y + y.dtype.type(again)


@pytest.mark.parametrize(("spec", "grades"), [("", {"conformant"}), ("[calls=2]", {"wrong"})], ids=["one", "two"])
def test_a_second_call_that_is_wrong_is_seen_by_two_calls_only(spec: str, grades: set[str]) -> None:
    filters = {"case": ("groups-n2c4o6-7x6-k3x2-g2",), "op": ("conv",), "dtype": ("float32",)}
    session = session_of(RunOptions((f"{Path(__file__)}:Forgetful{spec}",), tier="smoke", filters=filters))
    runner = VerdictRunner(session.selections)
    verdicts = [runner.verdict(question) for question in session.questions]
    assert {verdict.grade for verdict in verdicts} == grades
    diagnoses = {verdict.diagnosis[0] for verdict in verdicts if verdict.diagnosis}
    assert diagnoses == ({"wrong-after-first-call"} if spec else set())


def test_the_answers_of_both_calls_are_handed_on_and_the_default_has_but_one() -> None:
    problem = checking.PROBLEMS["plain"]
    operands = checking.operands("conv", problem, "float32")
    (declared,) = Forgetful.routes()
    first = Forgetful().answer(declared, problem, operands)
    assert first.earlier is None
    answer = Forgetful(calls="2").answer(declared, problem, operands)
    assert answer.earlier is not None
    assert np.array_equal(answer.earlier, first.value)
    assert np.array_equal(answer.value, first.value + 1)


def test_two_calls_are_a_mode_with_a_name_and_one_is_none() -> None:
    path = f"{Path(__file__)}:Forgetful"
    assert discovery.load(f"{path}[calls=2]").label == "forgetful[calls=2]"
    assert discovery.load(f"{path}[calls=1]").label == "forgetful"
    assert dict(discovery.load(f"{path}[calls=1]").mode) == {}
    with pytest.raises(UsageError, match="calls='3' is unknown; allowed: 1, 2"):
        discovery.load(f"{path}[calls=3]")


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5", "²"])
def test_threads_are_a_whole_number_above_0(text: str) -> None:
    with pytest.raises(UsageError, match="is no number of threads"):
        thread_count(text)


def test_torch_computes_on_the_threads_of_its_mode_whoever_was_asked_in_between() -> None:
    two, single = checking.created("torch[threads=2]"), checking.created("torch")
    torch, seen = two.torch, []
    for adapter in (two, single, two):
        adapter.wrap(lambda: seen.append(torch.get_num_threads()))()
    torch.set_num_threads(1)
    assert seen == [2, 1, 2]


def test_onnxruntime_gets_the_threads_of_its_mode() -> None:
    assert checking.created("onnxruntime[threads=2]").settings.intra_op_num_threads == 2
    assert checking.created("onnxruntime").settings.intra_op_num_threads == 1


@pytest.mark.parametrize("name", ["tensorflow", "jax"])
def test_threads_of_a_process_cannot_differ_within_one_run(name: str) -> None:
    checking.created(name)
    with pytest.raises(UsageError, match="threads holds for a whole process; ask each in a run of its own"):
        select((name, f"{name}[threads=2]"))


def test_jax_says_that_other_threads_come_too_late() -> None:
    checking.created("jax")
    with pytest.raises(UsageError, match="threads=3 comes too late"):
        discovery.create("jax[threads=3]")
