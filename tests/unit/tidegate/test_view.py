"""The one view of a release: what people read of record, looks, counters and log."""

import json
from dataclasses import replace

import pytest

from tests.release_world import ReleaseWorld, Traffic
from tests.samples import RELEASE, START, entry, record
from tidegate.observation import Observation, ObservationKey, OutcomeCounts, Unit, limits_of
from tidegate.release import Intervention, LogEntry, Phase
from tidegate.verdict import Verdict, VerdictKind
from tidegate.view import ReleaseView, reason_of, view_of

GRACE = Intervention(who="grace", at=START, why="lunch")
HOLD = Verdict(kind=VerdictKind.HOLD, reason="too few requests")


def counted(slot: str, interval: int = 1, **counts: int) -> Observation:
    """What a slot did in an interval."""
    known, wrong = counts.pop("known", 0), counts.pop("wrong", 0)
    return Observation(
        key=ObservationKey(release_id=RELEASE, interval=interval, split_version=1, slot=slot),
        latency={4: counts.get("requests", 0)},
        outcomes={0: OutcomeCounts(known=known, wrong=wrong)},
        **counts,
    )


def view(*counters: Observation, log: tuple[LogEntry, ...] = (), **changes: object) -> ReleaseView:
    """The view of a record that was changed so."""
    return view_of(record(**changes), looks=(), counters=counters, log=log)


def run(**errors: float) -> ReleaseView:
    """The view of a whole release in which slots failed so often."""
    world = ReleaseWorld.deployed(traffic=Traffic(error_shares=dict(errors)))
    world.run()
    return view_of(
        world.record(),
        looks=world.looks.looks(RELEASE),
        counters=world.counters.read(RELEASE),
        log=world.store.log(RELEASE),
    )


def test_counts_of_a_slot_are_summed_over_intervals_and_splits():
    """People see what happened in all; settling requests are exposure too."""
    seen = view(
        counted("green", 1, requests=10, errors=1, known=4, wrong=1),
        replace(counted("green", 2, requests=5, known=1, wrong=1), evidence=False),
    )
    slot = seen.candidate
    assert (slot.requests, slot.errors, slot.outcomes_known, slot.outcomes_wrong) == (15, 1, 5, 2)
    assert slot.bad_answers == 3
    assert slot.latency_p50 == 0.5


@pytest.mark.parametrize("unit", Unit)
def test_the_view_says_what_its_unit_does_not_cover(unit: Unit):
    """The report has it from here."""
    seen = view(replace(counted("green", requests=1), unit=unit))
    assert (seen.unit, seen.limits) == (unit.value, limits_of(unit))


def test_before_anything_was_counted_requests_are_the_unit():
    """And outcomes are labels where the plan says no more."""
    assert (view().unit, view().outcome_kind) == ("request", "labels")


def test_a_slot_without_requests_has_no_latency():
    """Nothing is made up where nothing was served."""
    seen = view()
    assert (seen.candidate.requests, seen.candidate.latency_p50) == (0, None)


def both(interval: int) -> tuple[Observation, ...]:
    """Fifty requests of either slot in an interval."""
    return tuple(counted(slot, interval, requests=50) for slot in ("blue", "green"))


def test_latencies_are_compared_over_intervals_that_are_closed():
    """While a release is open the newest ones still grow: to look at them would be one look more.

    After 50 requests of either slot the median is bounded, the 99th percentile from below.
    """
    assert view(*both(1), *both(2)).latency == ()
    seen = view(*both(1), *both(2), *both(3)).latency
    assert seen == view(*both(1), *both(3)).latency
    assert [item.quantile for item in seen] == [0.5, 0.95, 0.99]
    assert (seen[0].live.value, seen[0].live.upper, seen[2].live.upper) == (0.5, 0.5, None)
    assert view(*both(1), phase=Phase.PROMOTED).latency == seen


def test_latencies_of_one_slot_alone_are_not_compared():
    """Nothing was served at the same time."""
    served = [counted("blue", 1, requests=50), counted("green", 2, requests=50)]
    assert view(*served, phase=Phase.PROMOTED).latency == ()


def test_failed_requests_of_no_slot_are_counted_apart():
    """A request that reached no variant belongs to neither version."""
    seen = view(counted("-", requests=3, errors=3), counted("blue", requests=2))
    assert seen.unattributed_requests == 3
    assert (seen.live.requests, seen.live.errors) == (2, 0)


