"""Known divergences are data, and data must be true to what it speaks of."""

from collections import Counter
from dataclasses import replace

import pytest

from convformance import listing
from convformance.adapters import discovery, known, known_tensorflow
from convformance.adapters.contract import EVERYWHERE, Adapter, KnownDivergence, UsageError
from convformance.adapters.known_devices import ON_PROCESSORS
from convformance.adapters.raw import raw_routes
from convformance.processes.machine import Machine
from convformance.reference.operation import OPERATIONS
from convformance.running.questions import Scope
from convformance.running.status import covers
from convformance.test_cases import catalogue
from tests.processes.computers import AMX, ARM, AVX2, AVX512, EVERY, GPU, LIMITED, WITHOUT_BFLOAT16, WITHOUT_ONEDNN

GRADES = {"low-precision", "componentwise", "norm-wise", "wrong", "crashed", "timed-out", "error", "accepted"}


def selections() -> list[discovery.Selection]:
    loaded = []
    for name in discovery.BUILT_IN:
        try:
            loaded.append(discovery.load(name))
        except UsageError:
            continue
    return loaded


def listed() -> list[tuple[type[Adapter], KnownDivergence]]:
    adapters = [selection.adapter_class for selection in selections()]
    return [(adapter, divergence) for adapter in adapters for divergence in adapter.known_divergences]


@pytest.mark.parametrize(("adapter", "divergence"), listed(), ids=lambda value: getattr(value, "name", None))
def test_a_known_divergence_names_what_exists(adapter: type[Adapter], divergence: KnownDivergence) -> None:
    assert set(divergence.grades) <= GRADES
    assert divergence.grades
    assert set(divergence.operations) <= set(OPERATIONS)
    assert set(divergence.routes) <= {route.name for route in (*adapter.routes(), *raw_routes(adapter))}
    assert set(divergence.raw) <= set(divergence.routes)
    assert set(divergence.modes) <= set(adapter.options)
    assert divergence.reason.endswith(".")
    assert divergence.link == "" or divergence.link.startswith("https://")


def test_names_are_unique_within_an_adapter() -> None:
    for selection in selections():
        names = Counter(divergence.name for divergence in selection.adapter_class.known_divergences)
        assert not [name for name, count in names.items() if count > 1]


@pytest.mark.parametrize("name", [selection.label for selection in selections()])
def test_a_known_divergence_covers_something_that_is_asked_and_not_everything(name: str) -> None:
    default = discovery.load(name)
    questions = Scope(catalogue.all_cases()).questions([default])
    for divergence in default.adapter_class.known_divergences:
        selection = replace(default, mode={**default.mode, **divergence.modes})
        machine = next(machine for machine in EVERY if divergence.machines.when(machine))
        covered = sum(covers(divergence, question, selection, machine) for question in questions)
        assert 0 < covered < len(questions), divergence.name


def names_on(machine: Machine, divergences: tuple[KnownDivergence, ...]) -> set[str]:
    """Return the names of those that differ from machine to machine and are so on this one."""
    differing = [each for each in divergences if each.machines not in (EVERYWHERE, ON_PROCESSORS)]
    return {each.name for each in differing if each.machines.when(machine)}


def test_what_torch_does_without_avx512_is_known_there_alone() -> None:
    names = {
        "bfloat16-gradients-sum-in-bfloat16",
        "bfloat16-bias-gradient-sums-in-bfloat16",
    }
    with_avx512 = {"bfloat16-output-padding-past-the-stride"}
    with_bfloat16 = {"bfloat16-inserted-zeros-spread-nan", "subnormal-operands-as-zero", *with_avx512}
    assert [names_on(machine, known.TORCH) for machine in (AVX512, WITHOUT_BFLOAT16)] == [with_bfloat16, with_avx512]
    assert [names_on(machine, known.TORCH) for machine in (LIMITED, AVX2, ARM)] == [names, names, set()]


