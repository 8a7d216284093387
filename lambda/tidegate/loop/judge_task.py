"""Judge: give every look that was not judged yet to the judge, and decide on the last verdict."""

from dataclasses import replace
from typing import Any

from tidegate.decide import Decision, Next, after_look
from tidegate.judge import Comparison, JudgeState, judge
from tidegate.loop.task import TaskInput, TaskOutput, advance, go, load_own
from tidegate.ports import Clock, LookStore, ReleaseStore
from tidegate.release import Phase, ReleaseRecord
from tidegate.verdict import Verdict, VerdictKind


def judge_release(
    *, store: ReleaseStore, looks: LookStore, clock: Clock, task: TaskInput
) -> TaskOutput:
    """Judge what is new; afterwards the record has the verdict and, if it says so, a new phase."""
    record = load_own(store, task)
    if record.phase is not Phase.BAKING:
        return go(task, Next.REPORT if record.phase.terminal else Next.SHIFT)
    number, verdict = _judge_new_looks(looks, record)

    def decide(newest: ReleaseRecord) -> Decision:
        if newest.phase is not Phase.BAKING:
            return Decision(record=newest, next=Next.SHIFT)
        return after_look(replace(newest, looks=number), verdict, now=clock.now())

    _, decision = advance(store, task, decide)
    return go(task, decision.next, wait_seconds=decision.wait_seconds)


def _judge_new_looks(looks: LookStore, record: ReleaseRecord) -> tuple[int, Verdict]:
    """Number and verdict of the last look judged, which is the newest one unless it says roll back.

    A verdict to roll back is final: a later look, written before the release acted on it, is not
    asked. The verdict comes from the look and not from the record, which may not have it yet.
    """
    comparison = Comparison(live=record.live.slot.value, candidate=record.candidate.slot.value)
    number, state = _state(looks.judge_state(record.release_id), record)
    verdict = _NOTHING
    for look in looks.looks(record.release_id, after=max(0, number - 1)):
        if verdict.kind is VerdictKind.ROLL_BACK:
            break
        if look.number <= number:
            verdict = _NOTHING if look.verdict is None else Verdict.from_json(look.verdict)
            continue
        state, verdict = judge(record.plan, comparison, state, look.observations)
        judged = replace(look, verdict=verdict.to_json())
        looks.put_judgement(record.release_id, judged, state.to_json())
        number = look.number
    return number, verdict


_NOTHING = Verdict(kind=VerdictKind.HOLD, reason="no interval was closed yet")


def _state(
    stored: tuple[int, dict[str, Any]] | None, record: ReleaseRecord
) -> tuple[int, JudgeState]:
    if stored is None:
        return 0, JudgeState.initial(record.plan)
    number, state = stored
    return number, JudgeState.from_json(state)
