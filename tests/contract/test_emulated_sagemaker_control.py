"""SageMaker's control plane of the embedded cloud, as a client with boto3 sees it."""

import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from botocore.exceptions import WaiterError

from emulator.server import EmbeddedCloud
from tests.emulated_hosting import (
    IMAGE,
    PING_SENTENCE,
    SICK,
    Hosting,
    Traffic,
    code_of,
    make_hosting,
    policy,
)


@pytest.fixture(scope="module")
def hosting(ground_cloud: EmbeddedCloud) -> Hosting:
    """A role that may read artifacts, and a bucket for them."""
    return make_hosting(ground_cloud)


@pytest.fixture(scope="module")
def endpoint(hosting: Hosting) -> str:
    """An endpoint with one model in both slots, for tests that leave it as it was."""
    model = hosting.model()
    return hosting.endpoint(hosting.config(model, model))


def test_waiter_takes_a_new_endpoint_into_service(hosting: Hosting):
    """boto3's own waiter ends when the endpoint is in service, and requests are answered."""
    model = hosting.model()
    name = next(hosting.names)
    config = hosting.config(model, model)
    answer = hosting.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
    waiter = hosting.sagemaker.get_waiter("endpoint_in_service")
    waiter.wait(EndpointName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    assert answer["EndpointArn"].endswith(f":endpoint/{name}")
    assert hosting.answer(name) == hosting.url_key(model)


def test_update_loses_no_request(hosting: Hosting):
    """While a slot's model is replaced under traffic every request is answered by a live model."""
    old, new = hosting.model(), hosting.model()
    endpoint = hosting.endpoint(hosting.config(old, old))
    config = hosting.config(new, old)
    with Traffic(hosting, endpoint) as traffic:
        hosting.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=config)
        described = hosting.settled(endpoint)
    assert described["EndpointConfigName"] == config
    assert traffic.errors == []
    assert set(traffic.answers) <= {hosting.url_key(old), hosting.url_key(new)}
    assert hosting.answer(endpoint) == hosting.url_key(new)


def test_weights_move_all_traffic(hosting: Hosting):
    """Weights 0 and 1 send everything to green, and 0 is described as 0."""
    old, new = hosting.model(), hosting.model()
    endpoint = hosting.endpoint(hosting.config(old, new))
    hosting.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=endpoint,
        DesiredWeightsAndCapacities=[
            {"VariantName": "blue", "DesiredWeight": 0},
            {"VariantName": "green", "DesiredWeight": 1},
        ],
    )
    described = hosting.settled(endpoint)
    weights = {v["VariantName"]: v["CurrentWeight"] for v in described["ProductionVariants"]}
    assert weights == {"blue": 0.0, "green": 1.0}
    assert {hosting.answer(endpoint) for _ in range(20)} == {hosting.url_key(new)}


def test_instances_are_added_and_taken_away(hosting: Hosting):
    """DesiredInstanceCount starts and ends processes of the variant."""
    model = hosting.model()
    endpoint = hosting.endpoint(hosting.config(model, model))
    for count in (3, 1):
        hosting.sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=endpoint,
            DesiredWeightsAndCapacities=[{"VariantName": "blue", "DesiredInstanceCount": count}],
        )
        blue = hosting.settled(endpoint)["ProductionVariants"][0]
        assert (blue["CurrentInstanceCount"], blue["DesiredInstanceCount"]) == (count, count)


def test_sick_update_rolls_back_under_traffic(hosting: Hosting):
    """An update to a model that never starts ends in service on the old one, losing no request."""
    good, sick = hosting.model(), hosting.model(SICK)
    first = hosting.config(good, good)
    endpoint = hosting.endpoint(first)
    with Traffic(hosting, endpoint) as traffic:
        hosting.sagemaker.update_endpoint(
            EndpointName=endpoint, EndpointConfigName=hosting.config(good, sick)
        )
        described = hosting.settled(endpoint)
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", first)
    assert described["FailureReason"] == PING_SENTENCE
    assert traffic.errors == []
    assert set(traffic.answers) == {hosting.url_key(good)}


