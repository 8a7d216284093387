"""The ladder of harms: as large as it says, measured as the judge measures it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.simulation.behaviour import Behaviour, lognormal
from cli.simulation.harms import MARGIN_QUANTILE, Rung, harm_of, ladder, tolerated_buckets
from tidegate.plan import Guardrail, Metric, ReleasePlan


def test_the_ladder_has_four_rungs_a_guardrail_and_no_harm(plan: ReleasePlan, live: Behaviour):
    """Every guardrail metric is tried at half its margin, at it, at twice it, and in an outage."""
    harms = ladder(plan, live)
    assert harms[0].candidate == live
    for metric in (guardrail.metric for guardrail in plan.guardrails):
        rungs = [harm.rung for harm in harms if harm.metric is metric]
        assert rungs == [Rung.HALF, Rung.MARGIN, Rung.TWICE, Rung.OUTAGE]


def test_promotion_is_wrong_from_the_margin_on(plan: ReleasePlan, live: Behaviour):
    """Less harm than the margin may be promoted: that is what a margin is."""
    allowed = {harm.rung for harm in ladder(plan, live) if not harm.forbidden}
    assert allowed == {Rung.NONE, Rung.HALF}


def test_errors_and_wrong_answers_rise_by_the_amount(plan: ReleasePlan, live: Behaviour):
    """The margin is a difference of shares."""
    errors, _, outcomes = plan.guardrails
    bad = harm_of(errors, live, rung=Rung.MARGIN)
    wrong = harm_of(outcomes, live, rung=Rung.TWICE)
    assert bad is not None
    assert wrong is not None
    assert bad.candidate.errors == pytest.approx(0.06)
    assert wrong.candidate.wrong == pytest.approx(0.30)


@given(
    margin=st.floats(0.02, 0.6),
    tolerated=st.floats(1.0, 8.0),
    spread=st.floats(1.2, 20.0),
)
def test_slow_answers_rise_by_the_amount_beyond_what_is_tolerated(
    margin: float, tolerated: float, spread: float
):
    """The slowdown is the one that makes the judge's own difference the margin."""
    live = Behaviour(
        errors=0.0,
        latency=lognormal(p50_milliseconds=50, p99_milliseconds=50 * spread),
        known=(),
        wrong=0.0,
    )
    guardrail = Guardrail(metric=Metric.LATENCY, margin=margin, tolerated_slowdown=tolerated)
    harm = harm_of(guardrail, live, rung=Rung.MARGIN)
    assert harm is not None
    edge = live.quantile_bucket(MARGIN_QUANTILE)
    slow = harm.candidate.slower_than(edge + tolerated_buckets(guardrail))
    assert slow - live.slower_than(edge) == pytest.approx(margin, abs=1e-6)


def test_what_cannot_be_is_left_out(plan: ReleasePlan, live: Behaviour):
    """No version can fail more requests than there are."""
    broken = replace(live, errors=0.95)
    assert [h.rung for h in ladder(plan, broken) if h.metric is Metric.ERRORS] == [
        Rung.HALF,
        Rung.OUTAGE,
    ]


def test_fewer_conversions_and_more_complaints_are_harm(
    conversions: ReleasePlan, complaints: ReleasePlan, live: Behaviour
):
    """A margin of events is a share of all answers, and they come as late as before."""
    buyers, complainers = live.reporting(0.2), live.reporting(0.05)
    fewer = harm_of(conversions.guardrails[0], buyers, rung=Rung.MARGIN)
    more = harm_of(complaints.guardrails[0], complainers, rung=Rung.MARGIN)
    assert fewer is not None
    assert more is not None
    assert fewer.candidate.known_share == pytest.approx(0.12)
    assert more.candidate.known_share == pytest.approx(0.13)
    assert (fewer.words, more.words) == ("20 → 12 % convert", "5 → 13 % complain")
    assert ladder(conversions, buyers)[-1].candidate.known_share == 0
