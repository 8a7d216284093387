"""Stories of code reviews: what analysers find stops a change, and is in its build's report."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.project import PIPELINE_STAGE
from cli.review.reported import reported
from cli.review.words import told
from emulator.server import EmbeddedCloud
from tests.e2e.leaving import remove_stacks
from tests.e2e.pipelines import PipelineWorld
from tests.e2e.world import V1

PATIENCE = 420.0
SHELL = "import subprocess\n\n\ndef run(text):\n    subprocess.call(text, shell=True)\n"


@pytest.fixture
def world(story_cloud: EmbeddedCloud, tmp_path: Path) -> Iterator[PipelineWorld]:
    """A pipeline of checks and a review; it goes with its story."""
    yield PipelineWorld(
        cloud=story_cloud,
        folder=tmp_path / "source",
        name="reviewed",
        mode="integration",
        review="{ fail_on: high, paths: [src] }",
    )
    remove_stacks(story_cloud, "reviewed-")


@pytest.mark.accept
def test_codeguru_reviewer_stops_a_change(world: PipelineWorld):
    """The closed service, where an account has it: the same findings, bar and report."""
    world.review = "{ engine: codeguru-reviewer, fail_on: high, paths: [src] }"
    world.install(V1)
    (world.folder / "src" / "run.py").write_text(SHELL)
    stopped = world.rest(world.upload(), seconds=PATIENCE)
    client = world.place(PIPELINE_STAGE).target.client
    findings = reported(client, stopped)
    assert stopped.status == "Failed", json.dumps(stopped.to_json())
    assert findings is not None, world.log("ReviewBuild")
    worst = findings[0]
    assert (worst.place, worst.tool, worst.severity) == (
        "src/run.py:5",
        "codeguru-reviewer",
        "high",
    )
    outputs = client("cloudformation").describe_stack_resource(
        StackName="reviewed-pipeline", LogicalResourceId="ReviewCode"
    )
    bucket = outputs["StackResourceDetail"]["PhysicalResourceId"]
    assert client("s3").list_objects_v2(Bucket=bucket)["KeyCount"] == 0


@pytest.mark.accept
def test_a_finding_stops_a_change(world: PipelineWorld):
    """A shell with a user's text stops it, with file and line; without it the change passes."""
    world.install(V1)
    (world.folder / "src" / "run.py").write_text(SHELL)
    stopped = world.rest(world.upload(), seconds=PATIENCE)
    client = world.place(PIPELINE_STAGE).target.client
    codebuild = client("codebuild")
    findings = reported(client, stopped)
    assert stopped.status == "Failed", json.dumps(stopped.to_json())
    assert findings is not None, world.log("ReviewBuild")
    assert (findings[0].place, findings[0].rule) == ("src/run.py:5", "B602")
    lines = list(told(findings))
    assert lines[0].startswith("review: ")
    assert "src/run.py:5: high: " in lines[1]
    (report,) = codebuild.batch_get_reports(reportArns=codebuild.list_reports()["reports"][:1])[
        "reports"
    ]
    assert report["status"] == "FAILED"
    assert report["testSummary"]["statusCounts"]["FAILED"] == len(findings)

    (world.folder / "src" / "run.py").unlink()
    passed = world.rest(world.upload(), seconds=PATIENCE)
    assert passed.status == "Succeeded", world.log("ReviewBuild")
    kept = reported(client, passed)
    assert kept is not None
    assert all(finding.severity != "high" for finding in kept)
