"""Versions side by side, from records alone: since when each cause is seen, until when, and what is supported."""

from pathlib import Path

import pytest

from convformance.reports import html, model, record, version_texts, versions_markdown
from convformance.reports.record import Records, Writer
from convformance.reports.versions import ELSE, NOT_ASKED, RIGHT, SEEN, CauseHistory, History, histories
from tests.reports.synthetic import KNOWN, Line, case_line, run_line, verdict_line

CASES = [case_line("stride", number, operations=["conv"], dtypes=["float32"]) for number in range(6)]
END: Line = {"kind": "end", "complete": True, "verdicts": 6, "findings": 0, "seconds": 2.0}


def answers(grade: str, numbers: range = range(6), adapter: str = "jax", **changes: object) -> list[Line]:
    """Return verdicts of one grade on the cases of these numbers, conformant ones on the others."""
    return [
        verdict_line(
            adapter, "conv", "direct", case["id"], "float32", **({"grade": grade, **changes} if at in numbers else {})
        )
        for at, case in enumerate(CASES)
    ]


def written(folder: Path, version: str, lines: list[Line], adapter: str = "jax") -> Path:
    path = folder / f"{adapter}-{version}.jsonl"
    opening = run_line(adapter, asked=len(lines), routes={"conv": ["direct"]}, framework_version=version)
    with Writer(path) as writer:
        for line in (opening, *CASES, *lines, END):
            writer.write(line)
    return path


def extra(folder: Path, *lines: Line) -> Path:
    path = folder / "extra.jsonl"
    with Writer(path) as writer:
        for line in lines:
            writer.write(line)
    return path


def records_of(folder: Path, runs: dict[str, list[Line]], *lines: Line) -> Records:
    paths = [written(folder, version, verdicts) for version, verdicts in runs.items()]
    return record.read([*paths, extra(folder, *lines)] if lines else paths)


def history_of(folder: Path, runs: dict[str, list[Line]], *lines: Line) -> History:
    (history,) = histories(records_of(folder, runs, *lines))
    return history


def offered(*versions: str) -> Line:
    return {"kind": "offered", "adapter": "jax", "versions": list(versions)}


CLEAN = answers("conformant")


def broken(message: str = "no kernel for that", **changes: object) -> list[Line]:
    return answers("error", range(2), message=message, **changes)


def only(history: History) -> CauseHistory:
    (cause,) = history.causes
    return cause


def texts(history: History) -> tuple[str, str]:
    return version_texts.since(history, only(history)), version_texts.until(history, only(history))


def test_versions_are_ordered_by_number_and_need_not_be_read_in_order(tmp_path: Path) -> None:
    history = history_of(tmp_path, {"0.10.0": CLEAN, "0.9.1": broken(), "0.2.0": CLEAN})
    assert [each.version for each in history.versions] == ["0.2.0", "0.9.1", "0.10.0"]
    assert only(history).states == {"0.2.0": RIGHT, "0.9.1": SEEN, "0.10.0": RIGHT}


def test_the_version_before_and_the_version_after_are_named(tmp_path: Path) -> None:
    runs = {"0.1.0": CLEAN, "0.2.0": broken(), "0.3.0": broken(), "0.4.0": CLEAN}
    history = history_of(tmp_path, runs, offered("0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.3.2", "0.4.0"))
    assert texts(history) == (
        "0.2.0 (right in 0.1.0)",
        "0.3.0 (right in 0.4.0, 2 versions between without an answer)",
    )
    assert only(history).boundaries == [("0.1.0", "0.2.0"), ("0.3.0", "0.4.0")]
    assert history.changed == history.causes


def test_without_an_index_nothing_is_said_of_what_lies_between(tmp_path: Path) -> None:
    history = history_of(tmp_path, {"0.1.0": CLEAN, "0.2.0": broken()})
    assert texts(history) == ("0.2.0 (right in 0.1.0, what lies between is not known)", "still in 0.2.0")


