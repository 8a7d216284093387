"""Shares of tracks that no record leads to: kept in the release table, beside the split document.

The split document is what routers read, and says which users move with an announced step; what is
kept here says which shares were asked for and are in force, as weights of records do elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegate.tracks import INITIAL_WEIGHTS
from tidegate_aws import release_items as at
from tidegate_aws.items import DOCUMENT, document, key, read_document
from tidegate_aws.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodb import DynamoDBClient

    from tidegate.tracks import Tracks
    from tidegate.traffic import Records

_KEPT = "kept"
"""The id of a change: it is in force when it is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptShares:
    """Port `Records` over the release table, named by `table`."""

    client: DynamoDBClient
    table: str

    def weights(self, tracks: Tracks) -> dict[str, int]:
        """Slot to weight; before anything was asked for, the first slot has everything."""
        rows = Table(client=self.client, name=self.table)
        item = rows.get(at.model_key(tracks.host), at.SHARES)
        kept: Mapping[str, int] = INITIAL_WEIGHTS if item is None else read_document(item)
        return {slot.value: int(kept[slot.value]) for slot in sorted(tracks.endpoints)}

    def set_weights(self, tracks: Tracks, weights: Mapping[str, int]) -> str:
        """Both slots have their weight; zero stays zero."""
        wanted = {slot.value: weights[slot.value] for slot in sorted(tracks.endpoints)}
        item = {**key(at.model_key(tracks.host), at.SHARES), DOCUMENT: document(wanted)}
        self.client.put_item(TableName=self.table, Item=item)
        return _KEPT

    def in_sync(self, change: str) -> bool:
        """Whether a change is in force: as soon as it is written."""
        return change == _KEPT


@dataclass(frozen=True, slots=True, kw_only=True)
class EitherRecords:
    """Port `Records` for tracks behind a name, and for those that the router submits to."""

    dns: Records
    kept: Records

    def weights(self, tracks: Tracks) -> dict[str, int]:
        """Slot to weight, as it is now."""
        return self._of(tracks).weights(tracks)

    def set_weights(self, tracks: Tracks, weights: Mapping[str, int]) -> str:
        """Both slots get their weight in one change, whose id is returned."""
        return self._of(tracks).set_weights(tracks, weights)

    def in_sync(self, change: str) -> bool:
        """Whether a change is in force everywhere."""
        return self.kept.in_sync(change) or self.dns.in_sync(change)

    def _of(self, tracks: Tracks) -> Records:
        return self.dns if tracks.by_dns else self.kept
