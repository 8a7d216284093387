"""Values of the core survive the way to JSON and back, and refuse what they must not be."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import samples
from tidegate.errors import InvalidValueError
from tidegate.intervals import (
    INTERVAL_SECONDS,
    interval_of,
    last_closed,
    seconds_until_close,
)
from tidegate.observation import (
    MaturedCounts,
    Observation,
    ObservationKey,
    OutcomeCounts,
    OutcomeKind,
    PairCounts,
    Unit,
    limits_of,
)
from tidegate.plan import Guardrail, Metric, ReleasePlan, Step
from tidegate.pointer import Declaration, LivePointer
from tidegate.release import Intervention, LogEntry, Phase, ReleaseRecord
from tidegate.split import SplitDocument
from tidegate.totals import totals_by_slot
from tidegate.verdict import Claim, Evidence, Verdict, VerdictKind
from tidegate.version import Version, digest_of

MOMENT = st.one_of(st.none(), st.floats(0, 2e9))
intervention = st.one_of(
    st.none(), st.builds(Intervention, who=st.text(), at=st.floats(0, 2e9), why=st.text())
)
verdict = st.one_of(
    st.none(),
    st.builds(
        Verdict,
        kind=st.sampled_from(VerdictKind),
        reason=st.text(),
        evidence=st.lists(
            st.builds(
                Evidence,
                metric=st.text(),
                claim=st.sampled_from(Claim),
                log_evidence=st.floats(-50, 50),
                log_limit=st.floats(0, 10),
                live_rate=st.one_of(st.none(), st.floats(0, 1)),
                candidate_rate=st.one_of(st.none(), st.floats(0, 1)),
            ),
            max_size=2,
        ).map(tuple),
        candidate_requests=st.integers(0, 10**9),
        requests_needed=st.one_of(st.none(), st.integers(0, 10**9)),
    ),
)


@st.composite
def records(draw: st.DrawFn) -> ReleaseRecord:
    """A release in any state, possible or not."""
    return samples.record(
        phase=draw(st.sampled_from(Phase)),
        step=draw(st.integers(0, 1)),
        epoch=draw(st.integers(1, 9)),
        announced=draw(st.booleans()),
        verdict=draw(verdict),
        **{name: draw(MOMENT) for name in ("announced_at", "step_started_at", "taken_over_at")},
        **{name: draw(MOMENT) for name in ("decided_at", "restored_at", "finished_at")},
        **{name: draw(intervention) for name in ("paused", "halted", "forced")},
    )


def there_and_back(value: Any) -> Any:
    """What a store makes of it."""
    return type(value).from_json(json.loads(json.dumps(value.to_json())))


@given(record=records())
def test_a_record_survives_its_store(record: ReleaseRecord):
    """In whatever state a release is killed."""
    assert there_and_back(record) == record


@given(record=records())
def test_target_shares_are_all_the_traffic(record: ReleaseRecord):
    """Never less, never both slots empty."""
    assert sum(record.target_shares.values()) == 100
    assert all(share >= 0 for share in record.target_shares.values())


@given(record=records())
def test_a_halted_or_restoring_release_gives_the_candidate_nothing(record: ReleaseRecord):
    """Whatever its step was."""
    restoring = record.phase in {Phase.RESTORING, Phase.ABORTING}
    if restoring or (record.halted is not None and not record.phase.terminal):
        assert record.target_shares == {"blue": 100, "green": 0}


@pytest.mark.parametrize(
    "value",
    [
        samples.version("v1"),
        samples.pointer(),
        samples.declaration(),
        samples.split(3, "r", settling=True),
        samples.entry(),
        samples.PLAN,
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_survives_its_store(
    value: Version | LivePointer | Declaration | SplitDocument | LogEntry | ReleasePlan,
):
    """Every field comes back."""
    assert there_and_back(value) == value


@st.composite
def observations(draw: st.DrawFn) -> Observation:
    """An increment."""
    counts = st.integers(0, 1_000)
    known = draw(counts)
    return Observation(
        key=ObservationKey(
            release_id="r",
            interval=draw(counts),
            split_version=draw(counts),
            slot=draw(st.sampled_from(["blue", "green"])),
        ),
        requests=draw(counts),
        errors=draw(counts),
        latency=draw(st.dictionaries(st.integers(0, 76), st.integers(1, 99), max_size=4)),
        outcomes={
            draw(st.integers(0, 16)): OutcomeCounts(
                known=known, wrong=known // 2, at_risk=draw(counts)
            )
        },
        matured=MaturedCounts(answered=draw(counts), events=draw(counts)),
        pairs=draw(st.one_of(st.none(), st.builds(PairCounts, agreed=counts))),
        evidence=draw(st.booleans()),
    )


@given(observation=observations())
def test_an_observation_survives_its_store(observation: Observation):
    """It is a versioned record."""
    assert there_and_back(observation) == observation


def test_a_record_written_before_kinds_of_outcomes_still_reads():
    """Nobody was at risk in it, and no window had passed: version 1 means that."""
    written = {
        "v": 1,
        "release_id": "r",
        "interval": 7,
        "split_version": 1,
        "slot": "green",
        "unit": "request",
        "requests": 9,
        "errors": 1,
        "clients_with_errors": 1,
        "latency": {"12": 8},
        "outcomes": {"0": {"known": 3, "wrong": 1}},
        "evidence": True,
    }
    read = Observation.from_json(written)
    assert read.outcomes == {0: OutcomeCounts(known=3, wrong=1, at_risk=0)}
    assert read.matured == MaturedCounts()
    assert read.to_json() == written


@pytest.mark.parametrize(("kind", "events"), [("labels", 2), ("complaints", 2), ("conversions", 5)])
def test_events_are_the_bad_ones_or_the_conversions(kind: str, events: int):
    """Of labels and complaints those that went wrong, of conversions those that did not."""
    assert OutcomeCounts(known=7, wrong=2).events(OutcomeKind(kind)) == events


@pytest.mark.parametrize("unit", Unit)
def test_every_unit_says_what_it_does_not_cover(unit: Unit):
    """In one sentence of its own."""
    assert limits_of(unit)
    assert len({limits_of(other) for other in Unit}) == len(Unit)


def test_of_resolvers_it_is_said_that_there_is_no_sample_ratio_test():
    """Nobody may take a release by DNS for a randomised one."""
    assert "no sample-ratio test" in limits_of(Unit.RESOLVER)


def test_an_observation_of_another_version_is_refused():
    """Not guessed at."""
    with pytest.raises(ValueError, match="version 2 is unknown"):
        Observation.from_json({"v": 2})


@given(many=st.lists(observations(), max_size=8))
def test_totals_are_sums(many: list[Observation]):
    """Over all increments of a slot."""
    totals = totals_by_slot(many)
    assert sum(t.requests for t in totals.values()) == sum(o.requests for o in many)
    assert sum(t.outcomes.known for t in totals.values()) == sum(
        c.known for o in many for c in o.outcomes.values()
    )


def test_a_plan_tells_all_its_faults_at_once():
    """With the value and what is allowed."""
    with pytest.raises(InvalidValueError) as refusal:
        ReleasePlan(
            steps=(Step(share_percent=50, bake_seconds=-1), Step(share_percent=10, bake_seconds=0)),
            guardrails=(
                Guardrail(metric=Metric.ERRORS, margin=0.0, tolerated_slowdown=2.0),
                Guardrail(metric=Metric.ERRORS, margin=0.1),
            ),
            lag_seconds=-1,
            warm_up_seconds=-1,
            alpha=0.5,
        )
    text = str(refusal.value)
    for part in (
        "steps must rise, got (50, 10)",
        "bake_seconds must be 0 to",
        "margin of guardrail errors",
        "tolerated_slowdown is for latency",
        "each metric may have one guardrail",
        "lag_seconds must be 0 to 10800, got -1",
        "warm_up_seconds must be 0 to",
        "alpha must be above 0",
    ):
        assert part in text
    assert len(refusal.value.faults) == 8


def test_a_plan_knows_the_kind_of_its_outcomes():
    """It survives the store, and is labels where nothing else was said or written."""
    kind = OutcomeKind.CONVERSIONS
    guardrail = Guardrail(metric=Metric.OUTCOMES, margin=0.05, kind=kind)
    plan = ReleasePlan(guardrails=(Guardrail(metric=Metric.ERRORS, margin=0.02), guardrail))
    assert there_and_back(plan).outcome_kind is kind
    assert ReleasePlan().outcome_kind is OutcomeKind.LABELS
    written = plan.to_json()
    del written["guardrails"][1]["kind"]
    assert ReleasePlan.from_json(written).outcome_kind is OutcomeKind.LABELS


def test_only_outcomes_have_a_kind():
    """An error is an error."""
    guardrail = Guardrail(metric=Metric.ERRORS, margin=0.05, kind=OutcomeKind.COMPLAINTS)
    with pytest.raises(InvalidValueError, match="kind complaints is for outcomes"):
        ReleasePlan(guardrails=(guardrail,))


@pytest.mark.parametrize("shares", [(), (0,), (100,)])
def test_a_step_is_a_share_between_none_and_all(shares: tuple[int, ...]):
    """The last shift is the promotion and needs no step."""
    with pytest.raises(InvalidValueError, match="step"):
        ReleasePlan(steps=tuple(Step(share_percent=s, bake_seconds=0) for s in shares))


def test_a_version_is_known_by_what_makes_it_behave():
    """Neither registry nor the order of its environment is part of it."""
    one = digest_of(image="a.ecr/img:1", artifact="x", environment={"A": "1", "B": "2"})
    assert digest_of(image="b.ecr/img:1", artifact="x", environment={"B": "2", "A": "1"}) == one
    assert digest_of(image="a.ecr/img:2", artifact="x", environment={"A": "1", "B": "2"}) != one
    assert digest_of(image="a.ecr/img:1", artifact="y", environment={"A": "1", "B": "2"}) != one
    assert digest_of(image="a.ecr/img:1", artifact="x", environment={"A": "1"}) != one


@given(now=st.floats(1e6, 2e9), lag=st.integers(0, 3_600))
def test_after_the_wait_one_more_interval_is_closed(now: float, lag: int):
    """And not before it had its lag."""
    wait = seconds_until_close(now, lag_seconds=lag)
    assert 1 <= wait <= INTERVAL_SECONDS + 1
    before, later = last_closed(now, lag_seconds=lag), last_closed(now + wait, lag_seconds=lag)
    assert later >= before + 1
    assert (before + 1) * INTERVAL_SECONDS + lag <= now + 1e-3
    assert interval_of(now) >= before
