"""Which version is in which slot."""

from pathlib import Path

from stacks.project.load import load_project
from stacks.project.placement import place, version_of
from stacks.project.spec import ModelSpec
from tidegate.pointer import LivePointer
from tidegate.slots import Slot
from tidegate.version import Version


def _model(folder: Path) -> ModelSpec:
    return load_project(folder / "tidegate.yaml").models["fraud"]


def _version(folder: Path) -> Version:
    return version_of(_model(folder), region="eu-west-1", artifact_uri="s3://b/new.tar.gz")


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
    for slot in Slot:
        placement = place(version, _pointer(slot, OLD))

        assert placement.live is slot
        assert placement.slots[slot] == OLD
        assert placement.slots[slot.other] == version


def test_version_keeps_its_digest_in_another_place(folder: Path):
    """The bucket does not make a version, and neither does the label."""
    model = _model(folder)
    here = version_of(model, region="eu-west-1", artifact_uri="s3://a/x.tar.gz")
    there = version_of(model, region="eu-west-1", artifact_uri="s3://b/y.tar.gz")

    assert here.digest == there.digest
