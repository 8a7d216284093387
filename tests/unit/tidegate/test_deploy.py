"""What a deploy may change, and whether it did."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tests import samples
from tests.fakes import FakeClock, FakeEndpoints, FakeRecords, FakeReleaseStore
from tests.samples import CONFIG, ENDPOINT, MODEL, RELEASE
from tidegate import deploy
from tidegate.errors import DeployRefusedError, InvalidValueError, LockedError
from tidegate.plan import ReleasePlan, Step
from tidegate.pointer import Declaration
from tidegate.slots import Slot
from tidegate.strategies import Mechanism, Split, Strategy
from tidegate.traffic import Traffic

FIRST = samples.declaration(blue="v1", green="v1")
SHADOW_PLAN = ReleasePlan(
    strategy=Strategy.SHADOW,
    mechanism=Mechanism.SHADOW,
    steps=(Step(share_percent=100, bake_seconds=600),),
    lag_seconds=300,
)


class Cloud:
    """A store, and an endpoint that serves everything from blue."""

    def __init__(self) -> None:
        self.store = FakeReleaseStore()
        self.endpoints = FakeEndpoints()
        self.endpoints.add(ENDPOINT, config=CONFIG, weights={"blue": 1, "green": 0})

    def verify(self, declaration: Declaration) -> None:
        """A deploy has ended."""
        deploy.verify(
            store=self.store,
            traffic=Traffic(endpoints=self.endpoints, records=FakeRecords()),
            clock=FakeClock(),
            declaration=declaration,
        )

    def open_release(self) -> None:
        """A release holds the model."""
        self.verify(samples.declaration())
        known = self.store.split(MODEL)
        assert known is not None
        self.store.open(samples.record(split_version=known.version), samples.entry())


@pytest.fixture
def cloud() -> Cloud:
    """Nothing was ever deployed."""
    return Cloud()


def properties(**changes: Any) -> dict[str, Any]:
    """What a template declares."""
    return {
        "Model": MODEL,
        "EndpointName": ENDPOINT,
        "Slots": {slot.value: v.to_json() for slot, v in samples.declaration().slots.items()},
        "Plan": json.dumps(samples.PLAN.to_json()),
        **changes,
    }


def test_structured_properties_come_as_map_or_as_text():
    """Where deploy-time values are inside, CloudFormation needs a map."""
    as_map = deploy.Deploy.from_properties(properties())
    slots = json.dumps(properties()["Slots"])
    plan = samples.PLAN.to_json()
    assert deploy.Deploy.from_properties(properties(Slots=slots, Plan=plan)) == as_map
    assert as_map.declaration(CONFIG) == samples.declaration()


@pytest.mark.parametrize("slots", [{}, {"blue": samples.version("v1").to_json()}])
def test_both_slots_are_declared(slots: dict[str, Any]):
    """From the first deploy on."""
    with pytest.raises(InvalidValueError, match="Slots must declare blue and green"):
        deploy.Deploy.from_properties(properties(Slots=slots))


def test_the_first_deploy_makes_blue_live(cloud: Cloud):
    """Pointer, split and declaration are there."""
    cloud.verify(FIRST)
    pointer, split = cloud.store.pointer(MODEL), cloud.store.split(MODEL)
    assert pointer is not None
    assert split is not None
    assert (pointer.slot, pointer.version.label, pointer.generation) == (Slot.BLUE, "v1", 1)
    assert (split.version, split.shares) == (1, {"blue": 100, "green": 0})
    assert cloud.store.declaration(MODEL) == FIRST


def test_verifying_again_changes_nothing(cloud: Cloud):
    """A function that was killed is run again."""
    cloud.verify(FIRST)
    pointer, split = cloud.store.pointer(MODEL), cloud.store.split(MODEL)
    cloud.verify(FIRST)
    assert cloud.store.pointer(MODEL) == pointer
    assert cloud.store.split(MODEL) == split


def test_a_deploy_that_changes_who_draws_renews_the_split(cloud: Cloud):
    """The versions are the same, and routers are to know before the next release."""
    cloud.verify(FIRST)
    plan = replace(samples.PLAN, split=Split.ROUTER, holdout_percent=3)
    cloud.verify(samples.declaration(blue="v1", green="v1", plan=plan))
    split = cloud.store.split(MODEL)
    assert split is not None
    assert (split.version, split.drawn_by, split.holdout_percent) == (2, Split.ROUTER, 3)
    assert (split.control, split.endpoint_name) == ("blue", ENDPOINT)


def test_a_later_deploy_renews_what_the_split_says_of_the_idle_slot(cloud: Cloud):
    """The pointer stays where it is."""
    cloud.verify(FIRST)
    cloud.verify(samples.declaration())
    split, pointer = cloud.store.split(MODEL), cloud.store.pointer(MODEL)
    assert split is not None
    assert pointer is not None
    assert split.version == 2
    assert split.digests["green"] == samples.version("v2").digest
    assert pointer.generation == 1


def test_a_silent_rollback_of_sagemaker_s_fails_the_deploy(cloud: Cloud):
    """The sentence names both configurations and SageMaker's reason."""
    cloud.endpoints.change(ENDPOINT, failure_reason="an alarm fired")
    with pytest.raises(DeployRefusedError) as refusal:
        cloud.verify(samples.declaration(endpoint_config_name="new"))
    assert f"still serves configuration {CONFIG}, not new" in str(refusal.value)
    assert "an alarm fired" in str(refusal.value)
    assert cloud.store.declaration(MODEL) is None
    assert cloud.store.pointer(MODEL) is None


