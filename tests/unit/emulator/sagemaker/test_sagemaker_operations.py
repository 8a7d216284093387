"""Models, configurations, tags and lists: AWS's refusals and shapes."""

import asyncio
from typing import Any

import pytest

from emulator.sagemaker.errors import SageMakerError, model_data_inaccessible

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:"
ROLE = "arn:aws:iam::123456789012:role/exec"


def _run(tale: Any) -> Any:
    return asyncio.run(tale)


def _refusal(tale: Any) -> Any:
    with pytest.raises(SageMakerError) as caught:
        asyncio.run(tale)
    return caught.value


def test_model_is_described_as_created(story: Any):
    """DescribeModel gives back what CreateModel got, with ARN and time."""

    async def tale() -> Any:
        await story.model("V1")
        return await story.call("DescribeModel", ModelName="v1")

    described = _run(tale())
    assert described["ModelName"] == "V1"
    assert described["ModelArn"] == f"{ARN}model/v1"
    assert described["PrimaryContainer"]["ModelDataUrl"] == "s3://models/V1.tar.gz"
    assert described["ExecutionRoleArn"] == ROLE


def test_second_model_of_a_name_is_refused(story: Any):
    """A taken name is refused whatever its case."""

    async def tale() -> Any:
        await story.model("v1")
        await story.model("V1")

    assert _refusal(tale()).message == f'Cannot create already existing model "{ARN}model/v1".'


def test_unreadable_artifact_refuses_the_model(story: Any, world: Any):
    """CreateModel fails with AWS's sentence when the role can't read the artifact."""
    url = "s3://models/v1.tar.gz"
    world.unreadable[url] = model_data_inaccessible(url, ROLE, "eu-west-1")
    message = _refusal(story.model("v1")).message
    assert message.startswith(f"Could not access model data at {url}. Please ensure that the role")
    assert '"s3:GetObject" permissions and that the object is located in eu-west-1' in message
    with pytest.raises(SageMakerError, match="Could not find model"):
        _run(story.call("DescribeModel", ModelName="v1"))


def test_untrusting_role_refuses_the_model(story: Any, world: Any):
    """A role that SageMaker may not assume is refused at CreateModel."""
    world.trusted = False
    assert _refusal(story.model("v1")).message.startswith(f"Could not assume role {ROLE}.")


@pytest.mark.parametrize(
    "containers", [{}, {"PrimaryContainer": {"Image": "i"}, "Containers": [{"Image": "i"}]}]
)
def test_model_needs_exactly_one_kind_of_container(story: Any, containers: Any):
    """Neither or both of PrimaryContainer and Containers is refused."""
    creation = story.call("CreateModel", ModelName="m", ExecutionRoleArn=ROLE, **containers)
    assert _refusal(creation).code == "ValidationException"


@pytest.mark.parametrize(
    ("operation", "request_", "sentence"),
    [
        ("DescribeModel", {"ModelName": "x"}, f'Could not find model "{ARN}model/x".'),
        ("DeleteModel", {"ModelName": "x"}, f'Could not find model "{ARN}model/x".'),
        (
            "DescribeEndpointConfig",
            {"EndpointConfigName": "x"},
            f'Could not find endpoint configuration "{ARN}endpoint-config/x".',
        ),
        ("DescribeEndpoint", {"EndpointName": "X"}, f'Could not find endpoint "{ARN}endpoint/x".'),
        ("DeleteEndpoint", {"EndpointName": "x"}, f'Could not find endpoint "{ARN}endpoint/x".'),
        (
            "CreateEndpoint",
            {"EndpointName": "e", "EndpointConfigName": "x"},
            f'Could not find endpoint configuration "{ARN}endpoint-config/x".',
        ),
    ],
)
def test_unknown_names_are_named_by_arn(story: Any, operation: Any, request_: Any, sentence: Any):
    """What does not exist is refused with its ARN, in AWS's sentence."""
    error = _refusal(story.call(operation, **request_))
    assert (error.code, error.message) == ("ValidationException", sentence)


def test_config_needs_its_models(story: Any):
    """A configuration that names an unknown model is refused."""
    message = _refusal(story.config("c", {"blue": ("nope", 1.0, 1)})).message
    assert message == f'Could not find model "{ARN}model/nope".'