def test_sick_creation_fails(hosting: Hosting):
    """A new endpoint whose model never starts is Failed with AWS's sentence, as waiters see."""
    sick, good = hosting.model(SICK), hosting.model()
    name = next(hosting.names)
    config = hosting.config(good, sick)
    hosting.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
    waiter = hosting.sagemaker.get_waiter("endpoint_in_service")
    with pytest.raises(WaiterError):
        waiter.wait(EndpointName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    described = hosting.sagemaker.describe_endpoint(EndpointName=name)
    assert described["FailureReason"] == PING_SENTENCE
    hosting.sagemaker.delete_endpoint(EndpointName=name)


def test_artifact_that_vanished_fails_the_creation(hosting: Hosting):
    """An artifact deleted after CreateModel makes the endpoint Failed, naming it."""
    model = hosting.model()
    key = hosting.url_key(model)
    hosting.s3.delete_object(Bucket=hosting.bucket, Key=key)
    name = hosting.endpoint(hosting.config(model, model))
    described = hosting.sagemaker.describe_endpoint(EndpointName=name)
    assert described["EndpointStatus"] == "Failed"
    assert (
        described["FailureReason"] == f"Could not find model data at s3://{hosting.bucket}/{key}."
    )


def test_missing_artifact_refuses_the_model(hosting: Hosting):
    """CreateModel names the artifact that is not there."""
    url = f"s3://{hosting.bucket}/never.tar.gz"
    container = {"Image": IMAGE, "ModelDataUrl": url}
    code, message = code_of(
        lambda: hosting.sagemaker.create_model(
            ModelName="m", ExecutionRoleArn=hosting.role, PrimaryContainer=container
        )
    )
    assert (code, message) == ("ValidationException", f"Could not find model data at {url}.")


def test_role_without_get_object_refuses_the_model(hosting: Hosting, make_role: Callable[..., str]):
    """The artifact is read by the execution role: without s3:GetObject there is no model."""
    role = make_role("sagemaker", "s3:PutObject")
    container = {"Image": IMAGE, "ModelDataUrl": hosting.artifact()}
    code, message = code_of(
        lambda: hosting.sagemaker.create_model(
            ModelName="m", ExecutionRoleArn=role, PrimaryContainer=container
        )
    )
    assert code == "ValidationException"
    assert message.startswith(f"Could not access model data at {container['ModelDataUrl']}.")
    assert f'Please ensure that the role "{role}" exists' in message


def test_role_that_trusts_another_service_refuses_the_model(
    hosting: Hosting, make_role: Callable[..., str]
):
    """A role that only Lambda may assume is no execution role."""
    role = make_role("lambda", "s3:GetObject")
    container = {"Image": IMAGE, "ModelDataUrl": hosting.artifact()}
    _, message = code_of(
        lambda: hosting.sagemaker.create_model(
            ModelName="m", ExecutionRoleArn=role, PrimaryContainer=container
        )
    )
    assert message.startswith(f"Could not assume role {role}.")


@pytest.fixture
def restricted(ground_cloud: EmbeddedCloud) -> Iterator[Callable[..., Any]]:
    """Makes SageMaker clients of users that may do only what is said."""
    iam = ground_cloud.session().client("iam")

    def client(actions: list[str], resource: str) -> Any:
        user = f"user-{uuid.uuid4().hex[:8]}"
        iam.create_user(UserName=user)
        document = policy(Action=actions, Resource=resource)
        iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=document)
        key = iam.create_access_key(UserName=user)["AccessKey"]
        return ground_cloud.session().client(
            "sagemaker",
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
        )

    return client


def test_policies_are_enforced_by_resource(
    endpoint: str, restricted: Callable[..., Any], ground_cloud: EmbeddedCloud
):
    """A user allowed to describe one endpoint describes that one, and no other, and no more."""
    arn = f"arn:aws:sagemaker:{ground_cloud.region}:{ground_cloud.account}:endpoint/{endpoint}"
    client = restricted(["sagemaker:DescribeEndpoint"], arn)
    assert client.describe_endpoint(EndpointName=endpoint)["EndpointArn"] == arn
    code, message = code_of(lambda: client.describe_endpoint(EndpointName="other"))
    assert code == "AccessDeniedException"
    assert "sagemaker:DescribeEndpoint" in message
    assert "endpoint/other" in message
    code, message = code_of(lambda: client.delete_endpoint(EndpointName=endpoint))
    assert (code, "sagemaker:DeleteEndpoint" in message) == ("AccessDeniedException", True)


