"""One simulated release: the loop's own decisions, in the loop's own time."""

from dataclasses import replace

import numpy as np
import pytest

from cli.simulation.behaviour import Behaviour, Traffic
from cli.simulation.harms import Rung, harm_of
from cli.simulation.release import End, Outcome, Setting, simulate_release
from tests.release_world import ReleaseWorld
from tests.release_world import Traffic as WorldTraffic
from tests.samples import PLAN
from tidegate.intervals import INTERVAL_SECONDS
from tidegate.plan import ReleasePlan
from tidegate.release import Phase


def run(plan: ReleasePlan, traffic: Traffic, candidate: Behaviour, *, seed: int = 1) -> Outcome:
    """One release."""
    setting = Setting(plan=plan, traffic=traffic, candidate=candidate)
    return simulate_release(setting, np.random.default_rng(seed))


def test_a_harmless_candidate_is_promoted_after_the_bakes(plan: ReleasePlan, traffic: Traffic):
    """With enough traffic nothing but the plan's own time is waited for."""
    outcome = run(plan, traffic, traffic.live)
    assert outcome.end is End.PROMOTED
    baked = sum(step.bake_seconds for step in plan.steps)
    assert baked <= outcome.seconds <= baked + 300
    assert outcome.blamed is None


def test_an_outage_is_rolled_back_at_the_first_looks(plan: ReleasePlan, traffic: Traffic):
    """A version that fails every request serves few of them."""
    outcome = run(plan, traffic, replace(traffic.live, errors=1.0))
    assert outcome.end is End.ROLLED_BACK
    assert outcome.blamed == "errors"
    assert outcome.looks <= 2


def test_too_little_traffic_ends_in_waiting_for_an_operator(plan: ReleasePlan, traffic: Traffic):
    """No evidence is never a pass: the plan's patience is used up, and the release is held."""
    quiet = replace(traffic, requests_per_minute=0.5)
    outcome = run(plan, quiet, traffic.live)
    assert outcome.end is End.HELD
    assert outcome.seconds >= plan.hold_seconds


def test_the_same_seed_gives_the_same_release(plan: ReleasePlan, traffic: Traffic):
    """A simulation can be repeated, and another seed is another release."""
    assert run(plan, traffic, traffic.live) == run(plan, traffic, traffic.live)
    assert run(plan, traffic, traffic.live) != run(plan, traffic, traffic.live, seed=2)


def test_exposure_is_the_candidates_share_of_the_requests(plan: ReleasePlan, traffic: Traffic):
    """A tenth of the traffic in the first step, half of it in the second; warm-up counts too."""
    outcome = run(plan, traffic, traffic.live)
    per_second = traffic.requests_per_minute / 60
    first = plan.steps[0].bake_seconds + plan.warm_up_seconds
    least = per_second * (0.1 * first + 0.5 * plan.steps[1].bake_seconds)
    assert 0.9 * least <= outcome.candidate_requests <= 1.4 * least


def test_late_outcomes_make_a_release_wait(plan: ReleasePlan, traffic: Traffic):
    """Where no outcome becomes known, a guardrail on them cannot be shown safe."""
    unknown = replace(traffic.live, known=(0.0,) * len(traffic.live.known))
    outcome = run(plan, replace(traffic, live=unknown), unknown)
    assert outcome.end is End.HELD


@pytest.mark.parametrize("seed", range(3))
def test_a_release_takes_as_long_as_the_release_machine_takes(seed: int):
    """Announcing, warming up, baking and looking take the same time as in the real loop."""
    world = ReleaseWorld.deployed(traffic=WorldTraffic(requests_per_second=20))
    world.run()
    record = world.record()
    assert record.phase is Phase.PROMOTED
    assert record.decided_at is not None
    behaviour = Behaviour(
        errors=0.0,
        latency=tuple(float(bucket == 20) for bucket in range(77)),
        known=(),
        wrong=0.0,
    )
    traffic = Traffic(requests_per_minute=1_200, live=behaviour)
    outcome = run(PLAN, traffic, behaviour, seed=seed)
    assert outcome.end is End.PROMOTED
    took = record.decided_at - record.started_at
    # Either may begin at any moment of an interval, and each of two steps ends at a look.
    assert abs(outcome.seconds - took) <= 2 * INTERVAL_SECONDS


@pytest.mark.parametrize("kind", ["conversions", "complaints"])
def test_events_are_judged_by_what_comes_and_by_whole_windows(
    request: pytest.FixtureRequest, kind: str
):
    """Harm shows as events come or fail to; safety only when the outcome window has passed."""
    plan: ReleasePlan = request.getfixturevalue(kind)
    traffic: Traffic = request.getfixturevalue({"conversions": "buyers"}.get(kind, "complainers"))
    harm = harm_of(plan.guardrails[0], traffic.live, rung=Rung.TWICE)
    assert harm is not None
    assert run(plan, traffic, harm.candidate).end is End.ROLLED_BACK
    harmless = run(plan, traffic, traffic.live)
    assert harmless.end is End.PROMOTED
    assert harmless.seconds > plan.outcome_window_seconds
