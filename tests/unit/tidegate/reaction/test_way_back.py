"""Whether the version before the live one can be released."""

from dataclasses import replace

from tests.release_world import ReleaseWorld
from tests.samples import MODEL, declaration, pointer
from tidegate.pointer import LivePointer
from tidegate.reaction.back import STARTED_BY, no_way_back


def promoted() -> tuple[ReleaseWorld, LivePointer]:
    """v2 is live after a release of v1 by v2."""
    world = ReleaseWorld.deployed()
    world.run()
    found = world.store.pointer(MODEL)
    assert found is not None
    return world, found


def test_after_a_promotion_the_idle_slot_has_it() -> None:
    """Until another deploy."""
    world, live = promoted()
    assert live.version.label == "v2"
    assert no_way_back(world.store, MODEL, live) is None


def test_a_later_deploy_takes_its_place() -> None:
    """The reason names both versions."""
    world, live = promoted()
    world.store.put_declaration(declaration(blue="v3", green="v2"))
    told = no_way_back(world.store, MODEL, live)
    assert told == "the idle slot has v3, not v1, which was live before: deploy it"


def test_the_first_version_has_none_before_it() -> None:
    """Its pointer was moved by a deploy."""
    told = no_way_back(ReleaseWorld.deployed().store, MODEL, pointer())
    assert told == "v1 was live first, no version was before it"


def test_never_back_from_what_was_gone_back_to() -> None:
    """Two versions that are both no good would take turns."""
    world, live = promoted()
    record = world.record()
    world.store.save(replace(record, started_by=STARTED_BY))
    told = no_way_back(world.store, MODEL, live)
    assert told is not None
    assert told.startswith("v2 is what was gone back to")
