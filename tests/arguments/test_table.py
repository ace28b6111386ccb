"""The page says what each framework does with raw arguments, here and now, and all of it is known."""

from pathlib import Path

import pytest

from convformance.adapters import discovery
from convformance.adapters.contract import UsageError
from convformance.adapters.raw import raw_routes
from convformance.processes.machine import this_machine
from convformance.reports.arguments import argument_rows, markdown_table
from convformance.running.questions import Scope
from convformance.running.status import covers
from convformance.test_cases.families import refusals
from tests.arguments.asking import PAGE, asked, table_of

ASKED = [name for name in discovery.BUILT_IN if raw_routes(discovery.adapter_class(name))]


@pytest.mark.parametrize("name", ASKED)
def test_at_least_sixty_cases_are_asked(name: str) -> None:
    questions = Scope(refusals.CASES).questions([selection_of(name)])
    assert len({question.case.id for question in questions}) >= 60


@pytest.mark.parametrize("name", ASKED)
def test_the_page_has_what_a_run_comes_to_and_all_of_it_is_known(name: str, tmp_path: Path) -> None:
    selection = selection_of(name)
    if selection.version != selection.looked_at or this_machine().kind != selection.kinds_seen[0]:
        pytest.skip("the table is of another version, or of another kind of machine")
    status, records = asked(name, tmp_path)
    assert [f"{' '.join(each.key)}: {each.message}" for each in records.findings] == []
    assert status == 0
    rows = markdown_table(argument_rows(records))[2:]
    assert rows == [line for line in table_of(PAGE.read_text(encoding="utf-8")) if line.startswith(f"| {name} |")]


@pytest.mark.parametrize("name", ASKED)
def test_every_divergence_of_raw_arguments_covers_what_is_asked(name: str) -> None:
    selection = selection_of(name)
    questions = Scope(refusals.CASES).questions([selection])
    for divergence in selection.known_divergences:
        for route, asked_of_it in divergence.raw.items():
            covered = [
                question.case.raw.asked
                for question in questions
                if question.route.name == route and question.case.raw and covers(divergence, question, selection)
            ]
            if divergence.machines.when(this_machine()):
                assert set(covered) == set(asked_of_it), (divergence.name, route)


def selection_of(name: str) -> discovery.Selection:
    try:
        return discovery.load(name)
    except UsageError as error:
        pytest.skip(str(error))
