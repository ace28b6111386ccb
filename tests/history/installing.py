"""Installers without a network: environments of the interpreter that runs, with versions of toyconv that are files."""

import sysconfig
import venv
from collections.abc import Sequence
from pathlib import Path

from convformance.history.installing import Environment, InstallError

# What each version does to the channels: -1 reverses them, which is wrong. 0 cannot be imported.
STEPS = {"1.0": 1, "1.1": 1, "1.2": 1, "1.3": -1, "1.4": -1, "1.5": -1, "1.6": 1, "2.0": 0}
METADATA = "Metadata-Version: 2.1\nName: toyconv\nVersion: {}\n"


class ToyInstaller:
    """Makes environments that see this one's packages, and counts them; a version that is not listed fails."""

    def __init__(self) -> None:
        self.installed: list[str] = []

    def __call__(self, folder: Path, requirements: Sequence[str]) -> None:
        version = requirements[0].removeprefix("toyconv==")
        self.installed.append(version)
        if version not in STEPS:
            raise InstallError(f"there is no version of toyconv=={version}")
        venv.create(folder, symlinks=True)
        packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
        (packages / "running.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
        information = packages / f"toyconv-{version}.dist-info"
        information.mkdir()
        (information / "METADATA").write_text(METADATA.format(version), encoding="utf-8")
        source = f"STEP = {STEPS[version]}" if STEPS[version] else "raise OSError('its library is for another machine')"
        (packages / "toyconv.py").write_text(f"{source}\n", encoding="utf-8")
        assert Environment(folder.parent).python.exists()


def offered(distribution: str, prereleases: bool) -> list[str]:
    """Return what an index would offer."""
    assert distribution == "toyconv"
    return [*STEPS, *(["2.1rc1"] if prereleases else [])]
