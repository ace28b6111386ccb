"""The page of the protocol, its schema and its conversations agree with what is sent and understood.

``python -m tests.exchange.test_protocol`` writes the conversations anew.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from convformance.adapters.protocol import introduction, messages
from convformance.adapters.protocol.conversation import START, STOP
from convformance.adapters.protocol.introduction import CAPABILITIES
from convformance.adapters.protocol.messages import ProtocolError
from convformance.reference import operations
from convformance.reference.operation import OPERAND_NAMES, OPERATIONS
from convformance.reference.problem import Problem

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "protocol.md").read_text(encoding="utf-8")
SCHEMA = json.loads((DOCS / "protocol.schema.json").read_text(encoding="utf-8"))
CONVERSATIONS = DOCS / "protocol"
PROBLEM = Problem.of(
    input_size=(3,), kernel_size=2, batch=1, in_channels=2, out_channels=4, stride=2, padding=((1, 0),), groups=2
)
INTRODUCTION = {"version": 1, "name": "example", "operations": list(OPERATIONS), "dtypes": ["float32"]}


def conversation(operation: str) -> tuple[bytes, bytes]:
    """Return the bytes of a short conversation, those that are sent and those that come back."""
    arrays = [
        np.arange(1, 1 + np.prod(shape), dtype=np.float32).reshape(shape) for shape in PROBLEM.operand_shapes(operation)
    ]
    header = messages.question(1, operation, PROBLEM, arrays, ("NC*", "OI*"))
    result = operations.apply(operation, PROBLEM, *(array.astype(np.float64) for array in arrays)).astype(np.float32)
    tensor = {"dtype": "float32", "shape": result.shape, "bytes": result.nbytes}
    sent = START + messages.encode(header, arrays) + STOP
    return sent, messages.encode(INTRODUCTION) + messages.encode({"seq": 1, "tensor": tensor}, [result])


def headers(conversation: bytes) -> Iterator[dict[str, Any]]:
    """Yield the headers of one side, the raw numbers left out."""
    while conversation:
        line, _, conversation = conversation.partition(b"\n")
        header = json.loads(line)
        tensors = header.get("tensors", [header["tensor"]] if "tensor" in header else [])
        conversation = conversation[sum(tensor["bytes"] for tensor in tensors) :]
        yield header


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_conversations_are_what_is_sent_and_understood(operation: str) -> None:
    for side, data in zip(("sent", "answered"), conversation(operation), strict=True):
        assert (CONVERSATIONS / f"{operation}.{side}.bin").read_bytes() == data


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_header_meets_the_schema(operation: str) -> None:
    for side in conversation(operation):
        for header in headers(side):
            jsonschema.validate(header, SCHEMA)


@pytest.mark.parametrize("reply", [{"seq": 7, "refused": "no groups"}, {"seq": 7, "error": "out of memory"}])
def test_answers_without_numbers_meet_the_schema_and_are_understood(reply: dict[str, Any]) -> None:
    jsonschema.validate(reply, SCHEMA)
    header = messages.parse_header(json.dumps(reply).encode(), 7)
    assert (header.refused, header.error) == (reply.get("refused"), reply.get("error"))


@pytest.mark.parametrize(
    "broken",
    [
        {"seq": 7},
        {"seq": 7, "refused": "no", "error": "no"},
        {"seq": 7, "tensor": {"dtype": "float32", "shape": [2]}},
        {"seq": 7, "tensor": {"dtype": "float128", "shape": [2], "bytes": 32}},
        {"seq": 7, "tensor": {"dtype": "float32", "shape": [-2], "bytes": 8}},
        {"tensor": {"dtype": "float32", "shape": [2], "bytes": 8}},
    ],
)
def test_what_breaks_the_protocol_meets_neither(broken: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError):
        messages.parse_header(json.dumps(broken).encode(), 7)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, SCHEMA)


def test_the_examples_of_the_page_are_headers() -> None:
    examples = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
    for header in examples:
        jsonschema.validate(header, SCHEMA)
    assert {each.get("cmd") for each in examples} >= {"ask", None}
    shown = next(each for each in examples if "operations" in each)
    assert introduction.parse(shown).lacks == ("groups", "negative_padding")


def test_page_and_schema_name_every_field_that_an_introduction_may_have() -> None:
    properties = SCHEMA["$defs"]["introduction"]["properties"]
    for field in properties:
        assert f"`{field}`" in PAGE, field
    assert set(properties["capabilities"]["propertyNames"]["enum"]) == set(CAPABILITIES)
    assert all(f"`{name}`" in PAGE for name in (*CAPABILITIES, *OPERATIONS))


def test_the_question_on_the_page_has_the_fields_that_are_sent() -> None:
    shown = next(json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL) if '"ask"' in text)
    (_, sent, _) = headers(conversation("conv")[0])
    assert shown.keys() == sent.keys()
    assert shown["problem"].keys() == sent["problem"].keys()
    sizes = shown["problem"]
    problem = Problem.of(
        **{
            name: sizes[name]
            for name in ("batch", "in_channels", "out_channels", "input_size", "kernel_size", "stride")
        },
        padding=tuple((low, high) for low, high in sizes["padding"]),
    )
    assert list(problem.output_size) == sizes["output_size"]
    assert [list(shape) for shape in problem.operand_shapes("conv")] == [each["shape"] for each in shown["tensors"]]
    assert [each["name"] for each in shown["tensors"]] == list(OPERAND_NAMES["conv"])


def write() -> None:
    """Write the conversations anew."""
    CONVERSATIONS.mkdir(exist_ok=True)
    for operation in OPERATIONS:
        for side, data in zip(("sent", "answered"), conversation(operation), strict=True):
            (CONVERSATIONS / f"{operation}.{side}.bin").write_bytes(data)


if __name__ == "__main__":
    write()
