"""Built-in algorithms from nothing to a release: trained, evaluated, approved, hosted, released."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from emulator.server import EmbeddedCloud
from tests.e2e.algorithms import Project, project_of
from tests.e2e.leaving import remove_stacks

pytestmark = pytest.mark.accept

MakeProject = Callable[..., Project]


@pytest.fixture
def make_project(story_cloud: EmbeddedCloud, tmp_path: Path) -> Iterator[MakeProject]:
    """Examples by name; they go with their story."""
    made: list[Project] = []

    def make(name: str, changes: dict[str, str] | None = None) -> Project:
        made.append(project_of(story_cloud, tmp_path, name, changes))
        return made[-1]

    yield make
    for project in made:
        for stack in (f"training-{project.model}", f"model-{project.model}", "release"):
            remove_stacks(story_cloud, f"{project.model}-dev-{stack}")


def test_xgboost_is_trained_hosted_and_released(make_project: MakeProject):
    """The first version is hosted once it is approved; the second is released in front of users."""
    project = make_project("late", {"num_round: 60": "num_round: 8"})
    project.deploy()
    first = project.train()
    assert first["status"] == "Succeeded", first["steps"]
    figures = {each["metric"]: each for each in first["figures"]}
    assert 0.8 < figures["auc"]["value"] < 1.0
    assert figures["auc"]["live"] is None
    assert first["approval"] == "PendingManualApproval"
    project.command("train", "approve", "late")
    project.deploy()

    lines = project.requests()
    reply = project.where.front_door().predict("late", lines[0], content_type="text/csv")
    assert (reply.status, reply.content_type.partition(";")[0]) == (200, "text/csv")
    assert 0.0 < float(reply.body) < 1.0

    text = (project.folder / "tidegate.yaml").read_text()
    (project.folder / "tidegate.yaml").write_text(text.replace("num_round: 8", "num_round: 60"))
    project.deploy()
    second = project.train()
    figures = {each["metric"]: each for each in second["figures"]}
    assert figures["auc"]["live"] is not None
    assert second["status"] == "Succeeded", second["steps"]
    project.command("train", "approve", "late")
    project.deploy()
    with project.users(lines) as counted:
        ended = project.release()
    assert ended["phase"] == "promoted", ended
    assert set(counted) == {200}
