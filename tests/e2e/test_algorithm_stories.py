"""Built-in algorithms from nothing to a release: trained, evaluated, approved, hosted, released."""

import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from emulator.server import EmbeddedCloud
from tests.e2e.algorithms import Project, project_of
from tests.e2e.leaving import remove_stacks
from tests.e2e.world import wait_for

pytestmark = pytest.mark.accept

MakeProject = Callable[..., Project]


@pytest.fixture
def make_project(batch_cloud: EmbeddedCloud, tmp_path: Path) -> Iterator[MakeProject]:
    """Examples by name; they go with their story."""
    made: list[Project] = []

    def make(name: str, changes: dict[str, str] | None = None) -> Project:
        made.append(project_of(batch_cloud, tmp_path, name, changes))
        return made[-1]

    yield make
    for project in made:
        for stack in (f"training-{project.model}", f"model-{project.model}", "release"):
            remove_stacks(batch_cloud, f"{project.model}-dev-{stack}")


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


def test_groups_are_found_by_k_means(make_project: MakeProject):
    """A version that approves itself, hosted, asked in JSON, answers in the documented form."""
    project = make_project("groups")
    project.deploy()
    run = project.train()
    assert run["status"] == "Succeeded", run["steps"]
    figures = {each["metric"]: each["value"] for each in run["figures"]}
    assert figures["groups"] >= 4
    project.deploy()
    body = b'{"instances": [{"features": [' + project.requests()[0] + b"]}]}"
    reply = project.where.front_door().predict("groups", body)
    assert reply.status == 200, reply.body
    (found,) = json.loads(reply.body)["predictions"]
    assert set(found) == {"closest_cluster", "distance_to_cluster"}


def test_a_forest_finds_broken_records(make_project: MakeProject):
    """Nine of ten broken records are among the oddest, which the requirement asks for."""
    project = make_project("unusual")
    project.deploy()
    run = project.train()
    assert run["status"] == "Succeeded", run["steps"]
    (figure,) = run["figures"]
    assert figure["value"] >= 0.9
    project.deploy()
    sound = project.requests()[1]
    broken = b"900," + sound.partition(b",")[2]
    door = project.where.front_door()
    replies = [door.predict("unusual", line, content_type="text/csv") for line in (sound, broken)]
    low, high = (json.loads(each.body)["scores"][0]["score"] for each in replies)
    assert low < high


def test_the_best_of_several_tries_is_registered(make_project: MakeProject):
    """Tuning trains with drawn values; what is told, evaluated and registered is the best."""
    project = make_project("tuned")
    project.deploy()
    run = project.train()
    assert run["status"] == "Succeeded", run["steps"]
    (tuned,) = run["tuning"]
    assert (tuned["objective"], tuned["goal"]) == ("validation:auc", "Maximize")
    values = [each["value"] for each in tuned["jobs"] if each["value"] is not None]
    assert len(tuned["jobs"]) == 6
    assert values == sorted(values, reverse=True)
    assert len({tuple(sorted(each["drawn"].items())) for each in tuned["jobs"]}) == 6
    best = tuned["jobs"][0]
    assert best["name"] == tuned["best"]
    client = project.where.target.client("sagemaker")
    told = client.describe_model_package(ModelPackageName=run["package"])
    (container,) = told["InferenceSpecification"]["Containers"]
    assert f"/{best['name']}/output/model.tar.gz" in container["ModelDataUrl"]
    assert run["job_seconds"] > 0


def test_a_job_on_spot_capacity_goes_on_where_it_was_interrupted(
    make_project: MakeProject, batch_cloud: EmbeddedCloud
):
    """It begins again with its checkpoints, and does no more than a round twice."""
    project = make_project("late", {"num_round: 60": "num_round: 900"})
    project.deploy()
    data = str(project.folder / "build" / "algorithms" / "late" / "data")
    run = project.command("train", "run", "late", "--data", data)
    client = project.where.target.client("sagemaker")

    def trains() -> str | None:
        listed = client.list_training_jobs(StatusEquals="InProgress")["TrainingJobSummaries"]
        for each in listed:
            told = client.describe_training_job(TrainingJobName=each["TrainingJobName"])
            if told.get("FinalMetricDataList"):
                return str(each["TrainingJobName"])
        return None

    name = wait_for(trains, seconds=100, what="a training job has done rounds")
    project.command("train", "interrupt", "late")
    ended = wait_for(lambda: over(project, run["id"]), seconds=200, what="the run is over")
    assert ended["status"] == "Succeeded", [(s["name"], s["failure"]) for s in ended["steps"]]
    told = client.describe_training_job(TrainingJobName=name)
    statuses = [each["Status"] for each in told["SecondaryStatusTransitions"]]
    assert statuses.count("Interrupted") == 1
    assert statuses.count("Training") == 2
    lines = log_of(project, name)
    rounds = [each for each in lines if each.startswith("[") and each[1].isdigit()]
    numbers = [int(each[1:].partition("]")[0]) for each in rounds]
    assert sorted(set(numbers)) == list(range(900))
    # A round may be told and lost: the log is quicker than the checkpoint.
    assert len(numbers) <= 901, [(a, b) for a, b in pairwise(numbers) if b != a + 1]
    assert any("Resuming from iteration" in line for line in lines)


def over(project: Project, run: str) -> Any:
    """The run once it is over."""
    told = project.command("train", "status", "late", "--run", run)
    return told if told["status"] in {"Succeeded", "Failed", "Stopped"} else None


def log_of(project: Project, job: str) -> list[str]:
    """The lines of a training job's log."""
    logs = project.where.target.client("logs")
    group = "/aws/sagemaker/TrainingJobs"
    listed = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{job}/")
    (stream,) = (each["logStreamName"] for each in listed["logStreams"])
    events = logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True)
    return [event["message"] for event in events["events"]]
