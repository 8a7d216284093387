"""What a role of a template may do: its statements, wherever they stand."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from gate.finding import Path
from gate.template import Json, Resource, Template, items, mappings, target, text_of

ROLE = "AWS::IAM::Role"
POLICIES = ("AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement, and where it stands."""

    owner: Resource
    path: Path
    body: Json

    @property
    def allows(self) -> bool:
        """Whether it allows; the other half denies."""
        return self.body.get("Effect") == "Allow"

    @property
    def actions(self) -> list[str]:
        """The actions it names."""
        return [str(action) for action in items(self.body.get("Action"))]

    @property
    def resources(self) -> list[Any]:
        """The resources it names."""
        return items(self.body.get("Resource"))

    def covers(self, action: str) -> bool:
        """Whether it allows an action, on whatever resource."""
        named = any(fnmatchcase(action.lower(), known.lower()) for known in self.actions)
        others = items(self.body.get("NotAction"))
        return self.allows and (named or (bool(others) and action not in others))


def statements_of(document: Any, owner: Resource, path: Path) -> Iterator[Statement]:
    """The statements of a policy document."""
    if isinstance(document, Mapping):
        for index, body in enumerate(mappings(document.get("Statement"))):
            yield Statement(owner=owner, path=(*path, "Statement", index), body=body)


def written(template: Template) -> Iterator[Statement]:
    """Every statement of the template's roles and policies."""
    for role in template.of(ROLE):
        yield from _inline(role)
    for policy in template.of(*POLICIES):
        yield from statements_of(policy.at("PolicyDocument"), policy, ("PolicyDocument",))


def _inline(role: Resource) -> Iterator[Statement]:
    for index, policy in enumerate(mappings(role.at("Policies"))):
        path = ("Policies", index, "PolicyDocument")
        yield from statements_of(policy.get("PolicyDocument"), role, path)


def attached(role: Resource) -> Iterator[Resource]:
    """Policies that are resources of their own and say that they are the role's."""
    managed = {target(arn) for arn in items(role.at("ManagedPolicyArns"))}
    for policy in role.template.of(*POLICIES):
        named = [*items(policy.at("Roles")), policy.at("RoleName")]
        if role.id in {target(name) for name in named} or policy.id in managed:
            yield policy


def rights(role: Resource) -> tuple[Statement, ...]:
    """All statements of a role that the template says."""
    found = list(_inline(role))
    for policy in attached(role):
        found += statements_of(policy.at("PolicyDocument"), policy, ("PolicyDocument",))
    return tuple(found)


def wholly_known(role: Resource) -> bool:
    """Whether the role has no policy whose text is elsewhere, such as AWS's managed ones."""
    every = role.template.every
    arns = [target(arn) for arn in items(role.at("ManagedPolicyArns"))]
    return all(arn in every for arn in arns)


def role_of(resource: Resource, value: Any) -> Resource | None:
    """The role of the same template that a value names."""
    found = resource.template.every.get(target(value))
    return found if found is not None and found.kind == ROLE else None


def trusted(role: Resource) -> set[str]:
    """Service principals that may assume a role; * for one that anybody may."""
    document = role.at("AssumeRolePolicyDocument")
    found: set[str] = set()
    for statement in statements_of(document, role, ("AssumeRolePolicyDocument",)):
        principal = statement.body.get("Principal")
        named = principal.get("Service") if isinstance(principal, Mapping) else principal
        found |= {text_of(name) or "" for name in items(named)}
    return found
