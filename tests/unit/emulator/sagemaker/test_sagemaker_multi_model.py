"""Multi-model containers in the control plane: what they are made of, and what has none."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from emulator.sagemaker import errors
from emulator.sagemaker.errors import SageMakerError
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.ports import TargetMissingError

TENANT = Tenant("123456789012", "eu-west-1")
ROLE = "arn:aws:iam::123456789012:role/exec"
PREFIX = "s3://models/many/"
CODE = "s3://models/code/sourcedir.tar.gz"
CONTAINER = {"Image": "image:1", "Mode": "MultiModel", "ModelDataUrl": PREFIX}


async def _model(story: Any, container: Any = CONTAINER, **members: Any) -> None:
    given = {"PrimaryContainer": container, **members}
    given = {name: value for name, value in given.items() if value is not None}
    await story.call("CreateModel", ModelName="many", ExecutionRoleArn=ROLE, **given)


def _variant(name: str = "blue", **members: Any) -> dict[str, Any]:
    on_instances = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    return {"VariantName": name, "ModelName": "many", **(members or on_instances)}


async def _endpoint(story: Any) -> None:
    await story.config("c", {"blue": ("many", 1.0, 1)})
    await story.call("CreateEndpoint", EndpointName="e", EndpointConfigName="c")
    await story.settled()


def _refusal(tale: Any) -> SageMakerError:
    with pytest.raises(SageMakerError) as caught:
        asyncio.run(tale)
    return caught.value


def test_a_fleet_gets_the_models_of_the_prefix_and_their_program(story: Any):
    """No artifact of its own: models are read when they are asked for."""

    async def tale() -> None:
        environment = {"SAGEMAKER_PROGRAM": "i.py", "SAGEMAKER_SUBMIT_DIRECTORY": CODE}
        await _model(story, {**CONTAINER, "Environment": environment})
        await _endpoint(story)
        (fleet,) = story.world.fleets
        model = fleet.spec.model
        assert (model.model_data_path, model.code_path) == (None, Path("/nowhere/model.tar.gz"))
        assert model.code_url == CODE
        assert model.targets.url("a/b.tar.gz") == f"{PREFIX}a/b.tar.gz"

    asyncio.run(tale())


@pytest.mark.parametrize(
    "error",
    [
        errors.model_data_missing(f"{PREFIX}a.tar.gz"),
        errors.model_data_inaccessible(f"{PREFIX}a.tar.gz", ROLE, "eu-west-1"),
    ],
)
def test_a_model_that_the_role_cannot_read_is_missing(story: Any, error: Exception):
    """Whether it is there or not, the data plane hears the same."""

    async def tale() -> None:
        await _model(story)
        await _endpoint(story)
        story.world.unreadable[f"{PREFIX}a.tar.gz"] = error
        await story.world.fleets[0].spec.model.targets.fetch("a.tar.gz")

    with pytest.raises(TargetMissingError) as caught:
        asyncio.run(tale())
    assert (caught.value.bucket, caught.value.key) == ("models", "many/a.tar.gz")


def test_a_program_that_cannot_be_read_fails_the_endpoint(story: Any):
    """The reason names it."""

    async def tale() -> Any:
        await _model(story, {**CONTAINER, "Environment": {"SAGEMAKER_SUBMIT_DIRECTORY": CODE}})
        story.world.unreadable[CODE] = errors.model_data_missing(CODE)
        await _endpoint(story)
        return await story.described()

    described = asyncio.run(tale())
    assert described["EndpointStatus"] == "Failed"
    assert described["FailureReason"] == f"Could not find model data at {CODE}."


def test_a_prefix_that_the_role_cannot_list_refuses_the_model(story: Any):
    """CreateModel looks, as it does for an artifact."""
    story.world.unreadable[PREFIX] = errors.model_data_missing(PREFIX)
    assert _refusal(_model(story)).message == f"Could not find model data at {PREFIX}."


@pytest.mark.parametrize(
    "given",
    [
        {"ModelDataUrl": "s3://models/many/one.tar.gz"},
        {"ModelDataUrl": None},
        {
            "ModelDataUrl": None,
            "ModelDataSource": {
                "S3DataSource": {
                    "S3Uri": PREFIX,
                    "S3DataType": "S3Prefix",
                    "CompressionType": "None",
                }
            },
        },
    ],
)
def test_model_data_that_is_no_prefix_refuses_the_model(story: Any, given: dict[str, Any]):
    """An artifact, nothing, or a ModelDataSource."""
    container = {name: each for name, each in (CONTAINER | given).items() if each is not None}
    assert "which ends with a slash" in _refusal(_model(story, container)).message


SERVERLESS = {"MemorySizeInMB": 2048, "MaxConcurrency": 5}
EXCLUDED = [
    ({"ProductionVariants": [_variant(ServerlessConfig=SERVERLESS)]}, "serverless variants"),
    (
        {
            "ProductionVariants": [_variant()],
            "ShadowProductionVariants": [_variant("green")],
        },
        "shadow variants",
    ),
    (
        {
            "ProductionVariants": [_variant()],
            "AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": "s3://out/"}},
        },
        "asynchronous inference",
    ),
]


@pytest.mark.parametrize(("members", "words"), EXCLUDED)
def test_a_configuration_that_hosts_no_multi_model_container_is_refused(
    story: Any, members: dict[str, Any], words: str
):
    """Each exclusion is named, with the model."""

    async def tale() -> None:
        await _model(story)
        await story.call("CreateEndpointConfig", EndpointConfigName="c", **members)

    refused = _refusal(tale())
    assert refused.code == "ValidationException"
    assert f"not supported for {words}: model many" in refused.message


def test_batch_transform_is_refused(story: Any):
    """It names no model of the prefix."""

    async def tale() -> None:
        await _model(story)
        await story.call(
            "CreateTransformJob",
            TransformJobName="job",
            ModelName="many",
            TransformInput={
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/in"}}
            },
            TransformOutput={"S3OutputPath": "s3://b/out"},
            TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
        )

    assert "not supported for batch transform" in _refusal(tale()).message


def test_a_member_of_a_pipeline_is_not_emulated(story: Any):
    """The endpoint fails, and says so."""

    async def tale() -> Any:
        await _model(story, None, Containers=[CONTAINER, CONTAINER])
        await _endpoint(story)

    assert _refusal(tale()).code == "NotEmulatedException"
