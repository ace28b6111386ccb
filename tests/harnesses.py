"""Every harness of ``harnesses/``: built with the system's own tools, asked, and reported together.

    python -m tests.harnesses [--tier standard] [--only c --only go] [--out out/harnesses]

What is missing is installed with apt-get and npm. Exit status 1 for a finding or a stale expectation in any of them.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from convformance.processes.environment import ONE_THREAD, importing

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "harnesses"


@dataclass(frozen=True)
class Harness:
    """One harness: its folder, what it needs, how it is built and run; ``{out}`` is the folder for what is built.

    ``needs`` maps a file or a command that must be there to the package that has it, ``modules`` are npm's.
    """

    name: str
    needs: tuple[tuple[str, str], ...]
    build: tuple[str, ...]
    run: str
    modules: tuple[str, ...] = ()

    @property
    def expected(self) -> Path:
        """The file of what is known of it."""
        return FOLDER / self.name.partition("-")[0] / "conformance.toml"


_GCC = (("gcc", "gcc"), ("/usr/include/stdio.h", "libc6-dev"))  # which gcc recommends and does not need
_JSON = ("/usr/include/nlohmann/json.hpp", "nlohmann-json3-dev")
_DNNL = (("/usr/include/oneapi/dnnl/dnnl.hpp", "libdnnl-dev"), _JSON)
_TORCH = (("/usr/include/ATen/ATen.h", "libtorch-dev"), _JSON)
_XNNPACK = (("/usr/include/xnnpack.h", "libxnnpack-dev"), ("/usr/include/pthreadpool.h", "libpthreadpool-dev"), _JSON)
_NODE = (("node", "nodejs"), ("npm", "npm"))
_TFJS = ("@tensorflow/tfjs@4.22.0", "@tensorflow/tfjs-backend-wasm@4.22.0")

HARNESSES = (
    Harness("c", _GCC, ("gcc", "-O2", "-o", "{out}/c", "loops.c"), "{out}/c"),
    Harness(
        "rust", (("rustc", "rustc"),), ("rustc", "-O", "--edition=2021", "-o", "{out}/rust", "threads.rs"), "{out}/rust"
    ),
    Harness("go", (("go", "golang-go"),), ("go", "build", "-o", "{out}/go", "loops.go"), "{out}/go"),
    Harness(
        "fortran", (("gfortran", "gfortran"),), ("gfortran", "-O2", "-o", "{out}/fortran", "loops.f90"), "{out}/fortran"
    ),
    Harness("perl", (("/usr/bin/json_pp", "perl"),), (), f"perl {FOLDER}/perl/loops.pl"),  # JSON::PP comes with it
    Harness(
        "onednn",
        (("g++", "g++"), *_DNNL),
        ("g++", "-std=c++17", "-O1", "-o", "{out}/onednn", "harness.cpp", "-ldnnl"),
        "{out}/onednn",
    ),
    Harness(
        "libtorch",
        (("g++", "g++"), *_TORCH),
        ("g++", "-std=c++17", "-O1", "-o", "{out}/libtorch", "harness.cpp", "-ltorch", "-ltorch_cpu", "-lc10"),
        "{out}/libtorch",
    ),
    Harness(
        "xnnpack",
        (("g++", "g++"), *_XNNPACK),
        ("g++", "-std=c++17", "-O1", "-o", "{out}/xnnpack", "harness.cpp", "-lXNNPACK"),
        "{out}/xnnpack",
    ),
    Harness("tfjs-cpu", _NODE, (), f"node {FOLDER}/tfjs/harness.js cpu", _TFJS),
    Harness("tfjs-wasm", _NODE, (), f"node {FOLDER}/tfjs/harness.js wasm", _TFJS),
)


def main() -> int:
    """Install, build and ask; return the worst exit status."""
    parsed = _arguments()
    chosen = [each for each in HARNESSES if not parsed.only or each.name in parsed.only]
    out: Path = parsed.out.resolve()
    (out / "bin").mkdir(parents=True, exist_ok=True)
    _install(missing(chosen))
    _install_modules(chosen, out)
    return max(
        (_asked(harness, parsed.tier, out) if build(harness, out / "bin") else 1 for harness in chosen), default=0
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Build every harness and ask it.")
    parser.add_argument("--tier", default="standard", help="how much is asked (default: standard)")
    names = [each.name for each in HARNESSES]
    parser.add_argument("--only", action="append", default=[], choices=names, help="this one; may be repeated")
    parser.add_argument("--out", type=Path, default=Path("out/harnesses"), help="records and report")
    return parser.parse_args()


def missing(harnesses: Sequence[Harness]) -> list[str]:
    """Return the packages that have what is not there."""
    needed = dict.fromkeys(pair for harness in harnesses for pair in harness.needs)
    return [package for there, package in needed if not (Path(there).exists() or shutil.which(there))]


def _install(packages: Sequence[str]) -> None:
    """Install Debian's packages; raises SystemExit that names them where that cannot be done."""
    if not packages:
        return
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise SystemExit(f"these are missing: {', '.join(packages)}; on Debian, as root: {' '.join(command)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=True, env=environment)
    subprocess.run(command, check=True, env=environment)


def _install_modules(harnesses: Sequence[Harness], out: Path) -> None:
    modules = dict.fromkeys(module for harness in harnesses for module in harness.modules)
    if modules and not (out / "node_modules").is_dir():
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--prefix", str(out), *modules], check=True)


def build(harness: Harness, out: Path) -> bool:
    """Build one harness; return whether that could be done, which its compiler has said something about."""
    command = [part.format(out=out) for part in harness.build]
    print(f"building {harness.name}", flush=True)
    return not command or subprocess.run(command, check=False, cwd=FOLDER / harness.name).returncode == 0


def _asked(harness: Harness, tier: str, out: Path) -> int:
    """Ask one harness; the report shows all that have been asked."""
    expected = [f"--expected={harness.expected}"] if harness.expected.is_file() else []
    spec = "exec:" + harness.run.format(out=out / "bin")
    scope = ["--adapter", spec, "--tier", tier, "--name", harness.name, "--out", str(out), "--merge"]
    print(f"asking {harness.name}", flush=True)
    environment = {**importing(), **ONE_THREAD, "NODE_PATH": str(out / "node_modules")}
    command = [sys.executable, "-m", "convformance", "run", *scope, *expected]
    return subprocess.run(command, check=False, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
