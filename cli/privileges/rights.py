"""What the roles of synthesized templates may do. Pure.

A right is one action of one role on one kind of resource. The kind says what a resource is without
saying which: the logical id of a resource of the same template, the kind of an ARN such as
`sagemaker endpoint` or `s3 objects`, or `*`; so that a proof made in one project holds for the same
role of every other.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ROLE_TYPE = "AWS::IAM::Role"
_OF_ONE_VERSION = re.compile(r"(?<=^ExecutionRole)[0-9A-F][0-9a-f]{7}$")
"""A role a version, where the deploy is the release: its id ends in the version's digest."""
_OF_ONE_STAGE = re.compile(r"^Deploy\w+(?=Build(?:Role|Log)?$)")
"""A build a stage: its id has the stage's name."""

_OF_ONE_NOTEBOOK = re.compile(r"^\w+(?=NotebookRole$)")
"""A role a notebook: its id begins with the notebook's name."""

_BY_NAME = {
    "s3": ("bucket", "objects"),
    "codepipeline": ("pipeline", "stage"),
    "execute-api": ("api", "routes"),
}
"""Services whose ARNs name no kind: what is named, and what a path after it leads to."""

_PSEUDO = re.compile(r"\$\{AWS::(\w+)\}")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Right:
    """One action of one role on one kind of resource."""

    role: str
    action: str
    resource: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRights:
    """A role of a template: who takes it, and what it may do then."""

    role: str
    taken_by: str
    rights: tuple[Right, ...]


def roles_of(template: Mapping[str, Any]) -> Iterator[RoleRights]:
    """Every role of a template, with all of its rights."""
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] == ROLE_TYPE:
            properties = resource["Properties"]
            yield RoleRights(
                role=role_name(logical_id),
                taken_by=", ".join(_services(properties["AssumeRolePolicyDocument"])),
                rights=tuple(sorted(set(_rights(role_name(logical_id), properties)))),
            )


def role_name(logical_id: str) -> str:
    """What a role is called in the table: its logical id, without version, stage and notebook."""
    named = _OF_ONE_STAGE.sub("Deploy", _OF_ONE_VERSION.sub("", logical_id))
    return _OF_ONE_NOTEBOOK.sub("", named)


def union(roles: Iterable[RoleRights]) -> list[RoleRights]:
    """One entry a role, with every right and everybody who takes it in any of the templates."""
    found: dict[str, RoleRights] = {}
    for each in roles:
        known = found.get(each.role, each)
        found[each.role] = RoleRights(
            role=each.role,
            taken_by=", ".join(sorted({*known.taken_by.split(", "), *each.taken_by.split(", ")})),
            rights=tuple(sorted({*known.rights, *each.rights})),
        )
    return [found[name] for name in sorted(found)]


def listed(value: Any) -> list[Any]:
    """A policy's value that may be one or a list, as a list."""
    return value if isinstance(value, list) else [value]


def kind_of(resource: Any) -> str:
    """What a resource of a statement is, without saying which."""
    text = _PSEUDO.sub(r"\1", _text(resource))
    if text.startswith("@"):
        return _OF_ONE_STAGE.sub("Deploy", text[1:])
    parts = text.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn":
        return text
    service, rest = parts[2], parts[5]
    if service in _BY_NAME:
        whole, part = _BY_NAME[service]
        return f"{service} {part if '/' in rest else whole}"
    kind = re.split(r"[/:]", rest, maxsplit=1)[0]
    return f"{service} {kind}".strip()


def _rights(role: str, properties: Mapping[str, Any]) -> Iterator[Right]:
    if properties.get("ManagedPolicyArns"):
        for arn in properties["ManagedPolicyArns"]:
            yield Right(role=role, action=_text(arn), resource="managed policy")
    for policy in properties.get("Policies", ()):
        for statement in policy["PolicyDocument"]["Statement"]:
            for action in listed(statement["Action"]):
                for resource in listed(statement["Resource"]):
                    yield Right(role=role, action=action, resource=kind_of(resource))


def _services(trust: Mapping[str, Any]) -> list[str]:
    return [
        str(service)
        for statement in listed(trust["Statement"])
        for service in listed(statement["Principal"].get("Service", "another account"))
    ]


def _text(resource: Any) -> str:
    """The resource as text; one of the same template as `@LogicalId`."""
    if isinstance(resource, str):
        return resource
    name, value = next(iter(resource.items()))
    if name == "Ref":
        return f"@{value}"
    if name == "Fn::GetAtt":
        return f"@{value[0] if isinstance(value, list) else value.partition('.')[0]}"
    if name == "Fn::Sub":
        template, values = (value, {}) if isinstance(value, str) else value
        return _substituted(template, values)
    if name == "Fn::Join":
        separator, parts = value
        return str(separator).join(_text(part) for part in parts).lstrip("@")
    if name == "Fn::ImportValue":
        # Exports are named by stack and output: the output says what it is.
        return f"@imported {value.rpartition('-')[2]}"
    raise ValueError(f"a resource of a policy is given by {name}, which this table cannot read")


def _substituted(template: str, values: Mapping[str, Any]) -> str:
    """`${Bucket.Arn}/*` is an object of that bucket; text around ids stays as it is."""
    whole = re.match(r"\$\{([A-Za-z0-9]+)(?:\.[A-Za-z]+)?\}(/?)", template)
    if whole and not template.startswith("${AWS"):
        return f"@{whole[1]}{' objects' if whole[2] else ''}"
    for key, value in values.items():
        template = template.replace(f"${{{key}}}", _text(value).lstrip("@"))
    return template
