"""The frameworks' compilation caches: off unless asked for, never the folder of another flag, version or machine."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from convformance.adapters import caching
from convformance.adapters.contract import Adapter
from convformance.adapters.jax import Jax
from convformance.adapters.onnxruntime import Onnxruntime
from convformance.options import RunOptions
from convformance.processes.machine import this_machine
from convformance.reports import record, views
from convformance.reports.model import summarise
from convformance.running.session import session_of

ROOT = Path(__file__).resolve().parents[2]
ASK = """
import numpy as np
from convformance.adapters import discovery
from convformance.reference.problem import Problem
adapter = discovery.load("jax").create()
route = next(route for route in adapter.routes() if route.operation == "conv")
problem = Problem.of(input_size=(5, 4), kernel_size=2)
print(adapter.answer(route, problem, (np.ones((1, 1, 5, 4), "f4"), np.ones((1, 1, 2, 2), "f4"))).value.sum())
"""


class Caching(Adapter):
    """Has a cache of its own, which one variable switches on."""

    name = "caching"
    compile_cache: ClassVar[Mapping[str, str]] = {"MY_CACHE_FOLDER": "{folder}/mine"}


@pytest.fixture(autouse=True)
def _read_again(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv(caching.VARIABLE, raising=False)
    monkeypatch.delenv("MY_CACHE_FOLDER", raising=False)
    for function in (caching._flags, caching._processor, caching._versions):
        function.cache_clear()
    yield
    for function in (caching._flags, caching._processor):
        function.cache_clear()


def folder(monkeypatch: pytest.MonkeyPatch, root: Path, **flags: str) -> Path | None:
    """Return the folder under ``root`` with some environment variables set."""
    monkeypatch.setenv(caching.VARIABLE, str(root))
    for name, value in flags.items():
        monkeypatch.setenv(name, value)
    caching._flags.cache_clear()
    return caching.folder_of(Caching)


def test_nothing_is_cached_unless_a_folder_was_asked_for() -> None:
    caching.switch_on(Caching)
    assert caching.folder_of(Caching) is None
    assert caching.state_of(Caching) == ""
    assert "MY_CACHE_FOLDER" not in os.environ


def test_an_adapter_that_names_no_variable_has_no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(caching.VARIABLE, str(tmp_path))
    caching.switch_on(Onnxruntime)
    assert caching.state_of(Onnxruntime) == ""
    assert list(tmp_path.iterdir()) == []


def test_the_variable_of_the_framework_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = folder(monkeypatch, tmp_path)
    assert own is not None
    caching.switch_on(Caching)
    assert os.environ["MY_CACHE_FOLDER"] == f"{own}/mine"
    assert own.is_dir()
    monkeypatch.delenv("MY_CACHE_FOLDER")


def test_a_list_of_flags_keeps_those_it_has_and_is_the_same_folder_in_a_process_below(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Caching, "compile_cache", {"TF_XLA_FLAGS": "--tf_xla_persistent_cache_directory={folder}"})
    own = folder(monkeypatch, tmp_path, TF_XLA_FLAGS="--mine=1")
    caching.switch_on(Caching)
    caching.switch_on(Caching)
    assert os.environ["TF_XLA_FLAGS"] == f"--mine=1 --tf_xla_persistent_cache_directory={own}"
    caching._flags.cache_clear()
    assert caching.folder_of(Caching) == own
    assert folder(monkeypatch, tmp_path, TF_XLA_FLAGS="--mine=2") != own


def test_another_flag_version_or_processor_is_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = folder(monkeypatch, tmp_path)
    again = folder(monkeypatch, tmp_path, JAX_COMPILATION_CACHE_DIR="elsewhere", HARMLESS="1")
    assert again == first
    folders = [first, folder(monkeypatch, tmp_path, XLA_FLAGS="--xla_cpu_max_isa=AVX2")]
    folders += [folder(monkeypatch, tmp_path, ONEDNN_MAX_CPU_ISA="AVX2")]
    folders += [folder(monkeypatch, tmp_path, ATEN_CPU_CAPABILITY="avx2")]
    folders += [folder(monkeypatch, tmp_path, NPY_DISABLE_CPU_FEATURES="AVX512F")]
    monkeypatch.setattr(Caching, "version", classmethod(lambda cls: "9.9"))
    folders += [folder(monkeypatch, tmp_path)]
    monkeypatch.setattr(caching, "_versions", lambda distribution: ("the compiler below 2",))
    folders += [folder(monkeypatch, tmp_path)]
    other = replace(this_machine(), features=this_machine().features[1:])
    monkeypatch.setattr(caching, "this_machine", lambda: other)
    caching._processor.cache_clear()
    folders += [folder(monkeypatch, tmp_path)]
    assert len(set(folders)) == 8


def test_a_cache_that_nobody_asked_for_is_switched_off_unless_the_user_wants_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Caching, "without_cache", {"MY_CACHE": "off"})
    monkeypatch.setenv("MY_CACHE", "user's")
    caching.switch_on(Caching)
    assert os.environ["MY_CACHE"] == "user's"
    monkeypatch.delenv("MY_CACHE")
    folder(monkeypatch, tmp_path)
    caching.switch_on(Caching)
    assert "MY_CACHE" not in os.environ
    monkeypatch.delenv(caching.VARIABLE)
    caching.switch_on(Caching)
    assert os.environ["MY_CACHE"] == "off"


def test_the_versions_are_those_of_what_a_framework_requires_too() -> None:
    pytest.importorskip("jaxlib")
    assert any(text.startswith("jaxlib ") for text in caching._versions("jax"))


def test_the_state_says_how_full_the_folder_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = folder(monkeypatch, tmp_path)
    assert own is not None
    assert caching.state_of(Caching) == f"{own.name}, empty"
    (own / "deep").mkdir(parents=True)
    (own / "deep" / "entry").write_text("")
    assert caching.state_of(Caching) == f"{own.name}, 1 files"


def test_the_record_and_the_report_say_which_cache_there_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("jax")
    monkeypatch.setenv(caching.VARIABLE, str(tmp_path / "cache"))
    path = tmp_path / "run.jsonl"
    session_of(RunOptions(("jax",), tier="smoke", record=path)).open()
    (run,) = summarise(record.read([path])).runs
    assert run.state.run.compile_cache == caching.state_of(Jax) != ""
    assert dict(views.identity(run))["mode"].endswith(f"; compile cache {run.state.run.compile_cache}")


def test_a_second_process_compiles_nothing_and_another_flag_everything(tmp_path: Path) -> None:
    pytest.importorskip("jax")

    def entries(**flags: str) -> set[Path]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), caching.VARIABLE: str(tmp_path), **flags}
        done = subprocess.run([sys.executable, "-c", ASK], env=environment, capture_output=True, text=True, check=True)
        assert float(done.stdout) == 4 * 12
        return set(tmp_path.rglob("*-cache"))

    first = entries()
    assert first
    assert entries() == first
    other = entries(XLA_FLAGS="--xla_cpu_enable_fast_min_max=false") - first
    assert {path.parent for path in other}.isdisjoint({path.parent for path in first})
    assert other


def test_the_option_travels_with_the_others(tmp_path: Path) -> None:
    argv = RunOptions(compile_cache=tmp_path).to_argv()
    assert f"--compile-cache={tmp_path}" in argv
    assert not any("compile-cache" in word for word in RunOptions().to_argv())