def test_a_cause_of_every_version_lasts(tmp_path: Path) -> None:
    history = history_of(tmp_path, {"0.1.0": broken(), "0.2.0": broken()})
    assert texts(history) == ("0.1.0 or earlier", "still in 0.2.0")
    assert (history.changed, history.lasting) == ((), history.causes)


def test_a_cause_that_comes_back_has_two_rows_of_versions(tmp_path: Path) -> None:
    history = history_of(tmp_path, {"1.0": broken(), "1.1": CLEAN, "1.2": broken()}, offered("1.0", "1.1", "1.2"))
    assert texts(history) == ("1.0 or earlier; 1.2 (right in 1.1)", "1.0 (right in 1.1); still in 1.2")


def test_a_message_that_is_reworded_is_the_same_cause(tmp_path: Path) -> None:
    history = history_of(tmp_path, {"0.1.0": broken("unsupported window"), "0.2.0": broken("cannot do windows")})
    assert only(history).counts == {"0.2.0": 2, "0.1.0": 2}
    assert "cannot do windows" in only(history).name, "the newest version names it"


def test_other_questions_are_another_cause(tmp_path: Path) -> None:
    elsewhere = answers("error", range(3, 6), message="cannot do windows")
    history = history_of(tmp_path, {"0.1.0": broken("unsupported window"), "0.2.0": elsewhere})
    assert len(history.causes) == 2
    assert all(cause.boundaries == [("0.1.0", "0.2.0")] for cause in history.causes)


def test_another_grade_is_another_cause(tmp_path: Path) -> None:
    history = history_of(tmp_path, {"0.1.0": broken(), "0.2.0": answers("wrong", range(2))})
    assert {cause.grade for cause in history.causes} == {"wrong", "error"}
    assert all(ELSE in cause.states.values() for cause in history.causes)
    assert not history.changed, "a version with another cause on the same questions does not say that the first is gone"


def test_what_is_known_in_one_version_and_a_finding_in_an_older_one_is_one_cause(tmp_path: Path) -> None:
    known = answers("wrong", range(4), known=KNOWN["name"], finding=False)
    history = history_of(tmp_path, {"0.1.0": answers("wrong", range(3)), "0.2.0": known})
    cause = only(history)
    assert (cause.name, cause.is_known, cause.text) == (KNOWN["name"], True, KNOWN["reason"])
    assert cause.counts == {"0.2.0": 4, "0.1.0": 3}
    (cells,) = (cells for group, name, cells in history.features if name == "conv")
    assert [(cell.state, cell.right) for cell in cells.values()] == [("wrong", 3), ("wrong", 2)]


def test_a_refusal_is_said_and_what_was_not_asked_decides_nothing(tmp_path: Path) -> None:
    refused = answers("refused", range(2), message="not offered")
    runs = {"0.1.0": refused, "0.2.0": broken(), "0.3.0": answers("conformant")[2:], "0.4.0": CLEAN}
    history = history_of(tmp_path, runs, offered(*runs))
    assert only(history).states == {"0.1.0": "refused", "0.2.0": SEEN, "0.3.0": NOT_ASKED, "0.4.0": RIGHT}
    assert texts(history)[0] == "0.2.0 (refused in 0.1.0)"
    assert only(history).boundaries == [("0.1.0", "0.2.0"), ("0.2.0", "0.4.0")]


def test_a_refusal_that_came_is_listed_and_one_that_is_reworded_is_not(tmp_path: Path) -> None:
    pads = answers("refused", range(2), message="pads must not be negative")
    lasting = [answers("refused", range(4, 6), message=message)[4:] for message in ("not implemented", "not there")]
    runs = {"1.0": [*CLEAN[:4], *lasting[0]], "1.1": [*pads[:4], *lasting[1]]}
    history = history_of(tmp_path, runs, offered(*runs))
    (refusal,) = history.refusals
    assert refusal.name == "pads must not be negative"
    assert (refusal.counts, refusal.states) == ({"1.1": 2}, {"1.0": RIGHT, "1.1": SEEN})
    assert version_texts.since(history, refusal) == "1.1 (right in 1.0)"
    assert not history.causes
    page = versions_markdown.page(record.read(sorted(tmp_path.glob("*.jsonl"))))
    assert "### Refusals that came or went" in page
    assert "conv; float32" in page


