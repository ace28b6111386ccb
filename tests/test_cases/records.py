"""The JSON of a case, turned back into the case."""

import ast
from dataclasses import fields
from typing import Any

from convformance.adapters.raw import Raw
from convformance.test_cases.case import Case


def as_tuples(value: Any) -> Any:
    """Return JSON's lists as the tuples they were."""
    return tuple(as_tuples(entry) for entry in value) if isinstance(value, list) else value


def from_record(record: dict[str, Any]) -> Case:
    """Return the case that ``Case.to_json`` wrote as ``record``."""
    parameters = {field.name: as_tuples(record[field.name]) for field in fields(Case)}
    return Case(**{**parameters, "raw": raw_from_record(record["raw"])})


def raw_from_record(record: dict[str, str]) -> Raw | None:
    """Return the raw arguments of a case, None of one that has none."""
    if not record:
        return None
    changes = {name: text for name, text in record.items() if name not in ("argument", "asked", "means")}
    values = tuple((name, ast.literal_eval(text)) for name, text in changes.items())
    return Raw(record["argument"], record["asked"], values, record["means"] == "True")
