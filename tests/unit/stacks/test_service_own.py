"""What arms have of their own: by the settings in their slots, live ones as they were passed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from stacks.components.service_arms import placed
from stacks.components.service_own import OwnThings, distinct, settings_identity
from stacks.project.placement import Placement, PlacementError
from stacks.project.spec import ServiceArmSpec, ServiceReleaseSpec, ServiceSpec
from tidegate.ai.kind import Place
from tidegate.ai.personalize.settings import PersonalizeSettings
from tidegate.ai.typed import to_json
from tidegate.plan import ReleasePlan
from tidegate.pointer import LivePointer
from tidegate.slots import Slot

PLACE = Place(project="shop", stage="prod", service="upsell")
PERSONAL, POPULAR = (
    PersonalizeSettings(recipe=f"aws-{name}")
    for name in ("user-personalization-v2", "popularity-count")
)


def service(settings: Any, *challengers: Any) -> ServiceSpec:
    """A released service."""
    arms = tuple(ServiceArmSpec(label=f"c{n}", settings=s) for n, s in enumerate(challengers))
    return ServiceSpec(
        name="upsell",
        kind="personalize",
        settings=settings,
        requests_per_minute=60,
        keep_days=30,
        release=ServiceReleaseSpec(plan=ReleasePlan(), challengers=arms),
    )


def placement(spec: ServiceSpec, pointer: LivePointer | None = None) -> Placement:
    """What is in which slot."""
    return placed(spec, pointer, publish=lambda settings: ("b", str(hash(str(settings)))))


def live(settings: Any, slot: Slot) -> LivePointer:
    """The pointer at a version with these settings."""
    version = placement(service(settings)).slots[Slot.BLUE]
    return LivePointer(
        model="upsell", slot=slot, version=version, generation=2, moved_at=0.0, moved_by="r"
    )


def own(
    spec: ServiceSpec, pointer: LivePointer | None = None, passed: Mapping[str, Any] | None = None
) -> dict[str, str]:
    """The arm's name in each slot."""
    things = OwnThings(place=PLACE, spec=spec, live=passed)
    found = things.by_slot(placement(spec, pointer))
    return {slot: one.told["arm"] for slot, one in found.items()}


def test_a_service_that_is_not_released_has_one_arm_without_a_slot() -> None:
    """Its names end in none."""
    spec = replace(service(PERSONAL), release=None)
    (found,) = OwnThings(place=PLACE, spec=spec).by_slot(None).values()
    assert set(found.resources.templates) == {"Solution", "Unbought"}


def test_slots_with_the_live_version_share_what_the_live_one_has() -> None:
    """Nothing is made or trained twice."""
    spec = service(PERSONAL)
    names = own(spec)
    assert names["blue"] == names["green"]
    assert names["blue"].endswith("-blue")
    promoted = own(spec, live(PERSONAL, Slot.GREEN))
    assert promoted["blue"] == promoted["green"] == f"{names['blue'].removesuffix('blue')}green"
    things = OwnThings(place=PLACE, spec=spec).by_slot(placement(spec))
    assert len(distinct(things)) == 1


def test_the_live_arm_stays_as_its_settings_made_it() -> None:
    """Those are passed, since the project file has others by now."""
    before = own(service(POPULAR))["blue"]
    names = own(service(PERSONAL), live(POPULAR, Slot.BLUE), to_json(POPULAR))
    assert names["blue"] == before
    assert names["green"].endswith("-green")


def test_a_challenger_that_is_live_is_known_from_the_file() -> None:
    """Nothing needs to be passed."""
    spec = service(POPULAR, PERSONAL)
    assert own(spec)["b"].endswith("-b")
    names = own(spec, live(PERSONAL, Slot.B))
    assert {slot: name.rpartition("-")[2] for slot, name in names.items()} == {"a": "a", "b": "b"}


def test_without_the_live_settings_nothing_is_synthesized() -> None:
    """The live arm would go."""
    spec, pointer = service(PERSONAL), live(POPULAR, Slot.BLUE)
    with pytest.raises(PlacementError, match=r"has no settings of upsell.*'tidegate deploy'"):
        own(spec, pointer)
    with pytest.raises(PlacementError, match="other settings of upsell"):
        own(spec, pointer, to_json(replace(POPULAR, results=7)))


def test_settings_that_an_older_version_wrote_are_told_of() -> None:
    """With what is wrong with them."""
    written = {**to_json(POPULAR), "gone": 1}
    pointer = live(POPULAR, Slot.BLUE)
    told = replace(pointer.version, artifact=settings_identity(written))
    with pytest.raises(PlacementError, match="cannot be read any more"):
        own(service(PERSONAL), replace(pointer, version=told), written)


def test_what_arms_share_may_be_added_to_and_not_changed() -> None:
    """Else the live arm would change with a deploy."""
    pointer = live(POPULAR, Slot.BLUE)
    other = replace(PERSONAL, item_fields={"PRICE": "number"})
    with pytest.raises(PlacementError, match=r"change what its arms share.*Group"):
        own(service(other), pointer, to_json(POPULAR))
    more = replace(PERSONAL, answers="campaign", filters={"cheap": "INCLUDE ItemID WHERE 1"})
    assert own(service(more), pointer, to_json(POPULAR))