def test_what_tensorflow_does_depends_on_onednn_and_its_limit() -> None:
    with_onednn, without = "empty-result-keeps-the-input-shape", "bfloat16-sums-in-bfloat16-without-onednn"
    native, limited = names_on(AVX512, known_tensorflow.TENSORFLOW), names_on(LIMITED, known_tensorflow.TENSORFLOW)
    always = {with_onednn, "grouped-filter-gradient-unwritten", "fused-rectifier-swallows-nan"}
    of_bfloat16 = {"bfloat16-group-spreads-nan", "bfloat16-inserted-zeros-spread-nan", "strided-point-crash"}
    assert native == {*always, *of_bfloat16, "wide-input-gradient-reads-past-the-end"}
    assert names_on(WITHOUT_BFLOAT16, known_tensorflow.TENSORFLOW) == always
    assert limited == {*always, "bfloat16-without-a-kernel", "strided-point-filter-gradient-crash"}
    assert names_on(WITHOUT_ONEDNN, known_tensorflow.TENSORFLOW) == names_on(AVX2, known_tensorflow.TENSORFLOW)
    assert without in names_on(AVX2, known_tensorflow.TENSORFLOW)
    assert names_on(ARM, known_tensorflow.TENSORFLOW) == set()


def test_what_a_gpu_does_is_known_there_alone() -> None:
    chosen = {"products-in-tfloat32", "inexact-filter-gradient"}
    torch = {*chosen, "bias-after-rounding", "sums-partly-in-16-bits", "empty-image-with-padding"}
    assert names_on(GPU, known.TORCH) == torch
    own = {"minus-infinity-gives-zero", "integers-end-in-an-internal-error", "bias-after-rounding-on-gpus"}
    assert names_on(GPU, known.JAX) == chosen | own
    assert names_on(GPU, known_tensorflow.TENSORFLOW) == set()
    older = replace(GPU, device={**GPU.device, "capability": "7.5"})
    assert names_on(older, known.TORCH) == torch - {"products-in-tfloat32"}
    assert not any(each.machines is ON_PROCESSORS and each.machines.when(GPU) for _, each in listed())


@pytest.mark.parametrize("choice", ["1", "true"])
def test_onednn_can_be_asked_for_where_tensorflow_would_not_use_it(choice: str) -> None:
    machine = replace(AVX2, variables={"TF_ENABLE_ONEDNN_OPTS": choice})
    assert "bfloat16-sums-in-bfloat16-without-onednn" not in names_on(machine, known_tensorflow.TENSORFLOW)
    assert "empty-result-keeps-the-input-shape" in names_on(machine, known_tensorflow.TENSORFLOW)


def test_machines_are_said_in_words() -> None:
    for adapter, divergence in listed():
        assert (divergence.machines is EVERYWHERE) == (not divergence.machines.covers), (adapter, divergence.name)
        assert divergence.machines is EVERYWHERE or any(map(divergence.machines.when, EVERY))


def test_the_kinds_seen_are_those_of_the_machines_that_were_looked_at() -> None:
    assert {machine.kind for machine in EVERY} - {AMX.kind, ARM.kind, GPU.kind} == set(known.KINDS_SEEN)
    assert not {AMX.kind, ARM.kind, GPU.kind} & set(known.KINDS_SEEN)
    assert (AMX.kind, GPU.kind) == (known.AMX, known.HOPPER)


def test_every_built_in_adapter_says_what_was_looked_at() -> None:
    for selection in selections():
        assert set(selection.kinds_seen) >= set(known.KINDS_SEEN)
        assert selection.looked_at[0].isdigit()


def test_the_command_line_lists_every_divergence_with_its_reason() -> None:
    rows = [line for line in listing.known() if line.startswith("| `")]
    every = [each for name in discovery.BUILT_IN for each in discovery.adapter_class(name).known_divergences]
    assert len(rows) == len(every)
    assert all(f"| `{each.name}` | {each.reason}" in row for row, each in zip(rows, every, strict=True))
