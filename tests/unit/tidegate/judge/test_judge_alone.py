"""What the judge makes of a candidate that serves alone."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tidegate.judge import Comparison, JudgeState, judge
from tidegate.observation import STEADY_PREFIX, Observation, ObservationKey
from tidegate.plan import Guardrail, Metric, ReleasePlan, Step
from tidegate.strategies import Mechanism, Strategy
from tidegate.verdict import Verdict, VerdictKind

COMPARISON = Comparison(live="blue", candidate="green")
PLAN = ReleasePlan(
    strategy=Strategy.BIG_BANG,
    mechanism=Mechanism.DNS,
    steps=(Step(share_percent=100, bake_seconds=600),),
    guardrails=(
        Guardrail(metric=Metric.ERRORS, margin=0.10),
        Guardrail(metric=Metric.LATENCY, margin=0.20, tolerated_slowdown=1.5),
    ),
)


def served(
    slot: str,
    interval: int,
    *,
    latency: Mapping[int, int],
    errors: int = 0,
    release_id: str = "r1",
) -> Observation:
    """Requests that a slot served in an interval."""
    return Observation(
        key=ObservationKey(release_id=release_id, interval=interval, split_version=3, slot=slot),
        requests=sum(latency.values()) + errors,
        errors=errors,
        clients_with_errors=errors,
        latency=dict(latency),
    )


BEFORE = served("blue", 0, latency={20: 900, 24: 100}, release_id=f"{STEADY_PREFIX}flights")


def verdict(*looks: list[Observation], plan: ReleasePlan = PLAN) -> Verdict:
    """What is said after these looks; the state goes through JSON between them."""
    state, said = JudgeState.initial(plan), None
    for look in looks:
        state, said = judge(plan, COMPARISON, state, look)
        assert JudgeState.from_json(state.to_json()) == state
    assert said is not None
    return said


def test_a_candidate_as_quick_as_the_live_version_goes_on() -> None:
    """Neither errors nor slow requests are above what was there before, and the margin."""
    said = verdict([BEFORE, served("green", 1, latency={20: 270, 24: 30})])
    assert said.kind is VerdictKind.CONTINUE
    assert said.candidate_requests == 300
    assert said.live_requests == 0


def test_a_slow_candidate_is_taken_back() -> None:
    """Slower than the live 90th percentile by more than is tolerated, in more than 30 % of all."""
    said = verdict([BEFORE], [served("green", 1, latency={20: 150, 24: 150})])
    assert said.kind is VerdictKind.ROLL_BACK
    assert "requests slower than 13.5 ms are 50.0 % of 300 requests" in said.reason


def test_a_slowdown_that_is_tolerated_is_no_harm() -> None:
    """Three buckets above the live 90th percentile are what half as slow again comes to."""
    said = verdict([BEFORE], [served("green", 1, latency={20: 150, 23: 150})])
    assert said.kind is VerdictKind.CONTINUE


def test_errors_are_held_to_the_limit_look_by_look() -> None:
    """What was measured in earlier looks counts on."""
    look = [served("green", 1, latency={20: 80}, errors=20)]
    later = [served("green", number, latency={20: 80}, errors=20) for number in (2, 3, 4)]
    assert verdict([BEFORE, *look]).kind is VerdictKind.HOLD
    assert verdict([BEFORE, *look], later).kind is VerdictKind.ROLL_BACK


def test_intervals_that_both_served_are_compared_and_held_to_no_limit() -> None:
    """An incident that hits both tracks is nobody's fault while both are there to see it."""
    both = [served(slot, 1, latency={20: 50}, errors=50) for slot in ("blue", "green")]
    said = verdict([BEFORE, *both, served("green", 2, latency={20: 300})])
    assert said.kind is VerdictKind.CONTINUE
    assert said.live_requests == 100


def test_a_candidate_that_is_worse_than_the_live_one_beside_it_is_taken_back() -> None:
    """While caches run out there is a control, and it is used."""
    both = [
        served("blue", 1, latency={20: 200}),
        served("green", 1, latency={20: 150}, errors=50),
    ]
    said = verdict([BEFORE, *both])
    assert said.kind is VerdictKind.ROLL_BACK
    assert "against" in said.reason


@pytest.mark.parametrize("requests", [0, 29, 190])
def test_too_few_requests_are_a_hold(requests: int) -> None:
    """Until harm of twice a margin would have shown, were it there."""
    said = verdict([BEFORE, served("green", 1, latency={20: requests})])
    assert said.kind is VerdictKind.HOLD
    assert f"errors {requests} of 196" in said.reason
    enough = verdict([BEFORE, served("green", 1, latency={20: 196})])
    assert enough.kind is VerdictKind.CONTINUE


def test_without_a_limit_thirty_requests_are_the_least() -> None:
    """Latency alone has none where nothing was served before."""
    plan = replace(PLAN, guardrails=PLAN.guardrails[1:])
    assert verdict([served("green", 1, latency={20: 29})], plan=plan).kind is VerdictKind.HOLD
    assert verdict([served("green", 1, latency={20: 30})], plan=plan).kind is VerdictKind.CONTINUE


def test_latency_has_no_limit_where_too_little_was_served_before() -> None:
    """A quantile of a handful of requests is none; errors have the margin alone."""
    few = served("blue", 0, latency={20: 49}, release_id=f"{STEADY_PREFIX}flights")
    slow = [served("green", 1, latency={40: 300})]
    assert verdict([few, *slow]).kind is VerdictKind.CONTINUE
    broken = [served("green", 2, latency={20: 50}, errors=150)]
    assert verdict([few, *slow], broken).kind is VerdictKind.ROLL_BACK


def test_what_is_no_evidence_is_measured_against_nothing() -> None:
    """Requests under a split that is settling, or of testers."""
    noise = replace(served("green", 1, latency={20: 10}, errors=90), evidence=False)
    good = served("green", 2, latency={20: 300})
    assert verdict([BEFORE, noise, good]).kind is VerdictKind.CONTINUE
