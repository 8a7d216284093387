"""Weighted records in Route 53."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tidegate.errors import ConflictError, NotFoundError
from tidegate_aws.errors import code_of, message_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mypy_boto3_route53 import Route53Client
    from mypy_boto3_route53.type_defs import (
        ChangeTypeDef,
        ResourceRecordSetOutputTypeDef,
        ResourceRecordSetTypeDef,
    )

    from tidegate.tracks import Tracks

KIND: Final = "A"
"""Load balancers of the front door have IPv4 addresses only."""

_BUSY = frozenset({"PriorRequestNotComplete", "ThrottlingException", "Throttling"})
_MOST_OF_A_NAME = "100"
"""Route 53 takes at most 100 weighted records of one name and type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route53Records:
    """Port `Records`. What a record leads to is the template's: only weights are changed here."""

    client: Route53Client

    def weights(self, tracks: Tracks) -> dict[str, int]:
        """Slot to weight, as the zone has it now; NotFoundError unless both slots have a record."""
        return {slot: record["Weight"] for slot, record in self._records(tracks).items()}

    def set_weights(self, tracks: Tracks, weights: Mapping[str, int]) -> str:
        """Both records get their weight in one change, whose id is returned; zero stays zero.

        ConflictError while another change of the zone is being made.
        """
        changes = [
            _upsert(record, weight=weights[slot]) for slot, record in self._records(tracks).items()
        ]
        try:
            answer = self.client.change_resource_record_sets(
                HostedZoneId=tracks.zone_id, ChangeBatch={"Changes": changes}
            )
        except self.client.exceptions.ClientError as error:
            if code_of(error) in _BUSY:
                raise ConflictError(
                    f"zone {tracks.zone_id} is being changed: {message_of(error)}"
                ) from error
            raise
        return answer["ChangeInfo"]["Id"]

    def in_sync(self, change: str) -> bool:
        """Whether a change has reached every name server of Route 53.

        One that Route 53 no longer knows did so long ago.
        """
        try:
            answer = self.client.get_change(Id=change)
        except self.client.exceptions.NoSuchChange:
            return True
        return answer["ChangeInfo"]["Status"] == "INSYNC"

    def _records(self, tracks: Tracks) -> dict[str, ResourceRecordSetOutputTypeDef]:
        """Slot to its record, whole, so that a change keeps all but its weight."""
        slots = {slot.value for slot in tracks.endpoints}
        try:
            # A page begins with this name and type, and has all weighted records of it.
            answer = self.client.list_resource_record_sets(
                HostedZoneId=tracks.zone_id,
                StartRecordName=tracks.host,
                StartRecordType=KIND,
                MaxItems=_MOST_OF_A_NAME,
            )
        except self.client.exceptions.NoSuchHostedZone as error:
            raise NotFoundError(f"no hosted zone {tracks.zone_id}: {message_of(error)}") from error
        found = _by_identifier(answer["ResourceRecordSets"], tracks.host, slots)
        if found.keys() != slots:
            known = ", ".join(sorted(found)) or "none"
            raise NotFoundError(
                f"{tracks.host} needs a weighted record of {' and '.join(sorted(slots))} in zone "
                f"{tracks.zone_id}, found {known}: deploy again"
            )
        return found


def _by_identifier(
    records: Sequence[ResourceRecordSetOutputTypeDef], host: str, slots: set[str]
) -> dict[str, ResourceRecordSetOutputTypeDef]:
    named = (record for record in records if _names(record, host))
    return {r["SetIdentifier"]: r for r in named if r.get("SetIdentifier") in slots}


def _upsert(record: ResourceRecordSetOutputTypeDef, *, weight: int) -> ChangeTypeDef:
    changed: ResourceRecordSetTypeDef = {**record, "Weight": weight}
    return {"Action": "UPSERT", "ResourceRecordSet": changed}


def _names(record: ResourceRecordSetOutputTypeDef, host: str) -> bool:
    """Route 53 writes names in lower case, with a dot at the end."""
    name = record["Name"].rstrip(".")
    return record["Type"] == KIND and name == host.lower().rstrip(".")
