"""Versions that name themselves: the log tells both fleets apart, and silence is found."""

from dataclasses import replace

import pytest

from tests.samples import MODEL, version
from tests.unit.tidegate.guardrail.guardrail_world import NEW, OLD, PLAN, GuardrailWorld
from tidegate.echo import echo_of, echoed_digest
from tidegate.errors import DeployRefusedError, InvalidValueError
from tidegate.guardrail.watch import LOOK_SECONDS
from tidegate.intervals import interval_of
from tidegate.latency import bucket_of
from tidegate.observation import ObservationKey, OutcomeCounts
from tidegate.plan import Guardrail, Metric, ReleasePlan, Step
from tidegate.release import Phase
from tidegate.requestlog import UNKNOWN_SLOT, Tally
from tidegate.strategies import Mechanism, Strategy
from tidegate.verdict import VerdictKind

RELEASE = f"{MODEL}-second"
ECHOING = replace(
    PLAN,
    echoes_version=True,
    guardrails=(*PLAN.guardrails, Guardrail(metric=Metric.OUTCOMES, margin=0.10)),
)
SLOW = dict.fromkeys((10, 25, 50, 75, 90), 400.0)


@pytest.fixture
def world() -> GuardrailWorld:
    """v1 has served for a while, v2 is being deployed, and containers name their versions."""
    world = GuardrailWorld.deployed(ECHOING)
    for _ in range(30):
        world.serve(OLD, 100, 1)
        world.clock.advance(60)
    world.guard("v2")
    world.seen.clear()
    world.updating(25)
    return world


def logged(world: GuardrailWorld, slot: str, requests: int, **counts: float) -> None:
    """So many answers of a slot are in the request log of this interval.

    `wrong` is the share of their outcomes that are wrong, `milliseconds` how long they took.
    """
    wrong = round(requests * counts.get("wrong", 0.1))
    interval = interval_of(world.clock.at)
    key = ObservationKey(release_id=RELEASE, interval=interval, split_version=2, slot=slot)
    tally = Tally(
        key=key,
        requests=requests,
        latency={bucket_of(counts.get("milliseconds", 20.0)): requests},
        outcomes={0: OutcomeCounts(known=requests, wrong=wrong)},
    )
    world.counters.add(f"{slot}-{interval}", [tally])


def minutes(world: GuardrailWorld, count: int, **new: float) -> None:
    """Both fleets serve so many intervals, the new one as told; after each there is a look."""
    for _ in range(count):
        world.serve(OLD, 75, 1)
        world.serve(NEW, 25, 0)
        logged(world, "blue", 75)
        logged(world, "green", 25, **new)
        world.clock.advance(60)
        world.look()


def verdict(world: GuardrailWorld) -> VerdictKind:
    """The judge's last word."""
    found = world.store.load(RELEASE).verdict
    assert found is not None
    return found.kind


def test_wrong_outcomes_of_the_new_fleet_are_harm(world: GuardrailWorld):
    """Compared with the live fleet's, of the same intervals; the reason says which."""
    minutes(world, 15, wrong=0.6)
    record = world.store.load(RELEASE)
    assert (record.phase, verdict(world)) == (Phase.RESTORING, VerdictKind.ROLL_BACK)
    assert record.verdict is not None
    assert "wrong outcomes" in record.verdict.reason
    assert world.seen[-1]


def test_outcomes_that_are_as_wrong_as_before_are_none(world: GuardrailWorld):
    """The release goes on, and evidence of all three metrics is there."""
    minutes(world, 15)
    assert verdict(world) is VerdictKind.CONTINUE
    found = world.store.load(RELEASE).verdict
    assert found is not None
    assert {item.metric for item in found.evidence} == {"errors", "latency", "outcomes"}
    assert not any(world.seen)


def test_latency_is_compared_with_the_live_fleets(world: GuardrailWorld):
    """A minute that is slow for both is no harm; one that is slow for the new fleet alone is."""
    for _ in range(8):
        world.serve(OLD, 75, 1, percentiles=SLOW)
        world.serve(NEW, 25, 0, percentiles=SLOW)
        logged(world, "blue", 75, milliseconds=400.0)
        logged(world, "green", 25, milliseconds=400.0)
        world.clock.advance(60)
        world.look()
    assert verdict(world) is VerdictKind.CONTINUE
    minutes(world, 8, milliseconds=400.0)
    assert verdict(world) is VerdictKind.ROLL_BACK


