"""Asynchronous inference as a client of AWS sees it: S3, SNS, queue, expiry, scaling from zero."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.server import EmbeddedCloud
from emulator.settings import Settings
from tests.emulated_hosting import Hosting, make_hosting, policy
from tests.emulated_queues import taken
from tests.polling import until

TIME_SCALE = 60.0
MODEL = """
import json, os
def model_fn(model_dir): return None
def input_fn(body, content_type): return json.loads(body)
def predict_fn(data, model):
    if "raise" in data: raise ValueError(data["raise"])
    return {"twice": 2 * data["x"]}
def output_fn(prediction, accept): return json.dumps(prediction), "application/json"
"""


class Async:
    """An account with a bucket, topics, a queue that hears them, and asynchronous endpoints."""

    def __init__(self, cloud: EmbeddedCloud) -> None:
        self.cloud = cloud
        self.hosting: Hosting = make_hosting(cloud)
        session = cloud.session()
        self.s3, self.sqs, self.sns = (session.client(n) for n in ("s3", "sqs", "sns"))
        self.sagemaker, self.runtime = self.hosting.sagemaker, self.hosting.runtime
        self.told: list[dict[str, Any]] = []
        self.bucket = f"answers-{uuid.uuid4().hex[:12]}"
        self.s3.create_bucket(Bucket=self.bucket)
        self.topic = self.sns.create_topic(Name=f"news-{uuid.uuid4().hex[:8]}")["TopicArn"]
        self.queue = self.sqs.create_queue(QueueName=f"news-{uuid.uuid4().hex[:8]}")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])
        queue_arn = arn["Attributes"]["QueueArn"]
        allowed = policy(
            Action="sqs:SendMessage",
            Resource=queue_arn,
            Principal={"Service": "sns.amazonaws.com"},
        )
        self.sqs.set_queue_attributes(QueueUrl=self.queue, Attributes={"Policy": allowed})
        self.sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=queue_arn)
        self.allow("answers", Action=["s3:PutObject", "s3:GetObject"], Resource=self.objects)
        self.allow("news", Action="sns:Publish", Resource=self.topic)

    @property
    def objects(self) -> str:
        """The ARN of what is in the bucket."""
        return f"arn:aws:s3:::{self.bucket}/*"

    def allow(self, name: str, **statement: Any) -> None:
        """The execution role has one more right."""
        role = self.hosting.role.rpartition("/")[2]
        self.cloud.session().client("iam").put_role_policy(
            RoleName=role, PolicyName=name, PolicyDocument=policy(**statement)
        )

    def endpoint(self, **changes: Any) -> str:
        """An asynchronous endpoint of one instance that has settled; its name."""
        name = next(self.hosting.names)
        config = {
            "OutputConfig": {
                "S3OutputPath": f"s3://{self.bucket}/out",
                "S3FailurePath": f"s3://{self.bucket}/failed",
                "NotificationConfig": {"SuccessTopic": self.topic, "ErrorTopic": self.topic},
            },
            "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 2},
        }
        variant = {
            "VariantName": "blue",
            "ModelName": self.hosting.model(MODEL),
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1,
            # An hour of a fast clock: two busy cores take their time to start a container.
            "ContainerStartupHealthCheckTimeoutInSeconds": 3_600,
        }
        self.sagemaker.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[variant],
            AsyncInferenceConfig=config | changes,
        )
        return self.hosting.endpoint(name)

    def ask(self, endpoint: str, data: Any, **options: Any) -> dict[str, Any]:
        """InvokeEndpointAsync with an input object."""
        key = f"in/{uuid.uuid4().hex}"
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=json.dumps(data).encode())
        answer: dict[str, Any] = self.runtime.invoke_endpoint_async(
            EndpointName=endpoint,
            InputLocation=f"s3://{self.bucket}/{key}",
            ContentType="application/json",
            **options,
        )
        return answer

    def object(self, location: str) -> bytes:
        """The object at an s3:// URL, once it is there."""
        bucket, _, key = location.removeprefix("s3://").partition("/")

        def found() -> bytes | None:
            try:
                body: bytes = self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            except ClientError:
                return None
            return body

        return until(found, seconds=30, what=f"an object at {location}")

    def news(self, event: str, of: str | None = None) -> dict[str, Any]:
        """What the topic's subscriber got of that kind, of one inference if it is of one."""

        def found() -> dict[str, Any] | None:
            self.told += [json.loads(body["Message"]) for body in taken(self.sqs, self.queue)]
            ours = [n for n in self.told if (n["eventName"], n.get("inferenceId")) == (event, of)]
            return ours[0] if ours else None

        return until(found, seconds=30, what=f"news of {event} {of}")

    def resize(self, endpoint: str, count: int) -> None:
        """The variant has so many instances."""
        self.sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=endpoint,
            DesiredWeightsAndCapacities=[{"VariantName": "blue", "DesiredInstanceCount": count}],
        )
        self.hosting.settled(endpoint)

    def instances(self, endpoint: str) -> int:
        """How many it has now."""
        (variant,) = self.sagemaker.describe_endpoint(EndpointName=endpoint)["ProductionVariants"]
        return int(variant["CurrentInstanceCount"])

    def total(self, metric: str, **dimensions: str) -> float:
        """The sum of all that was published of a metric."""
        client = self.cloud.session().client("cloudwatch")
        points = client.get_metric_statistics(
            Namespace="AWS/SageMaker",
            MetricName=metric,
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            StartTime=0,
            EndTime=4_000_000_000,
            Period=86_400,
            Statistics=["Sum"],
        )["Datapoints"]
        return float(sum(point["Sum"] for point in points))


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Async]:
    """One cloud for these tests, whose minutes take a second."""
    folder = tmp_path_factory.mktemp("async")
    with EmbeddedCloud.start(Settings(time_scale=TIME_SCALE, state_directory=folder)) as cloud:
        yield Async(cloud)


