"""The simulator draws what its scenario says, in the form in which the judge is told."""

from dataclasses import replace

import numpy as np
import pytest

from bench.judge.recorded import SLOTS, Recorded, looks, plan_of
from bench.judge.scenarios import ALL, BAD, HARMLESS, named
from bench.judge.simulate import simulate
from bench.judge.worlds import LOOKS, WINDOW_INTERVALS, Scenario, Users, buckets_of
from tidegate import latency
from tidegate.closing import closed
from tidegate.judge import JudgeState, judge
from tidegate.observation import Observation, ObservationKey, OutcomeCounts, Unit
from tidegate.plan import Metric


def _is_plausible(share: float, *, of: int, expected: float) -> bool:
    return abs(share - expected) < 5 * np.sqrt(expected * (1 - expected) / of)


def test_the_same_seed_gives_the_same_releases():
    """Counts are a function of scenario, runs and seed."""
    scenario = named("shared incidents")
    one, two = simulate(scenario, 2, 7), simulate(scenario, 2, 7)
    assert np.array_equal(one.candidate.latency, two.candidate.latency)
    assert np.array_equal(one.live.errors, two.live.errors)


def test_leaving_a_metric_out_does_not_change_the_others():
    """Each metric is drawn from a stream of its own."""
    scenario = named("errors 1 -> 3 %")
    whole, part = simulate(scenario, 3, 7), simulate(scenario, 3, 7, metrics=(Metric.OUTCOMES,))
    assert np.array_equal(whole.candidate.wrong, part.candidate.wrong)
    assert part.candidate.latency.sum() == 0


def test_rates_are_those_of_the_scenario():
    """Shares of traffic, errors and wrong outcomes come out as declared."""
    counts = simulate(named("wrong 10 -> 20 %"), 40, 1, metrics=(Metric.OUTCOMES,))
    candidate, live = counts.candidate, counts.live
    requests = int(candidate.requests.sum() + live.requests.sum())
    share = candidate.requests.sum() / requests
    assert _is_plausible(share, of=requests, expected=0.05)
    known = int(candidate.known.sum())
    assert _is_plausible(candidate.wrong.sum() / known, of=known, expected=0.20)


def test_latency_buckets_are_the_products():
    """Buckets of whole arrays agree with `tidegate.latency.bucket_of`."""
    milliseconds = np.geomspace(0.1, 200_000, 400)
    assert buckets_of(milliseconds).tolist() == [latency.bucket_of(x) for x in milliseconds]


def test_single_latencies_follow_the_chances_of_their_buckets():
    """The two ways to draw latency, by bucket and one by one, are of one law."""
    world = named("2 % ten times slower").candidate.latency
    rng = np.random.default_rng(3)
    drawn = np.bincount(world.draw(rng, np.full(100_000, 1.3)), minlength=latency.BUCKET_COUNT)
    chances = world.chances(np.asarray([1.3]))[0]
    assert np.abs(drawn / 100_000 - chances).max() < 0.008


@pytest.mark.parametrize("scenario", ALL, ids=lambda scenario: scenario.name)
def test_counts_are_possible(scenario: Scenario):
    """Latency is of what did not fail, and clients with errors are no more than errors."""
    recorded = simulate(replace(scenario, users=_few(scenario.users)), 1, 5)
    for slot in (recorded.live, recorded.candidate):
        assert np.array_equal(slot.latency.sum(axis=2), slot.requests - slot.errors)
        assert (slot.clients_with_errors <= slot.errors).all()
        assert (slot.wrong <= slot.known).all()
        assert (slot.known.sum(axis=2) <= slot.requests - slot.errors).all()


def _few(users: Users | None) -> Users | None:
    return None if users is None else replace(users, count=2_000)


def test_a_clump_is_five_errors_of_one_client():
    """Clumped errors come by five, and one client has them."""
    candidate = simulate(named("clumped errors"), 1, 5).candidate
    assert np.array_equal(candidate.errors, 5 * candidate.clients_with_errors)
    assert candidate.errors.sum() > 0


def test_a_user_counts_once():
    """Counted by user, a run never has more requests than there are users."""
    scenario = replace(named("sticky users who differ"), users=Users(count=1_000))
    recorded = simulate(scenario, 2, 5)
    assert (recorded.live.requests + recorded.candidate.requests).sum(axis=1).max() <= 1_000
    assert next(looks(recorded, 0))[0].unit is Unit.USER


def test_incidents_hit_both_slots_at_once():
    """In one run the slots' error counts rise and fall together."""
    recorded = simulate(named("shared incidents"), 1, 5)
    together = np.corrcoef(recorded.live.errors[0], recorded.candidate.errors[0])[0, 1]
    assert together > 0.8


@pytest.mark.parametrize(
    "name",
    ["wrong 10 -> 20 %, late labels", "ramp and drifting rates", "late conversions 10 -> 7 %"],
)
def test_looks_are_what_the_product_closes(name: str):
    """Look by look the increments are those of `tidegate.closing` on the same counters."""
    recorded = simulate(named(name), 1, 5)
    counters = [_counter(recorded, at, slot) for at in range(LOOKS) for slot in (0, 1)]
    for look, increments in enumerate(looks(recorded, 0)):
        expected = closed(
            counters,
            after=look - 1,
            through=look,
            outcome_window_seconds=60 * WINDOW_INTERVALS,
            kind=recorded.scenario.delay.outcomes,
        )
        assert tuple(increments) == tuple(item for item in expected if item != _blank(item))


def _blank(item: Observation) -> Observation:
    return Observation(key=item.key)


def _counter(recorded: Recorded, interval: int, slot: int) -> Observation:
    counts = (recorded.live, recorded.candidate)[slot]
    histogram = counts.latency[0, interval]
    known, wrong = counts.known[0, interval], counts.wrong[0, interval]
    return Observation(
        key=ObservationKey(
            release_id="r-1",
            interval=interval,
            split_version=recorded.scenario.split_version(interval),
            slot=(SLOTS.live, SLOTS.candidate)[slot],
        ),
        requests=int(counts.requests[0, interval]),
        errors=int(counts.errors[0, interval]),
        clients_with_errors=int(counts.clients_with_errors[0, interval]),
        latency={b: int(n) for b, n in enumerate(histogram) if n},
        outcomes={
            b: OutcomeCounts(known=int(n), wrong=int(wrong[b])) for b, n in enumerate(known) if n
        },
    )


def test_the_judge_takes_every_look_of_a_release():
    """A release goes through `judge` under the scenario's own plan, which bakes for all looks."""
    scenario = named("total outage")
    plan = plan_of(scenario)
    assert sum(step.bake_seconds for step in plan.steps) == 60 * LOOKS
    state = JudgeState.initial(plan)
    for increments in looks(simulate(scenario, 1, 5), 0):
        state, verdict = judge(plan, SLOTS, state, increments)
    assert verdict.candidate_requests == simulate(scenario, 1, 5).candidate.requests.sum()


def test_there_are_enough_scenarios_and_each_has_its_name():
    """24 bad and 11 harmless ones, all told apart by name; the harmless are no worse anywhere."""
    assert (len(BAD), len(HARMLESS)) == (24, 11)
    assert len({scenario.name for scenario in ALL}) == len(ALL)
    for scenario in HARMLESS:
        live, candidate = scenario.live, scenario.candidate
        assert (candidate.errors.values() <= live.errors.values()).all()
        assert (candidate.slowdown.values() <= live.slowdown.values()).all()
        assert (candidate.outcomes.values() <= live.outcomes.values()).all()
        assert candidate.latency == live.latency
