"""What a deploy would change: templates as synthesized beside templates as deployed."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from cli.target import Target

Template = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StackDiff:
    """Logical ids of a stack's resources that a deploy adds, changes or removes."""

    stack: str
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """Whether the deploy changes no resource."""
        return not (self.added or self.changed or self.removed)

    def to_json(self) -> dict[str, Any]:
        """The difference in JSON types."""
        return {
            "stack": self.stack,
            "added": list(self.added),
            "changed": list(self.changed),
            "removed": list(self.removed),
        }


def assembly_diff(target: Target, assembly: Path) -> tuple[StackDiff, ...]:
    """The difference of every stack of an assembly, by its name."""
    found = []
    for path in sorted(assembly.glob("*.template.json")):
        name = path.name.removesuffix(".template.json")
        wanted = json.loads(path.read_text(encoding="utf-8"))
        found.append(stack_diff(name, deployed_template(target, name), wanted))
    return tuple(found)


def deployed_template(target: Target, stack: str) -> Template:
    """The template of a deployed stack; an empty one where there is none."""
    try:
        told = target.client("cloudformation").get_template(StackName=stack)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            return {}
        raise
    body = told["TemplateBody"]
    template: Template = json.loads(body) if isinstance(body, str) else body
    return template


def stack_diff(stack: str, before: Template, after: Template) -> StackDiff:
    """The difference between two templates of a stack."""
    old, new = before.get("Resources", {}), after.get("Resources", {})
    return StackDiff(
        stack=stack,
        added=tuple(sorted(set(new) - set(old))),
        changed=tuple(sorted(_changed(old, new))),
        removed=tuple(sorted(set(old) - set(new))),
    )


def _changed(old: Template, new: Template) -> Iterator[str]:
    for id_ in set(old) & set(new):
        if _compared(old[id_]) != _compared(new[id_]):
            yield id_


def _compared(resource: Template) -> dict[str, Any]:
    """What CloudFormation acts on: metadata such as CDK's path changes nothing."""
    return {name: value for name, value in resource.items() if name != "Metadata"}
