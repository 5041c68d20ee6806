"""The description of the API laid out for reading: sections of operations, members in rows."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from partners.roles import Permission

JSON = "application/json"
METHODS = ("get", "head", "post", "put", "patch", "delete")
DEEPEST = 6


@dataclass(frozen=True)
class Member:
    """A parameter or a member of a body: where it stands (`lineItems[].quantity`), what it holds, what it means."""

    place: str
    kind: str
    is_required: bool
    words: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Operation:
    """One thing that can be asked of the API."""

    id: str
    method: str
    path: str
    words: str
    permissions: tuple[Permission, ...]
    parameters: tuple[Member, ...]
    sent: tuple[Member, ...]
    answered: tuple[Member, ...]
    statuses: tuple[tuple[int, str], ...]
    sent_example: str = ""
    answered_example: str = ""


@dataclass(frozen=True)
class Section:
    """What belongs together, under the name that it has in the description."""

    name: str
    operations: tuple[Operation, ...]

    @property
    def id(self) -> str:
        """The anchor of the section."""
        return "-".join(self.name.lower().split())


def sections(said: Mapping[str, Any]) -> list[Section]:
    """The operations of this OpenAPI document by their first tag, both in the order of the document."""
    found: dict[str, list[Operation]] = {}
    schemas = said.get("components", {}).get("schemas", {})
    for path, item in said["paths"].items():
        for method in METHODS:
            if method in item:
                found.setdefault(item[method]["tags"][0], []).append(_operation(path, method, item[method], schemas))
    return [Section(name, tuple(operations)) for name, operations in found.items()]


def _operation(path: str, method: str, said: Mapping[str, Any], schemas: Mapping[str, Any]) -> Operation:
    sent = said.get("requestBody", {}).get("content", {}).get(JSON, {})
    [good] = [status for status in said["responses"] if int(status) < HTTPStatus.BAD_REQUEST]
    answered = said["responses"][good].get("content", {}).get(JSON, {})
    return Operation(
        id=said["operationId"],
        method=method.upper(),
        path=path,
        words=said.get("description", ""),
        permissions=tuple(Permission(code) for code in said.get("x-permission", ())),
        parameters=tuple(_parameter(one, schemas) for one in said.get("parameters", ())),
        sent=tuple(members(sent.get("schema", {}), schemas)),
        answered=tuple(members(answered.get("schema", {}), schemas)),
        statuses=tuple((int(status), HTTPStatus(int(status)).phrase) for status in said["responses"]),
        sent_example=_written(sent),
        answered_example=_written(answered),
    )


def _written(content: Mapping[str, Any]) -> str:
    if "example" not in content:
        return ""
    return json.dumps(content["example"], indent=2, ensure_ascii=False)


def _parameter(said: Mapping[str, Any], schemas: Mapping[str, Any]) -> Member:
    schema = _bare(said.get("schema", {}), schemas)
    words = said.get("description", "") or schema.get("description", "")
    return Member(said["name"], _kind(schema), said.get("required", False), words, _choices(schema))


def members(
    schema: Mapping[str, Any], schemas: Mapping[str, Any], within: str = "", depth: int = 0
) -> Iterator[Member]:
    """The members of a schema, each below the one that holds it; what holds itself is not followed for ever."""
    schema = _bare(schema, schemas)
    if schema.get("type") == "array":
        yield from members(schema.get("items", {}), schemas, within + "[]", depth)
        return
    if depth >= DEEPEST:
        return
    for name, said in schema.get("properties", {}).items():
        place = f"{within}.{name}" if within else name
        bare = _bare(said, schemas)
        words = said.get("description", "") or (bare.get("description", "") if "properties" not in bare else "")
        yield Member(place, _kind(bare), name in schema.get("required", ()), words, _choices(bare))
        yield from members(bare, schemas, place, depth + 1)


def _bare(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema itself, where this one only refers to it or says that it may be absent."""
    if "$ref" in schema:
        return _bare(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    some = [one for one in (*schema.get("anyOf", ()), *schema.get("allOf", ())) if one.get("type") != "null"]
    return _bare(some[0], schemas) if len(some) == 1 else schema


def _kind(schema: Mapping[str, Any]) -> str:
    kind = str(schema.get("format") or schema.get("type") or "")
    if kind == "array":
        return f"array of {schema.get('items', {}).get('type', 'object')}"
    return kind


def _choices(schema: Mapping[str, Any]) -> tuple[str, ...]:
    choices = schema.get("enum") or ([schema["const"]] if "const" in schema else [])
    return tuple(str(choice) for choice in choices)
