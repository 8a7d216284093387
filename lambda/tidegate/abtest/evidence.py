"""Turns the state of an A/B test into the numbers that people see; it decides nothing."""

from tidegate.abtest.bounds import Score, rate_bounds
from tidegate.abtest.pair import Pair
from tidegate.abtest.plan import ABPlan, Better
from tidegate.abtest.spending import Side
from tidegate.abtest.state import ABState
from tidegate.abtest.verdict import ArmEvidence, PairEvidence, Regret
from tidegate.abtest.words import things
from tidegate.words import thousands

Bounds = tuple[float, float]


def arms(plan: ABPlan, state: ABState) -> tuple[ArmEvidence, ...]:
    """What is known of each arm, in the order of the plan."""
    return tuple(_arm(plan, state, arm) for arm in range(len(plan.arms)))


def _arm(plan: ABPlan, state: ABState, arm: int) -> ArmEvidence:
    trials, goods = state.trials[arm], state.goods[arm]
    smaller = plan.better is Better.SMALLER
    events = trials - goods if smaller else goods
    bounds = rate_bounds(Score(score=events, weight=trials)) if trials else None
    return ArmEvidence(
        slot=plan.arms[arm],
        requests=state.requests[arm],
        trials=trials,
        rate=events / trials if trials else state.experience.rate(arm),
        lower=None if bounds is None else bounds[0],
        upper=None if bounds is None else bounds[1],
    )


def pair(plan: ABPlan, state: ABState, found: Pair, *, bounds: Bounds | None) -> PairEvidence:
    """What is known of two arms, in terms of the objective."""
    gauge = found.contest.gauge
    leader = None
    if gauge is not None:
        leader = found.first if gauge.side is Side.ABOVE else found.second
    rates = _rates(plan, state, found)
    lower, upper = (None, None) if bounds is None else bounds
    if plan.better is Better.SMALLER and lower is not None and upper is not None:
        lower, upper = -upper, -lower
    return PairEvidence(
        first=found.first,
        second=found.second,
        first_rate=rates[0],
        second_rate=rates[1],
        difference=None if rates[0] is None or rates[1] is None else rates[0] - rates[1],
        lower=lower,
        upper=upper,
        leader=leader,
        evidence=0.0 if gauge is None else gauge.evidence,
        limit=None if gauge is None else gauge.limit,
        better=found.better,
        tied=plan.tie_margin is not None and found.tied(level=plan.tie_level),
    )


def interval(plan: ABPlan, found: Pair) -> Bounds | None:
    """Anytime-valid bounds of the difference of good rates, cut where a claim is proven."""
    bounds = found.bounds()
    if bounds is None or plan.tie_margin is None or not found.tied(level=plan.tie_level):
        return bounds
    return max(bounds[0], -plan.tie_margin), min(bounds[1], plan.tie_margin)


def _rates(plan: ABPlan, state: ABState, found: Pair) -> tuple[float | None, float | None]:
    """Rates of the objective at the same times, or before any is settled, as far as it is known."""
    first, second = found.tally.candidate_rate, found.tally.live_rate
    if first is None or second is None:
        places = (plan.arms.index(found.first), plan.arms.index(found.second))
        return state.experience.rate(places[0]), state.experience.rate(places[1])
    if plan.better is Better.SMALLER:
        return 1 - first, 1 - second
    return first, second


def pairs(plan: ABPlan, state: ABState) -> tuple[PairEvidence, ...]:
    """Each arm against the control with its interval, then the other pairs without."""
    against = [p for p in state.pairs if plan.control in (p.first, p.second)]
    others = [p for p in state.pairs if plan.control not in (p.first, p.second)]
    return (
        *(
            oriented(pair(plan, state, p, bounds=interval(plan, p)), second=plan.control)
            for p in against
        ),
        *(pair(plan, state, p, bounds=None) for p in others),
    )


def oriented(found: PairEvidence, *, second: str) -> PairEvidence:
    """The same pair with this arm as the second."""
    if found.second == second:
        return found
    return PairEvidence(
        first=found.second,
        second=found.first,
        first_rate=found.second_rate,
        second_rate=found.first_rate,
        difference=None if found.difference is None else -found.difference,
        lower=None if found.upper is None else -found.upper,
        upper=None if found.lower is None else -found.lower,
        leader=found.leader,
        evidence=found.evidence,
        limit=found.limit,
        better=found.better,
        tied=found.tied,
    )


def lead(plan: ABPlan, state: ABState, first: str, second: str) -> float:
    """How much better the first arm does than the second, as estimated; 0 while not known."""
    if first == second:
        return 0.0
    found = next(p for p in state.pairs if {p.first, p.second} == {first, second})
    rates = _rates(plan, state, found)
    if rates[0] is None or rates[1] is None:
        return 0.0
    difference = rates[0] - rates[1] if found.first == first else rates[1] - rates[0]
    return difference if plan.better is Better.LARGER else -difference


def regret(plan: ABPlan, state: ABState) -> Regret:
    """What serving the other arms has cost so far, should the rates be as they look now.

    It is an estimate from the same data, so that between equal arms it is a little above 0.
    """
    if sum(state.requests) == 0:
        return Regret(best=None, missed=0.0, reason="nothing was served yet")
    leads = {arm: lead(plan, state, arm, plan.control) for arm in plan.arms}
    best = max(state.left, key=lambda arm: leads[arm])
    missed = sum(
        requests * max(0.0, lead(plan, state, best, arm))
        for arm, requests in zip(plan.arms, state.requests, strict=True)
    )
    less = "fewer" if plan.better is Better.LARGER else "more"
    reason = (
        f"about {thousands(missed)} {less} {things(plan.kind)} than if all "
        f"{thousands(sum(state.requests))} requests had been served by {best}, at the rates "
        "estimated now"
    )
    return Regret(best=best, missed=missed, reason=reason)
