"""Bisection: which version to ask next, until the last without a cause and the first with it are neighbours."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from packaging.version import Version

# Two versions between which something changed, the older first.
Boundary = tuple[str, str]


def next_version(boundaries: Iterable[Boundary], offered: Sequence[str], tried: Iterable[str]) -> str | None:
    """Return the version in the middle of the gap that most boundaries share, or None where nothing is left to ask.

    ``tried`` was asked already, or cannot be: what cannot be asked is passed over, and its neighbour asked.
    """
    seen = {Version(each) for each in tried}
    for (old, new), _ in sorted(Counter(boundaries).items(), key=lambda entry: (-entry[1], entry[0])):
        between = [each for each in offered if Version(old) < Version(each) < Version(new)]
        left = [each for each in between if Version(each) not in seen]
        if left:
            middle = (len(between) - 1) / 2
            return min(left, key=lambda each: (abs(between.index(each) - middle), between.index(each)))
    return None


def bisect(
    boundaries: Callable[[], Iterable[Boundary]],
    ask: Callable[[str], object],
    offered: Sequence[str],
    tried: Sequence[str],
    most: int,
) -> list[str]:
    """Ask one version after another until every boundary lies between neighbours, or ``most`` were asked.

    ``boundaries`` says after every answer where something changes. Returns the versions that were asked.
    """
    asked: list[str] = []
    while len(asked) < most:
        version = next_version(boundaries(), offered, [*tried, *asked])
        if version is None:
            break
        asked.append(version)
        ask(version)
    return asked
