"""Changes of hosted zones, by the API and by templates alike, and their publication."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from emulator.route53.health import Balancers
from emulator.route53.publication import Publications
from emulator.route53.records import Zone, full_name, zone_of
from emulator.route53.validation import Action, Change, Route53Error, Surroundings, applied, raw_key
from emulator.seams import route53 as seam

Json = Mapping[str, Any]


class ZoneOperations:
    """Changes ministack's zones by Route 53's rules and publishes them."""

    def __init__(self, publications: Publications, balancers: Balancers) -> None:
        self._publications = publications
        self._changing = threading.Lock()
        self._around = Surroundings(
            balancers=balancers,
            has_check=lambda check_id: check_id in seam.health_check_configs(),
        )

    def find(self, zone_id: str) -> Zone | None:
        """The zone as the API shows it now."""
        raw = seam.zones().get(zone_id)
        return None if raw is None else zone_of(raw, seam.records(zone_id))

    def zone_id_of(self, name: str) -> str:
        """The one zone of that name; Route53Error if there is none or several."""
        wanted = full_name(name)
        found = [
            zone_id for zone_id, raw in seam.zones().items() if full_name(raw["name"]) == wanted
        ]
        if len(found) != 1:
            raise Route53Error(
                "NoSuchHostedZone", f"one hosted zone named {wanted} is needed, got {len(found)}"
            )
        return found[0]

    def change(self, zone_id: str, changes: Sequence[Change], comment: str = "") -> str:
        """All changes are made, or none and Route53Error says why; the id of the change."""
        with self._changing:
            zone = self.find(zone_id)
            if zone is None:
                raise Route53Error(
                    "NoSuchHostedZone", f"No hosted zone found with ID: {zone_id}", status=404
                )
            after = applied(zone, seam.records(zone_id), changes, self._around)
            change_id = seam.replace_records(zone_id, after, comment)
            self.publish(zone_id, change_id)
        return change_id

    def current(self, zone_id: str, raw: Json) -> Json | None:
        """The record set of the same name, type and identifier as it is now."""
        key = raw_key(raw)
        return next((r for r in seam.records(zone_id) if raw_key(r) == key), None)

    def remove(self, zone_id: str, raws: Sequence[Json]) -> str | None:
        """Those record sets are gone, whatever their values are now; None if they were."""
        present = [now for raw in raws if (now := self.current(zone_id, raw)) is not None]
        if not present:
            return None
        return self.change(zone_id, [Change(action=Action.DELETE, raw=raw) for raw in present])

    def publish(self, zone_id: str, change_id: str) -> None:
        """The zone as it is now, or its absence, reaches the DNS servers in a while."""
        self._publications.submit(change_id, zone_id, self.find(zone_id))

    def is_in_sync(self, change_id: str) -> bool:
        """Whether the DNS servers know the change."""
        return self._publications.in_sync(change_id)

    def wait_for(self, change_id: str, sleep: Callable[[float], None]) -> None:
        """The change is INSYNC; blocks the calling thread, so never the event loop."""
        left = self._publications.seconds_until_synced(change_id)
        if left > 0.0:
            sleep(left)
