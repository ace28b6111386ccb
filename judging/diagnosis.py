"""The diagnosis: which named mistakes explain the wrong answers of one route, over all questions it was asked.

Each mistake counts the wrong answers it explains; those that only say where an answer is wrong count half. The first
one taken is the one that counts most, the next the one that counts most of what is left, until nothing is left that
any explains.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from convformance.judging import conditions
from convformance.judging.conditions import QuestionParameters, parameters
from convformance.judging.hypotheses import BY_NAME, GENERAL, HYPOTHESES, LOCATIONS
from convformance.judging.hypotheses.hypothesis import Match

__all__ = [
    "EXPLANATIONS",
    "Diagnosis",
    "Explanation",
    "Match",
    "Observation",
    "diagnoses",
    "explained",
    "parameters",
    "table",
]

UNEXPLAINED = "unexplained"
_RANKS = {hypothesis.name: rank for rank, hypothesis in enumerate(HYPOTHESES)}
_WEIGHTS = {
    **{hypothesis.name: 0.75 for hypothesis in GENERAL},
    **{hypothesis.name: 0.5 for hypothesis in LOCATIONS},
    "wrong-shape": 0.25,
}


@dataclass(frozen=True)
class Explanation:
    """What a mistake does and how to mend it, one sentence each, in the words of whoever made it."""

    explanation: str
    remedy: str


@dataclass(frozen=True)
class Observation:
    """One question, whether its answer was wrong, what explains that, and the judgement's ``spread`` of it."""

    parameters: QuestionParameters
    wrong: bool
    matches: tuple[Match, ...] = ()
    spread: Mapping[str, Any] | None = None

    def match(self, name: str) -> Match | None:
        """Return how the mistake of that name explains the answer, None where it does not."""
        return next((match for match in self.matches if match.name == name), None)


@dataclass(frozen=True)
class Diagnosis:
    """A named mistake that explains ``explains`` of ``of`` wrong answers.

    ``detail`` is what all of them share; ``where`` the condition under which the mistake is made, where right answers
    show that it is not made always. The name is ``unexplained`` where no mistake explains an answer: ``where`` then
    tells where the errors lie.
    """

    name: str
    explanation: str
    remedy: str
    explains: int
    of: int
    detail: str = ""
    where: str = ""


EXPLANATIONS: Mapping[str, Explanation] = {
    **{hypothesis.name: Explanation(hypothesis.explanation, hypothesis.remedy) for hypothesis in HYPOTHESES},
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
    rows = (f"| `{name}` | {entry.explanation} | {entry.remedy} |" for name, entry in EXPLANATIONS.items())
    return ["| name | what is so | how to mend it |", "|---|---|---|", *rows]


def diagnoses(observations: Iterable[Observation]) -> list[Diagnosis]:
    """Return what explains the wrong answers, what explains most first; empty when none is wrong."""
    seen = list(observations)
    wrong = [each for each in seen if each.wrong]
    # Where nothing is computed every answer is right: that says nothing about when a mistake is made.
    right = [each.parameters for each in seen if not each.wrong and not each.parameters.is_empty]
    result, left = [], [each for each in wrong if each.matches]
    while left:
        name = _best(left)
        result.append(_diagnosis(name, wrong, right))
        left = [each for each in left if each.match(name) is None]
    unexplained = [each for each in wrong if not each.matches]
    if unexplained:
        result.append(_unexplained(unexplained, right, len(wrong)))
    return result


def _best(left: Sequence[Observation]) -> str:
    counts = Counter(name for each in left for name in {match.name for match in each.matches})
    return min(counts, key=lambda name: (-counts[name] * _weight(name), _rank(name)))


def _weight(name: str) -> float:
    return min(_WEIGHTS.get(part, 1.0) for part in name.split("+"))


def is_exact_mistake(name: str) -> bool:
    """Whether the name is that of a mistake with a reason, and not of a place or of any other number."""
    return _weight(name) == 1.0


def _rank(name: str) -> int:
    """Return how plain a mistake is, 0 the plainest; two together are less plain than any single one."""
    parts = name.split("+")
    return sum(_RANKS[part] for part in parts) + len(_RANKS) * (len(parts) - 1)


def _diagnosis(name: str, wrong: Sequence[Observation], right: Sequence[QuestionParameters]) -> Diagnosis:
    explained_by_it = [(each.parameters, match) for each in wrong if (match := each.match(name)) is not None]
    needed = {label for part in name.split("+") for label in BY_NAME[part].matters}
    # A right answer to a question in which the mistake cannot show does not say that it was not made.
    showing = [question for question in right if conditions.all_hold(needed, question)]
    where = conditions.where([question for question, _ in explained_by_it], showing)
    detail = _shared_detail([match.detail for _, match in explained_by_it])
    text = explained(name)
    return Diagnosis(name, text.explanation, text.remedy, len(explained_by_it), len(wrong), detail, where)


def _shared_detail(details: Sequence[str]) -> str:
    """Return what all details say.

    Of one that is said in several ways, ``by 1/2 = 1/(batch)``, it is the first way that all of them share.
    """
    if len(set(details)) == 1:
        return details[0]
    ways = [detail.split(" = ") for detail in details]
    return next((way for way in ways[0] if all(way in others for others in ways)), "")


def _unexplained(unexplained: Sequence[Observation], right: Sequence[QuestionParameters], of: int) -> Diagnosis:
    """Return where errors lie that nothing explains, and what the questions share that no right one has."""
    counts = Counter(each.spread["words"] for each in unexplained if each.spread and each.spread["words"])
    commonest, count = counts.most_common(1)[0] if counts else ("", 0)
    location = commonest if 2 * count >= len(unexplained) else ""
    condition = conditions.where([each.parameters for each in unexplained], right)
    text = EXPLANATIONS[UNEXPLAINED]
    where = "; ".join(filter(None, (location, condition)))
    return Diagnosis(UNEXPLAINED, text.explanation, text.remedy, len(unexplained), of, where=where)
