"""The decisions of the release loop: from a record and what was seen to the next record.

Pure functions; the loop stores what they return and does what `Decision.next` says.
"""

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from tidegate.arms import testing
from tidegate.intervals import INTERVAL_SECONDS, seconds_until_look
from tidegate.pointer import Declaration, LivePointer
from tidegate.release import Intervention, LogEntry, Phase, ReleaseRecord, SlotVersion
from tidegate.split import CACHE_SECONDS
from tidegate.tracks import CACHED_SECONDS
from tidegate.verdict import Verdict, VerdictKind

MACHINE = "release machine"


class Next(StrEnum):
    """The next task of the release machine."""

    SHIFT = "shift"
    VERIFY = "verify"
    BAKE = "bake"
    PAIR = "pair"
    JUDGE = "judge"
    SETTLE = "settle"
    REPORT = "report"
    YIELD = "yield"
    HALT = "halt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The record to store, what it logs, and what comes next after so many seconds."""

    record: ReleaseRecord
    next: Next
    wait_seconds: int = 0
    entries: tuple[LogEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Who opens which release, when, and the newest split version of the model."""

    release_id: str
    who: str
    at: float
    split_version: int


def open_release(
    *, declaration: Declaration, pointer: LivePointer, opening: Opening
) -> tuple[ReleaseRecord, LogEntry]:
    """A new record that moves traffic from the live slot towards the other one."""
    candidate_slot, *others = sorted(slot for slot in declaration.slots if slot != pointer.slot)
    terms = declaration.plan.ab_test
    arms = tuple(slot.value for slot in (pointer.slot, candidate_slot, *others))
    record = ReleaseRecord(
        release_id=opening.release_id,
        model=declaration.model,
        endpoint_name=declaration.endpoint_name,
        endpoint_config_name=declaration.endpoint_config_name,
        live=SlotVersion(slot=pointer.slot, version=pointer.version),
        candidate=SlotVersion(slot=candidate_slot, version=declaration.slots[candidate_slot]),
        plan=declaration.plan,
        tracks=declaration.tracks,
        phase=Phase.SHIFTING,
        started_by=opening.who,
        started_at=opening.at,
        split_version=opening.split_version,
        arms=tuple(SlotVersion(slot=slot, version=declaration.slots[slot]) for slot in others),
        testing=None if terms is None else testing.opened(arms, terms.first_shares),
    )
    home = {slot: 100 if slot == pointer.slot.value else 0 for slot in arms}
    entry = LogEntry(
        at=opening.at,
        who=opening.who,
        what="opened",
        why=_opened(record),
        before=home,
        after=home,
    )
    return record, entry


def _opened(record: ReleaseRecord) -> str:
    labels = ", ".join(held.version.label for held in record.challengers)
    verb, than = ("release", "over") if record.testing is None else ("test", "against")
    return f"{verb} {labels} {than} {record.live.version.label}"


def after_announcement(record: ReleaseRecord, *, now: float) -> Decision:
    """The settling split document is written: routers need so long to have read it."""
    announced = replace(
        record, announced=True, announced_at=now, split_version=record.split_version + 1
    )
    return Decision(record=announced, next=Next.SHIFT, wait_seconds=CACHE_SECONDS)


def after_verification(record: ReleaseRecord, *, now: float) -> Decision:
    """The endpoint was read back and has the target shares: bake, or settle when it is the end."""
    if record.halted is not None and not record.phase.terminal:
        safe = replace(record, restored_at=now, split_version=record.split_version + 1)
        return Decision(record=safe, next=Next.HALT)
    if record.phase in {Phase.SHIFTING, Phase.BAKING}:
        return _start_baking(record, now=now)
    restored = now if record.phase in {Phase.RESTORING, Phase.ABORTING} else None
    done = replace(
        record,
        split_version=record.split_version + 1,
        restored_at=restored if record.restored_at is None else record.restored_at,
    )
    # Until caches have run out, the track without a share has requests: its slot stays locked.
    drained = CACHED_SECONDS if record.tracks is not None and record.tracks.by_dns else 0
    return Decision(record=done, next=Next.SETTLE, wait_seconds=drained)


def _start_baking(record: ReleaseRecord, *, now: float) -> Decision:
    wait = seconds_until_look(now, lag_seconds=record.plan.lag_seconds)
    if record.phase is Phase.BAKING and record.step_started_at is not None:
        return Decision(record=record, next=next_look(record), wait_seconds=wait)
    cold = _cold_seconds(record, now=now)
    if cold > 0:
        return Decision(record=record, next=Next.VERIFY, wait_seconds=cold)
    baking = replace(
        record,
        phase=Phase.BAKING,
        step_started_at=now,
        announced=False,
        announced_at=None,
        split_version=record.split_version + 1,
    )
    what = f"step {record.step + 1} of {len(record.plan.steps)} serves its share"
    if record.testing is not None:
        baking, what = _testing_on(record, baking, now=now), "each arm serves its share"
    entry = LogEntry(
        at=now,
        who=MACHINE,
        what="verified",
        why=what,
        before=record.target_shares,
        after=baking.target_shares,
    )
    return Decision(record=baking, next=next_look(baking), wait_seconds=wait, entries=(entry,))


def _testing_on(record: ReleaseRecord, baking: ReleaseRecord, *, now: float) -> ReleaseRecord:
    """Shares that change within a test do not begin its bake anew."""
    known = None if record.testing is None else record.testing.served(baking.split_version, at=now)
    started = now if record.step_started_at is None else record.step_started_at
    return replace(baking, testing=known, step_started_at=started)


def next_look(record: ReleaseRecord) -> Next:
    """Who observes: a shadow's pairs are joined first, by a task that may read captures."""
    return Next.PAIR if record.is_shadow else Next.BAKE


def _cold_seconds(record: ReleaseRecord, *, now: float) -> int:
    """How long the candidate still has to warm up, in whole seconds; only the first step does."""
    warm = record.step > 0 or (record.testing is not None and record.testing.splits)
    if warm or record.announced_at is None:
        return 0
    warm_at = record.announced_at + CACHE_SECONDS + record.plan.warm_up_seconds
    return max(0, math.ceil(warm_at - now))


def after_look(record: ReleaseRecord, verdict: Verdict, *, now: float) -> Decision:
    """The judge has seen closed intervals: bake on, take the next step, promote or roll back."""
    seen = replace(record, verdict=verdict)
    if verdict.kind is VerdictKind.ROLL_BACK:
        return turn(seen, Phase.RESTORING, now=now, why=verdict.reason)
    if record.forced is not None:
        why = f"{record.forced.who} ordered it: {record.forced.why}"
        return turn(seen, Phase.PROMOTING, now=now, why=why)
    if record.paused is not None or not baked(record, now=now):
        return keep_baking(seen)
    if record.step + 1 < len(record.plan.steps):
        return _next_step(seen, now=now)
    fit = _fit(record, verdict)
    return hold(seen, now=now) if fit is None else turn(seen, Phase.PROMOTING, now=now, why=fit)


def _fit(record: ReleaseRecord, verdict: Verdict) -> str | None:
    """Why the candidate of a last step that has baked may be promoted; None where it may not.

    What is held to fixed limits is never proven to be safe: without harm, the bake decides.
    """
    if verdict.kind is VerdictKind.PROMOTE:
        return verdict.reason
    if record.plan.held_to_limits and verdict.kind is VerdictKind.CONTINUE:
        said = verdict.reason.removeprefix("continue because ")
        return f"promote because the bake is over and {said}"
    return None


def after_early_look(record: ReleaseRecord, verdict: Verdict, *, now: float) -> Decision:
    """The judge has seen a part of open intervals: roll back, or bake on until the next look.

    Nothing else is ever done on an early look, whatever its verdict and whoever ordered what: steps
    and promotion are decided on closed intervals, which have every request of both slots.
    """
    seen = replace(record, verdict=verdict)
    if verdict.kind is VerdictKind.ROLL_BACK:
        return turn(seen, Phase.RESTORING, now=now, why=verdict.reason)
    wait = seconds_until_look(now, lag_seconds=record.plan.lag_seconds)
    return Decision(record=seen, next=Next.BAKE, wait_seconds=wait)


def baked(record: ReleaseRecord, *, now: float) -> bool:
    """Whether the step has had its least time, and what was asked in it is judged."""
    started = record.step_started_at
    return started is not None and now - started >= _least_seconds(record)


def _least_seconds(record: ReleaseRecord) -> int:
    """The step's bake; of asynchronous models until the last interval of it is closed as well.

    What was submitted at its end may still wait in its queue, and would be evidence of nothing.
    """
    bake = record.plan.steps[record.step].bake_seconds
    if record.tracks is None or record.tracks.asynchronous is None:
        return bake
    return bake + record.plan.lag_seconds + INTERVAL_SECONDS


def keep_baking(record: ReleaseRecord) -> Decision:
    """Read back before each bake: whatever moved traffic underneath is found within an interval."""
    return Decision(record=record, next=Next.VERIFY)


def _next_step(record: ReleaseRecord, *, now: float) -> Decision:
    """One step further, unless there is too little evidence: `hold` is never a pass."""
    verdict = record.verdict
    if verdict is not None and verdict.kind is VerdictKind.HOLD:
        return hold(record, now=now)
    further = replace(record, phase=Phase.SHIFTING, step=record.step + 1, step_started_at=None)
    entry = LogEntry(
        at=now,
        who=MACHINE,
        what="step",
        why="" if verdict is None else verdict.reason,
        before=record.target_shares,
        after=further.target_shares,
    )
    return Decision(record=further, next=Next.SHIFT, entries=(entry,))


def hold(record: ReleaseRecord, *, now: float) -> Decision:
    """More bake, and a pause for an operator once the plan's patience is used up."""
    started = record.step_started_at
    patience = _least_seconds(record) + record.plan.hold_seconds
    if started is None or now - started < patience:
        return keep_baking(record)
    why = f"no verdict after {patience} s in this step: promote or abort it, or resume to wait on"
    return pause(record, Intervention(who=MACHINE, at=now, why=why))


def turn(record: ReleaseRecord, phase: Phase, *, now: float, why: str) -> Decision:
    """The release is decided: traffic goes where this phase wants it."""
    turned = replace(record, phase=phase, decided_at=now, step_started_at=None)
    entry = LogEntry(
        at=now,
        who=MACHINE,
        what=_WORDS[record.is_shadow, phase],
        why=why,
        before=record.target_shares,
        after=turned.target_shares,
    )
    return Decision(record=turned, next=Next.SHIFT, entries=(entry,))


_WORDS = {
    (False, Phase.PROMOTING): "promote",
    (False, Phase.RESTORING): "roll back",
    (False, Phase.KEEPING): "keep",
    (True, Phase.PROMOTING): "pass",
    (True, Phase.RESTORING): "fail",
}
"""What the log calls a decision, of shadows and of others."""


def pause(record: ReleaseRecord, intervention: Intervention) -> Decision:
    """No further step until resumed; rolling back stays possible, a pause never stops that."""
    paused = replace(record, paused=intervention)
    entry = _entry(record, paused, intervention, what="pause")
    return Decision(record=paused, next=Next.VERIFY, entries=(entry,))


def resume(record: ReleaseRecord, intervention: Intervention) -> Decision:
    """The release goes on from its record: a halted step starts its shift and its bake again."""
    going = replace(
        record,
        paused=None,
        halted=None,
        epoch=record.epoch + 1,
        taken_over_at=intervention.at,
        announced=False,
        restored_at=None,
    )
    if record.halted is not None and record.phase is Phase.BAKING:
        going = replace(going, phase=Phase.SHIFTING, step_started_at=None)
    if record.paused is not None and going.phase is Phase.BAKING:
        # A pause for want of evidence starts the step's patience anew.
        going = replace(going, step_started_at=intervention.at)
    entry = _entry(record, going, intervention, what="resume")
    return Decision(record=going, next=Next.SHIFT, entries=(entry,))


def promote(record: ReleaseRecord, intervention: Intervention) -> Decision:
    """The next look promotes, unless the judge says roll back: that wins over an operator."""
    forced = replace(record, forced=intervention, paused=None)
    entry = _entry(record, forced, intervention, what="order to promote")
    return Decision(record=forced, next=Next.VERIFY, entries=(entry,))


def abort(record: ReleaseRecord, intervention: Intervention) -> Decision:
    """All traffic goes back to the live version under a new epoch; older tasks yield."""
    aborting = replace(
        record,
        phase=Phase.ABORTING,
        epoch=record.epoch + 1,
        taken_over_at=intervention.at,
        decided_at=record.decided_at if record.phase is Phase.ABORTING else intervention.at,
        restored_at=None,
        step_started_at=None,
        paused=None,
        halted=None,
        forced=None,
    )
    entry = _entry(record, aborting, intervention, what="abort")
    return Decision(record=aborting, next=Next.SHIFT, entries=(entry,))


def halt(record: ReleaseRecord, intervention: Intervention) -> Decision:
    """The loop itself failed: the candidate gets no traffic until an operator resumes or aborts."""
    halted = replace(record, halted=intervention, announced=False)
    entry = _entry(record, halted, intervention, what="halt")
    return Decision(record=halted, next=Next.SHIFT, entries=(entry,))


def roll_back(record: ReleaseRecord, *, now: float, why: str) -> Decision:
    """The release ends without the judge: what serves is not what was released."""
    return turn(record, Phase.RESTORING, now=now, why=why)


def finish(record: ReleaseRecord, *, now: float) -> Decision:
    """The read-back was right: the release is over, and this is the record that stays."""
    ends = {
        Phase.PROMOTING: Phase.PROMOTED,
        Phase.RESTORING: Phase.ROLLED_BACK,
        Phase.KEEPING: Phase.KEPT,
        Phase.ABORTING: Phase.ABORTED,
    }
    if record.is_shadow:
        ends |= {Phase.PROMOTING: Phase.PASSED, Phase.RESTORING: Phase.FAILED}
    over = replace(record, phase=ends[record.phase], finished_at=now, paused=None, forced=None)
    entry = LogEntry(
        at=now,
        who=MACHINE,
        what=over.phase.value,
        why="read back: all traffic is where it belongs",
        before=record.target_shares,
        after=over.target_shares,
    )
    return Decision(record=over, next=Next.REPORT, entries=(entry,))


def _entry(
    before: ReleaseRecord, after: ReleaseRecord, intervention: Intervention, *, what: str
) -> LogEntry:
    return LogEntry(
        at=intervention.at,
        who=intervention.who,
        what=what,
        why=intervention.why,
        before=before.target_shares,
        after=after.target_shares,
    )
