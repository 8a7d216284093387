"""Whether an A/B test has the time for the requests it is planned for, at a given traffic."""

from tidegate.errors import InvalidValueError
from tidegate.plan import ReleasePlan
from tidegate.words import thousands


def ab_remark(plan: ReleasePlan, *, requests_per_minute: float) -> str | None:
    """A sentence where the horizon cannot be reached before the test waits for an operator.

    Each user counts once, so that a test takes at least as long as its requests.
    """
    terms = plan.ab_test
    if terms is None or requests_per_minute <= 0:
        return None
    minutes = terms.horizon_requests / requests_per_minute
    budget = (sum(step.bake_seconds for step in plan.steps) + plan.hold_seconds) / 60
    if minutes <= budget:
        return None
    return (
        f"the objective's horizon is {thousands(terms.horizon_requests)} requests, which take at "
        f"least {thousands(minutes)} minutes at {requests_per_minute:,.0f} requests a minute (each "
        f"user counts once), and bake and hold are over after {thousands(budget)}: the test may "
        "wait for you before it can decide; lengthen hold, or lower horizon_requests"
    )


def refuse_ab_test(plan: ReleasePlan, *, verb: str) -> None:
    """InvalidValueError for a plan that is an A/B test's, which this command knows nothing of."""
    if plan.ab_test is None:
        return
    raise InvalidValueError(
        [
            (
                f"'tidegate {verb}' knows plans with one candidate, and this one is of strategy "
                "ab-test: 'python -m bench.abtest' measures how soon tests decide and how often "
                "they are wrong, 'tidegate plan' says what this one takes"
            )
        ]
    )
