"""Observe: write what the judge is to see next, as looks at closed intervals and early ones."""

from collections.abc import Sequence

from tidegate.closing import closed, window_intervals
from tidegate.decide import Next, next_look
from tidegate.early import Part, Watched, early, given_after, unchanged
from tidegate.intervals import interval_of, last_closed, seconds_until_look
from tidegate.loop.baseline import baseline, with_baseline
from tidegate.loop.task import TaskInput, TaskOutput, go, load_own
from tidegate.observation import Observation
from tidegate.ports import Clock, Counters, Look, LookStore, ReleaseStore
from tidegate.release import Phase, ReleaseRecord

INTERVALS_A_LOOK = 30
"""At most so many intervals are closed by one look, which has to fit into one item of a table."""

_SLOTS = 2
"""Slots that INTERVALS_A_LOOK is said for."""

LOOKS_A_TASK = 50
"""At most so many looks are written by one task, which has to end in time; the next goes on."""

READS_TOGETHER = 6
"""How often open intervals are read to find them unchanged; on a busy model the next task may."""


def observe(
    *, store: ReleaseStore, looks: LookStore, counters: Counters, clock: Clock, task: TaskInput
) -> TaskOutput:
    """Write what was closed since the last look: one look, or several after a long halt.

    Where nothing was, write an early look if one is worth it; otherwise say when to try again.
    """
    record = load_own(store, task)
    if record.phase is not Phase.BAKING:
        return go(task, Next.JUDGE)
    now = clock.now()
    last = looks.last_look(task.release_id) or before_the_first(record)
    before = baseline(store, counters, record) if last.number == 0 else ()
    through = last_closed(now, lag_seconds=record.plan.lag_seconds)
    if through > last.through:
        _write_looks(looks, counters, record, (last, through, now), before=before)
        return go(task, Next.JUDGE)
    if record.looks < last.number:
        return go(task, Next.JUDGE)
    # Counters are read after the newest look was: they have at least what it gave.
    look = None if record.testing is not None else _early_look(counters, record, last, now=now)
    if look is not None:
        looks.put_look(task.release_id, with_baseline(look, before))
        return go(task, Next.JUDGE)
    wait = seconds_until_look(now, lag_seconds=record.plan.lag_seconds)
    return go(task, next_look(record), wait_seconds=wait)


def intervals_a_look(record: ReleaseRecord) -> int:
    """How many intervals one look closes at most: fewer where more arms have observations."""
    return max(1, _SLOTS * INTERVALS_A_LOOK // len(record.slots))


def before_the_first(record: ReleaseRecord) -> Look:
    """The look that the first one follows, which is not stored: it saw nothing."""
    opened = interval_of(record.started_at) - 1
    return Look(number=0, after=opened, through=opened, at=record.started_at, observations=())


def _write_looks(
    looks: LookStore,
    counters: Counters,
    record: ReleaseRecord,
    span: tuple[Look, int, float],
    *,
    before: Sequence[Observation],
) -> None:
    last, through, now = span
    window, kind = record.plan.outcome_window_seconds, record.plan.outcome_kind
    known = counters.read(
        record.release_id, from_interval=max(0, last.through + 1 - window_intervals(window))
    )
    for _ in range(LOOKS_A_TASK):
        if last.through >= through:
            return
        until = min(last.through + intervals_a_look(record), through)
        observations = closed(
            known,
            after=last.through,
            through=until,
            outcome_window_seconds=window,
            kind=kind,
            given=last.given,
        )
        look = Look(
            number=last.number + 1,
            after=last.through,
            through=until,
            at=now,
            observations=observations,
            given=given_after(last.given, (), through=until),
            missing=last.missing,
        )
        look, before = with_baseline(look, before), ()
        if looks.put_look(record.release_id, look) != look:
            return  # Another task was first, and may have given more than was read here.
        last = look


def _early_look(
    counters: Counters, record: ReleaseRecord, last: Look, *, now: float
) -> Look | None:
    """The look at open intervals that is worth being taken now, if one is."""
    part = _part(counters, record, last)
    if part is None:
        return None
    return Look(
        number=last.number + 1,
        after=last.through,
        through=last.through,
        at=now,
        observations=part.observations,
        given=given_after(last.given, part.observations, through=last.through),
        missing=part.missing,
    )


def _part(counters: Counters, record: ReleaseRecord, last: Look) -> Part | None:
    """What to give of open intervals, from counts of both slots that were read at one moment.

    One read of two slots is no snapshot: a batch of log lines may be counted in its midst, and be
    seen in one slot only. Where two reads in a row agree, all counts were so between them.
    """
    candidate = record.candidate.slot.value
    watched = Watched(
        live=record.live.slot.value,
        candidate=candidate,
        split_version=record.split_version,
        candidate_share=record.target_shares[candidate],
        missing=last.missing,
    )
    first = last.through + 1
    known = counters.read(record.release_id, from_interval=first)
    for _ in range(READS_TOGETHER - 1):
        if early(known, last.given, watched=watched) is None:
            break
        before, known = known, counters.read(record.release_id, from_interval=first)
        part = early(unchanged(before, known), last.given, watched=watched)
        if part is not None:
            return part
    return None
