"""Seeds: whether other numbers of the same shapes give the same outcome, asked on a few questions of each member."""

from collections.abc import Iterable, Iterator, Sequence

from tests.zoo.matrix import How, Plan, Question, Record, plan, questions, records, some_caught
from tests.zoo.member import Member

EACH = 5  # questions of different cases that catch a member
EVERY = 5  # of the smoke tier's questions for the garden


def unsteady(zoo: Sequence[Record], seeds: int, *, processes: int = 1) -> list[str]:
    """Return a sentence for every outcome that another seed changes, over seeds 0 to ``seeds - 1``.

    Each member is asked up to five questions that catch it: some must catch it with every seed, and a diagnosis that
    is the right one must stay so.
    """
    catching = {record.member.name: [record.questions[index] for index in some_caught(record, EACH)] for record in zoo}
    planned = _planned(catching, range(seeds))
    again = records(
        [record.member for record in zoo if record.caught], planned, How(explained=True), processes=processes
    )
    return [sentence for record in again for sentence in _changes(record, seeds)]


def unfair(garden: Sequence[Member], seeds: int, *, processes: int = 1) -> list[str]:
    """Return a sentence for every garden member that some seed has called worse than its grade.

    The garden is asked every fifth question of the smoke tier in float32.
    """
    planned = plan(
        garden,
        (question.reseeded(seed) for question in questions("smoke", ["float32"])[::EVERY] for seed in range(seeds)),
    )
    return [
        sentence for record in records(garden, planned, How(), processes=processes) for sentence in misjudged(record)
    ]


def misjudged(record: Record) -> Iterator[str]:
    """Yield a sentence for every question on which a right implementation is called worse than its grade."""
    for outcome in record.caught:
        question = record.questions[outcome.index]
        asked = f"{question.case.id}, {question.operation}, {question.dtype}"
        yield f"{record.member.name} is called {outcome.grade} by {asked}"


def _changes(record: Record, seeds: int) -> Iterator[str]:
    """Yield a sentence for every seed that does not catch a member, or changes whether its diagnosis is right."""
    parts = [_of_seed(record, seed) for seed in range(seeds)]
    for seed, part in enumerate(parts):
        if not part.caught:
            yield f"{record.member.name} is not caught with seed {seed}"
        elif part.rightly_named != parts[0].rightly_named:
            yield f"{record.member.name} is {part.named} with seed {seed}, {parts[0].named} with seed 0"


def _of_seed(record: Record, seed: int) -> Record:
    outcomes = [outcome for outcome in record.outcomes if record.questions[outcome.index].case.seed == seed]
    return Record(record.member, record.questions, outcomes)


def _planned(catching: dict[str, list[Question]], seeds: Iterable[int]) -> Plan:
    """Return every question that catches someone, under every seed, with the names of whom it catches."""
    members: dict[Question, list[str]] = {}
    for name, asked in catching.items():
        for question in asked:
            members.setdefault(question, []).append(name)
    return [(question.reseeded(seed), tuple(names)) for seed in seeds for question, names in members.items()]
