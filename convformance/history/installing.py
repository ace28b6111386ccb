"""An environment for one version: made by uv where that is installed, else by venv and pip; kept once it is made.

Both take wheels alone, and ask the index that pip is configured for.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from convformance.history.choosing import HistoryError

# Makes an environment with these requirements at this path; raises InstallError where that cannot be.
Installer = Callable[[Path, Sequence[str]], None]

_LONGEST = 600
_READY = "installed.json"


class InstallError(HistoryError):
    """An environment that cannot be made, with the installer's own reason in a sentence."""


@dataclass(frozen=True)
class Environment:
    """An environment in the cache: ``folder`` has the environment itself and, beside it, the runs made in it."""

    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "environment" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    @property
    def is_ready(self) -> bool:
        """Whether it was made to its end."""
        return (self.folder / _READY).is_file() and self.python.exists()

    def discard(self) -> None:
        """Remove the environment and keep what was run in it."""
        (self.folder / _READY).unlink(missing_ok=True)
        shutil.rmtree(self.folder / "environment", ignore_errors=True)


def environment_at(cache: Path, distribution: str, version: str, requirements: Sequence[str]) -> Environment:
    """Return where the cache has, or will have, the environment with these requirements."""
    digest = hashlib.sha256(json.dumps([sys.version, sorted(requirements)]).encode()).hexdigest()[:8]
    tag = f"{sys.implementation.cache_tag}-{digest}"
    return Environment(cache / "environments" / f"{_safe(distribution)}-{_safe(version)}-{tag}")


def prepare(environment: Environment, requirements: Sequence[str], install: Installer) -> None:
    """Make an environment unless it is ready; what an interrupted call left is made again. Raises InstallError."""
    if environment.is_ready:
        return
    environment.discard()
    environment.folder.mkdir(parents=True, exist_ok=True)
    try:
        install(environment.folder / "environment", requirements)
    except BaseException:
        environment.discard()
        raise
    (environment.folder / _READY).write_text(json.dumps(list(requirements), indent=1), encoding="utf-8")


def _safe(text: str) -> str:
    return re.sub(r"[^\w.+-]", "_", text)


def installer(name: str = "auto") -> Installer:
    """Return the installer of that name: uv, pip, or auto for uv where it is on the path. Raises HistoryError."""
    uv = shutil.which("uv")
    if name == "uv" and uv is None:
        raise HistoryError("--installer uv: uv is not on the path; pip install uv, or leave the option out")
    return with_pip if uv is None or name == "pip" else lambda folder, wanted: with_uv(uv, folder, wanted)


def with_pip(folder: Path, requirements: Sequence[str]) -> None:
    """Make the environment with the standard library's venv and the pip that comes with it."""
    _run([sys.executable, "-m", "venv", str(folder)])
    python = str(Environment(folder.parent).python)
    _run([python, "-m", "pip", "install", "--quiet", "--only-binary", ":all:", *requirements])


def with_uv(uv: str, folder: Path, requirements: Sequence[str]) -> None:
    """Make the environment with uv, which is told what pip is configured with."""
    options, variables = uv_options(pip_configuration())
    _run([uv, "venv", "--quiet", "--python", sys.executable, str(folder)], variables)
    install = [uv, "pip", "install", "--quiet", "--python", str(Environment(folder.parent).python)]
    _run([*install, "--only-binary", ":all:", *options, *requirements], variables)


def pip_configuration() -> dict[str, str]:
    """Return pip's options on where packages come from, the environment's above those of files; none without pip."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = re.findall(r"(?m)^([\w:]+)\.([\w-]+)='(.*)'$", done.stdout)
    order = ("global", "user", "site", "install", ":env:")
    ranked = sorted((line for line in lines if line[0] in order), key=lambda line: order.index(line[0]))
    return {name.replace("_", "-"): value for _, name, value in ranked}


def uv_options(configuration: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """Return the options and variables with which uv looks where pip would."""
    options = []
    for name in ("index-url", "extra-index-url", "find-links", "constraint"):
        for value in configuration.get(name, "").replace("\\n", " ").split():
            options += [f"--{name}", value]
    if configuration.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        options.append("--no-index")
    # As pip does, take the best version of all indexes, not the first index that has the name.
    options += ["--index-strategy", "unsafe-best-match"]
    certificate = configuration.get("cert")
    return options, {"SSL_CERT_FILE": certificate} if certificate else {}


def _run(command: Sequence[str], variables: Mapping[str, str] | None = None) -> None:
    environment = {**os.environ, **(variables or {}), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise InstallError(reason_in(f"{done.stdout}\n{done.stderr}") or f"{command[0]} says nothing")


def reason_in(text: str) -> str:
    """Return the reason in what an installer printed, on one line: from its first error on, without advice."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("WARNING")]
    useful = [line for line in lines if not re.match(r"(hint|note|\[notice\])\b", line, re.IGNORECASE)]
    first = next((at for at, line in enumerate(useful) if re.match(r"error\b|the conflict is", line, re.I)), 0)
    message = " ".join(_without_lists(line) for line in useful[first:])
    return message if len(message) <= _LONGEST else f"{message[: _LONGEST - 1]}…"


def _without_lists(line: str) -> str:
    """Return a line of an installer without what it says of itself: its own mark, long lists, and where help is."""
    line = re.sub(r"^(ERROR|error|cause):\s*|ResolutionImpossible: for help visit \S+", "", line)
    return re.sub(r"\(from versions: ([^,()]*), [^()]*, ([^,()]*)\)", r"(from \1 to \2)", line)
