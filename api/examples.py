"""Requests and their answers, as the documents of the protocol show them: told in the description, held in tests.

`<new>`, `<now>`, `<etag>` and `<token>` stand for what is another one each time.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("examples.json")
JSON = "application/json"


@dataclass(frozen=True)
class Example:
    """What is asked of an operation, and what it says to that."""

    operation: str
    title: str
    method: str
    path: str
    status: int
    answered: Any
    sent: Any = None


@cache
def examples() -> tuple[Example, ...]:
    """All of them; of those of one operation, the first is the one that explains it."""
    return tuple(Example(**said) for said in json.loads(FILE.read_text(encoding="utf-8")))


def show_examples(said: dict[str, Any]) -> None:
    """Put the examples into this OpenAPI document, where they belong."""
    operations = {operation["operationId"]: operation for item in said["paths"].values() for operation in item.values()}
    for example in examples():
        operation = operations[example.operation]
        answer = operation["responses"][str(example.status)]["content"][JSON]
        answer.setdefault("example", example.answered)
        if example.sent is not None:
            operation["requestBody"]["content"][JSON].setdefault("example", example.sent)
