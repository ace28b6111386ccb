"""This very suite for other environments: a copy of its code under one folder, and what it needs to run."""

import hashlib
import shutil
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import convformance

PACKAGE = "convformance"
_LEFT_OUT = ("__pycache__",)


def folders() -> Mapping[str, Path]:
    """Return the folders of the code that runs now, by where the wheel has them: in a checkout some lie elsewhere."""
    package = Path(convformance.__file__).resolve().parent
    project = _project(package)
    mapped = project.get("tool", {}).get("setuptools", {}).get("package-dir", {})
    rooms = {name.replace(".", "/"): package.parent / folder for name, folder in mapped.items() if name != PACKAGE}
    return {PACKAGE: package, **rooms}


def _project(package: Path) -> dict[str, Any]:
    """Return the pyproject.toml of a checkout; nothing where the package is installed."""
    path = package.parent / "pyproject.toml"
    if not path.is_file():
        return {}
    project = tomllib.loads(path.read_text(encoding="utf-8"))
    return project if project.get("project", {}).get("name") == PACKAGE else {}


def _files() -> Iterator[tuple[str, Path]]:
    """Yield every file of the suite: where it lies in the wheel, and where it is."""
    for name, folder in sorted(folders().items()):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not set(_LEFT_OUT) & set(path.parts):
                yield f"{name}/{path.relative_to(folder).as_posix()}", path


def fingerprint() -> str:
    """Return what tells this state of the suite's code from every other."""
    digest = hashlib.sha256()
    for name, path in _files():
        digest.update(f"{name}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def copied_into(cache: Path) -> Path:
    """Return a folder below ``cache`` from which this suite can be imported, and nothing else.

    The folder of an installed distribution would bring everything beside it along.
    """
    target = cache / "suites" / fingerprint()
    if not target.is_dir():
        part = target.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        for name, path in _files():
            (part / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, part / name)
        part.replace(target)
    return target


def distribution_of(adapter: str) -> str:
    """Return the distribution that the extra of an adapter's name installs first; nothing where there is none."""
    _, extra = _declared(adapter)
    return Requirement(extra[0]).name if extra else ""


def requirements(adapter: str, distribution: str, version: str, more: Sequence[str] = ()) -> tuple[str, ...]:
    """Return what an environment needs: the suite's own dependencies, those of the adapter's extra, and the version.

    The extra's own limits on ``distribution`` are left out: it is the version that is asked for.
    """
    own, extra = _declared(adapter)
    name = canonicalize_name(distribution)
    beside = [text for text in extra if canonicalize_name(Requirement(text).name) != name]
    return (f"{distribution}=={version}", *beside, *more, *own)


def _declared(adapter: str) -> tuple[list[str], list[str]]:
    """Return the suite's dependencies, and those of the extra that has the adapter's name."""
    project = _project(Path(convformance.__file__).resolve().parent).get("project")
    if project:
        return project["dependencies"], project["optional-dependencies"].get(adapter, [])
    declared = [Requirement(text) for text in metadata.requires(PACKAGE) or []]
    own = [each for each in declared if each.marker is None or each.marker.evaluate({"extra": ""})]
    extra = [each for each in declared if each not in own and each.marker and each.marker.evaluate({"extra": adapter})]
    return list(map(_bare, own)), list(map(_bare, extra))


def _bare(requirement: Requirement) -> str:
    """Return a requirement without the marker that was looked at."""
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{requirement.name}{extras}{requirement.specifier}"
