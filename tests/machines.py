"""``python -m tests.machines``: ask every adapter of a default run on each kind of machine that this one can stand for.

A processor stands for one with fewer instruction sets where the libraries are kept from those, and TensorFlow for what
it is on an older processor where it is kept from oneDNN. A finding or a stale known divergence in any of them is a
failure.
"""

import os
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from convformance.adapters import discovery
from convformance.options import TIERS
from convformance.processes import environment
from convformance.processes.machine import Machine, this_machine

AVX512 = {
    "ONEDNN_MAX_CPU_ISA": "AVX512_CORE_VNNI",
    "XLA_FLAGS": "--xla_cpu_max_isa=AVX512_VNNI",
}
AVX2 = {
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "ATEN_CPU_CAPABILITY": "avx2",
    "XLA_FLAGS": "--xla_cpu_max_isa=AVX2",
}


@dataclass(frozen=True)
class World:
    """A kind of machine that can be had here: what is set for it, and the adapters it makes a difference to."""

    name: str
    variables: Mapping[str, str] = field(default_factory=dict)
    adapters: tuple[str, ...] = discovery.DEFAULT


def worlds(machine: Machine) -> list[World]:
    """Return the kinds of machines that ``machine`` can stand for, itself first."""
    possible = [World("as it is")]
    if machine.architecture == "x86_64":
        if machine.has("avx512_bf16"):
            possible.append(World("with AVX-512 but no bfloat16", AVX512))
        if machine.has("avx512f"):
            possible.append(World("with AVX2 at most", AVX2))
        possible.append(World("TensorFlow without oneDNN", {"TF_ENABLE_ONEDNN_OPTS": "0"}, ("tensorflow",)))
    return possible


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 when no run has a finding or a stale known divergence."""
    options = _options(arguments)
    failed = [world.name for world in worlds(this_machine()) if _run(world, options)]
    for name in failed:
        print(f"failed: {name}: see {_folder(name, options) / 'report.html'}")
    return 1 if failed else 0


def _options(arguments: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(
        "python -m tests.machines", description="The adapters of a default run on other kinds of machines."
    )
    parser.add_argument("--tier", choices=TIERS, default="smoke", help="stale is judged from standard on")
    parser.add_argument("--adapter", action="append", choices=discovery.DEFAULT, help="only this one; may be repeated")
    parser.add_argument("-n", dest="workers", default="2", help="worker processes (default: 2)")
    parser.add_argument("--out", type=Path, default=Path("out/machines"), help="folder of the reports")
    return parser.parse_args(arguments)


def _run(world: World, options: Namespace) -> int:
    """Run the suite in a world; return the exit status, 0 where it asks none of the adapters that are wanted."""
    adapters = [name for name in world.adapters if not options.adapter or name in options.adapter]
    if not adapters:
        return 0
    print(f"{world.name}: {', '.join(adapters)}", flush=True)
    argv = [sys.executable, "-m", "convformance", "run", "--tier", options.tier, "-n", options.workers]
    argv += [f"--adapter={name}" for name in adapters] + ["--out", str(_folder(world.name, options))]
    return subprocess.run(argv, env=_environment(world), check=False).returncode


def _environment(world: World) -> dict[str, str]:
    """Return the environment of a world; flags of XLA that are set already stay."""
    variables = dict(world.variables)
    if "XLA_FLAGS" in variables:
        variables["XLA_FLAGS"] = " ".join(filter(None, (os.environ.get("XLA_FLAGS"), variables["XLA_FLAGS"])))
    return {**environment.importing(), **variables}


def _folder(name: str, options: Namespace) -> Path:
    folder: Path = options.out / name.replace(" ", "-")
    return folder


if __name__ == "__main__":
    sys.exit(main())
