"""Makes values of the right shape for the properties that a service would have set.

The values identify recorded resources; they claim nothing about a running service. A value is
tried in the shapes that AWS uses and taken when the schema's own pattern and lengths accept it.
"""

import hashlib
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import regex  # type: ignore[import-untyped]

from emulator.cloudformation.patterns import matches
from emulator.cloudformation.schemas import ResourceSchema

_SETTLED = ("ACTIVE", "AVAILABLE", "READY", "CREATED", "ENABLED", "COMPLETE", "InService")
_ANY_LENGTH = 2048
_NAMES_UP_TO = 63
"""Generated names stay within the shortest common limit of AWS names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """The facts from which one resource's identifiers are made."""

    account: str
    region: str
    name: str
    seed: str
    created: str
    """The time of creation, ISO 8601."""

    def digest(self, purpose: str) -> str:
        """Return 64 hexadecimal digits that only this resource and purpose have."""
        return hashlib.sha256(f"{self.seed}:{purpose}".encode()).hexdigest()


def value_for(schema: ResourceSchema, dotted: str, identity: Identity) -> Any:
    """Return a value that the schema accepts for a property, in AWS's usual shape."""
    node = schema.property_schema(dotted)
    match _kind(node):
        case "array":
            return []
        case "object":
            return {}
        case "boolean":
            return False
        case "integer" | "number":
            return node.get("minimum", 1)
    enum = node.get("enum")
    if enum:
        return next((state for state in _SETTLED if state in enum), enum[0])
    return _text(schema, dotted, node, identity)


def _kind(node: Mapping[str, Any]) -> str:
    kind = node.get("type", "object" if "properties" in node else "string")
    return kind if isinstance(kind, str) else str(kind[0])


def _text(schema: ResourceSchema, dotted: str, node: Mapping[str, Any], identity: Identity) -> str:
    shapes = list(_shapes(schema, dotted, node, identity))
    for shape in shapes:
        if _fits(shape, node):
            return shape
    return shapes[0]


def _fits(text: str, node: Mapping[str, Any]) -> bool:
    long_enough = len(text) >= node.get("minLength", 0)
    short_enough = len(text) <= node.get("maxLength", _ANY_LENGTH)
    return long_enough and short_enough and matches(node.get("pattern"), text)


def _shapes(
    schema: ResourceSchema, dotted: str, node: Mapping[str, Any], identity: Identity
) -> Iterator[str]:
    """Yield candidates, the likeliest for the property's name first."""
    last = dotted.rsplit(".", 1)[-1]
    if node.get("format") == "date-time" or last.endswith(("Time", "At", "Date")):
        yield identity.created
    if last.lower().endswith("arn"):
        yield from _arns(schema, identity)
    if last.endswith("Version"):
        yield "1"
    if last.endswith("Name"):
        yield identity.name[:_NAMES_UP_TO]
    yield from _identifiers(identity.digest(dotted), node)
    yield from (identity.name[:_NAMES_UP_TO], identity.name.lower()[:_NAMES_UP_TO], "1")
    yield from _arns(schema, identity)
    yield from (identity.created, identity.account, identity.region, "1.0.0")
    yield f"https://{identity.digest(dotted)[:10]}.{schema.service}.{identity.region}.amazonaws.com"


def _identifiers(digest: str, node: Mapping[str, Any]) -> Iterator[str]:
    yield digest[:10].upper()
    yield str(uuid.UUID(digest[:32], version=4))
    for prefix in _literal_prefixes(str(node.get("pattern", ""))):
        yield from (f"{prefix}{digest[:length]}" for length in (17, 10, 8, 12, 13, 16, 20, 26, 32))
        yield from (f"{prefix}{digest[:length].upper()}" for length in (10, 13, 20, 26))
        yield f"{prefix}{uuid.UUID(digest[:32], version=4)}"
    digits = str(int(digest, 16))
    yield from (digest[:n] for n in (8, 9, 12, 13, 16, 17, 20, 22, 24, 25, 26, 32, 36, 64))
    yield from (digits[:n] for n in (10, 12, 6, 4, 2))


def _literal_prefixes(pattern: str) -> Iterator[str]:
    found = regex.match(r"\^?\(?([A-Za-z][A-Za-z0-9]*[-_])", pattern)
    if found:
        yield found.group(1)


def _arns(schema: ResourceSchema, identity: Identity) -> Iterator[str]:
    kind = schema.type_name.rsplit("::", 1)[-1]
    dashed = regex.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", kind).lower()
    camel = kind[0].lower() + kind[1:]
    ids = (
        identity.name[:_NAMES_UP_TO],
        identity.digest("arn")[:10].upper(),
        str(uuid.UUID(identity.digest("arn")[:32], version=4)),
        identity.digest("arn")[:17],
    )
    stems = (
        f"arn:aws:{schema.service}:{identity.region}:{identity.account}:",
        f"arn:aws:{schema.service}::{identity.account}:",
        f"arn:aws:{schema.service}:::",
        f"arn:aws:{schema.service}::aws:",
    )
    for stem in stems:
        for word in dict.fromkeys((dashed, camel, kind.lower(), kind)):
            for name in ids:
                yield f"{stem}{word}/{name}"
                yield f"{stem}{word}:{name}"
                yield f"{stem}/{word}s/{name}"
        yield f"{stem}{ids[0]}"
