"""Shift: bring the endpoint's weights to the record's target shares.

A step upwards is announced first (a settling split document), so that no request is counted under a
share it was not drawn by. Ways back are never announced: getting users off a bad version comes
first.
"""

from dataclasses import replace

from tidegate.decide import MACHINE, Decision, Next, after_announcement
from tidegate.errors import ConflictError
from tidegate.loop.readback import has_shares, in_service, lacks_instances
from tidegate.loop.task import POLL_SECONDS, TaskInput, TaskOutput, advance, go, load_own, split_of
from tidegate.loop.underneath import turned_back
from tidegate.ports import Clock, Endpoints, EndpointState, ReleaseStore
from tidegate.release import LogEntry, ReleaseRecord
from tidegate.split import CACHE_SECONDS


def shift(
    *, store: ReleaseStore, endpoints: Endpoints, clock: Clock, task: TaskInput
) -> TaskOutput:
    """Ask for the target shares, unless they are there or may not be asked for yet.

    Afterwards either the weights were set under this epoch, or the output says what to wait for.
    SupersededError when a newer epoch owns the release, before or after the change.
    """
    record = load_own(store, task)
    if record.phase.terminal:
        return go(task, Next.REPORT)
    if record.moves_gently:
        waiting = _announce(store=store, clock=clock, task=task, record=record)
        if waiting is not None:
            return waiting
    state = endpoints.read(record.endpoint_name)
    turned = turned_back(store=store, clock=clock, task=task, record=record, state=state)
    if turned is not None:
        return turned
    if not in_service(state):
        return go(task, Next.SHIFT, wait_seconds=POLL_SECONDS)
    if has_shares(state, record.target_shares):
        return go(task, Next.VERIFY)
    return _set(store=store, endpoints=endpoints, clock=clock, task=task, state=state)


def _announce(
    *, store: ReleaseStore, clock: Clock, task: TaskInput, record: ReleaseRecord
) -> TaskOutput | None:
    """Write the settling document once, and say how long routers still need to see it."""
    if not record.announced:
        settling = replace(record, split_version=record.split_version + 1)
        store.put_split(split_of(settling, settling=True))
        _, decision = advance(store, task, lambda newest: _announced_once(newest, now=clock.now()))
        return go(task, Next.SHIFT, wait_seconds=decision.wait_seconds)
    at = record.announced_at
    left = 0 if at is None else at + CACHE_SECONDS - clock.now()
    return go(task, Next.SHIFT, wait_seconds=max(1, round(left))) if left > 0 else None


def _announced_once(record: ReleaseRecord, *, now: float) -> Decision:
    if record.announced:
        return Decision(record=record, next=Next.SHIFT)
    return after_announcement(record, now=now)


def _set(
    *,
    store: ReleaseStore,
    endpoints: Endpoints,
    clock: Clock,
    task: TaskInput,
    state: EndpointState,
) -> TaskOutput:
    if lacks_instances(state, load_own(store, task)):
        return go(task, Next.SHIFT, wait_seconds=POLL_SECONDS)
    record, _ = advance(store, task, lambda r: _logged(r, state=state, now=clock.now()))
    try:
        endpoints.set_weights(record.endpoint_name, record.target_shares)
    except ConflictError:
        return go(task, Next.SHIFT, wait_seconds=POLL_SECONDS)
    load_own(store, task)
    return go(task, Next.VERIFY, wait_seconds=1)


def _logged(record: ReleaseRecord, *, state: EndpointState, now: float) -> Decision:
    """The intention goes to the log before the change: a change is never without its line."""
    entry = LogEntry(
        at=now,
        who=MACHINE,
        what="shift",
        why=f"phase {record.phase}, step {record.step + 1}",
        before={slot: round(share) for slot, share in state.shares().items()},
        after=record.target_shares,
    )
    return Decision(record=record, next=Next.VERIFY, entries=(entry,))
