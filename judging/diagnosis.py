"""The diagnosis: which named mistakes explain the wrong answers of one function or route, over all questions it was asked.

Each mistake counts the wrong answers it explains; those that only say where an answer is wrong count half. The first one taken is
the one that counts most, the next the one that counts most of what is left, until nothing is left that any explains.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from convformance.judging import conditions
from convformance.judging.conditions import parameters
from convformance.judging.hypotheses import BY_NAME, GENERAL, HYPOTHESES, PLACES
from convformance.judging.hypotheses.hypothesis import Fit

__all__ = [
    "EXPLANATIONS",
    "Diagnosis",
    "Explanation",
    "Fit",
    "Observation",
    "diagnoses",
    "explained",
    "parameters",
    "table",
]

UNEXPLAINED = "unexplained"
_ORDER = {found.name: place for place, found in enumerate(HYPOTHESES)}
_WEIGHTS = {**{found.name: 0.75 for found in GENERAL}, **{found.name: 0.5 for found in PLACES}, "wrong-shape": 0.25}


@dataclass(frozen=True)
class Explanation:
    """What a mistake does and how to mend it, one sentence each, in the words of whoever made it."""

    explanation: str
    remedy: str


@dataclass(frozen=True)
class Observation:
    """One question, whether its answer was wrong, what explains that, and how the wrong elements are spread.

    ``parameters`` are those of ``parameters(...)``; ``spread`` that of the judgement.
    """

    parameters: Mapping[str, Any]
    wrong: bool
    fits: tuple[Fit, ...] = ()
    spread: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Diagnosis:
    """A named mistake that explains ``explains`` of ``of`` wrong answers.

    ``detail`` is what all of them share; ``where`` the condition under which the mistake is made, where right answers show that it
    is not made always. The name is ``unexplained`` where nothing fits: ``where`` then tells where the errors lie.
    """

    name: str
    explanation: str
    remedy: str
    explains: int
    of: int
    detail: str = ""
    where: str = ""


EXPLANATIONS: Mapping[str, Explanation] = {
    **{found.name: Explanation(found.explanation, found.remedy) for found in HYPOTHESES},
    UNEXPLAINED: Explanation(
        "No mistake that is known gives these values.",
        "Compare the smallest failing case with the definition, product by product, at the elements that are wrong.",
    ),
}


def explained(name: str) -> Explanation:
    """Return the explanation of a public name; that of two mistakes together, ``a+b``, is both."""
    parts = [EXPLANATIONS[part] for part in name.split("+")]
    return Explanation(" And: ".join(part.explanation for part in parts), " And: ".join(part.remedy for part in parts))


def table() -> list[str]:
    """Return every public name with its explanation and remedy as the lines of a Markdown table."""
    rows = (f"| `{name}` | {told.explanation} | {told.remedy} |" for name, told in EXPLANATIONS.items())
    return ["| name | what is so | how to mend it |", "|---|---|---|", *rows]


def diagnoses(observations: Iterable[Observation]) -> list[Diagnosis]:
    """Return what explains the wrong answers, what explains most first; empty when none is wrong."""
    seen = list(observations)
    wrong = [found for found in seen if found.wrong]
    right = [found.parameters for found in seen if not found.wrong and not conditions.empty(found.parameters)]
    told, left = [], [found for found in wrong if found.fits]
    while left:
        name = _best(left)
        told.append(_diagnosis(name, wrong, right))
        left = [found for found in left if not _fits(found, name)]
    unexplained = [found for found in wrong if not found.fits]
    if unexplained:
        told.append(_unexplained(unexplained, right, len(wrong)))
    return told


def _best(left: Sequence[Observation]) -> str:
    counts = Counter(name for found in left for name in {fit.name for fit in found.fits})
    return min(counts, key=lambda name: (-counts[name] * _weight(name), _place(name)))


def _weight(name: str) -> float:
    return min(_WEIGHTS.get(part, 1.0) for part in name.split("+"))


def _place(name: str) -> int:
    """Return how plain a mistake is; two together are less plain than any single one."""
    parts = name.split("+")
    return sum(_ORDER[part] for part in parts) + len(_ORDER) * (len(parts) - 1)


def _fits(found: Observation, name: str) -> bool:
    return any(fit.name == name for fit in found.fits)


def _diagnosis(name: str, wrong: Sequence[Observation], right: Sequence[conditions.Parameters]) -> Diagnosis:
    of_this = [found for found in wrong if _fits(found, name)]
    details = [next(fit.detail for fit in found.fits if fit.name == name) for found in of_this]
    needed = {words for part in name.split("+") for words in BY_NAME[part].matters}
    mattering = [question for question in right if conditions.holds(tuple(needed), question)]
    where = conditions.where([found.parameters for found in of_this], mattering)
    told = explained(name)
    return Diagnosis(name, told.explanation, told.remedy, len(of_this), len(wrong), _shared(details), where)


def _shared(details: Sequence[str]) -> str:
    """Return what all details say; of one that is told in several ways, ``by 1/2 = 1/(batch)``, the first way that they share."""
    ways = [detail.split(" = ") for detail in details]
    return (
        next((way for way in ways[0] if all(way in others for others in ways)), "")
        if len(set(details)) > 1
        else details[0]
    )


def _unexplained(unexplained: Sequence[Observation], right: Sequence[conditions.Parameters], of: int) -> Diagnosis:
    """Return where errors lie that nothing explains, and what the questions share that no right one has."""
    places = Counter(found.spread["words"] for found in unexplained if found.spread and found.spread["words"])
    words, count = places.most_common(1)[0] if places else ("", 0)
    place = words if 2 * count >= len(unexplained) else ""
    when = conditions.where([found.parameters for found in unexplained], right)
    told = EXPLANATIONS[UNEXPLAINED]
    where = "; ".join(filter(None, (place, when)))
    return Diagnosis(UNEXPLAINED, told.explanation, told.remedy, len(unexplained), of, where=where)