def test_the_answer_is_in_s3_and_the_topic_is_told(account: Async) -> None:
    """202 with an id and a place; the object, and a message that names both."""
    endpoint = account.endpoint()
    assert account.news("TestNotification")["eventSource"] == "aws:sagemaker"
    told = account.ask(endpoint, {"x": 21}, InferenceId="mine-1")
    assert told["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert told["InferenceId"] == "mine-1"
    assert json.loads(account.object(told["OutputLocation"])) == {"twice": 42}
    news = account.news("InferenceResult", "mine-1")
    assert news["invocationStatus"] == "Completed"
    assert news["responseParameters"]["outputLocation"] == told["OutputLocation"]
    assert news["requestParameters"]["endpointName"] == endpoint


def test_a_failure_is_written_and_told(account: Async) -> None:
    """The failure's place has the reason, and so has the message; metrics count it."""
    endpoint = account.endpoint()
    told = account.ask(endpoint, {"raise": "no such thing"})
    reason = account.object(told["FailureLocation"]).decode()
    assert "Received server error (500) from primary" in reason
    news = account.news("InferenceResult", told["InferenceId"])
    assert (news["invocationStatus"], news["failureReason"]) == ("Failed", reason)
    until(
        lambda: account.total("InvocationFailures", EndpointName=endpoint, VariantName="blue") == 1,
        seconds=20,
        what="a counted failure",
    )
    assert account.total("Invocations", EndpointName=endpoint, VariantName="blue") == 0


def test_an_input_that_the_role_may_not_read_is_a_failure(account: Async) -> None:
    """It is the model's execution role that reads, not the caller."""
    endpoint = account.endpoint()
    other = f"hidden-{uuid.uuid4().hex[:12]}"
    account.s3.create_bucket(Bucket=other)
    account.s3.put_object(Bucket=other, Key="in", Body=b"{}")
    told = account.runtime.invoke_endpoint_async(
        EndpointName=endpoint, InputLocation=f"s3://{other}/in"
    )
    reason = account.object(told["FailureLocation"]).decode()
    assert "Unable to download the request payload" in reason
    assert "AccessDenied" in reason


def test_small_bodies_come_inline(account: Async) -> None:
    """Up to 128,000 bytes, instead of an input object."""
    endpoint = account.endpoint()
    told = account.runtime.invoke_endpoint_async(
        EndpointName=endpoint, Body=b'{"x": 2}', ContentType="application/json", Filename="two.json"
    )
    assert told["OutputLocation"] == f"s3://{account.bucket}/out/two.json"
    assert json.loads(account.object(told["OutputLocation"])) == {"twice": 4}


def test_each_kind_of_endpoint_takes_its_own_requests(account: Async) -> None:
    """An asynchronous one answers nobody at once, and another one queues nothing."""
    endpoint = account.endpoint()
    model = account.hosting.model()
    direct = account.hosting.endpoint(account.hosting.config(model, model))
    with pytest.raises(ClientError, match="is an asynchronous endpoint"):
        account.runtime.invoke_endpoint(EndpointName=endpoint, Body=b"[1]")
    with pytest.raises(ClientError, match="is not an asynchronous endpoint"):
        account.runtime.invoke_endpoint_async(EndpointName=direct, Body=b"[1]")


@pytest.mark.accept
def test_requests_wait_for_an_instance_or_expire(account: Async) -> None:
    """Without instances a short-lived one expires; another is answered once there is one."""
    endpoint = account.endpoint()
    account.resize(endpoint, 0)
    expiring = account.ask(endpoint, {"x": 1}, RequestTTLSeconds=60)
    waiting = account.ask(endpoint, {"x": 2})
    assert b"expired" in account.object(expiring["FailureLocation"])
    account.resize(endpoint, 1)
    assert json.loads(account.object(waiting["OutputLocation"])) == {"twice": 4}
    assert account.total("ExpiredRequests", EndpointName=endpoint, VariantName="blue") == 1


def test_a_topic_that_the_role_may_not_write_to_fails_the_endpoint(account: Async) -> None:
    """SageMaker tries it at creation, so that nobody waits for news that never come."""
    forbidden = account.sns.create_topic(Name=f"forbidden-{uuid.uuid4().hex[:8]}")["TopicArn"]
    output = {
        "S3OutputPath": f"s3://{account.bucket}/out",
        "NotificationConfig": {"SuccessTopic": forbidden},
    }
    endpoint = account.endpoint(OutputConfig=output)
    described = account.sagemaker.describe_endpoint(EndpointName=endpoint)
    assert described["EndpointStatus"] == "Failed"
    assert "sns:Publish" in described["FailureReason"]


def test_a_caller_needs_a_right_of_its_own(account: Async) -> None:
    """sagemaker:InvokeEndpoint is not enough."""
    endpoint = account.endpoint()
    iam = account.cloud.session().client("iam")
    name = f"caller-{uuid.uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    allowed = policy(Action="sagemaker:InvokeEndpoint", Resource="*")
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=allowed)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    caller = account.cloud.session().client(
        "sagemaker-runtime",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        aws_session_token=None,
    )
    with pytest.raises(ClientError, match="sagemaker:InvokeEndpointAsync"):
        caller.invoke_endpoint_async(EndpointName=endpoint, Body=b"[1]")


