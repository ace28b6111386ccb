"""Sampling: routes that are asked a part of the cases, which never changes, as a run has no time for all of them.

A framework has more ways to the same seven operations than the usual ones: derivatives of derivatives, maps over an
axis. Such a route is asked every case of some families and a fixed share of all others, a larger one at the tier
``full``.
"""

from functools import partial
from zlib import crc32

from convformance.adapters.contract import Domain, Request

FULL = "full"


def sampled(*families: str, share: int, full: int = 1) -> Domain:
    """Return the domain of a route that is asked these families and one in ``share`` of all other questions.

    At the tier ``full`` it is one in ``full``. Which questions belong to the share follows from their keys: it is the
    same in every run and every shard. What is asked outside of a run has no key, and is answered.
    """
    others = f"one question in {share} of {'other' if families else 'all'} families, at tier full "
    others += "all of them" if full == 1 else f"one in {full}"
    covers = " and ".join(filter(None, [f"family {', '.join(families)}" if families else "", others]))
    return Domain(covers, partial(_is_asked, families, {FULL: full}, share), seldom=True)


def _is_asked(families: tuple[str, ...], by_tier: dict[str, int], share: int, request: Request) -> bool:
    if not request.key or request.family in families:
        return True
    # A larger share holds every smaller one.
    return crc32(request.key.encode()) * by_tier.get(request.tier, share) < 2**32
