"""A run on one machine and on another: what is known there, what is stale, what is said of it."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from convformance import listing
from convformance.adapters import discovery
from convformance.adapters.contract import EVERYWHERE, Adapter, Array, KnownDivergence, Machines, route
from convformance.adapters.discovery import Selection
from convformance.options import RunOptions
from convformance.processes.machine import Machine
from convformance.reference.problem import Problem
from convformance.reports.lines import Verdict
from convformance.running import identity, status, summary
from convformance.running.questions import Question, Scope
from convformance.running.session import Session
from tests import machines
from tests.processes.computers import AMX, ARM, AVX2, AVX512, INTEL, LIMITED, WITHOUT_BFLOAT16

BELOW = Machines("x86-64 without AVX-512", lambda machine: not machine.has("avx512bw", "onednn"))
NARROW = KnownDivergence(
    "narrow", "It sums in 16 bits.", "every case", ("wrong",), machines=BELOW, versions=("2.1", None)
)


class Asked(Adapter):
    """Wrong where it is without AVX-512, and known to be."""

    name = "asked"
    known_divergences = (NARROW,)
    kinds_seen = (AVX512.kind, AVX2.kind)
    looked_at = "2.3.0"
    running: ClassVar[str] = "2.3.0"

    @route("conv")
    def direct(self, problem: Problem, x: Array, w: Array) -> Any:
        raise NotImplementedError

    @classmethod
    def version(cls) -> str:
        return cls.running


SELECTION = Selection(Asked, {}, "asked")


def question() -> Question:
    scope = Scope.of(RunOptions(tier="smoke", filters={"op": ("conv",), "dtype": ("float32",)}))
    return scope.questions([SELECTION])[0]


def verdict(grade: str = "wrong", known: str | None = None) -> Verdict:
    return replace(Verdict.without_answer(question().key, grade, ""), known=known, finding=not known)


def on(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (discovery, summary):
        monkeypatch.setattr(module, "this_machine", lambda: machine)


@pytest.mark.parametrize(("machine", "known"), [(AVX2, "narrow"), (LIMITED, "narrow"), (AVX512, None), (AMX, None)])
def test_what_is_known_on_one_machine_is_a_finding_on_another(
    machine: Machine, known: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    on(machine, monkeypatch)
    classified = status.classify(verdict(), question(), SELECTION)
    assert (classified.known, classified.finding) == (known, known is None)


NOT_SEEN = replace(AVX2, features=(*AVX2.features, "avx_vnni"))


@pytest.mark.parametrize(("machine", "stale"), [(AVX2, ["narrow"]), (AVX512, []), (NOT_SEEN, [])])
def test_stale_is_judged_only_where_the_machine_is_covered_and_its_kind_was_seen(
    machine: Machine, stale: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert NARROW.machines.when(machine) == (machine is not AVX512)
    on(machine, monkeypatch)
    session = Session(RunOptions(tier="standard"), (SELECTION,), {}, Scope.of(RunOptions(tier="standard")))
    session.record(verdict("conformant"))
    session.close()
    assert [divergence.name for divergence in session.stale] == stale


@pytest.mark.parametrize(
    ("version", "versions", "covered"),
    [
        ("2.0.9", ("2.1", None), False),
        ("2.1.0", ("2.1", None), True),
        ("7.0+cpu", ("2.1", None), True),
        ("2.1.9", ("2.1", "2.2"), True),
        ("2.2.0", ("2.1", "2.2"), False),
        ("0.1", None, True),
    ],
)
def test_versions_end_only_where_one_is_known_to_be_without(
    version: str, versions: tuple[str, str | None] | None, covered: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Asked, "running", version)
    assert status.covers(replace(NARROW, versions=versions), question(), SELECTION, AVX2) == covered


@pytest.mark.parametrize(("version", "message"), [("2.3.0", ""), ("2.2.9", ""), ("2.4.0", "still so in 2.4.0")])
def test_what_persists_in_a_newer_version_is_still_so(
    version: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Asked, "running", version)
    line = status.divergence_line(SELECTION, NARROW, [verdict(known="narrow")], unfiltered=True)
    assert (line.message, line.stale) == (message, False)


def test_what_is_gone_in_a_newer_version_is_stale_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Asked, "running", "2.4.0")
    line = status.divergence_line(SELECTION, NARROW, [verdict("conformant")], unfiltered=True)
    assert line.stale
    assert "no longer diverges in 2.4.0" in line.message


def test_the_run_line_names_machine_and_device(monkeypatch: pytest.MonkeyPatch) -> None:
    on(LIMITED, monkeypatch)
    run = identity.identity(SELECTION, "smoke", 1)
    assert run.machine.kind == "x86-64 with AVX2"
    assert run.machine.features == LIMITED.features
    assert run.machine.variables["ONEDNN_MAX_CPU_ISA"] == "AVX2"
    assert (run.machine.cores, run.machine.memory) == (2, 8 * 10**9)
    assert run.known[0].machines == BELOW.covers
    assert run.known[0].versions == ("2.1",)
    assert not run.is_new_machine
    on(AVX512, monkeypatch)
    assert identity.identity(SELECTION, "smoke", 1).identity() != run.identity()


def session_with_a_finding() -> Session:
    session = Session(RunOptions(tier="smoke"), (SELECTION,), {}, Scope.of(RunOptions(tier="smoke")))
    session.record(verdict())
    return session


FIRST_RUN = "first run on this kind of machine"


def test_a_new_kind_of_machine_is_named_first_and_its_causes_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    on(ARM, monkeypatch)
    session = session_with_a_finding()
    assert f"machine: {ARM.phrase}" in summary.header_lines(session)
    first, second = list(summary.summary_lines(session))[:2]
    assert first == f"{FIRST_RUN} (Arm (aarch64) with Neon): 1 cause that was not seen on others"
    assert "--update-expected" in second


@pytest.mark.parametrize("machine", [AVX2, AVX512, INTEL])
def test_a_kind_that_was_seen_is_not_called_new_whoever_made_it(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    on(machine, monkeypatch)
    session = session_with_a_finding()
    assert session.findings
    assert FIRST_RUN not in "\n".join((*summary.header_lines(session), *summary.summary_lines(session)))


def test_a_new_kind_of_machine_without_findings_is_not_called_new(monkeypatch: pytest.MonkeyPatch) -> None:
    on(ARM, monkeypatch)
    session = Session(RunOptions(tier="smoke"), (SELECTION,), {}, Scope.of(RunOptions(tier="smoke")))
    session.record(verdict("conformant", known="narrow"))
    assert FIRST_RUN not in "\n".join((*summary.header_lines(session), *summary.summary_lines(session)))


def test_an_adapter_that_names_no_kinds_is_never_new() -> None:
    selection = Selection(type("Own", (Asked,), {"kinds_seen": ()}), {}, "own")
    assert not identity.is_new_machine(selection, ARM)
    assert identity.is_new_machine(SELECTION, ARM)


def test_what_persists_is_in_the_summary(monkeypatch: pytest.MonkeyPatch) -> None:
    on(AVX2, monkeypatch)
    monkeypatch.setattr(Asked, "running", "2.4.0")
    session = Session(RunOptions(tier="smoke"), (SELECTION,), {}, Scope.of(RunOptions(tier="smoke")))
    session.record(verdict(known="narrow"))
    session.close()
    assert "asked: known divergence narrow: still so in 2.4.0" in list(summary.summary_lines(session))


def test_the_list_of_adapters_names_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "this_machine", lambda: ARM)
    assert listing.adapters(routes=False)[-1] == f"machine: {ARM.phrase}"


def test_the_list_of_known_divergences_says_machines_and_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = replace(NARROW, name="ended", versions=("1.0", "2.0"), machines=EVERYWHERE)
    monkeypatch.setattr(Asked, "known_divergences", (NARROW, ended))
    monkeypatch.setattr(listing.discovery, "BUILT_IN", {"asked": ""})
    monkeypatch.setattr(listing.discovery, "adapter_class", lambda name: Asked)
    rows = [line for line in listing.known() if line.startswith("| `")]
    assert "from version 2.1 | x86-64 without AVX-512 | wrong |" in rows[0]
    assert "versions 1.0 to below 2.0 | all | wrong |" in rows[1]


def names(machine: Machine) -> list[str]:
    return [world.name for world in machines.worlds(machine)]


def test_a_machine_stands_for_those_with_less() -> None:
    narrower = ["with AVX2 at most", "TensorFlow without oneDNN"]
    assert names(AVX512) == ["as it is", "with AVX-512 but no bfloat16", *narrower]
    assert names(WITHOUT_BFLOAT16) == ["as it is", *narrower]
    assert names(AVX2) == ["as it is", "TensorFlow without oneDNN"]
    assert names(ARM) == ["as it is"]


def test_the_machines_that_are_stood_for_are_those_of_the_tables() -> None:
    assert replace(AVX512, variables=machines.AVX2).kind == LIMITED.kind == AVX2.kind
    assert replace(AVX512, variables=machines.AVX512).kind == WITHOUT_BFLOAT16.kind


def test_any_world_that_fails_fails_them_all(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[tuple[list[str], dict[str, str]]] = []

    def ran(argv: list[str], env: dict[str, str], check: bool) -> SimpleNamespace:
        asked.append((argv, env))
        return SimpleNamespace(returncode=int(env.get("TF_ENABLE_ONEDNN_OPTS") == "0"))

    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    monkeypatch.setenv("XLA_FLAGS", "--xla_flag")
    monkeypatch.setattr(machines, "this_machine", lambda: AVX512)
    monkeypatch.setattr(machines, "subprocess", SimpleNamespace(run=ran))
    assert machines.main(["--out", str(tmp_path)]) == 1
    assert "failed: TensorFlow without oneDNN" in capsys.readouterr().out
    assert asked[2][1]["XLA_FLAGS"] == "--xla_flag --xla_cpu_max_isa=AVX2"
    assert [argument for argument in asked[3][0] if argument.startswith("--adapter")] == ["--adapter=tensorflow"]
    assert machines.main(["--out", str(tmp_path), "--adapter", "torch"]) == 0
