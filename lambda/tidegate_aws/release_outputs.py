"""Outputs of a release stack, for functions of other stacks that work with its tables."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from tidegate.errors import NotFoundError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

RELEASE_TABLE = "ReleaseTableName"
OBSERVATION_TABLE = "ObservationTableName"
RELEASE_MACHINE = "ReleaseMachineArn"


@dataclass(frozen=True, kw_only=True)
class ReleaseOutputs:
    """What the stack says of itself, read once."""

    client: CloudFormationClient
    stack: str

    def __getitem__(self, name: str) -> str:
        """The output of that name; NotFoundError without it."""
        if name not in self._values:
            raise NotFoundError(f"stack {self.stack} has no output {name}: deploy it again")
        return self._values[name]

    @cached_property
    def _values(self) -> dict[str, str]:
        (stack,) = self.client.describe_stacks(StackName=self.stack)["Stacks"]
        outputs = stack.get("Outputs", ())
        return {one["OutputKey"]: one["OutputValue"] for one in outputs if "OutputKey" in one}