def test_answers_that_name_no_version_hold_and_never_pass(world: GuardrailWorld):
    """The watch says so while traffic moves, and the deploy that ends so is refused."""
    minutes(world, 2)
    logged(world, UNKNOWN_SLOT, 5)
    minutes(world, 3)
    record = world.store.load(RELEASE)
    assert verdict(world) is VerdictKind.HOLD
    assert record.verdict is not None
    assert record.verdict.reason.startswith("hold because 5 of 405 answers did not name a version")
    assert not any(world.seen), "nothing says that it does harm"
    world.settled(NEW)
    with pytest.raises(DeployRefusedError, match="did not name a version"):
        world.verify("v2", NEW)


def test_harm_is_harm_though_answers_name_no_version(world: GuardrailWorld):
    """A hold never hides what is proven."""
    logged(world, UNKNOWN_SLOT, 5)
    minutes(world, 15, wrong=0.6)
    assert verdict(world) is VerdictKind.ROLL_BACK


def test_requests_that_failed_are_no_silence(world: GuardrailWorld):
    """Only answers can name a version: who failed is told by CloudWatch."""
    interval = interval_of(world.clock.at)
    key = ObservationKey(release_id=RELEASE, interval=interval, split_version=2, slot=UNKNOWN_SLOT)
    world.counters.add("failed", [Tally(key=key, requests=7, errors=7, nameless_errors=7)])
    minutes(world, 3)
    assert verdict(world) is VerdictKind.CONTINUE


def test_the_split_has_both_versions_while_the_release_is_open(world: GuardrailWorld):
    """So that answers can be stamped; afterwards it is as it was before."""
    split = world.store.split(MODEL)
    assert split is not None
    assert dict(split.digests) == {"blue": version("v1").digest, "green": version("v2").digest}
    assert (split.echoed, split.settling) == (True, False)
    world.settled(NEW)
    world.verify("v2", NEW)
    after = world.store.split(MODEL)
    assert after is not None
    assert (after.echoed, set(after.digests.values())) == (False, {version("v2").digest})


def test_a_slow_fleet_is_found_while_the_other_one_serves_too():
    """Where no version is named, latency is held against its fixed limit in every interval."""
    world = GuardrailWorld.deployed()
    for _ in range(30):
        world.serve(OLD, 100, 1)
        world.clock.advance(60)
    world.guard("v2")
    world.updating(25)
    for _ in range(10):
        world.serve(OLD, 75, 1)
        world.serve(NEW, 25, 0, percentiles=SLOW)
        world.clock.advance(60)
        assert world.look().wait_seconds <= LOOK_SECONDS
    record = world.store.load(RELEASE)
    assert record.phase is Phase.RESTORING
    assert record.verdict is not None
    assert "slower than" in record.verdict.reason


@pytest.mark.parametrize(
    ("attributes", "digest"),
    [
        (echo_of("0123456789abcdef"), "0123456789abcdef"),
        ("trace=7, tidegate-version=abc;other=1", "abc"),
        ("tidegate-versions=abc", ""),
        ("", ""),
    ],
)
def test_the_digest_is_read_among_other_attributes(attributes: str, digest: str):
    """What the container says besides is its own business."""
    assert echoed_digest(attributes) == digest


def plan_with(**changes: object) -> None:
    """Make a plan by guardrail with a guardrail on outcomes."""
    fields: dict[str, object] = {
        "strategy": Strategy.CANARY,
        "mechanism": Mechanism.GUARDRAIL,
        "steps": (Step(share_percent=10, bake_seconds=600),),
        "guardrails": (Guardrail(metric=Metric.OUTCOMES, margin=0.1),),
        **changes,
    }
    ReleasePlan(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "say so by echoes_version: true"),
        (
            {
                "strategy": Strategy.BIG_BANG,
                "steps": (Step(share_percent=100, bake_seconds=600),),
                "echoes_version": True,
            },
            "nothing to be compared with in strategy big-bang",
        ),
        (
            {"mechanism": Mechanism.WEIGHTS, "echoes_version": True},
            "echoes_version is for mechanism guardrail",
        ),
    ],
)
def test_outcomes_need_versions_that_name_themselves(changes: dict[str, object], told: str):
    """Refused with what would do."""
    with pytest.raises(InvalidValueError, match=told):
        plan_with(**changes)


def test_a_plan_keeps_whether_versions_name_themselves():
    """Written and read back; plans of before have no such word."""
    assert ReleasePlan.from_json(ECHOING.to_json()) == ECHOING
    assert "echoes_version" not in PLAN.to_json()
