"""The cases of others: that they are read rightly, that they are put fairly, and what the page says of them."""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from convformance.reference import operations
from convformance.reference.operation import OPERATIONS
from convformance.reference.problem import Problem
from tests.zoo import __main__ as command
from tests.zoo import mutants, others, others_page
from tests.zoo.catalogue import GARDEN, ZOO
from tests.zoo.member import Array, Arrays, Member, Run
from tests.zoo.others import Finding, Sample, Source
from tests.zoo.others_geometry import transposed

BY_NAME = {member.name: member for member in (*ZOO, *GARDEN)}
REJECTED_AT_MOST = 0.1  # of right answers, in any set: 16-bit types have tolerances that are below their rounding
COMPARED = 0.85  # of the samples: an empty result is always right, and some tolerances let any bfloat16 pass

PROBLEM = Problem.of(input_size=(5, 4), kernel_size=(3, 2), in_channels=2, out_channels=3)
Y = np.arange(54, dtype=np.float32).reshape(2, 3, 3, 3)

each_source = pytest.mark.parametrize("source", others.SOURCES, ids=lambda source: source.name)


@pytest.fixture(autouse=True)
def _marks_of_others(pytestconfig: pytest.Config) -> None:
    """Make the mark known that some of the tests have which are read here."""
    pytestconfig.addinivalue_line("markers", "requires_trainable_backend: a mark of Keras's tests")


@each_source
def test_a_set_accepts_what_is_right_and_rejects_what_is_wrong(source: Source) -> None:
    if source.missing():
        pytest.skip(source.missing())
    samples = source.samples()
    assert len(samples) >= 15
    assert len({sample.name for sample in samples}) == len(samples)
    assert {operation for sample in samples for operation in sample.operations} <= set(OPERATIONS)
    right = others.asked(BY_NAME["reference"], samples)
    assert right.samples == len(samples)
    assert len(right.rejected) <= REJECTED_AT_MOST * len(samples), right.rejected
    wrong = others.asked(_member("negated", mutants.answer(lambda y, problem: -1 - y), operation="conv"), samples)
    assert len(wrong.rejected) >= COMPARED * wrong.samples > 0


def test_the_derivatives_of_a_sample_show_a_wrong_gradient_behind_right_values() -> None:
    source = next(source for source in others.SOURCES if source.name == "torch_modules")
    if source.missing():
        pytest.skip(source.missing())
    derivatives = [sample for sample in source.samples() if sample.name.startswith("module_tests Conv2d derivatives")]
    member = BY_NAME["filter-gradient-mean-over-positions"]
    assert "conv" not in member.operations
    assert others.asked(member, derivatives).rejected == tuple(sample.name for sample in derivatives) != ()
    assert others.asked(BY_NAME["one-buffer"], derivatives).rejected == ()


@pytest.mark.parametrize("unread", range(5))
@pytest.mark.parametrize("begin", [0, 1, 3])
def test_a_transposed_call_computes_the_size_that_is_asked_for(unread: int, begin: int) -> None:
    x, w = np.ones((1, 2, 4), np.float32), np.arange(6, dtype=np.float32).reshape(2, 1, 3)
    size = 3 * 2 + 2 * 2 + 1 - 2 * begin + unread
    call = transposed(x, w, None, result_size=(size,), begins=(begin,), stride=2, dilation=2)
    assert call.problem.output_size == (4,)
    scattered = np.zeros(40, np.float32)
    for position in range(4):
        for tap in range(3):
            scattered[10 + position * 2 + tap * 2] += w[:, 0, tap].sum()
    want = scattered[10 + begin : 10 + begin + size].reshape(1, 1, -1)
    np.testing.assert_array_equal(operations.apply(call.operation, call.problem, *call.arrays), want)


def _wanted(want: Array, run: Run) -> None:
    np.testing.assert_array_equal(run("conv_bias_grad", PROBLEM, (Y.copy(),), None), want)


def _sample(name: str, want: Array) -> Sample:
    return Sample(name, ("conv_bias_grad",), 10, partial(_wanted, want))


@dataclass(frozen=True)
class _Given(Source):
    """A source whose samples stand in the test."""

    listed: list[Sample] = field(default_factory=list)

    def samples(self) -> list[Sample]:
        return self.listed


RIGHT = Y.sum(axis=(0, 2, 3))
GIVEN = _Given("given", "", (), "Ours.", [_sample("fair", RIGHT), _sample("unfair", RIGHT + 1)])


def _member(name: str, run: Run, family: str = "kernel", operation: str = "conv_bias_grad") -> Member:
    return Member(name, family, "Is made for this test.", (operation,), run)


