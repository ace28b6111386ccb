"""What is known to diverge, with the script that shows it and the kind of machine it is shown on."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from convformance.adapters import discovery
from convformance.adapters.contract import Adapter, KnownDivergence
from convformance.adapters.discovery import Selection
from convformance.processes.machine import Machine, this_machine
from convformance.running.status import in_versions
from tests.machines import World, worlds

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "findings.md"
FOLDER = ROOT / "docs" / "findings"
LONGEST = 30  # lines of a script
# Known divergences that layers have from what they run on, where no script of their own was found.
_OF_JAX = (
    "grouped-filter-gradient-spreads-nan",
    "grouped-filter-gradient-of-all-pairs",
    "crop-and-pad-reads-past-the-end",
)
_OF_BACK_ENDS = (
    "torch-bfloat16-gradients-sum-in-bfloat16",
    "torch-float16-bias-gradient-sums-in-float16",
    "torch-bfloat16-bias-gradient-sums-in-bfloat16",
    "torch-bfloat16-output-padding-past-the-stride",
    "torch-bfloat16-inserted-zeros-spread-nan",
    "torch-channels-last-axis-of-one-crash",
    "torch-bfloat16-unwritten-with-amx",
    "torch-bfloat16-infinity-gives-nan-with-amx",
    "jax-grouped-filter-gradient-spreads-nan",
    "jax-grouped-filter-gradient-of-all-pairs",
    "jax-crop-and-pad-reads-past-the-end",
    "tensorflow-subnormal-operands-as-zero",
    "tensorflow-empty-result-keeps-the-input-shape",
    "tensorflow-empty-filter-gradient-unwritten",
    "tensorflow-conv3d-transposed-groups",
    "tensorflow-conv3d-transposed-groups-without-onednn",
    "tensorflow-grouped-filter-gradient-unwritten",
    "tensorflow-bfloat16-inserted-zeros-spread-nan",
    "tensorflow-float16-special-values-summed-in-float16",
    "tensorflow-bfloat16-group-spreads-nan",
    "tensorflow-float16-sums-in-float16",
    "tensorflow-bfloat16-gradients-sum-in-bfloat16",
    "tensorflow-bfloat16-without-a-kernel",
    "tensorflow-strided-point-filter-gradient-crash",
)
# Why there is no script, where there is none.
_OF_MEMORY = "what lies in memory decides, and nothing small shows it every time"
_BELOW = "of the library below it, whose own part of this page has what there is"
_NOT_SMALL = "none of the questions that were asked again shows it with few numbers"
WITHOUT: dict[str, str] = {
    "torch/bfloat16-bias-gradient-sums-in-bfloat16": _NOT_SMALL,
    "torch/float16-filter-gradient-wants-contiguous": _NOT_SMALL,
    "torch/bfloat16-unwritten-with-amx": _OF_MEMORY,
    "torch/sums-partly-in-16-bits": _NOT_SMALL,
    "torch/inexact-filter-gradient": _NOT_SMALL,
    "tensorflow/grouped-filter-gradient-unwritten": _OF_MEMORY,
    "tensorflow/bfloat16-inserted-zeros-spread-nan": _NOT_SMALL,
    "tensorflow/float16-special-values-summed-in-float16": _NOT_SMALL,
    "tensorflow/bfloat16-gradients-sum-in-bfloat16": _NOT_SMALL,
    "tensorflow/strided-point-filter-gradient-crash": _OF_MEMORY,
    "tensorflow/wide-input-gradient-reads-past-the-end": "it takes more than 65,536 channels",
    "jax/grouped-filter-gradient-spreads-nan": _NOT_SMALL,
    "jax/grouped-filter-gradient-of-all-pairs": "it takes more than 65,536 groups, and 69 GB",
    "jax/crop-and-pad-reads-past-the-end": _OF_MEMORY,
    "jax/second-derivative-spreads-nan": _NOT_SMALL,
    "jax/inexact-filter-gradient": _NOT_SMALL,
    "jax/minus-infinity-gives-zero": _NOT_SMALL,
    "jax/bias-after-rounding-on-gpus": _NOT_SMALL,
    "jax/integers-end-in-an-internal-error": _NOT_SMALL,
    "onnxruntime/no-input-channels": _OF_MEMORY,
    "keras/bias-gradient-sums-in-its-own-type": _NOT_SMALL,
    "opencv/gradient-with-nine-outputs-in-a-line": "the script of nine-taps-in-a-line shows the same call",
    "opencv/gradient-of-one-output-with-padding": "the script of pointwise-with-padding shows the same call",
    "opencv/empty-result": "it ends its process, or asks for more memory than there is",
    "executorch/float16-nan-becomes-minus-infinity": _NOT_SMALL,
    "executorch/channels-last-input-cannot-be-lowered": _NOT_SMALL,
    "executorch/empty-batch-ends-the-process": "it ends its process",
    "openvino/bias-after-rounding": _NOT_SMALL,
    "openvino/bfloat16-group-spreads-nan": _NOT_SMALL,
    "openvino/rectifier-swallows-nan": _NOT_SMALL,
    "tract/rectifier-swallows-nan": _NOT_SMALL,
    **{f"{library}/{name}": _BELOW for library in ("equinox", "flax") for name in _OF_JAX},
    **{f"keras/{name}": _BELOW for name in _OF_BACK_ENDS},
}


@dataclass(frozen=True)
class Entry:
    """A known divergence of an adapter."""

    adapter: type[Adapter]
    divergence: KnownDivergence

    @property
    def name(self) -> str:
        """Its name among those of all adapters, which is also that of its script's file."""
        return f"{self.adapter.name}/{self.divergence.name}"

    @property
    def path(self) -> Path:
        """Where its script lies, if there is one."""
        return FOLDER / f"{self.name}.py"

    @property
    def script(self) -> str | None:
        """The script that shows it, None where there is none."""
        return self.path.read_text(encoding="utf-8") if self.path.is_file() else None

    @property
    def why_none(self) -> str:
        """Why there is no script of it."""
        return WITHOUT.get(self.name, "")

    @property
    def spec(self) -> str:
        """The adapter in the mode that shows it, as ``--adapter`` names it."""
        modes = ",".join(f"{option}={value}" for option, value in self.divergence.modes.items() if not self._is_default)
        return f"{self.adapter.name}[{modes}]" if modes else self.adapter.name

    @property
    def _is_default(self) -> bool:
        return all(self.adapter.options[option][0] == value for option, value in self.divergence.modes.items())

    def world(self, machine: Machine | None = None) -> World | None:
        """Return the first kind of machine that it covers among those that ``machine`` can stand for, if there is."""
        machine = machine or this_machine()
        possible = (world for world in worlds(machine) if self._is_asked_in(world))
        return next((world for world in possible if self.divergence.machines.when(as_in(world, machine))), None)

    def _is_asked_in(self, world: World) -> bool:
        """Whether a world makes a difference; what only a name selects may run on any of the default ones."""
        return self.adapter.name in world.adapters or self.adapter.name not in discovery.DEFAULT

    def is_of(self, selection: Selection) -> bool:
        """Whether it speaks of the version of the framework that is installed."""
        return in_versions(selection.version, self.divergence.versions)


def as_in(world: World, machine: Machine) -> Machine:
    """Return the machine with what a world sets."""
    return replace(machine, variables={**machine.variables, **world.variables})


def entries() -> list[Entry]:
    """Return every known divergence of the built-in adapters, whether these are installed or not."""
    return list(_entries())


def _entries() -> Iterator[Entry]:
    for name in discovery.BUILT_IN:
        adapter = discovery.adapter_class(name)
        yield from (Entry(adapter, divergence) for divergence in adapter.known_divergences)
