"""The status of stacks: whether a deploy is under way, and whether it is being taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegate_aws.errors import code_of, message_of

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

GONE = "DELETE_COMPLETE"


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudFormationStacks:
    """Port `Stacks` over CloudFormation."""

    client: CloudFormationClient

    def status(self, stack_id: str) -> str:
        """The stack's status in CloudFormation's words; DELETE_COMPLETE for one that is gone."""
        try:
            stacks = self.client.describe_stacks(StackName=stack_id)["Stacks"]
        except self.client.exceptions.ClientError as error:
            if code_of(error) == "ValidationError" and "does not exist" in message_of(error):
                return GONE
            raise
        return stacks[0]["StackStatus"]
