"""Shift: bring the endpoint's weights to the record's target shares.

A step upwards is announced first (a settling split document), so that no request is counted under a
share it was not drawn by. Ways back are never announced: getting users off a bad version comes
first.
"""

from dataclasses import replace

from tidegate.decide import MACHINE, Decision, Next, after_announcement, roll_back
from tidegate.errors import ConflictError, InstancesFailedError
from tidegate.loop import routers
from tidegate.loop.readback import asleep, has_shares, in_service, lacks_instances
from tidegate.loop.task import POLL_SECONDS, TaskInput, TaskOutput, advance, go, load_own, split_of
from tidegate.loop.underneath import turned_back
from tidegate.ports import Clock, EndpointState, ReleaseStore
from tidegate.release import LogEntry, ReleaseRecord
from tidegate.split import CACHE_SECONDS
from tidegate.traffic import Traffic


def shift(*, store: ReleaseStore, traffic: Traffic, clock: Clock, task: TaskInput) -> TaskOutput:
    """Ask for the target shares, unless they are there or may not be asked for yet.

    Afterwards either the weights were set under this epoch, or the output says what to wait for.
    SupersededError when a newer epoch owns the release, before or after the change.
    """
    record = load_own(store, task)
    if record.phase.terminal:
        return go(task, Next.REPORT)
    if not record.moves_gently:
        routers.inform(store=store, task=task, record=record)
    state = traffic.before(record)
    turned = turned_back(store=store, clock=clock, task=task, record=record, state=state)
    if turned is not None:
        return turned
    waiting = _unready(
        store=store, traffic=traffic, clock=clock, task=task, record=record, state=state
    ) or _announce(store=store, clock=clock, task=task, record=record)
    if waiting is not None:
        return waiting
    if has_shares(state, record.target_shares) and _sure(record):
        return go(task, Next.VERIFY, wait_seconds=routers.seconds_until_known(record))
    return _set(store=store, traffic=traffic, clock=clock, task=task, state=state)


def _unready(
    *,
    store: ReleaseStore,
    traffic: Traffic,
    clock: Clock,
    task: TaskInput,
    record: ReleaseRecord,
    state: EndpointState,
) -> TaskOutput | None:
    """What to do before the target shares may be asked for; None where they may.

    Where instances of the candidate started and do not answer, there is nothing to wait for.
    """
    try:
        ready = in_service(state) and not _woken(traffic, record, state)
    except InstancesFailedError as error:
        why = str(error)
        advance(store, task, lambda newest: roll_back(newest, now=clock.now(), why=why))
        return go(task, Next.SHIFT)
    if not ready or routers.too_early(record, state):
        return go(task, Next.SHIFT, wait_seconds=POLL_SECONDS)
    return None


def _woken(traffic: Traffic, record: ReleaseRecord, state: EndpointState) -> bool:
    """Whether a slot lacks instances and was asked to have them: nobody is sent there before."""
    sleeping = asleep(state, record)
    for slot in sleeping:
        try:
            traffic.wake(record, slot, share=record.target_shares[slot])
        except ConflictError:
            # Whatever changes the endpoint ends, and then it is asked again.
            continue
    return bool(sleeping)


def _announce(
    *, store: ReleaseStore, clock: Clock, task: TaskInput, record: ReleaseRecord
) -> TaskOutput | None:
    """Write the settling document once, and say how long routers still need to see it.

    None where that is over, and where nothing is announced.
    """
    if not record.moves_gently:
        return None
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
    traffic: Traffic,
    clock: Clock,
    task: TaskInput,
    state: EndpointState,
) -> TaskOutput:
    if lacks_instances(state, load_own(store, task)):
        return go(task, Next.SHIFT, wait_seconds=POLL_SECONDS)
    record, _ = advance(store, task, lambda r: _logged(r, state=state, now=clock.now()))
    try:
        change = traffic.set_shares(record, record.target_shares)
    except ConflictError:
        return go(task, Next.SHIFT, wait_seconds=POLL_SECONDS)
    # Also where there is no change to remember: SupersededError when the epoch has moved on.
    advance(store, task, lambda r: Decision(record=replace(r, change=change), next=Next.VERIFY))
    return go(task, Next.VERIFY, wait_seconds=max(1, routers.seconds_until_known(record)))


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
    return Decision(record=replace(record, change=None), next=Next.VERIFY, entries=(entry,))


def _sure(record: ReleaseRecord) -> bool:
    """Whether shares that are read back are known to have been asked for and can be waited for.

    Records show new weights at once, long before all name servers do. A task that died after its
    change has not kept the change's id: asking again does nothing but give a new one.
    """
    return record.tracks is None or record.change is not None
