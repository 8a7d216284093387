"""Shares of an edge fleet: which version each of its rings was told to run, by Greengrass itself.

Templates make component versions and rings, releases make deployments: a deploy moves no device.
What is read back is what Greengrass has, one newest deployment a ring; devices that are offline get
it when they come back, and nothing waits for them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tidegate.edge.names import component_version, place_of, ring_group
from tidegate.edge.rings import ring_ends, shares_of, slots_for
from tidegate.errors import ConflictError, NotFoundError
from tidegate.ports import EndpointState, VariantState
from tidegate_aws import clients
from tidegate_aws import release_items as at
from tidegate_aws.errors import code_of, message_of
from tidegate_aws.items import DOCUMENT, document, key, read_document
from tidegate_aws.settings import Variable
from tidegate_aws.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mypy_boto3_dynamodb import DynamoDBClient

    from tidegate.pointer import Declaration
    from tidegate_aws.world import World

IN_SERVICE = "InService"
_GONE = "ResourceNotFoundException"
_IN_FORCE = frozenset({"ACTIVE", "COMPLETED"})
_BUSY = frozenset({"ConflictException", "ThrottlingException", "RequestAlreadyInProgressException"})
_NOTHING = ""
"""The slot of a ring that has no deployment in force, or one of a version that is in no slot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """One ring as it is: its thing group, its newest deployment, the version that this names."""

    number: int
    arn: str
    deployment_id: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeRings:
    """Port `Endpoints` over Greengrass; what was deployed is kept in the release table.

    Clients are made when they are first asked for: most functions that have this port never do.
    """

    dynamodb: DynamoDBClient
    table: str
    greengrass_client: Callable[[], Any]
    iot_client: Callable[[], Any]

    @property
    def greengrass(self) -> Any:
        """Deployments."""
        return self.greengrass_client()

    def read(self, endpoint_name: str) -> EndpointState:
        """The slots and the shares of devices told to run them; NotFoundError before a deploy."""
        kept = self._kept(endpoint_name)
        rings = self.rings(endpoint_name)
        shares = shares_of(kept["ends"], _slots(kept, rings))
        told = {slot: shares.get(slot, 0) for slot in kept["versions"]}
        return EndpointState(
            status=IN_SERVICE,
            config_name=kept["config"],
            variants={slot: _variant(share) for slot, share in told.items()},
        )

    def set_weights(self, endpoint_name: str, shares: dict[str, int]) -> None:
        """Each ring is told the version of its slot, inner rings first.

        A ring that was told it already gets no deployment; asking again after a crash does nothing.
        ConflictError while Greengrass is busy, NotFoundError for a version that it does not have.
        """
        kept = self._kept(endpoint_name)
        rings = self.rings(endpoint_name)
        outermost = _slots(kept, rings)[-1]
        wanted = slots_for(kept["ends"], shares, outermost=outermost)
        for ring, slot in zip(rings, wanted, strict=True):
            self._deploy(place_of(endpoint_name), ring, kept["versions"][slot])

    def wake(self, endpoint_name: str, slot: str, *, share: int) -> None:
        """No ring sleeps."""

    def declare(self, declaration: Declaration, *, live: str) -> None:
        """The slots are those that were deployed; a ring without a version in one runs the live."""
        name = declaration.endpoint_name
        ends = ring_ends(step.share_percent for step in declaration.plan.steps)
        kept: dict[str, Any] = {
            "config": declaration.endpoint_config_name,
            "live": live,
            "ends": ends,
            "versions": {s: component_version(d) for s, d in declaration.digests().items()},
            "arns": [self._arn(ring_group(place_of(name), n)) for n in range(1, len(ends) + 1)],
        }
        item = {**key(at.model_key(name), at.SHARES), DOCUMENT: document(kept)}
        self.dynamodb.put_item(TableName=self.table, Item=item)
        for ring in self.rings(name):
            if _slot(kept, ring) == _NOTHING:
                self._deploy(place_of(name), ring, kept["versions"][live])

    def forget(self, endpoint_name: str) -> None:
        """The fleet has no deployment any more, and nothing is known of it."""
        try:
            rings = self.rings(endpoint_name)
        except NotFoundError:
            return
        for ring in rings:
            if ring.deployment_id:
                self._withdraw(ring.deployment_id)
        rows = Table(client=self.dynamodb, name=self.table)
        rows.transact([rows.delete(at.model_key(endpoint_name), at.SHARES)])

    def rings(self, endpoint_name: str) -> tuple[Ring, ...]:
        """The rings as Greengrass has them, the first one first."""
        arns = enumerate(self._kept(endpoint_name)["arns"], start=1)
        return tuple(self._ring(n, arn, place_of(endpoint_name)) for n, arn in arns)

    def version_of(self, endpoint_name: str, deployment_id: str) -> str | None:
        """The component version that a deployment names; None where it is none of this fleet's."""
        return self._named(deployment_id, place_of(endpoint_name))

    def _ring(self, number: int, arn: str, component: str) -> Ring:
        found = self.greengrass.list_deployments(
            targetArn=arn, historyFilter="LATEST_ONLY", maxResults=1
        )["deployments"]
        if not found or found[0]["deploymentStatus"] not in _IN_FORCE:
            newest = found[0]["deploymentId"] if found else ""
            return Ring(number=number, arn=arn, deployment_id=newest)
        newest = found[0]["deploymentId"]
        version = self._named(newest, component)
        return Ring(number=number, arn=arn, deployment_id=newest, version=version or "")

    def _named(self, deployment_id: str, component: str) -> str | None:
        try:
            told = self.greengrass.get_deployment(deploymentId=deployment_id)
        except self.greengrass.exceptions.ClientError as error:
            if code_of(error) == _GONE:
                return None
            raise
        named: Mapping[str, Any] = told.get("components", {}).get(component, {})
        return named.get("componentVersion")

    def _deploy(self, place: str, ring: Ring, version: str) -> None:
        if ring.version == version:
            return
        try:
            self.greengrass.create_deployment(
                targetArn=ring.arn,
                deploymentName=f"{place} ring {ring.number} {version}",
                components={place: {"componentVersion": version}},
                deploymentPolicies={
                    "failureHandlingPolicy": "ROLLBACK",
                    "componentUpdatePolicy": {
                        "action": "NOTIFY_COMPONENTS",
                        "timeoutInSeconds": 60,
                    },
                },
                clientToken=_token(place, ring, version),
            )
        except self.greengrass.exceptions.ClientError as error:
            raise _translated(error, ring) from error

    def _withdraw(self, deployment_id: str) -> None:
        try:
            self.greengrass.cancel_deployment(deploymentId=deployment_id)
            self.greengrass.delete_deployment(deploymentId=deployment_id)
        except self.greengrass.exceptions.ClientError as error:
            if code_of(error) != _GONE:
                raise

    def _arn(self, group: str) -> str:
        found: str = self.iot_client().describe_thing_group(thingGroupName=group)["thingGroupArn"]
        return found

    def _kept(self, endpoint_name: str) -> dict[str, Any]:
        rows = Table(client=self.dynamodb, name=self.table)
        item = rows.get(at.model_key(endpoint_name), at.SHARES)
        if item is None:
            raise NotFoundError(f"no {endpoint_name}: it was not deployed yet")
        found: dict[str, Any] = read_document(item)
        return found


