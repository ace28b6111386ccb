"""Causes: findings with one explanation on one adapter are one, whatever shows them, and no two of them are."""

from pathlib import Path
from random import Random

import pytest

from convformance.reports import causes, record
from convformance.reports.causes import Cause, Explanation, beginning
from convformance.reports.record import Records, Writer
from tests.reports.synthetic import (
    DTYPES,
    KNOWN,
    ROUTES,
    Line,
    SyntheticRun,
    case_line,
    diagnosis_line,
    run_line,
    smallest,
    verdict_line,
)

CASES = [case_line("stride", number) for number in range(4)]
NARROW = "low-precision-accumulation"


def records_of(tmp_path: Path, *lines: Line) -> Records:
    path = tmp_path / "run.jsonl"
    with Writer(path) as writer:
        for line in [run_line("torch", asked=len(lines), routes=ROUTES["torch"]), *CASES, *lines]:
            writer.write(line)
    return record.read([path])


def causes_of(tmp_path: Path, *lines: Line) -> tuple[Cause, ...]:
    return causes.causes(records_of(tmp_path, *lines))


def everywhere(adapter: str, grade: str, dtypes: tuple[str, ...] = DTYPES, **changes: object) -> list[Line]:
    """Return a verdict of each of an adapter's routes on each case in each dtype."""
    return [
        verdict_line(adapter, op, route, case["id"], dtype, grade, **changes)
        for op, routes in ROUTES[adapter].items()
        for route in routes
        for case in CASES
        for dtype in dtypes
    ]


def finding(op: str = "conv", case: int = 0, dtype: str = "float32", grade: str = "wrong", **changes: object) -> Line:
    return verdict_line("torch", op, "F.conv", CASES[case]["id"], dtype, grade, **changes)


def test_narrow_sums_of_every_route_and_operation_are_one_cause_a_type(tmp_path: Path) -> None:
    narrow = [
        everywhere("torch", "low-precision", (dtype,), accumulator=dtype, diagnosis=[NARROW], details=[f"in {dtype}"])
        for dtype in ("float16", "bfloat16")
    ]
    listed = causes_of(tmp_path, *narrow[0], *narrow[1][:-1])
    assert [(cause.explanation, len(cause.verdicts)) for cause in listed] == [
        (Explanation(NARROW, "float16"), len(narrow[0])),
        (Explanation(NARROW, "bfloat16"), len(narrow[1]) - 1),
    ]
    assert listed[1].sentence == (
        f"Sums are kept in bfloat16: {len(narrow[1]) - 1} verdicts in conv, conv_input_grad and 5 more operations, "
        "by F.conv, autograd and 3 more routes, in bfloat16."
    )


def test_a_thousand_messages_of_one_kind_are_one_cause_and_another_message_is_another(tmp_path: Path) -> None:
    message = "InternalError: could not create a primitive for shape [{0}, {0}] in /src/{0}/conv.cc:{0} at 0x7f{0}"
    lines = [
        {**line, "message": message.format(number)} for number, line in enumerate(everywhere("torch", "error"), start=1)
    ]
    lines[0] = {**lines[0], "message": "KeyError: 'stride'"}
    listed = causes_of(tmp_path, *lines)
    assert [len(cause.verdicts) for cause in listed] == [len(lines) - 1, 1]
    assert "InternalError: could not create a primitive for shape in … at …" in listed[0].sentence
    assert "KeyError: 'stride'" in listed[1].sentence


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("ValueError: size (3, 4) is not (5, 6, 7)", "ValueError: size (1,) is not (2,)"),
        ("Error: expected 3, 4, 5 got 2", "Error: expected 3 got -1.5e-3"),
        ("Error: not implemented for float16", "Error: not implemented for 'BFloat16'"),
        ("Error: no file /tmp/a/b.so", "Error: no file C:\\temp\\c.dll"),
        ("Error: <function f at 0x7f12>", "Error: <function g at 0x9a>"),
        ("Error: no kernel for conv_filter_grad", "Error: no kernel for conv"),
        ("Error: {{node a/b}} failed [Op:Conv2D]", "Error: {{node c}} failed [Op:Conv3D] (execute, line 3)"),
    ],
)
def test_messages_that_differ_in_numbers_shapes_types_addresses_and_paths_begin_alike(left: str, right: str) -> None:
    assert beginning(left).replace("'", "") == beginning(right).replace("'", "")
    assert beginning(left).startswith(left[:5])


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("KeyError: 'stride'", "KeyError: 'padding'"),
        ("ValueError: no", "TypeError: no"),
        ("the process died: SIGSEGV", "the process died: SIGKILL, out of memory"),
    ],
)
def test_messages_of_another_kind_do_not(left: str, right: str) -> None:
    assert beginning(left) != beginning(right)


