"""Questions travel as files, answers come back, and the verdicts are those of a run."""

import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convformance.adapters.contract import Refusal
from convformance.adapters.discovery import load
from convformance.adapters.exchange import Entry, Folder, restored, stored
from convformance.reports import record
from convformance.reports.lines import Verdict
from convformance.test_cases import catalogue
from tests.exchange.asking import FEW, convformance

FEW_CASES = [option for option in FEW if option not in ("--dtype", "float32")] + ["--family", "memory"]
# An adapter whose answers are of every kind: right, narrow, wrong, refused.
ADAPTER = """
import ml_dtypes
import numpy as np
from convformance.adapters.contract import Adapter, Refusal, route
from convformance.reference import operations


class Mixed(Adapter):
    name = "mixed"

    @route("conv")
    def conv(self, problem, x, w):
        if problem.groups == 5:
            raise Refusal("five groups are not offered")
        if x.dtype == np.float32:
            return self.narrow(problem, x, w)
        y = operations.apply("conv", problem, x.astype(float), w.astype(float)).astype(x.dtype)
        return y[..., ::-1] if problem.groups == 2 else y

    def narrow(self, problem, x, w):
        halves = (array.astype("bfloat16").astype(float) for array in (x, w))
        return operations.apply("conv", problem, *halves).astype(np.float32)
"""
Verdicts = dict[tuple[str, str], Verdict]


def answer(folder: Path, spec: str) -> None:
    """Answer the questions of a folder as somebody elsewhere would: each file by itself, refusals in words."""
    adapter, selection = load(spec).create(), load(spec)
    for entry in Folder(folder).entries.values():
        file = folder / "answers" / f"{entry.name}.npz"
        file.parent.mkdir(parents=True, exist_ok=True)
        route = next(each for each in selection.routes if each.operation == entry.operation)
        problem = catalogue.case_by_id(entry.case).problem
        try:
            np.savez(
                file,
                **{fill: stored(adapter.answer(route, problem, arrays).value) for fill, arrays in asked(folder, entry)},
            )
        except Refusal as refusal:
            file.with_name(file.name.replace(".npz", ".json")).write_text(json.dumps({"refused": str(refusal)}))
    (folder / "answers" / "about.json").write_text(json.dumps({"name": "mixed", "target": "3.1", "device": "phone"}))


def asked(folder: Path, entry: Entry) -> Iterator[tuple[str, tuple[Any, ...]]]:
    with np.load(Folder(folder).question_file(entry)) as numbers:
        for fill in entry.fills:
            yield fill, tuple(restored(numbers[f"{fill}.{name}"], entry.dtype) for name in entry.operands)


def verdicts(file: Path) -> Verdicts:
    return {(verdict.case, verdict.dtype): verdict for verdict in record.read([file]).verdicts.values()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which questions were answered and judged, and asked of the same adapter by a run."""
    folder = tmp_path_factory.mktemp("exchange")
    (folder / "mixed.py").write_text(textwrap.dedent(ADAPTER))
    exported = convformance("export", "questions", *FEW_CASES, cwd=folder)
    assert exported.returncode == 0, exported.stderr
    answer(folder / "questions", str(folder / "mixed.py"))
    for name, command in {
        "judged": ("judge", "questions"),
        "run": ("run", "--adapter", "mixed.py", *FEW_CASES),
    }.items():
        done = convformance(*command, "--name", name, "-n", "2", cwd=folder)
        assert done.returncode in (0, 1), done.stdout + done.stderr
    return folder


def test_judge_gives_the_verdicts_of_a_run(folder: Path) -> None:
    judged, run = (verdicts(folder / "out" / f"{name}.jsonl") for name in ("judged", "run"))
    assert {verdict.grade for verdict in run.values()} == {"conformant", "low-precision", "wrong", "refused"}
    assert judged.keys() == run.keys()
    names = ("grade", "message", "exact", "error", "accumulator", "diagnosis", "worst", "spread", "finding")
    for key, verdict in run.items():
        assert [getattr(judged[key], name) for name in names] == [getattr(verdict, name) for name in names]


def test_what_is_exported_is_what_is_judged(folder: Path) -> None:
    exported = {(entry.case, entry.dtype) for entry in Folder(folder / "questions").entries.values()}
    assert exported == verdicts(folder / "out" / "judged.jsonl").keys()
    layouts = {catalogue.case_by_id(case).memory for case, _ in exported}
    assert layouts == {"contiguous", "sliced", "permuted"}


def test_who_answered_stands_in_the_record(folder: Path) -> None:
    (state,) = record.read([folder / "out" / "judged.jsonl"]).runs.values()
    assert (state.run.adapter, state.run.framework_version, state.run.device) == ("mixed", "3.1", "phone")


def test_the_truth_is_not_among_the_questions(folder: Path) -> None:
    for entry in Folder(folder / "questions").entries.values():
        with np.load(Folder(folder / "questions").question_file(entry)) as numbers:
            assert set(numbers.files) == {f"{fill}.{name}" for fill in entry.fills for name in entry.operands}


def test_what_is_not_answered_does_not_count_and_what_cannot_be_read_is_named(folder: Path, tmp_path: Path) -> None:
    questions = folder / "questions"
    few = tmp_path / "answers" / "conv"
    few.mkdir(parents=True)
    first, second, third, *_ = sorted((questions / "answers" / "conv").glob("ranks*float64.npz"))
    (few / first.name).write_bytes(first.read_bytes())
    (few / second.name).write_bytes(second.read_bytes()[:100])
    with np.load(third) as numbers:
        np.savez(few / third.name, **{name: numbers[name] for name in numbers.files if name != "xwide"})
    (few / "stranger.npz").write_bytes(b"")
    done = convformance("judge", str(questions), "--answers", str(tmp_path / "answers"), "-n", "1", cwd=tmp_path)
    assert done.returncode == 1
    assert "3 of" in done.stdout
    assert "stranger.npz belongs to no question" in done.stderr
    found = {case: verdict for (case, _), verdict in verdicts(tmp_path / "out" / "run.jsonl").items()}
    messages = {verdict.grade: verdict.message for verdict in found.values()}
    assert len(found) == 3
    assert any("cannot be read" in verdict.message and second.name in verdict.message for verdict in found.values())
    assert any("holds no array 'xwide'" in verdict.message for verdict in found.values()), messages


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("judge", "nowhere"), "index.jsonl cannot be read"),
        (("export", "."), "is not empty"),
        (("export", "new", "--op", "convolution"), "--op convolution is unknown"),
    ],
)
def test_what_cannot_be_used_is_a_usage_error(arguments: tuple[str, ...], sentence: str, tmp_path: Path) -> None:
    (tmp_path / "something").write_text("")
    done = convformance(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert sentence in done.stderr
