"""A member of the zoo: a wrong implementation of some of the seven operations, with a sentence on what is wrong."""

from collections.abc import Callable
from dataclasses import dataclass

from convformance.reference.arrays import Array
from convformance.reference.problem import Problem

Arrays = tuple[Array, ...]

# (operation, problem, operands, bias or None) -> the result in canonical layout, of the operands' dtype
Run = Callable[[str, Problem, Arrays, Array | None], Array]


@dataclass(frozen=True)
class Member:
    """An implementation under a kebab-case ``name``, and ``says``, one sentence: the mistake it makes.

    ``operations`` are those it is to be asked for. ``diagnosis`` is the public name that must stand first, None where
    no name describes it; ``source`` is the address of a report of the same mistake. A member that remembers earlier
    calls has ``fresh``, which returns one that remembers none. ``grade`` is the weakest grade that a right
    implementation may be given. ``beyond`` is what of ``problem.BEYOND`` it is made for.
    """

    name: str
    family: str
    says: str
    operations: tuple[str, ...]
    run: Run
    diagnosis: str | None = None
    source: str = ""
    fresh: Callable[[], Run] | None = None
    grade: str = "conformant"
    beyond: tuple[str, ...] = ()

    def answers(self, problem: Problem) -> bool:
        """Whether it is asked about ``problem``: what lies beyond if it is made for that, and then nothing else."""
        return bool(problem.beyond) == bool(self.beyond) and problem.beyond <= set(self.beyond)

    def start(self) -> Run:
        """Return the implementation as it is before its first call."""
        return self.fresh() if self.fresh else self.run
