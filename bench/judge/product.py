"""The product's judge as one rule among the others, by its public function alone."""

from collections.abc import Iterator

import numpy as np

from bench.judge.recorded import SLOTS, Recorded, looks, plan_of
from bench.judge.rules import NEVER, Decisions, Rule
from tidegate.judge import JudgeState, judge
from tidegate.plan import ReleasePlan
from tidegate.verdict import Verdict, VerdictKind


def verdicts(recorded: Recorded, run: int, *, plan: ReleasePlan | None = None) -> Iterator[Verdict]:
    """The verdict of every look of one run, by the scenario's plan or another one.

    The judge keeps nothing but its state between them.
    """
    plan = plan_of(recorded.scenario) if plan is None else plan
    state = JudgeState.initial(plan)
    for observations in looks(recorded, run):
        state, verdict = judge(plan, SLOTS, state, observations)
        yield verdict


def decide(recorded: Recorded) -> Decisions:
    """Every run to its first `roll-back`; `promote` is noted and the release watched further."""
    rolled_back = np.full(recorded.runs, NEVER)
    promoted = np.full(recorded.runs, NEVER)
    for run in range(recorded.runs):
        for look, verdict in enumerate(verdicts(recorded, run)):
            if verdict.kind is VerdictKind.PROMOTE:
                promoted[run] = min(promoted[run], look)
            if verdict.kind is VerdictKind.ROLL_BACK:
                rolled_back[run] = look
                break
    return Decisions(rolled_back=rolled_back, promoted=promoted)


JUDGE = Rule(
    name="judge",
    documented="docs/explanation/judge.md; alpha 1 % for the whole release, all metrics and looks",
    decide=decide,
)
