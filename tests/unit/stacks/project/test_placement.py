"""Which version is in which slot."""

from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from stacks.project.load import load_project
from stacks.project.placement import place, place_arms, version_of
from stacks.project.spec import ModelSpec
from tidegate.pointer import LivePointer
from tidegate.slots import ARMS, PAIR, Slot
from tidegate.version import Version


def _model(folder: Path) -> ModelSpec:
    return load_project(folder / "tidegate.yaml").models["fraud"]


def _version(folder: Path) -> Version:
    return version_of(_model(folder), region="eu-west-1", uri_of=lambda _: "s3://b/new.tar.gz")


def _pointer(slot: Slot, version: Version) -> LivePointer:
    return LivePointer(
        model="fraud", slot=slot, version=version, generation=3, moved_at=1.0, moved_by="me"
    )


OLD = Version(
    digest="0" * 16, label="v0", image="i:1", artifact="a", artifact_uri="s3://b/old.tar.gz"
)


def test_first_deploy_puts_the_version_into_both_slots(folder: Path):
    """Both slots exist from the start, blue serves."""
    version = _version(folder)

    placement = place(version, None)

    assert placement.live is Slot.BLUE
    assert dict(placement.slots) == {Slot.BLUE: version, Slot.GREEN: version}


def test_live_slot_keeps_exactly_what_is_live(folder: Path):
    """Only the idle slot gets the project file's version, whichever slot that is."""
    version = _version(folder)
    for slot in PAIR:
        placement = place(version, _pointer(slot, OLD))

        assert placement.live is slot
        assert placement.slots[slot] == OLD
        assert placement.slots[slot.other] == version


def test_version_keeps_its_digest_in_another_place(folder: Path):
    """The bucket does not make a version, and neither does the label."""
    model = _model(folder)
    here = version_of(model, region="eu-west-1", uri_of=lambda _: "s3://a/x.tar.gz")
    there = version_of(model, region="eu-west-1", uri_of=lambda _: "s3://b/y.tar.gz")

    assert here.digest == there.digest


POOL = [replace(OLD, digest=str(n) * 16, label=f"v{n}") for n in range(1, 11)]


@given(arms=st.integers(2, 10), data=st.data())
def test_an_arm_has_each_version_once_and_the_live_one_stays(arms: int, data: st.DataObject):
    """Whatever is live where, of the pool or not."""
    pool = POOL[:arms]
    live = data.draw(st.sampled_from(list(Slot)))
    version = data.draw(st.sampled_from([OLD, *pool]))
    pointer = _pointer(live, version)

    placement = place_arms(pool, pointer)

    assert placement.slots[live] == version
    assert len(placement.slots) == arms
    assert len({held.digest for held in placement.slots.values()}) == arms
    assert all(slot in ARMS for slot in placement.slots if slot is not live)


@given(arms=st.integers(2, 10), data=st.data())
def test_the_same_file_keeps_versions_in_their_arms_after_a_promotion(
    arms: int, data: st.DataObject
):
    """From a first deploy on, whichever arm wins, and the next, and the next."""
    pool, pointer = POOL[:arms], None
    placed = place_arms(pool, pointer)
    for _ in range(3):
        winner = data.draw(st.sampled_from(sorted(placed.slots)))
        after = place_arms(pool, _pointer(winner, placed.slots[winner]))

        assert dict(after.slots) == dict(placed.slots)
        assert after.live is winner
