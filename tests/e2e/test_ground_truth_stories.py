"""The closed engine: a manifest becomes a labelling job of a private work team, with its labels.

The embedded cloud has no people: what they say is recorded beside the job's manifest.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.server import EmbeddedCloud
from tests.e2e.leaving import remove_stacks
from tests.e2e.services import ServicesWorld, until

pytestmark = pytest.mark.accept

TEAM = "arn:aws:sagemaker:us-east-1:000000000000:workteam/private-crowd/sorters"
LEGACY = f"""
  sorting:
    kind: labelling
    settings:
      task: text-class
      classes: [delivery, refund]
      label: topic
      engine: ground-truth
      enrolled: true
      work_team: {TEAM}
"""
TEXTS = ("Where is it?", "I want my money back")


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServicesWorld]:
    """A service whose work team labels."""
    folder = tmp_path_factory.mktemp("legacy")
    made = ServicesWorld(cloud=story_cloud, folder=folder, project="teamed", services=LEGACY)
    made.deploy()
    yield made
    remove_stacks(story_cloud, "teamed-")


def send(world: ServicesWorld, folder: Path) -> tuple[str, dict[str, Any]]:
    """A manifest is on its way; its key, and the job that it became."""
    file = folder / "letters.manifest"
    file.write_text("".join(json.dumps({"source": text}) + "\n" for text in TEXTS))
    sagemaker = world.client("sagemaker")
    before = {j["LabelingJobName"] for j in _jobs(world)}
    key = world.send("sorting", file)

    def begun() -> dict[str, Any] | None:
        new = [j for j in _jobs(world) if j["LabelingJobName"] not in before]
        return new[0] if new else None

    name = until(begun, seconds=30, what="a labelling job")["LabelingJobName"]
    return key, dict(sagemaker.describe_labeling_job(LabelingJobName=name))


def _jobs(world: ServicesWorld) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.client("sagemaker").list_labeling_jobs()[
        "LabelingJobSummaryList"
    ]
    return found


def test_a_manifest_is_labelled_by_the_work_team(world: ServicesWorld, tmp_path: Path) -> None:
    """The job runs until people have answered; its manifest is the result."""
    key, job = send(world, tmp_path)
    assert job["LabelingJobStatus"] == "InProgress"
    task = job["HumanTaskConfig"]
    assert task["WorkteamArn"] == TEAM
    assert task["PreHumanTaskLambdaArn"].endswith("432418664414:function:PRE-TextMultiClass")
    source = job["InputConfig"]["DataSource"]["S3DataSource"]["ManifestS3Uri"]
    bucket, _, path = source.removeprefix("s3://").partition("/")
    said = [{"answers": ["delivery", "delivery"]}, {"answers": ["refund", "delivery", "refund"]}]
    body = "".join(json.dumps(one) + "\n" for one in said)
    world.client("s3").put_object(Bucket=bucket, Key=f"{path}.answers", Body=body.encode())
    outcome = world.outcome("sorting", key)
    assert (outcome["status"], outcome["result"]["labelled"]) == ("done", 2)
    place = outcome["result"]["manifest"].removeprefix("s3://").partition("/")[2]
    content = world.client("s3").get_object(Bucket=bucket, Key=place)["Body"].read()
    first, second = (json.loads(line) for line in content.splitlines())
    assert (first["source"], first["topic"]) == (TEXTS[0], 0)
    assert second["topic-metadata"]["class-name"] == "refund"
    assert second["topic-metadata"]["confidence"] == 0.67


def test_a_job_that_somebody_stops_is_told(world: ServicesWorld, tmp_path: Path) -> None:
    """And what is of our own engine says where to look instead."""
    key, job = send(world, tmp_path)
    world.client("sagemaker").stop_labeling_job(LabelingJobName=job["LabelingJobName"])
    outcome = world.outcome("sorting", key)
    assert outcome["status"] == "refused"
    assert "somebody stopped" in outcome["problem"]["message"]
    reply = world.ask("sorting", "status")
    assert (reply.status, "Ground Truth labels" in reply.body["error"]["message"]) == (422, True)


def test_what_cannot_be_labelled_here_is_refused(world: ServicesWorld, tmp_path: Path) -> None:
    """A public team, a task without recorded answers."""
    _, job = send(world, tmp_path)
    names = ("LabelAttributeName", "InputConfig", "OutputConfig", "RoleArn", "HumanTaskConfig")
    request = {name: job[name] for name in (*names, "LabelCategoryConfigS3Uri")}
    task = request["HumanTaskConfig"]
    wrong = {
        **task,
        "WorkteamArn": TEAM.replace("private", "public"),
        "PreHumanTaskLambdaArn": task["PreHumanTaskLambdaArn"].replace("TextMultiClass", "Video"),
    }
    with pytest.raises(ClientError, match=r"only private work teams.*only TextMultiClass"):
        world.client("sagemaker").create_labeling_job(
            **{**request, "HumanTaskConfig": wrong}, LabelingJobName="other"
        )
