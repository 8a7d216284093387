"""What the live version did before a release, of which fixed limits are made."""

from collections.abc import Sequence
from dataclasses import replace

from tidegate import latency
from tidegate.guardrail.limits import BASELINE_SECONDS
from tidegate.intervals import INTERVAL_SECONDS, interval_of
from tidegate.observation import Observation
from tidegate.ports import Counters, Look, ReleaseStore
from tidegate.release import ReleaseRecord
from tidegate.requestlog import tally_key
from tidegate.split import NO_RELEASE


def baseline(
    store: ReleaseStore, counters: Counters, record: ReleaseRecord
) -> tuple[Observation, ...]:
    """What the live version did in the hour before the release, where limits are made of that.

    One observation under the model's own key; none where nothing is to be held to limits.
    """
    pointer = store.pointer(record.model)
    if not record.plan.held_to_limits or pointer is None:
        return ()
    first = interval_of(record.started_at)
    # The slot may have held another version until the pointer moved there.
    since = max(first - BASELINE_SECONDS // INTERVAL_SECONDS, interval_of(pointer.moved_at) + 1)
    key = tally_key(model=record.model, release_id=NO_RELEASE)
    known = [
        item
        for item in counters.read(key, from_interval=since)
        if item.key.slot == record.live.slot.value and item.key.interval < first
    ]
    return (_together(known),) if known else ()


def _together(known: Sequence[Observation]) -> Observation:
    seen: latency.Histogram = {}
    for item in known:
        seen = latency.add(seen, item.latency)
    return Observation(
        key=replace(known[-1].key, split_version=0),
        unit=known[-1].unit,
        requests=sum(item.requests for item in known),
        errors=sum(item.errors for item in known),
        clients_with_errors=sum(item.failed_clients for item in known),
        latency=seen,
    )


def with_baseline(look: Look, before: Sequence[Observation]) -> Look:
    """The first look of a release has what was before it too."""
    return replace(look, observations=(*before, *look.observations))
