"""What the user may wish for, as the command line and pytest options both name it; cheap to import."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TIERS = ("smoke", "standard", "full")
FILTERS = {
    "op": "operation",
    "route": "route",
    "dtype": "dtype",
    "family": "family of cases",
    "case": "case: any whose id holds this text",
}
TIME_LIMIT = 120.0
_ADAPTER_HELP = "NAME, NAME[key=value,...], FILE.py:Class or package.module:Class; may be repeated (default: every built-in one installed)"


@dataclass(frozen=True)
class Wishes:
    """The user's choices; ``filters`` maps each name of FILTERS to the values allowed through (empty: all)."""

    adapters: tuple[str, ...] = ()
    tier: str = "standard"
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    shard: tuple[int, int] = (1, 1)
    record: Path | None = None
    resume: bool = False
    time_limit: float = TIME_LIMIT

    @classmethod
    def of(cls, option: Any) -> "Wishes":
        """Return the wishes in parsed options (argparse's or pytest's); raises ValueError for a shard that is none."""
        filters = {name: tuple(getattr(option, name, ())) for name in FILTERS}
        limit = getattr(option, "timeout", None) or TIME_LIMIT
        return cls(
            tuple(option.adapter),
            option.tier,
            filters,
            parse_shard(option.shard),
            option.record,
            option.resume,
            float(limit),
        )

    @property
    def whole(self) -> bool:
        """Whether the standard tier at least is asked, and nothing is filtered out."""
        return self.tier != "smoke" and not any(self.filters.values()) and self.shard == (1, 1)

    def told(self) -> str:
        """Return the filters as they would be typed."""
        typed = [f"--{name} {value}" for name, values in self.filters.items() for value in values]
        return " ".join([*typed, f"--tier {self.tier}", f"--shard {self.shard[0]}/{self.shard[1]}"])


def parse_shard(text: str) -> tuple[int, int]:
    """Return ``(index, of)`` from ``I/N``; raises ValueError unless 1 <= I <= N."""
    index, _, of = text.partition("/")
    if not (index.isdigit() and of.isdigit() and 1 <= int(index) <= int(of)):
        raise ValueError(f"--shard {text}; allowed: I/N with 1 <= I <= N, such as 1/4")
    return int(index), int(of)


def declare(add: Any) -> None:
    """Declare the options with ``add``: argparse's ``add_argument`` or pytest's ``addoption``, which take the same words."""
    add("--adapter", action="append", default=[], metavar="SPEC", help=_ADAPTER_HELP)
    add("--tier", choices=TIERS, default="standard", help="how much is asked (default: standard)")
    for name, what in FILTERS.items():
        add(
            f"--{name}",
            action="append",
            default=[],
            metavar=name.upper(),
            help=f"ask only this {what}; may be repeated",
        )
    add("--shard", default="1/1", metavar="I/N", help="ask every N-th case and operation, beginning with the I-th")
    add("--record", type=Path, metavar="FILE", help="the run record (JSON Lines)")
    add("--resume", action="store_true", help="do not ask again what the record already holds")


def typed(wishes: Wishes) -> Sequence[str]:
    """Return ``wishes`` as pytest arguments."""
    pairs = [("--adapter", adapter) for adapter in wishes.adapters]
    pairs += [(f"--{name}", value) for name, values in wishes.filters.items() for value in values]
    pairs += [
        ("--tier", wishes.tier),
        ("--shard", f"{wishes.shard[0]}/{wishes.shard[1]}"),
        ("--timeout", f"{wishes.time_limit:g}"),
    ]
    words = [f"{name}={value}" for name, value in pairs]
    words += [f"--record={wishes.record}"] if wishes.record else []
    return [*words, "--resume"] if wishes.resume else words
