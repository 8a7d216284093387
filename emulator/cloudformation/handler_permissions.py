"""What CloudFormation must be allowed to do to create, update or delete a resource. Pure.

Resource handlers call the services with the credentials of the stack's role, or of whoever began
the operation. Asked for here are the calls that a handler makes for certain: for the types of
`handler_calls.json` by operation and property; for every other type the one that creates, updates
or deletes, which is the first of that kind that the type's public schema lists
(`handlers.*.permissions`), on whatever resource. Reads that follow a change, and calls for
properties that the table does not name, are not asked for: a role that passes here may still lack
one of these on AWS.

The table holds, by type, the ARN of its resources ({name}: what one is called, {lower}: that in
lower case, {*Property}: each item of a list, other words: properties), the property that names
one, and actions by operation (`put`: created or updated, `any`: every one), each with
`on ARN` and `if PROPERTY...` where it is not the row's ARN or not always. `passed` are roles that
are handed to a service, `context` condition keys by the property that gives their value. Sources:
the public resource schemas, narrowed to what is certain; resources and condition keys from each
service's page of the Service Authorization Reference.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

CREATE, UPDATE, DELETE = "create", "update", "delete"

_TABLE = Path(__file__).with_name("handler_calls.json")
_CALL = re.compile(r"(?P<action>\S+)(?: on (?P<resource>\S+))?(?: if (?P<properties>.+))?")
_PLACE = re.compile(r"\{([^}]+)\}")
_KEYS = {CREATE: ("create", "put", "any"), UPDATE: ("update", "put", "any")}
_VERBS = {
    CREATE: ("Create", "Put", "Register", "Request", "Add", "Associate", "Start", "Set"),
    UPDATE: ("Update", "Put", "Modify", "Set", "Create", "Register"),
    DELETE: ("Delete", "Deregister", "Remove", "Disassociate", "Terminate", "Cancel"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """One permission: an action on a resource, under these condition keys.

    `resource` is None where nothing says which resource it will be: a policy then allows the
    action if it does for any resource.
    """

    action: str
    resource: str | None
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One change of one resource: `old` is empty at creation, `new` at deletion.

    `name` is what the resource is or will be called: its physical id, or a name like the one that
    CloudFormation generates.
    """

    operation: str
    type_name: str
    name: str
    old: Mapping[str, Any]
    new: Mapping[str, Any]

    @property
    def declared(self) -> Mapping[str, Any]:
        """The properties that say what the resource is."""
        return self.old if self.operation == DELETE else self.new

    def touches(self, prop: str) -> bool:
        """Whether the operation has to do something about a property."""
        return self.old.get(prop) != self.new.get(prop)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the stack is."""

    account: str
    region: str
    partition: str = "aws"


def needed(
    step: Step, place: Place, *, schema_permissions: Mapping[str, Sequence[str]]
) -> list[Needed]:
    """Every permission that the step needs; `schema_permissions` are the schema's, by operation."""
    if step.type_name.startswith(("Custom::", "AWS::CloudFormation::CustomResource")):
        token = str(step.declared.get("ServiceToken", ""))
        action = "sns:Publish" if ":sns:" in token else "lambda:InvokeFunction"
        return [Needed(action=action, resource=token)]
    row = table().get(step.type_name)
    if row is None:
        return _by_schema(step, schema_permissions)
    context = _context(step, row.get("context", {}))
    wanted = [
        Needed(action=action, resource=resource, context=context)
        for action, template in _calls(row, step)
        for resource in _filled(template, row, step, place)
    ]
    passed = [] if step.operation == DELETE else _passed(row.get("passed", {}), step)
    return [*wanted, *passed]


@cache
def table() -> Mapping[str, Mapping[str, Any]]:
    """The rows of the table by type."""
    rows: dict[str, dict[str, Any]] = json.loads(_TABLE.read_text(encoding="utf-8"))
    return rows


def _by_schema(step: Step, permissions: Mapping[str, Sequence[str]]) -> list[Needed]:
    listed = [p for p in permissions.get(step.operation, ()) if ":" in p]
    kind = step.type_name.rpartition("::")[2]
    for verb in _VERBS[step.operation]:
        own = [p for p in listed if p.split(":")[1].startswith(verb)]
        named = [p for p in own if kind in p]
        for action in (*named, *own):
            return [Needed(action=action, resource=None)]
    return []


def _calls(row: Mapping[str, Any], step: Step) -> Iterator[tuple[str, str]]:
    """The actions of the operation, each with the ARN that it is asked on, to be filled in."""
    keys = _KEYS.get(step.operation, ("delete", "any"))
    for text in (call for key in keys for call in row.get(key, ())):
        match = _CALL.fullmatch(text)
        if match is None:
            raise ValueError(f"{_TABLE.name}: {step.type_name} has {text!r}, not a call")
        properties = (match["properties"] or "").split()
        if not properties or any(step.touches(prop) for prop in properties):
            yield match["action"], match["resource"] or row["resource"]


def _filled(template: str, row: Mapping[str, Any], step: Step, place: Place) -> Iterator[str]:
    """The ARNs that the template stands for."""
    words = _PLACE.findall(template)
    many = next((word for word in words if word.startswith("*")), None)
    if many is not None:
        for item in step.declared.get(many[1:], ()):
            yield from _filled(template.replace(f"{{{many}}}", str(item)), row, step, place)
        return
    if step.name.startswith("arn:") and {"name", "lower"} & set(words):
        yield step.name
        return
    known = {
        "partition": place.partition,
        "region": place.region,
        "account": place.account,
        "name": _name(row, step),
        "lower": _name(row, step).lower(),
    }
    filled = _PLACE.sub(
        lambda found: known.get(found[1], _text(step.declared.get(found[1]))), template
    )
    # A property that takes a name or an ARN: an ARN is the resource. A parameter's name may begin
    # with a slash, which its ARN has once.
    start = max(filled.rfind("arn:"), 0)
    yield filled[start:].replace(":parameter//", ":parameter/")


def _name(row: Mapping[str, Any], step: Step) -> str:
    named = row.get("name")
    given = step.new.get(named) if named is not None and step.operation == CREATE else None
    return _text(given) if given is not None else step.name.rpartition("|")[2]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "*"


def _context(step: Step, keys: Mapping[str, str]) -> dict[str, Any]:
    context = {key: step.declared[prop] for key, prop in keys.items() if prop in step.declared}
    tags = step.declared.get("Tags")
    if isinstance(tags, list) and tags:
        pairs = [t for t in tags if isinstance(t, dict) and "Key" in t]
        context.update({f"aws:RequestTag/{t['Key']}": t.get("Value", "") for t in pairs})
        context["aws:TagKeys"] = [t["Key"] for t in pairs]
    return context


def _passed(passed: Mapping[str, str], step: Step) -> list[Needed]:
    """`iam:PassRole` for every role that the step hands to a service, new or changed."""
    return [
        Needed(action="iam:PassRole", resource=role, context={"iam:PassedToService": service})
        for path, service in passed.items()
        for role in sorted(roles_at(step.new, path) - roles_at(step.old, path))
    ]


def roles_at(document: Any, path: str) -> set[str]:
    """The role ARNs at a dotted path, `[]` for each item of a list; other values are none."""
    first, _, rest = path.partition(".")
    found = document.get(first.removesuffix("[]")) if isinstance(document, Mapping) else None
    items = found if first.endswith("[]") and isinstance(found, list) else [found]
    if rest:
        return {role for item in items for role in roles_at(item, rest)}
    return {item for item in items if isinstance(item, str) and ":role/" in item}
