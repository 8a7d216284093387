"""Estimates how many more candidate requests a promotion takes: for people, never for a verdict."""

import math

from tidegate.judge.reason import Finding
from tidegate.judge.safe import place_bet


def requests_needed(safe: list[Finding], *, candidate_requests: int) -> int | None:
    """Candidate requests until every claim of safety is proven, should rates stay as guessed.

    None where nothing is known of a metric yet, or where more requests would not prove it.
    """
    most = 0.0
    for finding in safe:
        if finding.evidence.reached:
            continue
        trials = _trials_needed(finding)
        if trials is None:
            return None
        # Not every request is a trial: some had no known outcome yet, or nothing to compare with.
        requests_a_trial = max(1.0, candidate_requests / finding.tally.candidate_trials)
        most = max(most, trials * requests_a_trial)
    return math.ceil(most)


def _trials_needed(finding: Finding) -> float | None:
    tally = finding.tally
    if tally.candidate_trials == 0:
        return None
    ratio = tally.live_trials / tally.candidate_trials
    margin = finding.guardrail.margin
    bet = place_bet(tally.guess(), margin, candidate_trials=1.0, live_trials=ratio)
    if bet is None:
        return None
    missing = finding.evidence.log_limit - finding.evidence.log_evidence
    return missing / bet.growth(live_per_candidate=ratio)
