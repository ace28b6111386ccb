"""What a user may choose about a run, as the command line and pytest options both name it; cheap to import."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TIERS = ("smoke", "standard", "full")
HUGE = "huge"  # by itself, and only where it is asked for
FILTERS = {
    "op": "operation",
    "route": "route",
    "dtype": "dtype",
    "family": "family of cases",
    "case": "case: any whose id holds this text",
}
TIME_LIMIT = 120.0
COMPILE_CACHE = "CONFORMANCE_COMPILE_CACHE"  # the environment variable, which every process of a run inherits
_ADAPTER_HELP = (
    "NAME, NAME[key=value,...], FILE.py:Class, package.module:Class or exec:COMMAND; may be repeated "
    "(default: every built-in one installed)"
)


@dataclass(frozen=True)
class RunOptions:
    """The choices for one run; ``filters`` maps names of FILTERS to the values let through (empty or absent: all).

    ``shard`` is ``(index from 1, of)``; ``time_limit`` the seconds that a question may take, ``memory`` the gigabytes
    that a worker may have (None: its share of the machine's), ``expected`` the user's file of expectations,
    ``compile_cache`` the folder in which frameworks keep what they compile, for the next run; ``script_runs``: the
    scripts of findings are run when all is asked.
    """

    adapters: tuple[str, ...] = ()
    tier: str = "standard"
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    shard: tuple[int, int] = (1, 1)
    record: Path | None = None
    resume: bool = False
    expected: Path | None = None
    time_limit: float = TIME_LIMIT
    memory: float | None = None
    compile_cache: Path | None = None
    script_runs: bool = True

    @classmethod
    def of(cls, option: Any) -> "RunOptions":
        """Return the choices in parsed options (argparse's or pytest's); raises ValueError for a shard that is none."""
        return cls(
            adapters=tuple(option.adapter),
            tier=option.tier,
            filters={name: tuple(getattr(option, name, ())) for name in FILTERS},
            shard=parse_shard(option.shard),
            record=option.record,
            resume=option.resume,
            expected=getattr(option, "expected", None),
            time_limit=float(getattr(option, "timeout", None) or TIME_LIMIT),
            memory=option.memory,
            compile_cache=option.compile_cache,
            script_runs=not getattr(option, "no_script_runs", False),
        )

    def allowed(self, name: str) -> tuple[str, ...]:
        """Return the values that the filter ``name`` lets through, none of them for all."""
        return self.filters.get(name, ())

    @property
    def is_unfiltered(self) -> bool:
        """Whether the standard tier at least is asked, and nothing is filtered out."""
        return self.tier not in ("smoke", HUGE) and not any(self.filters.values()) and self.shard == (1, 1)

    @property
    def filters_text(self) -> str:
        """The filters as they would be typed."""
        filters = [f"--{name} {value}" for name, values in self.filters.items() for value in values]
        return " ".join([*filters, f"--tier {self.tier}", f"--shard {self.shard[0]}/{self.shard[1]}"])

    def to_argv(self) -> Sequence[str]:
        """Return the choices as pytest arguments."""
        argv = [f"--adapter={adapter}" for adapter in self.adapters]
        argv += [f"--{name}={value}" for name, values in self.filters.items() for value in values]
        argv += [f"--tier={self.tier}", f"--shard={self.shard[0]}/{self.shard[1]}", f"--timeout={self.time_limit:g}"]
        argv += [f"--record={self.record}"] if self.record else []
        argv += [f"--memory={self.memory:g}"] if self.memory else []
        argv += [f"--expected={self.expected}"] if self.expected else []
        argv += [f"--compile-cache={self.compile_cache.resolve()}"] if self.compile_cache else []
        argv += [] if self.script_runs else ["--no-script-runs"]
        return [*argv, "--resume"] if self.resume else argv


def parse_shard(text: str) -> tuple[int, int]:
    """Return ``(index, of)`` from ``I/N``; raises ValueError unless 1 <= I <= N."""
    index, _, of = text.partition("/")
    if not (index.isdigit() and of.isdigit() and 1 <= int(index) <= int(of)):
        raise ValueError(f"--shard {text}; allowed: I/N with 1 <= I <= N, such as 1/4")
    return int(index), int(of)


def declare_scope(add: Any, tier: str = "standard", filters: Sequence[str] = tuple(FILTERS)) -> None:
    """Declare the options that say which questions there are, whoever is asked."""
    add("--tier", choices=(*TIERS, HUGE), default=tier, help=f"how much is asked (default: {tier})")
    for name in filters:
        add(
            f"--{name}",
            action="append",
            default=[],
            metavar=name.upper(),
            help=f"ask only this {FILTERS[name]}; may be repeated",
        )
    add("--shard", default="1/1", metavar="I/N", help="ask every N-th case and operation, beginning with the I-th")


def declare(add: Any) -> None:
    """Declare the options with ``add``: argparse's ``add_argument`` or pytest's ``addoption``, which take the same."""
    add("--adapter", action="append", default=[], metavar="SPEC", help=_ADAPTER_HELP)
    declare_scope(add)
    add("--memory", type=float, metavar="GB", help="memory that a worker process may have (default: its share of 90%%)")
    add("--record", type=Path, metavar="FILE", help="the run record (JSON Lines)")
    add("--expected", type=Path, metavar="FILE", help="findings that are expected (TOML, see docs/ci.md): no findings")
    add(
        "--compile-cache",
        type=Path,
        metavar="DIR",
        default=os.environ.get(COMPILE_CACHE),
        help=f"keep what frameworks compile there, for the next run (default: ${COMPILE_CACHE}, or nowhere)",
    )
    add("--resume", action="store_true", help="do not ask again what the record already holds")
    add("--no-script-runs", action="store_true", help="do not run the scripts of findings, which may crash or hang")
