"""Big bangs between two tracks: everything shifts at once, and is held to fixed limits."""

from dataclasses import replace
from typing import Any

import pytest

from tests.dns_world import BY_DNS, DnsWorld
from tests.samples import MODEL, PLAN, RELEASE
from tidegate.decide import Next
from tidegate.errors import InvalidValueError
from tidegate.intervals import INTERVAL_SECONDS
from tidegate.observation import OutcomeKind
from tidegate.plan import Guardrail, Metric, ReleasePlan, Step
from tidegate.release import Phase
from tidegate.slots import Slot
from tidegate.strategies import Strategy

BAKE_SECONDS = 300
BIG_BANG = replace(
    BY_DNS,
    strategy=Strategy.BIG_BANG,
    steps=(Step(share_percent=100, bake_seconds=BAKE_SECONDS),),
    guardrails=(
        Guardrail(metric=Metric.ERRORS, margin=0.05),
        Guardrail(metric=Metric.LATENCY, margin=0.20, tolerated_slowdown=1.5),
    ),
)


def world(*, before_seconds: float = 1_800, **traffic: Any) -> DnsWorld:
    """Two tracks, of which blue has served for a while; candidates fail as `traffic` says."""
    made = DnsWorld.two_tracks(plan=BIG_BANG)
    for name, known in traffic.items():
        setattr(made.traffic, name, known)
    made.advance(before_seconds)
    return made


def test_a_good_version_gets_everything_at_once_and_keeps_it():
    """One change of the records; the old track is there until the bake is over."""
    made = world()
    started = made.clock.at
    assert made.run() is Next.REPORT
    record, pointer = made.record(), made.store.pointer(MODEL)
    assert record.phase is Phase.PROMOTED
    assert made.records.changes == [{"blue": 0, "green": 100}]
    assert record.decided_at is not None
    assert record.decided_at - started >= BAKE_SECONDS
    assert pointer is not None
    assert (pointer.slot, pointer.version.label) == (Slot.GREEN, "v2")


def test_the_reason_claims_no_more_than_it_may():
    """Safety is never claimed of what had nothing beside it."""
    made = world()
    made.run()
    record = made.record()
    (promoted,) = [e for e in made.store.log(RELEASE) if e.what == "promote"]
    assert "promote because the bake is over and no harm is proven" in promoted.why
    assert "of which no more is claimed than that" in promoted.why
    assert record.verdict is not None
    assert {proof.claim.value for proof in record.verdict.evidence} == {"harm"}


def test_a_bad_version_is_taken_back_before_its_bake_ends():
    """The old track has everything again, within an interval and a shift of the verdict."""
    made = world(error_shares={"green": 0.25})
    assert made.run() is Next.REPORT
    record = made.record()
    assert record.phase is Phase.ROLLED_BACK
    assert made.records.changes == [{"blue": 0, "green": 100}, {"blue": 100, "green": 0}]
    assert record.verdict is not None
    assert "above the fixed limit of 5.00 %" in record.verdict.reason
    assert record.restored_at is not None
    assert record.decided_at is not None
    assert record.restored_at - record.decided_at <= INTERVAL_SECONDS


def test_harm_is_seen_before_its_interval_is_over():
    """All users meet it: an open interval is looked at as soon as something failed."""
    made = world(error_shares={"green": 1.0})
    made.run()
    looks = [look for look in made.looks.looks(RELEASE) if look.verdict is not None]
    assert looks[-1].early
    assert looks[-1].verdict is not None
    assert looks[-1].verdict["kind"] == "roll-back"


def test_a_limit_is_what_the_live_version_did_and_the_margin():
    """A candidate that fails as often as the live one did is no harm."""
    made = world(error_shares={"blue": 0.10, "green": 0.10})
    made.run()
    assert made.record().phase is Phase.PROMOTED
    (first, *_) = made.looks.looks(RELEASE)
    before = [o for o in first.observations if o.key.release_id != RELEASE]
    assert [(o.key.slot, round(o.errors / o.requests, 2)) for o in before] == [("blue", 0.10)]


def test_without_traffic_before_the_margin_alone_is_the_limit():
    """There is no rate of the live version to add it to."""
    made = world(before_seconds=0, error_shares={"green": 0.25})
    made.run()
    record = made.record()
    assert record.phase is Phase.ROLLED_BACK
    assert record.verdict is not None
    assert "the margin alone" in record.verdict.reason


def test_what_another_version_did_in_the_slot_is_no_limit():
    """The pointer moved a minute ago: what failed before that was not the live version."""
    made = world(error_shares={"blue": 0.5})
    pointer = made.store.pointer(MODEL)
    assert pointer is not None
    made.store.put_pointer(replace(pointer, generation=2, moved_at=made.clock.at))
    made.traffic.error_shares = {"green": 0.25}
    made.advance(180)
    made.run()
    assert made.record().phase is Phase.ROLLED_BACK


def test_without_requests_it_waits_for_an_operator():
    """Too little evidence is never a pass."""
    made = world(requests_per_second=0)
    output = made.prepare()
    while made.record().paused is None:
        made.advance(output.wait_seconds)
        output = made.perform(output.next)
    record = made.record()
    assert record.phase is Phase.BAKING
    assert record.paused is not None
    assert "no verdict after" in record.paused.why


def test_outcomes_have_no_limit():
    """What becomes known late cannot be held to one by the end of the bake."""
    late = Guardrail(metric=Metric.OUTCOMES, margin=0.05, kind=OutcomeKind.LABELS)
    with pytest.raises(InvalidValueError, match="use canary by dns, or guardrails errors and lat"):
        replace(BIG_BANG, guardrails=(*BIG_BANG.guardrails, late))


def test_only_two_tracks_leave_our_judge_without_a_control():
    """SageMaker's big bang is judged by the watch of its deploy."""
    assert BIG_BANG.held_to_limits
    assert not BY_DNS.held_to_limits
    assert not PLAN.held_to_limits
    assert ReleasePlan.from_json(BIG_BANG.to_json()) == BIG_BANG
