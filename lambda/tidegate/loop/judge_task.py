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
    comparison = Comparison(live=record.live.slot.value, candidate=record.candidate.slot.value)
    number, state = _state(looks.judge_state(record.release_id), record)
    verdict = record.verdict
    for look in looks.looks(record.release_id, after=number):
        state, verdict = judge(record.plan, comparison, state, look.observations)
        judged = replace(look, verdict=verdict.to_json())
        looks.put_judgement(record.release_id, judged, state.to_json())
        number = look.number
    if verdict is None:
        verdict = _last_verdict(looks, record) or _NOTHING
    return number, verdict


_NOTHING = Verdict(kind=VerdictKind.HOLD, reason="no interval was closed yet")


def _last_verdict(looks: LookStore, record: ReleaseRecord) -> Verdict | None:
    last = looks.last_look(record.release_id)
    return None if last is None or last.verdict is None else Verdict.from_json(last.verdict)


def _state(
    stored: tuple[int, dict[str, Any]] | None, record: ReleaseRecord
) -> tuple[int, JudgeState]:
    if stored is None:
        return 0, JudgeState.initial(record.plan)
    number, state = stored
    return number, JudgeState.from_json(state)