def test_shares_are_those_the_record_aims_at():
    """While a step bakes the candidate has its share, and the live slot the rest."""
    seen = view(phase=Phase.BAKING, step=1)
    assert (seen.live.share_percent, seen.candidate.share_percent) == (50, 50)


def test_a_promoted_release_has_points_and_no_time_to_restore():
    """Every look of the judge is a point, and nothing was to restore."""
    seen = run()
    assert (seen.phase, seen.over) == ("promoted", True)
    assert [point.at for point in seen.points] == sorted(point.at for point in seen.points)
    assert {point.candidate_share for point in seen.points} <= {10, 50, 100}
    assert seen.time_to_restore_seconds is None
    assert seen.seconds is not None
    assert seen.seconds > 0


def test_each_look_has_the_bounds_of_its_difference_beside_the_margin():
    """A chart of what is known against what is agreed needs no more than the view."""
    seen = run()
    assert seen.margins == {"errors": 0.02}
    lower, upper = seen.points[-1].bounds["errors"]
    assert lower <= 0 <= upper <= seen.margins["errors"]
    widths = [high - low for p in seen.points for low, high in p.bounds.values()]
    assert widths[-1] < widths[0]


def test_a_rolled_back_release_says_how_long_the_way_back_took():
    """From the verdict to the read-back: the candidate's share is 0 then."""
    seen = run(green=0.3)
    assert seen.phase == "rolled-back"
    assert seen.candidate.share_percent == 0
    assert seen.time_to_restore_seconds is not None
    assert 0 <= seen.time_to_restore_seconds < 600
    assert "errors" in seen.reason


def test_the_view_is_json_with_the_derived_figures():
    """What programs read is complete and made of JSON types only."""
    document = json.loads(json.dumps(run(green=0.3).to_json()))
    assert document["time_to_restore_seconds"] >= 0
    assert document["candidate"]["bad_answers"] == document["candidate"]["errors"]
    assert document["evidence"][0]["claim"] in {"harm", "safe"}
    assert document["log"][0]["what"] == "opened"
    assert set(document["latency"][0]) == {"quantile", "live", "candidate", "ratio"}
    assert document["epoch"] == 1


@pytest.mark.parametrize("field", ["seconds", "time_to_restore_seconds"])
def test_an_open_release_has_no_final_figures(field: str):
    """None says that it is not known yet, zero would be a claim."""
    assert view().to_json()[field] is None


def test_before_the_first_look_the_reason_says_so():
    """No verdict is not a good one."""
    assert view().reason == "no interval was judged yet"


def test_while_baking_the_reason_is_the_verdicts():
    """The judge's last sentence stands until something is decided."""
    assert view(phase=Phase.BAKING, verdict=HOLD).reason == "too few requests"


@pytest.mark.parametrize(
    ("phase", "what", "why"),
    [
        (Phase.ABORTED, "abort", "aborted by ada: because"),
        (Phase.ABORTING, "abort", "aborted by ada: because"),
        (Phase.PROMOTED, "promote", "because"),
        (Phase.RESTORING, "roll back", "because"),
    ],
)
def test_once_decided_the_reason_is_that_of_the_decision(phase: Phase, what: str, why: str):
    """An operator's order or a fault of the endpoint is not told as the judge's verdict."""
    log = (entry(), entry(what, at=START + 1), entry(phase.value, at=START + 2))
    assert view(log=log, phase=phase, verdict=HOLD).reason == why


def test_a_halted_release_says_what_failed():
    """A halt is told first, whatever the judge said before."""
    halted = record(phase=Phase.BAKING, verdict=HOLD, halted=GRACE)
    assert reason_of(halted) == "halted: lunch"


def test_pause_and_halt_are_in_the_view():
    """Who watches sees that an operator is needed, and why."""
    seen = view(paused=GRACE, halted=GRACE)
    assert (seen.paused, seen.halted) == ("lunch", "lunch")


def test_the_steps_and_their_bakes_are_in_the_view():
    """A screen can show the progress of a step."""
    seen = view(phase=Phase.BAKING, step_started_at=START)
    assert (seen.steps, seen.bake_seconds, seen.step_started_at) == ((10, 50), (120, 120), START)