def _scaling(endpoint: str) -> dict[str, Any]:
    """A template that lets an endpoint sleep, wakes it, and follows its backlog."""
    by_endpoint = [{"Name": "EndpointName", "Value": endpoint}]
    return {
        "Scaling": {
            "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
            "Properties": {
                "ServiceNamespace": "sagemaker",
                "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
                "ResourceId": f"endpoint/{endpoint}/variant/blue",
                "MinCapacity": 0,
                "MaxCapacity": 3,
            },
        },
        "Backlog": {
            "Type": "AWS::ApplicationAutoScaling::ScalingPolicy",
            "Properties": {
                "PolicyName": "FollowBacklog",
                "PolicyType": "TargetTrackingScaling",
                "ScalingTargetId": {"Ref": "Scaling"},
                "TargetTrackingScalingPolicyConfiguration": {
                    "TargetValue": 5,
                    "ScaleInCooldown": 60,
                    "CustomizedMetricSpecification": {
                        "Namespace": "AWS/SageMaker",
                        "MetricName": "ApproximateBacklogSizePerInstance",
                        "Dimensions": by_endpoint,
                        "Statistic": "Average",
                    },
                },
            },
        },
        "Wake": {
            "Type": "AWS::ApplicationAutoScaling::ScalingPolicy",
            "Properties": {
                "PolicyName": "Wake",
                "PolicyType": "StepScaling",
                "ScalingTargetId": {"Ref": "Scaling"},
                "StepScalingPolicyConfiguration": {
                    "AdjustmentType": "ChangeInCapacity",
                    "Cooldown": 60,
                    "MetricAggregationType": "Average",
                    "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
                },
            },
        },
        "Waiting": _waking(by_endpoint),
    }


def _waking(dimensions: list[dict[str, str]]) -> dict[str, Any]:
    """The alarm of requests that no instance is there for."""
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "Namespace": "AWS/SageMaker",
            "MetricName": "HasBacklogWithoutCapacity",
            "Dimensions": dimensions,
            "Statistic": "Average",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "missing",
            "AlarmActions": [{"Ref": "Wake"}],
        },
    }


@pytest.mark.accept
def test_it_sleeps_wakes_and_sleeps_again(account: Async) -> None:
    """No backlog for a quarter of an hour: no instance. A request: one. Nobody loses anything."""
    endpoint = account.endpoint()
    cloudformation = account.cloud.session().client("cloudformation")
    cloudformation.create_stack(
        StackName=f"scaling-{endpoint}",
        TemplateBody=json.dumps({"Resources": _scaling(endpoint)}),
    )

    def counts(wanted: int) -> None:
        until(lambda: account.instances(endpoint) == wanted, seconds=90, what=f"{wanted} instances")

    counts(0)
    told = account.ask(endpoint, {"x": 3})
    counts(1)
    assert json.loads(account.object(told["OutputLocation"])) == {"twice": 6}
    counts(0)
    cloudformation.delete_stack(StackName=f"scaling-{endpoint}")
