"""Says in one sentence, with the numbers, why the verdict on an A/B test is what it is."""

from tidegate.abtest.plan import ABPlan, Better
from tidegate.abtest.verdict import PairEvidence
from tidegate.abtest.words import listed, things
from tidegate.words import percent, points, thousands


def _rates(plan: ABPlan, pair: PairEvidence) -> str:
    return (
        f"{percent(pair.first_rate)} {things(plan.kind)} with {pair.first} against "
        f"{percent(pair.second_rate)} with {pair.second}"
    )


def _between(pair: PairEvidence) -> str:
    if pair.lower is None:
        return ""
    return f" (between {points(pair.lower)} and {points(pair.upper)})"


def won(plan: ABPlan, pair: PairEvidence, *, requests: int, arms: int) -> str:
    """Why this arm wins, of so many; the pair is the winner against the best of the others."""
    others = f"each of the {arms - 1} other arms" if arms > 2 else pair.second
    wanted = "more" if plan.better is Better.LARGER else "fewer"
    difference = None if pair.difference is None else abs(pair.difference)
    role = " (the control)" if pair.first == plan.control else ""
    return (
        f"{pair.first}{role} wins because it is better than {others}: {_rates(plan, pair)}, "
        f"{points(difference)} points {wanted}{_between(pair)}, after {thousands(requests)} "
        f"requests; the chance of ever naming a wrong winner is at most {percent(plan.alpha)}"
    )


def tied(plan: ABPlan, pair: PairEvidence, names: tuple[str, ...], *, requests: int) -> str:
    """Why these arms are a tie; the pair is the one of them that differs most."""
    margin = points(plan.tie_margin)
    keep = f"keep {plan.control} (the control)" if plan.control in names else "take any of them"
    return (
        f"{listed(names)} are a tie because they differ by less than the margin of {margin} "
        f"points: {_rates(plan, pair)}, {points(pair.difference)} points apart{_between(pair)}, "
        f"after {thousands(requests)} requests; {keep}"
    )


def continued(plan: ABPlan, pair: PairEvidence, *, requests: int, needed: int | None) -> str:
    """What is known so far of the closest race, and about how many requests are missing."""
    planned = thousands(plan.horizon_requests)
    if pair.difference is None:
        return (
            f"continue because after {thousands(requests)} of {planned} planned requests too few "
            "outcomes are known to compare the arms"
        )
    so_far = (
        f"no arm is proven better than all others: {_rates(plan, pair)}, "
        f"{points(pair.difference)} points apart{_between(pair)}"
    )
    if requests >= plan.horizon_requests:
        return (
            f"continue only if you can wait, because all {planned} planned requests were served "
            f"and {so_far}; else keep {plan.control} (the control)"
        )
    rest = (
        "nothing leads yet"
        if needed is None
        else f"which takes about {thousands(needed)} more requests at this difference"
    )
    return (
        f"continue because after {thousands(requests)} of {planned} planned requests {so_far}, "
        f"{rest}"
    )


def held(srm_reason: str) -> str:
    """Why nothing may be concluded."""
    return f"hold because {srm_reason}"
