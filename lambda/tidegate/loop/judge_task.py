"""Judge: give every look that was not judged yet to the judge, and decide on the last verdict."""

from dataclasses import replace
from typing import Any

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
    return (after_early_look if look.early else after_look)(seen, verdict, now=now)


def _judge_new_looks(looks: LookStore, record: ReleaseRecord) -> Look | None:
    """The last look judged, which is the newest one unless its verdict is to roll back.

    A verdict to roll back is final: a later look, written before the release acted on it, is not
    asked. The verdict comes from the look and not from the record, which may not have it yet.
    """
    comparison = Comparison(live=record.live.slot.value, candidate=record.candidate.slot.value)
    number, state = _state(looks.judge_state(record.release_id), record)
    last: Look | None = None
    for look in looks.looks(record.release_id, after=max(0, number - 1)):
        if last is not None and _says_roll_back(last):
            break
        if look.number <= number:
            last = look
            continue
        state, verdict = judge(record.plan, comparison, state, look.observations)
        last = replace(look, verdict=verdict.to_json())
        looks.put_judgement(record.release_id, last, state.to_json())
    return last


def _says_roll_back(look: Look) -> bool:
    return look.verdict is not None and look.verdict["kind"] == VerdictKind.ROLL_BACK.value


_NOTHING = Verdict(kind=VerdictKind.HOLD, reason="no interval was closed yet")


def _state(
    stored: tuple[int, dict[str, Any]] | None, record: ReleaseRecord
) -> tuple[int, JudgeState]:
    if stored is None:
        return 0, JudgeState.initial(record.plan)
    number, state = stored
    return number, JudgeState.from_json(state)
