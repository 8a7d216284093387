"""What became known of predictions outside releases, from the counters of the release stack."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from tidegate.errors import NotFoundError
from tidegate.observation import Observation
from tidegate.requestlog import tally_key
from tidegate.split import NO_RELEASE
from tidegate_aws.counters import DynamoCounters

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient

TABLE_OUTPUT = "ObservationTableName"


@dataclass(frozen=True, kw_only=True)
class CountedOutcomes:
    """Port `KnownOutcomes` over the observation table that a release stack names in its outputs."""

    cloudformation: CloudFormationClient
    dynamodb: DynamoDBClient
    stack: str
    model: str

    def read(self, *, first_interval: int, last_interval: int) -> tuple[Observation, ...]:
        """The counts of these intervals of serving, both ends included."""
        key = tally_key(model=self.model, release_id=NO_RELEASE)
        found = self._counters.read(key, from_interval=first_interval)
        return tuple(one for one in found if one.key.interval <= last_interval)

    @cached_property
    def _counters(self) -> DynamoCounters:
        (stack,) = self.cloudformation.describe_stacks(StackName=self.stack)["Stacks"]
        for output in stack.get("Outputs", ()):
            if output.get("OutputKey") == TABLE_OUTPUT:
                return DynamoCounters(client=self.dynamodb, table=output["OutputValue"])
        raise NotFoundError(f"stack {self.stack} has no output {TABLE_OUTPUT}: deploy it again")
