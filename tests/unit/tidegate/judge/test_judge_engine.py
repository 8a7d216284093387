"""The judge as a function: verdicts, reasons, state."""

import json
import random
import re
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import Any

import pytest

from bench.judge.recorded import SLOTS, looks, plan_of
from bench.judge.simulate import simulate
from bench.judge.worlds import LOOKS, Behaviour, Delay, Family, Scenario, always
from tidegate.errors import InvalidValueError
from tidegate.judge import JudgeState, judge
from tidegate.judge.harm import SEARCHES
from tidegate.judge.limits import Limits
from tidegate.judge.safe import place_bet
from tidegate.judge.strata import Table
from tidegate.observation import Observation, ObservationKey, OutcomeCounts
from tidegate.plan import Guardrail, Metric, ReleasePlan
from tidegate.verdict import Claim, Verdict, VerdictKind

ANY = Scenario(
    name="any",
    family=Family.HARMLESS,
    per_minute=always(60),
    shares=((0, 0.10), (10, 0.50)),
    delay=Delay(mean_intervals=4.0),
)
PLAN = plan_of(ANY)
ERRORS_ONLY = ReleasePlan(guardrails=(Guardrail(metric=Metric.ERRORS, margin=0.03),))
LATENCY_ONLY = ReleasePlan(
    guardrails=(Guardrail(metric=Metric.LATENCY, margin=0.2, tolerated_slowdown=1.5),)
)


def seen(slot: str, interval: int, **counts: Any) -> Observation:
    """An increment of one slot."""
    key = ObservationKey(release_id="r", interval=interval, split_version=1, slot=slot)
    return Observation(key=key, **counts)


def interval_of(number: int, *, errors: int = 0, bucket: int = 16) -> list[Observation]:
    """One interval of 60 live and 6 candidate requests."""
    return [
        seen("blue", number, requests=60, latency={15: 50, 16: 10}),
        seen("green", number, requests=6, errors=errors, latency={bucket: 6}),
    ]


def watch(plan: ReleasePlan, every: Sequence[Sequence[Observation]]) -> tuple[JudgeState, Verdict]:
    """State and verdict after these looks."""
    state = JudgeState.initial(plan)
    for observations in every:
        state, verdict = judge(plan, SLOTS, state, observations)
    return state, verdict


def stream(scenario: Scenario, seed: int, *, through: int = 40) -> list[list[Observation]]:
    """The first looks of a simulated release."""
    return list(islice(looks(simulate(scenario, 1, seed), 0), through))


def test_no_traffic_is_hold():
    """Without a request nothing is said, and what is missing is."""
    state, verdict = watch(PLAN, [[], []])
    assert verdict.kind is VerdictKind.HOLD
    assert verdict.requests_needed is None
    assert "30 candidate trials" in verdict.reason
    assert state == JudgeState.initial(PLAN)


def test_candidate_without_traffic_is_hold():
    """Live requests alone prove nothing."""
    _, verdict = watch(ERRORS_ONLY, [[seen("blue", i, requests=500)] for i in range(20)])
    assert verdict.kind is VerdictKind.HOLD
    assert (verdict.candidate_requests, verdict.live_requests) == (0, 10_000)


def test_few_trials_are_hold_and_more_are_continue():
    """From 30 comparable trials on the judge says what is still to be shown."""
    _, early = watch(ERRORS_ONLY, [interval_of(i) for i in range(4)])
    _, later = watch(ERRORS_ONLY, [interval_of(i) for i in range(6)])
    assert early.kind is VerdictKind.HOLD
    assert later.kind is VerdictKind.CONTINUE
    assert later.requests_needed is not None
    assert f"about {later.requests_needed} more candidate requests" in later.reason
    assert "3.00 points" in later.reason


def test_forecast_is_about_right():
    """The requests said to be missing are about those that it then takes."""
    state, verdict = watch(ERRORS_ONLY, [interval_of(i) for i in range(6)])
    forecast = verdict.requests_needed
    taken, number = 0, 6
    while verdict.kind is not VerdictKind.PROMOTE:
        state, verdict = judge(ERRORS_ONLY, SLOTS, state, interval_of(number))
        taken, number = taken + 6, number + 1
    assert forecast is not None
    assert 0.6 * taken <= forecast <= 1.6 * taken


def test_errors_of_the_candidate_roll_back_with_the_numbers():
    """The reason names rates, counts, difference, interval and both limits."""
    _, verdict = watch(ERRORS_ONLY, [interval_of(i, errors=2) for i in range(3)])
    assert verdict.kind is VerdictKind.ROLL_BACK
    assert verdict.reason.startswith(
        "roll back because errors are 33.3 % of 18 candidate requests "
        "against 0.00 % of 180 live ones: 33.3 points worse (between "
    )
    chance = (
        r"chance would show as much by now in 1 of [\d ]+ harmless releases "
        r"\(allowed: 1 of [\d ]+ by now, 1 of 100 in all\)$"
    )
    assert re.search(chance, verdict.reason)


