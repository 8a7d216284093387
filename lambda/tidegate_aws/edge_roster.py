"""The roster of an edge fleet: an item a device in the observation table."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tidegate.edge.roster import Heard
from tidegate.ports import Clock
from tidegate_aws.clock import CloudClock
from tidegate_aws.counters import COUNTERS_KEPT_SECONDS
from tidegate_aws.items import key, number, read_number, text
from tidegate_aws.table import Table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from tidegate_aws.items import Item


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoRoster:
    """Port `Roster` over the observation table, named by `table`."""

    client: DynamoDBClient
    table: str
    clock: Clock = field(default_factory=CloudClock)

    def heard(self, place: str, heard: Heard) -> bool:
        """A report came; False for one that came before, or is older than what is known."""
        told: Item = {
            "version": text(heard.component_version),
            "interval": number(heard.interval),
            "run": text(heard.run),
            "requests": number(heard.requests),
            "connected": {"BOOL": True},
        }
        news = (
            "attribute_not_exists(#interval) OR #interval < :interval "
            "OR (#interval = :interval AND #run <> :run)"
        )
        return self._update(place, heard.thing, told, condition=news)

    def failed(self, place: str, thing: str, *, version: str, release_id: str) -> None:
        """A version failed on the device."""
        told: Item = {"failed_version": text(version), "failed_in": text(release_id)}
        self._update(place, thing, told)

    def presence(self, place: str, thing: str, *, connected: bool) -> None:
        """The device connected or disconnected; one that never reported stays unknown."""
        told: Item = {"connected": {"BOOL": connected}}
        self._update(place, thing, told, condition="attribute_exists(#pk)")

    def read(self, place: str) -> tuple[Heard, ...]:
        """All that is known, by name."""
        rows = Table(client=self.client, name=self.table)
        return tuple(_heard(item) for item in rows.partition(_partition(place)))

    def _update(self, place: str, thing: str, told: Item, *, condition: str | None = None) -> bool:
        """Whether the condition held, and the item has what is told."""
        told = {**told, "expires_at": number(math.ceil(self.clock.now()) + COUNTERS_KEPT_SECONDS)}
        sets = ", ".join(f"#{name} = :{name}" for name in told)
        names = {f"#{name}": name for name in told}
        more: dict[str, Any] = {}
        if condition is not None:
            more["ConditionExpression"] = condition
            names |= {"#pk": "pk"} if "#pk" in condition else {}
        exceptions = self.client.exceptions
        try:
            self.client.update_item(
                TableName=self.table,
                Key=key(_partition(place), thing),
                UpdateExpression=f"SET {sets}",
                ExpressionAttributeNames=names,
                ExpressionAttributeValues={f":{name}": value for name, value in told.items()},
                **more,
            )
        except exceptions.ConditionalCheckFailedException:
            return False
        return True


def _partition(place: str) -> str:
    return f"edge#{place}"


def _heard(item: Any) -> Heard:
    return Heard(
        thing=item["sk"]["S"],
        component_version=item["version"]["S"] if "version" in item else "",
        interval=read_number(item, "interval"),
        run=item["run"]["S"] if "run" in item else "",
        requests=read_number(item, "requests"),
        connected=item["connected"]["BOOL"] if "connected" in item else True,
        failed_version=item["failed_version"]["S"] if "failed_version" in item else "",
        failed_in=item["failed_in"]["S"] if "failed_in" in item else "",
    )