def _doubled(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
    return 2 * mutants.right(operation, problem, arrays, bias)


def test_what_rejects_the_garden_too_catches_nothing() -> None:
    zoo = [_member("right", mutants.right), _member("doubled", _doubled), _member("deaf", _doubled, operation="conv")]
    finding = others.finding(GIVEN, zoo, [_member("direct", mutants.right)])
    assert finding.caught == ("doubled",)
    assert (finding.samples, finding.askable) == (2, 2)
    assert (finding.answers, finding.rejected) == (2, 1)


def test_an_implementation_that_raises_is_rejected() -> None:
    raising = _member("raising", mutants.raising(RuntimeError("no memory")))
    assert others.asked(raising, GIVEN.listed).rejected == ("fair", "unfair")


def test_samples_are_put_to_one_implementation_one_after_another() -> None:
    def fresh() -> Run:
        calls: list[str] = []

        def run(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
            calls.append(operation)
            return (mutants.right if len(calls) == 1 else _doubled)(operation, problem, arrays, bias)

        return run

    member = Member("tiring", "process", "Is right once.", ("conv_bias_grad",), fresh(), fresh=fresh)
    twice = [_sample("first", RIGHT), _sample("second", RIGHT)]
    assert others.asked(member, twice).rejected == ("second",)
    assert others.asked(member, twice).rejected == ("second",), "asked anew, it is as before its first call"


def test_who_writes_every_product_down_is_not_asked_millions() -> None:
    many = Sample("many", ("conv_bias_grad",), others.LISTABLE + 1, partial(_wanted, RIGHT))
    assert others.asked(_member("listing", mutants.right, family="order"), [many]).samples == 0
    assert others.asked(_member("other", mutants.right), [many]).samples == 1


def test_operations_that_a_member_lacks_are_answered_rightly() -> None:
    run = others.completed(_member("deaf", _doubled, operation="conv"))
    np.testing.assert_array_equal(run("conv_bias_grad", PROBLEM, (Y,), None), RIGHT)


def test_operands_are_put_back_for_whoever_is_asked_next() -> None:
    def spoiling(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
        arrays[0][...] = 0
        return arrays[0]

    call = others.Call("conv_bias_grad", PROBLEM, (Y,))
    before = Y.copy()
    call.answer(spoiling)
    np.testing.assert_array_equal(Y, before)


def test_a_package_that_is_not_there_is_the_reason_for_a_set_left_out() -> None:
    source = Source("none", "", ("no_such_package", "no_such_package.tests", "numpy"), "Nothing.")
    assert source.missing() == "no_such_package is not installed, no_such_package.tests is not installed"


THEIRS = Finding("theirs", "Theirs", 20, 3, ("a", "b"), 40, 10, 3.0)
OURS = Finding("smoke", "this suite: the smoke tier", 500, 3, ("b", "c"), 0, 0, 8.0)
NAMED = [_member(name, _doubled) for name in ("a", "b", "c", "d")]


def test_the_section_says_what_each_catches_and_the_other_does_not() -> None:
    text = others_page.section([THEIRS], [OURS], NAMED, ["expecttest is not installed: torch_operators"])
    assert "| Theirs | 20 | 2 of 3 | 10 of 40 (25.0%) | 3 | 1.50 |" in text
    assert "| this suite: the smoke tier | 500 | 2 of 3 | see the garden | 8 | 4.00 |" in text
    assert "All of theirs together catch 2 of 4." in text
    assert "not by this suite: the smoke tier: `a`." in text
    assert "Caught by none of theirs: `c`, `d`." in text
    assert "Not asked, as expecttest is not installed: torch_operators." in text


def test_the_section_is_exchanged_and_nothing_else_of_a_page() -> None:
    page = "# Teeth\n\n## Rules\n\nx\n\n## The kill matrix\n\ny\n"
    first = others_page.with_section(page, f"{others_page.HEADING}\n\nold")
    assert first == f"# Teeth\n\n## Rules\n\nx\n\n{others_page.HEADING}\n\nold\n\n## The kill matrix\n\ny\n"
    second = others_page.with_section(first, f"{others_page.HEADING}\n\nnew")
    assert second == first.replace("old", "new")
    assert others_page.section_of(second) == f"{others_page.HEADING}\n\nnew"
    assert others_page.section_of(page) == ""
    assert others_page.with_section(page, "") == page


def test_the_command_writes_the_section_into_a_page_and_asks_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "teeth.md"
    page.write_text("# Teeth\n\n## The kill matrix\n\ny\n", encoding="utf-8")
    absent = Source("absent", "", ("no_such_package",), "Nothing.")
    monkeypatch.setattr(others, "SOURCES", (GIVEN, absent))
    monkeypatch.setattr(others, "own_finding", lambda tier, zoo: OURS)
    assert command.main(["--others", str(page), "--out", str(tmp_path / "out")]) == 0
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# Teeth\n\n{others_page.HEADING}\n")
    assert "Not asked, as no_such_package is not installed: absent." in text
    assert text.endswith("## The kill matrix\n\ny\n")
    assert '"name": "given"' in (tmp_path / "out/others.json").read_text(encoding="utf-8")


def test_the_page_has_the_section_and_the_tiers_of_this_suite_stand_in_it() -> None:
    page = Path(__file__).resolve().parents[2] / "docs/teeth.md"
    text = others_page.section_of(page.read_text(encoding="utf-8"))
    assert [source.says for source in others.SOURCES if f"| {source.says} |" not in text] == []
    assert [tier for tier in ("smoke", "standard") if f"| this suite: the {tier} tier |" not in text] == []
