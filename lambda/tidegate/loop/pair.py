"""Pair: join what both variants of a shadow answered, then observe; captures are read here only.

Pairs of an interval are counted when it is closed, once: whoever comes second adds nothing. Only
then the look is written, so that a task that dies in between is simply done again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tidegate.decide import Next
from tidegate.intervals import interval_of, last_closed
from tidegate.latency import Histogram
from tidegate.loop.observe import before_the_first, observe
from tidegate.loop.task import TaskInput, TaskOutput, go, load_own
from tidegate.observation import ObservationKey, PairCounts
from tidegate.ports import Clock, Counters, LookStore, ReleaseStore
from tidegate.release import Phase, ReleaseRecord
from tidegate.requestlog import Tally
from tidegate.shadow.captures import Captures, ModelLatencies
from tidegate.shadow.join import Window, pair_up
from tidegate.shadow.pairing import Pairing

INTERVALS_A_TASK = 30
"""At most so many intervals are joined, the newest: after a long halt, older ones are no evidence
rather than more captures than a function has memory for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairPorts:
    """What the task needs of the world."""

    store: ReleaseStore
    looks: LookStore
    counters: Counters
    captures: Captures
    latencies: ModelLatencies
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moment:
    """A clock that stands still: what was joined and what is closed must be of one moment."""

    at: float

    def now(self) -> float:
        return self.at


def pair(ports: PairPorts, task: TaskInput) -> TaskOutput:
    """Pairs of all intervals that closed are counted, and the look at them is written."""
    record = load_own(ports.store, task)
    if record.phase is not Phase.BAKING or not record.is_shadow:
        return go(task, Next.JUDGE)
    moment = _Moment(at=ports.clock.now())
    window = _window(ports.looks, record, now=moment.at)
    if window is not None:
        for tally in _tallies(ports, record, window):
            interval = tally.key.interval
            ports.counters.add(f"pairs#{record.release_id}#{interval}", [tally])
    return observe(
        store=ports.store, looks=ports.looks, counters=ports.counters, clock=moment, task=task
    )


def _window(looks: LookStore, record: ReleaseRecord, *, now: float) -> Window | None:
    """The intervals to join: closed, not seen by any look, and wholly after the warm-up."""
    last = looks.last_look(record.release_id) or before_the_first(record)
    through = last_closed(now, lag_seconds=record.plan.lag_seconds)
    started = now if record.step_started_at is None else record.step_started_at
    first = max(last.through, interval_of(started), through - INTERVALS_A_TASK) + 1
    return Window(first=first, last=through) if first <= through else None


def _tallies(ports: PairPorts, record: ReleaseRecord, window: Window) -> list[Tally]:
    live, candidate = record.live.slot.value, record.candidate.slot.value
    pairing = Pairing() if record.plan.pairing is None else record.plan.pairing
    first, last = window.reads_from, window.reads_to
    pairs = pair_up(
        ports.captures.read(record.endpoint_name, live, first=first, last=last),
        ports.captures.read(record.endpoint_name, candidate, first=first, last=last),
        window=window,
        pairing=pairing,
    )
    times = {slot: _times(ports, record, slot, window) for slot in (live, candidate)}
    return [
        _tally(
            record,
            interval,
            replace(
                counts,
                live_latency=times[live].get(interval, {}),
                candidate_latency=times[candidate].get(interval, {}),
            ),
        )
        for interval, counts in sorted(pairs.items())
    ]


def _times(
    ports: PairPorts, record: ReleaseRecord, slot: str, window: Window
) -> Mapping[int, Histogram]:
    return ports.latencies.read(
        record.endpoint_name, slot, from_interval=window.first, through=window.last
    )


def _tally(record: ReleaseRecord, interval: int, pairs: PairCounts) -> Tally:
    """The candidate's requests are copies: each is half of a pair."""
    failed = pairs.candidate_only_error + pairs.both_error
    return Tally(
        key=ObservationKey(
            release_id=record.release_id,
            interval=interval,
            split_version=record.split_version,
            slot=record.candidate.slot.value,
        ),
        requests=pairs.pairs,
        errors=failed,
        nameless_errors=failed,
        pairs=pairs,
    )
