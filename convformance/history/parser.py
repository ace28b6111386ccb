"""The options of the command ``history``; cheap to import, as every command line declares it."""

import argparse
import os
import sys
from pathlib import Path

from convformance import options

MOST = 12  # versions that a bisection asks


def declare(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    history = commands.add_parser(
        "history",
        help="ask one adapter on several versions of its framework: since when is what wrong",
        description="Make an environment for each version, ask the adapter there, and write a page that says of every "
        "cause since which version it is seen and until which. What was made or asked once is kept.",
    )
    add = history.add_argument
    add("--adapter", required=True, metavar="SPEC", help="NAME, NAME[key=value,...], FILE.py:Class or MODULE:Class")
    add(
        "--versions",
        required=True,
        metavar="LIST",
        help="versions with commas, the word latest, and ... for the last release of every series between two: "
        "0.5.0,0.6.2,...,latest",
    )
    add("--bisect", action="store_true", help="then ask versions between until what changes changes at neighbours")
    add("--most", type=int, default=MOST, metavar="N", help="versions that --bisect may ask (default: %(default)d)")
    add("--pre", action="store_true", help="let prereleases count as versions, too")
    _declare_environments(history)
    options.declare_scope(add, tier="smoke")
    add("-n", dest="workers", default="1", metavar="N", help="worker processes of each run (default: 1)")
    add("--timeout", type=float, default=options.TIME_LIMIT, metavar="S", help="seconds a question may take")
    add(
        "--out", type=Path, default=Path("out/history"), metavar="DIR",
        help="folder of records and pages, which show every record in it (default: out/history)",
    )  # fmt: skip
    # What a run has beside these, and every version is asked without.
    history.set_defaults(command=_run, record=None, resume=False, expected=None, memory=None, compile_cache=None)


def _declare_environments(history: argparse.ArgumentParser) -> None:
    """Declare what is installed, how, and where it is kept."""
    history.add_argument(
        "--package", metavar="NAME", help="the distribution whose versions are meant (default: its own)"
    )
    history.add_argument(
        "--with", dest="beside", action="append", default=[], metavar="REQUIREMENT",
        help="install this as well, such as onnx<1.18; may be repeated",
    )  # fmt: skip
    history.add_argument(
        "--installer", choices=("auto", "uv", "pip"), default="auto", help="default: uv if it is there"
    )
    history.add_argument(
        "--cache", type=Path, default=cache_folder(), metavar="DIR", help="keep them there (default: %(default)s)"
    )
    history.add_argument("--discard", action="store_true", help="remove each environment when its run is complete")


def cache_folder() -> Path:
    """Return the folder in which environments and runs are kept unless the user names another."""
    if os.name == "nt":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home())
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "convformance" / "history"


def _run(parsed: argparse.Namespace) -> int:
    from convformance.history import command

    return command.run(parsed)
