"""Trained, evaluated, registered, approved, deployed, released: the product's own training."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.leaving import remove_stacks
from tests.e2e.trainings import run, trained_text, training, write_code, write_data
from tests.e2e.world import V1, World

pytestmark = pytest.mark.accept

MakeWorld = Callable[[str], World]


@pytest.fixture
def make_trained(make_world: MakeWorld, tmp_path: Path) -> Iterator[MakeWorld]:
    """Worlds whose model is trained, by the name of their model."""
    made: list[World] = []

    def make(model: str) -> World:
        world = make_world(model)
        world.project_text = trained_text(write_code(tmp_path / "training"))
        made.append(world)
        return world

    yield make
    for world in made:
        remove_stacks(world.cloud, f"{world.project}-test-training-{world.model}")


def test_an_approved_version_is_deployed_and_released(make_trained: MakeWorld, tmp_path: Path):
    """The very artifact that was trained ends up live, after a canary that promoted it."""
    world = make_trained("learnt")
    world.deploy(V1)
    view = run(world, write_data(tmp_path / "data", wrong_percent=4), token=uuid.uuid4().hex)
    assert view.status == "Succeeded", view.reasons
    (figure,) = view.figures
    assert (figure.metric, figure.value, figure.live) == ("wrong_share", 0.04, 0.2)
    assert view.approval == "PendingManualApproval"

    world.deploy(V1)
    assert world.declaration.digests()["blue"] == world.declaration.digests()["green"]

    found = training(world)
    assert view.package is not None
    found.registry.decide(view.package, status="Approved", reason="the story says so")
    world.deploy(V1)
    waiting = world.declaration.slots
    (candidate,) = {v.artifact_uri for v in waiting.values() if v.label == "package-1"}
    assert candidate == found.registry.package(view.package).artifact_uri

    with world.users() as users:
        ended = world.finish(world.start())
    assert ended.phase == "promoted", ended.reason
    assert users.ledger.unanswered == 0
    pointer = world.deployed.store.pointer(world.model)
    assert pointer is not None
    assert pointer.version.artifact == view.package
    assert found.live_artifact() == candidate


def test_what_does_not_beat_the_live_version_is_not_registered(
    make_trained: MakeWorld, tmp_path: Path
):
    """The run fails with the figures in its reason, and the registry has nothing."""
    world = make_trained("worse")
    world.deploy(V1)
    view = run(world, write_data(tmp_path / "data", wrong_percent=30), token=uuid.uuid4().hex)
    assert view.status == "Failed"
    assert view.package is None
    (reason,) = view.reasons
    assert reason.startswith("Refuse: Not registered: wrong_share is 0.3 (live: 0.2 )")
    assert training(world).registry.arns() == ()


def test_the_same_token_trains_once(make_trained: MakeWorld, tmp_path: Path):
    """A command that was killed and repeated does not train twice."""
    world = make_trained("once")
    world.deploy(V1)
    data, token = write_data(tmp_path / "data", wrong_percent=4), uuid.uuid4().hex
    first, second = run(world, data, token=token), run(world, data, token=token)
    assert first.arn == second.arn
    assert len(training(world).runs.arns()) == 1


def test_a_policy_approves_by_itself(make_trained: MakeWorld, tmp_path: Path):
    """`approve: automatically` leaves nothing to a person but the release."""
    world = make_trained("auto")
    world.project_text = trained_text(write_code(tmp_path / "training"), approve="automatically")
    world.deploy(V1)
    view = run(world, write_data(tmp_path / "data", wrong_percent=4), token=uuid.uuid4().hex)
    assert view.approval == "Approved"
    world.deploy(V1)
    labels = {version.label for version in world.declaration.slots.values()}
    assert labels == {"v1", "package-1"}
