"""ReleaseGuard and ReleaseVerify, from CloudFormation's event to its answer."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

import guard_release.handler
import verify_release.handler
from tests import samples
from tests.aws import make_config, make_endpoint
from tests.samples import CONFIG, ENDPOINT, MODEL, RELEASE
from tidegate.pointer import Declaration
from tidegate_aws import clients
from tidegate_aws.release_store import DynamoReleaseStore


class CloudFormation(HTTPServer):
    """Reads the answers of custom resources."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.answers: list[dict[str, Any]] = []

    def ask(self, handle: Callable[..., Any], kind: str, **properties: Any) -> dict[str, Any]:
        """The answer that was put to the response URL."""
        old = properties.pop("old", {})
        event = {
            "RequestType": kind,
            "ResponseURL": f"http://127.0.0.1:{self.server_port}/answer",
            "StackId": "stack",
            "RequestId": "request",
            "LogicalResourceId": "Gate",
            "PhysicalResourceId": MODEL,
            "ResourceProperties": properties,
            "OldResourceProperties": old,
        }
        handle(event, None)
        return self.answers[-1]


class _Answers(BaseHTTPRequestHandler):
    server: CloudFormation

    def do_PUT(self) -> None:
        self.server.answers.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Tests are quiet."""


@pytest.fixture
def cloudformation() -> Iterator[CloudFormation]:
    """A response URL on this machine."""
    server = CloudFormation()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def properties(declaration: Declaration | None = None, **changes: Any) -> dict[str, Any]:
    """What the template declares: versions as a map, the plan as text."""
    declared = samples.declaration() if declaration is None else declaration
    return {
        "Model": declared.model,
        "EndpointName": declared.endpoint_name,
        "EndpointConfigName": declared.endpoint_config_name,
        "Slots": {slot.value: v.to_json() for slot, v in declared.slots.items()},
        "Plan": json.dumps(declared.plan.to_json()),
        **changes,
    }


GUARD = guard_release.handler.handle
VERIFY = verify_release.handler.handle


@pytest.mark.usefixtures("aws")
def test_a_first_deploy_is_admitted_and_verified(cloudformation: CloudFormation):
    """Afterwards the model has pointer, split and declaration."""
    assert cloudformation.ask(GUARD, "Create", **properties())["Status"] == "SUCCESS"
    answer = cloudformation.ask(VERIFY, "Create", **properties())
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", MODEL)
    store = DynamoReleaseStore(client=clients.dynamodb(), table="release-table")
    pointer, split = store.pointer(MODEL), store.split(MODEL)
    assert pointer is not None
    assert (pointer.slot, pointer.generation, pointer.moved_by) == ("blue", 1, "deploy")
    assert split is not None
    assert (split.version, split.release_id) == (1, "-")
    assert store.declaration(MODEL) == samples.declaration()


@pytest.mark.usefixtures("store")
def test_a_deploy_over_the_live_version_is_refused(cloudformation: CloudFormation):
    """The reason says what to do instead."""
    wanted = properties(samples.declaration(blue="v3"))
    answer = cloudformation.ask(GUARD, "Update", **wanted)
    assert answer["Status"] == "FAILED"
    assert "tidegate deploy" in answer["Reason"]


def scaling(instance_type: str) -> dict[str, Any]:
    """Both slots on these instances, and following their load."""
    slots = ["blue", "green"]
    return {"instance_type": instance_type, "served": slots, "scaled": slots}


@pytest.mark.usefixtures("store")
def test_another_instance_type_under_autoscaling_is_refused(
    cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch
):
    """SageMaker would refuse it when other resources had changed."""
    monkeypatch.setenv("WATCH_MACHINE_ARN", "arn:aws:states:eu-west-1:123456789012:stateMachine:w")
    old = properties(Scaling=scaling("ml.m5.large"))
    wanted = properties(Scaling=scaling("ml.m5.xlarge"))
    answer = cloudformation.ask(GUARD, "Update", old=old, **wanted)
    assert answer["Status"] == "FAILED"
    assert "deploy with instances.max equal to instances.min first" in answer["Reason"]
    same = cloudformation.ask(GUARD, "Update", old=old, **old)
    assert same["Status"] == "SUCCESS"


@pytest.mark.usefixtures("store")
def test_properties_that_lack_are_all_named(cloudformation: CloudFormation):
    """A template made by hand learns everything at once."""
    answer = cloudformation.ask(GUARD, "Create", Model=MODEL)
    assert answer["Status"] == "FAILED"
    for name in ("EndpointName", "Slots", "Plan"):
        assert f"property {name} is missing" in answer["Reason"]


@pytest.mark.usefixtures("store")
def test_a_bad_plan_is_refused_before_anything_changes(cloudformation: CloudFormation):
    """The guard reads all that the release will need."""
    plan = {**samples.PLAN.to_json(), "alpha": 7}
    answer = cloudformation.ask(GUARD, "Update", **properties(Plan=json.dumps(plan)))
    assert answer["Status"] == "FAILED"
    assert "alpha must be above 0" in answer["Reason"]


@pytest.mark.usefixtures("store")
def test_an_endpoint_on_its_old_configuration_fails_the_deploy(cloudformation: CloudFormation):
    """SageMaker can be InService on what it rolled back to."""
    answer = cloudformation.ask(VERIFY, "Update", **properties(EndpointConfigName="new-config"))
    assert answer["Status"] == "FAILED"
    assert f"still serves configuration {CONFIG}, not new-config" in answer["Reason"]


def test_a_verified_deploy_removes_what_nobody_goes_back_to(
    cloudformation: CloudFormation, aws: None
):
    """The deploy before this one stays, for CloudFormation may return to it."""
    for number in (2, 3):
        make_config(f"flights-config-{number}", tag="demo/test/flights")
    make_endpoint(config="flights-config-4", endpoint="second", tag="demo/test/flights")
    wanted = properties(EndpointName="second", EndpointConfigName="flights-config-4")
    old = properties(EndpointName="second", EndpointConfigName="flights-config-3")
    answer = cloudformation.ask(VERIFY, "Update", old=old, **wanted)
    assert answer["Data"] == {"Leftovers": "removed 1 endpoint configurations and 2 models"}
    listed = clients.sagemaker().list_endpoint_configs(NameContains="flights-config")
    names = {config["EndpointConfigName"] for config in listed["EndpointConfigs"]}
    assert names == {CONFIG, "flights-config-3", "flights-config-4"}


def test_a_deleted_stack_s_model_is_forgotten(
    cloudformation: CloudFormation, store: DynamoReleaseStore
):
    """Its next deploy is a first one."""
    assert cloudformation.ask(VERIFY, "Delete", **properties())["Status"] == "SUCCESS"
    assert store.pointer(MODEL) is None
    assert cloudformation.ask(GUARD, "Delete", **properties())["Status"] == "SUCCESS"


def test_a_deleted_stack_takes_its_leftovers_along(cloudformation: CloudFormation, aws: None):
    """What earlier deploys left is no resource of the stack: nobody else would remove it."""
    for number in (2, 3):
        make_config(f"flights-config-{number}", tag="demo/test/flights")
    make_endpoint(config="flights-config-4", endpoint="second", tag="demo/test/flights")
    gone = properties(EndpointName="second", EndpointConfigName="flights-config-4")
    answer = cloudformation.ask(VERIFY, "Delete", **gone)
    assert answer["Data"] == {
        "Leftovers": "forgotten, removed 2 endpoint configurations and 4 models"
    }


@pytest.mark.parametrize("handle", [GUARD, VERIFY])
def test_a_model_in_a_release_is_not_deleted(
    cloudformation: CloudFormation, store: DynamoReleaseStore, handle: Callable[..., Any]
):
    """The reason names the release."""
    store.open(samples.record(), samples.entry())
    answer = cloudformation.ask(handle, "Delete", **properties())
    assert answer["Status"] == "FAILED"
    assert RELEASE in answer["Reason"]
    assert store.pointer(MODEL) is not None
    assert samples.record().endpoint_name == ENDPOINT
