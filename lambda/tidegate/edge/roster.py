"""The roster of a fleet: what was last heard of each device.

Devices that serve say so themselves. Those that do not, say nothing: what they fail is counted from
the roster, by rules that are written down here and nowhere else.

- A device on which a version failed (its component broke, or its deployment did not succeed) fails,
  in each interval until it reports that version, as many requests as it last reported, and at least
  one. Each of them counts by itself: a good version is rather taken back because a device of the
  first ring was broken than a bad one let out because there were few devices in it.
- A device that is connected and silent for SILENT_INTERVALS fails the same of the version that it
  reported last, in each interval until it is heard again or disconnects, as one client's.
- A device that is not connected is offline. It fails nothing, and gets what it missed later.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Protocol

from tidegate.values import value

SILENT_INTERVALS = 3
"""Intervals without a report after which a connected device counts as one that hangs.

IoT says that a device is gone once one and a half keep-alive times have passed without a sign of
it, 90 seconds of Greengrass's nucleus; a device that was switched off must not look like one that
hangs.
"""


class Standing(StrEnum):
    """Why a device is counted from the roster."""

    FAILED = "failed"
    SILENT = "silent"


@value
class Heard:
    """What is known of a device. `requests` are those of its last report, which was `interval`'s.

    `run` is the start of the component that reported.

    `failed_version` failed on it during release `failed_in`.
    """

    thing: str
    component_version: str = ""
    interval: int = 0
    run: str = ""
    requests: int = 0
    connected: bool = True
    failed_version: str = ""
    failed_in: str = ""


@value
class Unserved:
    """Requests that a device failed without saying so, of the version that failed them."""

    thing: str
    component_version: str
    requests: int
    standing: Standing


class Roster(Protocol):
    """What was last heard of the devices of a fleet, by its place."""

    def heard(self, place: str, heard: Heard) -> bool:
        """A report came; False for one that came before, or is older than what is known.

        Of an interval there is news from each start of a component once.
        """
        ...

    def failed(self, place: str, thing: str, *, version: str, release_id: str) -> None:
        """A version failed on the device."""
        ...

    def presence(self, place: str, thing: str, *, connected: bool) -> None:
        """The device connected or disconnected; one that never reported stays unknown."""
        ...

    def read(self, place: str) -> tuple[Heard, ...]:
        """All that is known, by name."""
        ...


def unserved(roster: Iterable[Heard], *, interval: int, release_id: str) -> tuple[Unserved, ...]:
    """What devices failed in an interval without reporting it, while a release was open."""
    found = (_of(device, interval=interval, release_id=release_id) for device in roster)
    return tuple(one for one in found if one is not None)


def _of(device: Heard, *, interval: int, release_id: str) -> Unserved | None:
    failed = device.failed_in == release_id and device.failed_version != ""
    if failed and device.connected and device.failed_version != device.component_version:
        return _unserved(device, device.failed_version, Standing.FAILED)
    silent = interval - device.interval >= SILENT_INTERVALS and device.component_version != ""
    if silent and device.connected:
        return _unserved(device, device.component_version, Standing.SILENT)
    return None


def _unserved(device: Heard, version: str, standing: Standing) -> Unserved:
    return Unserved(
        thing=device.thing,
        component_version=version,
        requests=max(1, device.requests),
        standing=standing,
    )


def counts(unserved_: Iterable[Unserved]) -> Mapping[Standing, int]:
    """How many devices stand how."""
    found = dict.fromkeys(Standing, 0)
    for one in unserved_:
        found[one.standing] += 1
    return found
