"""Fleets of instances: who answers, what is counted, and everything that can be in its place."""

import base64
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.response import StreamingBody
from botocore.stub import Stubber

from tests.aws import RELEASE_TABLE, mocked_aws
from tidegate.ec2 import fleet_name
from tidegate.errors import DeployRefusedError
from tidegate.inference import Answer, Question
from tidegate_aws import clients
from tidegate_aws.fleet_demand import CloudWatchDemand
from tidegate_aws.fleet_invoker import EitherInvoker, FleetInvoker
from tidegate_aws.fleet_shares import FleetShares
from tidegate_aws.managed_shares import ManagedShares

NAME = fleet_name("demo-test-flights")
CONFIG = "blue=group-b green=group-g"
QUESTION = Question(
    endpoint_name=NAME,
    body=b"\x00[1]",
    content_type="application/json",
    accept="*/*",
    inference_id="abc",
    slot="green",
)


@pytest.fixture
def stub() -> Iterator[Stubber]:
    """Lambda, answering what a test queues."""
    with Stubber(clients.functions()) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def ask() -> Answer:
    """One request, which takes a quarter of a second."""
    ticks = iter([1.0, 1.25])
    return FleetInvoker(client=clients.functions(), timer=lambda: next(ticks)).invoke(QUESTION)


def told(payload: Any, **more: Any) -> dict[str, Any]:
    """What the function answers."""
    text = json.dumps(payload).encode()
    return {"StatusCode": 200, "Payload": StreamingBody(io.BytesIO(text), len(text)), **more}


def test_an_answer_is_the_slots_with_its_status_and_bytes(stub: Stubber):
    """A model's own error keeps the status that the model gave it."""
    body = base64.b64encode(b"no\xff").decode()
    payload = {"status": 422, "content_type": "text/x", "attributes": "a=b", "body": body}
    asked = {
        "FunctionName": "demo-test-flights-ask",
        "Payload": json.dumps(
            {
                "slot": "green",
                "content_type": "application/json",
                "accept": "*/*",
                "inference_id": "abc",
                "body": base64.b64encode(b"\x00[1]").decode(),
            }
        ),
    }
    stub.add_response("invoke", told(payload), asked)

    answer = ask()

    assert (answer.status, answer.slot, answer.body) == (422, "green", b"no\xff")
    assert (answer.content_type, answer.attributes, answer.milliseconds) == ("text/x", "a=b", 250.0)


def test_a_function_that_was_cut_off_is_a_time_out(stub: Stubber):
    """Nobody answered."""
    stub.add_response("invoke", told({"errorMessage": "Task timed out"}, FunctionError="Unhandled"))

    answer = ask()

    assert (answer.status, answer.slot, answer.body) == (504, "green", b"Task timed out")


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [("TooManyRequestsException", 429, 429), ("ResourceNotFoundException", 404, 503)],
)
def test_lambdas_own_errors_have_statuses(stub: Stubber, code: str, status: int, expected: int):
    """Throttled is throttled; what is not there cannot be reached."""
    stub.add_client_error("invoke", code, "why", http_status_code=status)

    assert ask().status == expected


def test_a_refusal_is_nothing_that_a_model_did(stub: Stubber):
    """It is raised."""
    stub.add_client_error("invoke", "AccessDeniedException", "no", http_status_code=403)

    with pytest.raises(ClientError):
        ask()


@dataclass
class Late:
    """A client whose call takes too long."""

    def invoke(self, **_: Any) -> Any:
        """Nothing comes."""
        raise ReadTimeoutError(endpoint_url="lambda")


def test_a_call_that_takes_too_long_is_a_time_out():
    """504, for the slot that was asked."""
    answer = FleetInvoker(client=Late()).invoke(QUESTION)
    assert (answer.status, answer.slot) == (504, "green")


@dataclass
class Named:
    """An invoker that says who it is."""

    name: str

    def invoke(self, question: Question) -> Answer:
        """Its name."""
        return Answer(
            status=200,
            slot=question.slot,
            body=self.name.encode(),
            content_type="",
            milliseconds=0.0,
        )


def test_the_name_says_who_is_asked():
    """Endpoints by SageMaker, fleets by their function."""
    either = EitherInvoker(sagemaker=Named("sagemaker"), fleets=Named("fleet"))
    plain = Question(
        endpoint_name="demo", body=b"", content_type="", accept="", inference_id="", slot=None
    )

    assert either.invoke(QUESTION).body == b"fleet"
    assert either.invoke(plain).body == b"sagemaker"


@dataclass
class Cloud:
    """Groups with their instances, and which of these answer; time passes by pauses."""

    groups: dict[str, list[str]] = field(
        default_factory=lambda: {"group-b": ["i-1"], "group-g": ["i-2", "i-3"]}
    )
    healthy: set[str] = field(default_factory=lambda: {"i-1", "i-2", "i-9"})
    seconds: float = 0.0
    desired: dict[str, int] = field(default_factory=dict)
    heals_at: float = 1e9

    def describe_auto_scaling_groups(self, AutoScalingGroupNames: list[str]) -> Any:  # noqa: N803
        """Those that there are."""
        return {
            "AutoScalingGroups": [
                {
                    "AutoScalingGroupName": name,
                    "DesiredCapacity": self.desired.get(name, len(self.groups[name])),
                    "MaxSize": 2,
                    "CreatedTime": datetime.fromtimestamp(1_000 + ord(name[-1]), UTC),
                    "Instances": [{"InstanceId": one} for one in self.groups[name]],
                    "TargetGroupARNs": ["arn"],
                }
                for name in AutoScalingGroupNames
                if name in self.groups
            ]
        }

    def set_desired_capacity(
        self,
        AutoScalingGroupName: str,  # noqa: N803
        DesiredCapacity: int,  # noqa: N803
        HonorCooldown: object,  # noqa: N803
    ) -> None:
        """The group has so many."""
        self.desired[AutoScalingGroupName] = DesiredCapacity

    def describe_target_health(self, TargetGroupArn: str) -> Any:  # noqa: N803
        """One of a former group among them."""
        assert TargetGroupArn == "arn"
        healed = {"i-3"} if self.seconds >= self.heals_at else set()
        return {
            "TargetHealthDescriptions": [
                {"Target": {"Id": one}, "TargetHealth": {"State": state}}
                for one in ("i-1", "i-2", "i-3", "i-9")
                for state in ["healthy" if one in self.healthy | healed else "initial"]
            ]
        }

    def now(self) -> float:
        """Its time."""
        return self.seconds

    def pause(self, seconds: float) -> None:
        """Time passes."""
        self.seconds += seconds


