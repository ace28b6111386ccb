"""A described case, turned back into the case."""

from typing import Any

from convformance.test_cases.case import CASE_FIELDS, Case


def as_tuples(value: Any) -> Any:
    """Return JSON's lists as the tuples they were."""
    return tuple(as_tuples(entry) for entry in value) if isinstance(value, list) else value


def from_record(record: dict[str, Any]) -> Case:
    """Return the case that ``record`` describes."""
    return Case(**{name: as_tuples(record[name]) for name in CASE_FIELDS})
