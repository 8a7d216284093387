"""SageMaker's control plane of the embedded cloud, as a client with boto3 sees it."""

import io
import itertools
import json
import tarfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import pytest
from botocore.exceptions import ClientError, WaiterError

from emulator.server import EmbeddedCloud

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
PROGRAM = {
    "SAGEMAKER_PROGRAM": "inference.py",
    "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
}
GOOD = """
import json, os
def model_fn(model_dir):
    return open(os.path.join(model_dir, "name")).read()
def input_fn(body, content_type):
    return json.loads(body)
def predict_fn(data, model):
    return {"model": model, "data": data}
def output_fn(prediction, accept):
    return json.dumps(prediction)
"""
SICK = GOOD + "\nraise RuntimeError('this model never starts')\n"
PING_SENTENCE = (
    "The primary container for production variant green did not pass the ping health check. "
    "Please check CloudWatch logs for this endpoint."
)


class Hosting:
    """Makes models, configurations and endpoints with names of their own."""

    def __init__(self, cloud: EmbeddedCloud, role: str) -> None:
        session = cloud.session()
        self.cloud = cloud
        self.role = role
        self.sagemaker = session.client("sagemaker")
        self.runtime = session.client("sagemaker-runtime")
        self.s3 = session.client("s3")
        self.bucket = f"models-{uuid.uuid4().hex[:12]}"
        self.s3.create_bucket(Bucket=self.bucket)
        self.names = (f"n{uuid.uuid4().hex[:8]}-{number}" for number in itertools.count())

    def artifact(self, source: str = GOOD) -> str:
        """An artifact that answers with its own key; its URL."""
        key = f"{uuid.uuid4().hex}.tar.gz"
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            for path, text in {"code/inference.py": source, "name": key}.items():
                entry = tarfile.TarInfo(path)
                entry.size = len(text)
                archive.addfile(entry, io.BytesIO(text.encode()))
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=packed.getvalue())
        return f"s3://{self.bucket}/{key}"

    def model(self, source: str = GOOD) -> str:
        """A model of a new artifact; its name."""
        name = next(self.names)
        container = {
            "Image": IMAGE,
            "ModelDataUrl": self.artifact(source),
            "Environment": PROGRAM,
        }
        self.sagemaker.create_model(
            ModelName=name, ExecutionRoleArn=self.role, PrimaryContainer=container
        )
        return name

    def config(self, blue: str, green: str, *, count: int = 1) -> str:
        """A configuration with all weight on blue; its name."""
        name = next(self.names)
        self.sagemaker.create_endpoint_config(
            EndpointConfigName=name, ProductionVariants=variants(blue, green, count=count)
        )
        return name

    def endpoint(self, config: str) -> str:
        """An endpoint that has settled; its name."""
        name = next(self.names)
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
        self.settled(name)
        return name

    def settled(self, name: str) -> dict[str, Any]:
        """DescribeEndpoint once nothing is under way; AssertionError after twenty seconds."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            described: dict[str, Any] = self.sagemaker.describe_endpoint(EndpointName=name)
            if described["EndpointStatus"] in {"InService", "Failed"}:
                return described
            time.sleep(0.02)
        raise AssertionError(f"endpoint {name} did not settle")

    def answer(self, endpoint: str, **options: Any) -> str:
        """The key of the artifact that answered one request."""
        response = self.runtime.invoke_endpoint(
            EndpointName=endpoint, Body=b"[1]", ContentType="application/json", **options
        )
        return str(json.loads(response["Body"].read())["model"])

    def url_key(self, model: str) -> str:
        """The key of a model's artifact."""
        container = self.sagemaker.describe_model(ModelName=model)["PrimaryContainer"]
        return str(container["ModelDataUrl"]).rpartition("/")[2]


def variants(blue: str, green: str, *, count: int = 1) -> list[dict[str, Any]]:
    """Production variants with all weight on blue."""
    return [
        {
            "VariantName": name,
            "ModelName": model,
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": count,
            "InitialVariantWeight": weight,
        }
        for name, model, weight in (("blue", blue, 1.0), ("green", green, 0.0))
    ]


@pytest.fixture(scope="module")
def hosting(ground_cloud: EmbeddedCloud) -> Hosting:
    """A role that may read artifacts, and a bucket for them."""
    iam = ground_cloud.session().client("iam")
    name = f"exec-{uuid.uuid4().hex[:8]}"
    trust = policy(Action="sts:AssumeRole", Principal={"Service": "sagemaker.amazonaws.com"})
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    document = policy(Action="s3:GetObject", Resource="arn:aws:s3:::models-*/*")
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document)
    return Hosting(ground_cloud, role)


