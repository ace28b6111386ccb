"""The JSON of a case, turned back into the case."""

from dataclasses import fields
from typing import Any

from convformance.test_cases.case import Case


def as_tuples(value: Any) -> Any:
    """Return JSON's lists as the tuples they were."""
    return tuple(as_tuples(entry) for entry in value) if isinstance(value, list) else value


def from_record(record: dict[str, Any]) -> Case:
    """Return the case that ``Case.to_json`` wrote as ``record``."""
    return Case(**{field.name: as_tuples(record[field.name]) for field in fields(Case)})
