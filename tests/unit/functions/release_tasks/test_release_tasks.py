"""The functions of the release machine."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import halt_release.handler
import join_shadow_captures.handler
import judge_release.handler
import observe_release.handler
import prepare_release.handler
import report_release.handler
import settle_release.handler
import shift_traffic.handler
import verify_traffic.handler
from halt_release.events import failure
from tests.samples import ENDPOINT, MODEL, PLAN, RELEASE
from tidegate.errors import InvalidValueError, LockedError, ReleaseRefusedError
from tidegate_aws import clients
from tidegate_aws.release_store import DynamoReleaseStore
from tidegate_aws.settings import SettingsError

START = {"release_id": RELEASE, "model": MODEL, "who": "ada", "epoch": 1}
TASK = {"release_id": RELEASE, "epoch": 1, "next": "ignored", "wait_seconds": 5}
Handler = Callable[[dict[str, Any], object], dict[str, Any]]
TASKS: dict[str, Handler] = {
    "shift": shift_traffic.handler.handle,
    "verify": verify_traffic.handler.handle,
    "bake": observe_release.handler.handle,
    "pair": join_shadow_captures.handler.handle,
    "judge": judge_release.handler.handle,
    "settle": settle_release.handler.handle,
}


@pytest.fixture
def opened(store: DynamoReleaseStore) -> DynamoReleaseStore:
    """A release was prepared."""
    prepare_release.handler.handle(START, None)
    return store


def weights() -> dict[str, float]:
    """What the endpoint serves."""
    described = clients.sagemaker().describe_endpoint(EndpointName=ENDPOINT)
    return {v["VariantName"]: v["CurrentWeight"] for v in described["ProductionVariants"]}


def test_preparing_opens_the_release(store: DynamoReleaseStore):
    """The output is the next task's input."""
    output = prepare_release.handler.handle(START, None)
    assert output == {"release_id": RELEASE, "epoch": 1, "next": "shift", "wait_seconds": 0}
    assert store.lock_holder(MODEL) == RELEASE
    json.dumps(output)


def test_a_refusal_has_the_class_name_that_the_machine_catches(opened: DynamoReleaseStore):
    """Step Functions matches errors by the name of their class."""
    with pytest.raises(LockedError) as refusal:
        prepare_release.handler.handle({**START, "release_id": "second"}, None)
    assert type(refusal.value).__name__ == "LockedError"
    assert RELEASE in str(refusal.value)
    assert opened.lock_holder(MODEL) == RELEASE


@pytest.mark.usefixtures("store")
def test_a_model_that_is_not_deployed_is_refused():
    """The refusal lists those that are."""
    with pytest.raises(ReleaseRefusedError, match="deployed: flights"):
        prepare_release.handler.handle({**START, "model": "weather"}, None)


def test_a_start_without_its_members_names_them_all():
    """Before anything is read."""
    with pytest.raises(InvalidValueError, match="model is missing; member who is missing"):
        prepare_release.handler.start_request({"release_id": "r", "epoch": 1})


def test_a_function_without_its_environment_says_what_lacks(monkeypatch: pytest.MonkeyPatch):
    """All at once."""
    monkeypatch.delenv("RELEASE_TABLE", raising=False)
    monkeypatch.delenv("OBSERVATION_TABLE", raising=False)
    observe_release.handler.world.__globals__["forget"]()
    with pytest.raises(SettingsError, match="OBSERVATION_TABLE, RELEASE_TABLE"):
        observe_release.handler.handle(TASK, None)


def test_shift_and_verify_bring_the_first_step(opened: DynamoReleaseStore):
    """Announced first, then set, then read back, then baked."""
    first = TASKS["shift"](TASK, None)
    assert (first["next"], first["wait_seconds"]) == ("shift", 5)
    record = opened.load(RELEASE)
    assert record.announced_at is not None
    split = opened.split(MODEL)
    assert split is not None
    assert split.settling
    # The wall's clock is the functions' clock here: the record is made older instead of waiting.
    opened.save(_earlier(record, seconds=5 + PLAN.warm_up_seconds))
    assert TASKS["shift"](TASK, None)["next"] == "verify"
    assert weights() == {"blue": 0.9, "green": 0.1}
    assert TASKS["verify"](TASK, None)["next"] == "bake"
    assert opened.load(RELEASE).phase == "baking"
    baked = TASKS["bake"](TASK, None)
    assert (baked["next"], baked["epoch"]) == ("bake", 1)
    assert TASKS["judge"](TASK, None)["next"] == "verify"


def _earlier(record: Any, *, seconds: float) -> Any:
    return replace(record, announced_at=record.announced_at - seconds)


@pytest.mark.parametrize("task", sorted(TASKS))
@pytest.mark.usefixtures("opened")
def test_a_task_of_another_epoch_yields(task: str):
    """It changes nothing and ends its execution."""
    output = TASKS[task]({"release_id": RELEASE, "epoch": 0}, None)
    assert output == {"release_id": RELEASE, "epoch": 0, "next": "yield", "wait_seconds": 0}
    assert weights() == {"blue": 1.0, "green": 0.0}


def test_halting_takes_the_candidate_s_traffic_away(opened: DynamoReleaseStore):
    """The log says which error it was."""
    error = {"Error": "RuntimeError", "Cause": json.dumps({"errorMessage": "boom", "trace": []})}
    assert halt_release.handler.handle({**TASK, "error": error}, None)["next"] == "shift"
    record = opened.load(RELEASE)
    assert record.halted is not None
    assert record.halted.why == "RuntimeError: boom"
    assert record.target_shares == {"blue": 100, "green": 0}
    assert TASKS["shift"](TASK, None)["next"] == "verify"
    assert TASKS["verify"](TASK, None)["next"] == "halt"


@pytest.mark.parametrize(
    ("error", "why"),
    [
        ({"Error": "States.Timeout", "Cause": ""}, "States.Timeout: "),
        ({"Error": "E", "Cause": "not json"}, "E: not json"),
        ({"Error": "E", "Cause": "[1]"}, "E: [1]"),
        ({"Error": "E", "Cause": "x" * 9_000}, "E: " + "x" * 597),
        ({}, "unknown error: no cause was given"),
    ],
)
def test_a_failure_is_one_short_line(error: dict[str, str], why: str):
    """Whatever Step Functions knows of it."""
    assert failure({"error": error}) == why


@pytest.mark.usefixtures("opened")
def test_reporting_publishes_and_summarizes():
    """Whoever waits for the machine gets the end of the release as its output."""
    output = report_release.handler.handle(TASK, None)
    assert (output["model"], output["phase"], output["verdict"]) == (MODEL, "shifting", None)
    json.dumps(output)
