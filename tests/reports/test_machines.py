"""The machine in records and reports: its fields, its lines, and two runs from different machines."""

from pathlib import Path

from convformance.reports import html, markdown, model, record, views
from convformance.reports.compare import Comparison, compare
from convformance.reports.lines import Run
from convformance.reports.machines import differences, format_machine, machine_lines
from convformance.reports.record import Records, Writer
from tests.reports.synthetic import Line, case_line, run_line, verdict_line

CASE = case_line("stride", 0)
NATIVE: Line = {
    "architecture": "x86_64",
    "processor": "AMD EPYC",
    "vendor": "AuthenticAMD",
    "microarchitecture": "zen4",
    "features": ["avx2", "avx512f"],
    "cores": 2,
    "memory": 8_000_000_000,
    "variables": {},
    "kind": "x86-64 with AVX-512",
    "device": {"name": "NVIDIA H100", "driver": "CUDA 13.0"},
}
OLD: Line = {**NATIVE, "processor": "AMD Ryzen", "features": ["avx2"], "kind": "x86-64 with AVX2", "device": {}}
LIMITED: Line = {**NATIVE, "kind": "x86-64 with AVX2", "variables": {"ONEDNN_MAX_CPU_ISA": "AVX2"}}


def records_of(path: Path, machines: dict[str, Line | None], grade: str, **changes: object) -> Records:
    """Return records of one verdict for each adapter, on its machine; None for a record that names none."""
    with Writer(path) as writer:
        writer.write(CASE)
        for label, machine in machines.items():
            named = {} if machine is None else {"machine": machine}
            writer.write(run_line(label, asked=1, routes={"conv": ["direct"]}, **named, **changes))
            writer.write(verdict_line(label, "conv", "direct", CASE["id"], "float32", grade))
    return record.read([path])


def compared(folder: Path, after: dict[str, Line | None], before: dict[str, Line | None]) -> Comparison:
    return compare(
        records_of(folder / "after.jsonl", after, "wrong"), records_of(folder / "before.jsonl", before, "conformant")
    )


def run_of(records: Records) -> Run:
    return records.runs["torch"].run


def test_a_record_keeps_every_field_of_the_machine(tmp_path: Path) -> None:
    machine = run_of(records_of(tmp_path / "run.jsonl", {"torch": NATIVE}, "wrong")).machine
    assert machine.features == ("avx2", "avx512f")
    assert (machine.cores, machine.memory, machine.kind) == (2, 8_000_000_000, "x86-64 with AVX-512")
    assert machine.device == {"name": "NVIDIA H100", "driver": "CUDA 13.0"}


def test_an_older_record_names_no_machine_and_is_read_as_before(tmp_path: Path) -> None:
    records = records_of(tmp_path / "run.jsonl", {"torch": None}, "wrong")
    assert not records.problems
    assert format_machine(run_of(records)) == ""


def test_a_machine_that_cannot_be_read_is_noted_and_the_run_kept(tmp_path: Path) -> None:
    records = records_of(tmp_path / "run.jsonl", {"torch": {**NATIVE, "cores": "many"}}, "wrong")
    assert "cores" in str(records.problems[0])
    assert run_of(records).machine.architecture == ""
    assert len(records.verdicts) == 1


def test_the_lines_say_all_of_the_machine(tmp_path: Path) -> None:
    run = run_of(records_of(tmp_path / "run.jsonl", {"torch": {**LIMITED, "device": {}}}, "wrong"))
    assert machine_lines(run) == [
        ("machine", "AMD EPYC (x86-64 with AVX2), zen4, 2 cores, 8.0 GB"),
        ("instruction sets", "avx2 avx512f"),
        ("variables", "ONEDNN_MAX_CPU_ISA=AVX2"),
    ]


def test_page_and_summary_name_the_machine(tmp_path: Path) -> None:
    records = records_of(tmp_path / "run.jsonl", {"torch": LIMITED}, "wrong")
    page, summary = html.page(model.summarise(records)), markdown.summary(model.summarise(records))
    for part in ("AMD EPYC (x86-64 with AVX2), zen4, 2 cores, 8.0 GB", "avx2 avx512f"):
        assert part in page
        assert part in summary
    assert "ONEDNN_MAX_CPU_ISA=AVX2" in page
    assert "ONEDNN\\_MAX\\_CPU\\_ISA=AVX2" in summary


