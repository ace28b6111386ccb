"""The explanation of one answer, which is its own text."""

from dataclasses import dataclass

from convformance.answers import text
from convformance.answers.fields import ExplanationFields


@dataclass(frozen=True)
class Explanation(ExplanationFields):
    """What explains one answer, true where its difference from the truth is rounding."""

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        return text.document(self)
