"""Others: the cases that other projects test convolutions with, put to the zoo and to the garden.

A set is read from an installed package when it is asked for: shapes, numbers, what is expected and how that is compared
are the package's own. A member answers the samples of a set one after another, as it would in a run of that project's
tests. A set catches a defect where one of its samples is rejected that no direct implementation of the garden is
rejected by; a sample that rejects those as well tells nothing.
"""

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from convformance.reference.problem import Problem
from convformance.test_cases.case import DTYPES
from tests.zoo import mutants
from tests.zoo.matrix import RIGHT, How, plan, questions, records
from tests.zoo.member import Array, Arrays, Member, Run

LISTABLE = 1_000_000  # products that a member of the garden's family ``order`` is asked to add up


@dataclass(frozen=True)
class Call:
    """One convolution that a sample asks for, in canonical layout."""

    operation: str
    problem: Problem
    arrays: Arrays
    bias: Array | None = None

    def answer(self, run: Run) -> Array:
        """Return what ``run`` answers to copies of the operands; a result of another kind is an error."""
        bias = None if self.bias is None else self.bias.copy()
        return run(self.operation, self.problem, tuple(array.copy() for array in self.arrays), bias)


@dataclass(frozen=True)
class Sample:
    """A test of another project: its name, the operations that it calls, how many products one call of them has.

    ``check`` raises where an implementation is not what the test wants.
    """

    name: str
    operations: tuple[str, ...]
    products: int
    check: Callable[[Run], Any]


@dataclass(frozen=True)
class Source:
    """Where a set comes from: the module that reads it, what must be installed for that, and a sentence on it."""

    name: str
    module: str
    needs: tuple[str, ...]
    says: str

    def missing(self) -> str:
        """Return why the set cannot be read here, or nothing."""
        return ", ".join(f"{name} is not installed" for name in self.needs if not _is_installed(name))

    def samples(self) -> list[Sample]:
        """Return the samples of the set."""
        listed: Callable[[], Iterable[Sample]] = getattr(import_module(f"tests.zoo.{self.module}"), self.name)
        return list(listed())


def _is_installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


SOURCES = (
    Source("onnx_nodes", "others_onnx", ("onnx.backend.test",), "ONNX: node tests of Conv, ConvTranspose, ConvInteger"),
    Source("onnx_models", "others_onnx", ("onnx.backend.test",), "ONNX: models converted from PyTorch's tests"),
    Source(
        "torch_operators",
        "others_torch",
        ("torch.testing._internal", "expecttest"),
        "PyTorch: the operators' samples (`OpInfo`), values and first derivatives",
    ),
    Source(
        "torch_modules",
        "others_torch",
        ("torch.testing._internal", "expecttest"),
        "PyTorch: the modules' samples (`ModuleInfo`, `module_tests`), values and first derivatives",
    ),
    Source(
        "jax_harnesses",
        "others_jax",
        ("jax._src.internal_test_util",),
        "JAX: the harnesses of `conv_general_dilated`",
    ),
    Source(
        "keras_layers",
        "others_keras",
        ("keras.src.layers.convolutional.conv_test",),
        "Keras: the tests of the convolutional layers' numbers",
    ),
)


@dataclass(frozen=True)
class Asked:
    """What became of one member on a set: how many samples it was asked, and the names of those that rejected it."""

    member: Member
    samples: int
    rejected: tuple[str, ...]


@dataclass(frozen=True)
class Finding:
    """What a set, or a tier of this suite, finds: figures over the zoo and the garden.

    ``askable`` counts the defects in an operation that it asks for, ``answers`` those of the garden's direct
    implementations; ``seconds`` are CPU time, until each defect is caught or has been asked everything.
    """

    name: str
    says: str
    samples: int
    askable: int
    caught: tuple[str, ...]
    answers: int
    rejected: int
    seconds: float


def finding(source: Source, zoo: Sequence[Member], garden: Sequence[Member]) -> Finding:
    """Return what the samples of ``source`` find; what their preparation takes is not counted."""
    samples = source.samples()
    right = [asked(member, samples) for member in garden if member.grade == RIGHT]
    deaf = {name for record in right for name in record.rejected}
    started = time.process_time()
    caught = tuple(member.name for member in zoo if catches(samples, member, deaf))
    seconds = time.process_time() - started
    return Finding(
        source.name,
        source.says,
        len(samples),
        sum(any(_has(member, sample) for sample in samples) for member in zoo),
        caught,
        sum(record.samples for record in right),
        sum(len(record.rejected) for record in right),
        seconds,
    )


def asked(member: Member, samples: Sequence[Sample]) -> Asked:
    """Return what became of ``member`` on the samples that call one of its operations, asked in order."""
    run = completed(member)
    own = [sample for sample in samples if _has(member, sample)]
    return Asked(member, len(own), tuple(sample.name for sample in own if _is_rejected(sample, run)))


def catches(samples: Sequence[Sample], member: Member, deaf: Collection[str]) -> bool:
    """Whether ``member`` is rejected by a sample that is not ``deaf``; after the first it is asked no more."""
    run = completed(member)
    own = (sample for sample in samples if _has(member, sample))
    return any(_is_rejected(sample, run) and sample.name not in deaf for sample in own)


def _has(member: Member, sample: Sample) -> bool:
    """Whether ``member`` is asked ``sample``; those that write every product down are not asked millions of them."""
    listable = member.family != "order" or sample.products <= LISTABLE
    return listable and bool(set(sample.operations) & set(member.operations))


def completed(member: Member) -> Run:
    """Return ``member`` as it is before its first call, with right answers to the operations that it lacks."""
    own = member.start()

    def run(operation: str, problem: Problem, arrays: Arrays, bias: Array | None) -> Array:
        answer = own if operation in member.operations else mutants.right
        return answer(operation, problem, arrays, bias)

    return run


def _is_rejected(sample: Sample, run: Run) -> bool:
    """Whether a sample's check fails, or what it calls raises: either way its project's test would be red."""
    try:
        with np.errstate(all="ignore"):
            sample.check(run)
    except Exception:  # whatever a wrong implementation raises is what it is caught by
        return True
    return False


def own_finding(tier: str, zoo: Sequence[Member]) -> Finding:
    """Return what a tier of this suite finds on the same members; what it says of the garden has a table of its own."""
    everything = questions(tier, DTYPES)
    started = time.process_time()
    wrong = records(zoo, plan(zoo, everything), How(enough=1))
    seconds = time.process_time() - started
    caught = tuple(record.member.name for record in wrong if record.caught)
    says = f"this suite: the {tier} tier"
    return Finding(tier, says, len(everything), sum(bool(record.outcomes) for record in wrong), caught, 0, 0, seconds)
