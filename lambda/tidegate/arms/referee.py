"""The referee of an A/B test: what an objective and the guardrails say together of each look.

`(plan, arms, state, look) -> (state, verdict)`, pure and deterministic. The objective is decided by
`tidegate.abtest`; each challenger is judged against the control by the judge of releases, with an
equal part of the error budget. An arm that does harm is out at once, and the test goes on among the
others. A challenger is promoted when it has won and its guardrails are proven to keep their margin.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tidegate.abtest import evidence
from tidegate.abtest.assignment import next_shares
from tidegate.abtest.decide import Splits, advance, taken_out
from tidegate.abtest.decide import verdict as objective_verdict
from tidegate.abtest.plan import ABPlan, Policy
from tidegate.abtest.state import ABState
from tidegate.abtest.verdict import ABVerdict, ABVerdictKind, ArmEvidence, PairEvidence
from tidegate.arms.standing import ArmStanding, Standing
from tidegate.errors import InvalidValueError
from tidegate.judge import Comparison, JudgeState, judge
from tidegate.observation import Observation
from tidegate.plan import ReleasePlan
from tidegate.verdict import Evidence, Verdict, VerdictKind

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Arms:
    """Who is tested: the slot that is live, and the others in order."""

    control: str
    challengers: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """The control first."""
        return (self.control, *self.challengers)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefereeState:
    """What the referee keeps between looks, at most some 170 kB for ten arms (400 kB fit an item).

    `guards` are the judge's states by challenger, those of arms that are `out` as they were then.
    """

    objective: ABState
    guards: Mapping[str, JudgeState]
    out: Mapping[str, str]

    @classmethod
    def initial(cls, plan: ReleasePlan, arms: Arms) -> "RefereeState":
        """The state before anything was seen."""
        return cls(
            objective=ABState.initial(ab_plan(plan, arms)),
            guards={slot: JudgeState.initial(plan) for slot in arms.challengers},
            out={},
        )

    def to_json(self) -> dict[str, Any]:
        """The versioned state in JSON types; `from_json` reads it back."""
        return {
            "v": VERSION,
            "kind": "ab-test",
            "objective": self.objective.to_json(),
            "guards": {slot: state.to_json() for slot, state in self.guards.items()},
            "out": dict(self.out),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "RefereeState":
        """The state of a version 1 record; another version raises InvalidValueError."""
        if data["v"] != VERSION or data.get("kind") != "ab-test":
            fault = f"state of kind {data.get('kind')!r}, version {data['v']!r} is no A/B test's"
            raise InvalidValueError([f"{fault}, read: kind 'ab-test', version {VERSION}"])
        return cls(
            objective=ABState.from_json(data["objective"]),
            guards={slot: JudgeState.from_json(state) for slot, state in data["guards"].items()},
            out=dict(data["out"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What closed since the last look, under which splits; `seed` is for the next shares."""

    observations: Sequence[Observation]
    splits: Splits
    seed: int


def seed_of(release_id: str, look: int) -> int:
    """The seed of the draws after a look: another one each, and always the same."""
    digest = hashlib.sha256(f"{release_id}#{look}".encode()).digest()
    return int.from_bytes(digest[:8], "big")


def ab_plan(plan: ReleasePlan, arms: Arms) -> ABPlan:
    """The plan of the objective, from the release's plan and its arms."""
    terms = plan.ab_test
    if terms is None:
        raise InvalidValueError([f"strategy {plan.strategy} has no arms: it is no A/B test"])
    return ABPlan(
        arms=arms.all,
        control=arms.control,
        horizon_requests=terms.horizon_requests,
        kind=terms.kind,
        better=terms.better,
        tie_margin=terms.tie_margin,
        alpha=terms.alpha,
        beta=terms.beta,
        policy=terms.policy,
        shares=dict(zip(arms.all, terms.first_shares, strict=True)),
        outcome_window_seconds=plan.outcome_window_seconds,
    )


def referee(
    plan: ReleasePlan, arms: Arms, state: RefereeState, seen: Seen
) -> tuple[RefereeState, Verdict]:
    """The state and the verdict after every increment that closed since the last look.

    The increments of all arms of an interval belong into one look.
    """
    planned = ab_plan(plan, arms)
    guards, verdicts = _guarded(plan, arms, state, seen.observations)
    objective = advance(planned, state.objective, seen.observations, splits=seen.splits)
    harmful = {
        slot: told.reason.removeprefix("roll back because ")
        for slot, told in verdicts.items()
        if slot not in state.out and told.kind is VerdictKind.ROLL_BACK
    }
    if harmful:
        objective = taken_out(planned, objective, tuple(harmful))
    after = RefereeState(objective=objective, guards=guards, out={**state.out, **harmful})
    said = objective_verdict(planned, objective, splits=seen.splits)
    standing = _standing(planned, after, said, verdicts=verdicts, seed=seen.seed)
    return after, _verdict(arms, standing, said, verdicts)


