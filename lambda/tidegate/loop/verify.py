"""Verify: read back what serves; a shift counts only once it was seen."""

from tidegate.decide import Decision, Next, after_verification, roll_back
from tidegate.loop.readback import changed_config, has_shares, in_service
from tidegate.loop.task import POLL_SECONDS, TaskInput, TaskOutput, advance, go, load_own, split_of
from tidegate.ports import Clock, Endpoints, ReleaseStore
from tidegate.release import Phase, ReleaseRecord


def verify(
    *, store: ReleaseStore, endpoints: Endpoints, clock: Clock, task: TaskInput
) -> TaskOutput:
    """Compare the endpoint with the record; afterwards the split document says what was seen."""
    record = load_own(store, task)
    if record.phase.terminal:
        return go(task, Next.REPORT)
    state = endpoints.read(record.endpoint_name)
    if not in_service(state):
        return go(task, Next.VERIFY, wait_seconds=POLL_SECONDS)
    why = changed_config(state, record)
    if why is not None and record.phase in {Phase.SHIFTING, Phase.BAKING, Phase.PROMOTING}:
        advance(store, task, lambda newest: roll_back(newest, now=clock.now(), why=why))
        return go(task, Next.SHIFT)
    if not has_shares(state, record.target_shares):
        return go(task, Next.SHIFT)

    def decide(newest: ReleaseRecord) -> Decision:
        if newest.target_shares != record.target_shares:
            return Decision(record=newest, next=Next.SHIFT)
        return after_verification(newest, now=clock.now())

    seen, decision = advance(store, task, decide)
    if decision.next is Next.SHIFT:
        return go(task, Next.SHIFT)
    store.put_split(split_of(seen, settling=False))
    return go(task, decision.next, wait_seconds=decision.wait_seconds)
