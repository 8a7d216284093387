"""Deploys of A/B tests: slots that may be declared, what stays live, what strategies may change."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tests import samples
from tests.ab_world import TERMS, declared, plan_of
from tests.fakes import FakeClock, FakeEndpoints, FakeRecords, FakeReleaseStore
from tests.samples import CONFIG, ENDPOINT, MODEL, PLAN
from tidegate import deploy
from tidegate.deploy import Deploy, slot_faults
from tidegate.errors import DeployRefusedError, InvalidValueError
from tidegate.pointer import Declaration
from tidegate.slots import Slot
from tidegate.traffic import Traffic

TEST = plan_of()


class Cloud:
    """A store and an endpoint."""

    def __init__(self) -> None:
        self.store = FakeReleaseStore()
        self.endpoints = FakeEndpoints()

    def deploy(self, declaration: Declaration, **weights: float) -> None:
        """CloudFormation asks the guard, changes the endpoint, and asks the verification."""
        made = Deploy(
            model=MODEL,
            endpoint_name=ENDPOINT,
            slots=declaration.slots,
            plan=declaration.plan,
        )
        deploy.guard(store=self.store, deploy=made)
        self.endpoints.add(ENDPOINT, config=CONFIG, weights=weights)
        deploy.verify(
            store=self.store,
            traffic=Traffic(endpoints=self.endpoints, records=FakeRecords()),
            clock=FakeClock(),
            declaration=declaration,
        )


@pytest.fixture
def cloud() -> Cloud:
    """Nothing was deployed yet."""
    return Cloud()


def test_a_first_deploy_makes_the_first_arm_live(cloud: Cloud):
    """The split document has all arms, and everything is the live one's."""
    cloud.deploy(declared(TEST, "v1", "v2", "v3"), a=1, b=0, c=0)
    pointer, split = cloud.store.pointer(MODEL), cloud.store.split(MODEL)
    assert pointer is not None
    assert split is not None
    assert (pointer.slot, pointer.version.label) == (Slot.A, "v1")
    assert dict(split.shares) == {"a": 100, "b": 0, "c": 0}
    assert set(split.digests) == {"a", "b", "c"}


def test_strategies_change_around_the_live_version(cloud: Cloud):
    """From canary to a test, to another test, and back to canary."""
    cloud.deploy(samples.declaration(blue="v1", green="v1"), blue=1, green=0)
    cloud.deploy(declared(TEST, "v1", "v2", "v3", live=Slot.BLUE), blue=1, a=0, b=0)
    one = plan_of(replace(TERMS, challengers=1))
    cloud.deploy(declared(one, "v1", "v4", live=Slot.BLUE), blue=1, a=0)
    cloud.deploy(samples.declaration(blue="v1", green="v5"), blue=1, green=0)
    pointer = cloud.store.pointer(MODEL)
    assert pointer is not None
    assert (pointer.slot, pointer.generation) == (Slot.BLUE, 1)


def test_a_deploy_that_would_drop_the_live_slot_is_refused(cloud: Cloud):
    """Before anything changes, and it says where new versions go."""
    cloud.deploy(declared(TEST, "v1", "v2", "v3"), a=1, b=0, c=0)
    with pytest.raises(DeployRefusedError, match="puts nothing there") as refused:
        cloud.deploy(samples.declaration(blue="v1", green="v2"), blue=1, green=0)
    assert "idle slot blue" in str(refused.value)
    assert cloud.endpoints.states[ENDPOINT].shares() == {"a": 100.0, "b": 0.0, "c": 0.0}


def test_an_arm_that_is_live_gives_way_to_blue(cloud: Cloud):
    """The next canary has the arm and blue."""
    cloud.deploy(declared(TEST, "v1", "v2", "v3"), a=1, b=0, c=0)
    slots = {Slot.A: samples.version("v1"), Slot.BLUE: samples.version("v4")}
    cloud.deploy(samples.declaration(slots=slots), a=1, blue=0)
    declaration = cloud.store.declaration(MODEL)
    assert declaration is not None
    assert set(declaration.slots) == {Slot.A, Slot.BLUE}


def test_traffic_of_an_idle_arm_fails_the_verification(cloud: Cloud):
    """Only a release gives an arm users."""
    with pytest.raises(DeployRefusedError, match="should serve everything"):
        cloud.deploy(declared(TEST, "v1", "v2", "v3"), a=1, b=1, c=0)


@pytest.mark.parametrize(
    ("slots", "plan", "words"),
    [
        ("ab", TEST, "must declare 3 arms, got a, b"),
        ("abcd", TEST, "must declare 3 arms"),
        ("ab", PLAN, "must declare blue and green"),
        ("a", PLAN, "must declare blue and green"),
        ("", PLAN, "got none"),
    ],
)
def test_slots_that_no_plan_has_are_refused(slots: str, plan: Any, words: str):
    """Whatever wrote the template."""
    properties = {
        "Model": MODEL,
        "EndpointName": ENDPOINT,
        "Slots": {slot: samples.version(slot).to_json() for slot in slots},
        "Plan": json.dumps(plan.to_json()),
    }
    with pytest.raises(InvalidValueError, match=words):
        Deploy.from_properties(properties)


def test_slots_of_every_strategy_are_taken():
    """Blue and green, an arm and blue, and the arms of a test."""
    assert slot_faults({Slot.BLUE, Slot.GREEN}, PLAN) == ()
    assert slot_faults({Slot.C, Slot.BLUE}, PLAN) == ()
    assert slot_faults({Slot.GREEN, Slot.A, Slot.B}, TEST) == ()
