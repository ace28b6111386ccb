"""Which verdicts get evidence: the first of each route, of each known divergence, and of each cause."""

from dataclasses import replace
from pathlib import Path

from convformance.reports.causes import causes
from convformance.reports.lines import Verdict
from convformance.reports.record import Records
from convformance.running.evidence import chosen, completed, evidence_of


def finding(route: str, case: str, grade: str = "wrong", diagnosis: tuple[str, ...] = (), **changes: object) -> Verdict:
    return Verdict(
        adapter="toy",
        op="conv",
        route=route,
        case=case,
        dtype="float32",
        grade=grade,
        diagnosis=diagnosis,
        finding="known" not in changes,
        **changes,
    )


def cases_chosen(*verdicts: Verdict, done: int = 0) -> list[str]:
    records = Records(verdicts={verdict.key: verdict for verdict in verdicts})
    return [verdict.case for verdict in chosen(verdicts[done:], causes(records))]


def test_a_second_cause_on_one_route_has_its_evidence_too() -> None:
    first, second = finding("direct", "a", diagnosis=("kernel-rotated",)), finding("direct", "b", diagnosis=("stride",))
    assert cases_chosen(first, finding("direct", "c", diagnosis=("kernel-rotated",)), second) == ["a", "b"]
    assert [verdict.case for verdict in chosen([first, second])] == ["a"]


def test_each_route_has_evidence_of_a_cause_that_they_share() -> None:
    assert cases_chosen(finding("direct", "a"), finding("by hand", "b"), finding("by hand", "c")) == ["a", "b"]


def test_what_died_has_evidence_and_what_is_right_or_hangs_has_none() -> None:
    known = finding("direct", "k", known="looked-at")
    ended = finding("direct", "d", "crashed"), finding("by hand", "t", "timed-out")
    refused, error = finding("direct", "x", "refused"), finding("by hand", "e", "error")
    assert cases_chosen(refused, known, *ended, error) == ["k", "d", "e"]


def test_what_a_resumed_record_shows_already_is_not_sought_again() -> None:
    shared = {"diagnosis": ("kernel-rotated",)}
    verdicts = finding("direct", "a", **shared), finding("direct", "b", diagnosis=("stride",))
    assert cases_chosen(*verdicts, done=1) == ["b"]
    assert cases_chosen(*verdicts, done=2) == []


TOY = f"{Path(__file__).with_name('toys.py')}:Pointwise"
CASE = "ranks-n3c4o6-11-k3"


def test_what_ends_the_process_has_its_smallest_case_and_a_script_that_ends_so() -> None:
    evidence = evidence_of(TOY, "conv", "dying", CASE, "float64", fill=None)
    assert evidence.smallest is not None
    assert evidence.smallest["operands"] == {"x": [[[1]]], "w": [[[1]]]}
    assert evidence.script is not None
    assert "# The process ended with status 3.\n" in evidence.script
    assert evidence.ran is not None
    assert (evidence.ran.diverges, evidence.ran.status) == (True, 3)


def test_a_script_is_run_in_a_process_of_its_own_and_the_verdict_says_how_it_ended_or_was_not_run() -> None:
    wrong = replace(finding("raising", "kernels-n3c4o6-5x7-k1x1", "error"), adapter="toy", dtype="float64")
    for runs in (True, False):
        (complete,) = completed([wrong], {"toy": TOY}, runs=runs)
        assert complete.script is not None
        assert "Checked by running" not in complete.script
        ran = complete.script_run
        assert (ran is not None) == runs
        assert ran is None or (ran.fails and ran.text.startswith("fails as it says: exit status 1, "))
