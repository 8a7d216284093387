"""The model registry and a pipeline: what an approved version starts, and what a build may ask.

The pipeline is the product's; its source does next to nothing but ask the registry, as `make model`
of a project may, under the role of the build.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from emulator.server import EmbeddedCloud
from tests.e2e.light_pipelines import light_pipeline, run_again
from tests.e2e.light_sources import light
from tests.e2e.pipelines import PipelineWorld
from tests.e2e.roles import DeployedRole, Prover, client
from tests.e2e.world import wait_for

pytestmark = pytest.mark.accept

GROUP, STACK = "Opinions", "registry-pipeline"
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
    print("newest approved:", told["ModelPackageArn"])
"""
SOURCE = {"Makefile": MAKEFILE, "newest.py": NEWEST}


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PipelineWorld]:
    """A project whose pipeline a group of the registry starts, too, and its first execution."""
    registry = story_cloud.session().client("sagemaker")
    registry.create_model_package_group(ModelPackageGroupName=GROUP)
    folder, source = tmp_path_factory.mktemp("registry"), light(SOURCE)
    with light_pipeline(
        story_cloud, folder, name="registry", source=source, package_group=GROUP
    ) as made:
        yield made


def executions(world: PipelineWorld) -> dict[str, Any]:
    """What the pipeline has ever been started for, by id."""
    told = client(world, "codepipeline").list_pipeline_executions(pipelineName=STACK)
    return {each["pipelineExecutionId"]: each for each in told["pipelineExecutionSummaries"]}


def register(world: PipelineWorld) -> str:
    """A new version in the group, which waits for somebody who approves it."""
    made = client(world, "sagemaker").create_model_package(
        ModelPackageGroupName=GROUP,
        InferenceSpecification={
            "Containers": [{"Image": "image:1", "ModelDataUrl": "s3://models/m.tar.gz"}],
            "SupportedContentTypes": ["application/json"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
    )
    return str(made["ModelPackageArn"])


def decide(world: PipelineWorld, arn: str, status: str) -> None:
    """The version has that approval status."""
    registry = client(world, "sagemaker")
    registry.update_model_package(ModelPackageArn=arn, ModelApprovalStatus=status)


def approve(world: PipelineWorld, arn: str) -> dict[str, Any]:
    """The version is approved, and what this started is over; all that was started since."""
    before = executions(world)

    def started() -> dict[str, Any] | None:
        now = executions(world)
        return {id_: now[id_] for id_ in now if id_ not in before} or None

    decide(world, arn, "Approved")
    (newest, *_) = wait_for(started, seconds=20, what="the start of the pipeline")
    view = world.rest(newest)
    assert view.status == "Succeeded", json.dumps(view.to_json())
    return {id_: each for id_, each in executions(world).items() if id_ not in before}


def test_an_approved_version_starts_the_pipeline(world: PipelineWorld):
    """By itself, with the source that is there, and its build finds the version.

    A rejected one starts nothing: events keep their order, so what it had started would be there
    before the execution of the approval.
    """
    before = len(executions(world))
    rejected, approved = register(world), register(world)
    decide(world, rejected, "Rejected")
    (started,) = approve(world, approved).values()
    assert len(executions(world)) == before + 1
    assert started["trigger"]["triggerType"] == "CloudWatchEvent"
    log = world.log("ChecksBuild")
    assert f"newest approved: {approved}" in log
    assert rejected not in log


def build_finds_the_version(world: PipelineWorld, role: DeployedRole) -> None:
    """The checks list the approved versions and describe the newest."""
    run_again(world)


def test_each_right_on_the_registry_is_needed(world: PipelineWorld, prover: Prover):
    """Of the build that may look for the version that was approved."""
    approve(world, register(world))
    role = DeployedRole(world=world, role_id="ChecksBuildRole", stack=STACK)
    prover.prove(
        "pipeline_stack_registry",
        role,
        {build_finds_the_version.__name__: build_finds_the_version},
        about=lambda right: right.action.startswith("sagemaker:"),
    )
