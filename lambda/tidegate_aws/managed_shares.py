"""Shares of a managed service's arms: kept in the release table, where its door's split is too.

What is deployed is what CloudFormation updated the service's functions to; nobody else changes
them, and nothing rolls back behind CloudFormation's back, as SageMaker does.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tidegate.ec2 import is_fleet, is_rolling
from tidegate.edge.names import is_edge
from tidegate.errors import NotFoundError
from tidegate.managed import is_managed
from tidegate.ports import Endpoints, EndpointState, VariantState
from tidegate_aws import release_items as at
from tidegate_aws.items import DOCUMENT, document, key, read_document
from tidegate_aws.table import Table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

IN_SERVICE = "InService"


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedShares:
    """Port `Endpoints` over the release table, named by `table`."""

    client: DynamoDBClient
    table: str

    def read(self, endpoint_name: str) -> EndpointState:
        """The arms and their shares; NotFoundError for a service that was never deployed."""
        kept = self._kept(endpoint_name)
        if kept is None:
            raise NotFoundError(f"no {endpoint_name}: it was not deployed yet")
        return EndpointState(
            status=IN_SERVICE,
            config_name=kept["config"],
            variants={slot: _variant(share) for slot, share in kept["shares"].items()},
        )

    def set_weights(self, endpoint_name: str, shares: dict[str, int]) -> None:
        """Each arm has its share, at once; zero stays zero."""
        state = self.read(endpoint_name)
        self._keep(endpoint_name, state.config_name, dict(shares))

    def wake(self, endpoint_name: str, slot: str, *, share: int) -> None:
        """No arm ever sleeps."""

    def declare(self, endpoint_name: str, config: str, slots: Collection[str], live: str) -> None:
        """The arms are those that were deployed; shares of arms that stay are kept."""
        kept = self._kept(endpoint_name)
        before = {} if kept is None else kept["shares"]
        shares = {slot: int(before.get(slot, 0)) for slot in sorted(slots)}
        if sum(shares.values()) == 0:
            shares[live] = 100
        self._keep(endpoint_name, config, shares)

    def forget(self, endpoint_name: str) -> None:
        """Nothing is known of the service."""
        rows = Table(client=self.client, name=self.table)
        rows.transact([rows.delete(at.model_key(endpoint_name), at.SHARES)])

    def _kept(self, endpoint_name: str) -> dict[str, Any] | None:
        rows = Table(client=self.client, name=self.table)
        item = rows.get(at.model_key(endpoint_name), at.SHARES)
        found: dict[str, Any] | None = None if item is None else read_document(item)
        return found

    def _keep(self, endpoint_name: str, config: str, shares: dict[str, int]) -> None:
        kept = {"config": config, "shares": shares}
        item = {**key(at.model_key(endpoint_name), at.SHARES), DOCUMENT: document(kept)}
        self.client.put_item(TableName=self.table, Item=item)


def _variant(share: float) -> VariantState:
    return VariantState(weight=share / 100, current_instances=None, desired_instances=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class EitherEndpoints:
    """Port `Endpoints` for SageMaker's, managed services, fleets and edge fleets, by name."""

    sagemaker: Endpoints
    managed: Endpoints
    fleets: Endpoints
    rolling: Endpoints
    edge: Endpoints

    def read(self, endpoint_name: str) -> EndpointState:
        """What serves now."""
        return self._of(endpoint_name).read(endpoint_name)

    def set_weights(self, endpoint_name: str, shares: dict[str, int]) -> None:
        """Ask for these shares in percent."""
        self._of(endpoint_name).set_weights(endpoint_name, shares)

    def wake(self, endpoint_name: str, slot: str, *, share: int) -> None:
        """Ask for instances, where there are any."""
        self._of(endpoint_name).wake(endpoint_name, slot, share=share)

    def _of(self, endpoint_name: str) -> Endpoints:
        if is_fleet(endpoint_name):
            return self.rolling if is_rolling(endpoint_name) else self.fleets
        if is_edge(endpoint_name):
            return self.edge
        return self.managed if is_managed(endpoint_name) else self.sagemaker
