"""Verify: read back what serves; a shift counts only once it was seen."""

from tidegate.decide import Decision, Next, after_verification
from tidegate.loop.readback import has_shares, in_service
from tidegate.loop.task import POLL_SECONDS, TaskInput, TaskOutput, advance, go, load_own, split_of
from tidegate.loop.underneath import turned_back
from tidegate.ports import Clock, ReleaseStore
from tidegate.release import ReleaseRecord
from tidegate.traffic import Traffic


def verify(*, store: ReleaseStore, traffic: Traffic, clock: Clock, task: TaskInput) -> TaskOutput:
    """Compare the endpoint with the record; afterwards the split document says what was seen."""
    record = load_own(store, task)
    if record.phase.terminal:
        return go(task, Next.REPORT)
    state = traffic.after(record)
    turned = turned_back(store=store, clock=clock, task=task, record=record, state=state)
    if turned is not None:
        return turned
    if not in_service(state):
        return go(task, Next.VERIFY, wait_seconds=POLL_SECONDS)
    if not has_shares(state, record.target_shares):
        return go(task, Next.SHIFT)

    def decide(newest: ReleaseRecord) -> Decision:
        if newest.target_shares != record.target_shares:
            return Decision(record=newest, next=Next.SHIFT)
        return after_verification(newest, now=clock.now())

    seen, decision = advance(store, task, decide)
    if decision.next in {Next.SHIFT, Next.VERIFY}:
        return go(task, decision.next, wait_seconds=decision.wait_seconds)
    store.put_split(split_of(seen, settling=False))
    return go(task, decision.next, wait_seconds=decision.wait_seconds)