def _guarded(
    plan: ReleasePlan, arms: Arms, state: RefereeState, observations: Sequence[Observation]
) -> tuple[dict[str, JudgeState], dict[str, Verdict]]:
    """Each challenger against the control; what an arm did before it was taken out stays."""
    shared = replace(
        plan,
        alpha=plan.alpha / len(arms.challengers),
        beta=plan.beta / len(arms.challengers),
    )
    states: dict[str, JudgeState] = {}
    verdicts: dict[str, Verdict] = {}
    for slot in arms.challengers:
        new = () if slot in state.out else observations
        comparison = Comparison(live=arms.control, candidate=slot)
        states[slot], verdicts[slot] = judge(shared, comparison, state.guards[slot], new)
    return states, verdicts


def _standing(
    plan: ABPlan,
    state: RefereeState,
    said: ABVerdict,
    *,
    verdicts: Mapping[str, Verdict],
    seed: int,
) -> Standing:
    against = {pair.first: pair for pair in said.pairs if pair.second == plan.control}
    experience = state.objective.experience
    drawn = plan.policy is Policy.THOMPSON and bool(experience.trials)
    return Standing(
        conclusion=said.kind.value,
        slot=said.slot,
        leader=_leader(plan, state, said),
        arms=tuple(
            _arm(arm, against.get(arm.slot), verdicts.get(arm.slot), state.out.get(arm.slot))
            for arm in said.arms
        ),
        requests=said.requests,
        horizon_requests=said.horizon_requests,
        split=said.srm.reason,
        regret=said.regret.reason,
        shares=(next_shares(plan, experience, seed=seed, out=tuple(state.out)) if drawn else None),
    )


def _leader(plan: ABPlan, state: RefereeState, said: ABVerdict) -> str | None:
    """The challenger that has won, or that does best so far of those that are left."""
    left = [arm for arm in state.objective.left if arm != plan.control]
    if said.slot in left:
        return said.slot
    leads = {arm: evidence.lead(plan, state.objective, arm, plan.control) for arm in left}
    return max(left, key=lambda arm: leads[arm], default=None)


def _arm(
    arm: ArmEvidence, pair: PairEvidence | None, guard: Verdict | None, out: str | None
) -> ArmStanding:
    alone = ArmStanding(
        slot=arm.slot,
        requests=arm.requests,
        trials=arm.trials,
        rate=arm.rate,
        lower=arm.lower,
        upper=arm.upper,
        guard="" if guard is None else guard.reason,
        safe=guard is not None and guard.kind is VerdictKind.PROMOTE,
        out=out,
    )
    if pair is None:
        return alone
    return replace(
        alone,
        difference=pair.difference,
        difference_lower=pair.lower,
        difference_upper=pair.upper,
        progress=_progress(pair),
    )


def _progress(pair: PairEvidence) -> float:
    """Evidence in parts of its limit, negative where the control leads."""
    if pair.limit is None or pair.limit <= 0:
        return 0.0
    reached = 1.0 if pair.better is not None else min(1.0, max(0.0, pair.evidence / pair.limit))
    return reached if pair.leader == pair.first else -reached


def _verdict(
    arms: Arms, standing: Standing, said: ABVerdict, verdicts: Mapping[str, Verdict]
) -> Verdict:
    kind, why = _conclusion(arms, standing, said)
    guarded: tuple[Evidence, ...] = ()
    if standing.leader is not None:
        guarded = verdicts[standing.leader].evidence
    control, *others = standing.arms
    return Verdict(
        kind=kind,
        reason=why,
        evidence=guarded,
        candidate_requests=sum(arm.requests for arm in others),
        live_requests=control.requests,
        requests_needed=said.requests_needed,
        ab_test=standing,
    )


_KINDS = {
    ABVerdictKind.HOLD: VerdictKind.HOLD,
    ABVerdictKind.CONTINUE: VerdictKind.CONTINUE,
}


def _conclusion(arms: Arms, standing: Standing, said: ABVerdict) -> tuple[VerdictKind, str]:
    """What to do, and why: harm comes before any winner."""
    out = standing.out
    if len(out) == len(arms.challengers):
        last = "; ".join(f"{slot}: {why}" for slot, why in out.items())
        return VerdictKind.ROLL_BACK, f"roll back because no challenger is left: {last}"
    undecided = _KINDS.get(said.kind)
    if undecided is not None:
        return undecided, said.reason
    if said.slot == arms.control:
        return VerdictKind.KEEP, f"keep {arms.control} because {said.reason}"
    winner = next(arm for arm in standing.arms if arm.slot == said.slot)
    if winner.safe:
        return VerdictKind.PROMOTE, f"promote {said.slot} because {said.reason}"
    return VerdictKind.CONTINUE, f"{said.reason}; before it is promoted: {winner.guard}"
