"""Observe: close what is final of the counters, as looks that the judge will read."""

from tidegate.closing import closed, window_intervals
from tidegate.decide import Next
from tidegate.intervals import interval_of, last_closed, seconds_until_close
from tidegate.loop.task import TaskInput, TaskOutput, go, load_own
from tidegate.ports import Clock, Counters, Look, LookStore, ReleaseStore
from tidegate.release import Phase, ReleaseRecord

INTERVALS_A_LOOK = 30
"""At most so many intervals are closed by one look, which has to fit into one item of a table."""

LOOKS_A_TASK = 50
"""At most so many looks are written by one task, which has to end in time; the next goes on."""


def observe(
    *, store: ReleaseStore, looks: LookStore, counters: Counters, clock: Clock, task: TaskInput
) -> TaskOutput:
    """Write what was closed since the last look: one look, or several after a long halt."""
    record = load_own(store, task)
    if record.phase is not Phase.BAKING:
        return go(task, Next.JUDGE)
    now = clock.now()
    last = looks.last_look(task.release_id)
    after = interval_of(record.started_at) - 1 if last is None else last.through
    through = last_closed(now, lag_seconds=record.plan.lag_seconds)
    if through > after:
        _write_looks(looks, counters, record, (last, after, through, now))
        return go(task, Next.JUDGE)
    if last is not None and last.verdict is None:
        return go(task, Next.JUDGE)
    wait = seconds_until_close(now, lag_seconds=record.plan.lag_seconds)
    return go(task, Next.BAKE, wait_seconds=wait)


def _write_looks(
    looks: LookStore,
    counters: Counters,
    record: ReleaseRecord,
    span: tuple[Look | None, int, int, float],
) -> None:
    last, after, through, now = span
    window, kind = record.plan.outcome_window_seconds, record.plan.outcome_kind
    known = counters.read(
        record.release_id, from_interval=max(0, after + 1 - window_intervals(window))
    )
    number = 0 if last is None else last.number
    for _ in range(LOOKS_A_TASK):
        if after >= through:
            return
        number += 1
        until = min(after + INTERVALS_A_LOOK, through)
        observations = closed(
            known, after=after, through=until, outcome_window_seconds=window, kind=kind
        )
        written = looks.put_look(
            record.release_id,
            Look(number=number, after=after, through=until, at=now, observations=observations),
        )
        after = written.through
