"""What a deploy of a batch may change: the idle slot."""

import pytest

from tests.batch_fakes import FakeRuns, Mortal, version
from tidegate.batch.guarding import guard
from tidegate.errors import DeployRefusedError
from tidegate.slots import Slot


def _guard(runs: FakeRuns, blue: str, green: str) -> str:
    slots = {Slot.BLUE: version(blue), Slot.GREEN: version(green)}
    return guard(runs, model="demand", slots=slots, live=Slot.BLUE, now=1.0)


def test_the_first_deploy_makes_its_version_live():
    """Nothing was live before."""
    runs = FakeRuns(mortal=Mortal())

    assert "first deploy" in _guard(runs, "v1", "v1")

    assert runs.live is not None
    assert (runs.live["slot"], runs.live["version"]["label"]) == ("blue", "v1")


def test_another_version_may_go_into_the_idle_slot():
    """The pointer stays, and what waits is known."""
    runs = FakeRuns(mortal=Mortal())
    _guard(runs, "v1", "v1")

    assert "only the idle slot" in _guard(runs, "v1", "v2")

    assert runs.live is not None
    assert runs.live["version"]["label"] == "v1"
    assert runs.declared()["green"]["label"] == "v2"


def test_the_live_version_is_not_replaced_by_a_deploy():
    """The refusal names both versions and what to do, and nothing has changed."""
    runs = FakeRuns(mortal=Mortal())
    _guard(runs, "v1", "v1")

    with pytest.raises(DeployRefusedError, match="tidegate batch compare demand"):
        _guard(runs, "v2", "v2")

    assert runs.declared()["blue"]["label"] == "v1"
