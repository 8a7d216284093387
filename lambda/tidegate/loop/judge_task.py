"""Judge: give every look that was not judged yet to the judge, and decide on the last verdict."""

from dataclasses import replace
from typing import Any

from tidegate.arms.decisions import after_ab_look
from tidegate.arms.referee import Arms, RefereeState, Seen, referee, seed_of
from tidegate.decide import Decision, Next, after_early_look, after_look
from tidegate.judge import Comparison, JudgeState, judge
from tidegate.loop.task import TaskInput, TaskOutput, advance, go, load_own
from tidegate.ports import Clock, Look, LookStore, ReleaseStore
from tidegate.release import Phase, ReleaseRecord
from tidegate.verdict import Verdict, VerdictKind


def judge_release(
    *, store: ReleaseStore, looks: LookStore, clock: Clock, task: TaskInput
) -> TaskOutput:
    """Judge what is new; afterwards the record has the verdict and, if it says so, a new phase."""
    record = load_own(store, task)
    if record.phase is not Phase.BAKING:
        return go(task, Next.REPORT if record.phase.terminal else Next.SHIFT)
    look = _judge_new_looks(looks, record)

    def decide(newest: ReleaseRecord) -> Decision:
        if newest.phase is not Phase.BAKING:
            return Decision(record=newest, next=Next.SHIFT)
        return _after(look, newest, now=clock.now())

    _, decision = advance(store, task, decide)
    return go(task, decision.next, wait_seconds=decision.wait_seconds)


def _after(look: Look | None, record: ReleaseRecord, *, now: float) -> Decision:
    if look is None or look.verdict is None:
        return after_look(replace(record, looks=0), _NOTHING, now=now)
    verdict = Verdict.from_json(look.verdict)
    seen = replace(record, looks=look.number)
    if record.testing is not None:
        return after_ab_look(seen, verdict, now=now)
    return (after_early_look if look.early else after_look)(seen, verdict, now=now)


def _judge_new_looks(looks: LookStore, record: ReleaseRecord) -> Look | None:
    """The last look judged, which is the newest one unless its verdict is to roll back.

    A verdict to roll back is final: a later look, written before the release acted on it, is not
    asked. The verdict comes from the look and not from the record, which may not have it yet.
    """
    stored = looks.judge_state(record.release_id)
    number, state = (0, None) if stored is None else stored
    last: Look | None = None
    for look in looks.looks(record.release_id, after=max(0, number - 1)):
        if last is not None and _says_roll_back(last):
            break
        if look.number <= number:
            last = look
            continue
        state, verdict = (_judge if record.testing is None else _referee)(record, state, look)
        last = replace(look, verdict=verdict.to_json())
        looks.put_judgement(record.release_id, last, state)
    return last


def _says_roll_back(look: Look) -> bool:
    return look.verdict is not None and look.verdict["kind"] == VerdictKind.ROLL_BACK.value


_NOTHING = Verdict(kind=VerdictKind.HOLD, reason="no interval was closed yet")


State = dict[str, Any]
"""What the judge, or the referee, keeps between looks, in JSON types."""


def _judge(record: ReleaseRecord, state: State | None, look: Look) -> tuple[State, Verdict]:
    comparison = Comparison(live=record.live.slot.value, candidate=record.candidate.slot.value)
    kept = JudgeState.initial(record.plan) if state is None else JudgeState.from_json(state)
    after, verdict = judge(record.plan, comparison, kept, look.observations)
    return after.to_json(), verdict


def _referee(record: ReleaseRecord, state: State | None, look: Look) -> tuple[State, Verdict]:
    arms = Arms(
        control=record.live.slot.value,
        challengers=tuple(held.slot.value for held in record.challengers),
    )
    initial = RefereeState.initial(record.plan, arms)
    kept = initial if state is None else RefereeState.from_json(state)
    seen = Seen(
        observations=look.observations,
        splits={} if record.testing is None else record.testing.by_version,
        seed=seed_of(record.release_id, look.number),
    )
    after, verdict = referee(record.plan, arms, kept, seen)
    return after.to_json(), verdict