def test_config_keeps_weight_zero_and_fills_in_one(story: Any):
    """Weight 0 stays 0 and an absent weight is 1."""

    async def tale() -> Any:
        await story.model("v1")
        variant = {"ModelName": "v1", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
        variants = [
            {"VariantName": "blue", **variant},
            {"VariantName": "green", **variant, "InitialVariantWeight": 0.0},
        ]
        await story.call(
            "CreateEndpointConfig", EndpointConfigName="c", ProductionVariants=variants
        )
        return await story.call("DescribeEndpointConfig", EndpointConfigName="c")

    described = _run(tale())["ProductionVariants"]
    assert [variant["InitialVariantWeight"] for variant in described] == [1.0, 0.0]


def test_config_without_hardware_is_refused(story: Any):
    """A variant on instances must say which and how many."""

    async def tale() -> Any:
        await story.model("v1")
        variants = [{"VariantName": "blue", "ModelName": "v1"}]
        await story.call(
            "CreateEndpointConfig", EndpointConfigName="c", ProductionVariants=variants
        )

    assert "InstanceType and InitialInstanceCount" in _refusal(tale()).message


def test_unemulated_operation_says_so(story: Any):
    """An operation that is not emulated is refused with a code that AWS never sends."""
    assert _refusal(story.call("CreateCompilationJob")).code == "NotEmulatedException"


def test_unknown_variant_of_a_weight_change_is_refused(story: Any):
    """A weight for a variant that the endpoint does not have changes nothing."""

    async def tale() -> Any:
        await story.endpoint()
        await story.call(
            "UpdateEndpointWeightsAndCapacities",
            EndpointName="e",
            DesiredWeightsAndCapacities=[{"VariantName": "red", "DesiredWeight": 1.0}],
        )

    assert 'variant name(s) "red" is/are not present' in _refusal(tale()).message


def test_tags_are_added_replaced_and_deleted(story: Any):
    """AddTags replaces the value of a known key; DeleteTags takes keys away."""

    async def tale() -> Any:
        await story.model("v1")
        arn = f"{ARN}model/v1"
        await story.call("AddTags", ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}])
        tags = [{"Key": "a", "Value": "2"}, {"Key": "b", "Value": "3"}]
        await story.call("AddTags", ResourceArn=arn, Tags=tags)
        await story.call("DeleteTags", ResourceArn=arn, TagKeys=["b", "never"])
        return await story.call("ListTags", ResourceArn=arn)

    assert _run(tale()) == {"Tags": [{"Key": "a", "Value": "2"}]}


def test_lists_come_in_pages(story: Any):
    """Pages cover every model once, newest first, and the last has no token."""

    async def tale() -> Any:
        for number in range(5):
            await story.model(f"m{number}")
        names, token = [], {}
        while token is not None:
            page = await story.call("ListModels", MaxResults=2, **token)
            names += [model["ModelName"] for model in page["Models"]]
            token = {"NextToken": page["NextToken"]} if "NextToken" in page else None
        return names

    assert _run(tale()) == ["m4", "m3", "m2", "m1", "m0"]


def test_lists_filter_by_name_and_status(story: Any):
    """NameContains and StatusEquals leave out what does not match."""

    async def tale() -> Any:
        await story.endpoint()
        listed = await story.call("ListEndpoints", StatusEquals="InService")
        none = await story.call("ListEndpoints", StatusEquals="Failed")
        models = await story.call("ListModels", NameContains="2")
        return len(listed["Endpoints"]), none, [m["ModelName"] for m in models["Models"]]

    assert _run(tale()) == (1, {"Endpoints": []}, ["v2"])


def test_broken_token_is_refused(story: Any):
    """A NextToken that this service did not make is a ValidationException."""
    assert _refusal(story.call("ListModels", NextToken="???")).message == "Invalid NextToken."


def test_lists_sort_as_asked(story: Any):
    """SortBy and SortOrder decide the order."""

    async def tale() -> Any:
        for name in ("b", "a", "c"):
            await story.model(name)
        by_name = await story.call("ListModels", SortBy="Name", SortOrder="Ascending")
        by_time = await story.call("ListModels", SortBy="CreationTime", SortOrder="Descending")
        return [[m["ModelName"] for m in page["Models"]] for page in (by_name, by_time)]

    assert _run(tale())[0] == ["a", "b", "c"]


def test_endpoints_are_listed_by_time_of_change(story: Any, world: Any):
    """LastModifiedTimeAfter leaves out endpoints that did not change since."""

    async def tale() -> Any:
        await story.endpoint()
        now = world.now()
        since = await story.call("ListEndpoints", LastModifiedTimeAfter=now + 1, SortBy="Status")
        before = await story.call("ListEndpoints", LastModifiedTimeBefore=now + 1)
        return len(since["Endpoints"]), len(before["Endpoints"])

    assert _run(tale()) == (0, 1)