@pytest.fixture(scope="module")
def endpoint(hosting: Hosting) -> str:
    """An endpoint with one model in both slots, for tests that leave it as it was."""
    model = hosting.model()
    return hosting.endpoint(hosting.config(model, model))


def policy(**statement: Any) -> str:
    """A policy document of one allowing statement."""
    allowed = {"Effect": "Allow", **statement}
    return json.dumps({"Version": "2012-10-17", "Statement": [allowed]})


def code_of(call: Callable[[], Any]) -> tuple[str, str]:
    """Code and message of the error that the call ends in."""
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


class Traffic:
    """Concurrent requests that never stop while the block runs; their answers and errors."""

    def __init__(self, hosting: Hosting, endpoint: str, *, users: int = 4) -> None:
        self._hosting, self._endpoint, self._users = hosting, endpoint, users
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(users)
        self.answers: list[str] = []
        self.errors: list[Exception] = []

    def __enter__(self) -> Self:
        for _ in range(self._users):
            self._pool.submit(self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._pool.shutdown()

    def _ask(self) -> None:
        while not self._stop.is_set():
            try:
                self.answers.append(self._hosting.answer(self._endpoint))
            except ClientError as error:
                self.errors.append(error)


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


def test_rolling_update_says_that_it_is_not_emulated(hosting: Hosting, endpoint: str):
    """What the embedded cloud can't do yet is refused with a code that AWS never sends."""
    config = hosting.sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    size = {"Type": "CAPACITY_PERCENT", "Value": 50}
    rolling = {"RollingUpdatePolicy": {"MaximumBatchSize": size, "WaitIntervalInSeconds": 0}}
    code, message = code_of(
        lambda: hosting.sagemaker.update_endpoint(
            EndpointName=endpoint, EndpointConfigName=config, DeploymentConfig=rolling
        )
    )
    assert code == "NotEmulatedException"
    assert "RollingUpdatePolicy" in message


class Stack:
    """A stack with one endpoint of two slots."""

    def __init__(self, hosting: Hosting) -> None:
        self.hosting = hosting
        self.name = next(hosting.names)
        self.client = hosting.cloud.session().client("cloudformation")

    def put(
        self, operation: str, blue: str, green: str, more: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The stack after creating or updating it to these models and further resources."""
        template = self.template(blue, green)
        template["Resources"] |= {} if more is None else more
        change = getattr(self.client, f"{operation}_stack")
        change(StackName=self.name, TemplateBody=json.dumps(template))
        return self.done()

    def done(self) -> dict[str, Any]:
        """The stack once nothing is under way; AssertionError after thirty seconds."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            stack: dict[str, Any] = self.client.describe_stacks(StackName=self.name)["Stacks"][0]
            if not stack["StackStatus"].endswith("IN_PROGRESS"):
                return stack
            time.sleep(0.05)
        raise AssertionError(f"stack {self.name} did not end")

    def outputs(self) -> dict[str, str]:
        """The stack's outputs."""
        listed = self.client.describe_stacks(StackName=self.name)["Stacks"][0]["Outputs"]
        return {output["OutputKey"]: output["OutputValue"] for output in listed}

    def reasons(self) -> str:
        """Why resources failed."""
        events = self.client.describe_stack_events(StackName=self.name)["StackEvents"]
        return " ".join(event.get("ResourceStatusReason", "") for event in events)

    def template(self, blue: str, green: str) -> dict[str, Any]:
        """Models as they are written in a template: generated names, counts as strings."""
        listed = variants("x", "x")
        for variant, slot in zip(listed, ("Blue", "Green"), strict=True):
            variant["ModelName"] = {"Fn::GetAtt": [slot, "ModelName"]}
            variant["InitialInstanceCount"] = "1"
        resources = {
            "Blue": self._model(blue),
            "Green": self._model(green),
            "Config": {
                "Type": "AWS::SageMaker::EndpointConfig",
                "Properties": {"ProductionVariants": listed},
            },
            "Endpoint": {
                "Type": "AWS::SageMaker::Endpoint",
                "Properties": {
                    "EndpointConfigName": {"Fn::GetAtt": ["Config", "EndpointConfigName"]},
                    "RetainAllVariantProperties": True,
                },
            },
        }
        outputs = {
            "Arn": {"Value": {"Ref": "Endpoint"}},
            "Name": {"Value": {"Fn::GetAtt": ["Endpoint", "EndpointName"]}},
            "Config": {"Value": {"Fn::GetAtt": ["Config", "EndpointConfigName"]}},
        }
        return {"Resources": resources, "Outputs": outputs}

    def _model(self, url: str) -> dict[str, Any]:
        container = {"Image": IMAGE, "ModelDataUrl": url, "Environment": PROGRAM}
        properties = {"ExecutionRoleArn": self.hosting.role, "PrimaryContainer": container}
        return {"Type": "AWS::SageMaker::Model", "Properties": properties}


@pytest.fixture
def stack(hosting: Hosting) -> Iterator[Stack]:
    """A stack that is deleted afterwards, whatever became of it."""
    stack = Stack(hosting)
    yield stack
    stack.client.delete_stack(StackName=stack.name)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            stack.client.describe_stacks(StackName=stack.name)
        except ClientError:
            return
        time.sleep(0.05)


def test_template_hosts_and_replaces_a_model(hosting: Hosting, stack: Stack):
    """A template creates an endpoint in service, and its update replaces one slot's model."""
    first, second = hosting.artifact(), hosting.artifact()
    assert stack.put("create", first, first)["StackStatus"] == "CREATE_COMPLETE"
    outputs = stack.outputs()
    assert outputs["Arn"].endswith(f":endpoint/{outputs['Name'].lower()}")
    assert stack.put("update", first, second)["StackStatus"] == "UPDATE_COMPLETE"
    described = hosting.sagemaker.describe_endpoint(EndpointName=outputs["Name"])
    assert described["EndpointConfigName"] == stack.outputs()["Config"]
    assert hosting.answer(outputs["Name"], TargetVariant="green") == second.rpartition("/")[2]


def test_template_with_a_sick_model_is_rolled_back_with_the_reason(hosting: Hosting, stack: Stack):
    """A stack whose endpoint fails is rolled back, says SageMaker's reason, and leaves nothing."""
    created = stack.put("create", hosting.artifact(), hosting.artifact(SICK))
    assert created["StackStatus"] == "ROLLBACK_COMPLETE"
    assert PING_SENTENCE in stack.reasons()
    listed = hosting.sagemaker.list_endpoints(NameContains=stack.name)["Endpoints"]
    assert listed == []


def test_silent_rollback_of_an_update_is_a_success_to_cloudformation(
    hosting: Hosting, stack: Stack
):
    """An update that SageMaker rolled back ends UPDATE_COMPLETE on the old configuration."""
    good = hosting.artifact()
    stack.put("create", good, good)
    before = stack.outputs()["Config"]
    updated = stack.put("update", good, hosting.artifact(SICK))
    described = hosting.sagemaker.describe_endpoint(EndpointName=stack.outputs()["Name"])
    assert updated["StackStatus"] == "UPDATE_COMPLETE"
    assert described["EndpointConfigName"] == before
    assert stack.outputs()["Config"] != before


def test_rollback_of_an_update_restores_configuration_and_keeps_live_weights(
    hosting: Hosting, stack: Stack
):
    """A stack rolled back after its endpoint was updated serves the old models, weights as live."""
    old, new = hosting.artifact(), hosting.artifact()
    stack.put("create", old, old)
    name, before = stack.outputs()["Name"], stack.outputs()["Config"]
    hosting.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=name,
        DesiredWeightsAndCapacities=[
            {"VariantName": "blue", "DesiredWeight": 0},
            {"VariantName": "green", "DesiredWeight": 1},
        ],
    )
    hosting.settled(name)
    container = {"Image": IMAGE, "ModelDataUrl": "s3://models-never/x.tar.gz"}
    late = {"ExecutionRoleArn": hosting.role, "PrimaryContainer": container}
    failing = {"Type": "AWS::SageMaker::Model", "DependsOn": "Endpoint", "Properties": late}
    with Traffic(hosting, name) as traffic:
        updated = stack.put("update", new, old, {"Late": failing})
    described = hosting.settled(name)
    weights = {v["VariantName"]: v["CurrentWeight"] for v in described["ProductionVariants"]}
    assert updated["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert described["EndpointConfigName"] == before
    assert weights == {"blue": 0.0, "green": 1.0}
    assert traffic.errors == []
    assert set(traffic.answers) == {old.rpartition("/")[2]}


def test_deleted_stack_leaves_no_endpoint(hosting: Hosting, stack: Stack):
    """Deleting the stack deletes endpoint, configuration and models."""
    good = hosting.artifact()
    stack.put("create", good, good)
    name = stack.outputs()["Name"]
    stack.client.delete_stack(StackName=stack.name)
    stack.client.get_waiter("stack_delete_complete").wait(
        StackName=stack.name, WaiterConfig={"Delay": 1, "MaxAttempts": 20}
    )
    code, _ = code_of(lambda: hosting.sagemaker.describe_endpoint(EndpointName=name))
    assert code == "ValidationException"
    assert hosting.sagemaker.list_models(NameContains=stack.name)["Models"] == []
