"""What is proposed as a refusal, what is not, and the regular expressions that find it."""

import re

import pytest

from convformance.reports import proposals
from convformance.reports.lines import Verdict

CHECKED = [
    "RuntimeError: groups not supported in conv3d (conv, line 12)",
    "ValueError: padding must be non-negative, got -1",
    "RuntimeError: Unsupported data type bfloat16",
    "RuntimeError: only 2-D kernels are supported",
    "ValueError: Invalid rank of the input: expected 4, got 5",
    "RuntimeError: expected stride to be a single integer value, but got stride=[1, 2]",
    "Error: kernel (3, 3) can't be larger than the input [2 x 2]",
    "InvalidArgumentError: Current implementation only supports equal length strides",
    "NotImplemented: the operator is not implemented for 'Half'",
    "TypeError: conv_general_dilated lhs feature dimension size 4 must be a multiple of 3",
]
OTHERS = [
    "AssertionError: stride must be 1",
    "RuntimeError: Internal error: groups must be 1",
    "RuntimeError: Check failed: (a == b) is false: strides must be 1, please report this bug",
    "RuntimeError: CUDA error: an illegal memory access was encountered",
    "MemoryError: at most 3 bytes",
    "TypeError: conv() got an unexpected keyword argument 'groups', must be named",
    "TypeError: conv() missing 1 required positional argument, expected 3 got 2",
    "AttributeError: 'NoneType' object has no attribute 'shape' (conv, line 3)",
    "IndexError: list index out of range",
    "KeyError: 'not supported'",
    "RuntimeError: object is not initialized",
    "RuntimeError: something went wrong",
    "ValueError: no message (conv, line 9)",
]


def _verdict(message: str, *, case: str = "a", grade: str = "error", finding: bool = True, place: str = "") -> Verdict:
    key = {"adapter": "mine", "op": "conv", "route": "one", "case": case, "dtype": "float32"}
    return Verdict(**key, grade=grade, finding=finding, message=message, raised_in=place or None)


@pytest.mark.parametrize("message", CHECKED)
def test_what_sounds_like_a_rule_is_proposed_and_found_by_its_expression(message: str) -> None:
    (proposal,) = proposals.proposals([_verdict(message)])
    assert re.search(proposal.pattern, message)
    assert eval(proposal.literal) == proposal.pattern
    assert proposal.message == message


@pytest.mark.parametrize("message", OTHERS)
def test_what_broke_is_not(message: str) -> None:
    assert proposals.proposals([_verdict(message)]) == ()


@pytest.mark.parametrize("grade", ["crashed", "timed-out", "wrong", "refused"])
def test_nothing_but_an_error_is(grade: str) -> None:
    assert proposals.proposals([_verdict(CHECKED[0], grade=grade)]) == ()


def test_what_is_known_or_expected_is_not() -> None:
    assert proposals.proposals([_verdict(CHECKED[0], finding=False)]) == ()


def test_numbers_and_shapes_are_replaced_and_names_with_digits_stay() -> None:
    first = "ValueError: float16 kernel (3, 2) of node_17 must be 1.5 at least, not [a]"
    second = "ValueError: float16 kernel [4] of node_9 must be 2.5 at least, not [a]"
    other = "ValueError: bfloat16 kernel [4] of node_9 must be 2.5 at least, not [a]"
    found = proposals.proposals([_verdict(first, case="a"), _verdict(second, case="b"), _verdict(other, case="c")])
    assert [len(each.verdicts) for each in found] == [2, 1]
    assert all(re.search(found[0].pattern, message) for message in (first, second))
    assert not re.search(f"^{found[0].pattern}", other.removeprefix("ValueError: "))
    assert r"\[a\]" in found[0].pattern


def test_a_long_message_gives_an_expression_that_can_be_read() -> None:
    message = "RuntimeError: " + "the kernel must be small enough and " * 30
    (proposal,) = proposals.proposals([_verdict(message)])
    assert len(proposal.pattern) <= 120
    assert re.search(proposal.pattern, message)


def test_quotes_of_both_kinds_can_be_pasted() -> None:
    (proposal,) = proposals.proposals([_verdict("""ValueError: "x" of 'y' must be 1""")])
    assert eval(proposal.literal) == proposal.pattern


def test_an_adapters_own_errors_are_counted_by_line_and_never_proposed() -> None:
    own = [_verdict("ValueError: groups must be 1", case=case, place="mine.py:12") for case in "abc"]
    other = _verdict("NameError: name 'y' is not defined", case="d", place="mine.py:9")
    assert proposals.proposals([*own, other]) == ()
    faults = proposals.own_faults([*own, other])
    assert [(each.source, len(each.verdicts)) for each in faults] == [("mine.py:12", 3), ("mine.py:9", 1)]
    lines = list(proposals.lines([*own, other]))
    assert lines[0].startswith("mine: 3 errors look like the adapter's own fault: mine.py:12: ValueError")
    assert lines[1].startswith("mine: 1 error looks like the adapter's own fault: mine.py:9: NameError")


def test_nothing_is_said_where_there_is_nothing() -> None:
    assert list(proposals.lines([_verdict("", grade="conformant", finding=False)])) == []
