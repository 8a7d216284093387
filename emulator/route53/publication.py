"""When a change of a zone reaches the DNS servers, and what they serve until then."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from emulator.route53.records import Zone

PROPAGATION_SECONDS = 2.0
"""Cloud time between an accepted change and INSYNC; on AWS it is 60 s at most, usually less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Due:
    at_seconds: float
    zone_id: str
    zone: Zone | None


class Publications:
    """The zones as the DNS servers know them, a little behind the API."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._live: dict[str, Zone] = {}
        self._due: list[_Due] = []
        self._synced_at: dict[str, float] = {}
        self._lock = threading.Lock()

    def submit(self, change_id: str, zone_id: str, zone: Zone | None) -> None:
        """The zone, or its absence, is served once it has propagated, and the change is INSYNC."""
        with self._lock:
            at = self._now() + PROPAGATION_SECONDS
            self._synced_at[change_id] = at
            self._due.append(_Due(at_seconds=at, zone_id=zone_id, zone=zone))

    def in_sync(self, change_id: str) -> bool:
        """Whether every DNS server knows the change; one without effect on DNS is known at once."""
        with self._lock:
            at = self._synced_at.get(change_id)
        return at is None or self._now() >= at

    def seconds_until_synced(self, change_id: str) -> float:
        """Cloud time until the change is INSYNC, 0 if it is."""
        with self._lock:
            at = self._synced_at.get(change_id)
        return 0.0 if at is None else max(0.0, at - self._now())

    def zones(self) -> Mapping[str, Zone]:
        """What is served now, by zone id, oldest first; not changed by later changes."""
        with self._lock:
            now = self._now()
            ready = [due for due in self._due if due.at_seconds <= now]
            if ready:
                self._due = [due for due in self._due if due.at_seconds > now]
                self._live = dict(self._live)
            for due in ready:
                if due.zone is None:
                    self._live.pop(due.zone_id, None)
                else:
                    self._live[due.zone_id] = due.zone
            return self._live