def test_a_candidate_slow_from_the_first_look_is_told_by_quantiles():
    """Ranks prove harm before there is a past that says which requests are slow."""
    early = [
        seen("blue", 0, requests=30, latency={15: 25, 16: 5}),
        seen("green", 0, requests=30, latency={40: 20, 44: 10}),
    ]
    _, verdict = watch(LATENCY_ONLY, [early])
    assert verdict.kind is VerdictKind.ROLL_BACK
    assert verdict.reason.startswith(
        "roll back because the candidate is slower, by more than the tolerated 1.5 times: half of "
        "30 candidate requests take more than 215 ms, a tenth more than 431 ms, against "
        "2.83 ms and 3.36 ms of 30 live ones, and chance would show as much by now in 1 of "
    )
    assert "unknown" not in verdict.reason


def test_slow_candidate_is_rolled_back_for_latency_in_milliseconds():
    """The reason says which latency is slow, and which for the candidate with its tolerance."""
    _, verdict = watch(LATENCY_ONLY, [interval_of(i, bucket=28) for i in range(4)])
    assert verdict.kind is VerdictKind.ROLL_BACK
    assert "requests slower than" in verdict.reason
    assert "as a slowdown of 1.5 is tolerated" in verdict.reason
    assert "100.0 % of" in verdict.reason


def test_tolerated_slowdown_is_no_harm():
    """A candidate slower by no more than the tolerance is promoted."""
    _, verdict = watch(LATENCY_ONLY, [interval_of(i, bucket=18) for i in range(30)])
    assert verdict.kind is VerdictKind.PROMOTE


def test_harmless_candidate_is_promoted_with_the_numbers():
    """The reason names rates, bound, margin and the candidate's requests."""
    _, verdict = watch(ERRORS_ONLY, [interval_of(i) for i in range(40)])
    assert verdict.kind is VerdictKind.PROMOTE
    assert verdict.requests_needed == 0
    assert re.fullmatch(
        r"promote because no harm reaches its margin: errors are 0\.00 % against 0\.00 %, "
        r"at most \d\.\d\d points worse \(margin 3\.00\), after 240 candidate requests",
        verdict.reason,
    )


def test_a_smaller_margin_takes_more_requests():
    """The stricter the margin, the longer until promotion."""

    def looks_until_promoted(margin: float) -> int:
        plan = ReleasePlan(guardrails=(Guardrail(metric=Metric.ERRORS, margin=margin),))
        state = JudgeState.initial(plan)
        for number in range(400):
            state, verdict = judge(plan, SLOTS, state, interval_of(number))
            if verdict.kind is VerdictKind.PROMOTE:
                return number
        return 400

    assert looks_until_promoted(0.1) < looks_until_promoted(0.03) < looks_until_promoted(0.01) < 400


def test_alpha_is_shared_by_the_searches_of_all_guardrail_metrics():
    """However the metrics are chosen, what their searches may spend in all is the plan's alpha."""
    for chosen in (PLAN, ERRORS_ONLY, LATENCY_ONLY):
        budgets = Limits.of(chosen).budgets
        parts = [
            budgets[guardrail.metric].alpha * (search.at_once + search.late)
            for guardrail in chosen.guardrails
            for search in SEARCHES[guardrail.metric]
        ]
        assert sum(parts) == pytest.approx(chosen.alpha)


def test_each_metric_must_be_safe_at_beta():
    """Safety is an intersection: every metric may use all of beta."""
    _, verdict = watch(PLAN, [[]])
    limits = [item.log_limit for item in verdict.evidence if item.claim is Claim.SAFE]
    assert limits == pytest.approx([2.995732] * 3)


def test_proven_harm_stays_proven():
    """A candidate that behaves again after harm was proven is still rolled back."""
    bad = [interval_of(i, errors=2) for i in range(4)]
    good = [
        [seen("blue", i, requests=60, errors=30), seen("green", i, requests=6)]
        for i in range(4, 100)
    ]
    _, proven = watch(ERRORS_ONLY, bad)
    _, verdict = watch(ERRORS_ONLY, bad + good)
    assert verdict.kind is VerdictKind.ROLL_BACK
    assert verdict.evidence[0].log_evidence == proven.evidence[0].log_evidence


def test_harm_wins_over_proven_safety():
    """A candidate that turns bad after it was shown safe is rolled back."""
    good = [interval_of(i) for i in range(60)]
    bad = [interval_of(i, errors=3) for i in range(60, 64)]
    _, verdict = watch(ERRORS_ONLY, good + bad)
    assert verdict.kind is VerdictKind.ROLL_BACK
    assert all(item.reached for item in verdict.evidence)


def test_requests_of_a_changing_split_are_exposure_but_no_evidence():
    """Errors of a settling interval count as requests and prove nothing."""
    settling = [
        [replace(item, evidence=False) for item in interval_of(i, errors=6)] for i in range(20)
    ]
    state, verdict = watch(ERRORS_ONLY, settling)
    assert verdict.candidate_requests == 120
    assert verdict.kind is VerdictKind.HOLD
    assert state.metrics == JudgeState.initial(ERRORS_ONLY).metrics