def test_a_message_of_megabytes_begins_in_a_line() -> None:
    text = beginning("Error: \x00\ud800\n" + "(" * 1_000_000 + "a" * 1_000_000)
    assert len(text) <= 200
    assert text.isprintable()


def test_adapters_grades_and_diagnoses_are_told_apart_worst_first(tmp_path: Path) -> None:
    listed = causes_of(
        tmp_path,
        finding(grade="timed-out", message="no answer within 3 s"),
        finding(case=1, grade="timed-out", message="no answer within 30 s"),
        finding(case=2, grade="crashed", message="the process died while it answered"),
        finding(case=3, diagnosis=["kernel-rotated"]),
        finding("conv_transpose", case=3, diagnosis=["kernel-rotated"]),
        finding("conv_transpose", case=2, diagnosis=["stride-ignored"]),
    )
    assert [(cause.number, cause.grade, len(cause.verdicts)) for cause in listed] == [
        (1, "wrong", 2),
        (2, "wrong", 1),
        (3, "crashed", 1),
        (4, "timed-out", 2),
    ]
    assert listed[0].title == "1. kernel-rotated"
    assert listed[3].sentence == "No answer within the time allowed: 2 verdicts in conv, by F.conv, in float32."


def test_what_nothing_explains_is_one_cause_for_each_array_that_operations_give(tmp_path: Path) -> None:
    operations = ("conv", "conv_transpose_input_grad", "conv_input_grad", "conv_transpose", "conv_filter_grad", "new")
    listed = causes_of(tmp_path, *(finding(op) for op in operations), finding(case=1, grade="componentwise"))
    assert [[verdict.op for verdict in cause.verdicts] for cause in listed] == [
        ["conv_input_grad", "conv_transpose"],
        ["conv", "conv_transpose_input_grad"],
        ["conv_filter_grad"],
        ["new"],
        ["conv"],
    ]
    assert listed[0].sentence.startswith("Wrong answers that no known mistake explains: 2 verdicts")
    assert listed[4].sentence.startswith("Inaccurate answers that no known mistake explains: 1 verdict")


def test_an_unexplained_answer_belongs_to_what_explains_the_question_in_another_dtype(tmp_path: Path) -> None:
    listed = causes_of(
        tmp_path,
        finding(diagnosis=["another-padding"], details=["1 at the end"]),
        finding(dtype="bfloat16", smallest=smallest()),
        finding(case=1, dtype="bfloat16"),
        finding(case=2, dtype="bfloat16", grade="componentwise"),
        finding(case=2, diagnosis=["another-padding"]),
    )
    assert [(cause.explanation.name, len(cause.verdicts), cause.inferred) for cause in listed] == [
        ("another-padding", 3, 1),
        ("unexplained", 1, 0),
        ("unexplained", 1, 0),
    ]
    assert listed[0].representative.dtype == "float32", "what is explained itself represents the others"
    assert "in float32 and bfloat16; 1 of them as in another dtype." in listed[0].sentence


def test_the_diagnosis_that_leads_on_the_route_is_the_cause_with_its_condition_and_remedy(tmp_path: Path) -> None:
    both = {"diagnosis": ["stride-ignored", "kernel-rotated"], "details": ["", "about (0, 1)"]}
    key = ("torch", "conv", "F.conv")
    listed = causes_of(
        tmp_path,
        finding(**both),
        finding(case=1, **both),
        diagnosis_line(*key, "kernel-rotated", 2, 2, where="only when stride > 1"),
        diagnosis_line("torch", "conv", "another route", "kernel-rotated", 9, 9, where="only when groups > 1"),
    )
    assert [cause.explanation for cause in listed] == [("kernel-rotated", "")]
    assert (listed[0].where, listed[0].remedy) == ("only when stride > 1", "Exchange lo and hi of the padding.")
    said = "The result is moved by one along the last axis (kernel-rotated, by (0, 1)): 2 verdicts in conv"
    assert listed[0].sentence.startswith(said)


