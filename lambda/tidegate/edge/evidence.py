"""What devices did, as counts of the release loop: one tally a device and interval.

Which slot a device counts for is told by the component version that it reports. What it did is
evidence only if the whole interval was served under the shares of a step, as they were verified.
"""

from collections.abc import Iterable, Sequence

from tidegate.edge.names import component_version
from tidegate.edge.reports import DeviceReport
from tidegate.edge.roster import Heard, Roster, Standing, Unserved, counts, unserved
from tidegate.intervals import INTERVAL_SECONDS, interval_of
from tidegate.observation import ObservationKey, OutcomeCounts, Unit
from tidegate.ports import Clock, Counters, ReleaseStore
from tidegate.release import Phase, ReleaseRecord
from tidegate.requestlog import Tally, tally_key
from tidegate.split import NO_RELEASE, SplitDocument
from tidegate.values import value

GRACE_SECONDS = 20
"""How long after an interval a device's report of it may take to come."""

_SHORTEST_SECONDS = 1
"""A component starts within an interval: the part before is not served by it."""


@value
class Ports:
    """What device reports need of the world."""

    store: ReleaseStore
    counters: Counters
    roster: Roster
    clock: Clock


@value
class Fleet:
    """Which fleet's devices are counted: its name, and its place PROJECT-STAGE-NAME."""

    name: str
    place: str


def take_reports(
    ports: Ports, fleet: Fleet, reports: Sequence[DeviceReport], *, batch_id: str
) -> int:
    """A batch of reports is counted; returns how many were news.

    Each counts once at most: whether one came before says the roster, and a batch that fails in the
    middle loses what it had taken so far. Missing reports are no evidence for anybody. Those of a
    version that is in no slot are an offline device's that has yet to catch up, and count nowhere.
    """
    news = [report for report in reports if ports.roster.heard(fleet.place, _heard(report))]
    split = ports.store.split(fleet.name)
    if split is None:
        return len(news)
    record = _open_release(ports.store, split)
    tallies = [
        _tally(split, slot, report, settling=not _is_evidence(record, report.interval))
        for report in news
        if (slot := slot_of(split, report.component_version)) is not None
    ]
    if tallies:
        ports.counters.add(f"reports/{batch_id}", _together(tallies))
    return len(news)


def _heard(report: DeviceReport) -> Heard:
    return Heard(
        thing=report.thing,
        component_version=report.component_version,
        interval=report.interval,
        run=report.run,
        requests=report.requests,
    )


def take_failure(ports: Ports, fleet: Fleet, thing: str, version: str) -> str:
    """A version failed on a device: the roster knows; returns what that means in a few words."""
    split = ports.store.split(fleet.name)
    if split is None or split.release_id == NO_RELEASE:
        return "no release is open"
    ports.roster.failed(fleet.place, thing, version=version, release_id=split.release_id)
    return "known"


def take_presence(ports: Ports, fleet: Fleet, thing: str, *, connected: bool) -> str:
    """A device connected or disconnected: the roster knows."""
    ports.roster.presence(fleet.place, thing, connected=connected)
    return "connected" if connected else "disconnected"


def count_unserved(ports: Ports, fleet: Fleet) -> dict[str, int]:
    """What devices failed without saying so in the last interval is counted, exactly once.

    Nothing while no release is open: there is nobody to judge. Returns devices by standing.
    """
    split = ports.store.split(fleet.name)
    interval = interval_of(ports.clock.now() - GRACE_SECONDS) - 1
    record = None if split is None else _open_release(ports.store, split)
    if split is None or record is None or not _is_evidence(record, interval):
        return {}
    found = unserved(ports.roster.read(fleet.place), interval=interval, release_id=split.release_id)
    tallies = [t for one in found if (t := _unserved_tally(split, one, interval)) is not None]
    if tallies:
        ports.counters.add(f"unserved/{fleet.place}/{interval}", _together(tallies))
    return {standing.value: number for standing, number in counts(found).items()}


def slot_of(split: SplitDocument, version: str) -> str | None:
    """The slot of a component version: the live one where two hold it, None where none does."""
    held = [slot for slot, digest in split.digests.items() if component_version(digest) == version]
    return split.control if split.control in held else next(iter(held), None)


def _open_release(store: ReleaseStore, split: SplitDocument) -> ReleaseRecord | None:
    return None if split.release_id == NO_RELEASE else store.load(split.release_id)


def _is_evidence(record: ReleaseRecord | None, interval: int) -> bool:
    """Whether an interval began after the shares of a step that still bakes were verified."""
    if record is None:
        return True
    started = record.step_started_at
    if record.phase is not Phase.BAKING or started is None:
        return False
    return interval * INTERVAL_SECONDS + _SHORTEST_SECONDS > started


def _key(split: SplitDocument, slot: str, interval: int) -> ObservationKey:
    return ObservationKey(
        release_id=tally_key(model=split.model, release_id=split.release_id),
        interval=interval,
        split_version=split.version,
        slot=slot,
    )


def _tally(split: SplitDocument, slot: str, report: DeviceReport, *, settling: bool) -> Tally:
    known = OutcomeCounts(known=report.known, wrong=report.wrong)
    return Tally(
        key=_key(split, slot, report.interval),
        unit=Unit.DEVICE,
        settling=settling,
        requests=report.requests,
        errors=report.errors,
        error_clients=frozenset({report.thing}) if report.errors else frozenset(),
        latency=dict(report.latency),
        outcomes={0: known} if report.known else {},
    )


def _unserved_tally(split: SplitDocument, one: Unserved, interval: int) -> Tally | None:
    slot = slot_of(split, one.component_version)
    if slot is None:
        return None
    failed = one.standing is Standing.FAILED
    return Tally(
        key=_key(split, slot, interval),
        unit=Unit.DEVICE,
        requests=one.requests,
        errors=one.requests,
        error_clients=frozenset() if failed else frozenset({one.thing}),
        nameless_errors=one.requests if failed else 0,
    )


def _together(tallies: Iterable[Tally]) -> list[Tally]:
    """One tally a key."""
    by_key: dict[ObservationKey, Tally] = {}
    for tally in tallies:
        known = by_key.get(tally.key)
        by_key[tally.key] = tally if known is None else known.plus(tally)
    return [by_key[key] for key in sorted(by_key)]
