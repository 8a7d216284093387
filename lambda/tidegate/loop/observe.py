"""Observe: close what is final of the counters, as one look that the judge will read."""

from tidegate.closing import closed
from tidegate.decide import Next
from tidegate.intervals import interval_of, last_closed, seconds_until_close
from tidegate.loop.task import TaskInput, TaskOutput, go, load_own
from tidegate.ports import Clock, Counters, Look, LookStore, ReleaseStore


def observe(
    *, store: ReleaseStore, looks: LookStore, counters: Counters, clock: Clock, task: TaskInput
) -> TaskOutput:
    """Write the next look, if an interval was closed since the last one."""
    record = load_own(store, task)
    now = clock.now()
    last = looks.last_look(task.release_id)
    after = interval_of(record.started_at) - 1 if last is None else last.through
    through = last_closed(now, lag_seconds=record.plan.lag_seconds)
    if through <= after:
        wait = seconds_until_close(now, lag_seconds=record.plan.lag_seconds)
        return go(task, Next.BAKE, wait_seconds=wait)
    observations = closed(
        counters.read(task.release_id),
        after=after,
        through=through,
        outcome_window_seconds=record.plan.outcome_window_seconds,
    )
    looks.put_look(
        task.release_id,
        Look(
            number=1 if last is None else last.number + 1,
            after=after,
            through=through,
            at=now,
            observations=observations,
        ),
    )
    return go(task, Next.JUDGE)
