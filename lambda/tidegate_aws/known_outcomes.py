"""What became known of predictions outside releases, from the counters of the release stack."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from tidegate.observation import Observation
from tidegate.requestlog import tally_key
from tidegate.split import NO_RELEASE
from tidegate_aws.counters import DynamoCounters
from tidegate_aws.outcome_ledger import DynamoOutcomeLedger
from tidegate_aws.release_outputs import OBSERVATION_TABLE, ReleaseOutputs

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, kw_only=True)
class CountedOutcomes:
    """Ports `KnownOutcomes` and `KnownLabels` over the observation table of a release stack.

    The stack names it in its outputs.
    """

    outputs: ReleaseOutputs
    dynamodb: DynamoDBClient
    model: str

    def read(self, *, first_interval: int, last_interval: int) -> tuple[Observation, ...]:
        """The counts of these intervals of serving, both ends included."""
        key = tally_key(model=self.model, release_id=NO_RELEASE)
        found = self._counters.read(key, from_interval=first_interval)
        return tuple(one for one in found if one.key.interval <= last_interval)

    def wrong(self, fingerprints: Collection[str]) -> Mapping[str, bool]:
        """Port `KnownLabels`: whether each of these was wrong, of those that are credited."""
        ledger = DynamoOutcomeLedger(client=self.dynamodb, table=self.outputs[OBSERVATION_TABLE])
        return ledger.wrong(fingerprints)

    @cached_property
    def _counters(self) -> DynamoCounters:
        return DynamoCounters(client=self.dynamodb, table=self.outputs[OBSERVATION_TABLE])
