"""A story of the model registry: an approved version starts the pipeline, a rejected one does not.

The pipeline is the product's; its source does next to nothing but ask the registry, as `make model`
of a project may, under the role of the build.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.server import EmbeddedCloud
from tests.e2e.leaving import remove_stacks
from tests.e2e.light_sources import light
from tests.e2e.pipelines import PipelineWorld
from tests.e2e.world import V1, wait_for

pytestmark = pytest.mark.accept

GROUP = "Opinions"
MAKEFILE = f"""\
model:
\t{sys.executable} newest.py
check test templates:
\ttrue
"""
NEWEST = """\
import os
import boto3

registry = boto3.client("sagemaker")
listed = registry.list_model_packages(
    ModelPackageGroupName=os.environ["MODEL_PACKAGE_GROUP"],
    ModelApprovalStatus="Approved", SortOrder="Descending", MaxResults=1,
)["ModelPackageSummaryList"]
for package in listed:
    told = registry.describe_model_package(ModelPackageName=package["ModelPackageArn"])
    print("newest approved:", told["ModelPackageVersion"], told["ModelPackageDescription"])
"""
SOURCE = {"Makefile": MAKEFILE, "newest.py": NEWEST}


@pytest.fixture
def world(story_cloud: EmbeddedCloud, tmp_path: Path) -> Iterator[PipelineWorld]:
    """A project whose pipeline a group of the registry starts, too; it goes with its story."""
    made = PipelineWorld(
        cloud=story_cloud,
        folder=tmp_path / "source",
        name="registry",
        mode="integration",
        package_group=GROUP,
    )
    made.install(V1)
    yield made
    remove_stacks(story_cloud, "registry-")


def executions(world: PipelineWorld) -> list[Any]:
    """What the pipeline has ever been started for, the newest first."""
    pipeline = world.pipeline
    told = pipeline.client.list_pipeline_executions(pipelineName=pipeline.name)
    return list(told["pipelineExecutionSummaries"])


def register(registry: Any, description: str) -> str:
    """A new version in the group, which waits for approval."""
    made = registry.create_model_package(
        ModelPackageGroupName=GROUP,
        ModelPackageDescription=description,
        InferenceSpecification={
            "Containers": [{"Image": "image:1", "ModelDataUrl": "s3://models/m.tar.gz"}],
            "SupportedContentTypes": ["application/json"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
    )
    return str(made["ModelPackageArn"])


def test_an_approved_version_starts_the_pipeline(world: PipelineWorld):
    """By itself, with the newest source, and the build finds the version; a rejected one does not.

    Events keep their order: had the rejection started anything, it would be there before the
    approval's execution.
    """
    first = world.rest(world.upload(light(SOURCE)))
    assert first.status == "Succeeded", json.dumps(first.to_json())
    assert "newest approved" not in world.log("ChecksBuild")

    registry = world.cloud.session().client("sagemaker")
    rejected, approved = register(registry, "worse"), register(registry, "better")
    for arn, status in ((rejected, "Rejected"), (approved, "Approved")):
        registry.update_model_package(ModelPackageArn=arn, ModelApprovalStatus=status)
    wait_for(lambda: len(executions(world)) > 1, seconds=20, what="the start of the pipeline")
    view = world.rest(executions(world)[0]["pipelineExecutionId"])
    assert view.status == "Succeeded", json.dumps(view.to_json())
    newest, oldest = executions(world)
    assert oldest["pipelineExecutionId"] == first.execution
    assert newest["trigger"]["triggerType"] == "CloudWatchEvent"
    assert "newest approved: 2 better" in world.log("ChecksBuild")
