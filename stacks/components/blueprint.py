"""A stack's resources as CloudFormation words them, before CDK makes constructs of them.

In plain Python a resource costs microseconds; a typed L1 construct costs two to four round trips to
jsii. `CfnInclude` then makes the same L1 constructs of all resources in one trip: tags, aspects,
cdk-nag and CDK's validation see them as if they had been written one by one.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aws_cdk import Stack
from aws_cdk.cloudformation_include import CfnInclude

from stacks.project.spec import DataOnDestroy

INCLUDED = "Template"
"""The id of the construct that holds what a blueprint said."""


class Kept(Enum):
    """What remains of a resource: when it is replaced, and when its stack goes.

    FORMER keeps what a replacement leaves behind, because a release may go back to it.
    """

    NOTHING = "nothing"
    FORMER = "former"
    ALWAYS = "always"

    @property
    def policies(self) -> dict[str, str]:
        """What CloudFormation is told; its default is to keep nothing."""
        if self is Kept.NOTHING:
            return {}
        gone = "Retain" if self is Kept.ALWAYS else "Delete"
        return {"DeletionPolicy": gone, "UpdateReplacePolicy": "Retain"}


def data(on_destroy: DataOnDestroy) -> Kept:
    """Data outlives a replacement always, and its stack if the stage says so."""
    return Kept.ALWAYS if on_destroy is DataOnDestroy.KEEP else Kept.FORMER


def att(logical_id: str, attribute: str = "Arn") -> dict[str, Any]:
    """An attribute that CloudFormation fills in."""
    return {"Fn::GetAtt": [logical_id, attribute]}


def ref(logical_id: str) -> dict[str, Any]:
    """A resource's own name or ARN, whichever its type returns."""
    return {"Ref": logical_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """Resources and outputs by their ids."""

    resources: dict[str, dict[str, Any]] = field(default_factory=dict)
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(
        self,
        logical_id: str,
        kind: str,
        properties: Mapping[str, Any],
        *,
        after: Sequence[str] = (),
        kept: Kept = Kept.NOTHING,
        metadata: Mapping[str, Any] | None = None,
    ) -> str:
        """The resource is there; returns its id. Properties that are None are left out."""
        if logical_id in self.resources:
            raise ValueError(f"two resources have the logical id {logical_id}: rename one")
        given = {name: value for name, value in properties.items() if value is not None}
        resource: dict[str, Any] = {"Type": kind, "Properties": given}
        if after:
            resource["DependsOn"] = list(after)
        if metadata is not None:
            resource["Metadata"] = dict(metadata)
        self.resources[logical_id] = resource | kept.policies
        return logical_id

    def tell(self, name: str, value: Any, *, export: str | None = None) -> None:
        """The stack has this output, which other stacks import under the name of its export."""
        named = {} if export is None else {"Export": {"Name": export}}
        self.outputs[name] = {"Value": value, **named}

    def build(self, stack: Stack) -> None:
        """The stack has everything that was said, under the same logical ids."""
        template = {"Resources": self.resources, "Outputs": self.outputs}
        with TemporaryDirectory() as folder:
            file = Path(folder) / "blueprint.json"
            file.write_text(json.dumps(template), encoding="utf-8")
            CfnInclude(stack, INCLUDED, template_file=str(file))