def test_order_of_increments_within_a_look_is_irrelevant():
    """Shuffling what one look brings changes neither state nor verdict."""
    everything = list(chain.from_iterable(stream(ANY, 3)))
    shuffled = everything.copy()
    random.Random(1).shuffle(shuffled)  # noqa: S311 - seeded simulation
    assert watch(PLAN, [shuffled]) == watch(PLAN, [everything])


@pytest.mark.parametrize("delay", [0.1, 6.0])
def test_safety_is_the_same_in_one_look_as_in_a_look_an_interval(delay: float):
    """When the judge looks changes what harm may cost by now, not what was counted or bet."""
    scenario = replace(
        ANY,
        delay=Delay(mean_intervals=delay),
        live=Behaviour(errors=always(0.02)),
        candidate=Behaviour(errors=always(0.03)),
    )
    every = stream(scenario, 4)
    one, _ = watch(PLAN, [list(chain.from_iterable(every))])
    many, _ = watch(PLAN, every)
    assert [m.tallies for m in one.metrics] == [m.tallies for m in many.metrics]
    assert [m.log_safety for m in one.metrics] == [m.log_safety for m in many.metrics]


def test_state_survives_json_at_every_look():
    """A release that is resumed from its stored state goes on as if it had never stopped."""
    every = stream(ANY, 5)
    state = JudgeState.initial(PLAN)
    for observations in every:
        stored = json.loads(json.dumps(state.to_json()))
        assert JudgeState.from_json(stored) == state
        state, verdict = judge(PLAN, SLOTS, JudgeState.from_json(stored), observations)
    assert (state, verdict) == watch(PLAN, every)


def test_state_stays_small():
    """After 240 looks of three metrics the state is below 20 kB."""
    scenario = replace(ANY, per_minute=always(30), delay=Delay(mean_intervals=20.0))
    state, _ = watch(PLAN, stream(scenario, 6, through=LOOKS))
    assert len(json.dumps(state.to_json())) < 20_000


def test_look_is_quick_at_any_traffic():
    """An interval of 20 000 requests takes milliseconds; the limit is for slow machines."""
    every = stream(replace(ANY, per_minute=always(20_000)), 7, through=3)
    started = time.process_time()
    watch(PLAN, every)
    assert (time.process_time() - started) / len(every) < 0.1


def test_unknown_state_version_is_refused():
    """A state of another version is not guessed at."""
    stored = JudgeState.initial(PLAN).to_json() | {"v": 1}
    with pytest.raises(InvalidValueError, match="version 1 is unknown, read: 3"):
        JudgeState.from_json(stored)


def test_state_of_another_plan_is_refused():
    """Guardrail metrics may not change during a release."""
    with pytest.raises(InvalidValueError, match="a plan may not change"):
        judge(PLAN, SLOTS, JudgeState.initial(ERRORS_ONLY), [])


def test_impossible_counts_are_refused():
    """More errors than requests are an error, not evidence."""
    with pytest.raises(InvalidValueError, match=r"errors must be 0 to requests \(1\), got 2"):
        judge(PLAN, SLOTS, JudgeState.initial(PLAN), [seen("green", 1, requests=1, errors=2)])


def test_wrong_outcomes_are_judged_by_when_they_were_known():
    """Outcomes known late are evidence like any others."""
    plan = ReleasePlan(guardrails=(Guardrail(metric=Metric.OUTCOMES, margin=0.1),))
    late = [
        [
            seen("blue", i, outcomes={4: OutcomeCounts(known=60, wrong=6)}),
            seen("green", i, outcomes={4: OutcomeCounts(known=6, wrong=5)}),
        ]
        for i in range(5)
    ]
    _, verdict = watch(plan, late)
    assert verdict.kind is VerdictKind.ROLL_BACK
    assert "wrong outcomes are 83.3 % of 30 candidate outcomes" in verdict.reason


def test_edges_of_latency_are_known_before_they_are_used():
    """The interval that first shows live latencies is no evidence that the candidate is safe."""
    state, _ = watch(LATENCY_ONLY, [interval_of(0, bucket=40)])
    first = JudgeState.initial(LATENCY_ONLY)
    assert [m.tallies for m in state.metrics] == [m.tallies for m in first.metrics]
    assert [m.log_safety for m in state.metrics] == [m.log_safety for m in first.metrics]
    assert state.live_latency == {15: 50, 16: 10}


@pytest.mark.parametrize("errors", [0, 1, 5])
def test_bets_on_safety_are_placed_before_the_interval_is_seen(errors: int):
    """What an interval adds is the gain of the bet that the state before it makes."""
    state, _ = watch(ERRORS_ONLY, [interval_of(i) for i in range(3)])
    before = state.metrics[0]
    bet = place_bet(before.tally.guess(), 0.03, candidate_trials=6, live_trials=60)
    assert bet is not None
    stratum = Table(candidate_trials=6, candidate_events=errors, live_trials=60, live_events=0)
    after, _ = judge(ERRORS_ONLY, SLOTS, state, interval_of(3, errors=errors))
    gained = after.metrics[0].log_safety - before.log_safety
    assert gained == pytest.approx(bet.log_gain(stratum))