def test_a_live_slot_without_all_traffic_fails_the_deploy(cloud: Cloud):
    """Unless a release is moving it."""
    cloud.endpoints.change(ENDPOINT, weights={"blue": 90, "green": 10})
    with pytest.raises(DeployRefusedError, match="slot blue of demo-test-flights should serve"):
        cloud.verify(FIRST)


def test_a_deploy_during_a_release_may_find_its_shares(cloud: Cloud):
    """It leaves the split to the release."""
    cloud.open_release()
    cloud.endpoints.change(ENDPOINT, weights={"blue": 90, "green": 10})
    split = cloud.store.split(MODEL)
    cloud.verify(samples.declaration())
    assert cloud.store.split(MODEL) == split


def test_a_deploy_that_a_promotion_overtook_fails(cloud: Cloud):
    """It put another version where the live one is."""
    cloud.verify(samples.declaration())
    cloud.store.put_pointer(samples.pointer("v2", Slot.GREEN, generation=2))
    cloud.endpoints.change(ENDPOINT, weights={"blue": 0, "green": 100})
    with pytest.raises(DeployRefusedError, match="a release moved the pointer meanwhile"):
        cloud.verify(samples.declaration(green="v3"))


def test_the_walk_of_every_deploy_and_its_rollback(cloud: Cloud):
    """First, candidate, promoted, next candidate: CloudFormation may go back at each arrow."""

    def admits(declaration: Declaration) -> bool:
        declared = deploy.Deploy.from_properties(
            properties(Slots={s.value: v.to_json() for s, v in declaration.slots.items()})
        )
        try:
            deploy.guard(store=cloud.store, deploy=declared)
        except DeployRefusedError:
            return False
        return True

    second, third = samples.declaration(), samples.declaration(blue="v3", green="v2")
    assert admits(FIRST)
    cloud.verify(FIRST)
    assert admits(second)
    assert admits(FIRST), "rollback of the second deploy"
    cloud.verify(second)
    assert not admits(samples.declaration(blue="v2", green="v2")), "v1 is live in blue"
    cloud.store.put_pointer(samples.pointer("v2", Slot.GREEN, generation=2))
    assert admits(second), "a plain deploy after the promotion changes nothing"
    assert not admits(FIRST), "v1 in green would undo the promotion"
    assert admits(third)
    assert admits(second), "rollback of the third deploy"


def only(slot: Slot, *, plan: ReleasePlan = SHADOW_PLAN) -> deploy.Deploy:
    """A template in which this slot alone has a production variant, if its plan is a shadow's."""
    versions = samples.declaration().slots
    return deploy.Deploy(model=MODEL, endpoint_name=ENDPOINT, slots=versions, plan=plan, live=slot)


def test_a_template_that_takes_the_variant_of_the_live_slot_away_is_refused(cloud: Cloud):
    """A plain deploy of what is live knows no pointer, and so would serve it from blue alone."""
    cloud.verify(samples.declaration())
    cloud.store.put_pointer(samples.pointer("v2", Slot.GREEN, generation=2))
    with pytest.raises(DeployRefusedError, match="slot green of flights is live, and this templ"):
        deploy.guard(store=cloud.store, deploy=only(Slot.BLUE))
    deploy.guard(store=cloud.store, deploy=only(Slot.GREEN))
    deploy.guard(store=cloud.store, deploy=only(Slot.BLUE, plan=samples.PLAN))


def test_a_model_in_a_release_is_not_removed(cloud: Cloud):
    """The refusal names the release."""
    cloud.open_release()
    with pytest.raises(LockedError, match=RELEASE):
        deploy.guard_removal(store=cloud.store, model=MODEL)


def test_a_free_model_may_be_removed(cloud: Cloud):
    """Whether it was deployed or not."""
    deploy.guard_removal(store=cloud.store, model=MODEL)
    cloud.verify(FIRST)
    deploy.guard_removal(store=cloud.store, model=MODEL)
