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
# Why there is no script, where there is none.
_OF_MEMORY = "what lies in memory decides, and nothing small shows it every time"
_NOT_SMALL = "none of the questions that were asked again shows it with few numbers"
WITHOUT: dict[str, str] = {
    "torch/bfloat16-bias-gradient-sums-in-bfloat16": _NOT_SMALL,
    "torch/float16-filter-gradient-wants-contiguous": _NOT_SMALL,
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
    "onnxruntime/no-input-channels": _OF_MEMORY,
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
        possible = (world for world in worlds(machine) if self.adapter.name in world.adapters)
        return next((world for world in possible if self.divergence.machines.when(as_in(world, machine))), None)

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