def test_passing_the_role_needs_permission(hosting: Hosting, restricted: Callable[..., Any]):
    """CreateModel without iam:PassRole on the execution role is denied by that name."""
    client = restricted(["sagemaker:CreateModel"], "*")
    container = {"Image": IMAGE, "ModelDataUrl": hosting.artifact()}
    code, message = code_of(
        lambda: client.create_model(
            ModelName="m", ExecutionRoleArn=hosting.role, PrimaryContainer=container
        )
    )
    assert code == "AccessDeniedException"
    assert "iam:PassRole" in message
    assert hosting.role in message


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        ({"EndpointName": "never"}, 'Could not find endpoint "arn:aws:sagemaker:'),
        ({"EndpointName": "a_b"}, "1 validation error detected: Value 'a_b' at 'endpointName'"),
    ],
)
def test_wrong_requests_are_worded_as_aws_words_them(
    hosting: Hosting, request_: Mapping[str, str], sentence: str
):
    """An unknown endpoint and a malformed name are ValidationExceptions in AWS's words."""
    code, message = code_of(lambda: hosting.sagemaker.describe_endpoint(**request_))
    assert code == "ValidationException"
    assert message.startswith(sentence)


def test_invocations_become_metrics(
    hosting: Hosting, endpoint: str, eventually: Callable[[Callable[[], Any]], Any]
):
    """Requests are counted by endpoint, variant and configuration within seconds."""
    for _ in range(7):
        hosting.answer(endpoint, TargetVariant="green")
    cloudwatch = hosting.cloud.session().client("cloudwatch")
    config = hosting.sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    pairs = {"EndpointName": endpoint, "VariantName": "green", "EndpointConfigName": config}

    def total() -> float:
        now = hosting.cloud.clock.now()
        answer = cloudwatch.get_metric_statistics(
            Namespace="AWS/SageMaker",
            MetricName="Invocations",
            Dimensions=[{"Name": name, "Value": value} for name, value in pairs.items()],
            StartTime=now - 3600,
            EndTime=now + 60,
            Period=3600,
            Statistics=["Sum"],
        )
        return sum(point["Sum"] for point in answer["Datapoints"])

    assert eventually(lambda: total() >= 7.0)


def canary(alarm: str) -> dict[str, Any]:
    """A canary of half, two minutes a step of the cloud's clock, rolled back by the alarm."""
    return {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {
                "Type": "CANARY",
                "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 50},
                "WaitIntervalInSeconds": 60,
            }
        },
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": alarm}]},
    }


def test_canary_is_rolled_back_by_its_alarm(
    hosting: Hosting, eventually: Callable[[Callable[[], Any]], Any]
):
    """SageMaker's own canary splits traffic between both fleets until its alarm fires."""
    old, new = hosting.model(), hosting.model()
    first = hosting.config(old, old, count=2)
    endpoint = hosting.endpoint(first)
    cloudwatch = hosting.cloud.session().client("cloudwatch")
    alarm = next(hosting.names)
    cloudwatch.put_metric_alarm(
        AlarmName=alarm,
        Namespace="Test",
        MetricName=alarm,
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0.5,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )
    hosting.sagemaker.update_endpoint(
        EndpointName=endpoint,
        EndpointConfigName=hosting.config(new, old, count=2),
        DeploymentConfig=canary(alarm),
    )
    expected = {hosting.url_key(old), hosting.url_key(new)}
    assert eventually(lambda: {hosting.answer(endpoint) for _ in range(20)} == expected)
    cloudwatch.put_metric_data(Namespace="Test", MetricData=[{"MetricName": alarm, "Value": 1}])
    described = hosting.settled(endpoint)
    assert described["EndpointConfigName"] == first
    assert alarm in described["FailureReason"]
    assert {hosting.answer(endpoint) for _ in range(10)} == {hosting.url_key(old)}


@pytest.mark.accept
def test_rolling_update_replaces_the_instances_without_losing_a_request(hosting: Hosting):
    """Both fleets answer while it rolls, only the new one afterwards, and nothing fails."""
    old, new = hosting.model(), hosting.model()
    endpoint = hosting.endpoint(single(hosting, old))
    config = single(hosting, new)
    size = {"Type": "INSTANCE_COUNT", "Value": 1}
    rolling = {"RollingUpdatePolicy": {"MaximumBatchSize": size, "WaitIntervalInSeconds": 60}}
    with Traffic(hosting, endpoint) as traffic:
        hosting.sagemaker.update_endpoint(
            EndpointName=endpoint, EndpointConfigName=config, DeploymentConfig=rolling
        )
        described = hosting.settled(endpoint)
    assert described["EndpointConfigName"] == config
    assert traffic.errors == []
    assert set(traffic.answers) == {hosting.url_key(old), hosting.url_key(new)}
    assert {hosting.answer(endpoint) for _ in range(10)} == {hosting.url_key(new)}


def single(hosting: Hosting, model: str) -> str:
    """A configuration of one variant with two instances; its name."""
    name = next(hosting.names)
    variant = {
        "VariantName": "blue",
        "ModelName": model,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 2,
    }
    hosting.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    return name