def test_the_page_begins_with_the_machine_and_with_who_ran_where_if_there_are_two(tmp_path: Path) -> None:
    alike: dict[str, Line | None] = {"jax": OLD, "torch": OLD}
    one = model.summarise(records_of(tmp_path / "one.jsonl", alike, "wrong"))
    assert views.machines(one) == ["On AMD Ryzen (x86-64 with AVX2), zen4, 2 cores, 8.0 GB."]
    mixed: dict[str, Line | None] = {"jax": OLD, "scipy": None, "torch": {**LIMITED, "device": {}}}
    two = model.summarise(records_of(tmp_path / "two.jsonl", mixed, "wrong"))
    assert views.machines(two) == [
        "On AMD Ryzen (x86-64 with AVX2), zen4, 2 cores, 8.0 GB: jax.",
        "On AMD EPYC (x86-64 with AVX2), zen4, 2 cores, 8.0 GB; ONEDNN_MAX_CPU_ISA=AVX2: torch.",
    ]
    page = html.page(two)
    assert page.index(views.machines(two)[1]) < page.index('<dl class="tiles">')


def test_runs_of_two_machines_stay_two(tmp_path: Path) -> None:
    records_of(tmp_path / "a.jsonl", {"torch": NATIVE}, "wrong")
    records_of(tmp_path / "b.jsonl", {"torch": OLD}, "wrong")
    assert len(record.read([tmp_path / "a.jsonl", tmp_path / "b.jsonl"]).runs) == 2


def test_a_first_run_on_a_kind_of_machine_says_so(tmp_path: Path) -> None:
    records = records_of(tmp_path / "run.jsonl", {"torch": NATIVE}, "wrong", is_new_machine=True)
    page, summary = html.page(model.summarise(records)), markdown.summary(model.summarise(records))
    sentence = "First run on this kind of machine (x86-64 with AVX-512): 1 cause that was not seen on others; "
    assert sentence in page
    assert sentence in summary.replace("\\", "")
    assert "update-expected" in page


def test_adapters_on_one_new_kind_of_machine_share_a_sentence_and_what_is_right_has_none(tmp_path: Path) -> None:
    machines: dict[str, Line | None] = {"jax": NATIVE, "scipy": NATIVE, "torch": OLD}
    found = model.summarise(records_of(tmp_path / "found.jsonl", machines, "wrong", is_new_machine=True))
    assert [sentence.partition(" not seen")[0] for sentence in views.first_runs(found)] == [
        "First run on this kind of machine (x86-64 with AVX-512): 2 causes that were",
        "First run on this kind of machine (x86-64 with AVX2): 1 cause that was",
    ]
    right = model.summarise(records_of(tmp_path / "right.jsonl", machines, "conformant", is_new_machine=True))
    assert views.first_runs(right) == []


def test_what_differs_between_two_machines_is_named(tmp_path: Path) -> None:
    after = run_of(records_of(tmp_path / "a.jsonl", {"torch": OLD}, "wrong"))
    before = run_of(records_of(tmp_path / "b.jsonl", {"torch": NATIVE}, "wrong"))
    assert list(differences(before, after)) == [
        ("kind of machine", "x86-64 with AVX-512", "x86-64 with AVX2"),
        ("processor", "AMD EPYC", "AMD Ryzen"),
        ("device", "driver=CUDA 13.0 name=NVIDIA H100", "none"),
        ("instruction sets", "also avx512f", "none of those"),
    ]


def test_a_comparison_says_first_that_the_machines_differ(tmp_path: Path) -> None:
    comparison = compared(tmp_path, {"torch": LIMITED}, {"torch": NATIVE})
    sentence = comparison.machine_sentence
    assert sentence.startswith("The two runs are from different machines")
    assert sentence.endswith("kind of machine, variables differ.")
    report = model.summarise(record.read([tmp_path / "after.jsonl"]))
    page, summary = html.page(report, comparison), markdown.summary(report, comparison)
    section = summary[summary.index("## Against the baseline") :]
    assert section.index("different machines") < section.index("Verdicts:")
    assert page.index(sentence) < page.index("What changed about the runs")


def test_changes_are_grouped_by_whether_the_machine_differs(tmp_path: Path) -> None:
    comparison = compared(tmp_path, {"scipy": NATIVE, "torch": OLD}, {"scipy": NATIVE, "torch": NATIVE})
    assert [(group.adapter, group.is_other_machine) for group in comparison.changed] == [
        ("torch", True),
        ("scipy", False),
    ]
    report = model.summarise(record.read([tmp_path / "after.jsonl"]))
    page, summary = html.page(report, comparison), markdown.summary(report, comparison)
    assert summary.index("### Changed, on another machine") < summary.index("### Changed\n")
    assert page.index("<h3>Changed, on another machine</h3>") < page.index("<h3>Changed</h3>")


def test_one_machine_or_one_that_is_not_named_makes_no_difference(tmp_path: Path) -> None:
    assert compared(tmp_path, {"torch": NATIVE}, {"torch": NATIVE}).machines == ()
    assert compared(tmp_path, {"torch": NATIVE}, {"torch": None}).machines == ()
