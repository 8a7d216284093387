"""A simulated big bang between two tracks: the live version's hour before is simulated too."""

from dataclasses import replace

import numpy as np
import pytest

from cli.simulation.advice import advise
from cli.simulation.behaviour import Behaviour, Traffic
from cli.simulation.harms import Rung, harm_of
from cli.simulation.release import End, Setting, simulate_release
from tidegate.plan import Guardrail, Metric, ReleasePlan, Step
from tidegate.strategies import Mechanism, Strategy

PLAN = ReleasePlan(
    strategy=Strategy.BIG_BANG,
    mechanism=Mechanism.DNS,
    steps=(Step(share_percent=100, bake_seconds=1_800),),
    guardrails=(
        Guardrail(metric=Metric.ERRORS, margin=0.05),
        Guardrail(metric=Metric.LATENCY, margin=0.20, tolerated_slowdown=1.5),
    ),
)


def end(traffic: Traffic, candidate: Behaviour) -> End:
    """How one release ended."""
    setting = Setting(plan=PLAN, traffic=traffic, candidate=candidate)
    return simulate_release(setting, np.random.default_rng(3)).end


def test_a_version_as_bad_as_the_live_one_is_promoted(traffic: Traffic) -> None:
    """The limit is the live version's own rate and the margin: a high rate is no harm by itself."""
    failing = replace(traffic.live, errors=0.10)
    assert end(replace(traffic, live=failing), failing) is End.PROMOTED


@pytest.mark.parametrize("guardrail", PLAN.guardrails, ids=lambda g: g.metric.value)
def test_harm_far_beyond_its_margin_is_rolled_back(traffic: Traffic, guardrail: Guardrail) -> None:
    """Of errors and of latency, which has a limit only because of what was there before."""
    harm = harm_of(guardrail, traffic.live, rung=Rung.TWICE)
    assert harm is not None
    assert end(traffic, harm.candidate) is End.ROLLED_BACK


def test_nothing_is_said_of_what_comparing_would_take(traffic: Traffic) -> None:
    """A plan that compares nothing needs no share and no bake for it."""
    assert advise(PLAN, traffic).warnings() == ()