def missing(version: str, reason: str) -> Line:
    return {"kind": "missing", "adapter": "jax", "framework_version": version, "reason": reason}


def test_a_version_that_could_not_be_asked_has_its_reason_everywhere(tmp_path: Path) -> None:
    reason = "it cannot be installed: numpy<2 | <b>"
    records = records_of(tmp_path, {"0.2.0": CLEAN}, missing("0.1.0", reason))
    (history,) = histories(records)
    assert [(each.version, each.label, each.reason) for each in history.versions] == [
        ("0.1.0", "", reason),
        ("0.2.0", "jax", ""),
    ]
    assert records.missing == {"jax 0.1.0": reason}
    page = versions_markdown.page(records)
    assert "- 0.1.0: it cannot be installed: numpy&#60;2 &#124; &#60;b&#62;" in page
    assert "numpy&lt;2 | &lt;b&gt;" in html.page(model.summarise(records))


def test_the_page_has_the_view_only_where_there_are_several_versions(tmp_path: Path) -> None:
    several = records_of(tmp_path, {"0.1.0": CLEAN, "0.2.0": broken()}, offered("0.1.0", "0.2.0"))
    page = html.page(model.summarise(several))
    assert 'id="tab-versions"' in page
    assert "0.2.0 (right in 0.1.0)" in page
    alone = record.read([tmp_path / "jax-0.1.0.jsonl"])
    assert 'id="tab-versions"' not in html.page(model.summarise(alone))
    assert histories(alone) == ()
    assert "not asked on more than one version" not in versions_markdown.page(several)
    assert "No adapter was asked on more than one version" in versions_markdown.page(alone)


def test_adapters_do_not_mix(tmp_path: Path) -> None:
    paths = [written(tmp_path, version, answers("error", range(2), name), name)
             for name in ("jax", "torch") for version in ("1.0", "1.1")]  # fmt: skip
    listed = histories(record.read(paths))
    assert [(each.adapter, [run.version for run in each.asked]) for each in listed] == [
        ("jax", ["1.0", "1.1"]),
        ("torch", ["1.0", "1.1"]),
    ]


def test_the_markdown_page_counts_what_each_version_answers(tmp_path: Path) -> None:
    records = records_of(tmp_path, {"0.1.0": CLEAN, "0.2.0": broken()}, offered("0.1.0", "0.2.0"))
    path = tmp_path / "versions.md"
    versions_markdown.write_versions(records, path)
    lines = path.read_text(encoding="utf-8").splitlines()
    (row,) = (line for line in lines if line.startswith("| 0.2.0 | 3.11.7 |"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    head = [cell.strip() for cell in next(line for line in lines if "asked | conformant" in line).strip("|").split("|")]
    counted = dict(zip(head, cells, strict=True))
    assert {name: counted[name] for name in ("asked", "conformant", "findings", "causes", "no answer")} == {
        "asked": "6",
        "conformant": "4",
        "findings": "2",
        "causes": "1",
        "no answer": "2",
    }
    (cause,) = (line for line in lines if line.startswith("| **error"))
    assert cause.endswith("| 0.2.0 (right in 0.1.0) | still in 0.2.0 | right | 2 |")
    assert any(line.startswith("| Operations: conv | yes | partly 4/6 |") for line in lines)


@pytest.mark.parametrize("version", ["unknown", "of today"])
def test_a_version_that_no_installer_reads_comes_first(tmp_path: Path, version: str) -> None:
    history = history_of(tmp_path, {"0.1.0": CLEAN, version: broken()})
    assert [each.version for each in history.versions] == [version, "0.1.0"]
