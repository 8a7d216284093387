"""Deliveries of A/B tests: one test a set of versions, whatever else is delivered later."""

from dataclasses import replace

from tests.ab_world import TERMS, ABWorld, LabelTraffic, declared, plan_of
from tests.samples import MODEL, RELEASE
from tidegate import deploy
from tidegate.decide import Next
from tidegate.delivery.review import Delivery, Standing, known_bad, review_model
from tidegate.delivery.run import Ports, open_delivery
from tidegate.release import Phase
from tidegate.slots import Slot

DELIVERY = Delivery(id="0a1b2c3d-4e5f", round=1, who="pipeline demo-pipeline")
PLAN = plan_of(replace(TERMS, challengers=1))


def world_of(right: dict[str, float], errors: dict[str, float] | None = None) -> ABWorld:
    """v1 is live in a, v2 waits in b."""
    traffic = LabelTraffic(right=right, error_shares={} if errors is None else errors)
    return ABWorld.testing("v1", "v2", plan=PLAN, traffic=traffic)


def redeploy(world: ABWorld, *labels: str, live: Slot) -> None:
    """A later delivery has deployed."""
    deploy.verify(
        store=world.store,
        traffic=world.moving,
        clock=world.clock,
        declaration=declared(PLAN, *labels, live=live),
    )


def test_a_test_that_waits_is_started():
    """Its reason names the challengers."""
    world = world_of({"a": 0.5, "b": 0.9})
    found = review_model(world.store, DELIVERY, MODEL)
    assert found.standing is Standing.WAITING
    assert "v2 waits for its release, v1 is live" in found.reason
    ports = Ports(
        store=world.store, traffic=world.moving, executions=world.executions, clock=world.clock
    )
    (opened,) = open_delivery(ports, DELIVERY).models
    assert opened.standing is Standing.OPEN


def test_a_test_that_had_its_answer_is_delivered_and_not_run_again():
    """Promoted or kept; other versions are a new test."""
    for right, phase, live in (
        ({"a": 0.5, "b": 0.9}, Phase.PROMOTED, Slot.B),
        ({"a": 0.9, "b": 0.5}, Phase.KEPT, Slot.A),
    ):
        world = world_of(right)
        assert world.run() is Next.REPORT
        assert world.record().phase is phase
        pair = ("v2", "v1") if phase is Phase.PROMOTED else ("v1", "v2")
        redeploy(world, *pair, live=live)
        found = review_model(world.store, DELIVERY, MODEL)
        assert (found.standing, found.release_id) == (Standing.DELIVERED, RELEASE)
        redeploy(world, pair[0], "v3", live=live)
        assert review_model(world.store, DELIVERY, MODEL).standing is Standing.WAITING


def test_challengers_that_did_harm_are_not_tested_again():
    """Unless an operator wants it."""
    world = world_of({"a": 0.5, "b": 0.5}, {"b": 0.5})
    world.run()
    assert world.record().phase is Phase.ROLLED_BACK
    declaration = world.store.declaration(MODEL)
    assert declaration is not None
    bad = known_bad(world.store, MODEL, declaration.idle(Slot.A))
    assert bad is not None
    assert "v2 was not taken" in bad
    other = declared(PLAN, "v1", "v3").idle(Slot.A)
    assert known_bad(world.store, MODEL, other) is None