def edge_rings(world: World) -> EdgeRings:
    """The rings of a process's fleets."""
    return EdgeRings(
        dynamodb=clients.dynamodb(),
        table=world.settings[Variable.RELEASE_TABLE],
        greengrass_client=clients.greengrass,
        iot_client=clients.iot,
    )


def _slots(kept: Mapping[str, Any], rings: Sequence[Ring]) -> tuple[str, ...]:
    return tuple(_slot(kept, ring) for ring in rings)


def _slot(kept: Mapping[str, Any], ring: Ring) -> str:
    """The slot whose version a ring was told; the live one where both hold it."""
    held = [slot for slot, version in kept["versions"].items() if version == ring.version]
    live: str = kept["live"]
    return live if live in held else next(iter(held), _NOTHING)


def _token(place: str, ring: Ring, version: str) -> str:
    """The same for the same step from the same state: Greengrass makes one deployment of it."""
    told = f"{place}/{ring.number}/{ring.deployment_id}/{version}"
    return hashlib.sha256(told.encode()).hexdigest()


def _variant(share: float) -> VariantState:
    return VariantState(weight=share / 100, current_instances=None, desired_instances=None)


def _translated(error: Any, ring: Ring) -> Exception:
    if code_of(error) in _BUSY:
        return ConflictError(f"ring {ring.number} is being changed: {message_of(error)}")
    if code_of(error) == _GONE:
        return NotFoundError(f"ring {ring.number} can't be told: {message_of(error)}")
    found: Exception = error
    return found
