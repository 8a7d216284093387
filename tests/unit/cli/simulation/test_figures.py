"""Figures: what is given counts, then what was observed, then what is assumed; all told."""

import math

import pytest

from cli.simulation.behaviour import lognormal, quantile_bucket
from cli.simulation.figures import ERRORS, Basis, Given, Source, basis_of
from cli.simulation.observed import Observed
from tidegate.errors import InvalidValueError
from tidegate.latency import bucket_of
from tidegate.plan import ReleasePlan

SEEN = Observed(
    intervals=60,
    requests=6_000,
    requests_per_minute=100.0,
    errors=0.002,
    latency=lognormal(p50_milliseconds=20, p99_milliseconds=30),
    wrong=0.03,
    known=(0.2, 0.1, *([0.0] * 15)),
)


def sources(basis: Basis) -> dict[str, Source]:
    """Each figure and its source."""
    return {figure.name: figure.source for figure in basis.figures}


def test_what_is_given_wins_over_what_was_observed(plan: ReleasePlan):
    """A figure on the command line is a wish to know what if."""
    basis = basis_of(Given(errors=0.05, requests_per_minute=7), observed=SEEN, plan=plan)
    assert basis is not None
    assert basis.traffic.requests_per_minute == 7
    assert basis.traffic.live.errors == 0.05
    assert basis.traffic.live.latency == SEEN.latency
    assert sources(basis)["errors"] is Source.GIVEN
    assert sources(basis)["latency"] is Source.OBSERVED


def test_what_nobody_knows_is_assumed_and_told_so(plan: ReleasePlan):
    """Modest figures stand for unknown ones, never in silence."""
    basis = basis_of(Given(requests_per_minute=7), observed=None, plan=plan)
    assert basis is not None
    assert basis.traffic.live.errors == ERRORS
    assert set(sources(basis).values()) == {Source.GIVEN, Source.ASSUMED}


def test_the_number_of_requests_is_never_assumed(plan: ReleasePlan):
    """Everything depends on it, and no figure is modest."""
    assert basis_of(Given(errors=0.05), observed=None, plan=plan) is None


def test_zero_is_a_value(plan: ReleasePlan):
    """A live version without errors is not one whose errors are unknown."""
    basis = basis_of(Given(errors=0.0, wrong=0.0, requests_per_minute=7), observed=SEEN, plan=plan)
    assert basis is not None
    assert (basis.traffic.live.errors, basis.traffic.live.wrong) == (0, 0)


def test_one_latency_is_enough(plan: ReleasePlan):
    """The other quantile keeps its usual distance."""
    basis = basis_of(
        Given(requests_per_minute=7, latency_p99_milliseconds=900), observed=SEEN, plan=plan
    )
    assert basis is not None
    found = quantile_bucket(basis.traffic.live.latency, 0.5)
    assert abs(found - bucket_of(300)) <= 1


def test_observed_delays_are_taken_as_they_are(plan: ReleasePlan):
    """Late outcomes come as late as they did, and as many."""
    basis = basis_of(Given(), observed=SEEN, plan=plan)
    assert basis is not None
    assert basis.traffic.live.known == SEEN.known
    assert math.isclose(basis.traffic.live.known_share, 0.3)


def test_figures_of_outcomes_are_told_only_where_a_guardrail_asks(errors_only: ReleasePlan):
    """What does not matter is not printed."""
    basis = basis_of(Given(requests_per_minute=7), observed=None, plan=errors_only)
    assert basis is not None
    assert set(sources(basis)) == {"requests a minute", "errors", "latency"}


def test_all_faults_come_at_once(plan: ReleasePlan):
    """Each impossible figure is named with its value and what is allowed."""
    wrong = Given(
        requests_per_minute=0,
        errors=1.5,
        wrong=-0.1,
        latency_p50_milliseconds=100,
        latency_p99_milliseconds=50,
        outcomes_known=0,
        outcome_delay_seconds=-1,
    )
    with pytest.raises(InvalidValueError) as refused:
        basis_of(wrong, observed=None, plan=plan)
    assert len(refused.value.faults) == 6
    assert "errors must be 0 to 0.99, got 1.5" in refused.value.faults


def test_events_are_told_by_how_many_answers_they_come_of(
    conversions: ReleasePlan, complaints: ReleasePlan
):
    """What is observed of them is their rate; what is given is the harm: that none converts."""
    seen = basis_of(Given(), observed=SEEN, plan=conversions)
    told = basis_of(Given(wrong=0.85), observed=SEEN, plan=conversions)
    bad = basis_of(Given(wrong=0.02), observed=SEEN, plan=complaints)
    assert seen is not None
    assert told is not None
    assert bad is not None
    assert seen.traffic.live.known_share == pytest.approx(0.3)
    assert told.traffic.live.known_share == pytest.approx(0.15)
    assert (bad.traffic.live.known_share, bad.traffic.live.wrong) == (pytest.approx(0.02), 1.0)
    assert sources(told)["conversions"] is Source.GIVEN


def test_how_many_labels_come_is_no_question_of_events(conversions: ReleasePlan):
    """A figure that means nothing is refused, not ignored."""
    with pytest.raises(InvalidValueError, match="is for labels"):
        basis_of(Given(requests_per_minute=9, outcomes_known=0.5), observed=None, plan=conversions)
