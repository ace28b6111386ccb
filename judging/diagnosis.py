"""The diagnosis: which named mistakes explain the wrong answers of one route, over all questions it was asked.

Each mistake counts the wrong answers it explains; those that only say where an answer is wrong count half. The first
one taken is the one that counts most, the next the one that counts most of what is left, until nothing is left that
any explains.
"""

from collections import Counter, defaultdict
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
RAISES = "raises"
# Conditions under which a mistake is the reason of exceptions, though it explains no answer.
_REASONS = {"side-for-both": ("input sides differ", "result sides differ", "sides differ", "a kernel of unequal sides")}
_WEIGHTS = {
    **{hypothesis.name: 0.75 for hypothesis in GENERAL},
    **{hypothesis.name: 0.5 for hypothesis in LOCATIONS},
    # The consequence of another mistake, as often as not: what reproduces the numbers as often stands before it.
    "not-deterministic": 0.9,
    "wrong-shape": 0.25,
}
# What gives the numbers of the first wrong fill and not those of the others may be the consequence of something else.
_ON_SOME_FILLS = 0.5


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

    @property
    def raised(self) -> bool:
        """Whether there is no answer but an exception."""
        return self.match(RAISES) is not None

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


def explained(name: str, operation: str = "") -> Explanation:
    """Return the explanation of a public name; that of two mistakes together, ``a+b``, is both.

    The remedy is that for ``operation``, where it has one of its own.
    """
    parts = name.split("+")
    remedies = [_remedies(part).get(operation, EXPLANATIONS[part].remedy) for part in parts]
    return Explanation(" And: ".join(EXPLANATIONS[part].explanation for part in parts), " And: ".join(remedies))


def _remedies(name: str) -> Mapping[str, str]:
    return BY_NAME[name].remedies if name in BY_NAME else {}


def table() -> list[str]:
    """Return every public name with its explanation and remedies as the lines of a Markdown table."""
    rows = (f"| `{name}` | {entry.explanation} | {_every_remedy(name)} |" for name, entry in EXPLANATIONS.items())
    return ["| name | what is so | how to mend it |", "|---|---|---|", *rows]


def _every_remedy(name: str) -> str:
    """Return the remedy and, behind it, those of operations that have one of their own."""
    others: dict[str, list[str]] = {}
    for operation, remedy in _remedies(name).items():
        others.setdefault(remedy, []).append(f"`{operation}`")
    return " ".join([EXPLANATIONS[name].remedy, *(f"{', '.join(of)}: {remedy}" for remedy, of in others.items())])


def diagnoses(observations: Iterable[Observation]) -> list[Diagnosis]:
    """Return what explains the wrong answers, what explains most first; empty when none is wrong."""
    seen = list(observations)
    wrong = [each for each in seen if each.wrong]
    # Where nothing is computed every answer is right: that says nothing about when a mistake is made.
    right = [each.parameters for each in seen if not each.wrong and not each.parameters.is_empty]
    result, left = [], [each for each in wrong if each.matches]
    while left and (name := _best(left, right)):
        result.append(_diagnosis(name, wrong, right))
        left = [each for each in left if each.match(name) is None]
    # What ``_best`` leaves are calls without an answer.
    for kind in dict.fromkeys(_kind_of_error(each) for each in left):
        result.append(_diagnosis(RAISES, wrong, right, kind))
    unexplained = [each for each in wrong if not each.matches]
    if unexplained:
        result.append(_unexplained(unexplained, right, len(wrong)))
    return result


def _best(left: Sequence[Observation], right: Sequence[QuestionParameters]) -> str:
    """Return the name that counts most of what is left, "" where there are only calls without an answer.

    What may be the reason of an exception counts only where the same mistake explains an answer, too, or where calls
    raise under the very condition without which that mistake cannot show.
    """
    counts: dict[str, float] = defaultdict(float)
    for each in left:
        for name, share in _shares(each).items():
            counts[name] += share
    sure = {match.name for each in left for match in each.matches if not each.raised or match.on_all_fills} - {RAISES}
    sure |= {name for name in set(counts) - sure if _is_the_reason(name, left, right)}
    return min(sure, key=lambda name: (-counts[name] * _weight(name), _rank(name)), default="")


def _shares(observation: Observation) -> dict[str, float]:
    """Return how much of a wrong answer each mistake explains: half of one that it gives on some fills alone."""
    shares: dict[str, float] = {}
    for match in observation.matches:
        share = 1.0 if match.on_all_fills or observation.raised else _ON_SOME_FILLS
        shares[match.name] = max(share, shares.get(match.name, 0.0))
    shares.pop(RAISES, None)
    return shares


def _is_the_reason(name: str, left: Sequence[Observation], right: Sequence[QuestionParameters]) -> bool:
    """Whether a condition of the mistake holds of all exceptions that it may explain, and of no right answer."""
    holds = [conditions.NAMED[label].holds for label in _REASONS.get(name, ())]
    questions = [each.parameters for each in left if each.match(name) is not None]
    return bool(right) and any(all(map(each, questions)) and not any(map(each, right)) for each in holds)


def _kind_of_error(observation: Observation) -> str:
    match = observation.match(RAISES)
    return match.detail if match else ""


def _weight(name: str) -> float:
    return min(_WEIGHTS.get(part, 1.0) for part in name.split("+"))


def is_exact_mistake(name: str) -> bool:
    """Whether the name is that of a mistake with a reason, and not of a place or of any other number."""
    return _weight(name) == 1.0


def _rank(name: str) -> int:
    """Return how plain a mistake is, 0 the plainest; two together are less plain than any single one."""
    parts = name.split("+")
    return sum(_RANKS[part] for part in parts) + len(_RANKS) * (len(parts) - 1)


def _diagnosis(
    name: str, wrong: Sequence[Observation], right: Sequence[QuestionParameters], detail: str | None = None
) -> Diagnosis:
    """Return the diagnosis of that name, over the answers that it explains, of ``detail`` alone where that is said."""
    matches = ((each.parameters, each.match(name)) for each in wrong)
    explained_by_it = [(question, match) for question, match in matches if match and detail in (None, match.detail)]
    questions = [question for question, _ in explained_by_it]
    needed = {label for part in name.split("+") for label in BY_NAME[part].matters}
    # A right answer to a question in which the mistake cannot show does not say that it was not made.
    showing = [question for question in right if conditions.all_hold(needed, question)]
    where = conditions.where(questions, showing)
    shared = _shared_detail([match.detail for _, match in explained_by_it])
    operations = {question.operation for question in questions}
    text = explained(name, operations.pop() if len(operations) == 1 else "")
    return Diagnosis(name, text.explanation, text.remedy, len(explained_by_it), len(wrong), shared, where)


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
