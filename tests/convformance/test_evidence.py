"""Which verdicts get evidence: the first of each route, of each known divergence, and of each cause."""

from convformance.reports.causes import causes
from convformance.reports.lines import Verdict
from convformance.reports.record import Records
from convformance.running.evidence import chosen


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
