"""Least privilege of the machines, of the rule that starts one, and of the containers' role."""

import uuid
from typing import Any

import pytest

from tests.e2e.machines import reaches, role_of, succeeds
from tests.e2e.privileges import opened
from tests.e2e.roles import DeployedRole, Prover, StoryFailedError, client
from tests.e2e.world import World, wait_for
from tidegate.release import Phase

pytestmark = pytest.mark.accept

UNKNOWN = "role-of-a-machine"
CHAPTER_TASKS = {
    "shift": "Shift",
    "verify": "Verify",
    "bake": "Observe",
    "pair": "Pair",
    "judge": "Judge",
    "settle": "Settle",
}


def chapter(following: str) -> dict[str, Any]:
    """The input of a chapter that begins with that task, of a release that nobody knows."""
    task = {"next": following, "wait_seconds": 0}
    return {"release_id": UNKNOWN, "epoch": 1, "turns": 0, "task": task}


def test_a_chapter_may_call_its_functions_and_nothing_else(
    even_world: World, prover: Prover
) -> None:
    """Every function of the loop, each only by its own right."""
    stories = {
        f"chapter_{following}": reaches("ChapterMachine", state, chapter(following))
        for following, state in CHAPTER_TASKS.items()
    }
    stories["chapter_halt"] = reaches("ChapterMachine", "Halt", chapter("shift"))
    prover.prove("chapter_machine", role_of(even_world, "ChapterMachine"), stories)


def release_ends(world: World, _role: DeployedRole) -> None:
    """A release that is being aborted is resumed by the machine, taken back and reported."""
    with opened(world, phase=Phase.ABORTING) as record:
        told = {
            "release_id": record.release_id,
            "model": world.model,
            "who": "a story",
            "epoch": record.epoch,
        }
        succeeds(world, "ReleaseMachine", told)


def test_a_release_may_run_its_chapters_and_nothing_else(even_world: World, prover: Prover) -> None:
    """Preparation, chapters and report, each only by its own right."""
    role = role_of(even_world, "ReleaseMachine")
    prover.prove("release_machine", role, {"release_ends": release_ends})


def file_is_imported(world: World, _role: DeployedRole) -> None:
    """An import of an empty file comes to its end."""
    key = _put_file(world)
    found = {
        "bucket": {"name": world.deployed.outputs["OutcomeBucketName"]},
        "object": {"key": key, "etag": uuid.uuid4().hex},
    }
    run = reaches("ImportMachine", "Import", found)
    run(world, _role)


def file_starts_an_import(world: World, _role: DeployedRole) -> None:
    """A file that is put into the bucket starts the machine."""
    states, machine = client(world, "stepfunctions"), world.physical_id("ImportMachine")

    def count() -> int:
        pages = states.get_paginator("list_executions").paginate(stateMachineArn=machine)
        return sum(len(page["executions"]) for page in pages)

    before = count()
    _put_file(world)
    try:
        wait_for(lambda: count() > before, seconds=5, what="an import")
    except AssertionError as error:
        raise StoryFailedError(str(error)) from error


def _put_file(world: World) -> str:
    key = f"{uuid.uuid4().hex}.jsonl"
    bucket = world.deployed.outputs["OutcomeBucketName"]
    client(world, "s3").put_object(Bucket=bucket, Key=key, Body=b"")
    return key


def test_an_import_may_call_its_function_and_nothing_else(
    even_world: World, prover: Prover
) -> None:
    """The machine of imports, and the rule that starts it."""
    stories = {"file_is_imported": file_is_imported}
    prover.prove("import_machine", role_of(even_world, "ImportMachine"), stories)
    rule = DeployedRole(
        world=even_world, role_id="OutcomeFileRuleRole", stack=even_world.release_stack
    )
    prover.prove("outcome_file_rule", rule, {"file_starts_an_import": file_starts_an_import})


def model_is_made(world: World, role: DeployedRole) -> None:
    """SageMaker reads the artifact with the role when a model is made of it."""
    sagemaker = client(world, "sagemaker")
    variants = sagemaker.describe_endpoint_config(
        EndpointConfigName=sagemaker.describe_endpoint(EndpointName=world.endpoint_name)[
            "EndpointConfigName"
        ]
    )["ProductionVariants"]
    known = sagemaker.describe_model(ModelName=variants[0]["ModelName"])
    name = f"role-{uuid.uuid4().hex[:8]}"
    try:
        sagemaker.create_model(
            ModelName=name,
            PrimaryContainer=known["PrimaryContainer"],
            ExecutionRoleArn=known["ExecutionRoleArn"],
        )
    except sagemaker.exceptions.ClientError as error:
        raise StoryFailedError(str(error)) from error
    sagemaker.delete_model(ModelName=name)


def test_containers_may_read_their_artifacts_and_nothing_else(
    even_world: World, prover: Prover
) -> None:
    """The rest of what their role allows is what AWS says that hosting needs."""
    role = DeployedRole(world=even_world, role_id="ExecutionRole", stack=even_world.hosting_stack)
    prover.prove("containers", role, {"model_is_made": model_is_made})
