"""The judge of A/B tests: newly closed increments in, next state and verdict out, nothing else.

`(plan, state, observations) -> (state, verdict)`, pure and deterministic: no clock, no chance, no
I/O. It may be asked as often as one likes, and the answer is the same whether increments come one
interval at a time or many at once, in whatever order inside a look.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from tidegate.abtest import evidence, reason, srm
from tidegate.abtest.assignment import kept
from tidegate.abtest.contest import Stakes
from tidegate.abtest.margins import Margins
from tidegate.abtest.pair import Pair
from tidegate.abtest.plan import ABPlan, Policy
from tidegate.abtest.state import ABState, Decision
from tidegate.abtest.strata import Closing, Stratum, closings
from tidegate.abtest.verdict import ABVerdict, ABVerdictKind, PairEvidence
from tidegate.errors import InvalidValueError
from tidegate.judge.strata import Table, faults_of
from tidegate.observation import Observation, Unit

Splits = Mapping[int, Mapping[str, float]]
"""Shares by slot of each version of the split, in any unit."""


def decide(
    plan: ABPlan,
    state: ABState,
    observations: Sequence[Observation],
    *,
    splits: Splits | None = None,
) -> tuple[ABState, ABVerdict]:
    """The state after these increments, and the verdict on all evidence so far.

    The increments of all arms of an interval belong into the same call. `splits` are needed to
    check the sample ratio where shares change; a fixed policy has those of the plan.
    """
    after = advance(plan, state, observations, splits=splits)
    return after, verdict(plan, after, splits=splits)


def advance(
    plan: ABPlan,
    state: ABState,
    observations: Sequence[Observation],
    *,
    splits: Splits | None = None,
) -> ABState:
    """The state after these increments; `decide` without what is only for people."""
    state.check(plan)
    faults = faults_of(observations)
    if faults:
        raise InvalidValueError(faults)
    mine = [item for item in observations if item.key.slot in plan.arms]
    state = replace(state, unit=mine[-1].unit if mine else state.unit)
    for closing in closings(plan, mine):
        state = _advance(plan, state, closing, splits)
    return state


def _advance(plan: ABPlan, state: ABState, closing: Closing, splits: Splits | None) -> ABState:
    """The state after all that closed at one time, looked at once."""
    served = _plus(state.requests, closing.requests)
    fraction = sum(served) / plan.horizon_requests
    pairs = tuple(_pair_after(plan, pair, closing, fraction=fraction) for pair in state.pairs)
    trials, goods = state.trials, state.goods
    for stratum in closing.settled:
        trials, goods = _plus(trials, stratum.trials), _plus(goods, stratum.goods)
    advanced = replace(
        state,
        pairs=pairs,
        requests=served,
        trials=trials,
        goods=goods,
        experience=state.experience.plus(
            closing.learnt, kept=kept(plan, requests=sum(closing.requests))
        ),
        srm=_srm_after(plan, state, closing, splits),
    )
    return _decided(plan, advanced)


def taken_out(plan: ABPlan, state: ABState, arms: Sequence[str]) -> ABState:
    """The state without these challengers, which do harm: the test goes on among the others.

    A decision that named one of them is void. Why the chances promised of the verdict still hold is
    in docs/explanation/ab-tests.md.
    """
    out = tuple(arm for arm in plan.arms if arm in {*state.out, *arms})
    named = () if state.decision is None else (state.decision.winner, *state.decision.tied)
    void = any(arm in named for arm in arms)
    without = replace(state, out=out, decision=None if void else state.decision)
    return _decided(plan, without)


def _decided(plan: ABPlan, state: ABState) -> ABState:
    """The state with its decision; what was decided stays so."""
    if state.decision is not None or _mismatch(state):
        return state
    return replace(state, decision=_decision(plan, state.pairs_left, state.left))


def _plus(some: Sequence[int], more: Sequence[int]) -> tuple[int, ...]:
    return tuple(a + b for a, b in zip(some, more, strict=True))


def _pair_after(plan: ABPlan, pair: Pair, closing: Closing, *, fraction: float) -> Pair:
    first, second = plan.arms.index(pair.first), plan.arms.index(pair.second)
    for stratum in closing.compared:
        margins = Margins(
            trials=stratum.trials[first],
            other_trials=stratum.trials[second],
            events=stratum.goods[first] + stratum.goods[second],
        )
        stakes = Stakes(
            level=plan.level,
            strata_at_horizon=plan.strata_factor
            * plan.horizon_requests
            / max(1, sum(stratum.trials)),
        )
        pair = pair.compared(margins, stratum.goods[first], stakes=stakes)
    for stratum in closing.settled:
        pair = pair.settled(_table(stratum, first, second), margin=plan.tie_margin)
    return replace(pair, contest=pair.contest.look(level=plan.level, fraction=fraction))


def _table(stratum: Stratum, first: int, second: int) -> Table:
    return Table(
        candidate_trials=stratum.trials[first],
        candidate_events=stratum.goods[first],
        live_trials=stratum.trials[second],
        live_events=stratum.goods[second],
    )


def _srm_after(
    plan: ABPlan, state: ABState, closing: Closing, splits: Splits | None
) -> srm.SrmState:
    tested = state.srm
    if state.unit is Unit.RESOLVER:
        return tested
    for split_version, drawn in sorted(closing.drawn.items()):
        shares = _shares(plan, split_version, splits)
        if shares is not None:
            counts = dict(zip(plan.arms, drawn, strict=True))
            tested = srm.update(tested, counts, {arm: shares.get(arm, 0.0) for arm in plan.arms})
    return tested


def _shares(plan: ABPlan, version: int, splits: Splits | None) -> Mapping[str, float] | None:
    if splits is not None:
        return splits.get(version)
    return plan.first_shares if plan.policy is Policy.FIXED else None


def _mismatch(state: ABState) -> bool:
    return srm.report(state.srm, unit=state.unit).mismatch is True


def _decision(plan: ABPlan, pairs: Sequence[Pair], arms: Sequence[str]) -> Decision | None:
    """The winner if one arm is better than each other one; a tie if the arms left are close."""
    if len(arms) < 2:
        return None
    better = {(p.better, p.second if p.better == p.first else p.first) for p in pairs if p.better}
    for arm in arms:
        if all((arm, other) in better for other in arms if other != arm):
            return Decision(winner=arm)
    beaten = {loser for _, loser in better}
    left = tuple(arm for arm in arms if arm not in beaten)
    if plan.tie_margin is None or len(left) < 2:
        return None
    close = all(p.tied(level=plan.tie_level) for p in pairs if p.first in left and p.second in left)
    return Decision(tied=left) if close else None


def verdict(plan: ABPlan, state: ABState, *, splits: Splits | None = None) -> ABVerdict:
    """The verdict on this state."""
    pairs = evidence.pairs(plan, state)
    race = _race(plan, state, pairs)
    needed = _requests_needed(plan, state)
    kind, slot, told = _conclusion(plan, state, race, needed=needed)
    return ABVerdict(
        kind=kind,
        reason=told,
        slot=slot,
        tied=() if state.decision is None else state.decision.tied,
        arms=evidence.arms(plan, state),
        pairs=pairs,
        srm=_srm_report(plan, state, splits),
        regret=evidence.regret(plan, state),
        requests=sum(state.requests),
        horizon_requests=plan.horizon_requests,
        requests_needed=needed if kind is ABVerdictKind.CONTINUE else None,
    )


def _srm_report(plan: ABPlan, state: ABState, splits: Splits | None) -> srm.SrmReport:
    if splits is None and plan.policy is Policy.THOMPSON:
        return srm.SrmReport(
            mismatch=None, reason="not applicable: the shares of the splits were not given"
        )
    return srm.report(state.srm, unit=state.unit)


def _conclusion(
    plan: ABPlan, state: ABState, race: PairEvidence, *, needed: int | None
) -> tuple[ABVerdictKind, str | None, str]:
    """What to do, about which slot, and why."""
    requests, decision = sum(state.requests), state.decision
    if decision is None and _mismatch(state):
        told = reason.held(srm.report(state.srm, unit=state.unit).reason)
        return ABVerdictKind.HOLD, None, told
    if decision is None:
        told = reason.continued(plan, race, requests=requests, needed=needed)
        return ABVerdictKind.CONTINUE, None, told
    if decision.winner is not None:
        told = reason.won(plan, race, requests=requests, arms=len(state.left))
        return ABVerdictKind.WINNER, decision.winner, told
    keep = plan.control if plan.control in decision.tied else race.first
    told = reason.tied(plan, race, decision.tied, requests=requests)
    return ABVerdictKind.TIE, keep, told


def _race(plan: ABPlan, state: ABState, pairs: Sequence[PairEvidence]) -> PairEvidence:
    """The two arms that the reason is about, the better one first: the best two that are left.

    Of a tie it is the two that lie furthest apart.
    """
    leads = {arm: evidence.lead(plan, state, arm, plan.control) for arm in plan.arms}
    # With the last challenger out there is no race: then it is told of all arms, as it was.
    arms = state.left if len(state.left) > 1 else plan.arms
    ranked = sorted(arms, key=lambda arm: -leads[arm])
    if state.decision is not None and state.decision.winner is not None:
        winner = state.decision.winner
        ranked = [winner, *(arm for arm in ranked if arm != winner)]
    if state.decision is not None and state.decision.tied:
        tied = [arm for arm in ranked if arm in state.decision.tied]
        ranked = [tied[0], tied[-1]]
    known = next(p for p in pairs if {p.first, p.second} == set(ranked[:2]))
    if known.lower is None:
        found = next(p for p in state.pairs if {p.first, p.second} == set(ranked[:2]))
        known = evidence.pair(plan, state, found, bounds=evidence.interval(plan, found))
    return evidence.oriented(known, second=ranked[1])


def _requests_needed(plan: ABPlan, state: ABState) -> int | None:
    """Requests still missing at the present difference, to a winner or to a tie."""
    leads = {arm: evidence.lead(plan, state, arm, plan.control) for arm in plan.arms}
    best = max(state.left, key=lambda arm: leads[arm])
    rivals = [p for p in state.pairs_left if best in (p.first, p.second) and p.better != best]
    gauges = [pair.contest.gauge for pair in rivals]
    wins = [None if gauge is None else gauge.more_requests for gauge in gauges]
    ties = [_growth_to_tie(plan, pair) for pair in rivals]
    factors = [
        max(found)
        for factor in (wins, ties)
        if (found := [f for f in factor if f is not None]) and len(found) == len(rivals)
    ]
    return math.ceil(sum(state.requests) * (min(factors) - 1)) if factors else None


def _growth_to_tie(plan: ABPlan, pair: Pair) -> float | None:
    """Factor by which all requests must grow until the pair is a tie, None where it is not one."""
    found = min(pair.first_within.most, pair.second_within.most)
    if plan.tie_margin is None or found <= 0:
        return None
    return max(1.0, -math.log(plan.tie_level) / found)