def test_conditions_of_several_routes_name_them(tmp_path: Path) -> None:
    lines = [finding(op, diagnosis=["kernel-rotated"]) for op in ("conv", "conv_transpose", "conv_input_grad")]
    wheres = {"conv": "only when stride > 1", "conv_transpose": "", "conv_input_grad": "only when groups > 1"}
    told = [diagnosis_line("torch", op, "F.conv", "kernel-rotated", 1, 1, where=where) for op, where in wheres.items()]
    (cause,) = causes_of(tmp_path, *lines, *told)
    assert cause.where == (
        "only when stride > 1 (conv F.conv); only when groups > 1 (conv_input_grad F.conv); "
        "without a condition on 1 route"
    )


def test_a_verdict_with_evidence_represents_its_cause(tmp_path: Path) -> None:
    (cause,) = causes_of(
        tmp_path,
        finding(error=1e9, diagnosis=["kernel-rotated"]),
        finding(case=1, error=5.0, diagnosis=["kernel-rotated"], script="assert False"),
        finding(case=2, error=2.0, diagnosis=["kernel-rotated"], script="assert False", smallest=smallest()),
    )
    assert [verdict.case for verdict in cause.verdicts] == [CASES[number]["id"] for number in (2, 1, 0)]


def test_numbers_do_not_depend_on_the_order_of_the_record(tmp_path: Path) -> None:
    lines = list(SyntheticRun(cases=12, wrong_share=0.05).lines())
    (tmp_path / "shuffled").mkdir()
    verdicts = [line for line in lines if line["kind"] == "verdict"]
    Random(3).shuffle(verdicts)
    shuffled = [*(line for line in lines if line["kind"] in ("run", "case")), *verdicts]
    shuffled += [line for line in lines if line["kind"] == "diagnosis"]
    described = []
    for name, ordered in (("first.jsonl", lines), ("second.jsonl", shuffled)):
        with Writer(tmp_path / name) as writer:
            for line in ordered:
                writer.write(line)
        listed = causes.causes(record.read([tmp_path / name]))
        described.append([(cause.title, cause.adapter, cause.sentence, cause.representative.key) for cause in listed])
    assert described[0] == described[1]
    assert len(described[0]) > len(ROUTES)


def test_every_finding_belongs_to_one_cause(tmp_path: Path) -> None:
    records = record.read([SyntheticRun(cases=12, wrong_share=0.2).write(tmp_path / "run.jsonl")])
    keys = [verdict.key for cause in causes.causes(records) for verdict in cause.verdicts]
    assert len(keys) == len(set(keys)) == len(records.findings)
    assert set(keys) == {verdict.key for verdict in records.findings}


def test_known_causes_have_their_reason_and_count(tmp_path: Path) -> None:
    covered = {"known": KNOWN["name"], "finding": False}
    records = records_of(
        tmp_path,
        finding("conv_filter_grad", grade="low-precision", **covered),
        finding("conv_filter_grad", case=1, grade="low-precision", **covered),
        finding(grade="error", known="undeclared", finding=False),
    )
    assert [(known.name, known.reason, known.count) for known in causes.known_causes(records)] == [
        (KNOWN["name"], KNOWN["reason"], 2),
        ("undeclared", "", 1),
    ]
    assert list(causes.summary(records)) == ["known already: 2 causes in 3 verdicts"]


def test_the_terminal_has_a_few_lines_a_cause_and_never_many_of_one(tmp_path: Path) -> None:
    lines = everywhere("torch", "error", message="RuntimeError: no\nluck\x1b[31m")
    listed = list(causes.summary(records_of(tmp_path, *lines)))
    assert listed[0] == f"1 cause in {len(lines)} findings, the worst first:"
    assert listed[1].startswith("1. error: torch: An exception in place of an answer (RuntimeError: no luck")
    assert listed[2].startswith("   for instance conv F.conv ")
    assert len(listed) == 3
    assert all(line.isprintable() for line in listed)


def test_the_terminal_stops_after_twenty_causes(tmp_path: Path) -> None:
    names = [chr(ord("a") + number) for number in range(23)]
    lines = [finding(f"operation {name}", diagnosis=[f"mistake-{name}"]) for name in names]
    listed = list(causes.summary(records_of(tmp_path, *lines)))
    assert listed[0] == "23 causes in 23 findings, the worst first:"
    assert listed[-1] == "... and 3 causes more"
    assert len(listed) == 2 + 2 * causes.MOST_LINES


def test_a_record_without_findings_has_no_causes(tmp_path: Path) -> None:
    records = records_of(tmp_path, finding(grade="conformant"))
    assert causes.causes(records) == ()
    assert list(causes.summary(records)) == []
    assert causes.count_text(()) == "no findings"
