"""Says in one sentence, with the numbers, why a shadow passes, fails or goes on."""

from tidegate.judge.limits import LEAST_CANDIDATE_TRIALS
from tidegate.judge.reason import Finding, chance_of, evidence_so_far, slower
from tidegate.plan import Metric
from tidegate.words import percent, points, thousands


def failed(harm: Finding, *, alpha: float) -> str:
    """Why the candidate may not answer users: what is worse, by how much, how sure that is."""
    if harm.early is not None:
        return f"fail because {slower(harm, harm.early, alpha=alpha, of='candidates')}"
    return (
        f"fail because {_told(harm)} in {thousands(harm.tally.candidate_trials)} pairs, and "
        f"{chance_of(harm, alpha=alpha, of='candidates')}"
    )


def passed(safe: list[Finding], *, candidate_requests: int) -> str:
    """Why the candidate has passed: no harm above any margin."""
    each = ", ".join(f"{_told(item)} (margin {points(item.guardrail.margin)})" for item in safe)
    return (
        f"pass because no harm reaches its margin: {each}, "
        f"after {thousands(candidate_requests)} copied requests that answered nobody"
    )


def held(scarce: list[Finding], *, candidate_requests: int) -> str:
    """What is too little to judge by."""
    each = ", ".join(
        f"{item.guardrail.metric} {thousands(item.tally.candidate_trials)}" for item in scarce
    )
    return (
        f"hold because {thousands(candidate_requests)} copied requests are too few to judge by: "
        f"each metric needs {LEAST_CANDIDATE_TRIALS} pairs, and of {each} so far"
    )


def continued(unproven: list[Finding], *, candidate_requests: int) -> str:
    """What is still to be shown."""
    each = ", ".join(
        f"{_told(item)}, to be shown within {points(item.guardrail.margin)} points "
        f"({evidence_so_far(item)})"
        for item in unproven
    )
    return (
        f"continue because after {thousands(candidate_requests)} copied requests no harm is "
        f"proven, but {each}"
    )


def _told(finding: Finding) -> str:
    if finding.guardrail.metric is Metric.AGREEMENT:
        return f"answers that differ are {percent(finding.tally.candidate_rate)}"
    return f"{finding.name} are {finding.rates}"