@pytest.fixture
def cloud() -> Cloud:
    """One of three instances does not answer yet."""
    return Cloud()


@pytest.fixture
def shares(cloud: Cloud) -> Iterator[FleetShares]:
    """A fleet that was declared."""
    with mocked_aws():
        kept = ManagedShares(client=clients.dynamodb(), table=RELEASE_TABLE)
        made = FleetShares(shares=kept, autoscaling=lambda: cloud, balancing=lambda: cloud)
        made.declare(NAME, CONFIG, ["blue", "green"], "blue")
        yield made


def test_instances_that_answer_are_counted(shares: FleetShares):
    """Those of the slot's own group only."""
    state = shares.read(NAME)

    assert (state.config_name, state.shares()) == (CONFIG, {"blue": 100.0, "green": 0.0})
    counted = {
        slot: (one.current_instances, one.desired_instances) for slot, one in state.variants.items()
    }
    assert counted == {"blue": (1, 1), "green": (1, 2)}


def test_a_group_that_is_gone_is_no_longer_in_the_configuration(shares: FleetShares, cloud: Cloud):
    """Whoever compares it finds that something deployed underneath."""
    del cloud.groups["group-g"]
    state = shares.read(NAME)

    assert state.config_name == "blue=group-b"
    assert state.variants["green"].current_instances == 0


def test_shares_are_set_and_forgotten(shares: FleetShares):
    """As of services."""
    shares.set_weights(NAME, {"blue": 0, "green": 100})
    assert shares.read(NAME).shares() == {"blue": 0.0, "green": 100.0}


def test_instances_are_waited_for(shares: FleetShares, cloud: Cloud):
    """Until all of them answer."""
    cloud.heals_at = 50
    shares.await_instances(CONFIG, clock=cloud, seconds=60)
    assert cloud.seconds == 50


def test_instances_that_are_too_late_fail_the_deploy(shares: FleetShares, cloud: Cloud):
    """Each late slot is told with its count."""
    del cloud.groups["group-b"]
    with pytest.raises(DeployRefusedError) as refused:
        shares.await_instances(CONFIG, clock=cloud, seconds=60)
    assert "slot blue: there is no group group-b" in str(refused.value)
    assert "slot green: 1 of 2 instances of group-g answer /ping" in str(refused.value)
    assert cloud.seconds == 60


def test_a_fleet_sleeps_whole_and_wakes_by_slot(shares: FleetShares, cloud: Cloud):
    """A slot that is awake is not roused again; what sleeps is ready as it is."""
    assert shares.crew(NAME).awake
    shares.rest(NAME)
    assert cloud.desired == {"group-b": 0, "group-g": 0}
    assert not shares.crew(NAME).awake
    shares.await_instances(CONFIG, clock=cloud, seconds=60)
    assert shares.rouse(NAME, "green") is True
    assert cloud.desired == {"group-b": 0, "group-g": 2}
    assert shares.rouse(NAME, "green") is False


def test_the_youngest_group_says_since_when_there_is_a_fleet(shares: FleetShares):
    """Of both slots."""
    assert shares.crew(NAME).since == 1_000 + ord("g")


def test_a_request_that_finds_a_fleet_asleep_wakes_it(stub: Stubber):
    """It is told to ask again."""
    body = base64.b64encode(b"no targets").decode()
    payload = {"status": 503, "content_type": "text/html", "attributes": "", "body": body}
    roused: list[tuple[str, str]] = []

    def rouse(name: str, slot: str) -> bool:
        roused.append((name, slot))
        return True

    stub.add_response("invoke", told(payload))

    answer = FleetInvoker(client=clients.functions(), rouse=rouse).invoke(QUESTION)

    assert (answer.status, roused) == (503, [(NAME, "green")])
    assert b"ask again" in answer.body


def test_a_models_own_503_is_handed_on(stub: Stubber):
    """Where nothing slept."""
    body = base64.b64encode(b"busy").decode()
    payload = {"status": 503, "content_type": "text/plain", "attributes": "", "body": body}
    stub.add_response("invoke", told(payload))

    answer = FleetInvoker(client=clients.functions(), rouse=lambda *_: False).invoke(QUESTION)

    assert (answer.status, answer.body) == (503, b"busy")


def test_demand_is_what_lambda_counted():
    """Of the function in the fleet's network, over all periods."""
    with Stubber(clients.cloudwatch()) as stubber:
        stubber.add_response(
            "get_metric_data",
            {"MetricDataResults": [{"Id": "asked", "Values": [2.0, 3.0]}]},
        )
        asked = CloudWatchDemand(client=clients.cloudwatch())(NAME, 0.0, 3_600.0)

    assert asked == 5
